// Forgets what nobody needs any more.

import { GlideDateTime, GlideRecord } from '@servicenow/glide'
import { OUTBOX } from './outbox'
import { wholeNumber } from './settings'

export function clean(): void {
    forget(OUTBOX, 'state=sent', wholeNumber('keep_sent_days', 7))
    forget(OUTBOX, 'state=dead', wholeNumber('keep_dead_days', 90))
    // As long as Gridlink may repeat a write.
    forget('x_gridlink_write', '', 400)
}

function forget(table: string, condition: string, days: number): void {
    const before = new GlideDateTime()
    before.addDaysUTC(-days)
    const old = new GlideRecord(table)
    if (condition !== '') old.addEncodedQuery(condition)
    old.addQuery('sys_updated_on', '<', before.getValue())
    old.deleteMultiple()
}

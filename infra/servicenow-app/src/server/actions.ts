// What agents ask for with a button.

import { GlideRecord, gs } from '@servicenow/glide'
import { OUTBOX } from './outbox'

/** The knowledge of a resolved record is wanted as an article. */
export function markForKnowledge(current: GlideRecord): void {
    current.setValue('x_gridlink_for_knowledge', true)
    if (current.update()) gs.addInfoMessage('This is marked for knowledge.')
}

/** The partner is to see that this is urgent, and a workspace for both sides is wanted. */
export function escalate(current: GlideRecord): void {
    current.setValue('x_gridlink_escalated', true)
    if (current.update()) gs.addInfoMessage('This is marked as escalated to the partner.')
}

/** A file is meant for the partner; without this it stays internal. The public comment is what Gridlink goes by. */
export function shareFile(current: GlideRecord): void {
    const record = new GlideRecord(current.getValue('table_name'))
    if (!record.get(current.getValue('table_sys_id')) || !record.canWrite()) {
        gs.addErrorMessage('You may not write to the record of this file.')
        return
    }
    record.setValue('comments', `share: ${current.getValue('file_name')}`)
    if (record.update()) gs.addInfoMessage('This file is shared with the partner.')
}

/** Gives a dead event another two days. */
export function sendAgain(current: GlideRecord): void {
    const entry = new GlideRecord(OUTBOX)
    if (!entry.get(current.getUniqueValue()) || entry.getValue('state') !== 'dead') return
    entry.setValue('state', 'new')
    entry.setValue('attempts', 0)
    entry.update()
}

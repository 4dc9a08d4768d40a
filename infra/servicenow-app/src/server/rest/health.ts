// `GET /api/x_gridlink/v1/connector/health`: whether the application works, for Gridlink and for people.

import { GlideAggregate, GlideRecord } from '@servicenow/glide'
import type { RESTAPIRequest, RESTAPIResponse } from '@servicenow/glide/sn_ws_int'
import { OUTBOX } from '../outbox'
import { connection, integrationUser, isActive } from '../settings'

/** The type definitions demand a field, with which rows would be counted per value of that field. */
interface RowCount {
    addAggregate(kind: 'COUNT'): void
    getAggregate(kind: 'COUNT'): string
}

export function health(_request: RESTAPIRequest, response: RESTAPIResponse): void {
    const to = connection()
    response.setStatus(200)
    response.setBody({
        version: version(),
        active: isActive(),
        integrationUser: integrationUser(),
        // Never the address or the key.
        connection: typeof to === 'string' ? to : 'configured',
        waiting: count('new'),
        dead: count('dead'),
        oldestWaiting: oldestWaiting(),
    })
}

function version(): string {
    const app = new GlideRecord('sys_scope')
    return app.get('scope', 'x_gridlink') ? app.getValue('version') || '' : ''
}

function count(state: string): number {
    const entries = new GlideAggregate(OUTBOX)
    entries.addQuery('state', '=', state)
    const rows = entries as unknown as RowCount
    rows.addAggregate('COUNT')
    entries.query()
    return entries.next() ? Number(rows.getAggregate('COUNT')) : 0
}

/** UTC; null when nothing waits. */
function oldestWaiting(): string | null {
    const entry = new GlideRecord(OUTBOX)
    entry.addQuery('state', 'new')
    entry.orderBy('sys_created_on')
    entry.setLimit(1)
    entry.query()
    return entry.next() ? entry.getValue('sys_created_on') : null
}

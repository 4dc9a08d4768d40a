import { Alias, Record } from '@servicenow/sdk/core'

// The administrator makes the connection (the address of the webhook) and the credential (an API key: the signing key).
// Its sys_id is written in ../server/settings.ts.
export const alias = Alias({
    $id: Now.ID['connection'],
    name: 'Gridlink',
    description: 'The webhook of Gridlink: its address, and as API key the key that signs events',
    type: 'connection',
    connectionType: 'httpConnection',
})

Record({
    $id: Now.ID['dead_event'],
    table: 'sysevent_register',
    data: {
        event_name: 'x_gridlink.event.dead',
        description: 'An event did not reach Gridlink and is not tried again; parameter 1 says why',
        table: 'x_gridlink_outbox',
        fired_by: 'The drain of the outbox',
    },
})

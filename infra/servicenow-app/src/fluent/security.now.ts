import { Acl, Role } from '@servicenow/sdk/core'

/** For the user that Gridlink works as, beside the roles that let it work on the mapped tables. */
export const integration = Role({
    name: 'x_gridlink.integration',
    description: 'Gridlink itself: its REST resources, its outbox to read, its links to keep',
})

/** For people who look after the connection. */
export const administrator = Role({
    name: 'x_gridlink.admin',
    description: 'Looks after Gridlink: settings, outbox, dead events',
})

Acl({
    $id: Now.ID['outbox_read'],
    type: 'record',
    table: 'x_gridlink_outbox',
    operation: 'read',
    roles: [integration, administrator],
})
Acl({
    $id: Now.ID['write_read'],
    type: 'record',
    table: 'x_gridlink_write',
    operation: 'read',
    roles: [administrator],
})
// Which issue a record belongs to is no secret among colleagues.
Acl({
    $id: Now.ID['link_read'],
    type: 'record',
    table: 'x_gridlink_link',
    operation: 'read',
    roles: ['snc_internal', integration],
})
Acl({ $id: Now.ID['link_create'], type: 'record', table: 'x_gridlink_link', operation: 'create', roles: [integration] })
Acl({ $id: Now.ID['link_write'], type: 'record', table: 'x_gridlink_link', operation: 'write', roles: [integration] })

export const resources = Acl({
    $id: Now.ID['resources'],
    name: 'Gridlink connector',
    type: 'rest_endpoint',
    operation: 'execute',
    roles: [integration, administrator],
})

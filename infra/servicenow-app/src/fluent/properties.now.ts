import { Property } from '@servicenow/sdk/core'
import { administrator } from './security.now'

const roles = { read: ['admin', administrator], write: ['admin', administrator] }

Property({
    $id: Now.ID['active'],
    name: 'x_gridlink.active',
    type: 'boolean',
    value: false,
    description: 'Whether changes are noted and sent to Gridlink. Turn it on when the connection is set up.',
    ignoreCache: true,
    roles: roles,
})
Property({
    $id: Now.ID['integration_user'],
    name: 'x_gridlink.integration_user',
    type: 'string',
    value: 'gridlink',
    description: 'The user name that Gridlink works as. Its changes are told too, but marked.',
    roles: roles,
})
Property({
    $id: Now.ID['tables'],
    name: 'x_gridlink.tables',
    type: 'string',
    value: '',
    description:
        'What is told of, separated by commas: incident, sn_customerservice_case, task, sc_req_item, sysapproval_approver, kb_knowledge. All of them when empty.',
    roles: roles,
})
Property({
    $id: Now.ID['drain_seconds'],
    name: 'x_gridlink.drain_seconds',
    type: 'integer',
    value: 45,
    description: 'How long one run of a drain may take; several seconds less than the quota for scheduled jobs.',
    roles: roles,
})
Property({
    $id: Now.ID['keep_sent_days'],
    name: 'x_gridlink.keep_sent_days',
    type: 'integer',
    value: 7,
    description: 'For how many days sent events are kept to be looked at.',
    roles: roles,
})
Property({
    $id: Now.ID['keep_dead_days'],
    name: 'x_gridlink.keep_dead_days',
    type: 'integer',
    value: 90,
    description: 'For how many days dead events are kept to be sent again.',
    roles: roles,
})
Property({
    $id: Now.ID['claim_seconds'],
    name: 'x_gridlink.claim_seconds',
    type: 'integer',
    value: 180,
    description:
        'After so many seconds a write that left no trace is taken up again; more than the quota for REST requests.',
    roles: roles,
})

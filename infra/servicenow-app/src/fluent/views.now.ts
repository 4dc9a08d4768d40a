import { ApplicationMenu, default_view, List, Record } from '@servicenow/sdk/core'
import { administrator } from './security.now'

List({
    table: 'x_gridlink_outbox',
    view: default_view,
    columns: ['event_id', 'state', 'attempts', 'next_attempt', 'last_error', 'by_integration_user', 'sys_created_on'],
})
List({
    table: 'x_gridlink_link',
    view: default_view,
    columns: ['record', 'issue', 'partner', 'last_sync', 'parked'],
})

// The community side of a record, under its form.
const incidentLists = Record({
    $id: Now.ID['incident_lists'],
    table: 'sys_ui_related_list',
    data: { name: 'incident', view: 'Default view' },
})
Record({
    $id: Now.ID['incident_link'],
    table: 'sys_ui_related_list_entry',
    data: { list_id: incidentLists, position: 90, related_list: 'x_gridlink_link.record' },
})
const caseLists = Record({
    $id: Now.ID['case_lists'],
    table: 'sys_ui_related_list',
    data: { name: 'sn_customerservice_case', view: 'Default view' },
})
Record({
    $id: Now.ID['case_link'],
    table: 'sys_ui_related_list_entry',
    data: { list_id: caseLists, position: 90, related_list: 'x_gridlink_link.record' },
})

const menu = ApplicationMenu({ $id: Now.ID['menu'], title: 'Gridlink', active: true, roles: [administrator] })
Record({
    $id: Now.ID['module_waiting'],
    table: 'sys_app_module',
    data: {
        title: 'Waiting events',
        application: menu,
        link_type: 'LIST',
        name: 'x_gridlink_outbox',
        filter: 'state=new',
        order: 100,
        active: true,
    },
})
Record({
    $id: Now.ID['module_dead'],
    table: 'sys_app_module',
    data: {
        title: 'Dead events',
        application: menu,
        link_type: 'LIST',
        name: 'x_gridlink_outbox',
        filter: 'state=dead',
        order: 200,
        active: true,
    },
})
Record({
    $id: Now.ID['module_links'],
    table: 'sys_app_module',
    data: {
        title: 'Records of the community',
        application: menu,
        link_type: 'LIST',
        name: 'x_gridlink_link',
        order: 300,
        active: true,
    },
})

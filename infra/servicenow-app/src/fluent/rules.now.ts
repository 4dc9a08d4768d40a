// What is told of. On tables of other scopes only asynchronous rules may run scripts: they run after the commit, so no
// user waits for them. They cannot ask what changed, but their conditions can.
//
// A rule of a table runs for the tables that extend it too. The rule of `task` leaves out those with rules of their own;
// what extends those is told twice with one id, which is harmless, and the script leaves out what extends `problem`.

import { BusinessRule } from '@servicenow/sdk/core'
import { noteLink } from '../server/links'
import { noteChanged, noteCreated, noteDeleted } from '../server/outbox'

BusinessRule({
    $id: Now.ID['incident_created'],
    name: 'Gridlink: incident created',
    table: 'incident',
    when: 'async',
    action: ['insert'],
    order: 1000,
    script: noteCreated,
})
BusinessRule({
    $id: Now.ID['incident_changed'],
    name: 'Gridlink: incident changed',
    table: 'incident',
    when: 'async',
    action: ['update'],
    order: 1000,
    filterCondition:
        'stateVALCHANGES^ORhold_reasonVALCHANGES^ORpriorityVALCHANGES^ORescalationVALCHANGES^ORapprovalVALCHANGES^ORassignment_groupVALCHANGES^ORcommentsVALCHANGES^ORclose_codeVALCHANGES^ORclose_notesVALCHANGES^ORcorrelation_idVALCHANGES^ORparentVALCHANGES^ORx_gridlink_for_knowledgeVALCHANGES^ORx_gridlink_escalatedVALCHANGES',
    script: noteChanged,
})
BusinessRule({
    $id: Now.ID['incident_deleted'],
    name: 'Gridlink: incident deleted',
    table: 'incident',
    when: 'async',
    action: ['delete'],
    order: 1000,
    script: noteDeleted,
})

BusinessRule({
    $id: Now.ID['case_created'],
    name: 'Gridlink: case created',
    table: 'sn_customerservice_case',
    when: 'async',
    action: ['insert'],
    order: 1000,
    script: noteCreated,
})
BusinessRule({
    $id: Now.ID['case_changed'],
    name: 'Gridlink: case changed',
    table: 'sn_customerservice_case',
    when: 'async',
    action: ['update'],
    order: 1000,
    filterCondition:
        'stateVALCHANGES^ORpriorityVALCHANGES^ORescalationVALCHANGES^ORactive_escalationVALCHANGES^ORapprovalVALCHANGES^ORassignment_groupVALCHANGES^ORcommentsVALCHANGES^ORaccountVALCHANGES^ORresolution_codeVALCHANGES^ORclose_notesVALCHANGES^ORcorrelation_idVALCHANGES^ORx_gridlink_for_knowledgeVALCHANGES^ORx_gridlink_escalatedVALCHANGES',
    script: noteChanged,
})
BusinessRule({
    $id: Now.ID['case_deleted'],
    name: 'Gridlink: case deleted',
    table: 'sn_customerservice_case',
    when: 'async',
    action: ['delete'],
    order: 1000,
    script: noteDeleted,
})

BusinessRule({
    $id: Now.ID['task_created'],
    name: 'Gridlink: task created',
    table: 'task',
    when: 'async',
    action: ['insert'],
    order: 1000,
    filterCondition: 'sys_class_name!=incident^sys_class_name!=sn_customerservice_case^sys_class_name!=sc_req_item^sys_class_name!=problem',
    script: noteCreated,
})
BusinessRule({
    $id: Now.ID['task_changed'],
    name: 'Gridlink: task changed',
    table: 'task',
    when: 'async',
    action: ['update'],
    order: 1000,
    filterCondition:
        'sys_class_name!=incident^sys_class_name!=sn_customerservice_case^sys_class_name!=sc_req_item^sys_class_name!=problem^stateVALCHANGES^ORpriorityVALCHANGES^ORapprovalVALCHANGES^ORassignment_groupVALCHANGES^ORdue_dateVALCHANGES^ORcommentsVALCHANGES^ORclose_notesVALCHANGES^ORcorrelation_idVALCHANGES^ORx_gridlink_for_knowledgeVALCHANGES^ORx_gridlink_escalatedVALCHANGES',
    script: noteChanged,
})
BusinessRule({
    $id: Now.ID['task_deleted'],
    name: 'Gridlink: task deleted',
    table: 'task',
    when: 'async',
    action: ['delete'],
    order: 1000,
    filterCondition: 'sys_class_name!=incident^sys_class_name!=sn_customerservice_case^sys_class_name!=sc_req_item^sys_class_name!=problem',
    script: noteDeleted,
})

BusinessRule({
    $id: Now.ID['requested_item_created'],
    name: 'Gridlink: requested item created',
    table: 'sc_req_item',
    when: 'async',
    action: ['insert'],
    order: 1000,
    script: noteCreated,
})
BusinessRule({
    $id: Now.ID['requested_item_changed'],
    name: 'Gridlink: requested item changed',
    table: 'sc_req_item',
    when: 'async',
    action: ['update'],
    order: 1000,
    filterCondition:
        'stateVALCHANGES^ORstageVALCHANGES^ORapprovalVALCHANGES^ORassignment_groupVALCHANGES^ORcommentsVALCHANGES^ORclose_notesVALCHANGES',
    script: noteChanged,
})
BusinessRule({
    $id: Now.ID['requested_item_deleted'],
    name: 'Gridlink: requested item deleted',
    table: 'sc_req_item',
    when: 'async',
    action: ['delete'],
    order: 1000,
    script: noteDeleted,
})

BusinessRule({
    $id: Now.ID['approval_created'],
    name: 'Gridlink: approval created',
    table: 'sysapproval_approver',
    when: 'async',
    action: ['insert'],
    order: 1000,
    script: noteCreated,
})
BusinessRule({
    $id: Now.ID['approval_changed'],
    name: 'Gridlink: approval changed',
    table: 'sysapproval_approver',
    when: 'async',
    action: ['update'],
    order: 1000,
    script: noteChanged,
})
BusinessRule({
    $id: Now.ID['approval_deleted'],
    name: 'Gridlink: approval deleted',
    table: 'sysapproval_approver',
    when: 'async',
    action: ['delete'],
    order: 1000,
    script: noteDeleted,
})

BusinessRule({
    $id: Now.ID['article_created'],
    name: 'Gridlink: article created',
    table: 'kb_knowledge',
    when: 'async',
    action: ['insert'],
    order: 1000,
    script: noteCreated,
})
BusinessRule({
    $id: Now.ID['article_changed'],
    name: 'Gridlink: article changed',
    table: 'kb_knowledge',
    when: 'async',
    action: ['update'],
    order: 1000,
    script: noteChanged,
})
BusinessRule({
    $id: Now.ID['article_deleted'],
    name: 'Gridlink: article deleted',
    table: 'kb_knowledge',
    when: 'async',
    action: ['delete'],
    order: 1000,
    script: noteDeleted,
})

BusinessRule({
    $id: Now.ID['file_created'],
    name: 'Gridlink: file created',
    table: 'sys_attachment',
    when: 'async',
    action: ['insert'],
    order: 1000,
    script: noteCreated,
})
BusinessRule({
    $id: Now.ID['file_deleted'],
    name: 'Gridlink: file deleted',
    table: 'sys_attachment',
    when: 'async',
    action: ['delete'],
    order: 1000,
    script: noteDeleted,
})

BusinessRule({
    $id: Now.ID['record_linked'],
    name: 'Gridlink: record of the community',
    table: 'task',
    when: 'async',
    action: ['insert'],
    order: 1000,
    filterCondition: 'correlation_display=Trading Grid^correlation_idISNOTEMPTY',
    script: noteLink,
})

import { UiAction } from '@servicenow/sdk/core'
import { escalate, markForKnowledge, sendAgain, shareFile } from '../server/actions'
import { administrator } from './security.now'

UiAction({
    $id: Now.ID['mark_for_knowledge'],
    table: 'task',
    name: 'Mark for knowledge',
    actionName: 'x_gridlink_mark_for_knowledge',
    hint: 'What solved this is to become an article',
    condition:
        "current.correlation_display == 'Trading Grid' && current.x_gridlink_for_knowledge != true && current.canWrite()",
    showUpdate: true,
    form: { showContextMenu: true, showLink: true },
    workspace: { isConfigurableWorkspace: true, showFormMenuButtonV2: true },
    script: markForKnowledge,
})
UiAction({
    $id: Now.ID['escalate'],
    table: 'task',
    name: 'Escalate to partner',
    actionName: 'x_gridlink_escalate',
    hint: 'The partner sees that this is urgent, in a workspace of both sides',
    condition:
        "current.correlation_display == 'Trading Grid' && current.active == true && current.x_gridlink_escalated != true && current.canWrite()",
    showUpdate: true,
    form: { showContextMenu: true, showLink: true },
    workspace: { isConfigurableWorkspace: true, showFormMenuButtonV2: true },
    script: escalate,
})
UiAction({
    $id: Now.ID['share_file'],
    table: 'sys_attachment',
    name: 'Share with partner',
    actionName: 'x_gridlink_share_file',
    hint: 'The partner of this record gets the file',
    condition: 'current.canRead()',
    showUpdate: true,
    form: { showButton: true },
    list: { showListChoice: true, showContextMenu: true },
    script: shareFile,
})
UiAction({
    $id: Now.ID['send_again'],
    table: 'x_gridlink_outbox',
    name: 'Send again',
    actionName: 'x_gridlink_send_again',
    hint: 'Tries a dead event for another two days',
    condition: "current.state == 'dead'",
    roles: [administrator],
    showUpdate: true,
    form: { showButton: true },
    list: { showListChoice: true, showContextMenu: true },
    script: sendAgain,
})

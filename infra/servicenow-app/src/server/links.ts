// The community side of a record, for agents: which issue it is, whose, when Gridlink last heard of it, whether it is
// parked.

import { GlideRecord, gs } from '@servicenow/glide'
import { messageOf } from './settings'

/** Makes the link of a record that Gridlink created. Gridlink itself says in `parked` when an issue needs help. */
export function noteLink(current: GlideRecord): void {
    try {
        const link = new GlideRecord('x_gridlink_link')
        if (link.get('record', current.getUniqueValue())) return
        link.initialize()
        link.setValue('record', current.getUniqueValue())
        // A follow-up carries its issue's id, a tilde and its own mark.
        link.setValue('issue', (current.getValue('correlation_id') || '').split('~')[0])
        link.setValue('partner', partnerOf(current))
        link.setValue('last_sync', current.getValue('sys_updated_on'))
        link.insert()
    } catch (error) {
        gs.error(`Gridlink could not link ${current.getUniqueValue()}: ${messageOf(error)}`)
    }
}

/** Cases have an account, other tasks a company. */
function partnerOf(current: GlideRecord): string {
    for (const name of ['account', 'company']) {
        const partner = current.isValidField(name) ? current.getDisplayValue(name) : ''
        if (partner) return partner
    }
    return ''
}

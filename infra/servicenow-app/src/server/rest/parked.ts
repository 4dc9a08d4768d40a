// `PUT /api/x_gridlink/v1/connector/parked`: which records wait for a person, all of them. Agents see it on the record.
//
// What is put is the whole state, so it may be put again, and a lost one is made up for by the next.

import { GlideRecord } from '@servicenow/glide'
import type { RESTAPIRequest, RESTAPIResponse } from '@servicenow/glide/sn_ws_int'
import { changes, type Parked, parkedOf } from '../lib/parked'
import { refuse } from './answers'

const LINKS = 'x_gridlink_link'

export function showParked(request: RESTAPIRequest, response: RESTAPIResponse): void {
    const wanted = parkedOf(request.body?.data)
    if (typeof wanted === 'string') return refuse(response, 400, wanted)
    let shown = 0
    for (const { sysId, reason } of changes(wanted, shownNow())) {
        const link = new GlideRecord(LINKS)
        // A record of which nothing is known here has no place to show it.
        if (!link.get('record', sysId)) continue
        link.setValue('parked', reason)
        if (link.update()) shown += 1
    }
    response.setStatus(200)
    response.setBody({ changed: shown })
}

function shownNow(): Parked[] {
    const link = new GlideRecord(LINKS)
    link.addEncodedQuery('parkedISNOTEMPTY')
    link.query()
    const shown: Parked[] = []
    while (link.next()) shown.push({ sysId: link.getValue('record') || '', reason: link.getValue('parked') || '' })
    return shown
}

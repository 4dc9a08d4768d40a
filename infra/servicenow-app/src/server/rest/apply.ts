// `POST /api/x_gridlink/v1/connector/apply`: writes one comment or work note, however often it is asked to.
//
// The id of the write is the primary key of its claim, so of two requests one makes the claim. Whoever finds a claim
// without its entry waits until the other transaction has ended in any case, and looks for the entry before it writes.
// This holds whether or not the platform commits the claim and the entry in one transaction, which is not documented:
// if it does, a claim without an entry is never seen.
// Accepted: a text that a person writes on the same record, as the same user, between the claim and the repetition
// would be taken for the entry.

import { GlideDateTime, GlideDigest, GlideRecord, GlideRecordSecure } from '@servicenow/glide'
import type { RESTAPIRequest, RESTAPIResponse } from '@servicenow/glide/sn_ws_int'
import { repetition, type Write, writeOf } from '../lib/write'
import { wholeNumber } from '../settings'
import { refuse } from './answers'

const WRITES = 'x_gridlink_write'

export function apply(request: RESTAPIRequest, response: RESTAPIResponse): void {
    const write = writeOf(request.body?.data)
    if (typeof write === 'string') return refuse(response, 400, write)
    const record = new GlideRecordSecure(write.table) as unknown as GlideRecord
    if (!record.isValid() || !record.isValidField(write.element) || !record.get(write.sysId)) {
        return refuse(response, 404, 'there is no such record, or you may not read it')
    }
    if (!record.canWrite()) return refuse(response, 403, 'you may not write to this record')
    const claim = new GlideRecord(WRITES)
    if (claim.get(write.id)) return repeat(write, record, claim, response)
    claim.initialize()
    claim.setNewGuidValue(write.id)
    claim.setValue('record_table', write.table)
    claim.setValue('record', write.sysId)
    claim.setValue('element', write.element)
    claim.setValue('text_hash', hashOf(write))
    claim.setValue('claimed_at', new GlideDateTime().getValue())
    // The primary key refuses the second of two at once.
    if (claim.insert() !== write.id) return underWay(response)
    perform(write, record, claim, response)
}

function repeat(write: Write, record: GlideRecord, claim: GlideRecord, response: RESTAPIResponse): void {
    const seen = {
        entry: claim.getValue('entry') || '',
        isDone: claim.getValue('done') === '1',
        isSameWrite: claim.getValue('record') === write.sysId && claim.getValue('text_hash') === hashOf(write),
        age: secondsSince(claim.getValue('claimed_at')),
    }
    switch (repetition(seen, wholeNumber('claim_seconds', 180))) {
        case 'another write':
            return refuse(response, 409, 'another write has this id')
        case 'done before':
            return answer(response, write, seen.entry, 'before')
        case 'under way':
            return underWay(response)
        case 'look for the entry': {
            const entry = entryOf(write, claim)
            if (entry !== '') {
                finish(claim, entry)
                return answer(response, write, entry, 'before')
            }
            claim.setValue('claimed_at', new GlideDateTime().getValue())
            claim.update()
            return perform(write, record, claim, response)
        }
    }
}

function perform(write: Write, record: GlideRecord, claim: GlideRecord, response: RESTAPIResponse): void {
    record.setValue(write.element, write.text)
    if (!record.update()) {
        claim.deleteRecord()
        return refuse(response, 422, 'the instance did not take the entry')
    }
    const entry = entryOf(write, claim)
    finish(claim, entry)
    answer(response, write, entry, 'now')
}

function finish(claim: GlideRecord, entry: string): void {
    claim.setValue('entry', entry)
    claim.setValue('done', true)
    claim.update()
}

/** The journal entry of a write: on the record, since the claim, with its text, of no other write. */
function entryOf(write: Write, claim: GlideRecord): string {
    const entry = new GlideRecord('sys_journal_field')
    entry.addQuery('element_id', write.sysId)
    entry.addQuery('element', write.element)
    entry.addQuery('sys_created_on', '>=', claim.getValue('claimed_at'))
    entry.orderBy('sys_created_on')
    entry.query()
    while (entry.next()) {
        const isOurs = (entry.getValue('value') || '').trim() === write.text.trim()
        if (isOurs && !isTaken(entry.getUniqueValue())) return entry.getUniqueValue()
    }
    return ''
}

function isTaken(entry: string): boolean {
    return new GlideRecord(WRITES).get('entry', entry)
}

function hashOf(write: Write): string {
    return new GlideDigest().getSHA256Hex(`${write.element}.${write.text}`)
}

function secondsSince(stored: string): number {
    return (new GlideDateTime().getNumericValue() - new GlideDateTime(stored).getNumericValue()) / 1000
}

function answer(response: RESTAPIResponse, write: Write, entry: string, written: 'now' | 'before'): void {
    response.setStatus(200)
    response.setBody({ id: write.id, entry, written })
}

function underWay(response: RESTAPIResponse): void {
    response.setHeader('Retry-After', '30')
    refuse(response, 503, 'this write is under way')
}

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { bodyOf, type Circumstances, eventOf, type Row } from '../src/server/lib/event'

const around: Circumstances = {
    instance: 'https://acme.service-now.com/',
    integrationUser: 'gridlink',
    now: '2026-11-22 11:00:00',
}
const caseRow: Row = {
    table: 'sn_customerservice_case',
    sysId: 'a3d911b2e30132ebe35c2ddfb2cf852a',
    number: 'CS0001001',
    modCount: 7,
    updatedOn: '2026-11-22 10:30:00',
    updatedBy: 'nina.olsen',
}
const fileRow: Row = {
    table: 'sys_attachment',
    sysId: '9f0c2b1a7d6e4c5b8a9f0c2b1a7d6e4c',
    number: '',
    modCount: 0,
    updatedOn: '2026-11-22 10:32:00',
    updatedBy: 'nina.olsen',
    file: { table: 'sn_customerservice_case', sysId: 'a3d911b2e30132ebe35c2ddfb2cf852a' },
}

function sample(name: string) {
    const path = join(__dirname, '../../../../../events/receive-webhook', name)
    return JSON.parse(readFileSync(path, 'utf8'))
}

test('an event is what Gridlink takes', () => {
    const changed = sample('servicenow-record-changed.json')
    // An asynchronous rule does not know what changed.
    changed.data.changedFields = []
    assert.deepEqual(eventOf(caseRow, 'changed', around), changed)
    assert.deepEqual(eventOf(fileRow, 'created', around), sample('servicenow-attachment-added.json'))
})

test('a deletion has an id and a time of its own', () => {
    const event = eventOf(fileRow, 'deleted', around)
    assert.equal(event.id, 'sys_attachment/9f0c2b1a7d6e4c5b8a9f0c2b1a7d6e4c/0/deleted')
    assert.equal(event.type, 'gridlink.servicenow.record.changed.v1')
    assert.equal(event.subject, 'records/sn_customerservice_case/a3d911b2e30132ebe35c2ddfb2cf852a')
    assert.equal(event.time, '2026-11-22T11:00:00Z')
})

test('a change of the integration user is marked, and nobody is nobody', () => {
    const by = (updatedBy: string, integrationUser: string) =>
        eventOf({ ...caseRow, updatedBy }, 'changed', { ...around, integrationUser }).data.byIntegrationUser
    assert.equal(by('gridlink', 'gridlink'), true)
    assert.equal(by('nina.olsen', 'gridlink'), false)
    assert.equal(by('', ''), false)
})

test('a body is ASCII and means the same', () => {
    const event = eventOf({ ...caseRow, number: 'ÄÖ-\u{1F69A}-\u2028' }, 'changed', around)
    assert.match(bodyOf(event), /^[\x20-\x7e]*$/)
    assert.deepEqual(JSON.parse(bodyOf(event)), event)
})

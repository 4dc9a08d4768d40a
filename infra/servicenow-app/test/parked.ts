import assert from 'node:assert/strict'
import { test } from 'node:test'
import { changes, parkedOf } from '../src/server/lib/parked'

const one = { sysId: '1'.repeat(32), reason: 'the group is unknown' }
const two = { sysId: '2'.repeat(32), reason: 'the record is gone' }

test('a list of records that wait is read strictly', () => {
    assert.deepEqual(parkedOf({ records: [{ ...one, more: 1 }, two] }), [one, two])
    assert.deepEqual(parkedOf({ records: [] }), [])
    const long = parkedOf({ records: [{ ...one, reason: 'x'.repeat(2000) }] })
    assert.equal(typeof long === 'string' ? 0 : long[0].reason.length, 1000)
    for (const [bad, word] of [
        [undefined, 'body'],
        [{}, 'records'],
        [{ records: Array(501).fill(one) }, 'records'],
        [{ records: [null] }, 'sysId'],
        [{ records: [{ ...one, sysId: '1^ORsys_id=2' }] }, 'sysId'],
        [{ records: [{ ...one, reason: ' ' }] }, 'reason'],
    ] as [unknown, string][]) {
        assert.match(String(parkedOf(bad)), new RegExp(word))
    }
})

test('only what is shown otherwise is changed', () => {
    const other = { ...two, reason: 'the group is unknown' }
    assert.deepEqual(changes([one], []), [one])
    assert.deepEqual(changes([one, other], [one, two]), [other])
    assert.deepEqual(changes([two], [one, two]), [{ sysId: one.sysId, reason: '' }])
    assert.deepEqual(changes([], []), [])
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { repetition, type Write, writeOf } from '../src/server/lib/write'

const good: Write = {
    id: '0'.repeat(32),
    table: 'incident',
    sysId: 'a3d911b2e30132ebe35c2ddfb2cf852a',
    element: 'comments',
    text: 'The truck left.',
}

test('a write is read strictly', () => {
    assert.deepEqual(writeOf({ ...good, more: 1 }), good)
    for (const [bad, word] of [
        [undefined, 'body'],
        [{ ...good, id: 'x' }, 'id'],
        [{ ...good, table: 'incident^ORsys_id=1' }, 'table'],
        [{ ...good, sysId: '' }, 'sysId'],
        [{ ...good, element: 'state' }, 'element'],
        [{ ...good, text: ' ' }, 'text'],
    ] as [unknown, string][]) {
        assert.match(String(writeOf(bad)), new RegExp(word))
    }
})

test('a repetition writes only when the first try has ended in any case', () => {
    const claim = { entry: '', isDone: false, isSameWrite: true, age: 0 }
    assert.equal(repetition(claim, 180), 'under way')
    assert.equal(repetition({ ...claim, age: 179 }, 180), 'under way')
    assert.equal(repetition({ ...claim, age: 180 }, 180), 'look for the entry')
    assert.equal(repetition({ ...claim, isDone: true, age: 999 }, 180), 'done before')
    assert.equal(repetition({ ...claim, isDone: true, isSameWrite: false }, 180), 'another write')
})

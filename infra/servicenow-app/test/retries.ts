import assert from 'node:assert/strict'
import { test } from 'node:test'
import { judge, type Outcome } from '../src/server/lib/retries'

const answered = (status: number, retryAfter = ''): Outcome => ({ kind: 'answered', status, retryAfter, detail: 'no' })
const lost: Outcome = { kind: 'unanswered', reason: 'reset' }

function wait(outcome: Outcome, tries: number): number | undefined {
    const verdict = judge(outcome, tries)
    return verdict.kind === 'again' ? verdict.after : undefined
}

test('waits double up to the longest', () => {
    assert.deepEqual(
        [1, 2, 3, 8, 9, 99].map((tries) => wait(lost, tries)),
        [10, 20, 40, 1280, 1800, 1800]
    )
    let total = 0
    for (let tries = 1; tries < 100; tries++) total += wait(lost, tries) ?? 0
    assert.ok(total > 24 * 3600, 'a receiver may be away for a day')
})

test('the receiver may ask for a longer wait but not for any', () => {
    assert.equal(wait(answered(429, '25'), 1), 25)
    assert.equal(wait(answered(503, '5'), 1), 10)
    assert.equal(wait(answered(503, '999999999'), 1), 1800)
    assert.equal(wait(answered(503, 'tomorrow'), 1), 10)
})

test('only a refusal of the event itself is final', () => {
    for (const status of [400, 409, 413, 415, 422]) {
        assert.deepEqual(judge(answered(status), 1), { kind: 'dead', reason: `refused: ${status} no` })
    }
    for (const status of [302, 401, 403, 404, 408, 410, 429, 500, 503]) assert.equal(wait(answered(status), 1), 10)
    assert.deepEqual(judge(answered(202), 1), { kind: 'accepted' })
})

test('the last try is the end and says why', () => {
    assert.deepEqual(judge(answered(503), 100), { kind: 'dead', reason: 'given up after 100 tries: 503 no' })
    assert.deepEqual(judge(answered(202), 100), { kind: 'accepted' })
})

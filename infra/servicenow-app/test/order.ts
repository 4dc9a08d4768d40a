import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LANES, laneOf, Walk } from '../src/server/lib/order'

const NOW = '2026-11-22 10:00:00'
const LATER = '2026-11-22 10:00:01'

test('behind an event that waits, its subject waits and others go', () => {
    const walk = new Walk()
    assert.equal(walk.mayLeave('a', LATER, NOW), false)
    assert.equal(walk.mayLeave('a', NOW, NOW), false)
    assert.equal(walk.mayLeave('b', NOW, NOW), true)
})

test('behind an event that failed, its subject waits', () => {
    const walk = new Walk()
    assert.equal(walk.mayLeave('a', NOW, NOW), true)
    assert.equal(walk.failed('a'), 'go on')
    assert.equal(walk.mayLeave('a', NOW, NOW), false)
})

test('a receiver that is away is left alone', () => {
    const walk = new Walk()
    assert.deepEqual([walk.failed('a'), walk.failed('b'), walk.failed('c')], ['go on', 'go on', 'stop'])
    const other = new Walk()
    other.failed('a')
    other.failed('b')
    other.passed()
    assert.equal(other.failed('c'), 'go on')
})

test('a subject has one lane, and the lanes have their share', () => {
    const counts = Array.from({ length: LANES }, () => 0)
    for (let number = 0; number < 10_000; number++) {
        const id = number.toString(16).padStart(32, '0')
        const lane = laneOf(`records/incident/${id}`)
        assert.equal(lane, laneOf(`records/incident/${id}`))
        counts[lane]! += 1
    }
    for (const count of counts) assert.ok(count > 2000 && count < 3000, `${counts}`)
})

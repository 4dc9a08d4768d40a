import assert from 'node:assert/strict'
import { test } from 'node:test'
import { watchedTable } from '../src/server/lib/watched'

test('the nearest table decides', () => {
    assert.equal(watchedTable(['incident', 'task'], ''), 'incident')
    assert.equal(watchedTable(['sn_customerservice_task', 'task'], ''), 'task')
    assert.equal(watchedTable(['u_major_incident', 'incident', 'task'], ''), 'incident')
    assert.equal(watchedTable(['problem', 'task'], ''), undefined)
    assert.equal(watchedTable(['u_problem_task', 'problem', 'task'], ''), undefined)
    assert.equal(watchedTable(['sys_user'], ''), undefined)
})

test('the administrator may choose', () => {
    assert.equal(watchedTable(['incident', 'task'], ' incident , kb_knowledge'), 'incident')
    assert.equal(watchedTable(['sc_task', 'task'], 'incident'), undefined)
})

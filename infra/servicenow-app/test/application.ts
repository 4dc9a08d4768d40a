import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'

const read = (name: string) => readFileSync(join(__dirname, '../../..', name), 'utf8')

test('the scripts name the connection alias of the package', () => {
    const key = /connection: \{\s+table: 'sys_alias'\s+id: '([0-9a-f]{32})'/.exec(read('src/fluent/generated/keys.ts'))
    assert.ok(key)
    assert.match(read('src/server/settings.ts'), new RegExp(`CONNECTION_ALIAS = '${key[1]}'`))
})

test('the lock file names no registry', () => {
    const lock = read('package-lock.json')
    assert.match(lock, /"integrity"/)
    assert.doesNotMatch(lock, /"resolved"/)
})

import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { test } from 'node:test'
import { Webhook } from 'standardwebhooks'
import { keysOf, type Mac, signedHeaders } from '../src/server/lib/signing'

const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'
const OTHER = 'whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8='

/** What CertificateEncryption.generateMac is documented to do. */
const mac: Mac = (key, data) => createHmac('sha256', Buffer.from(key, 'base64')).update(data).digest('base64')

const now = () => Math.floor(Date.now() / 1000)

test('the reference library verifies what is signed', () => {
    for (const body of ['{}', '{"number":"CS0001001"}', JSON.stringify('x'.repeat(70_000))]) {
        const headers = signedHeaders(keysOf(SECRET), mac, 'incident/abc/3/deleted', now(), body)
        assert.deepEqual(new Webhook(SECRET).verify(body, headers), JSON.parse(body))
    }
})

test('a changed body, id or time is noticed', () => {
    const headers = signedHeaders(keysOf(SECRET), mac, 'incident/abc/3', now(), '{}')
    const webhook = new Webhook(SECRET)
    assert.throws(() => webhook.verify('{ }', headers))
    assert.throws(() => webhook.verify('{}', { ...headers, 'webhook-id': 'incident/abc/4' }))
    assert.throws(() => webhook.verify('{}', { ...headers, 'webhook-timestamp': `${now() + 1}` }))
})

test('while a key is replaced, whoever knows either verifies', () => {
    const headers = signedHeaders(keysOf(`${SECRET}\n${OTHER}`), mac, 'incident/abc/3', now(), '{}')
    new Webhook(SECRET).verify('{}', headers)
    new Webhook(OTHER).verify('{}', headers)
})

test('the reference library signs what Gridlink verifies', () => {
    // The same three values are in the tests of shared::signature.
    const at = new Date(1_614_265_330_000)
    const signature = new Webhook(SECRET).sign('msg_p5jXN8AQM9LWM0D4loKWxJek', at, '{"test": 2432232314}')
    assert.equal(signature, 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=')
})

test('the same is signed as the reference library signs', () => {
    const at = new Date(1_795_341_600_000)
    const headers = signedHeaders(keysOf(SECRET), mac, 'incident/abc/0', 1_795_341_600, '{}')
    assert.equal(headers['webhook-signature'], new Webhook(SECRET).sign('incident/abc/0', at, '{}'))
})

test('what is no key is refused without being shown', () => {
    for (const secret of ['', '  ', 'hunter2', 'whsec_hunter2', 'whsec_AAAA', `${SECRET} hunter2`, `whsec_${'A'.repeat(88)}`]) {
        assert.throws(
            () => keysOf(secret),
            (error: Error) => !error.message.includes('hunter2'),
            secret
        )
    }
    assert.equal(keysOf(OTHER).length, 1)
})

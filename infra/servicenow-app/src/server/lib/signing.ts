// Standard Webhooks 1.0.0, symmetric: HMAC-SHA256 over `id.timestamp.body`.

/** Computes an HMAC-SHA256; key and result are base64. */
export type Mac = (key: string, data: string) => string

const PREFIX = 'whsec_'

/** 24 to 64 bytes, with their padding. */
const KEY = /^(?:[A-Za-z0-9+/]{4})+(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/

/**
 * The keys of a secret, in base64: `whsec_` and then base64, several separated by white space while one replaces
 * another. Throws when it holds none or one that cannot be used; the message never shows it.
 */
export function keysOf(secret: string): string[] {
    const keys = secret
        .split(/\s+/)
        .filter((word) => word !== '')
        .map((word) => {
            const key = word.startsWith(PREFIX) ? word.slice(PREFIX.length) : ''
            const bytes = (key.replace(/=+$/, '').length * 3) >> 2
            if (!KEY.test(key) || bytes < 24 || bytes > 64) {
                throw new Error('a key must be whsec_ and then 24 to 64 bytes in base64')
            }
            return key
        })
    if (keys.length === 0) throw new Error('the credential holds no key')
    return keys
}

/** The headers that sign a body; `seconds` since 1970. Every key signs, so that either side can change first. */
export function signedHeaders(
    keys: string[],
    mac: Mac,
    id: string,
    seconds: number,
    body: string
): Record<string, string> {
    const signed = `${id}.${seconds}.${body}`
    return {
        'webhook-id': id,
        'webhook-timestamp': `${seconds}`,
        'webhook-signature': keys.map((key) => `v1,${mac(key, signed)}`).join(' '),
    }
}

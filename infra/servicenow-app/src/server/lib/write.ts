// A write of Gridlink: one entry on a record, with an id that tells a repetition.

/** One entry to be written. */
export interface Write {
    /** 32 hexadecimal digits, chosen by the caller; the same for every try. */
    id: string
    table: string
    sysId: string
    element: 'comments' | 'work_notes'
    text: string
}

const ID = /^[0-9a-f]{32}$/
const TABLE = /^[a-z][a-z0-9_]{0,79}$/

/** Reads the body of a request; a sentence that names the member when it cannot be used. */
export function writeOf(body: unknown): Write | string {
    if (typeof body !== 'object' || body === null) return 'the body must be an object'
    const { id, table, sysId, element, text } = body as Record<string, unknown>
    if (!matches(id, ID)) return 'id must be 32 hexadecimal digits'
    if (!matches(table, TABLE)) return 'table must be the name of a table'
    if (!matches(sysId, ID)) return 'sysId must be 32 hexadecimal digits'
    if (element !== 'comments' && element !== 'work_notes') return 'element must be comments or work_notes'
    if (typeof text !== 'string' || text.trim() === '') return 'text must not be empty'
    return { id, table, sysId, element, text }
}

function matches(value: unknown, pattern: RegExp): value is string {
    return typeof value === 'string' && pattern.test(value)
}

/** What is kept of an earlier request with the same id. */
export interface Claim {
    /** The entry, once it is known to be there. */
    entry: string
    isDone: boolean
    isSameWrite: boolean
    /** How many seconds ago it was made. */
    age: number
}

/** What is to be done about a repetition. */
export type Repetition = 'done before' | 'another write' | 'under way' | 'look for the entry'

/**
 * What is to be done about a request whose id was seen before. A claim without its entry is either under way, or its
 * transaction broke off: the platform ends one after `limit` seconds at the latest.
 */
export function repetition(claim: Claim, limit: number): Repetition {
    if (!claim.isSameWrite) return 'another write'
    if (claim.isDone) return 'done before'
    return claim.age < limit ? 'under way' : 'look for the entry'
}

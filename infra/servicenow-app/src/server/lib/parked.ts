// Which records wait for a person of Gridlink's operations, and why.

/** One record that waits. */
export interface Parked {
    sysId: string
    reason: string
}

const ID = /^[0-9a-f]{32}$/
/** More than these nobody reads in a list. */
const MOST = 500
/** What the column holds. */
const LONGEST = 1000

/** Reads the body of a request; a sentence that names the member when it cannot be used. */
export function parkedOf(body: unknown): Parked[] | string {
    if (typeof body !== 'object' || body === null) return 'the body must be an object'
    const records = (body as Record<string, unknown>).records
    if (!Array.isArray(records) || records.length > MOST) return `records must be a list of at most ${MOST}`
    const parked: Parked[] = []
    for (const record of records) {
        const { sysId, reason } = (record ?? {}) as Record<string, unknown>
        if (typeof sysId !== 'string' || !ID.test(sysId)) return 'records: sysId must be 32 hexadecimal digits'
        if (typeof reason !== 'string' || reason.trim() === '') return 'records: reason must not be empty'
        parked.push({ sysId, reason: reason.slice(0, LONGEST) })
    }
    return parked
}

/** What each record is to say, where that differs from what it says; nothing for one that waits no longer. */
export function changes(wanted: Parked[], shown: Parked[]): Parked[] {
    const said = new Map(shown.map((record) => [record.sysId, record.reason]))
    const all = new Map(wanted.map((record) => [record.sysId, record.reason]))
    const over = shown.filter((record) => !all.has(record.sysId)).map(({ sysId }) => ({ sysId, reason: '' }))
    const begun = [...all].filter(([sysId, reason]) => said.get(sysId) !== reason)
    return [...over, ...begun.map(([sysId, reason]) => ({ sysId, reason }))]
}

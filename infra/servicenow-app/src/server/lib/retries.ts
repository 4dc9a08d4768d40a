// What follows from a try to send an event.

/** How a try went. */
export type Outcome =
    | { kind: 'answered'; status: number; retryAfter: string; detail: string }
    /** No answer came, for this reason. */
    | { kind: 'unanswered'; reason: string }

/** What becomes of the event. */
export type Verdict =
    | { kind: 'accepted' }
    /** Try again after so many seconds. */
    | { kind: 'again'; after: number; reason: string }
    | { kind: 'dead'; reason: string }

const FIRST_WAIT = 10
/** No wait is longer, whatever the receiver asks for. */
const LONGEST_WAIT = 30 * 60
/** About two days: a receiver may be away for one. */
const TRIES = 100
const LONGEST_REASON = 300

/** The answers that are about this event; any other is about the receiver, our key or our clock, which get better. */
const REFUSALS = [400, 409, 413, 415, 422]

/** What follows from an outcome; `tries` counts this one too. */
export function judge(outcome: Outcome, tries: number): Verdict {
    const reason = reasonOf(outcome)
    let wished = 0
    if (outcome.kind === 'answered') {
        if (outcome.status >= 200 && outcome.status < 300) return { kind: 'accepted' }
        if (REFUSALS.includes(outcome.status)) return { kind: 'dead', reason: `refused: ${reason}` }
        wished = /^\d{1,9}$/.test(outcome.retryAfter.trim()) ? Number(outcome.retryAfter) : 0
    }
    if (tries >= TRIES) return { kind: 'dead', reason: `given up after ${tries} tries: ${reason}` }
    const doubled = FIRST_WAIT * 2 ** Math.min(tries - 1, 20)
    return { kind: 'again', after: Math.min(Math.max(doubled, wished), LONGEST_WAIT), reason }
}

function reasonOf(outcome: Outcome): string {
    const reason = outcome.kind === 'answered' ? `${outcome.status} ${outcome.detail.trim()}` : outcome.reason
    return reason.trim().slice(0, LONGEST_REASON)
}

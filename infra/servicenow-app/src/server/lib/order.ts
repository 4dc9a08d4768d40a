// Which waiting events may leave, in the order in which they were written.
//
// Invariant: an event leaves only when every earlier one of its subject is sent or dead.

/** Events leave in so many lanes, one connection each: the platform allows four to one host. */
export const LANES = 4

/** The lane of a subject: all of its events are in one, which one job drains. */
export function laneOf(subject: string): number {
    let hash = 0x811c9dc5
    for (let index = 0; index < subject.length; index++) {
        hash = Math.imul(hash ^ subject.charCodeAt(index), 0x01000193)
    }
    return (hash >>> 16) % LANES
}

/** One walk over the waiting events of a lane. */
export class Walk {
    private readonly held = new Set<string>()
    private failures = 0

    /** Whether the next event may leave now; if not, neither may those behind it. Times compare as text. */
    mayLeave(subject: string, nextAttempt: string, now: string): boolean {
        if (this.held.has(subject)) return false
        if (nextAttempt > now) {
            this.held.add(subject)
            return false
        }
        return true
    }

    /** Notes that an event was accepted or is dead. */
    passed(): void {
        this.failures = 0
    }

    /** Notes that an event is to be tried again. Several in a row mean that the receiver is away: leave it alone. */
    failed(subject: string): 'go on' | 'stop' {
        this.held.add(subject)
        this.failures += 1
        return this.failures < 3 ? 'go on' : 'stop'
    }
}

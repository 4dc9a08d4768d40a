// Sends what waits in the outbox: each lane is a job of its own and keeps the order of its subjects.
//
// Invariant: an entry is closed only after the receiver answered. A job that breaks off anywhere leaves its entry
// waiting, so the event is sent again under its own id, before those behind it.
// Accepted race: if the platform ever runs a lane twice at once, an event may be sent twice.

import { CertificateEncryption, GlideDateTime, GlideRecord, gs } from '@servicenow/glide'
import { RESTMessageV2 } from '@servicenow/glide/sn_ws'
import { MEDIA_TYPE } from './lib/event'
import { Walk } from './lib/order'
import { judge, type Outcome } from './lib/retries'
import { signedHeaders } from './lib/signing'
import { OUTBOX } from './outbox'
import { type Connection, connection, isActive, messageOf, wholeNumber } from './settings'

/** How many entries are looked at in one query. */
const PAGE = 1000

/** How long a receiver may take, in milliseconds. */
const TIMEOUT = 10_000

export function drainFirstLane(): void {
    drain(0)
}

export function drainSecondLane(): void {
    drain(1)
}

export function drainThirdLane(): void {
    drain(2)
}

export function drainFourthLane(): void {
    drain(3)
}

function drain(lane: number): void {
    if (!isActive()) return
    const to = connection()
    if (typeof to === 'string') {
        gs.warn(`Gridlink sends nothing: ${to}`)
        return
    }
    // A run ends in time for the next one, and leaves the worker to other jobs.
    const end = milliseconds() + 1000 * wholeNumber('drain_seconds', 45)
    while (drainPage(lane, to, end) === 'more') {
        // The next page is what is left of the same query.
    }
}

/** Sends what may leave of one page; more may be left when all of a full page left. */
function drainPage(lane: number, to: Connection, end: number): 'more' | 'done' {
    const walk = new Walk()
    const entry = waiting(lane)
    let seen = 0
    let closed = 0
    while (entry.next()) {
        if (milliseconds() >= end || !isActive()) return 'done'
        seen += 1
        const subject = entry.getValue('subject')
        if (!walk.mayLeave(subject, entry.getValue('next_attempt'), now())) continue
        if (send(entry, to)) {
            closed += 1
            walk.passed()
        } else if (walk.failed(subject) === 'stop') {
            return 'done'
        }
    }
    return seen === PAGE && closed > 0 ? 'more' : 'done'
}

/** The entries of a lane in the order of writing; within a second, in that of the record's versions. */
function waiting(lane: number): GlideRecord {
    const entry = new GlideRecord(OUTBOX)
    entry.addQuery('state', 'new')
    entry.addQuery('lane', lane)
    entry.orderBy('sys_created_on')
    entry.orderBy('record_mod_count')
    entry.orderBy('event_id')
    entry.setLimit(PAGE)
    entry.query()
    return entry
}

/** Makes one try and notes how it went; whether the entry is closed. */
function send(entry: GlideRecord, to: Connection): boolean {
    const tries = Number(entry.getValue('attempts') || 0) + 1
    const verdict = judge(post(entry.getValue('event_id'), entry.getValue('payload'), to), tries)
    const next = new GlideDateTime()
    entry.setValue('attempts', tries)
    switch (verdict.kind) {
        case 'accepted':
            entry.setValue('state', 'sent')
            noteSync(entry)
            break
        case 'again':
            entry.setValue('last_error', verdict.reason)
            next.addSeconds(verdict.after)
            break
        case 'dead':
            entry.setValue('state', 'dead')
            entry.setValue('last_error', verdict.reason)
            gs.error(`Gridlink did not get rid of the event ${entry.getValue('event_id')}: ${verdict.reason}`)
            gs.eventQueue('x_gridlink.event.dead', entry, verdict.reason, '')
            break
    }
    entry.setValue('next_attempt', next.getValue())
    entry.update()
    return verdict.kind !== 'again'
}

function post(id: string, body: string, to: Connection): Outcome {
    try {
        const request = new RESTMessageV2()
        request.setEndpoint(to.url)
        request.setHttpMethod('post')
        request.setHttpTimeout(TIMEOUT)
        request.setFollowRedirect(false)
        // A body may hold what looks like a variable.
        request.disableForcedVariableSubstitution()
        const headers = signedHeaders(
            to.keys,
            (key, data) => CertificateEncryption.generateMac(key, 'HmacSHA256', data),
            id,
            Math.floor(milliseconds() / 1000),
            body
        )
        request.setRequestHeader('Content-Type', MEDIA_TYPE)
        request.setRequestHeader('Accept', 'application/json')
        for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value)
        request.setRequestBody(body)
        const response = request.execute()
        const status = response.getStatusCode()
        // Without an answer the platform tells no status, or one of its own.
        if (!(status >= 100)) return { kind: 'unanswered', reason: response.getErrorMessage() || 'no answer' }
        return {
            kind: 'answered',
            status,
            retryAfter: response.getHeader('Retry-After') || '',
            detail: response.getBody() || '',
        }
    } catch (error) {
        return { kind: 'unanswered', reason: messageOf(error) }
    }
}

/** Lets agents see on the record when Gridlink last heard of it. */
function noteSync(entry: GlideRecord): void {
    const link = new GlideRecord('x_gridlink_link')
    const [record] = entry.getValue('subject').split('/').slice(-1)
    if (link.get('record', record)) {
        link.setValue('last_sync', now())
        link.update()
    }
}

function now(): string {
    return new GlideDateTime().getValue()
}

function milliseconds(): number {
    return new GlideDateTime().getNumericValue()
}

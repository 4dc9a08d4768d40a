// What is told of a record: that it is at a version, and hints; never contents or people.
//
// One version has one id, whichever rule tells it. Asynchronous rules have no order and see the record as it is when
// they run, so a second event of a version is a duplicate and whoever reads it reads the record itself.

import { FILES } from './watched'

/** What became of a row. */
export type Operation = 'created' | 'changed' | 'deleted'

/** A row as a rule sees it; values as the database holds them. */
export interface Row {
    table: string
    sysId: string
    number: string
    modCount: number
    /** UTC, `2026-11-22 10:00:00`. */
    updatedOn: string
    updatedBy: string
    /** The record that a file belongs to. */
    file?: { table: string; sysId: string }
}

/** Where and when a rule runs. */
export interface Circumstances {
    /** The address of the instance, `https://acme.service-now.com/`. */
    instance: string
    /** Whose changes are marked: the user that Gridlink works as. */
    integrationUser: string
    /** UTC, `2026-11-22 10:00:00`. */
    now: string
}

/** CloudEvents 1.0. */
export interface Event {
    specversion: '1.0'
    id: string
    type: string
    source: string
    /** Events of one subject are sent one after the other. */
    subject: string
    time: string
    datacontenttype: 'application/json'
    data: {
        table: string
        sysId: string
        number: string
        modCount: number
        updatedOn: string
        operation: Operation
        changedFields: string[]
        byIntegrationUser: boolean
        record?: { table: string; sysId: string }
    }
}

/** The media type of a body. */
export const MEDIA_TYPE = 'application/cloudevents+json'

const RECORD_CHANGED = 'gridlink.servicenow.record.changed.v1'
const ATTACHMENT_ADDED = 'gridlink.servicenow.attachment.added.v1'

/** What is told of a row. */
export function eventOf(row: Row, operation: Operation, around: Circumstances): Event {
    const version = `${row.table}/${row.sysId}/${row.modCount}`
    const record = row.file ?? row
    const isDeleted = operation === 'deleted'
    return {
        specversion: '1.0',
        // A deletion makes no version of its own: without its own id it would pass for a duplicate of the last one.
        id: isDeleted ? `${version}/deleted` : version,
        type: operation === 'created' && row.table === FILES ? ATTACHMENT_ADDED : RECORD_CHANGED,
        source: `//servicenow/${hostOf(around.instance)}`,
        subject: `records/${record.table}/${record.sysId}`,
        time: rfc3339(isDeleted ? around.now : row.updatedOn),
        datacontenttype: 'application/json',
        data: {
            table: row.table,
            sysId: row.sysId,
            number: row.number,
            modCount: row.modCount,
            updatedOn: rfc3339(row.updatedOn),
            operation,
            // An asynchronous rule knows that a field of its condition changed, but not which.
            changedFields: [],
            byIntegrationUser: around.integrationUser !== '' && row.updatedBy === around.integrationUser,
            ...(row.file && { record: row.file }),
        },
    }
}

/**
 * The body that is signed and sent. It is plain ASCII, so that whatever signs it and whatever sends it mean the same
 * bytes.
 */
export function bodyOf(event: Event): string {
    return JSON.stringify(event).replace(
        /[\u007f-\uffff]/g,
        (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`
    )
}

function hostOf(address: string): string {
    return /^[a-z]+:\/\/([^/]+)/i.exec(address)?.[1] ?? ''
}

/** A stored time as the rest of the world writes it. */
function rfc3339(stored: string): string {
    return `${stored.replace(' ', 'T')}Z`
}

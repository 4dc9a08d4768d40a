// Writes into the outbox, on behalf of the business rules.
//
// A rule must never disturb the work of the instance: it runs after the commit, and what fails in it is logged. The next
// event of the record makes up for it, since Gridlink reads the whole record.

import { GlideDateTime, GlideRecord, GlideTableHierarchy, gs } from '@servicenow/glide'
import { bodyOf, type Event, eventOf, type Operation, type Row } from './lib/event'
import { laneOf } from './lib/order'
import { FILES, watchedTable } from './lib/watched'
import { integrationUser, isActive, messageOf, toldTables } from './settings'

export const OUTBOX = 'x_gridlink_outbox'

export function noteCreated(current: GlideRecord): void {
    note(current, 'created')
}

export function noteChanged(current: GlideRecord): void {
    note(current, 'changed')
}

/** That an asynchronous rule of a deletion runs, and sees the row as it was, is a guess. */
export function noteDeleted(current: GlideRecord): void {
    note(current, 'deleted')
}

/** An event of a record that Gridlink does not know, which it takes and counts as unrelated. */
export function noteTest(): void {
    const test = new GlideRecord(OUTBOX)
    test.newRecord()
    const row: Row = {
        table: OUTBOX,
        sysId: test.getUniqueValue(),
        number: '',
        modCount: 0,
        updatedOn: new GlideDateTime().getValue(),
        updatedBy: gs.getUserName(),
    }
    write(test, eventOf(row, 'created', circumstances()))
}

function note(current: GlideRecord, operation: Operation): void {
    if (!isActive()) return
    try {
        const row = rowOf(current)
        const record = row.file ?? row
        const table = row.file ? classOf(record.table, record.sysId) : row.table
        if (table === '' || !watchedTable(lineageOf(table), toldTables())) return
        write(new GlideRecord(OUTBOX), eventOf(row, operation, circumstances()))
    } catch (error) {
        gs.error(`Gridlink could not note that ${current.getUniqueValue()} was ${operation}: ${messageOf(error)}`)
    }
}

function write(entry: GlideRecord, event: Event): void {
    const values: Record<string, string | number | boolean> = {
        event_id: event.id,
        event_type: event.type,
        subject: event.subject,
        lane: laneOf(event.subject),
        record_table: event.data.table,
        record: event.data.sysId,
        record_mod_count: event.data.modCount,
        changed_fields: event.data.changedFields.join(','),
        by_integration_user: event.data.byIntegrationUser,
        state: 'new',
        attempts: 0,
        next_attempt: new GlideDateTime().getValue(),
        payload: bodyOf(event),
    }
    for (const [name, value] of Object.entries(values)) entry.setValue(name, value)
    if (!entry.insert()) gs.error(`Gridlink could not write the event ${event.id} into its outbox`)
}

function rowOf(current: GlideRecord): Row {
    const table = current.getRecordClassName()
    const text = (name: string) => current.getValue(name) || ''
    const row: Row = {
        table,
        sysId: current.getUniqueValue(),
        number: current.isValidField('number') ? text('number') : '',
        modCount: Number(text('sys_mod_count')),
        updatedOn: text('sys_updated_on'),
        updatedBy: text('sys_updated_by'),
    }
    if (table === FILES) row.file = { table: text('table_name'), sysId: text('table_sys_id') }
    return row
}

function circumstances() {
    return {
        instance: gs.getProperty('glide.servlet.uri', ''),
        integrationUser: integrationUser(),
        now: new GlideDateTime().getValue(),
    }
}

/** The class of a record; empty when it is not there. Files of images name tables that do not exist. */
function classOf(table: string, sysId: string): string {
    const record = new GlideRecord(table)
    return record.isValid() && record.get(sysId) ? record.getRecordClassName() : ''
}

/** A class and the tables that it extends. A list of the platform is not always an array of the language. */
function lineageOf(table: string): string[] {
    return String(new GlideTableHierarchy(table).getTables())
        .replace(/[[\]\s]/g, '')
        .split(',')
}

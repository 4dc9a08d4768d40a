import {
    BooleanColumn,
    DateTimeColumn,
    IntegerColumn,
    ReferenceColumn,
    StringColumn,
    Table,
} from '@servicenow/sdk/core'

/** Events on their way to Gridlink. Written by the business rules only. */
export const x_gridlink_outbox = Table({
    name: 'x_gridlink_outbox',
    label: 'Gridlink event',
    display: 'event_id',
    accessibleFrom: 'package_private',
    actions: ['read'],
    allowWebServiceAccess: true,
    index: [
        // What the drain asks for, and in which order.
        { name: 'waiting', unique: false, element: ['state', 'lane', 'sys_created_on'] },
        { name: 'age', unique: false, element: ['state', 'sys_updated_on'] },
    ],
    schema: {
        event_id: StringColumn({ label: 'Event ID', maxLength: 160, mandatory: true }),
        event_type: StringColumn({ label: 'Event type', maxLength: 128 }),
        subject: StringColumn({ label: 'Subject', maxLength: 160 }),
        lane: IntegerColumn({ label: 'Lane' }),
        record_table: StringColumn({ label: 'Record table', maxLength: 80 }),
        record: StringColumn({ label: 'Record', maxLength: 32 }),
        record_mod_count: IntegerColumn({ label: 'Record updates' }),
        changed_fields: StringColumn({ label: 'Changed fields', maxLength: 4000 }),
        by_integration_user: BooleanColumn({ label: 'By integration user' }),
        state: StringColumn({
            label: 'State',
            dropdown: 'dropdown_without_none',
            default: 'new',
            choices: {
                new: { label: 'New', sequence: 0 },
                sent: { label: 'Sent', sequence: 1 },
                dead: { label: 'Dead', sequence: 2 },
            },
        }),
        attempts: IntegerColumn({ label: 'Attempts', default: 0 }),
        next_attempt: DateTimeColumn({ label: 'Next attempt' }),
        last_error: StringColumn({ label: 'Last error', maxLength: 1000 }),
        payload: StringColumn({ label: 'Payload', maxLength: 65536 }),
    },
})

/** What Gridlink wrote through the `apply` resource; the primary key is chosen by Gridlink. */
export const x_gridlink_write = Table({
    name: 'x_gridlink_write',
    label: 'Gridlink write',
    display: 'record',
    accessibleFrom: 'package_private',
    actions: ['read'],
    allowWebServiceAccess: false,
    index: [{ name: 'entry', unique: false, element: ['entry'] }],
    schema: {
        record_table: StringColumn({ label: 'Record table', maxLength: 80 }),
        record: StringColumn({ label: 'Record', maxLength: 32 }),
        element: StringColumn({ label: 'Element', maxLength: 40 }),
        text_hash: StringColumn({ label: 'Hash of the text', maxLength: 64 }),
        claimed_at: DateTimeColumn({ label: 'Claimed at' }),
        entry: StringColumn({ label: 'Journal entry', maxLength: 32 }),
        done: BooleanColumn({ label: 'Done', default: false }),
    },
})

/** The community side of a record, for agents. */
export const x_gridlink_link = Table({
    name: 'x_gridlink_link',
    label: 'Trading Grid issue',
    display: 'issue',
    accessibleFrom: 'package_private',
    actions: ['read'],
    allowWebServiceAccess: true,
    schema: {
        record: ReferenceColumn({ label: 'Record', referenceTable: 'task', cascadeRule: 'delete', unique: true }),
        issue: StringColumn({ label: 'Issue', maxLength: 128 }),
        partner: StringColumn({ label: 'Partner', maxLength: 160 }),
        last_sync: DateTimeColumn({ label: 'Last sent to Gridlink' }),
        parked: StringColumn({
            label: 'Parked because',
            hint: 'Empty while all is well; else why the issue waits for a person',
            maxLength: 1000,
        }),
    },
})

/**
 * Fields of ours on every task. The key is unique, so a second record for one issue is refused by the database even
 * where a chosen sys_id is not honored; that several empty keys are no duplicates is how the platform's own unique
 * fields behave.
 */
export const task = Table({
    augments: 'task',
    schema: {
        x_gridlink_key: StringColumn({ label: 'Gridlink key', maxLength: 64, unique: true, readOnly: true }),
        x_gridlink_for_knowledge: BooleanColumn({ label: 'For knowledge', default: false }),
        x_gridlink_escalated: BooleanColumn({ label: 'Escalated to the partner', default: false }),
    },
})

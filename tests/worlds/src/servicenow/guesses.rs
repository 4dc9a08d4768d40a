//! What nobody could tell us about the real system, each with the value we chose and why.

/// How rows come when the query does not order them, and among equals when it does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RowOrder {
    /// By `sys_id`.
    SysId,
    /// As they were inserted.
    Insertion,
}

/// Behaviour of ServiceNow that we do not know for certain. Change one with
/// [`ServiceNow::guess`](super::ServiceNow::guess).
#[derive(Debug, Clone)]
pub struct Guesses {
    /// Whether a `sys_id` of 32 characters in a POST becomes the row's key. True: the official Python client
    /// tests it on `problem`; other tables are unproven.
    pub chosen_sys_id_is_honored: bool,
    /// The status of an insert whose `sys_id` or unique value is taken. 403: other aborted inserts have it.
    pub unique_violation_status: u16,
    /// Its `detail`; the message is `Operation Failed`. The words are those of the server log.
    pub unique_violation_detail: String,
    /// The order that is nobody's wish. By key: what the database does without a better index, and it shows
    /// whoever relies on an order that was never promised.
    pub row_order: RowOrder,
    /// Whether text is equal whatever its case, in queries and unique columns. True: the usual collation of the
    /// database.
    pub text_ignores_case: bool,
    /// Whether an update that changes nothing raises `sys_mod_count`. False: the platform skips such an update.
    pub unchanged_update_counts: bool,
    /// Whether a missing mandatory field stops an insert. True: strict; a data policy does it.
    pub mandatory_is_enforced: bool,
    /// Whether an incident needs `close_code` and `close_notes` to be resolved or closed. True: other clients fail
    /// without them.
    pub incident_resolution_is_enforced: bool,
    /// Whether a case needs `resolution_code`, `cause` and `close_notes`. False: known of the form only.
    pub case_resolution_is_enforced: bool,
    /// Whether an unreadable integer or time is left out rather than stored as empty. True: safer for what is there.
    pub unreadable_value_is_ignored: bool,
    /// Whether an attachment changes `sys_updated_on` of its record. False: it is a row of its own.
    pub attachment_touches_record: bool,
    /// The status of a file whose extension `glide.attachment.extensions` does not allow. 403: other policies
    /// refuse so.
    pub refused_extension_status: u16,
    /// The status of a file over `com.glide.attachment.max_size`. 413: what HTTP has for it.
    pub oversized_attachment_status: u16,
    /// Whether DELETE needs a `Content-Type`. True: the documentation names all writing methods.
    pub delete_needs_content_type: bool,
    /// Whether the Table API may write journal and attachment rows. False: only an administrator's script can.
    pub system_tables_are_writable: bool,
    /// The zone of display times, in hours from UTC. Most instances start in US Pacific.
    pub display_offset_hours: i8,
    /// Whether deleting a record deletes its attachments. True: as the platform's cascade does.
    pub delete_removes_attachments: bool,
    /// The life of an access token in seconds. The documented default.
    pub token_life_seconds: i64,
    /// The message of a 400 for an unknown table; the table's name follows. Seen with other clients.
    pub invalid_table_message: String,
    /// The message of a 400 for a body that is no JSON. Seen with other clients.
    pub invalid_json_message: String,
    /// The realm of basic authentication. Seen with other clients.
    pub realm: String,
    /// How long after the commit an asynchronous business rule runs. 1000: the scheduler looks about every second.
    pub async_rule_delay_milliseconds: u32,
    /// How much later than that it may run. 0 keeps the order of commits; the documentation promises no order, so
    /// whoever wants to know sets it.
    pub async_rule_spread_milliseconds: u32,
    /// Chooses which rules run how late within the spread.
    pub async_rule_seed: u64,
    /// Whether an asynchronous rule knows which fields were changed by whom. True: its condition may ask for both.
    /// False: it names no field, and takes the record's last user for the one who made the change.
    pub async_rule_knows_the_change: bool,
    /// Whether the asynchronous rule of a deletion runs and sees the row as it was. True: the documentation lists
    /// deletions for such rules, and they would be of no use otherwise.
    pub async_delete_rule_runs: bool,
}

impl Default for Guesses {
    fn default() -> Guesses {
        Guesses {
            chosen_sys_id_is_honored: true,
            unique_violation_status: 403,
            unique_violation_detail: "Unique Key violation".to_owned(),
            row_order: RowOrder::SysId,
            text_ignores_case: true,
            unchanged_update_counts: false,
            mandatory_is_enforced: true,
            incident_resolution_is_enforced: true,
            case_resolution_is_enforced: false,
            unreadable_value_is_ignored: true,
            attachment_touches_record: false,
            refused_extension_status: 403,
            oversized_attachment_status: 413,
            delete_needs_content_type: true,
            system_tables_are_writable: false,
            display_offset_hours: -8,
            delete_removes_attachments: true,
            token_life_seconds: 1800,
            invalid_table_message: "Invalid table".to_owned(),
            invalid_json_message: "Exception while reading request".to_owned(),
            realm: "Service-now".to_owned(),
            async_rule_delay_milliseconds: 1000,
            async_rule_spread_milliseconds: 0,
            async_rule_seed: 1,
            async_rule_knows_the_change: true,
            async_delete_rule_runs: true,
        }
    }
}

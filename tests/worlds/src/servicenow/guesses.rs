//! What nobody could tell us about the real system, each with the value we chose and why.

use serde::{Deserialize, Serialize};

/// How rows come when the query does not order them, and among equals when it does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RowOrder {
    /// By `sys_id`.
    SysId,
    /// As they were inserted.
    Insertion,
}

/// Which conditions after `JOIN…!` are about the joined table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum JoinConditions {
    /// All until the next table, group, order or end. What the official Python client means by what it sends.
    UntilNextClause,
    /// The one after `!` and those after two carets (`^^`), as users saw it on an instance; a single caret goes back
    /// to the own table.
    AfterTwoCarets,
}

/// Behaviour of ServiceNow that we do not know for certain. Change one with
/// [`ServiceNow::guess`](super::ServiceNow::guess), or by name on `POST /_world/guesses`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
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
    /// Whether data policies stop scripts of the instance, too. False: they are documented to apply to every
    /// GlideRecord, but an instance whose policies stop its own flows would be a broken one.
    pub data_policies_stop_scripts: bool,
    /// Whether business rules on `sys_journal_field` run for an entry that a record's journal field was written
    /// with. False: nobody told us that they do, and our app does not count on them.
    pub journal_entries_meet_business_rules: bool,
    /// Whether an incident needs `close_code` and `close_notes` to be resolved or closed. True: other clients fail
    /// without them.
    pub incident_resolution_is_enforced: bool,
    /// Whether a parent incident that somebody begins to work on takes its resolved children with it. False: the
    /// documentation says so of a parent that is opened again only.
    pub parent_reaches_finished_children: bool,
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
    /// Whether DELETE needs a `Content-Type`. False: the documentation names all writing methods, but the official
    /// Python client deletes without one, in production.
    pub delete_needs_content_type: bool,
    /// How many characters of path and query are refused with an HTML page. More than the official Python client
    /// sends (it changes to the Batch API at 10,000 of parameters) and fewer than its suite tries (23,000).
    pub longest_url: usize,
    /// The status of that page. Another client reports it.
    pub long_url_status: u16,
    /// Whether the Batch API is also version 2. False: every client calls version 1.
    pub batch_has_version_2: bool,
    /// Whether an item of a batch needs an `Accept`. False: the official Python client sends none, in production.
    pub batch_items_need_accept: bool,
    /// How long an item of a batch takes; a batch has 30 seconds. Nothing: the world takes no time.
    pub batch_item_milliseconds: u64,
    /// How many bytes the properties and the header for the sizes in a batch count by. One: nothing says otherwise.
    pub batch_size_unit: usize,
    /// Whether an item whose answer is too large is named unserviced, although it has had its effect. True: the
    /// documentation says that the rest is unserviced, and nothing of an error in its place.
    pub batch_oversized_answer_is_unserviced: bool,
    /// Whether a URL shorter than `glide.tiny_url_min_length` stays as it is. True: the platform's own scripts do so.
    pub short_url_stays_long: bool,
    /// The status of a tiny URL that was made. 200: the platform's own pages take any success.
    pub tiny_url_status: u16,
    /// Whether fields that come after the file of a multipart upload are unread. True: the documentation demands
    /// that the file is the last part.
    pub multipart_ends_with_file: bool,
    /// Whether every row of a staging table joins the same import set. False: one import set per request, as the
    /// documentation's example reads.
    pub import_set_is_reused: bool,
    /// The status of a file that the CSM Attachment API stored. 200: the documentation of this one says so, and 201
    /// of the multipart form.
    pub csm_file_status: u16,
    /// The life of a refresh token in seconds. The documented default.
    pub refresh_token_life_seconds: i64,
    /// Whether Basic needs an MFA token, which no user of the world has. False: not demanded since Yokohama.
    pub basic_needs_mfa: bool,
    /// Whether the Table API may write journal and attachment rows. False: only an administrator's script can.
    pub system_tables_are_writable: bool,
    /// Whether the files of a record that changes its class name the new table. True: they would be lost to
    /// whoever may read that one only.
    pub files_follow_a_class: bool,
    /// Whether deleting a record deletes its attachments. True: as the platform's cascade does.
    pub delete_removes_attachments: bool,
    /// Whether a query that names a field which the user can never read is refused. True: several clients met the
    /// 403; that it depends on the field, and not on the rows, is our reading of its words.
    pub query_on_unreadable_field_is_refused: bool,
    /// Whether `JOIN`, `RLQUERY` and `SUBQUERY` see only the rows of the other table that the user may read. True:
    /// strict; else a query would tell what hidden rows hold.
    pub joined_rows_must_be_readable: bool,
    /// The status of a request to a table that does not allow access via web services. 403: it is one of access.
    pub closed_table_status: u16,
    /// The message of a 400 for a JSON body over `glide.rest.max_content_length`. Ours.
    pub oversized_body_message: String,
    /// How many requests of one session may wait before others are answered 202. Others saw about ten.
    pub session_queue: usize,
    /// How many requests run at the same time. The semaphores of one node in the vendor's example.
    pub semaphores: usize,
    /// How many requests wait for a semaphore before others are answered 429. As in the same example.
    pub semaphore_queue: usize,
    /// The message of that 429. The words of the vendor's example.
    pub full_queue_message: String,
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
    /// Which conditions after `JOIN…!` are about the joined table. All: the official Python client sends them so;
    /// but see the other value.
    pub join_conditions: JoinConditions,
    /// How many `RLQUERY` a query may have; more are ignored. One: users say that there cannot be two.
    pub related_lists_at_once: usize,
    /// Whether a row without related rows is counted as 0 by `<`, `<=`, `!=`; `=0` always does. True: a count of none
    /// is 0.
    pub related_lists_count_none: bool,
    /// Whether `SUBQUERYsys_id,sys_user_grmember.user^…` is understood like `SUBQUERYsys_id,user,sys_user_grmember^…`,
    /// the only form that ServiceNow's own scripts were seen to use. True: both are written.
    pub subquery_takes_table_dot_field: bool,
    /// Whether the condition after `^OR` stands for itself when the one before it is ignored. True: what is ignored
    /// leaves its place; false would widen the condition before that one.
    pub or_after_invalid_stands_alone: bool,
    /// Whether `!=`, `NOT IN` and `NSAMEAS` hold for an empty field. False: ServiceNow's article KB0715430 says that
    /// NULL is left out.
    pub unequal_includes_empty: bool,
    /// Whether `NOT LIKE` holds for an empty field. True: that article does not name it, and the database is asked
    /// for NULL too.
    pub not_like_includes_empty: bool,
    /// Whether `VALCHANGES`, `CHANGESFROM` and `CHANGESTO` are ignored in a query over a table, where nothing changes.
    /// True: the platform ignores what it cannot ask the database; false: they match nothing.
    pub change_operators_are_invalid_in_queries: bool,
    /// Whether rows are sorted by what a reference displays rather than by its `sys_id`. True: as lists do it.
    pub references_are_ordered_by_display: bool,
    /// Whether `gs.beginningOfThisWeek()` is a Monday. True: the default of the platform; comparisons of weeks are
    /// documented to begin on Sunday.
    pub weeks_start_on_monday: bool,
    /// Whether `gs.endOfLast7Days()` is the end of today rather than of yesterday. True: as the filters of lists do it.
    pub last_periods_include_the_present_one: bool,
    /// Whether numbers are displayed with commas between thousands. True: as forms and lists do it; `sys_mod_count`
    /// is always plain.
    pub numbers_are_grouped: bool,
    /// Whether a displayed duration of a minute or longer tells its seconds. True: nothing is lost.
    pub durations_tell_seconds: bool,
    /// Whether stored values of choices and references are taken although `sysparm_input_display_value` is true. True:
    /// the platform looks for the label first and takes the value as it is otherwise.
    pub display_input_takes_stored_values: bool,
    pub cases: CaseGuesses,
    pub catalog: CatalogGuesses,
    pub knowledge: KnowledgeGuesses,
}

/// What we do not know of cases, escalations and the APIs of Customer Service Management.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CaseGuesses {
    /// Whether data policies stop what the Case API writes. True: they are documented to apply to scripted REST
    /// APIs; that the API validates nothing is said of its parameters.
    pub api_meets_data_policies: bool,
    /// Whether rows that the user may not read are counted in lists, and leave gaps in their pages, as with the Table
    /// API. False: nobody told us, and these APIs look at each row before they show it.
    pub hidden_rows_are_counted: bool,
    /// How many cases a list has without a limit. 10: the documented number of the Account API beside it.
    pub list_limit: usize,
    /// How many activities come without a limit. Many: the documentation's example reads a stream without one.
    pub activity_limit: usize,
    /// Whether the newest activity is first. True: so every activity stream of the platform is shown.
    pub newest_activity_first: bool,
    /// Whether PUT takes a case's number for its sys_id. False: only GET is documented to.
    pub put_accepts_number: bool,
    /// Whether nobody but a script may change a closed case. False: documented of the form; that the API refuses is
    /// not, and a world that takes the write shows who wrote it.
    pub closed_case_is_frozen: bool,
    /// Whether an update by the customer moves a case from Awaiting Info to Open. True: documented of the form.
    pub customer_update_reopens: bool,
    /// Whether `parent` and `case` of a case task fill each other. False: public code uses either, so both must be
    /// sent and read.
    pub task_parents_follow_each_other: bool,
    /// Whether an external user sees every case of the own account. True: else only those with them as contact; real
    /// instances decide by role.
    pub external_user_sees_account: bool,
    /// Whether a second escalation of a case that has an active one is refused. True: the form offers none.
    pub second_escalation_is_refused: bool,
}

/// What we do not know of the service catalog and of approvals.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CatalogGuesses {
    /// Whether a record producer makes its record without asking whether the user may create one. True: users say so,
    /// and employees report incidents that they could not create otherwise.
    pub producers_skip_access_rules: bool,
    /// What `glide.sc.req_for.roles.default` is while the property is not there: `allow` or `deny`.
    pub request_for_default: String,
    /// The status of a refusal to order for somebody else. 400: the only error of these endpoints.
    pub request_for_denied_status: u16,
    /// The status of answers with `errCode`. 400: documented beside them; others saw 200.
    pub error_code_status: u16,
    /// Whether every approver must approve. False: of a group the first answer decides.
    pub everybody_must_approve: bool,
    /// Whether the API refuses a decision by anybody but the approver and `admin`. True: what the platform's rule says.
    pub only_the_approver_decides: bool,
    /// The state of an approved item. `2`, Work in Progress.
    pub approved_state: String,
    /// The words in `stage` of a requested item; each instance has its own. Two of them were recorded.
    pub stages: StageGuesses,
}

/// The words in `stage` of a requested item.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StageGuesses {
    pub waiting_for_approval: String,
    /// Recorded.
    pub fulfillment: String,
    /// Recorded, with its capital.
    pub completed: String,
    pub rejected: String,
    pub cancelled: String,
}

/// What we do not know of knowledge.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KnowledgeGuesses {
    /// Whether a base without a criterion of who can read it is open, even to guests. True: the platform's default.
    pub base_without_criteria_is_open: bool,
    /// Whether a new version under work is the `latest` one. True: so a client must ask for the state too.
    pub draft_is_latest: bool,
    /// The status of an article that is not there or may not be read. 404: what the attachment beside it answers.
    pub unreadable_status: u16,
    /// Whether the API answers without credentials. True: documented, each endpoint can be set otherwise.
    pub is_public: bool,
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
            data_policies_stop_scripts: false,
            journal_entries_meet_business_rules: false,
            incident_resolution_is_enforced: true,
            parent_reaches_finished_children: false,
            case_resolution_is_enforced: false,
            unreadable_value_is_ignored: true,
            attachment_touches_record: false,
            refused_extension_status: 403,
            oversized_attachment_status: 413,
            delete_needs_content_type: false,
            longest_url: 16_384,
            long_url_status: 414,
            batch_has_version_2: false,
            batch_items_need_accept: false,
            batch_item_milliseconds: 0,
            batch_size_unit: 1,
            batch_oversized_answer_is_unserviced: true,
            short_url_stays_long: true,
            tiny_url_status: 200,
            multipart_ends_with_file: true,
            import_set_is_reused: false,
            csm_file_status: 200,
            refresh_token_life_seconds: 8_640_000,
            basic_needs_mfa: false,
            system_tables_are_writable: false,
            files_follow_a_class: true,
            delete_removes_attachments: true,
            query_on_unreadable_field_is_refused: true,
            joined_rows_must_be_readable: true,
            closed_table_status: 403,
            oversized_body_message: "Request body is too large".to_owned(),
            session_queue: 10,
            semaphores: 4,
            semaphore_queue: 50,
            full_queue_message: "Too Many Requests".to_owned(),
            token_life_seconds: 1800,
            invalid_table_message: "Invalid table".to_owned(),
            invalid_json_message: "Exception while reading request".to_owned(),
            realm: "Service-now".to_owned(),
            async_rule_delay_milliseconds: 1000,
            async_rule_spread_milliseconds: 0,
            async_rule_seed: 1,
            async_rule_knows_the_change: true,
            async_delete_rule_runs: true,
            join_conditions: JoinConditions::UntilNextClause,
            related_lists_at_once: 1,
            related_lists_count_none: true,
            subquery_takes_table_dot_field: true,
            or_after_invalid_stands_alone: true,
            unequal_includes_empty: false,
            not_like_includes_empty: true,
            change_operators_are_invalid_in_queries: true,
            references_are_ordered_by_display: true,
            weeks_start_on_monday: true,
            last_periods_include_the_present_one: true,
            numbers_are_grouped: true,
            durations_tell_seconds: true,
            display_input_takes_stored_values: true,
            cases: CaseGuesses::default(),
            catalog: CatalogGuesses::default(),
            knowledge: KnowledgeGuesses::default(),
        }
    }
}

impl Default for CaseGuesses {
    fn default() -> CaseGuesses {
        CaseGuesses {
            api_meets_data_policies: true,
            hidden_rows_are_counted: false,
            list_limit: 10,
            activity_limit: 10_000,
            newest_activity_first: true,
            put_accepts_number: false,
            closed_case_is_frozen: false,
            customer_update_reopens: true,
            task_parents_follow_each_other: false,
            external_user_sees_account: true,
            second_escalation_is_refused: true,
        }
    }
}

impl Default for CatalogGuesses {
    fn default() -> CatalogGuesses {
        CatalogGuesses {
            producers_skip_access_rules: true,
            request_for_default: "allow".to_owned(),
            request_for_denied_status: 400,
            error_code_status: 400,
            everybody_must_approve: false,
            only_the_approver_decides: true,
            approved_state: "2".to_owned(),
            stages: StageGuesses::default(),
        }
    }
}

impl Default for StageGuesses {
    fn default() -> StageGuesses {
        StageGuesses {
            waiting_for_approval: "waiting_for_approval".to_owned(),
            fulfillment: "fulfillment".to_owned(),
            completed: "Completed".to_owned(),
            rejected: "Request Rejected".to_owned(),
            cancelled: "Request Cancelled".to_owned(),
        }
    }
}

impl Default for KnowledgeGuesses {
    fn default() -> KnowledgeGuesses {
        KnowledgeGuesses {
            base_without_criteria_is_open: true,
            draft_is_latest: true,
            unreadable_status: 404,
            is_public: true,
        }
    }
}

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
    pub cases: CaseGuesses,
    pub catalog: CatalogGuesses,
    pub knowledge: KnowledgeGuesses,
}

/// What we do not know of cases, escalations and the APIs of Customer Service Management.
#[derive(Debug, Clone)]
pub struct CaseGuesses {
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
#[derive(Debug, Clone)]
pub struct CatalogGuesses {
    /// Whether inserting into `sc_request` is denied. True: seen on many instances; the Catalog API is the way.
    pub request_insert_is_denied: bool,
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
#[derive(Debug, Clone)]
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
#[derive(Debug, Clone)]
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
            cases: CaseGuesses::default(),
            catalog: CatalogGuesses::default(),
            knowledge: KnowledgeGuesses::default(),
        }
    }
}

impl Default for CaseGuesses {
    fn default() -> CaseGuesses {
        CaseGuesses {
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
            request_insert_is_denied: true,
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

//! Access rules: who may do what with which table.
//!
//! Tables without a rule here are for administrators only. Some tables belong to applications that are described
//! elsewhere; a rule for a table that does not exist does no harm.

use super::{Seed, id};
use crate::servicenow::cases::{CASE, EXTERNAL_CREATE, EXTERNAL_UPDATE};

/// Name, operations, roles of which one is enough (none: everybody who is logged in), condition.
type Rule = (&'static str, &'static str, &'static [&'static str], &'static str);

const ANY: &str = "";
/// What belongs to the account of the user, who is a contact.
const OF_OWN_ACCOUNT: &str = "SUBQUERYaccount,account,customer_contact^sys_id=javascript:gs.getUserID()^ENDSUBQUERY";
const CUSTOMER: &[&str] = &["sn_customerservice.customer"];
const AGENTS: &[&str] = &["sn_customerservice_agent", "csm_ws_integration"];
const INTERNAL: &[&str] = &["snc_internal"];
const SERVICE: &[&str] = &["itil", "sn_customerservice_agent"];

const PEOPLE: [Rule; 18] = [
    ("sys_user", "read", INTERNAL, ANY),
    ("sys_user", "read", &[], "sys_id=javascript:gs.getUserID()"),
    ("sys_user", "write create delete", &["user_admin"], ANY),
    ("sys_user.user_password", "read", &["admin"], ANY),
    ("customer_contact", "read", AGENTS, ANY),
    ("customer_contact", "read", &[], "sys_id=javascript:gs.getUserID()"),
    ("customer_contact", "read", CUSTOMER, OF_OWN_ACCOUNT),
    ("customer_contact", "write create", &["sn_customerservice_manager"], ANY),
    ("sys_user_group", "read", INTERNAL, ANY),
    ("sys_user_group", "write create delete", &["user_admin"], ANY),
    ("sys_user_grmember", "read", INTERNAL, ANY),
    ("sys_user_grmember", "write create delete", &["user_admin"], ANY),
    ("cmn_department", "read", INTERNAL, ANY),
    ("cmn_location", "read", INTERNAL, ANY),
    ("core_company", "read", INTERNAL, ANY),
    ("customer_account", "read", INTERNAL, ANY),
    (
        "customer_account",
        "read",
        CUSTOMER,
        "SUBQUERYsys_id,account,customer_contact^sys_id=javascript:gs.getUserID()^ENDSUBQUERY",
    ),
    ("customer_account", "write create", &["sn_customerservice_manager"], ANY),
];

const WORK: [Rule; 34] = [
    ("task", "read", SERVICE, ANY),
    ("task", "write create", &["itil"], ANY),
    ("task.work_notes", "read write create", SERVICE, ANY),
    ("task.work_notes_list", "read", SERVICE, ANY),
    ("incident", "read", &["itil"], ANY),
    (
        "incident",
        "read",
        INTERNAL,
        "caller_id=javascript:gs.getUserID()^ORopened_by=javascript:gs.getUserID()",
    ),
    ("incident", "write create delete", &["itil"], ANY),
    ("incident_task", "read write create", &["itil"], ANY),
    ("problem", "read write create", &["itil"], ANY),
    ("problem", "delete", &["problem_admin"], ANY),
    ("change_request", "read write create", &["itil"], ANY),
    ("sn_customerservice_case", "read write create", AGENTS, ANY),
    (
        "sn_customerservice_case",
        "read write",
        CUSTOMER,
        "contact=javascript:gs.getUserID()^ORpartner_contact=javascript:gs.getUserID()",
    ),
    ("sn_customerservice_case", "read write create", CUSTOMER, OF_OWN_ACCOUNT),
    ("sn_customerservice_case.*", "write create", AGENTS, ANY),
    ("sn_customerservice_case.work_notes", "read write create", AGENTS, ANY),
    (
        "sn_customerservice_case",
        "delete",
        &["sn_customerservice_manager"],
        ANY,
    ),
    (
        "sn_customerservice_task",
        "read write create",
        &["case_task_agent", "sn_customerservice_agent"],
        ANY,
    ),
    ("sn_customerservice_escalation", "read write create", AGENTS, ANY),
    ("sn_customerservice_escalation_template", "read", AGENTS, ANY),
    ("sn_customerservice_escalation_severity", "read", AGENTS, ANY),
    ("sc_request", "read", &["itil", "catalog"], ANY),
    // Direct inserts are commonly refused: requests come from the catalog.
    ("sc_request", "create", &["catalog_admin"], ANY),
    ("sc_request", "write", &["itil", "catalog"], ANY),
    ("sc_req_item", "read write", &["itil", "catalog"], ANY),
    ("sc_req_item", "create", &["catalog_admin"], ANY),
    ("sc_task", "read write create", &["itil", "catalog"], ANY),
    ("sysapproval_approver", "read", SERVICE, ANY),
    (
        "sysapproval_approver",
        "read write",
        &["approver_user"],
        "approver=javascript:gs.getUserID()",
    ),
    ("cmdb_ci", "read", &["itil"], ANY),
    ("alm_asset", "read", &["itil"], ANY),
    ("bsm_chart", "read", &["itil"], ANY),
    (
        "sys_user_preference",
        "read write create delete",
        &[],
        "user=javascript:gs.getUserID()",
    ),
    ("sys_attachment", "read write create delete", &[], ANY),
];

const KNOWLEDGE_AND_CATALOG: [Rule; 16] = [
    ("kb_knowledge", "read write create", &["knowledge"], ANY),
    ("kb_knowledge", "read", &[], "workflow_state=published"),
    ("kb_knowledge", "delete", &["knowledge_admin"], ANY),
    ("kb_knowledge_base", "read", INTERNAL, ANY),
    ("kb_category", "read", INTERNAL, ANY),
    ("kb_version", "read", &["knowledge"], ANY),
    ("kb_knowledge_keyword", "read", &["knowledge"], ANY),
    ("m2m_kb_task", "read write create", &["knowledge"], ANY),
    ("user_criteria", "read", &["knowledge"], ANY),
    ("kb_uc_can_read_mtom", "read", &["knowledge"], ANY),
    ("sc_catalog", "read", INTERNAL, ANY),
    ("sc_category", "read", INTERNAL, ANY),
    ("sc_cat_item", "read", INTERNAL, ANY),
    ("sc_item_option", "read", &["itil", "catalog"], ANY),
    ("sc_item_option_mtom", "read", &["itil", "catalog"], ANY),
    ("item_option_new", "read", &["itil", "catalog"], ANY),
];

const PLATFORM: [Rule; 15] = [
    ("sys_choice", "read", INTERNAL, ANY),
    // As shipped only administrators read these; Gridlink's role is what an installation adds.
    ("sys_journal_field", "read", &["x_gridlink_integration"], ANY),
    ("sys_dictionary", "read", &["x_gridlink_integration"], ANY),
    ("sys_db_object", "read", &["x_gridlink_integration"], ANY),
    ("x_gridlink_outbox", "read", &["x_gridlink_integration"], ANY),
    ("sys_user_role", "read", &["user_admin"], ANY),
    ("sys_user_has_role", "read write create delete", &["user_admin"], ANY),
    ("sys_group_has_role", "read write create delete", &["user_admin"], ANY),
    ("sys_user_role_contains", "read", &["user_admin"], ANY),
    (
        "sys_rate_limit_rules",
        "read write create delete",
        &["rate_limit_admin"],
        ANY,
    ),
    ("sys_import_set", "read create", &["import_transformer"], ANY),
    ("sys_import_set_row", "read write create", &["import_transformer"], ANY),
    ("sys_email", "read", &["email_api_send"], ANY),
    ("kb_feedback", "read create", INTERNAL, ANY),
    ("task_sla", "read", SERVICE, ANY),
];

pub(super) fn rules(seed: &mut Seed) {
    for (name, operations, roles, condition) in [&PEOPLE[..], &WORK, &KNOWLEDGE_AND_CATALOG, &PLATFORM].concat() {
        for operation in operations.split(' ') {
            let key = format!("{name} {operation} {} {condition}", roles.join(","));
            let fields = [
                ("name", name),
                ("operation", operation),
                ("type", "record"),
                ("condition", condition),
            ];
            rule(seed, &key, &fields, roles);
        }
    }
    fields_of_customers(seed);
    for table in ["sys_security_acl", "sys_security_acl_role"] {
        for operation in ["write", "create", "delete"] {
            let key = format!("{table} {operation}");
            // Documented: what needs an elevated role cannot be done through the Table API, whoever asks.
            let fields = [("name", table), ("operation", operation), ("admin_overrides", "false")];
            rule(seed, &key, &fields, &["security_admin"]);
        }
    }
    for api in ["Table API", "Aggregate API", "Import Set API", "Attachment API"] {
        // Documented: these four are there and inactive.
        let fields = [
            ("name", api),
            ("operation", "execute"),
            ("type", "REST_Endpoint"),
            ("active", "false"),
        ];
        rule(seed, api, &fields, &["snc_platform_rest_api_access"]);
    }
}

/// Documented of the Case API; the fields are the same whoever asks for them.
fn fields_of_customers(seed: &mut Seed) {
    let roles = [AGENTS, CUSTOMER].concat();
    for (operation, names) in [("create", &EXTERNAL_CREATE[..]), ("write", &EXTERNAL_UPDATE)] {
        for field in names {
            let name = format!("{CASE}.{field}");
            let fields = [("name", name.as_str()), ("operation", operation), ("type", "record")];
            rule(seed, &format!("{name} {operation}"), &fields, &roles);
        }
    }
}

fn rule(seed: &mut Seed, key: &str, fields: &[(&str, &str)], roles: &[&str]) {
    seed.add(900, "sys_security_acl", key, fields);
    for role in roles {
        let (acl, role_id) = (id("sys_security_acl", key), id("sys_user_role", role));
        let fields = [("sys_security_acl", acl.as_str()), ("sys_user_role", &role_id)];
        seed.add(900, "sys_security_acl_role", &format!("{key}/{role}"), &fields);
    }
}

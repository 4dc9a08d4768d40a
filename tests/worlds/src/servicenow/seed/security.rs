//! Roles, and who has them.

use super::{AGENT, INTEGRATION_USER, Seed, id};

/// Gives roles to the users and groups that are there; the others are skipped.
pub(super) fn roles(seed: &mut Seed) {
    for (name, description) in ROLES {
        let elevated = if name == "security_admin" { "true" } else { "false" };
        let fields = [
            ("name", name),
            ("description", description),
            ("elevated_privilege", elevated),
        ];
        seed.add(900, "sys_user_role", name, &fields);
    }
    for (role, contained) in CONTAINED {
        let fields = [
            ("role", id("sys_user_role", role)),
            ("contains", id("sys_user_role", contained)),
        ];
        add(seed, "sys_user_role_contains", &format!("{role}/{contained}"), &fields);
    }
    internal_and_external_users(seed);
    for (user_name, roles) in [
        (INTEGRATION_USER, &INTEGRATION[..]),
        (AGENT, &AGENT_ROLES),
        ("itil", &["itil"]),
    ] {
        for role in roles {
            give(seed, user_name, role);
        }
    }
    for user_name in ADMINISTRATORS {
        give(seed, user_name, "admin");
    }
    for (group, role) in GROUPS {
        give_group(seed, group, role);
    }
}

pub(super) const ROLES: [(&str, &str); 25] = [
    (
        "admin",
        "The system administrator: everything that a rule does not keep even from administrators",
    ),
    (
        "security_admin",
        "Access rules and security settings; to be elevated to, so not for web services",
    ),
    ("user_admin", "Users, groups and their roles"),
    ("snc_internal", "Users of the company itself"),
    ("snc_external", "Users of other companies"),
    ("itil", "Works on incidents, problems and changes"),
    ("itil_admin", "Administers incidents, problems and changes"),
    ("problem_admin", "Administers problems"),
    ("approver_user", "Answers approvals that are asked of the user"),
    ("sn_customerservice_agent", "Works on cases of customers"),
    ("sn_customerservice_manager", "Manages agents, accounts and contacts"),
    ("sn_customerservice.customer", "A contact of a customer"),
    ("sn_customerservice.consumer", "A consumer"),
    (
        "sn_customerservice.escalation_requester",
        "Asks for the escalation of a case",
    ),
    ("case_task_agent", "Works on tasks of cases"),
    ("csm_ws_integration", "Uses the Case API and its siblings"),
    ("knowledge", "Writes articles"),
    ("knowledge_admin", "Administers knowledge bases"),
    ("catalog", "Orders on behalf of others and edits requests"),
    ("catalog_admin", "Administers the service catalog"),
    ("email_api_send", "Sends mail through the Email API"),
    ("import_transformer", "Loads import sets and transforms them"),
    ("rate_limit_admin", "Administers rate limits"),
    (
        "snc_platform_rest_api_access",
        "Uses the platform's REST APIs where their access rules are active",
    ),
    (
        "x_gridlink_integration",
        "What Gridlink reads beside its records: journals and descriptions of tables",
    ),
];

const CONTAINED: [(&str, &str); 14] = [
    ("itil", "snc_internal"),
    ("itil_admin", "itil"),
    ("problem_admin", "itil"),
    ("approver_user", "snc_internal"),
    ("sn_customerservice_agent", "snc_internal"),
    ("sn_customerservice_agent", "case_task_agent"),
    ("sn_customerservice_agent", "sn_customerservice.escalation_requester"),
    ("sn_customerservice_manager", "sn_customerservice_agent"),
    ("sn_customerservice.customer", "snc_external"),
    ("sn_customerservice.consumer", "snc_external"),
    ("csm_ws_integration", "snc_internal"),
    ("knowledge_admin", "knowledge"),
    ("catalog_admin", "catalog"),
    ("x_gridlink_integration", "snc_internal"),
];

/// The least that Gridlink needs: what its settings name, and nothing that administers.
const INTEGRATION: [&str; 9] = [
    "itil",
    "sn_customerservice_agent",
    "case_task_agent",
    "csm_ws_integration",
    "knowledge",
    "catalog",
    "email_api_send",
    "import_transformer",
    "x_gridlink_integration",
];

const AGENT_ROLES: [&str; 2] = ["itil", "sn_customerservice_agent"];

/// As many as an instance with demonstration data has, which other clients' suites count.
pub(super) const ADMINISTRATORS: [&str; 16] = [
    "admin",
    "abel.tuter",
    "beth.anglin",
    "catalog.admin",
    "change.manager",
    "david.loo",
    "diana.park",
    "don.goodliffe",
    "fred.luddy",
    "howard.johnson",
    "incident.manager",
    "knowledge.admin",
    "luke.wilson",
    "mei.chen",
    "problem.admin",
    "samuel.okafor",
];

/// Five of them have a role that administers, which other clients' suites count, too.
const GROUPS: [(&str, &str); 26] = [
    ("EDI Support", "itil"),
    ("EDI Support", "sn_customerservice_agent"),
    ("B2B Finance", "sn_customerservice_agent"),
    ("Logistics Exceptions", "sn_customerservice_agent"),
    ("Trading Partner Compliance", "sn_customerservice_agent"),
    ("Customer Service", "sn_customerservice_agent"),
    ("Document Control", "sn_customerservice_agent"),
    ("Procurement", "sn_customerservice_agent"),
    ("Partner Onboarding", "sn_customerservice_manager"),
    ("Partner Onboarding", "catalog"),
    ("Partner Access Approvers", "approver_user"),
    ("Partner Access Approvers", "user_admin"),
    ("B2B Integration", "itil"),
    ("B2B Integration", "sn_customerservice_agent"),
    ("Service Desk", "itil"),
    ("Network", "itil"),
    ("Database", "itil"),
    ("Hardware", "itil"),
    ("Software", "itil"),
    ("Incident Management", "itil_admin"),
    ("Problem Solving", "problem_admin"),
    ("CAB Approval", "approver_user"),
    ("CAB Approval", "itil"),
    ("Knowledge Managers", "knowledge_admin"),
    ("Catalog Managers", "catalog_admin"),
    ("Catalog Managers", "approver_user"),
];

/// Everybody is one of both, except the guest.
fn internal_and_external_users(seed: &mut Seed) {
    let users = seed.state.rows("sys_user").into_iter();
    let users: Vec<(String, bool)> = users
        .filter(|user| user.get("user_name") != "guest")
        .map(|user| (user.get("user_name").to_owned(), user.class == "customer_contact"))
        .collect();
    for (user_name, is_contact) in users {
        let role = if is_contact {
            "sn_customerservice.customer"
        } else {
            "snc_internal"
        };
        give(seed, &user_name, role);
    }
}

fn give(seed: &mut Seed, user_name: &str, role: &str) {
    let user = seed.state.user_sys_id(user_name);
    if !user.is_empty() {
        let fields = [("user", user), ("role", id("sys_user_role", role))];
        add(seed, "sys_user_has_role", &format!("{user_name}/{role}"), &fields);
    }
}

fn give_group(seed: &mut Seed, name: &str, role: &str) {
    let groups = seed.state.rows("sys_user_group").into_iter();
    let mut groups = groups.filter(|group| group.get("name") == name && group.get("active") == "true");
    if let Some(group) = groups.next().map(|group| group.get("sys_id").to_owned()) {
        let fields = [("group", group), ("role", id("sys_user_role", role))];
        add(seed, "sys_group_has_role", &format!("{name}/{role}"), &fields);
    }
}

fn add(seed: &mut Seed, table: &str, key: &str, fields: &[(&str, String)]) {
    let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
    seed.add(300, table, key, &fields);
}

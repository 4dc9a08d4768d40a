//! Contacts of partners, and what escalations are made of.

use super::{Seed, id};

/// First name, last name, account, title, domain.
const CONTACTS: [(&str, &str, &str, &str, &str); 2] = [
    ("Elise", "Laurent", "Contoso Retail", "EDI Manager", "contoso"),
    (
        "Jonas",
        "Meier",
        "Castellan Pharma",
        "Supply Chain Systems",
        "castellan",
    ),
];

pub(super) fn plant(seed: &mut Seed) {
    for (first, last, account, title, domain) in CONTACTS {
        let name = format!("{first} {last}");
        let email = format!("{first}.{last}@{domain}.example").to_lowercase();
        let account = id("customer_account", account);
        let fields = [
            ("user_name", email.as_str()),
            ("name", &name),
            ("first_name", first),
            ("last_name", last),
            ("email", &email),
            ("title", title),
            ("time_zone", "Europe/Amsterdam"),
            ("company", &account),
            ("account", &account),
        ];
        seed.add(140, "customer_contact", &name, &fields);
    }
    for (name, color, order) in [("High", "red", "100"), ("Medium", "orange", "200")] {
        let fields = [("name", name), ("color", color), ("order", order)];
        seed.add(500, "sn_customerservice_escalation_severity", name, &fields);
    }
    let approvers = id("sys_user_group", "Customer Service");
    for (name, kind, skips, group) in [
        ("Case escalation", "case", "false", approvers.as_str()),
        ("Immediate case escalation", "case", "true", ""),
        ("Account escalation", "account", "false", &approvers),
    ] {
        let fields = [
            ("name", name),
            ("type", kind),
            ("skip_approval", skips),
            ("approval_group", group),
        ];
        seed.add(500, "sn_customerservice_escalation_template", name, &fields);
    }
}

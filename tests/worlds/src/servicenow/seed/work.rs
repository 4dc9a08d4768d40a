//! Cases, incidents, problems and changes that are there already.

use super::{Seed, id};

pub(super) fn records(seed: &mut Seed) {
    let northwind = id("customer_account", "Northwind Components");
    let contoso = id("customer_account", "Contoso Retail");
    let edi = id("sys_user_group", "EDI Support");
    let finance = id("sys_user_group", "B2B Finance");
    seed.add(
        12,
        "sn_customerservice_case",
        "case 1",
        &[
            ("short_description", "Invoice 810 rejected for missing tax data"),
            ("account", &northwind),
            ("company", &northwind),
            ("priority", "3"),
            ("state", "10"),
            ("contact_type", "email"),
            ("assignment_group", &finance),
        ],
    );
    seed.add(
        5,
        "sn_customerservice_case",
        "case 2",
        &[
            ("short_description", "Question about the new routing guide"),
            ("account", &contoso),
            ("company", &contoso),
            ("state", "18"),
            ("contact_type", "phone"),
        ],
    );
    seed.add(
        9,
        "incident",
        "incident 1",
        &[
            ("short_description", "AS2 certificate of a partner expires this month"),
            ("impact", "2"),
            ("urgency", "2"),
            ("category", "b2b"),
            ("assignment_group", &edi),
            ("company", &contoso),
        ],
    );
    seed.add(
        30,
        "incident",
        "incident 2",
        &[
            ("short_description", "Mail relay was slow"),
            ("category", "network"),
            ("state", "7"),
            ("close_code", "Solution provided"),
            ("close_notes", "The queue was cleared."),
        ],
    );
    problems(seed);
    changes(seed);
    services(seed);
}

/// Short description, group, state.
const PROBLEMS: [(&str, &str, &str); 12] = [
    ("Ship notices of one partner arrive twice", "EDI Support", "102"),
    ("Invoices without tax data pass the first check", "B2B Finance", "103"),
    ("AS2 receipts time out at night", "Network", "104"),
    ("Purchase order changes overtake the order", "B2B Integration", "101"),
    ("Certificates expire without a warning", "B2B Integration", "106"),
    ("Label printer drops the second page", "Hardware", "101"),
    ("Item numbers lose leading zeros in the map", "EDI Support", "104"),
    (
        "Mailbox of a carrier fills up on weekends",
        "Logistics Exceptions",
        "102",
    ),
    ("Report on open acknowledgements is slow", "Database", "103"),
    (
        "Time zone of delivery windows is read wrongly",
        "Logistics Exceptions",
        "106",
    ),
    ("Duplicate partner records after the merger", "Customer Service", "107"),
    ("Search does not find articles with umlauts", "Software", "101"),
];

fn problems(seed: &mut Seed) {
    for (text, group, state) in PROBLEMS {
        let group = id("sys_user_group", group);
        let fields = [
            ("short_description", text),
            ("assignment_group", group.as_str()),
            ("state", state),
            ("impact", "2"),
            ("urgency", "2"),
        ];
        seed.add(20, "problem", text, &fields);
    }
}

fn changes(seed: &mut Seed) {
    for (text, kind, state) in [
        ("Renew the AS2 certificate of the gateway", "normal", "-2"),
        ("Move the EDI translator to the new host", "normal", "-4"),
        ("Open the firewall for a new carrier", "standard", "3"),
        ("Roll back the invoice map", "emergency", "0"),
    ] {
        let fields = [("short_description", text), ("type", kind), ("state", state)];
        seed.add(15, "change_request", text, &fields);
    }
}

fn services(seed: &mut Seed) {
    for (name, criticality) in [
        ("B2B Gateway", "1 - most critical"),
        ("EDI Translation", "1 - most critical"),
        ("Invoice Automation", "2 - somewhat critical"),
        ("Partner Portal", "2 - somewhat critical"),
    ] {
        let fields = [("name", name), ("busines_criticality", criticality)];
        seed.add(700, "cmdb_ci_service", name, &fields);
    }
    for (name, address) in [
        ("b2bgw01", "10.20.0.11"),
        ("b2bgw02", "10.20.0.12"),
        ("edix01", "10.20.0.21"),
    ] {
        let fields = [
            ("name", name),
            ("ip_address", address),
            ("os", "Linux Red Hat"),
            ("cpu_count", "16"),
        ];
        seed.add(700, "cmdb_ci_server", name, &fields);
    }
    let map = [("name", "B2B Gateway"), ("root", &id("cmdb_ci_service", "B2B Gateway"))];
    seed.add(700, "bsm_chart", "B2B Gateway", &map);
}

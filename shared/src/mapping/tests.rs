use super::*;

const DEFAULT: &str = include_str!("../../../infra/mapping.yaml");

fn mapping() -> Mapping {
    Mapping::parse(DEFAULT).unwrap()
}

fn issue(category: &str, document_type: &str) -> Issue {
    Issue::parse(
        &serde_json::json!({
            "issueId": "ISS-1", "companyId": "GC1", "version": 1, "kind": "transaction", "category": category,
            "priority": "high", "summary": "A\nproblem", "author": {"name": "Ada"},
            "transactionRef": {"documentType": document_type, "businessKeys": {"invoice number": "4711"}}
        })
        .to_string(),
    )
    .unwrap()
}

#[test]
fn the_default_mapping_routes_the_examples_of_the_mission() {
    let group = |category: &str, document_type: &str| {
        mapping()
            .route(&issue(category, document_type), "Northwind")
            .unwrap()
            .assignment_group
    };
    assert_eq!(group("asn_mismatch", "856"), "Logistics Exceptions");
    assert_eq!(group("other", "DESADV"), "Logistics Exceptions");
    assert_eq!(group("invoice_mismatch", "810"), "B2B Finance");
    assert_eq!(group("anything_else", ""), "EDI Support");
}

#[test]
fn the_default_mapping_knows_the_classes_of_exchanges() {
    let class = |turn: Turn, kind: &str, status: &str, acknowledgement: &str, message: &str| {
        let exchange = serde_json::json!({
            "correlationId": "C-1", "transactionId": "T-1", "status": status, "statusAt": "2026-11-22T10:00:00Z",
            "acknowledgement": acknowledgement, "message": message, "transactionRef": {"documentType": kind}
        });
        let exchange = serde_json::from_value(exchange).unwrap();
        let classified = mapping().classify(turn, &exchange, "Northwind").unwrap().unwrap();
        format!("{} {}", classified.class, classified.assignment_group)
    };
    let failed = Turn::Failed;
    for (turn, kind, status, acknowledgement, message, wanted) in [
        (
            failed,
            "810",
            "Validation error",
            "",
            "Missing TAX data",
            "missing_tax_data B2B Finance",
        ),
        (
            failed,
            "INVOIC",
            "Validation error",
            "",
            "Sum",
            "invoice_refused B2B Finance",
        ),
        (
            failed,
            "810",
            "Delivery failed",
            "",
            "AS2",
            "delivery_failed EDI Support",
        ),
        (
            failed,
            "DESADV",
            "Delivered",
            "Rejected",
            "",
            "shipment_notice_refused Logistics Exceptions",
        ),
        (
            failed,
            "850",
            "Delivered",
            "Timed Out",
            "",
            "acknowledgement_overdue EDI Support",
        ),
        (failed, "850", "Duplicate", "", "", "duplicate EDI Support"),
        (failed, "850", "Validation error", "", "tax", "other EDI Support"),
        (
            Turn::Delayed,
            "810",
            "Delivered",
            "Waiting for FA",
            "",
            "acknowledgement_awaited EDI Support",
        ),
        (
            Turn::Delayed,
            "810",
            "Processing",
            "",
            "tax",
            "takes_too_long EDI Support",
        ),
    ] {
        assert_eq!(class(turn, kind, status, acknowledgement, message), wanted);
    }
}

#[test]
fn a_routed_issue_has_its_texts_and_its_priority() {
    let routed = mapping().route(&issue("invoice_mismatch", "810"), "Northwind").unwrap();
    assert_eq!(routed.mode, Mode::On);
    assert!(routed.fields["short_description"].contains("A problem"), "{routed:?}");
    assert!(
        routed.fields["description"].contains("Invoice number: 4711"),
        "{routed:?}"
    );
    assert_eq!(routed.fields["priority"], "2");
}

#[test]
fn partner_text_is_never_run_as_a_template() {
    let mut issue = issue("other", "");
    issue.summary = "{{ partner.id }} {% for x in range(9) %}".to_owned();
    let routed = mapping().route(&issue, "Northwind").unwrap();
    assert!(routed.fields["short_description"].contains("{{ partner.id }}"));
}

#[test]
fn a_wrong_mapping_is_refused_with_line_key_and_allowed_values() {
    let rules = DEFAULT
        .lines()
        .filter(|line| !line.starts_with('#'))
        .collect::<Vec<_>>()
        .join("\n");
    let check = |from: &str, to: &str, wanted: &[&str]| {
        let line = 1 + rules.find(from).map(|at| rules[..at].matches('\n').count()).unwrap();
        let broken = rules.replacen(from, to, 1);
        let error = Mapping::parse(&broken).map(|_| ()).unwrap_err();
        let text = error.to_string();
        assert!(
            error.line.abs_diff(line as u64) <= 1 || !wanted.contains(&"line "),
            "{text} is at line {line}"
        );
        for part in wanted {
            assert!(text.contains(part), "{text} should contain {part}");
        }
    };
    check("version: 1", "version: 2", &["line ", "version", "must be 1"]);
    check("mode: on", "mode: maybe", &["line ", "maybe", "shadow"]);
    check(
        "unknown_partner: park",
        "unknown_partner: ignore",
        &["ignore", "park", "accept"],
    );
    check(
        "unknown_partner: park",
        "unknown_partners: park",
        &["line ", "unknown_partners"],
    );
    check(
        "when: issue.category in [\"asn_mismatch\", \"asn_failed\", \"shipment_discrepancy\"] or transaction.documentType in [\"856\", \"DESADV\"]\n    table",
        "when: issue.kategory == \"x\"\n    table",
        &["routes[", "when", "issue.kategory", "allowed are issue.id"],
    );
    check("issue.category in", "issue.category inn", &["when"]);
    check(
        "table: sn_customerservice_case",
        "table: sn_case",
        &["table", "must be one of incident, sn_customerservice_case"],
    );
    check(
        "category: network",
        "correlation_id: network",
        &["correlation_id", "cannot be mapped"],
    );
    check("  critical:", "  kritical:", &["kritical"]);
    check("    resolution: close_notes", "    resolutions: x", &["resolutions"]);
    check(
        "label: resolved",
        "label: ' '",
        &["line ", "label", "1 to 100 characters"],
    );
    check(
        "state: waiting-for-partner",
        "state: waiting",
        &["waiting", "waiting-for-partner"],
    );
    check(
        "when: record.state == \"6\"",
        "when: issue.state == \"6\"",
        &["statuses.", "issue.state is not known", "record.<field>"],
    );
    check("agents: hidden", "agents: secret", &["secret", "hidden"]);
    check(
        "text: We have what you sent",
        "text: ' ' # We have what you sent",
        &["line ", "when_parked.text", "must say something"],
    );
    check(
        "community: trading-grid",
        "community: another",
        &["line ", "pull.community", "another is none of senders"],
    );
    check(
        "label: being checked",
        "label: ' '",
        &["line ", "when_gone.label", "1 to 100 characters"],
    );
    check(
        "when: exchange.acknowledgement ==",
        "when: exchange.acknowledgment ==",
        &[
            "line ",
            "exchanges.classes[acknowledgement_overdue].when",
            "exchange.acknowledgment is not known",
        ],
    );
    check(
        "when: exchange.status == \"Duplicate\"",
        "when: partner.name == \"Duplicate\"",
        &["line ", "exchanges.classes[duplicate].when", "use partner.id"],
    );
    check(
        "name: duplicate",
        "name: takes_too_long",
        &["line ", "there are two classes takes_too_long"],
    );
    check("assign_to: manager", "assign_to: boss", &["boss", "manager"]);
    check(
        "partners: 3",
        "partners: 1",
        &["line ", "exchanges.common_cause.partners", "2 to 50"],
    );
    check(
        "window_minutes: 60",
        "window_minutes: 0",
        &["line ", "exchanges.common_cause.window_minutes", "1 to 10080"],
    );
    check(
        "field: parent_incident",
        "field: impact",
        &["line ", "exchanges.common_cause.field", "refers to its parent"],
    );
    check("alike: [direction", "alike: [colour", &["colour", "document_type"]);
    check(
        "Several partners: {{ transaction.documentType }}",
        "{{ partner.name }}: {{ transaction.documentType }}",
        &[
            "line ",
            "exchanges.common_cause.fields.short_description",
            "there are several",
        ],
    );
    check(
        "resolve: { state: \"6\"",
        "resolve: { state: \"2\"",
        &["line ", "exchanges.resolve", "tables.incident reopens"],
    );
    check(
        "window_minutes: 240",
        "window_minutes: 0",
        &["line ", "exchanges.window_minutes"],
    );
    check(
        "    close: { state: \"3\" }",
        "",
        &["close", "because closure asks the partner"],
    );
    check(
        "confirm_within_days: 7",
        "confirm_within_days: 91",
        &["line ", "closure.confirm_within_days", "1 to 90"],
    );
    check(
        "  when: issue.priority == \"critical\"",
        "  when: record.priority == \"1\"",
        &["escalation.when", "record.priority is not known"],
    );
    check(
        "      when: record.priority == \"1\" or record.x_gridlink_escalated == \"true\"\n      set",
        "      when: issue.priority == \"critical\"\n      set",
        &[
            "escalation.tables.incident.when",
            "issue.priority is not known",
            "record.<field>",
        ],
    );
    check(
        "due_in_hours: 4",
        "due_in_hours: 0",
        &["line ", "proof-of-delivery", "due_in_hours", "1 to 2160"],
    );
    check(
        "- name: partner-contact",
        "- name: proof-of-delivery",
        &["escalation.tasks.name", "another task"],
    );
    check(
        "label: Escalated",
        "label: ' '",
        &["line ", "escalation.label", "1 to 100"],
    );
    check(
        "\"3\": done, \"4\": canceled, \"7\": canceled }\n    incident",
        "\"4\": canceled, \"7\": canceled }\n    incident",
        &["tasks.states", "in which state a task is done"],
    );
    check(
        "  trading-grid:",
        "  gridlink:",
        &["senders.gridlink", "Gridlink itself"],
    );
}

#[test]
fn every_state_of_a_record_has_words_and_only_an_ended_one_has_a_resolution() {
    let table: TableName = "sn_customerservice_case".parse().unwrap();
    let status = |state: &str, group: &str, approval: &str| {
        let values = [
            ("state", state),
            ("assignment_group.name", group),
            ("approval", approval),
            ("close_notes", "Sent again. Password: hunter2"),
        ];
        let values = values.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        mapping().status(&table, "CS1", &values).unwrap().unwrap()
    };
    for (state, group, approval, label) in [
        ("1", "", "", "received"),
        ("10", "Logistics Exceptions", "", "under review"),
        ("10", "B2B Finance", "requested", "awaiting finance approval"),
        ("10", "EDI Support", "requested", "awaiting approval"),
        ("18", "", "", "waiting for you"),
        ("6", "", "", "resolved"),
        ("3", "", "", "closed"),
        ("7", "", "", "closed"),
        ("4711", "", "", "under review"),
    ] {
        assert_eq!(
            status(state, group, approval).label,
            label,
            "{state} {group} {approval}"
        );
    }
    assert_eq!(status("10", "", "").resolution, None);
    let resolution = status("6", "", "").resolution.unwrap();
    assert_eq!(resolution.as_str(), "Sent again. Password: [removed]");
    let fields = mapping().status_fields(&table).map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(fields, ["approval", "assignment_group.name", "state", "close_notes"]);
    assert_eq!(
        mapping()
            .status(&"problem".parse().unwrap(), "", &BTreeMap::new())
            .unwrap(),
        None
    );
}

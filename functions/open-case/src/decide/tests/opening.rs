//! The first event of an issue makes its record.

use super::desk::*;
use crate::decide;

#[test]
fn an_opened_issue_makes_a_case_with_its_documents_in_order() {
    let opened = event_with(OPENED, |data| {
        let documents = data["documents"].as_array_mut().unwrap();
        documents.push(document("doc-b", "application/pdf", 10));
        documents.push(document("doc-a", "image/png", 10));
    });
    insta::assert_snapshot!(decided(&opened, &nowhere(issue(&opened))), @"
    create sn_customerservice_case THE-CASE for ISS-1001
    attach document doc-asn-856 2d07… to sn_customerservice_case THE-CASE
    attach document doc-b aaaa… to sn_customerservice_case THE-CASE
    attach document doc-a aaaa… to sn_customerservice_case THE-CASE
    ");
}

#[test]
fn a_case_says_what_happened_to_whom_and_where_it_comes_from() {
    let opened = event(OPENED);
    let effects = decide(&opened, &nowhere(issue(&opened)));
    let fields = written(&effects).into_iter().filter(|(field, _)| *field != "file_name");
    let fields = fields
        .map(|(field, text)| format!("{field}: {text}"))
        .collect::<Vec<_>>();
    insta::assert_snapshot!(fields.join("\n"), @"
    correlation_id: ISS-1001
    account: 11111111111111111111111111111111
    assignment_group: 22222222222222222222222222222222
    contact_type: web
    description: Your system answered our advance ship notice with a rejected 997: AK304 code 3, mandatory segment N1*ST is missing. The truck leaves at 16:00; please tell us whether to resend or to ship without it.

    Document type: 856
    Direction: inbound
    Sender address: ZZ:NORTHWIND
    Receiver address: 01:147678796
    Interchange control number: 000004711
    Purchase order number: 4500012345
    Shipment identification: SHP-88120
    Lens transaction: TG16-PROD-0c9a6f3e-7d0b-4a55-9d5e-2f6f3f0a1b11
    Lens process: 60e20a6e-5a6f-4b5c-8f6a-1f2b3c4d5e6f

    Raised on Trading Grid by Ada Okafor of Northwind Traders (GC41543822654A), issue ISS-1001.
    priority: 2
    short_description: Northwind Traders: 856 for purchase order 4500012345 was rejected
    ");
}

#[test]
fn an_invoice_goes_to_its_own_case() {
    let opened = event(INVOICE);
    insta::assert_snapshot!(decided(&opened, &nowhere(issue(&opened))), @"
    create sn_customerservice_case THE-CASE for ISS-2001
    attach document doc-invoice 0baf… to sn_customerservice_case THE-CASE
    ");
}

#[test]
fn a_connectivity_issue_makes_an_incident_with_impact_and_urgency() {
    let opened = event_with(INVOICE, |data| {
        data["category"] = "connectivity".into();
        data["transactionRef"] = serde_json::json!({});
        data["documents"] = serde_json::json!([]);
    });
    let facts = nowhere(issue(&opened));
    insta::assert_snapshot!(decided(&opened, &facts), @"create incident THE-CASE for ISS-2001");
    assert_eq!(text(&opened, &facts, "impact"), "2");
    assert_eq!(text(&opened, &facts, "urgency"), "2");
    assert_eq!(text(&opened, &facts, "company"), "1".repeat(32));
}

#[test]
fn a_route_that_is_off_does_nothing_and_says_so() {
    let opened = event(OPENED);
    let facts = nowhere_by(&mapping_with("mode: on", "mode: off"), issue(&opened));
    insta::assert_snapshot!(decided(&opened, &facts), @"the route shipment-notices is off: nothing is done");
}

#[test]
fn a_route_in_shadow_says_what_it_would_do() {
    let opened = event_with(OPENED, |data| {
        data["documents"] = serde_json::json!([document("doc-exe", "application/x-msdownload", 10)]);
    });
    let facts = nowhere_by(&mapping_with("mode: on", "mode: shadow"), issue(&opened));
    insta::assert_snapshot!(decided(&opened, &facts), @"
    shadow of shipment-notices: would create sn_customerservice_case THE-CASE for ISS-1001
    shadow of shipment-notices: refused: document doc-exe: files of type application/x-msdownload are not taken
    shadow of shipment-notices: would add refusal of document doc-exe aaaa… to work_notes of sn_customerservice_case THE-CASE
    ");
}

#[test]
fn a_comment_before_the_opening_makes_the_case_and_is_added_once() {
    let facts = nowhere(issue(&event(OPENED)));
    insta::assert_snapshot!(decided(&event(COMMENTED), &facts), @"
    create sn_customerservice_case THE-CASE for ISS-1001
    attach document doc-asn-856 2d07… to sn_customerservice_case THE-CASE
    add comment CMT-1 to comments of sn_customerservice_case THE-CASE
    ");
    insta::assert_snapshot!(text(&event(COMMENTED), &facts, "comments"), @"
    Ada Okafor (Northwind Traders) wrote on Trading Grid:
    The driver is waiting at gate 4. Can somebody look at this before noon?
    ");
}

#[test]
fn an_update_before_the_opening_makes_the_case_as_the_issue_is_now() {
    insta::assert_snapshot!(decided(&event(UPDATED), &nowhere(issue(&event(OPENED)))), @"
    create sn_customerservice_case THE-CASE for ISS-1001
    attach document doc-asn-856 2d07… to sn_customerservice_case THE-CASE
    ");
}

#[test]
fn a_document_shared_before_the_opening_is_attached_once_though_the_issue_has_it_too() {
    let shared = event_with(SHARED, |data| {
        data["document"] = document("doc-b", "application/pdf", 10);
    });
    let known = issue(&event_with(OPENED, |data| {
        data["documents"] = serde_json::json!([document("doc-b", "application/pdf", 10)]);
    }));
    insta::assert_snapshot!(decided(&shared, &nowhere(known)), @"
    create sn_customerservice_case THE-CASE for ISS-1001
    attach document doc-b aaaa… to sn_customerservice_case THE-CASE
    ");
}

#[test]
fn a_document_shared_before_the_opening_that_the_issue_lacks_is_attached_last() {
    insta::assert_snapshot!(decided(&event(SHARED), &nowhere(issue(&event(OPENED)))), @"
    create sn_customerservice_case THE-CASE for ISS-1001
    attach document doc-asn-856 2d07… to sn_customerservice_case THE-CASE
    attach document doc-pod 4429… to sn_customerservice_case THE-CASE
    ");
}

#[test]
fn a_partner_that_servicenow_does_not_know_leaves_the_reference_empty() {
    let opened = event(OPENED);
    let mut facts = nowhere(issue(&opened));
    if let crate::Place::Nowhere(content) = &mut facts.place {
        content.partner = None;
    }
    let effects = decide(&opened, &facts);
    assert!(written(&effects).iter().all(|(field, _)| *field != "account"));
}

#[test]
fn a_description_of_64_kib_is_cut_and_attached_and_keeps_the_numbers_of_the_exchange() {
    let opened = event_with(OPENED, |data| data["description"] = "ä ".repeat(32 * 1024).into());
    let facts = nowhere(issue(&opened));
    insta::assert_snapshot!(decided(&opened, &facts), @"
    create sn_customerservice_case THE-CASE for ISS-1001
    attach text issue-ISS-1001-7a6cca7a.txt to sn_customerservice_case THE-CASE
    attach document doc-asn-856 2d07… to sn_customerservice_case THE-CASE
    ");
    let description = text(&opened, &facts, "description");
    assert_eq!(description.chars().count(), 4_000);
    insta::assert_snapshot!(description.trim_start_matches(['ä', ' ']), @"
    …

    [The complete text is attached as issue-ISS-1001-7a6cca7a.txt.]

    Document type: 856
    Direction: inbound
    Sender address: ZZ:NORTHWIND
    Receiver address: 01:147678796
    Interchange control number: 000004711
    Purchase order number: 4500012345
    Shipment identification: SHP-88120
    Lens transaction: TG16-PROD-0c9a6f3e-7d0b-4a55-9d5e-2f6f3f0a1b11
    Lens process: 60e20a6e-5a6f-4b5c-8f6a-1f2b3c4d5e6f

    Raised on Trading Grid by Ada Okafor of Northwind Traders (GC41543822654A), issue ISS-1001.
    ");
}

#[test]
fn a_summary_of_64_kib_is_cut_and_attached() {
    let opened = event_with(OPENED, |data| data["summary"] = "long ".repeat(13 * 1024).into());
    let facts = nowhere(issue(&opened));
    insta::assert_snapshot!(decided(&opened, &facts), @"
    create sn_customerservice_case THE-CASE for ISS-1001
    attach text issue-ISS-1001-0aea180d.txt to sn_customerservice_case THE-CASE
    attach document doc-asn-856 2d07… to sn_customerservice_case THE-CASE
    ");
    assert_eq!(text(&opened, &facts, "short_description").chars().count(), 160);
}

#[test]
fn a_text_that_fits_is_not_attached() {
    let opened = event_with(OPENED, |data| data["description"] = "x".repeat(3_000).into());
    let facts = nowhere(issue(&opened));
    assert!(!decided(&opened, &facts).contains("attach text"));
}

#[test]
fn a_text_that_only_the_details_push_over_the_length_is_attached_too() {
    let opened = event_with(OPENED, |data| {
        data["description"] = "x".repeat(1_900).into();
        for at in 0..30 {
            data["transactionRef"]["businessKeys"][format!("number {at}")] = "9".repeat(100).into();
        }
    });
    let facts = nowhere(issue(&opened));
    assert!(decided(&opened, &facts).contains("attach text"));
    assert!(text(&opened, &facts, "description").contains("is attached as issue-ISS-1001-"));
}

#[test]
fn a_cut_text_that_the_event_does_not_have_is_told_and_not_promised() {
    let known = issue(&event_with(OPENED, |data| {
        data["description"] = "x".repeat(9_000).into()
    }));
    let facts = nowhere(known);
    insta::assert_snapshot!(decided(&event(COMMENTED), &facts), @"
    create sn_customerservice_case THE-CASE for ISS-1001
    description did not fit: the community has the complete text
    attach document doc-asn-856 2d07… to sn_customerservice_case THE-CASE
    add comment CMT-1 to comments of sn_customerservice_case THE-CASE
    ");
    assert!(!text(&event(COMMENTED), &facts, "description").contains("is attached"));
}

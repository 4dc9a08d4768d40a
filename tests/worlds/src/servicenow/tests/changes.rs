use super::things::{found, instance};
use crate::servicenow::engine::{Fields, Row};
use crate::servicenow::locale::Asker;
use crate::servicenow::query::Query;
use crate::servicenow::{ServiceNow, owned};

/// Whether the condition of a rule holds for a row that was `old`, or was not there, and is `new`.
fn holds(instance: &ServiceNow, condition: &str, old: Option<&[(&str, &str)]>, new: &[(&str, &str)]) -> bool {
    let state = instance.state();
    let asker = Asker::of(&state, instance.script("admin"));
    let query = Query::parse_condition(&state, "u_thing", condition, &asker);
    assert!(query.invalid.is_empty(), "{:?}", query.invalid);
    let row = Row {
        class: "u_thing".to_owned(),
        inserted: 1,
        fields: owned(new),
    };
    let old: Option<Fields> = old.map(owned);
    query.matches_change(&state, old.as_ref(), &row)
}

#[tokio::test(start_paused = true)]
async fn a_rule_sees_what_a_change_changes() {
    let instance = instance();
    let (old, new) = ([("level", "1"), ("name", "a")], [("level", "2"), ("name", "a")]);
    for (condition, expected) in [
        ("levelVALCHANGES", true),
        ("nameVALCHANGES", false),
        ("levelCHANGESFROM1", true),
        ("levelCHANGESFROM2", false),
        ("levelCHANGESTO2", true),
        ("levelCHANGESTO1", false),
        ("nameCHANGESTOa", false),
        ("nameVALCHANGES^ORlevelVALCHANGES", true),
        ("levelVALCHANGES^name=b", false),
        ("nameCHANGESTOb^NQlevelCHANGESFROM1^levelCHANGESTO2", true),
        ("level=2", true),
    ] {
        assert_eq!(holds(&instance, condition, Some(&old), &new), expected, "{condition}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_insert_changes_what_it_fills() {
    let instance = instance();
    let new = [("level", "2"), ("name", "")];
    for (condition, expected) in [
        ("levelVALCHANGES", true),
        ("nameVALCHANGES", false),
        ("levelCHANGESTO2", true),
        ("levelCHANGESFROM", false),
    ] {
        assert_eq!(holds(&instance, condition, None, &new), expected, "{condition}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_journal_changes_by_the_text_that_the_row_carries() {
    let instance = instance();
    let old = [("name", "a")];
    for (condition, new, expected) in [
        ("commentsVALCHANGES", ("comments", "Any news?"), true),
        ("commentsVALCHANGES", ("work_notes", "internal"), false),
        ("all_notesVALCHANGES", ("work_notes", "internal"), true),
        ("nameVALCHANGES^ORcommentsVALCHANGES", ("comments", "x"), true),
    ] {
        assert_eq!(
            holds(&instance, condition, Some(&old), &[("name", "a"), new]),
            expected,
            "{condition}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_change_beyond_a_reference_is_seen_by_nobody() {
    let instance = instance();
    let state = instance.state();
    let asker = Asker::of(&state, instance.script("admin"));
    let query = Query::parse_condition(&state, "u_thing", "owner.nameVALCHANGES", &asker);
    assert_eq!(query.invalid, ["owner.nameVALCHANGES"]);
}

#[tokio::test(start_paused = true)]
async fn nothing_changes_in_a_query_over_a_table() {
    let instance = instance();
    instance.insert("u_thing", &[("name", "a"), ("level", "2")]);
    assert_eq!(found(&instance, "levelVALCHANGES").await, "a");
    assert_eq!(instance.ignored().len(), 1);
    instance.guess(|guesses| guesses.change_operators_are_invalid_in_queries = false);
    for query in [
        "levelVALCHANGES",
        "levelCHANGESTO2",
        "levelCHANGESFROM1",
        "commentsVALCHANGES",
    ] {
        assert_eq!(found(&instance, query).await, "", "{query}");
    }
    assert_eq!(instance.ignored().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn one_row_is_asked_like_many() {
    let instance = instance();
    let id = instance.insert("u_thing", &[("name", "a")]);
    let state = instance.state();
    let asker = Asker::of(&state, instance.script("admin"));
    let row = state.find("u_thing", &id).unwrap();
    for (query, expected) in [
        ("name=a", true),
        ("name=b", false),
        ("JOINu_thing.name=u_thing.other!", false),
    ] {
        assert_eq!(
            Query::parse(&state, "u_thing", query, &asker).matches(&state, row),
            expected,
            "{query}"
        );
    }
}

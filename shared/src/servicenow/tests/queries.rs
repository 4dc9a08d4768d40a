//! The query builder: its forms, its readings, and what it refuses.

use std::collections::BTreeMap;

use super::{ACTIVE, CITY, NAME};
use crate::domain::Timestamp;
use crate::servicenow::Row;
use crate::servicenow::query::{Condition, Field, Query, Refused, SYS_ID, Verdict};

const CREATED: Field = Field::known("sys_created_on");

/// A condition, its form, and values with what becomes of them.
type Case<'a> = (Condition, String, Vec<(&'a str, Verdict)>);

#[test]
fn every_condition_has_its_form_and_its_reading() {
    const OTHER: Field = Field::known("other");
    let noon = Timestamp::parse_rfc3339("2026-11-22T12:00:00.7Z").unwrap();
    let (at, id) = ("2026-11-22 12:00:00", super::id(5));
    let field = NAME;
    use Verdict::{Fails, Matches, Near};
    let table: Vec<Case> = vec![
        (
            field.equals("Ab").unwrap(),
            "name=Ab".to_owned(),
            vec![
                ("Ab", Matches),
                ("aB", Near),
                (" Ab ", Near),
                ("Äb", Near),
                ("", Fails),
                ("Abc", Fails),
            ],
        ),
        (
            field.not_equals("a").unwrap(),
            "name!=a".to_owned(),
            vec![("a", Fails), ("A", Matches), ("", Near)],
        ),
        (
            field.one_of(["a", "b"]).unwrap(),
            "nameINa,b".to_owned(),
            vec![("b", Matches), ("B", Near), ("a,b", Fails), ("", Fails)],
        ),
        (
            field.starts_with("a_").unwrap(),
            "nameSTARTSWITHa_".to_owned(),
            vec![("A_c", Matches), ("abc", Near), ("b", Near)],
        ),
        (
            field.contains("b").unwrap(),
            "nameLIKEb".to_owned(),
            vec![("aBc", Matches), ("é", Near), ("ac", Fails)],
        ),
        (
            field.refers_to(&id),
            format!("name={id}"),
            vec![(id.as_str(), Matches), ("", Fails)],
        ),
        (
            field.comes_after(&id),
            format!("name>{id}"),
            vec![(id.as_str(), Fails), ("00000000000000000000000000000006", Matches)],
        ),
        (
            field.is_true(),
            "name=true".to_owned(),
            vec![("true", Matches), ("false", Fails)],
        ),
        (
            field.is_false(),
            "name=false".to_owned(),
            vec![("false", Matches), ("", Fails)],
        ),
        (
            field.at(noon),
            format!("name={at}"),
            vec![
                (at, Matches),
                ("2026-11-22 12:00:01", Fails),
                ("2026-11-22", Near),
                ("", Fails),
            ],
        ),
        (
            field.since(noon),
            format!("name>={at}"),
            vec![
                (at, Matches),
                ("2026-11-22 11:59:59", Fails),
                ("2026-11-23", Matches),
                ("", Fails),
            ],
        ),
        (
            field.after(noon),
            format!("name>{at}"),
            vec![(at, Fails), ("2026-11-22 12:00:01", Matches)],
        ),
        (
            field.before(noon),
            format!("name<{at}"),
            vec![(at, Fails), ("2026-11-22 11:59:59", Matches), ("", Fails)],
        ),
        (
            field.until(noon),
            format!("name<={at}"),
            vec![(at, Matches), ("2026-11-22 12:00:01", Fails)],
        ),
        (
            field.is_empty(),
            "nameISEMPTY".to_owned(),
            vec![("", Matches), (" ", Near), ("a", Fails)],
        ),
        (
            field.is_not_empty(),
            "nameISNOTEMPTY".to_owned(),
            vec![("a", Matches), ("", Fails)],
        ),
        (
            field.same_as(&OTHER),
            "nameSAMEASother".to_owned(),
            vec![("same", Matches), ("SAME", Near), ("else", Fails)],
        ),
    ];
    let row = |fields: &[(&str, &str)]| -> Row {
        serde_json::from_value(serde_json::json!(fields.iter().copied().collect::<BTreeMap<_, _>>())).unwrap()
    };
    for (condition, form, values) in table {
        let query = Query::from(condition);
        assert_eq!(query.encoded().unwrap(), form);
        for (value, verdict) in values {
            assert_eq!(
                query.matches(&row(&[("name", value), ("other", "same")])),
                verdict,
                "{form} of {value:?}"
            );
        }
        assert_eq!(
            query.matches(&row(&[("other", "same")])),
            Verdict::Unknown(NAME),
            "{form}"
        );
    }
    let half = Query::from(NAME.same_as(&OTHER));
    assert_eq!(half.matches(&row(&[("name", "a")])), Verdict::Unknown(OTHER));
}

#[test]
fn what_could_steer_or_widen_a_query_is_refused() {
    let hostile = [
        "",
        "a^b",
        "a,b",
        "a@b",
        "x^NQactive=true",
        "javascript:gs.getUserID()",
        " JavaScript:1",
        "a\nb",
        "a=b",
        "a%5Eb",
        "NULL",
        " null ",
    ];
    for value in hostile {
        let refused = Err(Refused::Value {
            field: "name".to_owned(),
        });
        assert_eq!(NAME.equals(value), refused, "{value:?}");
        assert_eq!(NAME.one_of(["a", value]), refused, "{value:?}");
    }
    let empty = Vec::<String>::new();
    assert_eq!(
        NAME.one_of(empty),
        Err(Refused::EmptyList {
            field: "name".to_owned()
        })
    );
    assert_eq!(
        NAME.one_of(["STANCEOFtask"]),
        Err(Refused::Value {
            field: "name".to_owned()
        })
    );
    assert_eq!(NAME.one_of(vec!["a"; 201]), Err(Refused::TooLong));
    assert_eq!(Query::new().any_of([]), Err(Refused::Unconditional));
    let some = || Query::from(ACTIVE.is_true());
    assert_eq!(some().or(Query::new()), Err(Refused::Unconditional));
    assert_eq!(Query::new().or(some()), Err(Refused::Unconditional));
    assert_eq!(some().or(some().ordered_by(&NAME)), Err(Refused::Ordered));
    let long = (0..60).fold(Query::new(), |query, _| {
        query.and(NAME.equals(&"x".repeat(180)).unwrap())
    });
    assert_eq!(long.encoded(), Err(Refused::TooLong));
}

#[test]
fn groups_alternatives_and_orders_are_joined_as_the_grammar_has_it() {
    let first = Query::new().and(NAME.equals("a").unwrap()).and(CITY.is_empty());
    let second = Query::new()
        .any_of([NAME.equals("b").unwrap(), NAME.equals("c").unwrap()])
        .unwrap();
    let both = first
        .or(second)
        .unwrap()
        .and(ACTIVE.is_true())
        .ordered_by(&NAME)
        .descending_by(&SYS_ID);
    let wanted = "name=a^cityISEMPTY^active=true^NQname=b^ORname=c^active=true^ORDERBYname^ORDERBYDESCsys_id";
    assert_eq!(both.encoded().unwrap(), wanted);
    assert_eq!(Query::new().encoded().unwrap(), "");
    assert_eq!(Query::new().ordered_by(&SYS_ID).encoded().unwrap(), "ORDERBYsys_id");
    let times = [1, 2].map(|second| Timestamp::from_millis(second * 1000));
    let between = Query::new().between(&CREATED, times[0], times[1]);
    let wanted = "sys_created_on>=1970-01-01 00:00:01^sys_created_on<=1970-01-01 00:00:02";
    assert_eq!(between.encoded().unwrap(), wanted);
}

use proptest::prelude::*;

use super::things::instance;
use crate::servicenow::ServiceNow;
use crate::servicenow::locale::Asker;
use crate::servicenow::query::Query;

/// The rows that a query leaves of the table of users, and the parts that it does not understand.
fn asked(instance: &ServiceNow, text: &str) -> (usize, Vec<String>) {
    let state = instance.state();
    let asker = Asker::of(&state, instance.script("admin"));
    let query = Query::parse(&state, "sys_user", text, &asker);
    (state.select("sys_user", &query).len(), query.invalid)
}

/// Pieces of which queries are made, so that random texts often mean something.
fn piece() -> impl Strategy<Value = String> {
    let words = [
        "^",
        "^",
        "^",
        "^OR",
        "^NQ",
        "^EQ",
        "^^",
        "ORDERBY",
        "ORDERBYDESC",
        "JOIN",
        "RLQUERY",
        "ENDRLQUERY",
        "SUBQUERY",
        "ENDSUBQUERY",
        "sys_user.sys_id=sys_user_group.manager!",
        "sys_user_group.manager,>0",
        "sys_id,manager,sys_user_group",
        "name",
        "sys_id",
        "active",
        "manager",
        "manager.name",
        "sys_created_on",
        "last_login_time",
        "failed_attempts",
        "user_password",
        ".",
        ",",
        "@",
        "!",
        "=",
        "!=",
        ">",
        "<=",
        "IN",
        "NOT IN",
        "LIKE",
        "*",
        "%",
        "BETWEEN",
        "ON",
        "NOTON",
        "ISEMPTY",
        "SAMEAS",
        "GT_FIELD",
        "RELATIVEGT",
        "@hour@ago@3",
        "MORETHAN",
        "DATEPART",
        "DYNAMIC",
        "VALCHANGES",
        "true",
        "admin",
        "12",
        "-9999999999999999999",
        "2026-11-22",
        "2026-11-22 10:00:00",
        "123TEXTQUERY321=",
        "é",
        "javascript:",
        "gs.daysAgoStart(",
        "gs.beginningOfLast",
        "99999999999Years()",
        "'start')",
        ")",
        "ref_customer_contact.",
    ];
    prop_oneof![prop::sample::select(words.to_vec()).prop_map(str::to_owned), ".{0,4}"]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(512) })]

    #[test]
    fn any_text_is_a_query(pieces in prop::collection::vec(piece(), 0..40)) {
        outside_of_time(|instance| drop(asked(instance, &pieces.concat())));
    }

    #[test]
    fn unknown_parts_never_narrow_the_result(parts in prop::collection::vec(unknown_part(), 0..20)) {
        let (all, (left, invalid)) =
            outside_of_time(|instance| (asked(instance, "").0, asked(instance, &parts.join("^"))));
        prop_assert_eq!(left, all);
        prop_assert_eq!(invalid, parts);
    }
}

/// A part that names no column and nothing else that the platform knows.
fn unknown_part() -> impl Strategy<Value = String> {
    let is_known = |part: &str| matches!(part, "EQ" | "ENDRLQUERY" | "ENDSUBQUERY") || part.contains("JOIN");
    "(OR|NQ|)[A-Z]{1,4}[=<>~!]?[^\\^]{0,6}".prop_filter("it is known", move |part| !is_known(part))
}

fn outside_of_time<T>(test: impl FnOnce(&ServiceNow) -> T) -> T {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = runtime.enable_time().start_paused(true).build().unwrap();
    let _guard = runtime.enter();
    test(&instance())
}

#[tokio::test(start_paused = true)]
async fn many_unknown_parts_leave_the_one_that_means_something() {
    let text = "AAAA=BBBB^".repeat(2300) + "user_name=admin";
    let started = std::time::Instant::now();
    let (left, invalid) = asked(&instance(), &text);
    assert_eq!((left, invalid.len()), (1, 2300));
    assert!(started.elapsed().as_secs() < 2, "{:?}", started.elapsed());
}

#[tokio::test(start_paused = true)]
async fn the_work_grows_with_the_length_only() {
    let instance = instance();
    let time = |text: &str| {
        let started = std::time::Instant::now();
        asked(&instance, text);
        started.elapsed()
    };
    // The best of three: others use this machine too.
    let best = |text: &str| (0..3).map(|_| time(text)).min().unwrap();
    for text in [
        "AAAA=BBBB^",
        "name=x^OR",
        "active=true^NQ",
        "manager.",
        "SUBQUERYsys_id,manager,sys_user^",
        "RLQUERYsys_user_group.manager,>0^",
        "RLQUERY^",
        "JOINsys_user.sys_id=sys_user.manager!",
        "JOINsys_user.sys_id=sys_user.manager!^",
        "ENDSUBQUERY^",
        "^",
        "a,",
    ] {
        let (short, long) = (best(&text.repeat(2_000)), best(&text.repeat(20_000)));
        // Ten times the text: ten times the work, not a hundred times.
        let limit = 40 * short.max(std::time::Duration::from_millis(5));
        assert!(long < limit, "{text}: {short:?}, then {long:?}");
    }
}

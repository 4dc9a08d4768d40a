//! The query builder and the check of rows, against the simulated instance's own engine.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use proptest::sample::select;

use super::desk::Desk;
use super::{ACTIVE, CITY, NAME, id, table};
use crate::domain::{SysId, Timestamp};
use crate::servicenow::operation::Asked;
use crate::servicenow::query::{Condition, Field, Query, Refused, SYS_ID, Verdict};
use crate::servicenow::table::path;
use crate::servicenow::{About, Error, Flaw, Operation, Row, Select};

const COUNTRY: Field = Field::known("country");
const CUSTOMER: Field = Field::known("customer");
const CREATED: Field = Field::known("sys_created_on");

/// Runs one case in a time of its own.
fn in_time<T>(work: impl AsyncFnOnce() -> T) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build();
    runtime.unwrap().block_on(work())
}

/// What somebody may put where a value belongs.
fn values() -> impl Strategy<Value = String> {
    let hostile = select(vec![
        "^active=false",
        "x^NQactive=false",
        "x^ORactive=false",
        "^OR",
        "^NQ",
        "^EQ",
        "a,b",
        ",",
        "a@b",
        "^",
        "^ORDERBYname",
        "javascript:gs.getUserID()",
        " javascript:1",
        "STANCEOFx",
        "NULL",
        "null",
        "",
        " ",
        "=",
        "!=",
        "%",
        "*",
        "EDI Support^active=false",
        "\n",
        "\u{2028}",
        "ISEMPTY",
        "active",
        "true",
        "-",
        "é",
    ]);
    prop_oneof![
        ".*",
        hostile.prop_map(str::to_owned),
        select(vec![
            "EDI Support",
            "edi support",
            "EDI",
            "support",
            "Customer Service",
            "S"
        ])
        .prop_map(str::to_owned),
        (
            "[A-Za-z ]{0,6}",
            select(vec!["^", ",", "@", "=", "^OR", "^NQ"]),
            ".{0,6}"
        )
            .prop_map(|(before, hostile, after)| format!("{before}{hostile}{after}")),
    ]
}

/// Conditions on a name, and which names they should find.
type Position = (fn(&[String]) -> Result<Condition, Refused>, fn(&str, &[String]) -> bool);

const POSITIONS: [Position; 5] = [
    (|values| NAME.equals(&values[0]), |name, values| name == values[0]),
    (
        |values| NAME.not_equals(&values[0]),
        |name, values| name.to_lowercase() != values[0].to_lowercase(),
    ),
    (
        |values| NAME.one_of(values),
        |name, values| values.iter().any(|value| value == name),
    ),
    (
        |values| NAME.starts_with(&values[0]),
        |name, values| name.to_lowercase().starts_with(&values[0].to_lowercase()),
    ),
    (
        |values| NAME.contains(&values[0]),
        |name, values| name.to_lowercase().contains(&values[0].to_lowercase()),
    ),
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn no_value_in_any_position_widens_what_is_found(
        values in prop::collection::vec(values(), 1..4),
        position in 0..POSITIONS.len(),
        is_alternative in any::<bool>(),
    ) {
        let (condition, is_wanted) = POSITIONS[position];
        if let Ok(condition) = condition(&values) {
            in_time(async || {
                let (desk, world) = Desk::world(worlds::ServiceNow::seeded);
                let query = match is_alternative {
                    false => Query::new().and(condition),
                    true => Query::new().any_of([condition, NAME.equals("B2B Finance").unwrap()]).unwrap(),
                };
                let query = query.and(ACTIVE.is_true());
                let found = desk.client.find(&table("sys_user_group"), query, Select::of([NAME])).unwrap();
                let found = found.all(1000).await.unwrap();
                let found = found.iter().map(|row| row.text("sys_id").to_owned()).collect::<BTreeSet<_>>();
                let groups = world.rows("sys_user_group").into_iter().filter(|row| row["active"] == "true");
                let groups = groups.filter(|row| {
                    is_wanted(&row["name"], &values) || (is_alternative && row["name"] == "B2B Finance")
                });
                assert_eq!(found, groups.map(|row| row["sys_id"].clone()).collect());
                assert_eq!(world.ignored(), Vec::<String>::new(), "nothing came out malformed");
            });
        }
    }

    #[test]
    fn what_the_builder_takes_it_encodes_without_a_condition_more(values in prop::collection::vec(values(), 1..4)) {
        for (condition, _) in POSITIONS {
            let parts = |condition| Query::from(condition).and(ACTIVE.is_true()).encoded().unwrap().matches('^').count();
            let plain = parts(condition(&["a".to_owned()]).unwrap());
            if let Ok(condition) = condition(&values) {
                prop_assert_eq!(parts(condition.clone()), plain);
                let encoded = Query::from(condition).and(ACTIVE.is_true()).encoded().unwrap();
                prop_assert!(encoded.ends_with("^active=true"));
            }
        }
    }

    #[test]
    fn a_field_is_a_name_and_nothing_else(name in prop_oneof![".*", "[a-z_.]{0,12}", "[a-z]{1,4}[\\^=,@A-Z ][a-z]{0,4}"]) {
        if let Ok(field) = name.parse::<Field>() {
            prop_assert!(field.as_str().bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"_.".contains(&byte)));
            prop_assert!(field.as_str().split('.').all(|part| !part.is_empty()));
        }
    }
}

/// A condition on a time or a record, and which rows it should find.
type TypedPosition = (fn(&Sought) -> Condition, fn(&BTreeMap<String, String>, &Sought) -> bool);

/// What is sought about.
struct Sought {
    time: Timestamp,
    company: SysId,
    row: SysId,
}

impl Sought {
    /// The time as the instance stores it.
    fn stored(&self) -> String {
        self.time.to_string()[..19].replace('T', " ")
    }
}

const COMPANY: Field = Field::known("company");
const COMPANY_NAME: Field = Field::known("company.name");

const TYPED_POSITIONS: [TypedPosition; 9] = [
    (
        |sought| CREATED.at(sought.time),
        |row, sought| row["sys_created_on"] == sought.stored(),
    ),
    (
        |sought| CREATED.since(sought.time),
        |row, sought| row["sys_created_on"] >= sought.stored(),
    ),
    (
        |sought| CREATED.after(sought.time),
        |row, sought| row["sys_created_on"] > sought.stored(),
    ),
    (
        |sought| CREATED.before(sought.time),
        |row, sought| row["sys_created_on"] < sought.stored(),
    ),
    (
        |sought| CREATED.until(sought.time),
        |row, sought| row["sys_created_on"] <= sought.stored(),
    ),
    (
        |sought| COMPANY.refers_to(&sought.company),
        |row, sought| row["company"] == sought.company.as_str(),
    ),
    (
        |sought| SYS_ID.comes_after(&sought.row),
        |row, sought| row["sys_id"].as_str() > sought.row.as_str(),
    ),
    (
        |sought| SYS_ID.refers_to(&sought.row),
        |row, sought| row["sys_id"] == sought.row.as_str(),
    ),
    (
        |_| COMPANY_NAME.equals("Contoso Metals").unwrap(),
        |row, _| row["company"] == id(2).as_str(),
    ),
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn no_time_or_record_in_any_position_widens_what_is_found(
        pauses in prop::collection::vec((0..3u64, 1..4u32), 1..7),
        second in -1..12i64,
        company in 0..4u32,
        row in 0..7usize,
    ) {
        in_time(async || {
            let (desk, world) = Desk::world(worlds::ServiceNow::seeded);
            for (number, name) in [(1, "Northwind Metals"), (2, "Contoso Metals"), (3, "")] {
                world.insert("core_company", &[("sys_id", id(number).as_str()), ("name", name)]);
            }
            let start = desk.clock.now();
            let mut made = Vec::new();
            for (pause, company) in pauses {
                tokio::time::sleep(std::time::Duration::from_secs(pause)).await;
                let fields = [("short_description", "asked about"), ("company", id(company).as_str())]
                    .map(|(name, value)| (name, value.to_owned()));
                let fields = fields.iter().map(|(name, value)| (*name, value.as_str())).collect::<Vec<_>>();
                made.push(world.insert("incident", &fields));
            }
            let sought = Sought {
                time: Timestamp::from_millis(start.millis() + second * 1000),
                company: id(company),
                row: made[row % made.len()].parse().unwrap(),
            };
            for (condition, is_wanted) in TYPED_POSITIONS {
                let query = Query::new().and(condition(&sought)).and(Field::known("short_description").equals("asked about").unwrap());
                let select = Select::of([Field::known("number")]);
                let found = desk.client.find(&table("incident"), query.clone(), select).unwrap().all(1000).await.unwrap();
                let found = found.iter().map(|row| row.text("sys_id").to_owned()).collect::<BTreeSet<_>>();
                let rows = world.rows("incident").into_iter().filter(|row| made.contains(&row["sys_id"]));
                let wanted = rows.filter(|row| is_wanted(row, &sought)).map(|row| row["sys_id"].clone());
                assert_eq!(found, wanted.collect(), "{:?}", query.encoded());
            }
            assert_eq!(world.ignored(), Vec::<String>::new(), "nothing came out malformed");
        });
    }
}

#[tokio::test(start_paused = true)]
async fn a_condition_that_the_instance_does_not_know_widens_nothing() {
    let (desk, world) = Desk::world(worlds::ServiceNow::seeded);
    let unknown = Field::known("u_nonsense");
    let query = Query::new().and(unknown.equals("x").unwrap());
    let error = desk
        .client
        .find(&table("sys_user_group"), query, Select::default())
        .unwrap()
        .next()
        .await
        .unwrap_err();
    let Error::Unusable { flaw, .. } = error else {
        panic!("{error}")
    };
    assert_eq!(flaw, Flaw::Missing("u_nonsense".to_owned()));
    assert_eq!(world.ignored().len(), 1);
}

#[derive(Debug, Clone)]
struct Company {
    name: String,
    city: String,
    country: String,
    is_customer: bool,
    seconds_later: u64,
}

fn companies(alphabet: &'static str) -> impl Strategy<Value = Vec<Company>> {
    let one = (alphabet, alphabet, alphabet, any::<bool>(), 0..3u64);
    let one = one.prop_map(|(name, city, country, is_customer, seconds_later)| Company {
        // A name is mandatory.
        name: format!("n{name}"),
        city,
        country,
        is_customer,
        seconds_later,
    });
    prop::collection::vec(one, 0..8)
}

fn conditions(alphabet: &'static str) -> impl Strategy<Value = Condition> {
    let field = select(vec![NAME, CITY, COUNTRY]);
    let time = (0..16i64).prop_map(|second| Timestamp::from_millis(super::desk::START + second * 1000 + 500));
    let texts = prop::collection::vec(alphabet, 1..3);
    prop_oneof![
        (field.clone(), texts, 0..5usize).prop_filter_map("no value", |(field, texts, kind)| match kind {
            0 => field.equals(&texts[0]).ok(),
            1 => field.not_equals(&texts[0]).ok(),
            2 => field.one_of(&texts).ok(),
            3 => field.starts_with(&texts[0]).ok(),
            _ => field.contains(&texts[0]).ok(),
        }),
        (field, any::<bool>()).prop_map(|(field, is_empty)| match is_empty {
            true => field.is_empty(),
            false => field.is_not_empty(),
        }),
        any::<bool>().prop_map(|is_true| if is_true {
            CUSTOMER.is_true()
        } else {
            CUSTOMER.is_false()
        }),
        (time, 0..5usize).prop_map(|(time, kind)| match kind {
            0 => CREATED.at(time),
            1 => CREATED.since(time),
            2 => CREATED.after(time),
            3 => CREATED.before(time),
            _ => CREATED.until(time),
        }),
    ]
}

fn queries(alphabet: &'static str) -> impl Strategy<Value = Query> {
    let alternatives = prop::collection::vec(conditions(alphabet), 1..3);
    let group = prop::collection::vec(alternatives, 1..4);
    prop::collection::vec(group, 1..4).prop_map(|groups| {
        let groups = groups.into_iter().map(|group| {
            let add = |query: Query, alternatives| query.any_of(alternatives).unwrap();
            group.into_iter().fold(Query::new(), add)
        });
        groups.reduce(|query, group| query.or(group).unwrap()).unwrap()
    })
}

/// For each row what the instance and what the client think of it.
fn opinions(companies: &[Company], query: &Query, ignores_case: bool) -> Vec<(Row, bool, Verdict)> {
    in_time(async || {
        let (desk, world) = Desk::world(worlds::ServiceNow::new);
        world.guess(|guesses| guesses.text_ignores_case = ignores_case);
        for company in companies {
            tokio::time::sleep(std::time::Duration::from_secs(company.seconds_later)).await;
            let fields = [
                ("name", company.name.as_str()),
                ("city", &company.city),
                ("country", &company.country),
                ("customer", if company.is_customer { "true" } else { "false" }),
            ];
            world.insert("core_company", &fields);
        }
        let ask = async |query: &Query| {
            let companies = table("core_company");
            let select = Select::of([NAME, CITY, COUNTRY, CUSTOMER, CREATED]);
            let asked = Asked::get(About::table("search", &companies), path(&companies, None));
            let asked = asked
                .with(select.parameters())
                .with([("sysparm_query", query.encoded().unwrap())]);
            let rows = Operation::new(asked, |answer| answer.result::<Vec<Row>>(&[200]));
            desk.client.run(rows).await.unwrap()
        };
        let found = ask(query).await;
        assert_eq!(world.ignored(), Vec::<String>::new());
        let all = ask(&Query::new().ordered_by(&SYS_ID)).await;
        let judged = all.into_iter().map(|row| {
            let is_found = found.contains(&row);
            let verdict = query.matches(&row);
            (row, is_found, verdict)
        });
        judged.collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn client_and_instance_agree_on_every_row(companies in companies("[ab]{0,2}"), query in queries("[ab]{0,2}")) {
        for ignores_case in [true, false] {
            for (row, is_found, verdict) in opinions(&companies, &query, ignores_case) {
                prop_assert_eq!(verdict == Verdict::Matches, is_found, "{:?} {:?}", query.encoded(), row);
                let has_empty = [&CITY, &COUNTRY].iter().any(|field| row.text(field.as_str()).is_empty());
                prop_assert!(has_empty || verdict != Verdict::Near);
            }
        }
    }

    #[test]
    fn no_row_that_any_database_could_find_is_called_a_fault(
        companies in companies("[abAB é_]{0,3}"),
        query in queries("[abAB é_]{0,3}"),
    ) {
        for ignores_case in [true, false] {
            for (row, is_found, verdict) in opinions(&companies, &query, ignores_case) {
                prop_assert!(!is_found || matches!(verdict, Verdict::Matches | Verdict::Near), "{:?} {:?}", query.encoded(), row);
            }
        }
    }
}

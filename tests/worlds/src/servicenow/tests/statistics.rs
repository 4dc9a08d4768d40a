use http::StatusCode;
use serde_json::{Value, json};

use super::{ask, ask_as, body_json, error, get, seeded};
use crate::servicenow::ServiceNow;

/// Incidents marked for a test: description, impact, urgency, category and group.
const INCIDENTS: [(&str, &str, &str, &str, &str); 5] = [
    ("a", "1", "1", "network", "Network"),
    ("b", "1", "2", "network", "Network"),
    ("c", "3", "3", "b2b", "Database"),
    ("d", "2", "2", "b2b", "Database"),
    ("e", "2", "3", "network", ""),
];

fn with_incidents() -> ServiceNow {
    let instance = seeded();
    for (name, impact, urgency, category, group) in INCIDENTS {
        let group = instance
            .rows("sys_user_group")
            .into_iter()
            .find(|row| row["name"] == group)
            .map_or_else(String::new, |row| row["sys_id"].clone());
        let fields = [
            ("short_description", name),
            ("correlation_display", "statistics"),
            ("impact", impact),
            ("urgency", urgency),
            ("category", category),
            ("assignment_group", &group),
        ];
        instance.insert("incident", &fields);
    }
    instance
}

async fn stats(instance: &ServiceNow, rest: &str) -> Value {
    let path = format!("/api/now/stats/incident?sysparm_query=correlation_display=statistics&{rest}");
    get(instance, &path).await
}

/// The values of the first field that groups, and the counts.
fn counts(groups: &Value) -> Vec<(&str, &str)> {
    let groups = groups.as_array().unwrap().iter();
    groups
        .map(|group| {
            let value = group["groupby_fields"][0]["value"].as_str().unwrap();
            (value, group["stats"]["count"].as_str().unwrap_or_default())
        })
        .collect()
}

#[tokio::test(start_paused = true)]
async fn rows_are_counted_and_their_fields_aggregated() {
    let instance = with_incidents();
    assert_eq!(
        stats(&instance, "sysparm_count=true").await,
        json!({ "stats": { "count": "5" } })
    );
    assert_eq!(
        stats(
            &instance,
            "sysparm_avg_fields=impact&sysparm_sum_fields=impact,urgency&sysparm_min_fields=short_description,impact\
             &sysparm_max_fields=short_description,opened_at"
        )
        .await,
        json!({ "stats": {
            "avg": { "impact": "1.8000" },
            "sum": { "impact": "9", "urgency": "11" },
            "min": { "short_description": "a", "impact": "1" },
            "max": { "short_description": "e", "opened_at": "2026-11-22 10:00:00" },
        } })
    );
    assert_eq!(stats(&instance, "").await, json!({ "stats": {} }));
    let none = get(
        &instance,
        "/api/now/stats/incident?number=none&sysparm_count=true&sysparm_avg_fields=impact",
    )
    .await;
    assert_eq!(none, json!({ "stats": { "count": "0", "avg": { "impact": "" } } }));
}

#[tokio::test(start_paused = true)]
async fn groups_come_ordered_by_what_their_fields_display() {
    let instance = with_incidents();
    let by_group = stats(&instance, "sysparm_count=true&sysparm_group_by=assignment_group").await;
    let database = "287ee6fea9fe198100ada7950d0b1b73";
    let network = "287ebd7da9fe198100f92cc8d1d2154e";
    assert_eq!(counts(&by_group), [("", "1"), (database, "2"), (network, "2")]);
    let shown = "sysparm_count=true&sysparm_group_by=assignment_group&sysparm_display_value=";
    assert_eq!(
        counts(&stats(&instance, &format!("{shown}true")).await),
        [("", "1"), ("Database", "2"), ("Network", "2")]
    );
    assert_eq!(
        stats(&instance, &format!("{shown}all")).await[1]["groupby_fields"],
        json!([{ "field": "assignment_group", "value": database, "display_value": "Database" }])
    );
}

#[tokio::test(start_paused = true)]
async fn two_fields_group_by_both_and_a_dot_walk_may_be_one() {
    let instance = with_incidents();
    let groups = stats(
        &instance,
        "sysparm_count=true&sysparm_group_by=category,assignment_group.name",
    )
    .await;
    let groups: Vec<(Value, &Value)> = groups
        .as_array()
        .unwrap()
        .iter()
        .map(|group| {
            let values = group["groupby_fields"].as_array().unwrap().iter();
            (
                values.map(|field| field["value"].clone()).collect(),
                &group["stats"]["count"],
            )
        })
        .collect();
    assert_eq!(
        groups,
        [
            (json!(["b2b", "Database"]), &json!("2")),
            (json!(["network", ""]), &json!("1")),
            (json!(["network", "Network"]), &json!("2")),
        ]
    );
    let nobody = get(
        &instance,
        "/api/now/stats/incident?number=none&sysparm_count=true&sysparm_group_by=state",
    )
    .await;
    assert_eq!(nobody, json!([]));
}

#[tokio::test(start_paused = true)]
async fn having_keeps_the_groups_that_fulfil_every_clause() {
    let instance = with_incidents();
    let having = async |clauses: &str| {
        let rest = format!("sysparm_count=true&sysparm_group_by=category&sysparm_having={clauses}");
        let groups = stats(&instance, &rest).await;
        let names: Vec<String> = counts(&groups).iter().map(|(name, _)| (*name).to_owned()).collect();
        names
    };
    assert_eq!(having("count%5Ecategory%5E%3E%5E2").await, ["network"]);
    assert_eq!(having("count%5Eassignment_group%5E=%5E2").await, ["b2b", "network"]);
    assert_eq!(having("avg%5Eimpact%5E%3E%5E2").await, ["b2b"]);
    assert_eq!(
        having("avg%5Eimpact%5E%3E%5E2,count%5Ecategory%5E%3E%5E2").await,
        [""; 0]
    );
    assert_eq!(having("SUM%5Eurgency%5E%3C=%5E6").await, ["b2b", "network"]);
    assert_eq!(having("MAX%5Eimpact%5E!=%5E3").await, ["network"]);
    assert_eq!(
        having("count%3E2").await,
        ["b2b", "network"],
        "what cannot be understood is ignored"
    );
    assert!(instance.ignored().pop().unwrap().contains("count>2"));
}

#[tokio::test(start_paused = true)]
async fn groups_can_be_ordered_by_a_field_or_an_aggregate() {
    let instance = with_incidents();
    let ordered = async |order: &str| {
        let rest = format!("sysparm_count=true&sysparm_group_by=impact&sysparm_order_by={order}");
        let groups = stats(&instance, &rest).await;
        counts(&groups)
            .iter()
            .map(|(value, _)| (*value).to_owned())
            .collect::<Vec<String>>()
    };
    assert_eq!(ordered("").await, ["1", "2", "3"]);
    assert_eq!(ordered("impact%5EDESC").await, ["3", "2", "1"]);
    assert_eq!(ordered("COUNT,impact%5EDESC").await, ["3", "2", "1"]);
    assert_eq!(ordered("COUNT%5EDESC").await, ["1", "2", "3"]);
    assert_eq!(ordered("AVG%5Eurgency%5EDESC").await, ["3", "2", "1"]);
    assert_eq!(ordered("nonsense").await, ["1", "2", "3"]);
    assert_eq!(
        ordered("AVG%5EDESC,impact%5EDESC").await,
        ["3", "2", "1"],
        "an average needs a field"
    );
}

#[tokio::test(start_paused = true)]
async fn unknown_tables_are_refused_and_unknown_fields_ignored() {
    let instance = with_incidents();
    let unknown = ask(&instance, "GET", "/api/now/stats/nonsense?sysparm_count=true", None).await;
    assert_eq!(error(&unknown).0, 400);
    let ignored = stats(&instance, "sysparm_avg_fields=nonsense,impact&sysparm_group_by=bunk").await;
    assert_eq!(ignored, json!({ "stats": { "avg": { "impact": "1.8000" } } }));
    assert_eq!(instance.ignored().len(), 2);
    let secrets = "sysparm_group_by=user_password&sysparm_max_fields=user_password&sysparm_count=true";
    let path = format!("/api/now/stats/sys_user?user_name=admin&{secrets}");
    let counted = body_json(&ask_as(&instance, "admin", "GET", &path, None).await);
    assert_eq!(counted["result"], json!({ "stats": { "count": "1" } }));
    let posted = ask(&instance, "POST", "/api/now/stats/incident", Some(json!({}))).await;
    assert_eq!(posted.status(), StatusCode::METHOD_NOT_ALLOWED);
    let versioned = ask(&instance, "GET", "/api/now/v1/stats/incident?sysparm_count=true", None).await;
    assert!(body_json(&versioned)["result"]["stats"]["count"].is_string());
}

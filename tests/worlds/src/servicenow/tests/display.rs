use std::time::Duration;

use serde_json::{Value, json};
use time::macros::datetime;

use super::things::{add, instance, instance_at, prefer, seen, user};
use super::{ask, get};
use crate::servicenow::{AGENT, INTEGRATION_USER, ServiceNow};

fn one() -> ServiceNow {
    let instance = instance();
    let (me, agent) = (user(&instance, INTEGRATION_USER), user(&instance, AGENT));
    prefer(
        &instance,
        &[("time_zone", "Europe/Berlin"), ("date_format", "dd.MM.yyyy")],
    );
    let watchers = format!("{me},outside@example.com, {agent}");
    let fields = [
        ("name", "A thing"),
        ("body", "<p>text</p>"),
        ("page", "https://example.com/x"),
        ("color", "g"),
        ("level", "10"),
        ("count", "-1234567"),
        ("ratio", "1234.50"),
        ("flag", "true"),
        ("at", "2026-07-01 22:30:00"),
        ("day", "2026-07-01"),
        ("length", "1970-01-01 00:02:17"),
        ("price", "USD;1234.5"),
        ("secret", "hush"),
        ("owner", agent.as_str()),
        ("watchers", watchers.as_str()),
    ];
    add(&instance, &[&fields]);
    instance
}

#[tokio::test(start_paused = true)]
async fn every_kind_of_value_has_its_display_value() {
    let instance = one();
    let row = seen(
        &instance,
        "sysparm_display_value=all&sysparm_exclude_reference_link=true",
    )
    .await;
    let (me, agent) = (user(&instance, INTEGRATION_USER), user(&instance, AGENT));
    for (field, value, shown) in [
        ("name", "A thing", "A thing"),
        ("body", "<p>text</p>", "<p>text</p>"),
        ("page", "https://example.com/x", "https://example.com/x"),
        ("color", "g", "Green"),
        ("level", "10", "10 - None"),
        ("count", "-1234567", "-1,234,567"),
        ("ratio", "1234.50", "1,234.50"),
        ("flag", "true", "true"),
        ("at", "2026-07-01 22:30:00", "02.07.2026 00:30:00"),
        ("day", "2026-07-01", "01.07.2026"),
        ("length", "1970-01-01 00:02:17", "2 Minutes 17 Seconds"),
        ("price", "1234.5", "$1,234.50"),
        ("secret", "********", "********"),
        ("owner", &agent, "Maria Santos"),
        (
            "watchers",
            &format!("{me},outside@example.com, {agent}"),
            "Gridlink Integration, outside@example.com, Maria Santos",
        ),
        ("sys_created_on", "2026-11-22 10:00:00", "22.11.2026 11:00:00"),
        ("sys_mod_count", "0", "0"),
        ("other", "", ""),
        ("other_count", "", ""),
        ("until", "", ""),
        ("deputy", "", ""),
        ("comments", "", ""),
    ] {
        assert_eq!(row[field], json!({ "display_value": shown, "value": value }), "{field}");
    }
}

#[tokio::test(start_paused = true)]
async fn values_displays_and_both_have_their_shapes() {
    let instance = one();
    let agent = user(&instance, AGENT);
    let link = format!("https://servicenow.example/api/now/table/sys_user/{agent}");
    let fields = "sysparm_fields=color,owner,owner.name,owner.active,deputy,secret,price";
    let see = async |rest: &str| seen(&instance, &format!("{fields}&{rest}")).await;
    assert_eq!(
        see("").await,
        json!({ "color": "g", "owner": { "link": link, "value": agent }, "owner.name": "Maria Santos",
                "owner.active": "true", "deputy": "", "secret": "********", "price": "1234.5" })
    );
    assert_eq!(
        see("sysparm_display_value=true").await,
        json!({ "color": "Green", "owner": { "display_value": "Maria Santos", "link": link },
                "owner.name": "Maria Santos", "owner.active": "true", "deputy": "", "secret": "********",
                "price": "$1,234.50" })
    );
    assert_eq!(
        see("sysparm_display_value=all").await["owner"],
        json!({ "display_value": "Maria Santos", "value": agent, "link": link })
    );
    assert_eq!(
        see("sysparm_display_value=all").await["owner.name"],
        json!({ "display_value": "Maria Santos", "value": "Maria Santos" })
    );
    assert_eq!(
        see("sysparm_display_value=true&sysparm_exclude_reference_link=true").await["owner"],
        "Maria Santos"
    );
    let viewed = seen(&instance, "sysparm_view=mobile").await;
    assert_eq!(viewed, seen(&instance, "").await);
}

#[tokio::test(start_paused = true)]
async fn an_empty_password_stays_empty() {
    let instance = instance();
    add(&instance, &[&[("name", "a")]]);
    let row = seen(&instance, "sysparm_display_value=all&sysparm_fields=secret").await;
    assert_eq!(row["secret"], json!({ "display_value": "", "value": "" }));
}

#[tokio::test(start_paused = true)]
async fn durations_and_amounts_are_words_and_signs() {
    let instance = instance();
    for (length, price, shown) in [
        ("1970-01-01 00:00:00", "EUR;0", ["0 Seconds", "€0.00"]),
        ("1970-01-01 00:00:01", "GBP;-12.345", ["1 Second", "-£12.345"]),
        ("1970-01-02 01:01:00", "JPY;1200", ["1 Day 1 Hour 1 Minute", "¥1,200"]),
        ("1970-03-01 00:00:30", "CHF;7.50", ["59 Days 30 Seconds", "CHF 7.50"]),
        ("1970-01-01 23:00:00", "99", ["23 Hours", "$99.00"]),
        ("", "USD;", ["", "USD;"]),
    ] {
        let id = instance.insert("u_thing", &[("length", length), ("price", price)]);
        let path = format!("/api/now/table/u_thing/{id}?sysparm_display_value=true&sysparm_fields=length,price");
        assert_eq!(
            get(&instance, &path).await,
            json!({ "length": shown[0], "price": shown[1] }),
            "{length}"
        );
    }
    instance.guess(|guesses| guesses.durations_tell_seconds = false);
    let row = async |length| {
        let id = instance.insert("u_thing", &[("length", length), ("count", "1000")]);
        get(
            &instance,
            &format!("/api/now/table/u_thing/{id}?sysparm_display_value=true"),
        )
        .await
    };
    assert_eq!(row("1970-01-01 00:02:17").await["length"], "2 Minutes");
    assert_eq!(row("1970-01-01 00:00:17").await["length"], "17 Seconds");
    instance.guess(|guesses| guesses.numbers_are_grouped = false);
    assert_eq!(row("").await["count"], "1000");
}

#[tokio::test(start_paused = true)]
async fn times_are_shown_over_a_change_of_the_clock() {
    let instance = instance_at(datetime!(2026-03-08 09:59:59 UTC));
    add(&instance, &[&[("name", "a")]]);
    let shown = async || seen(&instance, "sysparm_display_value=true&sysparm_fields=sys_created_on,at").await;
    let put = |at| {
        let id = instance.rows("u_thing")[0]["sys_id"].clone();
        instance.update_as("admin", "u_thing", &id, &[("at", at)]);
    };
    for (zone, format, at, expected) in [
        ("US/Pacific", "HH:mm:ss", "2026-03-08 09:59:59", "2026-03-08 01:59:59"),
        ("US/Pacific", "HH:mm:ss", "2026-03-08 10:00:00", "2026-03-08 03:00:00"),
        (
            "US/Pacific",
            "hh:mm:ss a",
            "2026-11-01 08:59:59",
            "2026-11-01 01:59:59 AM",
        ),
        (
            "US/Pacific",
            "hh:mm:ss a",
            "2026-11-01 09:00:00",
            "2026-11-01 01:00:00 AM",
        ),
        ("Europe/Berlin", "HH:mm", "2026-03-29 00:59:00", "2026-03-29 01:59"),
        ("Europe/Berlin", "HH:mm", "2026-03-29 01:00:00", "2026-03-29 03:00"),
        ("Asia/Kathmandu", "HH.mm", "2026-03-29 01:00:00", "2026-03-29 06.45"),
        ("UTC", "nonsense", "2026-03-29 01:00:00", "2026-03-29 01:00:00"),
    ] {
        put(at);
        prefer(&instance, &[("time_zone", zone), ("time_format", format)]);
        assert_eq!(shown().await["at"], expected, "{zone} {at}");
    }
    prefer(&instance, &[("time_zone", ""), ("time_format", "")]);
    assert_eq!(shown().await["sys_created_on"], "2026-03-08 01:59:59");
    instance.set_property("glide.sys.date_format", "MM/dd/yyyy");
    instance.set_property("glide.sys.time_format", "h:mm a");
    instance.set_property("glide.sys.default.tz", "UTC");
    assert_eq!(shown().await["sys_created_on"], "03/08/2026 9:59 AM");
}

#[tokio::test(start_paused = true)]
async fn a_label_is_that_of_the_rows_own_class() {
    let instance = instance();
    let incident = instance.insert("incident", &[("short_description", "x"), ("state", "6")]);
    let case = instance.insert(
        "sn_customerservice_case",
        &[("short_description", "x"), ("state", "18")],
    );
    add(&instance, &[&[("name", "a"), ("task", &incident)]]);
    let state = async |id| {
        let path = format!("/api/now/table/task/{id}?sysparm_display_value=true&sysparm_fields=state,sys_class_name");
        get(&instance, &path).await
    };
    assert_eq!(
        state(incident).await,
        json!({ "state": "Resolved", "sys_class_name": "Incident" })
    );
    assert_eq!(
        state(case).await,
        json!({ "state": "Awaiting Info", "sys_class_name": "Case" })
    );
    let row = seen(&instance, "sysparm_display_value=all&sysparm_fields=task.state").await;
    assert_eq!(row["task.state"], json!({ "display_value": "Resolved", "value": "6" }));
}

#[tokio::test(start_paused = true)]
async fn journals_show_their_entries_and_a_list_of_journals_shows_them_by_time() {
    let instance = one();
    let id = instance.rows("u_thing")[0]["sys_id"].clone();
    let path = format!("/api/now/table/u_thing/{id}");
    for (field, text) in [
        ("comments", "first"),
        ("work_notes", "internal"),
        ("comments", "second"),
    ] {
        ask(&instance, "PATCH", &path, Some(json!({ field: text }))).await;
        tokio::time::advance(Duration::from_secs(60)).await;
    }
    let fields = "sysparm_fields=comments,work_notes,all_notes";
    let plain = seen(&instance, fields).await;
    assert_eq!(plain, json!({ "comments": "", "work_notes": "", "all_notes": "" }));
    let row = seen(&instance, &format!("{fields}&sysparm_display_value=true")).await;
    let entry =
        |time: &str, label: &str, text: &str| format!("22.11.2026 {time} - Gridlink Integration ({label})\n{text}\n\n");
    let first = entry("11:00:00", "Additional comments", "first");
    let internal = entry("11:01:00", "Work notes", "internal");
    let second = entry("11:02:00", "Additional comments", "second");
    assert_eq!(
        row,
        json!({ "comments": format!("{second}{first}"), "work_notes": internal,
                "all_notes": format!("{second}{internal}{first}") })
    );
    let both = seen(&instance, &format!("{fields}&sysparm_display_value=all")).await;
    assert_eq!(both["work_notes"], json!({ "display_value": internal, "value": "" }));
    assert_eq!(
        seen(&instance, "sysparm_fields=nonsense,name").await,
        json!({ "name": "A thing" })
    );
    assert_eq!(
        seen(&instance, "sysparm_fields=name.x").await,
        Value::Object(serde_json::Map::new())
    );
}

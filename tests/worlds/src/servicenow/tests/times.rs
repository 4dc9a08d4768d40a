//! The time of the instance is 2026-03-10 18:30:45 UTC, a Tuesday: two days after clocks went forward in the US, where
//! it is 11:30:45 in the Pacific zone.

use time::macros::datetime;

use super::things::{add, check, found, instance_at, prefer};
use crate::servicenow::ServiceNow;

fn instance() -> ServiceNow {
    let instance = instance_at(datetime!(2026-03-10 18:30:45 UTC));
    prefer(&instance, &[("time_zone", "US/Pacific")]);
    instance
}

/// Rows named by the time they hold.
fn with(times: &[&str]) -> ServiceNow {
    let instance = instance();
    for time in times {
        let day = &time[..10];
        add(
            &instance,
            &[&[("name", &time.replace(' ', "T")), ("at", time), ("day", day)]],
        );
    }
    instance
}

/// The first and last second that a span has: asserts that they are found, and their neighbors are not.
async fn check_spans(spans: &[(&str, &str, &str)]) {
    for (span, first, last) in spans {
        let second = time::Duration::seconds(1);
        let at = |text: &str| crate::clock::parse_seconds(text).unwrap();
        let neighbors = [at(first) - second, at(first), at(last), at(last) + second].map(crate::clock::seconds);
        let instance = with(&neighbors.each_ref().map(String::as_str));
        add(&instance, &[&[("name", "never")]]);
        let names = neighbors.map(|time| time.replace(' ', "T"));
        let query = format!("atON{span}^ORDERBYat");
        assert_eq!(
            found(&instance, &query).await,
            format!("{} {}", names[1], names[2]),
            "{span}"
        );
        let query = format!("atNOTON{span}^ORDERBYat");
        assert_eq!(
            found(&instance, &query).await,
            format!("{} {}", names[0], names[3]),
            "{span}"
        );
        assert!(instance.ignored().is_empty(), "{:?}", instance.ignored());
    }
}

#[tokio::test(start_paused = true)]
async fn spans_begin_and_end_at_midnight_of_the_asker() {
    let between = |name: &str, of: &str| format!("{name}@javascript:gs.beginningOf{of}()@javascript:gs.endOf{of}()");
    let spans = [
        (between("Today", "Today"), "2026-03-10 07:00:00", "2026-03-11 06:59:59"),
        (
            between("Yesterday", "Yesterday"),
            "2026-03-09 07:00:00",
            "2026-03-10 06:59:59",
        ),
        (
            between("Tomorrow", "Tomorrow"),
            "2026-03-11 07:00:00",
            "2026-03-12 06:59:59",
        ),
        (
            between("This week", "ThisWeek"),
            "2026-03-09 07:00:00",
            "2026-03-16 06:59:59",
        ),
        // The week and the month in which the clock changes.
        (
            between("Last week", "LastWeek"),
            "2026-03-02 08:00:00",
            "2026-03-09 06:59:59",
        ),
        (
            between("Next week", "NextWeek"),
            "2026-03-16 07:00:00",
            "2026-03-23 06:59:59",
        ),
        (
            between("This month", "ThisMonth"),
            "2026-03-01 08:00:00",
            "2026-04-01 06:59:59",
        ),
        (
            between("Last month", "LastMonth"),
            "2026-02-01 08:00:00",
            "2026-03-01 07:59:59",
        ),
        (
            between("Next month", "NextMonth"),
            "2026-04-01 07:00:00",
            "2026-05-01 06:59:59",
        ),
        (
            between("This quarter", "ThisQuarter"),
            "2026-01-01 08:00:00",
            "2026-04-01 06:59:59",
        ),
        (
            between("This year", "ThisYear"),
            "2026-01-01 08:00:00",
            "2027-01-01 07:59:59",
        ),
        (
            between("Last year", "LastYear"),
            "2025-01-01 08:00:00",
            "2026-01-01 07:59:59",
        ),
        (
            between("Current hour", "CurrentHour"),
            "2026-03-10 18:00:00",
            "2026-03-10 18:59:59",
        ),
        (
            between("Last minute", "LastMinute"),
            "2026-03-10 18:29:00",
            "2026-03-10 18:29:59",
        ),
        (
            between("Last 7 days", "Last7Days"),
            "2026-03-03 08:00:00",
            "2026-03-11 06:59:59",
        ),
        (
            between("Last 3 months", "Last3Months"),
            "2025-12-01 08:00:00",
            "2026-04-01 06:59:59",
        ),
        (
            between("Next 2 quarters", "Next2Quarters"),
            "2026-01-01 08:00:00",
            "2026-10-01 06:59:59",
        ),
        (
            "x@javascript:gs.daysAgoStart(2)@javascript:gs.daysAgoEnd(2)".to_owned(),
            "2026-03-08 08:00:00",
            "2026-03-09 06:59:59",
        ),
        (
            "x@javascript:gs.monthsAgoStart(1)@javascript:gs.monthsAgoEnd(-1)".to_owned(),
            "2026-02-01 08:00:00",
            "2026-05-01 06:59:59",
        ),
        (
            "x@javascript:gs.dateGenerate('2026-03-08','start')@javascript:gs.dateGenerate('2026-03-08','end')"
                .to_owned(),
            "2026-03-08 08:00:00",
            "2026-03-09 06:59:59",
        ),
        ("2026-11-01".to_owned(), "2026-11-01 07:00:00", "2026-11-02 07:59:59"),
        (
            "2026-03-08 23:00:00".to_owned(),
            "2026-03-08 08:00:00",
            "2026-03-09 06:59:59",
        ),
    ];
    let spans: Vec<(&str, &str, &str)> = spans
        .iter()
        .map(|(span, first, last)| (span.as_str(), *first, *last))
        .collect();
    check_spans(&spans).await;
}

#[tokio::test(start_paused = true)]
async fn the_first_day_of_a_week_and_the_last_day_of_a_span_are_guesses() {
    let instance = with(&["2026-03-08 12:00:00", "2026-03-10 12:00:00"]);
    let week = "atONThis week@javascript:gs.beginningOfThisWeek()@javascript:gs.endOfThisWeek()";
    let days = "atONLast 7 days@javascript:gs.beginningOfLast7Days()@javascript:gs.endOfLast7Days()";
    assert_eq!(found(&instance, week).await, "2026-03-10T12:00:00");
    assert_eq!(found(&instance, days).await, "2026-03-08T12:00:00 2026-03-10T12:00:00");
    instance.guess(|guesses| {
        guesses.weeks_start_on_monday = false;
        guesses.last_periods_include_the_present_one = false;
    });
    assert_eq!(found(&instance, week).await, "2026-03-08T12:00:00 2026-03-10T12:00:00");
    assert_eq!(found(&instance, days).await, "2026-03-08T12:00:00");
}

#[tokio::test(start_paused = true)]
async fn every_asker_has_days_of_the_own() {
    let instance = with(&["2026-03-10 06:00:00"]);
    let today = "atONToday@javascript:gs.daysAgoStart(0)@javascript:gs.daysAgoEnd(0)";
    for (zone, expected) in [
        ("US/Pacific", ""),
        ("Europe/Berlin", "2026-03-10T06:00:00"),
        ("Pacific/Kiritimati", ""),
        // The zone of the instance, which is Pacific.
        ("", ""),
        ("Nowhere/Land", ""),
    ] {
        prefer(&instance, &[("time_zone", zone)]);
        assert_eq!(found(&instance, today).await, expected, "{zone}");
    }
    instance.set_property("glide.sys.default.tz", "Europe/Berlin");
    assert_eq!(found(&instance, today).await, "2026-03-10T06:00:00");
}

#[tokio::test(start_paused = true)]
async fn times_are_compared_with_times_and_dates() {
    let instance = with(&["2026-03-10 18:30:45", "2026-03-10 17:30:44", "2026-03-09 06:59:59"]);
    let (now, hour, sunday) = ("2026-03-10T18:30:45", "2026-03-10T17:30:44", "2026-03-09T06:59:59");
    let all = format!("{now} {hour} {sunday}");
    let two = format!("{now} {hour}");
    let cases = [
        ("at=2026-03-10 18:30:45", now),
        ("at>2026-03-10", &two),
        ("at<=2026-03-10 17:30:44", &format!("{hour} {sunday}")),
        ("atIN2026-03-10 18:30:45,2026-03-10", now),
        ("atBETWEEN2026-03-10@2026-03-10 18:00:00", hour),
        ("atBETWEENjavascript:gs.hoursAgo(1)@javascript:gs.nowNoTZ()", now),
        ("at<javascript:gs.hoursAgoStart(1)", sunday),
        ("at>=javascript:gs.hoursAgoStart(1)", &two),
        ("at<javascript:gs.minutesAgoStart(60)", sunday),
        ("at>=javascript:gs.minutesAgoEnd(0)", ""),
        ("at>javascript:gs.daysAgoEnd(2)", &two),
        ("at<=javascript:gs.daysAgoEnd(2)", sunday),
        ("at>javascript:gs.yesterday()", &two),
        ("at>=javascript:gs.dateGenerate('2026-03-10','10:30:44')", &two),
        ("at>javascript:gs.dateGenerate('2026-03-10','10:30:44')", now),
        // What is left of the asker's clock in UTC: seven hours too little.
        ("at>javascript:gs.nowDateTime()", &two),
        ("at>javascript:gs.now()", &two),
        // Relative to now, to the second.
        ("atRELATIVEGT@hour@ago@1", now),
        ("atRELATIVELT@hour@ago@1", &format!("{hour} {sunday}")),
        ("atRELATIVEGE@minute@ago@0", now),
        ("atRELATIVELE@minute@ahead@0", &all),
        ("atRELATIVELT@dayofweek@ago@1", sunday),
        ("atRELATIVEEE@hour@ago@0", now),
        ("atRELATIVEEE@day@ago@2", sunday),
        ("atRELATIVEGT@week@ago@1", &all),
        ("day=2026-03-09", sunday),
        ("day>2026-03-09 23:00:00", &two),
        ("day=javascript:gs.daysAgoStart(1)", sunday),
        ("dayON2026-03-09", sunday),
        ("dayRELATIVEGE@day@ago@0", &two),
        (
            "atDATEPARTTuesday@javascript:gs.datePart('dayofweek','tuesday','EE')",
            &two,
        ),
        (
            "atDATEPARTMonday@javascript:gs.datePart('dayofweek','monday','LT')",
            sunday,
        ),
        ("atDATEPARTMarch@javascript:gs.datePart('month','march','EE')", &all),
        (
            "atDATEPART11@javascript:gs.datePart('hour','11','GE')",
            &format!("{now} {sunday}"),
        ),
        ("atDATEPARTQ1@javascript:gs.datePart('quarter','1','GT')", ""),
        (
            "dayDATEPARTMonday@javascript:gs.datePart('dayofweek','monday','EE')",
            sunday,
        ),
    ];
    check(&instance, &cases).await;
}

#[tokio::test(start_paused = true)]
async fn two_times_of_a_row_are_compared() {
    let instance = instance();
    let row = |name, at, until| instance.insert("u_thing", &[("name", name), ("at", at), ("until", until)]);
    // Both on the 8th for the asker, who lost an hour in between.
    row("night", "2026-03-08 09:00:00", "2026-03-09 06:00:00");
    row("week", "2026-03-01 09:00:00", "2026-03-08 09:00:00");
    row("back", "2026-03-08 09:00:00", "2026-03-07 09:00:00");
    row("month", "2026-02-08 09:00:00", "2026-03-08 09:00:00");
    row("open", "2026-03-08 09:00:00", "");
    let cases = [
        ("atSAMEASuntil", ""),
        ("atSAMEASuntil@day", "night month"),
        ("atNSAMEASuntil@day", "week back"),
        ("atSAMEASuntil@week", "night"),
        ("atSAMEASuntil@month", "night week back"),
        ("atNSAMEASuntil@month", "month"),
        ("atSAMEASuntil@quarter", "night week back month"),
        ("atSAMEASuntil@hour", "week back month"),
        ("atGT_FIELDuntil", "back"),
        ("atLT_FIELDuntil", "night week month"),
        ("atMORETHANuntil@day@before@1", "week month"),
        ("atMORETHANuntil@month@before@1", ""),
        ("atLESSTHANuntil@day@before@1", "night"),
        ("atLESSTHANuntil@day@after@2", "back"),
        ("atMORETHANuntil@hour@after@1", "back"),
    ];
    check(&instance, &cases).await;
}

#[tokio::test(start_paused = true)]
async fn what_is_kept_moves_with_the_clock() {
    let instance = with(&["2026-03-10 18:30:45"]);
    let query = "atRELATIVEGT@minute@ago@1";
    assert_eq!(found(&instance, query).await, "2026-03-10T18:30:45");
    tokio::time::advance(std::time::Duration::from_secs(60)).await;
    assert_eq!(found(&instance, query).await, "");
}

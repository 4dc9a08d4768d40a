use super::operators::three;
use super::things::{add, check, check_ignored, found, instance, user};
use crate::servicenow::INTEGRATION_USER;

#[tokio::test(start_paused = true)]
async fn the_groups_of_the_asker_are_a_dynamic_value() {
    let instance = three();
    let group = instance.insert("sys_user_group", &[("name", "Crew")]);
    let me = user(&instance, INTEGRATION_USER);
    add(&instance, &[&[("name", "4"), ("crew", &group)]]);
    let query = "crewDYNAMICd6435e965f510100a9ad2572f2b47744";
    assert_eq!(found(&instance, query).await, "");
    instance.insert("sys_user_grmember", &[("group", &group), ("user", &me)]);
    assert_eq!(found(&instance, query).await, "4");
}

#[tokio::test(start_paused = true)]
async fn a_dot_walk_goes_on_in_a_table_that_extends_the_one_reached() {
    let instance = instance();
    let incident = instance.insert("incident", &[("short_description", "x"), ("category", "network")]);
    let case = instance.insert("sn_customerservice_case", &[("short_description", "x")]);
    add(
        &instance,
        &[
            &[("name", "1"), ("task", &incident)],
            &[("name", "2"), ("task", &case)],
            &[("name", "3")],
        ],
    );
    let cases = [
        ("task.ref_incident.category=network", "1"),
        ("task.ref_incident.categoryISEMPTY", "2 3"),
        ("task.short_description=x", "1 2"),
        ("task.opened_by.name=System Administrator", "1 2"),
    ];
    check(&instance, &cases).await;
    check_ignored(&instance, &["task.category=network", "task.ref_sys_user.name=x"]).await;
}

#[tokio::test(start_paused = true)]
async fn a_plain_filter_takes_what_a_choice_or_reference_displays() {
    let instance = three();
    for (filter, expected) in [
        ("color=r", "One"),
        ("color=red", "One"),
        ("level=10%20-%20none", "two"),
        ("owner=Maria%20Santos", "two"),
        ("owner=maria.santos", ""),
        ("color=green&deputy=Gridlink%20Integration", "two"),
        ("count=10&name=one", ""),
    ] {
        let rows = super::get(&instance, &format!("/api/now/table/u_thing?{filter}")).await;
        let names: Vec<&str> = rows
            .as_array()
            .unwrap()
            .iter()
            .map(|row| row["name"].as_str().unwrap())
            .collect();
        assert_eq!(names.join(" "), expected, "{filter}");
    }
    // Only a plain filter does so.
    assert_eq!(found(&instance, "color=red").await, "");
}

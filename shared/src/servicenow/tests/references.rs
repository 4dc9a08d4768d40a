//! Reference data: exact, inherited, remembered.

use std::time::Duration;

use super::desk::Desk;
use super::{ACTIVE, table};
use crate::servicenow::Found;

#[tokio::test(start_paused = true)]
async fn a_row_is_found_by_its_exact_value_and_remembered_for_ten_minutes() {
    let (desk, world) = Desk::world(worlds::ServiceNow::seeded);
    let count = || desk.calls().len();
    let Found::One(id, name) = desk.client.group("EDI Support").await.unwrap() else {
        panic!("it is there")
    };
    assert_eq!(name, "EDI Support", "of two groups of the name, the active one");
    for _ in 0..3 {
        assert_eq!(
            desk.client.group("EDI Support").await.unwrap(),
            Found::One(id.clone(), name.clone())
        );
    }
    assert_eq!(count(), 1);
    assert_eq!(
        desk.client.group("edi support").await.unwrap(),
        Found::None,
        "another case is another name"
    );
    tokio::time::sleep(Duration::from_secs(601)).await;
    desk.client.group("EDI Support").await.unwrap();
    assert_eq!(count(), 3);
    // Looked for by another column, the same value is another question.
    let groups = table("sys_user_group");
    for (column, is_there) in [("name", true), ("description", false), ("name", true)] {
        let found = desk
            .client
            .look_up(&groups, &table(column), "B2B Finance", &[])
            .await
            .unwrap();
        assert_eq!(matches!(found, Found::One(..)), is_there, "{column}");
    }
    let found = desk
        .client
        .look_up(&groups, &table("name"), "EDI Support", &[])
        .await
        .unwrap();
    assert_eq!(found, Found::Several);
    let found = desk
        .client
        .look_up(&groups, &table("name"), "EDI Support", &[(ACTIVE, "false")])
        .await
        .unwrap();
    assert!(matches!(found, Found::One(other, _) if other != id));
    assert!(world.ignored().is_empty());
}

#[tokio::test(start_paused = true)]
async fn what_is_missing_is_looked_for_again_every_time() {
    let (desk, world) = Desk::world(worlds::ServiceNow::seeded);
    assert_eq!(desk.client.group("New Group").await.unwrap(), Found::None);
    let id = world.insert("sys_user_group", &[("name", "New Group")]);
    assert_eq!(
        desk.client.group("New Group").await.unwrap(),
        Found::One(id.parse().unwrap(), "New Group".to_owned())
    );
    world.insert("sys_user_group", &[("name", "New Group")]);
    tokio::time::sleep(Duration::from_secs(601)).await;
    assert_eq!(desk.client.group("New Group").await.unwrap(), Found::Several);
    assert!(matches!(desk.client.user("admin").await.unwrap(), Found::One(_, name) if name == "System Administrator"));
    assert!(desk.client.group("a^b").await.is_err());
}

#[tokio::test(start_paused = true)]
async fn choices_and_columns_are_inherited_from_task_where_a_table_has_none_of_its_own() {
    let (desk, _world) = Desk::world(worlds::ServiceNow::seeded);
    let (incident, case) = (table("incident"), table("sn_customerservice_case"));
    let values = async |of: &crate::domain::TableName, column: &str| {
        let choices = desk.client.choices(of, &table(column)).await.unwrap();
        choices.iter().map(|choice| choice.value.clone()).collect::<Vec<_>>()
    };
    let own = values(&case, "state").await;
    assert!(
        own.contains(&"10".to_owned()) && !own.contains(&"-5".to_owned()),
        "its own take the place of task's"
    );
    assert_eq!(values(&incident, "urgency").await, ["1", "2", "3"], "in their order");
    assert_eq!(values(&table("task"), "urgency").await, ["1", "2", "3"]);
    assert_eq!(values(&incident, "short_description").await, Vec::<String>::new());
    let calls = desk.calls().len();
    values(&case, "state").await;
    assert_eq!(desk.calls().len(), calls, "choices are remembered");

    let column = async |name: &str| desk.client.column(&incident, &table(name)).await.unwrap();
    let inherited = column("description").await.unwrap();
    assert_eq!((inherited.table.as_str(), inherited.max_length), ("task", Some(4000)));
    let caller = column("caller_id").await.unwrap();
    assert_eq!(
        (caller.table.as_str(), caller.reference.as_deref()),
        ("incident", Some("sys_user"))
    );
    assert_eq!(column("u_nonsense").await, None);
}

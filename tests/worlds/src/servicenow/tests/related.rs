use std::sync::Arc;

use super::things::{found_in, instance};
use crate::servicenow::dictionary::Table;
use crate::servicenow::tables::system_columns;
use crate::servicenow::{Column, JoinConditions, ServiceNow};

/// Groups A (two admin roles), B (one plain role) and C (none), their roles and managers, and incidents.
fn groups() -> ServiceNow {
    let instance = instance();
    let table = |name: &str, columns: Vec<Column>| {
        let table = Table::new(name, name, "name").with(columns.into_iter().chain(system_columns()));
        Arc::make_mut(&mut instance.state().dictionary).add_table(table);
    };
    table("u_role", vec![Column::text("name", "Name", 40)]);
    let member = [
        Column::reference("group", "Group", "sys_user_group"),
        Column::reference("role", "Role", "u_role"),
        Column::boolean("inherits", "Inherits"),
    ];
    table("u_group_role", member.to_vec());
    let role = |name| instance.insert("u_role", &[("name", name)]);
    let roles = [role("user_admin"), role("admin"), role("itil")];
    let ann = instance.insert("sys_user", &[("user_name", "ann"), ("name", "Ann")]);
    let bob = instance.insert("sys_user", &[("user_name", "bob"), ("name", "Bob")]);
    let group = |name, manager: &str, active| {
        instance.insert(
            "sys_user_group",
            &[("name", name), ("manager", manager), ("active", active)],
        )
    };
    let a = group("A", &ann, "true");
    let b = group("B", &bob, "false");
    group("C", "", "true");
    for (group, role, inherits) in [(&a, 0, "true"), (&a, 1, "false"), (&b, 2, "false")] {
        instance.insert(
            "u_group_role",
            &[("group", group), ("role", &roles[role]), ("inherits", inherits)],
        );
    }
    for (text, group, state) in [("one", &a, "1"), ("two", &a, "7"), ("three", &b, "1")] {
        let fields = [
            ("short_description", text),
            ("assignment_group", group),
            ("state", state),
        ];
        instance.insert("incident", &fields);
    }
    instance
}

async fn check(instance: &ServiceNow, table: &str, cases: &[(&str, &str)]) {
    for (query, expected) in cases {
        assert_eq!(found_in(instance, table, query).await, *expected, "{query}");
    }
    assert_eq!(instance.ignored(), Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn a_related_list_is_counted() {
    let cases = [
        ("RLQUERYu_group_role.group,>0,m2m^role.nameLIKEadmin^ENDRLQUERY", "A"),
        (
            "RLQUERYu_group_role.group,>0,m2m^role.nameLIKEadmin^ENDRLQUERY^ORDERBYsys_id",
            "A",
        ),
        ("active=true^RLQUERYu_group_role.group,>0^ENDRLQUERY", "A"),
        ("^RLQUERYu_group_role.group,>=1^ENDRLQUERY^active=false", "B"),
        ("RLQUERYu_group_role.group,=0^ENDRLQUERY", "C"),
        ("RLQUERYu_group_role.group,=0,m2m^role.name=itil^ENDRLQUERY", "A C"),
        ("RLQUERYu_group_role.group,=2^ENDRLQUERY", "A"),
        ("RLQUERYu_group_role.group,!=2^ENDRLQUERY", "B C"),
        ("RLQUERYu_group_role.group,<2^ENDRLQUERY", "B C"),
        ("RLQUERYu_group_role.group,<=2^ENDRLQUERY", "A B C"),
        ("RLQUERYincident.assignment_group,>=1,active=true^ENDRLQUERY", "A B"),
        ("RLQUERYincident.assignment_group,>=2^active=true^ENDRLQUERY", ""),
        (
            "RLQUERYincident.assignment_group,>=1^short_description=one^ORshort_description=three",
            "A B",
        ),
        (
            "RLQUERYincident.assignment_group,>=1^state=7^NQshort_description=three^EQ^ENDRLQUERY",
            "A B",
        ),
        (
            "RLQUERYtask.assignment_group,>=1^ORDERBYnumber^ENDRLQUERY^active=true",
            "A",
        ),
        (
            "RLQUERYincident.assignment_group,>=1^SUBQUERYstate,state,incident^state=7^ENDSUBQUERY^ENDRLQUERY",
            "A",
        ),
        // It holds for all groups.
        ("name=A^NQname=B^RLQUERYu_group_role.group,=1^ENDRLQUERY", "B"),
        ("name=A^NQRLQUERYu_group_role.group,>0^ENDRLQUERY", "A"),
    ];
    check(&groups(), "sys_user_group", &cases).await;
}

#[tokio::test(start_paused = true)]
async fn a_join_needs_a_partner() {
    let cases = [
        ("JOINsys_user.sys_id=sys_user_group.manager!active=true", "Ann"),
        ("JOINsys_user.sys_id=sys_user_group.manager!", "Ann Bob"),
        ("JOINsys_user.sys_id=sys_user_group.manager!^ORDERBYDESCname", "Bob Ann"),
        ("name=Bob^JOINsys_user.sys_id=sys_user_group.manager!active=true", ""),
        ("JOINsys_user.sys_id=sys_user_group.manager!active=true^name=B", ""),
        ("JOINsys_user.sys_id=sys_user_group.manager!active=true^^name=A", "Ann"),
        ("JOINsys_user.sys_id=sys_user_group.manager!name=A^ORname=B", "Ann Bob"),
        // A partner of a partner.
        (
            "JOINsys_user.sys_id=sys_user_group.manager!^JOINsys_user_group.sys_id=incident.assignment_group!state=7",
            "Ann",
        ),
        (
            "JOINsys_user.sys_id=sys_user_group.manager!active=false^JOINsys_user_group.sys_id=incident.assignment_group!",
            "Bob",
        ),
        // Both partners are needed, but one of the conditions is enough.
        (
            "JOINsys_user.sys_id=sys_user_group.manager!name=A^NQJOINsys_user.sys_id=sys_user_group.manager!name=B",
            "Ann Bob",
        ),
        (
            "name=Bob^ORJOINsys_user.sys_id=sys_user_group.manager!name=A",
            "Ann Bob",
        ),
        (
            "name=System Administrator^ORJOINsys_user.sys_id=sys_user_group.manager!name=A",
            "Ann",
        ),
        (
            "name=Bob^NQname=System Administrator^JOINsys_user.sys_id=sys_user_group.manager!",
            "Bob",
        ),
    ];
    check(&groups(), "sys_user", &cases).await;
}

#[tokio::test(start_paused = true)]
async fn the_conditions_of_a_join_may_end_at_a_single_caret() {
    let instance = groups();
    let query = "JOINsys_user.sys_id=sys_user_group.manager!active=false^name=Bob";
    assert_eq!(found_in(&instance, "sys_user", query).await, "");
    instance.guess(|guesses| guesses.join_conditions = JoinConditions::AfterTwoCarets);
    assert_eq!(found_in(&instance, "sys_user", query).await, "Bob");
    let doubled = "JOINsys_user.sys_id=sys_user_group.manager!active=false^^name=B";
    assert_eq!(found_in(&instance, "sys_user", doubled).await, "Bob");
}

#[tokio::test(start_paused = true)]
async fn any_columns_join() {
    let instance = groups();
    instance.insert("u_role", &[("name", "ANN")]);
    let query = "JOINu_role.name=sys_user.name!";
    assert_eq!(found_in(&instance, "u_role", query).await, "ANN");
}

#[tokio::test(start_paused = true)]
async fn a_subquery_gives_the_values_to_have() {
    let cases = [
        ("SUBQUERYsys_id,manager,sys_user_group^active=true^ENDSUBQUERY", "Ann"),
        (
            "SUBQUERYsys_id,manager,sys_user_group^active=true^EQ^ENDSUBQUERY^name=Bob",
            "",
        ),
        ("SUBQUERYsys_id,sys_user_group.manager^active=false^ENDSUBQUERY", "Bob"),
        ("name=Ann^SUBQUERYsys_id,manager,sys_user_group^ENDSUBQUERY", "Ann"),
        (
            "SUBQUERYsys_id,manager,sys_user_group^SUBQUERYsys_id,assignment_group,incident^^state=7^^ENDSUBQUERY\
             ^ENDSUBQUERY",
            "Ann",
        ),
        (
            "SUBQUERYsys_id,assignment_group.manager,incident^state=1^ENDSUBQUERY",
            "Ann Bob",
        ),
        (
            "SUBQUERYsys_id,manager,sys_user_group^active=true^ENDSUBQUERY^SUBQUERYsys_id,manager,sys_user_group^name=B",
            "",
        ),
    ];
    check(&groups(), "sys_user", &cases).await;
}

#[tokio::test(start_paused = true)]
async fn more_tables_than_a_database_joins_are_ignored() {
    let instance = groups();
    let one = "SUBQUERYsys_id,manager,sys_user_group^active=true^ENDSUBQUERY^";
    let nested = "SUBQUERYsys_id,sys_id,sys_user^".repeat(60) + "SUBQUERYnonsense^name=x^ENDSUBQUERY^name=Ann";
    for (query, ignored) in [(one.repeat(60), 0), (one.repeat(61), 1), (nested, 2)] {
        assert_eq!(found_in(&instance, "sys_user", &query).await, "Ann");
        assert_eq!(instance.ignored().len(), ignored);
    }
}

#[tokio::test(start_paused = true)]
async fn what_names_no_table_or_field_is_ignored_with_its_conditions() {
    let instance = groups();
    for query in [
        "RLQUERYnonsense.group,>0^name=x^ENDRLQUERY^name=A",
        "RLQUERYu_group_role.nonsense,>0^name=x^ENDRLQUERY^name=A",
        "RLQUERYu_group_role.role,>0^name=x^ENDRLQUERY^name=A",
        "RLQUERYu_group_role.inherits,>0^ENDRLQUERY^name=A",
        "RLQUERYu_group_role.group,0^ENDRLQUERY^name=A",
        "RLQUERYu_group_role.group,>many^ENDRLQUERY^name=A",
        "RLQUERYu_group_role.group^SUBQUERYsys_id,role,u_group_role^ENDSUBQUERY^ENDRLQUERY^name=A",
        "name=A^JOINsys_user.sys_id=sys_user_group.manager!name=x^name=y",
        "name=A^JOINsys_user_group.sys_id=nonsense.group!name=x^ORDERBYname",
        "name=A^JOINsys_user_group.nonsense=u_group_role.group!",
        "name=A^JOINsys_user_group.sys_id=u_group_role.group",
        "name=A^SUBQUERYsys_id^name=x^ENDSUBQUERY",
        "name=A^SUBQUERYnonsense,manager,sys_user_group^name=x^ENDSUBQUERY",
        "name=A^SUBQUERYsys_id,manager,nonsense^name=x^ENDSUBQUERY",
        "name=A^JOINsys_user_group.name=sys_user.user_password!",
        "name=A^SUBQUERYname,user_password,sys_user^ENDSUBQUERY",
        "RLQUERYu_group_role.group,>0^ENDRLQUERY^RLQUERYincident.assignment_group,=99^ENDRLQUERY^name=A",
    ] {
        let before = instance.ignored().len();
        assert_eq!(found_in(&instance, "sys_user_group", query).await, "A", "{query}");
        assert_eq!(instance.ignored().len(), before + 1, "{query}");
    }
    instance.guess(|guesses| {
        guesses.related_lists_at_once = 2;
        guesses.related_lists_count_none = false;
        guesses.subquery_takes_table_dot_field = false;
    });
    let two = "RLQUERYu_group_role.group,>0^ENDRLQUERY^RLQUERYincident.assignment_group,=1^ENDRLQUERY";
    assert_eq!(found_in(&instance, "sys_user_group", two).await, "B");
    let less = "RLQUERYu_group_role.group,<2^ENDRLQUERY";
    assert_eq!(found_in(&instance, "sys_user_group", less).await, "B");
    let dotted = "SUBQUERYsys_id,u_group_role.group^ENDSUBQUERY";
    assert_eq!(found_in(&instance, "sys_user_group", dotted).await, "A B C");
}

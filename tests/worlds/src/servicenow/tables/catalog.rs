//! The service catalog, what people order from it, and approvals.
//!
//! What an item's flow does is hidden in a real instance; here the customer's own columns `u_approval_group` and
//! `u_fulfillment_tasks` say it.

use crate::servicenow::dictionary::{Column, Table};

pub(super) fn tables() -> Vec<Table> {
    [offers(), orders()].into_iter().flatten().collect()
}

fn offers() -> Vec<Table> {
    vec![
        Table::new("sc_catalog", "Catalog", "title").with([
            Column::text("title", "Title", 100).mandatory(),
            Column::text("description", "Description", 4000),
            Column::reference("manager", "Manager", "sys_user"),
            Column::text("desktop_image", "Desktop image", 255),
            Column::boolean("active", "Active").default("true"),
        ]),
        Table::new("sc_category", "Category", "title").with([
            Column::text("title", "Title", 100).mandatory(),
            Column::text("description", "Description", 4000),
            Column::text("full_description", "Full description", 4000),
            Column::reference("sc_catalog", "Catalog", "sc_catalog"),
            Column::reference("parent", "Parent", "sc_category"),
            Column::text("icon", "Icon", 255),
            Column::text("header_icon", "Header icon", 255),
            Column::text("homepage_image", "Homepage image", 255),
            Column::integer("order", "Order"),
            Column::boolean("active", "Active").default("true"),
        ]),
        item(),
        Table::new("sc_cat_item_producer", "Record Producer", "name")
            .extends("sc_cat_item")
            .with([
                Column::text("table_name", "Table name", 80),
                Column::url("redirect_url", "Redirect to"),
            ]),
        variable(),
        Table::new("question_choice", "Question Choice", "text").with([
            Column::reference("question", "Question", "item_option_new"),
            Column::text("text", "Text", 255),
            Column::text("value", "Value", 255),
            Column::integer("order", "Order"),
            Column::boolean("inactive", "Inactive"),
        ]),
    ]
}

fn item() -> Table {
    Table::new("sc_cat_item", "Catalog Item", "name").with([
        Column::text("name", "Name", 100).mandatory(),
        Column::text("short_description", "Short description", 200),
        Column::html("description", "Description"),
        Column::list("sc_catalogs", "Catalogs", "sc_catalog"),
        Column::reference("category", "Category", "sc_category"),
        Column::currency("price", "Price"),
        Column::currency("recurring_price", "Recurring price"),
        Column::choice(
            "recurring_frequency",
            "Recurring price frequency",
            &[("daily", "Daily"), ("monthly", "Monthly"), ("yearly", "Annually")],
        ),
        Column::duration("delivery_time", "Delivery time"),
        Column::reference("group", "Fulfillment group", "sys_user_group"),
        Column::reference("u_approval_group", "Approval group", "sys_user_group"),
        Column::text("u_fulfillment_tasks", "Fulfillment tasks, one a line", 4000),
        Column::text("picture", "Picture", 255),
        Column::text("icon", "Icon", 255),
        Column::integer("order", "Order").default("0"),
        Column::boolean("no_quantity", "No quantity"),
        Column::boolean("active", "Active").default("true"),
    ])
}

/// The numbers of types are those of an instance.
fn variable() -> Table {
    Table::new("item_option_new", "Variable", "question_text").with([
        Column::reference("cat_item", "Catalog item", "sc_cat_item"),
        Column::text("name", "Name", 100),
        Column::text("question_text", "Question", 255),
        Column::choice(
            "type",
            "Type",
            &[
                ("1", "Yes / No"),
                ("2", "Multi Line Text"),
                ("3", "Multiple Choice"),
                ("5", "Select Box"),
                ("6", "Single Line Text"),
                ("7", "CheckBox"),
                ("8", "Reference"),
                ("9", "Date"),
                ("10", "Date/Time"),
                ("16", "Wide Single Line Text"),
                ("21", "List Collector"),
                ("26", "Email"),
                ("27", "URL"),
                ("31", "Requested For"),
            ],
        )
        .default("6"),
        Column::boolean("mandatory", "Mandatory"),
        Column::boolean("read_only", "Read only"),
        Column::boolean("enable_also_request_for", "Enable also request for"),
        Column::text("default_value", "Default value", 4000),
        Column::text("reference", "Reference", 80),
        Column::text("help_text", "Help text", 4000),
        Column::integer("order", "Order"),
        Column::boolean("active", "Active").default("true"),
    ])
}

fn orders() -> Vec<Table> {
    vec![
        request(),
        requested_item(),
        Table::new("sc_task", "Catalog Task", "number")
            .extends("task")
            .numbered("SCTASK", 10_001)
            .with([
                Column::reference("request_item", "Request item", "sc_req_item"),
                Column::reference("request", "Request", "sc_request"),
            ]),
        Table::new("sc_item_option", "Options", "sys_id").with([
            Column::reference("item_option_new", "Question", "item_option_new"),
            Column::text("value", "Value", 4000),
            Column::integer("order", "Order"),
            Column::reference("cart_item", "Cart item", "sc_cart_item"),
        ]),
        Table::new("sc_item_option_mtom", "Item Options", "sys_id").with([
            Column::reference("request_item", "Parent item", "sc_req_item"),
            Column::reference("sc_item_option", "Dependent item", "sc_item_option"),
        ]),
        Table::new("sc_cart", "Shopping Cart", "name").with([
            Column::text("name", "Name", 40),
            Column::reference("user", "User", "sys_user"),
        ]),
        Table::new("sc_cart_item", "Cart Item", "sys_id").with([
            Column::reference("cart", "Cart", "sc_cart"),
            Column::reference("cat_item", "Item", "sc_cat_item"),
            Column::reference("requested_for", "Requested for", "sys_user"),
            Column::integer("quantity", "Quantity").default("1"),
        ]),
        approver(),
    ]
}

fn request() -> Table {
    Table::new("sc_request", "Request", "number")
        .extends("task")
        .numbered("REQ", 10_001)
        .with([
            Column::reference("requested_for", "Requested for", "sys_user"),
            Column::choice(
                "request_state",
                "Request state",
                &[
                    ("requested", "Pending Approval"),
                    ("in_process", "Approved"),
                    ("closed_complete", "Closed Complete"),
                    ("closed_incomplete", "Closed Incomplete"),
                    ("closed_cancelled", "Closed Cancelled"),
                    ("closed_rejected", "Closed Rejected"),
                    ("closed_skipped", "Closed Skipped"),
                ],
            )
            .default("requested"),
            Column::text("stage", "Stage", 80).default("requested"),
            Column::currency("price", "Price"),
            Column::text("delivery_address", "Delivery address", 4000),
            Column::text("special_instructions", "Special instructions", 4000),
        ])
}

fn requested_item() -> Table {
    Table::new("sc_req_item", "Requested Item", "number")
        .extends("task")
        .numbered("RITM", 10_001)
        .with([
            Column::reference("request", "Request", "sc_request"),
            Column::reference("cat_item", "Item", "sc_cat_item"),
            Column::reference("sc_catalog", "Catalog", "sc_catalog"),
            Column::reference("requested_for", "Requested for", "sys_user"),
            Column::integer("quantity", "Quantity").default("1"),
            Column::text("stage", "Stage", 80),
            Column::currency("price", "Price"),
            Column::currency("recurring_price", "Recurring price"),
            Column::date_time("estimated_delivery", "Estimated delivery"),
        ])
}

/// One person who is asked to approve one record.
fn approver() -> Table {
    Table::new("sysapproval_approver", "Approval", "sys_id").with([
        Column::reference("sysapproval", "Approval for", "task"),
        Column::text("document_id", "Approving", 32),
        Column::text("source_table", "Source table", 80),
        Column::reference("approver", "Approver", "sys_user"),
        Column::choice(
            "state",
            "State",
            &[
                ("not requested", "Not Yet Requested"),
                ("requested", "Requested"),
                ("approved", "Approved"),
                ("rejected", "Rejected"),
                ("cancelled", "Cancelled"),
                ("not_required", "No Longer Required"),
                ("duplicate", "Duplicate"),
            ],
        )
        .default("not requested"),
        Column::date_time("due_date", "Due date"),
        Column::journal("comments", "Comments"),
    ])
}

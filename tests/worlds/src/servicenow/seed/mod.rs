//! What is on the instance when it starts.

mod articles;
mod catalog;
mod knowledge;
mod offers;
mod service;

use std::collections::VecDeque;
use std::sync::Mutex;

use time::{Duration, OffsetDateTime};

use crate::digest::derived_id;
use crate::servicenow::engine::{Act, Fields, State};
use crate::servicenow::oauth::{GRANT_PROPERTY, INTEGRATION_USER};

/// The agent who acts where a test names nobody.
pub const AGENT: &str = "maria.santos";

/// A fresh instance at that time, which counts in whole seconds.
///
/// Tests make thousands of instances of the same time: the last few are kept to be shared.
pub(crate) fn state(now: OffsetDateTime, is_seeded: bool) -> State {
    static MADE: Mutex<VecDeque<(i64, bool, State)>> = Mutex::new(VecDeque::new());
    let second = now.unix_timestamp();
    let is_same = |made: &&(i64, bool, State)| made.0 == second && made.1 == is_seeded;
    let lock = || MADE.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    if let Some((_, _, state)) = lock().iter().find(is_same) {
        return state.clone();
    }
    let state = make(now, is_seeded);
    let mut made = lock();
    made.truncate(7);
    made.push_front((second, is_seeded, state.clone()));
    state
}

fn make(now: OffsetDateTime, is_seeded: bool) -> State {
    let mut seed = Seed {
        state: State::new(),
        now,
    };
    seed.descriptions();
    seed.users();
    seed.properties();
    if is_seeded {
        seed.more_users();
        seed.groups();
        seed.companies();
        seed.records();
        service::plant(&mut seed);
        catalog::plant(&mut seed);
        knowledge::plant(&mut seed);
    }
    seed.state
}

struct Seed {
    state: State,
    now: OffsetDateTime,
}

/// Name, Trading Grid id, city, country.
const PARTNERS: [(&str, &str, &str, &str); 10] = [
    ("Northwind Components", "GC41543822654A", "Portland", "United States"),
    ("Contoso Retail", "GC00804444LX01", "Luxembourg", "Luxembourg"),
    ("Alder Ridge Foods", "GC17302945881B", "Minneapolis", "United States"),
    ("Bluewater Freight", "GC22871034410C", "Rotterdam", "Netherlands"),
    ("Castellan Pharma", "GC30915577260D", "Basel", "Switzerland"),
    ("Delmar Textiles", "GC48820019937E", "Porto", "Portugal"),
    ("Eastgate Electronics", "GC55120768834F", "Penang", "Malaysia"),
    ("Fjordline Seafood", "GC63047712095G", "Bergen", "Norway"),
    ("Harrow Automotive", "GC71966403128H", "Stuttgart", "Germany"),
    ("Ironbridge Steel", "GC80254491673J", "Birmingham", "United Kingdom"),
];

const GROUPS: [(&str, &str); 5] = [
    ("EDI Support", "Failed and disputed EDI documents"),
    ("B2B Finance", "Invoices, tax data and payments of trading partners"),
    ("Logistics Exceptions", "Shipments, ship notices and proofs of delivery"),
    ("Trading Partner Compliance", "Labels, charge-backs and routing guides"),
    ("Customer Service", "First contact of every partner"),
];

impl Seed {
    fn users(&mut self) {
        self.user("admin", "System", "Administrator");
        self.user(INTEGRATION_USER, "Gridlink", "Integration");
        self.user(AGENT, "Maria", "Santos");
    }

    fn more_users(&mut self) {
        self.user("tom.becker", "Tom", "Becker");
        self.user("aisha.khan", "Aisha", "Khan");
        self.user("luc.moreau", "Luc", "Moreau");
    }

    fn groups(&mut self) {
        for (name, description) in GROUPS {
            let email = format!("{}@customer.example", name.to_lowercase().replace(' ', "."));
            self.add(
                200,
                "sys_user_group",
                name,
                &[("name", name), ("description", description), ("email", &email)],
            );
        }
        // A group of the same name that was given up: only the active one may be used.
        let given_up = [
            ("name", "EDI Support"),
            ("description", "Before the reorganization"),
            ("active", "false"),
        ];
        self.add(900, "sys_user_group", "EDI Support, given up", &given_up);
        for (group, user) in [
            ("EDI Support", AGENT),
            ("EDI Support", "tom.becker"),
            ("B2B Finance", "luc.moreau"),
            ("Logistics Exceptions", "aisha.khan"),
            ("Customer Service", AGENT),
        ] {
            let (group_id, user_id) = (id("sys_user_group", group), id("sys_user", user));
            let member = [("group", group_id.as_str()), ("user", user_id.as_str())];
            self.add(190, "sys_user_grmember", &format!("{group}/{user}"), &member);
        }
    }

    /// An account is a company too: `customer_account` extends `core_company`.
    fn companies(&mut self) {
        let own = [
            ("name", "Meridian Manufacturing"),
            ("city", "Chicago"),
            ("country", "United States"),
        ];
        self.add(900, "core_company", "Meridian Manufacturing", &own);
        for (name, trading_grid_id, city, country) in PARTNERS {
            let fields = [
                ("name", name),
                ("u_trading_grid_id", trading_grid_id),
                ("city", city),
                ("country", country),
                ("customer", "true"),
            ];
            self.add(300, "customer_account", name, &fields);
        }
        // A partner known as a company, but not yet as an account.
        let company_only = [
            ("name", "Juniper Packaging"),
            ("u_trading_grid_id", "GC91408823357K"),
            ("city", "Vienna"),
            ("country", "Austria"),
            ("vendor", "true"),
        ];
        self.add(280, "core_company", "Juniper Packaging", &company_only);
        let account = id("customer_account", "Northwind Components");
        let contact = [
            ("user_name", "dana.whitfield@northwind.example"),
            ("name", "Dana Whitfield"),
            ("first_name", "Dana"),
            ("last_name", "Whitfield"),
            ("email", "dana.whitfield@northwind.example"),
            ("company", account.as_str()),
            ("account", account.as_str()),
        ];
        self.add(150, "customer_contact", "Dana Whitfield", &contact);
    }

    fn records(&mut self) {
        let northwind = id("customer_account", "Northwind Components");
        let contoso = id("customer_account", "Contoso Retail");
        let edi = id("sys_user_group", "EDI Support");
        let finance = id("sys_user_group", "B2B Finance");
        self.add(
            12,
            "sn_customerservice_case",
            "case 1",
            &[
                ("short_description", "Invoice 810 rejected for missing tax data"),
                ("account", &northwind),
                ("company", &northwind),
                ("priority", "3"),
                ("state", "10"),
                ("contact_type", "email"),
                ("assignment_group", &finance),
            ],
        );
        self.add(
            5,
            "sn_customerservice_case",
            "case 2",
            &[
                ("short_description", "Question about the new routing guide"),
                ("account", &contoso),
                ("company", &contoso),
                ("state", "18"),
                ("contact_type", "phone"),
            ],
        );
        self.add(
            9,
            "incident",
            "incident 1",
            &[
                ("short_description", "AS2 certificate of a partner expires this month"),
                ("impact", "2"),
                ("urgency", "2"),
                ("category", "b2b"),
                ("assignment_group", &edi),
                ("company", &contoso),
            ],
        );
        self.add(
            30,
            "incident",
            "incident 2",
            &[
                ("short_description", "Mail relay was slow"),
                ("category", "network"),
                ("state", "7"),
                ("close_code", "Solution provided"),
                ("close_notes", "The queue was cleared."),
            ],
        );
    }

    fn properties(&mut self) {
        let act = Act {
            at: self.now - Duration::days(900),
            by: "system",
            is_script: true,
        };
        for (name, value) in [
            ("glide.invalid_query.returns_no_rows", "false"),
            ("glide.rest.choice.allow_non_existing_value", "false"),
            ("com.glide.attachment.max_size", "1024"),
            ("glide.attachment.extensions", ""),
            (GRANT_PROPERTY, "true"),
        ] {
            self.state.set_property(act, name, value);
        }
    }

    /// The rows of `sys_choice` and `sys_dictionary` say what the dictionary holds.
    fn descriptions(&mut self) {
        let mut rows: Vec<(&str, String, Fields)> = Vec::new();
        let mut add = |table, key, fields: &[(&str, &str)]| rows.push((table, key, crate::servicenow::owned(fields)));
        for table in self.state.dictionary.tables() {
            for column in &table.columns {
                let key = format!("{}.{}", table.name, column.name);
                let reference = match &column.kind {
                    crate::servicenow::dictionary::Kind::Reference(target) => target.as_str(),
                    _ => "",
                };
                let fields = [
                    ("name", table.name.as_str()),
                    ("element", &column.name),
                    ("column_label", &column.label),
                    ("internal_type", column.internal_type()),
                    ("reference", reference),
                    ("max_length", &column.max_length.to_string()),
                    ("mandatory", if column.is_mandatory { "true" } else { "false" }),
                    ("unique", if column.is_unique { "true" } else { "false" }),
                ];
                add("sys_dictionary", key.clone(), &fields);
                for (sequence, (value, label)) in column.choices.iter().enumerate() {
                    let fields = [
                        ("name", table.name.as_str()),
                        ("element", &column.name),
                        ("value", value),
                        ("label", label),
                        ("language", "en"),
                        ("sequence", &sequence.to_string()),
                    ];
                    add("sys_choice", format!("{key}={value}"), &fields);
                }
            }
        }
        for (table, key, fields) in rows {
            self.add_fields(900, table, &key, fields);
        }
    }

    fn user(&mut self, user_name: &str, first: &str, last: &str) {
        let name = format!("{first} {last}");
        let email = format!("{user_name}@customer.example");
        let is_integration = if user_name == INTEGRATION_USER { "true" } else { "false" };
        let fields = [
            ("user_name", user_name),
            ("name", &name),
            ("first_name", first),
            ("last_name", last),
            ("email", &email),
            ("web_service_access_only", is_integration),
        ];
        self.add(400, "sys_user", user_name, &fields);
    }

    fn add(&mut self, days_ago: i64, table: &str, key: &str, fields: &[(&str, &str)]) {
        self.add_fields(days_ago, table, key, crate::servicenow::owned(fields));
    }

    fn add_fields(&mut self, days_ago: i64, table: &str, key: &str, mut fields: Fields) {
        let act = Act {
            at: self.now - Duration::days(days_ago),
            by: "admin",
            is_script: true,
        };
        fields.insert("sys_id".to_owned(), id(table, key));
        self.state
            .insert(act, table, &fields)
            .expect("the seed fits the tables");
    }
}

/// The sys_id of a seeded row.
fn id(table: &str, key: &str) -> String {
    derived_id(&format!("seed {table}"), key)
}

//! Who is there: colleagues with departments and time zones, their groups, companies, partners and contacts.
//!
//! Rows that every instance with demonstration data has keep the sys_ids they have there, since other clients'
//! suites name them.

use super::{AGENT, INTEGRATION_USER, Seed, id};

/// The sys_id that a row has on every instance with demonstration data.
pub(super) fn well_known(table: &str, key: &str) -> Option<&'static str> {
    let known = match (table, key) {
        ("sys_user", "admin") => "6816f79cc0a8016401c5a33be04be441",
        ("sys_user", "guest") => "5136503cc611227c0183e96598c4f706",
        ("sys_user", "itil") => "681b365ec0a80164000fb0b05854a0cd",
        ("sys_user", "employee") => "681ccaf9c0a8016400b98a06818d57c7",
        ("sys_user", "beth.anglin") => "46d44a23a9fe19810012d100cca80666",
        ("sys_user", "fred.luddy") => "5137153cc611227c000bbd1bd8cd2005",
        ("sys_user", "david.loo") => "5137153cc611227c000bbd1bd8cd2007",
        ("sys_user", "don.goodliffe") => "9ee1b13dc6112271007f9d0efdb69cd0",
        ("sys_user", "abel.tuter") => "62826bf03710200044e0bfc8bcbe5df1",
        ("sys_user", "luke.wilson") => "46b87022a9fe198101a78787e40d7547",
        ("sys_user", "howard.johnson") => "46ca0887a9fe19810191e08e51927ebf",
        ("sys_user", "natasha.ingram") => "46c5bf6ca9fe1981010713e3ac7d3384",
        ("sys_user", "problem.admin") => "26fbff173b331300ad3cc9bb34efc4bd",
        ("sys_user_role", "admin") => "2831a114c611228501d4ea6c309d626d",
        ("sys_user_role", "itil") => "282bf1fac6112285017366cb5f867469",
        ("cmn_department", "Finance") => "a581ab703710200044e0bfc8bcbe5de8",
        ("sys_user_group", "Service Desk") => "d625dccec0a8016700a222a0f7900d06",
        ("sys_user_group", "Network") => "287ebd7da9fe198100f92cc8d1d2154e",
        ("sys_user_group", "Database") => "287ee6fea9fe198100ada7950d0b1b73",
        ("sys_user_group", "Hardware") => "8a5055c9c61122780043563ef53438e3",
        ("sys_user_group", "Software") => "8a4dde73c6112278017a6a4baf547aa7",
        _ => return None,
    };
    Some(known)
}

/// The users without whom nothing can be done.
pub(super) fn minimum(seed: &mut Seed) {
    for colleague in COLLEAGUES.iter().take(MINIMUM) {
        user(seed, colleague);
    }
}

/// Everybody else, with what they belong to.
pub(super) fn everybody(seed: &mut Seed) {
    locations(seed);
    for colleague in COLLEAGUES.iter().skip(MINIMUM) {
        user(seed, colleague);
    }
    departments(seed);
    groups(seed);
    companies(seed);
}

struct Colleague {
    user_name: &'static str,
    first: &'static str,
    last: &'static str,
    title: &'static str,
    department: &'static str,
    location: &'static str,
    /// Empty: the zone of the instance.
    time_zone: &'static str,
    mobile_phone: &'static str,
}

const fn colleague(
    names: (&'static str, &'static str, &'static str),
    title: &'static str,
    department: &'static str,
    location: &'static str,
    time_zone: &'static str,
) -> Colleague {
    Colleague {
        user_name: names.0,
        first: names.1,
        last: names.2,
        title,
        department,
        location,
        time_zone,
        mobile_phone: "",
    }
}

const fn reachable(colleague: Colleague, mobile_phone: &'static str) -> Colleague {
    Colleague {
        mobile_phone,
        ..colleague
    }
}

/// How many of them an empty instance has.
const MINIMUM: usize = 3;

const COLLEAGUES: [Colleague; 46] = [
    colleague(
        ("admin", "System", "Administrator"),
        "System Administrator",
        "Finance",
        "Chicago",
        "",
    ),
    colleague(
        (INTEGRATION_USER, "Gridlink", "Integration"),
        "",
        "IT",
        "Chicago",
        "UTC",
    ),
    colleague(
        (AGENT, "Maria", "Santos"),
        "EDI Analyst",
        "Customer Support",
        "Chicago",
        "",
    ),
    colleague(
        ("tom.becker", "Tom", "Becker"),
        "EDI Analyst",
        "Customer Support",
        "Berlin",
        "Europe/Berlin",
    ),
    colleague(
        ("aisha.khan", "Aisha", "Khan"),
        "Logistics Coordinator",
        "Logistics",
        "Singapore",
        "Asia/Singapore",
    ),
    colleague(
        ("luc.moreau", "Luc", "Moreau"),
        "Accounts Payable Analyst",
        "Finance",
        "Berlin",
        "Europe/Paris",
    ),
    colleague(("guest", "", "Guest"), "", "", "", ""),
    colleague(("itil", "ITIL", "User"), "", "IT", "Chicago", ""),
    colleague(("employee", "Joe", "Employee"), "", "IT", "Chicago", ""),
    colleague(
        ("natasha.ingram", "Natasha", "Ingram"),
        "Chief Financial Officer",
        "Finance",
        "Chicago",
        "US/Central",
    ),
    reachable(
        colleague(
            ("beth.anglin", "Beth", "Anglin"),
            "Service Desk Lead",
            "IT",
            "Chicago",
            "US/Central",
        ),
        "+1 312 555 0148",
    ),
    colleague(
        ("fred.luddy", "Fred", "Luddy"),
        "Developer",
        "Development",
        "San Diego",
        "",
    ),
    reachable(
        colleague(("david.loo", "David", "Loo"), "Network Engineer", "IT", "San Diego", ""),
        "+1 619 555 0126",
    ),
    colleague(
        ("don.goodliffe", "Don", "Goodliffe"),
        "Developer",
        "Development",
        "San Diego",
        "",
    ),
    colleague(
        ("abel.tuter", "Abel", "Tuter"),
        "Product Manager",
        "Product Management",
        "San Diego",
        "",
    ),
    colleague(
        ("luke.wilson", "Luke", "Wilson"),
        "Database Engineer",
        "IT",
        "San Diego",
        "",
    ),
    colleague(
        ("howard.johnson", "Howard", "Johnson"),
        "Service Desk Agent",
        "IT",
        "Chicago",
        "US/Central",
    ),
    colleague(
        ("problem.admin", "Problem", "Administrator"),
        "Problem Manager",
        "IT",
        "Chicago",
        "",
    ),
    colleague(
        ("incident.manager", "Incident", "Manager"),
        "Incident Manager",
        "IT",
        "Chicago",
        "",
    ),
    colleague(
        ("change.manager", "Change", "Manager"),
        "Change Manager",
        "IT",
        "Chicago",
        "",
    ),
    colleague(
        ("knowledge.admin", "Knowledge", "Administrator"),
        "Knowledge Manager",
        "Customer Support",
        "Chicago",
        "",
    ),
    colleague(
        ("catalog.admin", "Catalog", "Administrator"),
        "Catalog Manager",
        "IT",
        "Chicago",
        "",
    ),
    colleague(
        ("csm.manager", "Grace", "Odhiambo"),
        "Customer Service Manager",
        "Customer Support",
        "Chicago",
        "US/Central",
    ),
    colleague(
        ("ines.ferreira", "Inês", "Ferreira"),
        "Customer Service Agent",
        "Customer Support",
        "Berlin",
        "Europe/Lisbon",
    ),
    colleague(
        ("kofi.mensah", "Kofi", "Mensah"),
        "Customer Service Agent",
        "Customer Support",
        "Berlin",
        "Africa/Accra",
    ),
    reachable(
        colleague(
            ("yuki.tanaka", "Yuki", "Tanaka"),
            "Document Control Lead",
            "Logistics",
            "Singapore",
            "Asia/Tokyo",
        ),
        "+65 6555 0117",
    ),
    colleague(
        ("priya.raman", "Priya", "Raman"),
        "Document Control Clerk",
        "Logistics",
        "Singapore",
        "Asia/Kolkata",
    ),
    colleague(
        ("sven.lindqvist", "Sven", "Lindqvist"),
        "Procurement Lead",
        "Procurement",
        "Berlin",
        "Europe/Stockholm",
    ),
    colleague(
        ("olga.novak", "Olga", "Novák"),
        "Buyer",
        "Procurement",
        "Berlin",
        "Europe/Prague",
    ),
    colleague(
        ("hannah.weiss", "Hannah", "Weiß"),
        "Tax Accountant",
        "Finance",
        "Berlin",
        "Europe/Berlin",
    ),
    colleague(
        ("carlos.mendez", "Carlos", "Méndez"),
        "Transport Planner",
        "Logistics",
        "Chicago",
        "America/Mexico_City",
    ),
    reachable(
        colleague(
            ("noah.fischer", "Noah", "Fischer"),
            "B2B Integration Engineer",
            "IT",
            "Berlin",
            "Europe/Berlin",
        ),
        "+49 30 5555 0193",
    ),
    colleague(
        ("emma.clark", "Emma", "Clark"),
        "B2B Integration Engineer",
        "IT",
        "Chicago",
        "US/Eastern",
    ),
    colleague(
        ("liam.oconnor", "Liam", "O'Connor"),
        "Compliance Analyst",
        "Customer Support",
        "Chicago",
        "Europe/Dublin",
    ),
    colleague(
        ("zanele.dube", "Zanele", "Dube"),
        "Partner Onboarding Manager",
        "Sales",
        "Berlin",
        "Africa/Johannesburg",
    ),
    colleague(
        ("peter.novotny", "Peter", "Novotny"),
        "Sales Director",
        "Sales",
        "Chicago",
        "US/Central",
    ),
    colleague(
        ("sofia.rossi", "Sofia", "Rossi"),
        "Key Account Manager",
        "Sales",
        "Berlin",
        "Europe/Rome",
    ),
    colleague(
        ("mei.chen", "Mei", "Chen"),
        "Quality Engineer",
        "Development",
        "Singapore",
        "Asia/Shanghai",
    ),
    colleague(
        ("omar.haddad", "Omar", "Haddad"),
        "Warehouse Supervisor",
        "Logistics",
        "Chicago",
        "US/Central",
    ),
    colleague(
        ("anna.kowalska", "Anna", "Kowalska"),
        "HR Business Partner",
        "HR",
        "Berlin",
        "Europe/Warsaw",
    ),
    colleague(
        ("samuel.okafor", "Samuel", "Okafor"),
        "Security Engineer",
        "IT",
        "Chicago",
        "Africa/Lagos",
    ),
    colleague(
        ("ruth.steiner", "Ruth", "Steiner"),
        "Head of Logistics",
        "Logistics",
        "Berlin",
        "Europe/Zurich",
    ),
    colleague(
        ("victor.hale", "Victor", "Hale"),
        "Head of Procurement",
        "Procurement",
        "Chicago",
        "US/Central",
    ),
    colleague(("diana.park", "Diana", "Park"), "IT Director", "IT", "San Diego", ""),
    colleague(
        ("nina.olsen", "Nina", "Olsen"),
        "Partner Access Manager",
        "Customer Support",
        "Berlin",
        "Europe/Oslo",
    ),
    colleague(
        ("ravi.patel", "Ravi", "Patel"),
        "Service Desk Agent",
        "IT",
        "Singapore",
        "Asia/Kolkata",
    ),
];

fn user(seed: &mut Seed, colleague: &Colleague) {
    let name = format!("{} {}", colleague.first, colleague.last);
    let email = match colleague.user_name {
        "admin" => "admin@example.com".to_owned(),
        other => format!("{other}@example.com"),
    };
    let is_integration = if colleague.user_name == INTEGRATION_USER {
        "true"
    } else {
        "false"
    };
    let reference = |table, key: &str| if key.is_empty() { String::new() } else { id(table, key) };
    let fields = [
        ("user_name", colleague.user_name),
        ("name", name.trim()),
        ("first_name", colleague.first),
        ("last_name", colleague.last),
        ("title", colleague.title),
        ("email", &email),
        ("mobile_phone", colleague.mobile_phone),
        ("time_zone", colleague.time_zone),
        ("department", &reference("cmn_department", colleague.department)),
        ("location", &reference("cmn_location", colleague.location)),
        (
            "user_password",
            if colleague.user_name == "admin" { "admin" } else { "" },
        ),
        ("web_service_access_only", is_integration),
        ("internal_integration_user", is_integration),
    ];
    seed.add(400, "sys_user", colleague.user_name, &fields);
}

const LOCATIONS: [(&str, &str, &str, &str); 4] = [
    ("Chicago", "225 West Wacker Drive", "United States", "US/Central"),
    ("San Diego", "4810 Eastgate Mall", "United States", "US/Pacific"),
    ("Berlin", "Friedrichstraße 68", "Germany", "Europe/Berlin"),
    ("Singapore", "8 Marina View", "Singapore", "Asia/Singapore"),
];

fn locations(seed: &mut Seed) {
    for (city, street, country, time_zone) in LOCATIONS {
        let full_name = format!("{street}, {city}, {country}");
        let fields = [
            ("name", city),
            ("full_name", &full_name),
            ("street", street),
            ("city", city),
            ("country", country),
            ("time_zone", time_zone),
        ];
        seed.add(900, "cmn_location", city, &fields);
    }
}

/// Name and head.
const DEPARTMENTS: [(&str, &str); 9] = [
    ("Finance", "natasha.ingram"),
    ("IT", "diana.park"),
    ("Development", "fred.luddy"),
    ("Product Management", "abel.tuter"),
    ("Customer Support", "csm.manager"),
    ("Logistics", "ruth.steiner"),
    ("Procurement", "victor.hale"),
    ("Sales", "peter.novotny"),
    ("HR", "anna.kowalska"),
];

fn departments(seed: &mut Seed) {
    for (number, (name, head)) in DEPARTMENTS.into_iter().enumerate() {
        let head = id("sys_user", head);
        let number = format!("{}", 1001 + number);
        let fields = [
            ("name", name),
            ("id", &number),
            ("dept_head", &head),
            ("primary_contact", &head),
            ("cost_center", &number),
        ];
        seed.add(800, "cmn_department", name, &fields);
    }
}

struct Group {
    name: &'static str,
    description: &'static str,
    manager: &'static str,
    members: &'static [&'static str],
}

const fn group(
    name: &'static str,
    description: &'static str,
    manager: &'static str,
    members: &'static [&'static str],
) -> Group {
    Group {
        name,
        description,
        manager,
        members,
    }
}

const GROUPS: [Group; 21] = [
    group(
        "EDI Support",
        "Failed and disputed EDI documents",
        "noah.fischer",
        &[AGENT, "tom.becker", "emma.clark"],
    ),
    group(
        "B2B Finance",
        "Invoices, tax data and payments of trading partners",
        "natasha.ingram",
        &["luc.moreau", "hannah.weiss"],
    ),
    group(
        "Logistics Exceptions",
        "Shipments, ship notices and proofs of delivery",
        "ruth.steiner",
        &["aisha.khan", "carlos.mendez", "omar.haddad"],
    ),
    group(
        "Trading Partner Compliance",
        "Labels, charge-backs and routing guides",
        "csm.manager",
        &["liam.oconnor"],
    ),
    group(
        "Customer Service",
        "First contact of every partner",
        "csm.manager",
        &[AGENT, "ines.ferreira", "kofi.mensah"],
    ),
    group(
        "Document Control",
        "Corrected shipping and trade documents",
        "yuki.tanaka",
        &["yuki.tanaka", "priya.raman"],
    ),
    group(
        "Procurement",
        "Orders, order changes and supplier terms",
        "victor.hale",
        &["sven.lindqvist", "olga.novak"],
    ),
    group(
        "B2B Integration",
        "Connections, certificates and maps",
        "noah.fischer",
        &["noah.fischer", "emma.clark"],
    ),
    group(
        "Partner Onboarding",
        "New partners and their access",
        "zanele.dube",
        &["zanele.dube", "sofia.rossi"],
    ),
    group(
        "Partner Access Approvers",
        "Decide who of a trading partner gets access",
        "nina.olsen",
        &["nina.olsen", "luc.moreau"],
    ),
    group(
        "IT Service Desk",
        "Hardware and mailboxes",
        "beth.anglin",
        &["ravi.patel", "tom.becker"],
    ),
    group(
        "Service Desk",
        "First line for colleagues",
        "beth.anglin",
        &["beth.anglin", "howard.johnson", "itil"],
    ),
    group("Network", "Networks and firewalls", "david.loo", &["david.loo"]),
    group("Database", "Databases", "luke.wilson", &["luke.wilson"]),
    group("Hardware", "Devices", "beth.anglin", &["howard.johnson"]),
    group(
        "Software",
        "Applications",
        "fred.luddy",
        &["fred.luddy", "don.goodliffe"],
    ),
    group(
        "Incident Management",
        "Major incidents",
        "incident.manager",
        &["incident.manager"],
    ),
    group(
        "Problem Solving",
        "Causes of repeated incidents",
        "problem.admin",
        &["problem.admin"],
    ),
    group(
        "CAB Approval",
        "Approves changes",
        "change.manager",
        &["change.manager", "diana.park"],
    ),
    group(
        "Knowledge Managers",
        "Own the knowledge bases",
        "knowledge.admin",
        &["knowledge.admin", "csm.manager"],
    ),
    group(
        "Catalog Managers",
        "Own the service catalog",
        "catalog.admin",
        &["catalog.admin"],
    ),
];

fn groups(seed: &mut Seed) {
    for group in &GROUPS {
        let email = format!("{}@example.com", group.name.to_lowercase().replace(' ', "."));
        let manager = id("sys_user", group.manager);
        let fields = [
            ("name", group.name),
            ("description", group.description),
            ("email", &email),
            ("manager", &manager),
        ];
        seed.add(200, "sys_user_group", group.name, &fields);
        for member in group.members {
            let (group_id, user_id) = (id("sys_user_group", group.name), id("sys_user", member));
            let fields = [("group", group_id.as_str()), ("user", user_id.as_str())];
            seed.add(190, "sys_user_grmember", &format!("{}/{member}", group.name), &fields);
        }
    }
    // A group of the same name that was given up: only the active one may be used.
    let given_up = [
        ("name", "EDI Support"),
        ("description", "Before the reorganization"),
        ("active", "false"),
    ];
    seed.add(900, "sys_user_group", "EDI Support, given up", &given_up);
}

/// Name, Trading Grid id, city, country, mail domain.
const PARTNERS: [(&str, &str, &str, &str, &str); 10] = [
    (
        "Northwind Components",
        "GC41543822654A",
        "Portland",
        "United States",
        "northwind.example",
    ),
    (
        "Contoso Retail",
        "GC00804444LX01",
        "Luxembourg",
        "Luxembourg",
        "contoso.example",
    ),
    (
        "Alder Ridge Foods",
        "GC17302945881B",
        "Minneapolis",
        "United States",
        "alderridge.example",
    ),
    (
        "Bluewater Freight",
        "GC22871034410C",
        "Rotterdam",
        "Netherlands",
        "bluewater.example",
    ),
    (
        "Castellan Pharma",
        "GC30915577260D",
        "Basel",
        "Switzerland",
        "castellan.example",
    ),
    (
        "Delmar Textiles",
        "GC48820019937E",
        "Porto",
        "Portugal",
        "delmar.example",
    ),
    (
        "Eastgate Electronics",
        "GC55120768834F",
        "Penang",
        "Malaysia",
        "eastgate.example",
    ),
    (
        "Fjordline Seafood",
        "GC63047712095G",
        "Bergen",
        "Norway",
        "fjordline.example",
    ),
    (
        "Harrow Automotive",
        "GC71966403128H",
        "Stuttgart",
        "Germany",
        "harrow.example",
    ),
    (
        "Ironbridge Steel",
        "GC80254491673J",
        "Birmingham",
        "United Kingdom",
        "ironbridge.example",
    ),
];

/// The names of the accounts.
pub(super) fn partners() -> impl Iterator<Item = &'static str> {
    PARTNERS.iter().map(|(name, ..)| *name)
}

/// The names of our groups.
pub(super) fn group_names() -> impl Iterator<Item = &'static str> {
    GROUPS.iter().map(|group| group.name)
}

/// The two people whom each partner names: first and last name, in the order of the partners.
const CONTACTS: [[(&str, &str); 2]; 10] = [
    [("Dana", "Whitfield"), ("Miguel", "Ortega")],
    [("Élodie", "Schmit"), ("Jonas", "Weber")],
    [("Karen", "Lund"), ("Tyler", "Brooks")],
    [("Pieter", "van Dijk"), ("Sanne", "de Boer")],
    [("Reto", "Ammann"), ("Claudia", "Frei")],
    [("Rui", "Carvalho"), ("Marta", "Lopes")],
    [("Wei Ling", "Tan"), ("Arif", "Rahman")],
    [("Ingrid", "Solberg"), ("Lars", "Haugen")],
    [("Jürgen", "Maier"), ("Sabine", "Köhler")],
    [("Alice", "Thornton"), ("George", "Pike")],
];

/// An account is a company too: `customer_account` extends `core_company`.
fn companies(seed: &mut Seed) {
    let own = [
        ("name", "Meridian Manufacturing"),
        ("city", "Chicago"),
        ("country", "United States"),
    ];
    seed.add(900, "core_company", "Meridian Manufacturing", &own);
    for ((name, trading_grid_id, city, country, domain), contacts) in PARTNERS.into_iter().zip(CONTACTS) {
        let website = format!("https://www.{domain}");
        let fields = [
            ("name", name),
            ("u_trading_grid_id", trading_grid_id),
            ("city", city),
            ("country", country),
            ("website", &website),
            ("customer", "true"),
        ];
        seed.add(300, "customer_account", name, &fields);
        for (first, last) in contacts {
            contact(seed, name, domain, first, last);
        }
    }
    // A partner known as a company, but not yet as an account.
    let company_only = [
        ("name", "Juniper Packaging"),
        ("u_trading_grid_id", "GC91408823357K"),
        ("city", "Vienna"),
        ("country", "Austria"),
        ("vendor", "true"),
    ];
    seed.add(280, "core_company", "Juniper Packaging", &company_only);
}

fn contact(seed: &mut Seed, account: &str, domain: &str, first: &str, last: &str) {
    let account = id("customer_account", account);
    let name = format!("{first} {last}");
    let plain: String = name
        .to_lowercase()
        .chars()
        .map(|c| match c {
            'a'..='z' => c,
            'é' => 'e',
            'ö' => 'o',
            'ü' => 'u',
            _ => '.',
        })
        .collect();
    let email = format!("{plain}@{domain}");
    let fields = [
        ("user_name", email.as_str()),
        ("name", &name),
        ("first_name", first),
        ("last_name", last),
        ("email", &email),
        ("company", &account),
        ("account", &account),
    ];
    seed.add(150, "customer_contact", &name, &fields);
}

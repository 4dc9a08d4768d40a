//! What the catalogs offer, with the questions of each item.

pub(super) const PARTNER_CATALOG: &str = "Trading Partner Services";
pub(super) const OFFICE_CATALOG: &str = "Service Catalog";
const APPROVERS: &str = "Partner Access Approvers";
const SERVICE_DESK: &str = "IT Service Desk";

pub(super) struct Item {
    pub(super) name: &'static str,
    pub(super) short_description: &'static str,
    pub(super) catalog: &'static str,
    pub(super) category: &'static str,
    pub(super) price: &'static str,
    pub(super) approvers: &'static str,
    pub(super) group: &'static str,
    /// One a line.
    pub(super) tasks: &'static str,
    pub(super) questions: &'static [Question],
}

pub(super) struct Question {
    pub(super) name: &'static str,
    pub(super) text: &'static str,
    pub(super) kind: Kind,
    pub(super) is_mandatory: bool,
}

#[derive(Clone, Copy)]
pub(super) enum Kind {
    Line,
    Lines,
    Mail,
    Date,
    YesNo,
    RequestedFor,
    /// Value and text of each choice.
    Select(&'static [(&'static str, &'static str)]),
}

pub(super) const fn must(name: &'static str, text: &'static str, kind: Kind) -> Question {
    Question {
        name,
        text,
        kind,
        is_mandatory: true,
    }
}

pub(super) const fn may(name: &'static str, text: &'static str, kind: Kind) -> Question {
    Question {
        name,
        text,
        kind,
        is_mandatory: false,
    }
}

const BUNDLES: Kind = Kind::Select(&[
    ("partner_viewer", "Viewer"),
    ("partner_operator", "Operator"),
    ("partner_finance", "Finance"),
    ("partner_administrator", "Administrator"),
]);
const ENVIRONMENTS: Kind = Kind::Select(&[("test", "Test"), ("production", "Production")]);
const COMPANY_ID: Question = must("company_id", "Trading Grid ID of the company", Kind::Line);
const LOGIN_ID: Question = must("login_id", "Login ID of the user", Kind::Line);
const ROLE_BUNDLE: Question = must("role_bundle", "Role bundle", BUNDLES);
const ENVIRONMENT: Question = must("environment", "Environment", ENVIRONMENTS);
const REASON: Question = must("reason", "Reason", Kind::Lines);
const LAST_ADMINISTRATOR: Question = may(
    "remove_last_administrator",
    "Remove the company's last administrator too?",
    Kind::YesNo,
);

pub(super) const ITEMS: [Item; 8] = [
    Item {
        name: "Onboard a trading partner",
        short_description: "Bring a company into the community with its first user",
        catalog: PARTNER_CATALOG,
        category: "Partner onboarding",
        price: "",
        approvers: APPROVERS,
        group: "EDI Support",
        tasks: "Set up the partner in the community\nConfirm the first test document",
        questions: &[
            must("company_name", "Name of the company", Kind::Line),
            may("company_id", "Trading Grid ID, if it has one", Kind::Line),
            must("trading_address", "Trading address, qualifier and ID", Kind::Line),
            must("contact_name", "Name of the first user", Kind::Line),
            must("contact_email", "E-mail of the first user", Kind::Mail),
            must("login_id", "Login ID of the first user", Kind::Line),
            ROLE_BUNDLE,
            ENVIRONMENT,
            may("go_live", "Wished date of go-live", Kind::Date),
            REASON,
        ],
    },
    Item {
        name: "Add a trading partner user",
        short_description: "Give one more person of a partner access to the community",
        catalog: PARTNER_CATALOG,
        category: "Partner access",
        price: "",
        approvers: APPROVERS,
        group: "EDI Support",
        tasks: "Create the user in the community",
        questions: &[
            COMPANY_ID,
            must("first_name", "First name", Kind::Line),
            must("last_name", "Last name", Kind::Line),
            must("contact_email", "E-mail", Kind::Mail),
            LOGIN_ID,
            ROLE_BUNDLE,
            ENVIRONMENT,
            REASON,
        ],
    },
    Item {
        name: "Change a trading partner user's roles",
        short_description: "Replace the role bundle of a partner's user",
        catalog: PARTNER_CATALOG,
        category: "Partner access",
        price: "",
        approvers: APPROVERS,
        group: "EDI Support",
        tasks: "Change the roles in the community",
        questions: &[
            COMPANY_ID,
            LOGIN_ID,
            ROLE_BUNDLE,
            ENVIRONMENT,
            LAST_ADMINISTRATOR,
            REASON,
        ],
    },
    Item {
        name: "Remove a trading partner user's access",
        short_description: "Take a person's access to the community away",
        catalog: PARTNER_CATALOG,
        category: "Partner access",
        price: "",
        approvers: APPROVERS,
        group: "EDI Support",
        tasks: "Remove the user from the community",
        questions: &[COMPANY_ID, LOGIN_ID, ENVIRONMENT, LAST_ADMINISTRATOR, REASON],
    },
    Item {
        name: "Off-board a trading partner",
        short_description: "End a partner's access with all of its users",
        catalog: PARTNER_CATALOG,
        category: "Partner onboarding",
        price: "",
        approvers: APPROVERS,
        group: "EDI Support",
        tasks: "Remove the partner's users from the community",
        questions: &[
            COMPANY_ID,
            must("company_name", "Name of the company", Kind::Line),
            may("effective_date", "Last day of access", Kind::Date),
            LAST_ADMINISTRATOR,
            REASON,
        ],
    },
    Item {
        name: "Standard Laptop",
        short_description: "14 inch, 16 GB, for office work",
        catalog: OFFICE_CATALOG,
        category: "Hardware",
        price: "USD;1100.00",
        approvers: "",
        group: SERVICE_DESK,
        tasks: "Prepare the laptop\nHand it over",
        questions: &[
            may("requested_for", "Who is it for?", Kind::RequestedFor),
            may("additional_software", "Additional software", Kind::Lines),
        ],
    },
    Item {
        name: "External Monitor",
        short_description: "27 inch",
        catalog: OFFICE_CATALOG,
        category: "Hardware",
        price: "USD;249.00",
        approvers: "",
        group: SERVICE_DESK,
        tasks: "Deliver the monitor",
        questions: &[],
    },
    Item {
        name: "Shared Mailbox",
        short_description: "A mailbox for several people",
        catalog: OFFICE_CATALOG,
        category: "E-mail",
        price: "",
        approvers: "",
        group: SERVICE_DESK,
        tasks: "Create the mailbox",
        questions: &[
            must("mailbox_name", "Name of the mailbox", Kind::Line),
            must("members", "Who reads it?", Kind::Lines),
        ],
    },
];

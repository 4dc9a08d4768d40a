//! The articles of both knowledge bases.

pub(super) const PARTNER_BASE: &str = "Trading Partner Help";
pub(super) const INTERNAL_BASE: &str = "Internal Operations";

pub(super) struct Article {
    pub(super) title: &'static str,
    pub(super) base: &'static str,
    pub(super) category: &'static str,
    pub(super) text: &'static str,
    pub(super) days_ago: i64,
    pub(super) state: &'static str,
    pub(super) views: &'static str,
}

/// The text of an article in `documents/knowledge`.
macro_rules! text {
    ($name:literal) => {
        include_str!(concat!("../../../documents/knowledge/", $name, ".html"))
    };
}

pub(super) const ACKNOWLEDGEMENTS: &str = "Reading a functional acknowledgement (997)";
pub(super) const CERTIFICATES: &str = "Exchanging AS2 certificates without losing messages";
pub(super) const ROUTING_GUIDE: &str = "Routing guide for Contoso Retail";
pub(super) const INVOICES: &str = "Sending an invoice (810) that is accepted the first time";

/// The second text of the guide to acknowledgements.
pub(super) const SECOND_VERSION: &str = text!("acknowledgement-997");

pub(super) const ARTICLES: [Article; 14] = [
    Article {
        title: INVOICES,
        base: PARTNER_BASE,
        category: "Document guides",
        text: text!("invoice-810"),
        days_ago: 210,
        state: "published",
        views: "412",
    },
    Article {
        title: "Ship notices (856): levels and quantities",
        base: PARTNER_BASE,
        category: "Document guides",
        text: text!("ship-notice-856"),
        days_ago: 205,
        state: "published",
        views: "388",
    },
    Article {
        title: ACKNOWLEDGEMENTS,
        base: PARTNER_BASE,
        category: "Document guides",
        text: text!("acknowledgement-997-first"),
        days_ago: 200,
        state: "published",
        views: "97",
    },
    Article {
        title: CERTIFICATES,
        base: PARTNER_BASE,
        category: "Connections",
        text: text!("as2-certificates"),
        days_ago: 190,
        state: "published",
        views: "251",
    },
    Article {
        title: "Labels with an SSCC",
        base: PARTNER_BASE,
        category: "Document guides",
        text: text!("sscc-labels"),
        days_ago: 185,
        state: "published",
        views: "143",
    },
    Article {
        title: "Order changes (860) and their answers",
        base: PARTNER_BASE,
        category: "Document guides",
        text: text!("order-change-860"),
        days_ago: 180,
        state: "published",
        views: "88",
    },
    Article {
        title: "Testing a map before go-live",
        base: PARTNER_BASE,
        category: "First steps",
        text: text!("testing-a-map"),
        days_ago: 170,
        state: "published",
        views: "176",
    },
    Article {
        title: "What to tell us when you open an issue",
        base: PARTNER_BASE,
        category: "First steps",
        text: text!("opening-an-issue"),
        days_ago: 165,
        state: "published",
        views: "301",
    },
    Article {
        title: ROUTING_GUIDE,
        base: PARTNER_BASE,
        category: "Document guides",
        text: text!("contoso-routing-guide"),
        days_ago: 120,
        state: "published",
        views: "19",
    },
    Article {
        title: "DESADV in place of the 856",
        base: PARTNER_BASE,
        category: "Document guides",
        text: text!("desadv"),
        days_ago: 6,
        state: "draft",
        views: "0",
    },
    Article {
        title: "Leaving files on our FTP server",
        base: PARTNER_BASE,
        category: "Connections",
        text: text!("ftp-access"),
        days_ago: 800,
        state: "published",
        views: "54",
    },
    Article {
        title: "A stuck interchange",
        base: INTERNAL_BASE,
        category: "Runbooks",
        text: text!("stuck-interchange"),
        days_ago: 300,
        state: "published",
        views: "66",
    },
    Article {
        title: "Who decides on charge-backs",
        base: INTERNAL_BASE,
        category: "Runbooks",
        text: text!("charge-back-decisions"),
        days_ago: 280,
        state: "published",
        views: "41",
    },
    Article {
        title: "Changing our own AS2 certificate",
        base: INTERNAL_BASE,
        category: "Runbooks",
        text: text!("own-certificate"),
        days_ago: 150,
        state: "published",
        views: "12",
    },
];

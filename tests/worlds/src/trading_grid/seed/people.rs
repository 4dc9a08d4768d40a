//! The users of the companies. Those that sample events and OpenText's request collections name keep their ids.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::companies::{CONTOSO, HALVORSEN, MERIDIAN, NORTHWIND};
use crate::trading_grid::community::{Members, User, user_id};

/// Company, user id, loginId, first and last name, roles.
type Row = (
    &'static str,
    &'static str,
    &'static str,
    [&'static str; 2],
    &'static [&'static str],
);

const KNOWN: [Row; 6] = [
    // The placeholder of OpenText's two request collections, one on each grid.
    (
        MERIDIAN,
        "GCP6U3F660I61",
        "validuserid@somewhere.com",
        ["Firstname", "Lastname"],
        &["Account Admin", "Community Viewer", "Lens Standard role"],
    ),
    (
        HALVORSEN,
        "GCPHO01O61184",
        "validuserid@somewhere.com",
        ["Firstname", "Lastname"],
        &["Account Admin", "Lens Standard Role", "OCC User"],
    ),
    // Left the company, and can be deleted.
    (
        MERIDIAN,
        "GCP1L8V740E26",
        "oscar.brandt@meridian.example",
        ["Oscar", "Brandt"],
        &["Community Viewer"],
    ),
    (
        NORTHWIND,
        "GCP4N8W225A19",
        "ada.okafor@northwind.example",
        ["Ada", "Okafor"],
        &["Community Viewer", "Lens Standard role"],
    ),
    (
        NORTHWIND,
        "GCP4N8W225D07",
        "dana.whitfield@northwind.example",
        ["Dana", "Whitfield"],
        &["Account Admin", "Partner Admin", "Lens Standard role"],
    ),
    (
        CONTOSO,
        "GCP7K2D114Q08",
        "liu.wen@contoso.example",
        ["Liu", "Wen"],
        &["Community Viewer", "Restricted Visibility custom"],
    ),
];

const FIRST_NAMES: [&str; 14] = [
    "Amara", "Bruno", "Carla", "Dmitri", "Elena", "Farid", "Greta", "Hugo", "Ines", "Jonas", "Keiko", "Lars", "Mina",
    "Noor",
];
const LAST_NAMES: [&str; 11] = [
    "Abbott", "Bergman", "Castro", "Duval", "Egede", "Fischer", "Grant", "Hansen", "Ito", "Jensen", "Kowalski",
];
const USUAL_ROLES: [&str; 4] = [
    "Account Admin",
    "Partner Admin",
    "Security Admin",
    "Active Integrity User",
];

pub(super) fn add(members: &mut Members) {
    for (company, id, login_id, name, roles) in KNOWN {
        insert(members, company, id, login_id, name, roles);
    }
    let companies: Vec<String> = members.companies.keys().cloned().collect();
    for (number, company) in companies.iter().enumerate() {
        for place in 0..3 {
            let one = number * 3 + place;
            let name = [FIRST_NAMES[one % FIRST_NAMES.len()], LAST_NAMES[one % LAST_NAMES.len()]];
            let login_id = format!("{}.{}@{}", name[0], name[1], domain(members, company)).to_lowercase();
            let roles = &USUAL_ROLES[..=place];
            let id = user_id("seeded user", one);
            insert(members, company, &id, &login_id, name, roles);
        }
    }
}

fn domain(members: &Members, company: &str) -> String {
    let name = members.company(company).map_or("", |company| &company.company_name);
    let word = name.split(' ').next().unwrap_or_default().to_lowercase();
    format!("{word}.example")
}

fn insert(members: &mut Members, company: &str, id: &str, login_id: &str, name: [&str; 2], roles: &[&str]) {
    let address = members.company(company).map(|company| company.address.clone());
    let Value::Object(profile) = json!({
        "address": address,
        "contactInformation": {
            "email": login_id,
            "faxNumber": "",
            "mobile": "",
            "phoneNumber": "5550100",
            "phoneNumberExtention": "",
        },
        "firstName": name[0],
        "lastName": name[1],
        "isConsentClause": "No",
        "isDayLightSavingsTimeObserved": "No",
        "isRequiredOpenTextMarketingMaterials": "No",
        "preferredDateFormat": "MM/dd/yy",
        "preferredLanguage": "en",
        "preferredTimezone": "America/New_York",
        "type": "Web",
    }) else {
        unreachable!("the profile above is an object")
    };
    let user = User {
        company_id: company.to_owned(),
        user_id: id.to_owned(),
        login_id: login_id.to_owned(),
        profile,
        roles: roles.iter().map(|&role| role.to_owned()).collect::<BTreeSet<String>>(),
    };
    members.users.insert((company.to_owned(), id.to_owned()), user);
}

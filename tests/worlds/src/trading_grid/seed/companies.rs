//! Two sponsors and a dozen partners. Ids and names agree with the seed of the ServiceNow world and the sample events.
//!
//! OpenText's request collections name `GC00804444LX`, `GC51278300AS`, `GC041543822654` (Verona Vittles) and the
//! addresses that begin with `ZZ:DEMO`; they are here so that those requests find something. The names are ours.

use crate::trading_grid::community::{Address, Company, Members};

pub(crate) const MERIDIAN: &str = "GC00804444LX";
/// On the beta grid, whose request collection names it.
pub(crate) const HALVORSEN: &str = "GC51278300AS";
pub(crate) const NORTHWIND: &str = "GC41543822654A";
pub(crate) const CONTOSO: &str = "GC00804444LX01";
pub(crate) const HARROW: &str = "GC71966403128H";
pub(crate) const VERONA: &str = "GC041543822654";

/// Id, name, street, city, postal code, state, country, trading addresses, segments.
type Row = (
    &'static str,
    &'static str,
    [&'static str; 5],
    &'static [&'static str],
    &'static [&'static str],
);

const SPONSORS: [Row; 2] = [
    (
        MERIDIAN,
        "Meridian Manufacturing",
        ["1400 West Fulton Street", "Chicago", "60607", "IL", "US"],
        &["01:147678796", "01:118429733"],
        &[],
    ),
    (
        HALVORSEN,
        "Halvorsen Retail Group",
        ["88 Harbor Avenue", "Duluth", "55802", "MN", "US"],
        &["ZZ:HALVORSEN", "12:2185550142"],
        &[],
    ),
];

const PARTNERS: [Row; 12] = [
    (
        NORTHWIND,
        "Northwind Components",
        ["212 Alder Street", "Portland", "97205", "OR", "US"],
        &["ZZ:NORTHWIND", "01:415438226"],
        &["supplier"],
    ),
    (
        CONTOSO,
        "Contoso Retail",
        ["4 Rue du Fort", "Luxembourg", "1446", "", "LU"],
        &["ZZ:CONTOSO", "01:008044441", "ZZ:DEMORETAILER"],
        &["retailer"],
    ),
    (
        "GC17302945881B",
        "Alder Ridge Foods",
        ["900 Mill District", "Minneapolis", "55401", "MN", "US"],
        &["ZZ:ALDERRIDGE", "08:9173029458"],
        &["supplier", "food"],
    ),
    (
        "GC22871034410C",
        "Bluewater Freight",
        ["17 Waalhaven Oostzijde", "Rotterdam", "3087", "", "NL"],
        &["02:BLWF", "ZZ:BLUEWATER"],
        &["carrier"],
    ),
    (
        "GC30915577260D",
        "Castellan Pharma",
        ["31 Rheinsprung", "Basel", "4051", "", "CH"],
        &["14:7612309155772"],
        &["supplier", "regulated"],
    ),
    (
        "GC48820019937E",
        "Delmar Textiles",
        ["5 Rua de Cedofeita", "Porto", "4050", "", "PT"],
        &["14:5604882001997"],
        &["supplier"],
    ),
    (
        "GC55120768834F",
        "Eastgate Electronics",
        ["72 Jalan Hospital", "Penang", "10450", "", "MY"],
        &["ZZ:EASTGATE", "01:551207688"],
        &["supplier"],
    ),
    (
        "GC63047712095G",
        "Fjordline Seafood",
        ["9 Bontelabo", "Bergen", "5003", "", "NO"],
        &["14:7086304771209"],
        &["supplier", "food"],
    ),
    (
        HARROW,
        "Harrow Automotive",
        ["44 Mercedesstrasse", "Stuttgart", "70372", "", "DE"],
        &["ZZ:HARROW", "ZZ:DEMOAUTO"],
        &["supplier"],
    ),
    (
        "GC80254491673J",
        "Ironbridge Steel",
        ["1 Foundry Lane", "Birmingham", "B1 2RA", "", "GB"],
        &["14:5018025449167"],
        &["supplier"],
    ),
    (
        "GC91408823357K",
        "Juniper Packaging",
        ["60 Handelskai", "Vienna", "1200", "", "AT"],
        &["ZZ:JUNIPER", "14:9009140882335"],
        &["supplier"],
    ),
    (
        VERONA,
        "Verona Vittles",
        ["3 Orchard Road", "Madison", "53703", "WI", "US"],
        &["ZZ:DEMOSUPPLIER5"],
        &["supplier", "food"],
    ),
];

/// Who trades with the second sponsor; the first trades with all.
const HALVORSENS: [&str; 7] = [
    CONTOSO,
    "GC17302945881B",
    "GC22871034410C",
    "GC48820019937E",
    "GC63047712095G",
    HARROW,
    VERONA,
];

pub(super) fn add(members: &mut Members) {
    for row in SPONSORS {
        let mut company = company(row, true);
        company.is_on_beta = company.company_id == HALVORSEN;
        members.add(company, &[]);
    }
    for row in PARTNERS {
        let mut sponsors = vec![MERIDIAN.to_owned()];
        if HALVORSENS.contains(&row.0) {
            sponsors.push(HALVORSEN.to_owned());
        }
        members.add(company(row, false), &sponsors);
    }
}

fn company(
    (id, name, [street, city, postal_code, state, country], addresses, segments): Row,
    is_sponsor: bool,
) -> Company {
    let owned = |texts: &[&str]| texts.iter().map(|&text| text.to_owned()).collect();
    Company {
        company_id: id.to_owned(),
        company_name: name.to_owned(),
        address: Address {
            address_line1: street.to_owned(),
            address_line2: String::new(),
            city: city.to_owned(),
            country_code: country.to_owned(),
            postal_code: postal_code.to_owned(),
            state: state.to_owned(),
        },
        trading_addresses: owned(addresses),
        is_sponsor,
        segments: owned(segments),
        is_on_beta: false,
        role_names: Vec::new(),
    }
}

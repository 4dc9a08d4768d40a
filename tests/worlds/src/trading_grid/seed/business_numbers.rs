//! The business numbers of seeded exchanges.

use super::companies::HALVORSEN;
use crate::trading_grid::community::Company;
use crate::trading_grid::lens::ExchangeSeed;

/// Business numbers: the ten kinds of one relation in one period speak of one order.
pub(super) fn with_numbers(
    mut seed: ExchangeSeed,
    sponsor: &Company,
    x12: &str,
    relation: u64,
    period: u64,
    number: u64,
) -> ExchangeSeed {
    let order = 12_345 + relation * 31 + period * 7;
    let order = match (sponsor.company_id.as_str(), relation % 4) {
        (HALVORSEN, _) => format!("SYS{order}"),
        (_, 1) => format!("CV{order}"),
        _ => format!("45000{order}"),
    };
    let amount = format!("{}.{:02}", 1_200 + number * 13 % 9_000, number % 100);
    let mut key = |name: &str, value: String| {
        seed.business_keys.insert(name.to_owned(), value);
    };
    match x12 {
        "850" | "855" | "860" => {
            key("purchase order number", order);
            key("purchase order amount", amount);
            key("ship to", format!("DC{:02}", 1 + relation % 6));
            if x12 == "860" {
                key("release number", format!("R{}", 1 + number % 9));
            }
        }
        "856" => {
            key("purchase order number", order);
            key("shipment identification", format!("SHP-{}", 80_000 + number));
            key("ship from", format!("W{:02}", 1 + relation % 4));
        }
        "214" => {
            key("pronum", format!("PRO{}", 5_500_000 + number));
            key("SCAC", "BLWF".to_owned());
            key(
                "shipment status code",
                ["AF", "X1", "D1"][usize::try_from(number % 3).unwrap_or(0)].to_owned(),
            );
            key("shipment identification", format!("SHP-{}", 80_000 + number));
        }
        "810" => {
            key("invoice number", format!("INV-{}", 70_000 + number));
            key("purchase order number", order);
            key("invoice amount", amount);
        }
        "820" => {
            key("reference number", format!("PAY-{}", 30_000 + number));
            key("total amount", amount);
            key("total transaction count", (1 + number % 8).to_string());
        }
        "997" => key("original message", format!("{:09}", 2_000 + number)),
        _ => {
            key("reference id", format!("ADV-{}", 9_000 + number));
            key("original message", format!("{:09}", 2_000 + number));
        }
    }
    seed
}

//! Amounts: stored as `USD;1299.00`, shown as `$1,299.00`. This instance knows US dollars only.

/// The cents of a stored amount; none for an empty or unreadable one.
pub(crate) fn cents(stored: &str) -> i64 {
    let amount = stored.split_once(';').map_or(stored, |(_, amount)| amount);
    let (whole, fraction) = amount.split_once('.').unwrap_or((amount, "0"));
    let digits: String = fraction.chars().chain("00".chars()).take(2).collect();
    match (whole.parse::<i64>(), digits.parse::<i64>()) {
        (Ok(whole), Ok(fraction)) => whole.saturating_mul(100).saturating_add(fraction),
        _ => 0,
    }
}

pub(crate) fn stored(cents: i64) -> String {
    format!("USD;{}.{:02}", cents / 100, cents % 100)
}

pub(crate) fn shown(cents: i64) -> String {
    let digits = (cents / 100).to_string();
    let mut whole = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            whole.push(',');
        }
        whole.push(digit);
    }
    format!("${whole}.{:02}", cents % 100)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_amount_is_shown_with_its_thousands() {
        assert_eq!(shown(cents("USD;1299.5")), "$1,299.50");
        assert_eq!(shown(cents("USD;1234567.00")), "$1,234,567.00");
        assert_eq!(shown(cents("")), "$0.00");
        assert_eq!(stored(cents("USD;600.05")), "USD;600.05");
    }
}

//! What no call log may show: credentials in queries and in JSON.

use serde_json::Value;

const MASK: &str = "********";

/// The raw query, without the values of credentials.
pub(crate) fn without_secrets(query: &str) -> String {
    let pairs = query.split('&').map(|pair| match pair.split_once('=') {
        Some((name, _)) if is_secret(name) => format!("{name}={MASK}"),
        Some(_) | None => pair.to_owned(),
    });
    pairs.collect::<Vec<String>>().join("&")
}

/// The same JSON, without the values of members that hold credentials.
pub(crate) fn hide_secrets(value: &mut Value) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                if is_secret(name) && !member.is_null() {
                    *member = Value::from(MASK);
                } else {
                    hide_secrets(member);
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(hide_secrets),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn is_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    matches!(name.as_str(), "x-sn-apikey" | "client_secret" | "refresh_token") || name.contains("password")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn credentials_are_masked_and_nothing_else() {
        assert_eq!(
            without_secrets("sysparm_limit=1&x-sn-apikey=k1&client_secret=s&flag"),
            "sysparm_limit=1&x-sn-apikey=********&client_secret=********&flag"
        );
        assert_eq!(without_secrets(""), "");
        let mut body = json!([{ "user_name": "ada", "user_password": "pw", "nested": { "client_secret": "s" } }]);
        hide_secrets(&mut body);
        assert_eq!(
            body,
            json!([{ "user_name": "ada", "user_password": MASK, "nested": { "client_secret": MASK } }])
        );
    }
}

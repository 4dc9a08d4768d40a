//! From an operation's name to the database's method.

use dynoxide::{Database, DynoxideError};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// `None`: there is no such operation here.
pub(super) fn execute(database: &Database, operation: &str, request: Value) -> Option<Result<Value, DynoxideError>> {
    let answer = match operation {
        "PutItem" => run(request, |request| database.put_item(request)),
        "GetItem" => run(request, |request| database.get_item(request)),
        "UpdateItem" => run(request, |request| database.update_item(request)),
        "DeleteItem" => run(request, |request| database.delete_item(request)),
        "Query" => run(request, |request| database.query(request)),
        "Scan" => run(request, |request| database.scan(request)),
        "BatchGetItem" => run(request, |request| database.batch_get_item(request)),
        "BatchWriteItem" => run(request, |request| database.batch_write_item(request)),
        "TransactGetItems" => run(request, |request| database.transact_get_items(request)),
        "TransactWriteItems" => run(request, |request| database.transact_write_items(request)),
        "CreateTable" => run(request, |request| database.create_table(request)),
        "DescribeTable" => run(request, |request| database.describe_table(request)),
        "UpdateTimeToLive" => run(request, |request| database.update_time_to_live(request)),
        "DescribeTimeToLive" => run(request, |request| database.describe_time_to_live(request)),
        _ => return None,
    };
    Some(answer)
}

fn run<Request: DeserializeOwned, Response: Serialize>(
    request: Value,
    act: impl FnOnce(Request) -> Result<Response, DynoxideError>,
) -> Result<Value, DynoxideError> {
    let request = serde_json::from_value(request).map_err(|error| unreadable(&error))?;
    let response = act(request)?;
    serde_json::to_value(response).map_err(|error| DynoxideError::InternalServerError(error.to_string()))
}

/// `dynoxide` marks what kind of refusal a request is that it cannot read.
/// The markers are its own and undocumented: an unknown one shows in the message of a test.
fn unreadable(error: &serde_json::Error) -> DynoxideError {
    let message = error.to_string();
    let rest_after = |markers: &[&str]| {
        let rest = markers.iter().find_map(|it| message.strip_prefix(it));
        rest.map(str::to_owned)
    };
    if let Some(rest) = rest_after(&["VALIDATION_REQUEST:"]) {
        return DynoxideError::EnvelopedValidation(rest);
    }
    if let Some(rest) = rest_after(&["VALIDATION_AS_READ:", "VALIDATION:"]) {
        return DynoxideError::ValidationException(rest);
    }
    if let Some(rest) = rest_after(&["SERIALIZATION_AS_READ:", "SERIALIZATION:"]) {
        return DynoxideError::SerializationException(rest);
    }
    let is_type_mismatch = message.starts_with("invalid type") && !message.starts_with("invalid type: null");
    if is_type_mismatch {
        DynoxideError::SerializationException(message)
    } else {
        DynoxideError::ValidationException(message)
    }
}

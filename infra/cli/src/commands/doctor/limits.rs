//! What the instance lets through: files, requests; and whether the app is there.

use shared::clients::Clients;
use shared::domain::TableName;
use shared::mapping::Mapping;
use shared::servicenow::{Error, Field, Query, Select};

use super::instance::unclear;
use super::{Findings, Level};

/// The longest file, in MB, and the extensions that files may have; empty for all.
const MAX_SIZE: &str = "com.glide.attachment.max_size";
const EXTENSIONS: &str = "glide.attachment.extensions";
/// The limit of an instance that was never set, in MB.
const DEFAULT_SIZE: u64 = 1024;
/// Fewer requests an hour are used up by a few hundred events.
const FEW: u64 = 2000;

/// Attachments, requests and the app.
pub(super) async fn limits(clients: &Clients, mapping: &Mapping, found: &mut Findings) {
    attachments(clients, mapping, found).await;
    match clients.servicenow.rate_limit() {
        Some(limit) if limit.limit < FEW => {
            let rule = limit
                .rule
                .map(|rule| format!(" (sys_rate_limit_rules {rule})"))
                .unwrap_or_default();
            found.add(
                "rate-limit",
                Level::Warning,
                format!("ServiceNow lets {} requests an hour through", limit.limit),
                format!("a rule of the instance matches the integration user{rule}"),
                "raise the rule, or give the integration user one of its own",
            );
        }
        Some(limit) => found.ok(
            "rate-limit",
            format!("ServiceNow lets {} requests an hour through", limit.limit),
        ),
        None => found.ok("rate-limit", "no rate limit rule of ServiceNow matches our requests"),
    }
    match clients.servicenow.app_health().await {
        Ok(None) if clients.writes_through_app => found.add(
            "app",
            Level::Problem,
            "the app is not installed, and comments and work notes wait for it",
            "the parameter ServiceNowApp of the stack is installed",
            "install the app, or deploy with ServiceNowApp=absent",
        ),
        Ok(None) => found.add(
            "app",
            Level::Note,
            "the app is not installed: changes are found by polls alone",
            "",
            "",
        ),
        Ok(Some(app)) if !app.active || app.connection != "configured" => {
            let cause = match app.active {
                true => format!("its connection is {}", app.connection),
                false => "its property x_gridlink.active is false".to_owned(),
            };
            let remedy = "finish its settings in ServiceNow; until then changes are found by polls alone";
            found.add(
                "app",
                Level::Warning,
                format!("the app {} sends nothing", app.version),
                cause,
                remedy,
            );
        }
        Ok(Some(app)) if app.dead > 0 => found.add(
            "app",
            Level::Warning,
            format!("the app {} gave {} events up", app.version, app.dead),
            "the webhook refused them, or could not be reached for long",
            "mend that, and let it send them again in its outbox; polls have found them since",
        ),
        Ok(Some(app)) if !clients.writes_through_app => found.add(
            "app",
            Level::Note,
            format!("the app {} sends; comments and work notes go past it", app.version),
            "the parameter ServiceNowApp of the stack is absent",
            "deploy with ServiceNowApp=installed, so that each is written once whatever stands still",
        ),
        Ok(Some(app)) => found.ok(
            "app",
            format!("the app {} sends and writes; {} events wait", app.version, app.waiting),
        ),
        Err(error) => unclear(found, "app", "the health of the app", &error),
    }
}

async fn attachments(clients: &Clients, mapping: &Mapping, found: &mut Findings) {
    let rows = properties(clients).await;
    let rows = match rows {
        Ok(rows) => rows,
        // It needs no right to: nobody else's properties are its business.
        Err(error) if error.status() == Some(403) => {
            let what = "the limits of attachments are hidden from the integration user, as they may be";
            let cause = format!("sys_properties cannot be read; {MAX_SIZE} and {EXTENSIONS} say what ServiceNow takes");
            return found.add("attachments", Level::Note, what, cause, "");
        }
        Err(error) => return unclear(found, "attachments", "the limits of attachments", &error),
    };
    let value = |name: &str| {
        rows.iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.trim())
    };
    let most = value(MAX_SIZE)
        .and_then(|size| size.parse().ok())
        .unwrap_or(DEFAULT_SIZE);
    let wanted = mapping.documents.max_bytes;
    if most.saturating_mul(1024 * 1024) < wanted {
        found.add(
            "attachments",
            Level::Warning,
            format!("ServiceNow takes files of at most {most} MB, the mapping of {wanted} bytes"),
            format!("the property {MAX_SIZE}"),
            "raise the property, or lower documents.max_bytes in the mapping: larger files are refused",
        );
    } else {
        found.ok("attachments", format!("ServiceNow takes files of up to {most} MB"));
    }
    if let Some(extensions) = value(EXTENSIONS).filter(|list| !list.is_empty()) {
        let what = format!("ServiceNow takes files with these extensions alone: {extensions}");
        found.add(
            "attachments",
            Level::Note,
            what,
            format!("the property {EXTENSIONS}"),
            "",
        );
    }
}

/// The properties about attachments that are set and that we may read.
async fn properties(clients: &Clients) -> Result<Vec<(String, String)>, Error> {
    let query = Query::new().and(const { Field::known("name") }.one_of([MAX_SIZE, EXTENSIONS])?);
    let Ok(table) = TableName::try_from("sys_properties".to_owned()) else {
        return Ok(Vec::new());
    };
    let rows = clients
        .servicenow
        .find(&table, query, Select::named(["name", "value"])?)?
        .all(10)
        .await?;
    Ok(rows
        .iter()
        .map(|row| (row.text("name").to_owned(), row.text("value").to_owned()))
        .collect())
}

//! The contract itself: request bodies are checked against the schemas of `infra/collaboration.openapi.yaml`.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use jsonschema::Validator;
use serde_json::{Value, json};

use crate::trading_grid::problems::{Kind, Problem};

/// The OpenAPI document.
pub(crate) static CONTRACT: LazyLock<Value> = LazyLock::new(|| {
    serde_saphyr::from_str(include_str!("../../../../../infra/collaboration.openapi.yaml"))
        .unwrap_or_else(|error| unreachable!("our own contract is YAML: {error}"))
});

/// The bodies that a write may have, by the name of their schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Body {
    StatusReport,
    NewComment,
    ClosureReport,
    EscalationReport,
    MilestoneReport,
    NewMessage,
    NewDocumentRequest,
    FulfilmentReport,
    OutcomeReport,
    ArticleReport,
    Withdrawal,
    OnboardingReport,
}

impl Body {
    pub(crate) const ALL: [Body; 12] = [
        Body::StatusReport,
        Body::NewComment,
        Body::ClosureReport,
        Body::EscalationReport,
        Body::MilestoneReport,
        Body::NewMessage,
        Body::NewDocumentRequest,
        Body::FulfilmentReport,
        Body::OutcomeReport,
        Body::ArticleReport,
        Body::Withdrawal,
        Body::OnboardingReport,
    ];

    fn validator(self) -> &'static Validator {
        static VALIDATORS: LazyLock<BTreeMap<Body, Validator>> =
            LazyLock::new(|| Body::ALL.map(|body| (body, validator(&format!("{body:?}")))).into());
        &VALIDATORS[&self]
    }

    /// Refuses what the schema does not allow, naming at most ten members.
    pub(crate) fn check(self, body: &Value) -> Result<(), Problem> {
        let errors: Vec<Value> = self
            .validator()
            .iter_errors(body)
            .take(10)
            .map(|error| json!({ "pointer": error.instance_path().to_string(), "detail": reason(&error) }))
            .collect();
        if errors.is_empty() {
            return Ok(());
        }
        let problem = Problem::new(Kind::Malformed, "The body is not as the contract says.");
        Err(problem.with("errors", Value::Array(errors)))
    }
}

/// A validator of one schema of the contract.
pub(crate) fn validator(schema: &str) -> Validator {
    let document = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$ref": format!("#/components/schemas/{schema}"),
        "components": { "schemas": CONTRACT["components"]["schemas"] },
    });
    jsonschema::options()
        .should_validate_formats(true)
        .build(&document)
        .unwrap_or_else(|error| unreachable!("our own contract has the schema {schema}: {error}"))
}

/// What is wrong, without the content that is wrong.
fn reason(error: &jsonschema::ValidationError<'_>) -> String {
    error.masked().to_string()
}

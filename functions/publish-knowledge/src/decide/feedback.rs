//! What partners think of articles: pure.

use shared::domain::{FEEDBACK, LinkKey, SysId, TableName};
use shared::effect::{AddRow, Effect};
use shared::event::FeedbackKind;
use shared::messages::feedback_comment;

use super::draft::fields;
use super::tell;
use crate::{Facts, Feedback};

/// A row of ServiceNow's own feedback, once for each that was given.
pub(super) fn given(facts: &Facts, feedback: &Feedback) -> Vec<Effect> {
    let given = &feedback.given;
    let (Some(version), Ok(table)) = (&feedback.version, FEEDBACK.parse::<TableName>()) else {
        return vec![tell(format!(
            "{} is not there any more: the feedback {} goes nowhere",
            given.article_id, given.feedback_id
        ))];
    };
    let useful = match given.kind {
        FeedbackKind::Helpful => Some("yes"),
        FeedbackKind::NotHelpful => Some("no"),
        FeedbackKind::Comment => None,
    };
    let totals = feedback
        .totals
        .map(|totals| (totals.views, totals.helpful, totals.not_helpful));
    let comment = feedback_comment(given, totals);
    let mut all = fields([("article", version.as_str()), ("comments", &comment)]);
    all.extend(useful.map(|useful| ("useful".to_owned(), useful.to_owned())));
    vec![Effect::AddRow(AddRow {
        what: format!("the feedback {} to {}", given.feedback_id, given.article_id),
        table,
        sys_id: SysId::chosen(
            &facts.deployment,
            &facts.subject,
            &LinkKey::feedback(&given.feedback_id),
        ),
        fields: all,
        key: "article".to_owned(),
    })]
}

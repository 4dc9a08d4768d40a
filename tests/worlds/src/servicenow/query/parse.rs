//! Reads an encoded query part by part.
//!
//! Each part is looked at once. A query may ask [`MAX_RELATED`] other tables; more are passed over as invalid, so that
//! no text can exhaust the stack.

use super::super::guesses::JoinConditions;
use super::building;
use super::filter::{Clause, Filter};
use super::order::Order;
use super::reading::Reading;
use super::related;
use super::words::{self, Words};

/// How many tables can be asked beside the own one: MySQL joins 61.
const MAX_RELATED: usize = 60;

/// What a text says.
pub(super) struct Parsed {
    pub(super) filter: Filter,
    pub(super) order: Vec<Order>,
    /// The parts that mean nothing.
    pub(super) invalid: Vec<String>,
}

/// Reads a query on a table.
pub(super) fn parse(reading: &Reading<'_>, table: &str, text: &str) -> Parsed {
    let mut parser = Parser {
        reading,
        parts: parts(text),
        next: 0,
        pending: None,
        order: Vec::new(),
        invalid: Vec::new(),
        related: 0,
        related_lists: 0,
    };
    let filter = parser.filter(table, Scope::Whole);
    Parsed {
        filter,
        order: parser.order,
        invalid: parser.invalid,
    }
}

/// What stands between two carets.
#[derive(Debug, Clone, Copy)]
pub(super) struct Part<'t> {
    text: &'t str,
    /// Whether two carets stand before it.
    is_doubled: bool,
}

/// What the parts belong to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scope {
    Whole,
    Join,
    RelatedList,
    Subquery,
}

/// How a condition is connected with the one before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Joint {
    And,
    Or,
    NewGroup,
}

pub(super) struct Parser<'r, 'a, 't> {
    pub(super) reading: &'r Reading<'a>,
    parts: Vec<Part<'t>>,
    next: usize,
    /// A condition that stands in the part which introduced its table.
    pending: Option<Part<'t>>,
    order: Vec<Order>,
    invalid: Vec<String>,
    related: usize,
    pub(super) related_lists: usize,
}

impl<'t> Parser<'_, '_, 't> {
    /// Reads the parts of a scope, with its end.
    pub(super) fn filter(&mut self, table: &str, scope: Scope) -> Filter {
        let mut filter = Filter::new(table);
        while let Some(part) = self.take(scope) {
            if part.text == "EQ" {
                self.skip(scope);
                break;
            }
            if let Some(ended) = Scope::ended_by(part.text) {
                if ended == scope {
                    break;
                }
                self.invalid.push(part.text.to_owned());
            } else if let Some((path, is_descending)) = order(part.text) {
                match Order::of(self.reading, table, path, is_descending) {
                    // What a nested query is sorted by matters to nobody.
                    Some(order) if scope == Scope::Whole => self.order.push(order),
                    Some(_) => {}
                    None => self.invalid.push(part.text.to_owned()),
                }
            } else {
                self.part(&mut filter, part.text);
            }
        }
        for group in &mut filter.groups {
            group.retain(|alternatives| !alternatives.is_empty());
        }
        filter.groups.retain(|group| !group.is_empty());
        filter
    }

    fn part(&mut self, filter: &mut Filter, part: &'t str) {
        let (joint, text) = joint(part);
        if joint == Joint::NewGroup {
            filter.groups.push(Vec::new());
        }
        if let Some((scope, header)) = Scope::begun_by(text) {
            self.related += 1;
            if self.related > MAX_RELATED || !related::add(self, filter, joint, scope, header) {
                self.invalid.push(part.to_owned());
                self.skip(scope);
            }
            return;
        }
        let clause = match text.strip_prefix(words::PREFIX) {
            Some(text) => Words::of(self.reading, &filter.table, text).map(Clause::Words),
            None => building::condition(self.reading, &filter.table, text)
                .map(|condition| Clause::Field(Box::new(condition))),
        };
        let is_invalid = clause.is_none();
        if is_invalid {
            self.invalid.push(part.to_owned());
        }
        if !is_invalid || self.reading.state.guesses.or_after_invalid_stands_alone {
            filter.add(joint, clause);
        }
    }

    /// Puts a condition before the next part.
    pub(super) fn put_first(&mut self, text: &'t str) {
        let part = Part { text, is_doubled: true };
        self.pending = (!text.is_empty()).then_some(part);
    }

    /// The next part of a scope.
    fn take(&mut self, scope: Scope) -> Option<Part<'t>> {
        if let Some(part) = self.pending.take() {
            return Some(part);
        }
        let part = *self.parts.get(self.next)?;
        if scope == Scope::Join && self.ends_join(part) {
            return None;
        }
        self.next += 1;
        Some(part)
    }

    /// Passes over the rest of a scope, with its end.
    fn skip(&mut self, scope: Scope) {
        let mut open = 0_usize;
        while let Some(part) = self.take(scope) {
            let begun = Scope::begun_by(joint(part.text).1).map(|(scope, _)| scope);
            if matches!(begun, Some(Scope::RelatedList | Scope::Subquery)) {
                open += 1;
            } else if scope != Scope::Whole && Scope::ended_by(part.text).is_some() {
                if open == 0 {
                    return;
                }
                open -= 1;
            }
        }
    }

    /// Whether a part no longer belongs to the table of a join.
    fn ends_join(&self, part: Part<'_>) -> bool {
        let (joint, text) = joint(part.text);
        let is_clause = Scope::begun_by(text).is_some() || Scope::ended_by(text).is_some();
        let is_next = joint == Joint::NewGroup || text == "EQ" || order(part.text).is_some() || is_clause;
        is_next
            || match self.reading.state.guesses.join_conditions {
                JoinConditions::UntilNextClause => false,
                JoinConditions::AfterTwoCarets => !part.is_doubled,
            }
    }
}

impl Filter {
    /// Adds a condition, or keeps the place of one that means nothing.
    pub(super) fn add(&mut self, joint: Joint, clause: Option<Clause>) {
        if self.groups.is_empty() {
            self.groups.push(Vec::new());
        }
        let group = self.groups.last_mut().expect("there is a group now");
        match (joint, group.last_mut()) {
            (Joint::Or, Some(alternatives)) => alternatives.extend(clause),
            (Joint::Or, None) | (Joint::And | Joint::NewGroup, _) => group.push(clause.into_iter().collect()),
        }
    }
}

impl Scope {
    fn begun_by(text: &str) -> Option<(Scope, &str)> {
        let beginnings = [
            ("JOIN", Scope::Join),
            ("RLQUERY", Scope::RelatedList),
            ("SUBQUERY", Scope::Subquery),
        ];
        beginnings
            .into_iter()
            .find_map(|(word, scope)| Some((scope, text.strip_prefix(word)?)))
    }

    fn ended_by(text: &str) -> Option<Scope> {
        match text {
            "ENDRLQUERY" => Some(Scope::RelatedList),
            "ENDSUBQUERY" => Some(Scope::Subquery),
            _ => None,
        }
    }
}

fn parts(text: &str) -> Vec<Part<'_>> {
    let mut is_doubled = false;
    let mut parts = Vec::new();
    for text in text.split('^') {
        if !text.is_empty() {
            parts.push(Part { text, is_doubled });
        }
        is_doubled = text.is_empty();
    }
    parts
}

fn joint(part: &str) -> (Joint, &str) {
    if let Some(rest) = part.strip_prefix("NQ") {
        return (Joint::NewGroup, rest);
    }
    match part.strip_prefix("OR") {
        Some(rest) => (Joint::Or, rest),
        None => (Joint::And, part),
    }
}

/// The field to sort by, and whether from the end.
fn order(part: &str) -> Option<(&str, bool)> {
    let descending = part.strip_prefix("ORDERBYDESC").map(|path| (path, true));
    descending.or_else(|| part.strip_prefix("ORDERBY").map(|path| (path, false)))
}

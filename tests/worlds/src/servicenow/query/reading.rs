//! What a part of a query is read with: the instance, the asker and the asker's calendar.

use jiff::civil::Weekday;

use super::super::dictionary::Dictionary;
use super::super::engine::State;
use super::super::locale::Asker;
use super::times::{self, Scripted};
use super::units::Calendar;

pub(super) struct Reading<'a> {
    pub(super) state: &'a State,
    pub(super) asker: &'a Asker,
    pub(super) calendar: Calendar,
    /// Whether the query is the condition of a rule, which sees what a change changes.
    pub(super) sees_changes: bool,
}

impl<'a> Reading<'a> {
    pub(super) fn new(state: &'a State, asker: &'a Asker, sees_changes: bool) -> Reading<'a> {
        let first_day = if state.guesses.weeks_start_on_monday {
            Weekday::Monday
        } else {
            Weekday::Sunday
        };
        Reading {
            state,
            asker,
            calendar: Calendar {
                zone: asker.locale.zone.clone(),
                first_day,
            },
            sees_changes,
        }
    }

    pub(super) fn dictionary(&self) -> &'a Dictionary {
        &self.state.dictionary
    }

    pub(super) fn ignores_case(&self) -> bool {
        self.state.guesses.text_ignores_case
    }

    /// What a script gives, without its `javascript:`.
    pub(super) fn evaluate(&self, script: &str) -> Option<Scripted> {
        times::evaluate(script, self.asker, &self.calendar, &self.state.guesses)
    }
}

//! How a request stops, waits and ends: pure.

use std::collections::BTreeMap;
use std::time::Duration;

use shared::domain::{LinkKey, OnboardingState, Timestamp};
use shared::effect::{
    AddJournal, Change, CreateRecord, Effect, End, GoOn, Journal, Problem, Record, Saga, Stage, Undoing, UpdateFields,
};
use shared::messages;

use super::{MOST_TRIES, Reach, Step, go_on, tell};
use crate::Verdict;
use crate::wish::{address, without_persons};

impl Step<'_> {
    /// Something is wrong that only a person can mend: it is said in the item, which waits.
    pub(super) fn stopped(&self, mut saga: Saga, problems: &[String]) -> Vec<Effect> {
        let lines = problems.iter().map(|problem| format!("- {problem}"));
        let lines = lines.collect::<Vec<_>>().join("\n");
        let what = format!("problem {}", self.facts.number);
        saga.stage = Stage::Checked;
        saga.turn = None;
        saga.problem = Some(Problem {
            text: problems.join("; "),
            is_pending: false,
        });
        let mut effects = vec![tell(format!("it cannot be carried out: {}", problems.join("; ")))];
        effects.push(self.note(&what, messages::request_stopped(&lines)));
        effects.push(self.comment(&what, messages::request_stopped_for_requester()));
        effects.extend(self.moved(&self.rules.states.pending));
        effects.extend(self.report_as(&mut saga, OnboardingState::Failed));
        effects.push(self.keep(&saga));
        effects
    }

    /// It waits for its day.
    pub(super) fn later(&self, saga: Saga, until: Timestamp) -> Vec<Effect> {
        if self.sight.is_known {
            return Vec::new();
        }
        let date = until.servicenow();
        let date = date.split(' ').next().unwrap_or_default();
        vec![
            self.keep(&saga),
            self.note("day", messages::request_waits_until(date)),
            Effect::GoOn {
                when: GoOn::At(until.after(Duration::from_secs(1))),
            },
        ]
    }

    /// Its company is not there yet: people set it up.
    pub(super) fn awaited(&self, mut saga: Saga) -> Vec<Effect> {
        let rule = &self.rules.setup;
        let now = self.facts.now;
        let again = Effect::GoOn {
            when: GoOn::At(now.after(rule.check_every)),
        };
        let days = |time: Duration| time.as_secs() / (24 * 3600);
        let Stage::AwaitingCompany { since, reminded } = saga.stage else {
            saga.stage = Stage::AwaitingCompany {
                since: now,
                reminded: 0,
            };
            let text = messages::company_awaited(&rule.assignment_group, days(rule.give_up_after));
            let mut effects: Vec<Effect> = self.setup_task(&saga).into_iter().collect();
            effects.push(self.keep(&saga));
            // A task of a request of which nothing is kept was made before the table was lost, and the item says so.
            let linked = self.sight.setup.as_ref().and_then(|setup| setup.link.as_ref());
            if self.sight.is_known || linked.is_none() {
                effects.push(self.note(&format!("setup {}", self.facts.number), text));
            }
            effects.push(again);
            return effects;
        };
        // Only when its time has come: else each change of a record would begin another wait.
        if !self.sight.is_step {
            return Vec::new();
        }
        let waited = since.until(now);
        if waited >= rule.give_up_after {
            let problem = format!("the company was not set up within {} days", days(rule.give_up_after));
            return self.stopped(saga, &[problem]);
        }
        let due = u32::try_from(waited.as_secs() / rule.remind_after.as_secs().max(1)).unwrap_or(u32::MAX);
        if due <= reminded {
            return vec![again];
        }
        saga.stage = Stage::AwaitingCompany { since, reminded: due };
        let left = days(rule.give_up_after.saturating_sub(waited));
        let text = messages::still_to_set_up(days(waited), left);
        let mut effects = vec![self.keep(&saga)];
        let linked = self.sight.setup.as_ref().and_then(|setup| setup.link.as_ref());
        if let Some(link) = linked {
            effects.push(Effect::note(&link.record, format!("reminder {due}"), text));
        }
        effects.push(again);
        effects
    }

    /// The task of whoever sets the company up; one, however often it is waited for.
    fn setup_task(&self, saga: &Saga) -> Option<Effect> {
        let setup = self.sight.setup.as_ref()?;
        if setup.link.is_some() {
            return None;
        }
        let answer = |name: &str| saga.answers.get(name).map_or("", String::as_str);
        let address = address(&saga.answers).unwrap_or_default();
        let go_live = Some(answer("go_live")).filter(|date| !date.is_empty());
        let name = messages::one_line(answer("company_name"), 100);
        let fields = BTreeMap::from([
            ("assignment_group".to_owned(), setup.group.to_string()),
            ("parent".to_owned(), self.sight.item.record.sys_id.to_string()),
            (
                "short_description".to_owned(),
                format!("Set up the trading partner {name}"),
            ),
            (
                "description".to_owned(),
                messages::company_to_set_up(&saga.number, &name, &address, go_live),
            ),
        ]);
        Some(Effect::CreateRecord(CreateRecord {
            record: Record {
                link: LinkKey::setup(),
                table: self.rules.setup.table.clone(),
                sys_id: setup.sys_id.clone(),
            },
            correlation: saga.number.clone(),
            fields,
            rule: None,
        }))
    }

    /// Nobody wants it any more.
    pub(super) fn unwanted(&self, mut saga: Saga) -> Vec<Effect> {
        if !self.sight.is_known {
            let end = match self.sight.item.verdict {
                Verdict::Rejected => End::Rejected,
                _ => End::Canceled,
            };
            return self.ended(saga, end, &[]);
        }
        match saga.stage {
            Stage::Undoing { .. } => self.undone(saga),
            Stage::Creating | Stage::Changing { .. } | Stage::Closing
                if saga.members.iter().any(|member| member.user_id.is_some()) =>
            {
                saga.problem = None;
                self.turned_back(saga, Undoing::Canceled)
            }
            _ => self.ended(saga, End::Canceled, &[]),
        }
    }

    /// What was done is undone, the last first.
    pub(super) fn undone(&self, mut saga: Saga) -> Vec<Effect> {
        let Stage::Undoing { because, tries } = saga.stage else {
            return Vec::new();
        };
        let Some(at) = saga.next_member() else {
            return self.undoing_ended(saga, because, &[]);
        };
        let member = saga.members[at].clone();
        let Some(user) = member.user_id.clone() else {
            saga.members[at].is_settled = true;
            return vec![self.keep(&saga), go_on()];
        };
        let lost = match self.back(&member, &user) {
            Reach::Reached => None,
            Reach::Missing => Some(format!("the user {user} is deleted; order a new one if it is wanted")),
            Reach::Acts(_) if tries >= MOST_TRIES || self.sight.trouble.is_some() => Some(format!(
                "the user {user} could not be put back as it was; see to it in Trading Grid"
            )),
            Reach::Acts(acts) => {
                saga.stage = Stage::Undoing {
                    because,
                    tries: tries + 1,
                };
                return self.act(saga, acts);
            }
        };
        self.settled(&mut saga, at);
        let mut effects = Vec::new();
        if let Some(lost) = &lost {
            effects.push(self.note(&format!("not undone {user}"), format!("Not undone: {lost}.")));
        }
        match saga.next_member() {
            Some(_) => effects.extend([self.keep(&saga), go_on()]),
            None => effects.extend(self.undoing_ended(saga, because, lost.as_slice())),
        }
        effects
    }

    fn undoing_ended(&self, mut saga: Saga, because: Undoing, lost: &[String]) -> Vec<Effect> {
        let is_wanted = self.sight.item.verdict == Verdict::Approved;
        match (because, saga.problem.take()) {
            (Undoing::Failed, Some(problem)) if is_wanted => {
                saga.members.clear();
                self.stopped(saga, &[problem.text])
            }
            _ => self.ended(saga, End::Undone, lost),
        }
    }

    /// What was approved is so: its item is closed. Whether somebody was quicker, the next step sees.
    pub(super) fn done(&self, mut saga: Saga) -> Vec<Effect> {
        saga.stage = Stage::Closing;
        let mut effects = vec![
            self.keep(&saga),
            self.note(
                "done",
                messages::request_done(&saga.members, &self.sight.found.entitlements),
            ),
            self.comment("done", messages::request_done_for_requester(saga.kind)),
        ];
        effects.extend(self.moved(&self.rules.states.done));
        effects.push(go_on());
        effects
    }

    /// Its item is closed, or does not let itself be closed.
    pub(super) fn closed(&self, mut saga: Saga) -> Vec<Effect> {
        saga.stage = Stage::Over(End::Done);
        let mut effects = vec![tell(format!("{} is {}", saga.number, End::Done))];
        effects.extend(self.report(&mut saga));
        effects.push(self.over(saga));
        effects
    }

    /// It is over, one way or another.
    pub(super) fn ended(&self, mut saga: Saga, end: End, lost: &[String]) -> Vec<Effect> {
        saga.stage = Stage::Over(end);
        let mut effects = vec![tell(format!("{} is {end}", saga.number))];
        let has_begun = self.sight.is_known && self.sight.item.verdict != Verdict::Gone;
        if let Some(link) = self.sight.setup.as_ref().and_then(|setup| setup.link.as_ref()) {
            effects.push(Effect::note(
                &link.record,
                "ended".to_owned(),
                messages::nothing_to_set_up(),
            ));
        }
        if has_begun && matches!(end, End::Undone | End::TakenOver) {
            effects.push(self.note("ended", messages::request_ended(end, lost)));
        }
        effects.extend(self.report(&mut saga));
        effects.push(self.over(saga));
        effects
    }

    /// What is kept for good: who asked, who approved, what was done. Of a person only the log-in.
    fn over(&self, mut saga: Saga) -> Effect {
        saga.turn = None;
        saga.problem = None;
        saga.answers = without_persons(&saga.answers);
        self.keep(&saga)
    }

    fn comment(&self, what: &str, text: String) -> Effect {
        Effect::AddJournal(AddJournal {
            record: self.sight.item.record.clone(),
            journal: Journal::Comments,
            what: what.to_owned(),
            text,
        })
    }

    /// The item gets another state.
    fn moved(&self, state: &str) -> Option<Effect> {
        let from = &self.sight.item.state;
        (from != state).then(|| {
            let change = Change {
                from: from.clone(),
                to: state.to_owned(),
            };
            Effect::UpdateFields(UpdateFields {
                record: self.sight.item.record.clone(),
                set: BTreeMap::from([("state".to_owned(), change)]),
            })
        })
    }
}

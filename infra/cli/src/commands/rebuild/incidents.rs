//! Incidents of exchanges, with what they stand for, and the parents of several.
//!
//! Without it the next failure of a kind opens a second incident, and no incident resolves itself. What an incident stands
//! for is read from the count in its description, and from how the exchanges are in Lens now.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::anyhow;
use shared::domain::{Category, CorrelationId, EventId, LinkKey, Subject, SysId, TableName, Timestamp};
use shared::effect::{Cause, Child, Failures, KnownExchange, Loose, Mark, Member, Parent, Record};
use shared::event::{Data, Exchange, OneOfSeveral, Passing, Turn};
use shared::failure::{Failure, System};
use shared::mapping::{ExchangeRules, WhenFinished};
use shared::messages::{self, Counted};
use shared::servicenow::{Row, Select};
use shared::store::Adoption;
use shared::trading_grid::lens::{Acknowledgement, Status};

use super::super::records::plain;
use super::{Found, Ground, Kind};

/// How the key of a parent begins.
const CAUSES: &str = "causes/";
/// So long before its incident an exchange may have come to its state.
const LONGEST_WAIT: std::time::Duration = std::time::Duration::from_secs(48 * 3600);
/// What an incident says of itself.
const DESCRIPTION: &str = "description";

/// An incident of exchanges that fail in the same way.
pub(super) struct Incident {
    class: Category,
    /// The exchange that it was opened with, in the words of Lens, as it was then.
    exchange: Exchange,
    /// How that exchange is now.
    turn: Option<Turn>,
    at: Timestamp,
    /// The event that opened it.
    opened_by: EventId,
    row: Row,
}

/// An incident whose sys_id says what it is about.
struct Verified {
    failures: Subject,
    class: Category,
    opened_by: EventId,
    exchange: Exchange,
}

impl Ground<'_> {
    /// The incident of exchanges, where its sys_id is the one that Gridlink chooses for a failure of the exchange that it
    /// names.
    pub(super) async fn incident(
        &self,
        row: &Row,
        table: &TableName,
        sys_id: &SysId,
    ) -> Result<Option<Found>, Failure> {
        let Some(rules) = &self.clients.mapping.exchanges else {
            return Ok(None);
        };
        let Ok(id) = row.text("correlation_id").parse::<CorrelationId>() else {
            return Ok(None);
        };
        let found = self.lens.exchange(&id).await.map_err(no_answer)?;
        let Some((turn, now)) = found else { return Ok(None) };
        let Some(verified) = self.verified(rules, &now, sys_id) else {
            return Ok(None);
        };
        let record = Record {
            link: LinkKey::incident(&verified.opened_by),
            table: table.clone(),
            sys_id: sys_id.clone(),
        };
        let Some((row, adoption)) = self.incident_as_it_is(rules, verified.failures, record).await? else {
            return Ok(None);
        };
        Ok(Some(Found {
            adoption,
            kind: Kind::Incident(Box::new(Incident {
                class: verified.class,
                exchange: verified.exchange,
                turn,
                at: now.at(),
                opened_by: verified.opened_by,
                row,
            })),
        }))
    }

    /// In which state of the exchange an incident was opened with it, and as which class.
    fn verified(&self, rules: &ExchangeRules, now: &Exchange, sys_id: &SysId) -> Option<Verified> {
        let exchange = &raise_incident::in_the_words_of_lens(now, Some(rules));
        let deployment = self.clients.store.deployment();
        let statuses = spellings(&now.status, Status::TEXTS);
        let mut acknowledgements = spellings(&now.acknowledgement, Acknowledgement::TEXTS);
        acknowledgements.insert(String::new());
        let nameless = Exchange {
            company_id: None,
            ..exchange.clone()
        };
        for class in rules.classes() {
            let groups = [exchange, &nameless].map(|exchange| raise_incident::fingerprint(exchange, class));
            for (status, acknowledgement) in statuses.iter().flat_map(|status| {
                acknowledgements
                    .iter()
                    .map(move |acknowledgement| (status, acknowledgement))
            }) {
                let was = Exchange {
                    status: status.clone(),
                    acknowledgement: acknowledgement.clone(),
                    ..exchange.clone()
                };
                for opened_by in passed_by(&was, class, &groups) {
                    let (failures, event) = opened_by;
                    if SysId::chosen(deployment, &failures, &LinkKey::incident(&event)) == *sys_id {
                        return Some(Verified {
                            failures,
                            class: class.clone(),
                            opened_by: event,
                            exchange: raise_incident::in_the_words_of_lens(&was, Some(rules)),
                        });
                    }
                }
            }
        }
        None
    }

    /// The record, and what its link is to say.
    async fn incident_as_it_is(
        &self,
        rules: &ExchangeRules,
        subject: Subject,
        record: Record,
    ) -> Result<Option<(Row, Adoption)>, Failure> {
        let mut fields = BTreeSet::from([
            "number",
            "correlation_id",
            "sys_created_on",
            "state",
            "assigned_to",
            "close_notes",
            DESCRIPTION,
        ]);
        fields.extend(rules.common_cause.as_ref().map(|common| common.field.as_str()));
        let select = Select::named(&fields).map_err(|error| Failure::permanent(error, "correct the mapping"))?;
        let clients = self.clients;
        let Some(row) = clients.servicenow.read(&record.table, &record.sys_id, &select).await? else {
            return Ok(None);
        };
        let mut base = BTreeMap::new();
        if messages::counted(row.text(DESCRIPTION)).is_some() {
            base.insert(DESCRIPTION.to_owned(), row.text(DESCRIPTION).to_owned());
        }
        if let Some(common) = &rules.common_cause {
            base.insert(common.field.to_string(), row.text(common.field.as_str()).to_owned());
        }
        let adoption = Adoption {
            base,
            ..plain(clients, subject, record, &row)
        };
        Ok(Some((row, adoption)))
    }

    /// What the mapping says of an incident that is finished.
    pub(super) fn finished(&self, table: &TableName, row: &Row) -> Option<WhenFinished> {
        let rule = self.clients.mapping.table(table)?;
        rule.finished.get(row.text("state")).copied()
    }

    /// Puts back the link of an incident, and what it stands for. Gives how many exchanges are known again.
    pub(super) async fn put_incident_back(&self, found: &Found, incident: &Incident) -> Result<usize, Failure> {
        let Some(rules) = &self.clients.mapping.exchanges else {
            return Ok(0);
        };
        let store = &self.place.store;
        let (subject, link) = (&found.adoption.subject, &found.adoption.record.link);
        let row = &incident.row;
        let counted = messages::counted(row.text(DESCRIPTION));
        let mut members = self.members(subject, &incident.exchange.correlation_id, counted.as_ref());
        let finished = self.finished(&found.adoption.record.table, row);
        let others = members.len() as u64;
        let is_told = counted.as_ref().is_none_or(|counted| counted.failing > others);
        // Where it went through meanwhile, that is still to be told.
        let is_failing = finished.is_none() && (incident.turn != Some(Turn::Recovered) || is_told);
        let first_at = counted.as_ref().map_or(incident.at, |counted| counted.first_at);
        members.push(Known {
            exchange: incident.exchange.clone(),
            turn: match incident.turn {
                Some(Turn::Recovered) | None if is_failing => Turn::Failed,
                Some(turn) => turn,
                None => Turn::Recovered,
            },
            at: match incident.turn {
                Some(Turn::Recovered) if is_failing => first_at.min(incident.at),
                _ => incident.at,
            },
            is_failing,
        });
        let failing = members.iter().filter(|member| member.is_failing).count() as u64;
        let cause = rules.common_cause.as_ref();
        let failures = Failures {
            incident: link.clone(),
            count: counted.as_ref().map_or(failing, |counted| counted.count),
            failing,
            first_at,
            last_at: counted.as_ref().map_or(incident.at, |counted| counted.last_at),
            samples: counted.map(|counted| counted.samples).unwrap_or_default(),
            is_resolved_by_us: finished.is_some() && messages::is_resolved_by_us(row.text("close_notes")),
            cause: cause.map(|common| common.of(&incident.class, &incident.exchange)),
        };
        let mut marks: Vec<(Subject, Mark)> = Vec::new();
        for known in &members {
            marks.push((
                Subject::exchange(&known.exchange.correlation_id),
                Mark::Exchange(KnownExchange {
                    turn: known.turn,
                    at: known.at,
                    company: known.exchange.company_id.clone(),
                    failures: Some((subject.clone(), incident.class.clone())),
                }),
            ));
            marks.push((
                subject.clone(),
                Mark::Member(Member {
                    exchange: known.exchange.correlation_id.clone(),
                    at: known.at,
                    is_failing: known.is_failing,
                    incident: Some(link.clone()),
                }),
            ));
        }
        marks.extend(self.child_marks(found, incident, &failures).await?);
        marks.push((subject.clone(), Mark::Failures(failures)));
        // Records come in the order in which they were made: the newest is the one that others join.
        marks.push((subject.clone(), Mark::Current { incident: link.clone() }));
        let adoption = self.with_its_analyst(&found.adoption, rules, incident).await?;
        for (subject, mark) in &marks {
            store.put_all(store.mark(subject, mark)?).await?;
        }
        self.adopt_incident(&adoption).await?;
        Ok(members.len())
    }

    /// The link of an incident; one of an earlier time learns which count and which parent were written since.
    async fn adopt_incident(&self, adoption: &Adoption) -> Result<(), Failure> {
        let store = &self.place.store;
        self.adopt(adoption).await?;
        let parent = self
            .clients
            .mapping
            .common_cause()
            .map(|(_, common)| common.field.as_str());
        let is_ours = |field: &str| field == DESCRIPTION || Some(field) == parent;
        let written = adoption.base.iter().filter(|(field, _)| is_ours(field));
        let written = written.map(|(field, value)| (field.clone(), value.clone())).collect();
        let write = store.rebased(&adoption.subject, &adoption.record.link, &written)?;
        Ok(store.put_all(write.into_iter().collect()).await?)
    }

    /// Who the incident was assigned to when it was made: whoever it is now has taken it over, if that is another.
    async fn with_its_analyst(
        &self,
        adoption: &Adoption,
        rules: &ExchangeRules,
        incident: &Incident,
    ) -> Result<Adoption, Failure> {
        let clients = self.clients;
        let turns = [Turn::Failed, Turn::Delayed].into_iter();
        let mut classified = turns.filter_map(|turn| clients.mapping.classify(turn, &incident.exchange, "").ok()?);
        let mut adoption = adoption.clone();
        if let Some(of_class) = classified.find(|classified| classified.class == incident.class) {
            let analyst = raise_incident::analyst_of(clients, &of_class.assign_to, &of_class.assignment_group).await?;
            let analyst = analyst.map(String::from).unwrap_or_default();
            adoption.base.insert("assigned_to".to_owned(), analyst);
        }
        let state = rules.untouched.first().cloned().unwrap_or_default();
        adoption.base.insert("state".to_owned(), state);
        Ok(adoption)
    }

    /// The other exchanges that still fail and were counted: those that failed no later than the last of them.
    fn members(&self, failures: &Subject, own: &CorrelationId, counted: Option<&Counted>) -> Vec<Known> {
        let Some(counted) = counted else { return Vec::new() };
        let mapping = &self.clients.mapping;
        let now = self.clients.clock.now();
        let mut members = Vec::new();
        for event in &self.failing {
            let Data::Exchange(news) = &event.data else { continue };
            let exchange = raise_incident::in_the_words_of_lens(news.exchange(), mapping.exchanges.as_ref());
            let turn = match &**news {
                shared::event::ExchangeNews::Seen(turn @ (Turn::Failed | Turn::Delayed), _) => *turn,
                _ => continue,
            };
            let Ok(Some(classified)) = mapping.classify(turn, &exchange, "") else {
                continue;
            };
            let is_named = counted.samples.contains(&messages::exchange_sample(&exchange));
            let is_alike = raise_incident::fingerprint(&exchange, &classified.class) == *failures;
            let waits = exchange.at().after(classified.wait) > now;
            let is_counted = exchange.at().seconds() <= counted.last_at.seconds() && !waits;
            if exchange.correlation_id != *own && (is_named || (is_alike && is_counted)) {
                members.push(Known {
                    at: exchange.at(),
                    exchange,
                    turn,
                    is_failing: true,
                });
            }
        }
        members
    }

    /// What is kept of the incident as one of several with one cause.
    async fn child_marks(
        &self,
        found: &Found,
        incident: &Incident,
        failures: &Failures,
    ) -> Result<Vec<(Subject, Mark)>, Failure> {
        let mapping = &self.clients.mapping;
        let (Some(cause), Some((_, common))) = (&failures.cause, mapping.common_cause()) else {
            return Ok(Vec::new());
        };
        let one = OneOfSeveral {
            failures: found.adoption.subject.clone(),
            incident: failures.incident.clone(),
            partner: raise_incident::partner_of(&incident.exchange),
            name: raise_incident::partner_name_of(self.clients, &found.adoption.record.table, &incident.exchange)
                .await?,
        };
        let parent = incident.row.text(common.field.as_str()).parse::<SysId>().ok();
        let parent = parent.and_then(|parent| self.parents.get(&parent).cloned());
        let is_failing = failures.failing > 0;
        let child = Child {
            incident: one.clone(),
            is_failing,
            parent: parent.as_ref().map(|(_, link)| link.clone()),
        };
        let mut marks = vec![(cause.clone(), Mark::Child(child))];
        if parent.is_none() && is_failing {
            let store = &self.place.store;
            let mut kept: Cause = store.common(cause, &one).await?.cause;
            kept.loose
                .retain(|loose| (&loose.incident.failures, &loose.incident.incident) != (&one.failures, &one.incident));
            kept.loose.push(Loose {
                incident: one,
                at: failures.first_at,
            });
            marks.push((cause.clone(), Mark::Cause(kept)));
        }
        Ok(marks)
    }

    /// The parents of incidents, by their sys_ids, with what they are the parent of: the event of a child that verifies
    /// asked for each.
    pub(super) async fn find_parents(&mut self) -> Result<(), Failure> {
        let mapping = &self.clients.mapping;
        let Some((rules, common)) = mapping.common_cause() else {
            return Ok(());
        };
        let keys = self
            .rows
            .iter()
            .filter(|row| row.text("correlation_id").starts_with(CAUSES));
        let asked: BTreeMap<SysId, Subject> = keys
            .filter_map(|row| Some((row.sys_id()?, row.text("correlation_id").to_owned().try_into().ok()?)))
            .collect();
        if asked.is_empty() {
            return Ok(());
        }
        let deployment = self.clients.store.deployment();
        let mut parents = BTreeMap::new();
        for row in &self.rows {
            let table = row.text("sys_class_name").parse::<TableName>().ok();
            let table = table.filter(|table| *table == rules.table);
            let (Some(table), Some(sys_id)) = (table, row.sys_id()) else {
                continue;
            };
            if self.finished(&table, row) == Some(WhenFinished::New) {
                continue;
            }
            let Some(found) = Box::pin(self.incident(row, &table, &sys_id)).await? else {
                continue;
            };
            let Kind::Incident(incident) = &found.kind else {
                continue;
            };
            let cause = common.of(&incident.class, &incident.exchange);
            let one = OneOfSeveral {
                failures: found.adoption.subject.clone(),
                incident: found.adoption.record.link.clone(),
                partner: String::new(),
                name: String::new(),
            };
            let passing = Passing::Cause {
                cause: cause.clone(),
                incident: one,
                is_failing: true,
            };
            let Ok(event) = passing.id(&incident.exchange.correlation_id, &incident.opened_by) else {
                continue;
            };
            let link = LinkKey::incident(&event);
            let parent = SysId::chosen(deployment, &cause, &link);
            if asked.get(&parent) == Some(&cause) {
                parents.insert(parent, (cause, link));
            }
        }
        self.parents = parents;
        Ok(())
    }

    /// The parent of several incidents, where one of them asked for it.
    pub(super) async fn parent(&self, table: &TableName, sys_id: &SysId) -> Result<Option<Found>, Failure> {
        let (Some(rules), Some((cause, link))) = (&self.clients.mapping.exchanges, self.parents.get(sys_id)) else {
            return Ok(None);
        };
        let record = Record {
            link: link.clone(),
            table: table.clone(),
            sys_id: sys_id.clone(),
        };
        let found = self.incident_as_it_is(rules, cause.clone(), record).await?;
        Ok(found.map(|(row, adoption)| Found {
            adoption,
            kind: Kind::Parent(Box::new(row)),
        }))
    }

    /// Puts back the link of a parent, and what it stands for; its children are put back before.
    pub(super) async fn put_parent_back(&self, found: &Found, row: &Row) -> Result<usize, Failure> {
        let clients = self.clients;
        let Some((rules, common)) = clients.mapping.common_cause() else {
            return Ok(0);
        };
        let store = &self.place.store;
        let (cause, link) = (&found.adoption.subject, &found.adoption.record.link);
        let children = store.children(cause).await?;
        let of_it = || children.iter().filter(|child| child.parent.as_ref() == Some(link));
        let failing = of_it().filter(|child| child.is_failing).count() as u64;
        let known = of_it().count();
        let counted = messages::counted(row.text(DESCRIPTION));
        let finished = self.finished(&found.adoption.record.table, row);
        let created = row.time("sys_created_on").unwrap_or(clients.clock.now());
        let parent = Parent {
            incident: link.clone(),
            count: counted.as_ref().map_or(known as u64, |counted| counted.count),
            failing,
            first_at: counted.as_ref().map_or(created, |counted| counted.first_at),
            last_at: counted.as_ref().map_or(created, |counted| counted.last_at),
            partners: counted.map(|counted| counted.samples).unwrap_or_default(),
            is_resolved_by_us: finished.is_some() && messages::is_resolved_by_us(row.text("close_notes")),
        };
        let any = children.first().map(|child| child.incident.clone());
        let mut kept = match &any {
            Some(any) => store.common(cause, any).await?.cause,
            None => Cause::default(),
        };
        kept.parent = Some(link.clone());
        for mark in [Mark::Parent(parent), Mark::Cause(kept)] {
            store.put_all(store.mark(cause, &mark)?).await?;
        }
        let mut adoption = found.adoption.clone();
        let analyst = raise_incident::analyst_of(clients, &common.assign_to, &common.assignment_group).await?;
        let analyst = analyst.map(String::from).unwrap_or_default();
        adoption.base.insert("assigned_to".to_owned(), analyst);
        let state = rules.untouched.first().cloned().unwrap_or_default();
        adoption.base.insert("state".to_owned(), state);
        self.adopt_incident(&adoption).await?;
        Ok(known)
    }

    /// Which exchanges fail in Lens since the oldest incident that may still be worked on.
    pub(super) async fn read_lens(&mut self) -> Result<(), Failure> {
        let Some(rules) = &self.clients.mapping.exchanges else {
            return Ok(());
        };
        let is_of_table = |row: &&Row| row.text("sys_class_name") == rules.table.as_str();
        let is_unfinished = |row: &&Row| self.finished(&rules.table, row) != Some(WhenFinished::New);
        let open = self.rows.iter().filter(is_of_table).filter(is_unfinished);
        let oldest = open.filter_map(|row| row.time("sys_created_on").ok()).min();
        let Some(oldest) = oldest else { return Ok(()) };
        let since = oldest.before(rules.window).before(LONGEST_WAIT);
        let progress = super::super::progress::counting("reading Lens");
        let failing = self.lens.failing(since, &|read| progress.set_position(read)).await;
        progress.finish_and_clear();
        self.failing = failing.map_err(no_answer)?;
        Ok(())
    }
}

/// Words of Lens in all spellings that an event can have: as they are written, and as one word.
fn spellings(now: &str, texts: &[&str]) -> BTreeSet<String> {
    let one_word = |text: &str| -> String {
        let words = text.split(' ').map(|word| {
            let mut letters = word.chars();
            let first = letters.next().into_iter().flat_map(char::to_uppercase);
            first.chain(letters).collect::<String>()
        });
        words.collect()
    };
    let texts = texts.iter().flat_map(|text| [(*text).to_owned(), one_word(text)]);
    texts.chain([now.to_owned()]).collect()
}

/// An exchange of an incident.
struct Known {
    exchange: Exchange,
    turn: Turn,
    at: Timestamp,
    is_failing: bool,
}

/// The events by which an exchange in this state can have been passed on to its failures: at once, or when its time was
/// over.
fn passed_by(exchange: &Exchange, class: &Category, groups: &[Subject; 2]) -> Vec<(Subject, EventId)> {
    let id = &exchange.correlation_id;
    let Ok(seen) = EventId::try_from(exchange.event_id()) else {
        return Vec::new();
    };
    let later = Passing::Later {
        at: Timestamp::from_millis(0),
    };
    let due = later.id(id, &seen).and_then(|waiting| Passing::Due.id(id, &waiting));
    let mut events = Vec::new();
    for failures in groups {
        let passing = Passing::Failures {
            failures: failures.clone(),
            class: class.clone(),
            turn: Turn::Failed,
        };
        let causes = std::iter::once(&seen).chain(due.as_ref().ok());
        events.extend(causes.filter_map(|cause| Some((failures.clone(), passing.id(id, cause).ok()?))));
    }
    events
}

fn no_answer(error: anyhow::Error) -> Failure {
    Failure::Upstream {
        system: System::TradingGrid,
        cause: anyhow!("Lens: {}", shared::failure::chain(error.as_ref())),
        unsent: true,
    }
}

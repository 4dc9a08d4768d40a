//! Whoever sends events: the community and the scoped app, over a line that loses, doubles,
//! delays and reorders.
//!
//! The community posts an issue's events one after another, each until it is accepted, but for
//! those that the line takes out of their order.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::time::Duration;

use fastrand::Rng;
use serde_json::Value;
use tokio::time::sleep;
use worlds::outgoing::{Destination, Outcome};

use super::Shared;
use crate::play::{Play, pushed, signed};
use crate::town::WEBHOOK_KEY;

/// How long the line holds an event back, at most.
const LONGEST_DELAY: u64 = 120_000;

/// When an event was first posted and first accepted, in ticks that count both.
#[derive(Clone, Copy, Default)]
pub(super) struct Passage {
    pub(super) posted: u64,
    pub(super) accepted: Option<u64>,
}

/// How badly the lines work, in percent.
struct Line {
    lost: u8,
    doubled: u8,
    late: u8,
}

/// Both senders.
pub(super) struct Senders {
    play: Rc<Play>,
    line: Line,
    rng: RefCell<Rng>,
    busy: Rc<Cell<u32>>,
    /// All events of the community, by id.
    pub(super) sent: RefCell<BTreeMap<String, Value>>,
    lost: RefCell<Vec<Value>>,
    turns: RefCell<BTreeMap<String, Rc<tokio::sync::Mutex<()>>>>,
    pub(super) passages: Shared<BTreeMap<String, Passage>>,
    ticks: Rc<Cell<u64>>,
    /// The bodies that the app has sent.
    told: Shared<BTreeSet<String>>,
}

impl Senders {
    /// Both senders; the app's begins to look for events.
    pub(super) fn open(play: &Rc<Play>, rng: &mut Rng) -> Rc<Self> {
        let mut percent = || rng.choice([0, 5, 15, 30]).unwrap_or(0);
        let line = Line {
            lost: percent(),
            doubled: percent(),
            late: percent(),
        };
        let senders = Rc::new(Self {
            play: Rc::clone(play),
            line,
            rng: RefCell::new(rng.fork()),
            busy: Rc::default(),
            sent: RefCell::default(),
            lost: RefCell::default(),
            turns: RefCell::default(),
            passages: Rc::default(),
            ticks: Rc::default(),
            told: Rc::default(),
        });
        let destination = Destination::new("https://gridlink.test", "servicenow", WEBHOOK_KEY).unwrap();
        play.town.servicenow.send_events(destination);
        let spread = rng.choice([0, 3_000, 30_000]).unwrap_or(0);
        play.town
            .servicenow
            .guess(|guesses| guesses.async_rule_spread_milliseconds = spread);
        tokio::task::spawn_local(Rc::clone(&senders).send_for_servicenow());
        senders
    }

    pub(super) fn are_busy(&self) -> bool {
        self.busy.get() > 0
    }

    /// Gives an event of the community to the line.
    pub(super) fn send(self: &Rc<Self>, event: Value) {
        let id = event["id"].as_str().unwrap().to_owned();
        self.sent.borrow_mut().insert(id, event.clone());
        if self.rolls(self.line.lost) {
            self.lost.borrow_mut().push(event);
            return;
        }
        let is_late = self.rolls(self.line.late);
        if self.rolls(self.line.doubled) {
            self.post(event.clone(), Some(self.delay()));
        }
        self.post(event, is_late.then(|| self.delay()));
    }

    /// The sender has found out what never came, and sends it.
    pub(super) fn send_what_was_lost(self: &Rc<Self>) {
        for event in self.lost.take() {
            self.post(event, None);
        }
    }

    /// Everything once more, in any order.
    pub(super) async fn send_everything_again(self: &Rc<Self>) {
        let mut events = self.sent.borrow().values().cloned().collect::<Vec<_>>();
        self.rng.borrow_mut().shuffle(&mut events);
        for event in events {
            self.post(event, Some(Duration::ZERO));
        }
        let mut told = self.told.borrow().iter().cloned().collect::<Vec<_>>();
        self.rng.borrow_mut().shuffle(&mut told);
        for body in told {
            let request = signed(body, "servicenow", &self.play.town.clock);
            let answer = self.play.offer(request).await.unwrap();
            if answer.status_code != 202 {
                let what = format!("an event of ServiceNow came again: {}", answer.body);
                self.play.town.violated(what);
            }
        }
    }

    /// Posts until it is accepted: in the turn, or out of turn after a delay.
    fn post(self: &Rc<Self>, event: Value, delay: Option<Duration>) {
        let senders = Rc::clone(self);
        let subject = event["subject"].as_str().unwrap().to_owned();
        let turn = Rc::clone(self.turns.borrow_mut().entry(subject).or_default());
        self.busy.set(self.busy.get() + 1);
        tokio::task::spawn_local(async move {
            let _turn = match delay {
                None => Some(turn.lock().await),
                Some(delay) => {
                    sleep(delay).await;
                    None
                }
            };
            let id = event["id"].as_str().unwrap().to_owned();
            let posted = senders.tick();
            senders
                .passages
                .borrow_mut()
                .entry(id.clone())
                .or_insert(Passage { posted, accepted: None });
            senders.play.deliver(&event).await;
            let accepted = senders.tick();
            let mut passages = senders.passages.borrow_mut();
            passages.entry(id).or_default().accepted.get_or_insert(accepted);
            senders.busy.set(senders.busy.get() - 1);
        });
    }

    /// The app's scheduled job: what is due is posted, each delivery for itself.
    async fn send_for_servicenow(self: Rc<Self>) {
        loop {
            sleep(Duration::from_secs(1)).await;
            for delivery in self.play.town.servicenow.take_due_events() {
                let senders = Rc::clone(&self);
                self.busy.set(self.busy.get() + 1);
                tokio::task::spawn_local(async move {
                    let outcome = senders.deliver_for_servicenow(&delivery.request).await;
                    senders.play.town.servicenow.sent(delivery.id, &outcome);
                    senders.busy.set(senders.busy.get() - 1);
                });
            }
        }
    }

    async fn deliver_for_servicenow(&self, request: &http::Request<bytes::Bytes>) -> Outcome {
        let unanswered = || Outcome::Unanswered("the line broke".to_owned());
        let body = String::from_utf8(request.body().to_vec()).unwrap();
        self.told.borrow_mut().insert(body);
        if self.rolls(self.line.late) {
            sleep(self.delay() / 4).await;
        }
        if self.rolls(self.line.lost) {
            return unanswered();
        }
        if self.rolls(self.line.doubled) {
            self.play.offer(pushed(request)).await;
        }
        let Some(answer) = self.play.offer(pushed(request)).await else {
            return unanswered();
        };
        match answer.status_code {
            202 if self.rolls(self.line.lost) => return unanswered(),
            202 | 503 => {}
            status => {
                let what = format!("an event of ServiceNow was answered {status}: {}", answer.body);
                self.play.town.violated(what);
            }
        }
        Outcome::Answered {
            status: answer.status_code,
            retry_after: None,
            detail: answer.body,
        }
    }

    fn rolls(&self, percent: u8) -> bool {
        self.rng.borrow_mut().u8(0..100) < percent
    }

    fn delay(&self) -> Duration {
        Duration::from_millis(self.rng.borrow_mut().u64(0..LONGEST_DELAY))
    }

    fn tick(&self) -> u64 {
        self.ticks.set(self.ticks.get() + 1);
        self.ticks.get()
    }
}

//! Runs a scenario: senders that repeat until 202, an event source mapping with two workers, the
//! schedule; then everything once more, duplicated and out of order.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::atomic::Ordering;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use serde_json::{Value, json};
use shared::clients::Clients;
use shared::clock::Clock;
use shared::domain::{Timestamp, UseCase};
use shared::http::{Transport, until};
use shared::lambda::{Ingress, QueueBatch, QueueVerdict, QueueWorker, SweepRequest, Sweeper, WebhookAnswer};
use shared::mapping::Mapping;
use shared::signature;
use tokio::time::{Instant, sleep};
use worlds::outgoing::Outcome;

use crate::faults::Plan;
use crate::oracle;
use crate::scenarios::{Scenario, Step};
use crate::town::{Environment, TABLE, Town, WEBHOOK_KEY, queue, seconds};

/// How long a function may run.
const FUNCTION: Duration = Duration::from_secs(60);
/// How long API Gateway's function may run.
const GATEWAY: Duration = Duration::from_secs(20);
/// How often the loops of an installation look when days pass.
const SELDOM: Duration = Duration::from_secs(600);
/// A play that is not quiet after this long has lost something.
const LONGEST: Duration = Duration::from_secs(6 * 3600);

type Work<I, O> = Rc<dyn Fn(I, String, Timestamp) -> std::pin::Pin<Box<dyn Future<Output = O>>>>;

/// Starts an environment: what an invocation in it does.
type Make<I, O> = Box<dyn Fn(&Arc<Environment>) -> Work<I, O>>;
/// An environment that was used before.
type Warm<I, O> = (Arc<Environment>, Work<I, O>);

/// The environments of one function: warm ones are used again.
struct Function<I, O> {
    name: &'static str,
    time: Duration,
    make: Make<I, O>,
    idle: RefCell<Vec<Warm<I, O>>>,
    made: Cell<u32>,
    invoked: Cell<u32>,
}

impl<I, O> Function<I, O> {
    fn new(name: &'static str, time: Duration, make: impl Fn(&Arc<Environment>) -> Work<I, O> + 'static) -> Rc<Self> {
        Rc::new(Self {
            name,
            time,
            make: Box::new(make),
            idle: RefCell::default(),
            made: Cell::new(0),
            invoked: Cell::new(0),
        })
    }

    /// Invokes the function; `None` when it was killed, and its environment with it.
    async fn invoke(&self, town: &Town, input: I) -> Option<O> {
        let idle = self.idle.borrow_mut().pop();
        let (environment, work) = idle.unwrap_or_else(|| {
            self.made.set(self.made.get() + 1);
            let environment = Environment::new(format!("{}-{}", self.name, self.made.get()));
            let work = (self.make)(&environment);
            (environment, work)
        });
        self.invoked.set(self.invoked.get() + 1);
        let request = format!("{}-request-{}", self.name, self.invoked.get());
        let deadline = town.clock.now().after(self.time);
        let telemetry = town.telemetry(self.name);
        // The gateway gives up on its function in any case, and the sender posts again.
        let is_killed_in_time = self.time == GATEWAY || town.kills_in_time();
        let answer = environment
            .run(
                self.time,
                is_killed_in_time,
                telemetry.watch(until(town.clock.clone(), deadline, work(input, request, deadline))),
            )
            .await;
        if answer.is_some() {
            self.idle.borrow_mut().push((environment, work));
        }
        answer
    }
}

/// A running installation.
pub(crate) struct Play {
    pub(crate) town: Arc<Town>,
    ingress: Rc<Function<Value, WebhookAnswer>>,
    workers: BTreeMap<UseCase, Rc<Function<QueueBatch, QueueVerdict>>>,
    sweeper: Rc<Function<SweepRequest, ()>>,
    running: Rc<Cell<u32>>,
    is_over: Rc<Cell<bool>>,
    /// Whether days pass in which nobody acts: then everything is looked at now and then only.
    are_days_passing: Rc<Cell<bool>>,
    /// The events of ServiceNow that were accepted.
    told: Rc<RefCell<Vec<String>>>,
}

/// A function of a use case, of its own `gather` and `decide`.
macro_rules! worker {
    ($town:expr, $use_case:expr, $function:ident) => {{
        let (place, clock) = (Arc::clone($town), $town.clock.clone());
        Function::new($use_case.as_str(), FUNCTION, move |environment| {
            let worker = Rc::new(QueueWorker {
                clients: clients(&place, environment, clock.clone()),
                use_case: $use_case,
                gather: $function::gather,
                decide: $function::decide,
            });
            Rc::new(move |batch, request: String, deadline| {
                let worker = Rc::clone(&worker);
                Box::pin(async move { worker.handle(batch, &request, deadline).await })
            })
        })
    }};
}

impl Play {
    pub(crate) fn new(town: &Arc<Town>) -> Self {
        let make = |town: &Arc<Town>| (Arc::clone(town), town.clock.clone());
        let (place, clock) = make(town);
        let ingress = Function::new("receive-webhook", GATEWAY, move |environment| {
            let mapping = Arc::clone(&place.mapping);
            let transport = place.transport(environment);
            let ingress = Rc::new(Ingress::new(
                &place.config(),
                "webhook/".to_owned(),
                mapping,
                transport,
                clock.clone(),
            ));
            Rc::new(move |input: Value, request: String, _| {
                let ingress = Rc::clone(&ingress);
                Box::pin(async move { ingress.handle(serde_json::from_value(input).unwrap(), &request).await })
            })
        });
        let workers = BTreeMap::from([
            (UseCase::OpenCase, worker!(town, UseCase::OpenCase, open_case)),
            (UseCase::RelayStatus, worker!(town, UseCase::RelayStatus, relay_status)),
            (
                UseCase::BridgeEscalation,
                worker!(town, UseCase::BridgeEscalation, bridge_escalation),
            ),
            (
                UseCase::RaiseIncident,
                worker!(town, UseCase::RaiseIncident, raise_incident),
            ),
            (UseCase::CreateTask, worker!(town, UseCase::CreateTask, create_task)),
            (
                UseCase::PublishKnowledge,
                worker!(town, UseCase::PublishKnowledge, publish_knowledge),
            ),
            (
                UseCase::ProvisionPartner,
                worker!(town, UseCase::ProvisionPartner, provision_partner),
            ),
        ]);
        let (place, clock) = make(town);
        let sweeper = Function::new("poll-changes", FUNCTION, move |environment| {
            let sweeper = Rc::new(Sweeper::new(
                &place.config(),
                place.transport(environment),
                clock.clone(),
            ));
            Rc::new(move |asked: SweepRequest, request: String, deadline| {
                let sweeper = Rc::clone(&sweeper);
                Box::pin(async move {
                    // A failed sweep is followed by the next.
                    let _ = sweeper.handle(asked, &request, deadline).await;
                })
            })
        });
        Self {
            town: Arc::clone(town),
            ingress,
            workers,
            sweeper,
            running: Rc::new(Cell::new(0)),
            is_over: Rc::new(Cell::new(false)),
            are_days_passing: Rc::default(),
            told: Rc::default(),
        }
    }

    /// Plays a scenario to its end and gives what is wrong with the outcome.
    pub(crate) async fn run(&self, scenario: &Scenario, and_again: bool) -> Vec<String> {
        self.open_the_doors();
        if scenario.is_told {
            self.tell();
        }
        let mut sent = Vec::new();
        for step in &scenario.steps {
            match step {
                Step::Partner(act) => {
                    let event = act(&self.town.community);
                    self.deliver(&event).await;
                    sent.push(event);
                }
                Step::Unsent(act) => {
                    let _ = act(&self.town.community);
                }
                Step::Meanwhile(act) => {
                    tokio::select! {
                        biased;
                        () = self.town.arrival.notified() => {}
                        () = self.quiet() => {}
                    }
                    let event = act(&self.town.community);
                    self.deliver(&event).await;
                    sent.push(event);
                }
                Step::AgentMeanwhile(act) => {
                    tokio::select! {
                        biased;
                        () = self.town.arrival.notified() => {}
                        () = self.quiet() => {}
                    }
                    act(&self.town);
                }
                Step::Agent(act) => {
                    self.quiet().await;
                    act(&self.town);
                }
                Step::Then(act) => {
                    self.quiet().await;
                    let event = act(&self.town.community);
                    self.deliver(&event).await;
                    sent.push(event);
                }
                Step::Days(days) => {
                    self.quiet().await;
                    self.days(*days).await;
                }
            }
        }
        self.quiet().await;
        oracle::check(&self.town, scenario);
        if and_again {
            let before = self.town.servicenow.calls().len() + self.town.community.calls().len();
            for event in sent.iter().rev().chain(sent.iter()) {
                self.deliver(event).await;
            }
            let told = self.told.borrow().clone();
            for body in told.iter().rev().chain(told.iter()) {
                let request = signed(body.clone(), "servicenow", &self.town.clock);
                if let Some(answer) = self.ingress.invoke(&self.town, request).await
                    && answer.status_code != 202
                {
                    self.town
                        .violated(format!("an event of ServiceNow came again: {}", answer.body));
                }
            }
            self.ring_everything();
            self.quiet().await;
            oracle::check(&self.town, scenario);
            let after = self.town.servicenow.calls().len() + self.town.community.calls().len();
            if after != before {
                self.town
                    .violated(format!("a replay made {} calls to the outside", after - before));
            }
        }
        self.is_over.set(true);
        self.town.violations.lock().unwrap().clone()
    }

    /// Closes the doors: these functions are invoked no more.
    pub(crate) fn end(&self) {
        self.is_over.set(true);
    }

    /// Lets days pass in which nobody acts.
    pub(crate) async fn days(&self, days: u64) {
        self.are_days_passing.set(true);
        sleep(Duration::from_secs(days * 24 * 3600)).await;
        self.are_days_passing.set(false);
    }

    /// How long a loop of the installation waits before it looks again.
    fn pause(&self, usual: Duration) -> impl Fn() -> Duration + use<> {
        let are_days_passing = Rc::clone(&self.are_days_passing);
        move || if are_days_passing.get() { SELDOM } else { usual }
    }

    /// Starts the event source mapping and the schedule.
    pub(crate) fn open_the_doors(&self) {
        let doors = self.workers.iter().flat_map(|worker| [worker, worker]);
        for (use_case, worker) in doors {
            let (town, worker, queue) = (Arc::clone(&self.town), Rc::clone(worker), queue(*use_case));
            let (running, is_over) = (Rc::clone(&self.running), Rc::clone(&self.is_over));
            let pause = self.pause(Duration::from_millis(1500));
            tokio::task::spawn_local(async move {
                while !is_over.get() {
                    let messages = town.cloud.receive(&queue, 10);
                    if messages.is_empty() {
                        sleep(pause()).await;
                        continue;
                    }
                    running.set(running.get() + 1);
                    let records: Vec<Value> = messages
                        .iter()
                        .map(|message| json!({"messageId": message.message_id, "body": message.body}))
                        .collect();
                    let batch = serde_json::from_value(json!({"Records": records})).unwrap();
                    if let Some(verdict) = worker.invoke(&town, batch).await {
                        for message in &messages {
                            if verdict.failures.iter().all(|failed| failed.id != message.message_id) {
                                town.cloud.delete(&queue, &message.receipt);
                            }
                        }
                    }
                    running.set(running.get() - 1);
                }
            });
        }
        let (town, sweeper) = (Arc::clone(&self.town), Rc::clone(&self.sweeper));
        let (running, is_over) = (Rc::clone(&self.running), Rc::clone(&self.is_over));
        let pause = self.pause(Duration::from_secs(60));
        tokio::task::spawn_local(async move {
            loop {
                sleep(pause()).await;
                if is_over.get() {
                    return;
                }
                // A sweep that can find nothing is spared, but for the first, which claims the table.
                if sweeper.invoked.get() > 0 && !oracle::is_anything_due(&town) {
                    continue;
                }
                running.set(running.get() + 1);
                sweeper.invoke(&town, SweepRequest::default()).await;
                running.set(running.get() - 1);
            }
        });
    }

    /// Puts the scoped app on the instance: from now on ServiceNow posts its own events.
    pub(crate) fn tell(&self) {
        let destination = worlds::outgoing::Destination::new("https://gridlink.test", "servicenow", WEBHOOK_KEY);
        self.town.servicenow.send_events(destination.unwrap());
        let (town, ingress) = (Arc::clone(&self.town), Rc::clone(&self.ingress));
        let (running, is_over, told) = (
            Rc::clone(&self.running),
            Rc::clone(&self.is_over),
            Rc::clone(&self.told),
        );
        let pause = self.pause(Duration::from_secs(1));
        tokio::task::spawn_local(async move {
            let mut has_more = false;
            while !is_over.get() {
                // A job of the app that has heard goes on at once, and has signed for now.
                if !has_more {
                    sleep(pause()).await;
                }
                let due = town.servicenow.take_due_events();
                has_more = !due.is_empty() && town.has_app.load(Ordering::Relaxed);
                for delivery in due {
                    running.set(running.get() + 1);
                    let body = String::from_utf8(delivery.request.body().to_vec()).unwrap();
                    let request = pushed(&delivery.request);
                    town.witness.hears(&request);
                    let answer = ingress.invoke(&town, request).await;
                    let outcome = match answer {
                        Some(answer) => Outcome::Answered {
                            status: answer.status_code,
                            retry_after: None,
                            detail: answer.body,
                        },
                        None => Outcome::Unanswered("the function was killed".to_owned()),
                    };
                    match &outcome {
                        Outcome::Answered { status: 202, .. } => told.borrow_mut().push(body),
                        Outcome::Answered { status: 503, .. } | Outcome::Unanswered(_) => {}
                        Outcome::Answered { status, detail, .. } => {
                            town.violated(format!("an event of ServiceNow was answered {status}: {detail}"));
                        }
                    }
                    town.servicenow.sent(delivery.id, &outcome);
                    running.set(running.get() - 1);
                }
            }
        });
    }

    /// Posts an event until it is accepted, as a sender that obeys the contract does.
    pub(crate) async fn deliver(&self, event: &Value) {
        for _ in 0..60 {
            let request = signed(event.to_string(), "trading-grid", &self.town.clock);
            self.town.witness.hears(&request);
            if let Some(answer) = self.ingress.invoke(&self.town, request).await {
                match answer.status_code {
                    202 => {
                        oracle::check_accepted(&self.town, event);
                        return;
                    }
                    503 => {}
                    status => {
                        self.town
                            .violated(format!("{} was answered {status}: {}", event["id"], answer.body));
                        return;
                    }
                }
            }
            sleep(Duration::from_secs(5)).await;
        }
        self.town.violated(format!("{} was never accepted", event["id"]));
    }

    /// One request, without repeating it.
    pub(crate) async fn post(&self, request: Value) -> WebhookAnswer {
        self.offer(request).await.unwrap()
    }

    /// One request, without repeating it; `None` when the function was killed.
    pub(crate) async fn offer(&self, request: Value) -> Option<WebhookAnswer> {
        self.ingress.invoke(&self.town, request).await
    }

    /// Lets a parked stream go on, as an operator would.
    pub(crate) async fn replay(&self, subject: &str) {
        let asked = serde_json::from_value(json!({"replay": subject})).unwrap();
        self.sweeper.invoke(&self.town, asked).await;
    }

    /// Waits until nothing is left to do.
    pub(crate) async fn quiet(&self) {
        let started = Instant::now();
        loop {
            sleep(Duration::from_secs(2)).await;
            let town = &self.town;
            let is_quiet = self.running.get() == 0
                && town.under_way.load(Ordering::Relaxed) == 0
                && UseCase::ALL
                    .map(queue)
                    .iter()
                    .all(|queue| town.cloud.depth(queue) == 0 && town.cloud.in_flight(queue) == 0)
                && town.servicenow.next_event_at().is_none()
                && oracle::is_settled(town);
            if is_quiet {
                return;
            }
            if started.elapsed() > LONGEST {
                self.town.violated("the town is not quiet after six hours".to_owned());
                return;
            }
        }
    }

    /// A doorbell of a stream comes to a use case.
    pub(crate) async fn ring(&self, use_case: UseCase, subject: &str, lane: &str) {
        let body = json!({"subject": subject, "lane": lane}).to_string();
        let batch = json!({"Records": [{"messageId": "again", "body": body}]});
        let batch = serde_json::from_value(batch).unwrap();
        self.workers[&use_case].invoke(&self.town, batch).await;
    }

    /// Rings every stream twice, as a queue that repeats itself would.
    pub(crate) fn ring_everything(&self) {
        for item in self.town.cloud.items(TABLE).iter() {
            let sk = item["sk"].as_str().unwrap_or_default();
            if let Some(lane) = sk.strip_prefix("HEAD#") {
                let body = json!({"subject": item["pk"], "lane": lane}).to_string();
                for _ in 0..2 {
                    self.running.set(self.running.get() + 1);
                    let batch = json!({"Records": [{"messageId": "again", "body": body}, {"messageId": "again2", "body": body}]});
                    let batch = serde_json::from_value(batch).unwrap();
                    let owner = item["owner"].as_str().and_then(|owner| owner.parse().ok());
                    let worker = &self.workers[&owner.unwrap_or(UseCase::OpenCase)];
                    let (town, worker) = (Arc::clone(&self.town), Rc::clone(worker));
                    let running = Rc::clone(&self.running);
                    tokio::task::spawn_local(async move {
                        worker.invoke(&town, batch).await;
                        running.set(running.get() - 1);
                    });
                }
            }
        }
    }
}

impl Town {
    /// Lambda kills a function at its deadline. One that stands still is not killed here: what it does afterwards must do
    /// no harm.
    fn kills_in_time(&self) -> bool {
        !self.plan.pauses()
    }
}

/// The mapping that is shipped, read once.
pub(crate) fn default_mapping() -> Arc<Mapping> {
    static MAPPING: OnceLock<Arc<Mapping>> = OnceLock::new();
    let parse = || Arc::new(Mapping::parse(include_str!("../../../infra/mapping.yaml")).unwrap());
    Arc::clone(MAPPING.get_or_init(parse))
}

/// Runs a play in a time of its own, which goes on only when everybody waits.
pub(crate) fn in_paused_time<T>(play: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap();
    tokio::task::LocalSet::new().block_on(&runtime, play)
}

/// Runs a test in a town of its own, where nothing fails by plan.
pub(crate) fn in_town(mapping: Arc<Mapping>, test: impl AsyncFnOnce(&Arc<Town>, &Play)) {
    in_paused_time(async {
        let town = Town::new(Plan::default(), mapping);
        let play = Play::new(&town);
        test(&town, &play).await;
        let violations = town.violations.lock().unwrap().clone();
        assert!(violations.is_empty(), "{violations:#?}");
    });
}

pub(crate) fn clients(town: &Arc<Town>, environment: &Arc<Environment>, clock: Clock) -> Clients {
    clients_over(town, town.transport(environment), clock)
}

/// The clients of a function with a way of its own to the outside.
pub(crate) fn clients_over(town: &Arc<Town>, transport: Transport, clock: Clock) -> Clients {
    Clients::new(
        &town.config(),
        town.systems(),
        Arc::clone(&town.mapping),
        transport,
        clock,
    )
    .unwrap()
}

/// A REST API's proxy request as somebody else has signed it.
pub(crate) fn pushed(request: &http::Request<bytes::Bytes>) -> Value {
    let headers = request.headers().iter().map(|(name, value)| {
        let value = value.to_str().unwrap_or_default();
        (name.as_str().to_owned(), json!([value]))
    });
    let body = std::str::from_utf8(request.body()).unwrap();
    proxied("servicenow", headers.collect::<serde_json::Map<_, _>>().into(), body)
}

/// A REST API's proxy request with a signed body.
pub(crate) fn signed(body: String, sender: &str, clock: &Clock) -> Value {
    let keys = signature::keys(&WEBHOOK_KEY.to_owned().into()).unwrap();
    let seconds = seconds(clock);
    let signature = signature::signature(&keys[0], "msg_1", seconds, body.as_bytes());
    let headers = json!({
        "Content-Type": ["application/cloudevents+json"],
        "Webhook-Id": ["msg_1"],
        "Webhook-Timestamp": [seconds.to_string()],
        "Webhook-Signature": [signature],
    });
    proxied(sender, headers, &body)
}

fn proxied(sender: &str, headers: Value, body: &str) -> Value {
    json!({
        "pathParameters": {"sender": sender},
        "multiValueHeaders": headers,
        "body": body,
        "isBase64Encoded": false,
    })
}

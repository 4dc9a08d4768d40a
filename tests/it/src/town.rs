//! Everything outside the functions, in one process, with a tap on every request.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock, Weak};
use std::time::{Duration, UNIX_EPOCH};

use bytes::Bytes;
use cloud::{Cloud, QueueSettings};
use http::{Request, Response};
use http_body_util::BodyExt;
use serde_json::json;
use shared::clock::Clock;
use shared::config::{AwsConfig, Config, Published, Systems};
use shared::domain::{Timestamp, UseCase};
use shared::http::{Body, Transport, TransportError};
use shared::mapping::Mapping;
use shared::telemetry::Telemetry;
use tokio::sync::Notify;
use tokio::time::Instant;
use worlds::{ServiceNow, TradingGrid};

use crate::access;
use crate::chaos::{Chaos, Strike};
use crate::faults::{Fault, Plan, System};
use crate::witness::Witness;

pub(crate) const TABLE: &str = "gridlink";
/// The doorbell queue of open-case.
pub(crate) const QUEUE: &str = "open-case.fifo";

/// The doorbell queue of a use case.
pub(crate) fn queue(use_case: UseCase) -> String {
    format!("{}.fifo", use_case.as_str())
}
pub(crate) const WEBHOOK_KEY: &str = "whsec_Z3JpZGxpbmstdGVzdC1rZXktMDAwMDAw";
/// How long a standing-still function stands still: longer than its deadline, its lease, the time of a claim, and for as
/// long as its doorbell is kept from others, so that another works meanwhile.
const PAUSE: Duration = Duration::from_secs(900);
/// How late a late commit is.
const LATE: Duration = Duration::from_secs(60);
/// 2026-11-23T09:00:00Z.
const START: u64 = 1_795_424_400;

/// One request to the outside.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    pub(crate) system: System,
    /// The operation of AWS, or method and path.
    pub(crate) operation: String,
    /// Which environment of which function sent it.
    pub(crate) by: String,
    pub(crate) fault: Option<Fault>,
    pub(crate) status: Option<u16>,
    /// A digest of what was answered.
    pub(crate) answer: u64,
}

/// The outside.
pub(crate) struct Town {
    pub(crate) cloud: Cloud,
    pub(crate) servicenow: ServiceNow,
    pub(crate) community: TradingGrid,
    pub(crate) clock: Clock,
    pub(crate) mapping: Arc<Mapping>,
    pub(crate) plan: Plan,
    /// Whether functions that start now are told that the instance has the scoped app.
    pub(crate) has_app: AtomicBool,
    calls: Mutex<Vec<Call>>,
    /// Requests that will take effect later.
    pub(crate) under_way: AtomicUsize,
    /// Rung when the partner's next event should arrive now.
    pub(crate) arrival: Notify,
    /// What went wrong while the play ran.
    pub(crate) violations: Mutex<Vec<String>>,
    /// Delays and faults beside those of the plan.
    pub(crate) chaos: OnceLock<Chaos>,
    environments: Mutex<Vec<Weak<Environment>>>,
    /// What was done in AWS, by whom.
    pub(crate) deeds: Mutex<BTreeSet<access::Done>>,
    /// The documents of metrics that functions have written.
    pub(crate) metrics: Arc<Mutex<Vec<String>>>,
    pub(crate) witness: Witness,
}

/// The package of the scoped app, which `make app` builds.
fn package() -> Bytes {
    static PACKAGE: OnceLock<Bytes> = OnceLock::new();
    let read = || {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../infra/servicenow-app/target");
        let files = std::fs::read_dir(&folder).ok().into_iter().flatten();
        let zip = files
            .filter_map(|file| Some(file.ok()?.path()))
            .find(|path| path.extension().is_some_and(|extension| extension == "zip"));
        let zip = zip.expect("the package is not built: make app");
        Bytes::from(std::fs::read(zip).unwrap())
    };
    PACKAGE.get_or_init(read).clone()
}

impl Town {
    pub(crate) fn new(plan: Plan, mapping: Arc<Mapping>) -> Arc<Self> {
        Self::built(plan, mapping, false)
    }

    /// A town whose instance has the scoped app, which posts the events and writes the entries.
    pub(crate) fn with_the_app(plan: Plan, mapping: Arc<Mapping>) -> Arc<Self> {
        let town = Self::built(plan, mapping, true);
        town.install_the_app();
        town
    }

    pub(crate) fn install_the_app(&self) {
        let instance = &self.servicenow;
        instance.install_app(package()).unwrap();
        instance.set_property("x_gridlink.integration_user", worlds::servicenow::INTEGRATION_USER);
        let of = |table: &str, field: &str, value: &str| {
            let rows = instance.rows(table).into_iter();
            let mut rows = rows.filter(|row| row[field] == value);
            rows.next().unwrap()["sys_id"].clone()
        };
        let user = of("sys_user", "user_name", worlds::servicenow::INTEGRATION_USER);
        let role = of("sys_user_role", "name", "x_gridlink.integration");
        instance.insert("sys_user_has_role", &[("user", &user), ("role", &role)]);
        self.offer_its_items();
    }

    /// The items of the app in the place of those of the same name that the instance had: where they are offered and who
    /// approves them, an administrator says.
    fn offer_its_items(&self) {
        let instance = &self.servicenow;
        let items = instance.rows("sc_cat_item");
        let scope = instance.rows("sys_app")[0]["sys_id"].clone();
        let is_of_the_app = |item: &&BTreeMap<String, String>| item.get("sys_scope") == Some(&scope);
        for item in items.iter().filter(is_of_the_app) {
            let known = items
                .iter()
                .find(|known| known["name"] == item["name"] && !is_of_the_app(known));
            let known = known.unwrap();
            let of_the_instance = [
                "sc_catalogs",
                "category",
                "group",
                "u_approval_group",
                "u_fulfillment_tasks",
            ];
            let fields = of_the_instance.map(|field| (field, known.get(field).map_or("", String::as_str)));
            instance.update("sc_cat_item", &item["sys_id"], &fields);
            instance.update("sc_cat_item", &known["sys_id"], &[("active", "false")]);
        }
    }

    fn built(plan: Plan, mapping: Arc<Mapping>, has_app: bool) -> Arc<Self> {
        let wall = UNIX_EPOCH + Duration::from_secs(START);
        let cloud = Cloud::new(cloud::Clock::starting_at(wall));
        cloud.create_table(cloud::table_of_the_template(TABLE));
        for use_case in UseCase::ALL {
            let settings = QueueSettings {
                visibility: Duration::from_secs(360),
                max_receive_count: 8,
                dead_letter: Some(format!("{}-dead.fifo", use_case.as_str())),
                ..QueueSettings::default()
            };
            cloud.create_fifo_queue(&queue(use_case), settings);
        }
        cloud.put_secret("webhook/trading-grid", WEBHOOK_KEY, None);
        cloud.put_secret("webhook/servicenow", WEBHOOK_KEY, None);
        let client = json!({"client_id": "gridlink", "client_secret": "gridlink"}).to_string();
        cloud.put_secret("servicenow", &client, None);
        cloud.put_secret("trading-grid", &client, None);
        cloud.put_secret("users", &client, None);
        cloud.put_secret("reference", "a key that nobody else has", None);
        let world_clock = || worlds::Clock::starting_at(time::OffsetDateTime::from(wall));
        Arc::new(Self {
            cloud,
            servicenow: ServiceNow::seeded(world_clock()),
            community: TradingGrid::seeded(world_clock()),
            clock: Clock::following_tokio(Timestamp::from_millis(START as i64 * 1000)),
            mapping,
            plan,
            has_app: AtomicBool::new(has_app),
            calls: Mutex::default(),
            under_way: AtomicUsize::new(0),
            arrival: Notify::new(),
            violations: Mutex::default(),
            chaos: OnceLock::new(),
            environments: Mutex::default(),
            deeds: Mutex::default(),
            metrics: Arc::default(),
            witness: Witness::default(),
        })
    }

    pub(crate) fn config(&self) -> Config {
        Config {
            table: TABLE.to_owned(),
            deployment: "it".parse().unwrap(),
            queues: UseCase::ALL
                .map(|use_case| (use_case, self.cloud.queue_url(&queue(use_case))))
                .into(),
            aws: AwsConfig {
                region: cloud::REGION.to_owned(),
                access_key_id: "AKID".to_owned(),
                secret_access_key: "a-key-of-aws-that-nobody-else-has".to_owned().into(),
                session_token: None,
                endpoint: None,
            },
            extra_ca_file: None,
            task_root: PathBuf::from("."),
            log_level: "info".to_owned(),
        }
    }

    pub(crate) fn systems(&self) -> Systems {
        let url = |text: &str| url::Url::parse(text).unwrap();
        Systems {
            servicenow_url: url("https://servicenow.test"),
            servicenow_secret: "servicenow".to_owned(),
            servicenow_app: self.has_app.load(Ordering::Relaxed),
            collaboration_url: url("https://community.test/collaboration/v1"),
            collaboration_binding: String::new(),
            trading_grid_token_url: url("https://community.test/v1/oauth2/tokens"),
            trading_grid_secret: "trading-grid".to_owned(),
            reference_secret: "reference".to_owned(),
            users: Some(Published {
                url: url("https://community.test"),
                token_url: url("https://community.test/v1/oauth2/tokens"),
                secret: "users".to_owned(),
            }),
        }
    }

    pub(crate) fn calls(&self) -> Vec<Call> {
        self.calls.lock().unwrap().clone()
    }

    /// Forgets what passed between the functions and the systems, and gives the calls: of a long time they are many.
    pub(crate) fn forget_what_passed(&self) -> Vec<Call> {
        self.cloud.forget_calls();
        self.servicenow.forget_calls();
        self.community.forget_calls();
        self.metrics.lock().unwrap().clear();
        self.deeds.lock().unwrap().clear();
        self.witness.forget();
        std::mem::take(&mut *self.calls.lock().unwrap())
    }

    pub(crate) fn violated(&self, what: String) {
        self.violations.lock().unwrap().push(what);
    }

    /// The way of one environment to the outside.
    pub(crate) fn transport(self: &Arc<Self>, environment: &Arc<Environment>) -> Transport {
        self.environments.lock().unwrap().push(Arc::downgrade(environment));
        let (town, environment) = (Arc::clone(self), Arc::clone(environment));
        Transport::InProcess(Arc::new(move |request| {
            let (town, environment) = (Arc::clone(&town), Arc::clone(&environment));
            Box::pin(async move { town.tap(&environment, request).await })
        }))
    }

    /// What the metrics of a function are written with.
    pub(crate) fn telemetry(&self, function: &'static str) -> Telemetry {
        let metrics = Arc::clone(&self.metrics);
        Telemetry::new(
            "Gridlink/it".to_owned(),
            function,
            self.clock.clone(),
            move |document| {
                metrics.lock().unwrap().push(document);
            },
        )
    }

    /// The environments in which a function runs now.
    pub(crate) fn running(&self) -> Vec<Arc<Environment>> {
        let mut environments = self.environments.lock().unwrap();
        environments.retain(|environment| environment.strong_count() > 0);
        let alive = environments.iter().filter_map(Weak::upgrade);
        alive.filter(|environment| environment.is_running()).collect()
    }

    async fn tap(
        self: &Arc<Self>,
        environment: &Arc<Environment>,
        request: Request<Body>,
    ) -> Result<Response<Bytes>, TransportError> {
        let (system, operation) = target_of(&request);
        let chaos = self.chaos.get().map(|chaos| chaos.strike(system, &operation));
        let Strike { before, fault, after } = chaos.unwrap_or_default();
        let (index, fault) = {
            let mut calls = self.calls.lock().unwrap();
            let index = calls.len();
            let planned = self.plan.at(index).filter(|fault| fault.fits(system, &operation));
            let fault = planned.or(fault);
            let by = environment.name.clone();
            calls.push(Call {
                system,
                operation: operation.clone(),
                by,
                fault,
                status: None,
                answer: 0,
            });
            (index, fault)
        };
        if !before.is_zero() {
            tokio::time::sleep(before).await;
        }
        let lost = || TransportError::lost(std::io::Error::from(std::io::ErrorKind::ConnectionReset));
        let answer = match fault {
            None => self.answer(&environment.name, (system, &operation), request).await?,
            Some(Fault::KillBefore) => return environment.die().await,
            Some(Fault::KillAfter) => {
                let _ = self.answer(&environment.name, (system, &operation), request).await;
                return environment.die().await;
            }
            Some(Fault::Lost) => {
                let _ = self.answer(&environment.name, (system, &operation), request).await;
                return Err(lost());
            }
            Some(Fault::ErrorAfter) => {
                let _ = self.answer(&environment.name, (system, &operation), request).await;
                error(system, 503)
            }
            Some(Fault::Late) => {
                let (parts, body) = request.into_parts();
                let body = body.collect().await.map_err(|_| lost())?.to_bytes();
                let request = Request::from_parts(parts, shared::http::full(body));
                let (town, by) = (Arc::clone(self), environment.name.clone());
                town.under_way.fetch_add(1, Ordering::Relaxed);
                tokio::task::spawn_local(async move {
                    tokio::time::sleep(LATE).await;
                    let _ = town.answer(&by, (system, &operation), request).await;
                    town.under_way.fetch_sub(1, Ordering::Relaxed);
                });
                return Err(lost());
            }
            Some(Fault::Arrival) => {
                self.arrival.notify_one();
                tokio::time::sleep(Duration::from_millis(700)).await;
                self.answer(&environment.name, (system, &operation), request).await?
            }
            Some(Fault::TooMany) => error(system, 429),
            Some(Fault::Conflict) => conflict(),
            Some(Fault::Throttle) => error(system, 400),
            Some(Fault::Pause) => {
                environment.stand_still(PAUSE).await;
                self.answer(&environment.name, (system, &operation), request).await?
            }
        };
        if !after.is_zero() {
            tokio::time::sleep(after).await;
        }
        // It may have been forgotten meanwhile.
        if let Some(call) = self.calls.lock().unwrap().get_mut(index) {
            call.status = Some(answer.status().as_u16());
            let mut digest = DefaultHasher::new();
            answer.body().hash(&mut digest);
            call.answer = digest.finish();
        }
        Ok(answer)
    }

    async fn answer(
        &self,
        by: &str,
        (system, operation): (System, &str),
        request: Request<Body>,
    ) -> Result<Response<Bytes>, TransportError> {
        let lost = |what: &'static str| TransportError::lost(std::io::Error::other(what));
        self.witness.asks(&request);
        let response = match system {
            System::DynamoDb | System::Sqs | System::Secrets => {
                let (parts, body) = request.into_parts();
                let body = body.collect().await.map_err(|_| lost("a broken body"))?.to_bytes();
                match access::look(by, system, operation, &body) {
                    Ok(done) => self.deeds.lock().unwrap().extend(done),
                    Err(refused) => {
                        let (refusal, answer) = *refused;
                        self.violated(refusal);
                        return Ok(answer);
                    }
                }
                self.witness.sends(system, &body);
                let is_write = system == System::DynamoDb && matches!(operation, "TransactWriteItems" | "UpdateItem");
                let response = self.cloud.call(Request::from_parts(parts, body)).await;
                if is_write && self.chaos.get().is_none_or(Chaos::looks_now) {
                    crate::oracle::check_liveness(self);
                }
                response
            }
            System::ServiceNow => self.servicenow.call(request.map(world_body)).await,
            System::TradingGrid => self.community.call(request.map(world_body)).await,
        };
        self.witness.answers(system, &response);
        if response.extensions().get::<worlds::Dropped>().is_some() {
            return Err(lost("dropped"));
        }
        if response.extensions().get::<worlds::Truncated>().is_some() {
            return Err(lost("truncated"));
        }
        Ok(response)
    }
}

/// One Lambda environment: it can be killed, and it can stand still.
pub(crate) struct Environment {
    pub(crate) name: String,
    state: Mutex<State>,
    changed: Notify,
}

#[derive(Default)]
struct State {
    is_running: bool,
    is_dead: bool,
    still_until: Option<Instant>,
}

impl Environment {
    pub(crate) fn new(name: String) -> Arc<Self> {
        Arc::new(Self {
            name,
            state: Mutex::default(),
            changed: Notify::new(),
        })
    }

    /// Kills what runs here, wherever it is.
    pub(crate) fn kill(&self) {
        self.state.lock().unwrap().is_dead = true;
        self.changed.notify_one();
    }

    fn is_running(&self) -> bool {
        let state = self.state.lock().unwrap();
        state.is_running && !state.is_dead
    }

    async fn die<T>(&self) -> T {
        self.kill();
        std::future::pending().await
    }

    async fn stand_still(&self, pause: Duration) {
        let until = Instant::now() + pause;
        self.state.lock().unwrap().still_until = Some(until);
        self.changed.notify_one();
        // The play does not poll this environment until then.
        std::future::poll_fn(|_| match Instant::now() < until {
            true => std::task::Poll::Pending,
            false => std::task::Poll::Ready(()),
        })
        .await;
    }

    /// Runs an invocation in this environment; `None` when it was killed.
    pub(crate) async fn run<T>(
        &self,
        time: Duration,
        is_killed_in_time: bool,
        work: impl Future<Output = T>,
    ) -> Option<T> {
        self.state.lock().unwrap().is_running = true;
        let answer = self.run_to_end(time, is_killed_in_time, work).await;
        self.state.lock().unwrap().is_running = false;
        answer
    }

    async fn run_to_end<T>(&self, time: Duration, is_killed_in_time: bool, work: impl Future<Output = T>) -> Option<T> {
        let deadline = Instant::now() + time;
        let mut work = Box::pin(work);
        loop {
            let still_until = self
                .state
                .lock()
                .unwrap()
                .still_until
                .filter(|until| Instant::now() < *until);
            if let Some(until) = still_until {
                let wake = if is_killed_in_time { until.min(deadline) } else { until };
                tokio::time::sleep_until(wake).await;
                if is_killed_in_time && Instant::now() >= deadline {
                    return None;
                }
                continue;
            }
            tokio::select! {
                biased;
                () = self.changed.notified() => if self.state.lock().unwrap().is_dead { return None },
                () = tokio::time::sleep_until(deadline), if is_killed_in_time => return None,
                answer = &mut work => return Some(answer),
            }
        }
    }
}

fn world_body(body: Body) -> worlds::WorldBody {
    body.map_err(|error| worlds::WorldError(error.to_string()))
        .boxed_unsync()
}

fn target_of(request: &Request<Body>) -> (System, String) {
    let host = request.uri().host().unwrap_or_default();
    if let Some(target) = request.headers().get("x-amz-target") {
        let target = target.to_str().unwrap();
        let operation = target.split('.').next_back().unwrap_or_default().to_owned();
        let system = match target {
            target if target.starts_with("DynamoDB") => System::DynamoDb,
            target if target.starts_with("AmazonSQS") => System::Sqs,
            _ => System::Secrets,
        };
        return (system, operation);
    }
    let system = match host {
        "servicenow.test" => System::ServiceNow,
        "community.test" => System::TradingGrid,
        other => panic!("a request to an unknown host {other}"),
    };
    (system, format!("{} {}", request.method(), request.uri().path()))
}

/// A refusal without effect, in the words of the system.
fn error(system: System, status: u16) -> Response<Bytes> {
    let (kind, body) = match (system, status) {
        (System::DynamoDb, 400) => (
            "application/x-amz-json-1.0",
            json!({"__type": "com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException", "message": "slow down"}),
        ),
        (System::Sqs | System::Secrets, 400) => (
            "application/x-amz-json-1.1",
            json!({"__type": "ThrottlingException", "message": "slow down"}),
        ),
        (System::DynamoDb | System::Sqs | System::Secrets, _) => (
            "application/x-amz-json-1.0",
            json!({"__type": "InternalServerError", "message": "internal"}),
        ),
        (System::ServiceNow | System::TradingGrid, _) => (
            "application/json",
            json!({"error": {"message": "busy", "detail": ""}, "status": "failure"}),
        ),
    };
    Response::builder()
        .status(status)
        .header("content-type", kind)
        .header("retry-after", "7")
        .body(Bytes::from(body.to_string()))
        .unwrap()
}

fn conflict() -> Response<Bytes> {
    let body = json!({
        "__type": "com.amazonaws.dynamodb.v20120810#TransactionCanceledException",
        "Message": "Transaction cancelled, please refer cancellation reasons for specific reasons [TransactionConflict]",
        "CancellationReasons": [{"Code": "TransactionConflict", "Message": "Transaction is ongoing for the item"}],
    });
    Response::builder()
        .status(400)
        .header("content-type", "application/x-amz-json-1.0")
        .body(Bytes::from(body.to_string()))
        .unwrap()
}

/// The wall clock of the play, for signing.
pub(crate) fn seconds(clock: &Clock) -> i64 {
    clock.now().seconds()
}

//! What each function may do in AWS, as the template says: whatever it does beyond that is refused here as it would be
//! there, and what no function ever does must not be granted.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;
use std::time::Duration;

use bytes::Bytes;
use http::Response;
use serde_json::{Value, json};
use shared::domain::UseCase;

use crate::faults::{Fault, Plan, System};
use crate::play::{Play, default_mapping, in_paused_time};
use crate::town::{Call, Town, queue};
use crate::{scenarios, undisturbed};

const TEMPLATE: &str = include_str!("../../../infra/template.yaml");

/// What the platform does with a function's role, and no function itself.
const OF_THE_PLATFORM: [&str; 8] = [
    "sqs:DeleteMessage",
    "sqs:GetQueueAttributes",
    "sqs:ReceiveMessage",
    "logs:CreateLogStream",
    "logs:PutLogEvents",
    "xray:PutTelemetryRecords",
    "xray:PutTraceSegments",
    // Of an invocation that failed, by Lambda.
    "sqs:SendMessage on PollChangesDeadLetters.Arn",
];

/// An action on a resource.
pub(crate) type Deed = (String, String);

/// By function.
static GRANTED: LazyLock<BTreeMap<String, BTreeSet<Deed>>> = LazyLock::new(granted);

/// Who did what on which resource, in the words of the grant that allows it.
pub(crate) type Done = (&'static str, Deed);

/// What of its role a function uses for a call; or the answer to what its role does not allow, and what that was. Who is
/// no function may do everything.
pub(crate) fn look(
    by: &str,
    system: System,
    operation: &str,
    body: &[u8],
) -> Result<Vec<Done>, Box<(String, Response<Bytes>)>> {
    let mut done = Vec::new();
    let Some((function, granted)) = GRANTED.iter().find(|(function, _)| by.starts_with(function.as_str())) else {
        return Ok(done);
    };
    for (action, resource) in deeds(system, operation, body) {
        let is_granted = |(allowed, on): &&Deed| {
            *allowed == action
                && (*on == resource || on.strip_suffix('*').is_some_and(|begin| resource.starts_with(begin)))
        };
        let Some(grant) = granted.iter().find(is_granted) else {
            let message = format!("{function} may not {action} on {resource}");
            let refusal = json!({"__type": "AccessDeniedException", "message": message});
            let answer = Response::builder()
                .status(400)
                .header("content-type", "application/x-amz-json-1.0")
                .body(Bytes::from(refusal.to_string()))
                .unwrap();
            return Err(Box::new((message, answer)));
        };
        done.push((function.as_str(), grant.clone()));
    }
    Ok(done)
}

/// The actions that a call needs, each with its resource.
fn deeds(system: System, operation: &str, body: &[u8]) -> Vec<Deed> {
    let parsed = || serde_json::from_slice::<Value>(body).unwrap();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let deed = |action: String, resource: &str| (action, resource.to_owned());
    match (system, operation) {
        (System::DynamoDb, "TransactWriteItems") => {
            let writes = parsed()["TransactItems"].as_array().cloned().unwrap_or_default();
            let kinds = writes.iter().flat_map(|write| write.as_object().unwrap().keys());
            let action = |kind: &String| match kind.as_str() {
                "ConditionCheck" => "dynamodb:ConditionCheckItem".to_owned(),
                kind => format!("dynamodb:{kind}Item"),
            };
            kinds.map(|kind| deed(action(kind), "Table")).collect()
        }
        (System::DynamoDb, "Query") => {
            let on = if parsed()["IndexName"].is_string() {
                "Table/index/due"
            } else {
                "Table"
            };
            vec![deed("dynamodb:Query".to_owned(), on)]
        }
        (System::DynamoDb, operation) => vec![deed(format!("dynamodb:{operation}"), "Table")],
        (System::Sqs, operation) => {
            let url = text(&parsed()["QueueUrl"]);
            vec![deed(
                format!("sqs:{operation}"),
                url.rsplit('/').next().unwrap_or_default(),
            )]
        }
        (System::Secrets, operation) => {
            vec![deed(
                format!("secretsmanager:{operation}"),
                &text(&parsed()["SecretId"]),
            )]
        }
        (System::ServiceNow | System::TradingGrid, _) => Vec::new(),
    }
}

/// The policies of the roles of all functions.
fn granted() -> BTreeMap<String, BTreeSet<Deed>> {
    let template: Value = serde_saphyr::from_str(TEMPLATE).unwrap();
    let mut granted: BTreeMap<String, BTreeSet<Deed>> = BTreeMap::new();
    for function in template["Resources"].as_object().unwrap().values() {
        if function["Type"] != "AWS::Serverless::Function" {
            continue;
        }
        let name = function["Properties"]["FunctionName"].as_str().unwrap();
        let name = name.trim_start_matches("${AWS::StackName}-").to_owned();
        let role = function["Properties"]["Role"]
            .as_str()
            .unwrap()
            .trim_end_matches(".Arn");
        let policies = template["Resources"][role]["Properties"]["Policies"]
            .as_array()
            .unwrap();
        let statements = policies
            .iter()
            .flat_map(|policy| policy["PolicyDocument"]["Statement"].as_array().unwrap());
        for statement in statements {
            assert_eq!(statement["Effect"], "Allow", "{statement}");
            for action in as_list(&statement["Action"]) {
                for on in as_list(&statement["Resource"]) {
                    granted
                        .entry(name.clone())
                        .or_default()
                        .insert((action.clone(), resource(&on)));
                }
            }
        }
    }
    assert_eq!(granted.len(), 9, "{:?}", granted.keys());
    granted
}

fn as_list(value: &Value) -> Vec<String> {
    match value {
        Value::Array(all) => all.iter().map(|one| one.as_str().unwrap().to_owned()).collect(),
        one => vec![one.as_str().unwrap().to_owned()],
    }
}

/// A resource of the template, by what it is called here.
fn resource(of_template: &str) -> String {
    if let Some((_, secret)) = of_template.split_once("secret:${AWS::StackName}/") {
        return secret.to_owned();
    }
    let name = of_template.trim_end_matches(".Arn").trim_end_matches(".Id");
    if let Some(secret) = name.strip_suffix("Secret") {
        return match secret {
            "ServiceNow" => "servicenow".to_owned(),
            "TradingGridUsers" => "users".to_owned(),
            secret => kebab(secret),
        };
    }
    if let Some(queue) = name.strip_suffix("Queue") {
        return format!("{}.fifo", kebab(queue));
    }
    match of_template {
        "Table.Arn" => "Table".to_owned(),
        "${Table.Arn}/index/due" => "Table/index/due".to_owned(),
        other => other.to_owned(),
    }
}

fn kebab(name: &str) -> String {
    let mut kebab = String::new();
    for letter in name.chars() {
        if letter.is_ascii_uppercase() && !kebab.is_empty() {
            kebab.push('-');
        }
        kebab.push(letter.to_ascii_lowercase());
    }
    kebab
}

#[test]
fn the_policies_are_read_from_the_template() {
    let of = |function: &str| &GRANTED[function];
    let has = |function: &str, action: &str, on: &str| of(function).contains(&(action.to_owned(), on.to_owned()));
    assert!(has("open-case", "sqs:SendMessage", "bridge-escalation.fifo"));
    assert!(has("open-case", "secretsmanager:GetSecretValue", "trading-grid"));
    assert!(has("poll-changes", "dynamodb:Query", "Table/index/due"));
    assert!(has("receive-webhook", "secretsmanager:GetSecretValue", "webhook/*"));
    assert!(!has("receive-webhook", "secretsmanager:GetSecretValue", "servicenow"));
}

#[test]
fn what_no_role_allows_is_refused() {
    let refused = |by: &str, system, operation: &str, body: Value| {
        let looked = look(by, system, operation, body.to_string().as_bytes());
        looked.err().map(|refusal| refusal.0)
    };
    let read = |secret: &str| json!({"SecretId": secret});
    let own = refused(
        "receive-webhook-1",
        System::Secrets,
        "GetSecretValue",
        read("webhook/trading-grid"),
    );
    assert_eq!(own, None);
    assert_eq!(
        refused(
            "receive-webhook-1",
            System::Secrets,
            "GetSecretValue",
            read("servicenow")
        ),
        Some("receive-webhook may not secretsmanager:GetSecretValue on servicenow".to_owned())
    );
    let delete = json!({"TransactItems": [{"Put": {}}, {"Delete": {}}]});
    assert!(refused("open-case-1", System::DynamoDb, "TransactWriteItems", delete.clone()).is_some());
    assert_eq!(
        refused("operator", System::DynamoDb, "TransactWriteItems", delete),
        None
    );
    let scan = json!({"TableName": "gridlink"});
    assert!(refused("open-case-1", System::DynamoDb, "Scan", scan).is_some());
}

/// What of a role nobody has used.
fn idle(done: &BTreeSet<Done>) -> Vec<String> {
    let is_of_the_platform = |(action, on): &Deed| {
        let both = format!("{action} on {on}");
        OF_THE_PLATFORM.iter().any(|it| it == action || *it == both)
    };
    let mut idle = Vec::new();
    for (function, granted) in &*GRANTED {
        let its = granted
            .iter()
            .filter(|deed| !is_of_the_platform(deed) && !done.contains(&(function.as_str(), (*deed).clone())));
        idle.extend(its.map(|(action, on)| format!("{function}: {action} on {on}")));
    }
    idle
}

/// Plays a scenario with faults by a plan, and others that `spoil` prepares. Gives what functions did, and the requests.
fn trouble(name: &str, plan: &Plan, spoil: fn(&Town)) -> (BTreeSet<Done>, Vec<Call>) {
    let all = scenarios::all();
    let scenario = all.iter().find(|scenario| scenario.name == name).unwrap();
    in_paused_time(async {
        let town = Town::new(plan.clone(), scenario.mapping.unwrap_or(default_mapping)());
        spoil(&town);
        let violations = Play::new(&town).run(scenario, false).await;
        assert_eq!(violations, Vec::<String>::new(), "{name} with {plan:?}");
        let deeds = town.deeds.lock().unwrap().clone();
        (deeds, town.calls())
    })
}

/// Every call to ServiceNow takes so long that no time is left for a document: the function rings itself.
fn is_slow(town: &Town) {
    for method in ["GET", "POST"] {
        let latency = worlds::Fault::Latency {
            milliseconds: 6_000,
            after_effect: false,
        };
        town.servicenow
            .knobs()
            .add(worlds::Rule::always(method, "/api/now", latency));
    }
}

/// The first doorbell of each queue gets lost: the stream is rung by a sweep.
fn loses_doorbells(town: &Town) {
    for use_case in UseCase::ALL {
        let (cloud, queue) = (town.cloud.clone(), queue(use_case));
        tokio::task::spawn_local(async move {
            loop {
                if let [message] = &cloud.receive(&queue, 1)[..] {
                    cloud.delete(&queue, &message.receipt);
                    return;
                }
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        });
    }
}

/// What functions do in trouble only: they go on in another invocation when their time is up, look for what they wrote
/// when the answer was lost, and ring who owns a stream by now.
fn done_in_trouble() -> BTreeSet<Done> {
    let mut done = BTreeSet::new();
    for slow in [
        "opened-with-document",
        "message-with-a-file-declined",
        "agent-shares-a-file",
    ] {
        done.extend(trouble(slow, &Plan::default(), is_slow).0);
    }
    let of_an_escalation = crate::bridge_escalation::scenarios()[0].name;
    for deaf in [
        of_an_escalation,
        "message-with-a-file-declined",
        "guide-published",
        "exchange-recovers",
    ] {
        done.extend(trouble(deaf, &Plan::default(), loses_doorbells).0);
    }
    let is_write = |call: &Call, by: &str| {
        call.by.starts_with(by) && call.system == System::ServiceNow && !call.operation.starts_with("GET")
    };
    let looks = |function: &'static str| (function, ("dynamodb:Query".to_owned(), "Table".to_owned()));
    for scenario in crate::provision_partner::scenarios() {
        let (_, calls) = trouble(scenario.name, &Plan::default(), |_| ());
        for (at, _) in calls
            .iter()
            .enumerate()
            .filter(|(_, call)| is_write(call, "provision-partner"))
        {
            if !done.contains(&looks("provision-partner")) {
                done.extend(trouble(scenario.name, &Plan::default().and(at, Fault::Lost), |_| ()).0);
            }
        }
    }
    let (_, calls) = in_an_agents_incident(&Plan::default());
    for (at, _) in calls
        .iter()
        .enumerate()
        .filter(|(_, call)| is_write(call, "raise-incident"))
    {
        if !done.contains(&looks("raise-incident")) {
            done.extend(in_an_agents_incident(&Plan::default().and(at, Fault::Lost)).0);
        }
    }
    done.extend(rung_for_another());
    done.extend(shows_what_is_parked());
    done
}

/// The poll of records tells the app which records wait for a person.
fn shows_what_is_parked() -> BTreeSet<Done> {
    in_paused_time(async {
        let town = Town::new(Plan::default(), default_mapping());
        town.has_app.store(true, std::sync::atomic::Ordering::Relaxed);
        let play = Play::new(&town);
        play.open_the_doors();
        crate::stories::refused(&town, &play).await;
        crate::poll_both::records(&town).await;
        town.deeds.lock().unwrap().clone()
    })
}

/// What went through after all is noted on the incident of an agent.
fn in_an_agents_incident(plan: &Plan) -> (BTreeSet<Done>, Vec<Call>) {
    use crate::raise_incident::{fails, incident, recovers};
    in_paused_time(async {
        let town = Town::new(plan.clone(), default_mapping());
        let play = Play::new(&town);
        play.open_the_doors();
        play.deliver(&fails(&town.community)).await;
        play.quiet().await;
        let sys_id = incident(&town)["sys_id"].clone();
        town.servicenow.update("incident", &sys_id, &[("state", "2")]);
        play.deliver(&recovers(&town.community)).await;
        play.quiet().await;
        let deeds = town.deeds.lock().unwrap().clone();
        (deeds, town.calls())
    })
}

/// A doorbell comes to bridge-escalation when its stream belongs to another use case again; and what solved an escalated
/// issue becomes a draft.
fn rung_for_another() -> BTreeSet<Done> {
    in_paused_time(async {
        let town = Town::new(Plan::default(), default_mapping());
        let play = Play::new(&town);
        play.open_the_doors();
        play.tell();
        play.deliver(&scenarios::opens(&town.community)).await;
        play.quiet().await;
        town.servicenow
            .agent_comment(&scenarios::case(&town), "We look into it.");
        play.quiet().await;
        for lane in ["in", "out"] {
            play.ring(UseCase::BridgeEscalation, crate::operate::SUBJECT, lane)
                .await;
        }
        let table = "sn_customerservice_case";
        town.servicenow
            .update(table, &scenarios::case(&town), &[("priority", "1")]);
        play.quiet().await;
        let solved = [
            ("x_gridlink_for_knowledge", "true"),
            ("state", "6"),
            ("resolution_code", "1"),
            ("close_notes", "Send the notice again."),
        ];
        town.servicenow.update(table, &scenarios::case(&town), &solved);
        play.quiet().await;
        town.deeds.lock().unwrap().clone()
    })
}

#[test]
fn what_is_granted_is_done_by_somebody() {
    let mut done: BTreeSet<Done> = undisturbed::plays()
        .iter()
        .flat_map(|play| play.deeds.clone())
        .collect();
    done.extend(done_in_trouble());
    assert_eq!(idle(&done), Vec::<String>::new(), "granted, and never done");
    let one = done.pop_first().unwrap();
    assert_eq!(idle(&done).len(), 1, "{one:?} is missed by nobody");
}

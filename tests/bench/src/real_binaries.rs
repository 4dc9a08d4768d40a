//! The real binaries through the Runtime API and TLS: what the measured programs do is what the
//! scenarios proved in process.

use std::path::{Path, PathBuf};

use bytes::Bytes;
use serde_json::{Value, json};

use crate::authority;
use crate::function::{Arguments, Function, Program};
use crate::stage::{self, Folders, Stage};

/// The binaries of this profile, which `cargo build --workspace --all-targets` has made.
fn binary(name: &str) -> PathBuf {
    let own = std::env::current_exe().unwrap();
    let path = own.parent().and_then(Path::parent).unwrap().join(name);
    assert!(
        path.exists(),
        "{} is missing: cargo build --workspace --all-targets",
        path.display()
    );
    path
}

async fn start(name: &str, stage: &Stage, folders: &Folders) -> Function {
    let program = Program {
        path: binary(name),
        under: Vec::new(),
        environment: stage.environment().to_vec(),
        arguments: Arguments::None,
    };
    Function::start(&program, &folders.work.join(format!("{name}.log")))
        .await
        .unwrap()
}

async fn answer(function: &mut Function, event: Bytes) -> Value {
    let (answer, _) = function.invoke(event).await.unwrap();
    serde_json::from_slice(&answer).unwrap()
}

#[tokio::test]
async fn a_signed_webhook_becomes_a_case_through_the_real_binaries() {
    let work = std::env::temp_dir().join(format!("gridlink-binaries-{}", std::process::id()));
    std::fs::create_dir_all(&work).unwrap();
    let infra = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../infra");
    let folders = Folders {
        infra,
        work: work.clone(),
    };
    let tls = authority::establish(&folders.authority()).unwrap();
    let stage = Stage::set(&folders, &tls).await.unwrap();

    let mut ingress = start("receive-webhook", &stage, &folders).await;
    assert_eq!(
        answer(&mut ingress, stage.webhook(&stage::opened(1))).await["statusCode"],
        202
    );
    assert_eq!(
        answer(&mut ingress, stage.webhook(&stage::commented(1))).await["statusCode"],
        202
    );
    let mut forged: Value = serde_json::from_slice(&stage.webhook(&stage::opened(2))).unwrap();
    forged["body"] = json!(forged["body"].as_str().unwrap().replace("high", "low"));
    let refusal = answer(&mut ingress, forged.to_string().into()).await;
    assert_eq!(refusal["statusCode"], 401, "{refusal}");

    let mut worker = start("open-case", &stage, &folders).await;
    for _ in 0..2 {
        let verdict = answer(&mut worker, stage::doorbells([1])).await;
        assert_eq!(verdict, json!({"batchItemFailures": []}));
    }
    let cases = stage.worlds.servicenow.rows("sn_customerservice_case");
    let ours: Vec<_> = cases
        .iter()
        .filter(|row| row["correlation_display"] == "Trading Grid")
        .collect();
    assert_eq!(ours.len(), 1, "one case, however often it is rung");
    assert_eq!(stage.worlds.servicenow.journal(&ours[0]["sys_id"], "comments").len(), 1);

    let mut sweeper = start("poll-changes", &stage, &folders).await;
    let swept = answer(&mut sweeper, stage::schedule()).await;
    assert_eq!(swept, json!({"rung": 0, "waiting": 0, "failed": 0}), "nothing is due");

    let logs = ["receive-webhook", "open-case", "poll-changes"]
        .map(|name| std::fs::read_to_string(work.join(format!("{name}.log"))).unwrap());
    for log in &logs {
        assert!(
            log.lines().all(|line| serde_json::from_str::<Value>(line).is_ok()),
            "every line is JSON: {log}"
        );
        for secret in ["gridlink\"", "whsec_", "Bearer", "driver is waiting", "N1*ST"] {
            assert!(!log.contains(secret), "the log shows {secret}: {log}");
        }
    }
    std::fs::remove_dir_all(&work).unwrap();
}

use std::time::Duration;

use super::*;

/// Telemetry, and the documents that it writes.
fn telemetry() -> (Telemetry, Arc<Mutex<Vec<Value>>>) {
    let written = Arc::new(Mutex::new(Vec::new()));
    let clock = Clock::following_tokio(Timestamp::from_millis(1_795_341_600_000));
    let sink = {
        let written = Arc::clone(&written);
        move |line: String| written.lock().unwrap().push(serde_json::from_str(&line).unwrap())
    };
    let telemetry = Telemetry::new("Gridlink/test".to_owned(), "open-case", clock, sink);
    (telemetry, written)
}

#[tokio::test(start_paused = true)]
async fn a_document_for_the_function_and_one_for_each_system() {
    let (telemetry, written) = telemetry();
    let answer = telemetry
        .watch(async {
            let began = Timestamp::from_millis(1_795_341_590_000);
            lasted(Metric::Lag, began, began.after(Duration::from_millis(12_345)));
            lasted(Metric::Lag, began.after(Duration::from_secs(5)), began);
            count(Metric::Parked);
            count(Metric::Parked);
            let call = CallUnderWay::to(System::ServiceNow, &Method::GET);
            tokio::time::sleep(Duration::from_millis(80)).await;
            call.answered(200);
            CallUnderWay::to(System::ServiceNow, &Method::GET).answered(429);
            7
        })
        .await;
    assert_eq!(answer, 7);
    let metadata = |dimension: &str, metrics: Value| {
        json!({
            "Timestamp": 1_795_341_600_080_i64,
            "CloudWatchMetrics": [{"Namespace": "Gridlink/test", "Dimensions": [[dimension]], "Metrics": metrics}],
        })
    };
    let of_the_function = [
        json!({"Name": "Lag", "Unit": "Seconds"}),
        json!({"Name": "Parked", "Unit": "Count"}),
    ];
    let of_servicenow = [
        json!({"Name": "Latency", "Unit": "Milliseconds"}),
        json!({"Name": "RefusedForRate", "Unit": "Count"}),
    ];
    let wanted = [
        json!({"_aws": metadata("Function", json!(of_the_function)), "Function": "open-case", "Lag": [12.345, 0], "Parked": 2}),
        json!({"_aws": metadata("Upstream", json!(of_servicenow)), "Upstream": "servicenow", "Latency": [80, 0], "RefusedForRate": 1}),
    ];
    assert_eq!(*written.lock().unwrap(), wanted);
}

#[tokio::test(start_paused = true)]
async fn who_gives_a_call_up_counts_it_as_an_error() {
    let (telemetry, written) = telemetry();
    telemetry
        .watch(async {
            let hangs = async {
                let call = CallUnderWay::to(System::TradingGrid, &Method::GET);
                std::future::pending::<()>().await;
                call.answered(200);
            };
            let _ = tokio::time::timeout(Duration::from_secs(10), hangs).await;
            CallUnderWay::to(System::TradingGrid, &Method::GET).answered(503);
            CallUnderWay::to(System::TradingGrid, &Method::GET).answered(404);
        })
        .await;
    let written = written.lock().unwrap();
    assert_eq!(written.len(), 1);
    assert_eq!(written[0]["Latency"], json!([10_000, 0, 0]));
    assert_eq!(written[0]["Errors"], json!(2));
}

#[tokio::test]
async fn a_metric_has_at_most_a_hundred_values_in_a_document() {
    let (telemetry, written) = telemetry();
    telemetry
        .watch(async {
            for _ in 0..250 {
                lasted(Metric::Lag, Timestamp::from_millis(0), Timestamp::from_millis(1500));
                count(Metric::Deferred);
            }
        })
        .await;
    let written = written.lock().unwrap();
    let values = written.iter().map(|document| document["Lag"].as_array().unwrap().len());
    assert_eq!(values.collect::<Vec<_>>(), [100, 100, 50]);
    let counts = written.iter().map(|document| document.get("Deferred").cloned());
    assert_eq!(counts.collect::<Vec<_>>(), [Some(json!(250)), None, None]);
}

#[tokio::test]
async fn invocations_side_by_side_are_told_apart_and_what_is_urgent_is_written_at_once() {
    let (one, written) = telemetry();
    let (other, others) = telemetry();
    let parks = async {
        count(Metric::Parked);
        flush();
        assert_eq!(written.lock().unwrap().len(), 1, "before the work is over");
        tokio::task::yield_now().await;
        count(Metric::Deferred);
    };
    let accepts = async {
        tokio::task::yield_now().await;
        count(Metric::Accepted);
    };
    tokio::join!(one.watch(parks), other.watch(accepts));
    count(Metric::Parked);
    let counts = |documents: &Mutex<Vec<Value>>, metric: &str| {
        let documents = documents.lock().unwrap();
        documents.iter().filter(|document| document[metric] == 1).count()
    };
    assert_eq!(
        ["Parked", "Deferred", "Accepted"].map(|metric| counts(&written, metric)),
        [1, 1, 0]
    );
    assert_eq!(
        ["Parked", "Deferred", "Accepted"].map(|metric| counts(&others, metric)),
        [0, 0, 1]
    );
}

/// A daemon that listens, and what it has heard since.
fn daemon() -> (std::net::UdpSocket, Daemon) {
    let socket = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.set_read_timeout(Some(Duration::from_millis(300))).unwrap();
    let daemon = Daemon::at(&socket.local_addr().unwrap().to_string()).unwrap();
    (socket, daemon)
}

fn heard(socket: &std::net::UdpSocket) -> Option<Value> {
    let mut bytes = [0; 64 * 1024];
    let length = socket.recv(&mut bytes).ok()?;
    let text = std::str::from_utf8(&bytes[..length]).unwrap();
    let (header, document) = text.split_once('\n').unwrap();
    assert_eq!(
        serde_json::from_str::<Value>(header).unwrap(),
        json!({"format": "json", "version": 1})
    );
    Some(serde_json::from_str(document).unwrap())
}

const SAMPLED: &str = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1;Lineage=a:1";

#[tokio::test(start_paused = true)]
async fn each_call_of_a_sampled_invocation_is_a_subsegment() {
    let (telemetry, _) = telemetry();
    let (socket, daemon) = daemon();
    let telemetry = telemetry.with_daemon(Some(daemon)).of_trace(Some(SAMPLED));
    telemetry
        .watch(async {
            let call = CallUnderWay::to(System::ServiceNow, &Method::PATCH);
            tokio::time::sleep(Duration::from_millis(80)).await;
            call.answered(429);
            drop(CallUnderWay::to(System::Aws, &Method::POST));
        })
        .await;
    let [first, second] = [(); 2].map(|()| heard(&socket).unwrap());
    assert!(first["id"].as_str().unwrap().len() == 16 && first["id"] != second["id"]);
    let told = |document: &Value| {
        let mut document = document.clone();
        document["id"].take();
        document
    };
    let of = |name: &str, namespace: &str| {
        json!({
            "type": "subsegment", "name": name, "namespace": namespace, "id": null,
            "trace_id": "1-5759e988-bd862e3fe1be46a994272793", "parent_id": "53995c3f42cd8ad8",
            "start_time": 1_795_341_600.08, "end_time": 1_795_341_600.08,
            "http": {"request": {"method": "POST"}}, "throttle": false, "error": false, "fault": true,
        })
    };
    let mut throttled = of("servicenow", "remote");
    throttled["start_time"] = json!(1_795_341_600.0);
    throttled["http"] = json!({"request": {"method": "PATCH"}, "response": {"status": 429}});
    for (flag, holds) in [("throttle", true), ("error", true), ("fault", false)] {
        throttled[flag] = json!(holds);
    }
    assert_eq!(told(&first), throttled);
    assert_eq!(told(&second), of("aws", "aws"));
    assert_eq!(heard(&socket), None);
}

#[tokio::test]
async fn an_invocation_that_is_not_sampled_tells_nothing_and_no_daemon_is_no_failure() {
    let (telemetry, written) = telemetry();
    let (socket, daemon) = daemon();
    let call = async || CallUnderWay::to(System::ServiceNow, &Method::GET).answered(200);
    let traced = telemetry.with_daemon(Some(daemon));
    let not_sampled = SAMPLED.replace("Sampled=1", "Sampled=0");
    for header in [
        None,
        Some(""),
        Some(not_sampled.as_str()),
        Some("Root=1-5759e988-bd86;Sampled=1"),
    ] {
        traced.of_trace(header).watch(call()).await;
    }
    assert_eq!(heard(&socket), None);
    let address = socket.local_addr().unwrap();
    drop(socket);
    for _ in 0..3 {
        traced.of_trace(Some(SAMPLED)).watch(call()).await;
    }
    assert_eq!(written.lock().unwrap().len(), 7, "metrics are written all the same");
    for address in [format!("tcp:127.0.0.1:1 udp:{address}"), address.to_string()] {
        assert!(Daemon::at(&address).is_some(), "{address}");
    }
    for address in ["", "nowhere", "daemon.example:2000"] {
        assert!(Daemon::at(address).is_none(), "{address}");
    }
}

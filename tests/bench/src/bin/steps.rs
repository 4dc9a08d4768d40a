use shared::{aws::Aws, clock::Clock, config::AwsConfig, http::Transport, mapping::Mapping};
use std::time::Instant;
fn main() {
    let t = Instant::now();
    let text = std::fs::read_to_string("infra/mapping.yaml").unwrap();
    let read = t.elapsed();
    let t = Instant::now();
    let transport = Transport::network(None).unwrap();
    let network = t.elapsed();
    let t = Instant::now();
    let m = Mapping::parse(&text).unwrap();
    let first = t.elapsed();
    let t = Instant::now();
    let m2 = Mapping::parse(&text).unwrap();
    let second = t.elapsed();
    let aws = Aws::new(
        AwsConfig {
            region: "eu-central-1".into(),
            access_key_id: "a".into(),
            secret_access_key: "b".to_owned().into(),
            session_token: None,
            endpoint: None,
        },
        transport,
        Clock::System,
    );
    let t = Instant::now();
    let a = aws.secrets();
    let ta = t.elapsed();
    let t = Instant::now();
    let b = aws.dynamodb();
    let tb = t.elapsed();
    let t = Instant::now();
    let c = aws.sqs();
    let tc = t.elapsed();
    let t = Instant::now();
    let d = aws.sqs();
    let td = t.elapsed();
    println!(
        "read {} network {} mapping {} mapping-again {} secrets {} dynamodb {} sqs {} sqs-again {}",
        read.as_micros(),
        network.as_micros(),
        first.as_micros(),
        second.as_micros(),
        ta.as_micros(),
        tb.as_micros(),
        tc.as_micros(),
        td.as_micros()
    );
    drop((m, m2, a, b, c, d));
}

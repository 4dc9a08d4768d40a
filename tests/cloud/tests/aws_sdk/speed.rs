//! How fast it is: `cargo test -p cloud -- --ignored --nocapture speed`.

use std::time::Instant;

use cloud::{Clock, Cloud};
use serde_json::json;

use crate::{TABLE, cloud, dynamo, start, table};

#[test]
#[ignore = "prints timings"]
fn speed_of_a_new_cloud() {
    let rounds = 500;
    let definition = table();
    let started = Instant::now();
    for _ in 0..rounds {
        drop(Cloud::new(Clock::starting_at(start())));
    }
    let empty = started.elapsed() / rounds;
    let started = Instant::now();
    for _ in 0..rounds {
        Cloud::new(Clock::starting_at(start())).create_table(definition.clone());
    }
    println!(
        "Cloud::new {empty:?}, with create_table {:?}",
        started.elapsed() / rounds
    );
}

#[tokio::test(start_paused = true)]
#[ignore = "prints timings"]
async fn speed_of_calls() {
    let cloud = cloud();
    let rounds = 4_000u32;
    let started = Instant::now();
    for number in 0..rounds {
        let item = json!({"pk": {"S": number.to_string()}, "sk": {"S": "s"}, "n": {"N": "1"}});
        let put = json!({"TableName": TABLE, "Item": item, "ConditionExpression": "attribute_not_exists(pk)"});
        dynamo(&cloud, "PutItem", put).await;
        let update = json!({"TableName": TABLE, "Key": {"pk": {"S": number.to_string()}, "sk": {"S": "s"}},
            "UpdateExpression": "SET n = n + :one", "ExpressionAttributeValues": {":one": {"N": "1"}}});
        dynamo(&cloud, "UpdateItem", update).await;
    }
    let pairs = f64::from(rounds) / started.elapsed().as_secs_f64();
    println!(
        "conditional PutItem + UpdateItem: {pairs:.0} pairs/s, {:.0} calls/s",
        2.0 * pairs
    );
}

use std::time::Duration;

use aws_sdk_sqs::error::ProvideErrorMetadata;
use aws_sdk_sqs::types::{
    DeleteMessageBatchRequestEntry, MessageSystemAttributeName, QueueAttributeName, SendMessageBatchRequestEntry,
};
use cloud::{Cloud, Fault, QueueSettings};
use serde_json::json;

use crate::connector::sqs_client;
use crate::{cloud, send};

const QUEUE: &str = "open-case.fifo";
const DEAD: &str = "open-case-dead.fifo";

fn with_queue() -> Cloud {
    let cloud = cloud();
    cloud.create_fifo_queue(
        QUEUE,
        QueueSettings {
            visibility: Duration::from_secs(360),
            max_receive_count: 2,
            dead_letter: Some(DEAD.to_owned()),
            ..QueueSettings::default()
        },
    );
    cloud
}

/// Sends `body` to `group` with a fresh deduplication id.
async fn ring(cloud: &Cloud, group: &str, body: &str) {
    let id = format!("{group}-{body}-{}", cloud.calls().len());
    let message = json!({"QueueUrl": cloud.queue_url(QUEUE), "MessageBody": body,
        "MessageGroupId": group, "MessageDeduplicationId": id});
    let (status, answer) = send(cloud, "AmazonSQS.SendMessage", message).await;
    assert_eq!(status, 200, "{answer}");
}

fn bodies(messages: &[cloud::Message]) -> Vec<&str> {
    messages.iter().map(|message| message.body.as_str()).collect()
}

#[tokio::test(start_paused = true)]
async fn a_message_goes_through_the_sdk() {
    let cloud = with_queue();
    let client = sqs_client(&cloud, 1);
    let url = client
        .get_queue_url()
        .queue_name(QUEUE)
        .send()
        .await
        .expect("the queue exists")
        .queue_url
        .expect("a URL comes back");
    assert_eq!(url, "https://sqs.us-east-1.amazonaws.com/000000000000/open-case.fifo");
    let sent = client
        .send_message()
        .queue_url(&url)
        .message_body("hello")
        .message_group_id("g")
        .message_deduplication_id("d")
        .send()
        .await
        .expect("the message is taken");
    assert_eq!(sent.md5_of_message_body(), Some("5d41402abc4b2a76b9719d911017c592"));
    let received = client
        .receive_message()
        .queue_url(&url)
        .max_number_of_messages(10)
        .message_system_attribute_names(MessageSystemAttributeName::All)
        .send()
        .await
        .expect("the queue answers");
    let [message] = received.messages() else {
        panic!("one message was sent: {received:?}");
    };
    assert_eq!(message.body(), Some("hello"));
    assert_eq!(message.message_id(), sent.message_id());
    assert_eq!(message.md5_of_body(), sent.md5_of_message_body());
    let attributes = message.attributes().expect("all were asked for");
    let attribute = |name| attributes.get(&name).map(String::as_str);
    use MessageSystemAttributeName as Name;
    assert_eq!(attribute(Name::ApproximateReceiveCount), Some("1"));
    assert_eq!(attribute(Name::MessageGroupId), Some("g"));
    assert_eq!(attribute(Name::MessageDeduplicationId), Some("d"));
    assert_eq!(attribute(Name::SequenceNumber), sent.sequence_number());
    assert_eq!(attribute(Name::SentTimestamp), Some("1772323200000"));

    client
        .change_message_visibility()
        .queue_url(&url)
        .receipt_handle(message.receipt_handle().unwrap_or_default())
        .visibility_timeout(0)
        .send()
        .await
        .expect("the message is in flight");
    let again = client
        .receive_message()
        .queue_url(&url)
        .send()
        .await
        .expect("the queue answers");
    let entry = DeleteMessageBatchRequestEntry::builder()
        .id("one")
        .receipt_handle(again.messages()[0].receipt_handle().unwrap_or_default())
        .build()
        .expect("id and receipt are set");
    let deleted = client
        .delete_message_batch()
        .queue_url(&url)
        .entries(entry)
        .send()
        .await
        .expect("the queue answers");
    assert_eq!(deleted.successful()[0].id(), "one");
    assert_eq!(cloud.depth(QUEUE), 0);
}

#[tokio::test(start_paused = true)]
async fn a_group_with_a_message_in_flight_waits_and_others_do_not() {
    let cloud = with_queue();
    for (group, body) in [("a", "a1"), ("a", "a2"), ("b", "b1"), ("a", "a3")] {
        ring(&cloud, group, body).await;
    }
    let first = cloud.receive(QUEUE, 1);
    assert_eq!(bodies(&first), ["a1"]);
    let second = cloud.receive(QUEUE, 10);
    assert_eq!(bodies(&second), ["b1"]);
    assert!(cloud.receive(QUEUE, 10).is_empty());
    assert_eq!((cloud.depth(QUEUE), cloud.in_flight(QUEUE)), (4, 2));

    assert!(cloud.delete(QUEUE, &first[0].receipt));
    let third = cloud.receive(QUEUE, 10);
    assert_eq!(bodies(&third), ["a2", "a3"], "one receive may take several of a group");

    assert!(cloud.make_visible(QUEUE, &third[0].receipt));
    assert!(cloud.receive(QUEUE, 10).is_empty(), "a3 is in flight still");
    assert!(cloud.make_visible(QUEUE, &third[1].receipt));
    assert_eq!(bodies(&cloud.receive(QUEUE, 10)), ["a2", "a3"], "in order again");
}

#[tokio::test(start_paused = true)]
async fn a_message_shows_itself_after_the_visibility_timeout_and_counts_receives() {
    let cloud = with_queue();
    ring(&cloud, "g", "x").await;
    let first = cloud.receive(QUEUE, 1);
    tokio::time::advance(Duration::from_secs(359)).await;
    assert!(cloud.receive(QUEUE, 1).is_empty());
    assert_eq!(
        cloud.next_visible(QUEUE),
        Some(crate::start() + Duration::from_secs(360))
    );
    tokio::time::advance(Duration::from_secs(1)).await;
    let second = cloud.receive(QUEUE, 1);
    assert_eq!(second[0].receive_count, 2);
    assert_eq!(second[0].message_id, first[0].message_id);
    assert_eq!(second[0].first_received_at, Some(crate::start()));
}

#[tokio::test(start_paused = true)]
async fn a_message_received_too_often_goes_to_the_dead_letter_queue() {
    let cloud = with_queue();
    ring(&cloud, "g", "poison").await;
    ring(&cloud, "g", "next").await;
    for _ in 0..2 {
        let received = cloud.receive(QUEUE, 1);
        assert_eq!(bodies(&received), ["poison"]);
        assert!(cloud.make_visible(QUEUE, &received[0].receipt));
    }
    assert!(cloud.dead_letters(QUEUE).is_empty());
    assert_eq!(bodies(&cloud.receive(QUEUE, 10)), ["next"]);
    let dead = cloud.dead_letters(QUEUE);
    assert_eq!(bodies(&dead), ["poison"]);
    assert_eq!(dead[0].dead_letter_source.as_deref(), Some(QUEUE));
    assert_eq!(cloud.receive(DEAD, 1)[0].receive_count, 3);
}

#[tokio::test(start_paused = true)]
async fn a_deduplication_id_counts_for_five_minutes_even_after_the_delete() {
    let cloud = with_queue();
    let ring = || async {
        let message = json!({"QueueUrl": cloud.queue_url(QUEUE), "MessageBody": "x",
            "MessageGroupId": "g", "MessageDeduplicationId": "same"});
        send(&cloud, "AmazonSQS.SendMessage", message).await.1
    };
    let first = ring().await;
    let receipt = cloud.receive(QUEUE, 1)[0].receipt.clone();
    assert!(cloud.delete(QUEUE, &receipt));
    tokio::time::advance(Duration::from_secs(299)).await;
    assert_eq!(ring().await, first, "answered like the first");
    assert_eq!(cloud.depth(QUEUE), 0, "and swallowed");
    tokio::time::advance(Duration::from_secs(1)).await;
    assert_ne!(ring().await["MessageId"], first["MessageId"]);
    assert_eq!(cloud.depth(QUEUE), 1);
}

#[tokio::test(start_paused = true)]
async fn what_a_message_may_hold() {
    let cloud = with_queue();
    let good = json!({"QueueUrl": cloud.queue_url(QUEUE), "MessageBody": "x",
        "MessageGroupId": "g", "MessageDeduplicationId": "d"});
    let with = |member: &str, value: serde_json::Value| {
        let mut message = good.clone();
        message[member] = value;
        message
    };
    let long = "x".repeat(1_048_577);
    let table = [
        (with("MessageGroupId", json!(null)), "MissingParameter"),
        (
            with("MessageDeduplicationId", json!(null)),
            "InvalidParameterValueException",
        ),
        (
            with("MessageGroupId", json!("a group")),
            "InvalidParameterValueException",
        ),
        (
            with("MessageGroupId", json!("g".repeat(129))),
            "InvalidParameterValueException",
        ),
        (with("MessageBody", json!("")), "MissingParameter"),
        (with("MessageBody", json!("a\u{1}b")), "InvalidMessageContents"),
        (with("MessageBody", json!("a\u{FFFE}b")), "InvalidMessageContents"),
        (with("MessageBody", json!(long)), "InvalidParameterValueException"),
        (with("DelaySeconds", json!(5)), "InvalidParameterValueException"),
        (
            with("QueueUrl", json!(cloud.queue_url("other.fifo"))),
            "QueueDoesNotExist",
        ),
        (
            with(
                "MessageAttributes",
                json!({"a": {"DataType": "String", "StringValue": "x"}}),
            ),
            "InvalidParameterValueException",
        ),
    ];
    for (message, error) in table {
        let (status, body) = send(&cloud, "AmazonSQS.SendMessage", message).await;
        assert_eq!(status, 400, "{error}");
        assert_eq!(body["__type"], format!("com.amazonaws.sqs#{error}"), "{body}");
    }
    assert_eq!(cloud.depth(QUEUE), 0);
    for body in ["\t\r\n ~\u{D7FF}\u{E000}\u{FFFD}\u{10000}\u{10FFFF}", &long[1..]] {
        cloud.forget_calls();
        ring(&cloud, "g", "x").await;
        let message = with("MessageDeduplicationId", json!(body.len().to_string()));
        let mut message = message.clone();
        message["MessageBody"] = json!(body);
        assert_eq!(send(&cloud, "AmazonSQS.SendMessage", message).await.0, 200);
    }
}

#[tokio::test(start_paused = true)]
async fn the_sdk_knows_the_errors_by_name() {
    let cloud = with_queue();
    let client = sqs_client(&cloud, 1);
    let missing = client.get_queue_url().queue_name("other.fifo").send().await;
    let missing = missing.expect_err("there is no such queue").into_service_error();
    assert!(missing.is_queue_does_not_exist(), "{missing:?}");

    let delete = |receipt: &str| {
        client
            .delete_message()
            .queue_url(cloud.queue_url(QUEUE))
            .receipt_handle(receipt)
            .send()
    };
    let invalid = delete("nonsense").await.expect_err("no receipt of ours");
    assert!(invalid.into_service_error().is_receipt_handle_is_invalid());

    ring(&cloud, "g", "x").await;
    let first = cloud.receive(QUEUE, 1)[0].receipt.clone();
    tokio::time::advance(Duration::from_secs(360)).await;
    let expired = delete(&first).await.expect_err("its time is over");
    assert_eq!(expired.code(), Some("InvalidParameterValue"));
    let second = cloud.receive(QUEUE, 1)[0].receipt.clone();
    assert!(delete(&first).await.is_err(), "an older receipt");
    delete(&second).await.expect("the newest receipt");
    delete(&second).await.expect("deleting twice is no error");
}

#[tokio::test(start_paused = true)]
async fn a_batch_answers_for_each_entry() {
    let cloud = with_queue();
    let client = sqs_client(&cloud, 1);
    let entry = |id: &str, body: &str| {
        SendMessageBatchRequestEntry::builder()
            .id(id)
            .message_body(body)
            .message_group_id("g")
            .message_deduplication_id(format!("d-{id}"))
            .build()
            .expect("id and body are set")
    };
    let batch = |entries: Vec<SendMessageBatchRequestEntry>| {
        client
            .send_message_batch()
            .queue_url(cloud.queue_url(QUEUE))
            .set_entries(Some(entries))
            .send()
    };
    let answer = batch(vec![entry("a", "1"), entry("b", "\u{1}"), entry("c", "3")])
        .await
        .expect("the batch as a whole is fine");
    let successful: Vec<&str> = answer.successful().iter().map(|entry| entry.id()).collect();
    assert_eq!(successful, ["a", "c"]);
    assert_eq!(answer.failed()[0].code(), "InvalidMessageContents");
    assert!(answer.failed()[0].sender_fault());
    assert_eq!(bodies(&cloud.messages(QUEUE)), ["1", "3"]);

    cloud.inject(Fault::HalfProcessed.on("SendMessageBatch"));
    let half = batch(vec![entry("d", "4"), entry("e", "5")])
        .await
        .expect("half of it works");
    assert_eq!(half.successful()[0].id(), "d");
    assert_eq!((half.failed()[0].id(), half.failed()[0].sender_fault()), ("e", false));

    let twice = batch(vec![entry("a", "1"), entry("a", "2")]).await;
    let twice = twice.expect_err("the ids are equal").into_service_error();
    assert!(twice.is_batch_entry_ids_not_distinct(), "{twice:?}");
    let many = (0..11).map(|id| entry(&id.to_string(), "x")).collect();
    let many = batch(many).await.expect_err("more than ten").into_service_error();
    assert!(many.is_too_many_entries_in_batch_request(), "{many:?}");
    let none = batch(Vec::new()).await.expect_err("nothing in it").into_service_error();
    assert!(none.is_empty_batch_request(), "{none:?}");
    let half_a_megabyte = "x".repeat(600_000);
    let long = batch(vec![entry("x", &half_a_megabyte), entry("y", &half_a_megabyte)]).await;
    let long = long.expect_err("1.2 MB together").into_service_error();
    assert!(long.is_batch_request_too_long(), "{long:?}");
}

#[tokio::test(start_paused = true)]
async fn a_long_poll_ends_with_the_first_message_or_with_its_time() {
    let cloud = with_queue();
    let poll = || {
        let receive = json!({"QueueUrl": cloud.queue_url(QUEUE), "WaitTimeSeconds": 20});
        send(&cloud, "AmazonSQS.ReceiveMessage", receive)
    };
    let started = tokio::time::Instant::now();
    assert_eq!(poll().await.1, json!({}));
    assert_eq!(started.elapsed(), Duration::from_secs(20));

    let started = tokio::time::Instant::now();
    let late_ring = async {
        tokio::time::sleep(Duration::from_secs(3)).await;
        ring(&cloud, "g", "x").await;
    };
    let ((_, answer), ()) = tokio::join!(poll(), late_ring);
    assert_eq!(answer["Messages"][0]["Body"], "x");
    assert_eq!(started.elapsed(), Duration::from_secs(3));

    let again = cloud.receive_within(QUEUE, 1, Duration::from_secs(1_000)).await;
    assert_eq!(again[0].receive_count, 2, "it waited for the visibility timeout");
}

#[tokio::test(start_paused = true)]
async fn a_queue_tells_its_attributes() {
    let cloud = with_queue();
    ring(&cloud, "a", "1").await;
    ring(&cloud, "b", "2").await;
    cloud.receive(QUEUE, 1);
    let attributes = sqs_client(&cloud, 1)
        .get_queue_attributes()
        .queue_url(cloud.queue_url(QUEUE))
        .attribute_names(QueueAttributeName::All)
        .send()
        .await
        .expect("the queue exists")
        .attributes
        .expect("all were asked for");
    assert_eq!(attributes[&QueueAttributeName::ApproximateNumberOfMessages], "1");
    assert_eq!(
        attributes[&QueueAttributeName::ApproximateNumberOfMessagesNotVisible],
        "1"
    );
    assert_eq!(attributes[&QueueAttributeName::VisibilityTimeout], "360");
    assert_eq!(
        attributes[&QueueAttributeName::RedrivePolicy],
        r#"{"deadLetterTargetArn":"arn:aws:sqs:us-east-1:000000000000:open-case-dead.fifo","maxReceiveCount":2}"#
    );
}

#[tokio::test(start_paused = true)]
async fn a_message_is_forgotten_after_the_retention_period() {
    let cloud = with_queue();
    ring(&cloud, "g", "x").await;
    tokio::time::advance(Duration::from_secs(4 * 24 * 3600)).await;
    assert_eq!(cloud.depth(QUEUE), 0);
}

#[tokio::test(start_paused = true)]
async fn a_queue_may_deduplicate_by_contents_and_per_group() {
    let cloud = cloud();
    let settings = QueueSettings {
        content_based_deduplication: true,
        deduplicated_per_group: true,
        ..QueueSettings::default()
    };
    cloud.create_fifo_queue(QUEUE, settings);
    for (group, body) in [("a", "x"), ("a", "x"), ("b", "x"), ("a", "y")] {
        let message = json!({"QueueUrl": cloud.queue_url(QUEUE), "MessageBody": body, "MessageGroupId": group});
        assert_eq!(send(&cloud, "AmazonSQS.SendMessage", message).await.0, 200);
    }
    assert_eq!(bodies(&cloud.messages(QUEUE)), ["x", "x", "y"]);
}

//! Files: up, listed, down again, and gone.

use bytes::Bytes;
use serde_json::json;

use super::desk::{Desk, answer, page, refusal, result, with};
use super::{id, table};
use crate::domain::{ContentHash, SysId};
use crate::http::full;
use crate::servicenow::{Attachment, Error, Flaw};

async fn incident(desk: &Desk) -> SysId {
    let fields = [("short_description".to_owned(), "x".to_owned())].into();
    desk.client.create(&table("incident"), &fields).await.unwrap().sys_id
}

async fn attach(desk: &Desk, record: &SysId, name: &str, bytes: &'static [u8]) -> Attachment {
    let body = full(Bytes::from_static(bytes));
    desk.client
        .attach(&table("incident"), record, name, "text/plain", body)
        .await
        .unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_file_comes_back_as_it_went() {
    let (desk, world) = Desk::world(worlds::ServiceNow::seeded);
    let record = incident(&desk).await;
    let attached = attach(&desk, &record, "a & b.txt", b"hello").await;
    assert!(attached.is("a & b.txt", 5, &ContentHash::of(b"hello")));
    assert!(!attached.is("a & b.txt", 5, &ContentHash::of(b"hellp")) && !attached.has(6, &ContentHash::of(b"hello")));
    assert_eq!(attached.record, Some(record.clone()));
    attach(&desk, &record, "second.txt", b"").await;
    attach(&desk, &incident(&desk).await, "of another.txt", b"x").await;
    let listed = desk.client.attachments(&table("incident"), &record).await.unwrap();
    let names = listed
        .iter()
        .map(|file| (file.file_name.as_str(), file.size))
        .collect::<Vec<_>>();
    assert_eq!(names.len(), 2);
    assert!(names.contains(&("a & b.txt", Some(5))) && names.contains(&("second.txt", Some(0))));
    for file in &listed {
        let download = desk.client.download(file, 5).await.unwrap().unwrap();
        let bytes = download.read().await.unwrap();
        assert!(file.has(bytes.len() as u64, &ContentHash::of(&bytes)));
    }
    assert_eq!(
        desk.client.attachment(&attached.sys_id).await.unwrap(),
        Some(attached.clone())
    );
    assert!(desk.client.delete_attachment(&attached.sys_id).await.unwrap());
    assert!(!desk.client.delete_attachment(&attached.sys_id).await.unwrap());
    assert_eq!(desk.client.attachment(&attached.sys_id).await.unwrap(), None);
    assert!(desk.client.download(&attached, 5).await.unwrap().is_none());
    assert_eq!(world.ignored(), Vec::<String>::new());
}

fn file(size: Option<u64>, hash: Option<&[u8]>, content_type: &str) -> Attachment {
    Attachment {
        sys_id: id(1),
        file_name: "x".to_owned(),
        content_type: content_type.to_owned(),
        size,
        hash: hash.map(ContentHash::of),
        table: "incident".to_owned(),
        record: Some(id(2)),
        created: None,
        creator: String::new(),
    }
}

#[tokio::test(start_paused = true)]
async fn a_file_that_is_not_the_announced_one_is_never_completed() {
    let text = || answer(200, "text/plain", "hello");
    let announced = || with(text(), "content-length", "5");
    let table = [
        (
            file(Some(6), None, "text/plain"),
            text(),
            Flaw::AnotherFile("its size differs"),
        ),
        (
            file(Some(5), Some(b"other"), "text/plain"),
            text(),
            Flaw::AnotherFile("its SHA-256 differs"),
        ),
        (
            file(None, None, "text/plain"),
            with(text(), "content-length", "500"),
            Flaw::TooMuch(100),
        ),
        (file(Some(500), None, "text/plain"), announced(), Flaw::TooMuch(100)),
        (
            file(None, None, "text/plain"),
            answer(200, "text/plain", "x".repeat(101)),
            Flaw::TooMuch(100),
        ),
        (
            file(None, None, "text/plain"),
            answer(200, "text/html", "Log in"),
            Flaw::AnotherFile("a page for people came in its place"),
        ),
        (
            file(None, None, "text/plain"),
            answer(202, "text/plain", ""),
            Flaw::Dropped,
        ),
        (
            file(None, None, "text/plain"),
            with(answer(302, "text/html", ""), "location", "https://login.example/"),
            Flaw::Redirect {
                status: 302,
                to: "login.example".to_owned(),
            },
        ),
        (
            file(None, None, "text/plain"),
            answer(206, "text/plain", "hel"),
            Flaw::Status(206),
        ),
    ];
    for (file, answer, wanted) in table {
        let shown = format!("{answer:?}");
        let desk = Desk::scripted([answer]);
        let outcome = async {
            let mut download = desk.client.download(&file, 100).await?.unwrap();
            let first = download.chunk().await?;
            Ok::<_, Error>((first, download.chunk().await?))
        };
        let Err(Error::Unusable { flaw, .. }) = outcome.await else {
            panic!("{shown}")
        };
        assert_eq!(flaw, wanted, "{shown}");
    }
    let page = file(Some(5), Some(b"hello"), "text/html; charset=utf-8");
    let desk = Desk::scripted([answer(200, "text/html", "hello")]);
    let download = desk.client.download(&page, 5).await.unwrap().unwrap();
    assert_eq!(
        download.read().await.unwrap(),
        "hello",
        "a page that is the file itself"
    );
    let desk = Desk::scripted([refusal(403, "no", "")]);
    assert!(desk.client.download(&page, 5).await.err().unwrap().is_refusal());
}

#[tokio::test(start_paused = true)]
async fn an_upload_that_went_elsewhere_is_told() {
    let table = [
        (
            json!({"sys_id": id(1), "table_sys_id": id(3), "table_name": "incident"}),
            Flaw::AnotherRecord,
        ),
        (
            json!({"sys_id": id(1), "table_sys_id": id(2), "table_name": "problem"}),
            Flaw::AnotherTable,
        ),
        (
            json!({"table_sys_id": id(2), "table_name": "incident"}),
            Flaw::Missing("sys_id".to_owned()),
        ),
    ];
    for (answered, wanted) in table {
        let desk = Desk::scripted([result(201, &answered)]);
        let body = full(Bytes::from_static(b"x"));
        let attached = desk
            .client
            .attach(&super::table("incident"), &id(2), "x", "text/plain", body)
            .await;
        let Err(Error::Unusable { flaw, .. }) = attached else {
            panic!("{answered}")
        };
        assert_eq!(flaw, wanted);
    }
    let other = json!([{"sys_id": id(1), "table_sys_id": id(3)}]);
    let desk = Desk::scripted([page(&other, 1)]);
    let listed = desk.client.attachments(&table_name(), &id(2)).await;
    assert!(matches!(
        listed,
        Err(Error::Unusable {
            flaw: Flaw::Widened { .. },
            ..
        })
    ));
}

fn table_name() -> crate::domain::TableName {
    table("incident")
}

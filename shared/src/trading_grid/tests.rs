//! The three clients against the simulated Trading Grid: what only a community with a memory can show.

use std::collections::BTreeSet;
use std::sync::Arc;

use http::Request;
use http_body_util::BodyExt;
use secrecy::ExposeSecret;
use serde_json::json;
use worlds::TradingGrid;
use worlds::server::{Server, World, tls};
use worlds::trading_grid::{ExchangeSeed, IssueSeed};

use super::access::{Access, Authentication};
use super::collaboration::{Binding, Collaboration, Key, NewComment, Person, Settings};
use super::community::{Address, CommunityServices, ContactInformation, LoginId, NewUser, OneTimeSecrets, RoleName};
use super::lens::{Field, Lens, Search, Status, Term};
use super::script::{Script, at};
use crate::domain::CompanyId;
use crate::http::{Transport, TransportError};

const START: i64 = 1_795_424_400_000;

fn company() -> CompanyId {
    "GC41543822654A".parse().unwrap()
}

fn roles(names: &[&str]) -> BTreeSet<RoleName> {
    names.iter().map(|name| name.parse().unwrap()).collect()
}

/// A community, and access to it as the client that it knows.
fn community() -> (TradingGrid, Arc<Access>) {
    let origin = time::OffsetDateTime::from_unix_timestamp(START / 1000).unwrap();
    let community = TradingGrid::seeded(worlds::Clock::starting_at(origin));
    let called = community.clone();
    let transport = Transport::InProcess(Arc::new(move |request| {
        let community = called.clone();
        Box::pin(async move {
            let (parts, body) = request.into_parts();
            let body = body.collect().await.map_err(TransportError::lost)?.to_bytes();
            let answer = community.call(Request::from_parts(parts, worlds::full(body))).await;
            match answer.extensions().get::<worlds::Dropped>() {
                Some(_) => Err(TransportError::lost(anyhow::anyhow!("reset"))),
                None => Ok(answer),
            }
        })
    }));
    let script = Script::new([]);
    script.hold(json!({ "client_id": "gridlink", "client_secret": "gridlink" }));
    let (_, secrets, clock) = script.outside();
    let token_url = at("https://grid.test/v1/oauth2/tokens");
    let secret = "trading-grid".to_owned();
    let access = Access::new(
        transport,
        Authentication::AccessToken,
        token_url,
        secret,
        secrets,
        clock,
    );
    (community, Arc::new(access))
}

fn new_user(login: &LoginId) -> NewUser {
    NewUser {
        login_id: login.clone(),
        first_name: "Noor".to_owned(),
        last_name: "Haddad".to_owned(),
        address: Address {
            city: "Latham".to_owned(),
            country_code: "US".to_owned(),
            ..Address::default()
        },
        contact_information: ContactInformation {
            email: "noor@northwind.example".to_owned(),
            ..ContactInformation::default()
        },
        language: "en".to_owned(),
        timezone: "America/New_York".to_owned(),
    }
}

#[tokio::test(start_paused = true)]
async fn a_user_is_worked_on_through_every_change_of_the_login() {
    let (community, access) = community();
    let service = CommunityServices::new(at("https://grid.test"), access);
    let login: LoginId = "noor@northwind.example".parse().unwrap();
    let user = service
        .create_user(&company(), &new_user(&login), OneTimeSecrets::draw().unwrap())
        .await
        .unwrap();
    let found = service.find_user(&company(), &login).await.unwrap();
    assert_eq!(found.map(|found| found.user_id), Some(user.clone()));

    let known: Vec<String> = ["Community Viewer", "Lens Standard role"].map(str::to_owned).into();
    let all = roles(&[&known[0], &known[1]]);
    let mut renamed = 0;
    let mut rename_before_the_next = || {
        renamed += 1;
        community.rename_login(
            company().as_str(),
            user.as_str(),
            &format!("noor-{renamed}@northwind.example"),
        );
    };
    rename_before_the_next();
    assert!(service.add_roles(&company(), &user, &all).await.unwrap());
    rename_before_the_next();
    assert_eq!(service.roles(&company(), &user).await.unwrap(), Some(all.clone()));
    rename_before_the_next();
    let entitlements = service.user_entitlements(&company(), &user).await.unwrap();
    assert!(entitlements.is_some());
    rename_before_the_next();
    assert!(
        service
            .remove_roles(&company(), &user, &roles(&[&known[0]]))
            .await
            .unwrap()
    );
    assert_eq!(
        service.roles(&company(), &user).await.unwrap(),
        Some(roles(&[&known[1]]))
    );
    let login: LoginId = "noor@northwind.example".parse().unwrap();
    assert!(service.find_user(&company(), &login).await.unwrap().is_none());
    assert!(service.delete_user(&company(), &user).await.unwrap());
    assert!(service.user(&company(), &user).await.unwrap().is_none());
}

/// The login is another one between the call that tells it and the call that uses it.
#[tokio::test(start_paused = true)]
async fn a_login_that_changes_between_two_calls_changes_nobody_else() {
    let (community, access) = community();
    let service = CommunityServices::new(at("https://grid.test"), access);
    let ada = "GCP4N8W225A19".parse().unwrap();
    let details = format!("/TGCommunityServices/v1/companies/{}/users/GCP4N8W225A19", company());
    let before = service.roles(&company(), &ada).await.unwrap().unwrap();
    community.rename_login_after(
        &details,
        company().as_str(),
        "GCP4N8W225A19",
        "ada.new@northwind.example",
    );
    let added = service
        .add_roles(&company(), &ada, &roles(&["Partner Admin"]))
        .await
        .unwrap();
    assert!(!added, "nobody has the old login any more");
    assert_eq!(service.roles(&company(), &ada).await.unwrap(), Some(before));
    assert!(
        service
            .add_roles(&company(), &ada, &roles(&["Partner Admin"]))
            .await
            .unwrap()
    );
}

#[tokio::test(start_paused = true)]
async fn every_entry_is_found_by_pages_and_by_scrolling_through_a_dying_token() {
    let (community, access) = community();
    for number in 0..25 {
        let mut seed = ExchangeSeed::new("ZZ:NORTHWIND", "01:147678796", "810");
        seed.status = worlds::trading_grid::Status::Failed;
        community.add_exchange(seed.key("invoice number", &format!("SCROLL-{number}")));
    }
    let lens = Lens::new(at("https://grid.test"), access);
    let search = Search::selecting(&[Field::TransactionId, Field::Status, Field::ArrivalTime])
        .must(Field::SenderAddress, Term::Text("ZZ:NORTHWIND".to_owned()))
        .only(Field::Type, ["810"])
        .count(4);
    let mut paged = Vec::new();
    let mut next = Some(search.clone());
    while let Some(search) = next {
        let found = lens.page(&search).await.unwrap();
        next = search.after(found.received);
        paged.extend(found.entries);
    }
    let id = |entry: &super::lens::Entry| entry.text(Field::TransactionId).unwrap().to_owned();
    let by_page: BTreeSet<String> = paged.iter().map(id).collect();
    assert!(paged.len() >= 25 && by_page.len() == paged.len());
    assert!(paged.iter().any(|entry| entry.status() == Some(Status::DeliveryFailed)));

    let mut scroll = lens.scroll(&search);
    let mut scrolled = Vec::new();
    while let Some(found) = scroll.next().await.unwrap() {
        scrolled.extend(found.entries.iter().map(id));
        community.expire_tokens();
    }
    assert_eq!(scrolled.len(), paged.len());
    assert_eq!(scrolled.into_iter().collect::<BTreeSet<_>>(), by_page);
}

/// A self-signed certificate and its key, both PEM.
fn certificate(name: &str) -> (String, secrecy::SecretString) {
    let made = rcgen::generate_simple_self_signed([name.to_owned()]).unwrap();
    (made.cert.pem(), made.signing_key.serialize_pem().into())
}

#[tokio::test]
async fn a_community_that_asks_for_a_certificate_is_written_to_and_read() {
    let folder = std::env::temp_dir().join(format!("gridlink-mtls-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let [server, client, stranger] = ["localhost", "gridlink", "stranger"].map(certificate);
    let file = |name: &str, text: &str| {
        let path = folder.join(name);
        std::fs::write(&path, text).unwrap();
        path
    };
    let acceptor = tls(
        &file("cert.pem", &server.0),
        &file("key.pem", server.1.expose_secret()),
        Some(&file("ca.pem", &client.0)),
    );
    std::fs::remove_dir_all(&folder).unwrap();
    let community = TradingGrid::seeded(worlds::Clock::System);
    community.open_issue(IssueSeed::new(
        company().as_str(),
        "ISS-1",
        "asn_mismatch",
        "Quantity differs",
    ));
    let world = World::TradingGrid(community.clone());
    let bound = Server::bind(world, "127.0.0.1:0".parse().unwrap(), Some(acceptor.unwrap()))
        .await
        .unwrap();
    let url = bound.url().unwrap();
    let port = url.rsplit_once(':').unwrap().1.to_owned();
    let mut tasks = tokio::task::JoinSet::<()>::new();
    tasks.spawn(async move { match bound.run().await {} });

    let collaboration = |shown: &(String, secrecy::SecretString)| {
        let script = Script::new([]);
        script.hold(json!({ "certificate": shown.0, "private_key": shown.1.expose_secret() }));
        let (_, secrets, clock) = script.outside();
        let settings = Settings {
            url: at(&format!("https://localhost:{port}/collaboration/v1")),
            binding: Binding::parse("authentication: client-certificate").unwrap(),
            token_url: at("https://grid.test/v1/oauth2/tokens"),
            secret: "trading-grid".to_owned(),
        };
        Collaboration::new(Transport::network(Some(&server.0)).unwrap(), settings, secrets, clock)
    };
    let issue = "ISS-1".parse().unwrap();
    let strange = collaboration(&stranger).issue(&company(), &issue).await.unwrap_err();
    assert!(!crate::failure::chain(&strange).contains("PRIVATE"));
    let known = collaboration(&client);
    assert_eq!(
        known.issue(&company(), &issue).await.unwrap().unwrap().summary,
        "Quantity differs"
    );
    let comment = NewComment {
        text: "We look into it.".to_owned(),
        author: Person::of_the_desk("Service desk"),
        article_ids: Vec::new(),
    };
    known
        .post_comment(&company(), &issue, &Key::derived(&["entry-1"]), &comment)
        .await
        .unwrap();
    assert!(
        community
            .partner_sees(company().as_str())
            .to_string()
            .contains("We look into it.")
    );
}

//! TGCommunityServices: companies, entitlements, errors.

use super::*;
use crate::trading_grid::ErrorForm;

pub(super) struct Client<'a> {
    community: &'a TradingGrid,
    pub(super) bearer: String,
}

impl Client<'_> {
    pub(super) async fn get(&self, path: &str) -> (u16, Value) {
        self.send("GET", path, "").await
    }

    pub(super) async fn send(&self, method: &str, path: &str, body: &str) -> (u16, Value) {
        let response = self.raw(method, path, body).await;
        let body = serde_json::from_slice(response.body()).unwrap_or_default();
        (response.status().as_u16(), body)
    }

    async fn raw(&self, method: &str, path: &str, body: &str) -> Response<Bytes> {
        let mut request = Request::builder()
            .method(method)
            .uri(format!("/TGCommunityServices/v1{path}"))
            .header("authorization", &self.bearer);
        if !body.is_empty() {
            request = request.header("content-type", "application/json");
        }
        self.community.call(request.body(full(body.to_owned())).unwrap()).await
    }
}

pub(super) async fn client(community: &TradingGrid) -> Client<'_> {
    Client {
        community,
        bearer: bearer(community).await,
    }
}

#[tokio::test(start_paused = true)]
async fn a_company_and_its_partners_are_read() {
    let community = seeded();
    let client = client(&community).await;
    let (status, company) = client.get(&format!("/companies/{MERIDIAN}")).await;
    assert_eq!(
        (status, &company["companyName"]),
        (200, &json!("Meridian Manufacturing"))
    );
    let directory = format!("/companies/{MERIDIAN}/partnerDirectory");
    assert_eq!(client.get(&directory).await.1.as_array().unwrap().len(), 12);
    for query in [
        "partnerCompanyId=GC041543822654",
        "partnerCompanyName=Verona%20Vittles",
        "partnerCompanyName=Verona+Vittles",
        "tradingAddress=ZZ:DEMOSUPPLIER5",
        "tradingAddress=ZZ%3ADEMOSUPPLIER5&partnerCompanyName=Verona%20Vittles",
    ] {
        let (_, found) = client.get(&format!("{directory}?{query}")).await;
        let names: Vec<&str> = found
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one["partnerCompanyName"].as_str().unwrap())
            .collect();
        assert_eq!(names, ["Verona Vittles"], "{query}");
    }
    let nobody = format!("{directory}?tradingAddress=ZZ:NOBODY");
    assert_eq!(client.get(&nobody).await, (200, json!([])));
    community.guess(|guesses| guesses.unknown_partner_is_not_found = true);
    assert_eq!(client.get(&nobody).await.0, 404);
    // The other direction: a partner finds its sponsors.
    let (_, found) = client.get(&format!("/companies/{NORTHWIND}/partnerDirectory")).await;
    assert_eq!(found[0]["partnerCompanyId"], MERIDIAN);
}

#[tokio::test(start_paused = true)]
async fn entitlements_follow_the_roles() {
    let community = seeded();
    let client = client(&community).await;
    let (_, company) = client.get(&format!("/companies/{MERIDIAN}/entitlements")).await;
    assert!(
        company
            .as_array()
            .unwrap()
            .iter()
            .any(|one| one["entitlementName"] == "Lens")
    );
    let user = "/users/validuserid@somewhere.com/entitlements";
    let names = |answer: Value| answer.to_string();
    assert!(!names(client.get(user).await.1).contains("Cartographer"));
    let roles = format!("/companies/{MERIDIAN}/users/validuserid@somewhere.com/roles?action=Add");
    client
        .send("PUT", &roles, r#"[{"roleName":"Cartographer StandardUser"}]"#)
        .await;
    assert!(names(client.get(user).await.1).contains("Cartographer"));
}

#[tokio::test(start_paused = true)]
async fn errors_have_one_of_the_known_forms() {
    let community = seeded();
    let client = client(&community).await;
    for (form, pointer) in [
        (ErrorForm::Service, "/error-code"),
        (ErrorForm::Authorization, "/errorCode"),
        (ErrorForm::Gateway, "/fault/detail/errorcode"),
    ] {
        community.guess(|guesses| guesses.community_error_form = form);
        let (status, body) = client.get("/companies/GC0").await;
        assert_eq!(
            (status, body.pointer(pointer)),
            (404, Some(&json!("NOT_FOUND"))),
            "{form:?}"
        );
    }
    community.guess(|guesses| guesses.community_error_form = ErrorForm::PlainText);
    let plain = client.raw("GET", "/companies/GC0", "").await;
    assert_eq!(plain.body().as_ref(), b"Company GC0 not found");
    let refused = client.raw("PATCH", &format!("/companies/{MERIDIAN}"), "").await;
    assert_eq!(
        (refused.status().as_u16(), &refused.headers()["allow"]),
        (405, &http::HeaderValue::from_static("GET"))
    );
    assert_eq!(client.get("/nonsense").await.0, 404);
    assert_eq!(client.get("/companies/%FF").await.0, 400);
}

#[tokio::test(start_paused = true)]
async fn lists_can_be_wrapped() {
    let community = seeded();
    community.guess(|guesses| guesses.lists_are_bare_arrays = false);
    let client = client(&community).await;
    for (path, name) in [
        (format!("/companies/{NORTHWIND}/users"), "users"),
        (format!("/companies/{NORTHWIND}/partnerDirectory"), "partnerDirectory"),
        (format!("/companies/{NORTHWIND}/entitlements"), "entitlements"),
        (
            format!("/companies/{NORTHWIND}/users/ada.okafor@northwind.example/roles"),
            "roles",
        ),
        (
            "/users/ada.okafor@northwind.example/entitlements".to_owned(),
            "entitlements",
        ),
    ] {
        let (_, body) = client.get(&path).await;
        assert!(!body[name].as_array().unwrap().is_empty(), "{path}");
    }
}

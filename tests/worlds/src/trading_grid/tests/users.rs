//! TGCommunityServices: users and their roles, and the traps that OpenText describes.

use super::community::client;
use super::*;

fn new_user(login_id: &str) -> Value {
    json!({
        "address": { "addressLine1": "1 Main Street", "city": "Portland", "countryCode": "US", "postalCode": "97205" },
        "contactInformation": { "email": "grace@northwind.example", "phoneNumber": "5550111", "phoneNumberExtention": "12" },
        "firstName": "Grace",
        "lastName": "Hopper",
        "loginId": login_id,
        "loginPassword": "Correct-Horse-9",
        "isConsentClause": "No",
        "isDayLightSavingsTimeObserved": "No",
        "isRequiredOpenTextMarketingMaterials": "No",
        "preferredLanguage": "en",
        "type": "Web",
        "userPasswordHint": { "pwdHintQuestionAnswer1": { "question": "Which ship?", "answer": "A secret answer" } },
    })
}

#[tokio::test(start_paused = true)]
async fn users_are_found_by_login_id_and_by_nothing_else() {
    let community = seeded();
    let client = client(&community).await;
    let users = format!("/companies/{NORTHWIND}/users");
    let (_, all) = client.get(&users).await;
    assert_eq!(all.as_array().unwrap().len(), 5);
    let ada = all
        .as_array()
        .unwrap()
        .iter()
        .find(|user| user["firstName"] == "Ada")
        .unwrap();
    let members: Vec<&String> = ada.as_object().unwrap().keys().collect();
    assert_eq!(members, ["email", "firstName", "lastName", "loginId", "userId"]);
    let (_, found) = client
        .get(&format!("{users}?loginId=ada.okafor@northwind.example"))
        .await;
    assert_eq!(found, json!([ada]));
    for ignored in [
        "email=ada.okafor@northwind.example",
        "lastName=Okafor",
        "firstName=Ada",
        "userId=GCP4N8W225A19",
    ] {
        assert_eq!(client.get(&format!("{users}?{ignored}")).await.1, all, "{ignored}");
    }
    assert_eq!(
        client
            .get(&format!("{users}?loginId=ADA.OKAFOR@northwind.example"))
            .await
            .1,
        json!([])
    );
    for id in [
        "GCP4N8W225A19",
        "ada.okafor@northwind.example",
        "ada.okafor%40northwind.example",
    ] {
        let (status, details) = client.get(&format!("{users}/{id}")).await;
        assert_eq!(
            (status, &details["contactInformation"]["email"]),
            (200, &json!("ada.okafor@northwind.example"))
        );
    }
    assert_eq!(
        client.get(&format!("/companies/{CONTOSO}/users/GCP4N8W225A19")).await.0,
        404
    );
}

#[tokio::test(start_paused = true)]
async fn a_user_is_created_changed_and_deleted() {
    let community = seeded();
    let client = client(&community).await;
    let users = format!("/companies/{NORTHWIND}/users");
    let body = new_user("grace@northwind.example").to_string();
    let (status, created) = client.send("POST", &users, &body).await;
    assert_eq!(status, 201);
    let id = created["uniqueId"].as_str().unwrap();
    assert_eq!(client.send("POST", &users, &body).await.0, 409);
    // A loginId is known everywhere on its grid.
    let elsewhere = format!("/companies/{CONTOSO}/users");
    assert_eq!(client.send("POST", &elsewhere, &body).await.0, 409);
    let on_beta = format!("/companies/{HALVORSEN}/users");
    assert_eq!(client.send("POST", &on_beta, &body).await.0, 201);
    let change = json!({ "address": { "city": "Salem" }, "loginId": "other@x.example", "unknown": 1 }).to_string();
    let (status, changed) = client.send("PUT", &format!("{users}/{id}"), &change).await;
    assert_eq!((status, &changed["address"]["city"]), (200, &json!("Salem")));
    assert_eq!(changed["address"]["addressLine1"], "1 Main Street");
    assert_eq!(changed["contactInformation"]["phoneNumberExtention"], "12");
    assert_eq!(
        (&changed["loginId"], changed.get("unknown")),
        (&json!("grace@northwind.example"), None)
    );
    let kept = format!("{changed} {:?} {:?}", community.user(NORTHWIND, id), community.calls());
    assert!(!kept.contains("Correct-Horse-9") && !kept.contains("A secret answer"));
    assert_eq!(client.send("DELETE", &format!("{users}/{id}"), "").await.0, 204);
    assert!(community.user(NORTHWIND, id).is_none());
    for (succeeds, status) in [(true, 204), (false, 404)] {
        community.guess(|guesses| guesses.deleting_nobody_succeeds = succeeds);
        for nobody in [id, ""] {
            assert_eq!(client.send("DELETE", &format!("{users}/{nobody}"), "").await.0, status);
        }
    }
    assert_eq!(client.get(&users).await.1.as_array().unwrap().len(), 5);
}

#[tokio::test(start_paused = true)]
async fn a_body_that_no_user_has_is_refused() {
    let community = seeded();
    let client = client(&community).await;
    let users = format!("/companies/{NORTHWIND}/users");
    let changes: [(&str, Value); 12] = [
        ("/firstName", json!("")),
        ("/loginId", json!("a b")),
        ("/loginId", json!(null)),
        ("/loginPassword", json!("short")),
        ("/loginPassword", json!("alllowercase1")),
        ("/isConsentClause", json!(false)),
        ("/isConsentClause", json!("no")),
        ("/address/countryCode", json!("USA")),
        ("/address", json!("1 Main Street")),
        ("/type", json!("Machine")),
        ("/contactInformation/email", json!(null)),
        ("/userPasswordHint/pwdHintQuestionAnswer1/answer", json!("")),
    ];
    for (pointer, value) in changes {
        let mut body = new_user("grace@northwind.example");
        *body.pointer_mut(pointer).unwrap() = value;
        let (status, refused) = client.send("POST", &users, &body.to_string()).await;
        assert_eq!(status, 400, "{pointer}");
        assert!(!refused.to_string().contains("short"), "a password is not repeated");
    }
    assert_eq!(client.send("POST", &users, "{").await.0, 400);
    assert_eq!(client.send("POST", "/companies/GC0/users", "{}").await.0, 404);
    let request = Request::post(format!("/TGCommunityServices/v1{users}")).header("authorization", &client.bearer);
    let form = community
        .call(request.body(full(new_user("x").to_string())).unwrap())
        .await;
    assert_eq!(form.status().as_u16(), 415);
    assert!(community.user_with_login("grace@northwind.example").is_none());
}

#[tokio::test(start_paused = true)]
async fn roles_are_reached_by_the_current_login_id_only() {
    let community = seeded();
    let client = client(&community).await;
    let of = |user: &str| format!("/companies/{NORTHWIND}/users/{user}/roles");
    let (status, roles) = client.get(&of("ada.okafor@northwind.example")).await;
    assert_eq!((status, &roles[0]["roleName"]), (200, &json!("Community Viewer")));
    assert_eq!(client.get(&of("GCP4N8W225A19")).await.0, 404);
    community.rename_login(NORTHWIND, "GCP4N8W225A19", "ada@northwind.example");
    assert_eq!(client.get(&of("ada.okafor@northwind.example")).await.0, 404);
    assert_eq!(client.get(&of("ada%40northwind.example")).await.1, roles);
    let (_, found) = client
        .get(&format!("/companies/{NORTHWIND}/users?loginId=ada@northwind.example"))
        .await;
    assert_eq!(found[0]["userId"], "GCP4N8W225A19");
    let entitlements = client.get("/users/ada@northwind.example/entitlements").await.1;
    assert_eq!(entitlements.as_array().unwrap().len(), 2);
    assert_eq!(client.get("/users/GCP4N8W225A19/entitlements").await.0, 404);
}

#[tokio::test(start_paused = true)]
async fn a_login_id_can_change_between_two_calls() {
    let community = seeded();
    let client = client(&community).await;
    let users = format!("/companies/{NORTHWIND}/users");
    let path = format!("/TGCommunityServices/v1{users}/GCP4N8W225A19");
    community.rename_login_after(&path, NORTHWIND, "GCP4N8W225A19", "ada@northwind.example");
    let (_, details) = client.get(&format!("{users}/GCP4N8W225A19")).await;
    let known = details["loginId"].as_str().unwrap();
    assert_eq!(known, "ada.okafor@northwind.example");
    assert_eq!(client.get(&format!("{users}/{known}/roles")).await.0, 404);
    let (_, details) = client.get(&format!("{users}/GCP4N8W225A19")).await;
    assert_eq!(details["loginId"], "ada@northwind.example");
    let rename = json!({ "after": "/", "companyId": NORTHWIND, "userId": "GCP4N8W225A19", "loginId": "a@b.example" });
    assert_eq!(admin(&community, "/renames", rename).await.0, StatusCode::CREATED);
    client.get(&users).await;
    assert!(community.user_with_login("a@b.example").is_some());
}

#[tokio::test(start_paused = true)]
async fn adding_and_removing_roles_are_set_operations() {
    let community = seeded();
    let client = client(&community).await;
    let roles = format!("/companies/{NORTHWIND}/users/ada.okafor@northwind.example/roles");
    let body = json!([{ "roleName": "TGMS Reports" }, { "roleName": "Community Viewer" }]).to_string();
    for (action, count) in [("Add", 3), ("Add", 3), ("Remove", 1), ("Remove", 1)] {
        let (status, left) = client.send("PUT", &format!("{roles}?action={action}"), &body).await;
        assert_eq!((status, left.as_array().unwrap().len()), (200, count), "{action}");
    }
    for (query, body) in [
        ("?action=add", body.as_str()),
        ("", body.as_str()),
        (
            "?action=Add",
            r#"[{"roleName":"TGMS Reports"},{"roleName":"No such role"}]"#,
        ),
        ("?action=Add", r#"["TGMS Reports"]"#),
        ("?action=Add", r#"{"roleName":"TGMS Reports"}"#),
    ] {
        assert_eq!(
            client.send("PUT", &format!("{roles}{query}"), body).await.0,
            400,
            "{query} {body}"
        );
    }
    assert_eq!(
        client.get(&roles).await.1,
        json!([{ "roleName": "Lens Standard role" }])
    );
    // Names differ between the grids.
    let beta = format!("/companies/{HALVORSEN}/users/validuserid@somewhere.com/roles?action=Add");
    let role = |name: &str| json!([{ "roleName": name }]).to_string();
    assert_eq!(client.send("PUT", &beta, &role("Email2EDI custom")).await.0, 200);
    assert_eq!(
        client.send("PUT", &beta, &role("Community Projects Admin")).await.0,
        400
    );
}

#[tokio::test(start_paused = true)]
async fn a_change_in_one_world_is_no_change_in_another() {
    let (one, other) = (seeded(), seeded());
    one.rename_login(NORTHWIND, "GCP4N8W225A19", "ada@northwind.example");
    assert!(other.user_with_login("ada.okafor@northwind.example").is_some());
    assert!(other.user_with_login("ada@northwind.example").is_none());
}

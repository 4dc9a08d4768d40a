//! The client of TGCommunityServices against answers by script.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::{Value, json};

use super::{Address, CommunityServices, ContactInformation, LoginId, NewUser, OneTimeSecrets, PartnerFilter};
use super::{RoleName, UserChanges, UserId};
use crate::domain::CompanyId;
use crate::failure::Failure;
use crate::trading_grid::access::Authentication;
use crate::trading_grid::error::Error;
use crate::trading_grid::script::{Say, Script, at};

fn service(script: &Script) -> CommunityServices {
    let access = script.access(Authentication::AccessToken);
    CommunityServices::new(at("https://grid.test"), Arc::new(access))
}

fn company() -> CompanyId {
    "GC00804444LX".parse().unwrap()
}

fn ada() -> UserId {
    "GCP6U3F660I61".parse().unwrap()
}

fn login(text: &str) -> LoginId {
    text.parse().unwrap()
}

fn roles(names: &[&str]) -> BTreeSet<RoleName> {
    names.iter().map(|name| name.parse().unwrap()).collect()
}

/// A user as the list and the details of the tests have it.
fn row(login: &str) -> Value {
    json!({
        "userId": "GCP6U3F660I61", "loginId": login, "email": "ada@northwind.example", "firstName": "Ada",
        "lastName": "Okafor", "isLocked": { "who": "knows" },
    })
}

fn new_user() -> NewUser {
    NewUser {
        login_id: login("ada@northwind.example"),
        first_name: "Ada".to_owned(),
        last_name: "Okafor".to_owned(),
        address: Address {
            city: "Latham".to_owned(),
            country_code: "US".to_owned(),
            ..Address::default()
        },
        contact_information: ContactInformation {
            email: "ada@northwind.example".to_owned(),
            ..ContactInformation::default()
        },
        language: "en".to_owned(),
        timezone: "America/New_York".to_owned(),
    }
}

/// Method, path and body of each request, a line each.
fn lines(script: &Script) -> String {
    let line = |seen: crate::trading_grid::script::Seen| {
        let body = String::from_utf8_lossy(&seen.body).into_owned();
        format!("{} {} {body}", seen.method, seen.path).trim_end().to_owned()
    };
    script.asked().into_iter().map(line).collect::<Vec<_>>().join("\n")
}

#[tokio::test(start_paused = true)]
async fn the_calls_are_those_that_are_published() {
    let script = Script::new([
        Say::json(
            200,
            &json!({ "companyId": "GC00804444LX", "companyName": "Demo Retailer" }),
        ),
        Say::json(200, &json!([])),
        Say::json(200, &json!([])),
        Say::json(200, &json!([])),
        Say::json(200, &json!([])),
        Say::json(200, &json!(["Lens"])),
        Say::json(200, &json!([row("ada@northwind.example")])),
        Say::json(200, &json!([row("ada@northwind.example")])),
        Say::json(200, &row("ada@northwind.example")),
        Say::json(200, &json!({})),
        Say::Answer(204, "text/plain", "".into(), Vec::new()),
    ]);
    let service = service(&script);
    let company = company();
    let partner = "GC51278300AS".parse().unwrap();
    assert_eq!(
        service.company(&company).await.unwrap().unwrap().name.as_deref(),
        Some("Demo Retailer")
    );
    assert_eq!(service.partners(&company).await.unwrap(), Some(Vec::new()));
    for filter in [
        PartnerFilter::Id(&partner),
        PartnerFilter::Name("Verona & Söhne"),
        PartnerFilter::Address("ZZ:DEMOSUPPLIER5"),
    ] {
        assert!(service.find_partners(&company, filter).await.unwrap().is_empty());
    }
    service.entitlements(&company).await.unwrap().unwrap();
    assert_eq!(service.users(&company).await.unwrap().unwrap().len(), 1);
    let found = service
        .find_user(&company, &login("Ada@Northwind.example"))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        (found.user_id, found.email.as_deref()),
        (ada(), Some("ada@northwind.example"))
    );
    service.user(&company, &ada()).await.unwrap().unwrap();
    let address = Address {
        city: "Latham".to_owned(),
        ..Address::default()
    };
    let changes = UserChanges {
        address: Some(address),
        ..UserChanges::default()
    };
    assert!(service.update_user(&company, &ada(), &changes).await.unwrap());
    assert!(service.delete_user(&company, &ada()).await.unwrap());
    insta::assert_snapshot!(lines(&script), @r#"
    GET /TGCommunityServices/v1/companies/GC00804444LX
    GET /TGCommunityServices/v1/companies/GC00804444LX/partnerDirectory
    GET /TGCommunityServices/v1/companies/GC00804444LX/partnerDirectory?partnerCompanyId=GC51278300AS
    GET /TGCommunityServices/v1/companies/GC00804444LX/partnerDirectory?partnerCompanyName=Verona+%26+S%C3%B6hne
    GET /TGCommunityServices/v1/companies/GC00804444LX/partnerDirectory?tradingAddress=ZZ%3ADEMOSUPPLIER5
    GET /TGCommunityServices/v1/companies/GC00804444LX/entitlements
    GET /TGCommunityServices/v1/companies/GC00804444LX/users
    GET /TGCommunityServices/v1/companies/GC00804444LX/users?loginId=Ada%40Northwind.example
    GET /TGCommunityServices/v1/companies/GC00804444LX/users/GCP6U3F660I61
    PUT /TGCommunityServices/v1/companies/GC00804444LX/users/GCP6U3F660I61 {"address":{"addressLine1":"","addressLine2":"","city":"Latham","countryCode":"","postalCode":"","state":""}}
    DELETE /TGCommunityServices/v1/companies/GC00804444LX/users/GCP6U3F660I61
    "#);
}

#[tokio::test(start_paused = true)]
async fn roles_are_asked_for_by_the_login_of_the_moment() {
    let script = Script::new([
        Say::json(200, &row("ada@northwind.example")),
        Say::json(200, &json!([{ "roleName": "Community Viewer" }])),
        Say::json(200, &row("ada.okafor@northwind.example")),
        Say::json(200, &json!({})),
        Say::json(200, &row("ada.okafor+2@northwind.example")),
        Say::json(200, &json!({})),
        Say::json(200, &row("ada.okafor+2@northwind.example")),
        Say::json(200, &json!({ "entitlements": [{ "entitlementName": "Lens" }] })),
    ]);
    let service = service(&script);
    let company = company();
    assert_eq!(
        service.roles(&company, &ada()).await.unwrap(),
        Some(roles(&["Community Viewer"]))
    );
    assert!(
        service
            .add_roles(&company, &ada(), &roles(&["TGMS Reports", "Lens All custom"]))
            .await
            .unwrap()
    );
    assert!(
        service
            .remove_roles(&company, &ada(), &roles(&["Community Viewer"]))
            .await
            .unwrap()
    );
    let entitled = service.user_entitlements(&company, &ada()).await.unwrap().unwrap();
    assert!(entitled.contains("Lens"));
    insta::assert_snapshot!(lines(&script), @r#"
    GET /TGCommunityServices/v1/companies/GC00804444LX/users/GCP6U3F660I61
    GET /TGCommunityServices/v1/companies/GC00804444LX/users/ada@northwind.example/roles
    GET /TGCommunityServices/v1/companies/GC00804444LX/users/GCP6U3F660I61
    PUT /TGCommunityServices/v1/companies/GC00804444LX/users/ada.okafor@northwind.example/roles?action=Add [{"roleName":"Lens All custom"},{"roleName":"TGMS Reports"}]
    GET /TGCommunityServices/v1/companies/GC00804444LX/users/GCP6U3F660I61
    PUT /TGCommunityServices/v1/companies/GC00804444LX/users/ada.okafor+2@northwind.example/roles?action=Remove [{"roleName":"Community Viewer"}]
    GET /TGCommunityServices/v1/companies/GC00804444LX/users/GCP6U3F660I61
    GET /TGCommunityServices/v1/users/ada.okafor+2@northwind.example/entitlements
    "#);
}

#[tokio::test(start_paused = true)]
async fn a_login_that_the_details_do_not_tell_is_taken_from_the_list() {
    let script = Script::new([
        Say::json(
            200,
            &json!({ "user": { "userId": "GCP6U3F660I61", "lastName": "Okafor" } }),
        ),
        Say::json(200, &json!({ "users": [row("ada@northwind.example")] })),
        Say::json(200, &json!(["Community Viewer"])),
    ]);
    let found = service(&script).roles(&company(), &ada()).await.unwrap();
    assert_eq!(found, Some(roles(&["Community Viewer"])));
}

#[tokio::test(start_paused = true)]
async fn a_user_is_created_with_secrets_that_nobody_sees() {
    let script = Script::new([Say::json(201, &json!({ "uniqueId": "GCP6U3F660I61" }))]);
    let secrets = OneTimeSecrets::draw().unwrap();
    let created = service(&script)
        .create_user(&company(), &new_user(), secrets)
        .await
        .unwrap();
    assert_eq!(created, ada());
    let seen = &script.asked()[0];
    assert_eq!(
        (seen.method.as_str(), seen.path.as_str()),
        ("POST", "/TGCommunityServices/v1/companies/GC00804444LX/users")
    );
    let mut body: Value = serde_json::from_slice(&seen.body).unwrap();
    let mut hidden = BTreeSet::new();
    let mut hide = |pointer: &str| {
        let text = body.pointer_mut(pointer).unwrap();
        hidden.insert(text.as_str().unwrap().to_owned());
        *text = json!("…");
    };
    hide("/loginPassword");
    for number in 1..=6 {
        hide(&format!("/userPasswordHint/pwdHintQuestionAnswer{number}/answer"));
    }
    assert!(hidden.len() == 7 && hidden.iter().all(|text| text.len() >= 32));
    insta::assert_snapshot!(serde_json::to_string_pretty(&body).unwrap(), @r#"
    {
      "address": {
        "addressLine1": "",
        "addressLine2": "",
        "city": "Latham",
        "countryCode": "US",
        "postalCode": "",
        "state": ""
      },
      "contactInformation": {
        "email": "ada@northwind.example",
        "faxNumber": "",
        "mobile": "",
        "phoneNumber": "",
        "phoneNumberExtention": ""
      },
      "firstName": "Ada",
      "isConsentClause": "No",
      "isDayLightSavingsTimeObserved": "No",
      "isRequiredOpenTextMarketingMaterials": "No",
      "lastName": "Okafor",
      "loginId": "ada@northwind.example",
      "loginPassword": "…",
      "preferredDateFormat": "MM/dd/yy",
      "preferredLanguage": "en",
      "preferredTimezone": "America/New_York",
      "type": "Web",
      "userPasswordHint": {
        "pwdHintQuestionAnswer1": {
          "answer": "…",
          "question": "Question 1"
        },
        "pwdHintQuestionAnswer2": {
          "answer": "…",
          "question": "Question 2"
        },
        "pwdHintQuestionAnswer3": {
          "answer": "…",
          "question": "Question 3"
        },
        "pwdHintQuestionAnswer4": {
          "answer": "…",
          "question": "Question 4"
        },
        "pwdHintQuestionAnswer5": {
          "answer": "…",
          "question": "Question 5"
        },
        "pwdHintQuestionAnswer6": {
          "answer": "…",
          "question": "Question 6"
        }
      }
    }
    "#);
}

#[tokio::test(start_paused = true)]
async fn a_refusal_that_repeats_the_password_is_not_repeated() {
    let script = Script::new([]);
    let service = service(&script);
    // What the service would answer is only known once the request was seen.
    let echo = async |say: &dyn Fn(&str) -> Say| {
        let secrets = OneTimeSecrets::draw().unwrap();
        let password = secrecy::ExposeSecret::expose_secret(secrets.password()).to_owned();
        script.say(say(&password));
        let error = service.create_user(&company(), &new_user(), secrets).await.unwrap_err();
        let text = format!("{} {error:?}", crate::failure::chain(&error));
        assert!(!text.contains(&password[8..20]), "{text}");
        error
    };
    let error = echo(&|password| {
        Say::json(
            400,
            &json!({ "message": format!("the password {password} is too long") }),
        )
    })
    .await;
    assert!(matches!(error.into_failure(), Failure::Permanent { .. }));
    echo(&|password| Say::text(500, "text/plain", &format!("cannot parse {password}"))).await;
    echo(&|password| Say::json(200, &json!({ "loginPassword": password }))).await;
}

#[tokio::test(start_paused = true)]
async fn creating_is_not_sent_again_by_itself_and_setting_is() {
    let lost = Script::new([Say::Lost]);
    let secrets = OneTimeSecrets::draw().unwrap();
    let error = service(&lost)
        .create_user(&company(), &new_user(), secrets)
        .await
        .unwrap_err();
    assert!(matches!(error.into_failure(), Failure::Transient { unsent: false, .. }));
    assert_eq!(lost.asked().len(), 1);
    let script = Script::new([Say::json(200, &row("a@x")), Say::Lost, Say::json(200, &json!({}))]);
    assert!(
        service(&script)
            .add_roles(&company(), &ada(), &roles(&["A"]))
            .await
            .unwrap()
    );
}

#[tokio::test(start_paused = true)]
async fn what_a_filter_lets_through_is_compared_with_what_was_asked_for() {
    let other = json!({ "userId": "GCP0", "loginId": "bob@northwind.example" });
    let partners = json!({ "partners": [
        { "partnerCompanyId": "GC51278300AS", "partnerCompanyName": "Verona Vittles",
          "tradingAddresses": ["ZZ:VERONA", { "qualifier": "01", "id": "147678796" }] },
        { "partnerCompanyId": "GC041543822654", "companyName": "Other", "tradingAddress": "ZZ:OTHER" },
    ]});
    let script = Script::new([
        Say::json(200, &json!([other])),
        Say::json(200, &json!([row("ada@x"), row("ADA@x")])),
        Say::json(200, &partners),
        Say::json(200, &partners),
        Say::json(200, &partners),
    ]);
    let service = service(&script);
    assert_eq!(service.find_user(&company(), &login("ada@x")).await.unwrap(), None);
    let error = service
        .find_user(&company(), &login("ada@x"))
        .await
        .unwrap_err()
        .to_string();
    assert!(error.ends_with("several users have the login"), "{error}");
    let other = "GC041543822654".parse().unwrap();
    for (filter, wanted) in [
        (PartnerFilter::Address("01:147678796"), "GC51278300AS"),
        (PartnerFilter::Name("verona vittles"), "GC51278300AS"),
        (PartnerFilter::Id(&other), "GC041543822654"),
    ] {
        let found = service.find_partners(&company(), filter).await.unwrap();
        let ids = found.iter().map(|partner| partner.id.as_str()).collect::<Vec<_>>();
        assert_eq!(ids, [wanted]);
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_not_understood_is_an_error_and_not_an_absence() {
    let no_login = json!([{ "userId": "GCP1", "login": "ada@x" }]);
    for (say, wanted) in [
        (Say::json(200, &no_login), "nothing in it has loginId"),
        (Say::json(200, &json!({ "status": "ok" })), "nothing in it has loginId"),
        (Say::json(200, &json!([{ "loginId": "ada@x" }])), "a user has no userId"),
        (
            Say::json(200, &json!([{ "loginId": "a b", "userId": "GCP1" }])),
            "a loginId of no use",
        ),
        (
            Say::json(200, &json!({ "totalCount": 9, "entries": [row("ada@x")] })),
            "it is only a part of the list",
        ),
        (Say::text(200, "text/html", "<html>Sign in</html>"), "it is not JSON"),
        (
            Say::text(200, "application/json", "[{\"loginId\":"),
            "it is not JSON, or ends too early",
        ),
        (Say::json(202, &json!([])), "202 does not say that it was done"),
        (Say::text(302, "text/html", ""), "302 points elsewhere"),
        (Say::text(404, "text/html", "<html>"), "404: a page of HTML or XML"),
        (
            Say::json(
                403,
                &json!({ "status": "403", "message": "no right", "error-code": "1002" }),
            ),
            "Trading Grid answered 403: no right (1002) when asked to find a user",
        ),
    ] {
        let script = Script::new([say.clone()]);
        let error = service(&script)
            .find_user(&company(), &login("ada@x"))
            .await
            .unwrap_err();
        assert!(error.to_string().contains(wanted), "{say:?}: {error}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_not_used_may_be_anything() {
    let odd = [
        json!(null),
        json!(7.5),
        json!("text"),
        json!([[]]),
        json!({ "is": "an object" }),
    ];
    for value in odd {
        let mut user = row("ada@x");
        for name in [
            "isLocked",
            "roles",
            "address",
            "contactInformation",
            "lastLogin",
            "type",
        ] {
            user[name] = value.clone();
        }
        let list = json!({ "users": [user], "links": value, "extra": value });
        let script = Script::new([Say::json(200, &list), Say::json(200, &user)]);
        let service = service(&script);
        let found = service.find_user(&company(), &login("ada@x")).await.unwrap();
        assert_eq!(found.map(|found| found.user_id), Some(ada()), "{value}");
        assert!(service.user(&company(), &ada()).await.unwrap().is_some(), "{value}");

        let partner = json!({
            "companyId": "GC41543822654A", "companyName": "Northwind", "partnerCompanyId": "GC41543822654A",
            "partnerCompanyName": "Northwind", "tradingAddresses": value, "status": value, "since": value,
        });
        let script = Script::new([Say::json(200, &json!([partner]))]);
        let partners = self::service(&script).partners(&company()).await.unwrap().unwrap();
        assert_eq!(partners.len(), 1, "{value}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_user_who_is_gone_is_no_failure() {
    let gone = || Say::json(404, &json!({ "message": "no such user" }));
    let script = Script::new([gone(), gone(), gone(), gone(), Say::json(200, &row("ada@x")), gone()]);
    let service = service(&script);
    assert_eq!(service.user(&company(), &ada()).await.unwrap(), None);
    assert_eq!(service.roles(&company(), &ada()).await.unwrap(), None);
    assert!(!service.delete_user(&company(), &ada()).await.unwrap());
    assert!(
        !service
            .update_user(&company(), &ada(), &UserChanges::default())
            .await
            .unwrap()
    );
    // The user left between the two calls.
    assert!(!service.remove_roles(&company(), &ada(), &roles(&["A"])).await.unwrap());
}

#[tokio::test(start_paused = true)]
async fn a_token_that_dies_between_two_calls_is_replaced() {
    let dead = Say::json(401, &json!({ "fault": { "faultstring": "Access Token expired" } }));
    let script = Script::new([Say::json(200, &row("ada@x")), dead, Say::json(200, &json!([]))]);
    assert_eq!(
        service(&script).roles(&company(), &ada()).await.unwrap(),
        Some(BTreeSet::new())
    );
    assert_eq!(script.asked()[2].headers["authorization"], "Bearer token-2");
}

#[test]
fn ids_and_logins_cannot_climb_a_path() {
    for hostile in ["", ".", "..", "a b", "a\n", "\u{0}"] {
        assert!(hostile.parse::<LoginId>().is_err(), "{hostile:?}");
        assert!(hostile.parse::<UserId>().is_err(), "{hostile:?}");
    }
    let script = Script::new([]);
    let url = service(&script).at(&["users", login("a/b?c#d%@x").as_str(), "roles"], &[]);
    assert_eq!(url.path(), "/TGCommunityServices/v1/users/a%2Fb%3Fc%23d%25@x/roles");
}

/// Errors never hold more than a status, a cleaned message, or what is wrong with an answer.
#[test]
fn an_error_is_about_the_call_and_not_about_its_content() {
    let error = super::unusable(super::read("find a user"), "it is not JSON");
    assert!(matches!(error, Error::Unusable { .. }));
    assert_eq!(
        error.to_string(),
        "the answer of Trading Grid is of no use when asked to find a user: it is not JSON"
    );
}

//! What `now-sdk install` calls: `POST /sn_appclient_upload_processor.do` with the package in a form, and
//! `GET /api/sn_cicd/progress/{id}` until that is done.
//!
//! Nothing of these is documented; the names are those that the command line sends and reads.

use std::convert::Infallible;

use bytes::Bytes;
use futures_util::{FutureExt, stream};
use http::header::CONTENT_TYPE;
use http::request::Parts;
use http::{Response, StatusCode};
use multer::Multipart;
use serde_json::json;

use super::{Package, install};
use crate::digest::derived_id;
use crate::gate::Moment;
use crate::servicenow::engine::{Act, State};
use crate::servicenow::{errors, guards, identity, log_in, owned, router};
use crate::{answer, clock};

/// Only an administrator may bring an application.
pub(crate) fn receive(state: &mut State, moment: Moment, parts: &Parts, body: &Bytes) -> Response<Bytes> {
    let user = match identity::of(state, parts, moment) {
        Ok(user) => user,
        Err(stranger) => return log_in::refused(state, &stranger),
    };
    if !guards::has_role(state, &user, "admin") {
        return errors::failure(StatusCode::FORBIDDEN, "User Not Authorized", None);
    }
    let Some(package) = package_in(parts, body) else {
        return errors::failure(StatusCode::BAD_REQUEST, "The form holds no package", None);
    };
    let installed = Package::read(&package).and_then(|read| {
        let (scope, version) = read.application().ok_or("the package holds no application")?;
        let upgrade = owned(&[
            ("to_version", scope),
            ("upgrade_started", &clock::seconds(moment.at)),
            ("upgrade_finished", &clock::seconds(moment.at)),
            ("from_version", version),
        ]);
        install(state, moment.at, &package)?;
        let act = Act::platform(moment.at, &user);
        state
            .insert(act, "sys_upgrade_history", &upgrade)
            .map_err(|refusal| format!("{refusal:?}"))
    });
    let mut response = match installed {
        Ok(upgrade) => {
            let tracker = derived_id("execution tracker", &upgrade);
            answer::json(
                StatusCode::OK,
                &json!({ "executionTracker": tracker, "rollbackContext": upgrade }),
            )
        }
        Err(reason) => errors::failure(StatusCode::BAD_REQUEST, &reason, None),
    };
    router::decorate(state, &mut response, true);
    response
}

/// Whatever was received is done: the world takes no time.
pub(crate) fn progress(id: &str) -> Response<Bytes> {
    let result = json!({
        "links": { "progress": { "id": id } },
        "status": "2",
        "status_label": "Successful",
        "status_message": "",
        "status_detail": "",
        "error": "",
        "percent_complete": 100,
    });
    answer::json(StatusCode::OK, &json!({ "result": result }))
}

fn package_in(parts: &Parts, body: &Bytes) -> Option<Bytes> {
    let boundary = multer::parse_boundary(parts.headers.get(CONTENT_TYPE)?.to_str().ok()?).ok()?;
    let whole = stream::iter([Ok::<Bytes, Infallible>(body.clone())]);
    let mut form = Multipart::new(whole, boundary);
    let read = async move {
        while let Some(field) = form.next_field().await.ok()? {
            if field.name() == Some("attachFile") {
                return field.bytes().await.ok();
            }
        }
        None
    };
    read.now_or_never()?
}

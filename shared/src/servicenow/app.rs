//! The scoped app of Gridlink, where it is installed.

use serde::Deserialize;

use super::operation::Asked;
use super::{About, Error, Operation, ServiceNow};

/// How the app is; members of its health resource.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AppHealth {
    /// The version of the app.
    pub version: String,
    /// Whether it sends anything.
    pub active: bool,
    /// `configured`, or why not.
    pub connection: String,
    /// Events that wait to be sent.
    pub waiting: u64,
    /// Events that were given up.
    pub dead: u64,
}

impl ServiceNow {
    /// How the app is; nothing where the instance has none.
    ///
    /// # Errors
    /// When the instance gives no clear answer, or the integration user lacks the role of the app.
    pub async fn app_health(&self) -> Result<Option<AppHealth>, Error> {
        let path = "/api/x_gridlink/v1/connector/health".to_owned();
        let asked = Asked::get(About::named("read the health of", "the app x_gridlink"), path);
        let health = self.run(Operation::new(asked, |answer| answer.result(&[200]))).await;
        match health {
            Ok(health) => Ok(Some(health)),
            // An address that is no resource: some instances say 400, some 404.
            Err(error) if matches!(error.status(), Some(400 | 404)) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

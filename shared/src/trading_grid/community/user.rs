//! Users and their roles.

use std::collections::BTreeSet;

use http::Method;
use secrecy::ExposeSecret;
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::company::ENTITLEMENT;
use super::one_time::OneTimeSecrets;
use super::rows::{Row, names, rows, text};
use super::{Action, CommunityServices, Error, json, read, unusable, write};
use crate::domain::{CompanyId, LoginId, RoleName, UserId};

const LOGIN: &[&str] = &["loginId"];
const USER: &[&str] = &["userId", "uniqueId"];
const ROLE: &[&str] = &["roleName"];

/// A user as far as Trading Grid tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// The immutable id.
    pub user_id: UserId,
    /// What the user logs in with now.
    pub login_id: LoginId,
    /// The e-mail address.
    pub email: Option<String>,
    /// The first name.
    pub first_name: Option<String>,
    /// The last name.
    pub last_name: Option<String>,
}

/// A user to create.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewUser {
    /// What the user will log in with at first.
    pub login_id: LoginId,
    /// The first name.
    pub first_name: String,
    /// The last name.
    pub last_name: String,
    /// Where the user works.
    pub address: Address,
    /// How the user is reached.
    pub contact_information: ContactInformation,
    /// For example `en`.
    pub language: String,
    /// For example `America/New_York`.
    pub timezone: String,
}

/// Where a user works; names as published.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Address {
    /// Street and number.
    pub address_line1: String,
    /// More of it.
    pub address_line2: String,
    /// The city.
    pub city: String,
    /// For example `US`.
    pub country_code: String,
    /// The postal code.
    pub postal_code: String,
    /// The state or province.
    pub state: String,
}

/// How a user is reached; names as published.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ContactInformation {
    /// The e-mail address.
    pub email: String,
    /// The fax number.
    pub fax_number: String,
    /// The number of a mobile telephone.
    pub mobile: String,
    /// The number of a telephone.
    pub phone_number: String,
    /// Its extension; OpenText's own spelling.
    #[serde(rename = "phoneNumberExtention")]
    pub phone_number_extension: String,
}

/// What is to be changed of a user; the rest stays.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct UserChanges {
    /// The first name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_name: Option<String>,
    /// The last name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_name: Option<String>,
    /// Where the user works.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<Address>,
    /// How the user is reached.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub contact_information: Option<ContactInformation>,
}

impl CommunityServices {
    /// All users of a company; `None` when there is no such company.
    ///
    /// # Errors
    /// When Trading Grid gives no clear answer.
    pub async fn users(&self, company: &CompanyId) -> Result<Option<Vec<User>>, Error> {
        self.listed("list users", company, &[]).await
    }

    /// The user with this login.
    ///
    /// # Errors
    /// When Trading Grid gives no clear answer, or has several.
    pub async fn find_user(&self, company: &CompanyId, login: &LoginId) -> Result<Option<User>, Error> {
        let to = "find a user";
        let found = self.listed(to, company, &[("loginId", login.as_str())]).await?;
        // A filter that is not understood may be ignored.
        let mut found = found
            .unwrap_or_default()
            .into_iter()
            .filter(|user| user.login_id.is(login));
        match (found.next(), found.next()) {
            (user, None) => Ok(user),
            (_, Some(_)) => Err(unusable(read(to), "several users have the login")),
        }
    }

    /// The user with this id.
    ///
    /// # Errors
    /// When Trading Grid gives no clear answer.
    pub async fn user(&self, company: &CompanyId, user: &UserId) -> Result<Option<User>, Error> {
        let to = "read a user";
        let path = Self::company_path(company, &["users", user.as_str()]);
        let Some(answer) = self.get(to, self.at(&path, &[])).await? else {
            return Ok(None);
        };
        let rows = rows(&answer, USER).map_err(|error| unusable(read(to), error.why()))?;
        let row = rows
            .iter()
            .find(|row| text(row, USER).as_deref() == Some(user.as_str()));
        let row = row.ok_or_else(|| unusable(read(to), "it is about another user"))?;
        let found = User::read(row);
        found.map(Some).ok_or_else(|| unusable(read(to), "it has no loginId"))
    }

    /// Creates a user. Sent twice, it may create two: look with [`Self::find_user`] first.
    ///
    /// # Errors
    /// When it is refused, or it is unclear whether the user is there.
    pub async fn create_user(
        &self,
        company: &CompanyId,
        user: &NewUser,
        secrets: OneTimeSecrets,
    ) -> Result<UserId, Error> {
        let to = "create a user";
        let path = Self::company_path(company, &["users"]);
        let body = user.body(&secrets).to_string().into_bytes();
        let answer = self.change(to, Method::POST, self.at(&path, &[]), Some(body)).await?;
        let answer = json(write(to), &answer)?;
        let id = rows(&answer, &["uniqueId", "userId"]).ok();
        let id = id.and_then(|rows| text(rows.first()?, &["uniqueId", "userId"])?.parse().ok());
        id.ok_or_else(|| unusable(write(to), "it has no uniqueId"))
    }

    /// Changes a user; `false` when there is none with this id.
    ///
    /// # Errors
    /// When it is refused, or it is unclear whether it was done.
    pub async fn update_user(&self, company: &CompanyId, user: &UserId, changes: &UserChanges) -> Result<bool, Error> {
        let path = Self::company_path(company, &["users", user.as_str()]);
        let body = json!(changes).to_string().into_bytes();
        let outcome = self
            .change("change a user", Method::PUT, self.at(&path, &[]), Some(body))
            .await;
        is_there(outcome)
    }

    /// Deletes a user; `false` when there is none with this id.
    ///
    /// # Errors
    /// When it is refused, or it is unclear whether it was done.
    pub async fn delete_user(&self, company: &CompanyId, user: &UserId) -> Result<bool, Error> {
        let path = Self::company_path(company, &["users", user.as_str()]);
        let outcome = self
            .change("delete a user", Method::DELETE, self.at(&path, &[]), None)
            .await;
        is_there(outcome)
    }

    /// The roles of a user; `None` when there is none with this id.
    ///
    /// # Errors
    /// When Trading Grid gives no clear answer.
    pub async fn roles(&self, company: &CompanyId, user: &UserId) -> Result<Option<BTreeSet<RoleName>>, Error> {
        let to = "list the roles of a user";
        let Some(login) = self.current_login(company, user).await? else {
            return Ok(None);
        };
        let path = Self::company_path(company, &["users", login.as_str(), "roles"]);
        let Some(answer) = self.get(to, self.at(&path, &[])).await? else {
            return Ok(None);
        };
        let names = names(&answer, ROLE).map_err(|error| unusable(read(to), error.why()))?;
        let roles = names.into_iter().map(RoleName::try_from).collect::<Result<_, _>>();
        roles
            .map(Some)
            .map_err(|_| unusable(read(to), "a role has a name of no use"))
    }

    /// Gives roles to a user; `false` when there is none with this id.
    ///
    /// # Errors
    /// When it is refused, or it is unclear whether it was done.
    pub async fn add_roles(
        &self,
        company: &CompanyId,
        user: &UserId,
        roles: &BTreeSet<RoleName>,
    ) -> Result<bool, Error> {
        self.change_roles("add roles to a user", (company, user), Action::Add, roles)
            .await
    }

    /// Takes roles from a user; `false` when there is none with this id.
    ///
    /// # Errors
    /// When it is refused, or it is unclear whether it was done.
    pub async fn remove_roles(
        &self,
        company: &CompanyId,
        user: &UserId,
        roles: &BTreeSet<RoleName>,
    ) -> Result<bool, Error> {
        self.change_roles("remove roles of a user", (company, user), Action::Remove, roles)
            .await
    }

    /// What a user is entitled to, by name; `None` when there is none with this id.
    ///
    /// # Errors
    /// When Trading Grid gives no clear answer.
    pub async fn user_entitlements(
        &self,
        company: &CompanyId,
        user: &UserId,
    ) -> Result<Option<BTreeSet<String>>, Error> {
        let to = "list the entitlements of a user";
        let Some(login) = self.current_login(company, user).await? else {
            return Ok(None);
        };
        // The one path that has no company, as published.
        let url = self.at(&["users", login.as_str(), "entitlements"], &[]);
        let Some(answer) = self.get(to, url).await? else {
            return Ok(None);
        };
        let names = names(&answer, ENTITLEMENT).map_err(|error| unusable(read(to), error.why()))?;
        Ok(Some(names.into_iter().collect()))
    }

    async fn change_roles(
        &self,
        to: &'static str,
        (company, user): (&CompanyId, &UserId),
        action: Action,
        roles: &BTreeSet<RoleName>,
    ) -> Result<bool, Error> {
        let Some(login) = self.current_login(company, user).await? else {
            return Ok(false);
        };
        if roles.is_empty() {
            return Ok(true);
        }
        let action = match action {
            Action::Add => "Add",
            Action::Remove => "Remove",
        };
        let path = Self::company_path(company, &["users", login.as_str(), "roles"]);
        let body = roles
            .iter()
            .map(|role| json!({ "roleName": role.as_str() }))
            .collect::<Value>();
        let url = self.at(&path, &[("action", action)]);
        is_there(
            self.change(to, Method::PUT, url, Some(body.to_string().into_bytes()))
                .await,
        )
    }

    /// What the user logs in with now. The details of a user are not published to hold it; the list is.
    async fn current_login(&self, company: &CompanyId, user: &UserId) -> Result<Option<LoginId>, Error> {
        match self.user(company, user).await {
            Ok(found) => Ok(found.map(|user| user.login_id)),
            Err(Error::Unusable { .. }) => {
                let users = self.users(company).await?.unwrap_or_default();
                let found = users.into_iter().find(|found| found.user_id == *user);
                Ok(found.map(|user| user.login_id))
            }
            Err(error) => Err(error),
        }
    }

    async fn listed(
        &self,
        to: &'static str,
        company: &CompanyId,
        query: &[(&str, &str)],
    ) -> Result<Option<Vec<User>>, Error> {
        let path = Self::company_path(company, &["users"]);
        let Some(answer) = self.get(to, self.at(&path, query)).await? else {
            return Ok(None);
        };
        let rows = rows(&answer, LOGIN).map_err(|error| unusable(read(to), error.why()))?;
        let users = rows.iter().map(User::read).collect::<Option<Vec<_>>>();
        users
            .map(Some)
            .ok_or_else(|| unusable(read(to), "a user has no userId, or a loginId of no use"))
    }
}

/// Whether what was to be changed is there.
fn is_there<T>(outcome: Result<T, Error>) -> Result<bool, Error> {
    match outcome {
        Ok(_) => Ok(true),
        Err(error) if error.rejection().is_some_and(|rejection| rejection.status == 404) => Ok(false),
        Err(error) => Err(error),
    }
}

impl User {
    fn read(row: &Row) -> Option<Self> {
        let contact = row.get("contactInformation").and_then(Value::as_object);
        let email = text(row, &["email"]).or_else(|| text(contact?, &["email"]));
        Some(Self {
            user_id: text(row, USER)?.parse().ok()?,
            login_id: text(row, LOGIN)?.parse().ok()?,
            email,
            first_name: text(row, &["firstName"]),
            last_name: text(row, &["lastName"]),
        })
    }
}

impl NewUser {
    /// The published body; nobody but the request may see it.
    fn body(&self, secrets: &OneTimeSecrets) -> Value {
        let mut hints = Map::new();
        for (at, answer) in secrets.answers().iter().enumerate() {
            let number = at + 1;
            hints.insert(
                format!("pwdHintQuestionAnswer{number}"),
                json!({ "question": format!("Question {number}"), "answer": answer.expose_secret() }),
            );
        }
        json!({
            "address": self.address,
            "contactInformation": self.contact_information,
            "firstName": self.first_name,
            "lastName": self.last_name,
            "loginId": self.login_id.as_str(),
            "loginPassword": secrets.password().expose_secret(),
            // A person's own decisions.
            "isConsentClause": "No",
            "isDayLightSavingsTimeObserved": "No",
            "isRequiredOpenTextMarketingMaterials": "No",
            "preferredDateFormat": "MM/dd/yy",
            "preferredLanguage": self.language,
            "preferredTimezone": self.timezone,
            "type": "Web",
            "userPasswordHint": hints,
        })
    }
}

//! Companies, their partners, and what they are entitled to.

use std::collections::BTreeSet;

use super::rows::{Row, member, names, rows, text};
use super::{CommunityServices, Error, read, unusable};
use crate::domain::CompanyId;

const COMPANY: &[&str] = &["companyId", "buid", "businessUnitId", "uniqueId"];
const COMPANY_NAME: &[&str] = &["companyName", "businessUnitName", "name"];
const PARTNER: &[&str] = &["partnerCompanyId", "companyId", "buid", "partnerId"];
const PARTNER_NAME: &[&str] = &["partnerCompanyName", "companyName", "partnerName", "name"];
const ADDRESSES: &[&str] = &["tradingAddresses", "tradingAddress", "addresses", "ediAddresses"];
const ADDRESS: &[&str] = &["tradingAddress", "ediAddress", "address", "value"];
pub(super) const ENTITLEMENT: &[&str] = &["entitlementName", "serviceName", "entitlement", "name", "entitlementId"];

/// A company.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Company {
    /// Its BUID.
    pub id: CompanyId,
    /// Its name, when it is told.
    pub name: Option<String>,
}

/// A trading partner of a company.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Partner {
    /// Its BUID.
    pub id: CompanyId,
    /// Its name, when it is told.
    pub name: Option<String>,
    /// Its addresses as `QUALIFIER:ID`, as far as they are told.
    pub addresses: BTreeSet<String>,
}

/// Which partner is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PartnerFilter<'a> {
    /// By BUID.
    Id(&'a CompanyId),
    /// By exact name.
    Name(&'a str),
    /// By trading address, `QUALIFIER:ID`.
    Address(&'a str),
}

impl CommunityServices {
    /// The company; `None` when there is none with this id.
    ///
    /// # Errors
    /// When Trading Grid gives no clear answer.
    pub async fn company(&self, company: &CompanyId) -> Result<Option<Company>, Error> {
        let to = "read a company";
        let Some(answer) = self.get(to, self.at(&Self::company_path(company, &[]), &[])).await? else {
            return Ok(None);
        };
        let rows = rows(&answer, COMPANY).map_err(|error| unusable(read(to), error.why()))?;
        let row = rows.into_iter().find(|row| is(row, COMPANY, company.as_str()));
        let row = row.ok_or_else(|| unusable(read(to), "it is about another company"))?;
        Ok(Some(Company {
            id: company.clone(),
            name: text(&row, COMPANY_NAME),
        }))
    }

    /// The trading partners of a company; `None` when there is no such company.
    ///
    /// # Errors
    /// When Trading Grid gives no clear answer.
    pub async fn partners(&self, company: &CompanyId) -> Result<Option<Vec<Partner>>, Error> {
        let to = "list trading partners";
        self.directory(to, company, &[]).await
    }

    /// The trading partners of a company that match; none when there is no such company.
    ///
    /// # Errors
    /// When Trading Grid gives no clear answer.
    pub async fn find_partners(&self, company: &CompanyId, filter: PartnerFilter<'_>) -> Result<Vec<Partner>, Error> {
        let to = "find a trading partner";
        let query = match filter {
            PartnerFilter::Id(id) => ("partnerCompanyId", id.as_str()),
            PartnerFilter::Name(name) => ("partnerCompanyName", name),
            PartnerFilter::Address(address) => ("tradingAddress", address),
        };
        let mut found = self.directory(to, company, &[query]).await?.unwrap_or_default();
        // A filter that is not understood may be ignored.
        found.retain(|partner| match filter {
            PartnerFilter::Id(id) => partner.id == *id,
            PartnerFilter::Name(name) => partner
                .name
                .as_deref()
                .is_none_or(|told| told.eq_ignore_ascii_case(name)),
            PartnerFilter::Address(address) => {
                partner.addresses.is_empty() || partner.addresses.iter().any(|told| told.eq_ignore_ascii_case(address))
            }
        });
        Ok(found)
    }

    /// What a company is entitled to, by name; `None` when there is no such company.
    ///
    /// # Errors
    /// When Trading Grid gives no clear answer.
    pub async fn entitlements(&self, company: &CompanyId) -> Result<Option<BTreeSet<String>>, Error> {
        let to = "list the entitlements of a company";
        let path = Self::company_path(company, &["entitlements"]);
        let Some(answer) = self.get(to, self.at(&path, &[])).await? else {
            return Ok(None);
        };
        let names = names(&answer, ENTITLEMENT).map_err(|error| unusable(read(to), error.why()))?;
        Ok(Some(names.into_iter().collect()))
    }

    async fn directory(
        &self,
        to: &'static str,
        company: &CompanyId,
        query: &[(&str, &str)],
    ) -> Result<Option<Vec<Partner>>, Error> {
        let path = Self::company_path(company, &["partnerDirectory"]);
        let Some(answer) = self.get(to, self.at(&path, query)).await? else {
            return Ok(None);
        };
        let rows = rows(&answer, PARTNER).map_err(|error| unusable(read(to), error.why()))?;
        let partners = rows.iter().map(|row| {
            let id = text(row, PARTNER).and_then(|id| id.parse().ok());
            Some(Partner {
                id: id?,
                name: text(row, PARTNER_NAME),
                addresses: addresses(row),
            })
        });
        let partners = partners.collect::<Option<Vec<_>>>();
        Ok(Some(partners.ok_or_else(|| {
            unusable(read(to), "a partner's id is no company id")
        })?))
    }
}

/// The addresses of a partner: one text, several, or objects with qualifier and id.
fn addresses(row: &Row) -> BTreeSet<String> {
    let one = |value: &serde_json::Value| match value {
        serde_json::Value::String(text) => Some(text.trim().to_owned()),
        serde_json::Value::Object(parts) => {
            let pair = || {
                Some(format!(
                    "{}:{}",
                    text(parts, &["qualifier"])?,
                    text(parts, &["id", "identifier"])?
                ))
            };
            text(parts, ADDRESS).or_else(pair)
        }
        serde_json::Value::Null
        | serde_json::Value::Bool(_)
        | serde_json::Value::Number(_)
        | serde_json::Value::Array(_) => None,
    };
    let found = match member(row, ADDRESSES) {
        Some(serde_json::Value::Array(items)) => items.iter().filter_map(one).collect(),
        Some(value) => one(value).into_iter().collect::<BTreeSet<_>>(),
        None => BTreeSet::new(),
    };
    found.into_iter().filter(|address| !address.is_empty()).collect()
}

/// Whether a row tells this value under any of the names.
fn is(row: &Row, names: &[&str], value: &str) -> bool {
    names
        .iter()
        .any(|name| text(row, &[name]).is_some_and(|told| told == value))
}

//! Companies, and who trades with whom.

use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::errors::Refusal;
use super::{Answer, Call, Members};
use crate::answer;

/// A company of the community, a business unit in OpenText's words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Company {
    /// The BUID, for example `GC41543822654A`.
    pub company_id: String,
    pub company_name: String,
    pub address: Address,
    /// For example `ZZ:NORTHWIND`; the first is the one that it mostly uses.
    pub trading_addresses: Vec<String>,
    /// Whether others trade with it rather than it with them.
    #[serde(default)]
    pub is_sponsor: bool,
    /// Kinds of partner, for the audiences of articles. No call shows them.
    #[serde(default)]
    pub segments: Vec<String>,
    /// Whether it is on the beta grid: OpenText runs two that know nothing of each other, and this world plays both.
    #[serde(default)]
    pub is_on_beta: bool,
    /// Role names that its users can have. Empty: those of its grid.
    #[serde(default)]
    pub role_names: Vec<String>,
}

/// Members as in the published body of a user.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Address {
    pub address_line1: String,
    pub address_line2: String,
    pub city: String,
    pub country_code: String,
    pub postal_code: String,
    pub state: String,
}

/// The three filters of the partner directory.
#[derive(Debug, Clone, Default)]
struct PartnerQuery {
    company_id: Option<String>,
    company_name: Option<String>,
    trading_address: Option<String>,
}

impl Members {
    /// The partners of a company that fit; what several filters ask for must all hold.
    fn directory(&self, company: &str, query: &PartnerQuery) -> Vec<&Company> {
        let fits = |partner: &&Company| {
            query.company_id.as_ref().is_none_or(|id| *id == partner.company_id)
                && query
                    .company_name
                    .as_ref()
                    .is_none_or(|name| *name == partner.company_name)
                && query
                    .trading_address
                    .as_ref()
                    .is_none_or(|address| partner.trading_addresses.contains(address))
        };
        let ids = self.partners.get(company).into_iter().flatten();
        ids.filter_map(|id| self.companies.get(id)).filter(fits).collect()
    }
}

pub(super) fn read(members: &Members, company: &str) -> Answer {
    let company = members.known_company(company)?;
    let body = json!({
        "companyId": company.company_id,
        "companyName": company.company_name,
        "address": company.address,
        "tradingAddresses": company.trading_addresses,
        "status": "Active",
    });
    Ok(answer::json(StatusCode::OK, &body))
}

pub(super) fn partners(members: &Members, call: &Call<'_>, company: &str) -> Answer {
    members.known_company(company)?;
    let query = PartnerQuery {
        company_id: call.parameter("partnerCompanyId"),
        company_name: call.parameter("partnerCompanyName"),
        trading_address: call.parameter("tradingAddress"),
    };
    let found = members.directory(company, &query);
    if found.is_empty() && call.guesses.unknown_partner_is_not_found && query.is_used() {
        return Err(Refusal::not_found("No partner found"));
    }
    let items: Vec<Value> = found
        .into_iter()
        .map(|partner| {
            json!({
                "partnerCompanyId": partner.company_id,
                "partnerCompanyName": partner.company_name,
                "address": partner.address,
                "tradingAddresses": partner.trading_addresses,
                "status": "Active",
            })
        })
        .collect();
    Ok(call.list("partnerDirectory", items))
}

impl PartnerQuery {
    fn is_used(&self) -> bool {
        self.company_id.is_some() || self.company_name.is_some() || self.trading_address.is_some()
    }
}

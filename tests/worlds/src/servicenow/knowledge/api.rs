//! `/api/sn_km_api/knowledge/articles…`: reading only, for guests too where a base is open to them.
//!
//! Lists hold published articles that are still valid. One article may also be an outdated version, as documented.
//! Reading counts as a view only when the caller says so.

use bytes::Bytes;
use http::request::Parts;
use http::{Method, Response, StatusCode};
use serde_json::{Map, Value, json};

use super::{criteria, search};
use crate::answer;
use crate::clock;
use crate::digest::derived_id;
use crate::servicenow::attachments;
use crate::servicenow::engine::{Act, Row, State};
use crate::servicenow::errors::{Refusal, failure};
use crate::servicenow::locale::Locale;
use crate::servicenow::parameters::{self, Parameters};
use crate::servicenow::render::{self, Display, View};
use crate::servicenow::table_api;
use crate::servicenow::workflow::{self, put};

const TABLE: &str = "kb_knowledge";

/// Serves the path after `/api/sn_km_api/knowledge/articles`.
pub(crate) fn serve(state: &mut State, act: Act<'_>, path: &[&str], parts: &Parts) -> Response<Bytes> {
    let answered = respond(state, act, path, parts);
    answered.unwrap_or_else(|refusal| refusal.answer(&state.guesses))
}

fn respond(state: &mut State, act: Act<'_>, path: &[&str], parts: &Parts) -> Result<Response<Bytes>, Refusal> {
    if parameters::method(parts) != Method::GET {
        return Ok(failure(StatusCode::METHOD_NOT_ALLOWED, "Method not supported", None));
    }
    if let [article, "attachments", file] = path {
        return attachment(state, act, article, file);
    }
    parameters::check_headers(parts, &state.guesses)?;
    let parameters = Parameters::of(parts);
    let result = match path {
        [] => found(state, act, &parameters)?,
        ["featured"] => {
            let mut articles = featured(state);
            articles.retain(|row| is_listed(state, act, row, &parameters));
            page(
                state,
                act,
                &parameters,
                "homepage",
                None,
                articles.into_iter().map(|row| (row, None)),
            )?
        }
        ["most_viewed"] => {
            let mut articles = state.rows(TABLE);
            articles.retain(|row| is_listed(state, act, row, &parameters));
            articles.sort_by_key(|row| (std::cmp::Reverse(views(row)), row.get("number").to_owned()));
            page(
                state,
                act,
                &parameters,
                "",
                None,
                articles.into_iter().map(|row| (row, None)),
            )?
        }
        [id] => one(state, act, id, &parameters)?,
        _ => return Err(attachments::unknown_uri()),
    };
    Ok(answer::json(StatusCode::OK, &json!({ "result": result })))
}

fn found(state: &mut State, act: Act<'_>, parameters: &Parameters) -> Result<Value, Refusal> {
    let filter = parameters.get("filter").unwrap_or_default();
    let filter = table_api::encoded_query(state, act, TABLE, filter)?;
    let text = parameters.get("query").unwrap_or_default().to_owned();
    let rows = state.select(TABLE, &filter).into_iter();
    let readable = rows.filter(|row| is_listed(state, act, row, parameters));
    let mut scored: Vec<(&Row, Option<usize>)> = if text.trim().is_empty() {
        readable.map(|row| (row, None)).collect()
    } else {
        readable
            .filter_map(|row| search::score(row, &text).map(|score| (row, Some(score))))
            .collect()
    };
    scored.sort_by_key(|(row, score)| (std::cmp::Reverse(score.unwrap_or(0)), row.get("number").to_owned()));
    let search_id = derived_id("text search", state.transactions);
    page(state, act, parameters, &text, Some(&search_id), scored.into_iter())
}

/// One page of articles with what the caller asked about them.
fn page<'a>(
    state: &State,
    act: Act<'_>,
    parameters: &Parameters,
    query: &str,
    search_id: Option<&str>,
    articles: impl ExactSizeIterator<Item = (&'a Row, Option<usize>)>,
) -> Result<Value, Refusal> {
    let limit = parameters.number("limit", 30)?;
    let offset = parameters.number("offset", 0)?;
    let fields: Vec<&str> = parameters.all("fields").filter(|names| !names.is_empty()).collect();
    let fields = fields.join(",");
    let count = articles.len();
    let page = articles.enumerate().skip(offset).take(limit);
    let listed = page.map(|(index, (row, score))| {
        let rank = index + 1;
        let mut object = json!({
            "link": link(row, rank, search_id),
            "id": format!("{TABLE}:{}", row.get("sys_id")),
            "title": row.get("short_description"),
            "snippet": search::snippet(row, query),
            "score": score.map_or(json!(-1), |score| json!(score)),
            "number": row.get("number"),
            "fields": described_fields(state, act, row, &fields),
        });
        if search_id.is_some() {
            object["rank"] = json!(rank);
        }
        object
    });
    let listed: Vec<Value> = listed.collect();
    let text = |name: &str| parameters.get(name).unwrap_or_default().to_owned();
    let mut meta = json!({
        "start": offset,
        "end": offset.saturating_add(limit),
        "fields": fields,
        "query": query,
        "filter": text("filter"),
        "kb": text("kb"),
        "language": parameters.get("language").unwrap_or("en"),
        "count": count,
        "status": { "code": 200 },
    });
    if let Some(search_id) = search_id {
        meta["ts_query_id"] = json!(search_id);
    }
    Ok(json!({ "meta": meta, "articles": listed }))
}

fn one(state: &mut State, act: Act<'_>, id: &str, parameters: &Parameters) -> Result<Value, Refusal> {
    let row = readable(state, act, id)?.clone();
    let has = |name: &str| parameters.get(name).is_some();
    // Documented: `update_view` counts whatever its value, and a search that led here counts too, but only once.
    if has("update_view") || (has("search_id") && has("search_rank")) {
        view(state, act, row.get("sys_id"));
    }
    let mut result = json!({
        "content": row.get("text"),
        "template": false,
        "number": row.get("number"),
        "sys_id": row.get("sys_id"),
        "short_description": row.get("short_description"),
        "display_attachments": row.get("display_attachments") == "true",
    });
    if row.get("display_attachments") == "true" {
        let files = state.attachments_of(row.get("sys_id"));
        let (embedded, attached): (Vec<String>, Vec<String>) = files
            .into_iter()
            .partition(|file| row.get("text").contains(file.as_str()));
        result["attachments"] = described_files(state, &attached);
        result["embedded_content"] = described_files(state, &embedded);
    }
    let fields: Vec<&str> = parameters.all("fields").filter(|names| !names.is_empty()).collect();
    if !fields.is_empty() {
        result["fields"] = described_fields(state, act, &row, &fields.join(","));
    }
    Ok(result)
}

fn attachment(state: &State, act: Act<'_>, article: &str, file: &str) -> Result<Response<Bytes>, Refusal> {
    let article = readable(state, act, article)?;
    let file = state
        .find("sys_attachment", file)
        .filter(|file| file.get("table_sys_id") == article.get("sys_id"));
    let file = file.ok_or(Refusal::NoRecord)?;
    let bytes = state.files.get(&file.get("sys_id").to_ascii_lowercase());
    Ok(answer::typed(
        StatusCode::OK,
        file.get("content_type"),
        bytes.cloned().unwrap_or_default(),
    ))
}

/// Counts a view of an article.
pub(super) fn view(state: &mut State, act: Act<'_>, article: &str) {
    let script = act.as_script();
    let user = state.user_sys_id(act.by);
    let fields = [("article", article), ("user", user.as_str()), ("viewed", "true")];
    workflow::add(state, script, "kb_use", &fields);
    if let Some(row) = state.find(TABLE, article) {
        let mut fields = row.fields.clone();
        let views = views(row) + 1;
        put(&mut fields, "sys_view_count", &views.to_string());
        state.replace(TABLE, article, fields);
    }
}

/// The article of that sys_id, or the published version of that number.
fn readable<'a>(state: &'a State, act: Act<'_>, id: &str) -> Result<&'a Row, Refusal> {
    let published = || {
        let mut rows = state.rows(TABLE).into_iter();
        rows.find(|row| row.get("number") == id && row.get("workflow_state") == "published")
    };
    let row = state.find(TABLE, id).or_else(published).filter(|row| {
        let is_shown = matches!(row.get("workflow_state"), "published" | "outdated");
        is_shown && criteria::may_read(state, act.by, row)
    });
    let status = state.guesses.knowledge.unreadable_status;
    row.ok_or_else(|| {
        Refusal::status(
            status,
            "No Record found",
            "The article does not exist or may not be read",
        )
    })
}

fn is_listed(state: &State, act: Act<'_>, row: &Row, parameters: &Parameters) -> bool {
    let language = parameters.get("language").unwrap_or("en");
    let bases = parameters.get("kb").unwrap_or_default();
    let is_valid = clock::parse_date(row.get("valid_to")).is_none_or(|end| end >= act.at.date());
    row.get("workflow_state") == "published"
        && is_valid
        && (language == "all" || language.split(',').any(|one| one == row.get("language")))
        && (bases.is_empty() || bases.split(',').any(|one| one == row.get("kb_knowledge_base")))
        && criteria::may_read(state, act.by, row)
}

/// The articles under the keyword of the home page.
fn featured(state: &State) -> Vec<&Row> {
    let mut keywords = state.rows("kb_knowledge_keyword");
    keywords.retain(|row| row.get("keyword") == "homepage");
    keywords.sort_by_key(|row| row.inserted);
    keywords
        .into_iter()
        .flat_map(|row| row.get("articles").split(','))
        .filter_map(|article| state.find(TABLE, article))
        .collect()
}

fn described_fields(state: &State, act: Act<'_>, row: &Row, names: &str) -> Value {
    let view = View {
        fields: None,
        display: Display::Both,
        exclude_reference_link: true,
        locale: Locale::of(state, act.by),
    };
    let rendered = render::row(state, act, TABLE, row, &view);
    let mut described = Map::new();
    for name in names.split(',').map(str::trim) {
        let Some(column) = state.dictionary.column(TABLE, name) else {
            continue;
        };
        let field = json!({
            "display_value": rendered[name]["display_value"],
            "name": name,
            "label": column.label,
            "type": column.internal_type(),
            "value": rendered[name]["value"],
        });
        described.insert(name.to_owned(), field);
    }
    Value::Object(described)
}

fn described_files(state: &State, files: &[String]) -> Value {
    let rows = files.iter().filter_map(|file| state.find("sys_attachment", file));
    let described = rows.map(|row| {
        json!({
            "sys_id": row.get("sys_id"),
            "file_name": row.get("file_name"),
            "size_bytes": row.get("size_bytes"),
            "state": "available_conditionally",
        })
    });
    described.collect()
}

fn link(row: &Row, rank: usize, search_id: Option<&str>) -> String {
    let id = row.get("sys_id");
    match search_id {
        Some(search_id) => {
            format!("?sys_kb_id={id}&id=kb_article_view&sysparm_rank={rank}&sysparm_tsqueryId={search_id}")
        }
        None => format!("?id=kb_article_view&sys_kb_id={id}"),
    }
}

fn views(row: &Row) -> u64 {
    row.get("sys_view_count").parse().unwrap_or(0)
}

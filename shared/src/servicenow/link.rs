//! Whether there is more after a page, and where it begins.

use super::answer::Answer;
use super::{Error, Flaw};

/// Whether there is more after a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum More {
    /// From this position on.
    From(u64),
    /// No.
    No,
    /// The answer has neither `Link` nor `X-Total-Count`.
    Untold,
}

/// Where the next page begins. Links name another host, so only the position is taken from them.
pub(super) fn more(answer: &Answer<'_>, offset: u64, limit: u64, total: Option<u64>) -> Result<More, Error> {
    let links = answer.whole.headers.get_all("link").iter();
    let links = links.filter_map(|links| links.to_str().ok()).collect::<Vec<_>>();
    let next = links.iter().find_map(|links| next_of(links));
    match next {
        Some(next) if next > offset => Ok(More::From(next)),
        Some(_) => Err(answer.unusable(Flaw::Stuck)),
        None if total.is_some_and(|total| offset.saturating_add(limit) < total) => Ok(More::From(offset + limit)),
        None if total.is_some() || !links.is_empty() => Ok(More::No),
        None => Ok(More::Untold),
    }
}

/// The position in the link with `rel="next"`. A URL may contain commas and semicolons.
fn next_of(links: &str) -> Option<u64> {
    let mut rest = links;
    loop {
        let (url, after) = rest.split_once('<')?.1.split_once('>')?;
        let (attributes, following) = after.split_at(after.find('<').unwrap_or(after.len()));
        let is_next = attributes.split([';', ',']).any(|attribute| {
            let attribute = attribute.trim();
            attribute == "rel=\"next\"" || attribute == "rel=next"
        });
        if is_next {
            let query = url.split_once('?')?.1;
            let mut pairs = url::form_urlencoded::parse(query.as_bytes());
            return pairs.find(|(name, _)| name == "sysparm_offset")?.1.parse().ok();
        }
        rest = following;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_page_is_read_from_the_links() {
        let check = |links: &str, next: Option<u64>| assert_eq!(next_of(links), next, "{links}");
        check(
            "<https://h/t?sysparm_query=a%5Eb&sysparm_limit=100&sysparm_offset=0>;rel=\"first\",\
             <https://h/t?sysparm_offset=100&sysparm_limit=100>;rel=\"next\",<https://h/t?sysparm_offset=200>;rel=\"last\"",
            Some(100),
        );
        check(
            "<https://h/t?sysparm_fields=a,b;c&sysparm_offset=7>; rel=\"next\"",
            Some(7),
        );
        check("<https://h/t?sysparm_offset=7>;rel=next", Some(7));
        check(
            "<https://h/t?sysparm_offset=0>;rel=\"first\",<https://h/t?sysparm_offset=0>;rel=\"last\"",
            None,
        );
        check("<https://h/t?sysparm_offset=many>;rel=\"next\"", None);
        check("<https://h/t>;rel=\"next\"", None);
        check("nonsense", None);
        check("<", None);
        check("", None);
    }
}

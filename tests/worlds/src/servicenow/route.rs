//! The parts of a path of the API: `/api/now/v2/table/incident`, `/api/sn_sc/servicecatalog/items`.

use http::request::Parts;

/// What a path names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Route<'a> {
    /// `now`, or the scope of an application.
    pub(crate) space: &'a str,
    /// For example `v2`, whether there is such a version or not.
    pub(crate) version: Option<&'a str>,
    pub(crate) rest: &'a [&'a str],
}

impl<'a> Route<'a> {
    /// Reads the segments of a path; templates leave out the first one, `api`.
    pub(crate) fn of(path: &'a [&'a str]) -> Route<'a> {
        let path = path.strip_prefix(&["api"]).unwrap_or(path);
        let (space, rest) = path.split_first().map_or(("", path), |(space, rest)| (*space, rest));
        match rest {
            [version, rest @ ..] if is_version(version) => Route {
                space,
                version: Some(version),
                rest,
            },
            rest => Route {
                space,
                version: None,
                rest,
            },
        }
    }
}

/// What stands between the slashes of a path.
pub(crate) fn segments(parts: &Parts) -> Vec<&str> {
    let segments = parts.uri.path().split('/');
    segments.filter(|segment| !segment.is_empty()).collect()
}

fn is_version(segment: &str) -> bool {
    segment
        .strip_prefix('v')
        .is_some_and(|number| !number.is_empty() && number.chars().all(|c| c.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::Route;

    #[test]
    fn a_version_stands_behind_the_space_and_nowhere_else() {
        let check = |path: &[&str], space, version, rest: &[&str]| {
            assert_eq!(Route::of(path), Route { space, version, rest }, "{path:?}");
        };
        check(&["api", "now", "table", "v1"], "now", None, &["table", "v1"]);
        check(
            &["api", "now", "v2", "table", "v1"],
            "now",
            Some("v2"),
            &["table", "v1"],
        );
        check(&["api", "sn_sc", "v10", "items"], "sn_sc", Some("v10"), &["items"]);
        check(&["now", "v", "table"], "now", None, &["v", "table"]);
        check(&["api"], "", None, &[]);
        check(&[], "", None, &[]);
    }
}

//! Full text over published articles: a plain count of words, so that the same question has the same answer.

use crate::servicenow::engine::Row;

/// How well an article answers a query; none if no word occurs. A word in the title counts ten times.
pub(super) fn score(article: &Row, query: &str) -> Option<usize> {
    let title = article.get("short_description").to_lowercase();
    let text = plain(article.get("text")).to_lowercase();
    let meta = article.get("meta").to_lowercase();
    let words = query.to_lowercase();
    let counts = words.split_whitespace().map(|word| {
        let in_text = text.matches(word).count() + meta.matches(word).count();
        title.matches(word).count() * 10 + in_text
    });
    let score: usize = counts.sum();
    (score > 0).then_some(score)
}

/// The beginning of an article's text, the words of the query in bold.
pub(super) fn snippet(article: &Row, query: &str) -> String {
    let text: String = plain(article.get("text")).chars().take(250).collect();
    let words: Vec<String> = query.split_whitespace().map(str::to_lowercase).collect();
    let marked = text.split(' ').map(|word| {
        let lower = word.to_lowercase();
        let is_asked = words.iter().any(|asked| lower.contains(asked.as_str()));
        if is_asked {
            format!("<B>{word}</B>")
        } else {
            word.to_owned()
        }
    });
    marked.collect::<Vec<String>>().join(" ")
}

/// The text of HTML in one line.
pub(super) fn plain(html: &str) -> String {
    let mut text = String::new();
    let mut is_in_tag = false;
    for c in html.chars() {
        match c {
            '<' => is_in_tag = true,
            '>' if is_in_tag => {
                is_in_tag = false;
                text.push(' ');
            }
            c if !is_in_tag => text.push(c),
            _ => {}
        }
    }
    for (entity, c) in [("&nbsp;", " "), ("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&")] {
        text = text.replace(entity, c);
    }
    text.split_whitespace().collect::<Vec<&str>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn html_becomes_one_line_of_text() {
        assert_eq!(
            plain("<h1>Ship&nbsp;notices</h1>\n<p>A &lt;b&gt; c</p>"),
            "Ship notices A <b> c"
        );
    }
}

//! The free-text `query`: what a person types into the search box of Lens.
//!
//! `AND`, `OR`, `NOT` or `-`, parentheses, `field:value`, `field:(a OR b)`, quotes, `*` and `?`. A colon ends a
//! field name, so that an address must be written with a wildcard (`ZZ?DEMO`) or in quotes. A field that nobody
//! knows matches nothing. Length and depth are bounded.

use super::entry::{Entry, Pattern};

const MAX_BYTES: usize = 8192;
const MAX_DEPTH: usize = 32;

/// A parsed query.
#[derive(Debug, Clone)]
pub(crate) enum Expression {
    Everything,
    All(Vec<Expression>),
    Any(Vec<Expression>),
    Not(Box<Expression>),
    /// A value of one field, or of any.
    Term(Option<String>, Pattern),
}

impl Expression {
    /// Reads a query; adjacent terms are joined as told.
    pub(crate) fn parse(text: &str, adjacent_means_and: bool) -> Result<Expression, String> {
        if text.len() > MAX_BYTES {
            return Err(format!("the query is longer than {MAX_BYTES} bytes"));
        }
        let mut parser = Parser {
            tokens: tokens(text)?,
            next: 0,
            depth: 0,
            adjacent_means_and,
        };
        if parser.tokens.is_empty() {
            return Ok(Expression::Everything);
        }
        let expression = parser.any(None)?;
        match parser.peek() {
            None => Ok(expression),
            Some(token) => Err(format!("unexpected {token}")),
        }
    }

    pub(crate) fn matches(&self, entry: &Entry) -> bool {
        match self {
            Expression::Everything => true,
            Expression::All(parts) => parts.iter().all(|part| part.matches(entry)),
            Expression::Any(parts) => parts.iter().any(|part| part.matches(entry)),
            Expression::Not(part) => !part.matches(entry),
            Expression::Term(Some(field), pattern) => entry.fits(field, pattern),
            Expression::Term(None, pattern) => entry.mentions(pattern),
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Token {
    Open,
    Close,
    And,
    Or,
    Not,
    /// `name:`, which the value follows at once.
    Field(String),
    Value(String),
}

impl std::fmt::Display for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Token::Open => f.write_str("("),
            Token::Close => f.write_str(")"),
            Token::And => f.write_str("AND"),
            Token::Or => f.write_str("OR"),
            Token::Not => f.write_str("NOT"),
            Token::Field(name) => write!(f, "{name}:"),
            Token::Value(text) => f.write_str(text),
        }
    }
}

fn tokens(text: &str) -> Result<Vec<Token>, String> {
    let mut found = Vec::new();
    let mut rest = text.chars().peekable();
    while let Some(&next) = rest.peek() {
        match next {
            '(' | ')' => {
                rest.next();
                found.push(if next == '(' { Token::Open } else { Token::Close });
            }
            '-' | '!' => {
                rest.next();
                found.push(Token::Not);
            }
            '+' => {
                rest.next();
            }
            '"' => {
                rest.next();
                found.push(Token::Value(quoted(&mut rest)?));
            }
            white if white.is_whitespace() => {
                rest.next();
            }
            _ => word(&mut rest, &mut found)?,
        }
    }
    Ok(found)
}

fn quoted(rest: &mut std::iter::Peekable<std::str::Chars<'_>>) -> Result<String, String> {
    let mut text = String::new();
    while let Some(next) = rest.next() {
        match next {
            '"' => return Ok(text),
            '\\' => text.extend(rest.next()),
            other => text.push(other),
        }
    }
    Err("a quotation mark is never closed".to_owned())
}

/// A word, an operator, or a field name with its colon; a minus inside a word belongs to it.
fn word(rest: &mut std::iter::Peekable<std::str::Chars<'_>>, found: &mut Vec<Token>) -> Result<(), String> {
    let is_value = matches!(found.last(), Some(Token::Field(_)));
    let mut text = String::new();
    while let Some(&next) = rest.peek() {
        match next {
            '(' | ')' | '"' => break,
            white if white.is_whitespace() => break,
            ':' if is_value => return Err("a value has an unescaped colon".to_owned()),
            ':' => {
                rest.next();
                if rest.peek().is_none_or(|next| next.is_whitespace() || *next == ')') {
                    return Err(format!("nothing follows {text}:"));
                }
                found.push(Token::Field(text));
                return match rest.peek() {
                    // A value that begins with a minus is a value, not a negation.
                    Some('(' | '"') => Ok(()),
                    _ => word(rest, found),
                };
            }
            '\\' => {
                rest.next();
                text.extend(rest.next());
            }
            other => {
                rest.next();
                text.push(other);
            }
        }
    }
    found.push(match text.as_str() {
        "AND" | "&&" if !is_value => Token::And,
        "OR" | "||" if !is_value => Token::Or,
        "NOT" if !is_value => Token::Not,
        _ => Token::Value(text),
    });
    Ok(())
}

struct Parser {
    tokens: Vec<Token>,
    next: usize,
    depth: usize,
    adjacent_means_and: bool,
}

impl Parser {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.next)
    }

    fn take(&mut self, wanted: &Token) -> bool {
        let is_next = self.peek() == Some(wanted);
        self.next += usize::from(is_next);
        is_next
    }

    /// Alternatives; among them, a negated one excludes.
    fn any(&mut self, field: Option<&str>) -> Result<Expression, String> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(format!("the query is nested more than {MAX_DEPTH} deep"));
        }
        let (mut wanted, mut excluded) = (Vec::new(), Vec::new());
        loop {
            match self.all(field)? {
                not @ Expression::Not(_) => excluded.push(not),
                other => wanted.push(other),
            }
            let is_joined = self.take(&Token::Or);
            let is_over = matches!(self.peek(), None | Some(Token::Close));
            if is_over && is_joined {
                return Err("nothing follows OR".to_owned());
            }
            if is_over {
                break;
            }
        }
        self.depth -= 1;
        if !wanted.is_empty() {
            excluded.push(one_or(wanted, Expression::Any));
        }
        Ok(one_or(excluded, Expression::All))
    }

    fn all(&mut self, field: Option<&str>) -> Result<Expression, String> {
        let mut parts = vec![self.one(field)?];
        loop {
            let is_adjacent = self.adjacent_means_and
                && matches!(
                    self.peek(),
                    Some(Token::Open | Token::Not | Token::Field(_) | Token::Value(_))
                );
            if !is_adjacent && !self.take(&Token::And) {
                return Ok(one_or(parts, Expression::All));
            }
            parts.push(self.one(field)?);
        }
    }

    fn one(&mut self, field: Option<&str>) -> Result<Expression, String> {
        let token = self.peek().cloned().ok_or("the query ends too early")?;
        self.next += 1;
        match token {
            Token::Not => {
                let mut is_negated = true;
                while self.take(&Token::Not) {
                    is_negated = !is_negated;
                }
                let part = self.one(field)?;
                Ok(if is_negated { Expression::Not(part.into()) } else { part })
            }
            Token::Open => {
                let inner = self.any(field)?;
                if self.take(&Token::Close) {
                    Ok(inner)
                } else {
                    Err("a parenthesis is never closed".to_owned())
                }
            }
            Token::Field(name) => self.one(Some(&name)),
            Token::Value(text) => Ok(Expression::Term(field.map(str::to_owned), Pattern::new(&text))),
            Token::Close | Token::And | Token::Or => Err(format!("unexpected {token}")),
        }
    }
}

/// A single part stands for itself.
fn one_or(mut parts: Vec<Expression>, join: fn(Vec<Expression>) -> Expression) -> Expression {
    match parts.len() {
        1 => parts.remove(0),
        _ => join(parts),
    }
}

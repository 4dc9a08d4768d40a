//! What a command answers, for people on a terminal, for pipes, and as JSON.

use std::io::{self, IsTerminal, Write};

use anstyle::{AnsiColor, Style};
use comfy_table::{Attribute, Color, ContentArrangement, Table};
use serde::Serialize;
use serde_json::Value;
use shared::domain::Timestamp;

/// An answer.
#[derive(Debug)]
pub struct Report {
    /// What programs read; its members are described in the README.
    pub data: Value,
    /// What people read.
    pub blocks: Vec<Block>,
    /// Whether something was found that should not be, or nothing where something was looked for.
    pub has_findings: bool,
}

/// A part of what people read.
#[derive(Debug)]
pub enum Block {
    /// A title.
    Heading(String),
    /// Names and values.
    Facts(Vec<(String, Cell)>),
    /// Rows under titles.
    Table(Vec<&'static str>, Vec<Vec<Cell>>),
    /// A sentence.
    Line(Cell),
}

/// A piece of text.
#[derive(Debug, Clone)]
pub struct Cell {
    text: String,
    tone: Tone,
}

/// How a piece of text is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// As it is.
    Plain,
    /// As it should be.
    Good,
    /// To be looked at.
    Warn,
    /// Not as it should be.
    Bad,
    /// Beside the point.
    Dim,
    /// The point.
    Strong,
}

impl Cell {
    /// A text in a tone. Control characters are no part of it: much of it was written elsewhere.
    pub fn new(text: impl AsRef<str>, tone: Tone) -> Self {
        let text = text.as_ref().chars();
        Self {
            text: text.map(|c| if c.is_control() { ' ' } else { c }).collect(),
            tone,
        }
    }

    /// The point.
    pub fn strong(text: impl AsRef<str>) -> Self {
        Self::new(text, Tone::Strong)
    }

    /// Beside the point.
    pub fn dim(text: impl AsRef<str>) -> Self {
        Self::new(text, Tone::Dim)
    }

    fn style(&self) -> Style {
        let color = |color: AnsiColor| Style::new().fg_color(Some(color.into()));
        match self.tone {
            Tone::Plain => Style::new(),
            Tone::Good => color(AnsiColor::Green),
            Tone::Warn => color(AnsiColor::Yellow),
            Tone::Bad => color(AnsiColor::Red).bold(),
            Tone::Dim => Style::new().dimmed(),
            Tone::Strong => Style::new().bold(),
        }
    }

    fn of_table(&self) -> comfy_table::Cell {
        let cell = comfy_table::Cell::new(&self.text);
        match self.tone {
            Tone::Plain => cell,
            Tone::Good => cell.fg(Color::Green),
            Tone::Warn => cell.fg(Color::Yellow),
            Tone::Bad => cell.fg(Color::Red).add_attribute(Attribute::Bold),
            Tone::Dim => cell.add_attribute(Attribute::Dim),
            Tone::Strong => cell.add_attribute(Attribute::Bold),
        }
    }
}

impl<T: AsRef<str>> From<T> for Cell {
    fn from(text: T) -> Self {
        Self::new(text, Tone::Plain)
    }
}

/// How an answer is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// Tables with lines, for eyes.
    Terminal,
    /// Tabulators between columns, for pipes.
    Plain,
    /// For programs.
    Json,
}

impl Form {
    /// The form for this process's standard output.
    pub fn of_output(json: bool) -> Self {
        match (json, io::stdout().is_terminal()) {
            (true, _) => Form::Json,
            (false, true) => Form::Terminal,
            (false, false) => Form::Plain,
        }
    }
}

impl Report {
    /// An answer with what programs read of it.
    pub fn new(data: impl Serialize) -> Self {
        Self {
            data: serde_json::to_value(data).unwrap_or_default(),
            blocks: Vec::new(),
            has_findings: false,
        }
    }

    /// The same, with nothing to be written.
    #[must_use]
    pub fn silent(self) -> Self {
        Self {
            data: Value::Null,
            blocks: Vec::new(),
            ..self
        }
    }

    /// Adds a title.
    pub fn heading(&mut self, text: impl Into<String>) {
        self.blocks.push(Block::Heading(text.into()));
    }

    /// Adds a sentence.
    pub fn line(&mut self, text: impl Into<Cell>) {
        self.blocks.push(Block::Line(text.into()));
    }

    /// Adds names and values.
    pub fn facts<const N: usize>(&mut self, facts: [(&str, Cell); N]) {
        let facts = facts.into_iter().filter(|(_, value)| !value.text.is_empty());
        self.blocks.push(Block::Facts(
            facts.map(|(name, value)| (name.to_owned(), value)).collect(),
        ));
    }

    /// Adds rows under titles; nothing where there is no row.
    pub fn table(&mut self, titles: Vec<&'static str>, rows: Vec<Vec<Cell>>) {
        if !rows.is_empty() {
            self.blocks.push(Block::Table(titles, rows));
        }
    }

    /// Writes it.
    ///
    /// # Errors
    /// When the output takes no more.
    pub fn write(&self, form: Form, out: &mut dyn Write) -> io::Result<()> {
        if self.data.is_null() && self.blocks.is_empty() {
            return Ok(());
        }
        // What has no blocks is a document: the same for eyes, pipes and programs.
        if form == Form::Json || self.blocks.is_empty() {
            return writeln!(out, "{:#}", self.data);
        }
        for (at, block) in self.blocks.iter().enumerate() {
            match block {
                Block::Heading(text) => {
                    let style = Style::new().bold().underline();
                    let gap = if at > 0 { "\n" } else { "" };
                    writeln!(out, "{gap}{style}{text}{style:#}")?;
                }
                Block::Line(cell) => {
                    let style = cell.style();
                    writeln!(out, "{style}{}{style:#}", cell.text)?;
                }
                Block::Facts(facts) => {
                    let width = facts.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0);
                    for (name, value) in facts {
                        let (dim, style) = (Style::new().dimmed(), value.style());
                        match form {
                            Form::Terminal => {
                                writeln!(out, "{dim}{name:<width$}{dim:#}  {style}{}{style:#}", value.text)?;
                            }
                            Form::Plain | Form::Json => writeln!(out, "{name}: {}", value.text)?,
                        }
                    }
                }
                Block::Table(titles, rows) if form == Form::Terminal => {
                    let mut table = Table::new();
                    table
                        .load_style(comfy_table::presets::UTF8_BORDERS_ONLY)
                        .set_content_arrangement(ContentArrangement::Dynamic)
                        .enforce_styling()
                        .set_header(titles.iter().map(|title| Cell::dim(title).of_table()));
                    for row in rows {
                        table.add_row(row.iter().map(Cell::of_table));
                    }
                    writeln!(out, "{table}")?;
                }
                Block::Table(titles, rows) => {
                    writeln!(out, "{}", titles.join("\t").to_uppercase())?;
                    for row in rows {
                        let cells: Vec<&str> = row.iter().map(|cell| cell.text.as_str()).collect();
                        writeln!(out, "{}", cells.join("\t"))?;
                    }
                }
            }
        }
        Ok(())
    }
}

/// How long ago something was, in one unit.
pub(crate) fn age(since: Timestamp, now: Timestamp) -> String {
    let seconds = since.until(now).as_secs();
    match seconds {
        0..=119 => format!("{seconds} s"),
        120..=7199 => format!("{} min", seconds / 60),
        7200..=172_799 => format!("{} h", seconds / 3600),
        _ => format!("{} d", seconds / 86400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(form: Form) -> String {
        let mut report = Report::new(serde_json::json!({"parked": [{"subject": "issues/GC1/ISS-1"}]}));
        report.heading("Parked");
        report.table(
            vec!["subject", "cause"],
            vec![vec![
                Cell::strong("issues/GC1/ISS-1"),
                Cell::new("no\tgroup\u{1b}[31m", Tone::Bad),
            ]],
        );
        report.facts([("since", "3 h".into()), ("nothing", "".into())]);
        let mut out = Vec::new();
        report.write(form, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn pipes_get_tabulators_and_no_control_characters_of_others() {
        let plain = anstream::adapter::strip_str(&written(Form::Plain)).to_string();
        assert_eq!(
            plain,
            "Parked\nSUBJECT\tCAUSE\nissues/GC1/ISS-1\tno group [31m\nsince: 3 h\n"
        );
    }

    #[test]
    fn terminals_get_tables() {
        let shown = written(Form::Terminal);
        assert!(shown.contains("issues/GC1/ISS-1") && shown.contains('┌'), "{shown}");
        assert!(!shown.contains("\u{1b}[31m "), "{shown}");
    }

    #[test]
    fn programs_get_json_alone() {
        let parsed: Value = serde_json::from_str(&written(Form::Json)).unwrap();
        assert_eq!(parsed["parked"][0]["subject"], "issues/GC1/ISS-1");
    }

    #[test]
    fn ages() {
        let now = Timestamp::from_millis(1_000_000_000);
        let ago = |seconds: i64| age(Timestamp::from_millis(1_000_000_000 - seconds * 1000), now);
        assert_eq!(
            [ago(5), ago(600), ago(7200), ago(200_000)],
            ["5 s", "10 min", "2 h", "2 d"]
        );
    }
}

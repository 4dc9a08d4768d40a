//! Formats of dates and times as users choose them: the letters of `java.text.SimpleDateFormat` that the platform
//! documents, without time zones.

use jiff::civil::{Date, DateTime, Time};

/// A format such as `dd.MM.yyyy hh:mm:ss a`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Pattern(Vec<Token>);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Token {
    /// A part of the time, and how often its letter stands there.
    Field(Field, usize),
    Literal(char),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Field {
    Year,
    Month,
    Day,
    /// 0 to 23.
    Hour,
    /// 1 to 12.
    HalfDayHour,
    Minute,
    Second,
    HalfDay,
}

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

impl Pattern {
    /// None for a letter that means nothing here, and for an empty text.
    pub(crate) fn of(text: &str) -> Option<Pattern> {
        let mut tokens: Vec<Token> = Vec::new();
        let mut is_quoted = false;
        for letter in text.chars() {
            if letter == '\'' {
                is_quoted = !is_quoted;
                continue;
            }
            if is_quoted || !letter.is_ascii_alphabetic() {
                tokens.push(Token::Literal(letter));
                continue;
            }
            let field = Field::of(letter)?;
            match tokens.last_mut() {
                Some(Token::Field(last, width)) if *last == field => *width += 1,
                _ => tokens.push(Token::Field(field, 1)),
            }
        }
        (!tokens.is_empty()).then_some(Pattern(tokens))
    }

    pub(crate) fn show(&self, time: DateTime) -> String {
        let shown = self.0.iter().map(|token| match token {
            Token::Literal(letter) => letter.to_string(),
            Token::Field(field, width) => field.show(time, *width),
        });
        shown.collect()
    }

    /// Reads what is shown; `this_year` tells the century of a year of two digits.
    pub(crate) fn read(&self, text: &str, this_year: i16) -> Option<DateTime> {
        let mut read = Read::default();
        let mut rest = text;
        for (index, token) in self.0.iter().enumerate() {
            rest = match token {
                Token::Literal(letter) => rest.strip_prefix(*letter)?,
                Token::Field(field, width) => {
                    let is_joined = matches!(self.0.get(index + 1), Some(Token::Field(..)));
                    read.take(rest, *field, *width, is_joined, this_year)?
                }
            };
        }
        rest.is_empty().then(|| read.time())?
    }
}

impl Field {
    fn of(letter: char) -> Option<Field> {
        Some(match letter {
            'y' => Field::Year,
            'M' => Field::Month,
            'd' => Field::Day,
            'H' => Field::Hour,
            'h' => Field::HalfDayHour,
            'm' => Field::Minute,
            's' => Field::Second,
            'a' => Field::HalfDay,
            _ => return None,
        })
    }

    fn show(self, time: DateTime, width: usize) -> String {
        let number = |number: i16| format!("{number:0width$}");
        match self {
            Field::Year if width == 2 => format!("{:02}", time.year().rem_euclid(100)),
            Field::Year => number(time.year()),
            Field::Month if width >= 3 => {
                let name = MONTHS[usize::from(time.month().unsigned_abs()) - 1];
                let length = if width == 3 { 3 } else { name.len() };
                name[..length].to_owned()
            }
            Field::Month => number(time.month().into()),
            Field::Day => number(time.day().into()),
            Field::Hour => number(time.hour().into()),
            Field::HalfDayHour => number(i16::from((time.hour() + 11) % 12 + 1)),
            Field::Minute => number(time.minute().into()),
            Field::Second => number(time.second().into()),
            Field::HalfDay => if time.hour() < 12 { "AM" } else { "PM" }.to_owned(),
        }
    }
}

/// What a text said so far.
#[derive(Default)]
struct Read {
    year: Option<i16>,
    month: Option<i8>,
    day: Option<i8>,
    hour: i8,
    half_day_hour: Option<i8>,
    minute: i8,
    second: i8,
    is_afternoon: bool,
}

impl Read {
    /// Takes a field from the front of a text and gives the rest.
    fn take<'t>(
        &mut self,
        text: &'t str,
        field: Field,
        width: usize,
        is_joined: bool,
        this_year: i16,
    ) -> Option<&'t str> {
        if field == Field::HalfDay {
            let (word, rest) = text.split_at_checked(2)?;
            self.is_afternoon = word.eq_ignore_ascii_case("pm");
            return (self.is_afternoon || word.eq_ignore_ascii_case("am")).then_some(rest);
        }
        if field == Field::Month && width >= 3 {
            let end = text.find(|c: char| !c.is_alphabetic()).unwrap_or(text.len());
            let (word, rest) = text.split_at(end);
            let is_name = |name: &str| word.eq_ignore_ascii_case(name) || word.eq_ignore_ascii_case(&name[..3]);
            self.month = Some(i8::try_from(MONTHS.iter().position(|name| is_name(name))?).ok()? + 1);
            return Some(rest);
        }
        // Only a field that another one follows at once has a fixed width.
        let longest = if is_joined { width } else { 4 };
        let digits = text.bytes().take(longest).take_while(u8::is_ascii_digit).count();
        let (digits, rest) = text.split_at(digits);
        let number: i16 = digits.parse().ok()?;
        let small = i8::try_from(number);
        match field {
            Field::Year if digits.len() <= 2 && width != 4 => self.year = Some(near(number, this_year)),
            Field::Year => self.year = Some(number),
            Field::Month => self.month = Some(small.ok()?),
            Field::Day => self.day = Some(small.ok()?),
            Field::Hour => self.hour = small.ok()?,
            Field::HalfDayHour => self.half_day_hour = Some(small.ok()?),
            Field::Minute => self.minute = small.ok()?,
            Field::Second => self.second = small.ok()?,
            Field::HalfDay => return None,
        }
        Some(rest)
    }

    fn time(&self) -> Option<DateTime> {
        let date = Date::new(self.year?, self.month?, self.day?).ok()?;
        let hour = match self.half_day_hour {
            None => self.hour,
            Some(hour @ 1..=12) => hour % 12 + if self.is_afternoon { 12 } else { 0 },
            Some(_) => return None,
        };
        let time = Time::new(hour, self.minute, self.second, 0).ok()?;
        Some(date.to_datetime(time))
    }
}

/// The year of two digits that is less than 80 years ago or at most 20 years ahead.
fn near(two_digits: i16, this_year: i16) -> i16 {
    let year = this_year - this_year.rem_euclid(100) + two_digits;
    match year - this_year {
        21.. => year - 100,
        ..=-80 => year + 100,
        -79..=20 => year,
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::datetime;

    use super::*;

    #[test]
    fn a_pattern_shows_and_reads_the_same_time() {
        let time = datetime(2026, 3, 8, 15, 4, 9, 0);
        for (pattern, shown) in [
            ("yyyy-MM-dd HH:mm:ss", "2026-03-08 15:04:09"),
            ("dd.MM.yyyy HH:mm:ss", "08.03.2026 15:04:09"),
            ("M/d/yy h:mm:ss a", "3/8/26 3:04:09 PM"),
            ("d MMM yyyy 'at' hh:mm:ss a", "8 Mar 2026 at 03:04:09 PM"),
            ("d MMMM yyyy HHmmss", "8 March 2026 150409"),
        ] {
            let pattern = Pattern::of(pattern).unwrap();
            assert_eq!(pattern.show(time), shown);
            assert_eq!(pattern.read(shown, 2026), Some(time), "{shown}");
        }
    }

    #[test]
    fn noon_and_midnight_are_twelve() {
        let pattern = Pattern::of("yyyy-MM-dd hh:mm a").unwrap();
        for (hour, shown) in [(0, "2026-03-08 12:00 AM"), (12, "2026-03-08 12:00 PM")] {
            let time = datetime(2026, 3, 8, hour, 0, 0, 0);
            assert_eq!(pattern.show(time), shown);
            assert_eq!(pattern.read(shown, 2026), Some(time));
        }
    }

    #[test]
    fn what_does_not_fit_is_not_read() {
        let pattern = Pattern::of("dd.MM.yyyy").unwrap();
        for text in [
            "",
            "2026-03-08",
            "08.03.2026 10:00:00",
            "31.02.2026",
            "08.03.",
            "é8.03.2026",
        ] {
            assert_eq!(pattern.read(text, 2026), None, "{text}");
        }
        assert_eq!(Pattern::of("yyyy-MM-dd z"), None);
        assert_eq!(Pattern::of(""), None);
    }

    #[test]
    fn two_digits_are_a_year_nearby() {
        for (digits, year) in [(26, 2026), (46, 2046), (47, 1947), (51, 1951), (0, 2000)] {
            assert_eq!(near(digits, 2026), year);
        }
    }
}

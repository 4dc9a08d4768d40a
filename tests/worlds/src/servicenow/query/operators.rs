//! The words between a field and its value, and which of them suit which columns.
//!
//! They are those of the platform's list of operators for filters and encoded queries, and `CONTAINS`, `NOTIN` and
//! `NOTLIKE`, which clients send.

use std::cmp::Ordering;

use super::needles::Class;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operator {
    Is,
    IsNot,
    In,
    NotIn,
    Compares(Relation),
    Like(Place),
    NotLike,
    Between,
    On,
    NotOn,
    IsEmpty,
    IsNotEmpty,
    Anything,
    SameAs,
    NotSameAs,
    ComparesField(Relation),
    Relative(Relation),
    MoreThan,
    LessThan,
    DatePart,
    Dynamic,
    InstanceOf,
    Changes,
    ChangesFrom,
    ChangesTo,
    /// The platform knows it, and this world does not.
    Unknown,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Relation {
    Equal,
    NotEqual,
    More,
    MoreOrEqual,
    Less,
    LessOrEqual,
}

/// Where in a text another one must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Anywhere,
    Start,
    End,
}

const WORDS: [(&str, Operator); 48] = [
    ("=", Operator::Is),
    ("!=", Operator::IsNot),
    (">", Operator::Compares(Relation::More)),
    (">=", Operator::Compares(Relation::MoreOrEqual)),
    ("<", Operator::Compares(Relation::Less)),
    ("<=", Operator::Compares(Relation::LessOrEqual)),
    ("IN", Operator::In),
    ("NOT IN", Operator::NotIn),
    ("NOTIN", Operator::NotIn),
    ("LIKE", Operator::Like(Place::Anywhere)),
    ("CONTAINS", Operator::Like(Place::Anywhere)),
    ("*", Operator::Like(Place::Anywhere)),
    ("NOT LIKE", Operator::NotLike),
    ("NOTLIKE", Operator::NotLike),
    ("DOES NOT CONTAIN", Operator::NotLike),
    ("!*", Operator::NotLike),
    ("STARTSWITH", Operator::Like(Place::Start)),
    ("ENDSWITH", Operator::Like(Place::End)),
    ("%", Operator::Like(Place::End)),
    ("BETWEEN", Operator::Between),
    ("ON", Operator::On),
    ("NOTON", Operator::NotOn),
    ("ISEMPTY", Operator::IsEmpty),
    ("EMPTYSTRING", Operator::IsEmpty),
    ("ISNOTEMPTY", Operator::IsNotEmpty),
    ("ANYTHING", Operator::Anything),
    ("SAMEAS", Operator::SameAs),
    ("NSAMEAS", Operator::NotSameAs),
    ("GT_FIELD", Operator::ComparesField(Relation::More)),
    ("GT_OR_EQUALS_FIELD", Operator::ComparesField(Relation::MoreOrEqual)),
    ("LT_FIELD", Operator::ComparesField(Relation::Less)),
    ("LT_OR_EQUALS_FIELD", Operator::ComparesField(Relation::LessOrEqual)),
    ("RELATIVEGT", Operator::Relative(Relation::More)),
    ("RELATIVEGE", Operator::Relative(Relation::MoreOrEqual)),
    ("RELATIVELT", Operator::Relative(Relation::Less)),
    ("RELATIVELE", Operator::Relative(Relation::LessOrEqual)),
    ("RELATIVEEE", Operator::Relative(Relation::Equal)),
    ("MORETHAN", Operator::MoreThan),
    ("LESSTHAN", Operator::LessThan),
    ("DATEPART", Operator::DatePart),
    ("DYNAMIC", Operator::Dynamic),
    ("INSTANCEOF", Operator::InstanceOf),
    ("VALCHANGES", Operator::Changes),
    ("CHANGESFROM", Operator::ChangesFrom),
    ("CHANGESTO", Operator::ChangesTo),
    ("IN_HIERARCHY", Operator::Unknown),
    ("MATCH_PAT", Operator::Unknown),
    ("MATCH_RGX", Operator::Unknown),
];

impl Operator {
    /// The longest operator that a text begins with, and the value after it.
    pub(super) fn split(text: &str) -> Option<(Operator, &str)> {
        let words = WORDS.iter().filter(|(word, _)| text.starts_with(word));
        let (word, operator) = words.max_by_key(|(word, _)| word.len())?;
        Some((*operator, &text[word.len()..]))
    }

    pub(super) fn suits(self, class: Class) -> bool {
        let is_value = !matches!(class, Class::Secret | Class::Journal);
        let is_time = matches!(class, Class::Moment | Class::Date);
        match self {
            Operator::Is | Operator::IsNot | Operator::In | Operator::NotIn => is_value,
            Operator::SameAs | Operator::NotSameAs => is_value,
            Operator::Compares(_) | Operator::Between => is_value && class != Class::Boolean,
            Operator::ComparesField(_) => is_value && !matches!(class, Class::Boolean | Class::Text),
            Operator::Like(_) | Operator::NotLike | Operator::Dynamic | Operator::InstanceOf => class == Class::Text,
            Operator::On | Operator::NotOn | Operator::Relative(_) => is_time,
            Operator::MoreThan | Operator::LessThan | Operator::DatePart => is_time,
            Operator::IsEmpty | Operator::IsNotEmpty | Operator::Anything => class != Class::Journal,
            Operator::Changes => true,
            Operator::ChangesFrom | Operator::ChangesTo => is_value,
            Operator::Unknown => false,
        }
    }
}

impl Relation {
    pub(super) fn holds(self, ordering: Ordering) -> bool {
        match self {
            Relation::Equal => ordering.is_eq(),
            Relation::NotEqual => ordering.is_ne(),
            Relation::More => ordering.is_gt(),
            Relation::MoreOrEqual => ordering.is_ge(),
            Relation::Less => ordering.is_lt(),
            Relation::LessOrEqual => ordering.is_le(),
        }
    }

    /// The relation that a text begins with, and the rest.
    pub(super) fn split(text: &str) -> Option<(Relation, &str)> {
        let words = [
            ("!=", Relation::NotEqual),
            (">=", Relation::MoreOrEqual),
            ("<=", Relation::LessOrEqual),
            ("=", Relation::Equal),
            (">", Relation::More),
            ("<", Relation::Less),
        ];
        words
            .into_iter()
            .find_map(|(word, relation)| Some((relation, text.strip_prefix(word)?)))
    }

    /// The relation of `gs.datePart`.
    pub(super) fn named(word: &str) -> Option<Relation> {
        Some(match word {
            "EE" => Relation::Equal,
            "GT" => Relation::More,
            "GE" => Relation::MoreOrEqual,
            "LT" => Relation::Less,
            "LE" => Relation::LessOrEqual,
            _ => return None,
        })
    }
}

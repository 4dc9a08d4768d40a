//! What the parameters of the Aggregate API ask for; what cannot be understood is ignored.

use std::cmp::Ordering;

use super::figures::Figure;
use crate::servicenow::dictionary::{Dictionary, Kind};
use crate::servicenow::parameters::Parameters;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Aggregate {
    Count,
    Avg,
    Max,
    Min,
    Sum,
}

/// What is asked for.
#[derive(Debug)]
pub(super) struct Wish {
    pub(super) counts: bool,
    /// The columns of every aggregate but the count.
    pub(super) fields: Vec<(Aggregate, Vec<String>)>,
    pub(super) group_by: Vec<String>,
    pub(super) having: Vec<Having>,
    pub(super) order_by: Vec<Order>,
}

/// For example `count^state^>^3`.
#[derive(Debug)]
pub(super) struct Having {
    pub(super) aggregate: Aggregate,
    pub(super) path: String,
    operator: Operator,
    value: Figure,
}

#[derive(Debug, Clone, Copy)]
enum Operator {
    Is,
    IsNot,
    More,
    MoreOrIs,
    Less,
    LessOrIs,
}

/// For example `AVG^state`, `COUNT^DESC` or `state^DESC`.
#[derive(Debug)]
pub(super) enum Order {
    By {
        aggregate: Aggregate,
        /// Empty for the number of rows.
        path: String,
        is_descending: bool,
    },
    ByField {
        path: String,
        is_descending: bool,
    },
}

impl Wish {
    /// What the parameters ask for, and what of them is ignored.
    pub(super) fn parse(dictionary: &Dictionary, table: &str, parameters: &Parameters) -> (Wish, Vec<String>) {
        let mut ignored = Vec::new();
        // Nobody may learn a password from its extremes or its groups.
        let is_field = |path: &str| {
            let column = dictionary.walk(table, path);
            column.is_some_and(|column| column.kind != Kind::Password)
        };
        let mut list = |name: &str| {
            let parts = parameters.get(name).unwrap_or_default().split(',').map(str::trim);
            let (known, unknown): (Vec<&str>, Vec<&str>) =
                parts.filter(|part| !part.is_empty()).partition(|path| is_field(path));
            ignored.extend(
                unknown
                    .iter()
                    .map(|path| format!("{table} has no field {path} for {name}")),
            );
            known.into_iter().map(str::to_owned).collect::<Vec<String>>()
        };
        let fields = [Aggregate::Avg, Aggregate::Max, Aggregate::Min, Aggregate::Sum]
            .map(|aggregate| (aggregate, list(&format!("sysparm_{}_fields", aggregate.name()))));
        let group_by = list("sysparm_group_by");
        // Only rows can be counted without a field.
        let knows = |aggregate: Option<Aggregate>, path: &str| match path {
            "" => aggregate == Some(Aggregate::Count),
            _ => is_field(path),
        };
        let clauses = |name: &str| -> Vec<String> {
            let clauses = parameters.get(name).unwrap_or_default().split(',').map(str::trim);
            clauses.filter(|clause| !clause.is_empty()).map(str::to_owned).collect()
        };
        let mut having = Vec::new();
        for clause in clauses("sysparm_having") {
            match Having::parse(&clause).filter(|having| knows(Some(having.aggregate), &having.path)) {
                Some(parsed) => having.push(parsed),
                None => ignored.push(format!("{table} cannot be asked for groups that have {clause:?}")),
            }
        }
        let mut order_by = Vec::new();
        for clause in clauses("sysparm_order_by") {
            let order = Order::parse(&clause);
            if knows(order.aggregate(), order.path()) {
                order_by.push(order);
            } else {
                ignored.push(format!("groups of {table} cannot be ordered by {clause:?}"));
            }
        }
        let wish = Wish {
            counts: parameters.is_true("sysparm_count"),
            fields: fields.into(),
            group_by,
            having,
            order_by,
        };
        (wish, ignored)
    }
}

impl Having {
    fn parse(clause: &str) -> Option<Having> {
        let mut parts = clause.split('^');
        let aggregate = Aggregate::named(parts.next()?)?;
        let (path, operator, value) = (parts.next()?, parts.next()?, parts.next()?);
        let operator = match operator {
            "=" => Operator::Is,
            "!=" => Operator::IsNot,
            ">" => Operator::More,
            ">=" => Operator::MoreOrIs,
            "<" => Operator::Less,
            "<=" => Operator::LessOrIs,
            _ => return None,
        };
        parts.next().is_none().then(|| Having {
            aggregate,
            path: path.to_owned(),
            operator,
            value: Figure::read(value),
        })
    }

    pub(super) fn holds(&self, figure: &Figure) -> bool {
        let ordering = figure.compare(&self.value);
        match self.operator {
            Operator::Is => ordering == Ordering::Equal,
            Operator::IsNot => ordering != Ordering::Equal,
            Operator::More => ordering == Ordering::Greater,
            Operator::MoreOrIs => ordering != Ordering::Less,
            Operator::Less => ordering == Ordering::Less,
            Operator::LessOrIs => ordering != Ordering::Greater,
        }
    }
}

impl Order {
    fn parse(clause: &str) -> Order {
        let (rest, is_descending) = match clause.strip_suffix("^DESC") {
            Some(rest) => (rest, true),
            None => (clause, false),
        };
        let (first, path) = rest.split_once('^').unwrap_or((rest, ""));
        match Aggregate::named(first) {
            Some(aggregate) => Order::By {
                aggregate,
                path: path.to_owned(),
                is_descending,
            },
            None => Order::ByField {
                path: rest.to_owned(),
                is_descending,
            },
        }
    }

    pub(super) fn is_descending(&self) -> bool {
        match self {
            Order::By { is_descending, .. } | Order::ByField { is_descending, .. } => *is_descending,
        }
    }

    fn aggregate(&self) -> Option<Aggregate> {
        match self {
            Order::By { aggregate, .. } => Some(*aggregate),
            Order::ByField { .. } => None,
        }
    }

    fn path(&self) -> &str {
        match self {
            Order::By { path, .. } | Order::ByField { path, .. } => path,
        }
    }
}

impl Aggregate {
    pub(super) fn name(self) -> &'static str {
        match self {
            Aggregate::Count => "count",
            Aggregate::Avg => "avg",
            Aggregate::Max => "max",
            Aggregate::Min => "min",
            Aggregate::Sum => "sum",
        }
    }

    fn named(name: &str) -> Option<Aggregate> {
        let all = [
            Aggregate::Count,
            Aggregate::Avg,
            Aggregate::Max,
            Aggregate::Min,
            Aggregate::Sum,
        ];
        all.into_iter()
            .find(|aggregate| aggregate.name().eq_ignore_ascii_case(name))
    }
}

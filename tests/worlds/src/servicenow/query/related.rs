//! `JOIN`, `RLQUERY` and `SUBQUERY`: what other tables must hold about a row.
//!
//! ```text
//! JOINsys_user.sys_id=sys_user_has_role.user!role=…
//! RLQUERYsys_group_has_role.group,>0,m2m^role.nameLIKEadmin^ENDRLQUERY
//! SUBQUERYsys_id,user,sys_user_grmember^group=…^ENDSUBQUERY
//! ```
//!
//! They join before anything is filtered: a partner must be there for all groups, and `^OR` and `^NQ` before them count
//! for the conditions of a `JOIN` only.

use super::super::dictionary::{Column, Kind};
use super::super::path::Path;
use super::filter::{Clause, Filter, Need, Related};
use super::needles::Class;
use super::operators::Relation;
use super::parse::{Joint, Parser, Scope};

/// Reads what follows one of the words; false, with nothing read, for one that means nothing.
pub(super) fn add<'t>(
    parser: &mut Parser<'_, '_, 't>,
    filter: &mut Filter,
    joint: Joint,
    scope: Scope,
    header: &'t str,
) -> bool {
    let read = match scope {
        Scope::Join => return join(parser, filter, joint, header).is_some(),
        Scope::RelatedList => related_list(parser, filter, header),
        Scope::Subquery => subquery(parser, filter, header),
        Scope::Whole => None,
    };
    let Some(head) = read else {
        return false;
    };
    parser.put_first(head.condition);
    let inner = parser.filter(head.table, scope);
    filter.needs.push(Need::Related(filter.related.len()));
    filter.related.push(related(parser, head, inner));
    true
}

/// What a header says.
struct Head<'t> {
    from: Path,
    table: &'t str,
    by: Path,
    relation: Relation,
    count: usize,
    /// A condition in the header itself.
    condition: &'t str,
}

fn related(parser: &Parser<'_, '_, '_>, head: Head<'_>, filter: Filter) -> Related {
    let guesses = &parser.reading.state.guesses;
    let asks_for_none = head.relation == Relation::Equal && head.count == 0;
    Related {
        from: head.from,
        by: head.by,
        filter,
        relation: head.relation,
        count: head.count,
        counts_none: asks_for_none || guesses.related_lists_count_none,
        ignores_case: guesses.text_ignores_case,
    }
}

/// `sys_user.sys_id=sys_user_has_role.user!role=…`.
fn join<'t>(parser: &mut Parser<'_, '_, 't>, filter: &mut Filter, joint: Joint, header: &'t str) -> Option<()> {
    let (sides, condition) = header.split_once('!')?;
    let (left, right) = sides.split_once('=')?;
    let (left_table, left_field) = left.split_once('.')?;
    let (table, field) = right.split_once('.')?;
    let dictionary = parser.reading.dictionary();
    let host = host(parser, filter, left_table)?;
    dictionary
        .column(&host.table, left_field)
        .filter(|left| has_value(left))?;
    dictionary.column(table, field).filter(|right| has_value(right))?;
    parser.put_first(condition);
    let head = Head {
        from: Path::own(left_field),
        table,
        by: Path::own(field),
        relation: Relation::More,
        count: 0,
        condition,
    };
    let inner = parser.filter(table, Scope::Join);
    let asks_nothing = inner.groups.is_empty();
    let index = host.related.len();
    host.needs.push(Need::Joined(index));
    host.related.push(related(parser, head, inner));
    if joint == Joint::And || !asks_nothing {
        host.add(joint, Some(Clause::Related(index)));
    }
    Some(())
}

/// The own table, or one that was joined already.
fn host<'f>(parser: &Parser<'_, '_, '_>, filter: &'f mut Filter, table: &str) -> Option<&'f mut Filter> {
    if is_about(parser, filter, table) {
        return Some(filter);
    }
    let is_host = |index: &usize| has_host(parser, &filter.related[*index].filter, table);
    let index = filter.joins().find(is_host)?;
    host(parser, &mut filter.related[index].filter, table)
}

fn has_host(parser: &Parser<'_, '_, '_>, filter: &Filter, table: &str) -> bool {
    let mut joins = filter.joins();
    is_about(parser, filter, table) || joins.any(|index| has_host(parser, &filter.related[index].filter, table))
}

fn is_about(parser: &Parser<'_, '_, '_>, filter: &Filter, table: &str) -> bool {
    let dictionary = parser.reading.dictionary();
    dictionary.is_a(&filter.table, table) || dictionary.is_a(table, &filter.table)
}

fn related_list<'t>(parser: &mut Parser<'_, '_, 't>, filter: &Filter, header: &'t str) -> Option<Head<'t>> {
    let dictionary = parser.reading.dictionary();
    let (table, rest) = header.split_once('.')?;
    let (field, rest) = rest.split_once(',')?;
    let (relation, rest) = Relation::split(rest)?;
    let (count, rest) = rest.split_once(',').unwrap_or((rest, ""));
    let condition = match rest.strip_prefix("m2m") {
        Some(rest) => rest.strip_prefix(',').unwrap_or(rest),
        None => rest,
    };
    let Kind::Reference(target) = &dictionary.column(table, field)?.kind else {
        return None;
    };
    let refers_here = dictionary.is_a(&filter.table, target) || dictionary.is_a(target, &filter.table);
    let count = count.parse().ok().filter(|_| refers_here)?;
    if parser.related_lists >= parser.reading.state.guesses.related_lists_at_once {
        return None;
    }
    parser.related_lists += 1;
    Some(Head {
        from: Path::own("sys_id"),
        table,
        by: Path::own(field),
        relation,
        count,
        condition,
    })
}

fn subquery<'t>(parser: &Parser<'_, '_, 't>, filter: &Filter, header: &'t str) -> Option<Head<'t>> {
    let dictionary = parser.reading.dictionary();
    let (own, rest) = header.split_once(',')?;
    let (field, table) = match rest.split_once(',') {
        Some(sides) => sides,
        None if parser.reading.state.guesses.subquery_takes_table_dot_field => {
            let (table, field) = rest.split_once('.')?;
            (field, table)
        }
        None => return None,
    };
    let end = |table, path| Path::of(dictionary, table, path).filter(|(_, column)| has_value(column));
    Some(Head {
        from: end(&filter.table, own)?.0,
        table,
        by: end(table, field)?.0,
        relation: Relation::More,
        count: 0,
        condition: "",
    })
}

/// Whether rows can be joined by the column.
fn has_value(column: &Column) -> bool {
    !matches!(Class::of(column), Class::Secret | Class::Journal)
}

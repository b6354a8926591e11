//! `SELECT … FROM … WHERE …`, in the fixed order of its clauses.

use super::{
    cursor::Cursor,
    expression::{expression, value_expression},
    primary::list,
};
use crate::{
    Error, ErrorKind, Expression,
    expression::TimeUnit,
    keywords::is_reserved,
    lexer::TokenKind,
    statement::{
        AliasedSource, Emit, Join, JoinKind, Query, Relation, SelectItem, TimeSpan, Window,
        WindowKind, Within,
    },
};

pub fn query(cursor: &mut Cursor<'_>) -> Result<Query, Error> {
    let start = cursor.span();
    cursor.expect("SELECT")?;
    let mut items = vec![select_item(cursor)?];
    while cursor.eat_symbol(",") {
        items.push(select_item(cursor)?);
    }
    cursor.expect("FROM")?;
    let from = relation(cursor)?;
    let window = if cursor.eat("WINDOW") {
        Some(window(cursor)?)
    } else {
        None
    };
    let filter = if cursor.eat("WHERE") {
        Some(expression(cursor)?)
    } else {
        None
    };
    let group_by = if cursor.eat_all(&["GROUP", "BY"]) {
        Some(keys(cursor)?)
    } else {
        None
    };
    let partition_by = if cursor.eat_all(&["PARTITION", "BY"]) {
        Some(keys(cursor)?)
    } else {
        None
    };
    let having = if cursor.eat("HAVING") {
        Some(expression(cursor)?)
    } else {
        None
    };
    let emit = emit(cursor)?;
    let limit = if cursor.eat("LIMIT") {
        Some(limit(cursor, emit.is_some())?)
    } else {
        None
    };
    Ok(Query {
        items,
        from,
        window,
        filter,
        group_by,
        partition_by,
        having,
        emit,
        limit,
        span: cursor.span_from(start),
    })
}

fn limit(cursor: &mut Cursor<'_>, is_push: bool) -> Result<u64, Error> {
    if cursor.is_symbol(0, "-") && matches!(cursor.peek(1), TokenKind::Integer(_)) {
        let kind = if is_push { "Push" } else { "Pull" };
        return Err(Error {
            kind: ErrorKind::Syntax,
            message: format!(
                "{kind} queries don't support negative integers in the LIMIT clause. See https://cnfl.io/queries for more info."
            ),
            span: cursor.span(),
            hint: None,
        });
    }
    cursor.number()
}

fn emit(cursor: &mut Cursor<'_>) -> Result<Option<Emit>, Error> {
    if !cursor.eat("EMIT") {
        return Ok(None);
    }
    if cursor.eat("CHANGES") {
        return Ok(Some(Emit::Changes));
    }
    if cursor.eat("FINAL") {
        return Ok(Some(Emit::Final));
    }
    Err(cursor.expected("{'CHANGES', 'FINAL'}"))
}

fn select_item(cursor: &mut Cursor<'_>) -> Result<SelectItem, Error> {
    let start = cursor.span();
    if cursor.eat_symbol("*") {
        return Ok(SelectItem::All {
            source: None,
            span: start,
        });
    }
    if cursor.is_symbol(1, ".") && cursor.is_symbol(2, "*") {
        let source = Some(cursor.identifier()?);
        cursor.advance();
        cursor.advance();
        return Ok(SelectItem::All {
            source,
            span: cursor.span_from(start),
        });
    }
    let expression = expression(cursor)?;
    if cursor.is_symbol(0, "->") && cursor.is_symbol(1, "*") {
        cursor.advance();
        cursor.advance();
        return Ok(SelectItem::AllFields(expression));
    }
    let alias = if cursor.eat("AS") || at_bare_name(cursor) {
        Some(cursor.identifier()?)
    } else {
        None
    };
    Ok(SelectItem::Expression { expression, alias })
}

/// A name that stands where an alias may, and is not the next clause.
fn at_bare_name(cursor: &Cursor<'_>) -> bool {
    match cursor.peek(0) {
        TokenKind::Quoted(_) => true,
        TokenKind::Word(word) => {
            let word = word.to_ascii_uppercase();
            let is_clause = match word.as_str() {
                "EMIT" => cursor.is_word(1, "CHANGES") || cursor.is_word(1, "FINAL"),
                "PARTITION" => cursor.is_word(1, "BY"),
                _ => false,
            };
            !is_clause && !is_reserved(&word)
        }
        _ => false,
    }
}

fn relation(cursor: &mut Cursor<'_>) -> Result<Relation, Error> {
    let first = aliased_source(cursor)?;
    let mut joins = Vec::new();
    while let Some(kind) = join_kind(cursor)? {
        let source = aliased_source(cursor)?;
        let within = if cursor.eat("WITHIN") {
            Some(within(cursor)?)
        } else {
            None
        };
        cursor.expect("ON")?;
        joins.push(Join {
            kind,
            source,
            within,
            condition: expression(cursor)?,
        });
    }
    Ok(Relation { first, joins })
}

fn join_kind(cursor: &mut Cursor<'_>) -> Result<Option<JoinKind>, Error> {
    if cursor.eat("JOIN") {
        return Ok(Some(JoinKind::Inner));
    }
    let kinds = [
        ("INNER", JoinKind::Inner),
        ("LEFT", JoinKind::Left),
        ("RIGHT", JoinKind::Right),
        ("FULL", JoinKind::Full),
    ];
    let Some((word, kind)) = kinds.into_iter().find(|(word, _)| cursor.is_word(0, word)) else {
        return Ok(None);
    };
    cursor.advance();
    if word != "INNER" {
        cursor.eat("OUTER");
    }
    cursor.expect("JOIN")?;
    Ok(Some(kind))
}

fn aliased_source(cursor: &mut Cursor<'_>) -> Result<AliasedSource, Error> {
    let name = cursor.source_name()?;
    let alias = if cursor.eat("AS") || at_bare_name(cursor) {
        Some(cursor.source_name()?)
    } else {
        None
    };
    Ok(AliasedSource { name, alias })
}

fn within(cursor: &mut Cursor<'_>) -> Result<Within, Error> {
    let (before, after) = if cursor.eat_symbol("(") {
        let before = time_span(cursor)?;
        cursor.expect_symbol(",")?;
        let after = time_span(cursor)?;
        cursor.expect_symbol(")")?;
        (before, after)
    } else {
        let both = time_span(cursor)?;
        (both, both)
    };
    let grace = if cursor.eat_all(&["GRACE", "PERIOD"]) {
        Some(time_span(cursor)?)
    } else {
        None
    };
    Ok(Within {
        before,
        after,
        grace,
    })
}

const UNITS: &str = "{'DAYS', 'HOURS', 'MINUTES', 'SECONDS', 'MILLISECONDS'}";

pub fn time_span(cursor: &mut Cursor<'_>) -> Result<TimeSpan, Error> {
    let amount = cursor.number()?;
    let TokenKind::Word(word) = cursor.peek(0) else {
        return Err(cursor.expected(UNITS));
    };
    let unit = match word.to_ascii_uppercase().as_str() {
        "DAY" | "DAYS" => TimeUnit::Days,
        "HOUR" | "HOURS" => TimeUnit::Hours,
        "MINUTE" | "MINUTES" => TimeUnit::Minutes,
        "SECOND" | "SECONDS" => TimeUnit::Seconds,
        "MILLISECOND" | "MILLISECONDS" => TimeUnit::Milliseconds,
        _ => return Err(cursor.expected(UNITS)),
    };
    cursor.advance();
    Ok(TimeSpan { amount, unit })
}

fn window(cursor: &mut Cursor<'_>) -> Result<Window, Error> {
    let is_kind = ["TUMBLING", "HOPPING", "SESSION"]
        .iter()
        .any(|word| cursor.is_word(0, word))
        && cursor.is_symbol(1, "(");
    let name = if is_kind {
        None
    } else {
        Some(cursor.identifier()?)
    };
    let kind = window_kind(cursor)?;
    // ksqlDB's grammar has both in this order, each at most once.
    let mut retention = None;
    let mut grace = None;
    if cursor.is_symbol(0, ",") && cursor.is_word(1, "RETENTION") {
        cursor.advance();
        cursor.advance();
        retention = Some(time_span(cursor)?);
    }
    if cursor.eat_symbol(",") {
        cursor.expect("GRACE")?;
        cursor.expect("PERIOD")?;
        grace = Some(time_span(cursor)?);
    }
    cursor.expect_symbol(")")?;
    Ok(Window {
        name,
        kind,
        retention,
        grace,
    })
}

/// The window's own part, from its first word to what follows its sizes.
fn window_kind(cursor: &mut Cursor<'_>) -> Result<WindowKind, Error> {
    if cursor.eat("TUMBLING") {
        cursor.expect_symbol("(")?;
        cursor.expect("SIZE")?;
        let size = time_span(cursor)?;
        return Ok(WindowKind::Tumbling { size });
    }
    if cursor.eat("HOPPING") {
        cursor.expect_symbol("(")?;
        cursor.expect("SIZE")?;
        let size = time_span(cursor)?;
        cursor.expect_symbol(",")?;
        cursor.expect("ADVANCE")?;
        cursor.expect("BY")?;
        let advance = time_span(cursor)?;
        return Ok(WindowKind::Hopping { size, advance });
    }
    if cursor.eat("SESSION") {
        cursor.expect_symbol("(")?;
        let gap = time_span(cursor)?;
        return Ok(WindowKind::Session { gap });
    }
    Err(cursor.expected("{'TUMBLING', 'HOPPING', 'SESSION'}"))
}

/// `e, e` or `(e, e)`; `()` is an empty list, which the planner refuses in its own words.
fn keys(cursor: &mut Cursor<'_>) -> Result<Vec<Expression>, Error> {
    let at = cursor.position();
    if cursor.eat_symbol("(") {
        if cursor.eat_symbol(")") {
            return Ok(Vec::new());
        }
        let items = list(cursor, ")")?;
        if ends_keys(cursor) {
            return Ok(items);
        }
        // The bracket belongs to the first expression: `(a + b) * c, d`.
        cursor.rewind(at);
    }
    let mut items = vec![value_expression(cursor)?];
    while cursor.eat_symbol(",") {
        items.push(value_expression(cursor)?);
    }
    Ok(items)
}

fn ends_keys(cursor: &Cursor<'_>) -> bool {
    cursor.is_end()
        || cursor.is_symbol(0, ";")
        || ["PARTITION", "HAVING", "EMIT", "LIMIT"]
            .iter()
            .any(|word| cursor.is_word(0, word))
}

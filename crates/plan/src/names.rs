//! Names for columns that the statement does not name, as ksqlDB makes them.
//!
//! A member of a STRUCT has the member's name, anything else is `KSQL_COL_n`. A name that a source uses is left out, and so
//! is one that was given out before: `D`, `D_1`, `D_2`. A number at the end of a member's own name is no part of it.

use std::collections::{BTreeMap, BTreeSet};

use weir_catalog::Schema;
use weir_sql::{Expression, ExpressionKind};

const UNNAMED: &str = "KSQL_COL";

/// The names that are used, and the next number for each.
#[derive(Debug)]
pub struct Names {
    /// By name without its number. A name without a number counts as number 0.
    used: BTreeMap<String, BTreeSet<u32>>,
    next: BTreeMap<String, u32>,
}

impl Names {
    pub fn new(schema: &Schema) -> Self {
        let mut used: BTreeMap<String, BTreeSet<u32>> = BTreeMap::new();
        for column in &schema.columns {
            let (name, number) = parts(&column.name);
            used.entry(name.to_owned()).or_default().insert(number);
        }
        Self {
            used,
            next: BTreeMap::new(),
        }
    }

    /// For an expression that is more than a column.
    pub fn name(&mut self, expression: &Expression) -> String {
        match &expression.kind {
            ExpressionKind::Dereference { field, .. } => self.next(parts(&field.value).0),
            _ => self.next(UNNAMED),
        }
    }

    fn next(&mut self, name: &str) -> String {
        let used = self.used.get(name);
        let next = self.next.entry(name.to_owned()).or_default();
        while used.is_some_and(|used| used.contains(next)) {
            *next = next.saturating_add(1);
        }
        let number = *next;
        *next = next.saturating_add(1);
        match number {
            0 if name != UNNAMED => name.to_owned(),
            number => format!("{name}_{number}"),
        }
    }
}

/// `D_12`: `D` and 12; without such an end, 0.
fn parts(name: &str) -> (&str, u32) {
    let digits = name.trim_end_matches(|character: char| character.is_ascii_digit());
    let number = &name[digits.len()..];
    match (digits.strip_suffix('_'), number.parse()) {
        (Some(before), Ok(number)) if !before.is_empty() => (before, number),
        _ => (name, 0),
    }
}

#[cfg(test)]
mod tests {
    use weir_catalog::{Column, SqlType};
    use weir_sql::parse_expression;

    use super::*;

    #[test]
    fn names_go_round_those_of_the_source_and_those_given_out() {
        let columns = ["A", "KSQL_COL_1", "TOWN", "STREET_1"];
        let columns = columns.map(|name| Column::value(name, SqlType::String));
        let mut names = Names::new(&Schema::new(columns.to_vec()));
        let mut check = |text: &str, expected: &str| {
            let parsed = parse_expression(text).expect(text);
            assert_eq!(names.name(&parsed), expected, "{text}");
        };
        check("a + 1", "KSQL_COL_0");
        check("UCASE(a)", "KSQL_COL_2");
        check("s->d", "D");
        check("s->d", "D_1");
        check("t->s->town", "TOWN_1");
        check("s->street", "STREET");
        check("s->street", "STREET_2");
        check("s->`zip_7`", "zip");
        check("s->f_", "F_");
        check("s->`7`", "7");
        check("s->d + 1", "KSQL_COL_3");
        check("1", "KSQL_COL_4");
    }
}

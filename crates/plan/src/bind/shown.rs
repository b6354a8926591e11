//! Expressions as errors repeat them: as ksqlDB prints its own, cut short.

use std::fmt::{self, Write};

use weir_sql::{
    Expression, ExpressionKind, Ident,
    expression::{CaseBranch, LikePattern, Literal},
};

/// As much of an expression as an error repeats, in bytes.
const SHOWN: usize = 300;

/// `(A + 1)`, `STRUCT(F0:=10)`, `true`: every operator in brackets, literals in lower case.
pub fn shown(expression: &Expression) -> String {
    let mut text = Text::default();
    match text.expression(expression) {
        Ok(()) => text.0,
        Err(fmt::Error) => text.0 + "…",
    }
}

/// The same with the source's name before each column, as ksqlDB prints what it has not looked into yet.
pub fn shown_qualified(expression: &Expression, source: &str) -> String {
    let mut expression = expression.clone();
    expression.for_each_column(&mut |qualifier, name| {
        *qualifier = Some(Ident::new(source.to_owned(), name.span));
    });
    shown(&expression)
}

/// Refuses what is too long, so that an error over ten megabytes costs no more than one over a line.
#[derive(Default)]
struct Text(String);

impl Write for Text {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for character in text.chars() {
            if self.0.len() + character.len_utf8() > SHOWN {
                return Err(fmt::Error);
            }
            self.0.push(character);
        }
        Ok(())
    }
}

impl Text {
    fn expression(&mut self, expression: &Expression) -> fmt::Result {
        // Statements nest 256 deep, and debug frames are large.
        stacker::maybe_grow(128 << 10, 2 << 20, || match &expression.kind {
            // These, and what this version refuses, as the tree prints.
            ExpressionKind::Case {
                operand: Some(_), ..
            }
            | ExpressionKind::TimeUnit(_)
            | ExpressionKind::AtTimeZone { .. } => write!(self, "{expression}"),
            kind => self.kind(kind),
        })
    }

    fn kind(&mut self, kind: &ExpressionKind) -> fmt::Result {
        match kind {
            ExpressionKind::Literal(literal) => self.literal(literal),
            ExpressionKind::Column { source, name } => {
                if let Some(source) = source {
                    write!(self, "{source}.")?;
                }
                write!(self, "{name}")
            }
            ExpressionKind::Dereference { base, field } => {
                self.expression(base)?;
                write!(self, "->{field}")
            }
            ExpressionKind::Subscript { base, index } => {
                self.expression(base)?;
                self.list("[", std::slice::from_ref(index.as_ref()), "]")
            }
            ExpressionKind::Sign {
                is_negative,
                operand,
            } => {
                self.write_str(if *is_negative { "-" } else { "+" })?;
                self.expression(operand)
            }
            ExpressionKind::And(operands) => self.chain(operands, " AND "),
            ExpressionKind::Or(operands) => self.chain(operands, " OR "),
            ExpressionKind::Concat(operands) => self.list("CONCAT(", operands, ")"),
            ExpressionKind::Arithmetic {
                left,
                operator,
                right,
            } => self.binary(left, operator, right),
            ExpressionKind::Comparison {
                left,
                operator,
                right,
            } => self.binary(left, operator, right),
            ExpressionKind::Call {
                name, arguments, ..
            } => {
                write!(self, "{name}")?;
                self.list("(", arguments, ")")
            }
            ExpressionKind::Array(items) => self.list("ARRAY[", items, "]"),
            ExpressionKind::Map(entries) => {
                self.write_str("MAP(")?;
                for (index, (key, value)) in entries.iter().enumerate() {
                    self.comma(index)?;
                    self.expression(key)?;
                    self.write_str(":=")?;
                    self.expression(value)?;
                }
                self.write_str(")")
            }
            ExpressionKind::Struct(members) => {
                self.write_str("STRUCT(")?;
                for (index, (name, value)) in members.iter().enumerate() {
                    self.comma(index)?;
                    write!(self, "{name}:=")?;
                    self.expression(value)?;
                }
                self.write_str(")")
            }
            ExpressionKind::Lambda { parameters, body } => {
                match parameters.as_slice() {
                    [parameter] => write!(self, "{parameter}")?,
                    parameters => {
                        let names: Vec<_> = parameters.iter().map(ToString::to_string).collect();
                        write!(self, "({})", names.join(", "))?;
                    }
                }
                self.write_str(" => ")?;
                self.expression(body)
            }
            ExpressionKind::Cast { operand, to } => {
                self.write_str("CAST(")?;
                self.expression(operand)?;
                write!(self, " AS {to})")
            }
            ExpressionKind::Case {
                branches,
                otherwise,
                ..
            } => self.case(branches, otherwise.as_deref()),
            other => self.predicate(other),
        }
    }

    fn case(&mut self, branches: &[CaseBranch], otherwise: Option<&Expression>) -> fmt::Result {
        self.write_str("(CASE")?;
        for branch in branches {
            self.write_str(" WHEN ")?;
            self.expression(&branch.condition)?;
            self.write_str(" THEN ")?;
            self.expression(&branch.result)?;
        }
        if let Some(otherwise) = otherwise {
            self.write_str(" ELSE ")?;
            self.expression(otherwise)?;
        }
        self.write_str(" END)")
    }

    fn predicate(&mut self, kind: &ExpressionKind) -> fmt::Result {
        let not = |is_negated: &bool| if *is_negated { "NOT " } else { "" };
        self.write_str("(")?;
        match kind {
            ExpressionKind::Not(operand) => {
                self.write_str("NOT ")?;
                self.expression(operand)?;
            }
            ExpressionKind::Between {
                operand,
                is_negated,
                low,
                high,
            } => {
                self.expression(operand)?;
                write!(self, " {}BETWEEN ", not(is_negated))?;
                self.expression(low)?;
                self.write_str(" AND ")?;
                self.expression(high)?;
            }
            ExpressionKind::In {
                operand,
                is_negated,
                items,
            } => {
                self.expression(operand)?;
                write!(self, " {}IN ", not(is_negated))?;
                self.list("(", items, ")")?;
            }
            ExpressionKind::Like {
                operand,
                is_negated,
                ignores_case,
                pattern,
                ..
            } => {
                self.expression(operand)?;
                let operator = if *ignores_case { "ILIKE" } else { "LIKE" };
                write!(self, " {}{operator} ", not(is_negated))?;
                match pattern {
                    LikePattern::One(pattern) => self.expression(pattern)?,
                    LikePattern::Any(patterns) => {
                        self.write_str("ANY ")?;
                        self.list("(", patterns, ")")?;
                    }
                }
            }
            ExpressionKind::IsNull {
                operand,
                is_negated,
            } => {
                self.expression(operand)?;
                write!(self, " IS {}NULL", not(is_negated))?;
            }
            _ => {}
        }
        self.write_str(")")
    }

    fn binary(
        &mut self,
        left: &Expression,
        operator: &dyn fmt::Display,
        right: &Expression,
    ) -> fmt::Result {
        self.write_str("(")?;
        self.expression(left)?;
        write!(self, " {operator} ")?;
        self.expression(right)?;
        self.write_str(")")
    }

    fn chain(&mut self, operands: &[Expression], operator: &str) -> fmt::Result {
        self.write_str("(")?;
        for (index, operand) in operands.iter().enumerate() {
            if index > 0 {
                self.write_str(operator)?;
            }
            self.expression(operand)?;
        }
        self.write_str(")")
    }

    fn list(&mut self, open: &str, items: &[Expression], close: &str) -> fmt::Result {
        self.write_str(open)?;
        for (index, item) in items.iter().enumerate() {
            self.comma(index)?;
            self.expression(item)?;
        }
        self.write_str(close)
    }

    fn comma(&mut self, index: usize) -> fmt::Result {
        self.write_str(if index == 0 { "" } else { ", " })
    }

    fn literal(&mut self, literal: &Literal) -> fmt::Result {
        match literal {
            Literal::Null => self.write_str("null"),
            Literal::Boolean(value) => write!(self, "{value}"),
            other => write!(self, "{other}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use weir_sql::parse_expression;

    use super::shown;

    #[test]
    fn expressions_are_shown_as_ksqldb_shows_them() {
        let check = |text: &str, expected: &str| {
            let parsed = parse_expression(text).expect(text);
            assert_eq!(shown(&parsed), expected);
        };
        check("a + 1.5 * s.b", "(A + (1.5 * S.B))");
        check(
            "NOT a = TRUE AND b IS NOT NULL",
            "((NOT (A = true)) AND (B IS NOT NULL))",
        );
        check("MAP(1 := 'cat') + NULL", "(MAP(1:='cat') + null)");
        check(
            "STRUCT(f0 := 10, f1 := ARRAY[a->b, m['k']])",
            "STRUCT(F0:=10, F1:=ARRAY[A->B, M['k']])",
        );
        check(
            "a NOT IN (1, 2) OR b LIKE 'x%'",
            "((A NOT IN (1, 2)) OR (B LIKE 'x%'))",
        );
        check(
            "CASE WHEN a = 1 THEN CAST(b AS BIGINT) ELSE 0 END",
            "(CASE WHEN (A = 1) THEN CAST(B AS BIGINT) ELSE 0 END)",
        );
        check("x BETWEEN -1 AND UCASE(y)", "(X BETWEEN -1 AND UCASE(Y))");
        check(
            "REDUCE(m, 0, (s, k, v) => s + v) + f(a, x => x = 1)",
            "(REDUCE(M, 0, (S, K, V) => (S + V)) + F(A, X => (X = 1)))",
        );
    }

    #[test]
    fn a_long_one_is_cut() {
        let terms: Vec<String> = (0..10_000).map(|n| format!("a = {n}")).collect();
        let parsed = parse_expression(&terms.join(" OR ")).expect("it parses");
        assert!(shown(&parsed).len() < 320);
    }
}

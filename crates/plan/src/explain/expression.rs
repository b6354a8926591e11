//! An expression as text: near to how it would be written, with the casts that the binder put in.
//!
//! The text says all that the expression does: a LIKE shows its pattern, a literal its value. EXPLAIN shows a bounded
//! beginning of it, the fingerprint takes it whole.

use std::fmt;

use datafusion_common::Column;
use datafusion_expr::{
    BinaryExpr, Case, Expr, Operator,
    expr::{HigherOrderFunction, Lambda, ScalarFunction},
};
use weir_functions::shown::literal;

/// The expression's text, or as much of it as fits into `limit` bytes.
pub fn bounded(expression: &Expr, limit: usize) -> String {
    let mut text = Text::with_room(limit);
    match text.expression(expression) {
        Ok(()) => text.text,
        Err(fmt::Error) => text.text + "…",
    }
}

/// The whole text.
pub fn whole(expression: &Expr) -> String {
    bounded(expression, usize::MAX)
}

/// Text that is refused when there is no more room for it, so that nobody prints ten megabytes to show a line.
struct Text {
    text: String,
    room: usize,
}

impl Text {
    fn with_room(room: usize) -> Self {
        Self {
            text: String::new(),
            room,
        }
    }

    fn push(&mut self, text: &str) -> fmt::Result {
        if text.len() <= self.room {
            self.room -= text.len();
            self.text.push_str(text);
            return Ok(());
        }
        let end = (0..=self.room)
            .rev()
            .find(|end| text.is_char_boundary(*end));
        self.text.push_str(&text[..end.unwrap_or(0)]);
        self.room = 0;
        Err(fmt::Error)
    }

    fn expression(&mut self, expression: &Expr) -> fmt::Result {
        // Statements nest 256 deep, and debug frames are large.
        stacker::maybe_grow(128 << 10, 2 << 20, || match expression {
            Expr::Column(column) => self.push(&column.name),
            Expr::Literal(value, _) => self.push(&literal(value)),
            Expr::BinaryExpr(binary) => self.chain(binary),
            Expr::Not(operand) => {
                self.push("NOT ")?;
                self.operand(operand)
            }
            Expr::IsNull(operand) => {
                self.operand(operand)?;
                self.push(" IS NULL")
            }
            Expr::IsNotNull(operand) => {
                self.operand(operand)?;
                self.push(" IS NOT NULL")
            }
            Expr::Case(case) => self.case(case),
            Expr::ScalarFunction(call) => self.call(call),
            Expr::HigherOrderFunction(call) => self.higher_order(call),
            Expr::Lambda(lambda) => self.lambda(lambda),
            Expr::LambdaVariable(variable) => self.push(&variable.name),
            other => self.push(&other.to_string()),
        })
    }

    /// In brackets where it would otherwise run into what is around it.
    fn operand(&mut self, expression: &Expr) -> fmt::Result {
        if !matches!(expression, Expr::BinaryExpr(_)) {
            return self.expression(expression);
        }
        self.push("(")?;
        self.expression(expression)?;
        self.push(")")
    }

    /// `a OR b OR c`, however the tree over them was balanced.
    fn chain(&mut self, binary: &BinaryExpr) -> fmt::Result {
        let symbol = match binary.op {
            Operator::And => " AND ",
            Operator::Or => " OR ",
            other => {
                self.operand(&binary.left)?;
                self.push(&format!(" {other} "))?;
                return self.operand(&binary.right);
            }
        };
        let mut waiting: Vec<&Expr> = vec![&binary.right, &binary.left];
        let mut is_first = true;
        while let Some(next) = waiting.pop() {
            if let Expr::BinaryExpr(inner) = next
                && inner.op == binary.op
            {
                waiting.extend([inner.right.as_ref(), inner.left.as_ref()]);
                continue;
            }
            if !is_first {
                self.push(symbol)?;
            }
            is_first = false;
            self.operand(next)?;
        }
        Ok(())
    }

    fn case(&mut self, case: &Case) -> fmt::Result {
        self.push("CASE")?;
        for (when, then) in &case.when_then_expr {
            self.push(" WHEN ")?;
            self.expression(when)?;
            self.push(" THEN ")?;
            self.expression(then)?;
        }
        if let Some(otherwise) = &case.else_expr {
            self.push(" ELSE ")?;
            self.expression(otherwise)?;
        }
        self.push(" END")
    }

    fn higher_order(&mut self, call: &HigherOrderFunction) -> fmt::Result {
        self.push(call.func.name())?;
        for (index, argument) in call.args.iter().enumerate() {
            self.push(if index == 0 { "(" } else { ", " })?;
            self.expression(argument)?;
        }
        self.push(")")
    }

    fn lambda(&mut self, lambda: &Lambda) -> fmt::Result {
        match lambda.params.as_slice() {
            [parameter] => self.push(parameter)?,
            parameters => self.push(&format!("({})", parameters.join(", ")))?,
        }
        self.push(" => ")?;
        self.expression(&lambda.body)
    }

    /// A function prints itself around its arguments, which it is given as columns that are called as they print.
    fn call(&mut self, call: &ScalarFunction) -> fmt::Result {
        let mut arguments = Vec::with_capacity(call.args.len());
        for argument in &call.args {
            let mut text = Self::with_room(self.room);
            if let Err(error) = text.expression(argument) {
                self.push(call.func.name())?;
                self.push("(")?;
                self.push(&text.text)?;
                return Err(error);
            }
            arguments.push(Expr::Column(Column::new_unqualified(text.text)));
        }
        match call.func.inner().schema_name(&arguments) {
            Ok(text) => self.push(&text),
            Err(_) => self.push(call.func.name()),
        }
    }
}

#[cfg(test)]
mod tests {
    use datafusion_expr::{col, lit};

    use super::*;

    fn check(expression: Expr, expected: &str) {
        assert_eq!(whole(&expression), expected);
    }

    #[test]
    fn chains_are_flat_and_other_operators_are_set_apart() {
        let (a, b, c) = (col("a"), col("b"), col("c"));
        check(a.clone().or(b.clone().or(c.clone())), "a OR b OR c");
        check(a.clone().and(b.clone()).or(c.clone()), "(a AND b) OR c");
        check(Expr::Not(Box::new(a.clone().and(b))), "NOT (a AND b)");
        check(
            a.is_null().and(c.is_not_null()),
            "a IS NULL AND c IS NOT NULL",
        );
    }

    #[test]
    fn what_does_not_fit_is_cut_between_characters() {
        let text = lit("äöü").eq(col("a"));
        assert_eq!(bounded(&text, 4), "'ä…");
        assert_eq!(bounded(&text, 12), "'äöü' = a");
    }

    #[test]
    fn patterns_of_functions_are_in_the_text() {
        let like = |pattern: &str| {
            let how = weir_functions::operators::Like {
                escape: Some('!'),
                ..Default::default()
            };
            let made = weir_functions::operators::like(col("b"), vec![lit(pattern)], how);
            whole(&made.expect("the pattern ends in no escape"))
        };
        assert_eq!(like("%it's%"), "b LIKE '%it''s%' ESCAPE '!'");
        assert_ne!(like("%x%"), like("%y%"));
    }
}

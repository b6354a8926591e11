//! LIKE: our own, since ksqlDB has no implicit escape character and its users' rules are full of backslashes.
//!
//! `%` is any run of characters and `_` any one (a code point), line breaks included. Two-valued: with a NULL value or
//! pattern LIKE is FALSE and NOT LIKE is TRUE. So it is for a pattern out of a column that ends in its escape character;
//! in a literal that is an error when the statement is bound. `Expr::Like` never reaches DataFusion.

mod column;
mod pattern;

use std::{
    hash::{Hash, Hasher},
    sync::Arc,
};

use arrow::{
    array::{ArrayRef, BooleanArray},
    buffer::BooleanBuffer,
    datatypes::DataType,
};
use datafusion_common::{Result, ScalarValue, plan_err};
use datafusion_expr::{Expr, lit};

pub use self::pattern::LikePattern;
use crate::{
    kernel::{self, Call, Kernel, false_where_null},
    shown,
};

/// `value [NOT] LIKE pattern [ESCAPE escape]`; never NULL. A literal pattern is compiled here, once.
///
/// The error, in words, is a literal pattern that ends in its escape character.
pub fn like(
    value: Expr,
    pattern: Expr,
    escape: Option<char>,
    is_negated: bool,
) -> Result<Expr, String> {
    let Expr::Literal(literal, _) = &pattern else {
        let kernel = LikeColumn { escape, is_negated };
        return Ok(kernel::call(kernel, vec![value, pattern]));
    };
    let ScalarValue::Utf8(Some(text)) = literal else {
        return Ok(lit(is_negated));
    };
    let kernel = LikeLiteral {
        text: text.clone(),
        escape,
        is_negated,
        pattern: Arc::new(LikePattern::try_new(text, escape)?),
    };
    Ok(kernel::call(kernel, vec![value]))
}

/// The pattern is in the kernel, compiled.
#[derive(Debug)]
struct LikeLiteral {
    text: String,
    escape: Option<char>,
    is_negated: bool,
    pattern: Arc<LikePattern>,
}

impl PartialEq for LikeLiteral {
    fn eq(&self, other: &Self) -> bool {
        (&self.text, self.escape, self.is_negated) == (&other.text, other.escape, other.is_negated)
    }
}

impl Eq for LikeLiteral {}

impl Hash for LikeLiteral {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (&self.text, self.escape, self.is_negated).hash(state);
    }
}

impl Kernel for LikeLiteral {
    fn name(&self) -> &str {
        if self.is_negated { "not_like" } else { "like" }
    }

    fn display(&self, arguments: &[String]) -> Option<String> {
        let pattern = shown::literal(&ScalarValue::from(self.text.as_str()));
        Some(display(
            arguments.first()?,
            &pattern,
            self.escape,
            self.is_negated,
        ))
    }

    fn returns(&self, arguments: &[DataType]) -> Result<DataType> {
        check_strings(arguments)
    }

    fn is_nullable(&self) -> bool {
        false
    }

    fn evaluate(&self, call: &Call) -> Result<ArrayRef> {
        let values = call.argument(0)?.strings()?;
        let matches = column::matches(&self.pattern, values.array);
        finish(matches, call, self.is_negated)
    }
}

/// The pattern is an expression.
#[derive(Debug, PartialEq, Eq, Hash)]
struct LikeColumn {
    escape: Option<char>,
    is_negated: bool,
}

impl Kernel for LikeColumn {
    fn name(&self) -> &str {
        if self.is_negated { "not_like" } else { "like" }
    }

    fn display(&self, arguments: &[String]) -> Option<String> {
        let [value, pattern] = arguments else {
            return None;
        };
        Some(display(value, pattern, self.escape, self.is_negated))
    }

    fn returns(&self, arguments: &[DataType]) -> Result<DataType> {
        check_strings(arguments)
    }

    fn is_nullable(&self) -> bool {
        false
    }

    fn evaluate(&self, call: &Call) -> Result<ArrayRef> {
        let (values, patterns) = (call.argument(0)?.strings()?, call.argument(1)?.strings()?);
        // Patterns out of a small table repeat; the last one is kept.
        let mut last: Option<(&str, Option<LikePattern>)> = None;
        let mut truth = Vec::with_capacity(call.rows);
        for row in 0..call.rows {
            let (Some(value), Some(text)) = (values.get(row), patterns.get(row)) else {
                truth.push(false);
                continue;
            };
            if last.as_ref().is_none_or(|(of, _)| *of != text) {
                last = Some((text, LikePattern::try_new(text, self.escape).ok()));
            }
            let pattern = last.as_ref().and_then(|(_, pattern)| pattern.as_ref());
            truth.push(pattern.is_some_and(|pattern| pattern.matches(value)));
        }
        finish(BooleanBuffer::from(truth), call, self.is_negated)
    }
}

fn display(value: &str, pattern: &str, escape: Option<char>, is_negated: bool) -> String {
    let operator = if is_negated { "NOT LIKE" } else { "LIKE" };
    match escape {
        Some(escape) => format!("{value} {operator} {pattern} ESCAPE '{escape}'"),
        None => format!("{value} {operator} {pattern}"),
    }
}

fn finish(matches: BooleanBuffer, call: &Call, is_negated: bool) -> Result<ArrayRef> {
    let is_like = false_where_null(matches, call.validity());
    let truth = if is_negated { !&is_like } else { is_like };
    Ok(Arc::new(BooleanArray::new(truth, None)))
}

fn check_strings(arguments: &[DataType]) -> Result<DataType> {
    match arguments.iter().all(|argument| *argument == DataType::Utf8) {
        true => Ok(DataType::Boolean),
        false => plan_err!("LIKE takes STRINGs"),
    }
}

#[cfg(test)]
mod tests;

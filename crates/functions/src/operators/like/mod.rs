//! LIKE and ILIKE: our own, since ksqlDB has no implicit escape character and its users' rules are full of backslashes.
//!
//! `%` is any run of characters and `_` any one (a code point), line breaks included. ILIKE folds both sides
//! (`crate::fold`). Two-valued: with a NULL value or pattern LIKE is FALSE and NOT LIKE is TRUE. So it is for a pattern out
//! of a column that ends in its escape character; in a literal that is an error when the statement is bound. `Expr::Like`
//! never reaches DataFusion.

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
use datafusion_expr::{Expr, ScalarUDF, lit};

pub use self::pattern::{LikePattern, Place};
use crate::{
    kernel::{self, Argument, Call, Kernel, Strings, false_where_null},
    shown,
};

/// How patterns are read, and what becomes of the answer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Like {
    pub escape: Option<char>,
    pub is_negated: bool,
    /// ILIKE.
    pub ignores_case: bool,
}

/// A literal pattern that ends in its escape character.
#[derive(Debug, PartialEq, Eq)]
pub struct BadPattern {
    /// Which of the patterns.
    pub index: usize,
    /// What is wrong, in words.
    pub message: String,
}

/// `value [NOT] LIKE pattern [ESCAPE escape]`, or `LIKE ANY` of several; never NULL. Literal patterns are read here,
/// once.
pub fn like(value: Expr, patterns: Vec<Expr>, how: Like) -> Result<Expr, BadPattern> {
    let mut literals = Vec::with_capacity(patterns.len());
    let mut arguments = vec![value];
    for (index, pattern) in patterns.into_iter().enumerate() {
        match pattern {
            Expr::Literal(ScalarValue::Utf8(Some(text)), _) => {
                let compiled = LikePattern::try_new(&text, how.escape, how.ignores_case);
                let compiled = compiled.map_err(|message| BadPattern { index, message })?;
                literals.push(Literal(Arc::new(compiled.at_rest())));
            }
            // NULL is like nothing.
            Expr::Literal(..) => {}
            other => arguments.push(other),
        }
    }
    if literals.is_empty() && arguments.len() == 1 {
        return Ok(lit(how.is_negated));
    }
    Ok(kernel::call(LikeKernel { literals, how }, arguments))
}

/// A literal pattern as it is written, and compiled.
pub type Written<'a> = (&'a str, &'a Arc<LikePattern>);

/// What is asked of a value by literal patterns: the value, and the patterns. `None` if `udf` is no LIKE, or if there are
/// other patterns.
pub(super) fn of_literals<'a>(
    udf: &'a ScalarUDF,
    arguments: &'a [Expr],
) -> Option<(&'a Expr, Vec<Written<'a>>, Like)> {
    let kernel = kernel::kernel_of::<LikeKernel>(udf)?;
    let [value] = arguments else {
        return None;
    };
    let literals = kernel.literals.iter();
    let patterns = literals.map(|literal| (literal.0.text(), &literal.0));
    Some((value, patterns.collect(), kernel.how))
}

/// Arguments: the value, then the patterns that are no literals.
#[derive(Debug, PartialEq, Eq, Hash)]
struct LikeKernel {
    literals: Vec<Literal>,
    how: Like,
}

/// It is what is written.
#[derive(Debug)]
struct Literal(Arc<LikePattern>);

impl PartialEq for Literal {
    fn eq(&self, other: &Self) -> bool {
        self.0.text() == other.0.text()
    }
}

impl Eq for Literal {}

impl Hash for Literal {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.text().hash(state);
    }
}

impl Kernel for LikeKernel {
    fn name(&self) -> &str {
        match (self.how.ignores_case, self.how.is_negated) {
            (false, false) => "like",
            (false, true) => "not_like",
            (true, false) => "ilike",
            (true, true) => "not_ilike",
        }
    }

    fn display(&self, arguments: &[String]) -> Option<String> {
        let (value, others) = arguments.split_first()?;
        let literals = self.literals.iter();
        let literals = literals.map(|literal| shown::literal(&ScalarValue::from(literal.0.text())));
        let patterns: Vec<String> = literals.chain(others.iter().cloned()).collect();
        let patterns = match patterns.as_slice() {
            [only] => only.clone(),
            several => format!("ANY ({})", several.join(", ")),
        };
        let not = if self.how.is_negated { "NOT " } else { "" };
        let operator = if self.how.ignores_case {
            "ILIKE"
        } else {
            "LIKE"
        };
        let escape = self.how.escape;
        let escape = escape.map_or(String::new(), |escape| format!(" ESCAPE '{escape}'"));
        Some(format!("{value} {not}{operator} {patterns}{escape}"))
    }

    fn returns(&self, arguments: &[DataType]) -> Result<DataType> {
        match arguments.iter().all(|argument| *argument == DataType::Utf8) {
            true => Ok(DataType::Boolean),
            false => plan_err!("LIKE takes STRINGs"),
        }
    }

    fn is_nullable(&self) -> bool {
        false
    }

    fn evaluate(&self, call: &Call) -> Result<ArrayRef> {
        let value = call.argument(0)?;
        let values = value.strings()?;
        let without_case = self.how.ignores_case.then(|| column::folded(values.array));
        let array = without_case.as_ref().unwrap_or(values.array);
        let of_literals = self.literals.iter().map(|literal| {
            let matches = column::matches(&literal.0, array);
            match value.is_constant() && matches.value(0) {
                true => BooleanBuffer::new_set(call.rows),
                false if value.is_constant() => BooleanBuffer::new_unset(call.rows),
                false => matches,
            }
        });
        let mut truth = of_literals.reduce(|one, other| &one | &other);
        for patterns in call.arguments.iter().skip(1) {
            let matches = self.of_column(value, array, patterns.strings()?, call.rows);
            truth = Some(match truth {
                Some(truth) => &truth | &matches,
                None => matches,
            });
        }
        let truth = truth.unwrap_or_else(|| BooleanBuffer::new_unset(call.rows));
        let is_like = false_where_null(truth, value.validity(call.rows));
        let truth = if self.how.is_negated {
            !&is_like
        } else {
            is_like
        };
        Ok(Arc::new(BooleanArray::new(truth, None)))
    }
}

impl LikeKernel {
    /// Row by row; NULL patterns match nothing.
    fn of_column(
        &self,
        value: &Argument,
        array: &arrow::array::StringArray,
        patterns: Strings,
        rows: usize,
    ) -> BooleanBuffer {
        // Patterns out of a small table repeat; the last one is kept.
        let mut last: Option<(&str, Option<LikePattern>)> = None;
        BooleanBuffer::collect_bool(rows, |row| {
            let Some(text) = patterns.get(row) else {
                return false;
            };
            if last.as_ref().is_none_or(|(of, _)| *of != text) {
                let how = self.how;
                let pattern = LikePattern::try_new(text, how.escape, how.ignores_case);
                last = Some((text, pattern.ok()));
            }
            let pattern = last.as_ref().and_then(|(_, pattern)| pattern.as_ref());
            pattern.is_some_and(|pattern| pattern.matches(array.value(value.index(row))))
        })
    }
}

#[cfg(test)]
mod tests;

//! `value IN (literal, …)`, all of one type.
//!
//! Literals go into a hash set that is made once, so that a list of thousands costs as little as one of three. NULL items count
//! for nothing, a NULL value is in no list.

use std::{
    collections::HashSet,
    hash::{Hash, Hasher},
    sync::Arc,
};

use arrow::{
    array::{ArrayRef, AsArray, BooleanArray},
    buffer::BooleanBuffer,
    datatypes::{
        DataType, Date32Type, Float64Type, Int32Type, Int64Type, Time32MillisecondType, TimeUnit,
        TimestampMillisecondType,
    },
};
use datafusion_common::{Result, ScalarValue, plan_err};
use datafusion_expr::{Expr, ScalarUDF};

use crate::{
    kernel::{self, Argument, Call, Kernel, false_where_null},
    shown,
};

/// `operand IN (literals)`, never NULL; `None`: compare with them one by one.
///
/// There is a set for all types but DECIMAL, whose equal values may look different, and collections.
pub fn in_set(operand: Expr, literals: &[ScalarValue]) -> Option<Expr> {
    let literals: Vec<ScalarValue> = literals
        .iter()
        .filter(|item| !item.is_null())
        .cloned()
        .collect();
    if literals.is_empty() || !literals.iter().all(Members::can_hold) {
        return None;
    }
    Some(kernel::call(InLiterals::new(literals), vec![operand]))
}

/// The value and the literals; `None` if `udf` is no IN.
pub(super) fn literals<'a>(
    udf: &'a ScalarUDF,
    arguments: &'a [Expr],
) -> Option<(&'a Expr, &'a [ScalarValue])> {
    let kernel = kernel::kernel_of::<InLiterals>(udf)?;
    Some((arguments.first()?, &kernel.literals))
}

#[derive(Debug)]
struct InLiterals {
    literals: Vec<ScalarValue>,
    members: Arc<Members>,
}

/// The literals, as what they are compared by.
#[derive(Debug, Default)]
struct Members {
    strings: HashSet<Box<[u8]>>,
    integers: HashSet<i64>,
}

impl Members {
    fn can_hold(literal: &ScalarValue) -> bool {
        Self::integer(literal).is_some()
            || matches!(
                literal,
                ScalarValue::Utf8(Some(_)) | ScalarValue::Binary(Some(_))
            )
    }

    fn new(literals: &[ScalarValue]) -> Self {
        let mut members = Self::default();
        for literal in literals {
            match literal {
                ScalarValue::Utf8(Some(text)) => {
                    members.strings.insert(text.as_bytes().into());
                }
                ScalarValue::Binary(Some(bytes)) => {
                    members.strings.insert(bytes.as_slice().into());
                }
                _ => members.integers.extend(Self::integer(literal)),
            }
        }
        members
    }

    /// Equal for equal values of one type. NaN is in no list: it equals nothing.
    fn integer(literal: &ScalarValue) -> Option<i64> {
        match *literal {
            ScalarValue::Int32(value) | ScalarValue::Date32(value) => value.map(i64::from),
            ScalarValue::Time32Millisecond(value) => value.map(i64::from),
            ScalarValue::Int64(value) | ScalarValue::TimestampMillisecond(value, None) => value,
            ScalarValue::Float64(value) => value.filter(|value| !value.is_nan()).map(double_bits),
            ScalarValue::Boolean(value) => value.map(i64::from),
            _ => None,
        }
    }

    fn has_integer(&self, value: i64) -> bool {
        self.integers.contains(&value)
    }

    fn has_bytes(&self, value: &[u8]) -> bool {
        self.strings.contains(value)
    }
}

/// `-0.0` is `0.0`.
fn double_bits(value: f64) -> i64 {
    (value + 0.0).to_bits() as i64
}

impl InLiterals {
    fn new(literals: Vec<ScalarValue>) -> Self {
        let members = Arc::new(Members::new(&literals));
        Self { literals, members }
    }
}

impl PartialEq for InLiterals {
    fn eq(&self, other: &Self) -> bool {
        self.literals == other.literals
    }
}

impl Eq for InLiterals {}

impl Hash for InLiterals {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.literals.hash(state);
    }
}

impl Kernel for InLiterals {
    fn name(&self) -> &str {
        "in_list"
    }

    fn display(&self, arguments: &[String]) -> Option<String> {
        let literals: Vec<String> = self.literals.iter().map(shown::literal).collect();
        Some(format!(
            "{} IN ({})",
            arguments.first()?,
            literals.join(", ")
        ))
    }

    fn returns(&self, arguments: &[DataType]) -> Result<DataType> {
        let [value] = arguments else {
            return plan_err!("IN has one value");
        };
        match self
            .literals
            .iter()
            .all(|literal| literal.data_type() == *value)
        {
            true => Ok(DataType::Boolean),
            false => plan_err!("the items of IN are of the type of its value, {value}"),
        }
    }

    fn is_nullable(&self) -> bool {
        false
    }

    fn evaluate(&self, call: &Call) -> Result<ArrayRef> {
        let truth = self.members.contains(call.argument(0)?, call.rows)?;
        let truth = false_where_null(truth, call.validity());
        Ok(Arc::new(BooleanArray::new(truth, None)))
    }
}

impl Members {
    fn contains(&self, value: &Argument, rows: usize) -> Result<BooleanBuffer> {
        let array = value.array();
        Ok(match array.data_type() {
            DataType::Utf8 => {
                let strings = array.as_string::<i32>();
                BooleanBuffer::collect_bool(rows, |row| {
                    self.has_bytes(strings.value(value.index(row)).as_bytes())
                })
            }
            DataType::Binary => {
                let bytes = array.as_binary::<i32>();
                BooleanBuffer::collect_bool(rows, |row| {
                    self.has_bytes(bytes.value(value.index(row)))
                })
            }
            DataType::Boolean => {
                let booleans = array.as_boolean();
                self.collect(value, rows, |at| Some(i64::from(booleans.value(at))))
            }
            DataType::Int32 => {
                let values = array.as_primitive::<Int32Type>().values();
                self.collect(value, rows, |at| Some(i64::from(values[at])))
            }
            DataType::Int64 => {
                let values = array.as_primitive::<Int64Type>().values();
                self.collect(value, rows, |at| Some(values[at]))
            }
            DataType::Float64 => {
                let values = array.as_primitive::<Float64Type>().values();
                self.collect(value, rows, |at| {
                    (!values[at].is_nan()).then(|| double_bits(values[at]))
                })
            }
            DataType::Date32 => {
                let values = array.as_primitive::<Date32Type>().values();
                self.collect(value, rows, |at| Some(i64::from(values[at])))
            }
            DataType::Time32(TimeUnit::Millisecond) => {
                let values = array.as_primitive::<Time32MillisecondType>().values();
                self.collect(value, rows, |at| Some(i64::from(values[at])))
            }
            DataType::Timestamp(TimeUnit::Millisecond, None) => {
                let values = array.as_primitive::<TimestampMillisecondType>().values();
                self.collect(value, rows, |at| Some(values[at]))
            }
            other => return plan_err!("{other} has no hash set"),
        })
    }

    fn collect(
        &self,
        value: &Argument,
        rows: usize,
        integer: impl Fn(usize) -> Option<i64>,
    ) -> BooleanBuffer {
        BooleanBuffer::collect_bool(rows, |row| {
            integer(value.index(row)).is_some_and(|integer| self.has_integer(integer))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;

    fn check(value: impl Into<ScalarValue>, items: &[ScalarValue], expected: bool) {
        let make = |mut operand: Vec<Expr>| in_set(operand.remove(0), items).unwrap();
        testing::check(make, &[value.into()], &ScalarValue::from(expected));
    }

    #[test]
    fn a_value_is_in_the_list_or_not() {
        let texts = [
            ScalarValue::from("a"),
            ScalarValue::Utf8(None),
            ScalarValue::from("b"),
        ];
        check("b", &texts, true);
        check("c", &texts, false);
        check(ScalarValue::Utf8(None), &texts, false);
        let many: Vec<_> = (0..5000).map(ScalarValue::from).collect();
        check(4999, &many, true);
        check(5000, &many, false);
        check(-0.0, &[ScalarValue::from(0.0)], true);
        check(true, &[ScalarValue::from(true)], true);
        let instant = |millis| ScalarValue::TimestampMillisecond(Some(millis), None);
        check(instant(5), &[instant(4), instant(5)], true);
        let bytes = |byte| ScalarValue::Binary(Some(vec![byte]));
        check(bytes(1), &[bytes(2)], false);
    }

    #[test]
    fn what_has_no_set_is_compared_one_by_one() {
        let operand = || testing::column(0);
        assert!(in_set(operand(), &[ScalarValue::from(f64::NAN)]).is_none());
        assert!(in_set(operand(), &[ScalarValue::Decimal128(Some(1), 2, 1)]).is_none());
        assert!(in_set(operand(), &[ScalarValue::Utf8(None)]).is_none());
    }
}

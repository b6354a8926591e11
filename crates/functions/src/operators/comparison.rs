//! `= <> < <= > >=` and `IS [NOT] DISTINCT FROM`.
//!
//! Two-valued: a comparison with NULL is FALSE, `<>` too. Numbers are of one type here (the binder widens), but for
//! DECIMALs, which may differ in scale. NaN equals nothing, and is not `<>` anything either.

use std::{cmp::Ordering, sync::Arc};

use arrow::{
    array::{ArrayRef, ArrowPrimitiveType, AsArray, BooleanArray},
    buffer::BooleanBuffer,
    datatypes::{
        DataType, Date32Type, Float64Type, Int32Type, Int64Type, Time32MillisecondType, TimeUnit,
        TimestampMillisecondType,
    },
};
use datafusion_common::{Result, plan_err};
use datafusion_expr::{Expr, ScalarUDF};

use super::{
    decimal::{self, Unscaled},
    equality,
};
use crate::kernel::{self, Argument, Call, Kernel, false_where_null};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ComparisonOperator {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    IsDistinctFrom,
    IsNotDistinctFrom,
}

impl ComparisonOperator {
    pub fn symbol(self) -> &'static str {
        match self {
            Self::Equal => "=",
            Self::NotEqual => "<>",
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
            Self::IsDistinctFrom => "IS DISTINCT FROM",
            Self::IsNotDistinctFrom => "IS NOT DISTINCT FROM",
        }
    }

    /// Whether it asks for an order; BOOLEAN, ARRAY, MAP and STRUCT have none.
    pub fn is_ordering(self) -> bool {
        matches!(
            self,
            Self::Less | Self::LessOrEqual | Self::Greater | Self::GreaterOrEqual
        )
    }
}

/// `left operator right`, of one type; never NULL.
pub fn compare(operator: ComparisonOperator, left: Expr, right: Expr) -> Expr {
    kernel::call(Compare { operator }, vec![left, right])
}

/// How `udf` compares; `None` if it does not.
pub(super) fn operator(udf: &ScalarUDF) -> Option<ComparisonOperator> {
    Some(kernel::kernel_of::<Compare>(udf)?.operator)
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Compare {
    operator: ComparisonOperator,
}

impl Kernel for Compare {
    fn name(&self) -> &str {
        self.operator.symbol()
    }

    fn display(&self, arguments: &[String]) -> Option<String> {
        let operator = self.operator.symbol();
        Some(format!(
            "({} {operator} {})",
            arguments.first()?,
            arguments.get(1)?
        ))
    }

    fn returns(&self, arguments: &[DataType]) -> Result<DataType> {
        let [left, right] = arguments else {
            return plan_err!("a comparison has two operands");
        };
        check_comparable(left, right)?;
        if self.operator.is_ordering() && (left.is_nested() || *left == DataType::Boolean) {
            return plan_err!("{left} has no order");
        }
        Ok(DataType::Boolean)
    }

    fn is_nullable(&self) -> bool {
        false
    }

    fn evaluate(&self, call: &Call) -> Result<ArrayRef> {
        let (left, right) = (call.argument(0)?, call.argument(1)?);
        let rows = call.rows;
        let truth = match self.operator {
            ComparisonOperator::IsNotDistinctFrom => same(left, right, rows)?,
            ComparisonOperator::IsDistinctFrom => !&same(left, right, rows)?,
            operator => {
                let truth = with_order(left, right, Compared { operator, rows })?;
                false_where_null(truth, call.validity())
            }
        };
        Ok(Arc::new(BooleanArray::new(truth, None)))
    }
}

/// Where both are NULL, or both are there and equal; NaN is the same as NaN.
pub(crate) fn same(left: &Argument, right: &Argument, rows: usize) -> Result<BooleanBuffer> {
    with_order(left, right, Same { left, right, rows })
}

/// What can be compared at all: the same type, or two DECIMALs.
pub(super) fn check_comparable(left: &DataType, right: &DataType) -> Result<()> {
    let are_decimals = decimal::is_decimal(left) && decimal::is_decimal(right);
    if are_decimals || left.equals_datatype(right) {
        return Ok(());
    }
    plan_err!("cannot compare {left} with {right}")
}

/// Something to be done with the order of two arguments, row by row.
pub(crate) trait WithOrder {
    type Output;

    /// `order(row)` looks at values only, also at what is under a NULL; `None` if one is NaN.
    fn visit(self, order: impl Fn(usize) -> Option<Ordering>) -> Self::Output;
}

struct Compared {
    operator: ComparisonOperator,
    rows: usize,
}

impl WithOrder for Compared {
    type Output = BooleanBuffer;

    fn visit(self, order: impl Fn(usize) -> Option<Ordering>) -> BooleanBuffer {
        let rows = self.rows;
        // A loop for each operator, so that the choice is made outside of it.
        match self.operator {
            ComparisonOperator::Equal | ComparisonOperator::IsNotDistinctFrom => {
                collect(rows, order, Ordering::is_eq)
            }
            ComparisonOperator::NotEqual | ComparisonOperator::IsDistinctFrom => {
                collect(rows, order, Ordering::is_ne)
            }
            ComparisonOperator::Less => collect(rows, order, Ordering::is_lt),
            ComparisonOperator::LessOrEqual => collect(rows, order, Ordering::is_le),
            ComparisonOperator::Greater => collect(rows, order, Ordering::is_gt),
            ComparisonOperator::GreaterOrEqual => collect(rows, order, Ordering::is_ge),
        }
    }
}

fn collect(
    rows: usize,
    order: impl Fn(usize) -> Option<Ordering>,
    accepts: impl Fn(Ordering) -> bool,
) -> BooleanBuffer {
    BooleanBuffer::collect_bool(rows, |row| order(row).is_some_and(&accepts))
}

struct Same<'a> {
    left: &'a Argument,
    right: &'a Argument,
    rows: usize,
}

impl WithOrder for Same<'_> {
    type Output = BooleanBuffer;

    fn visit(self, order: impl Fn(usize) -> Option<Ordering>) -> BooleanBuffer {
        let is_nan = |argument: &Argument, row| {
            let doubles = argument.array().as_primitive_opt::<Float64Type>();
            doubles.is_some_and(|doubles| doubles.value(argument.index(row)).is_nan())
        };
        BooleanBuffer::collect_bool(self.rows, |row| {
            match (self.left.is_null(row), self.right.is_null(row)) {
                (true, true) => true,
                (false, false) => match order(row) {
                    Some(order) => order.is_eq(),
                    None => is_nan(self.left, row) && is_nan(self.right, row),
                },
                _ => false,
            }
        })
    }
}

/// Calls `visit` with the order of `left` and `right`, with a closure of its own for each type.
pub(crate) fn with_order<V: WithOrder>(
    left: &Argument,
    right: &Argument,
    visit: V,
) -> Result<V::Output> {
    Ok(match left.data_type() {
        DataType::Boolean => {
            let (a, b) = (left.array().as_boolean(), right.array().as_boolean());
            visit.visit(|row| Some(a.value(left.index(row)).cmp(&b.value(right.index(row)))))
        }
        DataType::Int32 => primitive::<Int32Type, V>(left, right, visit),
        DataType::Int64 => primitive::<Int64Type, V>(left, right, visit),
        DataType::Float64 => primitive::<Float64Type, V>(left, right, visit),
        DataType::Date32 => primitive::<Date32Type, V>(left, right, visit),
        DataType::Time32(TimeUnit::Millisecond) => {
            primitive::<Time32MillisecondType, V>(left, right, visit)
        }
        DataType::Timestamp(TimeUnit::Millisecond, None) => {
            primitive::<TimestampMillisecondType, V>(left, right, visit)
        }
        DataType::Decimal128(..) | DataType::Decimal256(..) => {
            let (a, b) = (Unscaled::try_new(left)?, Unscaled::try_new(right)?);
            visit.visit(|row| Some(decimal::compare(&a, &b, row)))
        }
        DataType::Utf8 => {
            let (a, b) = (left.strings()?, right.strings()?);
            visit.visit(|row| Some(utf16_order(a.value(row), b.value(row))))
        }
        DataType::Binary => {
            let (a, b) = (
                left.array().as_binary::<i32>(),
                right.array().as_binary::<i32>(),
            );
            visit.visit(|row| {
                Some(signed_order(
                    a.value(left.index(row)),
                    b.value(right.index(row)),
                ))
            })
        }
        DataType::List(_) | DataType::Map(..) | DataType::Struct(_) => {
            let equal = equality::try_new(left.array(), right.array())?;
            visit.visit(|row| match equal(left.index(row), right.index(row)) {
                true => Some(Ordering::Equal),
                // There is no order; any but `Equal` will do.
                false => Some(Ordering::Less),
            })
        }
        other => return plan_err!("{other} cannot be compared"),
    })
}

fn primitive<T: ArrowPrimitiveType, V: WithOrder>(
    left: &Argument,
    right: &Argument,
    visit: V,
) -> V::Output
where
    T::Native: PartialOrd,
{
    let a = left.array().as_primitive::<T>().values();
    let b = right.array().as_primitive::<T>().values();
    visit.visit(|row| a[left.index(row)].partial_cmp(&b[right.index(row)]))
}

/// The order of UTF-16 code units, which is Java's.
///
/// It is that of the bytes of UTF-8, but for U+E000 to U+FFFF, which come after the supplementary characters.
pub(crate) fn utf16_order(left: &str, right: &str) -> Ordering {
    let (left, right) = (left.as_bytes(), right.as_bytes());
    let order = left.cmp(right);
    if order == Ordering::Equal {
        return order;
    }
    let Some(at) = mismatch(left, right) else {
        return order;
    };
    // Only first bytes of a character are 0xEE or more: 0xEE and 0xEF begin U+E000 to U+FFFF, 0xF0 and up the others.
    match (left[at], right[at]) {
        (0xEE..=0xEF, 0xF0..) | (0xF0.., 0xEE..=0xEF) => order.reverse(),
        _ => order,
    }
}

/// The first place where both go on and differ.
fn mismatch(left: &[u8], right: &[u8]) -> Option<usize> {
    const STEP: usize = 8;
    let equal = left
        .chunks_exact(STEP)
        .zip(right.chunks_exact(STEP))
        .take_while(|(a, b)| a == b)
        .count()
        * STEP;
    let rest = left[equal..].iter().zip(&right[equal..]);
    rest.into_iter()
        .position(|(a, b)| a != b)
        .map(|at| equal + at)
}

/// BYTES are signed in Java: `0x80` comes before `0x7F`.
pub(crate) fn signed_order(left: &[u8], right: &[u8]) -> Ordering {
    match mismatch(left, right) {
        Some(at) => (left[at] as i8).cmp(&(right[at] as i8)),
        None => left.len().cmp(&right.len()),
    }
}

#[cfg(test)]
mod tests {
    use datafusion_common::ScalarValue;

    use super::{ComparisonOperator::*, *};
    use crate::testing;

    const ALL: [ComparisonOperator; 8] = [
        Equal,
        NotEqual,
        Less,
        LessOrEqual,
        Greater,
        GreaterOrEqual,
        IsDistinctFrom,
        IsNotDistinctFrom,
    ];

    /// `holds`: the operators that hold between the two; the others must not.
    fn check(
        left: impl Into<ScalarValue>,
        right: impl Into<ScalarValue>,
        holds: &[ComparisonOperator],
    ) {
        let operands = [left.into(), right.into()];
        for operator in ALL {
            let is_ordered = !operands[0].data_type().is_nested()
                && operands[0].data_type() != DataType::Boolean;
            if operator.is_ordering() && !is_ordered {
                continue;
            }
            let make = |mut operands: Vec<Expr>| {
                let right = operands.remove(1);
                compare(operator, operands.remove(0), right)
            };
            let expected = ScalarValue::from(holds.contains(&operator));
            testing::check(make, &operands, &expected);
        }
    }

    const SAME: &[ComparisonOperator] = &[Equal, LessOrEqual, GreaterOrEqual, IsNotDistinctFrom];
    const BELOW: &[ComparisonOperator] = &[NotEqual, Less, LessOrEqual, IsDistinctFrom];
    const ABOVE: &[ComparisonOperator] = &[NotEqual, Greater, GreaterOrEqual, IsDistinctFrom];

    #[test]
    fn numbers() {
        check(1, 1, SAME);
        check(1, 2, BELOW);
        check(3_i64, 2_i64, ABOVE);
        check(0.0, -0.0, SAME);
        check(f64::INFINITY, 1.0, ABOVE);
    }

    #[test]
    fn nan_equals_nothing_and_is_not_unequal() {
        check(f64::NAN, 1.0, &[IsDistinctFrom]);
        check(1.0, f64::NAN, &[IsDistinctFrom]);
        check(f64::NAN, f64::NAN, &[IsNotDistinctFrom]);
    }

    #[test]
    fn a_comparison_with_null_is_false() {
        check(None::<i32>, 1, &[IsDistinctFrom]);
        check(1, None::<i32>, &[IsDistinctFrom]);
        check(None::<i32>, None::<i32>, &[IsNotDistinctFrom]);
        check(ScalarValue::Utf8(None), "", &[IsDistinctFrom]);
        check(None::<bool>, false, &[IsDistinctFrom]);
        check(None::<f64>, f64::NAN, &[IsDistinctFrom]);
    }

    #[test]
    fn strings_are_in_the_order_of_utf16() {
        check("a", "a", SAME);
        check("a", "ab", BELOW);
        check("abcdefgh1", "abcdefgh2", BELOW);
        check("b", "abcdefghi", ABOVE);
        check("é", "z", ABOVE);
        // U+1F600 is the pair D83D DE00, which is below U+FF21 and above U+D7FF.
        check("😀", "Ａ", BELOW);
        check("x\u{ff21}", "x😀", ABOVE);
        check("😀", "\u{d7ff}", ABOVE);
        check("😀", "😁", BELOW);
    }

    #[test]
    fn bytes_are_signed() {
        let bytes = |bytes: &[u8]| ScalarValue::Binary(Some(bytes.to_vec()));
        check(bytes(&[0x80]), bytes(&[0x7f]), BELOW);
        check(bytes(&[1, 2]), bytes(&[1, 2]), SAME);
        check(bytes(&[1]), bytes(&[1, 0]), BELOW);
        check(bytes(&[]), bytes(&[0x80]), BELOW);
    }

    #[test]
    fn decimals_of_any_scale() {
        let decimal =
            |unscaled, precision, scale| ScalarValue::Decimal128(Some(unscaled), precision, scale);
        check(decimal(120, 4, 2), decimal(12, 3, 1), SAME);
        check(decimal(121, 4, 2), decimal(12, 3, 1), ABOVE);
        check(decimal(-121, 4, 2), decimal(-12, 3, 1), BELOW);
        let wide = |text: &str, scale| {
            let unscaled = arrow::datatypes::i256::from_string(text).unwrap();
            ScalarValue::Decimal256(Some(unscaled), 76, scale)
        };
        check(decimal(1, 1, 0), wide("1000000", 6), SAME);
        // Does not fit 256 bits at the other scale.
        let huge = "9".repeat(76);
        check(wide(&huge, 0), wide(&huge, 70), ABOVE);
        check(wide(&format!("-{huge}"), 0), wide(&huge, 70), BELOW);
    }

    #[test]
    fn times_and_booleans() {
        check(
            ScalarValue::Date32(Some(1)),
            ScalarValue::Date32(Some(2)),
            BELOW,
        );
        let instant = |millis| ScalarValue::TimestampMillisecond(Some(millis), None);
        check(instant(-1), instant(0), BELOW);
        check(
            ScalarValue::Time32Millisecond(Some(5)),
            ScalarValue::Time32Millisecond(Some(5)),
            SAME,
        );
        check(true, true, &[Equal, IsNotDistinctFrom]);
        check(true, false, &[NotEqual, IsDistinctFrom]);
    }

    #[test]
    fn what_has_no_order_is_refused() {
        assert!(
            Compare { operator: Less }
                .returns(&[DataType::Boolean, DataType::Boolean])
                .is_err()
        );
        assert!(
            Compare { operator: Equal }
                .returns(&[DataType::Int32, DataType::Int64])
                .is_err()
        );
    }
}

//! `= <> < <= > >=`, IS [NOT] DISTINCT FROM, and IN over constants: two-valued.
//!
//! Both sides have one type; the binder has widened them. A NULL operand makes every comparison FALSE, `<>` too. NaN
//! equals nothing and differs from nothing (ksqlDB's compiled path). STRINGs are ordered by UTF-16 code units, BYTES by
//! signed bytes, as Java does.

use std::{cmp::Ordering, collections::HashSet, sync::Arc};

use arrow::{
    array::{
        Array, ArrayRef, BinaryArray, BooleanArray, Float64Array, Int32Array, Int64Array,
        StringArray,
    },
    buffer::{BooleanBuffer, NullBuffer},
    compute::kernels::cmp,
    datatypes::DataType,
};
use datafusion_common::{Result, ScalarValue};
use datafusion_expr::{ColumnarValue, Expr};
use weir_catalog::SqlType;

use crate::column::{call, downcast, function, on_arrays};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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

    /// Whether it asks for an order; ARRAY, MAP, STRUCT and BOOLEAN have none.
    pub fn is_ordering(self) -> bool {
        matches!(
            self,
            Self::Less | Self::LessOrEqual | Self::Greater | Self::GreaterOrEqual
        )
    }

    fn accepts(self, ordering: Ordering) -> bool {
        match self {
            Self::Equal | Self::IsNotDistinctFrom => ordering.is_eq(),
            Self::NotEqual | Self::IsDistinctFrom => ordering.is_ne(),
            Self::Less => ordering.is_lt(),
            Self::LessOrEqual => ordering.is_le(),
            Self::Greater => ordering.is_gt(),
            Self::GreaterOrEqual => ordering.is_ge(),
        }
    }
}

/// `left operator right`, never NULL.
pub fn compare(operator: ComparisonOperator, left: Expr, right: Expr) -> Expr {
    let compared = function(
        operator.symbol(),
        "",
        &SqlType::Boolean,
        move |arguments, rows| evaluate(operator, &arguments[0], &arguments[1], rows),
    );
    call(compared, vec![left, right])
}

/// A BOOLEAN that may be NULL as a condition: NULL is FALSE.
pub fn truth(condition: Expr) -> Expr {
    let truth = function("TRUTH", "", &SqlType::Boolean, |arguments, rows| {
        on_arrays(arguments, rows, |arrays| {
            Ok(Arc::new(null_is_false(downcast(&arrays[0])?)))
        })
    });
    call(truth, vec![condition])
}

/// `operand IN (values)` over non-NULL constants of the operand's type, by a hash set where there is one for the type.
/// `None`: compare one by one.
pub fn in_set(operand: Expr, values: &[ScalarValue]) -> Option<Expr> {
    let constants = format!("{values:?}");
    let body: Box<dyn Fn(&ArrayRef) -> Result<BooleanArray> + Send + Sync> = match values.first()? {
        ScalarValue::Utf8(_) => {
            let set: HashSet<String> = values
                .iter()
                .filter_map(|value| match value {
                    ScalarValue::Utf8(text) => text.clone(),
                    _ => None,
                })
                .collect();
            Box::new(move |array| {
                let texts = downcast::<StringArray>(array)?;
                Ok(membership(texts.len(), texts.nulls(), |row| {
                    set.contains(texts.value(row))
                }))
            })
        }
        ScalarValue::Int32(_) | ScalarValue::Int64(_) => {
            let set: HashSet<i64> = values
                .iter()
                .filter_map(|value| match value {
                    ScalarValue::Int32(number) => number.map(i64::from),
                    ScalarValue::Int64(number) => *number,
                    _ => None,
                })
                .collect();
            Box::new(move |array| match array.data_type() {
                DataType::Int32 => {
                    let numbers = downcast::<Int32Array>(array)?;
                    Ok(membership(numbers.len(), numbers.nulls(), |row| {
                        set.contains(&i64::from(numbers.value(row)))
                    }))
                }
                _ => {
                    let numbers = downcast::<Int64Array>(array)?;
                    Ok(membership(numbers.len(), numbers.nulls(), |row| {
                        set.contains(&numbers.value(row))
                    }))
                }
            })
        }
        _ => return None,
    };
    let is_in = function(
        "IN",
        constants,
        &SqlType::Boolean,
        move |arguments, rows| on_arrays(arguments, rows, |arrays| Ok(Arc::new(body(&arrays[0])?))),
    );
    Some(call(is_in, vec![operand]))
}

/// TRUE where a row is not NULL and `holds`.
fn membership(
    rows: usize,
    nulls: Option<&NullBuffer>,
    holds: impl Fn(usize) -> bool,
) -> BooleanArray {
    let values = BooleanBuffer::collect_bool(rows, |row| {
        nulls.is_none_or(|nulls| nulls.is_valid(row)) && holds(row)
    });
    BooleanArray::new(values, None)
}

fn null_is_false(array: &BooleanArray) -> BooleanArray {
    match array.nulls() {
        Some(nulls) => BooleanArray::new(array.values() & nulls.inner(), None),
        None => array.clone(),
    }
}

fn evaluate(
    operator: ComparisonOperator,
    left: &ColumnarValue,
    right: &ColumnarValue,
    rows: usize,
) -> Result<ColumnarValue> {
    if let Some(compared) = by_kernel(operator, left, right)? {
        return Ok(ColumnarValue::Array(Arc::new(null_is_false(&compared))));
    }
    on_arrays(&[left.clone(), right.clone()], rows, |arrays| {
        Ok(Arc::new(row_by_row(operator, &arrays[0], &arrays[1])?))
    })
}

/// Arrow's kernels, where their order is ours: a column against a column or a constant.
fn by_kernel(
    operator: ComparisonOperator,
    left: &ColumnarValue,
    right: &ColumnarValue,
) -> Result<Option<BooleanArray>> {
    let has_arrows_order = match left.data_type() {
        DataType::Boolean | DataType::Int32 | DataType::Int64 | DataType::Date32 => true,
        DataType::Time32(_)
        | DataType::Timestamp(..)
        | DataType::Decimal128(..)
        | DataType::Decimal256(..) => true,
        DataType::Utf8 | DataType::Binary => !operator.is_ordering(),
        _ => false,
    };
    if !has_arrows_order {
        return Ok(None);
    }
    let kernel = match operator {
        ComparisonOperator::Equal => cmp::eq,
        ComparisonOperator::NotEqual => cmp::neq,
        ComparisonOperator::Less => cmp::lt,
        ComparisonOperator::LessOrEqual => cmp::lt_eq,
        ComparisonOperator::Greater => cmp::gt,
        ComparisonOperator::GreaterOrEqual => cmp::gt_eq,
        ComparisonOperator::IsDistinctFrom => cmp::distinct,
        ComparisonOperator::IsNotDistinctFrom => cmp::not_distinct,
    };
    Ok(Some(match (left, right) {
        (ColumnarValue::Array(left), ColumnarValue::Array(right)) => kernel(left, right)?,
        (ColumnarValue::Array(left), ColumnarValue::Scalar(right)) => {
            kernel(left, &right.to_scalar()?)?
        }
        (ColumnarValue::Scalar(left), ColumnarValue::Array(right)) => {
            kernel(&left.to_scalar()?, right)?
        }
        (ColumnarValue::Scalar(_), ColumnarValue::Scalar(_)) => return Ok(None),
    }))
}

fn row_by_row(
    operator: ComparisonOperator,
    left: &ArrayRef,
    right: &ArrayRef,
) -> Result<BooleanArray> {
    let order: Box<dyn Fn(usize) -> Option<Ordering>> = match left.data_type() {
        DataType::Float64 => {
            let (left, right) = (
                downcast::<Float64Array>(left)?,
                downcast::<Float64Array>(right)?,
            );
            Box::new(|row| left.value(row).partial_cmp(&right.value(row)))
        }
        DataType::Utf8 => {
            let (left, right) = (
                downcast::<StringArray>(left)?,
                downcast::<StringArray>(right)?,
            );
            Box::new(|row| Some(utf16_order(left.value(row), right.value(row))))
        }
        DataType::Binary => {
            let (left, right) = (
                downcast::<BinaryArray>(left)?,
                downcast::<BinaryArray>(right)?,
            );
            Box::new(|row| Some(signed_order(left.value(row), right.value(row))))
        }
        // ARRAY, MAP, STRUCT: equal or not; NULLs inside are equal. And constants of the other types.
        _ => Box::new(|row| {
            let is_equal = left.slice(row, 1).to_data() == right.slice(row, 1).to_data();
            if is_equal {
                return Some(Ordering::Equal);
            }
            arrow::array::make_comparator(left, right, arrow::compute::SortOptions::default())
                .map_or(Some(Ordering::Less), |compare| Some(compare(row, row)))
        }),
    };
    let values = BooleanBuffer::collect_bool(left.len(), |row| {
        match (left.is_valid(row), right.is_valid(row)) {
            (true, true) => order(row).is_some_and(|ordering| operator.accepts(ordering)),
            (false, false) => operator == ComparisonOperator::IsNotDistinctFrom,
            _ => operator == ComparisonOperator::IsDistinctFrom,
        }
    });
    Ok(BooleanArray::new(values, None))
}

/// The order of UTF-16 code units. It differs from that of UTF-8 bytes only where a character outside the basic plane
/// (surrogates, from U+D800) meets one from U+E000 on.
pub fn utf16_order(left: &str, right: &str) -> Ordering {
    let mut pairs = left.chars().zip(right.chars());
    match pairs.find(|(left, right)| left != right) {
        None => left.len().cmp(&right.len()),
        Some((left, right)) => {
            let unit = |character: char| character.encode_utf16(&mut [0; 2])[0];
            unit(left).cmp(&unit(right)).then(left.cmp(&right))
        }
    }
}

fn signed_order(left: &[u8], right: &[u8]) -> Ordering {
    let signed = |bytes: &[u8]| bytes.iter().map(|byte| *byte as i8).collect::<Vec<_>>();
    signed(left).cmp(&signed(right))
}

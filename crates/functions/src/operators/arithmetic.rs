//! `+ - * / %` and unary minus.
//!
//! INTEGER and BIGINT wrap; their division by zero is NULL. DOUBLE is IEEE's. DECIMAL is exact or NULL. STRING + STRING
//! concatenates and prints a NULL as `null`, as ksqlDB's compiled expressions do.

use std::sync::Arc;

use arrow::{
    array::{ArrayRef, ArrowPrimitiveType, AsArray, PrimitiveArray, StringBuilder},
    compute::{cast, kernels::numeric},
    datatypes::{ArrowNativeTypeOp, DataType, Float64Type, Int32Type, Int64Type, i256},
};
use datafusion_common::{Result, plan_err};
use datafusion_expr::Expr;
use weir_catalog::SqlType;

use super::decimal::{self, Unscaled};
use crate::kernel::{self, Argument, Call, Kernel};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ArithmeticOperator {
    Add,
    Subtract,
    Multiply,
    Divide,
    Modulo,
}

impl ArithmeticOperator {
    pub fn symbol(self) -> &'static str {
        match self {
            Self::Add => "+",
            Self::Subtract => "-",
            Self::Multiply => "*",
            Self::Divide => "/",
            Self::Modulo => "%",
        }
    }
}

/// The type of `left op right`; `None`: the operator does not take these types.
///
/// ksqlDB's DECIMAL has no most digits, Arrow's has: what would be wider has
/// [`SqlType::MAX_DECIMAL_PRECISION`] digits, and values that do not fit are NULL.
pub fn arithmetic_type(
    operator: ArithmeticOperator,
    left: &SqlType,
    right: &SqlType,
) -> Option<SqlType> {
    match (left, right) {
        (SqlType::String, SqlType::String) => {
            (operator == ArithmeticOperator::Add).then_some(SqlType::String)
        }
        _ if !left.is_number() || !right.is_number() => None,
        (SqlType::Double, _) | (_, SqlType::Double) => Some(SqlType::Double),
        (SqlType::Decimal { .. }, _) | (_, SqlType::Decimal { .. }) => Some(decimal_type(
            operator,
            as_decimal(left)?,
            as_decimal(right)?,
        )),
        (SqlType::BigInt, _) | (_, SqlType::BigInt) => Some(SqlType::BigInt),
        _ => Some(SqlType::Integer),
    }
}

/// Precision and scale of a number that is not a DOUBLE: what it is beside a DECIMAL.
pub fn as_decimal(number: &SqlType) -> Option<(u8, u8)> {
    match number {
        SqlType::Integer => Some((10, 0)),
        SqlType::BigInt => Some((19, 0)),
        SqlType::Decimal { precision, scale } => Some((*precision, *scale)),
        _ => None,
    }
}

fn decimal_type(operator: ArithmeticOperator, left: (u8, u8), right: (u8, u8)) -> SqlType {
    let (p1, s1) = (i32::from(left.0), i32::from(left.1));
    let (p2, s2) = (i32::from(right.0), i32::from(right.1));
    let (precision, scale) = match operator {
        ArithmeticOperator::Add | ArithmeticOperator::Subtract => {
            let scale = s1.max(s2);
            (scale + (p1 - s1).max(p2 - s2) + 1, scale)
        }
        ArithmeticOperator::Multiply => (p1 + p2 + 1, s1 + s2),
        ArithmeticOperator::Divide => {
            let scale = (s1 + p2 + 1).max(6);
            (p1 - s1 + s2 + scale, scale)
        }
        ArithmeticOperator::Modulo => {
            let scale = s1.max(s2);
            ((p1 - s1).min(p2 - s2) + scale, scale)
        }
    };
    let most = i32::from(SqlType::MAX_DECIMAL_PRECISION);
    let scale = scale.clamp(0, most);
    SqlType::Decimal {
        precision: precision.clamp(scale.max(1), most) as u8,
        scale: scale as u8,
    }
}

/// `left op right`; `result` is what [`arithmetic_type`] says, and the operands need no cast.
pub fn arithmetic(operator: ArithmeticOperator, left: Expr, right: Expr, result: &SqlType) -> Expr {
    let result = result.to_arrow();
    kernel::call(Binary { operator, result }, vec![left, right])
}

/// `-operand`, of its type.
pub fn negate(operand: Expr, sql_type: &SqlType) -> Expr {
    let result = sql_type.to_arrow();
    kernel::call(Negate { result }, vec![operand])
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Binary {
    operator: ArithmeticOperator,
    result: DataType,
}

impl Kernel for Binary {
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

    fn returns(&self, _arguments: &[DataType]) -> Result<DataType> {
        Ok(self.result.clone())
    }

    fn evaluate(&self, call: &Call) -> Result<ArrayRef> {
        let (left, right) = (call.argument(0)?, call.argument(1)?);
        match &self.result {
            DataType::Int32 => integers::<Int32Type>(self.operator, call),
            DataType::Int64 => integers::<Int64Type>(self.operator, call),
            DataType::Float64 => doubles(self.operator, call),
            DataType::Utf8 => concatenate(left, right, call.rows),
            DataType::Decimal128(..) | DataType::Decimal256(..) => {
                decimals(self.operator, left, right, call.rows, &self.result)
            }
            other => plan_err!("no arithmetic gives {other}"),
        }
    }
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Negate {
    result: DataType,
}

impl Kernel for Negate {
    fn name(&self) -> &str {
        "-"
    }

    fn display(&self, arguments: &[String]) -> Option<String> {
        Some(format!("-{}", arguments.first()?))
    }

    fn returns(&self, arguments: &[DataType]) -> Result<DataType> {
        match arguments {
            [operand] if operand.is_numeric() && *operand == self.result => Ok(operand.clone()),
            _ => plan_err!("only a number can be negated"),
        }
    }

    fn evaluate(&self, call: &Call) -> Result<ArrayRef> {
        Ok(numeric::neg_wrapping(call.argument(0)?.array())?)
    }
}

/// The operand as `T`, which it is or widens to.
fn widened<T: ArrowPrimitiveType>(argument: &Argument) -> Result<PrimitiveArray<T>> {
    let array = cast(argument.array(), &T::DATA_TYPE)?;
    Ok(array.as_primitive::<T>().clone())
}

fn integers<T: ArrowPrimitiveType>(operator: ArithmeticOperator, call: &Call) -> Result<ArrayRef>
where
    T::Native: ArrowNativeTypeOp,
{
    let (left, right) = (call.argument(0)?, call.argument(1)?);
    let (a, b) = (widened::<T>(left)?, widened::<T>(right)?);
    let (a, b) = (a.values(), b.values());
    let validity = call.validity();
    let operands = |row| (a[left.index(row)], b[right.index(row)]);
    let each = |compute: fn(T::Native, T::Native) -> T::Native| {
        let values = (0..call.rows).map(|row| {
            let (a, b) = operands(row);
            compute(a, b)
        });
        PrimitiveArray::<T>::new(values.collect(), validity.clone())
    };
    let each_but_zero = |compute: fn(T::Native, T::Native) -> T::Native| {
        let is_valid = |row| {
            validity
                .as_ref()
                .is_none_or(|validity| validity.is_valid(row))
        };
        let values = (0..call.rows).map(|row| {
            let (a, b) = operands(row);
            (is_valid(row) && !b.is_zero()).then(|| compute(a, b))
        });
        values.collect::<PrimitiveArray<T>>()
    };
    Ok(Arc::new(match operator {
        ArithmeticOperator::Add => each(T::Native::add_wrapping),
        ArithmeticOperator::Subtract => each(T::Native::sub_wrapping),
        ArithmeticOperator::Multiply => each(T::Native::mul_wrapping),
        ArithmeticOperator::Divide => each_but_zero(T::Native::div_wrapping),
        ArithmeticOperator::Modulo => each_but_zero(T::Native::mod_wrapping),
    }))
}

fn doubles(operator: ArithmeticOperator, call: &Call) -> Result<ArrayRef> {
    let (left, right) = (call.argument(0)?, call.argument(1)?);
    let (a, b) = (double_operand(left)?, double_operand(right)?);
    let (a, b) = (a.values(), b.values());
    let compute: fn(f64, f64) -> f64 = match operator {
        ArithmeticOperator::Add => |a, b| a + b,
        ArithmeticOperator::Subtract => |a, b| a - b,
        ArithmeticOperator::Multiply => |a, b| a * b,
        ArithmeticOperator::Divide => |a, b| a / b,
        ArithmeticOperator::Modulo => |a, b| a % b,
    };
    let values = (0..call.rows).map(|row| compute(a[left.index(row)], b[right.index(row)]));
    Ok(Arc::new(PrimitiveArray::<Float64Type>::new(
        values.collect(),
        call.validity(),
    )))
}

fn double_operand(argument: &Argument) -> Result<PrimitiveArray<Float64Type>> {
    if decimal::is_decimal(argument.data_type()) {
        let doubles = super::cast::decimal_to_double(argument.array())?;
        return Ok(doubles.as_primitive::<Float64Type>().clone());
    }
    widened(argument)
}

fn concatenate(left: &Argument, right: &Argument, rows: usize) -> Result<ArrayRef> {
    let (left, right) = (left.strings()?, right.strings()?);
    let mut builder = StringBuilder::with_capacity(rows, 0);
    for row in 0..rows {
        let (left, right) = (left.get(row), right.get(row));
        // `append_value` ends a value, `write_str` only adds to it.
        use std::fmt::Write;
        for text in [left, right] {
            let written = builder.write_str(text.unwrap_or("null"));
            written.map_err(|_| datafusion_common::internal_datafusion_err!("no room for text"))?;
        }
        builder.append_value("");
    }
    Ok(Arc::new(builder.finish()))
}

fn decimals(
    operator: ArithmeticOperator,
    left: &Argument,
    right: &Argument,
    rows: usize,
    result: &DataType,
) -> Result<ArrayRef> {
    let (left, right) = (decimal_operand(left)?, decimal_operand(right)?);
    let (left, right) = (Unscaled::try_new(&left)?, Unscaled::try_new(&right)?);
    let scale = match result {
        DataType::Decimal128(_, scale) | DataType::Decimal256(_, scale) => *scale,
        other => return plan_err!("expected a DECIMAL, got {other}"),
    };
    let values = (0..rows).map(|row| {
        if left.is_null(row) || right.is_null(row) {
            return None;
        }
        let (a, b) = (left.value(row), right.value(row));
        exact(operator, (a, left.scale), (b, right.scale), scale)
    });
    decimal::collect(result, values)
}

/// An integer is a DECIMAL(10, 0) or DECIMAL(19, 0) beside a DECIMAL.
fn decimal_operand(argument: &Argument) -> Result<Argument> {
    let as_decimal = match argument.data_type() {
        DataType::Int32 => DataType::Decimal128(10, 0),
        DataType::Int64 => DataType::Decimal128(19, 0),
        _ => return Ok(argument.clone()),
    };
    let array = cast(argument.array(), &as_decimal)?;
    Ok(match argument.is_constant() {
        true => Argument::constant(array),
        false => Argument::column(array),
    })
}

/// The result at `scale`, or `None` if it is not exact there, or beyond 256 bits.
fn exact(
    operator: ArithmeticOperator,
    (a, s1): (i256, i8),
    (b, s2): (i256, i8),
    scale: i8,
) -> Option<i256> {
    let common = s1.max(s2);
    let aligned = || {
        let a = decimal::rescale_up(a, common - s1)?;
        let b = decimal::rescale_up(b, common - s2)?;
        Some((a, b))
    };
    match operator {
        ArithmeticOperator::Add => {
            let (a, b) = aligned()?;
            rescale_exact(a.checked_add(b)?, common, scale)
        }
        ArithmeticOperator::Subtract => {
            let (a, b) = aligned()?;
            rescale_exact(a.checked_sub(b)?, common, scale)
        }
        ArithmeticOperator::Multiply => {
            rescale_exact(a.checked_mul(b)?, s1.checked_add(s2)?, scale)
        }
        ArithmeticOperator::Divide => {
            let places = i16::from(scale) - i16::from(s1) + i16::from(s2);
            let dividend = decimal::rescale_up(a, i8::try_from(places).ok()?)?;
            let rest = dividend.checked_rem(b)?;
            (rest == i256::ZERO).then(|| dividend.checked_div(b))?
        }
        ArithmeticOperator::Modulo => {
            let (a, b) = aligned()?;
            rescale_exact(a.checked_rem(b)?, common, scale)
        }
    }
}

fn rescale_exact(value: i256, from: i8, to: i8) -> Option<i256> {
    if to >= from {
        return decimal::rescale_up(value, to - from);
    }
    let divisor = decimal::power_of_ten(from - to)?;
    let rest = value.checked_rem(divisor)?;
    (rest == i256::ZERO).then(|| value.checked_div(divisor))?
}

//! `+ - * / %` and unary minus.
//!
//! INTEGER and BIGINT wrap; their division by zero is NULL. DOUBLE is IEEE's. DECIMAL is exact or NULL. STRING + STRING
//! concatenates and prints a NULL as `null`, as ksqlDB's compiled expressions do.

use std::sync::Arc;

use arrow::{
    array::{ArrayRef, ArrowPrimitiveType, AsArray, PrimitiveArray},
    compute::{cast, kernels::numeric},
    datatypes::{ArrowNativeTypeOp, DataType, Float64Type, Int32Type, Int64Type, i256},
};
use datafusion_common::{Result, plan_err};
use datafusion_expr::{Expr, ScalarUDF};
use weir_catalog::SqlType;

use super::decimal::{self, Unscaled};
use crate::{
    kernel::{self, Argument, Call, Kernel},
    texts::Texts,
};

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

/// Whether it calculates with numbers. Such a result is NULL just where ksqlDB throws: over NULLs too.
pub(crate) fn is_calculation(udf: &ScalarUDF) -> bool {
    let binary = kernel::kernel_of::<Binary>(udf);
    binary.is_some_and(|binary| binary.result != DataType::Utf8)
        || kernel::kernel_of::<Negate>(udf).is_some()
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
    let mut results = Texts::new(rows);
    let mut joined = String::new();
    for row in 0..rows {
        joined.clear();
        joined.push_str(left.get(row).unwrap_or("null"));
        joined.push_str(right.get(row).unwrap_or("null"));
        results.push(Some(&joined));
    }
    results.finish()
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

#[cfg(test)]
mod tests {
    use datafusion_common::ScalarValue;

    use super::{ArithmeticOperator::*, *};
    use crate::testing;

    fn check(
        operator: ArithmeticOperator,
        left: impl Into<ScalarValue>,
        right: impl Into<ScalarValue>,
        expected: impl Into<ScalarValue>,
    ) {
        let (left, right) = (left.into(), right.into());
        let sql_type = |value: &ScalarValue| SqlType::from_arrow(&value.data_type()).unwrap();
        let result = arithmetic_type(operator, &sql_type(&left), &sql_type(&right)).unwrap();
        let make = |mut operands: Vec<Expr>| {
            let right = operands.remove(1);
            arithmetic(operator, operands.remove(0), right, &result)
        };
        testing::check(make, &[left, right], &expected.into());
    }

    fn decimal(text: &str, precision: u8, scale: i8) -> ScalarValue {
        let unscaled = decimal::parse(text, SqlType::MAX_DECIMAL_PRECISION, scale).unwrap();
        match precision {
            ..=38 => ScalarValue::Decimal128(unscaled.to_i128(), precision, scale),
            _ => ScalarValue::Decimal256(Some(unscaled), precision, scale),
        }
    }

    #[test]
    fn integers_wrap_and_divide_toward_zero() {
        check(Add, i32::MAX, 1, i32::MIN);
        check(Subtract, i64::MIN, 1_i64, i64::MAX);
        check(Multiply, i32::MAX, 2, -2);
        check(Divide, -7, 2, -3);
        check(Divide, i32::MIN, -1, i32::MIN);
        check(Modulo, -7, 2, -1);
        check(Modulo, i64::MIN, -1_i64, 0_i64);
        check(Divide, 1, 0, None::<i32>);
        check(Modulo, 1_i64, 0_i64, None::<i64>);
        check(Add, 1, 2_i64, 3_i64);
        check(Add, None::<i32>, 1, None::<i32>);
        check(Divide, 1, None::<i32>, None::<i32>);
    }

    #[test]
    fn doubles_are_ieee() {
        check(Divide, 1.0, 0.0, f64::INFINITY);
        check(Add, 1, 0.5, 1.5);
        check(Multiply, decimal("1.5", 2, 1), 2.0, 3.0);
        check(Modulo, 5.5, 2.0, 1.5);
        check(Add, None::<f64>, 1.0, None::<f64>);
    }

    #[test]
    fn decimals_are_exact_or_null() {
        check(
            Add,
            decimal("1.20", 3, 2),
            decimal("0.005", 4, 3),
            decimal("1.205", 5, 3),
        );
        check(Subtract, decimal("1.0", 2, 1), 5, decimal("-4.0", 12, 1));
        check(
            Multiply,
            decimal("1.5", 2, 1),
            decimal("0.05", 3, 2),
            decimal("0.075", 6, 3),
        );
        check(
            Divide,
            decimal("1.0", 2, 1),
            decimal("4", 1, 0),
            decimal("0.25", 7, 6),
        );
        check(
            Divide,
            decimal("1.0", 2, 1),
            decimal("3", 1, 0),
            ScalarValue::Decimal128(None, 7, 6),
        );
        check(
            Divide,
            decimal("1.0", 2, 1),
            0,
            ScalarValue::Decimal128(None, 13, 12),
        );
        check(
            Modulo,
            decimal("5.5", 2, 1),
            decimal("2", 1, 0),
            decimal("1.5", 2, 1),
        );
        check(
            Modulo,
            decimal("5.5", 2, 1),
            decimal("0", 1, 0),
            ScalarValue::Decimal128(None, 2, 1),
        );
        check(
            Add,
            ScalarValue::Decimal128(None, 2, 1),
            1,
            ScalarValue::Decimal128(None, 12, 1),
        );
    }

    #[test]
    fn decimals_go_on_in_256_bits() {
        let nines = "9".repeat(38);
        let sum = format!("1{}8", "9".repeat(37));
        check(
            Add,
            decimal(&nines, 38, 0),
            decimal(&nines, 38, 0),
            decimal(&sum, 39, 0),
        );
        // The type would have 77 digits, one more than there are; this product has 76.
        check(Multiply, decimal(&nines, 38, 0), decimal(&nines, 38, 0), {
            let product = decimal::parse(&nines, SqlType::MAX_DECIMAL_PRECISION, 0).unwrap();
            let product = product.checked_mul(product);
            ScalarValue::Decimal256(product, 76, 0)
        });
        let wide = decimal(&"9".repeat(76), 76, 0);
        check(
            Add,
            wide.clone(),
            wide,
            ScalarValue::Decimal256(None, 76, 0),
        );
    }

    #[test]
    fn text_plus_null_prints_null() {
        check(Add, "a", "b", "ab");
        check(Add, "a", ScalarValue::Utf8(None), "anull");
        check(Add, ScalarValue::Utf8(None), "b", "nullb");
    }

    #[test]
    fn minus() {
        let check = |operand: ScalarValue, expected: ScalarValue| {
            let sql_type = SqlType::from_arrow(&operand.data_type()).unwrap();
            let make = |mut operands: Vec<Expr>| negate(operands.remove(0), &sql_type);
            testing::check(make, &[operand], &expected);
        };
        check(1.into(), (-1).into());
        check(i32::MIN.into(), i32::MIN.into());
        check(1.5.into(), (-1.5).into());
        check(decimal("1.5", 2, 1), decimal("-1.5", 2, 1));
        check(None::<i64>.into(), None::<i64>.into());
    }

    #[test]
    fn result_types() {
        let decimal = |precision, scale| SqlType::Decimal { precision, scale };
        let check = |operator, left: SqlType, right: SqlType, expected: Option<SqlType>| {
            assert_eq!(
                arithmetic_type(operator, &left, &right),
                expected,
                "{left} {right}"
            );
        };
        check(
            Add,
            SqlType::Integer,
            SqlType::Integer,
            Some(SqlType::Integer),
        );
        check(
            Divide,
            SqlType::Integer,
            SqlType::BigInt,
            Some(SqlType::BigInt),
        );
        check(Add, decimal(3, 1), SqlType::Double, Some(SqlType::Double));
        check(Add, SqlType::BigInt, decimal(5, 2), Some(decimal(22, 2)));
        check(Divide, decimal(4, 2), decimal(3, 1), Some(decimal(9, 6)));
        check(Modulo, decimal(4, 2), decimal(3, 1), Some(decimal(4, 2)));
        check(Add, SqlType::String, SqlType::String, Some(SqlType::String));
        check(Subtract, SqlType::String, SqlType::String, None);
        check(Add, SqlType::String, SqlType::Integer, None);
        check(Add, SqlType::Boolean, SqlType::Boolean, None);
        check(Add, SqlType::Date, SqlType::Date, None);
    }
}

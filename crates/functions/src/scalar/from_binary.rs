//! What INT_FROM_BYTES, BIGINT_FROM_BYTES and DOUBLE_FROM_BYTES share: bytes of a fixed number, in one of two orders.

use std::sync::Arc;

use arrow::array::{ArrayRef, ArrowPrimitiveType, PrimitiveArray};
use datafusion_common::Result;
use weir_catalog::SqlType;

use crate::{
    kernel::Call,
    overload::{Builtin, Parameter, Variant},
};

type Body = fn(&Call) -> Result<ArrayRef>;

pub fn builtin(
    name: &'static str,
    description: &'static str,
    plain: &'static str,
    ordered: &'static str,
    returns: fn(&[SqlType]) -> SqlType,
    body: Body,
) -> Builtin {
    let bytes = ("bytes", Parameter::BYTES);
    let order = ("order", Parameter::STRING);
    let variants = vec![
        Variant::new([bytes.clone()], plain, returns, body),
        Variant::new([bytes, order], ordered, returns, body),
    ];
    Builtin::new(name, "CONVERSIONS", description, variants)
}

/// The numbers of the bytes; `from_bytes` reads them with the highest first. NULL for bytes of another length.
pub fn numbers<T: ArrowPrimitiveType, const N: usize>(
    call: &Call,
    from_bytes: fn([u8; N]) -> T::Native,
) -> Result<ArrayRef> {
    let bytes = call.argument(0)?;
    let orders = call.arguments.get(1).map(|orders| orders.strings());
    let orders = orders.transpose()?;
    let number = |row| {
        let is_little = match orders {
            None => false,
            Some(orders) => is_little_endian(orders.get(row)?)?,
        };
        let mut bytes: [u8; N] = bytes.bytes(row)?.try_into().ok()?;
        if is_little {
            bytes.reverse();
        }
        Some(from_bytes(bytes))
    };
    let numbers: PrimitiveArray<T> = (0..call.rows).map(number).collect();
    Ok(Arc::new(numbers))
}

fn is_little_endian(order: &str) -> Option<bool> {
    let names = [("BIG_ENDIAN", false), ("LITTLE_ENDIAN", true)];
    let mut names = names.into_iter();
    names
        .find(|(name, _)| name.eq_ignore_ascii_case(order))
        .map(|(_, is_little)| is_little)
}

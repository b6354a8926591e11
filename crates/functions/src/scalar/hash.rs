//! HASH: a number that is the same for the same values, for ever: to sample, to shard, to join on.
//!
//! It is XXH64 with seed 0 over the bytes of all arguments, one behind the other, as a BIGINT (two's complement). Each value has
//! a tag of one byte, so that values of different kinds and of different lengths never run into one another; numbers of
//! more than one byte stand with the highest byte first:
//!
//! | value | bytes |
//! | --- | --- |
//! | NULL of any type | `00` |
//! | BOOLEAN | `01`, then `00` or `01` |
//! | INTEGER, BIGINT | `02`, then 8 bytes: equal numbers of both types have equal hashes |
//! | DOUBLE | `03`, then its 8 bytes (IEEE 754); `-0.0` as `0.0`, each NaN as `7ff8000000000000` |
//! | DECIMAL | `04`, then the scale in 1 byte and the unscaled number in 32, without zeroes at the end (`1.50` as `1.5`) |
//! | STRING | `05`, then the number of bytes of its UTF-8 in 8 bytes, then these |
//! | BYTES | `06`, then their number in 8 bytes, then these |
//! | DATE | `07`, then the days since 1970-01-01 in 8 bytes |
//! | TIME | `08`, then the milliseconds since midnight in 8 bytes |
//! | TIMESTAMP | `09`, then the milliseconds since 1970-01-01T00:00Z in 8 bytes |
//! | ARRAY | `0a`, then the number of elements in 8 bytes, then each as here |
//! | MAP | `0b`, then the number of entries in 8 bytes, then each entry, key and value as here, in the order of these bytes |
//! | STRUCT | `0c`, then the number of fields in 8 bytes, then each in the order of the type: its name as a STRING, its value |
//!
//! **Invariant:** none of this changes. Who wants another hash adds another function.

use std::{ops::Range, sync::Arc};

use arrow::{
    array::{
        Array, ArrayRef, AsArray, BinaryArray, BooleanArray, Date32Array, Decimal128Array,
        Decimal256Array, Float64Array, Int32Array, Int64Array, ListArray, MapArray, StringArray,
        StructArray, Time32MillisecondArray, TimestampMillisecondArray,
    },
    datatypes::{
        DataType, Date32Type, Decimal128Type, Decimal256Type, Float64Type, Int32Type, Int64Type,
        Time32MillisecondType, TimeUnit, TimestampMillisecondType, i256,
    },
};
use datafusion_common::{Result, internal_err};
use twox_hash::XxHash64;
use weir_catalog::SqlType;

use crate::{
    kernel::Call,
    overload::{Builtin, Parameter, Variant},
};

pub fn function() -> Builtin {
    let variant = Variant::new(
        [
            ("value", Parameter::Anything),
            ("values", Parameter::Anything),
        ],
        "XXH64, with seed 0, over the values' bytes, as a BIGINT. The bytes are written down in the reference of functions and never \
         change: the same values have the same hash in every version, on every machine. A NULL is a value like others; INTEGER and \
         BIGINT of the same number have the same hash, so have DECIMALs; a STRING and the BYTES of its UTF-8 have not.",
        |_| SqlType::BigInt,
        hash,
    );
    Builtin::new(
        "HASH",
        "CONVERSIONS",
        "Returns a hash of any values, the same for ever.",
        vec![variant.variadic()],
    )
    .takes_null()
    .shown_as("HASH")
    .added()
}

fn hash(call: &Call) -> Result<ArrayRef> {
    let columns = call
        .arguments
        .iter()
        .map(|argument| Values::of(argument.array()));
    let columns = columns.collect::<Result<Vec<_>>>()?;
    let mut bytes = Vec::new();
    let hashes = (0..call.rows).map(|row| {
        bytes.clear();
        for (argument, column) in call.arguments.iter().zip(&columns) {
            column.write(argument.index(row), &mut bytes);
        }
        XxHash64::oneshot(0, &bytes).cast_signed()
    });
    let hashes: Int64Array = hashes.collect();
    Ok(Arc::new(hashes))
}

/// A column of known type.
enum Values<'a> {
    Null,
    Boolean(&'a BooleanArray),
    Integer(&'a Int32Array),
    BigInt(&'a Int64Array),
    Double(&'a Float64Array),
    Decimal(&'a Decimal128Array, i8),
    LongDecimal(&'a Decimal256Array, i8),
    String(&'a StringArray),
    Bytes(&'a BinaryArray),
    Date(&'a Date32Array),
    Time(&'a Time32MillisecondArray),
    Timestamp(&'a TimestampMillisecondArray),
    Array(&'a ListArray, Box<Values<'a>>),
    Map(&'a MapArray, Box<[Values<'a>; 2]>),
    Struct(&'a StructArray, Vec<(&'a str, Values<'a>)>),
}

impl<'a> Values<'a> {
    fn of(array: &'a ArrayRef) -> Result<Self> {
        Ok(match array.data_type() {
            DataType::Null => Self::Null,
            DataType::Boolean => Self::Boolean(array.as_boolean()),
            DataType::Int32 => Self::Integer(array.as_primitive::<Int32Type>()),
            DataType::Int64 => Self::BigInt(array.as_primitive::<Int64Type>()),
            DataType::Float64 => Self::Double(array.as_primitive::<Float64Type>()),
            DataType::Decimal128(_, scale) => {
                Self::Decimal(array.as_primitive::<Decimal128Type>(), *scale)
            }
            DataType::Decimal256(_, scale) => {
                Self::LongDecimal(array.as_primitive::<Decimal256Type>(), *scale)
            }
            DataType::Utf8 => Self::String(array.as_string()),
            DataType::Binary => Self::Bytes(array.as_binary()),
            DataType::Date32 => Self::Date(array.as_primitive::<Date32Type>()),
            DataType::Time32(TimeUnit::Millisecond) => {
                Self::Time(array.as_primitive::<Time32MillisecondType>())
            }
            DataType::Timestamp(TimeUnit::Millisecond, _) => {
                Self::Timestamp(array.as_primitive::<TimestampMillisecondType>())
            }
            DataType::List(_) => {
                let lists = array.as_list::<i32>();
                Self::Array(lists, Box::new(Self::of(lists.values())?))
            }
            DataType::Map(..) => {
                let maps = array.as_map();
                let entries = [Self::of(maps.keys())?, Self::of(maps.values())?];
                Self::Map(maps, Box::new(entries))
            }
            DataType::Struct(_) => {
                let structs = array.as_struct();
                let names = structs.column_names().into_iter();
                let fields = names.zip(structs.columns());
                let fields = fields.map(|(name, column)| Ok((name, Self::of(column)?)));
                Self::Struct(structs, fields.collect::<Result<_>>()?)
            }
            other => return internal_err!("{other} has no hash"),
        })
    }

    fn is_null(&self, index: usize) -> bool {
        match self {
            Self::Null => true,
            Self::Boolean(values) => values.is_null(index),
            Self::Integer(values) => values.is_null(index),
            Self::BigInt(values) => values.is_null(index),
            Self::Double(values) => values.is_null(index),
            Self::Decimal(values, _) => values.is_null(index),
            Self::LongDecimal(values, _) => values.is_null(index),
            Self::String(values) => values.is_null(index),
            Self::Bytes(values) => values.is_null(index),
            Self::Date(values) => values.is_null(index),
            Self::Time(values) => values.is_null(index),
            Self::Timestamp(values) => values.is_null(index),
            Self::Array(values, _) => values.is_null(index),
            Self::Map(values, _) => values.is_null(index),
            Self::Struct(values, _) => values.is_null(index),
        }
    }

    fn write(&self, index: usize, out: &mut Vec<u8>) {
        if self.is_null(index) {
            return out.push(0x00);
        }
        match self {
            Self::Null => {}
            Self::Boolean(values) => out.extend([0x01, u8::from(values.value(index))]),
            Self::Integer(values) => number(0x02, i64::from(values.value(index)), out),
            Self::BigInt(values) => number(0x02, values.value(index), out),
            Self::Double(values) => double(values.value(index), out),
            Self::Decimal(values, scale) => {
                decimal(i256::from_i128(values.value(index)), *scale, out);
            }
            Self::LongDecimal(values, scale) => decimal(values.value(index), *scale, out),
            Self::String(values) => bytes(0x05, values.value(index).as_bytes(), out),
            Self::Bytes(values) => bytes(0x06, values.value(index), out),
            Self::Date(values) => number(0x07, i64::from(values.value(index)), out),
            Self::Time(values) => number(0x08, i64::from(values.value(index)), out),
            Self::Timestamp(values) => number(0x09, values.value(index), out),
            Self::Array(values, elements) => {
                let range = range(values.value_offsets(), index);
                count(0x0a, range.len(), out);
                range.for_each(|element| elements.write(element, out));
            }
            Self::Map(values, entries) => {
                let [keys, values_of] = entries.as_ref();
                let range = range(values.value_offsets(), index);
                count(0x0b, range.len(), out);
                let mut entries: Vec<Vec<u8>> = range
                    .map(|entry| {
                        let mut bytes = Vec::new();
                        keys.write(entry, &mut bytes);
                        values_of.write(entry, &mut bytes);
                        bytes
                    })
                    .collect();
                entries.sort_unstable();
                out.extend(entries.into_iter().flatten());
            }
            Self::Struct(_, fields) => {
                count(0x0c, fields.len(), out);
                for (name, values) in fields {
                    bytes(0x05, name.as_bytes(), out);
                    values.write(index, out);
                }
            }
        }
    }
}

fn number(tag: u8, number: i64, out: &mut Vec<u8>) {
    out.push(tag);
    out.extend(number.to_be_bytes());
}

fn double(number: f64, out: &mut Vec<u8>) {
    let bits = match number {
        _ if number.is_nan() => 0x7ff8_0000_0000_0000,
        // Both zeroes are equal.
        0.0 => 0,
        _ => number.to_bits(),
    };
    out.push(0x03);
    out.extend(bits.to_be_bytes());
}

fn decimal(mut unscaled: i256, mut scale: i8, out: &mut Vec<u8>) {
    let ten = i256::from_i128(10);
    while scale > 0 && unscaled.checked_rem(ten) == Some(i256::ZERO) {
        unscaled = unscaled.checked_div(ten).unwrap_or(unscaled);
        scale -= 1;
    }
    out.push(0x04);
    out.extend(scale.to_be_bytes());
    out.extend(unscaled.to_be_bytes());
}

fn bytes(tag: u8, bytes: &[u8], out: &mut Vec<u8>) {
    count(tag, bytes.len(), out);
    out.extend_from_slice(bytes);
}

fn count(tag: u8, count: usize, out: &mut Vec<u8>) {
    out.push(tag);
    // A count of what is in memory is one of 64 bits.
    out.extend(u64::try_from(count).unwrap_or(u64::MAX).to_be_bytes());
}

fn range(offsets: &[i32], index: usize) -> Range<usize> {
    let offset = |index: usize| usize::try_from(offsets[index]).unwrap_or(0);
    offset(index)..offset(index + 1)
}

#[cfg(test)]
mod tests {
    use datafusion_common::ScalarValue as Value;

    use super::*;
    use crate::testing::{
        self, bytes as of_bytes, decimal as of_decimal, integers, map, no_text, null, text, texts,
    };

    fn check(arguments: &[Value], expected: i64) {
        testing::call("HASH", arguments, expected);
    }

    /// The bytes of the form, in hex, and their hash.
    fn check_form(arguments: &[Value], form: &str) {
        let columns: Vec<_> = arguments
            .iter()
            .map(|value| value.to_array().unwrap())
            .collect();
        let mut written = Vec::new();
        for column in &columns {
            Values::of(column).unwrap().write(0, &mut written);
        }
        let hex: String = written.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(hex, form.replace(' ', ""));
        check(arguments, XxHash64::oneshot(0, &written).cast_signed());
    }

    #[test]
    fn the_hash_is_xxh64() {
        // From the specification of xxHash.
        assert_eq!(XxHash64::oneshot(0, b""), 0xef46_db37_51d8_e999);
        assert_eq!(XxHash64::oneshot(0, b"abc"), 0x44bc_2cf5_ad77_0999);
    }

    #[test]
    fn hashes_stay_what_they_are() {
        check(&[Value::from(None::<i32>)], -1_642_502_924_627_794_072);
        check(&[text("")], 1_045_185_185_384_919_326);
        check(&[text("weir")], 3_907_433_829_020_478_971);
        check(&[text("Straße")], 2_387_918_562_021_351_159);
        check(&[Value::from(42)], -2_332_137_804_613_443_737);
        check(&[Value::from(42_i64)], -2_332_137_804_613_443_737);
        check(&[Value::from(-1_i64)], 896_958_318_687_799_551);
        check(&[Value::from(true)], 5_979_733_723_107_334_522);
        check(&[Value::from(1.5)], -7_930_846_317_237_189_027);
        check(&[of_decimal(150, 5, 2)], 9_122_312_425_122_648_649);
        check(&[of_bytes(&[0, 255])], 2_525_150_483_778_832_412);
        check(
            &[text("10.0.0.1"), Value::from(443), no_text()],
            -7_054_160_246_386_992_184,
        );
    }

    #[test]
    fn each_type_has_its_form() {
        check_form(&[no_text()], "00");
        check_form(&[Value::from(true)], "01 01");
        check_form(&[Value::from(-2)], "02 fffffffffffffffe");
        check_form(&[Value::from(-2_i64)], "02 fffffffffffffffe");
        check_form(&[Value::from(1.5)], "03 3ff8000000000000");
        check_form(&[Value::from(-0.0)], "03 0000000000000000");
        check_form(&[Value::from(-f64::NAN)], "03 7ff8000000000000");
        let three_halves = format!("04 01 {:064x}", 15);
        check_form(&[of_decimal(15, 2, 1)], &three_halves);
        check_form(&[of_decimal(1500, 9, 3)], &three_halves);
        let long = Value::Decimal256(Some(i256::from_i128(1500)), 50, 3);
        check_form(&[long], &three_halves);
        check_form(&[of_decimal(0, 9, 3)], &format!("04 00 {:064x}", 0));
        check_form(
            &[of_decimal(-10, 9, 0)],
            &format!("04 00 {}f6", "ff".repeat(31)),
        );
        check_form(&[text("é")], "05 0000000000000002 c3a9");
        check_form(&[of_bytes(b"")], "06 0000000000000000");
        check_form(&[Value::Date32(Some(-1))], "07 ffffffffffffffff");
        check_form(&[Value::Time32Millisecond(Some(1))], "08 0000000000000001");
        let instant = Value::TimestampMillisecond(Some(1), None);
        check_form(&[instant], "09 0000000000000001");
        let elements = "02 0000000000000007 00";
        check_form(
            &[integers(&[Some(7), None])],
            &format!("0a 0000000000000002 {elements}"),
        );
        check_form(
            &[map()],
            "0b 0000000000000002 05 0000000000000001 61 02 0000000000000001 05 0000000000000001 62 00",
        );
        let fields = vec![weir_catalog::Field {
            name: "A".to_owned(),
            sql_type: SqlType::Integer,
        }];
        let member: ArrayRef = Arc::new(Int32Array::from(vec![7]));
        let SqlType::Struct(fields) = SqlType::Struct(fields.into()) else {
            unreachable!()
        };
        let DataType::Struct(arrow_fields) = SqlType::Struct(fields).to_arrow() else {
            unreachable!()
        };
        let one = Value::Struct(Arc::new(
            StructArray::try_new(arrow_fields, vec![member], None).unwrap(),
        ));
        let struct_type = SqlType::from_arrow(&one.data_type()).unwrap();
        check_form(
            &[one],
            "0c 0000000000000001 05 0000000000000001 41 02 0000000000000007",
        );
        check_form(&[null(&struct_type)], "00");
    }

    #[test]
    fn values_do_not_run_into_one_another() {
        let hash = |arguments: &[Value]| {
            let mut bytes = Vec::new();
            for value in arguments {
                Values::of(&value.to_array().unwrap())
                    .unwrap()
                    .write(0, &mut bytes);
            }
            XxHash64::oneshot(0, &bytes)
        };
        assert_ne!(
            hash(&[text("ab"), text("c")]),
            hash(&[text("a"), text("bc")])
        );
        assert_ne!(hash(&[text("")]), hash(&[no_text()]));
        assert_ne!(hash(&[no_text()]), hash(&[no_text(), no_text()]));
        assert_ne!(hash(&[texts(&[None])]), hash(&[texts(&[])]));
        assert_ne!(hash(&[text("a")]), hash(&[of_bytes(b"a")]));
    }

    #[test]
    fn the_order_of_a_map_s_entries_says_nothing() {
        use arrow::array::{Int32Builder, MapBuilder, StringBuilder};
        let of = |entries: [(&str, Option<i32>); 2]| {
            let mut maps = MapBuilder::new(None, StringBuilder::new(), Int32Builder::new());
            for (key, value) in entries {
                maps.keys().append_value(key);
                maps.values().append_option(value);
            }
            maps.append(true).unwrap();
            Value::Map(Arc::new(maps.finish()))
        };
        let mut forms =
            [[("a", Some(1)), ("b", None)], [("b", None), ("a", Some(1))]].map(|entries| {
                let mut bytes = Vec::new();
                Values::of(&of(entries).to_array().unwrap())
                    .unwrap()
                    .write(0, &mut bytes);
                bytes
            });
        let [left, right] = &mut forms;
        assert_eq!(left, right);
    }
}

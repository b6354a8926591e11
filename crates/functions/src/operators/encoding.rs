//! Values as bytes that are the same just where Java's `equals` finds the values equal: what sets of values are made of.
//!
//! NULL equals NULL, NaN equals NaN, `0.0` is not `-0.0`, and the order of a MAP's entries does not count.

use std::ops::Range;

use arrow::{
    array::{
        Array, ArrayRef, AsArray, BinaryArray, BooleanArray, Decimal128Array, Decimal256Array,
        Float64Array, StringArray,
    },
    buffer::{NullBuffer, ScalarBuffer},
    datatypes::{
        DataType, Date32Type, Decimal128Type, Decimal256Type, Float64Type, Int32Type, Int64Type,
        Time32MillisecondType, TimeUnit, TimestampMillisecondType,
    },
};
use datafusion_common::{Result, plan_err};

/// The values of a column, one after the other.
#[derive(Debug)]
pub(crate) struct Encoded {
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

impl Encoded {
    pub fn try_new(values: &ArrayRef) -> Result<Self> {
        let encoder = Encoder::try_new(values)?;
        let mut encoded = Self {
            bytes: Vec::with_capacity(values.len() * 9),
            ends: Vec::with_capacity(values.len()),
        };
        for place in 0..values.len() {
            encoder.write(place, &mut encoded.bytes);
            encoded.ends.push(encoded.bytes.len());
        }
        Ok(encoded)
    }

    pub fn get(&self, place: usize) -> &[u8] {
        let start = match place.checked_sub(1) {
            Some(before) => self.ends[before],
            None => 0,
        };
        &self.bytes[start..self.ends[place]]
    }
}

struct Encoder {
    nulls: Option<NullBuffer>,
    values: Values,
}

enum Values {
    Boolean(BooleanArray),
    Int32(ScalarBuffer<i32>),
    Int64(ScalarBuffer<i64>),
    Double(Float64Array),
    Decimal128(Decimal128Array),
    Decimal256(Decimal256Array),
    String(StringArray),
    Bytes(BinaryArray),
    List(ScalarBuffer<i32>, Box<Encoder>),
    Map(ScalarBuffer<i32>, Box<(Encoder, Encoder)>),
    Struct(Vec<Encoder>),
}

impl Encoder {
    fn try_new(array: &ArrayRef) -> Result<Self> {
        let values = match array.data_type() {
            DataType::Boolean => Values::Boolean(array.as_boolean().clone()),
            DataType::Int32 => Values::Int32(array.as_primitive::<Int32Type>().values().clone()),
            DataType::Date32 => Values::Int32(array.as_primitive::<Date32Type>().values().clone()),
            DataType::Time32(TimeUnit::Millisecond) => Values::Int32(
                array
                    .as_primitive::<Time32MillisecondType>()
                    .values()
                    .clone(),
            ),
            DataType::Int64 => Values::Int64(array.as_primitive::<Int64Type>().values().clone()),
            DataType::Timestamp(TimeUnit::Millisecond, None) => {
                let times = array.as_primitive::<TimestampMillisecondType>();
                Values::Int64(times.values().clone())
            }
            DataType::Float64 => Values::Double(array.as_primitive::<Float64Type>().clone()),
            DataType::Decimal128(..) => {
                Values::Decimal128(array.as_primitive::<Decimal128Type>().clone())
            }
            DataType::Decimal256(..) => {
                Values::Decimal256(array.as_primitive::<Decimal256Type>().clone())
            }
            DataType::Utf8 => Values::String(array.as_string::<i32>().clone()),
            DataType::Binary => Values::Bytes(array.as_binary::<i32>().clone()),
            DataType::List(_) => {
                let lists = array.as_list::<i32>();
                let elements = Self::try_new(lists.values())?;
                Values::List(lists.offsets().inner().clone(), Box::new(elements))
            }
            DataType::Map(..) => {
                let maps = array.as_map();
                let entries = (Self::try_new(maps.keys())?, Self::try_new(maps.values())?);
                Values::Map(maps.offsets().inner().clone(), Box::new(entries))
            }
            DataType::Struct(_) => {
                let members = array.as_struct().columns().iter();
                Values::Struct(members.map(Self::try_new).collect::<Result<_>>()?)
            }
            other => return plan_err!("{other} cannot be compared"),
        };
        Ok(Self {
            nulls: array.logical_nulls(),
            values,
        })
    }

    fn write(&self, place: usize, out: &mut Vec<u8>) {
        if self
            .nulls
            .as_ref()
            .is_some_and(|nulls| nulls.is_null(place))
        {
            return out.push(0);
        }
        out.push(1);
        match &self.values {
            Values::Boolean(booleans) => out.push(booleans.value(place).into()),
            Values::Int32(integers) => out.extend(integers[place].to_le_bytes()),
            Values::Int64(integers) => out.extend(integers[place].to_le_bytes()),
            Values::Double(doubles) => {
                let double = doubles.value(place);
                let double = if double.is_nan() { f64::NAN } else { double };
                out.extend(double.to_le_bytes());
            }
            Values::Decimal128(decimals) => out.extend(decimals.value(place).to_le_bytes()),
            Values::Decimal256(decimals) => out.extend(decimals.value(place).to_le_bytes()),
            Values::String(texts) => with_length(texts.value(place).as_bytes(), out),
            Values::Bytes(bytes) => with_length(bytes.value(place), out),
            Values::List(offsets, elements) => {
                let range = range(offsets, place);
                out.extend((range.len() as u64).to_le_bytes());
                range.for_each(|element| elements.write(element, out));
            }
            Values::Map(offsets, entries) => {
                let range = range(offsets, place);
                out.extend((range.len() as u64).to_le_bytes());
                write_entries(range, entries, out);
            }
            Values::Struct(members) => members.iter().for_each(|member| member.write(place, out)),
        }
    }
}

/// The entries in the order of their bytes.
fn write_entries(range: Range<usize>, (keys, values): &(Encoder, Encoder), out: &mut Vec<u8>) {
    let entries = range.map(|entry| {
        let mut bytes = Vec::new();
        keys.write(entry, &mut bytes);
        values.write(entry, &mut bytes);
        bytes
    });
    let mut entries: Vec<Vec<u8>> = entries.collect();
    entries.sort_unstable();
    entries
        .iter()
        .for_each(|entry| out.extend_from_slice(entry));
}

fn with_length(bytes: &[u8], out: &mut Vec<u8>) {
    out.extend((bytes.len() as u64).to_le_bytes());
    out.extend_from_slice(bytes);
}

fn range(offsets: &[i32], place: usize) -> Range<usize> {
    offsets[place] as usize..offsets[place + 1] as usize
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{Int32Builder, ListBuilder, MapBuilder, StringBuilder};

    use super::*;

    /// Each of `classes` is a set of places whose values are equal.
    fn check(values: ArrayRef, classes: &[&[usize]]) {
        let encoded = Encoded::try_new(&values).unwrap();
        for (index, class) in classes.iter().enumerate() {
            for (other, others) in classes.iter().enumerate() {
                for (a, b) in class
                    .iter()
                    .flat_map(|a| others.iter().map(move |b| (*a, *b)))
                {
                    assert_eq!(encoded.get(a) == encoded.get(b), index == other, "{a} {b}");
                }
            }
        }
    }

    #[test]
    fn equal_values_have_equal_bytes() {
        let doubles = vec![
            Some(0.0),
            Some(-0.0),
            Some(f64::NAN),
            Some(-f64::NAN),
            None,
            None,
        ];
        check(
            Arc::new(Float64Array::from(doubles)),
            &[&[0], &[1], &[2, 3], &[4, 5]],
        );
        let texts = vec![Some(""), Some("a"), None, Some("a")];
        check(Arc::new(StringArray::from(texts)), &[&[0], &[1, 3], &[2]]);
        let mut lists = ListBuilder::new(StringBuilder::new());
        for list in [vec!["ab", "c"], vec!["a", "bc"], vec![], vec!["ab", "c"]] {
            lists.append_value(list.into_iter().map(Some));
        }
        lists.append_value([None::<&str>]);
        check(Arc::new(lists.finish()), &[&[0, 3], &[1], &[2], &[4]]);
    }

    #[test]
    fn the_order_of_a_maps_entries_does_not_count() {
        let mut maps = MapBuilder::new(None, StringBuilder::new(), Int32Builder::new());
        for entries in [
            [("a", Some(1)), ("b", None)],
            [("b", None), ("a", Some(1))],
            [("a", None), ("b", Some(1))],
        ] {
            for (key, value) in entries {
                maps.keys().append_value(key);
                maps.values().append_option(value);
            }
            maps.append(true).unwrap();
        }
        check(Arc::new(maps.finish()), &[&[0, 1], &[2]]);
    }
}

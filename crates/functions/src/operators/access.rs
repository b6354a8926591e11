//! `a[i]`, `m[k]` and `s->f`: NULL where there is nothing.

use std::sync::Arc;

use arrow::{
    array::{Array, ArrayRef, AsArray, UInt32Array, make_array, make_comparator},
    buffer::NullBuffer,
    compute::{SortOptions, take},
    datatypes::{DataType, FieldRef},
};
use datafusion_common::{Result, plan_err};
use datafusion_expr::{Expr, ExpressionPlacement};
use weir_catalog::SqlType;

use crate::kernel::{self, Call, Kernel};

/// `array[index]`, a `returns`: from 1, negative from the end; `index` is INTEGER or BIGINT.
pub fn element(array: Expr, index: Expr, returns: &SqlType) -> Expr {
    let returns = returns.to_arrow();
    kernel::call(Element { returns }, vec![array, index])
}

/// `map[key]`, a `returns`.
pub fn map_value(map: Expr, key: Expr, returns: &SqlType) -> Expr {
    let returns = returns.to_arrow();
    kernel::call(MapValue { returns }, vec![map, key])
}

/// `structure->name`, a `returns`; by the exact name, which `index` is the expected place of.
pub fn field(structure: Expr, index: usize, name: &str, returns: &SqlType) -> Expr {
    let field = Field {
        index,
        name: name.to_owned(),
        returns: returns.to_arrow(),
    };
    kernel::call(field, vec![structure])
}

/// The base of an expression that [`field`] made, and the member's name; `None` for others.
///
/// By this the planner sees which members of a column a query needs.
pub fn as_field(expression: &Expr) -> Option<(&Expr, &str)> {
    let Expr::ScalarFunction(function) = expression else {
        return None;
    };
    let field = kernel::kernel_of::<Field>(&function.func)?;
    Some((function.args.first()?, &field.name))
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Element {
    returns: DataType,
}

impl Kernel for Element {
    fn name(&self) -> &str {
        "element"
    }

    fn display(&self, arguments: &[String]) -> Option<String> {
        Some(format!("{}[{}]", arguments.first()?, arguments.get(1)?))
    }

    fn returns(&self, arguments: &[DataType]) -> Result<DataType> {
        match arguments {
            [DataType::List(_), DataType::Int32 | DataType::Int64] => Ok(self.returns.clone()),
            _ => plan_err!("an element is of an ARRAY, by an integer"),
        }
    }

    fn evaluate(&self, call: &Call) -> Result<ArrayRef> {
        let (list, index) = (call.argument(0)?, call.argument(1)?);
        let arrays = list.array().as_list::<i32>();
        let offsets = arrays.value_offsets();
        let places = (0..call.rows).map(|row| {
            if list.is_null(row) {
                return None;
            }
            let at = list.index(row);
            let (from, to) = (i64::from(offsets[at]), i64::from(offsets[at + 1]));
            let place = match index.integer(row)? {
                0 => return None,
                from_start @ 1.. => from.checked_add(from_start - 1)?,
                from_end => to.checked_add(from_end)?,
            };
            let is_inside = (from..to).contains(&place);
            is_inside.then(|| u32::try_from(place).ok()).flatten()
        });
        let places: UInt32Array = places.collect();
        Ok(take(arrays.values(), &places, None)?)
    }
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct MapValue {
    returns: DataType,
}

impl Kernel for MapValue {
    fn name(&self) -> &str {
        "map_value"
    }

    fn display(&self, arguments: &[String]) -> Option<String> {
        Some(format!("{}[{}]", arguments.first()?, arguments.get(1)?))
    }

    fn returns(&self, arguments: &[DataType]) -> Result<DataType> {
        if let [DataType::Map(entries, _), key] = arguments
            && let DataType::Struct(members) = entries.data_type()
            && members.first().is_some_and(|keys| keys.data_type() == key)
        {
            return Ok(self.returns.clone());
        }
        plan_err!("a value is of a MAP, by a key of its type")
    }

    fn evaluate(&self, call: &Call) -> Result<ArrayRef> {
        let (map, key) = (call.argument(0)?, call.argument(1)?);
        let maps = map.array().as_map();
        let order = make_comparator(maps.keys(), key.array(), SortOptions::default())?;
        let offsets = maps.value_offsets();
        let places = (0..call.rows).map(|row| {
            if map.is_null(row) || key.is_null(row) {
                return None;
            }
            let at = map.index(row);
            let mut entries = offsets[at] as usize..offsets[at + 1] as usize;
            // Should a key be there twice, the last one counts.
            let place = entries.rfind(|entry| order(*entry, key.index(row)).is_eq())?;
            u32::try_from(place).ok()
        });
        let places: UInt32Array = places.collect();
        Ok(take(maps.values(), &places, None)?)
    }
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Field {
    index: usize,
    name: String,
    returns: DataType,
}

impl Kernel for Field {
    fn name(&self) -> &str {
        "field"
    }

    fn display(&self, arguments: &[String]) -> Option<String> {
        Some(format!("{}->{}", arguments.first()?, self.name))
    }

    fn returns(&self, arguments: &[DataType]) -> Result<DataType> {
        if let [DataType::Struct(members)] = arguments
            && members.find(&self.name).is_some()
        {
            return Ok(self.returns.clone());
        }
        plan_err!("there is no member {} in {arguments:?}", self.name)
    }

    /// So that the optimizer brings it down to the scan, which then decodes nothing else.
    fn placement(&self, arguments: &[ExpressionPlacement]) -> ExpressionPlacement {
        match arguments {
            [ExpressionPlacement::Column | ExpressionPlacement::MoveTowardsLeafNodes] => {
                ExpressionPlacement::MoveTowardsLeafNodes
            }
            _ => ExpressionPlacement::KeepInPlace,
        }
    }

    fn evaluate(&self, call: &Call) -> Result<ArrayRef> {
        let structure = call.argument(0)?.array().as_struct();
        // A STRUCT whose other members nobody asked for may come without them.
        let is_in_place = |field: &FieldRef| field.name() == &self.name;
        let member = match structure.fields().get(self.index).is_some_and(is_in_place) {
            true => Some(structure.column(self.index)),
            false => structure.column_by_name(&self.name),
        };
        match member {
            Some(member) => hide(member, structure.nulls()),
            None => plan_err!("there is no member {}", self.name),
        }
    }
}

/// `member`, NULL also where its parent is. Its values are shared, not copied.
fn hide(member: &ArrayRef, parent: Option<&NullBuffer>) -> Result<ArrayRef> {
    let Some(parent) = parent.filter(|nulls| nulls.null_count() > 0) else {
        return Ok(Arc::clone(member));
    };
    let nulls = NullBuffer::union(Some(parent), member.nulls());
    let data = member.to_data().into_builder().nulls(nulls).build()?;
    Ok(make_array(data))
}

#[cfg(test)]
mod tests {
    use arrow::{
        array::{Int32Array, Int32Builder, ListArray, MapBuilder, StringBuilder, StructArray},
        datatypes::Int32Type,
    };
    use datafusion_common::ScalarValue;

    use super::*;
    use crate::testing;

    fn list() -> ScalarValue {
        let lists = [Some([Some(10), None, Some(30)])];
        ScalarValue::List(Arc::new(ListArray::from_iter_primitive::<Int32Type, _, _>(
            lists,
        )))
    }

    fn check_element(list: ScalarValue, index: impl Into<ScalarValue>, expected: Option<i32>) {
        let make = |mut operands: Vec<Expr>| {
            let index = operands.remove(1);
            element(operands.remove(0), index, &SqlType::Integer)
        };
        testing::check(make, &[list, index.into()], &expected.into());
    }

    #[test]
    fn elements_count_from_one_and_from_the_end() {
        check_element(list(), 1, Some(10));
        check_element(list(), 2, None);
        check_element(list(), 3_i64, Some(30));
        check_element(list(), -1, Some(30));
        check_element(list(), -3, Some(10));
        for outside in [0, 4, -4, i32::MAX, i32::MIN] {
            check_element(list(), outside, None);
        }
        check_element(list(), i64::MIN, None);
        check_element(list(), i64::MAX, None);
        check_element(list(), None::<i32>, None);
        let null = ScalarValue::try_from(&list().data_type()).unwrap();
        check_element(null, 1, None);
    }

    #[test]
    fn values_by_key() {
        let mut maps = MapBuilder::new(None, StringBuilder::new(), Int32Builder::new());
        for (key, value) in [("a", Some(1)), ("b", None), ("a", Some(2))] {
            maps.keys().append_value(key);
            maps.values().append_option(value);
        }
        maps.append(true).unwrap();
        let map = ScalarValue::Map(Arc::new(maps.finish()));
        let check = |map: &ScalarValue, key: ScalarValue, expected: Option<i32>| {
            let make = |mut operands: Vec<Expr>| {
                let key = operands.remove(1);
                map_value(operands.remove(0), key, &SqlType::Integer)
            };
            testing::check(make, &[map.clone(), key], &expected.into());
        };
        check(&map, "a".into(), Some(2));
        check(&map, "b".into(), None);
        check(&map, "A".into(), None);
        check(&map, ScalarValue::Utf8(None), None);
        check(
            &ScalarValue::try_from(&map.data_type()).unwrap(),
            "a".into(),
            None,
        );
    }

    #[test]
    fn a_member_is_null_where_its_struct_is() {
        let fields = vec![
            SqlType::Integer.to_arrow_field("A"),
            SqlType::Integer.to_arrow_field("b"),
        ];
        let columns: Vec<ArrayRef> = vec![
            Arc::new(Int32Array::from(vec![1, 2, 3])),
            Arc::new(Int32Array::from(vec![Some(4), Some(5), None])),
        ];
        let nulls = NullBuffer::from(vec![true, false, true]);
        let structure = StructArray::new(fields.into(), columns, Some(nulls));
        let check = |index, name, expected: Vec<Option<i32>>| {
            let member = field(testing::column(0), index, name, &SqlType::Integer);
            assert_eq!(as_field(&member), Some((&testing::column(0), name)));
            let result = testing::evaluate(&member, &[Arc::new(structure.clone())]);
            assert_eq!(
                result.as_primitive::<Int32Type>(),
                &Int32Array::from(expected)
            );
        };
        check(0, "A", vec![Some(1), None, Some(3)]);
        check(1, "b", vec![Some(4), None, None]);
        // Its place may change when members that are not needed are left out.
        check(7, "b", vec![Some(4), None, None]);
    }

    #[test]
    fn access_to_members_moves_to_the_scan() {
        let member = field(testing::column(0), 0, "A", &SqlType::Integer);
        assert_eq!(
            member.placement(),
            ExpressionPlacement::MoveTowardsLeafNodes
        );
        let deeper = field(member, 0, "B", &SqlType::Integer);
        assert_eq!(
            deeper.placement(),
            ExpressionPlacement::MoveTowardsLeafNodes
        );
        assert_eq!(deeper.schema_name().to_string(), "c0->A->B");
    }
}

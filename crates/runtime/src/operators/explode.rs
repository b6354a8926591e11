//! Table functions: rows from rows.
//!
//! Calls run in step, not as a product: the first row has the first value of each, and a call that has no more values has
//! NULL. A row whose value is NULL as a whole has no rows.
//!
//! A small record can be millions of rows. They leave in pieces of bounded size, made when the piece before has gone.

use std::sync::Arc;

use arrow::{
    array::{Array, ArrayRef, AsArray, BooleanArray, UInt32Array},
    compute::take,
    datatypes::{DataType, Schema, SchemaRef},
    record_batch::{RecordBatch, RecordBatchOptions},
};
use weir_functions::{Call, TableFunction, table::Place};
use weir_plan::TableCall;

use super::Operator;
use crate::{Error, batch::Run, expression::Expression};

/// How many rows, and about how many bytes, leave in one piece.
const PIECE_ROWS: usize = 8192;
const PIECE_BYTES: usize = 8 << 20;

#[derive(Debug)]
pub(crate) struct Explode {
    calls: Vec<Function>,
    /// The input's columns that go on.
    kept: Vec<usize>,
    schema: SchemaRef,
    rest: Option<Rest>,
}

#[derive(Debug)]
struct Function {
    function: Arc<TableFunction>,
    arguments: Vec<Expression>,
    returns: DataType,
}

/// What is to come of a run.
#[derive(Debug)]
struct Rest {
    columns: Vec<ArrayRef>,
    origins: Option<Arc<[u32]>>,
    has_no_key: Option<BooleanArray>,
    /// The arguments of each function.
    calls: Vec<Call>,
    /// How many rows each row gives.
    counts: Vec<u32>,
    /// About how large each of them is, in bytes.
    sizes: Vec<usize>,
    next: Place,
}

impl Explode {
    /// The columns that come out.
    pub fn schema(&self) -> SchemaRef {
        self.schema.clone()
    }

    fn begin(&self, run: Run) -> Result<Rest, Error> {
        let run = match &run.is_null {
            None => run,
            Some(is_null) => {
                let is_row = arrow::compute::not(is_null)?;
                run.keep(&is_row)?
            }
        };
        let rows = run.len();
        let columns = self.kept.iter();
        let columns: Vec<ArrayRef> = columns
            .map(|column| run.rows.column(*column).clone())
            .collect();
        let mut sizes = vec![0; rows];
        columns
            .iter()
            .for_each(|column| add_sizes(column, &mut sizes));
        let mut counts = vec![0; rows];
        let mut calls = Vec::with_capacity(self.calls.len());
        for function in &self.calls {
            let call = function.call(&run.rows)?;
            let own = function.function.rows().counts(&call)?;
            for (count, own) in counts.iter_mut().zip(own) {
                *count = own.max(*count);
            }
            if function.function.rows().repeats() {
                for argument in &call.arguments {
                    if argument.is_constant() {
                        let mut one = vec![0];
                        add_sizes(argument.array(), &mut one);
                        sizes.iter_mut().for_each(|size| *size += one[0]);
                    } else {
                        add_sizes(argument.array(), &mut sizes);
                    }
                }
            }
            calls.push(call);
        }
        Ok(Rest {
            columns,
            origins: run.origins,
            has_no_key: run.has_no_key,
            calls,
            counts,
            sizes,
            next: Place { row: 0, index: 0 },
        })
    }

    fn piece(&self, rest: &mut Rest) -> Result<Run, Error> {
        let places = rest.places();
        let rows: UInt32Array = places.iter().map(|place| Some(place.row)).collect();
        let kept = rest.columns.iter();
        let mut columns = kept
            .map(|column| take(column, &rows, None))
            .collect::<Result<Vec<_>, _>>()?;
        for (function, call) in self.calls.iter().zip(&rest.calls) {
            columns.push(function.function.rows().values(call, &places)?);
        }
        let origin = |row: &u32| match &rest.origins {
            None => *row,
            Some(origins) => origins[*row as usize],
        };
        let has_no_key = match &rest.has_no_key {
            None => None,
            Some(has_no_key) => Some(take(has_no_key, &rows, None)?.as_boolean().clone()),
        };
        let options = RecordBatchOptions::new().with_row_count(Some(places.len()));
        Ok(Run {
            rows: RecordBatch::try_new_with_options(self.schema.clone(), columns, &options)?,
            origins: Some(rows.values().iter().map(origin).collect()),
            is_null: None,
            has_no_key,
        })
    }
}

impl Operator for Explode {
    type Spec = weir_plan::Explode;

    fn try_new(spec: &Self::Spec, input: &SchemaRef) -> Result<Self, Error> {
        let kept = spec.kept.iter().map(|name| Ok(input.index_of(name)?));
        let kept = kept.collect::<Result<Vec<_>, Error>>()?;
        let mut fields: Vec<_> = kept
            .iter()
            .map(|column| input.fields()[*column].clone())
            .collect();
        let made = spec
            .calls
            .iter()
            .map(|call| Arc::new(call.sql_type.to_arrow_field(&call.name)));
        fields.extend(made);
        let calls = spec.calls.iter().map(|call| Function::try_new(call, input));
        Ok(Self {
            calls: calls.collect::<Result<_, _>>()?,
            kept,
            schema: Arc::new(Schema::new(fields)),
            rest: None,
        })
    }

    fn process(&mut self, run: Run) -> Result<Run, Error> {
        let mut rest = self.begin(run)?;
        let piece = self.piece(&mut rest)?;
        self.rest = Some(rest).filter(Rest::has_more);
        Ok(piece)
    }

    fn rest(&mut self) -> Result<Option<Run>, Error> {
        let Some(mut rest) = self.rest.take() else {
            return Ok(None);
        };
        let piece = self.piece(&mut rest)?;
        self.rest = Some(rest).filter(Rest::has_more);
        Ok(Some(piece))
    }
}

impl Function {
    fn try_new(call: &TableCall, input: &SchemaRef) -> Result<Self, Error> {
        let arguments = call.arguments.iter();
        let arguments = arguments.map(|argument| Expression::try_new(argument, input));
        Ok(Self {
            function: call.function.clone(),
            arguments: arguments.collect::<Result<_, _>>()?,
            returns: call.sql_type.to_arrow(),
        })
    }

    fn call(&self, rows: &RecordBatch) -> Result<Call, Error> {
        let arguments = self.arguments.iter();
        let arguments = arguments.map(|argument| argument.argument(rows));
        Ok(Call {
            arguments: arguments.collect::<Result<_, Error>>()?,
            rows: rows.num_rows(),
            returns: self.returns.clone(),
        })
    }
}

impl Rest {
    fn has_more(&self) -> bool {
        (self.next.row as usize) < self.counts.len()
    }

    /// The places of the next piece. A row that is too large is a piece of its own.
    fn places(&mut self) -> Vec<Place> {
        let (mut places, mut bytes) = (Vec::new(), 0);
        loop {
            let row = self.next.row as usize;
            let Some(count) = self.counts.get(row) else {
                return places;
            };
            if self.next.index >= *count {
                self.next = Place {
                    row: self.next.row + 1,
                    index: 0,
                };
                continue;
            }
            bytes += self.sizes[row];
            let is_full = places.len() == PIECE_ROWS || bytes > PIECE_BYTES;
            if is_full && !places.is_empty() {
                return places;
            }
            places.push(self.next);
            self.next.index += 1;
        }
    }
}

/// Adds to each row what it takes of `array`, in bytes.
fn add_sizes(array: &ArrayRef, sizes: &mut [usize]) {
    let lengths = |offsets: &[i32], sizes: &mut [usize]| {
        for (size, ends) in sizes.iter_mut().zip(offsets.windows(2)) {
            *size += ends[1].abs_diff(ends[0]) as usize;
        }
    };
    match array.data_type() {
        DataType::Utf8 => lengths(array.as_string::<i32>().value_offsets(), sizes),
        DataType::Binary => lengths(array.as_binary::<i32>().value_offsets(), sizes),
        DataType::List(_) => {
            let lists = array.as_list::<i32>();
            add_of_elements(lists.values(), lists.value_offsets(), sizes);
        }
        DataType::Map(..) => {
            let maps = array.as_map();
            let entries: ArrayRef = Arc::new(maps.entries().clone());
            add_of_elements(&entries, maps.value_offsets(), sizes);
        }
        DataType::Struct(_) => {
            let members = array.as_struct().columns().iter();
            members.for_each(|member| add_sizes(member, sizes));
        }
        other => {
            let width = other.primitive_width().unwrap_or(1);
            sizes.iter_mut().for_each(|size| *size += width);
        }
    }
}

fn add_of_elements(elements: &ArrayRef, offsets: &[i32], sizes: &mut [usize]) {
    let mut of_elements = vec![0; elements.len()];
    add_sizes(elements, &mut of_elements);
    for (size, ends) in sizes.iter_mut().zip(offsets.windows(2)) {
        let (start, end) = (ends[0].unsigned_abs(), ends[1].unsigned_abs());
        let own = of_elements.get(start as usize..end as usize);
        *size += own.unwrap_or_default().iter().sum::<usize>();
    }
}

#[cfg(test)]
mod tests {
    use arrow::array::{Int32Array, ListArray, StringArray};
    use datafusion_common::Column;
    use datafusion_expr::Expr;
    use weir_catalog::SqlType;
    use weir_functions::Registry;

    use super::*;

    fn explode(calls: &[(&str, &str, SqlType)], kept: &[&str], input: &SchemaRef) -> Explode {
        let registry = Registry::builtin();
        let calls = calls
            .iter()
            .enumerate()
            .map(|(number, (name, argument, sql_type))| TableCall {
                name: format!("V{number}"),
                sql_type: sql_type.clone(),
                function: registry.table(name).unwrap().clone(),
                arguments: vec![Expr::Column(Column::from_name(*argument))],
            });
        let spec = weir_plan::Explode {
            calls: calls.collect(),
            kept: kept.iter().map(|name| (*name).to_owned()).collect(),
        };
        Explode::try_new(&spec, input).unwrap()
    }

    fn run(columns: Vec<(&str, ArrayRef)>) -> Run {
        Run {
            rows: RecordBatch::try_from_iter_with_nullable(
                columns
                    .into_iter()
                    .map(|(name, column)| (name, column, true)),
            )
            .unwrap(),
            origins: None,
            is_null: None,
            has_no_key: None,
        }
    }

    fn lists(rows: Vec<Option<Vec<i32>>>) -> ArrayRef {
        let rows = rows.into_iter().map(|row| Some(row?.into_iter().map(Some)));
        let lists = ListArray::from_iter_primitive::<arrow::datatypes::Int32Type, _, _>(rows);
        let wanted = SqlType::array(SqlType::Integer).to_arrow();
        arrow::compute::cast(&lists, &wanted).unwrap()
    }

    #[test]
    fn calls_run_in_step_and_the_shorter_ones_end_in_nulls() {
        let input = Run {
            is_null: Some(vec![false, false, false, true, false].into()),
            origins: Some([1, 2, 4, 5, 7].into()),
            ..run(vec![
                (
                    "K",
                    Arc::new(StringArray::from(vec!["a", "b", "c", "d", "e"])),
                ),
                (
                    "A",
                    lists(vec![
                        Some(vec![1, 2]),
                        None,
                        Some(vec![]),
                        Some(vec![9]),
                        Some(vec![3]),
                    ]),
                ),
                (
                    "B",
                    lists(vec![
                        Some(vec![4]),
                        Some(vec![5]),
                        None,
                        Some(vec![9]),
                        Some(vec![]),
                    ]),
                ),
            ])
        };
        let calls = [
            ("EXPLODE", "A", SqlType::Integer),
            ("EXPLODE", "B", SqlType::Integer),
        ];
        let mut explode = explode(&calls, &["K"], &input.rows.schema());
        let output = explode.process(input).unwrap();
        assert!(explode.rest().unwrap().is_none());
        assert_eq!(output.origins.as_deref(), Some(&[1, 1, 2, 7][..]));
        let names: Vec<_> = output
            .rows
            .schema()
            .fields()
            .iter()
            .map(|field| field.name().clone())
            .collect();
        assert_eq!(names, ["K", "V0", "V1"]);
        let keys: Vec<_> = output
            .rows
            .column(0)
            .as_string::<i32>()
            .iter()
            .flatten()
            .collect();
        assert_eq!(keys, ["a", "a", "b", "e"]);
        let numbers = |column: usize| output.rows.column(column).as_primitive().clone();
        assert_eq!(
            numbers(1),
            Int32Array::from(vec![Some(1), Some(2), None, Some(3)])
        );
        assert_eq!(
            numbers(2),
            Int32Array::from(vec![Some(4), None, Some(5), None])
        );
    }

    #[test]
    fn a_million_rows_leave_in_pieces() {
        let input = run(vec![
            (
                "K",
                Arc::new(StringArray::from(vec!["x".repeat(1000), String::new()])),
            ),
            ("A", lists(vec![Some((0..20).collect()), Some(vec![1])])),
        ]);
        let calls = [("CUBE_EXPLODE", "A", SqlType::array(SqlType::Integer))];
        let mut explode = explode(&calls, &["K"], &input.rows.schema());
        let first = explode.process(input).unwrap();
        let mut rows = first.len();
        let mut piece = Some(first);
        while let Some(run) = piece {
            assert!(run.len() <= PIECE_ROWS && run.len() * 1000 <= 2 * PIECE_BYTES);
            piece = explode.rest().unwrap();
            rows += piece.as_ref().map_or(0, Run::len);
        }
        assert_eq!(rows, (1 << 20) + 2);
    }

    #[test]
    fn a_row_that_is_too_large_is_a_piece_of_its_own() {
        let large = "x".repeat(PIECE_BYTES / 2 + 1);
        let input = run(vec![
            ("K", Arc::new(StringArray::from(vec!["small", &large]))),
            ("A", lists(vec![Some(vec![1]), Some(vec![1, 2, 3])])),
        ]);
        let calls = [("EXPLODE", "A", SqlType::Integer)];
        let mut explode = explode(&calls, &["K"], &input.rows.schema());
        let mut sizes = vec![explode.process(input).unwrap().len()];
        while let Some(piece) = explode.rest().unwrap() {
            sizes.push(piece.len());
        }
        assert_eq!(sizes, [2, 1, 1]);
    }
}

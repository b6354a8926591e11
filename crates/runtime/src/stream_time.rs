//! Stream time, record by record.
//!
//! It is the highest event time so far: of a record, what those before it and its own make. How records fall into batches
//! shows in nothing that leaves.

use std::sync::Arc;

use arrow::array::Int64Array;

use crate::batch::Times;

/// Stream time on its way through the records of a batch.
#[derive(Debug)]
pub(crate) struct StreamTime<'b> {
    times: &'b Int64Array,
    /// The records that count, by row of the batch: those that the query takes. `None`: all.
    taken: Option<Arc<[u32]>>,
    /// How many of them are in `highest`.
    seen: usize,
    highest: Option<i64>,
}

impl<'b> StreamTime<'b> {
    /// `taken` is what the query takes of the batch, before any operator, all if absent; `before` is the time before it.
    pub fn new(before: Option<i64>, times: &'b Times, taken: Option<Arc<[u32]>>) -> Self {
        Self {
            times: &times.times,
            taken,
            seen: 0,
            highest: before,
        }
    }

    /// As the record in this row of the batch has it. Rows are asked for in their order.
    pub fn at(&mut self, row: usize) -> Option<i64> {
        let highest = match &self.taken {
            None => {
                let until = self.times.len().min(row + 1).max(self.seen);
                let new = &self.times.values()[self.seen..until];
                self.seen = until;
                new.iter().copied().max()
            }
            Some(taken) => {
                let left = &taken[self.seen..];
                let until = left.partition_point(|taken| *taken as usize <= row);
                self.seen += until;
                let new = left[..until].iter();
                new.map(|row| self.times.value(*row as usize)).max()
            }
        };
        self.highest = self.highest.max(highest);
        self.highest
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_has_the_time_of_those_before_it_and_its_own() {
        let times = Times {
            times: Arc::new(Int64Array::from(vec![5, 3, 9, 1, 7])),
            has_bad: false,
            texts: None,
        };
        let at = |before, taken: Option<&[u32]>, rows: &[usize]| -> Vec<Option<i64>> {
            let mut time = StreamTime::new(before, &times, taken.map(Into::into));
            rows.iter().map(|row| time.at(*row)).collect()
        };
        let some =
            |times: &[i64]| -> Vec<Option<i64>> { times.iter().copied().map(Some).collect() };
        assert_eq!(at(None, None, &[0, 1, 2, 3, 4]), some(&[5, 5, 9, 9, 9]));
        assert_eq!(at(Some(6), None, &[1, 1, 4]), some(&[6, 6, 9]));
        // The record that is not taken moves nothing on.
        assert_eq!(
            at(None, Some(&[1, 3, 4]), &[0, 1, 3, 4]),
            [None, Some(3), Some(3), Some(7)]
        );
        assert_eq!(at(Some(8), Some(&[]), &[4]), some(&[8]));
    }
}

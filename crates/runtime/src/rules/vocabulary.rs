//! Numbers for the columns that rules name: the same column of two queries has one.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use weir_catalog::{Format, SqlType};
use weir_formats::ColumnRequest;
use weir_rules::ColumnId;

use crate::layout::{Declared, Layout, Part};

/// All columns that a rule has ever named; as many as the statements have names for.
#[derive(Debug, Default)]
pub(crate) struct Vocabulary(Mutex<Words>);

#[derive(Debug, Default)]
struct Words {
    columns: Vec<(Declared, ColumnRequest)>,
    ids: HashMap<ColumnRequest, Vec<ColumnId>>,
}

impl Vocabulary {
    pub fn id(&self, declared: &Declared, request: &ColumnRequest) -> ColumnId {
        let mut words = self.words();
        let Words { columns, ids } = &mut *words;
        let known = ids.entry(request.clone()).or_default();
        let same = known
            .iter()
            .find(|id| columns[**id as usize].0.is_served_with(declared));
        if let Some(id) = same {
            return *id;
        }
        let id = columns.len() as ColumnId;
        columns.push((declared.clone(), request.clone()));
        known.push(id);
        id
    }

    /// By id: group and column of a layout, where it has them.
    pub fn places(&self, layout: &Layout) -> Vec<Option<(usize, usize)>> {
        let words = self.words();
        let mut by_request = Vec::with_capacity(layout.groups.len());
        for group in &layout.groups {
            let requests = group.requests.iter().enumerate();
            by_request.push(
                requests
                    .map(|(column, request)| (request, column))
                    .collect::<HashMap<_, _>>(),
            );
        }
        let place = |(declared, request): &(Declared, ColumnRequest)| {
            let group = layout.group(declared)?;
            Some((group, *by_request[group].get(request)?))
        };
        words.columns.iter().map(place).collect()
    }

    /// Whether the texts of a column come out of the bytes of a JSON value.
    pub fn is_in_raw_json(&self, id: ColumnId) -> bool {
        let words = self.words();
        words
            .columns
            .get(id as usize)
            .is_some_and(|(declared, request)| {
                declared.part == Part::Value
                    && declared.format.format == Format::Json
                    && request.sql_type == SqlType::String
            })
    }

    fn words(&self) -> MutexGuard<'_, Words> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

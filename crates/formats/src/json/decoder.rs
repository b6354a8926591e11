//! Documents against the tree.

use std::{borrow::Cow, collections::HashMap, sync::Arc};

use arrow::{
    array::{
        ArrayRef, BooleanArray, ListArray, MapArray, StructArray, UInt32Array, new_null_array,
    },
    buffer::{NullBuffer, OffsetBuffer, ScalarBuffer},
    compute::take,
    datatypes::DataType,
};
use serde::de::{DeserializeSeed, Deserializer as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use weir_catalog::{Column as Declared, FormatSpec, SqlType};

use super::{
    scalar,
    tree::{Kind, Member, Node, Place, Seen, Step, Target},
};
use crate::{
    BadRecord, ColumnRequest, Decoded, Misfit,
    bad_record::excerpt,
    column::{Value, nulls},
};

/// Shorter documents cannot nest deep enough to matter.
const SHALLOW: usize = 4096;

/// How deep a document may nest. The check of what is skipped takes a stack frame a level.
const MAX_DEPTH: usize = 1000;

/// What documents of that depth take.
const STACK: usize = 6 << 20;

/// By this name sonic-rs hands out the text of a value, checked but not parsed.
const RAW: &str = "$sonic_rs::LazyValue";

/// A decoder for a set of columns.
#[derive(Debug)]
pub struct JsonDecoder {
    root: Node,
    places: Vec<Place>,
    requests: Vec<ColumnRequest>,
    state: State,
}

/// What is true of the record being read.
#[derive(Debug, Default)]
struct State {
    record: usize,
    misfits: Vec<Found>,
    scratch: String,
    /// Whether objects and arrays are looked at before they are read: the parser gives a document up for a number that no
    /// double holds, also where it is only in another's place.
    is_careful: bool,
    /// Whether what is read stands inside the document's own object, then.
    is_inside: bool,
}

/// A misfit, and the target that found it.
#[derive(Debug)]
struct Found {
    record: usize,
    target: usize,
    users: Vec<usize>,
    reason: BadRecord,
}

impl JsonDecoder {
    pub fn new(format: &FormatSpec, columns: &[Declared], requests: &[ColumnRequest]) -> Self {
        let is_bare = columns.len() == 1 && !format.wrap_single;
        let (root, places) = if is_bare {
            Node::of_value(requests)
        } else {
            Node::of(requests)
        };
        let mut decoder = Self {
            root,
            places,
            requests: requests.to_vec(),
            state: State::default(),
        };
        if decoder.root.targets.is_empty() {
            // Nothing is asked for, and still it must be JSON, and an object unless it stands alone.
            let (root, _) = Node::of(&[]);
            decoder.root = root;
        }
        decoder
    }

    pub fn decode(&mut self, records: &[Option<&[u8]>]) -> Decoded {
        // Once a batch: the stack that documents of the depth that is allowed may need, whatever thread this is.
        stacker::maybe_grow(STACK, 2 * STACK, || self.decode_all(records))
    }

    fn decode_all(&mut self, records: &[Option<&[u8]>]) -> Decoded {
        let mut is_null = vec![false; records.len()];
        for (record, bytes) in records.iter().enumerate() {
            self.state.record = record;
            match bytes {
                None => is_null[record] = true,
                Some(bytes) => match self.read(bytes, record) {
                    Ok(is_null_value) => is_null[record] = is_null_value,
                    Err(reason) => self.set_aside(record, reason),
                },
            }
        }
        self.finish(records.len(), is_null)
    }

    /// Reads one document; true if it is `null`.
    fn read(&mut self, bytes: &[u8], row: usize) -> Result<bool, BadRecord> {
        let text = match std::str::from_utf8(bytes) {
            Ok(text) => Cow::Borrowed(text),
            Err(_) => String::from_utf8_lossy(bytes),
        };
        // A mark of the order of bytes is not part of the text.
        let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
        if text.trim_ascii().is_empty() {
            return Err(BadRecord::new(
                "not_json",
                "the value is empty, and so no JSON",
            ));
        }
        if text.len() > SHALLOW && depth(text.as_bytes()) > MAX_DEPTH {
            return Err(BadRecord::new(
                "too_deep",
                format!("the JSON nests more than {MAX_DEPTH} levels deep"),
            ));
        }
        let is_null = text.trim_ascii() == "null";
        let read = self.read_text(text, row).or_else(|_| {
            self.forget(row);
            self.state.is_careful = true;
            let read = self.read_text(text, row);
            self.state.is_careful = false;
            read
        });
        match read {
            Ok(()) => Ok(is_null),
            Err(error) => {
                let message = error.to_string();
                let what = message
                    .lines()
                    .next()
                    .unwrap_or("no JSON")
                    .trim_end_matches(':');
                Err(BadRecord::new(
                    "not_json",
                    format!(
                        "the value is no JSON: {}; it begins with {}",
                        excerpt(what),
                        excerpt(&text[..text.floor_char_boundary(80)])
                    ),
                ))
            }
        }
    }

    fn read_text(&mut self, text: &str, row: usize) -> Result<(), sonic_rs::Error> {
        let mut deserializer = lenient(text);
        let seed = Reading {
            node: &mut self.root,
            state: &mut self.state,
            row,
        };
        seed.deserialize(&mut deserializer)?;
        deserializer.end()
    }

    /// Nothing of the record stays.
    fn forget(&mut self, record: usize) {
        self.root.truncate(record);
        self.state.misfits.retain(|found| found.record != record);
    }

    /// The record is bad for all.
    fn set_aside(&mut self, record: usize, reason: BadRecord) {
        self.forget(record);
        self.state.misfits.push(Found {
            record,
            target: usize::MAX,
            users: Vec::new(),
            reason,
        });
    }

    fn finish(&mut self, rows: usize, is_null: Vec<bool>) -> Decoded {
        let mut finished = HashMap::new();
        finish(&mut self.root, rows, &mut finished);
        let columns = self
            .requests
            .iter()
            .zip(&self.places)
            .map(|(request, place)| match find(&self.root, place) {
                Some(target) => assemble(target, &request.sql_type, rows, &finished),
                None => new_null_array(&request.sql_type.to_arrow(), rows),
            })
            .collect();
        let misfits = std::mem::take(&mut self.state.misfits)
            .into_iter()
            .flat_map(|found| {
                let columns: Vec<Option<usize>> = match found.target {
                    usize::MAX => vec![None],
                    _ => found.users.into_iter().map(Some).collect(),
                };
                let (row, reason) = (found.record, found.reason);
                columns.into_iter().map(move |column| Misfit {
                    row,
                    column,
                    reason: reason.clone(),
                })
            });
        Decoded {
            columns,
            is_null: BooleanArray::from(is_null),
            misfits: misfits.collect(),
        }
    }
}

/// Half of a surrogate pair is U+FFFD in a member's name, as it is in a text: no name makes a record bad.
fn lenient(text: &str) -> sonic_rs::Deserializer<sonic_rs::Read<'_>> {
    sonic_rs::Deserializer::from_str(text).utf8_lossy()
}

/// The deepest nesting, brackets in strings not counted; one look over the brackets tells if there are few.
fn depth(text: &[u8]) -> usize {
    if memchr::memchr2_iter(b'{', b'[', text).count() <= MAX_DEPTH {
        return 0;
    }
    let (mut depth, mut deepest, mut at) = (0_usize, 0, 0);
    while at < text.len() {
        match text[at] {
            b'{' | b'[' => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b'}' | b']' => depth = depth.saturating_sub(1),
            b'"' => {
                at += 1;
                while at < text.len() && text[at] != b'"' {
                    at += if text[at] == b'\\' { 2 } else { 1 };
                }
            }
            _ => {}
        }
        at += 1;
    }
    deepest
}

/// One value against one node.
struct Reading<'a> {
    node: &'a mut Node,
    state: &'a mut State,
    row: usize,
}

impl<'de> DeserializeSeed<'de> for Reading<'_> {
    type Value = ();

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        match self.node.targets.as_mut_slice() {
            [] => deserializer.deserialize_ignored_any(IgnoredAny).map(|_| ()),
            [only] => match only.kind {
                _ if self.state.is_careful => deserializer.deserialize_newtype_struct(
                    RAW,
                    EachOf {
                        targets: std::slice::from_mut(only),
                        state: self.state,
                        row: self.row,
                    },
                ),
                Kind::Scalar { .. } => deserializer.deserialize_newtype_struct(
                    RAW,
                    ScalarOf {
                        target: only,
                        state: self.state,
                        row: self.row,
                    },
                ),
                _ => deserializer.deserialize_any(ContainerOf {
                    target: only,
                    state: self.state,
                    row: self.row,
                }),
            },
            // Declared in several ways: each reads the text of the value for itself.
            several => deserializer.deserialize_newtype_struct(
                RAW,
                EachOf {
                    targets: several,
                    state: self.state,
                    row: self.row,
                },
            ),
        }
    }
}

impl State {
    /// No misfit of the record that was found in a target stays.
    fn forget(&mut self, ids: &std::ops::Range<usize>) {
        let record = self.record;
        self.misfits
            .retain(|found| found.record != record || !ids.contains(&found.target));
    }

    fn misfit(&mut self, target: &Target, expected: &str, found: &str) {
        self.misfits.push(Found {
            record: self.record,
            target: target.id,
            users: target.users.clone(),
            reason: BadRecord::mismatch(&target.name, expected, found),
        });
    }
}

struct ScalarOf<'a> {
    target: &'a mut Target,
    state: &'a mut State,
    row: usize,
}

impl ScalarOf<'_> {
    fn read(self, raw: &str) {
        let raw = raw.trim_ascii();
        let Kind::Scalar { sql_type, column } = &mut self.target.kind else {
            return;
        };
        if let Err(expected) =
            scalar::push(raw, sql_type, column, self.row, &mut self.state.scratch)
        {
            self.state.misfit(self.target, expected, raw);
        }
    }
}

impl<'de> Visitor<'de> for ScalarOf<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("a value")
    }

    // The text of the value; sonic-rs calls this one where it holds escapes.
    fn visit_str<E>(self, raw: &str) -> Result<(), E> {
        self.read(raw);
        Ok(())
    }
}

struct EachOf<'a> {
    targets: &'a mut [Target],
    state: &'a mut State,
    row: usize,
}

impl<'de> Visitor<'de> for EachOf<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("a value")
    }

    fn visit_str<E: serde::de::Error>(self, raw: &str) -> Result<(), E> {
        for target in self.targets {
            if matches!(target.kind, Kind::Scalar { .. }) {
                ScalarOf {
                    target,
                    state: self.state,
                    row: self.row,
                }
                .read(raw);
                continue;
            }
            let (state, row) = (&mut *self.state, self.row);
            let reading = ContainerOf {
                target: &mut *target,
                state: &mut *state,
                row,
            };
            if raw
                .trim_ascii()
                .starts_with(|first: char| first == '-' || first.is_ascii_digit())
            {
                reading.refuse(raw.trim_ascii())?;
                continue;
            }
            let is_inside = std::mem::replace(&mut reading.state.is_inside, true);
            let mut deserializer = lenient(raw);
            let read = (&mut deserializer).deserialize_any(reading);
            state.is_inside = is_inside;
            match read {
                Ok(()) => {}
                // Who asks for nothing in here passes over it unseen. So it is bad for those who do, and for no other.
                Err(_) if state.is_careful && is_inside => {
                    state.forget(&(target.id..target.end));
                    target.truncate(row);
                    state.misfit(target, "well-formed JSON", raw);
                }
                Err(error) => return Err(E::custom(error)),
            }
        }
        Ok(())
    }
}

/// An object or an array, or what stands in its place.
struct ContainerOf<'a> {
    target: &'a mut Target,
    state: &'a mut State,
    row: usize,
}

impl ContainerOf<'_> {
    fn refuse<E>(self, found: &str) -> Result<(), E> {
        let expected = match self.target.kind {
            Kind::List { .. } => "an array",
            _ => "an object",
        };
        self.state.misfit(self.target, expected, found);
        Ok(())
    }
}

impl<'de> Visitor<'de> for ContainerOf<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("an object or an array")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E>(self, value: bool) -> Result<(), E> {
        self.refuse(if value { "true" } else { "false" })
    }

    fn visit_i64<E>(self, value: i64) -> Result<(), E> {
        self.refuse(&value.to_string())
    }

    fn visit_u64<E>(self, value: u64) -> Result<(), E> {
        self.refuse(&value.to_string())
    }

    fn visit_f64<E>(self, value: f64) -> Result<(), E> {
        self.refuse(&value.to_string())
    }

    fn visit_str<E>(self, value: &str) -> Result<(), E> {
        self.refuse(value)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<(), A::Error> {
        let Kind::List {
            element,
            offsets,
            is_valid,
        } = &mut self.target.kind
        else {
            while elements.next_element::<IgnoredAny>()?.is_some() {}
            return self.refuse("an array");
        };
        pad(offsets, is_valid, self.row);
        let mut end = offsets.last().map_or(0, |end| *end as usize);
        while elements
            .next_element_seed(Reading {
                node: element,
                state: self.state,
                row: end,
            })?
            .is_some()
        {
            end += 1;
        }
        offsets.push(end as i32);
        is_valid.push(true);
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        let (state, row) = (self.state, self.row);
        match &mut self.target.kind {
            Kind::Struct(structure) => {
                structure.open(row);
                while let Some(found) =
                    members.next_key_seed(KeyOf(|key: &str| structure.find(key)))?
                {
                    let Some((index, how)) = found else {
                        members.next_value::<IgnoredAny>()?;
                        continue;
                    };
                    let twin = match how {
                        Seen::Exact => structure.members[index].twin,
                        _ => None,
                    };
                    let both = twin.and_then(|twin| {
                        let members = structure.members.get_disjoint_mut([index, twin]);
                        members.ok().filter(|[_, twin]| twin.seen != Seen::Exact)
                    });
                    if let Some([member, twin]) = both {
                        begin(member, Seen::Exact, row, state);
                        begin(twin, Seen::Folded, row, state);
                        let nodes = [&mut member.node, &mut twin.node];
                        members.next_value_seed(BothOf { nodes, state, row })?;
                        continue;
                    }
                    let member = &mut structure.members[index];
                    if member.seen > how {
                        members.next_value::<IgnoredAny>()?;
                        continue;
                    }
                    begin(member, how, row, state);
                    members.next_value_seed(Reading {
                        node: &mut member.node,
                        state,
                        row,
                    })?;
                }
                Ok(())
            }
            Kind::Map {
                keys,
                value,
                offsets,
                is_valid,
                replaced,
            } => {
                pad(offsets, is_valid, row);
                let start = offsets.last().map_or(0, |end| *end as usize);
                let mut end = start;
                while members
                    .next_key_seed(KeyOf(|key: &str| {
                        keys.push(end, Value::Bytes(key.as_bytes()))
                    }))?
                    .is_some()
                {
                    members.next_value_seed(Reading {
                        node: value,
                        state,
                        row: end,
                    })?;
                    end += 1;
                }
                keys.repeated(start, end, replaced);
                offsets.push(end as i32);
                is_valid.push(true);
                Ok(())
            }
            _ => {
                while members.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                ContainerOf {
                    target: self.target,
                    state,
                    row,
                }
                .refuse("an object")
            }
        }
    }
}

/// A value for `member` comes. Of duplicates the last one counts, as if the first had not been there.
fn begin(member: &mut Member, how: Seen, row: usize, state: &mut State) {
    if member.seen != Seen::No {
        member.node.truncate(row);
        state.forget(&member.node.ids());
    }
    member.seen = how;
}

/// One value for two members.
struct BothOf<'a> {
    nodes: [&'a mut Node; 2],
    state: &'a mut State,
    row: usize,
}

impl<'de> DeserializeSeed<'de> for BothOf<'_> {
    type Value = ();

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_newtype_struct(RAW, self)
    }
}

impl<'de> Visitor<'de> for BothOf<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("a value")
    }

    fn visit_str<E: serde::de::Error>(self, raw: &str) -> Result<(), E> {
        let (state, row) = (self.state, self.row);
        for node in self.nodes {
            let mut deserializer = lenient(raw);
            let reading = Reading { node, state, row };
            reading.deserialize(&mut deserializer).map_err(E::custom)?;
        }
        Ok(())
    }
}

/// The rows before `row` that a list was not touched in are NULL.
fn pad(offsets: &mut Vec<i32>, is_valid: &mut Vec<bool>, row: usize) {
    let end = offsets.last().copied().unwrap_or(0);
    offsets.resize(row + 1, end);
    is_valid.resize(row, false);
}

/// Hands a member's name to a function.
struct KeyOf<F>(F);

impl<'de, T, F: FnOnce(&str) -> T> DeserializeSeed<'de> for KeyOf<F> {
    type Value = T;

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<T, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<T, F: FnOnce(&str) -> T> Visitor<'_> for KeyOf<F> {
    type Value = T;

    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("a member's name")
    }

    fn visit_str<E>(self, key: &str) -> Result<T, E> {
        Ok((self.0)(key))
    }
}

/// What a target became, by its id.
enum Finished {
    Column(ArrayRef),
    Nulls(Option<NullBuffer>),
    /// Of a list: where its elements are, and how many there are.
    Offsets(OffsetBuffer<i32>, Option<NullBuffer>, usize),
    /// Of a map. `entries` were read, `offsets` are over those that are kept.
    Entries {
        kept: Kept,
        keys: ArrayRef,
        entries: usize,
        offsets: OffsetBuffer<i32>,
        nulls: Option<NullBuffer>,
    },
}

/// Which entries of maps count.
enum Kept {
    All,
    These(UInt32Array),
}

impl Kept {
    fn of(replaced: &[usize], entries: usize) -> Self {
        if replaced.is_empty() {
            return Self::All;
        }
        let kept = (0..entries).filter(|entry| replaced.binary_search(entry).is_err());
        Self::These(kept.map(|entry| entry as u32).collect())
    }

    fn take(&self, array: ArrayRef) -> Option<ArrayRef> {
        match self {
            Self::All => Some(array),
            Self::These(entries) => take(&array, entries, None).ok(),
        }
    }
}

/// Offsets as they are once the entries `replaced` are gone.
fn without(replaced: &[usize], offsets: OffsetBuffer<i32>) -> OffsetBuffer<i32> {
    if replaced.is_empty() {
        return offsets;
    }
    let gone = |end: &i32| replaced.partition_point(|entry| *entry < *end as usize) as i32;
    let fewer: Vec<i32> = offsets.iter().map(|end| end - gone(end)).collect();
    // They grow as before, by fewer.
    OffsetBuffer::new(ScalarBuffer::from(fewer))
}

fn finish(node: &mut Node, rows: usize, finished: &mut HashMap<usize, Finished>) {
    for target in &mut node.targets {
        let value = match &mut target.kind {
            Kind::Scalar { sql_type, column } => Finished::Column(column.finish(rows, sql_type)),
            Kind::Struct(structure) => {
                structure
                    .members
                    .iter_mut()
                    .for_each(|member| finish(&mut member.node, rows, finished));
                structure.is_valid.resize(rows, false);
                Finished::Nulls(nulls(&mut structure.is_valid))
            }
            Kind::List {
                element,
                offsets,
                is_valid,
            } => {
                let (offsets, valid, elements) = close(offsets, is_valid, rows);
                finish(element, elements, finished);
                Finished::Offsets(offsets, valid, elements)
            }
            Kind::Map {
                keys,
                value,
                offsets,
                is_valid,
                replaced,
            } => {
                let (offsets, valid, entries) = close(offsets, is_valid, rows);
                let keys = keys.finish(entries, &SqlType::String);
                finish(value, entries, finished);
                let replaced = std::mem::take(replaced);
                Finished::Entries {
                    kept: Kept::of(&replaced, entries),
                    keys,
                    entries,
                    offsets: without(&replaced, offsets),
                    nulls: valid,
                }
            }
        };
        finished.insert(target.id, value);
    }
}

fn close(
    offsets: &mut Vec<i32>,
    is_valid: &mut Vec<bool>,
    rows: usize,
) -> (OffsetBuffer<i32>, Option<NullBuffer>, usize) {
    pad(offsets, is_valid, rows);
    let elements = offsets.last().map_or(0, |end| *end as usize);
    let offsets = std::mem::replace(offsets, vec![0]);
    (
        OffsetBuffer::new(ScalarBuffer::from(offsets)),
        nulls(is_valid),
        elements,
    )
}

fn find<'a>(root: &'a Node, place: &[Step]) -> Option<&'a Target> {
    let mut node = root;
    let mut target: Option<&Target> = None;
    for step in place {
        match (step, target) {
            (Step::Target(index), _) => target = node.targets.get(*index),
            (
                Step::Member(index),
                Some(Target {
                    kind: Kind::Struct(structure),
                    ..
                }),
            ) => {
                node = &structure.members.get(*index)?.node;
            }
            _ => return None,
        }
    }
    target
}

/// The column of a type from the finished pieces of its target. A STRUCT takes the members that its type names, though
/// others may have been read for other queries.
fn assemble(
    target: &Target,
    sql_type: &SqlType,
    rows: usize,
    finished: &HashMap<usize, Finished>,
) -> ArrayRef {
    let null = || new_null_array(&sql_type.to_arrow(), rows);
    let array: Option<ArrayRef> = match (&target.kind, finished.get(&target.id), sql_type) {
        (Kind::Scalar { .. }, Some(Finished::Column(array)), _) => Some(array.clone()),
        (Kind::Struct(structure), Some(Finished::Nulls(nulls)), SqlType::Struct(fields)) => {
            let columns = fields
                .iter()
                .map(|field| {
                    let member = structure
                        .members
                        .iter()
                        .find(|member| member.name == field.name);
                    let inner = member.and_then(|member| {
                        member
                            .node
                            .targets
                            .iter()
                            .find(|target| reads(target, &field.sql_type))
                    });
                    match inner {
                        Some(inner) => assemble(inner, &field.sql_type, rows, finished),
                        None => new_null_array(&field.sql_type.to_arrow(), rows),
                    }
                })
                .collect();
            match sql_type.to_arrow() {
                DataType::Struct(fields) => {
                    StructArray::try_new_with_length(fields, columns, nulls.clone(), rows)
                        .ok()
                        .map(|array| Arc::new(array) as ArrayRef)
                }
                _ => None,
            }
        }
        (
            Kind::List { element, .. },
            Some(Finished::Offsets(offsets, nulls, elements)),
            SqlType::Array(of),
        ) => {
            let values = element
                .targets
                .first()
                .map(|target| assemble(target, of, *elements, finished));
            match (sql_type.to_arrow(), values) {
                (DataType::List(item), Some(values)) => {
                    ListArray::try_new(item, offsets.clone(), values, nulls.clone())
                        .ok()
                        .map(|array| Arc::new(array) as ArrayRef)
                }
                _ => None,
            }
        }
        (
            Kind::Map { value, .. },
            Some(Finished::Entries {
                kept,
                keys,
                entries,
                offsets,
                nulls,
            }),
            SqlType::Map(_, of),
        ) => {
            let values = value.targets.first();
            let values = values.map(|target| assemble(target, of, *entries, finished));
            let kept = (
                kept.take(keys.clone()),
                values.and_then(|values| kept.take(values)),
            );
            match (sql_type.to_arrow(), kept) {
                (DataType::Map(field, _), (Some(keys), Some(values))) => {
                    map_array(&field, offsets, keys, values, nulls.clone())
                }
                _ => None,
            }
        }
        _ => None,
    };
    array.unwrap_or_else(null)
}

fn map_array(
    field: &arrow::datatypes::FieldRef,
    offsets: &OffsetBuffer<i32>,
    keys: ArrayRef,
    values: ArrayRef,
    nulls: Option<NullBuffer>,
) -> Option<ArrayRef> {
    let DataType::Struct(fields) = field.data_type() else {
        return None;
    };
    let entries = StructArray::try_new(fields.clone(), vec![keys, values], None).ok()?;
    let map = MapArray::try_new(field.clone(), offsets.clone(), entries, nulls, false).ok()?;
    Some(Arc::new(map))
}

/// Whether a target can be assembled into a type.
fn reads(target: &Target, sql_type: &SqlType) -> bool {
    match (&target.kind, sql_type) {
        (Kind::Scalar { sql_type: own, .. }, wanted) => own == wanted,
        (Kind::Struct(_), SqlType::Struct(_)) => true,
        (Kind::List { element, .. }, SqlType::Array(of)) => {
            element.targets.iter().any(|target| reads(target, of))
        }
        (Kind::Map { value, .. }, SqlType::Map(_, of)) => {
            value.targets.iter().any(|target| reads(target, of))
        }
        _ => false,
    }
}

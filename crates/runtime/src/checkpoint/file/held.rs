//! What holds of all that the log says, and where it stands.

use std::{
    collections::BTreeMap,
    fs::File,
    io::{self, Read, Seek, SeekFrom},
};

use super::line::{self, What};

/// The log, to read from.
#[derive(Debug)]
pub(super) struct Held {
    pub file: File,
    pub index: Index,
}

#[derive(Debug, Default)]
pub(super) struct Index {
    queries: BTreeMap<String, Kept>,
    /// The bytes of what holds.
    pub live: u64,
    /// The checks of what holds, taken together. An entry names its query and partition, so no two are the same.
    pub sum: u64,
}

/// What holds of a query.
#[derive(Debug, Default)]
struct Kept {
    positions: Vec<(i32, Place)>,
    plan: Option<Place>,
}

/// Where an entry stands, and its check: what is read later, perhaps to be written anew, must be what was written.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    at: u64,
    length: u64,
    check: u64,
}

impl Held {
    pub fn read(&mut self, place: Place) -> io::Result<Vec<u8>> {
        let length = usize::try_from(place.length).map_err(io::Error::other)?;
        let mut bytes = vec![0; length];
        self.file.seek(SeekFrom::Start(place.at))?;
        self.file.read_exact(&mut bytes)?;
        if line::check(&bytes) != place.check {
            let why = format!(
                "what stands at byte {} is not what was written there",
                place.at
            );
            return Err(io::Error::new(io::ErrorKind::InvalidData, why));
        }
        Ok(bytes)
    }
}

impl Index {
    /// What was said at this place holds from now on.
    pub fn hold(&mut self, query: &str, what: What, place: Place) {
        if what == What::Forgotten {
            let kept = self.queries.remove(query).unwrap_or_default();
            kept.places().for_each(|(_, place)| self.leave(place));
            return;
        }
        if !self.queries.contains_key(query) {
            self.queries.insert(query.to_owned(), Kept::default());
        }
        let kept = self.queries.get_mut(query);
        let before = kept.and_then(|kept| kept.put(what, place));
        self.live += place.length;
        self.sum ^= place.check;
        before.into_iter().for_each(|place| self.leave(place));
    }

    fn leave(&mut self, place: Place) {
        self.live -= place.length;
        self.sum ^= place.check;
    }

    pub fn knows(&self, query: &str) -> bool {
        self.queries.contains_key(query)
    }

    pub fn position(&self, query: &str, partition: i32) -> Option<Place> {
        let positions = &self.queries.get(query)?.positions;
        let found = positions.iter().find(|(known, _)| *known == partition);
        found.map(|(_, place)| *place)
    }

    pub fn plan(&self, query: &str) -> Option<Place> {
        self.queries.get(query)?.plan
    }

    /// All that holds.
    pub fn places(&self) -> impl Iterator<Item = (&str, What, Place)> {
        self.queries.iter().flat_map(|(query, kept)| {
            let places = kept.places();
            places.map(|(what, place)| (query.as_str(), what, place))
        })
    }

    pub fn queries(&self) -> impl ExactSizeIterator<Item = &String> {
        self.queries.keys()
    }
}

impl Kept {
    /// Gives what it takes the place of.
    fn put(&mut self, what: What, place: Place) -> Option<Place> {
        let partition = match what {
            What::Position(partition) => partition,
            What::Plan => return self.plan.replace(place),
            What::Forgotten => return None,
        };
        let mut positions = self.positions.iter_mut();
        match positions.find(|(known, _)| *known == partition) {
            Some((_, known)) => Some(std::mem::replace(known, place)),
            None => {
                self.positions.push((partition, place));
                None
            }
        }
    }

    fn places(&self) -> impl Iterator<Item = (What, Place)> {
        let positions = self.positions.iter();
        let positions = positions.map(|(partition, place)| (What::Position(*partition), *place));
        positions.chain(self.plan.map(|place| (What::Plan, place)))
    }
}

impl Place {
    pub fn of(text: &str, at: u64) -> Self {
        Self {
            at,
            length: text.len() as u64,
            check: line::check(text.as_bytes()),
        }
    }
}

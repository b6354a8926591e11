//! SPLIT_TO_MAP: a text of keys and values as a MAP. The last of equal keys counts, and stands where the first stood.

use std::{collections::HashMap, sync::Arc};

use arrow::array::{ArrayRef, MapBuilder, StringBuilder};
use datafusion_common::Result;
use memchr::memmem::Finder;
use weir_catalog::SqlType;

use crate::{
    kernel::Call,
    overload::{Builtin, Parameter, Variant},
    texts::{Room, size_in_list},
};

pub fn function() -> Builtin {
    let variant = Variant::new(
        [
            ("input", Parameter::STRING),
            ("entry_delimiter", Parameter::STRING),
            ("key_value_delimiter", Parameter::STRING),
        ],
        "The entries between the first delimiter, each cut at the second; entries without it are left out. NULL if a delimiter \
         is empty or both are the same.",
        |_| SqlType::map(SqlType::String, SqlType::String),
        split_to_map,
    );
    Builtin::new(
        "SPLIT_TO_MAP",
        "MAP",
        "Makes a map of a text of keys and values.",
        vec![variant],
    )
}

fn split_to_map(call: &Call) -> Result<ArrayRef> {
    let texts = call.argument(0)?.strings()?;
    let (between, within) = (call.argument(1)?.strings()?, call.argument(2)?.strings()?);
    let mut maps = MapBuilder::new(None, StringBuilder::new(), StringBuilder::new());
    let mut room = Room::default();
    let constant = call.argument(2)?.is_constant().then(|| within.get(0));
    let constant = constant.flatten().map(Finder::new);
    let mut entries = Entries::default();
    for row in 0..call.rows {
        entries.clear();
        let is_there = (|| {
            let (text, between, within) = (texts.get(row)?, between.get(row)?, within.get(row)?);
            if between.is_empty() || within.is_empty() || between == within {
                return None;
            }
            match &constant {
                Some(within) => entries.add_all(text, between, within),
                None => entries.add_all(text, between, &Finder::new(within)),
            }
            room.take(entries.size())
        })();
        if is_there.is_some() {
            for (key, value) in &entries.entries {
                maps.keys().append_value(key);
                maps.values().append_value(value);
            }
        }
        maps.append(is_there.is_some())?;
    }
    Ok(Arc::new(maps.finish()))
}

/// The entries of one row.
#[derive(Default)]
struct Entries<'a> {
    entries: Vec<(&'a str, &'a str)>,
    /// The place of each key: made when there are enough entries to be worth it.
    places: HashMap<&'a str, usize>,
}

/// So many entries are searched one by one.
const FEW: usize = 8;

impl<'a> Entries<'a> {
    fn clear(&mut self) {
        self.entries.clear();
        self.places.clear();
    }

    fn size(&self) -> usize {
        let entries = self.entries.iter();
        let texts = entries.flat_map(|(key, value)| [*key, *value]);
        texts.map(|text| size_in_list(Some(text))).sum()
    }

    fn add_all(&mut self, text: &'a str, between: &str, within: &Finder) {
        let length = within.needle().len();
        for entry in text.split(between) {
            let Some(end) = within.find(entry.as_bytes()) else {
                continue;
            };
            // A second delimiter ends the value.
            let rest = &entry[end + length..];
            let value = &rest[..within.find(rest.as_bytes()).unwrap_or(rest.len())];
            self.add(&entry[..end], value);
        }
    }

    fn add(&mut self, key: &'a str, value: &'a str) {
        if self.entries.len() < FEW {
            let known = self.entries.iter_mut().find(|(known, _)| *known == key);
            match known {
                Some(known) => known.1 = value,
                None => self.entries.push((key, value)),
            }
            return;
        }
        if self.places.is_empty() {
            let keys = self.entries.iter().enumerate();
            self.places
                .extend(keys.map(|(place, (key, _))| (*key, place)));
        }
        match self.places.get(key) {
            Some(place) => self.entries[*place].1 = value,
            None => {
                self.places.insert(key, self.entries.len());
                self.entries.push((key, value));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{MapBuilder, StringBuilder};
    use datafusion_common::ScalarValue;
    use weir_catalog::SqlType;

    use crate::testing::{call, null, text};

    fn check(input: &str, between: &str, within: &str, expected: Option<&[(&str, &str)]>) {
        let arguments = [text(input), text(between), text(within)];
        let Some(expected) = expected else {
            let nothing = null(&SqlType::map(SqlType::String, SqlType::String));
            return call("SPLIT_TO_MAP", &arguments, nothing);
        };
        let mut maps = MapBuilder::new(None, StringBuilder::new(), StringBuilder::new());
        for (key, value) in expected {
            maps.keys().append_value(key);
            maps.values().append_value(value);
        }
        maps.append(true).unwrap();
        call(
            "SPLIT_TO_MAP",
            &arguments,
            ScalarValue::Map(Arc::new(maps.finish())),
        );
    }

    #[test]
    fn entries_are_cut_twice() {
        check("a=1;b=2", ";", "=", Some(&[("a", "1"), ("b", "2")]));
        check("a:=1||é:=😀", "||", ":=", Some(&[("a", "1"), ("é", "😀")]));
        check("", ";", "=", Some(&[]));
        check("a=1", ";", ":", Some(&[]));
    }

    #[test]
    fn what_is_no_entry_is_left_out_and_the_last_of_equal_keys_counts() {
        check(";;a=1;;b;c=", ";", "=", Some(&[("a", "1"), ("c", "")]));
        check("a=1;b=2;a=3", ";", "=", Some(&[("a", "3"), ("b", "2")]));
        check("a=1=2;=x", ";", "=", Some(&[("a", "1"), ("", "x")]));
        let many: Vec<String> = (0..40)
            .map(|number| format!("k{}={number}", number % 20))
            .collect();
        let expected: Vec<_> = (0..20)
            .map(|key| (format!("k{key}"), format!("{}", key + 20)))
            .collect();
        let expected: Vec<_> = expected
            .iter()
            .map(|(key, value)| (key.as_str(), value.as_str()))
            .collect();
        check(&many.join(";"), ";", "=", Some(&expected));
    }

    #[test]
    fn delimiters_differ_and_are_not_empty() {
        check("a=1", "", "=", None);
        check("a=1", ";", "", None);
        check("a=1", "=", "=", None);
    }
}

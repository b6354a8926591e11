//! `${name}`: what DEFINE sets and the next statement reads.

use std::collections::BTreeMap;

/// A session's variables; names are case-insensitive, values are text.
#[derive(Debug, Clone, Default)]
pub struct Variables {
    values: BTreeMap<String, String>,
}

impl Variables {
    pub fn define(&mut self, name: &str, value: impl Into<String>) {
        self.values.insert(name.to_uppercase(), value.into());
    }

    /// Whether the variable was there.
    pub fn undefine(&mut self, name: &str) -> bool {
        self.values.remove(&name.to_uppercase()).is_some()
    }

    pub fn get(&self, name: &str) -> Option<&str> {
        self.values.get(&name.to_uppercase()).map(String::as_str)
    }

    /// In the order of their names.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.values
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

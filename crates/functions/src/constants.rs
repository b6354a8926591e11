//! What constant texts mean, compiled once for all batches: patterns, zones.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

/// How many are kept at a time.
const MOST: usize = 256;

/// What was compiled; `None` for a text that means nothing.
#[derive(Debug)]
pub struct Constants<T> {
    known: Mutex<HashMap<String, Option<Arc<T>>>>,
}

impl<T> Constants<T> {
    pub fn get(&self, text: &str, compile: impl FnOnce(&str) -> Option<T>) -> Option<Arc<T>> {
        let known = || self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = known().get(text) {
            return known.clone();
        }
        // Without the lock: others do not wait for it, at most they compile the same.
        let compiled = compile(text).map(Arc::new);
        let mut known = known();
        if known.len() >= MOST {
            known.clear();
        }
        known.insert(text.to_owned(), compiled.clone());
        compiled
    }
}

impl<T> Default for Constants<T> {
    fn default() -> Self {
        Self {
            known: Mutex::default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_compiled_once_and_not_all_are_kept() {
        let constants = Constants::default();
        let mut compiled = 0;
        let mut get = |text: &str| {
            let found = constants.get(text, |text| {
                compiled += 1;
                text.parse::<usize>().ok()
            });
            (found.map(|found| *found), compiled)
        };
        assert_eq!(get("7"), (Some(7), 1));
        assert_eq!(get("7"), (Some(7), 1));
        assert_eq!(get("x"), (None, 2));
        assert_eq!(get("x"), (None, 2));
        for number in 100..100 + MOST {
            assert_eq!(get(&number.to_string()).0, Some(number));
        }
        assert!(constants.known.lock().unwrap().len() <= MOST);
    }
}

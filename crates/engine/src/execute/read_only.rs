//! Topics that can be read and that no statement writes to: Weir's own, and those that `ksql.readonly.topics` lists.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use regex::Regex;

use crate::{Engine, Error, Session};

/// The names of Kafka's, of a schema registry's and of Connect's own topics.
pub(crate) const READ_ONLY: &str = "_confluent.*,__confluent.*,_schemas,__consumer_offsets,__transaction_state,connect-configs,connect-offsets,connect-status,connect-statuses";

/// Which name the list has in the configuration.
const PROPERTY: &str = "ksql.readonly.topics";

/// A compiled name is not larger than this.
const LARGEST_PATTERN: usize = 1 << 20;

/// The statements, positions and leases of services can be read; a row or a DELETE TOPIC in them would undo a service.
pub(crate) fn refuse_own_topic(topic: &str) -> Result<(), Error> {
    if !topic.starts_with("_weir_") {
        return Ok(());
    }
    Err(Error::user(format!(
        "Topic '{topic}' is one of Weir's own: it can be read, and no statement writes to it or deletes it."
    )))
}

impl Engine {
    /// INSERT VALUES, over any door.
    pub(crate) fn refuse_values_for(&self, session: &Session, topic: &str) -> Result<(), Error> {
        refuse_read_only(&self.settings(session), topic, "Cannot insert values into")
    }
}

/// Refuses to write to a topic: `what` is how the sentence begins.
pub(crate) fn refuse_read_only(
    settings: &BTreeMap<String, String>,
    topic: &str,
    what: &str,
) -> Result<(), Error> {
    refuse_own_topic(topic)?;
    let patterns = settings.get(PROPERTY).map_or(READ_ONLY, String::as_str);
    match compiled(patterns).iter().any(|whole| whole.is_match(topic)) {
        false => Ok(()),
        true => Err(
            Error::user(format!("{what} read-only topic: {topic}")).hint(format!(
                "the server's configuration says with {PROPERTY} which topics are"
            )),
        ),
    }
}

/// The patterns of a list, made ready. The last list is kept: it is asked for with each of thousands of statements.
fn compiled(list: &str) -> Arc<[Regex]> {
    static LAST: Mutex<Option<(String, Arc<[Regex]>)>> = Mutex::new(None);
    let mut last = LAST.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((of, patterns)) = &*last
        && of == list
    {
        return patterns.clone();
    }
    // A list is looked at when it is configured: what is no pattern there is none here.
    let whole = |pattern: &str| {
        regex::RegexBuilder::new(&format!("^(?:{})$", pattern.trim()))
            .size_limit(LARGEST_PATTERN)
            .build()
            .ok()
    };
    let patterns: Arc<[Regex]> = list.split(',').filter_map(whole).collect();
    *last = Some((list.to_owned(), patterns.clone()));
    patterns
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::refuse_read_only;

    #[test]
    fn whole_names_are_compared() {
        let mut settings = BTreeMap::new();
        let refusal = |settings: &BTreeMap<String, String>, topic: &str| {
            let refused = refuse_read_only(settings, topic, "Cannot insert into");
            refused.err().map(|error| error.message)
        };
        for topic in ["orders", "connect-configs-of-mine", "my_schemas"] {
            assert_eq!(refusal(&settings, topic), None);
        }
        for topic in ["_schemas", "_confluent-command", "__consumer_offsets"] {
            let expected = format!("Cannot insert into read-only topic: {topic}");
            assert_eq!(refusal(&settings, topic), Some(expected));
        }
        settings.insert("ksql.readonly.topics".to_owned(), "audit.*, raw".to_owned());
        assert_eq!(refusal(&settings, "_schemas"), None);
        assert!(refusal(&settings, "raw").is_some() && refusal(&settings, "audit-2").is_some());
        assert!(refusal(&settings, "_weir_default__statements").is_some());
    }
}

//! What a topic may be called: Kafka's rules (`org.apache.kafka.common.internals.Topic`).

use crate::{Error, ErrorKind, Result};

const LENGTH_LIMIT: usize = 249;

pub(crate) fn check_topic_name(name: &str) -> Result<()> {
    let reason = if name.is_empty() {
        "the name of a topic must not be empty".to_owned()
    } else if name == "." || name == ".." {
        format!("a topic cannot be called `{name}`")
    } else if name.len() > LENGTH_LIMIT {
        let length = name.len();
        format!("the name of a topic has at most {LENGTH_LIMIT} characters, not {length}")
    } else if let Some(found) = name.chars().find(|found| !is_allowed(*found)) {
        let name = name.escape_debug();
        let found = found.escape_debug();
        format!(
            "the name of a topic has only ASCII letters, digits, `.`, `_` and `-`: `{name}` has `{found}`"
        )
    } else {
        return Ok(());
    };
    Err(Error::new(ErrorKind::Invalid, reason))
}

fn is_allowed(found: char) -> bool {
    found.is_ascii_alphanumeric() || matches!(found, '.' | '_' | '-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_kafkas_rules() {
        let long = "a".repeat(249);
        for good in ["a", "A.b_c-9", "...", "__consumer_offsets", &long] {
            assert!(check_topic_name(good).is_ok(), "{good}");
        }
        let longer = "a".repeat(250);
        for bad in [
            "", ".", "..", "a b", "a/b", "../a", "ä", "a\0", "a\n", &longer,
        ] {
            let error = check_topic_name(bad).unwrap_err();
            assert_eq!(error.kind, ErrorKind::Invalid, "{bad}");
        }
    }
}

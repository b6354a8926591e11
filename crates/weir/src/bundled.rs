//! What the program brings along: recorded Windows events, attacks made by hand, and rules over them.

use std::io::Read;

use bytes::Bytes;
use flate2::read::MultiGzDecoder;

use crate::failure::Failure;

/// Where the events are.
pub const TOPIC: &str = "wineventlogs";

/// The stream that the rules read.
pub const DECLARATION: &str = include_str!("../../../rules/winlogevents.sql");

static EVENTS: &[u8] = include_bytes!("../../../examples/windows-events/events.ndjson.gz");
static ATTACKS: &str = include_str!("../../../examples/windows-events/attacks.ndjson");

/// A detection rule: what stands in its file.
#[derive(Debug, Clone, Copy)]
pub struct Rule {
    /// Its statements.
    pub text: &'static str,
    /// The topic that its alerts go to.
    pub alerts: &'static str,
}

/// The rule of the article that the first users come from; then three more.
pub const RULES: [Rule; 4] = [
    Rule {
        text: include_str!("../../../rules/antivirus_enumeration.sql"),
        alerts: "windows_alerts",
    },
    Rule {
        text: include_str!("../../../rules/encoded_powershell.sql"),
        alerts: "encoded_powershell",
    },
    Rule {
        text: include_str!("../../../rules/event_log_cleared.sql"),
        alerts: "event_log_cleared",
    },
    Rule {
        text: include_str!("../../../rules/lsass_memory_access.sql"),
        alerts: "lsass_memory_access",
    },
];

impl Rule {
    pub fn title(&self) -> &'static str {
        self.comment("title").unwrap_or(self.alerts)
    }

    /// `low`, `medium`, `high` or `critical`.
    pub fn level(&self) -> &'static str {
        self.comment("level").unwrap_or("medium")
    }

    /// What a line `-- name: value` says.
    fn comment(&self, name: &str) -> Option<&'static str> {
        let comments = self
            .text
            .lines()
            .filter_map(|line| line.strip_prefix("-- "));
        comments
            .filter_map(|comment| comment.split_once(": "))
            .find_map(|(found, value)| (found == name).then_some(value))
    }
}

/// The recorded events in their order, and the attacks spread evenly among them.
pub fn events() -> Result<Vec<Bytes>, Failure> {
    let mut recorded = String::new();
    MultiGzDecoder::new(EVENTS)
        .read_to_string(&mut recorded)
        .map_err(|error| Failure::new(format!("the bundled events cannot be read: {error}")))?;
    let recorded: Vec<&str> = recorded.lines().collect();
    let attacks: Vec<&str> = ATTACKS.lines().collect();
    let gap = recorded.len() / (attacks.len() + 1) + 1;
    let mut attacks = attacks.into_iter();
    let mut events = Vec::with_capacity(recorded.len() + attacks.len());
    for (number, event) in (1..).zip(recorded) {
        events.push(Bytes::copy_from_slice(event.as_bytes()));
        if number % gap == 0 {
            events.extend(
                attacks
                    .next()
                    .map(|attack| Bytes::from_static(attack.as_bytes())),
            );
        }
    }
    events.extend(attacks.map(|attack| Bytes::from_static(attack.as_bytes())));
    Ok(events)
}

#[cfg(test)]
mod tests {
    use super::{ATTACKS, RULES, events};

    #[test]
    fn every_rule_says_what_it_is() {
        for rule in RULES {
            assert!(rule.comment("title").is_some(), "{}", rule.alerts);
            assert!(rule.comment("level").is_some(), "{}", rule.alerts);
            assert!(rule.text.contains(&format!("'{}'", rule.alerts)));
        }
    }

    #[test]
    fn attacks_are_among_the_events() {
        let events = events().unwrap();
        let attacks = ATTACKS.lines().count();
        let places: Vec<usize> = (0..events.len())
            .filter(|&place| ATTACKS.lines().any(|attack| attack == events[place]))
            .collect();
        assert_eq!(places.len(), attacks);
        assert!(places[0] > 50, "not at once");
        assert!(
            places.windows(2).all(|pair| pair[1] - pair[0] > 50),
            "not together"
        );
    }
}

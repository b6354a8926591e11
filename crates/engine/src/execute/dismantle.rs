//! The end of a service: what `/ksql/terminate` does.

use std::collections::BTreeSet;

use regex::Regex;
use weir_kafka::ErrorKind;
use weir_runtime::Query;

use super::change::stop_all;
use crate::{Engine, Error, engine::State, statement_log};

/// A compiled name is not larger than this.
const LARGEST_PATTERN: usize = 1 << 20;

impl Engine {
    /// Ends all queries, forgets all streams and the statement log, and deletes the sink topics whose whole names match one
    /// of the regular expressions. What other programs wrote is not touched. The engine takes no statement after it.
    pub async fn dismantle(&self, topics: &[String]) -> Result<(), Error> {
        let patterns = topics.iter().map(|pattern| whole(pattern));
        let patterns: Vec<Regex> = patterns.collect::<Result<_, _>>()?;
        self.refuse_headless()?;
        self.check_ours()?;
        let mut change = self.change_state().await;
        let state = change.copy(self.inner.parts.clock.now()).await?;
        let sinks: BTreeSet<String> = state
            .queries
            .values()
            .map(|query| query.sink.topic.clone())
            .collect();
        let pushes = self.push_queries().into_values().map(|(_, query)| query);
        let running = state.queries.values();
        let running = running.filter_map(|query| query.query.clone());
        let ended: Vec<Query> = running.chain(pushes).collect();
        stop_all(&ended).await;
        // What fails from here on can be asked for again: all that it needs is still known.
        let chosen = sinks
            .iter()
            .filter(|name| patterns.iter().any(|pattern| pattern.is_match(name)));
        for name in chosen {
            self.delete_if_there(name).await?;
        }
        let log = statement_log::topic_name(self.service_id());
        self.delete_if_there(&log).await?;
        change.forget();
        change.publish(&State {
            sequence: state.sequence,
            ..State::default()
        });
        for id in state.queries.keys() {
            self.forget(id).await;
        }
        Ok(())
    }

    async fn delete_if_there(&self, topic: &str) -> Result<(), Error> {
        match self.inner.parts.broker.delete_topic(topic).await {
            Err(error) if error.kind != ErrorKind::UnknownTopic => Err(error.into()),
            _ => Ok(()),
        }
    }
}

/// A pattern that a whole name must match.
fn whole(pattern: &str) -> Result<Regex, Error> {
    regex::RegexBuilder::new(&format!("^(?:{pattern})$"))
        .size_limit(LARGEST_PATTERN)
        .build()
        .map_err(|_| {
            Error::user(format!("Invalid pattern: {pattern}"))
                .hint("deleteTopicList holds names of topics, or regular expressions")
        })
}

//! Where topics end, as the broker last said: asked for when somebody looks, not too often, and not for long.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::{Duration, Instant},
};

use futures::StreamExt;
use weir_kafka::{Broker, Offset, OffsetSpec, PartitionId};

use super::Ends;

/// How old an answer may be before the broker is asked again.
const FRESH: Duration = Duration::from_secs(1);

/// How old an answer may be that is given because there is no newer one.
const STALE: Duration = Duration::from_secs(60);

/// How long the broker may take.
const PATIENCE: Duration = Duration::from_secs(2);

/// How many topics are asked for at once.
const AT_ONCE: usize = 8;

/// What an engine keeps between two looks at it.
#[derive(Debug)]
pub(crate) struct Watch {
    pub started: Instant,
    seen: tokio::sync::Mutex<BTreeMap<Arc<str>, Seen>>,
}

#[derive(Debug, Clone)]
struct Seen {
    at: Instant,
    ends: BTreeMap<PartitionId, Offset>,
}

impl Watch {
    pub fn new() -> Self {
        Self {
            started: Instant::now(),
            seen: tokio::sync::Mutex::default(),
        }
    }

    /// The ends of these partitions; of those that nobody could say lately, none.
    pub async fn ends(
        &self,
        broker: &Arc<dyn Broker>,
        wanted: BTreeMap<Arc<str>, BTreeSet<PartitionId>>,
    ) -> Ends {
        let mut seen = self.seen.lock().await;
        let is_of_use = |seen: &Seen| seen.at.elapsed() < STALE;
        seen.retain(|topic, seen| wanted.contains_key(topic) && is_of_use(seen));
        let is_known = |topic: &Arc<str>, partitions: &BTreeSet<PartitionId>| {
            seen.get(topic).is_some_and(|seen| {
                seen.at.elapsed() < FRESH && partitions.iter().all(|at| seen.ends.contains_key(at))
            })
        };
        let missing: Vec<_> = wanted
            .into_iter()
            .filter(|(topic, partitions)| !is_known(topic, partitions))
            .collect();
        let asked = missing.into_iter().map(|(topic, partitions)| {
            let broker = broker.clone();
            async move {
                let partitions: Vec<PartitionId> = partitions.into_iter().collect();
                let offsets = broker.offsets(&topic, &partitions, OffsetSpec::Latest);
                let offsets = match offsets.await {
                    Ok(offsets) => offsets,
                    Err(error) => {
                        tracing::debug!(%topic, %error, "the end of a topic is not known");
                        return None;
                    }
                };
                let ends = partitions.into_iter().zip(offsets).collect();
                Some((topic, ends))
            }
        });
        let mut answers = futures::stream::iter(asked).buffer_unordered(AT_ONCE);
        let gather = async {
            while let Some(answer) = answers.next().await {
                if let Some((topic, ends)) = answer {
                    let at = Instant::now();
                    seen.insert(topic, Seen { at, ends });
                }
            }
        };
        if tokio::time::timeout(PATIENCE, gather).await.is_err() {
            tracing::debug!("the broker does not say in time where topics end");
        }
        let seen = seen.iter();
        seen.map(|(topic, seen)| (topic.clone(), seen.ends.clone()))
            .collect()
    }
}

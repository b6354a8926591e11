//! ASSERT TOPIC: waits until it is so, or says why not.

use std::time::{Duration, Instant};

use weir_kafka::Topic;
use weir_sql::{
    expression::{Literal, TimeUnit},
    statement::{AssertTopic, Property},
};

use super::{Response, entity};
use crate::{Engine, Error, Session, entity::Body};

impl Engine {
    pub(crate) async fn assert_topic(
        &self,
        session: &Session,
        assert: &AssertTopic,
        text: &str,
    ) -> Result<Response, Error> {
        let settings = self.settings(session);
        let default = settings.get("ksql.assert.topic.default.timeout.ms");
        let default = default.and_then(|text| text.trim().parse().ok());
        let milliseconds = assert.timeout.map_or(default.unwrap_or(1000), |timeout| {
            timeout.amount.saturating_mul(match timeout.unit {
                TimeUnit::Days => 86_400_000,
                TimeUnit::Hours => 3_600_000,
                TimeUnit::Minutes => 60_000,
                TimeUnit::Seconds => 1000,
                TimeUnit::Milliseconds => 1,
            })
        });
        let deadline = Instant::now() + Duration::from_millis(milliseconds.min(3_600_000));
        loop {
            let Err(why) = self.check_topic(assert).await? else {
                let body = Body::AssertTopic {
                    topic_name: assert.topic.value.clone(),
                    exists: assert.must_exist,
                };
                return Ok(entity(body, text));
            };
            if Instant::now() >= deadline {
                return Err(Error::assertion(why));
            }
            tokio::select! {
                () = tokio::time::sleep(Duration::from_millis(50)) => {}
                () = session.has_gone.cancelled() => return Err(Error::assertion(why)),
            }
        }
    }

    async fn check_topic(&self, assert: &AssertTopic) -> Result<Result<(), String>, Error> {
        let name = &assert.topic.value;
        let found = self.inner.parts.broker.topic(name).await?;
        Ok(match (found, assert.must_exist) {
            (Some(_), false) => Err(format!("Topic {name} exists")),
            (None, false) => Ok(()),
            (None, true) => Err(format!("Topic {name} does not exist")),
            (Some(topic), true) => {
                let properties = assert.properties.entries.iter();
                let wrong: Vec<String> = properties
                    .filter_map(|property| mismatch(name, property, &topic))
                    .collect();
                match wrong.is_empty() {
                    true => Ok(()),
                    false => Err(wrong.join("\n")),
                }
            }
        })
    }
}

/// What a topic has otherwise than a property of ASSERT TOPIC says.
fn mismatch(name: &str, property: &Property, topic: &Topic) -> Option<String> {
    let (config, got) = match property.name.value.as_str() {
        "PARTITIONS" => ("partitions", topic.partitions),
        "REPLICAS" => ("replicas", topic.replicas.first().copied().unwrap_or(1)),
        other => return Some(format!("Cannot assert unknown topic property: {other}")),
    };
    let expected = match &property.value {
        Literal::Integer(wanted) if *wanted == got => return None,
        Literal::String(text) => text.clone(),
        other => other.to_string(),
    };
    Some(format!(
        "Mismatched configuration for topic {name}: For config {config}, expected {expected} got {got}"
    ))
}

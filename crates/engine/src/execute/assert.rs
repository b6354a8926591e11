//! ASSERT TOPIC: waits until it is so, or says why not.

use std::time::{Duration, Instant};

use weir_sql::{
    expression::{Literal, TimeUnit},
    statement::AssertTopic,
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
        let milliseconds = assert.timeout.map_or(1000, |timeout| {
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
                let mut mismatch = Ok(());
                for property in &assert.properties.entries {
                    let got = match property.name.value.as_str() {
                        "PARTITIONS" => topic.partitions,
                        "REPLICAS" => topic.replicas.first().copied().unwrap_or(1),
                        other => {
                            return Err(Error::user(format!(
                                "Cannot assert unknown topic property: {other}"
                            )));
                        }
                    };
                    let wanted = match &property.value {
                        Literal::Integer(wanted) => *wanted,
                        other => {
                            return Err(Error::user(format!(
                                "Invalid value {other} for {}: expected INT",
                                property.name.value
                            )));
                        }
                    };
                    if wanted != got {
                        mismatch = Err(format!(
                            "Mismatched configuration for topic {name}: For config {}, expected {wanted} got {got}",
                            property.name.value.to_lowercase()
                        ));
                    }
                }
                mismatch
            }
        })
    }
}

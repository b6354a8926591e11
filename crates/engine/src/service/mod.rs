//! A service on a cluster that others can reach too: who runs it, and where its queries stand.
//!
//! ```text
//! _weir_<service id>_checkpoints      one partition, compacted
//!   lease                     {"epoch":7,"holder":"process 41 on web-1",…}     every few seconds
//!   position/CSAS_ALERTS/0    a query's checkpoint                             once a second, if it changed
//!   query/CSAS_ALERTS         what the query was when its positions were made
//! ```
//!
//! **Invariant:** what a process writes to the cluster goes through a [`Gate`], and the gate is open only while the lease
//! is held beyond doubt. So two processes with one service id never both alert.

mod checkpoints;
mod gate;
mod lease;

use std::{path::Path, sync::Arc, time::Duration};

use tokio::task::JoinHandle;
use weir_kafka::Broker;
use weir_runtime::{CheckpointStore, Clock};

use crate::{Error, topic_log};
use checkpoints::SharedCheckpoints;
use gate::{Gate, GatedBroker};
use lease::{Instance, Lease};

/// How long each part of a release may take.
const PATIENCE: Duration = Duration::from_secs(2);

/// The lease of a service, held by this process.
pub(crate) struct Service {
    /// What the engine writes through.
    pub broker: Arc<dyn Broker>,
    pub checkpoints: Arc<dyn CheckpointStore>,
    gate: Gate,
    lease: Arc<Lease>,
    shared: Arc<SharedCheckpoints>,
    background: [JoinHandle<()>; 2],
}

/// The topic of a service's lease and positions.
pub fn topic_name(service_id: &str) -> String {
    format!("_weir_{service_id}_checkpoints")
}

impl Service {
    /// Takes the lease, or says who holds it. Positions are kept in `folder` first, and in the topic for when the
    /// folder is lost.
    pub async fn take(
        broker: Arc<dyn Broker>,
        clock: Arc<dyn Clock>,
        service_id: &str,
        folder: &Path,
        local: Arc<dyn CheckpointStore>,
    ) -> Result<Self, Error> {
        // A start reads the whole topic: it is compacted early, in small segments.
        let config = [
            ("cleanup.policy", "compact"),
            ("min.cleanable.dirty.ratio", "0.1"),
            ("segment.ms", "600000"),
            ("segment.bytes", "16777216"),
        ];
        let partition = topic_log::open(&broker, &topic_name(service_id), &config).await?;
        let instance = Instance::of(folder)?;
        let gate = Gate::new(clock.clone());
        let (lease, kept) = Lease::take(&broker, &partition, clock.clone(), instance, &gate)
            .await
            .map_err(|error| named(error, service_id))?;
        let lease = Arc::new(lease);
        let gated: Arc<dyn Broker> = Arc::new(GatedBroker::new(broker, gate.clone()));
        let shared = Arc::new(SharedCheckpoints::new(
            local,
            kept,
            partition.clone(),
            clock.clone(),
        ));
        let background = [
            tokio::spawn(lease.clone().keep(gate.clone())),
            tokio::spawn(shared.clone().publish(gated.clone())),
        ];
        Ok(Self {
            broker: gated,
            checkpoints: shared.clone(),
            gate,
            lease,
            shared,
            background,
        })
    }

    /// Returns when another process has taken the service over, with its name.
    pub fn lost(&self) -> impl Future<Output = Error> + Send + use<> {
        let gate = self.gate.clone();
        async move { gate.lost().await }
    }

    /// Whether the service is still ours.
    pub fn check(&self) -> Result<(), Error> {
        self.gate.check()
    }

    /// Publishes the last positions and gives the lease back; to be called when nothing runs any more. A broker that is
    /// away is not waited for: the lease runs out by itself, and the folder has all positions.
    pub async fn release(&self) {
        for task in &self.background {
            task.abort();
        }
        let is_ours = self.gate.is_open();
        let publishing = async {
            if is_ours && let Err(error) = self.shared.publish_now(&self.broker).await {
                tracing::warn!(%error, "the last positions are in the data folder only");
            }
        };
        let _ = tokio::time::timeout(PATIENCE, publishing).await;
        // Before another process may start: whoever was cut off writes nothing after it.
        self.gate.close();
        if !is_ours {
            return;
        }
        match tokio::time::timeout(PATIENCE, self.lease.release()).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => {
                tracing::warn!(%error, "the lease was not given back, it runs out by itself");
            }
            Err(_) => tracing::warn!("the lease was not given back, it runs out by itself"),
        }
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        for task in &self.background {
            task.abort();
        }
    }
}

fn named(mut error: Error, service_id: &str) -> Error {
    error.message = error.message.replace("{service}", service_id);
    error
}

/// A record's key in the topic.
fn key_of(parts: &[&str]) -> bytes::Bytes {
    bytes::Bytes::from(parts.join("/"))
}

#[cfg(test)]
mod tests;

//! A service on a cluster that others can reach too: who runs it, and where its queries stand.
//!
//! ```text
//! _weir_<service id>_checkpoints      one partition, compacted
//!   lease                     {"epoch":7,"holder":"process 41 on web-1",…}     every few seconds
//!   plan/CSAS_ALERTS          what the positions of a query were made by
//!   position/CSAS_ALERTS/0    its checkpoint                                   once a second, if it changed
//! ```
//!
//! **Invariant:** what a process writes to the cluster goes through a [`Gate`], and the gate is open only while the lease
//! is held beyond doubt. So two processes with one service id never both alert.

mod checkpoints;
mod gate;
mod lease;

use std::{path::Path, sync::Arc};

use tokio::task::JoinHandle;
use weir_kafka::Broker;
use weir_runtime::{CheckpointStore, Clock};

use crate::{Error, topic_log};
use checkpoints::SharedCheckpoints;
use gate::{Gate, GatedBroker};
use lease::{Instance, Lease};

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
        let config = [("cleanup.policy", "compact")];
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

    /// Publishes the last positions and gives the lease back; to be called when nothing runs any more.
    pub async fn release(&self) {
        for task in &self.background {
            task.abort();
        }
        if self.gate.check().is_err() {
            return;
        }
        if let Err(error) = self.shared.publish_now(&self.broker).await {
            tracing::warn!(%error, "the last positions are in the data folder only");
        }
        if let Err(error) = self.lease.release().await {
            tracing::warn!(%error, "the lease was not given back: it runs out by itself");
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

//! A topic's records as they come, over the times when its broker is away.

use std::time::Duration;

use weir_engine::{Error, ErrorKind, TopicReader, parts::Record};

/// A reader that finds nothing asks again; how often is of no consequence.
const WAIT: Duration = Duration::from_secs(60);

/// The first wait after a failure; doubled from failure to failure.
const BACKOFF: Duration = Duration::from_millis(100);
const BACKOFF_MAX: Duration = Duration::from_secs(5);

/// The next records. A broker that is away is waited for; what asking again does not mend is an error.
pub async fn follow(reader: &mut TopicReader) -> Result<Vec<Record>, Error> {
    let mut backoff = BACKOFF;
    loop {
        match reader.next(WAIT).await {
            Ok(Some((_, records))) => return Ok(records),
            Ok(None) => backoff = BACKOFF,
            Err(error) if error.kind == ErrorKind::External => {
                tracing::warn!(%error, "a topic cannot be read, it is tried again");
                tokio::time::sleep(backoff).await;
                backoff = (backoff * 2).min(BACKOFF_MAX);
            }
            Err(error) => return Err(error),
        }
    }
}

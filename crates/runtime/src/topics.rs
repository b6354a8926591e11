//! What topics are like now: each topic that somebody uses is looked at now and then, once for all who use it.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use tokio::sync::watch;
use weir_kafka::Topic;

use crate::{Error, Options};

/// The topics that are looked at.
#[derive(Debug, Default)]
pub(crate) struct Topics {
    watched: Mutex<BTreeMap<String, watch::Sender<Look>>>,
}

/// What the last look at a topic showed.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Look {
    NotYet,
    Found(Arc<Topic>),
    Missing,
    Failed(Error),
}

impl Topics {
    /// Looks at the topic now, and again from time to time for as long as anybody holds the receiver.
    pub fn watch(self: &Arc<Self>, options: &Arc<Options>, name: &str) -> watch::Receiver<Look> {
        let mut watched = self.watched.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(sender) = watched.get(name) {
            return sender.subscribe();
        }
        let sender = watch::Sender::new(Look::NotYet);
        let receiver = sender.subscribe();
        watched.insert(name.to_owned(), sender.clone());
        let (topics, options, name) = (self.clone(), options.clone(), name.to_owned());
        tokio::spawn(async move { topics.look_after(&options, &name, sender).await });
        receiver
    }

    async fn look_after(&self, options: &Options, name: &str, sender: watch::Sender<Look>) {
        let mut wait = options.retry_initial;
        loop {
            let look = look(options, name).await;
            // What is not there may come soon; what is there changes rarely.
            let is_found = matches!(look, Look::Found(_));
            wait = if is_found {
                options.topic_poll
            } else {
                wait.min(options.topic_poll)
            };
            sender.send_if_modified(|known| {
                let is_new = *known != look;
                *known = look;
                is_new
            });
            let is_over = tokio::select! {
                () = options.clock.sleep(wait) => false,
                () = sender.closed() => true,
            };
            if is_over && self.forget(name, &sender) {
                return;
            }
            wait = if is_found {
                options.retry_initial
            } else {
                wait.saturating_mul(2)
            };
        }
    }

    /// True if really nobody looks: someone may have come just now.
    fn forget(&self, name: &str, sender: &watch::Sender<Look>) -> bool {
        let mut watched = self.watched.lock().unwrap_or_else(PoisonError::into_inner);
        let is_unused = sender.is_closed();
        if is_unused {
            watched.remove(name);
        }
        is_unused
    }
}

async fn look(options: &Options, name: &str) -> Look {
    match options.broker.topic(name).await {
        Ok(Some(topic)) => Look::Found(Arc::new(topic)),
        Ok(None) => Look::Missing,
        Err(error) => Look::Failed(error.into()),
    }
}

impl Look {
    /// Whether this shows that the topic of this id is no more. A look that failed shows nothing.
    pub fn is_other_than(&self, id: &str) -> bool {
        match self {
            Self::Found(topic) => topic.id != id,
            Self::Missing => true,
            Self::NotYet | Self::Failed(_) => false,
        }
    }

    /// The topic, or why there is none.
    pub fn topic(&self, name: &str) -> Result<Arc<Topic>, Error> {
        match self {
            Self::Found(topic) => Ok(topic.clone()),
            Self::Failed(error) => Err(error.clone()),
            Self::Missing => Err(Error::external(format!("topic `{name}` does not exist"))),
            Self::NotYet => Err(Error::external(format!(
                "topic `{name}` was not looked at yet"
            ))),
        }
    }
}

/// The topic as it was last seen; waits for the first look.
pub(crate) async fn known(
    looks: &mut watch::Receiver<Look>,
    name: &str,
) -> Result<Arc<Topic>, Error> {
    let look = looks.wait_for(|look| *look != Look::NotYet).await;
    match look {
        Ok(look) => look.topic(name),
        Err(_) => Err(Error::internal(format!("nobody looks at topic `{name}`"))),
    }
}

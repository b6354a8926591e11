//! What became of the statements that changed something (reference, `/status`).

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
};

use crate::{Engine, Error, entity::CommandStatus};

/// How many are remembered: the latest.
const MOST: usize = 10_000;

/// A statement that took effect.
pub(crate) struct Command {
    /// Type, entity and action: ``stream/`S`/create``.
    pub id: String,
    pub message: String,
    /// Its place among the statements that took effect.
    pub number: i64,
}

/// By id: the latest statement of each.
#[derive(Default)]
pub(crate) struct Commands {
    statuses: Mutex<BTreeMap<String, (i64, CommandStatus)>>,
}

impl Engine {
    /// Keeps what became of a statement, and gives it.
    pub(crate) fn remember(&self, command: &Command, query_id: Option<String>) -> CommandStatus {
        let status = CommandStatus::success(command.message.clone(), query_id);
        self.keep(&command.id, command.number, status.clone());
        status
    }

    /// Keeps that a statement took effect and could not be carried out.
    pub(crate) fn remember_failure(&self, id: &str, number: i64, error: &Error) {
        self.keep(id, number, CommandStatus::failure(error.message.clone()));
    }

    fn keep(&self, id: &str, number: i64, status: CommandStatus) {
        let mut statuses = self
            .inner
            .commands
            .statuses
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        statuses.insert(id.to_owned(), (number, status));
        if statuses.len() > MOST {
            let oldest = statuses
                .iter()
                .min_by_key(|(_, (number, _))| *number)
                .map(|(id, _)| id.clone());
            oldest.and_then(|id| statuses.remove(&id));
        }
    }

    /// What became of statements, by id (``stream/`S`/create``).
    pub fn command_statuses(&self) -> BTreeMap<String, CommandStatus> {
        let statuses = self
            .inner
            .commands
            .statuses
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let kept = statuses.iter();
        kept.map(|(id, (_, status))| (id.clone(), status.clone()))
            .collect()
    }
}

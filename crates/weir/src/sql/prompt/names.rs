//! The names that a prompt completes, looked up beside it: a broker that does not answer holds nobody up.

use std::{
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use tokio::{sync::Notify, task::JoinHandle};
use weir_engine::{
    Entity, Error,
    entity::{Body, Field},
};

use crate::sql::backend::Backend;

/// How long it may take to look all names up.
const PATIENCE: Duration = Duration::from_secs(10);

/// How many streams and tables are looked into, at most.
const MOST_SOURCES: usize = 2000;

/// What there is.
#[derive(Debug, Clone, Default)]
pub struct Names {
    pub sources: Vec<Source>,
    pub topics: Vec<String>,
    pub functions: Vec<String>,
    pub types: Vec<String>,
    pub queries: Vec<String>,
    pub properties: Vec<String>,
}

/// A stream or a table.
#[derive(Debug, Clone, Default)]
pub struct Source {
    pub name: String,
    pub is_table: bool,
    pub fields: Vec<Field>,
}

/// Names as of the last time that they were looked up.
pub struct NameStore {
    shared: Arc<Shared>,
    worker: JoinHandle<()>,
}

struct Shared {
    state: Mutex<State>,
    is_due: Notify,
    is_done: Condvar,
}

struct State {
    names: Arc<Names>,
    backend: Backend,
    /// How often a look was asked for, and up to which of them it was taken.
    asked: u64,
    taken: u64,
}

impl NameStore {
    /// Begins to look them up.
    pub fn start(backend: Backend) -> Self {
        let shared = Arc::new(Shared {
            state: Mutex::new(State {
                names: Arc::default(),
                backend,
                asked: 1,
                taken: 0,
            }),
            is_due: Notify::new(),
            is_done: Condvar::new(),
        });
        shared.is_due.notify_one();
        let worker = tokio::spawn(look_when_due(shared.clone()));
        Self { shared, worker }
    }

    /// Looks them up anew, beside what the caller does.
    pub fn refresh(&self) {
        self.shared.lock().asked += 1;
        self.shared.is_due.notify_one();
    }

    /// From here on they are another server's.
    pub fn switch(&self, backend: Backend) {
        let mut state = self.shared.lock();
        state.backend = backend;
        state.names = Arc::default();
        drop(state);
        self.refresh();
    }

    /// The names; a look that is under way is waited for, but not for longer than `patience`.
    pub fn current(&self, patience: Duration) -> Arc<Names> {
        let state = self.shared.lock();
        let waited = self
            .shared
            .is_done
            .wait_timeout_while(state, patience, |state| state.taken < state.asked);
        let (state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        state.names.clone()
    }
}

impl Drop for NameStore {
    fn drop(&mut self) {
        self.worker.abort();
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn put(&self, names: Names, before: &Arc<Names>, asked: u64) {
        let mut state = self.lock();
        // Names of a server that was left meanwhile are nobody's.
        if Arc::ptr_eq(&state.names, before) {
            state.names = Arc::new(names);
        }
        state.taken = asked;
        drop(state);
        self.is_done.notify_all();
    }
}

async fn look_when_due(shared: Arc<Shared>) {
    loop {
        shared.is_due.notified().await;
        let (backend, before, asked) = {
            let state = shared.lock();
            (state.backend.clone(), state.names.clone(), state.asked)
        };
        let started = Instant::now();
        let mut names = Names::clone(&before);
        // What cannot be looked up is as it was before.
        if tokio::time::timeout(PATIENCE, look(&backend, &mut names))
            .await
            .is_err()
        {
            tracing::debug!("names could not be looked up in time");
        }
        shared.put(names, &before, asked);
        // A script of many statements asks for a look after each: looks take a third of the time at most.
        tokio::time::sleep(started.elapsed() * 2).await;
    }
}

/// What changes first and needs no broker comes first.
async fn look(backend: &Backend, names: &mut Names) {
    if let Ok(sources) = sources(backend).await {
        names.sources = sources;
    }
    for statement in [
        "SHOW QUERIES",
        "SHOW FUNCTIONS",
        "SHOW TYPES",
        "SHOW PROPERTIES",
        "SHOW TOPICS",
    ] {
        if statement == "SHOW FUNCTIONS" && !names.functions.is_empty() {
            continue;
        }
        let found = backend.look(&[statement.to_owned()]).await;
        for entity in found.unwrap_or_default() {
            take(names, entity);
        }
    }
}

fn take(names: &mut Names, entity: Entity) {
    match entity.body {
        Body::Queries { queries } => {
            names.queries = queries.into_iter().map(|query| query.id).collect();
        }
        Body::Functions { functions } => {
            names.functions = functions
                .into_iter()
                .map(|function| function.name)
                .collect();
        }
        Body::Types { types } => names.types = types.into_keys().collect(),
        Body::Properties { properties, .. } => {
            let settable = properties.into_iter().filter(|property| property.editable);
            names.properties = settable.map(|property| property.name).collect();
        }
        Body::Topics { topics } => {
            names.topics = topics.into_iter().map(|topic| topic.name).collect();
        }
        _ => {}
    }
}

async fn sources(backend: &Backend) -> Result<Vec<Source>, Error> {
    let listed = backend
        .look(&["SHOW STREAMS".to_owned(), "SHOW TABLES".to_owned()])
        .await?;
    let mut names = Vec::new();
    for entity in listed {
        if let Body::Streams { streams } = entity.body {
            names.extend(streams.into_iter().map(|stream| (stream.name, false)));
        } else if let Body::Tables { tables } = entity.body {
            names.extend(tables.into_iter().map(|table| (table.name, true)));
        }
    }
    names.truncate(MOST_SOURCES);
    let describe: Vec<String> = names
        .iter()
        .map(|(name, _)| format!("DESCRIBE `{}`", name.replace('`', "``")))
        .collect();
    let mut sources: Vec<Source> = names
        .into_iter()
        .map(|(name, is_table)| Source {
            name,
            is_table,
            fields: Vec::new(),
        })
        .collect();
    // One that was dropped meanwhile fails them all: they have names, and no columns until the next look.
    let described = match describe.is_empty() {
        true => Vec::new(),
        false => backend.look(&describe).await.unwrap_or_default(),
    };
    for entity in described {
        if let Body::SourceDescription { source_description } = entity.body {
            let same = |source: &&mut Source| source.name == source_description.name;
            if let Some(source) = sources.iter_mut().find(same) {
                source.fields = source_description.fields;
            }
        }
    }
    Ok(sources)
}

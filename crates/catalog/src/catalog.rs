//! The set of what exists now.

use std::{collections::BTreeMap, sync::Arc};

use rpds::RedBlackTreeMapSync;

use crate::{Error, Source, SqlType};

/// Cheap to clone, whatever is in it: a statement is validated on a copy, so that one that fails has changed nothing.
#[derive(Debug, Clone, Default)]
pub struct Catalog {
    sources: RedBlackTreeMapSync<String, Arc<Source>>,
    types: Arc<BTreeMap<String, SqlType>>,
}

impl Catalog {
    pub fn source(&self, name: &str) -> Option<&Arc<Source>> {
        self.sources.get(name)
    }

    /// In the order of their names.
    pub fn sources(&self) -> impl Iterator<Item = &Arc<Source>> {
        self.sources.values()
    }

    pub fn add(&mut self, source: Source) -> Result<(), Error> {
        self.check_free(&source)?;
        self.replace(source);
        Ok(())
    }

    /// Whether nothing has the source's name yet.
    pub fn check_free(&self, source: &Source) -> Result<(), Error> {
        match self.sources.get(&source.name) {
            None => Ok(()),
            Some(existing) => Err(Error::Exists {
                name: source.name.clone(),
                wanted: source.kind.to_string().to_lowercase(),
                existing: existing.kind.to_string().to_lowercase(),
            }),
        }
    }

    pub fn replace(&mut self, source: Source) {
        self.share(Arc::new(source));
    }

    /// Adds a source of another catalog, or replaces the one of its name.
    pub fn share(&mut self, source: Arc<Source>) {
        self.sources.insert_mut(source.name.clone(), source);
    }

    pub fn drop(&mut self, name: &str) -> Option<Arc<Source>> {
        let dropped = self.sources.get(name).cloned();
        self.sources.remove_mut(name);
        dropped
    }

    /// A user's own type, expanded.
    pub fn custom_type(&self, name: &str) -> Option<&SqlType> {
        self.types.get(name)
    }

    /// In the order of their names.
    pub fn custom_types(&self) -> impl Iterator<Item = (&str, &SqlType)> {
        self.types
            .iter()
            .map(|(name, sql_type)| (name.as_str(), sql_type))
    }

    /// The same types, and no source.
    pub fn types_alone(&self) -> Self {
        Self {
            types: self.types.clone(),
            ..Self::default()
        }
    }

    /// The type that had this name before.
    pub fn add_type(&mut self, name: impl Into<String>, sql_type: SqlType) -> Option<SqlType> {
        Arc::make_mut(&mut self.types).insert(name.into(), sql_type)
    }

    pub fn drop_type(&mut self, name: &str) -> Option<SqlType> {
        Arc::make_mut(&mut self.types).remove(name)
    }
}

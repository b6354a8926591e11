//! Why the catalog refuses a change.

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    #[error("Cannot add {wanted} '{name}': A {existing} with the same name already exists")]
    Exists {
        name: String,
        wanted: String,
        existing: String,
    },
}

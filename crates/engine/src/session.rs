//! What SET and DEFINE change: for later statements of one caller.

use std::collections::BTreeMap;

use weir_sql::Variables;

/// A caller's own settings and variables.
#[derive(Debug, Clone, Default)]
pub struct Session {
    /// Properties that SET changed, by ksqlDB's names.
    pub properties: BTreeMap<String, String>,
    pub variables: Variables,
}

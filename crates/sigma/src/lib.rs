//! Sigma detection rules to Weir SQL.

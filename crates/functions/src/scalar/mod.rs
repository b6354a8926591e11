//! Functions of one row.

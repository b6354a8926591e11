//! Inside the process, durable in a data folder.

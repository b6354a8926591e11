//! Inside the process, gone with it: for tests and pipes.

//! The Weir program.

fn main() {}

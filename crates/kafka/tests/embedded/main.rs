//! What a folder promises beyond the contract: that it is whole after a crash, full disk, power cut or a second owner.

#![expect(clippy::unwrap_used, reason = "a test fails where it stands")]

mod disk;
mod folder;
mod kill;
mod model;
mod power;
mod recovery;
mod retention;
mod world;

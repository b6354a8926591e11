//! Standard output, which may have a reader that goes away: `weir consume … | head`.

use std::io::{ErrorKind, Write};

use crate::failure::Failure;

/// Whether somebody still reads what is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stdout {
    Read,
    /// Whoever read it has gone. That is no failure: they had enough.
    Gone,
}

impl Stdout {
    /// Writes it whole, between no other writer's lines, and at once.
    pub fn write(text: &[u8]) -> Result<Self, Failure> {
        let mut output = std::io::stdout().lock();
        match output.write_all(text).and_then(|()| output.flush()) {
            Ok(()) => Ok(Self::Read),
            Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(Self::Gone),
            Err(error) => Err(Failure::new(format!(
                "cannot write standard output: {error}"
            ))),
        }
    }

    pub fn is_read(self) -> bool {
        self == Self::Read
    }
}

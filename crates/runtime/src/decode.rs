//! Step 2: bytes to columns, for the union of what a reader's tasks need.

use std::sync::Arc;

use weir_formats::{Decoded, Decoder};

use crate::{
    Error,
    layout::{Layout, Part},
};

/// The decoders of a layout.
#[derive(Debug, Default)]
pub(crate) struct Decoders {
    pub layout: Arc<Layout>,
    decoders: Vec<Decoder>,
}

impl Decoders {
    /// Keeps what is there when the layout is the same: decoders keep their buffers.
    pub fn change_to(&mut self, layout: Layout) -> Result<(), Error> {
        if *self.layout == layout {
            return Ok(());
        }
        let decoders = layout.groups.iter();
        let decoders = decoders.map(|group| group.declared.decoder(&group.requests));
        self.decoders = decoders.collect::<Result<_, _>>()?;
        self.layout = Arc::new(layout);
        Ok(())
    }

    /// By group of the layout; `bytes` are the keys or the values of the records.
    pub fn decode<'a>(&mut self, bytes: impl Fn(Part) -> Vec<Option<&'a [u8]>>) -> Vec<Decoded> {
        let parts = self.layout.groups.iter().zip(&mut self.decoders);
        let decoded = parts.map(|(group, decoder)| decoder.decode(&bytes(group.declared.part)));
        decoded.collect()
    }
}

//! Which records are skipped before they are parsed, where that pays.
//!
//! Looking costs a part of what parsing costs: it pays while enough records are skipped. Where too few are, records are
//! parsed unseen for a while, and then it is tried again.

use weir_rules::RawFilter;

/// Records over which is judged.
const TRIAL: u64 = 1_024;

/// The share of records that must be skipped, of 100.
const PAYS: u64 = 20;

/// Records that are parsed unseen before it is tried again.
const PAUSE: u64 = 64 * TRIAL;

#[derive(Debug)]
pub(crate) struct Skipper {
    filter: RawFilter,
    looked_at: u64,
    skipped: u64,
    unseen: u64,
}

impl Skipper {
    pub fn new(filter: RawFilter) -> Self {
        Self {
            filter,
            looked_at: 0,
            skipped: 0,
            unseen: 0,
        }
    }

    /// Whether a record is to be parsed. One without a value matches nothing, and is no record for the filter.
    pub fn keeps(&mut self, value: Option<&[u8]>) -> bool {
        let Some(value) = value else {
            return true;
        };
        if self.unseen > 0 {
            self.unseen -= 1;
            return true;
        }
        let keeps = self.filter.may_match(value);
        self.looked_at += 1;
        self.skipped += u64::from(!keeps);
        if self.looked_at == TRIAL {
            if self.skipped * 100 < TRIAL * PAYS {
                self.unseen = PAUSE;
            }
            (self.looked_at, self.skipped) = (0, 0);
        }
        keeps
    }
}

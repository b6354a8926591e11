//! What a plan is, as a short text: kept in checkpoints, the same for the same plan in every version and process.

use crate::{QueryPlan, Sink, explain::explain};

/// Sixteen hexadecimal digits over all that the plan says (FNV-1a, 64 bits).
pub fn fingerprint(query: &QueryPlan, sink: &Sink) -> String {
    let text = format!("{}\n{:?}", explain(query), sink);
    let hash = text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    });
    format!("{hash:016x}")
}

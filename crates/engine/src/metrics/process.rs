//! What the whole process takes from its machine.

use std::time::Duration;

use nix::sys::{
    resource::{Usage, UsageWho, getrusage},
    time::TimeVal,
};

/// `None` where the system does not say.
#[derive(Debug, Default)]
pub(crate) struct Process {
    pub resident_bytes: Option<u64>,
    pub peak_resident_bytes: Option<u64>,
    /// In user and in system mode.
    pub cpu: Option<Duration>,
}

impl Process {
    pub fn now() -> Self {
        let usage = getrusage(UsageWho::RUSAGE_SELF).ok();
        let resident = memory_stats::memory_stats().map(|stats| stats.physical_mem as u64);
        Self {
            resident_bytes: resident,
            // The system writes the peak down now and then, and what there is now may be more.
            peak_resident_bytes: usage.as_ref().map(peak).max(resident),
            cpu: usage.map(|usage| duration(usage.user_time()) + duration(usage.system_time())),
        }
    }
}

/// macOS counts in bytes, the others in KiB (`getrusage(2)`).
fn peak(usage: &Usage) -> u64 {
    let unit = if cfg!(target_vendor = "apple") {
        1
    } else {
        1_024
    };
    u64::try_from(usage.max_rss()).unwrap_or(0) * unit
}

fn duration(time: TimeVal) -> Duration {
    let seconds = u64::try_from(time.tv_sec()).unwrap_or(0);
    let micros = u64::try_from(time.tv_usec()).unwrap_or(0);
    Duration::from_secs(seconds) + Duration::from_micros(micros)
}

#[cfg(test)]
mod tests {
    use super::Process;

    #[test]
    fn a_process_has_memory_and_has_had_no_less_and_uses_its_cpu() {
        let before = Process::now();
        let mut filled = vec![1_u8; 64 << 20];
        for round in 0..2 {
            filled
                .iter_mut()
                .for_each(|byte| *byte = byte.wrapping_add(round));
        }
        let after = Process::now();
        std::hint::black_box(&filled);
        let grown = after.resident_bytes.unwrap() - before.resident_bytes.unwrap();
        assert!(grown >= 48 << 20, "{grown}");
        assert!(after.peak_resident_bytes.unwrap() >= 64 << 20);
        assert!(after.cpu > before.cpu, "{before:?} {after:?}");
    }
}

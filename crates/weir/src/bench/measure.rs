//! One timed run: what it did, how long it took, what it cost.

use std::{ops::AddAssign, time::Instant};

use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike;
use serde::Serialize;

/// A line of the report. `events` may be a multiple of the file's.
#[derive(Debug, Serialize)]
pub struct Run {
    pub name: &'static str,
    pub events: u64,
    pub bytes: u64,
    pub matches: u64,
    /// Records that were not parsed.
    pub skipped: u64,
    pub wall_s: f64,
    pub events_per_s: f64,
    pub mb_per_s: f64,
    /// CPU of all threads of this process, user and system, for a million events.
    pub cpu_s_per_million: f64,
    /// The most memory that the process held during the run; with the events themselves, which are in memory.
    pub peak_rss_mb: f64,
}

/// What a run did, from inside.
#[derive(Debug, Default, Clone, Copy)]
pub struct Work {
    pub events: u64,
    pub bytes: u64,
    pub matches: u64,
    pub skipped: u64,
}

impl AddAssign for Work {
    fn add_assign(&mut self, other: Self) {
        self.events += other.events;
        self.bytes += other.bytes;
        self.matches += other.matches;
        self.skipped += other.skipped;
    }
}

/// A clock that was started.
pub struct Stopwatch {
    started: Instant,
    cpu: f64,
}

impl Stopwatch {
    pub fn start() -> Self {
        reset_peak_memory();
        Self {
            started: Instant::now(),
            cpu: cpu_seconds(),
        }
    }

    pub fn stop(self, name: &'static str, work: Work) -> Run {
        let wall_s = self.started.elapsed().as_secs_f64();
        let cpu = cpu_seconds() - self.cpu;
        let events = work.events as f64;
        Run {
            name,
            events: work.events,
            bytes: work.bytes,
            matches: work.matches,
            skipped: work.skipped,
            wall_s,
            events_per_s: events / wall_s,
            mb_per_s: work.bytes as f64 / 1e6 / wall_s,
            cpu_s_per_million: cpu * 1e6 / events,
            peak_rss_mb: peak_memory_mb(),
        }
    }
}

fn cpu_seconds() -> f64 {
    getrusage(UsageWho::RUSAGE_SELF).map_or(0.0, |usage| {
        let micros = usage.user_time().num_microseconds() + usage.system_time().num_microseconds();
        micros as f64 / 1e6
    })
}

/// Linux lets a process begin its high-water mark anew (proc(5), clear_refs 5); elsewhere it is that of the whole life.
fn reset_peak_memory() {
    // Best effort: without it the figure is too high, never too low.
    let _ = std::fs::write("/proc/self/clear_refs", "5");
}

fn peak_memory_mb() -> f64 {
    let of_linux = std::fs::read_to_string("/proc/self/status")
        .ok()
        .and_then(|status| {
            let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
            line.split_whitespace().nth(1)?.parse::<f64>().ok()
        });
    let kilobytes = of_linux.unwrap_or_else(|| {
        getrusage(UsageWho::RUSAGE_SELF).map_or(0.0, |usage| usage.max_rss() as f64)
    });
    kilobytes / 1024.0
}

/// What the process holds now.
pub fn memory_mb() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmRSS:"));
    let kilobytes = line.and_then(|line| line.split_whitespace().nth(1)?.parse::<f64>().ok());
    kilobytes.unwrap_or_else(peak_memory_mb_kb) / 1024.0
}

fn peak_memory_mb_kb() -> f64 {
    peak_memory_mb() * 1024.0
}

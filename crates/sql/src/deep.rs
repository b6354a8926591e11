//! The one door to recursion over a tree.

/// Runs `step` with room on the stack: whatever descends a tree goes through here once for each level.
///
/// A level is up to ten frames, and those of a debug build are large; a thread of a server has two megabytes.
pub fn deep<T>(step: impl FnOnce() -> T) -> T {
    stacker::maybe_grow(128 << 10, 2 << 20, step)
}

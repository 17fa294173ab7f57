//! How many connections the system gives file descriptors for.

/// File descriptors that are not for clients.
const OTHERS: u64 = 100;

/// As many of so many connections as the system gives descriptors for, which it is asked for; one
/// at least.
pub(crate) fn connections(wanted: usize) -> usize {
    let descriptors = wanted as u64 + OTHERS;
    let given = rlimit::increase_nofile_limit(descriptors).unwrap_or(descriptors);
    wanted.min(given.saturating_sub(OTHERS).max(1) as usize)
}

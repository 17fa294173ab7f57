//! Liveness: what must happen, on the clock.

use quorate_checker::AnySpec;

/// The counts change only with a reason.
pub(super) fn listed() -> Vec<Box<dyn AnySpec>> {
    vec![]
}

//! Every claim of every listed spec says all that it reads.

use std::thread;

/// So many states of each spec are looked at: all of the small ones.
const STATES: u64 = 30_000;

/// On so many threads, each of which looks at its share of the specs.
const THREADS: usize = 2;

#[test]
fn no_claim_reads_more_than_it_says_it_sees() {
    thread::scope(|scope| {
        (0..THREADS).for_each(|share| {
            scope.spawn(move || {
                for spec in quorate_models::specs().into_iter().skip(share).step_by(THREADS) {
                    let found = spec.audit(STATES);
                    assert!(found.is_empty(), "{}: {found:?} read more than they see", spec.name());
                }
            });
        });
    });
}

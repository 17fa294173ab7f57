//! Every claim of every listed spec says all that it reads.

/// So many states of each spec are looked at: all of the small ones.
const STATES: u64 = 50_000;

#[test]
fn no_claim_reads_more_than_it_says_it_sees() {
    for spec in quorate_models::specs() {
        let found = spec.audit(STATES);
        assert!(found.is_empty(), "{}: {found:?} read more than they see", spec.name());
    }
}

//! Whatever is done to a log, it answers as a vector of entries does.

use proptest::collection::vec;
use proptest::prelude::*;
use quorate_models::number::{Index, Term};
use quorate_models::raft::log::{Entry, Log, Payload, Position};
use quorate_models::service::{Request, Sequence, Session};

use crate::support::arbitrary::config;

/// What a log test does to the log.
#[derive(Clone, Debug)]
enum Act {
    Append(Entry<u8>),
    TruncateFrom(u64),
    /// All up to the entry that is so far behind the last one that is compacted.
    Compact(u64),
}

/// Few terms and few commands, so that different logs often begin alike.
fn any_act() -> impl Strategy<Value = Act> {
    let entry = (0..3_u64, prop::option::of(0..2_u8)).prop_map(|(term, command)| Entry {
        term: Term(term),
        payload: command.map_or(Payload::NoOp, |command| {
            Payload::Command(Request {
                session: Session(7),
                sequence: Sequence(1),
                since: Index::ZERO,
                command,
            })
        }),
    });
    prop_oneof![
        4 => entry.prop_map(Act::Append),
        1 => (0..14_u64).prop_map(Act::TruncateFrom),
        1 => Just(Act::TruncateFrom(u64::MAX)),
        1 => (0..4_u64).prop_map(Act::Compact),
    ]
}

/// Expects `log` to answer every question as the numbered entries of `naive` do, of which all up to
/// `base` are compacted.
fn agrees(log: &Log<u8>, naive: &[Entry<u8>], base: u64) -> Result<(), TestCaseError> {
    let numbered: Vec<(Index, &Entry<u8>)> = (1..).map(Index).zip(naive).collect();
    let position = |(index, e): &(Index, &Entry<u8>)| Position { index: *index, term: e.term };
    let last = numbered.last().map_or(Position::default(), position);
    let at_base = numbered[..base as usize].last().map_or(Position::default(), position);
    prop_assert_eq!(log.base(), at_base);
    let numbered = &numbered[base as usize..];
    prop_assert_eq!(log.last(), last);
    prop_assert_eq!(log.last_index(), last.index);
    let probes = (0..=last.index.0 + 2).chain([u64::MAX - 1, u64::MAX]).map(Index);
    for index in probes {
        let found = numbered.iter().find(|(at, _)| *at == index).map(|(_, e)| *e);
        prop_assert_eq!(log.get(index), found);
        let before_all = (index == at_base.index).then_some(at_base.term);
        let term_at = found.map(|entry| entry.term).or(before_all);
        prop_assert_eq!(log.term_at(index), term_at);
        for term in (0..4).map(Term) {
            let holds = log.contains(Position { index, term });
            prop_assert_eq!(holds, term_at == Some(term));
        }
        let behind = numbered.iter().copied().filter(|(at, _)| *at > index);
        prop_assert!(log.behind(index).eq(behind), "behind {:?}", index);
    }
    Ok(())
}

/// True if `naive` is as long as `begin` and has its entries, but for the first `unknown`, of which
/// the last one's term alone is known.
fn begins_as(naive: &[Entry<u8>], begin: &[Entry<u8>], unknown: usize) -> bool {
    let known = |log: &[Entry<u8>]| log.get(unknown.wrapping_sub(1)).map(|entry| entry.term);
    naive.len() >= begin.len()
        && (begin.len() < unknown
            || (known(naive) == known(begin) && naive[unknown..].starts_with(&begin[unknown..])))
}

proptest! {
    #![proptest_config(config(2_000))]

    #[test]
    fn the_log_does_what_a_naive_one_does(acts in vec(any_act(), 0..24)) {
        let (mut log, mut naive, mut base) = (Log::default(), Vec::<Entry<u8>>::new(), 0);
        let mut versions = vec![(log.clone(), naive.clone(), base)];
        for act in acts {
            match act {
                Act::Append(entry) => {
                    naive.push(entry.clone());
                    log.append(entry);
                }
                Act::TruncateFrom(index) => {
                    let mut number = 0;
                    // What is compacted stays.
                    let index = index.max(base + 1);
                    naive.retain(|_| { number += 1; number < index });
                    log.truncate_from(Index(index));
                }
                Act::Compact(more) => {
                    if base + more <= naive.len() as u64 {
                        base += more;
                    }
                    log.compact_to(Index(log.base().index.0 + more));
                }
            }
            versions.push((log.clone(), naive.clone(), base));
        }
        for (log, naive, base) in &versions {
            // Also the copies that were taken on the way: what came later did not touch them.
            agrees(log, naive, *base)?;
            let mut whole = naive.iter().cloned().collect::<Log<u8>>();
            whole.compact_to(Index(*base));
            prop_assert_eq!(log, &whole);
            for (prefix, begin, other) in &versions {
                let starts = begins_as(naive, begin, *base.max(other) as usize);
                prop_assert_eq!(log.starts_with(prefix), starts);
            }
        }
    }
}

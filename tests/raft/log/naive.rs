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
}

/// Few terms and few commands, so that different logs often begin alike.
fn any_act() -> impl Strategy<Value = Act> {
    let entry = (0..3_u64, prop::option::of(0..2_u8)).prop_map(|(term, command)| Entry {
        term: Term(term),
        payload: command.map_or(Payload::NoOp, |command| {
            Payload::Command(Request { session: Session(7), sequence: Sequence(1), command })
        }),
    });
    prop_oneof![
        4 => entry.prop_map(Act::Append),
        1 => (0..14_u64).prop_map(Act::TruncateFrom),
        1 => Just(Act::TruncateFrom(u64::MAX)),
    ]
}

/// Expects `log` to answer every question as the numbered entries of `naive` do.
fn agrees(log: &Log<u8>, naive: &[Entry<u8>]) -> Result<(), TestCaseError> {
    let numbered: Vec<(Index, &Entry<u8>)> = (1..).map(Index).zip(naive).collect();
    let last = numbered.last().map_or(Position::default(), |(index, e)| {
        let (index, term) = (*index, e.term);
        Position { index, term }
    });
    prop_assert_eq!(log.last(), last);
    prop_assert_eq!(log.last_index(), last.index);
    let probes = (0..=last.index.0 + 2).chain([u64::MAX - 1, u64::MAX]).map(Index);
    for index in probes {
        let found = numbered.iter().find(|(at, _)| *at == index).map(|(_, e)| *e);
        prop_assert_eq!(log.get(index), found);
        let before_all = (index == Index::ZERO).then_some(Term::ZERO);
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

proptest! {
    #![proptest_config(config(2_000))]

    #[test]
    fn the_log_does_what_a_naive_one_does(acts in vec(any_act(), 0..24)) {
        let (mut log, mut naive) = (Log::default(), Vec::<Entry<u8>>::new());
        let mut versions = vec![(log.clone(), naive.clone())];
        for act in acts {
            match act {
                Act::Append(entry) => {
                    naive.push(entry.clone());
                    log.append(entry);
                }
                Act::TruncateFrom(index) => {
                    let mut number = 0;
                    naive.retain(|_| { number += 1; number < index });
                    log.truncate_from(Index(index));
                }
            }
            versions.push((log.clone(), naive.clone()));
        }
        for (log, naive) in &versions {
            // Also the copies that were taken on the way: what came later did not touch them.
            agrees(log, naive)?;
            prop_assert_eq!(log, &naive.iter().cloned().collect::<Log<u8>>());
            for (prefix, begin) in &versions {
                prop_assert_eq!(log.starts_with(prefix), naive.starts_with(begin));
                prop_assert_eq!(log == prefix, naive == begin);
            }
        }
    }
}

//! The laws of versions, for whatever replicas may come to hold.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::*;

const REPLICAS: usize = 3;

/// What happens to a key.
#[derive(Clone, Debug)]
enum Event {
    /// A replica takes a write of a client that has read what one held then, or has read nothing.
    Write { at: usize, read_from: Option<usize> },
    /// A replica hears of another one.
    Hear { at: usize, of: usize },
}

/// Each replica at the end, and of each write which ones its client had read.
type Run = (Vec<Siblings<u64>>, BTreeMap<Dot, BTreeSet<Dot>>);

fn event() -> impl Strategy<Value = Event> {
    let write = (0..REPLICAS, proptest::option::of(0..REPLICAS));
    prop_oneof![
        write.prop_map(|(at, read_from)| Event::Write { at, read_from }),
        (0..REPLICAS, 0..REPLICAS).prop_map(|(at, of)| Event::Hear { at, of }),
    ]
}

fn run() -> impl Strategy<Value = Run> {
    proptest::collection::vec(event(), 0..16).prop_map(|events| {
        let mut replicas = vec![Siblings::default(); REPLICAS];
        let (mut numbers, mut writes) = ([0; REPLICAS], BTreeMap::new());
        for event in events {
            match event {
                Event::Write { at, read_from } => {
                    let read = read_from.map_or_else(Siblings::default, |it| replicas[it].clone());
                    numbers[at] += 1;
                    let writer = Writer { server: at.into(), store: 1 };
                    let dot = Dot { writer, number: numbers[at] };
                    replicas[at].supersede(dot, writes.len() as u64, &read.context);
                    writes.insert(dot, read.versions.into_keys().collect());
                }
                Event::Hear { at, of } => {
                    let other = replicas[of].clone();
                    replicas[at].join(&other);
                }
            }
        }
        (replicas, writes)
    })
}

fn joined(one: &Siblings<u64>, other: &Siblings<u64>) -> Siblings<u64> {
    let mut joined = one.clone();
    joined.join(other);
    joined
}

/// The writes that a write has superseded: those its client has read, and what they have.
fn superseded(writes: &BTreeMap<Dot, BTreeSet<Dot>>, by: &Dot) -> BTreeSet<Dot> {
    let read = &writes[by];
    read.iter().flat_map(|it| superseded(writes, it)).chain(read.iter().copied()).collect()
}

proptest! {
    #[test]
    fn joins_are_the_same_in_any_order((replicas, _) in run()) {
        let [a, b, c] = &replicas[..] else { unreachable!() };
        prop_assert_eq!(joined(a, b), joined(b, a));
        prop_assert_eq!(joined(&joined(a, b), c), joined(a, &joined(b, c)));
        prop_assert_eq!(&joined(a, a), a);
        prop_assert_eq!(joined(&joined(a, b), b), joined(a, b));
    }

    /// The oracle: a replica that has heard of all holds each write that no other one has
    /// superseded, and nothing else.
    #[test]
    fn what_no_write_has_superseded_stays((replicas, writes) in run()) {
        let all = replicas.iter().fold(Siblings::default(), |all, it| joined(&all, it));
        let gone: BTreeSet<Dot> = writes.keys().flat_map(|it| superseded(&writes, it)).collect();
        let stay: BTreeSet<Dot> = writes.keys().filter(|it| !gone.contains(it)).copied().collect();
        prop_assert_eq!(all.versions.keys().copied().collect::<BTreeSet<_>>(), stay);
        prop_assert!(writes.keys().all(|dot| all.context.covers(dot)));
    }

    /// No value is held beside one that has superseded it.
    #[test]
    fn siblings_are_concurrent((replicas, writes) in run()) {
        for replica in replicas {
            for dot in replica.versions.keys() {
                let gone = superseded(&writes, dot);
                prop_assert!(replica.versions.keys().all(|other| !gone.contains(other)));
            }
        }
    }

    #[test]
    fn digests_tell_who_knows_what((replicas, _) in run()) {
        for (one, other) in replicas.iter().zip(&replicas[1..]) {
            prop_assert_eq!(one.knows(&other.digest()), joined(one, other) == *one);
        }
    }
}

/// "x" is written at two servers by clients that have read nothing: both values stay. A client that
/// has read one of them supersedes that one alone.
#[test]
fn a_write_supersedes_what_its_client_has_read() {
    let dot =
        |server: usize, number| Dot { writer: Writer { server: server.into(), store: 1 }, number };
    let nothing = Context::default();
    let (mut one, mut other) = (Siblings::default(), Siblings::default());
    one.supersede(dot(0, 1), "a", &nothing);
    let read = one.context.clone();
    other.supersede(dot(1, 1), "b", &nothing);
    one.join(&other);
    assert_eq!(one.versions, BTreeMap::from([(dot(0, 1), "a"), (dot(1, 1), "b")]));
    one.supersede(dot(0, 2), "c", &read);
    assert_eq!(one.versions, BTreeMap::from([(dot(0, 2), "c"), (dot(1, 1), "b")]));
    let all = one.context.clone();
    one.supersede(dot(0, 3), "d", &all);
    assert_eq!(one.versions, BTreeMap::from([(dot(0, 3), "d")]));
}

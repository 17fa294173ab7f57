//! Stores join, and a comparison of two stores is their join.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::time::Duration;

use proptest::prelude::*;
use quorate_models::gossip::store::entry::{Entries, Entry, Version, merge};
use quorate_models::gossip::store::message::{Digest, Message};
use quorate_models::gossip::store::state::State;
use quorate_models::gossip::store::{Exchange, Server, Timing};
use quorate_models::rules::AllRules;
use stateright::actor::{Actor, Command, Id, Out};

/// One version of a key is one value, so the value tells the version.
fn entry((number, writer): (u32, usize)) -> Entry {
    Entry {
        version: Version { number, writer: Id::from(writer) },
        value: format!("{number} of {writer}"),
    }
}

fn store() -> impl Strategy<Value = Entries> {
    let key = prop::sample::select(vec!["x", "y", "z"]).prop_map(str::to_owned);
    prop::collection::btree_map(key, (1..4u32, 0..3usize).prop_map(entry), 0..4)
}

/// What two replicas hold when the first, with store `a`, has compared it with `b` of the second.
fn compared(exchange: Exchange, a: Entries, b: Entries) -> (Entries, Entries) {
    let tick = Duration::from_millis(200);
    let server = Server {
        replicas: vec![Id::from(0), Id::from(1)],
        script: Vec::new(),
        exchange,
        in_vain: 1,
        timing: Timing { rumour: tick, exchange: tick, write: tick },
        rules: AllRules,
    };
    let mut states = [a, b].map(|store| State { store, ..State::default() });
    let versions = states[0].versions();
    let mut under_way = Some((1, Message::Digest(Digest { versions })));
    while let Some((to, message)) = under_way.take() {
        let (mut out, mut state) = (Out::new(), Cow::Borrowed(&states[to]));
        server.on_msg(Id::from(to), &mut state, Id::from(1 - to), message, &mut out);
        states[to] = state.into_owned();
        for command in out {
            if let Command::Send(to, message) = command {
                assert!(under_way.is_none(), "one message answers another");
                under_way = Some((usize::from(to), message));
            }
        }
    }
    let [a, b] = states;
    (a.store, b.store)
}

proptest! {
    #[test]
    fn merge_is_a_join(a in store(), b in store(), c in store()) {
        prop_assert_eq!(merge(a.clone(), &b), merge(b.clone(), &a));
        prop_assert_eq!(merge(merge(a.clone(), &b), &c), merge(a.clone(), &merge(b.clone(), &c)));
        prop_assert_eq!(merge(a.clone(), &a), a.clone());
        prop_assert_eq!(merge(a.clone(), &BTreeMap::new()), a);
    }

    #[test]
    fn a_comparison_joins_the_stores(a in store(), b in store()) {
        let both = merge(a.clone(), &b);
        let push = compared(Exchange::Push, a.clone(), b.clone());
        prop_assert_eq!(push, (a.clone(), both.clone()));
        let pull = compared(Exchange::Pull, a.clone(), b.clone());
        prop_assert_eq!(pull, (both.clone(), b.clone()));
        let push_pull = compared(Exchange::PushPull, a, b);
        prop_assert_eq!(push_pull, (both.clone(), both));
    }
}

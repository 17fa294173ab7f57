//! Many sessions over one socket, while the leader is killed.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use quorate::node::client::{Returned, Sessions};
use quorate_models::consistency::Freshness;
use quorate_models::kv::{Command, Kv, Output, Text};
use quorate_models::service::Session;

use crate::support::cluster::Cluster;

const SESSIONS: usize = 500;

/// To how much each session counts.
const COUNTS: u64 = 6;

/// How long a request is asked for: long enough that each is answered.
const TIMEOUT: Duration = Duration::from_secs(60);

/// A number that one session alone counts up: one that is counted twice, or not at all, is found by
/// the next compare-and-swap.
struct Counter {
    key: Text,
    value: u64,
}

impl Counter {
    fn next(&self) -> Command {
        let text = |value: u64| Text::from(&*value.to_string());
        let (key, new) = (self.key.clone(), text(self.value + 1));
        match self.value {
            0 => Command::Put { key, value: new },
            old => Command::Cas { key, old: text(old), new },
        }
    }
}

/// Begins what the counter of `session` has to do next.
fn begin(sessions: &mut Sessions<Kv>, session: Session, command: Command) {
    sessions.begin(session, command, Freshness::Linearizable, TIMEOUT).expect("it can be sent");
}

/// What `sessions` are answered, at least one.
fn answers(sessions: &mut Sessions<Kv>) -> Vec<(Session, Output)> {
    let limit = Instant::now() + TIMEOUT;
    loop {
        let polled = sessions.poll(Instant::now() + Duration::from_secs(1)).expect("a socket");
        if !polled.is_empty() {
            let answers = polled.into_iter().map(|(session, answered)| match answered {
                Ok(Returned::Output(output)) => (session, output),
                other => panic!("{session:?}: {other:?}"),
            });
            return answers.collect();
        }
        assert!(Instant::now() < limit, "nobody is answered");
    }
}

#[test]
fn each_of_five_hundred_sessions_on_a_socket_counts_once_while_leaders_are_killed() {
    let cluster = Cluster::start(3);
    let mut sessions = Sessions::<Kv>::of(&cluster.members()).expect("a socket");
    let mut counters = BTreeMap::new();
    for number in 0..SESSIONS {
        let session = sessions.open().expect("a number");
        let counter = Counter { key: Text::from(&*format!("counter-{number}")), value: 0 };
        begin(&mut sessions, session, counter.next());
        counters.insert(session, counter);
    }
    let (mut counted, mut killed) = (0, None);
    let all = SESSIONS * COUNTS as usize;
    while counted < all {
        // In the middle of it, with hundreds of requests on their way.
        if counted >= all / 3 && killed.is_none() {
            let leader = cluster.leader();
            cluster.kill(leader);
            killed = Some(leader);
        }
        for (session, output) in answers(&mut sessions) {
            let counter = counters.get_mut(&session).expect("a session of ours");
            let expected = if counter.value == 0 { Output::Stored } else { Output::Swapped };
            assert_eq!(output, expected, "{session:?} at {}", counter.value);
            (counter.value, counted) = (counter.value + 1, counted + 1);
            if counter.value < COUNTS {
                begin(&mut sessions, session, counter.next());
            }
        }
    }
    cluster.restart(killed.expect("a leader was killed"));
    // One that is closed takes nothing with it.
    let (&closed, _) = counters.first_key_value().expect("sessions");
    begin(&mut sessions, closed, Command::Delete { key: "nothing".into() });
    sessions.close(closed);
    assert_eq!(sessions.len(), SESSIONS - 1);
    let reader = sessions.open().expect("a number");
    for Counter { key, value } in counters.values() {
        begin(&mut sessions, reader, Command::Get { key: key.clone() });
        let expected = Output::Value(Some(Text::from(&*value.to_string())));
        assert_eq!(answers(&mut sessions), [(reader, expected)], "{key:?}");
    }
}

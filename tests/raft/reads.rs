//! Reads that say what they need: the specs of them, and what a server does with each.

use std::borrow::Cow;

use quorate_checker::report::{Engine, Verdict};
use quorate_models::consistency::{Consistency, Freshness, Query, Seen};
use quorate_models::kv::{Command as Kind, Kv, Output, get, put};
use quorate_models::number::Index;
use quorate_models::raft::specs::{self, Checked, EVERY_RULE};
use quorate_models::raft::state::ServerState;
use quorate_models::raft::{MessageOf, Server};
use quorate_models::service::{Answer, Message, Reply, Request, Sequence, Session};
use stateright::actor::{Actor, Command, Id, Out};

use crate::support::specs::{explore, holds};

holds! {
    stale_reads: "raft/stale-reads" has depth 27;
}

#[test]
fn a_stale_read_misses_what_was_answered_before() {
    let report = explore("raft/stale-reads-late", Engine::Quorate);
    assert!(!report.is_surprise(), "{report:#?}");
    let found = report.property("linearizability");
    assert_eq!((found.verdict, found.steps), (Verdict::Violated, Some(14)));
}

const SESSION: Session = Session(7);

/// The first server, in a cluster of those that it knows of.
struct First(Server<Checked>, Cow<'static, ServerState<Kv>>);

impl First {
    fn of(servers: std::ops::Range<usize>) -> Self {
        let server = specs::server::<Checked>(servers.map(Id::from).collect(), EVERY_RULE);
        let state = server.on_start(Id::from(0), &None, &mut Out::new());
        First(server, Cow::Owned(state))
    }

    /// It has applied so much of the log, and this command of the session.
    fn applied(mut self, index: u64, written: u32) -> Self {
        let applied = &mut self.1.to_mut().applied;
        applied.index = Index(index);
        applied.sessions.record(SESSION, Sequence(written), Output::Stored);
        self
    }

    /// What it answers to `command`, which is asked for as a read.
    fn answers(&mut self, command: Kind, consistency: Consistency) -> Option<Answer<Output>> {
        let (command, sequence) = (Query { command, consistency }, Sequence(9));
        let mut out = Out::new();
        let request: MessageOf<Kv> = Message::Read(Request { session: SESSION, sequence, command });
        self.0.on_msg(Id::from(0), &mut self.1, SESSION.client(), request, &mut out);
        let mut answers = out.into_iter().filter_map(|command| match command {
            Command::Send(_, Message::Reply(Reply { answer, .. })) => Some(answer),
            _ => None,
        });
        answers.next()
    }
}

fn stale(index: u64, written: u32) -> Consistency {
    Freshness::Stale.after(Seen { index: Index(index), written: Sequence(written) })
}

const NOBODY: Option<Answer<Output>> = Some(Answer::Redirect { leader: None });

#[test]
fn a_stale_read_is_answered_by_whoever_has_seen_as_much_as_its_session() {
    for (seen, is_answered) in [
        (stale(0, 0), true),
        (stale(5, 3), true),
        (stale(6, 3), false),
        (stale(5, 4), false),
        (Consistency::Linearizable, false),
    ] {
        let (output, index) = (Output::Value(None), Index(5));
        let read = Some(Answer::Read { output, index });
        let expected = if is_answered { read } else { NOBODY };
        assert_eq!(First::of(0..3).applied(5, 3).answers(get("x"), seen), expected, "{seen:?}");
    }
}

#[test]
fn who_knows_nothing_or_is_no_member_answers_no_read() {
    assert_eq!(First::of(0..3).answers(get("x"), stale(0, 0)), NOBODY, "it has just started");
    assert_eq!(First::of(1..3).applied(5, 3).answers(get("x"), stale(0, 0)), NOBODY);
}

#[test]
fn a_write_is_no_read_whatever_it_is_called() {
    assert_eq!(First::of(0..3).applied(5, 3).answers(put("x", "1"), stale(0, 0)), NOBODY);
}

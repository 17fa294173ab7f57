//! Sessions that end: the specs of them, and what a leader does with a command.

use quorate_models::kv::{Command, Kv, Output, put};
use quorate_models::number::{Index, Term};
use quorate_models::raft::log::{Entry, Payload};
use quorate_models::raft::session::{Verdict, judge};
use quorate_models::raft::state::ServerState;
use quorate_models::rules::AllRules;
use quorate_models::service::{Answer, Message, Reply, Request, Sequence, Session};
use quorate_models::session::Sessions;
use stateright::actor::Id;

use crate::one_server::OneServer;
use crate::support::specs::holds;

holds! {
    sessions: "raft/sessions" has depth 13;
    sessions_two: "raft/sessions-two" has depth 30;
    sessions_leaders: "raft/sessions-leaders" has depth 32;
    sessions_anew: "raft/sessions-anew" has depth 19;
    sessions_overwritten: "raft/sessions-overwritten" has depth 27;
    sessions_snapshot: "raft/sessions-snapshot" has depth 33;
    sessions_live: "raft/sessions-live" has depth 60;
}

/// What a leader of `last` entries, of which it knows so many to be committed, does with a command
/// of `since`, if sessions end after ten.
fn judged(last: u64, commit: u64, since: u64) -> Verdict<Output> {
    let first = quorate_models::raft::config::Config::of([Id::from(0)]);
    let mut state = ServerState::<Kv>::starting_from(None, first);
    let no_op = Entry { term: Term(1), payload: Payload::NoOp };
    (0..last).for_each(|_| state.storage.log.append(no_op.clone()));
    state.commit = Index(commit);
    judge(&AllRules, Some(10), &state, Index(since))
}

#[test]
fn a_command_is_taken_as_long_as_every_copy_of_it_would_be_known() {
    let begin = |index| Verdict::Tell(Answer::Begin { index: Index(index) });
    let ended = |index| Verdict::Tell(Answer::Ended { index: Index(index) });
    for (last, commit, since, verdict) in [
        (1, 0, 0, Verdict::Wait),
        (5, 1, 0, begin(1)),
        (5, 5, 0, begin(5)),
        (5, 5, 5, Verdict::Take),
        (14, 5, 5, Verdict::Take),
        (15, 5, 5, Verdict::Wait),
        (15, 14, 5, Verdict::Wait),
        (15, 15, 5, ended(15)),
        (40, 30, 5, ended(30)),
        (40, 30, u64::MAX, Verdict::Take),
    ] {
        assert_eq!(judged(last, commit, since), verdict, "{last}, {commit}, {since}");
    }
}

/// A cluster of one whose sessions end after three entries.
struct Alone(OneServer);

impl Alone {
    fn leading() -> Self {
        Alone(OneServer::alone(3))
    }

    fn sessions(&self) -> &Sessions<Output> {
        &self.0.state().applied.sessions
    }

    /// What it answers to the first command of a session.
    fn is_asked(&mut self, session: u64, since: u64, command: Command) -> Option<Answer<Output>> {
        let (session, sequence, since) = (Session(session), Sequence(1), Index(since));
        let request = Request { session, sequence, since, command };
        let sent = self.0.hears(session.0 as usize, Message::Request(request));
        let answers = sent.into_iter().filter_map(|(_, message)| match message {
            Message::Reply(Reply { answer, .. }) => Some(answer),
            _ => None,
        });
        answers.last()
    }

    /// What it answers to the first command of a session that does as it is told.
    fn does(&mut self, session: u64, command: Command) -> Option<Answer<Output>> {
        match self.is_asked(session, 0, command.clone()) {
            Some(Answer::Begin { index }) => self.is_asked(session, index.0, command),
            answer => answer,
        }
    }
}

fn stored(index: u64) -> Option<Answer<Output>> {
    Some(Answer::Done { output: Output::Stored, index: Index(index) })
}

#[test]
fn a_retry_is_told_what_became_of_it_and_then_that_it_is_forgotten() {
    let mut alone = Alone::leading();
    assert_eq!(alone.does(7, put("x", "1")), stored(2));
    assert_eq!(alone.is_asked(7, 1, put("x", "1")), stored(2), "a retry");
    assert_eq!(alone.does(8, put("x", "2")), stored(3));
    assert_eq!(alone.does(9, put("x", "3")), stored(4));
    assert_eq!(alone.is_asked(7, 1, put("x", "1")), stored(2), "it is known still");
    assert_eq!(alone.does(10, put("x", "4")), stored(5));
    let ended = Some(Answer::Ended { index: Index(5) });
    assert_eq!(alone.is_asked(7, 1, put("x", "1")), ended);
    assert_eq!(alone.is_asked(8, 2, put("x", "2")), stored(3), "a younger one goes on");
    let log_ends = alone.0.state().log().last_index();
    assert_eq!(log_ends, Index(5), "nothing was executed anew");
}

#[test]
fn what_is_remembered_and_stored_does_not_grow_with_the_sessions_that_were() {
    let mut alone = Alone::leading();
    let mut sizes = Vec::new();
    for session in 100..200 {
        alone.does(session, put("x", "1"));
        assert!(alone.sessions().len() <= 3);
        sizes.push(postcard::to_stdvec(alone.sessions()).unwrap().len());
    }
    assert_eq!(sizes[3..50].iter().max(), sizes[50..].iter().max());
    assert_eq!(alone.sessions().len(), 3);
}

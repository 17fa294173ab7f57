//! Sessions: whom a client asks that begins one, and what it and its node do when one ends.

use std::thread;
use std::time::{Duration, Instant};

use quorate::node::client::{CallError, Client, PATIENCE, Sessions};
use quorate::node::transport::{Members, Transport};
use quorate::node::wire;
use quorate_models::consistency::Freshness;
use quorate_models::kv::{Kv, Output, get, put};
use quorate_models::number::Index;
use quorate_models::raft::MessageOf;
use quorate_models::service::{Answer, Message, Reply, Request, Sequence, Session};
use stateright::actor::Id;

use crate::support::cluster::wait_for;
use crate::{MS, Running, members, raft};

const LIMIT: Duration = Duration::from_secs(10);

/// A client that sends what it likes, all of it as the first command of its session.
struct Caller(Transport);

impl Caller {
    fn new(members: &Members) -> Self {
        Caller(Transport::client(members).unwrap())
    }

    /// What the node answers to a command of `since`.
    fn asks(&mut self, since: Index) -> Answer<Output> {
        let session = Session::of(self.0.id());
        let (sequence, command) = (Sequence(1), put("key", "once"));
        let request = MessageOf::<Kv>::Request(Request { session, sequence, since, command });
        wait_for("an answer", || {
            self.0.send(Id::from(1), wire::encode(&request).unwrap());
            let replies = self.0.poll(Instant::now() + PATIENCE.retry).unwrap();
            let reply = replies.into_iter().next_back()?;
            match wire::decode(&reply.1).unwrap() {
                MessageOf::<Kv>::Reply(reply) => Some(reply.answer),
                message => panic!("no reply: {message:?}"),
            }
        })
    }
}

#[test]
fn a_retry_that_comes_too_late_is_told_so_and_not_executed() {
    let members = members(1);
    let mut server = raft(&members);
    server.session_length = Some(3);
    let node = Running::start(server, &members, 1, None);
    node.board.wait_for(|status, _| status.role == "leader");
    let mut caller = Caller::new(&members);
    let Answer::Begin { index } = caller.asks(Index::ZERO) else { panic!("it is new") };
    let done = caller.asks(index);
    assert!(matches!(done, Answer::Done { output: Output::Stored, .. }), "{done:?}");
    assert_eq!(caller.asks(index), done, "it is known");
    for value in ["1", "2", "3"] {
        let mut other = Client::<Kv>::open(&members).unwrap();
        assert_eq!(other.call(put("key", value), LIMIT).unwrap(), Output::Stored);
    }
    let ended = caller.asks(index);
    assert!(matches!(ended, Answer::Ended { .. }), "{ended:?}");
    let begin = caller.asks(Index::ZERO);
    assert!(matches!(begin, Answer::Begin { .. }), "{begin:?}");
    let mut reader = Client::<Kv>::open(&members).unwrap();
    let last = reader.call(get("key"), LIMIT).unwrap();
    assert_eq!(last, Output::Value(Some("3".into())), "nothing was executed twice");
    node.board.wait_for(|status, _| status.number("sessions") == Some(3));
}

/// Whoever waits for the socket itself is told by `wake` that there was more in it than was taken.
#[test]
fn a_socket_that_held_more_than_was_taken_is_looked_at_again() {
    let members = members(1);
    let mut server = Transport::server(&members, 1).unwrap();
    let mut sessions = Sessions::<Kv>::of(&members).unwrap();
    let session = sessions.open().unwrap();
    sessions.begin(session, put("key", "1"), Freshness::Linearizable, LIMIT).unwrap();
    assert_eq!(sessions.poll(Instant::now()).unwrap().len(), 0);
    let (from, _) = server.poll(Instant::now() + LIMIT).unwrap().remove(0);
    // They end nothing, for it has asked nothing that has this number.
    let (sequence, answer) = (Sequence(9), Answer::Redirect { leader: None });
    let reply = MessageOf::<Kv>::Reply(Reply { session, sequence, answer });
    for _ in 0..400 {
        server.send(from, wire::encode(&reply).unwrap());
        server.flush().unwrap();
    }
    assert_eq!(sessions.poll(Instant::now()).unwrap().len(), 0);
    assert!(sessions.wake().is_some_and(|wake| wake <= Instant::now()));
}

/// A server that answers each request with the next of these, and says how the requests looked.
fn answering(members: &Members, answers: Vec<Answer<Output>>) -> thread::JoinHandle<Vec<Index>> {
    let mut server = Transport::server(members, 1).unwrap();
    thread::spawn(move || {
        let (mut since, mut answers) = (Vec::new(), answers.into_iter().peekable());
        while answers.peek().is_some() {
            for (from, bytes) in server.poll(Instant::now() + LIMIT).unwrap() {
                let Message::Request(request) = wire::decode::<MessageOf<Kv>>(&bytes).unwrap()
                else {
                    panic!("it asks for nothing else");
                };
                let Some(answer) = answers.next() else { break };
                since.push(request.since);
                let Request { session, sequence, .. } = request;
                let reply = MessageOf::<Kv>::Reply(Reply { session, sequence, answer });
                server.send(from, wire::encode(&reply).unwrap());
            }
            server.flush().unwrap();
        }
        since
    })
}

#[test]
fn a_client_begins_once_and_says_that_its_session_has_ended() {
    let members = members(1);
    let begin = |index| Answer::Begin { index: Index(index) };
    let done = Answer::Done { output: Output::Stored, index: Index(9) };
    let ended = Answer::Ended { index: Index(40) };
    let answers = vec![begin(5), begin(7), done.clone(), ended, done];
    let server = answering(&members, answers);
    let mut client = Client::<Kv>::open(&members).unwrap();
    let opened = Instant::now();
    assert_eq!(client.call(put("key", "1"), LIMIT).unwrap(), Output::Stored);
    let answer = client.call(put("key", "2"), LIMIT);
    assert!(matches!(answer, Err(CallError::Ended)), "{answer:?}");
    assert_eq!(client.call(put("key", "3"), LIMIT).unwrap(), Output::Stored);
    let is_quick = opened.elapsed() < PATIENCE.fresh;
    let since = server.join().unwrap();
    // It waits in vain after the second place that it is told, and asks again.
    assert_eq!(since[..3], [0, 5, 5].map(Index));
    assert!(!is_quick || since[3..] == [9, 40].map(Index), "{since:?}");
}

#[test]
fn a_client_asks_a_busy_server_again_and_says_if_it_was_never_taken() {
    let members = members(1);
    let done = Answer::Done { output: Output::Stored, index: Index(9) };
    let (after, long) = (MS * 20, Duration::from_secs(60));
    let busy = || Answer::Busy { after };
    let answers = vec![busy(), busy(), done, busy(), Answer::Busy { after: long }];
    let server = answering(&members, answers);
    let mut client = Client::<Kv>::open(&members).unwrap();
    let asked = Instant::now();
    assert_eq!(client.call(put("key", "1"), LIMIT).unwrap(), Output::Stored);
    assert!(asked.elapsed() >= 2 * after);
    let answer = client.call(put("key", "2"), MS * 500);
    assert!(matches!(answer, Err(CallError::Busy(_))), "{answer:?}");
    server.join().unwrap();
    // Nobody answers any more: the last copy may have been taken.
    let answer = client.call(put("key", "3"), MS * 200);
    assert!(matches!(answer, Err(CallError::Unknown(_))), "{answer:?}");
}

#[test]
fn a_client_that_comes_back_after_a_pause_asks_how_far_the_log_is() {
    let members = members(1);
    let done = Answer::Done { output: Output::Stored, index: Index(9) };
    let server = answering(&members, vec![done.clone(), Answer::Begin { index: Index(12) }, done]);
    let mut client = Client::<Kv>::open(&members).unwrap();
    assert_eq!(client.call(put("key", "1"), LIMIT).unwrap(), Output::Stored);
    thread::sleep(PATIENCE.fresh);
    assert_eq!(client.call(put("key", "2"), LIMIT).unwrap(), Output::Stored);
    assert_eq!(server.join().unwrap(), [0, 0, 12].map(Index));
}

#[test]
fn a_client_that_nobody_has_answered_soon_asks_them_all() {
    let members = members(3);
    let servers = [1, 2, 3].map(|id| Transport::server(&members, id).unwrap());
    let mut client = Client::<Kv>::open(&members).unwrap();
    // Time for two, were it as patient from the beginning as it is later.
    let answer = client.call(put("key", "1"), PATIENCE.retry * 2 - MS);
    assert!(matches!(answer, Err(CallError::Unknown(_))), "{answer:?}");
    for mut server in servers {
        let asked = server.poll(Instant::now()).unwrap();
        assert!(!asked.is_empty(), "it does not ask server {:?}", server.id());
    }
}

#[test]
fn a_request_that_was_never_sent_is_told_from_one_that_was() {
    let members = members(1);
    let _silent = Transport::server(&members, 1).unwrap();
    let mut sessions = Sessions::<Kv>::of(&members).unwrap();
    let mut begin = |timeout| {
        let session = sessions.open().unwrap();
        sessions.begin(session, put("key", "1"), Freshness::Linearizable, timeout).unwrap();
        session
    };
    let first = begin(LIMIT);
    for _ in 1..256 {
        begin(LIMIT);
    }
    let last = begin(MS * 50);
    let gone = wait_for("the last to be given up", || {
        sessions.poll(Instant::now() + LIMIT).unwrap().pop()
    });
    assert!(matches!(gone, (session, Err(CallError::Busy(_))) if session == last), "{gone:?}");
    assert!(sessions.is_asking(first));
}

//! A node that answers nobody takes no more than it holds, and says so.

use std::borrow::Cow;
use std::ops::Range;
use std::time::{Duration, Instant};

use quorate::node::client::{CallError, Sessions};
use quorate::node::transport::Members;
use quorate_models::consistency::Freshness;
use quorate_models::kv::{Command, Kv};
use quorate_models::protocol::{Misfit, NewStore, Protocol, Settings};
use quorate_models::service::{MessageOf, Service, Status};
use stateright::actor::{Actor, Id, Out};

use super::support::cluster::wait_for;
use super::{HOLDS, MS, Running, Sum, members};

/// It hears, and has nothing to say.
struct Silent;

impl Actor for Silent {
    type Msg = MessageOf<Silent>;
    type Timer = ();
    type State = ();
    type Storage = Sum;
    type Random = ();

    fn on_start(&self, _: Id, _: &Option<Sum>, _: &mut Out<Self>) {}

    fn on_msg(&self, _: Id, _: &mut Cow<()>, _: Id, _: Self::Msg, _: &mut Out<Self>) {}
}

impl Service for Silent {
    type Peer = ();
    type Machine = Kv;
}

impl Protocol for Silent {
    const NAME: &'static str = "silent";
    const NEW_STORE: NewStore = NewStore::IsAsGood;
    const TIMERS: &'static [(&'static str, Range<Duration>)] = &[];

    fn fits(_: &Settings) -> Result<(), Misfit> {
        Ok(())
    }

    fn server(_: Vec<Id>, _: &Settings) -> Self {
        Silent
    }

    fn status(&self, id: Id, (): &()) -> Status {
        Status { role: "silent".to_owned(), leader: Some(id), ..Status::default() }
    }

    fn gives_up(&self, (): &()) -> Option<String> {
        None
    }
}

#[test]
fn a_node_holds_so_many_bytes_of_requests_and_refuses_the_rest() {
    let members = Members { datagram: 60 << 10, ..members(1) };
    let node = Running::start(Silent, &members, 1, None);
    let mut sessions = Sessions::<Kv>::of(&members).unwrap();
    // Ten fit, for a command is a little larger than its value.
    let value = vec![b'x'; 400_000];
    for number in 0..14 {
        let session = sessions.open().unwrap();
        let (key, value) = (number.to_string().as_str().into(), value[..].into());
        let put = Command::Put { key, value };
        let timeout = Duration::from_secs(3);
        sessions.begin(session, put, Freshness::Linearizable, timeout).unwrap();
    }
    let refuses = || node.board.last.lock().unwrap().as_ref().is_some_and(|it| it.1.busy >= 4);
    wait_for("some to be refused", || {
        let ended = sessions.poll(Instant::now() + MS * 10).unwrap();
        let is_unanswered =
            |error: &CallError| matches!(error, CallError::Busy(_) | CallError::Unknown(_));
        assert!(ended.iter().all(|(_, it)| it.as_ref().is_err_and(is_unanswered)), "{ended:?}");
        refuses().then_some(())
    });
    let counts = node.board.last.lock().unwrap().as_ref().unwrap().1;
    assert!((4_000_000..=HOLDS as u64).contains(&counts.held), "{counts:?}");
}

//! Safety: what is checked while timers fire at any moment, with which bounds.

use quorate_checker::AnySpec;
use quorate_checker::spec::{Action, ActionOf, Faults, State as SpecState};

use stateright::actor::Id;

use super::{AbdSpec, Book, Checked, EVERY_RULE, Fact, Past, checked, fact};
use crate::consistency::Freshness;
use crate::kv::{Command, get, put};
use crate::quorum_store::abd::Abd;
use crate::quorum_store::abd::claims::properties::{self, LINEARIZABILITY};
use crate::quorum_store::abd::message as peer;
use crate::quorum_store::abd::rules::Rule;
use crate::rules::AllBut;
use crate::service::Message;
use crate::system::{Boxed, clients_mut};

/// A state of these specs.
type Now = SpecState<Abd<Checked>, Past>;

/// What a spec lets happen, and how often.
#[derive(Clone, Copy, Debug)]
pub struct Bounds<'a> {
    pub servers: usize,
    /// One client for each.
    pub scripts: &'a [&'a [Command]],
    pub retries: u8,
    pub faults: Faults,
}

impl Default for Bounds<'_> {
    fn default() -> Self {
        Bounds { servers: 3, scripts: &[], retries: 0, faults: Faults::NONE }
    }
}

/// Registers within `bounds`: their safety, and the facts that must be reachable.
pub fn abd(name: &str, rules: Book, bounds: Bounds<'_>, facts: &[Fact]) -> AbdSpec {
    let Bounds { servers, scripts, retries, faults } = bounds;
    checked(name, rules, servers, scripts, facts).faults(faults).timeouts(
        "client retries",
        |timer| timer.is_retry(),
        retries,
    )
}

/// The counts change only with a reason.
pub(super) fn listed() -> Vec<Box<dyn AnySpec>> {
    vec![
        two_writers().counts(843_690, 3_020_887).boxed(),
        readers().counts(75_322, 248_046).boxed(),
        crash().counts(24_352, 84_753).boxed(),
        lossy().counts(328_896, 1_603_658).boxed(),
        doubled().counts(34_264, 99_277).boxed(),
        in_turn("quorum-store/abd-in-turn", EVERY_RULE).counts(114_005, 407_981).boxed(),
        rejoin("quorum-store/abd-rejoin", EVERY_RULE).counts(637_462, 2_358_511).boxed(),
        old_life("quorum-store/abd-old-life", EVERY_RULE).counts(48_950, 152_185).boxed(),
        one_writer().boxed(),
        one_replica().boxed(),
    ]
}

const CRASH: Faults = Faults { crashes: 1, down_at_once: 1, ..Faults::NONE };

const ALL_ANSWERED: Fact = fact("all answered", crate::claims::all_answered);
const LATER: Fact = fact("a read takes what its coordinator lacks", properties::a_late_read);

/// Two clients write at once, and one of them reads.
pub fn two_writers() -> AbdSpec {
    let scripts: &[&[Command]] = &[&[put("x", "1"), get("x")], &[put("x", "2")]];
    let bounds = Bounds { scripts, ..Bounds::default() };
    let facts = [ALL_ANSWERED, fact("two writes of one number", properties::two_of_one_number)];
    abd("quorum-store/abd-two-writers", EVERY_RULE, bounds, &facts)
        .summary("two clients write at once, each has a tag of its own, and one of them reads")
}

/// A client writes while another one reads twice.
pub fn readers() -> AbdSpec {
    let scripts: &[&[Command]] = &[&[put("x", "1")], &[get("x"), get("x")]];
    let bounds = Bounds { scripts, ..Bounds::default() };
    abd("quorum-store/abd-readers", EVERY_RULE, bounds, &[ALL_ANSWERED, LATER])
        .summary("a client reads twice while another one writes, and does not go back in time")
}

/// A server crashes and is back with what it saved.
pub fn crash() -> AbdSpec {
    let scripts: &[&[Command]] = &[&[put("x", "1")], &[get("x")]];
    let bounds = Bounds { scripts, faults: CRASH, ..Bounds::default() };
    abd("quorum-store/abd-crash", EVERY_RULE, bounds, &[ALL_ANSWERED, LATER])
        .summary("a server crashes, and is back with what it saved, or not at all")
}

/// A message is lost, and a client asks another server.
pub fn lossy() -> AbdSpec {
    let scripts: &[&[Command]] = &[&[put("x", "1"), get("x")]];
    let faults = Faults { drops: 1, ..Faults::NONE };
    let bounds = Bounds { scripts, retries: 1, faults, ..Bounds::default() };
    let two = fact("two coordinate one operation", properties::two_coordinate);
    abd("quorum-store/abd-lossy", EVERY_RULE, bounds, &[ALL_ANSWERED, two])
        .summary("a message is lost, and a client asks another server")
}

/// A message arrives twice, and again when its operation is over.
pub fn doubled() -> AbdSpec {
    let scripts: &[&[Command]] = &[&[put("x", "1"), get("x")]];
    let faults = Faults { duplicates: 1, ..Faults::NONE };
    abd(
        "quorum-store/abd-doubled",
        EVERY_RULE,
        Bounds { scripts, faults, ..Bounds::default() },
        &[ALL_ANSWERED],
    )
    .summary("a message arrives twice, and again when its operation is over")
}

/// A client writes when another one's write is answered, and reads what it has written.
pub fn in_turn(name: &str, rules: Book) -> AbdSpec {
    let scripts: &[&[Command]] = &[&[get("y"), put("x", "1"), get("x")], &[put("x", "2")]];
    abd(name, rules, Bounds { scripts, ..Bounds::default() }, &[ALL_ANSWERED])
        .summary("a client writes after another one, and reads what it has written")
        .directed(SECOND_GOES_FIRST, second_goes_first)
}

/// What [`second_goes_first`] restricts, in words.
pub const SECOND_GOES_FIRST: &str = "no server hears C1 before C2 has its answer";

/// True of what [`SECOND_GOES_FIRST`] says.
fn second_goes_first((): &(), now: &Now, action: &ActionOf<Abd<Checked>>) -> bool {
    let states = &now.system.actor_states;
    let mut clients = states.iter().filter_map(|state| state.client());
    let is_answered = clients.next_back().is_some_and(|second| !second.answers.is_empty());
    let second = states.len() - 1;
    match action {
        Action::Deliver { src, msg: Message::Request(_), .. } => {
            is_answered || usize::from(*src) == second
        }
        _ => true,
    }
}

/// Reads that ask a single server.
pub fn one_replica() -> AbdSpec {
    let scripts: &[&[Command]] = &[&[put("x", "1"), get("x")]];
    let bounds = Bounds { scripts, retries: 1, ..Bounds::default() };
    let mut spec = abd("quorum-store/abd-one-replica", EVERY_RULE, bounds, &[])
        .summary("a read of one server misses what a majority has stored: it is no such read")
        .expect_violation(LINEARIZABILITY);
    clients_mut(&mut spec).for_each(|client| client.reads = Some(Freshness::One));
    spec
}

/// A server loses its disk, copies what it held, takes part again, and is asked for it.
pub fn rejoin(name: &str, rules: Book) -> AbdSpec {
    let scripts: &[&[Command]] = &[&[put("x", "1"), get("x")]];
    let bounds = Bounds { scripts, faults: WIPE, ..Bounds::default() };
    abd(name, rules, bounds, &[ALL_ANSWERED, REJOINED])
        .summary("a server loses its disk, copies what it held, and is asked for it")
        .directed(COORDINATOR_IS_WIPED, coordinator_is_wiped)
}

/// What [`coordinator_is_wiped`] restricts, in words.
pub const COORDINATOR_IS_WIPED: &str = "S1 alone loses its disk, when its client has an answer; \
                                        before that S3 is asked nothing";

/// True of what [`COORDINATOR_IS_WIPED`] says.
fn coordinator_is_wiped((): &(), now: &Now, action: &ActionOf<Abd<Checked>>) -> bool {
    let mut clients = now.system.actor_states.iter().filter_map(|it| it.client());
    let is_answered = clients.any(|it| !it.answers.is_empty());
    match action {
        Action::Rollback(id) => usize::from(*id) == 0 && is_answered,
        Action::Deliver { dst, .. } => is_answered || usize::from(*dst) != 2,
        _ => true,
    }
}

/// One server loses its disk.
pub const WIPE: Faults = Faults { rollbacks: 1, down_at_once: 1, ..Faults::NONE };

const REJOINED: Fact =
    fact("a server that has lost its disk takes part again", properties::one_has_rejoined);

/// That a server has stored something is told when it has lost that, and has copied from others.
pub fn old_life(name: &str, rules: Book) -> AbdSpec {
    late_answer(name, rules, Faults { crashes: 1, ..WIPE })
}

/// The same of a server that loses its disk twice.
pub fn older_life(name: &str, rules: Book) -> AbdSpec {
    late_answer(name, rules, Faults { rollbacks: 2, ..WIPE })
}

fn late_answer(name: &str, rules: Book, faults: Faults) -> AbdSpec {
    let scripts: &[&[Command]] = &[&[put("x", "1")]];
    abd(name, rules, Bounds { servers: 4, scripts, faults, ..Bounds::default() }, &[REJOINED])
        .summary("what a server stored before it lost its disk arrives when it has copied")
        .directed(STORED_IS_LATE, stored_is_late)
}

/// What [`stored_is_late`] restricts, in words.
pub const STORED_IS_LATE: &str = "S1 coordinates with S2 and S3; S2 loses its disk when nothing is \
                                  on its way to it, and S3 crashes when it has told S2 of all; of \
                                  S1 and S2 neither hears the other after that";

/// True of what [`STORED_IS_LATE`] says.
fn stored_is_late((): &(), now: &Now, action: &ActionOf<Abd<Checked>>) -> bool {
    let is_to_second = |to: Id| usize::from(to) == 1;
    match action {
        Action::Rollback(id) => {
            is_to_second(*id)
                && !now.system.network.iter_deliverable().any(|it| is_to_second(it.dst))
        }
        Action::Crash(id) => {
            let second = now.system.actor_states[1].server();
            usize::from(*id) == 2 && second.is_some_and(|it| it.storage.has_rejoined)
        }
        Action::Deliver { src, dst, msg: Message::Peer(message) } => {
            let of = (usize::from(*src), usize::from(*dst), message);
            !matches!(of, (0, 3, _) | (1, 0, peer::Message::Count(_) | peer::Message::Copy(_)))
        }
        _ => true,
    }
}

/// A writer that asks nobody which tag is the next, as in the first paper, where only one writes.
fn one_writer() -> AbdSpec {
    in_turn("quorum-store/abd-one-writer", AllBut(vec![Rule::WriterQueries]))
        .summary("a register that is made for one writer has two")
        .expect_violation(LINEARIZABILITY)
}

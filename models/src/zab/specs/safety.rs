//! Safety: what is checked while timers fire at any moment, with which bounds.

use quorate_checker::AnySpec;
use quorate_checker::spec::{Claim, Faults, Spec};

use super::{Book, EVERY_RULE, FIRST_STORE, Fact, SEEN, ZabSpec, fact, storages, system};
use crate::claims::all_answered;
use crate::data::Data;
use crate::kv::{Command, Kv, get, put};
use crate::member::Timer::Server;
use crate::number::{Epoch, Index};
use crate::pieces;
use crate::service::{Request, Sequence, Session};
use crate::system::{Boxed, suspended};
use crate::zab::claims::{ghost, obsolete, properties};
use crate::zab::compaction::Compaction;
use crate::zab::log::{Log, Txn};
use crate::zab::state::{Snapshot, Storage};
use crate::zab::zxid::Zxid;
use crate::zab::{Elections, Flow, Timer};

/// What is on a server's disk before it starts.
#[derive(Clone, Copy, Debug, Default)]
pub struct Disk<'a> {
    /// The epoch that it has accepted, and whose history it has.
    pub epoch: u64,
    /// The transactions, each as its epoch and its counter.
    pub log: &'a [(u64, u64)],
    /// So many of them are committed, and in a snapshot.
    pub in_snapshot: usize,
}

impl Disk<'_> {
    /// Each transaction is the first command of a client that is not there any more.
    pub(super) fn storage(&self) -> Storage<Kv> {
        let mut log = Log::default();
        let (mut data, mut last) = (Data::<Kv>::default(), Zxid::ZERO);
        for (number, (epoch, counter)) in self.log.iter().enumerate() {
            let zxid = Zxid { epoch: Epoch(*epoch), counter: *counter };
            let request = Request {
                session: Session(100 * epoch + counter),
                sequence: Sequence(1),
                command: put("y", "0"),
                since: Index::ZERO,
            };
            if number < self.in_snapshot {
                data.apply(&request);
                last = zxid;
            }
            log.push(Txn { zxid, request });
        }
        log.cut_up_to(last);
        let (zxid, index) = (last, log.before());
        let pieces = pieces::encode(&data, EACH.piece);
        let snapshot = (self.in_snapshot > 0).then_some(Snapshot { zxid, index, pieces });
        let (accepted, current) = (Epoch(self.epoch), Epoch(self.epoch));
        Storage { accepted, current, snapshot, log, ..Storage::of(FIRST_STORE) }
    }
}

/// What a spec lets happen, and how often.
#[derive(Clone, Copy, Debug, Default)]
pub struct Bounds<'a> {
    pub servers: usize,
    /// What is on their disks; nothing of those further on.
    pub disks: &'a [Disk<'a>],
    /// The numbers of the servers that clients ask, or none for any.
    pub asked: &'a [usize],
    /// One client for each.
    pub scripts: &'a [&'a [Command]],
    /// How often the oracle has a server lead, in total.
    pub elections: u8,
    /// How often something is said again, in total.
    pub agains: u8,
    pub retries: u8,
    /// How often a leader looks whom it has heard, or somebody misses its leader, in total.
    pub silences: u8,
    /// When a server takes a snapshot, if it does.
    pub compaction: Option<Compaction>,
    pub flow: Flow,
    pub faults: Faults,
}

/// ZAB within `bounds`: its safety, and the facts that must be reachable.
pub fn zab(name: &str, rules: Book, bounds: Bounds<'_>, facts: &[Fact]) -> ZabSpec {
    let prunes = obsolete::applies(&rules);
    let suspended = suspended(&rules);
    let claims = properties::safety().into_iter();
    let claims = claims.map(|(name, claim)| Claim::always(name, SEEN, claim));
    let system = system(
        rules,
        bounds.servers,
        Elections::Oracle,
        (bounds.flow, bounds.compaction),
        (bounds.asked, bounds.scripts),
    );
    let mut spec = Spec::new(name, system, bounds.servers)
        .claims(claims.chain(facts.iter().cloned()))
        .suspending(suspended)
        .ghost(ghost::observe)
        .faults(bounds.faults)
        .timeouts("elections", |timer| *timer == Server(Timer::Elect), bounds.elections)
        .timeouts("silences", is_silence, bounds.silences)
        .timeouts("words said again", |timer| *timer == Server(Timer::Again), bounds.agains)
        .timeouts("client retries", |timer| timer.is_retry(), bounds.retries);
    spec.storages = storages(bounds.servers, bounds.disks);
    let forgets = prunes && bounds.faults.rollbacks == 0;
    if forgets { spec.obsolete(obsolete::is_obsolete) } else { spec }
}

/// Whether somebody looks then whom it has heard.
pub(super) fn is_silence(timer: &crate::member::Timer<Timer>) -> bool {
    matches!(timer, Server(Timer::Silence | Timer::Census))
}

/// The specs of safety. The counts change only with a reason.
pub fn all() -> Vec<Box<dyn AnySpec>> {
    vec![
        broadcast().counts(147_984, 480_879).boxed(),
        retry().counts(96_012, 269_019).boxed(),
        failover().counts(159_395, 419_099).boxed(),
        restart().counts(134_403, 351_068).boxed(),
        epochs().counts(162_786, 424_393).boxed(),
        lossy().counts(2_281, 5_504).boxed(),
        twice().counts(28_233, 64_565).boxed(),
        snapshots().counts(713_408, 2_100_324).boxed(),
        narrow().counts(171_453, 432_063).boxed(),
        four().counts(16_891, 45_736).boxed(),
        in_pieces().counts(13_101, 29_770).boxed(),
        window().counts(163, 266).boxed(),
        wiped().counts(400_016, 877_609).boxed(),
        overtaken().counts(331, 462).boxed(),
        behind().counts(20_867, 54_360).boxed(),
        aside().counts(1_421, 3_135).boxed(),
        missed().counts(31_066, 77_061).boxed(),
    ]
}

/// A snapshot for each transaction, which is in one piece, and nothing beside it.
pub const EACH: Compaction = Compaction { floor: 1, keep: 0, piece: 1 << 10, aside: false };

/// One crash of one server.
pub const CRASH: Faults = Faults { crashes: 1, down_at_once: 1, ..Faults::NONE };

/// One server loses its disk.
pub const WIPE: Faults = Faults { rollbacks: 1, down_at_once: 1, ..Faults::NONE };

/// S1 has proposed something that nobody else has.
pub const OPEN: &[Disk<'_>] = &[
    Disk { epoch: 1, log: &[(1, 1)], in_snapshot: 0 },
    Disk { epoch: 1, log: &[], in_snapshot: 0 },
    Disk { epoch: 1, log: &[], in_snapshot: 0 },
];

/// S1 and S3 have a transaction that is committed, as S3 knows, and S2 has not.
pub const LAGGING: &[Disk<'_>] = &[
    Disk { epoch: 1, log: &[(1, 1)], in_snapshot: 0 },
    Disk { epoch: 1, log: &[], in_snapshot: 0 },
    Disk { epoch: 1, log: &[(1, 1)], in_snapshot: 1 },
];

/// S1 and S2 have a snapshot of what S3 lacks.
pub const FAR: &[Disk<'_>] = &[
    Disk { epoch: 1, log: &[(1, 1)], in_snapshot: 1 },
    Disk { epoch: 1, log: &[(1, 1)], in_snapshot: 1 },
    Disk { epoch: 1, log: &[], in_snapshot: 0 },
];

/// A leader looks twice whom it has heard, and a message arrives twice.
pub const MISSED: Bounds<'_> = Bounds {
    servers: 3,
    disks: &[],
    asked: &[],
    scripts: &[],
    elections: 1,
    agains: 0,
    retries: 0,
    silences: 2,
    compaction: None,
    flow: Flow::PLAIN,
    faults: Faults { duplicates: 1, ..Faults::NONE },
};

const A_LEADER: Fact = fact("a leader", properties::a_leader);
const TWO_LEADERS: Fact = fact("two leaders, one after the other", properties::two_leaders);
const DIFF: Fact = fact("a follower is given what it lacks", properties::a_diff);
const TRUNC: Fact = fact("a follower drops what its leader has not", properties::a_trunc);
const SNAP: Fact = fact("a follower is given a snapshot", properties::a_snap);
const JOINED: Fact =
    fact("a follower joins while a proposal is open", properties::joined_while_open);
const QUIET: Fact =
    fact("an epoch in which nothing was proposed", properties::an_epoch_without_a_proposal);
const ONE_COUNTER: Fact = fact("two transactions of one counter", properties::two_of_one_counter);

/// One leader, and two clients.
pub fn broadcast() -> ZabSpec {
    let scripts: &[&[Command]] = &[&[put("x", "1")], &[put("x", "2")]];
    let bounds = Bounds { servers: 3, scripts, asked: &[0], elections: 1, ..Bounds::default() };
    let facts: &[Fact] = &[A_LEADER, DIFF, JOINED, fact("all answered", all_answered)];
    zab("zab/broadcast", EVERY_RULE, bounds, facts)
        .summary("one leader, while two clients write and read")
}

/// A client asks again, and gets what it has written.
pub fn retry() -> ZabSpec {
    let scripts: &[&[Command]] = &[&[put("x", "1"), get("x")]];
    let bounds = Bounds { servers: 3, scripts, elections: 1, retries: 1, ..Bounds::default() };
    let facts: &[Fact] = &[A_LEADER, JOINED, fact("all answered", all_answered)];
    zab("zab/retry", EVERY_RULE, bounds, facts)
        .summary("one leader, and a client that writes, reads and asks again")
}

/// A leader takes over from another one, while a client writes.
pub fn failover() -> ZabSpec {
    let scripts: &[&[Command]] = &[&[put("x", "1")]];
    let bounds = Bounds { servers: 3, scripts, asked: &[0], elections: 2, ..Bounds::default() };
    let answered = fact("answered by the second leader", properties::answered_by_two);
    let facts: &[Fact] = &[TWO_LEADERS, DIFF, TRUNC, JOINED, answered];
    zab("zab/failover", EVERY_RULE, bounds, facts)
        .summary("two leaders, one after the other or at once, while a client writes")
}

/// A server crashes and starts again.
pub fn restart() -> ZabSpec {
    let bounds =
        Bounds { servers: 3, disks: LAGGING, elections: 2, faults: CRASH, ..Bounds::default() };
    let facts: &[Fact] = &[TWO_LEADERS, DIFF];
    zab("zab/restart", EVERY_RULE, bounds, facts)
        .summary("a server crashes, and starts again from its disk")
}

/// Three epochs, and a transaction that nobody knows to be committed.
pub fn epochs() -> ZabSpec {
    let scripts: &[&[Command]] = &[&[put("x", "1")]];
    let bounds =
        Bounds { servers: 3, disks: OPEN, scripts, asked: &[1], elections: 2, ..Bounds::default() };
    let facts: &[Fact] = &[TWO_LEADERS, DIFF, TRUNC, QUIET, ONE_COUNTER];
    zab("zab/epochs", EVERY_RULE, bounds, facts)
        .summary("two leaders decide what becomes of a transaction that one server has")
}

/// A message is lost.
pub fn lossy() -> ZabSpec {
    let faults = Faults { drops: 1, ..Faults::NONE };
    let bounds =
        Bounds { servers: 2, disks: OPEN, elections: 1, agains: 2, faults, ..Bounds::default() };
    let facts: &[Fact] = &[A_LEADER, DIFF];
    zab("zab/lossy", EVERY_RULE, bounds, facts)
        .summary("a message is lost, and what is needed is said again")
}

/// A message arrives twice.
pub fn twice() -> ZabSpec {
    let faults = Faults { duplicates: 1, ..Faults::NONE };
    let scripts: &[&[Command]] = &[&[put("x", "1")]];
    let bounds =
        Bounds { servers: 3, scripts, asked: &[0], elections: 1, faults, ..Bounds::default() };
    let facts: &[Fact] = &[fact("all answered", all_answered)];
    zab("zab/twice", EVERY_RULE, bounds, facts).summary("a message arrives twice")
}

/// Who lags behind the snapshot of its leader is given that.
pub fn snapshots() -> ZabSpec {
    let scripts: &[&[Command]] = &[&[put("x", "1"), put("x", "2")]];
    let bounds = Bounds {
        servers: 3,
        disks: LAGGING,
        scripts,
        asked: &[0],
        elections: 2,
        compaction: Some(EACH),
        ..Bounds::default()
    };
    let facts: &[Fact] = &[TWO_LEADERS, DIFF, SNAP, fact("all answered", all_answered)];
    zab("zab/snapshots", EVERY_RULE, bounds, facts)
        .summary("each server takes a snapshot of what is committed, and one is given it")
}

/// One packet after the other.
pub fn narrow() -> ZabSpec {
    let scripts: &[&[Command]] = &[&[put("x", "1"), put("x", "2")]];
    let bounds = Bounds {
        servers: 3,
        scripts,
        asked: &[0],
        elections: 1,
        compaction: Some(EACH),
        flow: Flow::NARROW,
        ..Bounds::default()
    };
    let facts: &[Fact] = &[DIFF, fact("all answered", all_answered)];
    zab("zab/narrow", EVERY_RULE, bounds, facts)
        .summary("a follower is sent a packet when it has taken the one before")
}

/// Four servers: two are no majority.
pub fn four() -> ZabSpec {
    let scripts: &[&[Command]] = &[&[put("x", "1")]];
    let bounds = Bounds { servers: 4, scripts, asked: &[0], elections: 1, ..Bounds::default() };
    let facts: &[Fact] = &[A_LEADER, JOINED, fact("all answered", all_answered)];
    zab("zab/four", EVERY_RULE, bounds, facts)
        .summary("four servers, of which three are a majority")
}

/// A snapshot travels in two pieces.
pub fn in_pieces() -> ZabSpec {
    let compaction = Some(Compaction { piece: 12, ..EACH });
    let bounds =
        Bounds { servers: 3, disks: FAR, elections: 1, compaction, agains: 1, ..Bounds::default() };
    let facts: &[Fact] = &[A_LEADER, SNAP];
    zab("zab/pieces", EVERY_RULE, bounds, facts)
        .summary("who lags behind the log of its leader is given a snapshot, piece by piece")
}

/// One proposal is open at each time.
pub fn window() -> ZabSpec {
    let scripts: &[&[Command]] = &[&[put("x", "1")], &[put("x", "2")]];
    let flow = Flow { open: 1, ..Flow::PLAIN };
    let bounds =
        Bounds { servers: 2, scripts, asked: &[0], elections: 1, flow, ..Bounds::default() };
    zab("zab/window", EVERY_RULE, bounds, &[fact("all answered", all_answered)])
        .summary("a command waits until the one before is committed")
}

/// A server loses its disk, which counted.
pub fn wiped() -> ZabSpec {
    let bounds =
        Bounds { servers: 3, disks: LAGGING, elections: 2, faults: WIPE, ..Bounds::default() };
    let facts: &[Fact] = &[fact("a server without its disk follows", properties::an_observer)];
    zab("zab/wiped", EVERY_RULE, bounds, facts)
        .summary("a server that has lost its disk follows, and does not count")
}

/// Packets overtake each other, and are put by.
pub fn overtaken() -> ZabSpec {
    let scripts: &[&[Command]] = &[&[put("x", "1")]];
    let flow = Flow { early: 4, ..Flow::PLAIN };
    let bounds = Bounds {
        servers: 2,
        disks: OPEN,
        scripts,
        asked: &[0],
        elections: 2,
        flow,
        ..Bounds::default()
    };
    zab("zab/overtaken", EVERY_RULE, bounds, &[DIFF, fact("all answered", all_answered)])
        .summary("a packet that has overtaken others is put by until they have come")
}

/// A leader writes while its followers do.
pub fn behind() -> ZabSpec {
    let scripts: &[&[Command]] = &[&[put("x", "1")]];
    let flow = Flow { writes_behind: true, ..Flow::PLAIN };
    let bounds = Bounds {
        servers: 3,
        scripts,
        asked: &[0],
        elections: 1,
        flow,
        faults: CRASH,
        ..Bounds::default()
    };
    zab("zab/behind", EVERY_RULE, bounds, &[A_LEADER, fact("all answered", all_answered)])
        .summary("a leader proposes what its own disk does not have yet, and crashes")
}

/// A server goes on while its snapshot is written.
pub fn aside() -> ZabSpec {
    let scripts: &[&[Command]] = &[&[put("x", "1"), put("x", "2")]];
    let compaction = Some(Compaction { aside: true, ..EACH });
    let bounds = Bounds {
        servers: 2,
        disks: LAGGING,
        scripts,
        asked: &[0],
        elections: 1,
        compaction,
        faults: CRASH,
        ..Bounds::default()
    };
    zab("zab/aside", EVERY_RULE, bounds, &[A_LEADER, fact("all answered", all_answered)])
        .summary("a server goes on while its snapshot is written, and crashes")
}

/// A leader misses a follower, and hears late of the link by which that followed.
pub fn missed() -> ZabSpec {
    let facts: &[Fact] = &[A_LEADER, fact("a link is let go", properties::a_link_let_go)];
    zab("zab/missed", EVERY_RULE, MISSED, facts)
        .summary("a leader lets go whom it has not heard, and hears late of its link")
}

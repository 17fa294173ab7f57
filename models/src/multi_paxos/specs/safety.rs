//! Safety: what is checked while timers fire at any moment, with which bounds.

use quorate_checker::AnySpec;
use quorate_checker::spec::{Action, ActionOf, Claim, Faults, State};

use super::{
    Book, Checked, EVERY_RULE, Fact, MultiPaxosSpec, Past, SEEN, fact, founded, keeps_all_durable,
    same_durable, system,
};
use crate::claims::all_answered;
use crate::kv::{Command, get, put};
use crate::member::Timer::Server;
use crate::multi_paxos::claims::{ghost, obsolete, properties};
use crate::multi_paxos::message::Message;
use crate::multi_paxos::{Limits, MultiPaxos, Timer};
use crate::number::{Index, Round};
use crate::service;
use crate::system::{Boxed, suspended};

/// What a spec lets happen, and how often.
#[derive(Clone, Copy, Debug)]
pub struct Bounds<'a> {
    pub servers: usize,
    /// One client for each.
    pub scripts: &'a [&'a [Command]],
    pub limits: Limits,
    /// How often a server stands by itself, in total.
    pub silences: u8,
    /// How often something is said again, in total.
    pub agains: u8,
    pub retries: u8,
    pub faults: Faults,
}

impl Default for Bounds<'_> {
    fn default() -> Self {
        Bounds {
            servers: 3,
            scripts: &[],
            limits: LIMITS,
            silences: 1,
            agains: 0,
            retries: 0,
            faults: Faults::NONE,
        }
    }
}

/// What a slot weighs in the specs, or a little more: two of them weigh more than this and no more
/// than twice as much, and so on.
pub const SLOT: usize = 80;

/// Two slots are open at most, and a message tells of so many.
pub const LIMITS: Limits = Limits {
    window: 2 * SLOT,
    page: 2 * SLOT,
    floor: usize::MAX,
    keep: 0,
    piece: 1_000,
    alpha: 1_000,
};

/// Multi-Paxos within `bounds`: its safety, and the facts that must be reachable.
pub fn multi_paxos(name: &str, rules: Book, bounds: Bounds<'_>, facts: &[Fact]) -> MultiPaxosSpec {
    // Who has lost its disk has promised nothing, and heeds what was said before.
    let forgets = obsolete::applies(&rules) && bounds.faults.rollbacks == 0;
    let is_durable = keeps_all_durable(&rules);
    let suspended = suspended(&rules);
    let claims = properties::safety().into_iter();
    let claims = claims.map(|(name, claim)| Claim::always(name, SEEN, claim));
    let system = system(rules, bounds.servers, bounds.limits, bounds.scripts);
    let spec = founded(name, system, bounds.servers)
        .claims(claims.chain(facts.iter().cloned()))
        .suspending(suspended)
        .ghost(ghost::observe)
        .faults(bounds.faults)
        .timeouts("silences", |timer| *timer == Server(Timer::Silence), bounds.silences)
        .timeouts("words said again", |timer| *timer == Server(Timer::Again), bounds.agains)
        .timeouts("client retries", |timer| timer.is_retry(), bounds.retries);
    let spec = if is_durable { spec.durable(same_durable) } else { spec };
    if forgets { spec.obsolete(obsolete::is_obsolete) } else { spec }
}

/// The specs of safety. The counts change only with a reason.
pub fn all() -> Vec<Box<dyn AnySpec>> {
    vec![
        one_slot().counts(4_999, 14_831).boxed(),
        conflict().counts(783_897, 3_376_013).boxed(),
        three_ballots().counts(335_021, 1_311_171).boxed(),
        gap().counts(65_263, 259_310).boxed(),
        crash().counts(364_788, 1_563_715).boxed(),
        catch_up().counts(220_163, 761_469).boxed(),
        lossy().counts(58_889, 205_815).boxed(),
        four().counts(83_796, 347_781).boxed(),
        twice().counts(726, 1_543).boxed(),
    ]
}

/// One crash of one server.
pub const CRASH: Faults = Faults { crashes: 1, down_at_once: 1, ..Faults::NONE };

/// One slot is open at most.
pub const ONE_OPEN: Limits = Limits { window: SLOT, page: SLOT, ..LIMITS };

/// One decree, as in PMS 2: what two clients ask for is proposed for the first slot, or not at all.
///
/// Stateright's example of Paxos has 16,668 states for two clients and three servers. The rules of
/// ballots, promises and accepted values are the same. There a server stands for each command that
/// it is asked for, and tells all when one is decided; here a server stands when it hears nothing,
/// twice in all, and its followers are told with the next proposal, of which there is none.
pub fn one_slot() -> MultiPaxosSpec {
    let scripts: &[&[Command]] = &[&[put("x", "1")], &[put("x", "2")]];
    let bounds = Bounds { scripts, limits: ONE_OPEN, silences: 2, ..Bounds::default() };
    let facts: &[Fact] = &[
        fact("two values for one slot", properties::two_for_one_slot),
        fact("an adopted value", properties::an_adopted_value),
    ];
    multi_paxos("multi-paxos/one-slot", EVERY_RULE, bounds, facts)
        .summary("two servers stand and two clients write, and one slot is decided")
        .directed(ONLY_ONE_SLOT, only_one_slot)
}

/// What [`only_one_slot`] restricts, in words.
pub const ONLY_ONE_SLOT: &str = "a leader is asked for nothing more when the first slot is taken";

/// A state of a spec without a clock.
pub type Now = State<MultiPaxos<Checked>, Past>;

/// True unless a leader would propose for a second slot.
fn only_one_slot((): &(), now: &Now, action: &ActionOf<MultiPaxos<Checked>>) -> bool {
    match action {
        Action::Deliver { dst, msg: service::Message::Request(_), .. } => {
            let asked = now.system.actor_states[usize::from(*dst)].server();
            asked.is_none_or(|server| !server.is_leader() || server.held(Index(1)).is_none())
        }
        _ => true,
    }
}

/// Two clients write, two servers stand, and each may be asked.
pub fn conflict() -> MultiPaxosSpec {
    let scripts: &[&[Command]] = &[&[put("x", "1")], &[put("x", "2")]];
    let bounds = Bounds { scripts, silences: 2, retries: 1, ..Bounds::default() };
    let facts: &[Fact] = &[
        fact("two values for one slot", properties::two_for_one_slot),
        fact("chosen in a later ballot", properties::chosen_in_a_later_ballot),
        fact("answered after a change of leaders", properties::answered_after_a_change),
        fact("two lead", properties::two_lead),
    ];
    multi_paxos("multi-paxos/conflict", EVERY_RULE, bounds, facts)
        .summary("two clients write to two leaders, of which the first is not heard")
}

/// Three servers stand, one after the other or at once.
pub fn three_ballots() -> MultiPaxosSpec {
    let scripts: &[&[Command]] = &[&[put("x", "1")], &[put("x", "2")]];
    let bounds = Bounds { scripts, limits: ONE_OPEN, silences: 3, ..Bounds::default() };
    let facts: &[Fact] = &[
        fact("two values for one slot", properties::two_for_one_slot),
        fact("one command in three ballots", properties::a_command_in_three_ballots),
    ];
    multi_paxos("multi-paxos/three-ballots", EVERY_RULE, bounds, facts)
        .summary("three times a server stands, and a command is proposed by each of them")
}

/// A leader is asked twice, and the next one hears of the second command only.
pub fn gap() -> MultiPaxosSpec {
    let scripts: &[&[Command]] = &[&[put("x", "1")], &[], &[], &[put("x", "2")]];
    let bounds = Bounds { scripts, silences: 2, ..Bounds::default() };
    let facts: &[Fact] = &[
        fact("a no-op below a command", properties::a_no_op_below_a_command),
        fact("chosen in a later ballot", properties::chosen_in_a_later_ballot),
    ];
    multi_paxos("multi-paxos/gap", EVERY_RULE, bounds, facts)
        .summary("two slots are open when another server stands, who hears of the second only")
}

/// A server crashes and comes back, while two stand.
pub fn crash() -> MultiPaxosSpec {
    let scripts: &[&[Command]] = &[&[put("x", "1")], &[put("x", "2")]];
    let bounds = Bounds { scripts, silences: 2, faults: CRASH, ..Bounds::default() };
    let facts: &[Fact] = &[
        fact("chosen in a later ballot", properties::chosen_in_a_later_ballot),
        fact("answered after a change of leaders", properties::answered_after_a_change),
    ];
    multi_paxos("multi-paxos/crash", EVERY_RULE, bounds, facts)
        .summary("a server comes back with what it saved, while two servers stand")
}

/// A leader says what is chosen, and who lacks some of it asks.
pub fn catch_up() -> MultiPaxosSpec {
    let scripts: &[&[Command]] = &[&[put("x", "1"), get("x")]];
    let bounds = Bounds { scripts, silences: 2, agains: 1, ..Bounds::default() };
    let facts: &[Fact] = &[fact("a catch-up", properties::a_catch_up)];
    multi_paxos("multi-paxos/catch-up", EVERY_RULE, bounds, facts)
        .summary("a server is told what it has not accepted, while another one stands")
}

/// Messages are lost and arrive twice.
pub fn lossy() -> MultiPaxosSpec {
    let scripts: &[&[Command]] = &[&[put("x", "1"), get("x")]];
    let faults = Faults { drops: 1, duplicates: 1, ..Faults::NONE };
    let bounds = Bounds { scripts, retries: 1, faults, ..Bounds::default() };
    let facts: &[Fact] = &[fact("all answered", all_answered)];
    multi_paxos("multi-paxos/lossy", EVERY_RULE, bounds, facts)
        .summary("a message is lost, another one arrives twice, while a client writes and reads")
}

/// Four servers: two are no majority.
pub fn four() -> MultiPaxosSpec {
    let scripts: &[&[Command]] = &[&[put("x", "1")]];
    let faults = Faults { duplicates: 1, ..Faults::NONE };
    let bounds = Bounds { servers: 4, scripts, silences: 2, faults, ..Bounds::default() };
    let facts: &[Fact] = &[fact("answered after a change", properties::answered_after_a_change)];
    multi_paxos("multi-paxos/four", EVERY_RULE, bounds, facts)
        .summary("four servers, of which three are a majority, and a message arrives twice")
}

/// A client whose command has a slot asks another leader, who finds another slot for it.
pub fn twice() -> MultiPaxosSpec {
    let scripts: &[&[Command]] = &[&[add()], &[put("x", "2")]];
    let facts: &[Fact] = &[fact("a command is chosen twice", properties::chosen_twice)];
    multi_paxos("multi-paxos/twice", EVERY_RULE, chosen_twice(scripts), facts)
        .summary("a command is chosen for two slots, and takes effect once")
        .directed(SECOND_SLOT_ONLY, second_slot_only)
}

/// A command that makes a difference if it takes effect twice.
pub fn add() -> Command {
    Command::Add { key: "x".into(), by: 1 }
}

/// Three times a server stands, and the first client asks again.
pub fn chosen_twice<'a>(scripts: &'a [&'a [Command]]) -> Bounds<'a> {
    Bounds { scripts, silences: 3, retries: 1, ..Bounds::default() }
}

/// What [`second_slot_only`] restricts, in words.
pub const SECOND_SLOT_ONLY: &str = "S1 and S2 stand, S1 hears of S2 only that, S2 nothing of S1, \
                                    and of the first slot S3 hears in the second round only";

/// The first slot of S1 gets the command of the second client by S2, and the second one that of the
/// first client. Of both S3 hears the latter only, and S1 the former.
pub fn second_slot_only((): &(), _: &Now, action: &ActionOf<MultiPaxos<Checked>>) -> bool {
    match action {
        Action::Timeout(id, Server(Timer::Silence)) => usize::from(*id) < 2,
        Action::Timeout(id, timer) if timer.is_retry() => usize::from(*id) == 3,
        Action::Deliver { src, dst, msg: service::Message::Peer(message) } => {
            match (usize::from(*src), usize::from(*dst), message) {
                (0, 1, _) => false,
                (1, 0, message) => matches!(message, Message::Prepare(_)),
                (_, 2, Message::Accept(m)) => m.ballot.round == Round(2) || m.slot == Index(2),
                _ => true,
            }
        }
        _ => true,
    }
}

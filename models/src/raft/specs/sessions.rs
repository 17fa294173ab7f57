//! Sessions that end: nothing is executed twice, and whoever comes too late is told so.

use quorate_checker::AnySpec;
use quorate_checker::spec::{Claim, Faults, Sees};

use super::snapshot::{EACH, compacting, own_claims};
use super::{Book, Bounds, EVERY_RULE, Fact, RaftSpec, SEEN, fact, fact_in_flight, raft};
use super::{directions, live};
use crate::claims::all_answered;
use crate::kv::{Command, put};
use crate::raft::claims::{properties, sessions};
use crate::system::{Boxed, clients_mut, servers_mut};

/// The specs of sessions that end. The counts change only with a reason.
pub fn all() -> Vec<Box<dyn AnySpec>> {
    vec![
        one("raft/sessions", EVERY_RULE).counts(510, 853).boxed(),
        two("raft/sessions-two", EVERY_RULE).counts(36_639, 81_654).boxed(),
        leaders("raft/sessions-leaders", EVERY_RULE).counts(544_925, 1_493_849).boxed(),
        anew("raft/sessions-anew", EVERY_RULE).counts(6_550, 9_769).boxed(),
        overwritten("raft/sessions-overwritten", EVERY_RULE).counts(8_488, 20_559).boxed(),
        snapshot("raft/sessions-snapshot", EVERY_RULE).counts(439_192, 1_061_914).boxed(),
        live("raft/sessions-live", EVERY_RULE).counts(27_519, 41_126).boxed(),
    ]
}

/// The spec of servers whose sessions end after `length` entries.
fn ending(mut spec: RaftSpec, length: u64) -> RaftSpec {
    for server in servers_mut(&mut spec) {
        server.session_length = Some(length);
    }
    spec.claims([Claim::always(sessions::FEW, SEEN, sessions::few)])
}

/// Raft within `bounds`, whose sessions end after `length` entries.
pub fn safe(name: &str, rules: Book, bounds: Bounds<'_>, length: u64, facts: &[Fact]) -> RaftSpec {
    let claims = [
        Claim::always(sessions::ONCE, SEEN, sessions::once),
        Claim::always(sessions::ENDED_IS_OVER, SEEN, sessions::ended_is_over),
        Claim::always(sessions::ENDED_HAD_BEGUN, SEEN, sessions::ended_had_begun),
        Claim::always(
            sessions::BEGINS_SOMEWHERE,
            SEEN.and(Sees::NETWORK),
            sessions::begins_somewhere,
        ),
    ];
    ending(raft(name, rules, bounds, facts), length).claims(claims)
}

const TOLD: Fact = fact("a client is told that its session has ended", sessions::a_client_told);
const FORGOTTEN: Fact = fact_in_flight("a leader has forgotten", sessions::a_forgotten_command);
const BEGAN: Fact = fact("a client has begun", sessions::a_client_began);
const WITHOUT: Fact = fact("an end without effect", sessions::ended_without_effect);
const GOES_ON: Fact = fact("a session goes on after its end", sessions::a_session_goes_on);
const SECOND: Fact = fact("a second leader", properties::a_second_leader);
const ANSWERED: Fact = fact("all answered", all_answered);

/// One server, and a client that asks again when its session has ended.
pub fn one(name: &str, rules: Book) -> RaftSpec {
    let scripts: &[&[Command]] = &[&[put("x", "1")], &[put("x", "2")]];
    let bounds = Bounds { servers: 1, scripts, elections: 1, retries: 2, ..Bounds::default() };
    safe(name, rules, bounds, 1, &[BEGAN, TOLD, FORGOTTEN, WITHOUT, ANSWERED])
        .summary("a client asks again when its session has ended")
}

/// Two servers.
pub fn two(name: &str, rules: Book) -> RaftSpec {
    let scripts: &[&[Command]] = &[&[put("x", "1")], &[put("x", "2")]];
    let bounds = Bounds { servers: 2, scripts, elections: 2, retries: 1, ..Bounds::default() };
    safe(name, rules, bounds, 1, &[BEGAN, TOLD, FORGOTTEN, SECOND, ANSWERED])
        .summary("sessions end while leaders change")
}

/// Three servers.
pub fn leaders(name: &str, rules: Book) -> RaftSpec {
    let scripts: &[&[Command]] = &[&[put("x", "1")]];
    let bounds = Bounds { servers: 3, scripts, elections: 2, retries: 1, ..Bounds::default() };
    safe(name, rules, bounds, 1, &[BEGAN, TOLD, FORGOTTEN, SECOND, ANSWERED])
        .summary("sessions end while leaders change")
}

/// A leader tells clients where they begin, and all that it has taken is overwritten.
pub fn overwritten(name: &str, rules: Book) -> RaftSpec {
    let scripts: &[&[Command]] = &[&[put("x", "1")], &[put("x", "2")], &[put("x", "3")]];
    let faults = Faults { duplicates: 1, ..Faults::NONE };
    let bounds =
        Bounds { servers: 3, scripts, elections: 2, retries: 2, faults, ..Bounds::default() };
    safe(name, rules, bounds, 1, &[BEGAN, SECOND])
        .summary("a leader that is overwritten tells clients where they begin")
        .directed(
            "S1 stands, then S2, S3 alone votes, and clients ask the one that stood last",
            directions::overwritten,
        )
}

/// What is forgotten is in no snapshot either.
pub fn snapshot(name: &str, rules: Book) -> RaftSpec {
    let scripts: &[&[Command]] = &[&[put("x", "1")], &[put("x", "2")]];
    let bounds = Bounds {
        servers: 2,
        scripts,
        elections: 2,
        heartbeats: 1,
        retries: 1,
        ..Bounds::default()
    };
    let facts: &[Fact] = &[BEGAN, TOLD, FORGOTTEN, SECOND, ANSWERED];
    compacting(safe(name, rules, bounds, 1, facts), EACH)
        .claims(own_claims())
        .summary("sessions end, and are part of snapshots until then")
}

/// A client that comes back after its session has ended.
pub fn anew(name: &str, rules: Book) -> RaftSpec {
    let scripts: &[&[Command]] =
        &[&[put("x", "1"), put("x", "2")], &[put("x", "3"), put("x", "4")]];
    let bounds = Bounds { servers: 1, scripts, elections: 1, retries: 1, ..Bounds::default() };
    let mut spec = safe(name, rules, bounds, 2, &[BEGAN, GOES_ON, ANSWERED]);
    for client in clients_mut(&mut spec) {
        client.begins_anew = true;
    }
    spec.summary("a client comes back after its session has ended, and goes on")
}

/// Every client is answered, or told that its session has ended.
pub fn live(name: &str, rules: Book) -> RaftSpec {
    let scripts: &[&[Command]] = &[&[put("x", "1")], &[put("x", "2")]];
    let faults = Faults { drops: 1, ..Faults::NONE };
    let bounds = live::Bounds { servers: 3, scripts, faults, ..live::Bounds::default() };
    let mut spec = live::raft(name, rules, bounds, &[TOLD]);
    spec.temporal.retain(|claim| claim.name != live::ALL_ANSWERED);
    ending(spec, 1)
        .eventually(sessions::ALL_SETTLED, SEEN, sessions::all_settled)
        .summary("each client is answered, or told that its session has ended")
}

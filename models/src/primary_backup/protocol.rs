//! Primary and backup as a protocol that a node runs.

use std::ops::Range;
use std::time::Duration;

use stateright::actor::Id;

use super::state::{Part, State};
use super::view::{Member, View};
use super::{Server, Timing};
use crate::kv::Kv;
use crate::protocol::{Misfit, Protocol, Settings, milliseconds};
use crate::rules::AllRules;
use crate::service::{Number, Status};

/// What a node of a cluster runs: the key-value store behind all rules.
pub type Node = Server<(Kv, AllRules)>;

const PING: &str = "ping";
const DEAD: &str = "dead";

impl Timing {
    /// As a cluster is set up: the same in its nodes and in the specs.
    pub fn of(settings: &Settings) -> Self {
        let timer = |name| settings.timer::<Node>(name);
        Timing { ping: timer(PING).start, dead: timer(DEAD) }
    }
}

impl Protocol for Node {
    const NAME: &'static str = "primary-backup";
    const TIMERS: &'static [(&'static str, Range<Duration>)] =
        &[(PING, milliseconds(50, 50)), (DEAD, milliseconds(250, 250))];

    fn server(servers: Vec<Id>, settings: &Settings) -> Self {
        let first_view = match servers[..] {
            [_, primary, backup, ..] => View::first(primary, backup),
            _ => View::default(),
        };
        Server { members: servers, first_view, timing: Timing::of(settings), rules: AllRules }
    }

    fn fits(settings: &Settings) -> Result<(), Misfit> {
        settings.exceeds::<Self>(DEAD, PING)
    }

    fn status(&self, id: Id, state: &State<Kv>) -> Status {
        let number = |name, unit, meaning, value| Number { name, unit, meaning, value };
        let (view, role) = match state {
            State::Service(service) => (service.view, "view service"),
            State::Server(known) => (known.view, role(&known.part)),
        };
        let is_primary = state.replica().is_some_and(|known| known.is_primary());
        let primary = view.primary.map(|primary| primary.id);
        let named = |member: Option<Member>| member.map_or(0, |it| usize::from(it.id) as u64);
        Status {
            role: role.to_owned(),
            leader: if is_primary { Some(id) } else { primary },
            numbers: vec![
                number("view", "", "The newest view that the node knows.", view.number.0),
                number("primary", "", "The primary of that view; 0: none.", named(view.primary)),
                number("backup", "", "The backup of that view; 0: none.", named(view.backup)),
            ],
            warnings: warnings(state),
        }
    }

    fn gives_up(&self, _: &State<Kv>) -> Option<String> {
        None
    }
}

/// The field's name of a part.
fn role<C>(part: &Part<C>) -> &'static str {
    match part {
        Part::Idle => "idle",
        Part::Primary { .. } => "primary",
        Part::Backup { taken: Some(_) } => "backup",
        Part::Backup { taken: None } => "backup without the database",
    }
}

/// What the view service knows and an operator must hear.
fn warnings(state: &State<Kv>) -> Vec<String> {
    let Some(service) = state.service() else { return Vec::new() };
    let is_there = |member: Member| service.alive.get(&member.id) == Some(&member.incarnation);
    let mut warnings = Vec::new();
    if let Some(primary) = service.view.primary.filter(|primary| !is_there(*primary)) {
        warnings.push(format!(
            "server {} was primary and is gone, and nobody has all that it may have answered: no \
             server takes its place",
            usize::from(primary.id)
        ));
    } else if service.view.backup.is_none() {
        warnings.push("there is no backup: a single copy of the database is left".to_owned());
    }
    warnings
}

//! Primary and backup as a protocol that a node runs.

use std::ops::Range;
use std::time::Duration;

use stateright::actor::Id;

use super::state::{Part, Service, State};
use super::view::{Member, View};
use super::{Server, Timing};
use crate::kv::Kv;
use crate::protocol::{Misfit, NewStore, Protocol, Said, Settings, milliseconds};
use crate::rules::AllRules;
use crate::service::{Number, Status};

/// What a node of a cluster runs: the key-value store behind all rules.
pub type Node = Server<(Kv, AllRules)>;

const PING: &str = "ping";
const DEAD: &str = "dead";

const VIEW_SERVICE: &str = "view service";
const VIEW: &str = "view";
const PRIMARY: &str = "primary";
const BACKUP: &str = "backup";
const LACKS_DATABASE: &str = "backup without the database";

impl Timing {
    /// As a cluster is set up: the same in its nodes and in the specs.
    pub fn of(settings: &Settings) -> Self {
        let timer = |name| settings.timer::<Node>(name);
        Timing { ping: timer(PING).start, dead: timer(DEAD) }
    }
}

impl Protocol for Node {
    const NAME: &'static str = "primary-backup";
    const NEW_STORE: NewStore = NewStore::IsAsGood;
    const TIMERS: &'static [(&'static str, Range<Duration>)] =
        &[(PING, milliseconds(50, 50)), (DEAD, milliseconds(250, 250))];

    /// A view service, and one server that it may name primary.
    const LEAST_NODES: usize = 2;

    /// The database is in memory.
    fn outlives_a_stop(_: &Settings) -> bool {
        false
    }

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
            State::Service(service) => (service.view, VIEW_SERVICE),
            State::Server(known) => (known.view, role(&known.part)),
        };
        let named = |member: Option<Member>| member.map_or(0, |it| usize::from(it.id) as u64);
        Status {
            role: role.to_owned(),
            leader: acting_primary(id, state),
            numbers: vec![
                number(VIEW, "", "The newest view that the node knows.", view.number.0),
                number(PRIMARY, "", "The primary of that view; 0: none.", named(view.primary)),
                number(BACKUP, "", "The backup of that view; 0: none.", named(view.backup)),
            ],
            warnings: warnings(state),
            ..Status::default()
        }
    }

    /// A primary and the backup of its view answer clients, and so does a primary without a backup,
    /// however many others are down.
    fn serves(_: usize, said: &[Said]) -> Result<(), String> {
        let of = |it: &Said, name| it.numbers.get(name).copied().unwrap_or_default();
        let primaries = said.iter().filter(|it| it.role == PRIMARY);
        let Some(primary) = primaries.max_by_key(|it| of(it, VIEW)) else {
            return Err("no primary answers".to_owned());
        };
        let backup = of(primary, BACKUP);
        if backup == 0 {
            return Ok(());
        }
        let found = said.iter().find(|it| usize::from(it.id) as u64 == backup);
        match found {
            None => Err(format!("node {backup}, the backup, does not answer")),
            Some(it) if it.role == LACKS_DATABASE => {
                Err(format!("node {backup}, the backup, does not have the database yet"))
            }
            Some(it) if it.role == BACKUP && of(it, VIEW) == of(primary, VIEW) => Ok(()),
            Some(_) => Err(format!("node {backup} does not know that it is the backup")),
        }
    }

    fn at_risk(said: &[Said]) -> Option<String> {
        let is_decided = said.iter().any(|it| it.role == VIEW_SERVICE);
        let why = "the view service does not answer: if the primary or the backup dies, no server \
                   takes its place";
        (!is_decided).then(|| why.to_owned())
    }

    fn gives_up(&self, _: &State<Kv>) -> Option<String> {
        None
    }
}

/// The primary that serves, as far as the node `id` knows. A server that was primary and has
/// started again serves nobody, and the view service knows a primary that is gone.
fn acting_primary(id: Id, state: &State<Kv>) -> Option<Id> {
    match state {
        State::Service(service) => service.view.primary.filter(|it| is_there(service, *it)),
        State::Server(known) if known.is_primary() => return Some(id),
        State::Server(known) => known.view.primary.filter(|primary| primary.id != id),
    }
    .map(|primary| primary.id)
}

/// True if the view service hears this member, which has not started again since.
fn is_there(service: &Service, member: Member) -> bool {
    service.alive.get(&member.id) == Some(&member.incarnation)
}

/// The field's name of a part.
fn role<C>(part: &Part<C>) -> &'static str {
    match part {
        Part::Idle => "idle",
        Part::Primary { .. } => PRIMARY,
        Part::Backup { taken: Some(_) } => BACKUP,
        Part::Backup { taken: None } => LACKS_DATABASE,
    }
}

/// What the view service knows and an operator must hear.
fn warnings(state: &State<Kv>) -> Vec<String> {
    let Some(service) = state.service() else { return Vec::new() };
    let mut warnings = Vec::new();
    if let Some(primary) = service.view.primary.filter(|it| !is_there(service, *it)) {
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

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::super::state::Replica;
    use super::*;
    use crate::number::{Incarnation, ViewNumber};

    /// A node with its role, its view, and the backup of that view.
    fn node(id: usize, role: &str, view: u64, backup: u64) -> Said {
        let numbers = [(VIEW, view), (BACKUP, backup)];
        let numbers = numbers.map(|(name, value)| (name.to_owned(), value));
        let (id, role) = (Id::from(id), role.to_owned());
        Said { id, role, leader: None, numbers: numbers.into(), members: BTreeMap::new() }
    }

    /// Whom a node takes for the leader.
    fn leader(node: &Node, id: Id, state: State<Kv>) -> Option<usize> {
        node.status(id, &state).leader.map(usize::from)
    }

    #[test]
    fn a_primary_that_has_lost_its_part_is_nobodys_leader() {
        let [service, primary, backup] = [1, 2, 3].map(Id::from);
        let actor = Node::server(vec![service, primary, backup], &Settings::default());
        let view = View::first(primary, backup);
        let server = |id, incarnation, part| {
            let member = Member { id, incarnation: Incarnation(incarnation) };
            let acknowledged = ViewNumber::ZERO;
            State::Server(Replica { member, view, acknowledged, part, data: None })
        };
        let serving = Part::Primary { taken: None, open: Vec::new() };
        assert_eq!(leader(&actor, primary, server(primary, 1, serving)), Some(2));
        assert_eq!(leader(&actor, primary, server(primary, 2, Part::Idle)), None);
        assert_eq!(leader(&actor, backup, server(backup, 2, Part::Idle)), Some(2));
        for (heard, expected) in [(Some(1), Some(2)), (Some(2), None), (None, None)] {
            let alive = heard.map(|heard| (primary, Incarnation(heard))).into_iter().collect();
            let state = State::Service(Service { view, is_acknowledged: true, alive });
            assert_eq!(leader(&actor, service, state), expected, "{heard:?}");
        }
    }

    #[test]
    fn a_pair_serves_and_a_primary_alone_only_without_a_backup() {
        let serves = |said: &[Said]| Node::serves(4, said).err().unwrap_or_default();
        let primary = node(2, PRIMARY, 7, 3);
        assert_eq!(serves(&[primary.clone(), node(3, BACKUP, 7, 3)]), "");
        assert_eq!(serves(&[node(2, PRIMARY, 7, 0)]), "");
        assert_eq!(serves(&[]), "no primary answers");
        let others = [node(1, VIEW_SERVICE, 7, 3), node(3, BACKUP, 7, 3), node(4, "idle", 7, 3)];
        assert_eq!(serves(&others), "no primary answers");
        for (backup, why) in [
            (node(4, "idle", 7, 3), "node 3, the backup, does not answer"),
            (node(3, LACKS_DATABASE, 7, 3), "node 3, the backup, does not have the database yet"),
            (node(3, BACKUP, 6, 3), "node 3 does not know that it is the backup"),
            (node(3, "idle", 7, 3), "node 3 does not know that it is the backup"),
        ] {
            assert_eq!(serves(&[primary.clone(), backup]), why);
        }
        assert!(Node::at_risk(&others).is_none());
        assert!(Node::at_risk(&others[1..]).unwrap().starts_with("the view service does not"));
        // An old primary is not asked: its backup has a newer view.
        let (old, new) = (node(2, PRIMARY, 7, 3), node(3, PRIMARY, 8, 0));
        assert_eq!(serves(&[old.clone(), new.clone()]), "");
        assert_eq!(serves(&[new, old]), "");
    }
}

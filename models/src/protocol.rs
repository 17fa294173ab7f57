//! What a node must know of a protocol to run it.

use std::collections::BTreeMap;
use std::ops::Range;
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;
use stateright::actor::{Actor, Id};

use crate::durable::{Ahead, Durable, Early};
use crate::kv::Kv;
use crate::quorum::is_majority;
use crate::service::{Part, Service, Status};

/// How the servers of a cluster are set up.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// By the name of one of [`Protocol::TIMERS`], how long it waits if not as by default.
    pub timers: BTreeMap<String, Range<Duration>>,
    /// By the name of one of [`Protocol::OPTIONS`], whether it is on, if not as by default.
    pub options: BTreeMap<String, bool>,
    /// The numbers of the stores that are known before the cluster begins, by their servers.
    pub stores: BTreeMap<Id, u64>,
}

impl Settings {
    /// How long the timer of this name waits.
    ///
    /// # Panics
    /// If `P` has no timer of this name.
    pub fn timer<P: Protocol>(&self, name: &str) -> Range<Duration> {
        let default = P::TIMERS.iter().find(|(known, _)| *known == name);
        let (_, default) = default.expect("the timers of a protocol are listed");
        self.timers.get(name).unwrap_or(default).clone()
    }

    /// Whether the option of this name is on.
    ///
    /// # Panics
    /// If `P` has no option of this name.
    pub fn option<P: Protocol>(&self, name: &str) -> bool {
        let default = P::OPTIONS.iter().find(|(known, _)| *known == name);
        let (_, default) = default.expect("the options of a protocol are listed");
        *self.options.get(name).unwrap_or(default)
    }

    /// Asks that `timer` wait longer, at its shortest, than `interval` at its shortest.
    ///
    /// # Errors
    /// [`Misfit`] if it does not, naming `timer`.
    ///
    /// # Panics
    /// If `P` has no timers of these names.
    pub fn exceeds<P: Protocol>(
        &self,
        timer: &'static str,
        interval: &'static str,
    ) -> Result<(), Misfit> {
        let (shortest, least) = (self.timer::<P>(timer).start, self.timer::<P>(interval).start);
        if shortest > least {
            return Ok(());
        }
        let problem = format!("the shortest, {shortest:?}, must exceed the {interval}, {least:?}");
        Err(Misfit::of_timer(timer, problem))
    }
}

/// How long a timer waits unless a config file says otherwise.
pub(crate) const fn milliseconds(from: u64, to: u64) -> Range<Duration> {
    Duration::from_millis(from)..Duration::from_millis(to)
}

/// Settings with which no cluster would work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Misfit {
    /// The name of the timer or the option to blame.
    pub name: &'static str,
    /// True if it is an option.
    pub is_option: bool,
    /// What is wrong with how long it waits, or with what is turned on or off.
    pub problem: String,
}

impl Misfit {
    /// A timer is to blame.
    pub fn of_timer(name: &'static str, problem: String) -> Self {
        Misfit { name, is_option: false, problem }
    }

    /// An option is to blame.
    pub fn of_option(name: &'static str, problem: String) -> Self {
        Misfit { name, is_option: true, problem }
    }
}

/// What is on a node's disk before a timer fires.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Awaited {
    /// All that [`Protocol::ahead`] speaks of.
    Records,
    /// What [`Protocol::being_written`] returns.
    Storage,
}

/// What becomes of a node that has lost its store, and is given a new one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NewStore {
    /// It has no less than any node that starts again.
    IsAsGood,
    /// It learns from the others what it has lost.
    Recovers,
    /// It counts for nothing until an operator removes, adds and promotes it.
    IsTakenBack,
    /// It counts for nothing any more.
    NeverCounts,
}

/// A protocol whose servers run as a cluster.
pub trait Protocol:
    Service<
        Timer: Ord + Send,
        Storage: Durable + Clone + Send,
        State: Clone + Send + 'static,
        Msg: Serialize + DeserializeOwned + Send,
    > + Send
    + 'static
{
    /// The word that names it: in the names of its specs, in a config file and in a store.
    const NAME: &'static str;

    /// The timers that a config file may set, each with its default.
    const TIMERS: &'static [(&'static str, Range<Duration>)];

    /// What a config file may turn on or off, each with its default. None by default.
    const OPTIONS: &'static [(&'static str, bool)] = &[];

    /// Whether servers come and go while a cluster runs, by order of an operator.
    const CHANGES_MEMBERS: bool = false;

    /// Whether every command is carried out. If not, only those are that read one key or write it.
    const KNOWS_ALL: bool = true;

    /// What becomes of a node with a new store in the place of the one that it had.
    const NEW_STORE: NewStore;

    /// True if a founder of whose store the config says no number never has a vote, so that no
    /// cluster begins without those numbers.
    const NEEDS_STORE_IDS: bool = false;

    /// How many nodes a cluster has at least: with fewer nobody could ever answer a client.
    const LEAST_NODES: usize = 1;

    /// Whether what was answered outlives a stop of all nodes at once, as it does by default. If
    /// not, a cluster that has stopped as a whole is lost, and is not to be resumed.
    fn outlives_a_stop(_: &Settings) -> bool {
        true
    }

    /// Refuses settings with which no cluster would work, though each timer waits as it may.
    ///
    /// # Errors
    /// [`Misfit`], naming the timer or the option to blame.
    fn fits(settings: &Settings) -> Result<(), Misfit>;

    /// Whether a timer that is due fires before the messages are handled that have come meanwhile,
    /// and not after them: one that takes something away which only time gives. None by default.
    fn is_punctual(_: &<Self as Actor>::Timer) -> bool {
        false
    }

    /// What a server in this state is going to save, and may have written before. Nothing by
    /// default.
    fn ahead(_: &<Self as Actor>::State) -> Ahead {
        Ahead::Nothing
    }

    /// What [`Self::ahead`] has said that it is to be made is made. The server does nothing else
    /// for it than without, only sooner.
    fn made(_: &mut <Self as Actor>::State, _: Early) {}

    /// What a server in this state saves once it is written, and goes on until then. Nothing by
    /// default.
    fn being_written(_: &<Self as Actor>::State) -> Option<<Self as Actor>::Storage> {
        None
    }

    /// What a timer that is due waits for. Nothing by default.
    fn waits_for(_: &<Self as Actor>::Timer) -> Option<Awaited> {
        None
    }

    /// One of these `servers`, all of which are set up the same.
    fn server(servers: Vec<Id>, settings: &Settings) -> Self;

    /// What a store holds before its server starts for the first time, if it holds anything then.
    /// It has a `number` of its own, drawn at random. Nothing by default.
    fn first_storage(_number: u64) -> Option<Self::Storage> {
        None
    }

    /// Refuses to let a server go on with this storage, of which it would forget some by these
    /// settings. None is refused by default.
    ///
    /// # Errors
    /// [`Misfit`], naming the option to blame.
    fn forgets_nothing(_: &Settings, _: &Self::Storage) -> Result<(), Misfit> {
        Ok(())
    }

    /// What an operator wants to know of the server `id` in this state.
    fn status(&self, id: Id, state: &<Self as Actor>::State) -> Status;

    /// Asks that a cluster that began with so many `founders` serves its clients, as far as those
    /// servers tell that answer: each of them once. The default is [`majority_follows`].
    ///
    /// # Errors
    /// Why it does not, in words for an operator, who calls a server a node.
    fn serves(founders: usize, said: &[Said]) -> Result<(), String> {
        majority_follows(founders, said)
    }

    /// Of a cluster that serves its clients, the next fault that it would not survive as it is made
    /// to, as far as the nodes tell that answer: each of them once. None by default.
    fn at_risk(_: &[Said]) -> Option<String> {
        None
    }

    /// Why the server must not go on, in a sentence, if it must not. What it has said by then is
    /// still sent; then its node stops.
    fn gives_up(&self, state: &<Self as Actor>::State) -> Option<String>;
}

/// What a server says of itself to somebody outside the cluster: its [`Status`], as far as that
/// tells whether the cluster serves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    pub id: Id,
    /// The [`Status::role`].
    pub role: String,
    /// The [`Status::leader`].
    pub leader: Option<Id>,
    /// The [`Status::numbers`], by their names.
    pub numbers: BTreeMap<String, u64>,
    /// The [`Status::members`].
    pub members: BTreeMap<Id, Part>,
}

/// Asks that a majority of the servers that have a vote answers, and that a majority takes the same
/// one for leader, which does so itself. Who has a vote is what that leader says; if it knows of no
/// members, the cluster is the `founders` with which it began.
///
/// # Errors
/// Which of the two is not so, in words for an operator.
pub fn majority_follows(founders: usize, said: &[Said]) -> Result<(), String> {
    let is_followed = |leader: &Said| {
        let followers = said.iter().filter(|it| it.leader == Some(leader.id));
        let (count, voters) = voters_among(followers, leader, founders);
        is_majority(count, voters)
    };
    if said.iter().any(|it| it.leader == Some(it.id) && is_followed(it)) {
        return Ok(());
    }
    let known = said.iter().find(|it| !it.members.is_empty()).or(said.first());
    let (count, voters) = match known {
        Some(known) => voters_among(said.iter(), known, founders),
        None => (0, founders),
    };
    if is_majority(count, voters) {
        return Err("no majority follows a leader that answers".to_owned());
    }
    let silent = known.map(|known| silent_voters(said, known)).filter(|silent| !silent.is_empty());
    let silent =
        silent.map(|ids| format!("; those that do not: {}", ids.join(", "))).unwrap_or_default();
    Err(format!("no majority answers, only {count} of {voters} nodes{silent}"))
}

/// Those who have a vote by the word of `by`, and do not answer.
fn silent_voters(said: &[Said], by: &Said) -> Vec<String> {
    let answers = |id| said.iter().any(|it| it.id == id);
    let silent = by.members.iter().filter(|(id, part)| part.has_vote() && !answers(**id));
    silent.map(|(id, _)| usize::from(*id).to_string()).collect()
}

/// How many of `some` have a vote by the word of `by`, and how many there are that have.
fn voters_among<'a>(
    some: impl Iterator<Item = &'a Said>,
    by: &Said,
    founders: usize,
) -> (usize, usize) {
    if by.members.is_empty() {
        return (some.count(), founders);
    }
    let has_vote = |id: &Id| by.members.get(id).is_some_and(|part| part.has_vote());
    let voters = by.members.keys().filter(|id| has_vote(id)).count();
    (some.filter(|it| has_vote(&it.id)).count(), voters)
}

/// What is to be done with a protocol of which so far only the name is known.
pub trait Visit {
    /// What comes of it.
    type Output;

    /// Does it with `P`, which answers the commands of the key-value store.
    fn visit<P: Protocol<Machine = Kv>>(self) -> Self::Output;
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Nodes and whom each takes for leader.
    fn said(all: &[(usize, Option<usize>)]) -> Vec<Said> {
        let of = |(id, leader): &(usize, Option<usize>)| Said {
            id: Id::from(*id),
            role: String::new(),
            leader: leader.map(Id::from),
            numbers: BTreeMap::new(),
            members: BTreeMap::new(),
        };
        all.iter().map(of).collect()
    }

    #[test]
    fn a_majority_must_answer_and_follow_one_leader_that_answers() {
        let serves = |nodes, all: &[_]| majority_follows(nodes, &said(all));
        assert_eq!(serves(1, &[(1, Some(1))]), Ok(()));
        assert_eq!(serves(3, &[(1, Some(2)), (2, Some(2)), (3, None)]), Ok(()));
        assert_eq!(serves(3, &[(1, Some(2)), (2, Some(2))]), Ok(()));
        let few = |nodes, all: &[_]| assert!(serves(nodes, all).unwrap_err().contains("answers, "));
        few(3, &[]);
        few(3, &[(1, Some(1))]);
        few(4, &[(1, Some(1)), (2, Some(1))]);
        for all in [
            // Nobody is elected yet, or only by itself.
            &[(1, None), (2, None), (3, None)][..],
            &[(1, Some(1)), (2, None), (3, None)],
            // The leader that the others remember is dead, or does not lead any more.
            &[(1, Some(3)), (2, Some(3))],
            &[(1, Some(3)), (2, Some(3)), (3, None)],
            // Two lead, each of a minority.
            &[(1, Some(1)), (2, Some(2)), (3, None)],
        ] {
            assert_eq!(
                serves(3, all),
                Err("no majority follows a leader that answers".to_owned()),
                "{all:?}"
            );
        }
    }

    #[test]
    fn who_has_a_vote_is_what_the_leader_says() {
        let members: BTreeMap<Id, Part> =
            [(1, Part::Voter), (2, Part::Voter), (3, Part::Voter), (4, Part::Learner)]
                .map(|(id, part)| (Id::from(id), part))
                .into();
        // Five began, of which three are left; the fourth does not count.
        let serves = |all: &[_]| {
            let mut said = said(all);
            said.iter_mut().for_each(|it| it.members.clone_from(&members));
            majority_follows(5, &said)
        };
        assert_eq!(serves(&[(1, Some(1)), (2, Some(1))]), Ok(()));
        let followed = Err("no majority follows a leader that answers".to_owned());
        assert_eq!(serves(&[(1, Some(1)), (2, None), (4, Some(1))]), followed);
        let few = "no majority answers, only 1 of 3 nodes; those that do not: 2, 3";
        let few = Err(few.to_owned());
        assert_eq!(serves(&[(1, Some(1)), (4, Some(1)), (5, Some(1))]), few);
    }
}

//! PARABOLIC: a leader by computed probability, over a list of participants that changes.
//!
//! An article on clusters names this election. No publication of that name was found, so here it is
//! made precise. Each server keeps a *list* of participants. Who is silent is taken off it, and who
//! speaks is put on it again. A participant's probability is its weight over the sum of all weights
//! on the list. A server leads if nobody on its own list is more probable than itself.
//!
//! The sum is the same for all on one list, and cancels out: the election is by *rank* among those
//! that are heard. That is a failure detector. In the end all follow one leader, if all hear each
//! other, and nothing more is promised: any two servers with different lists may lead at once.
//! The repair keeps the rank, which decides who stands first. Votes decide who leads.
//!
//! Sources: the article is the second of those from which this project began. Elections by rank
//! are the Omega of Chandra, Hadzilacos, Toueg, *The Weakest Failure Detector for Solving
//! Consensus*, JACM 1996; those that keep their leader are in Aguilera, Delporte-Gallet,
//! Fauconnier, Toueg, *Stable Leader Election*, DISC 2001. The votes are those of Raft §5.2.
//!
//! ```text
//! S1 (weight 3)     S2 (weight 2)     S3 (weight 1)
//!  |-- Word -------->|                 |    each speaks every tick, and hears the others
//!  |-- Word ---------|---------------->|
//!  |  the best of its list:            |    as written it leads now
//!  |-- Ask 1 ------->|                 |    repaired it asks all members
//!  |-- Ask 1 --------|---------------->|
//!  |<-- Confirm 1 ---|                 |    two of three, S1 among them
//!  |-- Word, leads ->|                 |
//! ```
//!
//! | rule | where |
//! |---|---|
//! | who is on the list | `list.rs`: `handle_word`, `handle_silence` |
//! | which participant is the best | `list.rs`: `rank`, `is_best` |
//! | who stands, and who leads | `confirm.rs`: `judge`, `stand` |
//! | whom a member confirms | `confirm.rs`: `handle_ask` |
//! | whose word is followed | `confirm.rs`: `hear` |
//! | what survives a crash | `mod.rs`: `to_save` |
//!
//! Deviations. In the article a server sends its first message to one participant chosen at random.
//! Here it speaks to all. What a participant is worth is not said there; here each has a weight.
//!
//! Not here: servers that were no members at first. "Dynamic participants" come and go from a list
//! of all members, which is fixed: else there is no majority of it.

mod confirm;
mod list;
pub mod message;
pub mod rules;
pub mod specs;
pub mod state;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::Range;
use std::time::Duration;

use serde::Serialize;
use stateright::actor::{Actor, Id, Out};

use crate::rules::{AllBut, RuleBook};
use crate::step::Stored;
use message::Message;
use rules::Rule;
use state::{Durable, Role, State};

/// One handler call of a server.
type Step<'a, 's> = crate::step::Step<'a, 's, Server>;

/// How long a server waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Timing {
    /// Before it speaks again.
    pub speak: Duration,
    /// For another one to speak, before that one is taken off the list.
    pub silence: Range<Duration>,
    /// For confirmations, before it stands again.
    pub stand: Duration,
}

impl Timing {
    fn speak(&self) -> Range<Duration> {
        self.speak..self.speak
    }
}

/// A server.
#[derive(Clone, Debug)]
pub struct Server {
    /// All servers, this one among them: the first list of participants.
    pub members: Vec<Id>,
    /// What each participant weighs.
    pub weights: BTreeMap<Id, u8>,
    pub timing: Timing,
    pub rules: AllBut<Rule>,
}

/// What a server waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Timer {
    /// It is time to speak.
    Speak,
    /// This one was not heard for too long.
    Silence(Id),
    /// Too few have confirmed this server.
    Stand,
}

impl Actor for Server {
    type Msg = Message;
    type Timer = Timer;
    type State = State;
    type Storage = Durable;
    type Random = ();

    fn on_start(&self, id: Id, storage: &Option<Durable>, out: &mut Out<Self>) -> State {
        let stored = storage.clone().unwrap_or_default();
        let durable = Durable { starts: stored.starts.next(), ..stored };
        let once = Durable::default().starts.next();
        let mut list: BTreeMap<_, _> = self.members.iter().map(|member| (*member, once)).collect();
        list.insert(id, durable.starts);
        let state = State { durable, list, role: Role::Follower { leader: None } };
        out.save(self.to_save(&state));
        out.set_timer(Timer::Speak, self.timing.speak());
        for other in self.members.iter().filter(|other| **other != id) {
            out.set_timer(Timer::Silence(*other), self.timing.silence.clone());
        }
        state
    }

    fn on_msg(&self, id: Id, state: &mut Cow<State>, src: Id, msg: Message, out: &mut Out<Self>) {
        let mut step = Step::new(self, id, state);
        match msg {
            Message::Word(m) => list::handle_word(&mut step, src, m),
            Message::Ask(m) => confirm::handle_ask(&mut step, src, m),
            Message::Confirm(m) => confirm::handle_confirm(&mut step, src, m),
        }
        step.finish(out);
    }

    fn on_timeout(&self, id: Id, state: &mut Cow<State>, timer: &Timer, out: &mut Out<Self>) {
        let mut step = Step::new(self, id, state);
        match timer {
            Timer::Speak => list::handle_speak(&mut step),
            Timer::Silence(silent) => list::handle_silence(&mut step, *silent),
            Timer::Stand => confirm::stand(&mut step),
        }
        step.finish(out);
    }

    fn name(&self) -> String {
        "server".to_owned()
    }
}

impl Stored for Server {
    fn to_save(&self, state: &State) -> Durable {
        if self.rules.keeps(Rule::ConfirmationSurvivesCrash) {
            state.durable.clone()
        } else {
            Durable { starts: state.durable.starts, ..Durable::default() }
        }
    }

    fn saves_first(&self) -> bool {
        self.rules.keeps(Rule::SaveBeforeSend)
    }
}

impl Step<'_, '_> {
    fn require(&self, rule: Rule, condition: bool) -> bool {
        self.server.rules.require(rule, condition)
    }

    fn keeps(&self, rule: Rule) -> bool {
        self.server.rules.keeps(rule)
    }

    /// Changes what survives a crash. It is saved when the step ends.
    fn set_durable(&mut self, change: impl FnOnce(Durable) -> Durable) {
        let durable = change(self.state().durable.clone());
        if self.state().durable != durable {
            self.state_mut().durable = durable;
            self.save();
        }
    }

    /// Takes the role, and waits for confirmations if it stands.
    fn take_role(&mut self, role: Role) {
        let waits = matches!(role, Role::Standing { .. }) && self.keeps(Rule::StandsAgain);
        if waits {
            self.set_timer(Timer::Stand, self.server.timing.stand..self.server.timing.stand);
        } else if self.state().stands() {
            self.cancel_timer(Timer::Stand);
        }
        self.state_mut().role = role;
    }

    fn say_to_others(&mut self, message: Message) {
        let (id, members) = (self.id, &self.server.members);
        for other in members.iter().filter(|other| **other != id) {
            self.say(*other, message);
        }
    }
}

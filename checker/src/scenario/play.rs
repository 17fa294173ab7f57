//! The steps of a script, taken one after the other.

use std::fmt::Debug;
use std::hash::Hash;

use stateright::Model;
use stateright::actor::{Actor, Id};

use super::script::{Links, Order, Part, What};
use super::words::{Fit, fit};
use super::{Mistake, Script};
use crate::spec::{Action, ActionOf, Kind, Spec, State, with_names};

/// No script is meant to deliver more than so many messages in one line.
const MOST_DELIVERIES: usize = 10_000;

/// What has come of a script.
pub struct Played<A: Actor> {
    /// The script with its results as they are, those at its end added if they were not there.
    pub text: String,
    /// The steps.
    pub actions: Vec<ActionOf<A>>,
}

impl Script {
    /// Takes the steps, from the start of `spec` on. `show` says on one line what is to be seen of
    /// an actor's state; an `Id` in it becomes a name.
    ///
    /// Among the results are the properties that were broken in a state on the way.
    ///
    /// # Errors
    /// At a step that is not allowed or changes nothing, and at a line that means no step or
    /// several.
    pub fn play<A, C, G>(
        &self,
        spec: &Spec<A, C, G>,
        show: impl Fn(&A::State) -> String,
    ) -> Result<Played<A>, Mistake>
    where
        A: Actor<Msg: Ord, Timer: Ord>,
        G: Clone + Debug + Hash + PartialEq,
    {
        let mut stage = Stage::new(spec);
        let mut lines: Vec<String> = Vec::new();
        let mut is_told = true;
        for Part { line, lines: own, what } in &self.parts {
            stage.line = *line;
            match what {
                What::Prose => lines.extend_from_slice(own),
                What::Order(order) => {
                    stage.carry_out(order)?;
                    lines.extend_from_slice(own);
                }
                What::Results => lines.extend(stage.results(&show)),
            }
            is_told = *what == What::Results || is_told && *what == What::Prose;
        }
        if !is_told {
            lines.extend(stage.results(&show));
        }
        let text = lines.into_iter().map(|line| line + "\n").collect();
        Ok(Played { text, actions: stage.actions })
    }
}

/// Where a script has come to.
struct Stage<'s, A, C, G>
where
    A: Actor<Msg: Ord, Timer: Ord>,
    G: Clone + Debug + Hash,
{
    spec: &'s Spec<A, C, G>,
    names: Vec<String>,
    state: State<A, G>,
    /// The steps that were taken.
    actions: Vec<ActionOf<A>>,
    /// The properties that were broken since the last results.
    broken: Vec<&'static str>,
    /// The line of the script.
    line: usize,
}

impl<'s, A, C, G> Stage<'s, A, C, G>
where
    A: Actor<Msg: Ord, Timer: Ord>,
    G: Clone + Debug + Hash + PartialEq,
{
    fn new(spec: &'s Spec<A, C, G>) -> Self {
        let state = spec.init_states().remove(0);
        let (names, actions) = (spec.names(), Vec::new());
        let mut stage = Stage { spec, names, state, actions, broken: Vec::new(), line: 1 };
        stage.look();
        stage
    }

    fn carry_out(&mut self, order: &Order) -> Result<(), Mistake> {
        match order {
            Order::Step(words) => {
                let action = self.meant(words)?;
                let is_step = self.take(action);
                is_step.then_some(()).ok_or_else(|| self.mistake("this changes nothing"))
            }
            Order::Ignored(words) => {
                let action = self.meant(words)?;
                let is_step = self.spec.next_state(&self.state, action).is_some();
                (!is_step).then_some(()).ok_or_else(|| self.mistake("this is not ignored"))
            }
            Order::DeliverAll(links) => self.deliver_all(links),
            Order::LoseAll(links) => self.lose_all(links),
            Order::Times(count, order) => (0..*count).try_for_each(|_| self.carry_out(order)),
        }
    }

    /// The one step that is meant by `words`, among those that may be tried.
    fn meant(&self, words: &str) -> Result<ActionOf<A>, Mistake> {
        let fits =
            |action: ActionOf<A>| (fit(words, &self.spec.line(&self.state, &action)), action);
        let tried: Vec<(Fit, ActionOf<A>)> = self.tried().into_iter().map(fits).collect();
        let best = tried.iter().map(|(fit, _)| *fit).max().unwrap_or(Fit::Not);
        let mut meant = tried.into_iter().filter(|(fit, _)| *fit == best).map(|(_, it)| it);
        match (best, meant.next(), meant.next()) {
            (Fit::Part | Fit::Whole, Some(action), None) => Ok(action),
            (Fit::Part | Fit::Whole, ..) => {
                Err(self.not_allowed(format!("{words:?} may mean several steps")))
            }
            _ => Err(self.not_allowed(format!("{words:?} is not allowed"))),
        }
    }

    /// The steps that may be tried.
    fn tried(&self) -> Vec<ActionOf<A>> {
        let mut actions = Vec::new();
        self.spec.actions(&self.state, &mut actions);
        actions
    }

    /// Takes a step; false if it changes nothing.
    fn take(&mut self, action: ActionOf<A>) -> bool {
        let Some(next) = self.spec.next_state(&self.state, action.clone()) else {
            return false;
        };
        self.state = next;
        self.actions.push(action);
        self.look();
        true
    }

    /// Notes which properties are broken.
    fn look(&mut self) {
        for claim in self.spec.state_view(&self.state).claims {
            let is_broken = claim.kind == Kind::Always && !claim.holds;
            if is_broken && !self.broken.contains(&claim.name) {
                self.broken.push(claim.name);
            }
        }
    }

    fn deliver_all(&mut self, links: &Links) -> Result<(), Mistake> {
        let before = self.actions.len();
        loop {
            let count = self.actions.len();
            for (src, dst, msg) in self.in_flight(links)? {
                let action = Action::Deliver { src, dst, msg };
                if self.tried().contains(&action) {
                    self.take(action);
                }
            }
            match self.actions.len() {
                now if now == before => return Err(self.not_allowed("nothing arrives".to_owned())),
                now if now == count => return Ok(()),
                now if now - before > MOST_DELIVERIES => {
                    return Err(self.mistake("this has no end"));
                }
                _ => {}
            }
        }
    }

    fn lose_all(&mut self, links: &Links) -> Result<(), Mistake> {
        let lost = self.in_flight(links)?;
        if lost.is_empty() {
            return Err(self.not_allowed("nothing is in flight".to_owned()));
        }
        for (src, dst, msg) in lost {
            let action = Action::Drop { src, dst, msg };
            if !self.tried().contains(&action) || !self.take(action) {
                return Err(self.not_allowed("not all of it may be lost".to_owned()));
            }
        }
        Ok(())
    }

    /// What is in flight on some links: by sender, receiver and message, in their order.
    fn in_flight(&self, links: &Links) -> Result<Vec<(Id, Id, A::Msg)>, Mistake> {
        let (from, to) = (self.ids(links.from.as_ref())?, self.ids(links.to.as_ref())?);
        let is_one_of = |ids: &Option<Vec<Id>>, id| ids.as_ref().is_none_or(|it| it.contains(&id));
        let all = self.state.system.network.iter_all();
        let mut found: Vec<(Id, Id, A::Msg)> = all
            .filter(|sent| is_one_of(&from, sent.src) && is_one_of(&to, sent.dst))
            .map(|sent| (sent.src, sent.dst, sent.msg.clone()))
            .collect();
        found.sort();
        Ok(found)
    }

    /// The actors of these names.
    fn ids(&self, names: Option<&Vec<String>>) -> Result<Option<Vec<Id>>, Mistake> {
        let id = |name: &String| match self.names.iter().position(|other| other == name) {
            Some(index) => Ok(Id::from(index)),
            None => Err(self.mistake(&format!("nobody is called {name:?}"))),
        };
        names.map(|names| names.iter().map(id).collect()).transpose()
    }

    /// What has come of the steps so far, one thing a line.
    fn results(&mut self, show: impl Fn(&A::State) -> String) -> Vec<String> {
        let view = self.spec.state_view(&self.state);
        let states = self.state.system.actor_states.iter().zip(&view.actors);
        let actors = states.map(|(state, actor)| {
            let down = actor.down.as_ref().map_or(String::new(), |down| format!(" ({down})"));
            with_names(&format!("{}  {}{down}", actor.name, show(state)), &self.names)
        });
        let rest = |name: &'static str, lines: Vec<String>| {
            lines.into_iter().map(move |line| format!("{name}  {line}"))
        };
        let broken = std::mem::take(&mut self.broken).into_iter().map(str::to_owned).collect();
        std::iter::once("----".to_owned())
            .chain(actors)
            .chain(rest("in flight", view.in_flight))
            .chain(rest("cut", view.cuts))
            .chain(rest("fault", view.fault.into_iter().collect()))
            .chain(rest("broken", broken))
            .collect()
    }

    fn mistake(&self, what: &str) -> Mistake {
        Mistake::new(self.line, what)
    }

    /// A mistake, and what is allowed instead.
    fn not_allowed(&self, what: String) -> Mistake {
        let mut steps = self.tried();
        steps.retain(|action| self.spec.next_state(&self.state, action.clone()).is_some());
        let allowed = steps.iter().map(|action| self.spec.line(&self.state, action)).collect();
        Mistake { line: self.line, what, allowed }
    }
}

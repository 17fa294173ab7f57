//! Cuts: links that go down at a moment of the search's choice, and heal if the spec says so.

use std::fmt::Debug;
use std::hash::Hash;
use std::ops::RangeInclusive;

use stateright::actor::{Actor, Id};

use super::{Links, Spec, State};
use crate::trace::links_in_words;

/// The most cuts that a spec can have.
const MOST_CUTS: usize = 8;

/// Links that go down together, once at most, at a moment of the search's choice. What is in flight
/// over them is lost then, and what is sent over them while they are down is lost when sent. It
/// costs no budget but the cut itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cut {
    /// The links, each as from whom and to whom.
    pub links: Links,
    /// After how many ticks the links heal. Where there is no time they heal at any moment later.
    /// If `None`, they never do.
    pub heals: Option<RangeInclusive<u8>>,
}

/// What has become of a cut.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CutState {
    /// The links were never cut.
    #[default]
    Ahead,
    /// The links are down. If they heal and there is time: the ticks since they were cut.
    Down(u8),
    /// The links have healed, and are not cut again.
    Healed,
}

impl Cut {
    /// Cuts what these actors send to those, and never heals.
    pub fn one_way(
        from: impl IntoIterator<Item = usize>,
        to: impl IntoIterator<Item = usize, IntoIter: Clone>,
    ) -> Self {
        let to = to.into_iter();
        let links = from.into_iter().flat_map(|from| to.clone().map(move |to| (from, to)));
        Cut { links: links.map(|(from, to)| (from.into(), to.into())).collect(), heals: None }
    }

    /// Cuts these actors off from those, both ways, and never heals.
    pub fn between(
        these: impl IntoIterator<Item = usize>,
        those: impl IntoIterator<Item = usize, IntoIter: Clone>,
    ) -> Self {
        let mut cut = Cut::one_way(these, those);
        let back: Vec<(Id, Id)> = cut.links.iter().map(|(from, to)| (*to, *from)).collect();
        cut.links.extend(back);
        cut
    }

    /// The same cut, which heals after so many ticks, or at any moment where there is no time.
    pub fn healing(self, after: RangeInclusive<u8>) -> Self {
        Cut { heals: Some(after), ..self }
    }

    /// The actors that send over its links.
    pub(crate) fn has_sender(&self, actor: usize) -> bool {
        self.links.iter().any(|(from, _)| usize::from(*from) == actor)
    }

    /// The first of the actors that send over its links.
    pub(crate) fn first_sender(&self) -> usize {
        self.links.first().map_or(0, |(from, _)| usize::from(*from))
    }

    /// True if the links may heal now.
    pub(crate) fn may_heal(&self, state: CutState, has_time: bool) -> bool {
        match (state, &self.heals) {
            (CutState::Down(ticks), Some(range)) => !has_time || range.contains(&ticks),
            _ => false,
        }
    }

    /// True if the healing is something to wait for.
    pub(crate) fn is_running(&self, state: CutState) -> bool {
        self.heals.is_some() && matches!(state, CutState::Down(_))
    }

    /// True if the links heal before the next tick.
    pub(crate) fn holds_up_time(&self, state: CutState) -> bool {
        match (state, &self.heals) {
            (CutState::Down(ticks), Some(range)) => ticks >= *range.end(),
            _ => false,
        }
    }

    /// What has become of it after a tick.
    pub(crate) fn ticked(&self, state: CutState) -> CutState {
        match state {
            CutState::Down(ticks) if self.heals.is_some() => CutState::Down(ticks + 1),
            state => state,
        }
    }
}

/// True if one of the `cuts` that are down has this link.
pub(crate) fn is_cut(cuts: &[Cut], states: &[CutState], src: Id, dst: Id) -> bool {
    let mut all = cuts.iter().zip(states);
    all.any(|(cut, state)| matches!(state, CutState::Down(_)) && cut.links.contains(&(src, dst)))
}

impl<A, C, G> Spec<A, C, G>
where
    A: Actor,
    A::Msg: Ord,
    A::Timer: Ord,
    G: Clone + Debug + Hash,
{
    /// Lets these links be cut once, at any moment.
    ///
    /// # Panics
    /// If there are no links, an end of one is no actor, both ends are the same, or there are more
    /// than 8 cuts.
    pub fn cut(mut self, cut: Cut) -> Self {
        let actors = self.system.actors.len();
        let is_link = |(from, to): &(Id, Id)| {
            from != to && usize::from(*from) < actors && usize::from(*to) < actors
        };
        assert!(!cut.links.is_empty(), "{}: a cut without links", self.name);
        assert!(cut.links.iter().all(is_link), "{}: no such link", self.name);
        assert!(self.cuts.len() < MOST_CUTS, "{}: more than {MOST_CUTS} cuts", self.name);
        self.cuts.push(cut);
        self
    }

    /// True if the link is cut in `state`.
    pub(super) fn is_cut(&self, state: &State<A, G>, src: Id, dst: Id) -> bool {
        is_cut(&self.cuts, &state.cuts, src, dst)
    }

    /// The links of a cut in words.
    pub(crate) fn cut_words(&self, cut: usize) -> String {
        in_words(&self.cuts[cut].links, &self.names())
    }

    /// The cuts in words, one a line.
    pub(super) fn cut_bounds(&self) -> Vec<String> {
        let all = self.cuts.iter().enumerate().map(|(index, cut)| {
            let links = self.cut_words(index);
            match (&cut.heals, &self.timely) {
                (None, _) => format!("1 cut for good: {links}"),
                (Some(_), None) => format!("1 cut until it heals: {links}"),
                (Some(after), Some(_)) => {
                    let (least, most) = (after.start(), after.end());
                    format!("1 cut that heals after {least} to {most} ticks: {links}")
                }
            }
        });
        all.collect()
    }
}

/// Links in words.
pub(super) fn in_words(links: &Links, names: &[String]) -> String {
    links_in_words(&ends(links), names)
}

/// The ends of links as indices of actors.
pub(super) fn ends(links: &Links) -> Vec<(usize, usize)> {
    links.iter().map(|(from, to)| ((*from).into(), (*to).into())).collect()
}

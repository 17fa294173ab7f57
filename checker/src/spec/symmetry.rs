//! Whether a spec may be searched by symmetry, and what that makes of it.

use std::fmt::Debug;
use std::hash::Hash;

use stateright::actor::Actor;

use super::Spec;
use crate::engine::Symmetry;

impl<A, C, G> Spec<A, C, G>
where
    A: Actor,
    A::Msg: Ord,
    A::Timer: Ord,
    G: Clone + Debug + Hash,
{
    /// Says which actors do the same under any name, so that the spec can be searched by symmetry.
    /// Such a search finds out if they do not, and panics.
    pub fn alike(mut self, symmetry: Symmetry<A, G>) -> Self {
        self.alike = Some(symmetry);
        self
    }

    /// Has every search be by symmetry: for a space that is too large to be searched whole.
    ///
    /// # Panics
    /// If there is no [`symmetry`](Self::symmetry).
    pub fn reduced(mut self) -> Self {
        self.is_reduced = true;
        if let Err(why) = self.symmetry() {
            panic!("{} cannot be reduced: {why}", self.name);
        }
        self
    }

    /// Which actors may change places.
    ///
    /// # Errors
    /// If none may, why.
    pub fn symmetry(&self) -> Result<&Symmetry<A, G>, &'static str> {
        if self.temporal_properties().next().is_some() || self.timely.is_some() {
            return Err("symmetry is for safety: on the clock it matters whose turn it is");
        }
        if self.direction.is_some() {
            return Err("its direction names servers");
        }
        if !self.cuts.is_empty() || !self.links_down.is_empty() {
            return Err("its links name servers");
        }
        if self.operators > 0 {
            return Err("its operator names servers");
        }
        let alike = self.alike.as_ref().ok_or("it has servers that are not alike")?;
        match alike.groups().next() {
            Some(_) => Ok(alike),
            None => Err("it has no two servers, nor two clients with one script"),
        }
    }

    /// What [`symmetry`](Self::symmetry) says, in words.
    ///
    /// # Errors
    /// As that has them.
    pub(crate) fn symmetry_in_words(&self) -> Result<String, &'static str> {
        let names = self.names();
        let group = |actors: &[usize]| {
            let names: Vec<&str> = actors.iter().map(|actor| names[*actor].as_str()).collect();
            names
                .split_last()
                .map_or(String::new(), |(last, rest)| format!("{} and {last}", rest.join(", ")))
        };
        let groups: Vec<String> = self.symmetry()?.groups().map(group).collect();
        Ok(format!("{} change places", groups.join(", and ")))
    }
}

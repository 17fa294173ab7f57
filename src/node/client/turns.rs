//! Whose request is asked now, and whose waits.

use std::collections::BTreeMap;

use quorate_models::service::Session;

/// How many requests of one socket are asked at a time; the others have their turn after them. All
/// that are asked have room in a socket's buffer, and are not all asked again because the last of
/// so many is answered late.
const ASKED: usize = 256;

/// Where the request of a session stands among those of others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// There is none.
    Idle,
    /// It waits for its turn, which has this number.
    Waits(u64),
    /// It is asked.
    Asked,
}

/// Whose turn it is to ask.
#[derive(Default)]
pub(super) struct Turns {
    /// How many requests are asked.
    asked: usize,
    /// The sessions whose requests wait, in the order in which they came.
    waiting: BTreeMap<u64, Session>,
    /// The number of the next turn.
    next: u64,
}

impl Turns {
    /// A request of `session` waits for its turn.
    pub fn wait(&mut self, session: Session) -> Place {
        self.next += 1;
        self.waiting.insert(self.next, session);
        Place::Waits(self.next)
    }

    /// The request that stood there is over.
    pub fn leave(&mut self, place: &mut Place) {
        match std::mem::replace(place, Place::Idle) {
            Place::Idle => {}
            Place::Waits(turn) => drop(self.waiting.remove(&turn)),
            Place::Asked => self.asked -= 1,
        }
    }

    /// The session whose turn it is, if there is room for one more.
    pub fn take(&mut self) -> Option<Session> {
        let (_, session) = (self.asked < ASKED).then(|| self.waiting.pop_first())??;
        self.asked += 1;
        Some(session)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn so_many_are_asked_at_a_time_and_the_others_in_their_order() {
        let mut turns = Turns::default();
        let mut places: Vec<_> = (0..ASKED as u64 + 3).map(|n| turns.wait(Session(n))).collect();
        for (place, number) in places.iter_mut().zip(0..ASKED as u64) {
            assert_eq!(turns.take(), Some(Session(number)));
            *place = Place::Asked;
        }
        assert_eq!(turns.take(), None);
        // One that waits goes, and one that is asked; neither leaves anything behind.
        turns.leave(&mut places[ASKED]);
        turns.leave(&mut places[7]);
        turns.leave(&mut places[7]);
        assert_eq!(turns.take(), Some(Session(ASKED as u64 + 1)));
        assert_eq!(turns.take(), None);
        assert_eq!((turns.asked, turns.waiting.len()), (ASKED, 1));
    }
}

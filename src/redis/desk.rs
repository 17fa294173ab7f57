//! What the connections share: the sessions with the cluster, the password, the bounds.

use std::collections::BTreeMap;
use std::time::Instant;

use quorate_models::kv::Kv;
use quorate_models::service::Session;

use super::Settings;
use super::counters::Counters;
use super::password::Guesses;
use crate::node::board::Board;
use crate::node::client::Sessions;
use crate::node::transport::TransportError;

/// What a connection needs that is not its own.
pub(super) struct Desk {
    pub settings: Settings,
    pub sessions: Sessions<Kv>,
    /// Whose session is whose.
    pub owners: BTreeMap<Session, usize>,
    pub guesses: Guesses,
    pub counters: Counters,
    /// Where the counters are shown.
    board: Board<Counters>,
    shown: Counters,
    /// How many bytes all of them hold.
    pub held: usize,
}

impl Desk {
    /// No connection yet.
    pub fn new(settings: Settings, sessions: Sessions<Kv>, board: Board<Counters>) -> Self {
        let (owners, guesses) = (BTreeMap::new(), Guesses::new(Instant::now()));
        let counters = Counters::default();
        board.publish(counters);
        Desk { settings, sessions, owners, guesses, counters, board, shown: counters, held: 0 }
    }

    /// Shows what was counted, if that is something new.
    pub fn publish(&mut self) {
        self.counters.held = self.held as u64;
        if self.counters != self.shown {
            self.shown = self.counters;
            self.board.publish(self.counters);
        }
    }

    /// Whether `bytes` more may be held.
    pub fn has_room(&self, bytes: usize) -> bool {
        self.held + bytes <= self.settings.memory
    }

    /// Opens a session for a connection.
    ///
    /// # Errors
    /// If there is no random number to be had.
    pub fn open(&mut self, owner: usize) -> Result<Session, TransportError> {
        let session = self.sessions.open()?;
        self.owners.insert(session, owner);
        Ok(session)
    }

    /// Ends a session.
    pub fn close(&mut self, session: Session) {
        self.owners.remove(&session);
        self.sessions.close(session);
    }
}

//! Which of the model's own code runs right now, for somebody who watches that it returns.

use super::sync::{Arc, AtomicU32, AtomicU64, Mutex, Ordering};

/// What is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Called {
    /// A handler of this actor. Shown are its local and what the event is about.
    Deliver(usize),
    Timeout(usize),
    Random(usize),
    /// At a crash or a recovery.
    Start(usize),
    /// The ghost, or a recorder of the history. Shown are it and the reaction that it sees.
    Ghost,
    /// Whether a message is obsolete. Shown are the receiver's state and the envelope.
    Obsolete,
    /// The condition of a property, by its place. Shown are the leaves of a state, as from here on.
    Property(usize),
    /// The condition of a property of runs.
    OfRuns,
    Boundary,
    Direction,
}

/// The calls of all threads of a search.
#[derive(Debug)]
pub(super) struct Calls {
    slots: Mutex<Vec<Arc<Slot>>>,
    leaves: usize,
}

/// What one thread calls. Nobody else writes here.
#[derive(Debug)]
pub(super) struct Slot {
    /// Grows with each call and each return: odd while a call runs.
    serial: AtomicU64,
    kind: AtomicU32,
    who: AtomicU32,
    shown: Box<[AtomicU32]>,
}

/// A call that runs until this is dropped.
pub(super) struct Running<'s>(&'s Slot);

impl Calls {
    /// No call, of a model whose states have so many `leaves`.
    pub fn new(leaves: usize) -> Self {
        Calls { slots: Mutex::new(Vec::new()), leaves }
    }

    /// Room for the calls of one more thread.
    pub fn slot(&self) -> Arc<Slot> {
        let zero = || AtomicU32::new(0);
        let slot = Arc::new(Slot {
            serial: AtomicU64::new(0),
            kind: zero(),
            who: zero(),
            shown: (0..self.leaves.max(2)).map(|_| zero()).collect(),
        });
        self.slots.lock().expect(POISON).push(Arc::clone(&slot));
        slot
    }

    /// All that there is room for.
    pub fn slots(&self) -> Vec<Arc<Slot>> {
        self.slots.lock().expect(POISON).clone()
    }
}

impl Slot {
    /// Says that a call begins, and what it is shown.
    pub fn enter(&self, called: Called, shown: &[u32]) -> Running<'_> {
        let (kind, who) = called.to_numbers();
        let relaxed = Ordering::Relaxed;
        self.kind.store(kind, relaxed);
        self.who.store(who, relaxed);
        for (place, number) in self.shown.iter().zip(shown) {
            place.store(*number, relaxed);
        }
        self.step();
        Running(self)
    }

    /// The number of the call that runs.
    pub fn running(&self) -> Option<u64> {
        let serial = self.serial.load(Ordering::Acquire);
        (!serial.is_multiple_of(2)).then_some(serial)
    }

    /// What is called and what it is shown, if it is still the call of this number.
    pub fn read(&self, number: u64) -> Option<(Called, Vec<u32>)> {
        let load = |number: &AtomicU32| number.load(Ordering::Relaxed);
        let called = Called::from_numbers(load(&self.kind), load(&self.who));
        let shown = self.shown.iter().map(load).collect();
        (self.running() == Some(number)).then_some((called, shown))
    }

    fn step(&self) {
        let serial = self.serial.load(Ordering::Relaxed);
        self.serial.store(serial + 1, Ordering::Release);
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.0.step();
    }
}

impl Called {
    fn to_numbers(self) -> (u32, u32) {
        match self {
            Called::Deliver(actor) => (0, actor as u32),
            Called::Timeout(actor) => (1, actor as u32),
            Called::Random(actor) => (2, actor as u32),
            Called::Start(actor) => (3, actor as u32),
            Called::Ghost => (4, 0),
            Called::Obsolete => (5, 0),
            Called::Property(place) => (6, place as u32),
            Called::OfRuns => (7, 0),
            Called::Boundary => (8, 0),
            Called::Direction => (9, 0),
        }
    }

    fn from_numbers(kind: u32, who: u32) -> Self {
        let who = who as usize;
        match kind {
            0 => Called::Deliver(who),
            1 => Called::Timeout(who),
            2 => Called::Random(who),
            3 => Called::Start(who),
            4 => Called::Ghost,
            5 => Called::Obsolete,
            6 => Called::Property(who),
            7 => Called::OfRuns,
            8 => Called::Boundary,
            _ => Called::Direction,
        }
    }
}

const POISON: &str = "nothing that can panic runs under this lock";

//! What a condition looks at.

/// What a property's condition looks at. The condition is called once for each distinct view, on a
/// state that shows this alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sees {
    /// All of the state, which is then seen anew each time. Nothing else is assumed unless it is
    /// said.
    Everything,
    /// The actors' states and storages, who is down, the ghost or history, and the fault.
    Actors,
    /// The ghost or history.
    History,
    /// What is in flight.
    Network,
    /// The fault: whether a handler panicked, or sent before it saved.
    Fault,
}

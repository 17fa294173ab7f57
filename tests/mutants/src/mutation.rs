//! Which mutation is in force, and which a spec can tell from the original.
//!
//! Mutations are in force only while a handler runs: what judges it reads the same logs with the
//! same functions, and those are to be the right ones.

use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};

use stateright::actor::{Actor, Command, Out};

/// One change to one place of a rule.
#[derive(Debug)]
pub struct Mutant {
    /// From the models' folder.
    pub file: &'static str,
    pub line: u32,
    /// The line that lists it.
    pub key: &'static str,
    pub is_harmless: bool,
    /// It may be chosen: see `build/choice.rs`.
    pub is_built: bool,
}

/// The original, and what is in force outside of handlers.
pub const NONE: u32 = 0;
/// The original, and whoever asks is noted.
const WATCHED: u32 = u32::MAX;

/// How many mutations a handler may ask for: more is a loop that does not end.
const PATIENCE: u32 = 100_000;

/// The number of the mutant to run, or [`NONE`].
static CHOSEN: AtomicU32 = AtomicU32::new(NONE);

/// The mutants that some handler call tells from the original, if that is asked for.
static TOLD_APART: Mutex<Option<BTreeSet<u32>>> = Mutex::new(None);

thread_local! {
    static ACTIVE: Cell<u32> = const { Cell::new(NONE) };
    static ASKED: Cell<u32> = const { Cell::new(0) };
    static MET: RefCell<BTreeSet<u32>> = const { RefCell::new(BTreeSet::new()) };
}

/// From now on mutant `number` runs; [`NONE`] is the original.
pub fn choose(number: u32) {
    CHOSEN.store(number, Ordering::SeqCst);
}

/// Runs `explore` on the original; returns the mutants that make some handler call of it come out
/// otherwise. Any other one is the original as far as `explore` can see.
pub fn told_apart(explore: impl FnOnce()) -> BTreeSet<u32> {
    choose(WATCHED);
    *TOLD_APART.lock().expect("no thread panicked") = Some(BTreeSet::new());
    // A mutant that panics is told apart, without a word.
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| {}));
    explore();
    std::panic::set_hook(hook);
    choose(NONE);
    TOLD_APART.lock().expect("no thread panicked").take().unwrap_or_default()
}

/// True if mutant `number` is in force.
///
/// # Panics
/// If the handler asks without end.
pub fn is(number: u32) -> bool {
    let active = ACTIVE.get();
    if active == NONE {
        return false;
    }
    ASKED.set(ASKED.get() + 1);
    assert!(ASKED.get() < PATIENCE, "the handler does not end");
    if active == WATCHED {
        MET.with_borrow_mut(|met| met.insert(number));
    }
    active == number
}

/// True within a handler that another one has called: a member of a system calls its server's. What
/// the inner one does is part of what the outer one does, and is looked at there.
fn is_within_another() -> bool {
    ACTIVE.get() != NONE
}

/// A mutant in force for as long as this lives.
struct InForce;

impl InForce {
    fn new(number: u32) -> Self {
        ACTIVE.set(number);
        ASKED.set(0);
        InForce
    }
}

impl Drop for InForce {
    fn drop(&mut self) {
        ACTIVE.set(NONE);
    }
}

/// Runs the start of an actor.
pub fn start<A: Actor>(out: &mut Out<A>, run: impl Fn(&mut Out<A>) -> A::State) -> A::State
where
    A::State: PartialEq,
    A::Msg: PartialEq,
    A::Timer: PartialEq,
    A::Storage: PartialEq,
{
    if is_within_another() {
        return run(out);
    }
    let once = |number: u32| {
        let _in_force = InForce::new(number);
        let mut out = Out::new();
        (run(&mut out), out)
    };
    compare(once, |one, other| one.0 == other.0 && is_same(&one.1, &other.1));
    let _in_force = InForce::new(CHOSEN.load(Ordering::SeqCst));
    run(out)
}

/// Runs another handler of an actor.
pub fn handle<A: Actor>(
    state: &mut Cow<'_, A::State>,
    out: &mut Out<A>,
    run: impl Fn(&mut Cow<'_, A::State>, &mut Out<A>),
) where
    A::State: PartialEq,
    A::Msg: PartialEq,
    A::Timer: PartialEq,
    A::Storage: PartialEq,
{
    if is_within_another() {
        return run(state, out);
    }
    let before = &**state;
    let once = |number: u32| {
        let _in_force = InForce::new(number);
        let (mut state, mut out) = (Cow::Borrowed(before), Out::new());
        run(&mut state, &mut out);
        // Whether it touched the state counts too: a message is then not ignored.
        let touched = matches!(state, Cow::Owned(_));
        (touched, state.into_owned(), out)
    };
    compare(once, |one, other| one.0 == other.0 && one.1 == other.1 && is_same(&one.2, &other.2));
    let _in_force = InForce::new(CHOSEN.load(Ordering::SeqCst));
    run(state, out);
}

/// If it is asked for: runs the mutants that the original has met, and notes which differ.
fn compare<T>(once: impl Fn(u32) -> T, is_same: impl Fn(&T, &T) -> bool) {
    if CHOSEN.load(Ordering::SeqCst) != WATCHED {
        return;
    }
    MET.with_borrow_mut(BTreeSet::clear);
    let original = once(WATCHED);
    let met = MET.take();
    let known = TOLD_APART.lock().expect("no thread panicked").clone().unwrap_or_default();
    for number in met.difference(&known) {
        let other = catch_unwind(AssertUnwindSafe(|| once(*number)));
        if !other.is_ok_and(|other| is_same(&original, &other)) {
            let mut told_apart = TOLD_APART.lock().expect("no thread panicked");
            told_apart.get_or_insert_default().insert(*number);
        }
    }
}

/// True if both say the same in the same order.
fn is_same<A: Actor>(one: &Out<A>, other: &Out<A>) -> bool
where
    A::Msg: PartialEq,
    A::Timer: PartialEq,
    A::Storage: PartialEq,
{
    one.len() == other.len()
        && one.iter().zip(other.iter()).all(|pair| match pair {
            (Command::CancelTimer(one), Command::CancelTimer(other)) => one == other,
            (Command::SetTimer(one, range), Command::SetTimer(other, other_range)) => {
                one == other && range == other_range
            }
            (Command::Send(to, one), Command::Send(other_to, other)) => {
                to == other_to && one == other
            }
            (Command::Save(one), Command::Save(other)) => one == other,
            _ => false,
        })
}

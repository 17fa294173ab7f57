//! What no setting promises, or some settings do not: for each a spec in which it is violated.

use quorate_checker::AnySpec;
use quorate_checker::spec::Faults;

use super::{Bounds, DynamoSpec, EVERY_RULE, Setting, WIPE, claiming, setting};
use crate::quorum_store::dynamo::claims::properties::{
    FRESH, LINEARIZABILITY, MONOTONIC, NOTHING_LOST, OWN_WRITES,
};
use crate::quorum_store::dynamo::object::{Command, get, put, put_at};
use crate::system::Boxed;

/// What the clients do who see a promise broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Story {
    /// One writes and reads while another one writes.
    TwoWriters,
    /// One writes while another one reads twice.
    Readers,
    /// The same, and the reader asks the fourth server, which is no home and asks the others.
    Elsewhere,
    /// One writes and reads, of any server.
    Session,
}

impl Story {
    fn scripts(self) -> Vec<Vec<Command>> {
        match self {
            Story::TwoWriters => vec![vec![put("x", "1"), get("x")], vec![put("x", "2")]],
            Story::Readers => vec![vec![put("x", "1")], vec![get("x"), get("x")]],
            Story::Elsewhere => {
                vec![vec![put("x", "1")], vec![], vec![], vec![get("x"), get("x")]]
            }
            Story::Session => vec![vec![put("x", "1"), get("x")]],
        }
    }

    /// How often a client turns to another server.
    fn turns(self) -> u8 {
        match self {
            Story::TwoWriters | Story::Readers | Story::Elsewhere => 0,
            Story::Session => 1,
        }
    }
}

/// A claim that a setting does not promise.
#[derive(Clone, Copy, Debug)]
pub struct Broken {
    /// Of [`super::SETTINGS`].
    pub setting: &'static str,
    /// What it is called in the name of the spec.
    pub word: &'static str,
    pub claim: &'static str,
    pub story: Story,
    /// What an engineer should conclude.
    pub summary: &'static str,
}

const fn broken(
    setting: &'static str,
    word: &'static str,
    claim: &'static str,
    story: Story,
    summary: &'static str,
) -> Broken {
    Broken { setting, word, claim, story, summary }
}

const NO_REGISTER: &str = "not-a-register";
const STALE: &str = "stale";
const NOT_OWN: &str = "own-write-missing";
const BACK: &str = "goes-back";

/// All of them.
pub const ALL: &[Broken] = &[
    broken(
        "1-1",
        NO_REGISTER,
        LINEARIZABILITY,
        Story::Readers,
        "R + W is not above N: a read asks whom the write has not reached",
    ),
    broken(
        "1-1",
        STALE,
        FRESH,
        Story::Readers,
        "R + W is not above N: a read misses a write that was acknowledged before",
    ),
    broken(
        "1-1",
        NOT_OWN,
        OWN_WRITES,
        Story::Session,
        "R + W is not above N: a client that turns to another server misses its own write",
    ),
    broken(
        "1-1",
        BACK,
        MONOTONIC,
        Story::Elsewhere,
        "R + W is not above N: a client is told by one home, then another, and goes back",
    ),
    broken(
        "1-3",
        NO_REGISTER,
        LINEARIZABILITY,
        Story::TwoWriters,
        "that all homes store a write makes no register: two that write at once leave siblings",
    ),
    broken(
        "1-3",
        BACK,
        MONOTONIC,
        Story::Elsewhere,
        "a write that is under way is at some homes only: a client reads it, and then does not",
    ),
    broken(
        "2-2",
        NO_REGISTER,
        LINEARIZABILITY,
        Story::Readers,
        "quorums that meet make no register: what a write has not finished is read, and then not",
    ),
    broken(
        "2-2",
        BACK,
        MONOTONIC,
        Story::Readers,
        "quorums that meet do not keep a client from reading a write that is under way, and then \
         not: a read would have to write back first",
    ),
    broken(
        "3-1",
        NO_REGISTER,
        LINEARIZABILITY,
        Story::TwoWriters,
        "two that write at once leave siblings, and a register has one value",
    ),
    broken(
        "sloppy",
        NO_REGISTER,
        LINEARIZABILITY,
        Story::Readers,
        "sloppy quorums make no register either",
    ),
    broken(
        "sloppy",
        STALE,
        FRESH,
        Story::TwoWriters,
        "a fallback has what counts as stored, and a read asks the homes: sloppy quorums need not \
         meet",
    ),
    broken(
        "sloppy",
        NOT_OWN,
        OWN_WRITES,
        Story::Session,
        "a fallback has what counts as stored, and a client does not read its own write",
    ),
    broken(
        "sloppy",
        BACK,
        MONOTONIC,
        Story::Readers,
        "sloppy quorums let a client go back in time",
    ),
    broken(
        "last-write",
        NO_REGISTER,
        LINEARIZABILITY,
        Story::Readers,
        "that the last write wins makes no register of a store",
    ),
    broken(
        "last-write",
        "loses",
        NOTHING_LOST,
        Story::TwoWriters,
        "of two that write at once one is acknowledged and lost: the last write wins",
    ),
    broken(
        "last-write",
        STALE,
        FRESH,
        Story::TwoWriters,
        "an acknowledged write gives way to one that did not know of it",
    ),
    broken(
        "last-write",
        NOT_OWN,
        OWN_WRITES,
        Story::TwoWriters,
        "a client does not read its own write, which gave way to one that did not know of it",
    ),
    broken(
        "last-write",
        BACK,
        MONOTONIC,
        Story::Readers,
        "that the last write wins does not keep a client from going back in time",
    ),
];

impl Broken {
    /// The spec in which it is violated.
    pub fn spec(&self) -> DynamoSpec {
        let name = format!("quorum-store/dynamo-{}-{}", self.setting, self.word);
        told(&name, self.story, setting(self.setting), |claim| claim == self.claim)
            .summary(self.summary)
            .expect_violation(self.claim)
    }
}

/// A story in a setting, of which this is claimed.
pub fn told(
    name: &str,
    story: Story,
    setting: Setting,
    claimed: impl Fn(&str) -> bool,
) -> DynamoSpec {
    let is_sloppy = setting.quorums.is_sloppy;
    let scripts = story.scripts();
    let scripts: Vec<&[Command]> = scripts.iter().map(Vec::as_slice).collect();
    let bounds = Bounds {
        setting,
        servers: if is_sloppy || story == Story::Elsewhere { 4 } else { 3 },
        scripts: &scripts,
        retries: story.turns(),
        lates: is_sloppy.into(),
        ..Bounds::default()
    };
    claiming(name, EVERY_RULE, bounds, claimed, &[])
}

/// Without counts: a search ends where the promise is broken.
pub(super) fn listed() -> Vec<Box<dyn AnySpec>> {
    let mut all: Vec<_> = ALL.iter().map(|broken| broken.spec().boxed()).collect();
    all.push(one_copy("quorum-store/dynamo-1-1-lost-disk", setting("1-1")).boxed());
    all.push(one_copy("quorum-store/dynamo-3-1-lost-disk", setting("3-1")).boxed());
    all.push(skewed_clock().boxed());
    all
}

/// A write is acknowledged by one server, which loses its store.
fn one_copy(name: &str, setting: Setting) -> DynamoSpec {
    let scripts: &[&[Command]] = &[&[put("x", "1")]];
    let bounds = Bounds { setting, scripts, faults: WIPE, ..Bounds::default() };
    claiming(name, EVERY_RULE, bounds, |claim| claim == NOTHING_LOST, &[])
        .summary("with W = 1 an acknowledged write is lost with the disk of a single server")
        .expect_violation(NOTHING_LOST)
}

/// One store, and two clients that write one after the other. The clock of the first is ahead by 1.
pub fn skewed_clock() -> DynamoSpec {
    let scripts: &[&[Command]] =
        &[&[put_at("x", "1", 2)], &[get("x"), put_at("x", "2", 1), get("x")]];
    let setting = Setting::of(1, 1, 1).last_write_wins();
    let bounds = Bounds { setting, servers: 1, scripts, faults: Faults::NONE, ..Bounds::default() };
    claiming("quorum-store/dynamo-skewed-clock", EVERY_RULE, bounds, |it| it == OWN_WRITES, &[])
        .summary(
            "where the last write wins, a clock that is ahead by 1 has an earlier write win, which \
             the writer of the later one had read",
        )
        .expect_violation(OWN_WRITES)
}

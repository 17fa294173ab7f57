//! The node's memory: whatever happens to the file, a store opens with all that was acknowledged,
//! or not at all.

mod ahead;
mod crash;
mod disk;
mod errors;
mod flips;
mod old;
mod random;
mod toy;

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use quorate::node::storage::Identity;

/// Whose store the tests use.
const SELF: Identity = Identity {
    cluster: 0x1234_5678_9abc_def0,
    node: 2,
    protocol: Cow::Borrowed("toy"),
    founders: BTreeSet::new(),
    first_stores: BTreeMap::new(),
};

/// What stores without a file are called in messages.
fn nowhere() -> &'static Path {
    Path::new("node-2.store")
}

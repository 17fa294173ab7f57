//! The protocols of quorate: each is one Stateright actor, its rules, and its specs.
//!
//! **Knows nothing of** sockets, files, clocks and threads.

#![forbid(unsafe_code)]

pub mod bounds;
pub mod chain;
pub mod claims;
pub mod client;
pub mod durable;
pub mod kv;
pub mod member;
pub mod number;
pub mod primary_backup;
pub mod protocol;
pub mod quorum;
pub mod raft;
pub mod rules;
pub mod script;
pub mod service;
pub mod session;
pub mod state_machine;
pub mod step;
pub mod system;

/// The default set, in the order in which `quorate check` runs it.
pub fn specs() -> Vec<Box<dyn quorate_checker::AnySpec>> {
    let mut specs = raft::specs::all();
    specs.extend(raft::specs::large::default_set());
    specs.extend(raft::specs::live::all());
    specs.extend(primary_backup::naive::designs::all());
    specs.extend(primary_backup::specs::all());
    specs.extend(primary_backup::specs::live::all());
    specs.extend(chain::specs::all());
    specs.extend(chain::specs::live::all());
    specs
}

/// The specs that take minutes, in the order in which `quorate check --all` runs them.
pub fn large_specs() -> Vec<Box<dyn quorate_checker::AnySpec>> {
    raft::specs::large::all()
}

/// A spec of `protocol`, the word before the slash in the names of its specs, within `bounds`. It
/// is in no list, and no count is on record for it.
///
/// # Errors
/// If there is no such protocol, or it has not one of the bounds, naming it.
pub fn custom(
    protocol: &str,
    bounds: &bounds::Bounds,
) -> Result<Box<dyn quorate_checker::AnySpec>, bounds::Refused> {
    match protocol {
        "raft" => raft::specs::custom::spec(bounds),
        _ => Err(bounds::Refused(format!("there is no protocol {protocol:?}, only raft"))),
    }
}

/// Lists the protocols that run as a cluster, each once.
macro_rules! running {
    ($($protocol:ty),+ $(,)?) => {
        /// The names of the protocols that run as a cluster.
        pub const RUNNING: &[&str] = &[$(<$protocol as protocol::Protocol>::NAME),+];

        /// Has `visitor` visit the protocol of this name; `None` if none that runs has it.
        pub fn named<V: protocol::Visit>(name: &str, visitor: V) -> Option<V::Output> {
            $(
                if name == <$protocol as protocol::Protocol>::NAME {
                    return Some(visitor.visit::<$protocol>());
                }
            )+
            None
        }
    };
}

running!(raft::protocol::Node, primary_backup::protocol::Node);

//! The protocols of quorate: each is one Stateright actor, its rules, and its specs.
//!
//! | protocol | what it guarantees |
//! |---|---|
//! | [`raft`] | one log on a majority of the servers, in one order, whoever leads |
//! | [`multi_paxos`] | the same, each place in the log decided for itself |
//! | [`primary_backup`] | two copies of a database; a view service says whose word counts |
//! | [`primary_backup::naive`] | nothing: the designs that articles teach, and why each breaks |
//! | [`chain`] | a row of servers, each of which has all that the one behind it has |
//! | [`viewstamped`] | the same, and nothing on a disk |
//! | [`zab`] | one log on a majority of the disks, in the order of its leaders' epochs |
//! | [`quorum_store::abd`] | registers on a majority of the servers, and no leader |
//! | [`quorum_store::dynamo`] | every write taken, and what was written at once side by side |
//! | [`quorum_store::ownership`] | a key on one server, and no write lost when it moves |
//! | [`gossip`] | what one member knows all know in the end, and nothing is agreed on |
//! | [`fenced`] | a store that takes nothing of a writer that was replaced |
//! | [`hearsay`] | one leader an epoch, repair by repair, from an election that has two at once |
//! | [`parabolic`] | a leader by rank in the end, or by votes one leader an epoch |
//! | [`moss`] | a leader by all locks until one crashes, or by a majority one leader an epoch |
//!
//! A folder is a protocol, and the page of its module says which file has what. [`specs`] lists
//! every spec by name. To check one:
//!
//! ```
//! use quorate_checker::report::{Engine, Limits, Verdict};
//!
//! let mut specs = quorate_models::specs().into_iter();
//! let spec = specs.find(|spec| spec.name() == "primary-backup/cut-off-live").unwrap();
//! let report = spec.check(Engine::Quorate, &Limits::default(), &mut |_| {});
//! assert_eq!((report.verdict, report.cut_short), (Verdict::Holds, None));
//! ```
//!
//! To see what a rule is needed for, suspend it. Here a primary answers before its backup has the
//! command, and the clients see what no single copy could have shown them:
//!
//! ```
//! use quorate_checker::report::{Engine, Limits, Verdict};
//! use quorate_models::kv::{get, put};
//! use quorate_models::primary_backup::claims::properties::LINEARIZABILITY;
//! use quorate_models::primary_backup::rules::Rule;
//! use quorate_models::primary_backup::specs::{Bounds, primary_backup};
//! use quorate_models::rules::AllBut;
//! use quorate_models::system::Boxed;
//!
//! let check = |suspended: Vec<Rule>| {
//!     let bounds = Bounds {
//!         servers: 2,
//!         scripts: &[&[put("x", "1")], &[get("x"), get("x")]],
//!         suspicions: 1,
//!         retries: 2,
//!         ..Bounds::default()
//!     };
//!     let spec = primary_backup("primary-backup/mine", AllBut(suspended), bounds, &[]);
//!     let spec = spec.only(LINEARIZABILITY).boxed();
//!     spec.check(Engine::Quorate, &Limits::default(), &mut |_| {})
//! };
//! assert_eq!(check(vec![]).verdict, Verdict::Holds);
//!
//! let report = check(vec![Rule::CommitAtBackup]);
//! assert_eq!(report.verdict, Verdict::Violated);
//! assert_eq!(report.property(LINEARIZABILITY).steps, Some(8));
//! println!("{}", report.counterexamples[0].trace.text(false));
//! ```
//!
//! **Knows nothing of** sockets, files, clocks and threads.

#![forbid(unsafe_code)]

pub mod bounds;
pub mod chain;
pub mod claims;
pub mod client;
pub mod consistency;
pub mod crash_vector;
pub mod data;
pub mod durable;
pub mod election;
pub mod fenced;
pub mod gossip;
pub mod hearsay;
pub mod kv;
pub mod member;
pub mod moss;
pub mod multi_paxos;
pub mod number;
pub mod operator;
pub mod order;
pub mod parabolic;
pub mod pieces;
pub mod primary_backup;
pub mod protocol;
pub mod quorum;
pub mod quorum_store;
pub mod raft;
pub mod record;
mod records;
pub mod rules;
pub mod script;
pub mod service;
pub mod session;
pub mod state_machine;
pub mod step;
pub mod system;
pub mod viewstamped;
pub mod window;
pub mod zab;

/// The default set, in the order in which `quorate check` runs it.
pub fn specs() -> Vec<Box<dyn quorate_checker::AnySpec>> {
    let mut specs = raft::specs::all();
    specs.extend(raft::specs::large::default_set());
    specs.extend(raft::specs::live::all());
    specs.extend(raft::specs::cut::all());
    specs.extend(raft::specs::read::all());
    specs.extend(raft::specs::stale::all());
    specs.extend(raft::specs::lease::all());
    specs.extend(raft::specs::transfer::all());
    specs.extend(raft::specs::parallel::all());
    specs.extend(raft::specs::membership::all());
    specs.extend(raft::specs::identity::all());
    specs.extend(raft::specs::snapshot::all());
    specs.extend(raft::specs::aside::all());
    specs.extend(raft::specs::sessions::all());
    specs.extend(primary_backup::naive::designs::all());
    specs.extend(primary_backup::specs::all());
    specs.extend(primary_backup::specs::live::all());
    specs.extend(chain::specs::all());
    specs.extend(chain::specs::live::all());
    specs.extend(fenced::specs::all());
    specs.extend(viewstamped::specs::all());
    specs.extend(multi_paxos::specs::all());
    specs.extend(zab::specs::all());
    specs.extend(quorum_store::abd::specs::all());
    specs.extend(quorum_store::dynamo::specs::all());
    specs.extend(quorum_store::ownership::specs::all());
    specs.extend(gossip::specs());
    specs.extend(hearsay::specs::all());
    specs.extend(parabolic::specs::all());
    specs.extend(moss::specs::all());
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
/// If the protocol takes no bounds, naming those that do, or has not one of these, naming it.
pub fn custom(
    protocol: &str,
    bounds: &bounds::Bounds,
) -> Result<Box<dyn quorate_checker::AnySpec>, bounds::Refused> {
    match protocol {
        "raft" => raft::specs::custom::spec(bounds),
        "primary-backup" => primary_backup::specs::custom::spec(bounds),
        "viewstamped" => viewstamped::specs::custom::spec(bounds),
        "multi-paxos" => multi_paxos::specs::custom::spec(bounds),
        "zab" => zab::specs::custom::spec(bounds),
        _ => Err(bounds::Refused(format!(
            "no protocol {protocol:?} takes bounds, only raft, primary-backup, viewstamped, \
             multi-paxos and zab do"
        ))),
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

running!(
    raft::protocol::Node,
    primary_backup::protocol::Node,
    viewstamped::protocol::Node,
    multi_paxos::protocol::Node,
    zab::protocol::Node,
    quorum_store::abd::protocol::Node,
);

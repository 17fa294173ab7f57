//! From a config to what the node, its clients and its protocol want to know.

use quorate_models::RUNNING;
use quorate_models::kv::Kv;
use quorate_models::protocol::{Misfit, Protocol, Settings, Visit};
use stateright::actor::Id;

use super::exit::{Code, Failure};
use crate::node::config::{Config, ConfigError, Node, load_key};
use crate::node::storage::{self, Identity, Store, StoreError};
use crate::node::transport::Members;

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        let code = if matches!(error, ConfigError::Io { .. }) { Code::Io } else { Code::Config };
        Failure::new(code, error)
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Failure::new(Code::Io, error)
    }
}

/// Node `id` of `config`.
///
/// # Errors
/// If there is none, naming those that there are.
pub fn node(config: &Config, id: u64) -> Result<&Node, Failure> {
    config.node(id).map_err(|_| {
        let known: Vec<_> = config.nodes.iter().map(|node| node.id.to_string()).collect();
        let (path, known) = (config.path.display(), known.join(", "));
        Failure::new(Code::Usage, format!("{path} has no node {id}, only {known}"))
    })
}

/// Whose store that of node `id` is.
pub fn identity(config: &Config, id: u64) -> Identity {
    Identity {
        cluster: config.cluster,
        node: id,
        protocol: config.protocol.clone().into(),
        founders: config.founders().map(|node| node.id).collect(),
        first_stores: config.store_ids(),
    }
}

/// Creates the stores of a new cluster of `P`. Those of which the config says it have their numbers
/// when this returns.
///
/// # Errors
/// If one cannot be created.
pub fn create_stores<P: Protocol>(config: &Config) -> Result<(), StoreError> {
    for Node { id, store, store_id, .. } in &config.nodes {
        storage::create(store, identity(config, *id))?;
        if let Some(first) = store_id.and_then(P::first_storage) {
            let (mut store, _) = Store::<P::Storage>::open(store, identity(config, *id))?;
            store.commit(&first)?;
        }
    }
    Ok(())
}

/// The members of the cluster, and the key that they share.
///
/// # Errors
/// If the key cannot be read, or others can read it too.
pub fn members(config: &Config) -> Result<Members, ConfigError> {
    let key = *load_key(&config.key_file)?.bytes();
    let servers = config.nodes.iter().map(|node| (node.id, node.address)).collect();
    Ok(Members { cluster: config.cluster, key, servers, datagram: config.datagram })
}

/// The actor that every node of `config` runs, which is one of `P`.
///
/// # Errors
/// If what the config says of timers and options does not fit `P`, or it has too few nodes for it,
/// or some that join although nobody can, or numbers of stores that have none, or lacks some that
/// `P` needs.
pub fn actor<P: Protocol>(config: &Config) -> Result<P, ConfigError> {
    config.has_timers_of(P::TIMERS)?;
    config.has_options_of(P::OPTIONS)?;
    let founders: Vec<Id> = config.founders().map(|node| Id::from(node.id as usize)).collect();
    if founders.len() < P::LEAST_NODES {
        return Err(config.wrong("node", &too_few::<P>(founders.len())));
    }
    if let Some(node) = config.nodes.iter().find(|node| node.joins && !P::CHANGES_MEMBERS) {
        let problem = format!("no node joins a cluster of {}, which keeps its members", P::NAME);
        return Err(config.wrong(&format!("node {}: joins", node.id), &problem));
    }
    let stores = config.store_ids();
    if let Some(id) = stores.keys().next().filter(|_| P::first_storage(1).is_none()) {
        let problem = format!("the stores of {} have no numbers", P::NAME);
        return Err(config.wrong(&format!("node {id}: store_id"), &problem));
    }
    if let Some(node) = config.founders().find(|it| P::NEEDS_STORE_IDS && it.store_id.is_none()) {
        let problem = format!("there is none, and without it the node has no vote in {}", P::NAME);
        return Err(config.wrong(&format!("node {}: store_id", node.id), &problem));
    }
    let settings = settings(config);
    P::fits(&settings).map_err(|misfit| blamed(config, misfit))?;
    Ok(P::server(founders, &settings))
}

/// What the config says of how its servers are set up.
fn settings(config: &Config) -> Settings {
    let stores = config.store_ids().into_iter();
    Settings {
        timers: config.timers.clone(),
        options: config.options.clone(),
        stores: stores.map(|(id, store)| (Id::from(id as usize), store)).collect(),
    }
}

/// The timer or the option to blame, as it is named in the config.
fn blamed(config: &Config, Misfit { name, is_option, problem }: Misfit) -> ConfigError {
    match is_option {
        true => config.wrong(&format!("options.{name}"), &problem),
        false => config.wrong_timer(name, &problem),
    }
}

/// Refuses to let a node go on with what its store holds, if it would forget some of that as it is
/// set up.
///
/// # Errors
/// If it would, naming the option to blame and the store.
pub fn forgets_nothing<P: Protocol>(
    config: &Config,
    node: &Node,
    storage: &P::Storage,
) -> Result<(), ConfigError> {
    P::forgets_nothing(&settings(config), storage).map_err(|misfit| {
        let problem = format!("{}: {}", node.store.display(), misfit.problem);
        blamed(config, Misfit { problem, ..misfit })
    })
}

/// Why no cluster of `P` has only so many nodes.
pub fn too_few<P: Protocol>(nodes: usize) -> String {
    format!("{} needs {} nodes or more, not {nodes}", P::NAME, P::LEAST_NODES)
}

/// Has `visitor` visit the protocol that `config` names.
///
/// # Errors
/// If none that runs has this name, naming those that do.
pub fn visit<V: Visit>(config: &Config, visitor: V) -> Result<V::Output, ConfigError> {
    let name = &config.protocol;
    quorate_models::named(name, visitor).ok_or_else(|| {
        config.wrong("protocol", &format!("{name:?} is none of: {}", RUNNING.join(", ")))
    })
}

/// Whether the members of `config` come and go.
///
/// # Errors
/// As [`visit`].
pub fn changes_members(config: &Config) -> Result<bool, ConfigError> {
    struct Changes;
    impl Visit for Changes {
        type Output = bool;
        fn visit<P: Protocol<Machine = Kv>>(self) -> bool {
            P::CHANGES_MEMBERS
        }
    }
    visit(config, Changes)
}

/// What is said of the members of `config`, if they do not come and go.
pub fn keeps_members(config: &Config) -> String {
    format!("{} keeps the members with which the cluster began", config.protocol)
}

/// Refuses a config of a protocol that does not run, or not with its timers.
///
/// # Errors
/// As [`visit`] and [`actor`].
pub fn check(config: &Config) -> Result<(), ConfigError> {
    struct Check<'a>(&'a Config);
    impl Visit for Check<'_> {
        type Output = Result<(), ConfigError>;
        fn visit<P: Protocol<Machine = Kv>>(self) -> Self::Output {
            actor::<P>(self.0).map(drop)
        }
    }
    visit(config, Check(config))?
}

//! Primary and backup: what its nodes and its specs have each their own of.

use quorate::cli::cluster;
use quorate::node::config::Config;
use quorate_models::primary_backup::protocol::Node;
use quorate_models::primary_backup::specs::{self, PrimaryBackupSpec, live};
use quorate_models::primary_backup::view::{Member, View};
use quorate_models::primary_backup::{Params, Server, Timer, Timing};
use quorate_models::protocol::Protocol;
use quorate_models::rules::AllRules;
use stateright::actor::Id;

use crate::{
    Answer, Compared, Differences, OF_CLIENTS, all, assert_placed, assert_timed, compared, config,
    config_of, node, of_clients, one, server,
};

/// What differs, and why that is no gap.
const DIFFERENCES: &Differences = &[
    (
        "how many nodes there may be",
        Answer::None(
            "A view service alone answers nobody, and with one server it has a primary without a \
             backup, as after the death of a backup. Of four servers and more, those that are in \
             no view only ping, as the third server of some specs does.",
        ),
    ),
    (
        "whom a client asks first",
        Answer::None(
            "A client that begins with the backup, an idle server or the view service is like one \
             that has asked the first primary, is not answered, and asks again: in the specs of \
             safety the retry timer fires at any moment.",
        ),
    ),
];

/// All specs of primary and backup that are listed.
fn specs_of_pairs() -> Vec<PrimaryBackupSpec> {
    let specs = vec![
        specs::failover(),
        specs::rejoin(),
        specs::lossy(),
        specs::suspicion(),
        specs::three(),
        specs::idle(),
        live::failover(),
        live::rejoin(),
        live::lossy(),
        live::cut_off(),
        live::alone(),
        live::calm(),
        live::suspicion(),
        live::idle(),
        live::first_primary(),
        live::both(),
        live::service(),
    ];
    let listed = specs::all().into_iter().chain(live::all());
    let listed: Vec<_> = listed.map(|spec| spec.name().to_owned()).collect();
    assert!(specs.iter().map(|spec| &spec.name).eq(&listed), "a spec is not compared");
    specs
}

/// Where the primary and the backup stand, with which a cluster begins. `None`: nobody is primary,
/// and the first server that is heard will be.
fn beginning<P: Params>(server: &Server<P>) -> Option<(usize, usize)> {
    let View { number: _, primary, backup } = server.first_view;
    let place = |member: Member| server.members.iter().position(|id: &Id| *id == member.id);
    Some((place(primary?)?, place(backup?)?))
}

fn of_servers(specs: &[PrimaryBackupSpec]) -> Vec<Compared> {
    let config = config::<Node>();
    let node: Node = node(&config);
    let Config { protocol, timers, options, nodes, .. } = config;
    assert_eq!((protocol.as_str(), options.len()), (Node::NAME, 0));
    let Server { members, first_view: _, timing, rules: AllRules } = &node;
    assert_eq!(members.len(), nodes.len());
    let Timing { ping: node_ping, dead: node_dead } = timing;
    let set = [("ping", *node_ping..*node_ping), ("dead", node_dead.clone())];
    assert_eq!(timers, set.map(|(name, range)| (name.to_owned(), range)).into());
    // A node's rule book cannot suspend a rule; those of these specs do not.
    assert!(specs.iter().all(|spec| server(spec).rules.0.is_empty()));
    let Timing { ping, dead } = one(specs.iter().map(|spec| server(spec).timing.clone()));
    let sizes = all(specs.iter().map(|spec| spec.servers));
    assert!(sizes.contains(&members.len()), "a new cluster is as large as most specs");
    let node_sizes: Vec<u16> =
        cluster::SIZES.filter(|size| usize::from(*size) >= Node::LEAST_NODES).collect();
    let begins = |size: &u16| beginning(&crate::node::<Node>(&config_of::<Node>(*size)));
    let spec_begins = all(specs.iter().map(|spec| beginning(server(spec))));
    vec![
        compared("ping", node_ping, ping),
        compared("dead", node_dead, dead),
        compared("how many nodes there may be", &node_sizes, sizes),
        compared("how a cluster begins", all(node_sizes.iter().map(begins)), spec_begins),
    ]
}

#[test]
fn whatever_differs_has_a_spec_or_a_reason() {
    let specs = specs_of_pairs();
    let compared: Vec<_> = of_servers(&specs).into_iter().chain(of_clients(&specs)).collect();
    assert_placed(&compared, &[DIFFERENCES, OF_CLIENTS]);
}

#[test]
fn time_in_specs_is_the_nodes() {
    let config = config::<Node>();
    let dead = Timer::Dead(Id::from(1));
    let specs = specs_of_pairs();
    let timed: Vec<_> = specs.iter().filter_map(|spec| spec.timely.as_ref()).collect();
    assert!(!timed.is_empty(), "there are specs with time");
    for timely in timed {
        assert_timed(timely, &config, &[(Timer::Ping, "ping"), (dead, "dead")]);
    }
}

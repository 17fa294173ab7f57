//! The quorum store: what its nodes and its specs have each their own of.

use quorate::cli::cluster;
use quorate::node::config::Config;
use quorate_models::protocol::Protocol;
use quorate_models::quorum_store::abd::protocol::Node;
use quorate_models::quorum_store::abd::specs::{self, AbdSpec, live};
use quorate_models::quorum_store::abd::{Server, Timer, Timing};
use quorate_models::rules::AllRules;

use crate::{
    Answer, Compared, Differences, OF_CLIENTS, all, assert_placed, assert_timed, compared, config,
    node, of_clients, one, server,
};

/// What differs, and why that is no gap.
const DIFFERENCES: &Differences = &[
    (
        "how much one page has",
        Answer::None(
            "Of a spec's replica a page has one register, so that who copies asks for several \
             pages if there are several registers.",
        ),
    ),
    ("how many nodes there may be", Answer::Spec("quorum-store/abd-old-life")),
    ("whom a client asks first", Answer::Spec("quorum-store/abd-two-writers")),
];

fn specs_of_safety() -> Vec<AbdSpec> {
    vec![
        specs::two_writers(),
        specs::readers(),
        specs::crash(),
        specs::lossy(),
        specs::rejoin("quorum-store/abd-rejoin", specs::EVERY_RULE),
    ]
}

fn specs_of_liveness() -> Vec<AbdSpec> {
    vec![live::failover(), live::lossy(), live::cut_link(), live::rejoin()]
}

fn of_servers(specs: &[AbdSpec]) -> Vec<Compared> {
    let config = config::<Node>();
    let node: Node = node(&config);
    let Config { protocol, timers, options, nodes, .. } = config;
    assert_eq!((protocol.as_str(), options.len()), (Node::NAME, 0));
    let Server { servers, first_stores, timing, page, rules: AllRules } = &node;
    assert_eq!((servers.len(), first_stores.len()), (nodes.len(), nodes.len()));
    let Timing { again } = timing;
    assert_eq!(timers, [("again".to_owned(), again.clone())].into());
    // A node's rule book cannot suspend a rule; those of these specs do not.
    assert!(specs.iter().all(|spec| server(spec).rules.0.is_empty()));
    assert_eq!(*timing, one(specs.iter().map(|spec| server(spec).timing.clone())));
    let sizes = all(specs.iter().map(|spec| spec.servers));
    assert!(sizes.contains(&servers.len()), "a new cluster is as large as most specs");
    vec![
        compared("how much one page has", page, one(specs.iter().map(|spec| server(spec).page))),
        compared("how many nodes there may be", cluster::SIZES.collect::<Vec<_>>(), sizes),
    ]
}

#[test]
fn whatever_differs_has_a_spec_or_a_reason() {
    let specs: Vec<_> = specs_of_safety().into_iter().chain(specs_of_liveness()).collect();
    let clients: Vec<_> = specs_of_liveness().into_iter().take(2).collect();
    let compared: Vec<_> = of_servers(&specs).into_iter().chain(of_clients(&clients)).collect();
    assert_placed(&compared, &[DIFFERENCES, OF_CLIENTS]);
}

#[test]
fn time_in_specs_is_the_nodes() {
    let config = config::<Node>();
    for spec in specs_of_liveness() {
        let timely = spec.timely.as_ref().expect("it has time");
        assert_timed(timely, &config, &[(Timer::Again, "again")]);
    }
}

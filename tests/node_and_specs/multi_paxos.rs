//! Multi-Paxos: what its nodes and its specs have each their own of.

use quorate::cli::cluster;
use quorate::node::config::Config;
use quorate_models::multi_paxos::protocol::Node;
use quorate_models::multi_paxos::specs::{self, EVERY_RULE, MultiPaxosSpec, lease, live};
use quorate_models::multi_paxos::{Server, Timer, Timing};
use quorate_models::protocol::Protocol;
use quorate_models::rules::AllRules;

use crate::{
    Answer, Compared, Differences, OF_CLIENTS, all, assert_placed, assert_timed, compared, config,
    node, of_clients, one, server,
};

/// What differs, and why that is no gap.
const DIFFERENCES: &Differences = &[
    (
        "how much there is at most",
        Answer::None(
            "Limits are weights: where a node has room for a thousand slots a spec has room for \
             two, or for one. Snapshots are taken of one slot or of two, in pieces, and what is \
             kept beside them is one slot or nothing: multi-paxos/snapshot.",
        ),
    ),
    ("whether leaders hold leases", Answer::Spec("multi-paxos/lease-reads")),
    (
        "which stores they begin with",
        Answer::None("A number is a number: it is compared with that of the founding."),
    ),
    (
        "how many servers there may be",
        Answer::None(
            "One, two and more than five differ from three, four and five in how many servers may \
             be missing, which `is_majority` alone decides: its own test tries all sets of up to \
             six.",
        ),
    ),
    (
        "whom a client asks first",
        Answer::None(
            "Servers are all the same at the start, so clients that begin anywhere are like some \
             that begin with the first, the second and so on.",
        ),
    ),
];

/// All specs of Multi-Paxos that are listed.
fn specs_of_multi_paxos() -> Vec<MultiPaxosSpec> {
    let specs = vec![
        specs::one_slot(),
        specs::conflict(),
        specs::three_ballots(),
        specs::gap(),
        specs::crash(),
        specs::catch_up(),
        specs::lossy(),
        specs::four(),
        specs::twice(),
        specs::snapshot(),
        specs::wiped(),
        specs::wiped_stays_out(),
        live::calm(),
        live::failover(),
        live::rejoin(),
        live::lossy(),
        live::cut_off(),
        live::suspicion(),
        live::cut_link(),
        live::snapshot(),
        lease::cut("multi-paxos/lease-cut", EVERY_RULE),
        lease::crash("multi-paxos/lease-crash", EVERY_RULE),
        lease::rounds("multi-paxos/lease-rounds", EVERY_RULE),
        lease::reads("multi-paxos/lease-reads", EVERY_RULE),
    ];
    let listed = specs::all().into_iter().map(|spec| spec.name().to_owned());
    let violated =
        ["multi-paxos/wiped-rejoins", "multi-paxos/impatient-live", "multi-paxos/lease-drift"];
    let listed: Vec<_> = listed.filter(|name| !violated.contains(&&**name)).collect();
    assert!(specs.iter().map(|spec| &spec.name).eq(&listed), "a spec is not compared");
    specs
}

fn of_servers(specs: &[MultiPaxosSpec]) -> Vec<Compared> {
    let config = config::<Node>();
    let node: Node = node(&config);
    let Config { protocol, timers, options, nodes, .. } = config;
    assert_eq!(protocol, Node::NAME);
    assert_eq!(options, [("lease_reads".to_owned(), false)].into());
    let Server { servers, first_stores, timing, limits, lease_reads, rules: AllRules } = &node;
    assert_eq!((servers.len(), first_stores.len()), (nodes.len(), nodes.len()));
    let Timing { again, silence } = timing;
    let set = [("again", again.clone()), ("silence", silence.clone())];
    assert_eq!(timers, set.map(|(name, range)| (name.to_owned(), range)).into());
    // A node's rule book cannot suspend a rule; those of these specs do not.
    assert!(specs.iter().all(|spec| server(spec).rules.0.is_empty()));
    let spec_timing = one(specs.iter().map(|spec| server(spec).timing.clone()));
    let sizes = all(specs.iter().map(|spec| spec.servers));
    assert!(sizes.contains(&servers.len()), "a new cluster is as large as most specs");
    let spec_limits: Vec<_> = specs.iter().map(|spec| server(spec).limits).collect();
    assert!(specs.iter().all(|spec| server(spec).first_stores.len() == spec.servers));
    let spec_leases = all(specs.iter().map(|spec| server(spec).lease_reads));
    let stores: Vec<_> = first_stores.values().collect();
    let spec_stores: Vec<_> = server(&specs[0]).first_stores.values().collect();
    vec![
        compared("timing", timing, spec_timing),
        compared("how much there is at most", limits, spec_limits),
        compared("whether leaders hold leases", lease_reads, spec_leases),
        compared("which stores they begin with", stores, spec_stores),
        compared("how many servers there may be", cluster::SIZES.collect::<Vec<_>>(), sizes),
    ]
}

#[test]
fn whatever_differs_has_a_spec_or_a_reason() {
    let specs = specs_of_multi_paxos();
    let compared: Vec<_> = of_servers(&specs).into_iter().chain(of_clients(&specs)).collect();
    assert_placed(&compared, &[DIFFERENCES, OF_CLIENTS]);
}

#[test]
fn time_in_specs_is_the_nodes() {
    let config = config::<Node>();
    let specs = specs_of_multi_paxos();
    let timed: Vec<_> = specs.iter().filter_map(|spec| spec.timely.as_ref()).collect();
    assert!(!timed.is_empty(), "there are specs with time");
    for timely in timed {
        let timers = [(Timer::Again, "again"), (Timer::Silence, "silence")];
        assert_timed(timely, &config, &timers);
    }
}

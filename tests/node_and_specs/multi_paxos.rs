//! Multi-Paxos: what its nodes and its specs have each their own of.

use quorate::cli::cluster;
use quorate::node::config::Config;
use quorate_models::multi_paxos::config::Config as Members;
use quorate_models::multi_paxos::protocol::Node;
use quorate_models::multi_paxos::specs::{
    self, EVERY_RULE, MultiPaxosSpec, lease, live, membership,
};
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
             two, or for one. A change takes effect two slots behind its own, or with the next \
             one: multi-paxos/members-add and multi-paxos/members-write. Snapshots are taken of \
             one slot or of two, in pieces, and what is kept beside them is one slot or nothing: \
             multi-paxos/snapshot and multi-paxos/snapshot-pieces.",
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
        specs::snapshot_crash(),
        specs::snapshot_pieces(),
        specs::snapshot_open(),
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
        live::snapshot_doubled(),
        lease::cut("multi-paxos/lease-cut", EVERY_RULE),
        lease::crash("multi-paxos/lease-crash", EVERY_RULE),
        lease::rounds("multi-paxos/lease-rounds", EVERY_RULE),
        lease::reads("multi-paxos/lease-reads", EVERY_RULE),
        lease::deposed("multi-paxos/lease-deposed", EVERY_RULE),
        membership::members_add(),
        membership::members_remove(),
        membership::members_write(),
        membership::members_swap(),
        membership::members_swap_one(),
        membership::members_snapshot(),
        membership::members_wiped(),
        membership::members_forget(),
        membership::members_live(),
        membership::members_replace_live(),
        membership::members_away_live(),
        membership::members_away_snapshot_live(),
        membership::members_remove_live(),
    ];
    let listed = specs::all().into_iter().map(|spec| spec.name().to_owned());
    let violated = [
        "multi-paxos/wiped-rejoins",
        "multi-paxos/impatient-live",
        "multi-paxos/lease-drift",
        "multi-paxos/members-at-once",
    ];
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
    let Server { founders, timing, limits, lease_reads, rules: AllRules } = &node;
    let Members { voters, learners, stores } = founders;
    assert_eq!((voters.len(), stores.len(), learners.len()), (nodes.len(), nodes.len(), 0));
    let Timing { again, silence } = timing;
    let set = [("again", again.clone()), ("silence", silence.clone())];
    assert_eq!(timers, set.map(|(name, range)| (name.to_owned(), range)).into());
    // A node's rule book cannot suspend a rule; those of these specs do not.
    assert!(specs.iter().all(|spec| server(spec).rules.0.is_empty()));
    let spec_timing = one(specs.iter().map(|spec| server(spec).timing.clone()));
    let sizes = all(specs.iter().map(|spec| spec.servers));
    assert!(sizes.contains(&voters.len()), "a new cluster is as large as most specs");
    let spec_limits: Vec<_> = specs.iter().map(|spec| server(spec).limits).collect();
    let first = specs.iter().map(|spec| &server(spec).founders);
    assert!(first.clone().all(|it| it.voters.iter().eq(it.stores.keys())));
    let spec_leases = all(specs.iter().map(|spec| server(spec).lease_reads));
    let stores: Vec<_> = stores.values().collect();
    let spec_stores: Vec<_> = first.take(1).flat_map(|it| it.stores.values()).collect();
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

//! ZAB: what its nodes and its specs have each their own of.

use quorate::cli::cluster;
use quorate::node::config::Config;
use quorate_models::protocol::Protocol;
use quorate_models::rules::AllRules;
use quorate_models::zab::protocol::Node;
use quorate_models::zab::specs::{self, FIRST_STORE, ZabSpec, live};
use quorate_models::zab::{Elections, Flow, Server, Timer, Timing};

use crate::{
    Answer, Compared, Differences, OF_CLIENTS, all, assert_placed, assert_timed, compared, config,
    node, of_clients, one, server,
};

/// What differs, and why that is no gap.
const DIFFERENCES: &Differences = &[
    ("who elects leaders", Answer::Spec("zab/election-live")),
    ("who leads at first", Answer::Spec("zab/election-live")),
    ("how many packets are on their way", Answer::Spec("zab/narrow")),
    ("whether packets are put by", Answer::Spec("zab/overtaken")),
    ("whether a leader writes while its followers do", Answer::Spec("zab/behind")),
    ("when a snapshot is taken", Answer::Spec("zab/aside")),
    ("whether followers read", Answer::Spec("zab/follower-reads")),
    (
        "how many nodes there may be",
        Answer::None(
            "Of two servers both are a majority, and of four three, as specs have it. How many \
             may be missing is what `is_majority` alone decides: its own test tries all sets of \
             up to six.",
        ),
    ),
    (
        "whom a client asks first",
        Answer::None(
            "Servers are all the same at the start, so one client that begins anywhere is one that \
             begins with the first. A second one that begins elsewhere is like one that has been \
             redirected there, or has asked again.",
        ),
    ),
];

/// The specs of safety, in which an oracle elects, and most is as on a node.
fn specs_of_safety() -> Vec<ZabSpec> {
    vec![specs::broadcast(), specs::retry(), specs::failover(), specs::lossy(), specs::four()]
}

fn specs_of_liveness() -> Vec<ZabSpec> {
    vec![live::calm(), live::failover(), live::rejoin(), live::lossy(), live::cut_off()]
}

fn of_servers(specs: &[ZabSpec]) -> Vec<Compared> {
    let config = config::<Node>();
    let node: Node = node(&config);
    let Config { protocol, timers, options, nodes, .. } = config;
    assert_eq!((protocol.as_str(), options.len()), (Node::NAME, 1));
    let Server {
        servers,
        timing,
        elections,
        flow,
        compaction,
        follower_reads,
        first_stores,
        rules: AllRules,
    } = &node;
    assert_eq!(options.values().copied().collect::<Vec<_>>(), [*follower_reads]);
    assert_eq!((servers.len(), first_stores.len()), (nodes.len(), nodes.len()));
    let Timing { finalize, again, census, silence } = timing;
    let set = [("finalize", finalize), ("again", again), ("census", census), ("silence", silence)];
    assert_eq!(timers, set.map(|(name, range)| (name.to_owned(), range.clone())).into());
    // A node's rule book cannot suspend a rule; those of these specs do not.
    assert!(specs.iter().all(|spec| server(spec).rules.0.is_empty()));
    let founders = |spec: &ZabSpec| server(spec).first_stores.values().all(|it| *it == FIRST_STORE);
    assert!(specs.iter().all(founders), "all begin with a store of their own");
    assert_eq!(*timing, one(specs.iter().map(|spec| server(spec).timing.clone())));
    let is_fast = |elections| matches!(elections, Elections::Fast { .. });
    let first = |elections| match elections {
        Elections::Fast { first } => first,
        Elections::Oracle => None,
    };
    let of = |spec: &ZabSpec| server(spec).elections;
    let Flow { txns, bytes, packets, open, early, writes_behind } = *flow;
    let flows = || specs.iter().map(|spec| server(spec).flow);
    assert_eq!((txns, bytes, open), one(flows().map(|it| (it.txns, it.bytes, it.open))));
    let put_by = all(flows().map(|it| it.early));
    let (many, behind) =
        (one(flows().map(|it| it.packets)), one(flows().map(|it| it.writes_behind)));
    let spec_compaction = one(specs.iter().map(|spec| server(spec).compaction));
    let reads = one(specs.iter().map(|spec| server(spec).follower_reads));
    let sizes = all(specs.iter().map(|spec| spec.servers));
    assert!(sizes.contains(&servers.len()), "a new cluster is as large as most specs");
    vec![
        compared(
            "who elects leaders",
            vec![is_fast(*elections)],
            all(specs.iter().map(|it| is_fast(of(it)))),
        ),
        compared(
            "who leads at first",
            vec![first(*elections)],
            all(specs.iter().map(|it| first(of(it)))),
        ),
        compared("how many packets are on their way", packets, many),
        compared("whether packets are put by", vec![early], put_by),
        compared("whether a leader writes while its followers do", writes_behind, behind),
        compared("when a snapshot is taken", compaction, spec_compaction),
        compared("whether followers read", follower_reads, reads),
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
        let timers = [
            (Timer::Elect, "finalize"),
            (Timer::Again, "again"),
            (Timer::Census, "census"),
            (Timer::Silence, "silence"),
        ];
        assert_timed(timely, &config, &timers);
    }
}

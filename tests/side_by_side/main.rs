//! What the page `docs/side-by-side.md` says of the protocols is what they do.

mod same;
mod walk;

use std::fmt::Debug;
use std::hash::Hash;

use quorate_checker::report::{Engine, Limits, Verdict};
use quorate_checker::spec::Spec;
use quorate_models::kv::Kv;
use quorate_models::member::Member;
use quorate_models::protocol::{Protocol, Settings};
use quorate_models::service::Service;
use quorate_models::{chain, multi_paxos, primary_backup, raft, viewstamped, zab};
use stateright::actor::Id;
use walk::{Cost, Walk};

const PAGE: &str = include_str!("../../docs/side-by-side.md");

const README: &str = include_str!("../../README.md");

/// A row that says what was counted stands on the page.
fn assert_has(row: &str) {
    assert!(PAGE.lines().any(|line| line == row), "the page has another row than\n{row}");
}

/// What a write costs, and what a read costs, of servers that have a leader.
fn costs<A>(servers: &[A], disks: &[Option<A::Storage>]) -> [Cost; 2]
where
    A: Clone + Service<Machine = Kv, Random = ()>,
    A::State: Clone,
{
    let mut walk = Walk::start(servers, disks);
    walk.ask(false);
    let [write, read] = [false, true].map(|is_read| walk.ask(is_read));
    assert_eq!([false, true].map(|is_read| walk.ask(is_read)), [write, read], "the second time");
    [write, read]
}

/// Of three nodes that have this option turned on, if there is one.
fn costs_of_nodes<P>(option: Option<&str>) -> [Cost; 2]
where
    P: Clone + Protocol<Machine = Kv, Random = ()>,
{
    let ids: Vec<Id> = (0..3).map(Id::from).collect();
    let stores = (0..3).map(|id| (Id::from(id), id as u64)).collect();
    let options = option.map(|name| (name.to_owned(), true)).into_iter().collect();
    let settings = Settings { stores, options, ..Settings::default() };
    let servers = [0, 1, 2].map(|_| P::server(ids.clone(), &settings));
    costs(&servers, &[0, 1, 2].map(P::first_storage))
}

/// Of the servers of a spec.
fn costs_of_spec<A, G>(spec: &Spec<Member<A>, (), G>) -> [Cost; 2]
where
    A: Clone + Service<Machine = Kv, Random = ()>,
    A::Msg: Ord,
    A::State: Clone,
    G: Clone + Debug + Hash,
{
    let servers = spec.system.actors.iter().filter_map(|member| match member {
        Member::Server(server) => Some(server.clone()),
        Member::Client(_) | Member::Operator(_) => None,
    });
    let servers: Vec<A> = servers.collect();
    let mut disks = spec.storages.clone();
    disks.resize(servers.len(), None);
    costs(&servers, &disks)
}

#[test]
fn what_a_write_and_a_read_cost_is_counted() {
    for (name, costs) in [
        ("Raft", costs_of_nodes::<raft::protocol::Node>(None)),
        ("Multi-Paxos", costs_of_nodes::<multi_paxos::protocol::Node>(None)),
        ("Viewstamped Replication", costs_of_nodes::<viewstamped::protocol::Node>(None)),
        ("the same on disks", costs_of_nodes::<viewstamped::protocol::Node>(Some("on_disk"))),
        ("ZAB", costs_of_nodes::<zab::protocol::Node>(None)),
        ("Primary and backup", costs_of_nodes::<primary_backup::protocol::Node>(None)),
        ("Chain replication", costs_of_spec(&chain::specs::live::failover())),
    ] {
        let [write, read] = costs.map(|Cost { delays, waits, messages, writes }| {
            format!("{delays} | {messages} | {writes} | {waits}")
        });
        assert_has(&format!("| {name} | {write} | {read} |"));
    }
}

#[test]
fn the_states_of_one_scenario_are_counted() {
    for (name, spec) in same::specs() {
        let report = spec.check(Engine::Quorate, &Limits::default(), &mut |_| {});
        assert_eq!((report.verdict, report.cut_short), (Verdict::Holds, None), "{name}");
        assert_has(&format!("| {name} | {} | {} |", report.states, report.transitions));
    }
}

/// The cells of a row.
fn cells(row: &str) -> Vec<&str> {
    row.trim_matches('|').split('|').map(str::trim).collect()
}

#[test]
fn a_failover_takes_as_long_as_the_readme_says() {
    let rows = PAGE.lines().map(cells).filter(|row| row.len() == 3 && row[1].starts_with('`'));
    let rows: Vec<_> = rows.collect();
    assert_eq!(rows.len(), 6);
    for row in rows {
        let is_same = |line: &str| {
            matches!(cells(line)[..], [_, spec, ticks, ..]
            if spec == row[1] && ticks == row[2])
        };
        assert!(README.lines().any(is_same), "the README has no {row:?}");
    }
}

/// The words that stand between backticks.
fn names(cell: &str) -> impl Iterator<Item = &str> {
    cell.split('`').skip(1).step_by(2)
}

#[test]
fn each_rule_of_the_comparison_is_one_of_its_protocol() {
    fn all<R: Debug>(rules: &[R]) -> Vec<String> {
        rules.iter().map(|rule| format!("{rule:?}")).collect()
    }
    let known = [
        all(raft::rules::Rule::ALL),
        all(multi_paxos::rules::Rule::ALL),
        all(viewstamped::rules::Rule::ALL),
        all(zab::rules::Rule::ALL),
    ];
    let (_, table) = PAGE.split_once("## The same rule in each").expect("the heading");
    let rows: Vec<_> = table.lines().map(cells).filter(|row| row.len() == 5).collect();
    assert!(rows.len() > 20);
    for row in rows {
        for (rules, cell) in known.iter().zip(&row[1..]) {
            for name in names(cell) {
                assert!(rules.iter().any(|rule| rule == name), "{}: no rule {name}", row[0]);
            }
        }
    }
}

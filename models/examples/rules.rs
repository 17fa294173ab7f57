use quorate_checker::{AnySpec, report::Limits, spec::Faults};
use quorate_models::{
    kv::Command,
    raft::{properties, rules::Rule, specs::*},
    rules::AllBut,
};
fn main() {
    let a: Vec<String> = std::env::args().collect();
    let rule = Rule::ALL.iter().find(|r| format!("{r:?}") == a[1]).unwrap();
    let n = |i: usize| a.get(i + 2).map_or(0, |s| s.parse::<u8>().unwrap());
    let del = || Command::Delete { key: "x".into() };
    let scripts: &[&[Command]] = match n(2) {
        0 => &[],
        1 => &[&[put("x", "1")]],
        2 => &[&[put("x", "1"), get("x")]],
        3 => &[&[put("x", "1")], &[get("x")]],
        4 => &[&[put("x", "1"), put("x", "2")]],
        5 => &[&[put("x", "1")], &[put("x", "2")]],
        6 => &[&[put("x", "1"), del()]],
        _ => panic!(),
    };
    let b = Bounds {
        servers: n(1) as usize,
        scripts,
        elections: n(3),
        heartbeats: n(4),
        retries: n(5),
        faults: Faults {
            crashes: n(6),
            down_at_once: 1,
            drops: n(7),
            duplicates: n(8),
        },
    };
    let p = a[2].as_str();
    let name = [
        properties::ELECTION_SAFETY,
        properties::LEADER_APPEND_ONLY,
        properties::LOG_MATCHING,
        properties::LEADER_COMPLETENESS,
        properties::STATE_MACHINE_SAFETY,
        properties::LINEARIZABILITY,
        quorate_checker::spec::SAVED_BEFORE_SENT,
    ]["es la lm lc sms lin sbs"
        .split(' ')
        .position(|x| x == p)
        .unwrap()];
    let spec = raft("probe", AllBut(vec![*rule]), b, &[]).only(name);
    let l = Limits {
        threads: 1,
        max_states: Some(3_000_000),
        max_memory: Some(5000),
        max_time: Some(std::time::Duration::from_secs(40)),
        ..Limits::default()
    };
    let r = Box::new(spec).check(&l, &mut |_| {});
    println!(
        "{:?} {:?} {} {} {:.1}s {:?}",
        &a[1..],
        r.verdict,
        r.states,
        r.depth,
        r.seconds,
        r.properties.iter().map(|p| p.steps).collect::<Vec<_>>()
    );
    if std::env::var("T").is_ok() {
        for c in r.counterexamples {
            println!("{}", c.trace.text(false));
        }
    }
}

use quorate_checker::spec::Faults;
use quorate_models::kv::Command;
use quorate_models::raft::specs::*;
use quorate_models::rules::AllRules;
use stateright::*;
fn run<M: Model + Send + Sync + 'static>(name: &str, spec: M)
where
    M::State: std::hash::Hash + Clone + PartialEq + Send + Sync + 'static + std::fmt::Debug,
    M::Action: Clone + PartialEq + std::fmt::Debug,
{
    let t = std::time::Instant::now();
    let c = spec
        .checker()
        .threads(2)
        .timeout(std::time::Duration::from_secs(40))
        .spawn_bfs()
        .join();
    let rss = std::fs::read_to_string("/proc/self/status")
        .unwrap()
        .lines()
        .filter(|l| l.starts_with("VmHWM"))
        .next()
        .unwrap()
        .to_string();
    println!(
        "{name}: states {} gen {} depth {} {:?} {rss} done {}",
        c.unique_state_count(),
        c.state_count(),
        c.max_depth(),
        t.elapsed(),
        c.is_done()
    );
    for (n, p) in c.discoveries() {
        println!("   {n} {}", p.into_actions().len());
    }
}
fn main() {
    let a: Vec<String> = std::env::args().collect();
    let n = |i: usize| a.get(i).map_or(0, |s| s.parse::<u8>().unwrap());
    let scripts: &[&[Command]] = match n(2) {
        0 => &[],
        1 => &[&[put("x", "1")]],
        2 => &[&[put("x", "1"), get("x")]],
        3 => &[&[put("x", "1")], &[get("x")]],
        4 => &[&[put("x", "1"), put("x", "2")]],
        5 => &[&[put("x", "1")], &[put("x", "2")]],
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
    run(&format!("{:?}", &a[1..]), raft("probe", AllRules, b, &[]));
}

use quorate_checker::spec::Faults;
use quorate_models::raft::specs::*;
use quorate_models::rules::AllRules;
use stateright::*;
fn run<M: Model + Send + Sync + 'static>(name: &str, spec: M) where M::State: std::hash::Hash + Clone + PartialEq + Send + Sync + 'static + std::fmt::Debug, M::Action: Clone + PartialEq + std::fmt::Debug {
    let t = std::time::Instant::now();
    let c = spec.checker().threads(2).timeout(std::time::Duration::from_secs(40)).spawn_bfs().join();
    let rss = std::fs::read_to_string("/proc/self/status").unwrap().lines().filter(|l| l.starts_with("VmHWM")).next().unwrap().to_string();
    println!("{name}: states {} gen {} depth {} {:?} {rss} done {}", c.unique_state_count(), c.state_count(), c.max_depth(), t.elapsed(), c.is_done());
    for (n, p) in c.discoveries() { println!("   {n} {}", p.into_actions().len()); }
}
fn main() {
    let a: Vec<String> = std::env::args().collect();
    let n = |i: usize| a.get(i).map_or(0, |s| s.parse::<u8>().unwrap());
    match a[1].as_str() {
        "e" => run("election", election(AllRules, n(2) as usize, n(3))),
        "r" => run("repl1", replication(AllRules, n(2), n(3), &[&[put("x", "1")]])),
        "r2" => run("repl2", replication(AllRules, n(2), n(3), &[&[put("x", "1"), get("x")]])),
        "rr" => run("repl1+1", replication(AllRules, n(2), n(3), &[&[put("x", "1")],&[get("x")]])),
        "f" => run("fault", faulty(AllRules, n(2), n(3), &[&[put("x", "1")]], Faults{crashes:n(4), down_at_once:1, drops:n(5), duplicates:n(6)})),
        _ => {}
    }
}

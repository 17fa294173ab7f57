//! A search that does not end, and a signal.

use quorate_checker::scenario::{Mistake, Script};

use super::*;

/// A spec whose search finds five states and is heard of no more.
struct Stuck;

impl AnySpec for Stuck {
    fn name(&self) -> &str {
        "raft/stuck"
    }
    fn summary(&self) -> &str {
        "a search that does not end"
    }
    fn bounds(&self) -> Vec<String> {
        vec!["no bound".to_owned()]
    }
    fn is_directed(&self) -> bool {
        false
    }
    fn symmetry(&self) -> Result<String, &'static str> {
        Err("it is stuck")
    }
    fn is_reduced(&self) -> bool {
        false
    }
    fn properties(&self) -> Vec<PropertyInfo> {
        broken(true).properties()
    }
    fn counts(&self) -> Option<Counts> {
        None
    }
    fn play(&self, script: &Script) -> Result<String, Mistake> {
        broken(true).play(script)
    }
    fn audit(&self, _: u64) -> Vec<&'static str> {
        Vec::new()
    }
    fn check(
        self: Box<Self>,
        _: Engine,
        limits: &Limits,
        progress: &mut dyn FnMut(&Progress),
    ) -> Report {
        progress(&Progress { states: 5, transitions: 7, depth: 2, ..Progress::default() });
        limits.interrupt.store(true, Ordering::Relaxed);
        loop {
            std::thread::park();
        }
    }
    fn initial_view(&self) -> StateView {
        broken(true).initial_view()
    }
    fn explore(self: Box<Self>, _: SocketAddr) {}
}

#[test]
fn a_search_that_does_not_stop_is_left_and_told_as_far_as_it_has_come() {
    let directory = TempDir::new().unwrap();
    let stuck = || Selected::listed(Box::new(Stuck));
    let found = outcome_with(stuck(), &directory, |args| args.details = true, Arc::default());
    assert_eq!(found.code, Code::Interrupted, "{}", found.text);
    assert!(found.text.contains("raft/stuck: incomplete; 5 states, 7 transitions, depth 2"));
    assert!(found.text.contains(&format!("raft/stuck  {INTERRUPTED}; this is open:")));
    assert!(!found.text.contains("Stateright"), "{}", found.text);
    assert_ends_with_table(&found.text, "Interrupted in raft/stuck.");
    let report = &found.json[0];
    assert_eq!((&report["verdict"], &report["states"]), (&"incomplete".into(), &5.into()));
    let properties = report["properties"].as_array().unwrap();
    assert!(properties.iter().all(|property| property["verdict"] == "incomplete"));
}

//! A rollback without a copy is a wipe, and is called so.

use quorate_checker::AnySpec;
use quorate_checker::report::{Engine, Limits};
use quorate_checker::spec::{Action, Faults, Spec};
use stateright::actor::{ActorModel, Id};
use stateright::{Model, Path};

use crate::toy::Cause::Timer;
use crate::toy::Order::{Save, Set};
use crate::toy::Toy;

type ToySpec = Spec<Toy, (), u8>;

/// One that saves 1 when its timer fires, and may lose it.
fn saves(backups: u8) -> ToySpec {
    let toy = Toy::default().starting(&[Set(0)]).on(0, Timer(0), 1, &[Save(1)]);
    let faults = Faults { rollbacks: 1, backups, down_at_once: 1, ..Faults::NONE };
    Spec::new("saves", ActorModel::new((), 0).actors([toy]), 1).faults(faults).may_end()
}

type Step = Action<u8, u8, u8>;

/// The steps of the only server.
fn steps() -> [Step; 4] {
    let it = Id::from(0);
    [Action::Timeout(it, 0), Action::Backup(it), Action::Rollback(it), Action::Recover(it)]
}

/// The text of a path, and what the server has after it.
fn walk(spec: &ToySpec, actions: &[Step]) -> (String, u8) {
    let path = Path::from_actions(spec, spec.init_states().remove(0), actions).expect("a path");
    let last = *path.last_state().system.actor_states[0];
    let trace = spec.trace("saves", path);
    (format!("{}{}", trace.text(false), trace.diagram()), last)
}

#[test]
fn a_wipe_loses_all_and_is_called_so() {
    let spec = saves(0);
    assert!(spec.bounds().contains(&"1 wipe".to_owned()));
    let [fire, _, roll_back, recover] = steps();
    let (text, last) = walk(&spec, &[fire, roll_back.clone(), recover]);
    assert_eq!(last, 0, "it has saved 1");
    assert!(text.contains("S1 crashes, and its storage is wiped"), "{text}");
    assert!(text.contains("crashes, wiped"));
    assert_eq!(spec.format_action(&roll_back), "S1 crashes, and its storage is wiped");
    let budgets = spec.initial_view().budgets;
    assert_eq!((budgets[0].name.as_str(), budgets[0].of), ("wipes", 1));
    let report = Box::new(spec).check(Engine::Quorate, &Limits::default(), &mut |_| {});
    let actions = &report.details.expect("of our engine").actions;
    assert!(actions["wipe"] > 0 && !actions.contains_key("roll back"));
}

#[test]
fn a_rollback_is_a_wipe_where_there_is_no_copy() {
    let spec = saves(1);
    assert!(spec.bounds().contains(&"1 rollback".to_owned()));
    let [fire, _, roll_back, recover] = steps();
    let (text, last) = walk(&spec, &[fire, roll_back, recover]);
    assert_eq!(last, 0);
    assert!(text.contains("S1 crashes, and its storage is wiped"), "{text}");
    let (text, last) = walk(&spec, &steps());
    assert_eq!(last, 1, "the copy has it");
    assert!(text.contains("S1 crashes, and its storage is rolled back"), "{text}");
    let report = Box::new(spec).check(Engine::Quorate, &Limits::default(), &mut |_| {});
    assert!(report.details.expect("of our engine").actions["roll back"] > 0);
}

#[test]
fn a_server_starts_from_what_it_has_stored_before() {
    let mut spec = saves(0);
    spec.storages = vec![Some(1)];
    assert!(spec.bounds().contains(&"1 server that starts from a store".to_owned()));
    let [_, _, roll_back, recover] = steps();
    assert_eq!(walk(&spec, &[]).1, 1);
    assert_eq!(walk(&spec, &[roll_back, recover]).1, 0, "it is wiped");
}

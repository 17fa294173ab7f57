//! The table of what each setting promises. What is promised holds in the spec of the setting; of
//! what is not there is a spec in which it is violated, by a path of so many steps.

use quorate_checker::engine::Miss;
use quorate_checker::report::{Engine, Report, Verdict};
use quorate_checker::spec::Faults;
use quorate_models::kv;
use quorate_models::quorum_store::dynamo::claims::promises::claims;
use quorate_models::quorum_store::dynamo::claims::properties::{
    CONVERGED, FRESH, LINEARIZABILITY, MONOTONIC, NOTHING_LOST, ONE_WRITE, OWN_WRITES,
    STAYS_DELETED,
};
use quorate_models::quorum_store::dynamo::object::{Command, get, put};
use quorate_models::quorum_store::dynamo::specs::broken::Story;
use quorate_models::quorum_store::dynamo::specs::live::{self, ALL_ANSWERED};
use quorate_models::quorum_store::dynamo::specs::{
    self, Book, Bounds, EVERY_RULE, LASTING, SETTINGS, Setting, WIPE, broken,
};

use crate::proofs;
use crate::support::specs::explore;

/// By claim and setting, in the order of [`SETTINGS`]: the steps to where it is broken, or 0 if it
/// is promised.
const TABLE: [(&str, [usize; 6]); 5] = [
    (LINEARIZABILITY, [6, 10, 9, 9, 9, 9]),
    (NOTHING_LOST, [0, 0, 0, 0, 0, 6]),
    (FRESH, [6, 0, 0, 0, 13, 9]),
    (OWN_WRITES, [5, 0, 0, 0, 10, 9]),
    (MONOTONIC, [9, 9, 9, 0, 9, 9]),
];

/// The settings that promise `claim`, by their names.
fn keeping(claim: &str) -> Vec<&'static str> {
    let settings = SETTINGS.iter().filter(|(_, setting)| setting.promises(claim));
    settings.map(|(name, _)| *name).collect()
}

#[test]
fn what_is_not_promised_is_violated() {
    let mut seen = 0;
    for (claim, steps) in TABLE {
        for ((name, setting), steps) in SETTINGS.iter().zip(steps) {
            assert_eq!(setting.promises(claim), steps == 0, "{claim} with {name}");
            let mut all = broken::ALL.iter();
            let found = all.find(|it| it.setting == *name && it.claim == claim);
            assert_eq!(found.is_none(), steps == 0, "{claim} with {name}");
            let Some(found) = found else { continue };
            let report = explore(&found.spec().name, Engine::Quorate);
            assert!(!report.is_surprise(), "{report:#?}");
            assert_eq!(report.property(claim).steps, Some(steps), "{claim} with {name}");
            seen += 1;
        }
    }
    assert_eq!(seen, broken::ALL.len());
    assert_eq!(keeping(ONE_WRITE).len() + keeping(STAYS_DELETED).len(), 2 * SETTINGS.len());
}

/// In the very stories in which the others break theirs, each setting keeps what it promises.
#[test]
fn what_is_promised_holds_in_every_story() {
    for (name, setting) in SETTINGS {
        for story in [Story::TwoWriters, Story::Readers, Story::Elsewhere, Story::Session] {
            let spec = broken::told("proof", story, setting, |claim| setting.promises(claim));
            let report = proofs::explore(spec);
            assert_eq!(report.cut_short, None, "{name}, {story:?}");
            assert_eq!(report.verdict, Verdict::Holds, "{name}, {story:?}");
            println!("{} states of {story:?} with {name}", report.states);
        }
    }
}

/// The specs of the settings claim what they promise, and are explored to their ends.
#[test]
fn what_is_promised_is_claimed() {
    for (name, setting) in SETTINGS {
        for name in
            [format!("quorum-store/dynamo-{name}"), format!("quorum-store/dynamo-{name}-live")]
        {
            let specs = quorate_models::specs();
            let spec = specs.iter().find(|spec| spec.name() == name).expect("it is listed");
            let of_states: Vec<&str> = spec.properties().iter().map(|it| it.name).collect();
            for (claim, _) in claims::<Book>() {
                assert_eq!(of_states.contains(&claim), setting.promises(claim), "{name}: {claim}");
            }
            assert_eq!(of_states.contains(&CONVERGED), name.ends_with("-live"), "{name}");
        }
    }
}

/// A server loses its disk: two copies of what was acknowledged survive that, and one does not.
#[test]
fn a_lost_disk_takes_what_it_alone_held() {
    let scripts: &[&[Command]] = &[&[put("x", "1")]];
    for ((name, setting), steps) in SETTINGS.iter().zip([3, 0, 0, 3, 0, 0]) {
        let is_sloppy = setting.quorums.is_sloppy;
        let bounds = Bounds {
            setting: *setting,
            servers: if is_sloppy { 4 } else { 3 },
            scripts,
            lates: is_sloppy.into(),
            exchanges: 1,
            faults: WIPE,
            ..Bounds::default()
        };
        let spec = specs::claiming("proof", EVERY_RULE, bounds, LASTING, &[]);
        let report = proofs::explore(spec.only(NOTHING_LOST));
        assert_eq!(report.property(NOTHING_LOST).steps.unwrap_or(0), steps, "{name}");
        assert_eq!(report.cut_short.is_none(), steps == 0, "{name}");
    }
    for name in ["quorum-store/dynamo-1-1-lost-disk", "quorum-store/dynamo-3-1-lost-disk"] {
        let report = explore(name, Engine::Quorate);
        assert!(!report.is_surprise(), "{report:#?}");
        assert_eq!(report.property(NOTHING_LOST).steps, Some(3), "{name}");
    }
}

/// What becomes of a write and a read when so many of three homes die.
fn homes_die(setting: Setting, count: u8) -> Report {
    let faults = Faults { crashes: count, down_at_once: count, ..Faults::NONE };
    let scripts: &[&[Command]] = &[&[put("x", "1"), get("x")]];
    let servers = if setting.quorums.is_sloppy { 4 } else { 3 };
    let bounds = live::Bounds { setting, servers, scripts, faults, ..live::Bounds::default() };
    proofs::explore(live::dynamo("proof", EVERY_RULE, bounds, &[]).only(ALL_ANSWERED))
}

/// Who waits for all homes answers nobody when one is dead; who waits for two, when two are. Of a
/// fallback that counts it takes one alone.
#[test]
fn who_waits_for_the_dead_does_not_answer() {
    for (count, steps) in [(1, [0, 46, 0, 50, 0, 0]), (2, [0, 22, 22, 24, 0, 22])] {
        for ((name, setting), steps) in SETTINGS.iter().zip(steps) {
            let report = homes_die(*setting, count);
            assert_eq!(report.cut_short, None);
            let found = report.property(ALL_ANSWERED);
            assert_eq!(found.steps.unwrap_or(0), steps, "{name}, {count} dead");
            assert_eq!(found.miss, (steps > 0).then_some(Miss::Lasso), "{name}, {count} dead");
        }
    }
    let report = explore("quorum-store/dynamo-two-die-live", Engine::Quorate);
    assert_eq!((report.verdict, report.is_surprise()), (Verdict::Violated, false));
    assert_eq!(report.property(ALL_ANSWERED).steps, Some(62));
}

/// Two writes one after the other, and the clock of the first writer is ahead by one.
#[test]
fn a_skewed_clock_has_the_last_write_lose() {
    let report = explore("quorum-store/dynamo-skewed-clock", Engine::Quorate);
    assert!(!report.is_surprise(), "{report:#?}");
    assert_eq!(report.property(OWN_WRITES).steps, Some(7));
}

/// A single server that takes one command after the other is a map: the machine of the store.
#[test]
fn a_single_server_keeps_siblings_until_they_are_read() {
    use quorate_models::quorum_store::dynamo::object::{Objects, Output};
    use quorate_models::state_machine::StateMachine;
    let mut machine = Objects::default();
    let script = [put("x", "1"), put("x", "2"), get("x"), put("x", "3"), get("x"), get("y")];
    let mut told = Vec::new();
    for (at, command) in script.iter().enumerate() {
        let informed = Objects::informed(command, &script[..at], &told);
        told.push(machine.apply(&informed));
    }
    let values = |output: &Output| match output {
        Output::Stored(_) => unreachable!("it was a read"),
        Output::Object(object) => {
            object.versions.values().filter_map(|it| it.content.clone()).collect::<Vec<_>>()
        }
    };
    let texts = |texts: &[&str]| texts.iter().map(|it| kv::Text::from(*it)).collect::<Vec<_>>();
    assert_eq!(values(&told[2]), texts(&["1", "2"]));
    assert_eq!(values(&told[4]), texts(&["3"]));
    assert_eq!(values(&told[5]), texts(&[]));
    assert!(Objects::is_read_only(&script[2]) && !Objects::is_read_only(&script[0]));
    assert_eq!((Objects::weight(&script[0]), Objects::weight(&script[2])), (2, 1));
}

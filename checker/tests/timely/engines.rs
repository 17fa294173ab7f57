//! Stateright's own search counts what ours counts, whatever the faults.

use quorate_checker::AnySpec;
use quorate_checker::report::{Engine, Limits};
use quorate_checker::spec::{Cut, Faults, Pauses, Punctual, Spec, Timely};
use stateright::actor::ActorModel;

use super::toy::Do::{Choose, Count, Send, Set};
use super::toy::{Toy, one_crash, spec, timing};

/// The first asks the second on each tick, and counts what is answered.
fn toys() -> [Toy; 3] {
    let asks = Toy::starts([Set('h')]).fires('h', [Set('h'), Send(1, 1)]).receives(2, [Count]);
    let answers = Toy::starts([Set('e')]).receives(1, [Send(0, 2), Set('e')]).fires('e', [Count]);
    [asks, answers, Toy::default()]
}

/// The engines come to the same. Returns how many states there are.
fn compare(spec: impl Fn() -> Spec<Toy>) -> u64 {
    let counts = |engine| {
        let limits = Limits { threads: 1, keep_going: true, ..Limits::default() };
        let report = Box::new(spec()).check(engine, &limits, &mut |_| {});
        assert_eq!(report.cut_short, None, "{engine:?}");
        (report.states, report.transitions, report.depth)
    };
    let ours = counts(Engine::Quorate);
    assert_eq!(ours, counts(Engine::Stateright));
    ours.0
}

#[test]
fn each_fault_on_the_clock_adds_what_both_engines_find() {
    let calm = compare(|| spec(timing(), toys()));
    let more = [
        compare(|| spec(timing(), toys()).cut(Cut::between([0], [1]))),
        compare(|| spec(timing(), toys()).cut(Cut::one_way([1], [0]).healing(1..=3))),
        compare(|| spec(Timely { slow: 2, ..timing() }, toys())),
        compare(|| {
            let pauses = Some(Pauses { count: 2, ticks: 1..=4 });
            spec(Timely { pauses, ..timing() }, toys())
        }),
        compare(|| {
            let faults = Faults { rollbacks: 1, down_at_once: 1, ..Faults::NONE };
            spec(timing(), toys()).faults(faults)
        }),
    ];
    assert!(more.iter().all(|states| *states > calm), "{calm}: {more:?}");

    let early = || Timely { early: 2, ..timing() };
    let leases = Punctual { name: "leases", timers: |timer| *timer == 'e' };
    let free = compare(|| spec(early(), toys()));
    let punctual = compare(|| spec(Timely { punctual: Some(leases.clone()), ..early() }, toys()));
    assert!(calm < punctual && punctual < free, "{calm} {punctual} {free}");
}

#[test]
fn a_random_choice_holds_up_time_in_both_engines() {
    let states = compare(|| {
        let [asks, answers, _] = toys();
        let chooses = Toy::starts([Set('h')]).fires('h', [Set('h'), Choose]);
        let pauses = Some(Pauses { count: 1, ticks: 1..=2 });
        let timely = Timely { slow: 1, early: 1, pauses, ..timing() };
        spec(timely, [asks, answers, chooses]).faults(one_crash())
    });
    assert!(states > 1_000, "{states}");
}

#[test]
fn all_faults_on_the_clock_together() {
    let states = compare(|| {
        let pauses = Some(Pauses { count: 1, ticks: 1..=2 });
        spec(Timely { slow: 1, pauses, ..timing() }, toys())
            .faults(one_crash())
            .cut(Cut::between([0], [1]).healing(1..=2))
    });
    assert!(states > 1_000, "{states}");
}

#[test]
fn cuts_and_wipes_without_time() {
    let system = || ActorModel::new((), ()).actors(toys());
    let faults = Faults { rollbacks: 1, down_at_once: 1, ..Faults::NONE };
    let spec = || {
        Spec::new("toys", system(), 3)
            .timeouts("timers", |_| true, 3)
            .faults(faults)
            .cut(Cut::between([0], [1]).healing(0..=0))
            .cut(Cut::one_way([1], [0, 2]))
            .may_end()
    };
    assert!(compare(spec) > 100);
}

#[test]
fn what_is_in_flight_at_the_start_and_obsolete_is_forgotten_in_a_slow_tick() {
    let asked = Toy::starts([Count, Set('r')]);
    let asks = Toy::starts([Send(0, 1)]);
    let states = compare(|| {
        let is_obsolete = |state: &u8, _, message: &u8| state == message;
        spec(Timely { slow: 1, ..timing() }, [asked.clone(), asks.clone()]).obsolete(is_obsolete)
    });
    assert_eq!(states, 12);
}

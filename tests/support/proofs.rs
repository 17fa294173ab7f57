//! Proofs that the rules of a protocol are needed. A rule that is suspended leaves a counterexample
//! to what it protects, and within the very same bounds the whole rule book holds: otherwise the
//! counterexample would prove nothing about the rule.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;
use std::hash::Hash;

use quorate_checker::AnySpec;
use quorate_checker::engine::Miss;
use quorate_checker::report::{Engine, Limits, Report, Verdict};
use quorate_checker::spec::{Condition, Sees, Spec};
use quorate_models::rules::AllBut;
use quorate_models::system::Boxed;
use stateright::actor::Actor;

/// A suspended rule may leave no end of states: a search for its counterexample ends after so many.
const MOST_STATES: u64 = 4_000_000;

/// Bounds within which a protocol is checked, whichever of its rules are in force. Two bounds that
/// print the same are the same.
pub trait Within: Debug {
    type Rule: Copy + Debug;
    type Actor: Actor<Msg: Ord, Timer: Ord>;
    type Ghost: Clone + Debug + Hash;

    /// The protocol within these bounds, with all that is claimed of it.
    fn spec(&self, rules: AllBut<Self::Rule>) -> SpecOf<Self>;
}

/// The spec of a protocol within bounds `B`.
pub type SpecOf<B> = Spec<<B as Within>::Actor, (), <B as Within>::Ghost>;

/// The spec within `bounds` with one rule suspended.
pub fn suspending<B: Within>(bounds: &B, rule: B::Rule) -> SpecOf<B> {
    bounds.spec(AllBut(vec![rule]))
}

/// Explores on one thread, because other tests want the other one.
pub fn explore(spec: impl Boxed) -> Report {
    let limits = Limits { threads: 1, max_states: Some(MOST_STATES), ..Limits::default() };
    spec.boxed().check(Engine::Quorate, &limits, &mut |_| {})
}

/// Asserts that `property` is broken, and that the shortest path to that has so many steps.
pub fn assert_breaks<A, G>(spec: Spec<A, (), G>, property: &'static str, steps: usize)
where
    A: Actor<Msg: Ord, Timer: Ord>,
    G: Clone + Debug + Hash,
    Spec<A, (), G>: Boxed,
{
    let report = explore(spec.only(property));
    assert_eq!(report.verdict, Verdict::Violated, "nothing breaks {property}");
    let text = report.counterexamples[0].trace.text(false);
    assert_eq!(report.property(property).steps, Some(steps), "{text}");
}

/// Asserts that some run never does what `property` demands, and of which kind and length that run
/// is. A lasso's length is that of the way to the loop and once around it.
pub fn assert_misses<A, G>(spec: Spec<A, (), G>, property: &'static str, miss: Miss, steps: usize)
where
    A: Actor<Msg: Ord, Timer: Ord>,
    G: Clone + Debug + Hash,
    Spec<A, (), G>: Boxed,
{
    let report = explore(spec.only(property));
    assert_eq!(report.cut_short, None);
    assert_eq!(report.verdict, Verdict::Violated, "nothing misses {property}");
    let (found, text) = (report.property(property), report.counterexamples[0].trace.text(false));
    assert_eq!((found.miss, found.steps), (Some(miss), Some(steps)), "{text}");
}

/// The most ticks that pass until the goal is met, without any fault meanwhile.
pub fn worst<A, G>(
    spec: Spec<A, (), G>,
    name: &'static str,
    goal: Condition<A, (), G>,
) -> Option<u32>
where
    A: Actor<Msg: Ord, Timer: Ord>,
    G: Clone + Debug + Hash,
    Spec<A, (), G>: Boxed,
{
    let sees = Sees::ACTORS.and(Sees::GHOST);
    let report = explore(spec.without_properties().worst_case(name, sees, goal));
    assert_eq!(report.cut_short, None);
    report.worst_case.and_then(|worst| worst.calm).and_then(|longest| longest.ticks)
}

/// The control runs of a list of counterexamples: each of the bounds is explored once, with all
/// rules in force.
#[derive(Default)]
pub struct Controls(BTreeMap<String, Control>);

/// A spec with all rules in force, and what must hold of it.
struct Control {
    spec: Box<dyn AnySpec>,
    properties: BTreeSet<&'static str>,
}

impl Controls {
    /// Asks that `property` hold within `bounds`.
    pub fn add<B: Within>(&mut self, bounds: &B, property: &'static str)
    where
        SpecOf<B>: Boxed,
    {
        let control = self.0.entry(format!("{bounds:?}")).or_insert_with(|| {
            let spec = bounds.spec(AllBut(Vec::new())).boxed();
            Control { spec, properties: BTreeSet::new() }
        });
        control.properties.insert(property);
    }

    /// Asserts that all of it holds, and that every search came to its end.
    pub fn assert_all_hold(self) {
        for (bounds, Control { spec, properties }) in self.0 {
            let limits = Limits { threads: 1, max_states: Some(MOST_STATES), ..Limits::default() };
            let report = spec.check(Engine::Quorate, &limits, &mut |_| {});
            println!("{} states in {:.1} s within {bounds}", report.states, report.seconds);
            assert_eq!(report.cut_short, None, "within {bounds}");
            for property in properties {
                let verdict = report.property(property).verdict;
                assert_eq!(verdict, Verdict::Holds, "{property} within {bounds}");
            }
        }
    }
}

/// Asserts that every rule is suspended by some test, and no rule twice for the same property.
pub fn assert_each_is_proven<R: Copy + Debug + Ord>(all: &[R], lists: &[&[(R, &'static str)]]) {
    let lines: Vec<(R, &str)> = lists.iter().flat_map(|list| list.iter().copied()).collect();
    for rule in all {
        assert!(lines.iter().any(|(proven, _)| proven == rule), "no test suspends {rule:?}");
    }
    let distinct: BTreeSet<(R, &str)> = lines.iter().copied().collect();
    assert_eq!(lines.len(), distinct.len(), "a rule is suspended twice for one property");
}

/// One test for each line, which suspends a rule and finds the shortest path that breaks a
/// property; one test for the control runs; and `PROVEN`, the list of what is suspended. `Rule` and
/// the properties are those in scope.
macro_rules! necessary {
    ($(
        $name:ident: $rule:ident breaks $property:ident in $steps:literal within $bounds:expr;
    )*) => {
        $(
            #[test]
            fn $name() {
                let spec = $crate::proofs::suspending(&$bounds, Rule::$rule);
                $crate::proofs::assert_breaks(spec, $property, $steps);
            }
        )*

        #[test]
        fn the_whole_rule_book_holds_within_these_bounds() {
            let mut controls = $crate::proofs::Controls::default();
            $(controls.add(&$bounds, $property);)*
            controls.assert_all_hold();
        }

        /// The rules that are suspended here, and what each of them protects.
        pub const PROVEN: &[(Rule, &str)] = &[$((Rule::$rule, $property)),*];
    };
}
pub(crate) use necessary;

/// As [`necessary`], of properties of runs: a suspended rule lets something never happen.
macro_rules! missed {
    ($(
        $name:ident: $rule:ident lets $property:ident be missed by $miss:ident in $steps:literal
            within $bounds:expr;
    )*) => {
        $(
            #[test]
            fn $name() {
                let spec = $crate::proofs::suspending(&$bounds, Rule::$rule);
                $crate::proofs::assert_misses(spec, $property, Miss::$miss, $steps);
            }
        )*

        #[test]
        fn nothing_is_missed_by_the_whole_rule_book() {
            let mut controls = $crate::proofs::Controls::default();
            $(controls.add(&$bounds, $property);)*
            controls.assert_all_hold();
        }

        /// The rules without which something never happens, and what that is.
        pub const MISSED: &[(Rule, &str)] = &[$((Rule::$rule, $property)),*];
    };
}
pub(crate) use missed;

/// One test for each rule without which everything happens all the same, but later; and one for the
/// time that it takes with all rules in force.
macro_rules! slower {
    ($(
        $name:ident: $rule:ident lets $property:ident take $slow:literal ticks instead of
            $quick:literal until $goal:ident within $bounds:expr;
    )*) => {
        $(
            #[test]
            fn $name() {
                let spec = $crate::proofs::suspending(&$bounds, Rule::$rule);
                assert_eq!($crate::proofs::worst(spec, $property, $goal), Some($slow));
            }
        )*

        #[test]
        fn the_whole_rule_book_is_quicker() {
            let mut known = std::collections::BTreeMap::new();
            $(
                let question = (format!("{:?}", $bounds), $property);
                let quick = known.entry(question).or_insert_with(|| {
                    let all = quorate_models::rules::AllBut(Vec::new());
                    let spec = $crate::proofs::Within::spec(&$bounds, all);
                    $crate::proofs::worst(spec, $property, $goal)
                });
                assert_eq!(*quick, Some($quick), "with {:?}", Rule::$rule);
                assert!($quick < $slow, "without {:?}", Rule::$rule);
            )*
        }

        /// The rules without which something happens later, and what that is.
        pub const SLOWER: &[(Rule, &str)] = &[$((Rule::$rule, $property)),*];
    };
}
pub(crate) use slower;

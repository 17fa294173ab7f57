//! Rule books: which of a protocol's rules are in force.
//!
//! Every guard that makes a protocol safe or live is a named rule, and the code asks the rule book
//! for it. [`AllRules`] is of size zero and answers yes at compile time, so what runs has no
//! switch; [`AllBut`] suspends rules, to show the counterexample that proves them necessary.

use std::fmt::{self, Debug};

use crate::state_machine::StateMachine;

/// Where a rule comes from and what it says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wording {
    pub sentence: &'static str,
    /// A paper and its section, such as "Raft §5.2".
    pub source: &'static str,
}

impl fmt::Display for Wording {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.sentence, self.source)
    }
}

/// A rule that says what it demands.
pub trait Worded: Copy {
    fn wording(self) -> Wording;
}

/// Declares a protocol's rules, each with one sentence and its source: the enum `Rule`, the list of
/// all rules, and the wording of each.
macro_rules! rules {
    ($($name:ident: $sentence:literal, $source:literal;)*) => {
        /// A rule of this protocol.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Rule {
            $(#[doc = concat!($sentence, " (", $source, ")")] $name,)*
        }

        impl Rule {
            pub const ALL: &[Rule] = &[$(Rule::$name,)*];

        }

        impl $crate::rules::Worded for Rule {
            fn wording(self) -> $crate::rules::Wording {
                match self {
                    $(Rule::$name => {
                        $crate::rules::Wording { sentence: $sentence, source: $source }
                    })*
                }
            }
        }
    };
}
pub(crate) use rules;

/// Which rules are in force.
pub trait RuleBook<Rule>: Clone + Debug + Send + Sync + 'static {
    /// True if the action that `rule` prescribes is to be taken.
    fn keeps(&self, rule: Rule) -> bool;

    /// `condition`, which is what `rule` demands; true if the rule is suspended.
    fn require(&self, rule: Rule, condition: bool) -> bool {
        !self.keeps(rule) || condition
    }
}

/// Every rule is in force.
#[derive(Clone, Copy, Debug, Default)]
pub struct AllRules;

impl<Rule> RuleBook<Rule> for AllRules {
    fn keeps(&self, _: Rule) -> bool {
        true
    }
}

/// Every rule but these is in force. For tests, and for specs that show what then goes wrong.
#[derive(Clone, Debug)]
pub struct AllBut<Rule>(pub Vec<Rule>);

impl<Rule> RuleBook<Rule> for AllBut<Rule>
where
    Rule: Clone + Debug + PartialEq + Send + Sync + 'static,
{
    fn keeps(&self, rule: Rule) -> bool {
        !self.0.contains(&rule)
    }
}

/// What a protocol's servers are made for, in one type parameter: the machine that they replicate,
/// and the book of the protocol's rules. Every pair of the two is one: `(Kv, AllRules)`.
pub trait Params<Rule>: Clone + Debug + Send + Sync + 'static {
    type Machine: StateMachine;
    type Rules: RuleBook<Rule>;
}

impl<Rule, M: StateMachine, R: RuleBook<Rule>> Params<Rule> for (M, R) {
    type Machine = M;
    type Rules = R;
}

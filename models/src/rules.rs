//! Rule books: which of a protocol's rules are in force.
//!
//! Every guard that makes a protocol safe or live is a named rule, and the code asks the rule book
//! for it. [`AllRules`] is of size zero and answers yes at compile time, so what runs has no
//! switch; [`AllBut`] suspends rules, to show the counterexample that proves them necessary.

use std::fmt::Debug;

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

//! The arms of a match: one does nothing, or what another does.

use std::collections::BTreeSet;

use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens;
use syn::{Arm, Expr, Pat};

/// A match of more arms is a dispatch: to exchange what it tells apart says little.
const EXCHANGED: usize = 4;

/// By arm, what may stand in the place of its body. `is_unit`: the match has no value.
pub fn of(arms: &[Arm], is_unit: bool, text: &dyn Fn(&Expr) -> String) -> Vec<Vec<String>> {
    let of_arm = |arm: &Arm| {
        if matches!(&*arm.body, Expr::Macro(_)) {
            return Vec::new();
        }
        let own = text(&arm.body);
        let others = arms.iter().filter(|_| arms.len() <= EXCHANGED);
        let others = others.filter(|other| may_move(other)).map(|other| text(&other.body));
        let mut found: Vec<String> = others.filter(|other| *other != own).collect();
        if is_unit && own != "{}" {
            found.push("{}".to_owned());
        }
        found.sort();
        found.dedup();
        found
    };
    arms.iter().map(of_arm).collect()
}

/// True if the arm's body makes sense elsewhere: it does not need what its pattern binds.
fn may_move(arm: &Arm) -> bool {
    let mut bound = BTreeSet::new();
    names(pattern_tokens(&arm.pat), &mut bound);
    let mut used = BTreeSet::new();
    names(arm.body.to_token_stream(), &mut used);
    let is_variable = |name: &&String| name.starts_with(|first: char| first.is_lowercase());
    !matches!(&*arm.body, Expr::Macro(_))
        && !bound.iter().filter(is_variable).any(|n| used.contains(n))
}

fn pattern_tokens(pattern: &Pat) -> TokenStream {
    pattern.to_token_stream()
}

/// All words of `tokens`.
fn names(tokens: TokenStream, found: &mut BTreeSet<String>) {
    for token in tokens {
        match token {
            TokenTree::Ident(name) => {
                found.insert(name.to_string());
            }
            TokenTree::Group(group) => names(group.stream(), found),
            TokenTree::Punct(_) | TokenTree::Literal(_) => {}
        }
    }
}

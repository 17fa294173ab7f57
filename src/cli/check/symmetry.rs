//! What symmetry made of the specs, where it was asked for.

use super::Checked;
use crate::cli::output::{Output, grouped, wrapped};

/// Prints which specs were searched by symmetry and which were not, and why.
pub fn show(all: &[Checked], name: &dyn Fn(&Checked) -> String, output: &mut Output) {
    let mut head = "\nSearched by symmetry, one state of all that are each other's renamings:";
    for checked in all {
        let Some(Ok(words)) = &checked.symmetry else { continue };
        if !head.is_empty() {
            output.line(std::mem::take(&mut head));
        }
        let whole = checked.report.whole.map(|whole| format!("{} with all those", grouped(whole)));
        output.line(wrapped(&name(checked), [words.clone()].into_iter().chain(whole)));
    }
    let mut head = "\nSearched whole, though symmetry was asked for:";
    for checked in all {
        let Some(Err(why)) = checked.symmetry else { continue };
        if !head.is_empty() {
            output.line(std::mem::take(&mut head));
        }
        output.line(wrapped(&name(checked), [why]));
    }
}

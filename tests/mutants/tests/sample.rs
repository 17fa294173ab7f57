//! A sample of the mutants, each of which some spec kills. `QUORATE_MUTANTS_SEED` draws another.

use std::env;
use std::process::Command;

/// So many take seconds, unless one of them survives the small specs.
const COUNT: &str = "12";

/// Draws the sample, unless the environment says otherwise.
const SEED: &str = "4";

#[test]
fn a_sample_of_the_mutants_is_killed() {
    let seed = env::var("QUORATE_MUTANTS_SEED").unwrap_or_else(|_| SEED.to_owned());
    let mut command = Command::new(env!("CARGO_BIN_EXE_quorate-mutants"));
    let output = command.args(["--sample", COUNT, "--seed", &seed]).output().expect("it runs");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "seed {seed}: {said}");
    assert!(said.contains(&format!("{COUNT} killed")), "seed {seed}: {said}");
}

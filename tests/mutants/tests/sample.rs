//! Some spec kills each mutant that is built in: a sample, unless `QUORATE_MUTANTS` names others.

use std::process::Command;

use quorate_mutants::MUTANTS;

#[test]
fn a_sample_of_the_mutants_is_killed() {
    let count = MUTANTS.iter().filter(|mutant| mutant.is_built).count();
    assert!(count > 0, "nothing is drawn");
    let mut command = Command::new(env!("CARGO_BIN_EXE_quorate-mutants"));
    let output = command.arg("--no-preview").output().expect("it runs");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}");
    assert!(said.contains(&format!("{count} killed")), "{said}");
}

//! The `quorate` command.

#![forbid(unsafe_code)]

fn main() -> std::process::ExitCode {
    quorate::cli::main()
}

//! `quorate explore`: one spec in the browser, step by step. Stateright's Explorer serves the
//! steps, and the page that shows them is our own.

mod page;

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::process::{self, ExitCode};
use std::{env, fs};

use quorate_checker::AnySpec;
use tempfile::TempDir;

use super::bounds::BoundsArgs;
use super::exit::{self, Code, Failure};
use super::output::{Output, wrapped};
use super::specs::{self, Selected};

/// Where the Explorer is served unless something else is asked for.
pub const ADDRESS: &str = "127.0.0.1:3000";

/// What to explore, and where to serve it.
#[derive(clap::Args)]
#[command(after_help = "Serves the Explorer until Ctrl-C.")]
pub struct Args {
    /// The spec to explore, as `quorate list` names it; with bounds a protocol
    spec: String,
    #[command(flatten)]
    bounds: BoundsArgs,
    /// Where to serve it: an address of this machine alone; port 0 takes one that is free
    #[arg(long, value_name = "IP:PORT", default_value = ADDRESS)]
    address: SocketAddr,
}

/// Serves the Explorer; returns only if it cannot.
pub fn run(args: Args) -> ExitCode {
    exit::report(explore(&args))
}

fn explore(args: &Args) -> Result<(), Failure> {
    let custom = args.bounds.custom(std::slice::from_ref(&args.spec))?;
    let Selected { spec, words, .. } = custom.map_or_else(|| specs::named(&args.spec), Ok)?;
    let address = free(args.address)?;
    // Here until the Explorer ends. Stateright serves what is in the folder `ui` of the working
    // directory.
    let directory = enter_directory(&*spec)
        .map_err(|error| Failure::new(Code::Io, format!("cannot write the page: {error}")))?;
    remove_at_the_end(directory.path().to_owned())
        .map_err(|error| Failure::new(Code::Io, format!("cannot listen for Ctrl-C: {error}")))?;
    let mut output = Output::stdout();
    output.line(usage(&*spec, &words, address));
    // If nobody reads it, the Explorer is served all the same.
    let _ = output.finish();
    spec.explore(address);
    Ok(())
}

/// Makes a new temporary directory with the page in it the working directory.
fn enter_directory(spec: &dyn AnySpec) -> io::Result<TempDir> {
    let directory = tempfile::Builder::new().prefix("quorate-explore-").tempdir()?;
    let ui = directory.path().join("ui");
    fs::create_dir(&ui)?;
    fs::write(ui.join("index.htm"), page::html(spec))?;
    env::set_current_dir(directory.path())?;
    Ok(directory)
}

/// Lets Ctrl-C remove the directory and end the process.
fn remove_at_the_end(directory: PathBuf) -> Result<(), ctrlc::Error> {
    ctrlc::set_handler(move || {
        // Whatever becomes of the files, the process ends as it is told to.
        let _ = fs::remove_dir_all(&directory);
        process::exit(Code::Success as i32);
    })
}

/// The address to serve on, which was free a moment ago: the Explorer panics over one that is not.
fn free(address: SocketAddr) -> Result<SocketAddr, Failure> {
    if !address.ip().is_loopback() {
        let why = "only this machine may reach the Explorer, as it asks nobody who they are";
        return Err(Failure::new(
            Code::Usage,
            format!("--address {address} is not a loopback address, such as {ADDRESS}: {why}"),
        ));
    }
    let probe = TcpListener::bind(address).and_then(|listener| listener.local_addr());
    probe.map_err(|error| {
        Failure::new(Code::Io, format!("cannot serve the Explorer on {address}: {error}"))
    })
}

/// What is served, where, and what to make of it.
fn usage(spec: &dyn AnySpec, words: &str, address: SocketAddr) -> String {
    let name = spec.name();
    let bounds = wrapped("bounds  ", spec.bounds());
    format!(
        "{name}: {}
{bounds}

Open  http://{address}/  in a browser; Ctrl-C here ends it.

It shows a state, whether each claim is true of it, and what may happen next: click a step to take
it, or choose with the up and down keys, take with Enter, and go back with Backspace.
Nothing is searched here: `quorate check {words}` does that.
Under a counterexample it prints a path (\"/#/steps/0/...\"): put it behind the address.",
        spec.summary()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_loopback_addresses_are_served() {
        for address in ["0.0.0.0:0", "[::]:0", "192.0.2.1:3000"] {
            let failure = free(address.parse().unwrap()).unwrap_err();
            assert_eq!(failure.code, Code::Usage);
            assert!(failure.message.contains(address), "{}", failure.message);
        }
        assert_ne!(free("127.0.0.1:0".parse().unwrap()).unwrap().port(), 0);
    }
}

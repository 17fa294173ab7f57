//! What `quorate bench` asks: a cluster of ours, a server of the Redis protocol, or etcd.

use std::net::{SocketAddr, ToSocketAddrs};
use std::path::PathBuf;
use std::time::Duration;

use crate::bench::etcd::Gateway;
use crate::bench::front::{Each, Own};
use crate::bench::redis::Resp;
use crate::bench::session::BenchError;
use crate::bench::tcp::{Language, Tcp};
use crate::cli::exit::{Code, Failure};
use crate::cli::kv::Consistency;
use crate::cli::setup;
use crate::node::config::Config;

/// Which cluster or server: one of them.
#[derive(clap::Args)]
#[group(required = true, multiple = false)]
pub struct Target {
    /// The cluster's config
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// A server of the Redis protocol instead, HOST:PORT
    #[arg(long, value_name = "ADDRESS", value_parser = address)]
    redis: Option<SocketAddr>,
    /// etcd instead, by its JSON gateway: HOST:PORT of a member, or several with commas between
    #[arg(long, value_name = "ADDRESS", value_parser = address, value_delimiter = ',')]
    etcd: Vec<SocketAddr>,
}

/// Sessions, all of one kind, for each thread.
pub enum Fronts {
    /// With a cluster of ours.
    Own(Vec<Own>),
    /// With a server of the Redis protocol.
    Redis(Vec<Each<Tcp<Resp>>>),
    /// With members of etcd.
    Etcd(Vec<Each<Tcp<Gateway>>>),
}

impl Target {
    /// Opens so many sessions for each of the threads, whose reads are to be as new as
    /// `consistency` asks for. To connect may take as long as `timeout`.
    ///
    /// # Errors
    /// If the config cannot be used, if nobody accepts a connection, or if the target knows no
    /// such consistency.
    pub fn open(
        &self,
        counts: &[usize],
        consistency: Option<Consistency>,
        timeout: Duration,
    ) -> Result<Fronts, Failure> {
        if let Some(path) = &self.config {
            let config = Config::load(path)?;
            setup::check(&config)?;
            let members = setup::members(&config)?;
            let open = |_| Own::new(&members, consistency.unwrap_or_default().into());
            let fronts = counts.iter().map(open).collect::<Result<_, _>>();
            return fronts.map(Fronts::Own).map_err(|error| Failure::new(Code::Io, error));
        }
        if let Some(address) = self.redis {
            if consistency.is_some() {
                let message = "--consistency does not apply to --redis, which knows no other";
                return Err(Failure::new(Code::Usage, message));
            }
            let fronts = connect(counts, &[address], |_| Resp, timeout)?;
            return Ok(Fronts::Redis(fronts));
        }
        let is_stale = match consistency.unwrap_or_default() {
            Consistency::Linearizable | Consistency::Quorum => false,
            Consistency::Stale => true,
            other @ (Consistency::Lease | Consistency::One) => {
                let word = if matches!(other, Consistency::One) { "one" } else { "lease" };
                let message = format!(
                    "--consistency {word} does not apply to --etcd, which has no such reads: \
                     linearizable or stale"
                );
                return Err(Failure::new(Code::Usage, message));
            }
        };
        let gateway = |host| Gateway { host, is_stale };
        Ok(Fronts::Etcd(connect(counts, &self.etcd, gateway, timeout)?))
    }

    /// What to do if nothing is answered.
    pub fn advice(&self) -> &'static str {
        if self.config.is_some() { ": see `quorate status`" } else { "" }
    }
}

/// Connects sessions to these addresses in turn, so many for each thread.
fn connect<L: Language>(
    counts: &[usize],
    addresses: &[SocketAddr],
    language: impl Fn(SocketAddr) -> L,
    timeout: Duration,
) -> Result<Vec<Each<Tcp<L>>>, BenchError> {
    let mut addresses = addresses.iter().cycle();
    let mut open = |count: &usize| {
        let sessions = addresses.by_ref().take(*count);
        let sessions = sessions.map(|&address| Tcp::connect(address, language(address), timeout));
        sessions.collect::<Result<_, _>>().map(Each::of)
    };
    counts.iter().map(&mut open).collect()
}

/// The address that `text` names.
fn address(text: &str) -> Result<SocketAddr, String> {
    let mut found = text.to_socket_addrs().map_err(|error| format!("{error}; it is HOST:PORT"))?;
    found.next().ok_or_else(|| "the host has no address".to_owned())
}

impl From<BenchError> for Failure {
    fn from(error: BenchError) -> Self {
        let code = match &error {
            BenchError::Call(error) => Code::from(error),
            BenchError::Wait(_) | BenchError::Connection { .. } => Code::Io,
        };
        Failure::new(code, error)
    }
}

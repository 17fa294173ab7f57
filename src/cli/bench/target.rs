//! What `quorate bench` asks: a cluster of ours, a server of the Redis protocol, or etcd.

use std::net::{SocketAddr, ToSocketAddrs};
use std::path::PathBuf;
use std::time::Duration;

use quorate_models::kv::Kv;

use crate::bench::etcd::Gateway;
use crate::bench::redis::Resp;
use crate::bench::session::{BenchError, Own};
use crate::bench::tcp::Tcp;
use crate::cli::exit::{Code, Failure};
use crate::cli::kv::Consistency;
use crate::cli::setup;
use crate::node::client::Client;
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

/// Sessions, all of one kind.
pub enum Sessions {
    /// With a cluster of ours.
    Own(Vec<Own>),
    /// With a server of the Redis protocol.
    Redis(Vec<Tcp<Resp>>),
    /// With members of etcd.
    Etcd(Vec<Tcp<Gateway>>),
}

impl Target {
    /// Opens so many sessions, whose reads are to be as new as `consistency` asks for. To connect
    /// may take as long as `timeout`.
    ///
    /// # Errors
    /// If the config cannot be used, if nobody accepts a connection, or if the target knows no
    /// such consistency.
    pub fn open(
        &self,
        sessions: u64,
        consistency: Option<Consistency>,
        timeout: Duration,
    ) -> Result<Sessions, Failure> {
        if let Some(path) = &self.config {
            let config = Config::load(path)?;
            setup::check(&config)?;
            let members = setup::members(&config)?;
            let freshness = consistency.unwrap_or_default().into();
            let open = |_| {
                let client = Client::<Kv>::open(&members);
                let client = client.map_err(|error| Failure::new(Code::Io, error))?;
                Ok(Own::new(client, freshness))
            };
            return (0..sessions).map(open).collect::<Result<_, _>>().map(Sessions::Own);
        }
        if let Some(address) = self.redis {
            if consistency.is_some() {
                let message = "--consistency does not apply to --redis, which knows no other";
                return Err(Failure::new(Code::Usage, message));
            }
            let open = |_| Ok(Tcp::connect(address, Resp, timeout)?);
            return (0..sessions).map(open).collect::<Result<_, _>>().map(Sessions::Redis);
        }
        let is_stale = match consistency.unwrap_or_default() {
            Consistency::Linearizable => false,
            Consistency::Stale => true,
            Consistency::Lease => {
                let message = "--consistency lease does not apply to --etcd, which has no leases \
                               for reads: linearizable or stale";
                return Err(Failure::new(Code::Usage, message));
            }
        };
        let open = |(_, host): (u64, &SocketAddr)| {
            let host = *host;
            Ok(Tcp::connect(host, Gateway { host, is_stale }, timeout)?)
        };
        let members = (0..sessions).zip(self.etcd.iter().cycle());
        members.map(open).collect::<Result<_, _>>().map(Sessions::Etcd)
    }

    /// What to do if nothing is answered.
    pub fn advice(&self) -> &'static str {
        if self.config.is_some() { ": see `quorate status`" } else { "" }
    }
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

//! What `quorate node` is told about Redis clients.

use std::net::SocketAddr;
use std::sync::mpsc::Receiver;

use stateright::actor::Id;

use super::Site;
use super::file::Places;
use crate::cli::exit::{Code, Failure};
use crate::cli::setup;
use crate::node::board::Board;
use crate::node::tls::Tls;
use crate::redis::password::{Password, PasswordError};
use crate::redis::{Counters, Gateway, GatewayError, Settings};

/// Where and how they are served.
#[derive(clap::Args)]
pub(super) struct Options {
    /// Serve Redis clients (RESP2 and RESP3 over TCP) on this address
    #[arg(long, value_name = "IP:PORT")]
    redis: Option<SocketAddr>,
}

/// The same, with the password and the certificate.
pub(super) struct At {
    address: SocketAddr,
    settings: Settings,
}

impl Options {
    /// What is to be done, if anything, with the password that clients must know, and what the node
    /// is known by.
    ///
    /// # Errors
    /// If a password is wanting.
    pub fn settings(
        &self,
        password: Option<Password>,
        tls: Option<Tls>,
    ) -> Result<Option<At>, Failure> {
        let Some(address) = self.redis else { return Ok(None) };
        if password.is_none() && !address.ip().is_loopback() {
            let message = format!(
                "--redis: {}; name a --password-file, or an address of loopback",
                GatewayError::Open(address)
            );
            return Err(Failure::new(Code::Usage, message));
        }
        Ok(Some(At { address, settings: Settings { password, tls, ..Settings::default() } }))
    }
}

impl At {
    /// Serves Redis clients beside the node of `site`, until that is dropped, and says on `board`
    /// what it counts.
    ///
    /// # Errors
    /// If the address is taken, for instance.
    pub fn start(
        self,
        site: &Site<'_>,
        places: Receiver<Places>,
        board: Board<Counters>,
    ) -> Result<Gateway, Failure> {
        let (At { address, settings }, members) = (self, setup::members(site.config)?);
        let (first, asks) = (Id::from(site.node.id as usize), settings.password.is_some());
        let (log, by_tls) = (site.log, settings.tls.is_some());
        let fails = move |error: GatewayError| {
            log.error(&format!("Redis clients are served no more: {error}"), &[]);
        };
        let gateway = Gateway::start(address, members, first, places, settings, board, fails)
            .map_err(|error| Failure::new(Code::Io, error))?;
        let (address, password) = (gateway.address(), if asks { "" } else { "no " });
        let tls = if by_tls { " by TLS" } else { "" };
        let text =
            format!("serves Redis clients on {address}{tls}; {password}password is asked for");
        let at = ("address", address.to_string().into());
        log.info(&text, &[at, ("password", asks.into()), ("tls", by_tls.into())]);
        if !address.ip().is_loopback() && !by_tls {
            let text = format!(
                "other machines reach TCP {address}: what is said there, the password too, is not \
                 encrypted"
            );
            log.warn(&text, &[]);
        }
        Ok(gateway)
    }
}

impl From<PasswordError> for Failure {
    fn from(error: PasswordError) -> Self {
        let code = match error {
            PasswordError::Io { .. } => Code::Io,
            PasswordError::Mode { .. } | PasswordError::Form { .. } => Code::Config,
        };
        Failure::new(code, error)
    }
}

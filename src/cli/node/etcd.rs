//! How `quorate node` serves clients of etcd.

use std::sync::mpsc::Receiver;

use stateright::actor::Id;

use super::Site;
use super::file::Places;
use crate::cli::exit::{Code, Failure};
use crate::cli::setup;
use crate::etcd::{Gateway, GatewayError, Settings};
use crate::redis::password::Password;

/// Serves them beside the node of `site`, where that serves HTTP, until it is dropped.
///
/// # Errors
/// If there is no socket or thread to be had.
pub(super) fn start(
    site: &Site<'_>,
    password: Option<Password>,
    places: Receiver<Places>,
) -> Result<Gateway, Failure> {
    let (first, log) = (Id::from(site.node.id as usize), site.log);
    let on_loopback = site.node.http.ip().is_loopback();
    let settings = Settings { password, on_loopback, ..Settings::default() };
    let fails = move |error: GatewayError| {
        log.error(&format!("clients of etcd are served no more: {error}"), &[]);
    };
    let members = setup::members(site.config)?;
    Gateway::start(members, first, site.board.clone(), places, settings, fails)
        .map_err(|error| Failure::new(Code::Io, error))
}

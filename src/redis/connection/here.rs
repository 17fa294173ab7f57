//! What a connection answers without the cluster.

use std::time::Instant;

use super::Connection;
use crate::redis::command::{Credentials, Here};
use crate::redis::desk::Desk;
use crate::redis::reply;

impl Connection {
    /// Does what concerns the connection alone.
    pub(super) fn do_here(&mut self, here: Here, desk: &mut Desk) {
        if let Err(problem) = self.try_here(here, desk) {
            reply::error(self.output.end(), &problem);
        }
    }

    fn try_here(&mut self, here: Here, desk: &mut Desk) -> Result<(), String> {
        match here {
            Here::Auth(credentials) => self.authenticate(&credentials, desk)?,
            Here::Hello { version, credentials, name } => {
                return self.greet(version, credentials, name, desk);
            }
            Here::SetName(name) => self.name = name,
            Here::Quit => self.closing = true,
            Here::Reset => {
                self.name = Vec::new();
                self.is_trusted = desk.settings.password.is_none();
                reply::simple(self.output.end(), "RESET");
                return Ok(());
            }
            Here::Nothing => {}
            other => {
                self.tell(other, desk);
                return Ok(());
            }
        }
        reply::simple(self.output.end(), "OK");
        Ok(())
    }

    /// Answers what only asks.
    fn tell(&mut self, here: Here, desk: &Desk) {
        let out = self.output.end();
        match here {
            Here::Ping(None) => reply::simple(out, "PONG"),
            Here::Ping(Some(back)) | Here::Echo(back) => reply::bulk(out, &back),
            Here::GetName if self.name.is_empty() => reply::nil(out),
            Here::GetName => reply::bulk(out, &self.name),
            Here::Id => reply::number(out, self.id as i64),
            Here::Config(names) => {
                // What redis-benchmark asks for. All that is written is on the disks of a majority.
                let known = [("save", ""), ("appendonly", "yes")];
                let is_asked = |(name, _): &&(&str, &str)| {
                    names.iter().any(|asked| asked.eq_ignore_ascii_case(name.as_bytes()))
                };
                let found: Vec<_> = known.iter().filter(is_asked).collect();
                reply::array(out, 2 * found.len());
                for (name, value) in found {
                    reply::bulk(out, name.as_bytes());
                    reply::bulk(out, value.as_bytes());
                }
            }
            Here::NoCount => reply::number(out, 0),
            Here::Info => reply::bulk(out, info(desk).as_bytes()),
            // All others have been done.
            _ => reply::array(out, 0),
        }
    }

    /// # Errors
    /// What is to be answered if it is not who it says to be.
    fn authenticate(&mut self, credentials: &Credentials, desk: &mut Desk) -> Result<(), String> {
        let Some(password) = &desk.settings.password else {
            let problem = "ERR AUTH <password> called without any password configured for the \
                           default user. Are you sure your configuration is correct?";
            return Err(problem.into());
        };
        if !desk.guesses.may(Instant::now(), self.address) {
            return Err("ERR too many wrong passwords; try again in a second".into());
        }
        let is_user = credentials.user.as_ref().is_none_or(|user| user == b"default");
        if !(password.is(&credentials.password) && is_user) {
            desk.guesses.failed(self.address);
            return Err("WRONGPASS invalid username-password pair or user is disabled.".into());
        }
        self.is_trusted = true;
        Ok(())
    }

    /// Answers `HELLO`.
    fn greet(
        &mut self,
        version: Option<i64>,
        credentials: Option<Credentials>,
        name: Option<Vec<u8>>,
        desk: &mut Desk,
    ) -> Result<(), String> {
        if version.is_some_and(|version| version != 2) {
            return Err("NOPROTO unsupported protocol version".into());
        }
        if let Some(credentials) = credentials {
            self.authenticate(&credentials, desk)?;
        }
        if !self.is_trusted {
            let problem = "NOAUTH HELLO must be called with the client already authenticated, \
                           otherwise the HELLO <proto> AUTH <user> <pass> option can be used to \
                           authenticate the client and select the RESP protocol version at the \
                           same time";
            return Err(problem.into());
        }
        self.name = name.unwrap_or_else(|| std::mem::take(&mut self.name));
        let out = self.output.end();
        reply::array(out, 14);
        for (field, value) in [("server", "quorate"), ("version", env!("CARGO_PKG_VERSION"))] {
            reply::bulk(out, field.as_bytes());
            reply::bulk(out, value.as_bytes());
        }
        for (field, value) in [("proto", 2), ("id", self.id as i64)] {
            reply::bulk(out, field.as_bytes());
            reply::number(out, value);
        }
        for (field, value) in [("mode", "standalone"), ("role", "master")] {
            reply::bulk(out, field.as_bytes());
            reply::bulk(out, value.as_bytes());
        }
        reply::bulk(out, b"modules");
        reply::array(out, 0);
        Ok(())
    }
}

/// What `INFO` shows. Some clients want a version of Redis, and to hear that nothing is loaded.
fn info(desk: &Desk) -> String {
    format!(
        "# Server\r\nredis_version:7.0.0\r\nquorate_version:{}\r\nredis_mode:standalone\r\n\
         \r\n# Clients\r\nconnected_clients:{}\r\nmaxclients:{}\r\n\
         \r\n# Memory\r\nclient_buffers:{}\r\n\
         \r\n# Persistence\r\nloading:0\r\n\
         \r\n# Replication\r\nrole:master\r\n",
        env!("CARGO_PKG_VERSION"),
        desk.connected,
        desk.settings.connections,
        desk.held,
    )
}

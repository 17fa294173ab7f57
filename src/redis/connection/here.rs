//! What a connection answers without the cluster.

use std::time::Instant;

use super::Connection;
use crate::redis::command::{Credentials, Here, Problem};
use crate::redis::desk::Desk;
use crate::redis::reply::{self, Version};

impl Connection {
    /// Does what concerns the connection alone, and returns what is to be said.
    ///
    /// # Errors
    /// The same, if it cannot be done.
    pub(super) fn do_here(&mut self, here: Here, desk: &mut Desk) -> Result<Vec<u8>, Problem> {
        let mut out = Vec::new();
        let word = match here {
            Here::Auth(credentials) => {
                self.authenticate(&credentials, desk)?;
                "OK"
            }
            Here::Hello { version, credentials, name } => {
                self.greet(version, credentials, name, desk)?;
                self.tell_who_serves(&mut out);
                return Ok(out);
            }
            Here::SetName(name) => {
                self.name = name;
                "OK"
            }
            Here::Quit => {
                self.closing = true;
                "OK"
            }
            Here::Reset => {
                (self.name, self.version, self.transaction) = (Vec::new(), Version::Two, None);
                self.is_trusted = desk.settings.password.is_none();
                "RESET"
            }
            Here::Nothing => "OK",
            other => {
                self.tell(&mut out, other, desk);
                return Ok(out);
            }
        };
        reply::simple(&mut out, word);
        Ok(out)
    }

    /// Answers what only asks.
    fn tell(&self, out: &mut Vec<u8>, here: Here, desk: &Desk) {
        match here {
            Here::Ping(None) => reply::simple(out, "PONG"),
            Here::Ping(Some(back)) | Here::Echo(back) => reply::bulk(out, &back),
            Here::GetName if self.name.is_empty() => reply::nil(out, self.version),
            Here::GetName => reply::bulk(out, &self.name),
            Here::Id => reply::number(out, self.id as i64),
            Here::Config(names) => {
                // What redis-benchmark asks for. All that is written is on the disks of a majority.
                let known = [("save", ""), ("appendonly", "yes")];
                let is_asked = |(name, _): &&(&str, &str)| {
                    names.iter().any(|asked| asked.eq_ignore_ascii_case(name.as_bytes()))
                };
                let found: Vec<_> = known.iter().filter(is_asked).collect();
                reply::map(out, found.len(), self.version);
                for (name, value) in found {
                    reply::bulk(out, name.as_bytes());
                    reply::bulk(out, value.as_bytes());
                }
            }
            Here::NoCount => reply::number(out, 0),
            Here::NoDocs => reply::map(out, 0, self.version),
            Here::Info => reply::text(out, &info(desk), self.version),
            // All others have been done.
            _ => reply::array(out, 0),
        }
    }

    /// # Errors
    /// What is to be answered if it is not who it says to be.
    fn authenticate(&mut self, credentials: &Credentials, desk: &mut Desk) -> Result<(), Problem> {
        let is_user = credentials.user.as_ref().is_none_or(|user| user == b"default");
        let Some(password) = &desk.settings.password else {
            // As with Redis: whoever names the user who needs no password is that user.
            if is_user && credentials.user.is_some() {
                return Ok(());
            }
            let problem = "ERR AUTH <password> called without any password configured for the \
                           default user. Are you sure your configuration is correct?";
            return Err(problem.into());
        };
        if !desk.guesses.may(Instant::now(), self.address) {
            desk.counters.auth_failures += 1;
            return Err("ERR too many wrong passwords; try again in a second".into());
        }
        if !(password.is(&credentials.password) && is_user) {
            desk.counters.auth_failures += 1;
            desk.guesses.failed(self.address);
            return Err("WRONGPASS invalid username-password pair or user is disabled.".into());
        }
        self.is_trusted = true;
        Ok(())
    }

    /// Does what `HELLO` asks for: all of it, or nothing.
    fn greet(
        &mut self,
        version: Option<i64>,
        credentials: Option<Credentials>,
        name: Option<Vec<u8>>,
        desk: &mut Desk,
    ) -> Result<(), Problem> {
        let version = match version {
            None => self.version,
            Some(2) => Version::Two,
            Some(3) => Version::Three,
            Some(_) => return Err("NOPROTO unsupported protocol version".into()),
        };
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
        self.version = version;
        self.name = name.unwrap_or_else(|| std::mem::take(&mut self.name));
        Ok(())
    }

    fn tell_who_serves(&self, out: &mut Vec<u8>) {
        let proto = match self.version {
            Version::Two => 2,
            Version::Three => 3,
        };
        reply::map(out, 7, self.version);
        for (field, value) in [("server", "quorate"), ("version", env!("CARGO_PKG_VERSION"))] {
            reply::bulk(out, field.as_bytes());
            reply::bulk(out, value.as_bytes());
        }
        for (field, value) in [("proto", proto), ("id", self.id as i64)] {
            reply::bulk(out, field.as_bytes());
            reply::number(out, value);
        }
        for (field, value) in [("mode", "standalone"), ("role", "master")] {
            reply::bulk(out, field.as_bytes());
            reply::bulk(out, value.as_bytes());
        }
        reply::bulk(out, b"modules");
        reply::array(out, 0);
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
        desk.counters.connected,
        desk.settings.connections,
        desk.held,
    )
}

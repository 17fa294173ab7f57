//! Who is served.

use std::net::IpAddr;
use std::sync::Mutex;
use std::time::Instant;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hyper::HeaderMap;
use hyper::header::{AUTHORIZATION, ORIGIN};

use super::problem::Problem;
use crate::redis::password::{Guesses, Password};

/// What is asked of clients.
pub(super) struct Access {
    password: Option<Password>,
    on_loopback: bool,
    guesses: Mutex<Guesses>,
}

impl Access {
    /// Without a password everybody is served, if only this machine reaches the address, and else
    /// nobody.
    pub fn new(password: Option<Password>, on_loopback: bool) -> Self {
        let guesses = Mutex::new(Guesses::new(Instant::now()));
        Access { password, on_loopback, guesses }
    }

    /// Whether a client is served that sends `headers` from `address`, and does so as plain text
    /// although it need not.
    ///
    /// # Errors
    /// What it is told if it is not.
    pub fn check(
        &self,
        address: IpAddr,
        is_plain: bool,
        headers: &HeaderMap,
    ) -> Result<(), Problem> {
        if is_plain {
            return Err(Problem::forbidden("this node has TLS: ask with https"));
        }
        // Browsers say for which page they ask, and no other client does: whoever reads a page
        // must not thereby write here, whatever name the page has given this address.
        if headers.contains_key(ORIGIN) {
            return Err(Problem::forbidden("web pages are not served here"));
        }
        let Some(password) = &self.password else {
            let problem = "other machines reach this address, and the node was not given a \
                           --password-file";
            return if self.on_loopback { Ok(()) } else { Err(Problem::forbidden(problem)) };
        };
        let guess = headers.get(AUTHORIZATION).and_then(|value| basic(value.as_bytes()));
        let guess = guess.ok_or_else(Problem::stranger)?;
        let mut guesses = self.guesses.lock().expect("nothing panics under this lock");
        if !guesses.may(Instant::now(), address) {
            return Err(Problem::guesses());
        }
        if !password.is(&guess) {
            guesses.failed(address);
            return Err(Problem::stranger());
        }
        Ok(())
    }
}

/// The password of HTTP's basic authentication. The user does not matter.
fn basic(value: &[u8]) -> Option<Vec<u8>> {
    let (scheme, credentials) = value.split_at_checked(6)?;
    if !scheme.eq_ignore_ascii_case(b"basic ") {
        return None;
    }
    let credentials = STANDARD.decode(credentials.trim_ascii()).ok()?;
    let colon = credentials.iter().position(|&byte| byte == b':')?;
    Some(credentials[colon + 1..].to_vec())
}

#[cfg(test)]
mod tests {
    use super::basic;

    #[test]
    fn the_password_stands_behind_the_first_colon() {
        // user:open:sesame
        assert_eq!(basic(b"Basic dXNlcjpvcGVuOnNlc2FtZQ=="), Some(b"open:sesame".to_vec()));
        assert_eq!(basic(b"basic  Og=="), Some(Vec::new()));
        for wrong in [&b""[..], b"Basic", b"Basic ", b"Basic *", b"Bearer Og==", b"Basic dXNlcg=="]
        {
            assert_eq!(basic(wrong), None, "{}", String::from_utf8_lossy(wrong));
        }
    }
}

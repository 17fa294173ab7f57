//! What each request asks for.

#[cfg(test)]
mod tests;

use quorate_models::kv::{Command, KEY_MAX, Single, Text, VALUE_MAX};

use super::reply::Tested;
use super::request::Request;

/// What is to be done about a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// The cluster is asked, and answers to be shown so.
    Ask(Single, Tested),
    /// It concerns the connection alone.
    Here(Here),
    /// It begins a transaction, or ends one.
    Turn(Turn),
}

/// What becomes of a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// `MULTI`: what follows waits.
    Multi,
    /// `EXEC`: it takes effect.
    Exec,
    /// `DISCARD`: it does not.
    Discard,
}

/// What the cluster need not be asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Here {
    /// `PING`, with what is to come back, if anything.
    Ping(Option<Vec<u8>>),
    /// `ECHO`.
    Echo(Vec<u8>),
    /// `AUTH`.
    Auth(Credentials),
    /// `HELLO`.
    Hello {
        /// The version of the protocol, if it is named.
        version: Option<i64>,
        /// Who says so, if that is said.
        credentials: Option<Credentials>,
        /// The connection's name, if it is to have one.
        name: Option<Vec<u8>>,
    },
    /// `CLIENT SETNAME`.
    SetName(Vec<u8>),
    /// `CLIENT GETNAME`.
    GetName,
    /// `CLIENT ID`.
    Id,
    /// Nothing has to be done, and it is done.
    Nothing,
    /// `CONFIG GET`.
    Config(Request),
    /// `COMMAND` and what asks for details of commands.
    NoDetails,
    /// `COMMAND DOCS`.
    NoDocs,
    /// `COMMAND COUNT`.
    NoCount,
    /// `INFO`.
    Info,
    /// `QUIT`.
    Quit,
    /// `RESET`.
    Reset,
}

/// Who a client says to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credentials {
    /// The user, if there is said to be one.
    pub user: Option<Vec<u8>>,
    /// The password.
    pub password: Vec<u8>,
}

/// What is wrong with a request, as it is answered.
pub type Problem = String;

/// The arguments of a request, behind its name.
struct Arguments {
    name: String,
    rest: std::vec::IntoIter<Vec<u8>>,
}

impl Arguments {
    fn wrong_number(&self) -> Problem {
        format!("ERR wrong number of arguments for '{}' command", self.name)
    }

    /// All arguments, which are `N`.
    fn all<const N: usize>(self) -> Result<[Vec<u8>; N], Problem> {
        let problem = self.wrong_number();
        self.rest.collect::<Vec<_>>().try_into().map_err(|_| problem)
    }

    fn next(&mut self) -> Result<Vec<u8>, Problem> {
        self.rest.next().ok_or_else(|| self.wrong_number())
    }

    fn key(&mut self) -> Result<Text, Problem> {
        key(&self.next()?)
    }

    fn value(&mut self) -> Result<Text, Problem> {
        value(&self.next()?)
    }

    /// A whole number.
    fn number(&mut self) -> Result<i64, Problem> {
        number(&self.next()?).ok_or_else(|| "ERR value is not an integer or out of range".into())
    }

    /// Refuses arguments that are left.
    fn end(&self) -> Result<(), Problem> {
        if self.rest.len() == 0 { Ok(()) } else { Err(self.wrong_number()) }
    }

    /// All that are left as keys, at least one.
    fn keys(self) -> Result<Vec<Text>, Problem> {
        if self.rest.len() == 0 {
            return Err(self.wrong_number());
        }
        self.rest.map(|bytes| key(&bytes)).collect()
    }

    /// All that are left as keys, each with a value behind it, at least one.
    fn pairs(mut self) -> Result<Vec<(Text, Text)>, Problem> {
        if self.rest.len() == 0 || !self.rest.len().is_multiple_of(2) {
            return Err(self.wrong_number());
        }
        (0..self.rest.len() / 2).map(|_| Ok((self.key()?, self.value()?))).collect()
    }
}

fn key(bytes: &[u8]) -> Result<Text, Problem> {
    within("key", bytes, KEY_MAX)
}

fn value(bytes: &[u8]) -> Result<Text, Problem> {
    within("value", bytes, VALUE_MAX)
}

fn within(what: &str, bytes: &[u8], limit: usize) -> Result<Text, Problem> {
    if bytes.len() > limit {
        return Err(format!(
            "ERR the {what} has {} bytes; at most {limit} are allowed",
            bytes.len()
        ));
    }
    Ok(Text::from(bytes))
}

fn number(bytes: &[u8]) -> Option<i64> {
    let text = std::str::from_utf8(bytes).ok()?;
    text.parse().ok().filter(|number: &i64| number.to_string() == text)
}

/// Part of what a client sent, as it is shown to it.
fn shown(bytes: &[u8]) -> String {
    bytes[..bytes.len().min(32)].escape_ascii().to_string()
}

/// Reads `request`.
///
/// # Errors
/// What is to be answered if it cannot be done.
pub fn read(request: Request) -> Result<Action, Problem> {
    let mut rest = request.into_iter();
    let first = rest.next().unwrap_or_default();
    let name = String::from_utf8_lossy(&first[..first.len().min(32)]).to_lowercase();
    let mut arguments = Arguments { name, rest };
    let ask = |command| Ok(Action::Ask(command, Tested::Word));
    let action = match arguments.name.clone().as_str() {
        "get" => ask(Command::Get { key: arguments.key()? }),
        "set" => return set(arguments),
        "setnx" => {
            let (key, value) = (arguments.key()?, arguments.value()?);
            Ok(Action::Ask(Command::PutIf { key, value, exists: false }, Tested::Number))
        }
        "getset" => {
            let (key, value) = (arguments.key()?, arguments.value()?);
            ask(Command::Exchange { key, value, exists: None })
        }
        "mget" => return ask(Command::GetAll { keys: arguments.keys()? }),
        "del" | "unlink" => return ask(Command::DeleteAll { keys: arguments.keys()? }),
        "mset" => {
            return ask(Command::PutAll { pairs: arguments.pairs()?, if_absent: false });
        }
        "msetnx" => {
            let command = Command::PutAll { pairs: arguments.pairs()?, if_absent: true };
            return Ok(Action::Ask(command, Tested::Number));
        }
        "multi" => Ok(Action::Turn(Turn::Multi)),
        "exec" => Ok(Action::Turn(Turn::Exec)),
        "discard" => Ok(Action::Turn(Turn::Discard)),
        "watch" => {
            let problem = "ERR WATCH is not supported: a transaction does not depend on what was \
                           read before it";
            return Err(problem.into());
        }
        "unwatch" => Ok(Action::Here(Here::Nothing)),
        "exists" => return ask(Command::Count { keys: arguments.keys()? }),
        "incr" => ask(Command::Add { key: arguments.key()?, by: 1 }),
        "decr" => ask(Command::Add { key: arguments.key()?, by: -1 }),
        "incrby" => ask(Command::Add { key: arguments.key()?, by: arguments.number()? }),
        "decrby" => {
            let (key, by) = (arguments.key()?, arguments.number()?.checked_neg());
            ask(Command::Add { key, by: by.ok_or("ERR decrement would overflow")? })
        }
        "append" => {
            let (key, value) = (arguments.key()?, arguments.value()?);
            ask(Command::Append { key, value })
        }
        "strlen" => ask(Command::Length { key: arguments.key()? }),
        "dbsize" => Err("ERR DBSIZE is not supported: keys are not counted".into()),
        _ => return here(arguments, &first).map(Action::Here),
    };
    arguments.end()?;
    action
}

/// `SET key value [NX | XX] [GET]`.
fn set(mut arguments: Arguments) -> Result<Action, Problem> {
    let (key, value) = (arguments.key()?, arguments.value()?);
    let (mut exists, mut gets) = (None, false);
    for option in arguments.rest {
        match option.to_ascii_uppercase().as_slice() {
            b"NX" if exists != Some(true) => exists = Some(false),
            b"XX" if exists != Some(false) => exists = Some(true),
            b"GET" => gets = true,
            b"EX" | b"PX" | b"EXAT" | b"PXAT" | b"KEEPTTL" => {
                let option = shown(&option);
                return Err(format!("ERR SET with {option} is not supported: no key expires"));
            }
            _ => return Err("ERR syntax error".into()),
        }
    }
    let command = match (exists, gets) {
        (None, false) => Command::Put { key, value },
        (Some(exists), false) => Command::PutIf { key, value, exists },
        (exists, true) => Command::Exchange { key, value, exists },
    };
    Ok(Action::Ask(command, Tested::Word))
}

/// What is not for the cluster, if the request is called so: `first`.
fn here(mut arguments: Arguments, first: &[u8]) -> Result<Here, Problem> {
    match arguments.name.clone().as_str() {
        "ping" => {
            let back = arguments.rest.next();
            arguments.end().map(|()| Here::Ping(back))
        }
        "echo" => arguments.all().map(|[back]| Here::Echo(back)),
        "auth" if arguments.rest.len() == 2 => {
            let [user, password] = arguments.all()?;
            Ok(Here::Auth(Credentials { user: Some(user), password }))
        }
        "auth" => {
            arguments.all().map(|[password]| Here::Auth(Credentials { user: None, password }))
        }
        "hello" => hello(arguments),
        "client" => client(arguments),
        "config" => {
            let word = arguments.next()?;
            match word.to_ascii_lowercase().as_slice() {
                b"get" if arguments.rest.len() > 0 => Ok(Here::Config(arguments.rest.collect())),
                _ => Err(format!("ERR CONFIG {} is not supported", shown(&word))),
            }
        }
        "command" => match arguments.rest.next().map(|word| word.to_ascii_lowercase()).as_deref() {
            Some(b"count") => Ok(Here::NoCount),
            Some(b"docs") => Ok(Here::NoDocs),
            _ => Ok(Here::NoDetails),
        },
        "select" => match arguments.all()? {
            [number] if number == b"0" => Ok(Here::Nothing),
            _ => Err("ERR DB index is out of range: there is only 0".into()),
        },
        "info" => Ok(Here::Info),
        "quit" => Ok(Here::Quit),
        "reset" => arguments.all().map(|[]| Here::Reset),
        _ => {
            let begin: Vec<_> =
                arguments.rest.take(3).map(|word| format!("'{}' ", shown(&word))).collect();
            Err(format!(
                "ERR unknown command '{}', with args beginning with: {}",
                shown(first),
                begin.concat()
            ))
        }
    }
}

/// `HELLO [version [AUTH user password] [SETNAME name]]`.
fn hello(mut arguments: Arguments) -> Result<Here, Problem> {
    let version = match arguments.rest.next() {
        None => None,
        Some(version) => Some(
            number(&version)
                .ok_or("ERR Protocol version is not an integer or out of range".to_owned())?,
        ),
    };
    let (mut credentials, mut new_name) = (None, None);
    while let Some(option) = arguments.rest.next() {
        match option.to_ascii_lowercase().as_slice() {
            b"auth" => {
                let (user, password) = (arguments.next()?, arguments.next()?);
                credentials = Some(Credentials { user: Some(user), password });
            }
            b"setname" => new_name = Some(name(arguments.next()?)?),
            _ => return Err(format!("ERR Syntax error in HELLO option '{}'", shown(&option))),
        }
    }
    Ok(Here::Hello { version, credentials, name: new_name })
}

fn client(mut arguments: Arguments) -> Result<Here, Problem> {
    let word = arguments.next()?;
    let action = match word.to_ascii_lowercase().as_slice() {
        b"setname" => Here::SetName(name(arguments.next()?)?),
        b"getname" => Here::GetName,
        b"id" => Here::Id,
        b"setinfo" => {
            arguments.next()?;
            arguments.next()?;
            Here::Nothing
        }
        _ => return Err(format!("ERR CLIENT {} is not supported", shown(&word))),
    };
    arguments.end().map(|()| action)
}

/// The name of a connection.
fn name(name: Vec<u8>) -> Result<Vec<u8>, Problem> {
    if name.len() > 64 || !name.iter().all(u8::is_ascii_graphic) {
        let problem = "ERR a client's name has at most 64 characters, none of them a space, a \
                       line break or special";
        return Err(problem.into());
    }
    Ok(name)
}

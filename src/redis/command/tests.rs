//! What clients ask for, and what that is.

use super::*;

fn asked(line: &str) -> Result<Action, Problem> {
    read(line.split(' ').map(|word| word.as_bytes().to_vec()).collect())
}

#[test]
fn each_command_is_one_of_the_store() {
    let (k, v) = (|| Text::from("k"), || Text::from("v"));
    let keys = || vec![k(), Text::from("l")];
    for (line, command) in [
        ("GET k", Command::Get { key: k() }),
        ("set k v", Command::Put { key: k(), value: v() }),
        ("SET k v NX", Command::PutIf { key: k(), value: v(), exists: false }),
        ("SET k v xx", Command::PutIf { key: k(), value: v(), exists: true }),
        ("SET k v GET", Command::Exchange { key: k(), value: v(), exists: None }),
        ("SET k v NX GET", Command::Exchange { key: k(), value: v(), exists: Some(false) }),
        ("SET k v GET XX", Command::Exchange { key: k(), value: v(), exists: Some(true) }),
        ("GETSET k v", Command::Exchange { key: k(), value: v(), exists: None }),
        ("MGET k l", Command::GetAll { keys: keys() }),
        ("DEL k l", Command::DeleteAll { keys: keys() }),
        ("UNLINK k l", Command::DeleteAll { keys: keys() }),
        ("EXISTS k l", Command::Count { keys: keys() }),
        ("INCR k", Command::Add { key: k(), by: 1 }),
        ("DECR k", Command::Add { key: k(), by: -1 }),
        ("INCRBY k -5", Command::Add { key: k(), by: -5 }),
        ("DECRBY k -5", Command::Add { key: k(), by: 5 }),
        ("APPEND k v", Command::Append { key: k(), value: v() }),
        ("STRLEN k", Command::Length { key: k() }),
        (
            "MSET k v l v",
            Command::PutAll {
                pairs: keys().into_iter().map(|k| (k, v())).collect(),
                if_absent: false,
            },
        ),
    ] {
        assert_eq!(asked(line), Ok(Action::Ask(command, Tested::Word)), "{line}");
    }
    let command = Command::PutIf { key: k(), value: v(), exists: false };
    assert_eq!(asked("SETNX k v"), Ok(Action::Ask(command, Tested::Number)));
    let command = Command::PutAll { pairs: vec![(k(), v())], if_absent: true };
    assert_eq!(asked("MSETNX k v"), Ok(Action::Ask(command, Tested::Number)));
    for (line, turn) in [("MULTI", Turn::Multi), ("exec", Turn::Exec), ("Discard", Turn::Discard)] {
        assert_eq!(asked(line), Ok(Action::Turn(turn)));
    }
}

#[test]
fn what_concerns_the_connection_is_done_here() {
    let credentials = |user: Option<&str>| Credentials {
        user: user.map(|user| user.as_bytes().to_vec()),
        password: b"secret".to_vec(),
    };
    for (line, here) in [
        ("ping", Here::Ping(None)),
        ("PING hello", Here::Ping(Some(b"hello".to_vec()))),
        ("ECHO hello", Here::Echo(b"hello".to_vec())),
        ("AUTH secret", Here::Auth(credentials(None))),
        ("AUTH default secret", Here::Auth(credentials(Some("default")))),
        ("HELLO", Here::Hello { version: None, credentials: None, name: None }),
        (
            "HELLO 2 AUTH default secret SETNAME me",
            Here::Hello {
                version: Some(2),
                credentials: Some(credentials(Some("default"))),
                name: Some(b"me".to_vec()),
            },
        ),
        ("CLIENT SETNAME me", Here::SetName(b"me".to_vec())),
        ("client getname", Here::GetName),
        ("CLIENT ID", Here::Id),
        ("CLIENT SETINFO LIB-NAME redis-py", Here::Nothing),
        ("CONFIG GET save", Here::Config(vec![b"save".to_vec()])),
        ("COMMAND", Here::NoDetails),
        ("COMMAND DOCS get", Here::NoDocs),
        ("COMMAND COUNT", Here::NoCount),
        ("SELECT 0", Here::Nothing),
        ("INFO server", Here::Info),
        ("QUIT", Here::Quit),
        ("RESET", Here::Reset),
        ("UNWATCH", Here::Nothing),
    ] {
        assert_eq!(asked(line), Ok(Action::Here(here)), "{line}");
    }
}

#[test]
fn what_cannot_be_done_is_told() {
    for (line, problem) in [
        ("GET", "ERR wrong number of arguments for 'get' command"),
        ("GET a b", "ERR wrong number of arguments for 'get' command"),
        ("MSET", "ERR wrong number of arguments for 'mset' command"),
        ("MSET a b c", "ERR wrong number of arguments for 'mset' command"),
        ("MSETNX a", "ERR wrong number of arguments for 'msetnx' command"),
        ("EXEC now", "ERR wrong number of arguments for 'exec' command"),
        ("MGET", "ERR wrong number of arguments for 'mget' command"),
        ("ECHO", "ERR wrong number of arguments for 'echo' command"),
        ("AUTH", "ERR wrong number of arguments for 'auth' command"),
        ("PING a b", "ERR wrong number of arguments for 'ping' command"),
        ("SET k v EX 10", "ERR SET with EX is not supported: no key expires"),
        ("SET k v px 10", "ERR SET with px is not supported: no key expires"),
        ("SET k v NX XX", "ERR syntax error"),
        ("SET k v XX NX", "ERR syntax error"),
        ("SET k v WHAT", "ERR syntax error"),
        ("INCRBY k x", "ERR value is not an integer or out of range"),
        ("INCRBY k 9223372036854775808", "ERR value is not an integer or out of range"),
        ("DECRBY k -9223372036854775808", "ERR decrement would overflow"),
        ("SELECT 1", "ERR DB index is out of range: there is only 0"),
        (
            "WATCH k",
            "ERR WATCH is not supported: a transaction does not depend on what was read before it",
        ),
        ("DBSIZE", "ERR DBSIZE is not supported: keys are not counted"),
        ("CONFIG SET save x", "ERR CONFIG SET is not supported"),
        ("CLIENT KILL x", "ERR CLIENT KILL is not supported"),
        ("HELLO x", "ERR Protocol version is not an integer or out of range"),
        ("HELLO 2 WHAT", "ERR Syntax error in HELLO option 'WHAT'"),
        (
            "LPUSH \x1b[2J b c d",
            "ERR unknown command 'LPUSH', with args beginning with: '\\x1b[2J' 'b' 'c' ",
        ),
    ] {
        assert_eq!(asked(line), Err(problem.to_owned()), "{line}");
    }
    let get = |length| read(vec![b"GET".to_vec(), vec![b'k'; length]]);
    assert!(get(KEY_MAX).is_ok());
    let problem = "ERR the key has 65537 bytes; at most 65536 are allowed";
    assert_eq!(get(KEY_MAX + 1), Err(problem.to_owned()));
    assert!(asked(&format!("CLIENT SETNAME {}", "x".repeat(65))).is_err());
    assert!(read(vec![b"CLIENT".to_vec(), b"SETNAME".to_vec(), b"a b".to_vec()]).is_err());
}

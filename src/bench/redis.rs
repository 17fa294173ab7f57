//! How a server of the Redis protocol is asked: RESP2, `SET` and `GET`.

use quorate_models::kv::Command;

use super::session::Answer;
use super::tcp::{ANSWER_MAX, Language};

/// The longest first line of an answer, in bytes.
const LINE_MAX: usize = 64 << 10;

/// RESP2.
#[derive(Clone, Copy, Debug)]
pub struct Resp;

impl Language for Resp {
    fn ask(&self, command: &Command, out: &mut Vec<u8>) {
        match command {
            Command::Put { key, value } => array(&[b"SET", key, value], out),
            Command::Get { key } => array(&[b"GET", key], out),
            _ => unreachable!("a generator puts and gets"),
        }
    }

    fn answer(&self, is_get: bool, bytes: &[u8]) -> Result<Option<(usize, Answer)>, String> {
        let Some(end) = bytes.windows(2).position(|pair| pair == b"\r\n") else {
            return if bytes.len() > LINE_MAX { Err(nonsense(bytes)) } else { Ok(None) };
        };
        let (line, length) = (&bytes[..end], end + 2);
        match line {
            [b'-', why @ ..] => {
                let why = String::from_utf8_lossy(why).into_owned();
                Ok(Some((length, Answer::Failed(why))))
            }
            b"+OK" if !is_get => Ok(Some((length, Answer::Done))),
            b"$-1" if is_get => Ok(Some((length, Answer::Done))),
            [b'$', size @ ..] if is_get => bulk(bytes, length, size),
            _ => Err(nonsense(bytes)),
        }
    }
}

/// Adds an array of these strings to `out`.
fn array(words: &[&[u8]], out: &mut Vec<u8>) {
    out.extend_from_slice(format!("*{}\r\n", words.len()).as_bytes());
    for word in words {
        out.extend_from_slice(format!("${}\r\n", word.len()).as_bytes());
        out.extend_from_slice(word);
        out.extend_from_slice(b"\r\n");
    }
}

/// The string of `size` bytes, in digits, that begins at `begin`.
fn bulk(bytes: &[u8], begin: usize, size: &[u8]) -> Result<Option<(usize, Answer)>, String> {
    let digits = std::str::from_utf8(size).ok().filter(|_| size.iter().all(u8::is_ascii_digit));
    let size =
        digits.and_then(|digits| digits.parse::<usize>().ok()).filter(|size| *size <= ANSWER_MAX);
    let end = begin + size.ok_or_else(|| nonsense(bytes))?;
    match bytes.get(end..end + 2) {
        None => Ok(None),
        Some(b"\r\n") => Ok(Some((end + 2, Answer::Done))),
        Some(_) => Err(nonsense(&bytes[end..])),
    }
}

fn nonsense(bytes: &[u8]) -> String {
    let shown = bytes[..bytes.len().min(40)].escape_ascii();
    format!("this is no answer of RESP2 to what was asked: \"{shown}\"")
}

#[cfg(test)]
mod tests {
    use quorate_models::kv::{get, put};

    use super::*;

    #[test]
    fn commands_are_arrays_of_strings() {
        let mut out = Vec::new();
        Resp.ask(&put("colour", "blue"), &mut out);
        Resp.ask(&get("colour"), &mut out);
        let expected = "*3\r\n$3\r\nSET\r\n$6\r\ncolour\r\n$4\r\nblue\r\n\
                        *2\r\n$3\r\nGET\r\n$6\r\ncolour\r\n";
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }

    #[test]
    fn an_answer_is_taken_when_all_of_it_is_there() {
        let value = b"$6\r\nab\r\ncd\r\n";
        for (is_get, bytes, answer) in [
            (false, &b"+OK\r\n"[..], Answer::Done),
            (false, b"-ERR no\r\n", Answer::Failed("ERR no".to_owned())),
            (true, b"-NOAUTH\r\n", Answer::Failed("NOAUTH".to_owned())),
            (true, b"$-1\r\n", Answer::Done),
            (true, b"$0\r\n\r\n", Answer::Done),
            (true, value, Answer::Done),
        ] {
            for length in 0..bytes.len() {
                assert_eq!(Resp.answer(is_get, &bytes[..length]), Ok(None), "{length}");
            }
            let more = [bytes, b"+OK\r\n"].concat();
            assert_eq!(Resp.answer(is_get, &more), Ok(Some((bytes.len(), answer))));
        }
    }

    #[test]
    fn what_is_no_answer_is_told() {
        let large = format!("${}\r\n", ANSWER_MAX + 1);
        for (is_get, bytes) in [
            (true, "+OK\r\n"),
            (false, "$-1\r\n"),
            (false, ":1\r\n"),
            (true, "$-2\r\n"),
            (true, "$+1\r\na\r\n"),
            (true, "$\r\n"),
            (true, "$1\r\nabc"),
            (true, &large),
            (false, "HTTP/1.1 400 Bad Request\r\n"),
            (false, "\r\n"),
        ] {
            let told = Resp.answer(is_get, bytes.as_bytes()).unwrap_err();
            assert!(told.starts_with("this is no answer of RESP2"), "{told}");
        }
        assert!(Resp.answer(true, &[b'a'; LINE_MAX]).is_ok_and(|answer| answer.is_none()));
        assert!(Resp.answer(true, &[b'a'; LINE_MAX + 1]).is_err());
    }
}

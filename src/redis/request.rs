//! What clients send, read piece by piece: RESP2 arrays of bulk strings, and lines of words.
//!
//! Every length is compared with its limit when it is read, before anything is kept for it, and
//! what was read is not read again when more comes. A client cannot nest anything.

use std::fmt;

/// The longest line, in bytes: a command of words, or a length.
const LINE_MAX: usize = 4 << 10;

/// What a client may send in one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// How many arguments it has, its name included.
    pub arguments: usize,
    /// How many bytes one of them has.
    pub bulk: usize,
    /// How many bytes they have in all.
    pub bytes: usize,
}

/// What is no request. The connection cannot go on after it: where the next one begins is unknown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Malformed(pub String);

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ERR Protocol error: {}", self.0)
    }
}

fn malformed<T>(problem: impl Into<String>) -> Result<T, Malformed> {
    Err(Malformed(problem.into()))
}

/// A request: its name and its arguments, at least the name.
pub type Request = Vec<Vec<u8>>;

/// The request that is being read.
#[derive(Debug, Default)]
pub struct Reader {
    /// How many arguments are still to come.
    left: usize,
    /// The length of the next of them, once it was read.
    bulk: Option<usize>,
    arguments: Request,
    /// The sum of their lengths.
    bytes: usize,
}

impl Reader {
    /// Takes what it can from the beginning of `input`, and says how many bytes that were. The
    /// request is complete if there is one; else nothing more can be taken before more has come.
    ///
    /// # Errors
    /// [`Malformed`] if no request begins so, or it is over a limit.
    pub fn read(
        &mut self,
        input: &[u8],
        limits: Limits,
    ) -> Result<(usize, Option<Request>), Malformed> {
        let mut taken = 0;
        loop {
            let rest = &input[taken..];
            let before = taken;
            if self.left > 0 {
                taken += self.argument(rest, limits)?;
                if self.left == 0 {
                    return Ok((taken, Some(self.finish())));
                }
            } else if rest.first() == Some(&b'*') {
                taken += self.count(rest, limits)?;
            } else if let Some((line, length)) = line(rest, "too big inline request")? {
                taken += length;
                let words = words(line)?;
                is_no_page(&words)?;
                if !words.is_empty() {
                    return Ok((taken, Some(words)));
                }
            }
            if taken == before {
                return Ok((taken, None));
            }
        }
    }

    /// How many bytes must have come before there is any use in reading on.
    pub fn needs(&self) -> usize {
        self.bulk.map_or(1, |length| length + 2)
    }

    /// It has a part of a request, and more of that is to come.
    pub fn has_begun(&self) -> bool {
        self.left > 0
    }

    /// How many bytes it keeps.
    pub fn bytes(&self) -> usize {
        self.bytes + self.arguments.capacity() * size_of::<Vec<u8>>()
    }

    fn finish(&mut self) -> Request {
        self.bytes = 0;
        std::mem::take(&mut self.arguments)
    }

    /// Reads how many arguments there are.
    fn count(&mut self, input: &[u8], limits: Limits) -> Result<usize, Malformed> {
        let Some((line, length)) = line(&input[1..], "too big mbulk count string")? else {
            return Ok(0);
        };
        match number(line) {
            Some(count) if count <= limits.arguments as i64 => {
                // None, or less than none: Redis passes over it.
                self.left = usize::try_from(count).unwrap_or(0);
                Ok(1 + length)
            }
            _ => malformed("invalid multibulk length"),
        }
    }

    /// Reads the length of an argument, or the argument.
    fn argument(&mut self, input: &[u8], limits: Limits) -> Result<usize, Malformed> {
        if let Some(length) = self.bulk {
            let Some(argument) = input.get(..length + 2) else { return Ok(0) };
            if !argument.ends_with(b"\r\n") {
                return malformed("a bulk string that does not end where it says");
            }
            self.arguments.push(argument[..length].to_vec());
            (self.bulk, self.left) = (None, self.left - 1);
            return Ok(length + 2);
        }
        match input.first() {
            None => return Ok(0),
            Some(b'$') => {}
            Some(other) => {
                return malformed(format!("expected '$', got '{}'", other.escape_ascii()));
            }
        }
        let Some((line, taken)) = line(&input[1..], "too big bulk count string")? else {
            return Ok(0);
        };
        let length = number(line).and_then(|length| usize::try_from(length).ok());
        let Some(length) = length.filter(|length| *length <= limits.bulk) else {
            return malformed(format!("invalid bulk length, at most {} bytes", limits.bulk));
        };
        self.bytes += length;
        if self.bytes > limits.bytes {
            return malformed(format!("a request of more than {} bytes", limits.bytes));
        }
        self.bulk = Some(length);
        Ok(1 + taken)
    }
}

/// The first line of `input` without its end, and its length with that; `None` if it has none yet.
fn line<'a>(input: &'a [u8], too_long: &str) -> Result<Option<(&'a [u8], usize)>, Malformed> {
    let within = &input[..input.len().min(LINE_MAX)];
    match within.iter().position(|byte| *byte == b'\n') {
        Some(end) => {
            let line = &input[..end];
            Ok(Some((line.strip_suffix(b"\r").unwrap_or(line), end + 1)))
        }
        None if input.len() >= LINE_MAX => malformed(too_long),
        None => Ok(None),
    }
}

fn number(line: &[u8]) -> Option<i64> {
    std::str::from_utf8(line).ok()?.parse().ok()
}

/// Refuses what a browser sends: any page may have it ask, and what a page says to a form would be
/// read as commands.
fn is_no_page(words: &Request) -> Result<(), Malformed> {
    let is_of_http =
        |word: &Vec<u8>| word.eq_ignore_ascii_case(b"POST") || word.eq_ignore_ascii_case(b"Host:");
    match words.first().is_some_and(is_of_http) {
        true => malformed("this is no HTTP server"),
        false => Ok(()),
    }
}

/// The words of a line, which may be in quotes.
fn words(mut line: &[u8]) -> Result<Request, Malformed> {
    let mut words = Request::new();
    loop {
        line = line.trim_ascii_start();
        let Some(first) = line.first() else { return Ok(words) };
        let (word, rest) = match first {
            b'"' => quoted(&line[1..], b'"')?,
            b'\'' => quoted(&line[1..], b'\'')?,
            _ => {
                let end = line.iter().position(u8::is_ascii_whitespace).unwrap_or(line.len());
                (line[..end].to_vec(), &line[end..])
            }
        };
        words.push(word);
        line = rest;
    }
}

/// A word up to the `quote` that ends it, and what follows. Between double quotes a backslash
/// stands before what cannot stand for itself.
fn quoted(line: &[u8], quote: u8) -> Result<(Vec<u8>, &[u8]), Malformed> {
    let (mut word, mut at) = (Vec::new(), 0);
    loop {
        match line[at..] {
            [byte, ..] if byte == quote => {
                let rest = &line[at + 1..];
                if rest.first().is_some_and(|next| !next.is_ascii_whitespace()) {
                    return malformed("unbalanced quotes in request");
                }
                return Ok((word, rest));
            }
            [b'\\', b'\'', ..] if quote == b'\'' => {
                word.push(b'\'');
                at += 2;
            }
            [b'\\', b'x', high, low, ..]
                if quote == b'"' && high.is_ascii_hexdigit() && low.is_ascii_hexdigit() =>
            {
                let digit = |byte: u8| char::from(byte).to_digit(16).unwrap_or(0) as u8;
                word.push(digit(high) << 4 | digit(low));
                at += 4;
            }
            [b'\\', letter, ..] if quote == b'"' => {
                word.push(match letter {
                    b'n' => b'\n',
                    b'r' => b'\r',
                    b't' => b'\t',
                    b'b' => 8,
                    b'a' => 7,
                    other => other,
                });
                at += 2;
            }
            [byte, ..] => {
                word.push(byte);
                at += 1;
            }
            [] => return malformed("unbalanced quotes in request"),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const LIMITS: Limits = Limits { arguments: 8, bulk: 64, bytes: 100 };

    /// The requests that `input` holds, if it comes in pieces of `piece` bytes.
    fn read(input: &[u8], piece: usize) -> (Vec<Request>, Option<Malformed>) {
        let (mut reader, mut requests, mut buffer) = (Reader::default(), Vec::new(), Vec::new());
        for piece in input.chunks(piece) {
            buffer.extend_from_slice(piece);
            loop {
                match reader.read(&buffer, LIMITS) {
                    Ok((taken, request)) => {
                        buffer.drain(..taken);
                        assert!(reader.bytes <= LIMITS.bytes && reader.needs() <= LIMITS.bulk + 2);
                        match request {
                            Some(request) => requests.push(request),
                            None => break,
                        }
                    }
                    Err(problem) => return (requests, Some(problem)),
                }
            }
        }
        (requests, None)
    }

    fn request(words: &[&str]) -> Request {
        words.iter().map(|word| word.as_bytes().to_vec()).collect()
    }

    #[test]
    fn requests_are_read_however_they_come() {
        let input =
            b"*2\r\n$3\r\nGET\r\n$1\r\nk\r\nPING\r\n\r\n*0\r\n*-1\r\n*1\r\n$0\r\n\r\n  set  a \
                      \"b \\x41\\n\\\"\" 'c\\'d\\n'\n";
        let expected = [
            request(&["GET", "k"]),
            request(&["PING"]),
            request(&[""]),
            request(&["set", "a", "b A\n\"", "c'd\\n"]),
        ];
        for piece in 1..input.len() {
            assert_eq!(read(input, piece), (expected.to_vec(), None), "in pieces of {piece}");
        }
    }

    #[test]
    fn what_is_no_request_is_told_before_anything_is_kept_for_it() {
        let long = [b'x'; LINE_MAX];
        for (input, problem) in [
            (&b"*9\r\n"[..], "invalid multibulk length"),
            (b"*99999999999999999999\r\n", "invalid multibulk length"),
            (b"*x\r\n", "invalid multibulk length"),
            (b"*1\r\n:5\r\n", "expected '$', got ':'"),
            (b"*1\r\n*1\r\n", "expected '$', got '*'"),
            (b"*1\r\n$-1\r\n", "invalid bulk length, at most 64 bytes"),
            (b"*1\r\n$65\r\n", "invalid bulk length, at most 64 bytes"),
            (b"*1\r\n$9223372036854775807\r\n", "invalid bulk length, at most 64 bytes"),
            (b"*1\r\n$1\r\nabc", "a bulk string that does not end where it says"),
            (b"get \"a\n", "unbalanced quotes in request"),
            (b"get \"a\"b\n", "unbalanced quotes in request"),
            (b"get 'a\n", "unbalanced quotes in request"),
            (&long, "too big inline request"),
            (&[&b"*"[..], &long].concat(), "too big mbulk count string"),
            (&[&b"*1\r\n$"[..], &long].concat(), "too big bulk count string"),
        ] {
            let expected = Malformed(problem.into());
            assert_eq!(read(input, input.len()), (vec![], Some(expected)), "{:?}", &input[..4]);
        }
        let much = [&b"*2\r\n$60\r\n"[..], &[b'x'; 60], b"\r\n$60\r\n"].concat();
        let problem = Malformed("a request of more than 100 bytes".into());
        assert_eq!(read(&much, 7), (vec![], Some(problem)));
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_are_read_the_same_in_any_pieces(
            bytes in prop::collection::vec(
                prop_oneof![
                    prop::sample::select(b"*$\r\n\"'\\x0123456789".to_vec()),
                    any::<u8>(),
                ],
                0..200,
            ),
            piece in 1_usize..50,
        ) {
            prop_assert_eq!(read(&bytes, piece), read(&bytes, 1));
        }

        #[test]
        fn arbitrary_requests_are_read_as_they_were_meant(
            requests in prop::collection::vec(
                prop::collection::vec(prop::collection::vec(any::<u8>(), 0..12), 1..8), 0..5),
            piece in 1_usize..50,
        ) {
            let mut input = Vec::new();
            for request in &requests {
                input.extend_from_slice(format!("*{}\r\n", request.len()).as_bytes());
                for argument in request {
                    input.extend_from_slice(format!("${}\r\n", argument.len()).as_bytes());
                    input.extend_from_slice(argument);
                    input.extend_from_slice(b"\r\n");
                }
            }
            prop_assert_eq!(read(&input, piece), (requests, None));
        }
    }
}

//! Commands of the key-value store as text, for the scripts of clients: `put x=1; get x`.

use std::fmt;

use crate::kv::{Command, Text};

/// The kinds of commands, by the words that name them, and what follows each.
pub const FORMS: [(&str, &str); 4] =
    [("put", "KEY=VALUE"), ("get", "KEY"), ("cas", "KEY=OLD:NEW"), ("delete", "KEY")];

/// Why a text is no script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoScript(String);

impl fmt::Display for NoScript {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for NoScript {}

/// The commands of `script`, which has a semicolon between two of them.
///
/// # Errors
/// If there is none, or one has not the form of its word.
pub fn parse(script: &str) -> Result<Vec<Command>, NoScript> {
    let commands = script.split(';').map(str::trim).filter(|command| !command.is_empty());
    let commands = commands.map(|command| {
        let (word, rest) = command.split_once(char::is_whitespace).unwrap_or((command, ""));
        parse_command(word, rest)
    });
    let commands: Vec<Command> = commands.collect::<Result<_, _>>()?;
    if commands.is_empty() {
        return Err(NoScript("a script has at least one command".to_owned()));
    }
    Ok(commands)
}

/// The command that `word` names, with `rest` behind it.
///
/// # Errors
/// If there is no such word, or `rest` has not its form.
pub fn parse_command(word: &str, rest: &str) -> Result<Command, NoScript> {
    let rest = rest.trim();
    let Some((_, form)) = FORMS.iter().find(|(known, _)| *known == word) else {
        let known = FORMS.map(|(word, form)| format!("{word} {form}")).join(", ");
        return Err(NoScript(format!("there is no command {word:?}, only {known}")));
    };
    let key =
        |text: &str| (!text.is_empty() && !text.contains(['=', ';', ' '])).then(|| text.into());
    let value = |text: &str| -> Option<Text> { (!text.contains(';')).then(|| text.into()) };
    let pair = || rest.split_once('=');
    let command = match word {
        "put" => pair().and_then(|(k, v)| Some(Command::Put { key: key(k)?, value: value(v)? })),
        "cas" => pair().and_then(|(k, values)| {
            let (old, new) = values.split_once(':')?;
            Some(Command::Cas { key: key(k)?, old: value(old)?, new: value(new)? })
        }),
        "get" => key(rest).map(|key| Command::Get { key }),
        _ => key(rest).map(|key| Command::Delete { key }),
    };
    command.ok_or_else(|| NoScript(format!("{word} {rest:?} has not the form {word} {form}")))
}

/// The text that [`parse`] reads as these commands, if they were read from text.
pub fn text(script: &[Command]) -> String {
    let lossy = |text: &Text| String::from_utf8_lossy(text).into_owned();
    let words = script.iter().map(|command| match command {
        Command::Put { key, value } => format!("put {}={}", lossy(key), lossy(value)),
        Command::Get { key } => format!("get {}", lossy(key)),
        Command::Cas { key, old, new } => {
            format!("cas {}={}:{}", lossy(key), lossy(old), lossy(new))
        }
        Command::Delete { key } => format!("delete {}", lossy(key)),
        // No script has the others.
        other => format!("{other:?}"),
    });
    words.collect::<Vec<_>>().join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_is_read_back_as_it_is_written() {
        let script = "put x=1; get x; cas x=1:2; delete x; put y=a=b:c";
        let commands = parse(script).unwrap();
        assert_eq!(text(&commands), script);
        assert_eq!(commands[1], Command::Get { key: "x".into() });
        let cas = Command::Cas { key: "x".into(), old: "1".into(), new: "2".into() };
        assert_eq!(commands[2], cas);
        assert_eq!(commands[4], Command::Put { key: "y".into(), value: "a=b:c".into() });
        assert_eq!(parse(" put  x=1 ;; get x;").unwrap(), parse("put x=1; get x").unwrap());
        let spaces = [parse_command("put", " x= \t1 ").unwrap()];
        assert_eq!(parse(&text(&spaces)).unwrap(), spaces);
        assert_eq!(parse("put x=").unwrap(), [Command::Put { key: "x".into(), value: "".into() }]);
    }

    #[test]
    fn what_is_no_script_is_told_what_is_one() {
        for (script, words) in [
            ("", "at least one"),
            (" ; ", "at least one"),
            ("put x", "put KEY=VALUE"),
            ("put =1", "put KEY=VALUE"),
            ("cas x=1", "cas KEY=OLD:NEW"),
            ("get", "get KEY"),
            ("get x=1", "get KEY"),
            ("get x y", "get KEY"),
            ("read x", "there is no command \"read\""),
        ] {
            let error = parse(script).unwrap_err().to_string();
            assert!(error.contains(words), "{script}: {error}");
        }
    }
}

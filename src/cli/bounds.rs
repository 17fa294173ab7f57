//! The bounds of a spec that is in no list, as arguments: `--servers 3 --elections 2 --put x=1`.

use std::ops::RangeInclusive;

use clap::{Arg, ArgAction, ArgMatches, Command, Error, FromArgMatches, value_parser};
use quorate_models::bounds::{Bounds, COUNTS};
use quorate_models::kv;
use quorate_models::script;

use super::exit::{Code, Failure};
use super::specs::Selected;
use crate::node::UNNAMED;

/// Where `--help` shows them.
const HEADING: &str = "Bounds of a spec that is in no list: name its protocol, then these";

/// What the flags do that are a command each.
const OWN_CLIENT: &str = "A command of one client, which submits all of these in their order";

/// The bounds that the arguments ask for. Every flag of [`COUNTS`] is here by itself.
#[derive(Clone, Debug, Default)]
pub struct BoundsArgs(Bounds);

impl BoundsArgs {
    /// The spec that is asked for, if one is.
    ///
    /// # Errors
    /// If `words` are not one protocol, or that has not all of these bounds.
    pub fn custom(&self, words: &[String]) -> Result<Option<Selected>, Failure> {
        if self.0.is_empty() {
            return Ok(None);
        }
        let arguments = self.0.arguments().join(" ");
        let protocol = match words {
            [word] if !word.trim_end_matches('/').contains('/') => word.trim_end_matches('/'),
            [word] if word.contains('/') => {
                let message = format!(
                    "{word} has bounds of its own; those of the command line ({arguments}) are for \
                     a protocol, such as {UNNAMED}"
                );
                return Err(Failure::new(Code::Usage, message));
            }
            _ => {
                let message =
                    format!("{arguments}: bounds are for one protocol; name it, such as {UNNAMED}");
                return Err(Failure::new(Code::Usage, message));
            }
        };
        let spec = quorate_models::custom(protocol, &self.0)
            .map_err(|refused| Failure::new(Code::Usage, refused))?;
        let words = format!("{protocol} {arguments}");
        Ok(Some(Selected { spec, words, custom: true }))
    }
}

impl clap::Args for BoundsArgs {
    fn augment_args(mut command: Command) -> Command {
        for count in COUNTS {
            let (least, most) = count.range;
            let parser = value_parser!(u8).range(i64::from(least)..=i64::from(most));
            let arg = Arg::new(count.name).long(count.name).value_name("N").help(count.help);
            command = command.arg(arg.value_parser(parser).help_heading(HEADING));
        }
        for (word, form) in script::FORMS {
            let arg = Arg::new(word).long(word).value_name(form).help(OWN_CLIENT);
            let arg = arg
                .action(ArgAction::Append)
                .value_parser(move |rest: &str| script::parse_command(word, rest));
            command = command.arg(arg.help_heading(HEADING));
        }
        let client = Arg::new("client")
            .long("client")
            .value_name("SCRIPT")
            .help("What one client submits, such as 'put x=1; get x'; once for each client")
            .action(ArgAction::Append)
            .value_parser(script::parse);
        let live = Arg::new("live")
            .long("live")
            .help("Ask what happens in every fair run, on the clock; not what never happens")
            .action(ArgAction::SetTrue);
        let recovery = Arg::new("recovery")
            .long("recovery")
            .value_name("TICKS")
            .help(
                "With --live: after how many ticks crashed servers are back, 1-4 [default: never]",
            )
            .value_parser(ticks);
        let others = [client, live, recovery].map(|arg| arg.help_heading(HEADING));
        command.args(others)
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for BoundsArgs {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, Error> {
        let counts = COUNTS
            .iter()
            .filter_map(|count| Some((count.name, *matches.get_one::<u8>(count.name)?)));
        let mut scripts: Vec<Vec<kv::Command>> =
            matches.get_many("client").into_iter().flatten().cloned().collect();
        let own = in_order(matches);
        if !own.is_empty() {
            scripts.push(own);
        }
        Ok(BoundsArgs(Bounds {
            counts: counts.collect(),
            scripts,
            live: matches.get_flag("live"),
            recovery: matches.get_one("recovery").cloned(),
        }))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

/// The commands that have a flag each, in the order of the command line.
fn in_order(matches: &ArgMatches) -> Vec<kv::Command> {
    let mut placed: Vec<(usize, kv::Command)> = Vec::new();
    for (word, _) in script::FORMS {
        let places = matches.indices_of(word).into_iter().flatten();
        let commands = matches.get_many::<kv::Command>(word).into_iter().flatten();
        placed.extend(places.zip(commands.cloned()));
    }
    placed.sort_by_key(|(place, _)| *place);
    placed.into_iter().map(|(_, command)| command).collect()
}

/// "4" or "1-4".
fn ticks(text: &str) -> Result<RangeInclusive<u8>, String> {
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    let number = |text: &str| text.trim().parse::<u8>().ok();
    match (number(first), number(last)) {
        (Some(first), Some(last)) if first <= last && last > 0 => Ok(first..=last),
        _ => Err("not a number of ticks, nor two with a dash between, such as 1-4".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Cli {
        words: Vec<String>,
        #[command(flatten)]
        bounds: BoundsArgs,
    }

    fn parsed(line: &[&str]) -> Cli {
        Cli::try_parse_from(["quorate"].iter().chain(line)).unwrap()
    }

    #[test]
    fn commands_keep_the_order_of_the_command_line_and_clients_are_apart() {
        let cli = parsed(&[
            "raft",
            "--get",
            "x",
            "--put",
            "x=1",
            "--client",
            "get y",
            "--get",
            "x",
            "--servers",
            "5",
            "--cas",
            "x=1:2",
        ]);
        let script = |text| script::parse(text).unwrap();
        let bounds = &cli.bounds.0;
        let expected = [script("get y"), script("get x; put x=1; get x; cas x=1:2")];
        assert_eq!(bounds.scripts, expected);
        assert_eq!(bounds.counts, [("servers", 5)].into());
        assert!(cli.bounds.custom(&cli.words).unwrap().unwrap().custom);
        assert!(parsed(&["raft"]).bounds.custom(&[]).unwrap().is_none());
    }

    #[test]
    fn what_is_asked_for_can_be_asked_for_again_in_its_own_words() {
        let all = &[
            "raft",
            "--servers",
            "5",
            "--crashes",
            "2",
            "--early",
            "1",
            "--live",
            "--recovery",
            "2",
            "--put",
            "x=a=b",
            "--client",
            "delete x",
        ];
        let bounds = parsed(all).bounds.0;
        let words = bounds.arguments().join(" ");
        // As a shell splits them: what is in quotes is one word.
        let split = words.split('\'').enumerate().flat_map(|(index, part)| match index % 2 {
            0 => part.split_whitespace().map(str::to_owned).collect::<Vec<_>>(),
            _ => vec![part.to_owned()],
        });
        let split: Vec<String> = split.collect();
        let again = parsed(&split.iter().map(String::as_str).collect::<Vec<_>>());
        assert_eq!(again.bounds.0, bounds);
    }

    #[test]
    fn ticks_are_a_number_or_a_range() {
        assert_eq!(ticks("4"), Ok(4..=4));
        assert_eq!(ticks("1-4"), Ok(1..=4));
        for wrong in ["", "0", "4-1", "x", "1-", "-1", "300"] {
            assert!(ticks(wrong).is_err(), "{wrong}");
        }
    }
}

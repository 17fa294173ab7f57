//! Whether a line of a script means a step.

/// How well a line of a script fits a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Fit {
    Not,
    /// It is a part of the step's words.
    Part,
    Whole,
}

/// What a trace says of a duplicate, without spaces.
const KEPT: &str = "(aduplicatestaysinflight)";

/// How well `words` fit the step that a trace tells as `line`.
pub(super) fn fit(words: &str, line: &str) -> Fit {
    let (words, line) = (squeezed(words), squeezed(line));
    if words == line {
        return Fit::Whole;
    }
    let (words, line) = match (words.strip_suffix(KEPT), line.strip_suffix(KEPT)) {
        (Some(words), Some(line)) => (words, line),
        (None, None) => (&*words, &*line),
        _ => return Fit::Not,
    };
    let mut pieces = words.split("...");
    let mut rest = match line.strip_prefix(pieces.next().unwrap_or_default()) {
        Some(rest) => rest,
        None => return Fit::Not,
    };
    for piece in pieces {
        rest = match rest.split_once(piece) {
            Some((_, rest)) => rest,
            None => return Fit::Not,
        };
    }
    let breaks_a_word = words.ends_with(char::is_alphanumeric)
        && rest.starts_with(|letter: char| letter.is_alphanumeric());
    if breaks_a_word { Fit::Not } else { Fit::Part }
}

/// Without spaces: a trace breaks its lines, within a word if that is long. And with one arrow.
fn squeezed(text: &str) -> String {
    let text: String = text.chars().filter(|letter| !letter.is_whitespace()).collect();
    text.replace("->", "→")
}

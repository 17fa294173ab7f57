//! Lays out a one-line `Debug` text for reading: what fits on a line stays on it.

/// As wide as the Explorer shows without scrolling.
const WIDTH: usize = 90;

/// How far the parts of what is broken up stand in.
const STEP: usize = 4;

/// `text` broken where it must be, for a line that already has `indent` characters.
pub(super) fn laid_out(text: &str, indent: usize) -> String {
    let fits = indent + text.chars().count() <= WIDTH;
    let Some(group) = Group::longest(text).filter(|group| !fits && !group.items.is_empty()) else {
        return text.to_owned();
    };
    let Group { head, items, tail } = group;
    // A wrapper, Some(...) or Server(...), is not worth a level of its own.
    if let [item] = items[..]
        && head.ends_with('(')
    {
        return format!("{head}{}{tail}", laid_out(item, indent));
    }
    let mut lines = format!("{head}\n");
    for item in items {
        let item = laid_out(item, indent + STEP);
        lines.push_str(&format!("{:1$}{item},\n", "", indent + STEP));
    }
    format!("{lines}{:indent$}{tail}", "")
}

/// A struct, tuple, list, set or map.
struct Group<'a> {
    /// All up to the bracket that opens it.
    head: &'a str,
    items: Vec<&'a str>,
    /// The bracket that closes it, and all after.
    tail: &'a str,
}

impl<'a> Group<'a> {
    /// The longest group in `text`, as the key of a map may be one, too; `None` if brackets do not
    /// match, as anything can implement `Debug`.
    fn longest(text: &'a str) -> Option<Self> {
        let mut longest: Option<Self> = None;
        let mut from = 0;
        while let Some(start) = text[from..].find(['{', '[', '(']) {
            let group = Self::opened(text, from + start + 1)?;
            from = text.len() - group.tail.len() + 1;
            if longest.as_ref().is_none_or(|other| group.size(text) > other.size(text)) {
                longest = Some(group);
            }
        }
        longest
    }

    fn size(&self, text: &str) -> usize {
        text.len() - self.head.len() - self.tail.len()
    }

    /// The group whose bracket is just before `start`.
    fn opened(text: &'a str, start: usize) -> Option<Self> {
        let mut items = Vec::new();
        let mut item = start;
        let mut depth = 0;
        let mut chars = text[start..].char_indices();
        while let Some((at, letter)) = chars.next() {
            let at = start + at;
            match letter {
                '"' => loop {
                    match chars.next()?.1 {
                        '"' => break,
                        '\\' => drop(chars.next()),
                        _ => {}
                    }
                },
                '{' | '[' | '(' => depth += 1,
                ',' if depth == 0 => {
                    items.push(text[item..at].trim());
                    item = at + 1;
                }
                '}' | ']' | ')' if depth == 0 => {
                    items.push(text[item..at].trim());
                    items.retain(|item| !item.is_empty());
                    let (head, tail) = (&text[..start], &text[at..]);
                    return Some(Group { head, items, tail });
                }
                '}' | ']' | ')' => depth -= 1,
                _ => {}
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_does_not_fit_is_broken() {
        let short = "Some(Entry { term: 1, index: 2 })";
        assert_eq!(laid_out(short, 0), short);
        let log = ["1:NoOp"; 9].join(", ");
        let long = format!("Server(State {{ term: 1, log: [{log}], role: Follower {{}} }})");
        let expected = format!(
            "Server(State {{\n    term: 1,\n    log: [{log}],\n    role: Follower {{}},\n}})"
        );
        assert_eq!(laid_out(&long, 0), expected);
        let keyed = format!("Id(0): {long}");
        assert_eq!(laid_out(&keyed, 0), format!("Id(0): {expected}"));
    }

    #[test]
    fn what_is_quoted_or_does_not_match_is_left_alone() {
        let quoted = format!("Put({{\"{}]\\\"}}\": 1, \"b\": 2}})", "a".repeat(WIDTH));
        assert_eq!(laid_out(&quoted, 0).lines().count(), 4);
        let odd = format!("({}", "a".repeat(WIDTH));
        assert_eq!(laid_out(&odd, 0), odd);
    }
}

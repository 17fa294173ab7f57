//! Reads one-line `Debug` texts just far enough to say what differs between two of them.
//!
//! Anything can implement `Debug`, so whatever does not look like derived output is taken as a
//! whole: the worst that can happen is a longer text.

/// A struct, tuple, list, set or map.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Group<'a> {
    /// `Follower` in `Follower { term: 1 }`; may be empty.
    pub(super) name: &'a str,
    open: char,
    pub(super) items: Vec<Item<'a>>,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) struct Item<'a> {
    /// The field name or map key.
    pub(super) key: Option<&'a str>,
    pub(super) value: &'a str,
}

/// Old and new text this short are shown as they are: one sees the difference.
const SHORT: usize = 24;

/// What differs, each as `path: old → new`, or as what was added and removed.
pub(crate) fn differences(old: &str, new: &str) -> Vec<String> {
    let mut found = Vec::new();
    if old != new {
        compare("", old, new, &mut found);
        // The same parts, written in another way: say at least that there is a change.
        if found.is_empty() {
            found.push(format!("{old} → {new}"));
        }
    }
    found
}

fn compare(path: &str, old: &str, new: &str, found: &mut Vec<String>) {
    let short = old.chars().count().max(new.chars().count()) <= SHORT;
    let groups = if short && !path.is_empty() {
        None
    } else {
        Group::parse(old).zip(Group::parse(new)).filter(|(old, new)| old.is_like(new))
    };
    match groups {
        Some((old, new)) if old.is_fixed() && old.keys().eq(new.keys()) => {
            for (index, (before, after)) in old.items.iter().zip(&new.items).enumerate() {
                if before.value != after.value {
                    let path = old.path_of(path, index);
                    compare(&path, before.value, after.value, found);
                }
            }
        }
        Some((old, new)) if !old.is_fixed() => compare_collections(path, &old, &new, found),
        _ => found.push(labelled(path, &format!("{old} → {new}"))),
    }
}

/// Lists that grow, sets and maps: what came and what went. Any other two lists as a whole.
fn compare_collections(path: &str, old: &Group, new: &Group, found: &mut Vec<String>) {
    let is_list = old.open == '[';
    if is_list && !new.items.starts_with(&old.items) && !old.items.starts_with(&new.items) {
        if old.items.len() == new.items.len() {
            for (index, (before, after)) in old.items.iter().zip(&new.items).enumerate() {
                if before.value != after.value {
                    compare(&format!("{path}[{index}]"), before.value, after.value, found);
                }
            }
        } else {
            found.push(labelled(path, &format!("[{}] → [{}]", old.list(), new.list())));
        }
        return;
    }
    let common = if is_list { old.items.len().min(new.items.len()) } else { 0 };
    for item in &old.items[common..] {
        match new.items.iter().find(|other| !is_list && other.same_key(item)) {
            None => found.push(labelled(path, &format!("− {}", item.text()))),
            Some(after) if after.value != item.value => {
                let path = format!("{path}[{}]", item.key.unwrap_or_default());
                compare(&path, item.value, after.value, found);
            }
            Some(_) => {}
        }
    }
    for item in &new.items[common..] {
        if is_list || !old.items.iter().any(|other| other.same_key(item)) {
            found.push(labelled(path, &format!("+ {}", item.text())));
        }
    }
}

fn labelled(path: &str, text: &str) -> String {
    if path.is_empty() { text.to_owned() } else { format!("{path}: {text}") }
}

impl<'a> Group<'a> {
    /// The group that `text` is from its first to its last letter.
    pub(super) fn parse(text: &'a str) -> Option<Self> {
        let start = text.find(['{', '[', '('])?;
        let name = text[..start].trim_end();
        let open = text[start..].chars().next()?;
        let is_word = |c: char| c.is_alphanumeric() || "_:<>".contains(c);
        let is_name = !name.starts_with(|c: char| c.is_ascii_digit()) && name.chars().all(is_word);
        if !is_name || !text.ends_with(closing(open)) {
            return None;
        }
        let content = &text[start + 1..text.len() - 1];
        let items = split(content, ',')?
            .into_iter()
            .map(str::trim)
            .filter(|item| !item.is_empty())
            .map(|item| Item::parse(item, open))
            .collect();
        Some(Self { name, open, items })
    }

    /// What a tuple of one part wraps.
    pub(super) fn wrapped(&self) -> Option<&'a str> {
        match self.items[..] {
            [Item { key: None, value }] if self.open == '(' => Some(value),
            _ => None,
        }
    }

    /// Whether it is a struct whose parts have names.
    pub(super) fn is_struct(&self) -> bool {
        self.open == '{' && !self.name.is_empty()
    }

    /// The same with these parts in the place of its own.
    pub(super) fn with_items(&self, items: &[String]) -> String {
        let (open, close, items) = (self.open, closing(self.open), items.join(", "));
        if self.is_struct() && !items.is_empty() {
            format!("{} {open} {items} {close}", self.name)
        } else {
            format!("{}{open}{items}{close}", self.name)
        }
    }

    fn is_like(&self, other: &Self) -> bool {
        self.name == other.name && self.open == other.open
    }

    /// Whether it is a struct or tuple, whose parts are always the same.
    fn is_fixed(&self) -> bool {
        self.open == '(' || !self.name.is_empty()
    }

    fn keys(&self) -> impl Iterator<Item = Option<&str>> {
        self.items.iter().map(|item| item.key)
    }

    fn list(&self) -> String {
        self.items.iter().map(Item::text).collect::<Vec<_>>().join(", ")
    }

    fn path_of(&self, path: &str, index: usize) -> String {
        let step = match self.items[index].key {
            Some(key) => key.to_owned(),
            // A variant with one part is a wrapper: what is in it needs no name.
            None if self.items.len() == 1 => return path.to_owned(),
            None => index.to_string(),
        };
        if path.is_empty() { step } else { format!("{path}.{step}") }
    }
}

impl<'a> Item<'a> {
    fn parse(text: &'a str, open: char) -> Self {
        let parts = if open == '{' { split(text, ':') } else { None };
        match parts.as_deref() {
            Some([key, _, ..]) => {
                Self { key: Some(key), value: text[key.len() + 1..].trim_start() }
            }
            _ => Self { key: None, value: text },
        }
    }

    fn same_key(&self, other: &Self) -> bool {
        self.key == other.key && (self.key.is_some() || self.value == other.value)
    }

    fn text(&self) -> String {
        labelled(self.key.unwrap_or_default(), self.value)
    }
}

fn closing(open: char) -> char {
    match open {
        '{' => '}',
        '[' => ']',
        _ => ')',
    }
}

/// Splits where `separator` is outside of all brackets and quotes; `None` if they do not match.
fn split(text: &str, separator: char) -> Option<Vec<&str>> {
    let mut parts = Vec::new();
    let mut start = 0;
    let mut expected = Vec::new();
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '{' | '[' | '(' => expected.push(closing(c)),
            '}' | ']' | ')' => {
                expected.pop().filter(|&expected| expected == c)?;
            }
            '"' | '\'' => loop {
                match chars.next()?.1 {
                    '\\' => _ = chars.next()?,
                    end if end == c => break,
                    _ => {}
                }
            },
            _ if c == separator && expected.is_empty() => {
                parts.push(&text[start..at]);
                start = at + c.len_utf8();
            }
            _ => {}
        }
    }
    parts.push(&text[start..]);
    expected.is_empty().then_some(parts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn differences_name_what_changed() {
        let cases: &[(&str, &str, &[&str])] = &[
            ("A { x: 1, y: 2 }", "A { x: 1, y: 2 }", &[]),
            ("A { x: 1, y: 2 }", "A { x: 1, y: 3 }", &["y: 2 → 3"]),
            ("A { x: 1 }", "B { x: 1 }", &["A { x: 1 } → B { x: 1 }"]),
            ("S(A { x: \"a, b}\", y: 1 })", "S(A { x: \"c\", y: 1 })", &["x: \"a, b}\" → \"c\""]),
            ("A { l: [1, 2] }", "A { l: [1, 2, 3] }", &["l: [1, 2] → [1, 2, 3]"]),
            ("[1, 2]", "[1, 2, 3]", &["+ 3"]),
            ("[1, 2]", "[1]", &["− 2"]),
            ("[1, 2]", "[2]", &["[1, 2] → [2]"]),
            ("{1: A, 2: B}", "{2: C, 3: D}", &["− 1: A", "[2]: B → C", "+ 3: D"]),
            ("{1, 2}", "{2, 3}", &["− 1", "+ 3"]),
            ("P(1, 2)", "P(1, 3)", &["1: 2 → 3"]),
            ("{1, 2}", "{2, 1}", &["{1, 2} → {2, 1}"]),
            ("odd {", "odd }", &["odd { → odd }"]),
        ];
        for (old, new, expected) in cases {
            assert_eq!(differences(old, new), *expected, "{old} to {new}");
        }
    }
}

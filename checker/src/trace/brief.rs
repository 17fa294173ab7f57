//! Says in few words what a one-line `Debug` text says: for labels, and for the cells of a table.
//!
//! The name of a type is left out where it says no more than the name of its field, as in
//! `session: Session(3)`.

use super::debug_text::{Group, Item};

/// The name of a message and what is in it, without the variants that merely wrap it:
/// `RequestVote` and `term 1, last 0` for `Wire(RequestVote { term: 1, last: 0 })`. What takes more
/// than a word comes first, as that is what the message is there to carry.
pub(crate) fn headline(text: &str) -> (&str, String) {
    let text = text.trim();
    let Some(group) = Group::parse(text).filter(|group| !group.name.is_empty()) else {
        return (text, String::new());
    };
    if let Some(inner) = group.wrapped()
        && Group::parse(inner).is_some_and(|inner| !inner.name.is_empty())
    {
        return headline(inner);
    }
    let mut items: Vec<&Item> = group.items.iter().collect();
    items.sort_by_key(|item| !value(item.key, item.value).contains(' '));
    (group.name, parts(items).join(", "))
}

/// A message or another value on one line.
pub(crate) fn brief(text: &str) -> String {
    let (name, details) = headline(text);
    if details.is_empty() { name.to_owned() } else { format!("{name} {details}") }
}

/// The name of a struct, and its parts by their names, those of the structs in it as `outer.inner`.
/// A part whose type is not named like it, as that of an enum, stays whole. What is no struct has
/// one part, and neither has a name.
pub(crate) fn fields(text: &str) -> (String, Vec<(String, String)>) {
    let mut inner = text.trim();
    while let Some(next) = Group::parse(inner).and_then(|group| group.wrapped()) {
        inner = next;
    }
    let mut found = Vec::new();
    match Group::parse(inner).filter(Group::is_struct) {
        Some(group) => {
            collect("", &group, &mut found);
            (group.name.to_owned(), found)
        }
        None => (String::new(), vec![(String::new(), brief(text))]),
    }
}

fn collect(path: &str, group: &Group, found: &mut Vec<(String, String)>) {
    for item in &group.items {
        let key = item.key.unwrap_or_default();
        match Group::parse(item.value) {
            Some(inner) if inner.is_struct() && is_named_like(inner.name, key) => {
                collect(&format!("{path}{key}."), &inner, found);
            }
            _ => found.push((format!("{path}{key}"), value(item.key, item.value))),
        }
    }
}

/// The value of a field or an item.
fn value(key: Option<&str>, text: &str) -> String {
    let Some(group) = Group::parse(text) else {
        return text.to_owned();
    };
    let says_nothing =
        group.name == "Some" || key.is_some_and(|key| is_named_like(group.name, key));
    if let Some(inner) = group.wrapped().filter(|_| says_nothing) {
        return value(key, inner);
    }
    // A variant on its own reads well without its braces; in a list they keep it together.
    if group.is_struct() && key.is_some() {
        return format!("{} {}", group.name, parts(&group.items).join(", "));
    }
    group.with_items(&collection(&group))
}

/// The items of a list, set, map or tuple. Where all are structs of one type, the name of that says
/// nothing.
fn collection(group: &Group) -> Vec<String> {
    let inner = group.items.iter().filter_map(|item| Group::parse(item.value));
    let structs: Vec<Group> = inner.filter(Group::is_struct).collect();
    let is_alike = group.name.is_empty() && structs.len() == group.items.len();
    let is_alike = is_alike && structs.iter().all(|other| other.name == structs[0].name);
    let values: Vec<String> = if is_alike {
        structs.iter().map(|inner| parts(&inner.items).join(" ")).collect()
    } else {
        group.items.iter().map(|item| value(None, item.value)).collect()
    };
    let keys = group.items.iter().map(|item| item.key);
    keys.zip(values)
        .map(|(key, value)| key.map_or(value.clone(), |key| format!("{key}: {value}")))
        .collect()
}

/// Each part with its name.
fn parts<'a>(items: impl IntoIterator<Item = &'a Item<'a>>) -> Vec<String> {
    let part = |item: &Item| {
        let value = value(item.key, item.value);
        item.key.map_or(value.clone(), |key| format!("{key} {value}"))
    };
    items.into_iter().map(part).collect()
}

/// Whether `VotedFor` is the type of `voted_for`.
fn is_named_like(name: &str, key: &str) -> bool {
    let key = key.chars().filter(|&c| c != '_');
    key.flat_map(char::to_lowercase).eq(name.chars().flat_map(char::to_lowercase))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_headline_is_the_innermost_name_and_what_it_carries() {
        let cases = [
            ("Wire(RequestVote { term: 1, last: 0 })", "RequestVote", "term 1, last 0"),
            ("Append { term: 1, entries: [1:put x] }", "Append", "entries [1:put x], term 1"),
            ("Ask { session: Session(3), what: get x }", "Ask", "what get x, session 3"),
            ("Ask { first_id: FirstId(3), id: Other(4) }", "Ask", "first_id 3, id Other(4)"),
            ("Reply { leader: Some(S1), other: None }", "Reply", "leader S1, other None"),
            ("Reply { of: Redirect { leader: Some(S1) } }", "Reply", "of Redirect leader S1"),
            ("Pair((1, 2))", "Pair", "(1, 2)"),
            ("Vote(3)", "Vote", "3"),
            ("Ping", "Ping", ""),
            ("{1, 2}", "{1, 2}", ""),
            ("Append { entries: [1:{S1, S2}] }", "Append", "entries [1:{S1, S2}]"),
            ("odd {", "odd {", ""),
        ];
        for (text, name, details) in cases {
            assert_eq!(headline(text), (name, details.to_owned()), "{text}");
        }
        assert_eq!(brief("Wire(RequestVote { term: 1 })"), "RequestVote term 1");
        assert_eq!(brief("Ping"), "Ping");
    }

    #[test]
    fn fields_are_those_of_the_struct_and_of_the_structs_in_it() {
        let role = "role: Leader { followers: {S2: Progress { next: 2, matched: Some(1) }} }";
        let store = "my_store: MyStore { term: 1, vote: Some(S1), log: [1:NoOp] }";
        let server = format!("Server(State {{ {store}, {role} }})");
        type Parts<'a> = &'a [(&'a str, &'a str)];
        let cases: &[(&str, &str, Parts)] = &[
            (
                &server,
                "State",
                &[
                    ("my_store.term", "1"),
                    ("my_store.vote", "S1"),
                    ("my_store.log", "[1:NoOp]"),
                    ("role", "Leader followers {S2: next 2 matched 1}"),
                ],
            ),
            (
                "State { kv: Kv({x: 1}), machine: Kv({}) }",
                "State",
                &[("kv", "{x: 1}"), ("machine", "Kv({})")],
            ),
            ("S { answer: Deleted { existed: true } }", "S", &[("answer", "Deleted existed true")]),
            ("7", "", &[("", "7")]),
            ("[1, 2]", "", &[("", "[1, 2]")]),
            ("Counter(7)", "", &[("", "Counter 7")]),
        ];
        for (text, name, expected) in cases {
            let (kind, found) = fields(text);
            let found: Vec<_> = found.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
            assert_eq!((kind.as_str(), &found[..]), (*name, *expected), "{text}");
        }
    }
}

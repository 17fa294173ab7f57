//! Names for people: `Id(0)` is S1.

/// The names of `count` actors, of which the first `servers` are servers.
pub(super) fn of_actors(servers: usize, count: usize) -> Vec<String> {
    let server = |index: usize| format!("S{}", index + 1);
    let client = |index: usize| format!("C{}", index + 1 - servers);
    (0..count).map(|index| if index < servers { server(index) } else { client(index) }).collect()
}

/// `text` with every `Id(n)` replaced by the name of actor `n`, as far as it has one.
pub fn with_names(text: &str, names: &[String]) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find("Id(") {
        let (before, id) = rest.split_at(start);
        out.push_str(before);
        let digits = &id[3..];
        let end = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
        let name = digits[..end].parse::<usize>().ok().and_then(|index| names.get(index));
        match name {
            Some(name) if digits[end..].starts_with(')') => {
                out.push_str(name);
                rest = &digits[end + 1..];
            }
            _ => {
                out.push_str("Id(");
                rest = digits;
            }
        }
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::with_names;

    #[test]
    fn ids_become_names_and_all_else_stays() {
        let names = ["S1".to_owned(), "C1".to_owned()];
        let text = "Id(0) asks Some(Id(1)), Id(2), Id(x) and Id(";
        assert_eq!(with_names(text, &names), "S1 asks Some(C1), Id(2), Id(x) and Id(");
    }
}

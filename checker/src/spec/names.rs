//! Names for people: `Id(0)` is S1.

/// The names of `count` actors, of which the first `servers` are servers and the last `operators`
/// are operators.
pub(super) fn of_actors(servers: usize, operators: usize, count: usize) -> Vec<String> {
    let kinds = [('S', servers), ('C', count - servers - operators), ('O', operators)];
    kinds.iter().flat_map(|(kind, all)| (1..=*all).map(move |n| format!("{kind}{n}"))).collect()
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
    use super::{of_actors, with_names};

    #[test]
    fn each_kind_of_actors_is_numbered_from_1() {
        assert_eq!(of_actors(2, 1, 4), ["S1", "S2", "C1", "O1"]);
        assert_eq!(of_actors(1, 0, 3), ["S1", "C1", "C2"]);
    }

    #[test]
    fn ids_become_names_and_all_else_stays() {
        let names = ["S1".to_owned(), "C1".to_owned()];
        let text = "Id(0) asks Some(Id(1)), Id(2), Id(x) and Id(";
        assert_eq!(with_names(text, &names), "S1 asks Some(C1), Id(2), Id(x) and Id(");
    }
}

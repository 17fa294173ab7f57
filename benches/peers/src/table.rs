//! What was measured, for a person: quorate, etcd, and how they compare.

use crate::cell::Figures;

/// The heads of the columns.
pub fn head() -> String {
    let groups = ["a second", "p50 ms", "p99 ms", "server CPU us"];
    let groups: String = groups.iter().map(|name| format!(" |{name:^20}")).collect();
    let columns = format!(" |{:>7}{:>7}{:>6}", "quorate", "etcd", "ratio").repeat(4);
    format!("{:<17}{groups}\n{:<17}{columns}", "", "")
}

/// The line of one cell. A ratio is quorate's figure by etcd's.
pub fn line(name: &str, quorate: &Figures, etcd: &Figures) -> String {
    let pairs = [
        (quorate.per_second, etcd.per_second, 0),
        (quorate.p50, etcd.p50, 2),
        (quorate.p99, etcd.p99, 2),
        (quorate.cpu, etcd.cpu, 0),
    ];
    let pair = |(ours, theirs, digits): (f64, f64, usize)| {
        format!(" |{ours:>7.digits$}{theirs:>7.digits$}{:>6.2}", ours / theirs)
    };
    let pairs: String = pairs.into_iter().map(pair).collect();
    format!("{name:<17}{pairs}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_as_wide_as_its_head() {
        let ours = Figures { per_second: 30_000.4, p50: 1.5, p99: 4.0, cpu: 50.0, client_cpu: 9.0 };
        let theirs = Figures { per_second: 10_000.0, p50: 3.0, p99: 2.0, cpu: 100.0, ..ours };
        let line = line("write 100 B    64", &ours, &theirs);
        let head = head();
        assert!(head.lines().all(|head| head.chars().count() == line.chars().count()), "{head}");
        let numbers: Vec<_> = line.split_whitespace().skip(4).collect();
        let expected = "| 30000 10000 3.00 | 1.50 3.00 0.50 | 4.00 2.00 2.00 | 50 100 0.50";
        assert_eq!(numbers, expected.split(' ').collect::<Vec<_>>());
        assert!(line.len() <= 110);
    }
}

//! The text of what was parsed.

use syn::spanned::Spanned;

/// The text of `node` as it was written in `source`, from which it was parsed.
pub fn text_of(source: &str, node: &impl Spanned) -> String {
    source[node.span().byte_range()].to_owned()
}

/// `text` on one line and without comments, as it is listed.
pub fn on_one_line(text: &str) -> String {
    let lines = text.lines().map(|line| line.split("//").next().unwrap_or_default());
    let line = lines.flat_map(str::split_whitespace).collect::<Vec<_>>().join(" ");
    // What a line break stood for.
    line.replace("( ", "(").replace(" .", ".").replace(", )", ")").replace(" )", ")")
}

/// The crate root `text`, to be included in another: without its `//!` and `#![..]`, which only
/// begin a file, and with no lint for what is generated.
pub fn at_the_root(text: &str) -> String {
    let lines = text.lines().filter(|line| !line.starts_with("//!") && !line.starts_with("#!["));
    let allowed = |line: &str| match line.starts_with("pub mod") {
        true => format!("#[allow(warnings, clippy::all)]\n{line}\n"),
        false => format!("{line}\n"),
    };
    lines.map(allowed).collect()
}

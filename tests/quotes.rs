//! What the pages quote, in Rust or of a scenario, is in the sources, line for line.

const PAGES: &[&str] = &[include_str!("../README.md"), include_str!("../CONTRIBUTING.md")];

/// What the pages quote from.
const SOURCES: &[&str] = &[
    include_str!("../examples/client.rs"),
    include_str!("../examples/own_machine.rs"),
    include_str!("../examples/own_protocol.rs"),
    include_str!("../examples/stateright_model.rs"),
    include_str!("../examples/tokio_client.rs"),
    include_str!("primary_backup/rules.rs"),
    include_str!("raft/scenarios/campaign.txt"),
];

/// The lines of `text`, without indent: a quote begins at the margin.
fn lines(text: &str) -> Vec<&str> {
    text.lines().map(str::trim).collect()
}

/// The blocks of Rust and of scenarios on a page.
fn quotes(page: &str) -> impl Iterator<Item = &str> {
    let blocks = ["```rust\n", "```scenario\n"].into_iter();
    let blocks = blocks.flat_map(|begin| page.split(begin).skip(1));
    blocks.map(|rest| rest.split("```").next().expect("a split has a first part"))
}

/// True if these lines follow each other in one of the sources.
fn is_quoted(quote: &str) -> bool {
    let quote = lines(quote);
    SOURCES.iter().any(|source| lines(source).windows(quote.len()).any(|lines| lines == quote))
}

#[test]
fn every_quote_is_in_a_source() {
    for page in PAGES {
        assert!(quotes(page).next().is_some(), "the page quotes something");
        for quote in quotes(page) {
            assert!(is_quoted(quote), "not in a source:\n{quote}");
        }
    }
}

#[test]
fn a_quote_that_differs_is_found() {
    let page = "```rust\nreturn Err(());\n```\nand\n```rust\nreturn Err(2);\n```\n";
    let found: Vec<bool> = quotes(page).map(is_quoted).collect();
    assert_eq!(found, [true, false]);
}

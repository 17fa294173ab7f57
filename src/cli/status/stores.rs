//! Which nodes have lost their stores, found out by whoever asks them all: without a leader none of
//! the nodes knows it.
//!
//! Each node tells which store it has, and which store each of the others has by the configuration
//! that it knows. An older configuration is no witness: since then a node may have been removed,
//! and added again with a new store.

use std::collections::BTreeMap;
use std::path::Path;

use quorate_models::quorum::is_majority;
use serde::Deserialize;
use serde_json::Value;

use super::ask::Row;

/// What a node says of stores. Their numbers are written as `/status` writes them.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Stores {
    /// That of the node.
    #[serde(rename = "store")]
    own: String,
    /// By node, the one on record.
    #[serde(rename = "stores_recorded")]
    recorded: BTreeMap<u64, String>,
    /// The greater, the newer the record.
    #[serde(rename = "stores_as_of")]
    as_of: (u64, u64),
}

impl Stores {
    /// Of the node with this status, if its protocol tells stores apart.
    pub fn of(status: &Value) -> Option<Self> {
        Self::deserialize(status).ok()
    }
}

/// Which nodes have another store than is on record, and so no vote, and what is to be done. `file`
/// is the config of the cluster.
pub fn lost(file: &Path, rows: &[Row]) -> Option<String> {
    let running = || rows.iter().filter(|row| row.is_running());
    let known = running().filter_map(|row| Some((row, row.stores.as_ref()?)));
    let (witness, known) = known.max_by_key(|(_, stores)| stores.as_of)?;
    let voters = witness.members.values().filter(|part| part.has_vote()).count();
    let is_lost = |row: &&Row| {
        let own = row.stores.as_ref().map(|stores| &stores.own);
        let recorded = known.recorded.get(&row.id);
        let has_vote = witness.members.get(&row.id).is_some_and(|part| part.has_vote());
        has_vote && recorded.is_some() && own.is_some_and(|own| recorded != Some(own))
    };
    let lost: Vec<u64> = running().filter(is_lost).map(|row| row.id).collect();
    let first = lost.first()?;
    let what: String = lost
        .iter()
        .map(|id| format!("node {id} has another store than node {} knows of it; ", witness.id))
        .collect();
    let others = voters - lost.len();
    let advice = if is_majority(others, voters) {
        format!(
            "the others are enough for a leader: start those that do not answer, and then \
             `quorate member --config {} remove {first}`, `add {first}`, `promote {first}`",
            file.display()
        )
    } else {
        format!(
            "without its store it has no vote, and {others} of {voters} are no majority: nothing \
             mends that but that store, as it was when the node stopped"
        )
    };
    Some(what + &advice)
}

#[cfg(test)]
mod tests {
    use quorate_models::service::Part;
    use serde_json::json;

    use super::*;

    /// A node that has store `own`, and knows by a log that ends so which stores there are.
    fn row(id: u64, own: &str, as_of: (u64, u64), recorded: &[(u64, &str)]) -> Row {
        let recorded: BTreeMap<_, _> = recorded.iter().copied().collect();
        let status = json!({ "store": own, "stores_recorded": recorded, "stores_as_of": as_of });
        let members = (1..=3).map(|id| (id, Part::Voter)).collect();
        Row { id, reachable: true, members, stores: Stores::of(&status), ..Row::default() }
    }

    fn told(rows: &[Row]) -> Option<String> {
        lost(Path::new("cluster.toml"), rows)
    }

    const ALL: &[(u64, &str)] = &[(1, "a"), (2, "b"), (3, "c")];

    #[test]
    fn a_node_with_another_store_is_named_and_what_mends_it() {
        let (one, empty) = (row(1, "a", (2, 9), ALL), row(2, "x", (0, 0), &[]));
        let words = told(&[one.clone(), empty.clone()]).unwrap();
        assert!(words.starts_with("node 2 has another store than node 1 knows of it; "), "{words}");
        assert!(words.contains("`quorate member --config cluster.toml remove 2`"), "{words}");
        let words = told(&[one.clone(), empty.clone(), row(3, "y", (0, 0), &[])]).unwrap();
        assert!(words.contains("node 2 has") && words.contains("node 3 has"), "{words}");
        assert!(words.contains("1 of 3 are no majority") && !words.contains("remove"), "{words}");

        let mut hangs = empty.clone();
        hangs.age_ms = Some(5_000);
        let mut learns = one.clone();
        learns.members.insert(2, Part::Learner);
        for rows in [[one, hangs], [learns, empty]] {
            assert_eq!(told(&rows), None);
        }
    }

    #[test]
    fn nobody_is_suspected_by_an_older_record_or_by_none() {
        let anew: &[(u64, &str)] = &[(1, "a"), (2, "x"), (3, "c")];
        let removed: &[(u64, &str)] = &[(1, "a"), (3, "c")];
        let behind = || row(1, "a", (2, 900), ALL);
        for recorded in [anew, removed] {
            let taken_back = row(2, "x", (3, 40), recorded);
            assert_eq!(told(&[behind(), taken_back]), None);
        }
        let new = [(1, "a"), (2, "b"), (3, "c")].map(|(id, own)| row(id, own, (0, 0), &[]));
        assert_eq!(told(&new), None);
        let other_protocol = Row { stores: None, ..behind() };
        assert_eq!(told(&[other_protocol]), None);
        assert_eq!(told(&[]), None);
    }
}

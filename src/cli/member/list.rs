//! The members of a cluster, as its leader knows them.

use quorate_models::service::NO_MEMBER;

use super::super::exit::{Code, Failure};
use super::super::status::{aligned, ask};
use super::super::{log, output, setup};
use crate::node::config::Config;
use ask::Row;

/// Prints each node of the config, and what it is to the cluster. Where members stay, all of the
/// config are.
///
/// # Errors
/// If members come and go and no leader answers who knows them, or the output fails.
pub fn show(config: &Config) -> Result<(), Failure> {
    let rows = ask::ask_all(config);
    let text = if !setup::changes_members(config)? {
        log::line(&format!("quorate: {}", setup::keeps_members(config)));
        founders(&rows)
    } else if let Some(leader) = leader(&rows) {
        table(leader, &rows)
    } else {
        let message = "no node that leads says who the members are; see `quorate status`";
        return Err(Failure::new(Code::No, message));
    };
    output::say(text)
}

/// A line for each node of a cluster that keeps all of them, with what each is now.
fn founders(rows: &[Row]) -> String {
    let mut lines = vec![["node", "address", "part"].map(str::to_owned).to_vec()];
    for row in rows {
        let part = row.role.as_deref().unwrap_or("does not answer");
        lines.push(vec![row.id.to_string(), row.address.clone(), format!("member, {part}")]);
    }
    aligned(&lines).join("\n")
}

/// The node that leads in the latest term or round of those that say that they do.
fn leader(rows: &[Row]) -> Option<&Row> {
    let leads = rows.iter().filter(|row| row.is_running() && row.leader == Some(row.id));
    leads.filter(|row| !row.members.is_empty()).max_by_key(|row| row.period())
}

/// A line for each member, and for each node of the config that is none.
fn table(leader: &Row, rows: &[Row]) -> String {
    let mut ids: Vec<u64> =
        leader.members.keys().chain(rows.iter().map(|row| &row.id)).copied().collect();
    ids.sort_unstable();
    ids.dedup();
    let mut lines = vec![["node", "address", "part", "last"].map(str::to_owned).to_vec()];
    for id in ids {
        let row = rows.iter().find(|row| row.id == id);
        let part = leader.members.get(&id).map_or(NO_MEMBER.to_owned(), ToString::to_string);
        let part = if id == leader.id { format!("{part}, leads") } else { part };
        let counts =
            if leader.voteless.contains(&id) { ", counts for nothing: see status" } else { "" };
        let part = part + counts;
        let address = row.map_or("not in the config", |row| &row.address);
        let last = row.and_then(|row| row.number("last"));
        let last = last.map_or("-".to_owned(), |last| last.to_string());
        lines.push(vec![id.to_string(), address.to_owned(), part, last]);
    }
    aligned(&lines).join("\n")
}

#[cfg(test)]
mod tests {
    use quorate_models::service::Part;

    use super::*;

    #[test]
    fn members_are_those_that_the_leader_of_the_latest_term_knows() {
        let row = |id, leader, term, members: &[(u64, Part)]| Row {
            id,
            address: format!("127.0.0.1:{id}"),
            reachable: true,
            leader: Some(leader),
            numbers: vec![("term".into(), term), ("last".into(), 10 + id)],
            members: members.iter().copied().collect(),
            age_ms: Some(1),
            ..Row::default()
        };
        let (voter, learner) = (Part::Voter, Part::Learner);
        let old = row(1, 1, 4, &[(1, voter), (2, voter)]);
        let mut new = row(2, 2, 5, &[(1, voter), (2, voter), (3, learner), (9, voter)]);
        new.voteless.insert(9);
        let rows = [old, new, row(3, 2, 5, &[]), row(4, 2, 5, &[])];
        let leader = leader(&rows).unwrap();
        assert_eq!(leader.id, 2);
        let lines: Vec<String> = table(leader, &rows)
            .lines()
            .map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "))
            .collect();
        assert_eq!(
            lines,
            [
                "node address part last",
                "1 127.0.0.1:1 voter 11",
                "2 127.0.0.1:2 voter, leads 12",
                "3 127.0.0.1:3 learner 13",
                "4 127.0.0.1:4 no member 14",
                "9 not in the config voter, counts for nothing: see status -",
            ]
        );
        assert!(super::leader(&rows[2..]).is_none());
    }
}

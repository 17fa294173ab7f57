//! The scenarios of etcd's raft (`testdata/` at commit cdfbeed): which ones are restated, under
//! their own names, and why the others are not.
//!
//! Those of etcd begin with a log of some entries, all committed. Here a log begins empty: an index
//! is lower by as many. What is compared is who leads in which term, what is in the logs, and what
//! is committed.

use super::texts;

/// A scenario of etcd that is restated under another name, and under which.
const RENAMED: &[(&str, &str)] = &[("probe_and_replicate", "figure_7")];

/// Restated under their own names.
const RESTATED: &[&str] = &[
    "campaign",
    "campaign_learner_must_vote",
    "checkquorum",
    "confchange_v1_add_single",
    "confchange_v1_remove_leader",
    "confchange_v2_add_double_auto",
    "confchange_v2_add_double_implicit",
    "confchange_v2_add_single_auto",
    "confchange_v2_replace_leader_stepdown",
    "forget_leader_prevote_checkquorum",
    "lagging_commit",
    "prevote",
    "prevote_checkquorum",
    "replicate_pause",
    "single_node",
    "slow_follower_after_compaction",
    "snapshot_succeed_via_app_resp",
];

/// Not restated, and why.
const NOT_RESTATED: &[(&str, &str)] = &[
    ("async_storage_writes", "a step saves before it sends, and both are one step"),
    ("confchange_disable_validation", "a leader always looks whether a change may begin"),
    ("confchange_v2_add_single_explicit", "a joint configuration is left by itself"),
    ("forget_leader", "no command makes a server forget its leader"),
    ("forget_leader_read_only_lease_based", "no command makes a server forget its leader"),
    ("heartbeat_resp_recovers_from_probing", "no driver tells a leader that it cannot be heard"),
];

/// The scenarios that are not etcd's.
const OWN: &[&str] = &[
    "batches_grow",
    "figure_8",
    "figure_8_e",
    "figure_8_naive",
    "overwritten",
    "transfer",
    "transfer_fails",
];

#[test]
fn each_text_is_on_a_list() {
    let renamed = RENAMED.iter().map(|(_, name)| name);
    let mut listed: Vec<&str> = RESTATED.iter().chain(renamed).chain(OWN).copied().collect();
    listed.sort_unstable();
    let texts = texts();
    let found = texts.iter().map(|path| path.file_stem().and_then(|name| name.to_str()));
    assert_eq!(found.collect::<Option<Vec<_>>>().as_deref(), Some(&*listed));
    for (name, why) in NOT_RESTATED {
        assert!(!listed.contains(name), "{name} is restated, though it is said that {why}");
    }
}

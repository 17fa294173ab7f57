//! Clusters that change their servers.

use crate::support::specs::holds;

holds! {
    single_change: "raft/single-change" has depth 31;
    removed_leader: "raft/removed-leader" has depth 36;
    joint: "raft/joint" has depth 30;
    joint_node: "raft/joint-node" has depth 24;
    learner: "raft/learner" has depth 42;
    disjoint_majorities: "raft/disjoint-majorities" has depth 16;
    removed_live: "raft/removed-live" has depth 59;
    removed_told_live: "raft/removed-told-live" has depth 40;
    learner_live: "raft/learner-live" has depth 62;
    out_of_reach_live: "raft/out-of-reach-live" has depth 23;
    joint_live: "raft/joint-live" has depth 111;
}

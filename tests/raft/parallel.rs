//! Leaders that send entries on before their own disks have them.

use crate::support::specs::holds;

holds! {
    failover: "raft/parallel" has depth 38;
    one: "raft/parallel-one" has depth 12;
    deposed: "raft/parallel-sticky" has depth 33;
    compacted: "raft/parallel-snapshot" has depth 32;
    members: "raft/parallel-members" has depth 46;
    answered: "raft/parallel-live" has depth 74;
    alone: "raft/parallel-one-live" has depth 21;
}

//! Leaders that send entries on before their own disks have them.

use crate::support::specs::holds;

holds! {
    failover: "raft/parallel" has depth 35;
    one: "raft/parallel-one" has depth 10;
    deposed: "raft/parallel-sticky" has depth 32;
    compacted: "raft/parallel-snapshot" has depth 30;
    members: "raft/parallel-members" has depth 42;
    answered: "raft/parallel-live" has depth 68;
    alone: "raft/parallel-one-live" has depth 16;
}

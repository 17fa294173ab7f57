//! Every spec of snapshots, explored to its end. The numbers change only with a reason.

use crate::support::specs::holds;

holds! {
    late: "raft/snapshot" has depth 27;
    conflict: "raft/snapshot-conflict" has depth 27;
    suffix: "raft/snapshot-suffix" has depth 33;
    pieces: "raft/snapshot-pieces" has depth 33;
    crash: "raft/snapshot-crash" has depth 29;
    retry: "raft/snapshot-retry" has depth 34;
    read: "raft/snapshot-read" has depth 30;
    members: "raft/snapshot-members" has depth 46;
    leavers: "raft/snapshot-leavers" has depth 30;
    told: "raft/snapshot-told-live" has depth 77;
    rejoin: "raft/snapshot-rejoin-live" has depth 56;
    lossy: "raft/snapshot-lossy-live" has depth 67;
}

//! Tasks of tokio that call to a real cluster over one socket: `cargo test --features tokio`.

mod support;

use std::time::Duration;

use quorate::node::client::CallError;
use quorate::node::client::tokio::{Sessions, TaskError};
use quorate_models::consistency::Freshness;
use quorate_models::kv::{Command, Kv, Output, get, put};
use support::cluster::Cluster;
use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinSet;

/// More than are under way at a time.
const TASKS: u64 = 1_500;

/// Long enough that each is answered.
const TIMEOUT: Duration = Duration::from_secs(60);

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().expect("a runtime")
}

fn count() -> Command {
    Command::Add { key: "n".into(), by: 1 }
}

#[test]
fn each_call_of_many_tasks_counts_once_while_the_leader_is_killed() {
    let cluster = Cluster::start(3);
    let leader = cluster.leader();
    let mut seen = runtime().block_on(async {
        let sessions = Sessions::<Kv>::of(&cluster.members()).expect("a socket");
        let (mut tasks, mut seen) = (JoinSet::new(), Vec::new());
        for _ in 0..TASKS {
            let sessions = sessions.clone();
            tasks.spawn(async move { sessions.call(count(), TIMEOUT).await });
        }
        while let Some(counted) = tasks.join_next().await {
            match counted.expect("it does not panic").expect("an answer") {
                Output::Number(number) => seen.push(number),
                other => panic!("a sum was asked for: {other:?}"),
            }
            if seen.len() == 10 {
                cluster.kill(leader);
            }
        }
        // A session that has had its answer is asked by again, and reads what was written.
        let (read, freshness) = (get("n"), Freshness::Linearizable);
        let read = sessions.read(read, freshness, TIMEOUT).await.expect("an answer");
        assert_eq!(read, Output::Value(Some(TASKS.to_string().as_str().into())));
        seen
    });
    seen.sort_unstable();
    assert!(seen.into_iter().eq(1..=TASKS as i64), "each counts once");
}

#[test]
fn who_is_not_answered_is_told_why() {
    let cluster = Cluster::start(1);
    let members = cluster.members();
    let (one, other) = (runtime(), runtime());
    let sessions = one.block_on(async { Sessions::<Kv>::of(&members).expect("a socket") });
    one.block_on(sessions.call(put("k", "v"), TIMEOUT)).expect("an answer");
    let large = put("k", &"x".repeat(64 << 20));
    let error = one.block_on(sessions.call(large, TIMEOUT)).expect_err("it is too large");
    assert!(matches!(error, TaskError::Call(CallError::Encode(_))), "{error}");
    cluster.kill(1);
    let short = Duration::from_millis(200);
    let error = one.block_on(sessions.call(put("k", "w"), short)).expect_err("nobody answers");
    assert!(matches!(error, TaskError::Call(CallError::Unknown(_))), "{error}");
    // A call that is dropped leaves its place to others.
    let dropped = async { tokio::time::timeout(short, sessions.call(count(), TIMEOUT)).await };
    one.block_on(dropped).expect_err("nobody answers");
    drop(one);
    let error = other.block_on(sessions.call(put("k", "w"), TIMEOUT)).expect_err("nobody asks");
    assert!(matches!(error, TaskError::Over(_)), "{error}");
}

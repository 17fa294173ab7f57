//! Checks a state machine of one's own, replicated by Raft.

use std::sync::Arc;

use quorate_checker::AnySpec;
use quorate_checker::report::{Engine, Limits, Verdict};
use quorate_checker::spec::{Claim, Spec};
use quorate_models::claims::servers;
use quorate_models::client::Habits;
use quorate_models::member;
use quorate_models::raft::claims::{ghost, obsolete, properties};
use quorate_models::raft::specs::{SEEN, server};
use quorate_models::raft::{Server, Timer};
use quorate_models::rules::AllRules;
use quorate_models::state_machine::StateMachine;
use quorate_models::system::system;
use serde::{Deserialize, Serialize};
use stateright::actor::Id;

/// An account that is never overdrawn.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
struct Account {
    balance: i64,
}

/// Adds to the balance, or takes from it.
type Change = i64;

impl StateMachine for Account {
    type Command = Change;
    type Output = Result<i64, ()>;

    fn apply(&mut self, change: &Change) -> Result<i64, ()> {
        if self.balance + change < 0 {
            return Err(());
        }
        self.balance += change;
        Ok(self.balance)
    }

    fn is_read_only(_: &Change) -> bool {
        false
    }

    fn weight(_: &Change) -> usize {
        size_of::<Change>()
    }
}

type Accounts = (Account, AllRules);

fn main() {
    let ids: Vec<Id> = (0..3).map(Id::from).collect();
    let server: Server<Accounts> = server(ids.clone(), AllRules);
    let scripts: &[&[Change]] = &[&[5], &[-4]];
    let system = system(Arc::default(), 3, server, &ids, scripts, Habits::ALL);
    let claims = properties::safety::<Accounts>().into_iter();
    let spec = Spec::new("raft/accounts", system, 3)
        .claims(claims.map(|(name, claim)| Claim::always(name, SEEN, claim)))
        .claim(Claim::always("never overdrawn", SEEN, |_, state| {
            servers(state).all(|(_, server)| server.applied.machine.balance >= 0)
        }))
        .ghost(ghost::observe)
        .obsolete(obsolete::is_obsolete)
        .timeouts("elections", |timer| *timer == member::Timer::Server(Timer::Election), 1)
        .timeouts("heartbeats", |timer| *timer == member::Timer::Server(Timer::Heartbeat), 0)
        .timeouts("client retries", |timer| timer.is_retry(), 0);
    let report = Box::new(spec).check(Engine::Quorate, &Limits::default(), &mut |_| {});
    println!("{:?}: {} states in {:.1} s", report.verdict, report.states, report.seconds);
    assert_eq!(report.verdict, Verdict::Holds, "{:#?}", report.counterexamples);
}

//! A leader hands its office over to a server that an operator names (thesis §3.10).
//!
//! It takes no more commands until the other has all of its log and is told to stand at once. So
//! nothing is lost that the leader has taken, and nobody waits for an election timeout. If the
//! other has not taken over after the longest election timeout, the leader goes on.
//!
//! Whoever wants yet another server to lead is refused for so long: that the first one was told to
//! stand cannot be taken back.

use serde::Serialize;
use stateright::actor::Id;

use super::Params;
use super::message::{Message, TimeoutNow};
use super::rules::Rule;
use super::server::Step;
use super::state::{Role, ServerState};
use super::{client, election, identity, lease};
use crate::order::{Order, Refusal};
use crate::rules::RuleBook;
use crate::service::{Answer, Request, Sequence, Session};
use crate::state_machine::StateMachine;

/// A leader is handing over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Transfer {
    /// To whom.
    pub to: Id,
    /// Of the order, which is answered here if nothing comes of it.
    pub session: Session,
    pub sequence: Sequence,
}

/// Begins to hand over, or says why not. Whoever is asked says that it is done if it leads itself:
/// the old leader is asked no more, for it names the new one.
pub(super) fn handle_order<P: Params>(step: &mut Step<P>, order: &Request<Order>, to: Id) {
    let (session, sequence) = (order.session, order.sequence);
    let answer = if !step.state().is_leader() {
        client::elsewhere(step)
    } else if to == step.id {
        Answer::done(Ok(()))
    } else if !step.state().config().is_voter(to) {
        Answer::done(Err(Refusal::Stranger { server: to }))
    } else {
        match step.state().hands_over() {
            None => return begin(step, Transfer { to, session, sequence }),
            Some(earlier) if earlier.to == to => return,
            Some(earlier) => Answer::done(Err(Refusal::HandsOver { to: earlier.to })),
        }
    };
    step.answer_order(session, sequence, answer);
}

fn begin<P: Params>(step: &mut Step<P>, begun: Transfer) {
    if let Role::Leader { transfer, .. } = &mut step.state_mut().role {
        *transfer = Some(begun);
    }
    step.set_transfer_timer();
    lease::forgo(step);
    tell_to_stand(step, begun.to);
}

/// Tells `follower` to stand, if it is to take over and has all of the log.
pub(super) fn tell_to_stand<P: Params>(step: &mut Step<P>, follower: Id) {
    if may_stand(&step.server.rules, step.state(), follower) {
        step.send(follower, Message::TimeoutNow(TimeoutNow { term: step.term() }));
    }
}

/// May the leader tell `follower` to stand?
pub fn may_stand(
    rules: &impl RuleBook<Rule>,
    state: &ServerState<impl StateMachine>,
    follower: Id,
) -> bool {
    let Role::Leader { followers, transfer: Some(transfer), .. } = &state.role else {
        return false;
    };
    let last = state.log().last_index();
    let has_all = followers.get(&follower).is_some_and(|known| known.matched == last);
    transfer.to == follower && rules.require(Rule::HeirHasAll, has_all)
}

/// The longest election timeout has passed: the leader goes on.
pub(super) fn give_up<P: Params>(step: &mut Step<P>) {
    let Some(Transfer { to, session, sequence }) = step.state().hands_over() else {
        return;
    };
    if !step.keeps(Rule::HandOverEnds) {
        return;
    }
    if let Role::Leader { transfer, .. } = &mut step.state_mut().role {
        *transfer = None;
    }
    let refusal = Refusal::NotTakenOver { to };
    step.answer_order(session, sequence, Answer::done(Err(refusal)));
}

/// Stands at once, since the leader of its term wants it: nobody need be asked before.
pub(super) fn handle_timeout_now<P: Params>(step: &mut Step<P>, message: TimeoutNow) {
    if !step.require(Rule::OwnLeaderTellsToStand, message.term == step.term()) {
        return;
    }
    if !identity::may_vote(step, None) {
        return;
    }
    if step.keeps(Rule::HeirAsksNobody) {
        election::stand_for_the_leader(step);
    } else {
        election::time_out(step);
    }
}

//! Explores Stateright models, exactly, and answers three questions about them.
//!
//! - **Safe?** Something holds in every reachable state ([`Claim::always`](spec::Claim::always)).
//!   If not, there is a shortest path to a state in which it does not.
//! - **Reachable?** Something holds in at least one state
//!   ([`Claim::reachable`](spec::Claim::reachable)). So no claim holds for want of behaviour.
//! - **Live?** Something happens in every fair run ([`Spec::eventually`](spec::Spec::eventually)
//!   and its like). If not, there is a run that stops or goes round in circles without it.
//!
//! A [`Spec`](spec::Spec) is an actor system with faults, bounds and properties.
//! [`AnySpec::check`] explores it to its end or to a limit, and says which in its
//! [`Report`](report::Report). A model that exists already is explored as it is:
//! [`engine::explore_model`] takes an actor model, and [`engine::explore_any`] any other.
//!
//! Here S1 has a letter for S2 and sends it until S2 thanks for it. One message is lost and one
//! arrives twice.
//!
//! ```
//! use std::borrow::Cow;
//! use std::time::Duration;
//!
//! use quorate_checker::AnySpec;
//! use quorate_checker::report::{Engine, Limits, Report, Verdict};
//! use quorate_checker::spec::{Claim, Faults, Sees, Spec, Timely};
//! use stateright::actor::{Actor, ActorModel, Id, Out};
//!
//! /// S1 or S2. Its state says whether anything has come.
//! struct Courier {
//!     sends_again: bool,
//! }
//!
//! const SECOND: Duration = Duration::from_secs(1);
//! const LETTER: &str = "letter";
//! const THANKS: &str = "thanks";
//!
//! impl Actor for Courier {
//!     type Msg = &'static str;
//!     type Timer = ();
//!     type State = bool;
//!     type Storage = ();
//!     type Random = ();
//!
//!     fn on_start(&self, id: Id, _: &Option<()>, out: &mut Out<Self>) -> bool {
//!         if id == Id::from(0) {
//!             out.send(Id::from(1), LETTER);
//!             out.set_timer((), SECOND..SECOND);
//!         }
//!         false
//!     }
//!
//!     fn on_msg(
//!         &self,
//!         _: Id,
//!         has: &mut Cow<bool>,
//!         from: Id,
//!         what: &'static str,
//!         out: &mut Out<Self>,
//!     ) {
//!         if !**has {
//!             *has.to_mut() = true;
//!         }
//!         match what {
//!             LETTER => out.send(from, THANKS),
//!             _ => out.cancel_timer(()),
//!         }
//!     }
//!
//!     fn on_timeout(&self, _: Id, _: &mut Cow<bool>, (): &(), out: &mut Out<Self>) {
//!         if self.sends_again {
//!             out.send(Id::from(1), LETTER);
//!             out.set_timer((), SECOND..SECOND);
//!         }
//!     }
//! }
//!
//! fn check(sends_again: bool) -> Report {
//!     let courier = || Courier { sends_again };
//!     let system = ActorModel::new((), ()).actor(courier()).actor(courier());
//!     let spec = Spec::new("letter/lossy", system, 2)
//!         .claim(Claim::always("no thanks before it is read", Sees::ACTORS, |_, state| {
//!             !*state.actor_states[0] || *state.actor_states[1]
//!         }))
//!         .claim(Claim::reachable("thanks", Sees::ACTORS, |_, state| *state.actor_states[0]))
//!         .eventually("read in the end", Sees::ACTORS, |_, state| *state.actor_states[1])
//!         .faults(Faults { drops: 1, duplicates: 1, ..Faults::NONE })
//!         .timely(Timely::of(|()| 1..=1))
//!         .may_end();
//!     let limits = Limits { keep_going: true, ..Limits::default() };
//!     Box::new(spec).check(Engine::Quorate, &limits, &mut |_| {})
//! }
//!
//! let report = check(true);
//! assert_eq!(report.property("no thanks before it is read").verdict, Verdict::Holds);
//! assert_eq!(report.property("thanks").verdict, Verdict::Holds);
//! assert_eq!(report.property("read in the end").verdict, Verdict::Holds);
//! assert_eq!(report.cut_short, None); // All of it was explored.
//!
//! // A letter that is sent once may be lost.
//! let report = check(false);
//! assert_eq!(report.property("read in the end").verdict, Verdict::Violated);
//! assert_eq!(report.property("read in the end").steps, Some(3)); // Lost, a tick, a timeout.
//! ```
//!
//! **Knows nothing of** any protocol.

#![forbid(unsafe_code)]

mod any_spec;
mod caught;
mod check;
pub mod engine;
mod found;
pub mod linearizability;
pub mod liveness;
mod memory;
pub mod report;
pub mod scenario;
pub mod spec;
mod stateright_engine;
pub mod trace;

pub use any_spec::AnySpec;

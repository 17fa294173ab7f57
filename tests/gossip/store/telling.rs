//! When a rumour stops.

use std::borrow::Cow;
use std::time::Duration;

use quorate_models::gossip::store::entry::Version;
use quorate_models::gossip::store::message::{Heard, Message};
use quorate_models::gossip::store::state::State;
use quorate_models::gossip::store::{Exchange, Server, Timer, Timing};
use quorate_models::rules::AllRules;
use stateright::actor::{Actor, Command, Id, Out};

/// A replica that stops after two tellings in vain, and writes one key twice.
fn replica() -> Server<AllRules> {
    let tick = Duration::from_millis(200);
    Server {
        replicas: (0..3).map(Id::from).collect(),
        script: vec![("x".into(), "1".into()), ("x".into(), "2".into())],
        exchange: Exchange::PushPull,
        in_vain: 2,
        timing: Timing { rumour: tick, exchange: tick, write: tick },
        rules: AllRules,
    }
}

/// The replica writes. True if it waits for its next telling from now on.
fn written(server: &Server<AllRules>, state: &mut State) -> bool {
    let (mut out, mut next) = (Out::new(), Cow::Borrowed(&*state));
    server.on_timeout(Id::from(0), &mut next, &Timer::Write, &mut out);
    *state = next.into_owned();
    out.into_iter().any(|command| matches!(command, Command::SetTimer(Timer::Rumour, _)))
}

/// The replica hears that its telling of this version was news, or in vain.
fn heard(server: &Server<AllRules>, state: &mut State, number: u32, was_news: bool) {
    let told = [("x".to_owned(), Version { number, writer: Id::from(0) })].into();
    let nothing = [].into();
    let (news, known) = if was_news { (told, nothing) } else { (nothing, told) };
    let mut next = Cow::Borrowed(&*state);
    let message = Message::Heard(Heard { known, news });
    server.on_msg(Id::from(0), &mut next, Id::from(1), message, &mut Out::new());
    *state = next.into_owned();
}

#[test]
fn it_stops_after_so_many_tellings_in_vain_in_a_row() {
    let server = replica();
    let mut state = server.on_start(Id::from(0), &None, &mut Out::new());
    written(&server, &mut state);
    let mut times = vec![state.hot.get("x").copied()];
    for was_news in [true, false, true, false, false, false] {
        heard(&server, &mut state, 1, was_news);
        times.push(state.hot.get("x").copied());
    }
    assert_eq!(times, [Some(0), Some(0), Some(1), Some(0), Some(1), None, None]);
}

#[test]
fn what_was_told_of_an_earlier_version_says_nothing_of_the_later() {
    let server = replica();
    let mut state = server.on_start(Id::from(0), &None, &mut Out::new());
    written(&server, &mut state);
    heard(&server, &mut state, 1, false);
    written(&server, &mut state);
    assert_eq!(state.hot["x"], 0, "a write begins a rumour of its own");
    heard(&server, &mut state, 1, false);
    assert_eq!(state.hot["x"], 0);
    heard(&server, &mut state, 2, false);
    assert_eq!(state.hot["x"], 1);
}

/// Otherwise who hears something new all the time would never tell anything.
#[test]
fn news_does_not_put_off_the_next_telling() {
    let server = replica();
    let mut state = server.on_start(Id::from(0), &None, &mut Out::new());
    assert!(written(&server, &mut state), "it has something to tell");
    assert!(!written(&server, &mut state), "it is to tell something already");
}

//! What one member says, message by message: more members than a spec has.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::time::Duration;

use quorate_models::gossip::membership::message::{Gossip, Message, Ping};
use quorate_models::gossip::membership::specs::SETTINGS;
use quorate_models::gossip::membership::state::State;
use quorate_models::gossip::membership::word::{Status, Word};
use quorate_models::gossip::membership::{Server, Settings, Timer, Timing};
use quorate_models::number::Incarnation;
use quorate_models::rules::AllRules;
use stateright::actor::{Actor, Command, Id, Out};

/// The first of nine members, which knows all.
fn member(settings: Settings) -> Server<AllRules> {
    let tick = Duration::from_millis(500);
    let timing =
        Timing { period: 2 * tick, direct: tick, suspicion: 32 * tick, grace: Some(64 * tick) };
    Server { contacts: (0..9).map(Id::from).collect(), timing, settings, rules: AllRules }
}

fn start(server: &Server<AllRules>) -> State {
    server.on_start(Id::from(0), &None, &mut Out::new())
}

fn ping(rumours: BTreeMap<Id, Word>) -> Message {
    Message::Ping(Ping {
        asker: None,
        gossip: Gossip { own: Incarnation::ZERO, yours: None, rumours },
    })
}

/// What the member says to whom when this message arrives from the last member.
fn told(server: &Server<AllRules>, state: &mut State, message: Message) -> Vec<(Id, Message)> {
    let (mut out, mut next) = (Out::new(), Cow::Borrowed(&*state));
    server.on_msg(Id::from(0), &mut next, Id::from(8), message, &mut out);
    let next = next.into_owned();
    *state = next;
    said(out)
}

fn said(out: Out<Server<AllRules>>) -> Vec<(Id, Message)> {
    let sends = out.into_iter().filter_map(|command| match command {
        Command::Send(to, message) => Some((to, message)),
        _ => None,
    });
    sends.collect()
}

/// Each piece of news is told so often, the least told first, in what room there is.
#[test]
fn news_is_told_in_turn_and_then_no_more() {
    let server = member(Settings { tellings: 2, room: 2, ..SETTINGS });
    let mut state = start(&server);
    let news = (2..5).map(|id| (Id::from(id), Word::alive(Incarnation(1))));
    let mut answers = vec![told(&server, &mut state, ping(news.collect()))];
    answers.extend((0..3).map(|_| told(&server, &mut state, ping(BTreeMap::new()))));
    let about = answers.iter().map(|answer| {
        let [(to, message)] = &answer[..] else { panic!("one answer: {answer:?}") };
        assert_eq!(*to, Id::from(8));
        message.gossip().rumours.keys().map(|id| usize::from(*id)).collect::<Vec<_>>()
    });
    assert_eq!(about.collect::<Vec<_>>(), [vec![2, 3], vec![2, 4], vec![3, 4], vec![]]);
}

/// Whoever sends something is told what is known of it, whether or not that is news.
#[test]
fn a_suspect_is_told_so() {
    let server = member(SETTINGS);
    let mut state = start(&server);
    let suspect = Word { incarnation: Incarnation::ZERO, status: Status::Suspect };
    state.members.insert(Id::from(8), suspect);
    for _ in 0..5 {
        let answer = told(&server, &mut state, ping(BTreeMap::new()));
        assert_eq!(answer[0].1.gossip().yours, Some(suspect));
    }
}

/// The relays are the next in the ring that live, and never the member that is probed.
#[test]
fn so_many_relays_are_asked() {
    let server = member(Settings { relays: 3, ..SETTINGS });
    let mut state = start(&server);
    let dead = Word { incarnation: Incarnation::ZERO, status: Status::Dead };
    state.members.insert(Id::from(1), dead);
    let probed = |server: &Server<AllRules>, state: State| {
        let (mut out, mut next) = (Out::new(), Cow::Owned(state));
        server.on_random(Id::from(0), &mut next, &Id::from(3), &mut out);
        let mut overdue = Out::new();
        server.on_timeout(Id::from(0), &mut next, &Timer::Direct(0), &mut overdue);
        said(overdue)
    };
    let asked: Vec<usize> =
        probed(&server, state).into_iter().map(|(to, _)| usize::from(to)).collect();
    assert_eq!(asked, [2, 4, 5]);
}

/// Whoever is suspected may be the slow one: it contradicts, above whatever incarnation is said of
/// it, and waits longer, up to its patience.
#[test]
fn who_is_suspected_waits_longer() {
    let server = member(Settings { patience: 2, ..SETTINGS });
    let mut state = start(&server);
    let waits = [0, 4, 9].map(|number| {
        let yours = Some(Word { incarnation: Incarnation(number), status: Status::Suspect });
        let gossip = Gossip { own: Incarnation::ZERO, yours, rumours: BTreeMap::new() };
        told(&server, &mut state, Message::Ping(Ping { asker: None, gossip }));
        assert_eq!(state.own, Incarnation(number + 1));
        let (mut out, mut next) = (Out::new(), Cow::Borrowed(&state));
        server.on_timeout(Id::from(0), &mut next, &Timer::Period(0), &mut out);
        let set = out.into_iter().filter_map(|command| match command {
            Command::SetTimer(timer, range) => Some((timer, range.start)),
            _ => None,
        });
        set.collect::<Vec<_>>()
    });
    let second = Duration::from_secs(1);
    let expected = [(1, 2), (2, 3), (2, 3)];
    assert_eq!(
        waits,
        expected.map(|(health, times)| vec![(Timer::Period(health), times * second)])
    );
}

//! Golden texts, and what must hold for every diagram.

use super::flights::{End, flights};
use super::*;
use proptest::prelude::*;
use serde_json::json;

fn server(term: u32, role: &str, log: &str) -> String {
    format!("Server(Server {{ term: {term}, role: {role}, log: [{log}] }})")
}

fn deliver(from: usize, to: usize, message: &str) -> Step {
    Step::new(Event::Deliver { from, to, message: message.to_owned(), kept: false })
}

fn sent(to: usize, message: &str) -> Sent {
    Sent { to, message: message.to_owned(), lost: false }
}

const ASK: &str = "Raft(RequestVote { term: 1, last: 0 })";
const VOTE: &str = "Raft(VoteReply { term: 1, granted: true })";
const APPEND: &str = "Raft(AppendEntries { term: 1, previous_index: 0, previous_term: 0, \
                      entries: [Entry { term: 1, command: Put(\"<k&>\", 'v') }], commit: 0 })";

/// S1 becomes leader; what it then sends is lost; it crashes and comes back.
fn election() -> Trace {
    let mut trace = Trace {
        title: "raft/election: \"no leader\" & <worse>".to_owned(),
        actors: vec!["S1".to_owned(), "S2".to_owned()],
        initial: vec![server(0, "Follower", ""), server(0, "Follower", "")],
        ..Trace::default()
    };
    let timeout = Event::Timeout { actor: 0, timer: "Election".to_owned(), early: false };
    trace.steps = vec![
        Step {
            sent: vec![sent(1, ASK), sent(7, "Hello")],
            saved: true,
            states: vec![(0, server(1, "Candidate { votes: {0} }", ""))],
            notes: vec!["becomes candidate of term 1".to_owned()],
            ..Step::new(timeout)
        },
        Step { sent: vec![sent(0, VOTE)], ..deliver(0, 1, ASK) },
        Step {
            label: "S1 counts the vote of S2".to_owned(),
            sent: vec![sent(1, APPEND), Sent { lost: true, ..sent(1, "Note") }],
            states: vec![(0, server(1, "Leader", "x"))],
            ..deliver(1, 0, VOTE)
        },
        Step::new(Event::Drop { from: 0, to: 1, message: APPEND.to_owned() }),
        Step::new(Event::Crash { actor: 0 }),
        Step::new(Event::Tick),
        Step {
            states: vec![(0, server(1, "Follower", "x"))],
            ..Step::new(Event::Recover { actor: 0 })
        },
        Step::new(Event::Random { actor: 1, choice: "Get".to_owned() }),
    ];
    trace
}

const TEXT: &str = r#"raft/election: "no leader" & <worse>

   0  start
        S1  Server(Server { term: 0, role: Follower, log: [] })
        S2  Server(Server { term: 0, role: Follower, log: [] })
   1  S1 times out: Election
        S1  becomes candidate of term 1
        S1  term: 0 → 1
        S1  role: Follower → Candidate { votes: {0} }
        S1  saves to storage
        S1 → S2  Raft(RequestVote { term: 1, last: 0 })
        S1 → ?  Hello
   2  S2 receives from S1: Raft(RequestVote { term: 1, last: 0 })
        S2 → S1  Raft(VoteReply { term: 1, granted: true })
   3  S1 counts the vote of S2
        S1  role: Candidate { votes: {0} } → Leader
        S1  log: [] → [x]
        S1 → S2  Raft(AppendEntries { term: 1, previous_index: 0, previous_term: 0, entries: [Entry
                 { term: 1, command: Put("<k&>", 'v') }], commit: 0 })
        S1 → S2  Note (lost: it can never arrive)
   4  lost from S1 to S2: Raft(AppendEntries { term: 1, previous_index: 0, previous_term: 0,
      entries: [Entry { term: 1, command: Put("<k&>", 'v') }], commit: 0 })
   5  S1 crashes
   6  time passes
   7  S1 recovers
        S1  role: Leader → Follower
   8  S2 chooses Get
"#;

#[test]
fn text_shows_every_step_and_what_it_changes() {
    assert_eq!(election().text(false), TEXT);
}

#[test]
fn text_has_no_wide_lines_and_colours_change_no_letter() {
    let coloured = election().text(true);
    assert!(coloured.contains("\x1b[1;31m   5  S1 crashes\x1b[0m\n"));
    let plain: Vec<_> = coloured.split('\x1b').collect();
    let plain: String = (plain.iter().enumerate())
        .map(|(i, part)| if i == 0 { part } else { part.split_once('m').unwrap().1 })
        .collect();
    assert_eq!(plain, TEXT);
    assert!(TEXT.lines().all(|line| line.chars().count() <= 100));
}

#[test]
fn the_diagram_shows_what_a_message_carries() {
    let request = "Ask { session: Session(3), sequence: Sequence(1), what: Put { key: x, to: 1 } }";
    let trace = Trace { steps: vec![deliver(0, 1, request)], ..election() };
    assert!(trace.diagram().contains(">what Put key x, to 1"), "{}", trace.diagram());
}

/// Two servers that pass a message for ever, from the second step on.
fn lasso() -> Trace {
    Trace {
        title: "ping".to_owned(),
        actors: vec!["S1".to_owned(), "action".to_owned()],
        initial: vec!["0".to_owned(), "false".to_owned()],
        in_flight: vec![Flying { from: 1, to: 0, message: "Ping".to_owned() }],
        steps: vec![
            Step {
                sent: vec![sent(1, "Ping")],
                states: vec![(0, "1".to_owned())],
                ..deliver(1, 0, "Ping")
            },
            Step { sent: vec![sent(0, "Ping")], ..deliver(0, 1, "Ping") },
            Step { sent: vec![sent(1, "Ping")], ..deliver(1, 0, "Ping") },
        ],
        loop_start: Some(1),
    }
}

#[test]
fn text_marks_the_loop() {
    let expected = "\
ping

   0  start
        S1  0
        action  false
        action → S1  Ping
   1  S1 receives from action: Ping
        S1  0 → 1
        S1 → action  Ping
┌─ the loop begins here
│  2  action receives from S1: Ping
│       action → S1  Ping
│  3  S1 receives from action: Ping
│       S1 → action  Ping
└─ and so on: steps 2 to 3 repeat for ever
";
    assert_eq!(lasso().text(false), expected);
    let stop = Trace { loop_start: Some(3), ..lasso() };
    assert!(stop.text(false).ends_with("── and nothing more happens, for ever\n"));
}

#[test]
fn itf_has_a_state_for_every_step_and_the_loop() {
    let state = |index: usize, server: &str, action: &str| {
        let meta = json!({ "index": index });
        json!({ "#meta": meta, "S1": server, "action_": "false", "action": action })
    };
    let expected = json!({
        "#meta": {
            "format": "ITF",
            "format-description": "https://apalache-mc.org/docs/adr/015adr-trace.html",
            "description": "ping",
            "varTypes": { "S1": "Str", "action_": "Str", "action": "Str" },
        },
        "vars": ["S1", "action_", "action"],
        "states": [
            state(0, "0", "start"),
            state(1, "1", "S1 receives from action: Ping"),
            state(2, "1", "action receives from S1: Ping"),
            state(3, "1", "S1 receives from action: Ping"),
        ],
        "loop": 1,
    });
    assert_eq!(lasso().itf(), expected);
    assert_eq!(election().itf().get("loop"), None);
}

/// Checks that every element is closed, in order, and every attribute and text escaped. Returns
/// the names of the elements.
fn elements(xml: &str) -> Vec<String> {
    let (mut open, mut names) = (Vec::new(), Vec::new());
    let mut rest = xml.trim();
    while let Some(start) = rest.find('<') {
        let (text, tag) = (&rest[..start], &rest[start + 1..]);
        assert!(!text.contains('>'), "{text}");
        for entity in text.split('&').skip(1) {
            let known = ["amp;", "lt;", "gt;", "quot;", "#39;"];
            assert!(known.iter().any(|known| entity.starts_with(known)), "&{entity}");
        }
        let (tag, after) = tag.split_once('>').expect("a tag ends");
        let name = tag.trim_start_matches('/').split([' ', '/']).next().unwrap();
        assert!(!tag.contains(['<', '"']) && tag.matches('\'').count() % 2 == 0, "{tag}");
        if tag.starts_with('/') {
            assert_eq!(open.pop(), Some(name));
        } else {
            names.push(name.to_owned());
            if !tag.ends_with('/') {
                open.push(name);
            }
        }
        rest = after;
        assert!(!open.is_empty() || rest.is_empty(), "after the root: {rest}");
    }
    assert!(open.is_empty() && rest.is_empty());
    names
}

#[test]
fn diagram_shows_every_step_and_escapes_what_it_shows() {
    let trace = election();
    let svg = trace.diagram();
    assert_eq!(elements(&svg)[0], "svg");
    for number in 1..=trace.steps.len() {
        assert!(svg.contains(&format!("data-step='{number}'")), "step {number}");
    }
    for label in ["RequestVote", "VoteReply", "lost: AppendEntries", "crashes", "recovers"] {
        assert!(svg.contains(&format!(">{label}</text>")), "{label}");
    }
    assert!(svg.contains("raft/election: &quot;no leader&quot; &amp; &lt;worse&gt;"));
    assert!(svg.contains("sent in step 1, delivered in step 2"));
    assert!(svg.contains("sent in step 3, lost in step 4"));
    assert!(!svg.contains("data-loop"));
    let lasso = lasso().diagram();
    elements(&lasso);
    assert!(lasso.contains("data-loop"));
    elements(&Trace::default().diagram());
}

#[test]
fn deliveries_find_their_sends() {
    let mut trace = lasso();
    trace.steps[2].event =
        Event::Deliver { from: 1, to: 0, message: "Ping".to_owned(), kept: true };
    let found = flights(&trace);
    let ends: Vec<_> = found.iter().map(|flight| (flight.from, flight.sent, flight.end)).collect();
    let expected = [
        (1, None, End::Delivered(0)),
        (0, Some(0), End::Delivered(1)),
        (1, Some(1), End::Delivered(2)),
        (0, Some(2), End::InFlight),
        (1, Some(1), End::InFlight),
    ];
    assert_eq!(ends, expected);
}

proptest! {
    #[test]
    fn any_text_can_be_shown(
        texts in prop::collection::vec("[ -~é<&'\"{}\\[\\](),:A-B\u{1}\\\\]{0,40}|.{0,150}", 4),
        from in 0..3usize,
        to in 0..3usize,
        kind in 0..6,
    ) {
        let message = texts[0].clone();
        let event = match kind {
            0 => Event::Deliver { from, to, message, kept: true },
            1 => Event::Drop { from, to, message },
            2 => Event::Timeout { actor: from, timer: message, early: to == from },
            3 => Event::Crash { actor: from },
            4 => Event::Random { actor: from, choice: message },
            _ => Event::Recover { actor: from },
        };
        let step = Step {
            sent: vec![sent(to, &texts[1]), Sent { lost: true, ..sent(from, &texts[1]) }],
            states: vec![(0, texts[2].clone()), (2, texts[3].clone())],
            notes: vec![texts[3].clone()],
            ..Step::new(event)
        };
        let trace = Trace {
            title: texts[3].clone(),
            actors: vec!["S1".to_owned(), "S2".to_owned()],
            initial: vec![texts[1].clone(), texts[2].clone()],
            steps: vec![step.clone(), step],
            ..Trace::default()
        };
        elements(&trace.diagram());
        trace.itf();
        for line in trace.text(false).lines() {
            prop_assert!(line.chars().count() <= 100, "{}", line);
        }
    }
}

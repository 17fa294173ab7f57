//! What clients of etcd ask of the store, beside a twin that keeps a list and looks at all of it.

use proptest::collection::vec;
use proptest::prelude::*;
use quorate_models::kv::etcd::{
    Answer, Body, Compare, Field, Operation, Pair, Range, Refusal, Relation, Request, Span, Target,
    Txn,
};
use quorate_models::kv::{Command, Kv, Output, READ_MAX, Text, VALUE_MAX, get, put};
use quorate_models::state_machine::StateMachine;

/// The twin: all pairs, in no order that means anything.
#[derive(Clone, Debug)]
struct Twin {
    pairs: Vec<Pair>,
    revision: u64,
}

impl Twin {
    fn within(&self, span: &Span) -> Vec<Pair> {
        let is_in = |pair: &&Pair| {
            let key: &[u8] = &pair.key;
            match &*span.end {
                [] => *key == *span.key,
                [0] => *key >= *span.key,
                end => *key >= *span.key && key < end,
            }
        };
        let mut found: Vec<Pair> = self.pairs.iter().filter(is_in).cloned().collect();
        found.sort_by(|one, other| one.key.cmp(&other.key));
        found
    }

    /// Does it, and leaves the twin half changed if it is refused.
    fn perform(&mut self, request: &Request) -> Result<Answer, Refusal> {
        let at = self.revision + 1;
        let body = match request {
            Request::Alone(operation) => return self.operate(operation, at),
            Request::Txn(txn) => {
                let succeeded = txn.compare.iter().all(|compare| self.is_met(compare));
                let operations = if succeeded { &txn.success } else { &txn.failure };
                let mut answers = Vec::new();
                for operation in operations {
                    answers.push(self.operate(operation, at)?);
                }
                Body::Txn { succeeded, answers }
            }
            Request::Number => Body::Txn { succeeded: true, answers: Vec::new() },
        };
        Ok(Answer { revision: self.revision, body })
    }

    fn operate(&mut self, operation: &Operation, at: u64) -> Result<Answer, Refusal> {
        let body = match operation {
            Operation::Put { key, value, previous } => {
                let before = self.pairs.iter().find(|pair| pair.key == *key).cloned();
                self.pairs.retain(|pair| pair.key != *key);
                let created = before.as_ref().map_or(at, |pair| pair.created);
                let version = before.as_ref().map_or(1, |pair| pair.version + 1);
                let (key, value) = (key.clone(), value.clone());
                self.pairs.push(Pair { key, value, created, modified: at, version });
                self.revision = at;
                Body::Put { previous: before.filter(|_| *previous) }
            }
            Operation::Delete { keys, previous } => {
                let found = self.within(keys);
                self.pairs.retain(|pair| !found.contains(pair));
                if !found.is_empty() {
                    self.revision = at;
                }
                let count = found.len() as u64;
                Body::Deleted { count, previous: if *previous { found } else { Vec::new() } }
            }
            Operation::Range(range) => self.range(range)?,
        };
        Ok(Answer { revision: self.revision, body })
    }

    fn range(&self, range: &Range) -> Result<Body, Refusal> {
        if range.revision > self.revision {
            return Err(Refusal::Future);
        }
        if range.revision != 0 && range.revision < self.revision {
            return Err(Refusal::Compacted);
        }
        let mut pairs = self.within(&range.keys);
        let count = pairs.len() as u64;
        pairs.sort_by(|one, other| {
            let order = match range.order_by {
                Field::Key => one.key.cmp(&other.key),
                Field::Version => one.version.cmp(&other.version),
                Field::Created => one.created.cmp(&other.created),
                Field::Modified => one.modified.cmp(&other.modified),
                Field::Value => one.value.cmp(&other.value),
            };
            if range.descending { order.reverse() } else { order }
        });
        if range.count_only {
            return Ok(Body::Range { pairs: Vec::new(), more: false, count });
        }
        let more = range.limit > 0 && count > range.limit;
        if more {
            pairs.truncate(range.limit as usize);
        }
        if range.keys_only {
            pairs.iter_mut().for_each(|pair| pair.value = Text::from(""));
        }
        Ok(Body::Range { pairs, more, count })
    }

    fn is_met(&self, compare: &Compare) -> bool {
        let found = self.within(&compare.keys);
        let absent = Pair {
            key: Text::from(""),
            value: Text::from(""),
            created: 0,
            modified: 0,
            version: 0,
        };
        let is_absent = found.is_empty();
        let all = if is_absent { vec![absent] } else { found };
        all.iter().all(|pair| {
            let order = match &compare.target {
                Target::Version(number) => (pair.version as i64).cmp(number),
                Target::Created(number) => (pair.created as i64).cmp(number),
                Target::Modified(number) => (pair.modified as i64).cmp(number),
                Target::Value(_) if is_absent => return false,
                Target::Value(value) => pair.value.cmp(value),
            };
            match compare.relation {
                Relation::Equal => order.is_eq(),
                Relation::Greater => order.is_gt(),
                Relation::Less => order.is_lt(),
                Relation::NotEqual => order.is_ne(),
            }
        })
    }
}

fn text() -> impl Strategy<Value = Text> {
    prop::sample::select(vec!["a", "b", "ba", "c"]).prop_map(Text::from)
}

fn span() -> impl Strategy<Value = Span> {
    let end = prop::sample::select(vec!["", "\0", "b", "bb", "d"]).prop_map(Text::from);
    (text(), end).prop_map(|(key, end)| Span { key, end })
}

fn range() -> impl Strategy<Value = Range> {
    let fields = vec![Field::Key, Field::Version, Field::Created, Field::Modified, Field::Value];
    let revision = prop_oneof![4 => Just(0), 1 => 1..6_u64];
    let flags = (any::<bool>(), any::<bool>(), prop::bool::weighted(0.2));
    (span(), 0..4_u64, revision, prop::sample::select(fields), flags).prop_map(
        |(keys, limit, revision, order_by, (descending, keys_only, count_only))| Range {
            keys,
            limit,
            revision,
            order_by,
            descending,
            keys_only,
            count_only,
        },
    )
}

fn operation() -> impl Strategy<Value = Operation> {
    prop_oneof![
        3 => (text(), text(), any::<bool>())
            .prop_map(|(key, value, previous)| Operation::Put { key, value, previous }),
        2 => range().prop_map(Operation::Range),
        1 => (span(), any::<bool>())
            .prop_map(|(keys, previous)| Operation::Delete { keys, previous }),
    ]
}

fn compare() -> impl Strategy<Value = Compare> {
    let relations = vec![Relation::Equal, Relation::Greater, Relation::Less, Relation::NotEqual];
    let target = prop_oneof![
        (0..4_i64).prop_map(Target::Version),
        (0..8_i64).prop_map(Target::Created),
        (0..8_i64).prop_map(Target::Modified),
        text().prop_map(Target::Value),
    ];
    (span(), prop::sample::select(relations), target).prop_map(|(keys, relation, target)| Compare {
        keys,
        relation,
        target,
    })
}

fn request() -> impl Strategy<Value = Request> {
    let txn = (vec(compare(), 0..3), vec(operation(), 0..4), vec(operation(), 0..4))
        .prop_map(|(compare, success, failure)| Txn { compare, success, failure });
    prop_oneof![operation().prop_map(Request::Alone), txn.prop_map(Request::Txn)]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]
    #[test]
    fn the_store_does_what_its_twin_does(requests in vec(request(), 1..20)) {
        let mut kv = numbered();
        let mut twin = Twin { pairs: Vec::new(), revision: 1 };
        for request in requests {
            let command = Command::Etcd(request.clone());
            let before = kv.clone();
            let mut next = twin.clone();
            let expected = next.perform(&request);
            if expected.is_ok() {
                twin = next;
            }
            let read = kv.read(&command);
            let output = kv.apply(&command);
            prop_assert_eq!(&output, &Output::Etcd(expected.clone()), "{:?}", &command);
            prop_assert_eq!(&output, &read);
            if expected.is_err() || Kv::is_read_only(&command) {
                prop_assert_eq!(&kv, &before);
            }
            let sent = postcard::to_allocvec(&command).unwrap();
            prop_assert_eq!(postcard::from_bytes::<Command>(&sent).unwrap(), command);
        }
    }
}

/// An empty store whose revisions are numbered.
fn numbered() -> Kv {
    let mut kv = Kv::default();
    let body = Body::Txn { succeeded: true, answers: Vec::new() };
    for _ in 0..2 {
        let output = kv.apply(&Command::Etcd(Request::Number));
        assert_eq!(output, Output::Etcd(Ok(Answer { revision: 1, body: body.clone() })));
    }
    kv
}

fn range_of(key: &str) -> Command {
    let keys = Span { key: key.into(), end: "".into() };
    Command::Etcd(Request::Alone(Operation::Range(Range {
        keys,
        limit: 0,
        revision: 0,
        order_by: Field::Key,
        descending: false,
        keys_only: false,
        count_only: false,
    })))
}

#[test]
fn without_clients_of_etcd_stores_that_hold_the_same_are_the_same() {
    let (mut one, mut other) = (Kv::default(), Kv::default());
    one.apply(&put("k", "x"));
    other.apply(&put("j", "x"));
    other.apply(&put("k", "y"));
    other.apply(&Command::Delete { key: "j".into() });
    other.apply(&put("k", "x"));
    assert_eq!(one, other);
    assert_eq!(other.apply(&range_of("k")), Output::Etcd(Err(Refusal::Unnumbered)));
    assert_eq!(one, other);
    // The first of them finds all of it at revision 1, and what it does itself behind that.
    let written = Operation::Put { key: "k".into(), value: "z".into(), previous: true };
    let before = Pair { key: "k".into(), value: "x".into(), created: 1, modified: 1, version: 1 };
    let body = Body::Put { previous: Some(before) };
    assert_eq!(
        other.apply(&Command::Etcd(Request::Alone(written))),
        Output::Etcd(Ok(Answer { revision: 2, body }))
    );
    one.apply(&Command::Etcd(Request::Number));
    one.apply(&put("k", "z"));
    assert_eq!(one, other);
}

fn all(previous: bool) -> Command {
    let keys = Span { key: "\0".into(), end: "\0".into() };
    Command::Etcd(Request::Alone(Operation::Delete { keys, previous }))
}

#[test]
fn other_commands_make_revisions_too_and_only_if_they_change_something() {
    let mut kv = numbered();
    let key = || Text::from("k");
    let revision = |kv: &Kv| {
        let read = kv.read(&range_of("k"));
        let Output::Etcd(Ok(Answer { revision, .. })) = read else { panic!("no range") };
        revision
    };
    let none = Command::DeleteAll { keys: vec![key(), key()] };
    let cas = |old: &str| Command::Cas { key: "k".into(), old: old.into(), new: "y".into() };
    for (command, expected) in [
        (get("k"), 1),
        (none, 1),
        (Command::PutIf { key: key(), value: key(), exists: true }, 1),
        (put("k", "x"), 2),
        (cas("z"), 2),
        (cas("x"), 3),
        (Command::Add { key: key(), by: 1 }, 3),
        (Command::Append { key: key(), value: key() }, 4),
        (Command::Add { key: "n".into(), by: 1 }, 5),
        (Command::DeleteAll { keys: vec![key(), "n".into(), key()] }, 6),
        (Command::Delete { key: key() }, 6),
    ] {
        kv.apply(&command);
        assert_eq!(revision(&kv), expected, "{command:?}");
    }
}

#[test]
fn an_answer_that_is_too_long_leaves_everything_as_it_was() {
    let mut kv = numbered();
    for key in ["a", "b", "c"] {
        kv.apply(&Command::Put { key: key.into(), value: Text::from(&*vec![0; VALUE_MAX]) });
    }
    const { assert!(3 * VALUE_MAX > READ_MAX) };
    let before = kv.clone();
    assert_eq!(kv.apply(&all(true)), Output::Etcd(Err(Refusal::TooLong)));
    assert_eq!(kv, before);
    let done = Output::Etcd(Ok(Answer {
        revision: 5,
        body: Body::Deleted { count: 3, previous: Vec::new() },
    }));
    assert_eq!(kv.apply(&all(false)), done);
}

//! How the store does what a client of etcd asks for.

use std::cmp::{Ordering, Reverse};
use std::ops::Bound;

use super::{
    Answer, Body, Compare, Field, Operation, PAIR, Pair, Range, Refusal, Relation, Request, Span,
    Target, Txn,
};
use crate::kv::keys::{Entry, Keys};
use crate::kv::{READ_MAX, Text};

/// Does what is asked for, or nothing at all.
pub fn perform(store: &mut Keys, request: &Request) -> Result<Answer, Refusal> {
    if request.is_read_only() {
        return read(store, request);
    }
    let (before, at) = (store.number(), store.next_revision());
    let mut step = Step { store, at, undo: Vec::new(), room: Room(READ_MAX) };
    let done = match request {
        Request::Alone(operation) => step.operate(operation),
        Request::Txn(txn) => step.transact(txn),
        Request::Number => step.transact(&Txn::default()),
    };
    if done.is_err() {
        for (key, entry) in step.undo.into_iter().rev() {
            store.restore(before, key, entry);
        }
    }
    done
}

/// The same, of a request that only reads.
pub fn read(store: &Keys, request: &Request) -> Result<Answer, Refusal> {
    let revision = store.revision().ok_or(Refusal::Unnumbered)?;
    let mut room = Room(READ_MAX);
    let body = match request {
        Request::Alone(operation) => look(store, revision, operation, &mut room)?,
        Request::Txn(txn) => {
            let (succeeded, operations) = branch(store, txn);
            let answer = |operation| {
                let body = look(store, revision, operation, &mut room)?;
                Ok(Answer { revision, body })
            };
            Body::Txn {
                succeeded,
                answers: operations.iter().map(answer).collect::<Result<_, _>>()?,
            }
        }
        Request::Number => unreachable!("it does not only read"),
    };
    Ok(Answer { revision, body })
}

/// What an operation returns that only reads.
fn look(
    store: &Keys,
    revision: u64,
    operation: &Operation,
    room: &mut Room,
) -> Result<Body, Refusal> {
    let Operation::Range(range) = operation else { unreachable!("it only reads") };
    select(store, revision, range, room)
}

/// A request that is being performed.
struct Step<'a> {
    store: &'a mut Keys,
    /// The revision that it makes, if it changes anything.
    at: u64,
    /// What there was under the keys that it has changed.
    undo: Vec<(Text, Option<Entry>)>,
    room: Room,
}

/// How many bytes the answer may still have.
struct Room(usize);

impl Room {
    fn take(&mut self, pair: &Pair) -> Result<(), Refusal> {
        let size = PAIR + pair.key.len() + pair.value.len();
        self.0 = self.0.checked_sub(size).ok_or(Refusal::TooLong)?;
        Ok(())
    }
}

impl Step<'_> {
    fn transact(&mut self, txn: &Txn) -> Result<Answer, Refusal> {
        let (succeeded, operations) = branch(self.store, txn);
        let answers = operations.iter().map(|operation| self.operate(operation));
        let body = Body::Txn { succeeded, answers: answers.collect::<Result<_, _>>()? };
        Ok(Answer { revision: self.store.number(), body })
    }

    fn operate(&mut self, operation: &Operation) -> Result<Answer, Refusal> {
        let body = match operation {
            Operation::Put { key, value, previous } => {
                let before = self.store.insert(self.at, key.clone(), value.clone());
                self.undo.push((key.clone(), before.clone()));
                let shown = before.filter(|_| *previous).map(|entry| pair(key, &entry));
                shown.iter().try_for_each(|pair| self.room.take(pair))?;
                Body::Put { previous: shown }
            }
            Operation::Range(range) => {
                let revision = self.store.number();
                select(self.store, revision, range, &mut self.room)?
            }
            Operation::Delete { keys, previous } => self.delete(keys, *previous)?,
        };
        Ok(Answer { revision: self.store.number(), body })
    }

    fn delete(&mut self, keys: &Span, previous: bool) -> Result<Body, Refusal> {
        let found: Vec<Text> = within(self.store, keys).map(|(key, _)| key.clone()).collect();
        let (count, mut shown) = (found.len() as u64, Vec::new());
        for key in found {
            let Some(before) = self.store.remove(self.at, &key) else { continue };
            let pair = previous.then(|| pair(&key, &before));
            self.undo.push((key, Some(before)));
            pair.iter().try_for_each(|pair| self.room.take(pair))?;
            shown.extend(pair);
        }
        Ok(Body::Deleted { count, previous: shown })
    }
}

/// Whether the condition of `txn` is true, and what is to be done then.
fn branch<'a>(store: &Keys, txn: &'a Txn) -> (bool, &'a [Operation]) {
    let succeeded = txn.compare.iter().all(|compare| is_met(store, compare));
    (succeeded, if succeeded { &txn.success } else { &txn.failure })
}

fn is_met(store: &Keys, compare: &Compare) -> bool {
    let mut found = within(store, &compare.keys).map(|(_, entry)| entry).peekable();
    if found.peek().is_none() {
        return is_true(compare, None);
    }
    found.all(|entry| is_true(compare, Some(entry)))
}

fn is_true(compare: &Compare, entry: Option<&Entry>) -> bool {
    let numbers = entry.map_or((0, 0, 0), |it| (it.version, it.created, it.modified));
    let number = |is: u64, named: i64| (is as i64).cmp(&named);
    let order = match (&compare.target, entry) {
        (Target::Version(named), _) => number(numbers.0, *named),
        (Target::Created(named), _) => number(numbers.1, *named),
        (Target::Modified(named), _) => number(numbers.2, *named),
        (Target::Value(named), Some(entry)) => entry.value.cmp(named),
        (Target::Value(_), None) => return false,
    };
    match compare.relation {
        Relation::Equal => order == Ordering::Equal,
        Relation::Greater => order == Ordering::Greater,
        Relation::Less => order == Ordering::Less,
        Relation::NotEqual => order != Ordering::Equal,
    }
}

fn within<'a>(store: &'a Keys, span: &'a Span) -> impl Iterator<Item = (&'a Text, &'a Entry)> {
    let key = &span.key;
    let to = match &*span.end {
        b"" => Bound::Included(key),
        b"\0" => Bound::Unbounded,
        // One that is before the first key leaves none.
        _ => Bound::Excluded(key.max(&span.end)),
    };
    store.between(Bound::Included(key), to)
}

fn select(store: &Keys, revision: u64, range: &Range, room: &mut Room) -> Result<Body, Refusal> {
    match range.revision.cmp(&revision) {
        Ordering::Greater => return Err(Refusal::Future),
        Ordering::Less if range.revision > 0 => return Err(Refusal::Compacted),
        _ => {}
    }
    let limit = if range.limit == 0 { u64::MAX } else { range.limit };
    if range.count_only {
        let count = within(store, &range.keys).count() as u64;
        return Ok(Body::Range { pairs: Vec::new(), more: false, count });
    }
    let (mut count, mut pairs) = (0, Vec::new());
    let mut add = |(key, entry): (&Text, &Entry)| -> Result<(), Refusal> {
        count += 1;
        if count <= limit {
            let mut pair = pair(key, entry);
            if range.keys_only {
                pair.value = Text::from("");
            }
            room.take(&pair)?;
            pairs.push(pair);
        }
        Ok(())
    };
    let found = within(store, &range.keys);
    if range.order_by == Field::Key && !range.descending {
        found.into_iter().try_for_each(&mut add)?;
    } else {
        sorted(found.collect(), range).into_iter().try_for_each(&mut add)?;
    }
    Ok(Body::Range { pairs, more: count > limit, count })
}

/// In the order that is asked for. Those that are alike stay in that of their keys.
fn sorted<'a>(mut found: Vec<(&'a Text, &'a Entry)>, range: &Range) -> Vec<(&'a Text, &'a Entry)> {
    fn sort<'a, K: Ord>(
        found: &mut [(&'a Text, &'a Entry)],
        descending: bool,
        by: impl Fn((&'a Text, &'a Entry)) -> K,
    ) {
        if descending {
            found.sort_by_key(|pair| Reverse(by(*pair)));
        } else {
            found.sort_by_key(|pair| by(*pair));
        }
    }
    let descending = range.descending;
    match range.order_by {
        Field::Key => sort(&mut found, descending, |(key, _)| key),
        Field::Version => sort(&mut found, descending, |(_, entry)| entry.version),
        Field::Created => sort(&mut found, descending, |(_, entry)| entry.created),
        Field::Modified => sort(&mut found, descending, |(_, entry)| entry.modified),
        Field::Value => sort(&mut found, descending, |(_, entry)| &entry.value),
    }
    found
}

fn pair(key: &Text, entry: &Entry) -> Pair {
    let Entry { value, created, modified, version } = entry;
    let (key, value) = (key.clone(), value.clone());
    Pair { key, value, created: *created, modified: *modified, version: *version }
}

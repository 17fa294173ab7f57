//! Shows that what was forgotten as obsolete would have been ignored later, too.
//!
//! The search itself asks the receiver of an obsolete message whether it ignores it at the moment
//! it is forgotten. Here the question is put again for all states in which the receiver is later.

use std::collections::{BTreeSet, HashMap, HashSet};

use super::calls::Called;
use super::outcome::{Answer, Outcome};
use super::parts::{Event, Explorable, History};
use super::shared::Shared;
use crate::spec::{ActionOf, FORGOTTEN_IS_IGNORED, Spec, State};

/// A message that was forgotten, and a state in which its receiver is then or later: envelope and
/// state by their numbers.
type Forgotten = (u32, u32);

/// Looks whether something that was forgotten is heeded later, and if so puts the path there into
/// `outcome`.
pub(super) fn check<A: Explorable, C: Sync, G: History>(
    shared: &Shared<'_, A, C, G>,
    spec: &Spec<A, C, G>,
    outcome: &mut Outcome<State<A, G>, ActionOf<A>>,
) {
    let mut findings = outcome.findings.iter_mut();
    let Some(finding) = findings.find(|finding| finding.name == FORGOTTEN_IS_IGNORED) else {
        return;
    };
    if let Answer::NotFound = finding.answer {
        // The steps of an actor that were asked for need not fit together in one run.
        let heeded = heeded_later(shared);
        let heeded: Vec<_> = heeded.iter().map(|it| shared.parts.envelopes.get(*it)).collect();
        if !heeded.is_empty()
            && let Some(path) = spec.path_to_heeding(&heeded)
        {
            finding.answer = Answer::Found(path);
        }
    }
}

/// The messages that were forgotten and are heeded in a state to which steps of their receiver lead
/// from there. Their order is the same for any number of threads.
fn heeded_later<A: Explorable, C, G: History>(shared: &Shared<'_, A, C, G>) -> Vec<u32> {
    let Shared { system, parts, reactions, .. } = shared;
    let mut later: HashMap<(usize, u32), BTreeSet<u32>> = HashMap::new();
    let mut open: Vec<Forgotten> = Vec::new();
    for (actor, event, before, after) in reactions.steps() {
        if after != before {
            later.entry((actor, before)).or_default().insert(after);
        }
        if let Event::Deliver(envelope) = event
            && system.is_obsolete(parts, before, envelope)
        {
            open.push((envelope, before));
        }
    }
    let mut known: HashSet<Forgotten> = open.iter().copied().collect();
    let mut heeded = Vec::new();
    let calls = shared.calls.slot();
    while let Some((envelope, state)) = open.pop() {
        let receiver = usize::from(parts.envelopes.get(envelope).dst);
        for after in later.get(&(receiver, state)).into_iter().flatten() {
            if !known.insert((envelope, *after)) {
                continue;
            }
            let _running = calls.enter(Called::Obsolete, &[*after, envelope]);
            if reactions.ignores(system, parts, *after, envelope) {
                open.push((envelope, *after));
            } else {
                heeded.push(envelope);
            }
        }
    }
    heeded.sort_by_key(|envelope| {
        let envelope = parts.envelopes.get(*envelope);
        (envelope.src, envelope.dst, &envelope.msg)
    });
    heeded.dedup();
    heeded
}

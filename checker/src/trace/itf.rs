//! A trace in the Informal Trace Format of Apalache (its ADR 015), which other tools read.
//!
//! There is a variable for every actor, which holds the `Debug` text of its state, and one more,
//! `action`: the step that led to the state. For a lasso, `loop` is the index of the state that the
//! last state repeats.

use super::Trace;
use serde_json::{Map, Value, json};

const FORMAT: &str = "https://apalache-mc.org/docs/adr/015adr-trace.html";
const ACTION: &str = "action";

/// See [`Trace::itf`].
pub(super) fn render(trace: &Trace) -> Value {
    let names = variables(trace);
    let mut current = trace.initial.clone();
    current.resize(trace.actors.len(), String::new());
    let mut states = vec![state(&names, 0, &current, "start")];
    for (number, step) in trace.steps.iter().enumerate() {
        for (actor, new) in &step.states {
            if let Some(old) = current.get_mut(*actor) {
                old.clone_from(new);
            }
        }
        states.push(state(&names, number + 1, &current, &trace.line(step)));
    }
    let types: Map<_, _> = names.iter().map(|name| (name.clone(), json!("Str"))).collect();
    let mut itf = json!({
        "#meta": {
            "format": "ITF",
            "format-description": FORMAT,
            "description": trace.title,
            "varTypes": types,
        },
        "vars": names,
        "states": states,
    });
    if let Some(start) = trace.loop_start {
        itf["loop"] = json!(start);
    }
    itf
}

fn state(names: &[String], index: usize, actors: &[String], action: &str) -> Value {
    let mut state = Map::new();
    state.insert("#meta".to_owned(), json!({ "index": index }));
    let values = actors.iter().map(String::as_str).chain([action]);
    for (name, value) in names.iter().zip(values) {
        state.insert(name.clone(), json!(value));
    }
    Value::Object(state)
}

/// The names of the actors as identifiers, all different, then the name of the action.
fn variables(trace: &Trace) -> Vec<String> {
    let mut names = Vec::<String>::new();
    for actor in &trace.actors {
        let word = |c: char| if c.is_ascii_alphanumeric() { c } else { '_' };
        let mut name: String = actor.chars().map(word).collect();
        if !name.starts_with(|c: char| c.is_ascii_alphabetic()) {
            name.insert_str(0, "actor_");
        }
        while name == ACTION || names.contains(&name) {
            name.push('_');
        }
        names.push(name);
    }
    names.push(ACTION.to_owned());
    names
}

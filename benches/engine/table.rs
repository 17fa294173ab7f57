//! What is printed of the measurements: Markdown, in 100 columns.

use quorate_checker::report::grouped;

use crate::measure::{Engine, Job, Measured, Properties, Space};

type Results = [(Job, Measured)];

/// One run, as it ends.
pub fn line(measured: &Measured) -> String {
    let memory = measured.peak.map_or(String::new(), |peak| format!(", {} MiB", peak >> 20));
    let (states, transitions) = (grouped(measured.states), grouped(measured.transitions));
    let Measured { name, seconds, .. } = measured;
    format!("{name}: {states} states, {transitions} transitions, {seconds:.2} s{memory}")
}

/// How large the spaces are, as each engine counts them.
pub fn counts(results: &Results) -> String {
    let mut rows = vec![["space", "engine", "states", "transitions"].map(str::to_owned).to_vec()];
    for (job, measured) in results {
        let row = vec![
            job.space.name().to_owned(),
            job.engine.name().to_owned(),
            grouped(measured.states),
            grouped(measured.transitions),
        ];
        // Once for several runs that agree.
        if !rows.contains(&row) {
            rows.push(row);
        }
    }
    markdown(&rows, 2)
}

/// Time and memory of each measurement.
pub fn measurements(results: &Results) -> String {
    let titles = ["space", "engine", "properties", "threads", "seconds", "states/s", "bytes/state"];
    let mut rows = vec![titles.map(str::to_owned).to_vec()];
    for (job, measured) in results {
        rows.push(vec![
            job.space.name().to_owned(),
            job.engine.name().to_owned(),
            job.properties.name().to_owned(),
            job.threads.to_string(),
            format!("{:.2}", measured.seconds),
            grouped(measured.states_per_second() as u64),
            measured.bytes_per_state().map_or("-".to_owned(), |bytes| format!("{bytes:.1}")),
        ]);
    }
    markdown(&rows, 3)
}

/// What the measurements are there to show, for each space of which both sides were measured;
/// nothing if there is none.
pub fn ratios(results: &Results) -> Option<String> {
    let mut rows = vec![["compared", "space", "times"].map(str::to_owned).to_vec()];
    let both = |what: &str, one: Side, other: Side, value: fn(&Measured) -> Option<f64>| {
        let of = |space, side| value(find(results, space, side)?);
        let rows = Space::ALL.into_iter().filter_map(move |space| {
            let times = of(space, one)? / of(space, other)?;
            Some(vec![what.to_owned(), space.name().to_owned(), format!("{times:.2}")])
        });
        rows.collect::<Vec<_>>()
    };
    let speed = |measured: &Measured| Some(measured.states_per_second());
    let ours = (Engine::Quorate, 2, Properties::Declared);
    let one_thread = (Engine::Quorate, 1, Properties::Declared);
    let theirs = (Engine::Stateright, 2, Properties::Declared);
    let [none, opaque] =
        [Properties::None, Properties::Opaque].map(|properties| (Engine::Quorate, 2, properties));
    rows.extend(both("states/s, quorate to Stateright", ours, theirs, speed));
    rows.extend(both(
        "bytes/state, Stateright to quorate",
        theirs,
        ours,
        Measured::bytes_per_state,
    ));
    rows.extend(both("states/s, two threads to one", ours, one_thread, speed));
    rows.extend(both("seconds, with properties to without", none, ours, speed));
    rows.extend(both("seconds, opaque properties to without", none, opaque, speed));
    (rows.len() > 1).then(|| markdown(&rows, 2))
}

/// What is compared.
type Side = (Engine, usize, Properties);

fn find(results: &Results, space: Space, (engine, threads, properties): Side) -> Option<&Measured> {
    let wanted = Job { space, engine, threads, properties };
    results.iter().find(|(job, _)| *job == wanted).map(|(_, measured)| measured)
}

/// A table whose first row is its head. Columns from `numbers` on are set flush right.
fn markdown(rows: &[Vec<String>], numbers: usize) -> String {
    let columns = rows[0].len();
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max();
    let widths: Vec<usize> = (0..columns).map(|column| width(column).unwrap_or(0)).collect();
    let mut text = String::new();
    for (at, row) in rows.iter().enumerate() {
        for (column, (cell, width)) in row.iter().zip(&widths).enumerate() {
            let is_number = column >= numbers;
            let cell =
                if is_number { format!("{cell:>width$}") } else { format!("{cell:<width$}") };
            text += &format!("| {cell} ");
        }
        text += "|\n";
        if at == 0 {
            for (column, width) in widths.iter().enumerate() {
                let end = if column >= numbers { ':' } else { '-' };
                text += &format!("|{}{end}", "-".repeat(width + 1));
            }
            text += "|\n";
        }
    }
    text
}

//! The one and the other in alternation, several rounds through, and the medians of what came.

use std::path::Path;
use std::time::Duration;

use quorate::cli::exit::Failure;
use serde_json::{Value, json};

use crate::Outcome;
use crate::cell::{Cell, Figures, System, Times, lost, measure};
use crate::disk::{self, Rates};
use crate::etcd::{Asked, Etcd};
use crate::progress::All;
use crate::quorate_cluster::Cluster;
use crate::table;

/// At so many sessions quorate is also asked no more than etcd has answered.
const AT_RATE: usize = 256;

/// How thorough it is.
struct Scale {
    rounds: usize,
    times: Times,
    /// For how long each rate of the disk is measured.
    disk: Duration,
    cells: Vec<Cell>,
}

impl Scale {
    fn of(quick: bool) -> Self {
        let cells = |sessions: &[usize], size, reads| -> Vec<Cell> {
            sessions.iter().map(|sessions| Cell { sessions: *sessions, size, reads }).collect()
        };
        if quick {
            let cells = [
                cells(&[1, AT_RATE], 100, false),
                cells(&[64], 100, true),
                cells(&[1], MIB, false),
            ];
            return Scale {
                rounds: 1,
                times: Times::of(0.3, 1.0),
                disk: Duration::from_millis(500),
                cells: cells.concat(),
            };
        }
        let all = [1, 8, 64, AT_RATE, 1_000];
        let cells = [
            cells(&all, 100, false),
            cells(&all, 1_024, false),
            cells(&[1, 64, AT_RATE], 100, true),
            cells(&[1, 4], MIB, false),
        ];
        Scale {
            rounds: 3,
            times: Times::of(1.0, 4.0),
            disk: Duration::from_secs(2),
            cells: cells.concat(),
        }
    }
}

const MIB: usize = 1 << 20;

impl Times {
    fn of(warm_up: f64, length: f64) -> Self {
        let [warm_up, length] = [warm_up, length].map(Duration::from_secs_f64);
        Times { warm_up, length }
    }
}

/// Both systems, what was written to each, and what came of it.
struct Pair {
    quorate: Cluster,
    etcd: Etcd,
    written: [All; 2],
    missing: Vec<String>,
}

impl Pair {
    fn measure(
        &mut self,
        is_etcd: bool,
        cell: Cell,
        times: Times,
        rate: Option<f64>,
    ) -> Result<Figures, Failure> {
        let system: &mut dyn System = if is_etcd { &mut self.etcd } else { &mut self.quorate };
        let written = &mut self.written[usize::from(is_etcd)];
        measure(system, cell, times, rate, written, &mut self.missing)
    }

    /// Finds out whether etcd is faster if all members are asked, or only the leader, and has that
    /// done from then on. Gives the writes a second of both.
    fn choose(&mut self, times: Times) -> Result<[f64; 2], Failure> {
        let cell = Cell { sessions: AT_RATE, size: 1_024, reads: false };
        let mut best = [0.0_f64; 2];
        for _ in 0..2 {
            for (best, asked) in best.iter_mut().zip([Asked::All, Asked::Leader]) {
                self.etcd.asked = asked;
                *best = best.max(self.measure(true, cell, times, None)?.per_second);
            }
        }
        self.etcd.asked = if best[0] >= best[1] { Asked::All } else { Asked::Leader };
        Ok(best)
    }
}

/// What was measured in all rounds.
struct Measured {
    cell: Cell,
    /// Of quorate, and of etcd.
    both: [Vec<Figures>; 2],
    /// Of quorate, when it was asked as much as etcd has answered in the same round.
    at_rate: Vec<Figures>,
}

impl Measured {
    fn medians(&self) -> [Figures; 2] {
        self.both.each_ref().map(|rounds| Figures::median(rounds))
    }

    fn json(&self) -> Value {
        let rounds = |rounds: &[Figures]| rounds.iter().map(Figures::json).collect::<Vec<_>>();
        let ([quorate, etcd], [ours, theirs]) = (self.medians(), &self.both);
        let mut told = json!({
            "sessions": self.cell.sessions,
            "bytes": self.cell.size,
            "kind": if self.cell.reads { "read" } else { "write" },
            "quorate": quorate.json(),
            "etcd": etcd.json(),
            "rounds": { "quorate": rounds(ours), "etcd": rounds(theirs) },
        });
        if !self.at_rate.is_empty() {
            told["quorate_at_the_rate_of_etcd"] = Figures::median(&self.at_rate).json();
        }
        told
    }
}

/// Starts both systems in `dir`, measures them, prints a table, and looks for what is missing.
pub fn run(binary: &Path, etcd: &Path, dir: &Path, quick: bool) -> Result<Outcome, Failure> {
    let scale = Scale::of(quick);
    let (quorate, etcd) = (Cluster::start(binary, dir)?, Etcd::start(etcd, dir)?);
    let mut pair = Pair { quorate, etcd, written: Default::default(), missing: Vec::new() };
    let asked = pair.choose(scale.times)?;
    let [all, leader] = asked;
    let chosen = pair.etcd.asked;
    println!("etcd: {all:.0} writes a second at all members, {leader:.0} at its leader");
    println!("etcd: sessions ask {chosen}\n");
    let (measured, disks) = rounds(&mut pair, &scale, dir)?;
    let disk = Rates::median(&disks);
    tell(&measured, &disk);
    for (system, written) in
        [&mut pair.quorate as &mut dyn System, &mut pair.etcd].into_iter().zip(&pair.written)
    {
        pair.missing.extend(lost(system, written.all())?);
    }
    let figures = json!({
        "disk": disk.json(),
        "disk_each_round": disks.iter().map(Rates::json).collect::<Vec<_>>(),
        "etcd_asked": chosen.to_string(),
        "etcd_writes_per_second": { "all_members": all, "leader": leader },
        "cells": measured.iter().map(Measured::json).collect::<Vec<_>>(),
        "missing": pair.missing,
    });
    Ok(Outcome { figures, missing: pair.missing })
}

/// Measures all cells, as often as there are rounds, and before each round the disk. Who is first
/// changes from round to round.
fn rounds(
    pair: &mut Pair,
    scale: &Scale,
    dir: &Path,
) -> Result<(Vec<Measured>, Vec<Rates>), Failure> {
    let empty =
        |cell: &Cell| Measured { cell: *cell, both: Default::default(), at_rate: Vec::new() };
    let mut measured: Vec<_> = scale.cells.iter().map(empty).collect();
    let mut disks = Vec::new();
    for round in 1..=scale.rounds {
        let disk = disk::measure(dir, scale.disk)?;
        let Rates { syncs, mib } = disk;
        println!("round {round}: the disk syncs {syncs:.0} blocks of 4 KiB a second, {mib:.0} MiB");
        disks.push(disk);
        for measured in &mut measured {
            measure_both(pair, measured, scale.times, round % 2 == 0)?;
            let (ours, theirs) = (measured.both[0][round - 1], measured.both[1][round - 1]);
            println!("round {round}: {}", line(&measured.cell, &ours, &theirs));
        }
    }
    Ok((measured, disks))
}

/// Measures one cell of both systems, once more.
fn measure_both(
    pair: &mut Pair,
    measured: &mut Measured,
    times: Times,
    etcd_first: bool,
) -> Result<(), Failure> {
    let cell = measured.cell;
    for is_etcd in [etcd_first, !etcd_first] {
        let figures = pair.measure(is_etcd, cell, times, None)?;
        measured.both[usize::from(is_etcd)].push(figures);
    }
    if cell.sessions == AT_RATE && !cell.reads {
        let rate = measured.both[1].last().map(|theirs| theirs.per_second);
        measured.at_rate.push(pair.measure(false, cell, times, rate)?);
    }
    Ok(())
}

/// A short line, while it goes on.
fn line(cell: &Cell, ours: &Figures, theirs: &Figures) -> String {
    let (ours, theirs) = (ours.per_second, theirs.per_second);
    format!("{}: {ours:.0} a second of quorate, {theirs:.0} of etcd", cell.name())
}

/// Prints the medians.
fn tell(all: &[Measured], disk: &Rates) {
    let Rates { syncs, mib } = disk;
    println!("\nThe disk, by itself: {syncs:.0} blocks of 4 KiB overwritten and synced a second;");
    println!("{mib:.0} MiB a second, appended and synced 1 MiB at a time.");
    println!("\n{}", table::head());
    for measured in all {
        let [ours, theirs] = measured.medians();
        println!("{}", table::line(&measured.cell.name(), &ours, &theirs));
    }
    println!("\nquorate asked no more than etcd has answered, beside etcd at its limit:");
    for measured in all.iter().filter(|measured| !measured.at_rate.is_empty()) {
        let ours = Figures::median(&measured.at_rate);
        println!("{}", table::line(&measured.cell.name(), &ours, &measured.medians()[1]));
    }
    let share = disk.mib / 3.0;
    println!(
        "\nMiB/s of large values; a third of what the disk syncs is {share:.0}, as each value"
    );
    println!("is stored three times on it");
    for measured in all.iter().filter(|measured| measured.cell.size >= MIB) {
        let [ours, theirs] = measured
            .medians()
            .map(|figures| figures.per_second * measured.cell.size as f64 / MIB as f64);
        let name = measured.cell.name();
        println!(
            "{name:<17} quorate {ours:.0}, {:.2} of that; etcd {theirs:.0}, {:.2}",
            ours / share,
            theirs / share
        );
    }
}

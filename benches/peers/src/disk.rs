//! How fast the disk makes things durable, by itself.

use std::fs::File;
use std::io::{self, Write};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::time::{Duration, Instant};

use quorate::cli::exit::{Code, Failure};
use serde_json::{Value, json};

use crate::cell::median;

const BLOCK: usize = 4 << 10;
const MIB: usize = 1 << 20;

/// The size of the file of which blocks are overwritten, in blocks.
const BLOCKS: u64 = 16 << 10;

/// What the disk can do.
#[derive(Clone, Copy, Debug)]
pub struct Rates {
    /// How often a second a block of 4 KiB is overwritten, in a file that has its size, and synced.
    pub syncs: f64,
    /// How many MiB a second are appended, 1 MiB at a time, each synced.
    pub mib: f64,
}

impl Rates {
    /// For a program.
    pub fn json(&self) -> Value {
        json!({ "syncs_per_second": self.syncs, "mib_per_second": self.mib })
    }

    /// The median of each rate.
    ///
    /// # Panics
    /// If there are none.
    pub fn median(all: &[Rates]) -> Rates {
        let of = |rate: fn(&Rates) -> f64| median(all.iter().map(rate));
        Rates { syncs: of(|rates| rates.syncs), mib: of(|rates| rates.mib) }
    }
}

/// Measures the disk below `dir`, each rate for so long.
pub fn measure(dir: &Path, length: Duration) -> Result<Rates, Failure> {
    let path = dir.join("disk");
    let measured = overwrites(&path, length).and_then(|syncs| {
        std::fs::remove_file(&path)?;
        let mib = appends(&path, length)?;
        std::fs::remove_file(&path)?;
        Ok(Rates { syncs, mib })
    });
    measured.map_err(|error| Failure::new(Code::Io, format!("{}: {error}", path.display())))
}

fn overwrites(path: &Path, length: Duration) -> io::Result<f64> {
    let mut file = File::create_new(path)?;
    for _ in 0..BLOCKS * BLOCK as u64 / MIB as u64 {
        file.write_all(&vec![1; MIB])?;
    }
    file.sync_all()?;
    per_second(length, |number| {
        file.write_all_at(&[number as u8; BLOCK], number % BLOCKS * BLOCK as u64)?;
        file.sync_data()
    })
}

fn appends(path: &Path, length: Duration) -> io::Result<f64> {
    let mut file = File::create_new(path)?;
    let piece = vec![1; MIB];
    per_second(length, |_| {
        file.write_all(&piece)?;
        file.sync_data()
    })
}

fn per_second(length: Duration, mut act: impl FnMut(u64) -> io::Result<()>) -> io::Result<f64> {
    let (began, mut count) = (Instant::now(), 0);
    while began.elapsed() < length {
        act(count)?;
        count += 1;
    }
    Ok(count as f64 / began.elapsed().as_secs_f64())
}

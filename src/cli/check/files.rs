//! What a check writes to files: the verdicts, and the counterexamples.

use std::fmt::Display;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use quorate_checker::report::{Counterexample, Report};

use crate::cli::exit::{Code, Failure};

/// The file for the verdicts. It has its old content until it has all of the new one.
pub struct JsonFile {
    path: PathBuf,
    target: Target,
}

enum Target {
    /// A file, new or old: what is written beside it takes its place.
    File { temporary: PathBuf },
    /// A device or a pipe, whose place nothing may take.
    Device(File),
}

impl JsonFile {
    /// Makes sure that `path` can be written, and leaves it as it is.
    ///
    /// # Errors
    /// If it cannot, naming it.
    pub fn prepare(path: &Path) -> Result<Self, Failure> {
        // Of a link, what it leads to is replaced.
        let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        let target = Self::target(&path).map_err(|error| cannot_write(&path, error))?;
        Ok(JsonFile { path, target })
    }

    fn target(path: &Path) -> io::Result<Target> {
        match OpenOptions::new().append(true).open(path) {
            Ok(file) if !file.metadata()?.is_file() => return Ok(Target::Device(file)),
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let invalid = io::ErrorKind::InvalidFilename;
        let name = path.file_name().ok_or(invalid)?.to_string_lossy();
        let temporary = path.with_file_name(format!(".{name}.{}.tmp", std::process::id()));
        // Not kept for the minutes of the search, or an interrupted one would leave it behind.
        File::create_new(&temporary)?;
        fs::remove_file(&temporary)?;
        Ok(Target::File { temporary })
    }

    /// Writes the list of `reports`.
    ///
    /// # Errors
    /// If it cannot be written, naming the file.
    pub fn write(self, reports: &[&Report]) -> Result<(), Failure> {
        let mut json = serde_json::to_string_pretty(reports).expect("verdicts have a JSON form");
        json.push('\n');
        let written = match self.target {
            Target::Device(mut device) => device.write_all(json.as_bytes()),
            Target::File { temporary } => write_synced(&temporary, &json)
                .and_then(|()| fs::rename(&temporary, &self.path))
                .inspect_err(|_| {
                    // What matters is the first error.
                    let _ = fs::remove_file(&temporary);
                }),
        };
        written.map_err(|error| cannot_write(&self.path, error))
    }
}

fn write_synced(path: &Path, text: &str) -> io::Result<()> {
    let mut file = File::create(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

/// The directory for the counterexamples.
pub struct TraceFiles {
    directory: PathBuf,
}

impl TraceFiles {
    /// Makes sure that there is such a directory, and that files can be written there.
    ///
    /// # Errors
    /// If it is not so, naming the directory.
    pub fn prepare(directory: &Path) -> Result<Self, Failure> {
        let probe = directory.join(format!(".{}.tmp", std::process::id()));
        fs::create_dir_all(directory)
            .and_then(|()| File::create_new(&probe))
            .and_then(|_| fs::remove_file(&probe))
            .map_err(|error| {
                let directory = directory.display();
                Failure::new(
                    Code::Io,
                    format!("cannot write to the directory {directory}: {error}"),
                )
            })?;
        Ok(TraceFiles { directory: directory.to_owned() })
    }

    /// Writes a counterexample of `spec`, of which `text` is the whole story: NAME.txt, NAME.svg
    /// and NAME.itf.json.
    ///
    /// # Errors
    /// If one cannot be written, naming the file.
    pub fn write(&self, spec: &str, example: &Counterexample, text: &str) -> Result<(), Failure> {
        let name = format!("{}.{}", file_name(spec), file_name(example.property));
        let itf = serde_json::to_string_pretty(&example.trace.itf()).expect("text has a JSON form");
        for (ending, content) in
            [("txt", text), ("svg", &example.trace.diagram()), ("itf.json", &itf)]
        {
            let path = self.directory.join(format!("{name}.{ending}"));
            fs::write(&path, content).map_err(|error| cannot_write(&path, error))?;
        }
        Ok(())
    }
}

/// `words` as a part of a file name: "raft/figure-8" is raft-figure-8.
fn file_name(words: &str) -> String {
    let letter = |c: char| if c.is_alphanumeric() { c } else { '-' };
    words.chars().map(letter).collect()
}

fn cannot_write(path: &Path, error: impl Display) -> Failure {
    Failure::new(Code::Io, format!("cannot write {}: {error}", path.display()))
}

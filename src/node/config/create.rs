//! Makes a cluster's folder: the key first, the stores, and `cluster.toml` last, so that a folder
//! with that file has all the rest.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::net::{Ipv4Addr, SocketAddr};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::time::Duration;

use quorate_models::protocol::Protocol;

use super::{Config, ConfigError, FILE, Key, node, timers};

const KEY_FILE: &str = "cluster.key";

/// What the nodes of a new cluster run.
#[derive(Clone, Copy, Debug)]
pub struct Runs<'a> {
    /// The protocol's name.
    pub protocol: &'a str,
    /// By their names, how long its timers wait.
    pub timers: &'a [(&'a str, Range<Duration>)],
    /// By their names, which of its options are on.
    pub options: &'a [(&'a str, bool)],
    /// Whether its stores have numbers, of which the file then says those of the first ones.
    pub numbers_stores: bool,
}

impl<'a> Runs<'a> {
    /// The protocol of this name, of which the file says no more.
    pub const fn bare(protocol: &'a str) -> Self {
        Runs { protocol, timers: &[], options: &[], numbers_stores: false }
    }
}

impl Runs<'static> {
    /// `P`, as it is unless told otherwise.
    pub fn by_default<P: Protocol>() -> Self {
        let numbers_stores = P::first_storage(1).is_some();
        Runs { protocol: P::NAME, timers: P::TIMERS, options: P::OPTIONS, numbers_stores }
    }
}

impl Config {
    /// Makes a cluster of `nodes` nodes in the folder `dir`, which is made if need be. Node `i`,
    /// from 1, gets the address 127.0.0.1 with port `port + i`. `runs` says what all run. `stores`
    /// creates the stores, with the numbers that it is told of: it is called before `cluster.toml`
    /// appears, all at once. Overwrites nothing.
    ///
    /// # Errors
    /// [`ConfigError::Exists`] if there is a cluster, [`ConfigError::HalfMade`] if there is the
    /// beginning of one; [`ConfigError::Field`] if the cluster would not be valid;
    /// [`ConfigError::Io`]; or what `stores` says.
    pub fn create<E: From<ConfigError>>(
        dir: &Path,
        nodes: u16,
        port: u16,
        runs: &Runs<'_>,
        stores: impl FnOnce(&Self) -> Result<(), E>,
    ) -> Result<Self, E> {
        let path = dir.join(FILE);
        let mut text = heading(draw(&path)?, runs);
        text += &places(&path, nodes, port, runs.numbers_stores)?;
        let config = Self::parse(&path, &text, &node::look_up)?;

        fs::create_dir_all(dir).map_err(ConfigError::io(dir, "create"))?;
        // A dangling link counts as something.
        if path.symlink_metadata().is_ok() {
            return Err(ConfigError::Exists { path }.into());
        }
        Key::create(&config.key_file).map_err(|error| match error {
            ConfigError::Exists { .. } => ConfigError::HalfMade { path: dir.into() },
            error => error,
        })?;
        stores(&config)?;
        publish(&path, &text).map_err(ConfigError::io(&path, "write"))?;
        sync_folder(dir).map_err(ConfigError::io(dir, "sync"))?;
        if let Some(parent) = dir.parent() {
            sync_folder(parent).map_err(ConfigError::io(parent, "sync"))?;
        }
        Ok(config)
    }
}

impl Config {
    /// Writes a node behind those that the file has: number `id`, reached at `address`, which
    /// joins. Returns what the file says then. It is replaced as a whole, or stays as it was. What
    /// is a link stays one: the file behind it is replaced.
    ///
    /// # Errors
    /// [`ConfigError::Field`] if the config would not be valid; [`ConfigError::Io`].
    pub fn with_node(&self, id: u64, address: &str) -> Result<Self, ConfigError> {
        let path = &self.path;
        let mut text = fs::read_to_string(path).map_err(ConfigError::io(path, "read"))?;
        text += &format!(
            "\n[[node]]\nid = {id}\naddress = {address:?}\nstore = \"node-{id}.store\"\n\
             joins = true\n"
        );
        let config = Self::parse(path, &text, &node::look_up)?;
        let path = &fs::canonicalize(path).map_err(ConfigError::io(path, "find"))?;
        let partial = write_beside(path, &text).map_err(ConfigError::io(path, "write"))?;
        fs::rename(&partial, path).map_err(ConfigError::io(path, "replace"))?;
        let folder = path.parent().unwrap_or(Path::new(""));
        sync_folder(folder).map_err(ConfigError::io(folder, "sync"))?;
        Ok(config)
    }
}

/// All but the nodes.
fn heading(cluster: u64, runs: &Runs<'_>) -> String {
    let Runs { protocol, timers, options, numbers_stores: _ } = runs;
    let timers: String = timers.iter().map(|(name, range)| timers::line(name, range)).collect();
    let options: String = options.iter().map(|(name, on)| format!("{name} = {on}\n")).collect();
    let options = if options.is_empty() { options } else { format!("\n[options]\n{options}") };
    format!(
        "# A quorate cluster. Every node and every client reads this file.\n\
         cluster = \"{cluster:016x}\"\n\
         protocol = {protocol:?}\n\
         key_file = \"{KEY_FILE}\"\n\n\
         [timers]\n{timers}{options}"
    )
}

/// A number for what the file at `path` names.
fn draw(path: &Path) -> Result<u64, ConfigError> {
    getrandom::u64()
        .map_err(|error| ConfigError::io(path, "draw a number for")(io::Error::other(error)))
}

fn places(path: &Path, nodes: u16, port: u16, numbers_stores: bool) -> Result<String, ConfigError> {
    if port.checked_add(nodes).is_none() {
        return Err(ConfigError::Field {
            path: path.into(),
            field: "port".into(),
            problem: format!("{nodes} ports after {port} are more than there are"),
        });
    }
    let place = |id| {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port + id));
        let place = format!(
            "\n[[node]]\nid = {id}\naddress = \"{address}\"\nstore = \"node-{id}.store\"\n"
        );
        match numbers_stores {
            true => Ok(place + &format!("store_id = \"{:016x}\"\n", draw(path)?)),
            false => Ok(place),
        }
    };
    (1..=nodes).map(place).collect()
}

/// Writes `text` to `path` so that there is either nothing or all of it, and never over anything.
fn publish(path: &Path, text: &str) -> io::Result<()> {
    let partial = write_beside(path, text)?;
    // Unlike a rename, a link does not replace what another process put there meanwhile.
    let linked = fs::hard_link(&partial, path);
    fs::remove_file(&partial)?;
    linked
}

/// Writes `text` to a file beside `path`, and says where that is. What cannot be written as a whole
/// does not stay there.
fn write_beside(path: &Path, text: &str) -> io::Result<PathBuf> {
    let partial = path.with_extension("toml.new");
    let mut file = File::create(&partial)?;
    let written = file.write_all(text.as_bytes()).and_then(|()| file.sync_all());
    if written.is_err() {
        // The first failure is the one to tell of.
        let _ = fs::remove_file(&partial);
    }
    written.map(|()| partial)
}

fn sync_folder(folder: &Path) -> io::Result<()> {
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn a_node_is_written_into_the_file_behind_a_link() {
        let folder = tempfile::tempdir().unwrap();
        let real = folder.path().join("real");
        let stores = |_: &Config| Ok::<(), ConfigError>(());
        Config::create(&real, 3, 7100, &Runs::bare("toy"), stores).unwrap();
        symlink(real.join(KEY_FILE), folder.path().join(KEY_FILE)).unwrap();
        let link = folder.path().join(FILE);
        symlink(real.join(FILE), &link).unwrap();
        let changed = Config::load(&link).unwrap().with_node(4, "127.0.0.1:7104").unwrap();
        assert!(link.is_symlink());
        assert_eq!(Config::load(&link).unwrap(), changed);
        assert!(Config::load(&real.join(FILE)).unwrap().node(4).is_ok());
        let beside = fs::read_dir(&real).unwrap().count();
        assert_eq!(beside, 2, "the file and the key");
    }
}

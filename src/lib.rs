//! The `quorate` command, the node that runs the models' actors over UDP, and what clients need.
//!
//! A program that uses a cluster opens a [`Client`](node::client::Client): a session of its own,
//! with one command at a time. The cluster may run any protocol.
//!
//! ```no_run
//! use std::path::Path;
//! use std::time::Duration;
//!
//! use quorate::cli::setup;
//! use quorate::node::client::Client;
//! use quorate::node::config::Config;
//! use quorate_models::kv::{Kv, put};
//!
//! let config = Config::load(Path::new("demo/cluster.toml"))?;
//! let mut client = Client::<Kv>::open(&setup::members(&config)?)?;
//! client.call(put("colour", "blue"), Duration::from_secs(5))?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! A program that has many sessions, on one thread and over one socket, opens
//! [`Sessions`](node::client::Sessions) instead: [`redis`] does, for Redis clients, and [`etcd`].
//!
//! A program that is a node of a cluster calls [`Site::run`](cli::node::Site::run) with the
//! protocol as its type. The call returns when the board is told to stop, by another thread or a
//! signal, or when the node cannot go on.
//!
//! ```no_run
//! use std::path::Path;
//!
//! use quorate::cli::exit::Failure;
//! use quorate::cli::log::{Log, Options};
//! use quorate::cli::node::Site;
//! use quorate::node::board::Board;
//! use quorate::node::config::Config;
//! use quorate_models::raft::protocol::Node;
//!
//! fn run() -> Result<(), Failure> {
//!     let config = Config::load(Path::new("demo/cluster.toml"))?;
//!     let node = config.node(1)?.clone();
//!     let board = Board::default();
//!     let log = Log::new(Options::default(), Some(1));
//!     let site = Site { config: &config, node, init: false, board: board.clone(), log };
//!     std::thread::spawn(move || {
//!         // Until something says so.
//!         board.stop();
//!     });
//!     site.run::<Node>()
//! }
//! ```
//!
//! **Knows nothing of** any protocol's rules: what is decided is decided in `quorate_models`.

#![forbid(unsafe_code)]

pub mod bench;
pub mod cli;
pub mod etcd;
pub mod node;
pub mod redis;

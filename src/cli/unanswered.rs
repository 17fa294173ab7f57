//! Why a client had no answer, as far as it can find out.
//!
//! Nodes do not answer what is not sealed with their key, so a wrong key looks like silence. Over
//! HTTP they tell anyone whether they run, and how much they refused.

use super::status::ask;
use crate::node::config::Config;
use crate::node::transport::Notice;

/// Asks the nodes of `config` over HTTP why a client of theirs had no answer. `heard`: whether any
/// has answered it at all; `notices`: what its socket said.
pub fn why(config: &Config, heard: bool, notices: Vec<Notice>) -> Option<String> {
    if let Some(notice) = notices.into_iter().find(|n| matches!(n, Notice::CannotSend { .. })) {
        return Some(notice.to_string());
    }
    let rows = ask::ask_all(config);
    if let Some(missing) = ask::not_serving(config, &rows) {
        return Some(missing);
    }
    if heard {
        return None;
    }
    let key = config.key_file.display();
    let refused = rows.iter().filter_map(|row| row.datagrams_forged).sum::<u64>();
    Some(if refused > 0 {
        format!(
            "the nodes run, and have refused {refused} datagrams that were not sealed with their \
             key; most likely {key} is not the key that they have"
        )
    } else {
        "the nodes run, as they say over HTTP, but nothing comes back over UDP; is it let through?"
            .to_owned()
    })
}

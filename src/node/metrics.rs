//! What a node counts, and how Prometheus reads it.

use std::fmt::Write as _;
use std::time::Duration;

use quorate_models::service::Status;

/// What a node did since it started. All counts only rise.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Metrics {
    /// Rounds of the event loop in which there was something to do.
    pub batches: u64,
    /// Messages handed to the actor.
    pub messages_handled: u64,
    /// Authentic messages that this build cannot decode.
    pub messages_undecodable: u64,
    /// Messages that only servers send, from somebody who is none.
    pub messages_refused: u64,
    /// Timers that fired.
    pub timeouts: u64,
    /// Random choices made for the actor.
    pub choices: u64,
    /// Saves that the actor asked for.
    pub saves: u64,
    /// Commits that made them durable.
    pub commits: u64,
    /// The time that commits took in all, in microseconds.
    pub commit_micros: u64,
    /// Messages that the actor sent.
    pub sends: u64,
    /// Messages over the limit or without an encoding, which were not sent.
    pub unencodable: u64,
    /// Datagrams taken from the socket, whatever they were.
    pub datagrams_received: u64,
    /// Their bytes.
    pub bytes_received: u64,
    /// Datagrams sent.
    pub datagrams_sent: u64,
    /// Their bytes.
    pub bytes_sent: u64,
    /// Datagrams that the system would not send.
    pub datagrams_send_failed: u64,
    /// Datagrams not let in: not ours at all.
    pub rejected_malformed: u64,
    /// Datagrams not let in: of another cluster.
    pub rejected_cluster: u64,
    /// Datagrams not let in: for another receiver, or reflected to their sender.
    pub rejected_receiver: u64,
    /// Datagrams not let in: the seal does not fit.
    pub rejected_forged: u64,
    /// Datagrams not let in: from another address than the sender's own.
    pub rejected_address: u64,
    /// Datagrams not let in: the sender is neither a server nor a client.
    pub rejected_sender: u64,
    /// Packets that were here already.
    pub packets_duplicate: u64,
    /// Packets that contradict others of their message.
    pub packets_inconsistent: u64,
    /// Incomplete messages given up because nothing more came.
    pub incoming_expired: u64,
    /// Incomplete messages given up to make room.
    pub incoming_evicted: u64,
    /// Messages given up because their receiver reports nothing.
    pub outgoing_abandoned: u64,
    /// Messages to somebody whose address is not known.
    pub outgoing_unroutable: u64,
    /// Messages dropped from a full queue.
    pub outgoing_dropped: u64,
    /// Messages that were one with the same message, still on its way. They are not lost.
    pub outgoing_merged: u64,
    /// Messages over the limit.
    pub outgoing_too_large: u64,
}

impl Metrics {
    /// Messages that were given up, outgoing and incoming: what the network loses beyond these
    /// nobody can count.
    #[must_use]
    pub fn lost(&self) -> u64 {
        self.outgoing_abandoned
            + self.outgoing_unroutable
            + self.outgoing_dropped
            + self.outgoing_too_large
            + self.incoming_expired
            + self.incoming_evicted
    }
}

/// One name in the Prometheus text, and its values by label.
type Family = (&'static str, &'static str, &'static [(&'static str, fn(&Metrics) -> u64)]);

/// Everything that is counted. A name with several values has one for each label.
const COUNTERS: &[Family] = &[
    ("batches", "Rounds of the event loop with something to do.", &[("", |m| m.batches)]),
    (
        "handler_calls",
        "Calls of the actor's handlers.",
        &[
            ("handler=\"message\"", |m| m.messages_handled),
            ("handler=\"timeout\"", |m| m.timeouts),
            ("handler=\"random\"", |m| m.choices),
        ],
    ),
    (
        "messages_undecodable",
        "Authentic messages that this build cannot decode.",
        &[("", |m| m.messages_undecodable)],
    ),
    (
        "messages_refused",
        "Messages that only servers send, from somebody who is none.",
        &[("", |m| m.messages_refused)],
    ),
    ("saves", "Saves that the actor asked for.", &[("", |m| m.saves)]),
    ("commits", "Commits that made saves durable.", &[("", |m| m.commits)]),
    ("messages_sent", "Messages that the actor sent.", &[("", |m| m.sends)]),
    (
        "messages_unencodable",
        "Messages over the limit or without an encoding.",
        &[("", |m| m.unencodable)],
    ),
    (
        "datagrams_received",
        "Datagrams taken from the socket, rejected ones included.",
        &[("", |m| m.datagrams_received)],
    ),
    ("received_bytes", "Bytes in datagrams received.", &[("", |m| m.bytes_received)]),
    ("datagrams_sent", "Datagrams sent.", &[("", |m| m.datagrams_sent)]),
    ("sent_bytes", "Bytes in datagrams sent.", &[("", |m| m.bytes_sent)]),
    (
        "datagrams_send_failed",
        "Datagrams that the system would not send.",
        &[("", |m| m.datagrams_send_failed)],
    ),
    (
        "datagrams_rejected",
        "Datagrams that were not let in.",
        &[
            ("reason=\"malformed\"", |m| m.rejected_malformed),
            ("reason=\"cluster\"", |m| m.rejected_cluster),
            ("reason=\"receiver\"", |m| m.rejected_receiver),
            ("reason=\"forged\"", |m| m.rejected_forged),
            ("reason=\"address\"", |m| m.rejected_address),
            ("reason=\"sender\"", |m| m.rejected_sender),
        ],
    ),
    (
        "packets_ignored",
        "Authentic packets that were of no use.",
        &[
            ("reason=\"duplicate\"", |m| m.packets_duplicate),
            ("reason=\"inconsistent\"", |m| m.packets_inconsistent),
        ],
    ),
    (
        "incoming_lost",
        "Incomplete incoming messages that were given up.",
        &[
            ("reason=\"expired\"", |m| m.incoming_expired),
            ("reason=\"evicted\"", |m| m.incoming_evicted),
        ],
    ),
    (
        "outgoing_merged",
        "Outgoing messages that were one with the same message, still on its way.",
        &[("", |m| m.outgoing_merged)],
    ),
    (
        "outgoing_lost",
        "Outgoing messages that were given up.",
        &[
            ("reason=\"abandoned\"", |m| m.outgoing_abandoned),
            ("reason=\"unroutable\"", |m| m.outgoing_unroutable),
            ("reason=\"dropped\"", |m| m.outgoing_dropped),
            ("reason=\"too_large\"", |m| m.outgoing_too_large),
        ],
    ),
];

/// The state of a node in Prometheus' text format, version 0.0.4. The node has been up for
/// `uptime`; the rest is as it was `age` ago.
#[must_use]
pub fn render(status: &Status, metrics: &Metrics, uptime: Duration, age: Duration) -> String {
    let mut text = String::new();
    let plain = |value: String| [(String::new(), value)];
    let role = format!("role=\"{}\"", escape(&status.role));
    family(&mut text, "role", "gauge", "1 for the role that the node has.", &[(role, "1".into())]);
    let leader = status.leader.map_or(0, usize::from);
    let (seconds, micros) = (metrics.commit_micros / 1_000_000, metrics.commit_micros % 1_000_000);
    for (name, kind, help, value) in [
        ("term", "gauge", "The node's term.", status.term.to_string()),
        (
            "leader",
            "gauge",
            "The node that this one takes for leader, 0 if none.",
            leader.to_string(),
        ),
        (
            "commit_index",
            "gauge",
            "The last index known to be committed.",
            status.commit.to_string(),
        ),
        ("last_index", "gauge", "The index of the last log entry.", status.last.to_string()),
        ("uptime_seconds", "gauge", "Since the node started.", uptime.as_secs_f64().to_string()),
        (
            "status_age_seconds",
            "gauge",
            "Since the event loop last said how it stands: it hangs while this grows.",
            age.as_secs_f64().to_string(),
        ),
        (
            "commit_seconds_total",
            "counter",
            "The time that commits took in all.",
            format!("{seconds}.{micros:06}"),
        ),
    ] {
        family(&mut text, name, kind, help, &plain(value));
    }
    for (name, help, values) in COUNTERS {
        let values: Vec<_> =
            values.iter().map(|(label, of)| ((*label).into(), of(metrics).to_string())).collect();
        family(&mut text, &format!("{name}_total"), "counter", help, &values);
    }
    text
}

/// Writes one name with its help, its kind, and its value for each label.
fn family(text: &mut String, name: &str, kind: &str, help: &str, values: &[(String, String)]) {
    let _ = writeln!(text, "# HELP quorate_{name} {help}\n# TYPE quorate_{name} {kind}");
    for (label, value) in values {
        let _ = match label.as_str() {
            "" => writeln!(text, "quorate_{name} {value}"),
            label => writeln!(text, "quorate_{name}{{{label}}} {value}"),
        };
    }
}

/// A label's value, as the format wants it.
fn escape(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

//! What a node shows, as Prometheus reads it.

mod redis;

use std::fmt::Write as _;
use std::time::Duration;

use stateright::actor::Id;

use super::histogram::Histogram;
use super::snapshot::Snapshot;

/// One name in the Prometheus text, its help, and for each label where its value is.
type Family = (&'static str, &'static str, &'static [(&'static str, fn(&Snapshot) -> u64)]);

/// Everything that is counted. A name with several values has one for each label.
const COUNTERS: &[Family] = &[
    (
        "handler_calls",
        "Calls of the actor's handlers.",
        &[
            ("handler=\"message\"", |s| s.counts.messages),
            ("handler=\"timeout\"", |s| s.counts.timeouts),
            ("handler=\"random\"", |s| s.counts.choices),
        ],
    ),
    (
        "messages_undecodable",
        "Authentic messages that this build cannot decode.",
        &[("", |s| s.counts.undecodable)],
    ),
    (
        "messages_refused",
        "Messages that only servers send, from somebody who is none.",
        &[("", |s| s.counts.refused)],
    ),
    (
        "requests_refused",
        "Requests that name the session of another than their sender.",
        &[("", |s| s.counts.impostors)],
    ),
    (
        "requests_busy",
        "Requests that were not taken, for the node had too much on its hands.",
        &[("", |s| s.counts.busy)],
    ),
    (
        "orders_answered",
        "Orders that the node answered without its actor.",
        &[("", |s| s.counts.answered)],
    ),
    (
        "leader_changes",
        "Leaders that the node went over to, one that it had lost included.",
        &[("", |s| s.counts.leaders)],
    ),
    ("saves", "Saves that the actor asked for.", &[("", |s| s.counts.saves)]),
    ("messages_sent", "Messages that the actor sent.", &[("", |s| s.counts.sends)]),
    (
        "messages_unencodable",
        "Messages over the limit or without an encoding.",
        &[("", |s| s.counts.unencodable)],
    ),
    (
        "datagrams_received",
        "Datagrams taken from the socket, rejected ones included.",
        &[("", |s| s.transport.datagrams_received)],
    ),
    ("received_bytes", "Bytes in datagrams received.", &[("", |s| s.transport.bytes_received)]),
    ("datagrams_sent", "Datagrams sent.", &[("", |s| s.transport.datagrams_sent)]),
    ("sent_bytes", "Bytes in datagrams sent.", &[("", |s| s.transport.bytes_sent)]),
    (
        "datagrams_send_failed",
        "Datagrams that the system would not send.",
        &[("", |s| s.transport.send_failed)],
    ),
    (
        "inbox_full",
        "Milliseconds in which no datagram was taken, for the node did not keep up.",
        &[("", |s| s.transport.inbox_full)],
    ),
    (
        "datagrams_rejected",
        "Datagrams that were not let in.",
        &[
            ("reason=\"malformed\"", |s| s.transport.reject_malformed),
            ("reason=\"cluster\"", |s| s.transport.reject_cluster),
            ("reason=\"receiver\"", |s| s.transport.reject_receiver),
            ("reason=\"forged\"", |s| s.transport.reject_forged),
            ("reason=\"address\"", |s| s.transport.reject_address),
            ("reason=\"sender\"", |s| s.transport.reject_sender),
        ],
    ),
    (
        "packets_ignored",
        "Authentic packets that were of no use.",
        &[
            ("reason=\"duplicate\"", |s| s.transport.incoming.duplicates),
            ("reason=\"inconsistent\"", |s| s.transport.incoming.inconsistent),
        ],
    ),
    (
        "incoming_lost",
        "Incomplete incoming messages that were given up.",
        &[
            ("reason=\"expired\"", |s| s.transport.incoming.expired),
            ("reason=\"evicted\"", |s| s.transport.incoming.evicted),
        ],
    ),
    (
        "incoming_refused",
        "Fragments of messages for which there was no room; their senders send them again.",
        &[("", |s| s.transport.incoming.refused)],
    ),
    (
        "outgoing_merged",
        "Outgoing messages that were one with the same message, still on its way.",
        &[("", |s| s.transport.merged)],
    ),
    (
        "outgoing_lost",
        "Outgoing messages that were given up.",
        &[
            ("reason=\"abandoned\"", |s| s.transport.abandoned),
            ("reason=\"unroutable\"", |s| s.transport.unroutable),
            ("reason=\"dropped\"", |s| s.transport.queue_dropped),
            ("reason=\"too_large\"", |s| s.transport.too_large),
        ],
    ),
];

/// A name in the Prometheus text, its help, and where its histogram is.
type Times = (&'static str, &'static str, fn(&Snapshot) -> &Histogram);

/// What took how long.
const HISTOGRAMS: &[Times] = &[
    (
        "commit_seconds",
        "How long commits took, which make saves durable: a write and a sync of the disk.",
        |s| &s.counts.commits,
    ),
    (
        "batch_seconds",
        "How long rounds of the event loop took that had something to do, commits included.",
        |s| &s.counts.batches,
    ),
];

/// What a node shows beside what it published.
#[derive(Clone, Copy, Debug)]
pub struct About {
    /// Its number.
    pub id: u64,
    /// For how long it has been up.
    pub uptime: Duration,
    /// The size of its store's file, if there is one.
    pub store_bytes: Option<u64>,
}

/// `snapshot` of the node that `about` is about, in Prometheus' text format, version 0.0.4.
#[must_use]
pub fn render(snapshot: &Snapshot, about: &About) -> String {
    let status = &snapshot.status;
    let mut text = String::new();
    let mut gauge = |name: &str, help, values: &[_]| family(&mut text, name, "gauge", help, values);
    let version = format!("version=\"{}\"", env!("CARGO_PKG_VERSION"));
    gauge("build_info", "1 for the version that runs.", &[(version, "1".into())]);
    let role = format!("role=\"{}\"", escape(&status.role));
    gauge("role", "1 for the role that the node has.", &[(role, "1".into())]);
    for number in status.numbers.iter().chain(&status.measures) {
        let joint = if number.unit.is_empty() { "" } else { "_" };
        let name = format!("{}{joint}{}", number.name, number.unit);
        gauge(&name, number.meaning, &[(String::new(), number.value.to_string())]);
    }
    for (name, help, value) in gauges(snapshot, about) {
        gauge(name, help, &[(String::new(), value)]);
    }
    let lags = status.lags.iter();
    let lag =
        |(id, lag): (&Id, &u64)| (format!("follower=\"{}\"", usize::from(*id)), lag.to_string());
    gauge(
        "follower_lag_entries",
        "The entries of a leader's log that a follower is not known to have.",
        &lags.map(lag).collect::<Vec<_>>(),
    );
    for (name, help, of) in HISTOGRAMS {
        family(&mut text, name, "histogram", help, &[]);
        histogram(&mut text, name, of(snapshot));
    }
    for (name, help, values) in COUNTERS {
        let values: Vec<_> =
            values.iter().map(|(label, of)| ((*label).into(), of(snapshot).to_string())).collect();
        family(&mut text, &format!("{name}_total"), "counter", help, &values);
    }
    if let Some(counters) = &snapshot.redis {
        redis::render(&mut text, counters);
    }
    text
}

/// The gauges that every protocol has, each with its help and its value.
fn gauges(snapshot: &Snapshot, about: &About) -> Vec<(&'static str, &'static str, String)> {
    let (status, age) = (&snapshot.status, snapshot.at.elapsed());
    let leader = status.leader.map_or(0, |leader| usize::from(leader) as u64);
    let mut gauges = vec![
        ("leader", "The node that this one takes for leader, 0 if none.", leader.to_string()),
        (
            "leads",
            "1 if the node takes itself for leader, else 0.",
            u8::from(leader == about.id).to_string(),
        ),
        (
            "held_bytes",
            "What clients have asked for that is not answered. At 64 MiB a node takes no more.",
            snapshot.counts.held.to_string(),
        ),
        (
            "voteless_members",
            "Members that count for nothing: a leader knows it of all, others of themselves.",
            status.voteless.len().to_string(),
        ),
        (
            "warnings",
            "What the node warns of now; quorate status and the page say it in words.",
            status.warnings.len().to_string(),
        ),
        ("uptime_seconds", "Since the node started.", about.uptime.as_secs_f64().to_string()),
        (
            "status_age_seconds",
            "Since the event loop last said how it stands: it hangs while this grows.",
            age.as_secs_f64().to_string(),
        ),
        (
            "receive_buffer_bytes",
            "What the system granted the socket for datagrams until they are taken.",
            snapshot.transport.now.receive_buffer.to_string(),
        ),
        (
            "send_buffer_bytes",
            "What the system granted the socket for datagrams until they are sent.",
            snapshot.transport.now.send_buffer.to_string(),
        ),
        (
            "mailbox_messages",
            "Messages that came while the node worked, and wait for it.",
            snapshot.transport.now.waiting.to_string(),
        ),
    ];
    gauges.extend(about.store_bytes.map(|bytes| {
        ("store_bytes", "The size of the file that the node stores in.", bytes.to_string())
    }));
    gauges
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

/// Writes the buckets of a histogram, its sum and its count.
fn histogram(text: &mut String, name: &str, histogram: &Histogram) {
    let seconds = |micros: u64| format!("{}.{:06}", micros / 1_000_000, micros % 1_000_000);
    for (bound, count) in histogram.within() {
        let bound = seconds(bound);
        let bound = bound.trim_end_matches('0').trim_end_matches('.');
        let _ = writeln!(text, "quorate_{name}_bucket{{le=\"{bound}\"}} {count}");
    }
    let (sum, count) = (seconds(histogram.micros()), histogram.count());
    let _ = writeln!(text, "quorate_{name}_bucket{{le=\"+Inf\"}} {count}");
    let _ = writeln!(text, "quorate_{name}_sum {sum}\nquorate_{name}_count {count}");
}

/// A label's value, as the format wants it.
fn escape(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Instant;

    use quorate_models::service::Status;
    use serde::Serialize;
    use serde::de::DeserializeOwned;
    use serde_json::Value;

    use super::*;

    /// `counts` with another number in each of its fields but for the buckets of histograms, the
    /// first of them `next`.
    fn numbered<T: Serialize + DeserializeOwned>(counts: &T, next: &mut u64) -> T {
        fn number(value: &mut Value, next: &mut u64) {
            match value {
                Value::Object(fields) => fields.values_mut().for_each(|field| number(field, next)),
                Value::Array(_) => {}
                value => {
                    *value = (*next).into();
                    *next += 1;
                }
            }
        }
        let mut value = serde_json::to_value(counts).expect("plain data");
        number(&mut value, next);
        serde_json::from_value(value).expect("as it was, but for the numbers")
    }

    #[test]
    fn whatever_is_counted_is_shown_once() {
        const FIRST: u64 = 1_000_000;
        let mut next = FIRST;
        let role = "leader".to_owned();
        let snapshot = Snapshot {
            at: Instant::now(),
            status: Status { role, ..Status::default() },
            counts: numbered(&Default::default(), &mut next),
            transport: numbered(&Default::default(), &mut next),
            commit_lately: None,
            redis: Some(Arc::new(numbered(&Default::default(), &mut next))),
        };
        let about = About { id: 1, uptime: Duration::ZERO, store_bytes: None };
        let text = render(&snapshot, &about);
        let mut shown: Vec<String> = text
            .lines()
            .filter(|line| !line.starts_with('#'))
            .map(|line| line.rsplit(' ').next().expect("a value").replace('.', ""))
            .filter(|value| value.len() == 7)
            .collect();
        shown.sort();
        let counted: Vec<String> = (FIRST..next).map(|number| number.to_string()).collect();
        assert_eq!(shown, counted);
    }
}

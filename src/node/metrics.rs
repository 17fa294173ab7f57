//! What a node shows, as Prometheus reads it.

use std::fmt::Write as _;
use std::time::Duration;

use super::snapshot::Snapshot;

/// One name in the Prometheus text, its help, and for each label where its value is.
type Family = (&'static str, &'static str, &'static [(&'static str, fn(&Snapshot) -> u64)]);

/// Everything that is counted. A name with several values has one for each label.
const COUNTERS: &[Family] = &[
    ("batches", "Rounds of the event loop with something to do.", &[("", |s| s.counts.batches)]),
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
        "orders_answered",
        "Orders that the node answered without its actor.",
        &[("", |s| s.counts.answered)],
    ),
    ("saves", "Saves that the actor asked for.", &[("", |s| s.counts.saves)]),
    ("commits", "Commits that made saves durable.", &[("", |s| s.counts.commits)]),
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

/// `snapshot` of a node that has been up for `uptime`, in Prometheus' text format, version 0.0.4.
#[must_use]
pub fn render(snapshot: &Snapshot, uptime: Duration) -> String {
    let (status, age) = (&snapshot.status, snapshot.at.elapsed());
    let mut text = String::new();
    let plain = |value: String| [(String::new(), value)];
    let role = format!("role=\"{}\"", escape(&status.role));
    family(&mut text, "role", "gauge", "1 for the role that the node has.", &[(role, "1".into())]);
    let leader = status.leader.map_or(0, usize::from);
    let micros = snapshot.counts.commit_micros;
    let (seconds, micros) = (micros / 1_000_000, micros % 1_000_000);
    for number in &status.numbers {
        let joint = if number.unit.is_empty() { "" } else { "_" };
        let name = format!("{}{joint}{}", number.name, number.unit);
        family(&mut text, &name, "gauge", number.meaning, &plain(number.value.to_string()));
    }
    for (name, kind, help, value) in [
        (
            "leader",
            "gauge",
            "The node that this one takes for leader, 0 if none.",
            leader.to_string(),
        ),
        (
            "voteless_members",
            "gauge",
            "Members that count for nothing: a leader knows it of all, others of themselves.",
            status.voteless.len().to_string(),
        ),
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
            values.iter().map(|(label, of)| ((*label).into(), of(snapshot).to_string())).collect();
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

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use quorate_models::service::Status;
    use serde::Serialize;
    use serde::de::DeserializeOwned;
    use serde_json::Value;

    use super::*;

    /// `counts` with another number in each of its fields, the first of them `next`.
    fn numbered<T: Serialize + DeserializeOwned>(counts: &T, next: &mut u64) -> T {
        fn number(value: &mut Value, next: &mut u64) {
            match value {
                Value::Object(fields) => fields.values_mut().for_each(|field| number(field, next)),
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
        };
        let text = render(&snapshot, Duration::ZERO);
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

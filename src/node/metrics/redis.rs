//! What the gateway for Redis clients shows. A node without one shows nothing of this.

use super::family;
use crate::redis::Counters;

/// A name in the Prometheus text, its kind, its help, and for each label where its value is.
type Family =
    (&'static str, &'static str, &'static str, &'static [(&'static str, fn(&Counters) -> u64)]);

const FAMILIES: &[Family] = &[
    ("redis_connections", "gauge", "Redis clients that are connected.", &[("", |c| c.connected)]),
    ("redis_held_bytes", "gauge", "Bytes held for Redis clients.", &[("", |c| c.held)]),
    ("redis_accepted_total", "counter", "Redis clients that were let in.", &[("", |c| c.accepted)]),
    (
        "redis_refused_total",
        "counter",
        "Redis clients that were one too many.",
        &[("", |c| c.refused)],
    ),
    (
        "redis_stalled_total",
        "counter",
        "Redis clients closed, for they took nothing or did not end what they had begun.",
        &[("", |c| c.stalled)],
    ),
    (
        "redis_auth_failures_total",
        "counter",
        "Wrong passwords of Redis clients.",
        &[("", |c| c.auth_failures)],
    ),
    (
        "redis_commands_total",
        "counter",
        "Commands of Redis clients by how they ended. Of unknown ones nobody knows the effect.",
        &[
            ("outcome=\"done\"", |c| c.done),
            ("outcome=\"error\"", |c| c.errors),
            ("outcome=\"busy\"", |c| c.busy),
            ("outcome=\"unknown\"", |c| c.unknown),
        ],
    ),
];

/// Appends what `counters` says.
pub(super) fn render(text: &mut String, counters: &Counters) {
    for (name, kind, help, values) in FAMILIES {
        let values: Vec<_> =
            values.iter().map(|(label, of)| ((*label).into(), of(counters).to_string())).collect();
        family(text, name, kind, help, &values);
    }
}

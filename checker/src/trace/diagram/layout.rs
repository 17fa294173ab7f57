//! Where everything in a sequence diagram is.

use super::super::Trace;

/// Where lifelines begin.
pub(super) const TOP: f64 = 60.0;

/// The places of actors and steps.
pub(super) struct Layout {
    pub(super) width: f64,
    pub(super) height: f64,
    /// The x of every actor.
    pub(super) lanes: Vec<f64>,
    /// The y of every step.
    pub(super) rows: Vec<f64>,
    /// The y where the row of every step begins.
    pub(super) tops: Vec<f64>,
}

impl Layout {
    /// Rows are as high as the labels in them.
    pub(super) fn new(trace: &Trace, label_heights: impl Iterator<Item = f64>) -> Self {
        let lane = lane_width(trace.actors.len());
        let outer = lane * 0.86;
        let first = 40.0 + outer;
        let mut y = TOP + 10.0;
        let (mut rows, mut tops) = (Vec::new(), Vec::new());
        for height in label_heights {
            let height = (height + 8.0).max(30.0);
            tops.push(y);
            rows.push(y + height / 2.0);
            y += height;
        }
        let gaps = trace.actors.len().saturating_sub(1) as f64;
        Self {
            width: first + lane * gaps + outer + 30.0,
            height: y + 72.0,
            lanes: (0..trace.actors.len()).map(|actor| first + lane * actor as f64).collect(),
            rows,
            tops,
        }
    }

    /// How wide a label may be.
    pub(super) fn label_width(actors: usize) -> f64 {
        lane_width(actors) * 0.86 - 14.0
    }

    /// The x of an actor, if there is such an actor.
    pub(super) fn lane(&self, actor: usize) -> Option<f64> {
        self.lanes.get(actor).copied()
    }

    /// Labels stay to the right of this.
    pub(super) fn left(&self) -> f64 {
        40.0
    }

    /// Labels stay to the left of this.
    pub(super) fn right(&self) -> f64 {
        self.width - 28.0
    }

    /// Where lifelines end.
    pub(super) fn bottom(&self) -> f64 {
        self.height - 52.0
    }
}

/// More actors stand closer together, or the page gets too wide to be read.
fn lane_width(actors: usize) -> f64 {
    match actors {
        0..=4 => 172.0,
        5 => 152.0,
        _ => 132.0,
    }
}

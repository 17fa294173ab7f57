//! How long commits take now, of which a sum since the start says nothing.

use std::time::{Duration, Instant};

use crate::node::histogram::Histogram;

/// For how long what was counted is remembered, at the least; twice as long at the most.
const SPAN: Duration = Duration::from_secs(10);

/// Remembers what was counted a while ago.
#[derive(Debug, Default)]
pub(super) struct Lately {
    /// Counted up to when the later one was.
    earlier: Histogram,
    later: Histogram,
    /// When it was; `None` before anything was counted.
    since: Option<Instant>,
}

impl Lately {
    /// How long it took on average of late, if it was observed, by what is counted `at` this time.
    pub(super) fn mean(&mut self, at: Instant, counted: &Histogram) -> Option<Duration> {
        let since = *self.since.get_or_insert(at);
        if at >= since + SPAN {
            self.earlier = std::mem::replace(&mut self.later, *counted);
            self.since = Some(at);
        }
        counted.mean_since(&self.earlier)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_long_ago_is_forgotten() {
        let (mut lately, mut counted, start) =
            (Lately::default(), Histogram::default(), Instant::now());
        let ms = Duration::from_millis;
        assert_eq!(lately.mean(start, &counted), None);
        counted.observe(ms(100));
        assert_eq!(lately.mean(start + ms(1), &counted), Some(ms(100)));
        assert_eq!(lately.mean(start + SPAN, &counted), Some(ms(100)));
        counted.observe(ms(2));
        assert_eq!(lately.mean(start + SPAN + ms(1), &counted), Some(ms(51)));
        assert_eq!(lately.mean(start + SPAN * 2, &counted), Some(ms(2)));
        assert_eq!(lately.mean(start + SPAN * 3, &counted), None);
    }
}

//! Finds room for labels.
//!
//! Every label has a few places around its event where it could stand. It takes the one that
//! covers least: never another label if that can be avoided, and as little as possible of arrows
//! and lifelines. Labels are placed from top to bottom.

use super::svg::{Font, Point, Svg, at};

/// One line of a label.
pub(super) struct Line {
    pub(super) text: String,
    pub(super) size: f64,
    pub(super) colour: &'static str,
    pub(super) bold: bool,
}

impl Line {
    fn height(&self) -> f64 {
        self.size + 2.0
    }
}

/// The height of a label.
pub(super) fn height(lines: &[Line]) -> f64 {
    lines.iter().map(Line::height).sum()
}

#[derive(Clone, Copy)]
struct Area {
    left: f64,
    top: f64,
    right: f64,
    bottom: f64,
}

impl Area {
    fn overlap(&self, other: &Self) -> f64 {
        let width = self.right.min(other.right) - self.left.max(other.left);
        let height = self.bottom.min(other.bottom) - self.top.max(other.top);
        width.max(0.0) * height.max(0.0)
    }

    /// How much of the line from `from` to `to` lies within.
    fn covers(&self, from: Point, to: Point) -> f64 {
        let (dx, dy) = (to.x - from.x, to.y - from.y);
        let (mut enter, mut leave) = (0.0_f64, 1.0_f64);
        let edges = [
            (-dx, from.x - self.left),
            (dx, self.right - from.x),
            (-dy, from.y - self.top),
            (dy, self.bottom - from.y),
        ];
        for (speed, distance) in edges {
            if speed == 0.0 {
                if distance < 0.0 {
                    return 0.0;
                }
            } else if speed < 0.0 {
                enter = enter.max(distance / speed);
            } else {
                leave = leave.min(distance / speed);
            }
        }
        (leave - enter).max(0.0) * dx.hypot(dy)
    }
}

/// What is in the diagram already.
pub(super) struct Room {
    page: Area,
    lines: Vec<(Point, Point, f64)>,
    taken: Vec<Area>,
}

impl Room {
    /// An empty page whose labels stay between the given borders.
    pub(super) fn new(left: f64, right: f64, bottom: f64) -> Self {
        let page = Area { left, top: 0.0, right, bottom };
        Self { page, lines: Vec::new(), taken: Vec::new() }
    }

    /// Adds a line that is better not covered; the weight says how much better.
    pub(super) fn add_line(&mut self, from: Point, to: Point, weight: f64) {
        self.lines.push((from, to, weight));
    }

    /// Keeps the surroundings of a point free.
    pub(super) fn add_mark(&mut self, centre: Point) {
        let Point { x, y } = centre;
        self.taken.push(Area { left: x - 6.0, top: y - 6.0, right: x + 6.0, bottom: y + 6.0 });
    }

    fn cost(&self, area: &Area) -> f64 {
        let inside = area.left >= self.page.left
            && area.right <= self.page.right
            && area.top >= self.page.top
            && area.bottom <= self.page.bottom;
        let outside = if inside { 0.0 } else { 1e6 };
        let taken: f64 = self.taken.iter().map(|other| 50.0 * area.overlap(other)).sum();
        let lines = self.lines.iter().map(|(from, to, weight)| weight * area.covers(*from, *to));
        outside + taken + lines.sum::<f64>()
    }

    /// Draws a label beside `point` where there is room for it. With a `limit`, only where it
    /// covers no more than that.
    pub(super) fn place(&mut self, svg: &mut Svg, point: Point, lines: &[Line], limit: f64) {
        let widths = lines.iter().map(|line| width(&line.text, line.size, line.bold));
        let (wide, high) = (widths.fold(0.0, f64::max), height(lines));
        let mut best: Option<(f64, Area, bool)> = None;
        for (rank, shift) in [-0.5, 0.05, -1.05, -0.2, -0.8].into_iter().enumerate() {
            for to_right in [true, false] {
                let left = if to_right { point.x + 9.0 } else { point.x - 9.0 - wide };
                let top = point.y + shift * high;
                let area = Area { left, top, right: left + wide, bottom: top + high };
                let cost = self.cost(&area) + 2.0 * rank as f64;
                if best.as_ref().is_none_or(|(least, ..)| cost < *least) {
                    best = Some((cost, area, to_right));
                }
            }
        }
        let Some((_, area, to_right)) = best.filter(|(cost, ..)| *cost <= limit) else {
            return;
        };
        self.taken.push(area);
        let (x, anchor) = if to_right { (area.left, "start") } else { (area.right, "end") };
        let mut y = area.top;
        for line in lines {
            let Line { size, colour, bold, .. } = *line;
            svg.text(at(x, y + size - 1.0), Font { size, colour, bold, anchor }, &line.text);
            y += line.height();
        }
    }
}

/// About how wide a text is. Fonts differ, so this is on the generous side.
pub(super) fn width(text: &str, size: f64, bold: bool) -> f64 {
    let em = |c: char| match c {
        'i' | 'j' | 'l' | '.' | ',' | ':' | ';' | '|' | '!' | '\'' | ' ' => 0.29,
        'f' | 't' | 'r' | '(' | ')' | '[' | ']' | '{' | '}' | '-' | '"' => 0.38,
        'm' | 'w' | 'M' | 'W' | '@' | '→' | '…' => 0.9,
        'A'..='Z' | '+' | '=' | '_' | '<' | '>' => 0.68,
        c if c.is_ascii() => 0.57,
        _ => 1.0,
    };
    text.chars().map(em).sum::<f64>() * size * if bold { 1.07 } else { 1.0 }
}

/// The text on one line or two of about the same length, shortened if that is not enough.
pub(super) fn fold(text: &str, size: f64, limit: f64) -> Vec<String> {
    let wide = |part: &str| width(part, size, false);
    if wide(text) <= limit {
        return vec![text.to_owned()];
    }
    let parts = text.match_indices(' ').map(|(at, _)| (&text[..at], &text[at + 1..]));
    let fitting = parts.filter(|(first, _)| wide(first) <= limit);
    let longer = |(first, rest): &(&str, &str)| wide(first).max(wide(rest));
    match fitting.min_by(|a, b| longer(a).total_cmp(&longer(b))) {
        Some((first, rest)) => vec![first.to_owned(), shorten(rest, size, false, limit)],
        None => vec![shorten(text, size, false, limit)],
    }
}

/// The text, or as much of its beginning as fits into `limit`, and an ellipsis.
pub(super) fn shorten(text: &str, size: f64, bold: bool, limit: f64) -> String {
    if width(text, size, bold) <= limit {
        return text.to_owned();
    }
    let mut short = String::new();
    for c in text.chars() {
        short.push(c);
        if width(&short, size, bold) + width("…", size, bold) > limit {
            short.pop();
            break;
        }
    }
    short.truncate(short.trim_end_matches([' ', ',', '{', '(', '[', ':']).len());
    short.push('…');
    short
}

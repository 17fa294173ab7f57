//! Writes the few SVG elements that a diagram needs.

use std::fmt::{Display, Write};

/// A point in the diagram.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Point {
    pub(super) x: f64,
    pub(super) y: f64,
}

/// The point at `x`, `y`.
pub(super) const fn at(x: f64, y: f64) -> Point {
    Point { x, y }
}

/// How a text looks.
#[derive(Clone, Copy)]
pub(super) struct Font {
    pub(super) size: f64,
    pub(super) colour: &'static str,
    pub(super) bold: bool,
    /// `start`, `middle` or `end`.
    pub(super) anchor: &'static str,
}

impl Font {
    /// All four at once.
    pub(super) const fn new(
        size: f64,
        colour: &'static str,
        bold: bool,
        anchor: &'static str,
    ) -> Self {
        Self { size, colour, bold, anchor }
    }
}

/// The content of an SVG element.
#[derive(Default)]
pub(super) struct Svg(pub(super) String);

impl Svg {
    /// Opens a group with a tooltip, and attributes that are written as they are.
    pub(super) fn open(&mut self, attributes: &str, tooltip: &str) {
        self.add(format_args!("<g{attributes}>"));
        if !tooltip.is_empty() {
            self.add(format_args!("<title>{}</title>", escape(tooltip)));
        }
    }

    /// Closes the group opened last.
    pub(super) fn close(&mut self) {
        self.0.push_str("</g>\n");
    }

    /// A straight line; `style` holds further attributes.
    pub(super) fn line(&mut self, from: Point, to: Point, colour: &str, style: &str) {
        let (Point { x: x1, y: y1 }, Point { x: x2, y: y2 }) = (from, to);
        self.add(format_args!(
            "<line x1='{x1:.1}' y1='{y1:.1}' x2='{x2:.1}' y2='{y2:.1}' stroke='{colour}' {style}/>"
        ));
    }

    /// A curve or polygon, filled or not.
    pub(super) fn path(&mut self, path: &str, fill: &str, stroke: &str, style: &str) {
        self.add(format_args!("<path d='{path}' fill='{fill}' stroke='{stroke}' {style}/>"));
    }

    /// A filled arrowhead at `tip`, for a line that comes from `from`.
    pub(super) fn arrowhead(&mut self, from: Point, tip: Point, colour: &str) {
        let (dx, dy) = direction(from, tip);
        let (bx, by) = (tip.x - 9.0 * dx, tip.y - 9.0 * dy);
        let path = format!(
            "M{:.1} {:.1}L{:.1} {:.1}L{:.1} {:.1}Z",
            tip.x,
            tip.y,
            bx - 3.6 * dy,
            by + 3.6 * dx,
            bx + 3.6 * dy,
            by - 3.6 * dx
        );
        self.path(&path, colour, "none", "");
    }

    /// A cross of lines `reach` long to each side.
    pub(super) fn cross(&mut self, centre: Point, reach: f64, colour: &str) {
        let Point { x, y } = centre;
        let style = "stroke-width='2.4' stroke-linecap='round'";
        self.line(at(x - reach, y - reach), at(x + reach, y + reach), colour, style);
        self.line(at(x - reach, y + reach), at(x + reach, y - reach), colour, style);
    }

    /// A disc.
    pub(super) fn disc(&mut self, centre: Point, radius: f64, fill: &str, stroke: &str) {
        let Point { x, y } = centre;
        self.add(format_args!(
            "<circle cx='{x:.1}' cy='{y:.1}' r='{radius}' fill='{fill}' stroke='{stroke}' \
             stroke-width='1.6'/>"
        ));
    }

    /// A rectangle with round corners.
    pub(super) fn rect(&mut self, corner: Point, width: f64, height: f64, style: &str) {
        let Point { x, y } = corner;
        self.add(format_args!(
            "<rect x='{x:.1}' y='{y:.1}' width='{width:.1}' height='{height:.1}' {style}/>"
        ));
    }

    /// A line of text on the baseline `start`, with a white outline: it stays readable on a line.
    pub(super) fn text(&mut self, start: Point, font: Font, text: &str) {
        let Font { size, colour, bold, anchor } = font;
        let weight = if bold { " font-weight='600'" } else { "" };
        self.add(format_args!(
            "<text x='{:.1}' y='{:.1}' font-size='{size}' fill='{colour}' text-anchor='{anchor}'\
             {weight} stroke='#fff' stroke-width='3' stroke-linejoin='round' \
             paint-order='stroke'>{}</text>",
            start.x,
            start.y,
            escape(text)
        ));
    }

    /// Anything.
    pub(super) fn add(&mut self, text: impl Display) {
        write!(self.0, "{text}").expect("a string takes any text");
    }
}

/// The unit vector from `from` to `to`.
pub(super) fn direction(from: Point, to: Point) -> (f64, f64) {
    let (dx, dy) = (to.x - from.x, to.y - from.y);
    let length = dx.hypot(dy).max(1.0);
    (dx / length, dy / length)
}

/// The text with nothing in it that XML would take for markup, or not take at all.
pub(super) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            '\n' | '\t' => escaped.push(c),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => escaped.push('\u{fffd}'),
            c => escaped.push(c),
        }
    }
    escaped
}

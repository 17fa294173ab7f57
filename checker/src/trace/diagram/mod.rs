//! A trace as a sequence diagram in SVG.
//!
//! Time runs downwards, a row for each step, a lifeline for each actor. A message is an arrow from
//! the step that sends it to the step that delivers it, so that what overtakes what can be seen.
//! Labels are short; whatever they stand for is in the tooltip. The diagram brings its own white
//! ground, so it can stand on any page, and uses no ids, so several can stand on one.
//!
//! `layout.rs` says where everything is, `steps.rs` what to say about a step, `labels.rs` where
//! there is room to say it, and `svg.rs` writes.

mod labels;
mod layout;
mod steps;
mod svg;

use super::brief::headline;
use super::flights::{End, Flight, flights};
use super::{Event, Trace};
use labels::{Line, Room, shorten};
use layout::{Layout, TOP};
use svg::{Font, Point, Svg, at, direction, escape};

const INK: &str = "#1f2933";
const GREY: &str = "#66727f";
const PALE: &str = "#aab4be";
const GUIDE: &str = "#eef1f4";
const LIFELINE: &str = "#8895a3";
const MESSAGE: &str = "#2f6da8";
const TIMER: &str = "#a86200";
const FAULT: &str = "#c0392b";
const RECOVERY: &str = "#2e7d32";
const NOTE: &str = "#7b3fa0";

const LEGEND: &str =
    "■ saves · × crash, cut or loss · dotted: down, paused, or still in flight · hover for details";

/// See [`Trace::diagram`].
pub(super) fn render(trace: &Trace) -> String {
    let flights = flights(trace);
    let labels: Vec<_> = trace.steps.iter().map(|step| steps::label(trace, step)).collect();
    let layout = Layout::new(trace, labels.iter().map(|lines| labels::height(lines)));
    let mut drawing = Drawing {
        trace,
        room: Room::new(layout.left(), layout.right(), layout.bottom()),
        layout,
        svg: Svg::default(),
    };
    drawing.draw_frame();
    drawing.draw_lifelines();
    for flight in &flights {
        drawing.draw_flight(flight);
    }
    for number in 0..trace.steps.len() {
        drawing.draw_mark(number);
    }
    let mut lines = steps::tooltips(trace);
    for (number, label) in labels.iter().enumerate() {
        let point = drawing.label_point(number);
        let tooltip = std::mem::take(&mut lines[number]);
        drawing.svg.open("", &tooltip);
        drawing.room.place(&mut drawing.svg, point, label, f64::INFINITY);
        drawing.svg.close();
    }
    for flight in &flights {
        drawing.label_stub(flight);
    }
    drawing.draw_loop();
    drawing.finish()
}

struct Drawing<'a> {
    trace: &'a Trace,
    layout: Layout,
    room: Room,
    svg: Svg,
}

impl Drawing<'_> {
    /// Title, row numbers and their guides.
    fn draw_frame(&mut self) {
        let (width, height) = (self.layout.width, self.layout.height);
        let ground = "rx='6' fill='#fff' stroke='#d5dbe1'";
        self.svg.rect(at(0.5, 0.5), width - 1.0, height - 1.0, ground);
        let font = Font::new(13.0, INK, true, "start");
        self.svg.open("", &self.trace.title);
        let title = shorten(&self.trace.title, font.size, true, width - 32.0);
        self.svg.text(at(14.0, 20.0), font, &title);
        self.svg.close();
        let font = Font::new(10.5, GREY, false, "end");
        for (number, step) in self.trace.steps.iter().enumerate() {
            let y = self.layout.rows[number];
            self.svg.open(&format!(" data-step='{}'", number + 1), &self.trace.line(step));
            self.svg.line(at(38.0, y), at(self.layout.right(), y), GUIDE, "");
            self.svg.text(at(32.0, y + 3.5), font, &(number + 1).to_string());
            self.svg.close();
        }
        let font = Font::new(10.0, GREY, false, "start");
        self.svg.text(at(14.0, height - 9.0), font, LEGEND);
    }

    /// A line for each actor, dashed while it is down or paused, with its name at the top, and at
    /// the bottom too if the top may be out of sight.
    fn draw_lifelines(&mut self) {
        for (actor, name) in self.trace.actors.iter().enumerate() {
            let x = self.layout.lanes[actor];
            let mut since = TOP;
            let mut up = true;
            let mut ends: Vec<_> = self.layout.rows.iter().zip(&self.trace.steps).collect();
            ends.retain(|(_, step)| {
                let changes = matches!(
                    step.event,
                    Event::Crash { .. }
                        | Event::Rollback { .. }
                        | Event::Recover { .. }
                        | Event::Pause { .. }
                        | Event::Resume { .. }
                );
                changes && step.event.actor() == Some(actor)
            });
            let ends = ends.into_iter().map(|(y, step)| (*y, Some(&step.event)));
            for (y, event) in ends.chain([(self.layout.bottom(), None)]) {
                let (colour, style) = match up {
                    true => (LIFELINE, "stroke-width='1.4'"),
                    false => (PALE, "stroke-width='1.4' stroke-dasharray='3 4'"),
                };
                self.svg.line(at(x, since), at(x, y), colour, style);
                since = y;
                up = matches!(event, Some(Event::Recover { .. } | Event::Resume { .. }));
            }
            self.room.add_line(at(x, TOP), at(x, self.layout.bottom()), 8.0);
            let state = self.trace.initial.get(actor).map_or("", String::as_str);
            let bottom = (self.trace.steps.len() > 12).then_some(self.layout.bottom() + 12.0);
            for y in [Some(TOP - 10.0), bottom].into_iter().flatten() {
                let half = labels::width(name, 12.0, true) / 2.0 + 9.0;
                let style = "rx='4' fill='#f4f6f8' stroke='#8895a3'";
                self.svg.open("", &format!("{name} at the start: {state}"));
                self.svg.rect(at(x - half, y - 10.0), 2.0 * half, 20.0, style);
                let font = Font::new(12.0, INK, true, "middle");
                self.svg.text(at(x, y + 4.2), font, name);
                self.svg.close();
            }
        }
    }

    /// Where a flight begins and where it leads, if it arrives, or how far it gets.
    fn ends(&self, flight: &Flight) -> (Point, Point) {
        let from = self.layout.lane(flight.from);
        let to = self.layout.lane(flight.to);
        let start = flight.sent.map_or(TOP, |step| self.layout.rows[step]);
        let begin = match (from, to) {
            (Some(x), _) => at(x, start),
            // Sent by nobody: it comes from nowhere in particular.
            (None, to) => at(to.unwrap_or(self.layout.left()) - 40.0, start),
        };
        let target = to.unwrap_or(begin.x + 60.0);
        match flight.end {
            End::Delivered(step) => (begin, at(target, self.layout.rows[step])),
            End::Dropped(step) => {
                let way = if target == begin.x { 40.0 } else { 0.6 * (target - begin.x) };
                (begin, at(begin.x + way, self.layout.rows[step]))
            }
            End::LostAtOnce | End::InFlight => {
                let side = if begin.x == target { begin.x + 30.0 } else { target };
                let (dx, dy) = direction(begin, at(side, begin.y + 30.0));
                (begin, at(begin.x + 40.0 * dx, begin.y + 40.0 * dy))
            }
        }
    }

    fn draw_flight(&mut self, flight: &Flight) {
        let (begin, end) = self.ends(flight);
        let names = (self.trace.name(flight.from), self.trace.name(flight.to));
        let sent = match flight.sent {
            Some(step) => format!("sent in step {}", step + 1),
            None => "in flight from the start".to_owned(),
        };
        let (fate, colour, style) = match flight.end {
            End::Delivered(step) => (format!("delivered in step {}", step + 1), MESSAGE, ""),
            End::Dropped(step) => (format!("lost in step {}", step + 1), FAULT, "6 3"),
            End::LostAtOnce => ("lost: no link".to_owned(), FAULT, "6 3"),
            End::InFlight => ("still in flight".to_owned(), PALE, "2 3"),
        };
        let tooltip = format!("{} → {}: {}\n{sent}, {fate}", names.0, names.1, flight.message);
        let style = format!("stroke-width='1.5' stroke-dasharray='{style}'");
        let style = style.replace(" stroke-dasharray=''", "");
        self.svg.open("", &tooltip);
        if begin.x == end.x {
            // To itself: a bow, along which labels had better not be.
            let (x, y, side) = (begin.x, end.y, begin.x + 40.0);
            let path = format!(
                "M{x:.1} {:.1}C{side:.1} {:.1} {side:.1} {y:.1} {x:.1} {y:.1}",
                begin.y, begin.y
            );
            self.svg.path(&path, "none", colour, &style);
            self.svg.arrowhead(at(side, y), at(x + 5.0, y), colour);
            self.room.add_line(at(x + 29.0, begin.y), at(x + 29.0, y), 1.0);
        } else {
            let (dx, dy) = direction(begin, end);
            let stop = at(end.x - 5.0 * dx, end.y - 5.0 * dy);
            // A line without colour that is easier to hit with a mouse.
            self.svg.line(begin, stop, "transparent", "stroke-width='10'");
            self.svg.line(begin, stop, colour, &style);
            self.room.add_line(begin, end, 1.0);
            // The head matters more than the rest of the line.
            self.room.add_line(at(end.x - 16.0 * dx, end.y - 16.0 * dy), end, 5.0);
            match flight.end {
                End::Delivered(_) | End::InFlight => self.svg.arrowhead(begin, stop, colour),
                End::Dropped(_) | End::LostAtOnce => {
                    self.svg.cross(end, 4.5, FAULT);
                    self.room.add_mark(end);
                }
            }
        }
        self.svg.close();
    }

    /// The sign on the lifeline of whoever acts.
    fn draw_mark(&mut self, number: usize) {
        let step = &self.trace.steps[number];
        let y = self.layout.rows[number];
        if matches!(step.event, Event::Tick | Event::SlowTick) {
            let style = "stroke-dasharray='1 4' stroke-width='1.4'";
            let (left, right) = (self.layout.lanes.first(), self.layout.lanes.last());
            if let Some((left, right)) = left.zip(right) {
                self.svg.line(at(left - 30.0, y), at(right + 30.0, y), TIMER, style);
            }
        }
        match &step.event {
            Event::Cut { links } => self.draw_links(links, y, FAULT, true),
            Event::Heal { links } => self.draw_links(links, y, RECOVERY, false),
            _ => {}
        }
        let Some(x) = step.event.actor().and_then(|actor| self.layout.lane(actor)) else {
            return;
        };
        let point = at(x, y);
        match step.event {
            Event::Timeout { .. } => {
                self.svg.disc(point, 5.5, "#fff", TIMER);
                let hands = format!("M{x:.1} {:.1}V{y:.1}H{:.1}", y - 3.2, x + 2.6);
                self.svg.path(&hands, "none", TIMER, "stroke-width='1.3'");
            }
            Event::Crash { .. } | Event::Rollback { .. } => self.svg.cross(point, 6.0, FAULT),
            Event::Recover { .. } | Event::Resume { .. } => {
                self.svg.disc(point, 5.0, "#fff", RECOVERY);
            }
            Event::Pause { .. } => {
                self.svg.disc(point, 6.0, "#fff", FAULT);
                let bars =
                    format!("M{:.1} {:.1}v5M{:.1} {:.1}v5", x - 1.8, y - 2.5, x + 1.8, y - 2.5);
                self.svg.path(&bars, "none", FAULT, "stroke-width='1.5'");
            }
            Event::Random { .. } | Event::Backup { .. } => {
                let path = format!("M{x:.1} {:.1}l6 6l-6 6l-6 -6Z", y - 6.0);
                self.svg.path(&path, "#fff", INK, "stroke-width='1.5'");
            }
            _ => self.svg.disc(point, 2.6, MESSAGE, "none"),
        }
        if step.saved {
            self.svg.open("", "saves to storage");
            self.svg.rect(at(x - 3.0, y + 8.0), 6.0, 6.0, &format!("fill='{INK}'"));
            self.svg.close();
        }
        self.room.add_mark(point);
    }

    /// The links that a cut takes down, with a cross on each, or that heal.
    fn draw_links(&mut self, links: &[(usize, usize)], y: f64, colour: &str, is_cut: bool) {
        for (from, to) in links {
            let Some((from, to)) = self.layout.lane(*from).zip(self.layout.lane(*to)) else {
                continue;
            };
            let (dx, _) = direction(at(from, y), at(to, y));
            let tip = at(to - 5.0 * dx, y);
            self.svg.line(at(from, y), tip, colour, "stroke-width='1.4' stroke-dasharray='6 3'");
            self.svg.arrowhead(at(from, y), tip, colour);
            if is_cut {
                self.svg.cross(at((from + to) / 2.0, y), 4.5, colour);
            }
        }
    }

    /// What the label of a step stands beside.
    fn label_point(&self, number: usize) -> Point {
        let y = self.layout.rows[number];
        match &self.trace.steps[number].event {
            Event::Drop { from, to, message } => {
                let (from, to, sent) = (*from, *to, None);
                let flight = Flight { from, to, message, sent, end: End::Dropped(number) };
                self.ends(&flight).1
            }
            event => {
                let lane = event.actor().and_then(|actor| self.layout.lane(actor));
                at(lane.unwrap_or(self.layout.left()), y)
            }
        }
    }

    /// Names a message that has no step of its own, if there is room.
    fn label_stub(&mut self, flight: &Flight) {
        let colour = match flight.end {
            End::InFlight => GREY,
            End::LostAtOnce => FAULT,
            End::Delivered(_) | End::Dropped(_) => return,
        };
        let limit = Layout::label_width(self.trace.actors.len()) * 0.8;
        let text = shorten(headline(flight.message).0, 9.0, false, limit);
        let line = Line { text, size: 9.0, colour, bold: false };
        let end = self.ends(flight).1;
        self.room.place(&mut self.svg, end, &[line], 30.0);
    }

    /// For a lasso: the way back.
    fn draw_loop(&mut self) {
        let Some(start) = self.trace.loop_start else {
            return;
        };
        let (x, bottom) = (self.layout.width - 14.0, self.layout.bottom() - 4.0);
        let font = Font::new(10.5, NOTE, true, "middle");
        if start >= self.trace.steps.len() {
            let point = at(self.layout.width / 2.0, self.layout.bottom() - 2.0);
            self.svg.text(point, font, "nothing more happens, for ever");
            return;
        }
        let top = self.layout.tops[start];
        let path = format!("M{:.1} {bottom:.1}H{x:.1}V{top:.1}H{:.1}", x - 12.0, x - 8.0);
        self.svg.open(" data-loop=''", &format!("goes on with step {}, for ever", start + 1));
        self.svg.path(&path, "none", NOTE, "stroke-width='1.6'");
        self.svg.arrowhead(at(x, top), at(x - 14.0, top), NOTE);
        let middle = (top + bottom) / 2.0;
        self.svg.add(format_args!("<g transform='rotate(-90 {:.1} {middle:.1})'>", x - 4.0));
        self.svg.text(at(x - 4.0, middle), font, "repeats for ever");
        self.svg.close();
        self.svg.close();
    }

    fn finish(self) -> String {
        let (width, height) = (self.layout.width, self.layout.height);
        let narrow = width.min(560.0);
        format!(
            "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {width:.0} {height:.0}' \
             width='100%' style='display:block;min-width:{narrow:.0}px;max-width:{:.0}px' \
             font-family='Helvetica, Arial, sans-serif' role='img' aria-label='{}'>\n{}</svg>\n",
            width * 1.3,
            escape(&self.trace.title),
            self.svg.0
        )
    }
}

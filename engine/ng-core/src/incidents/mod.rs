//! Incidents: the symptoms of all streams that come at about the same time are one entry, with the one that leads, and an
//! end when it is quiet again. Without any configuration.
//!
//! A symptom is an event that alerts, or one of the engine's own that tells of a silence, a rate, a session, or of what did
//! not happen. It joins the incident whose time it is near; otherwise it begins one, which is told once it is
//! more than [odd](incident::Weight), and forgotten in silence if it never is. One that becomes heavier is told again, as worse, and so is one that
//! another source has a new error in. The time of a symptom is that of its arrival,
//! or its own when it comes late, so that a log of yesterday that is read at once makes the incidents of yesterday.
//!
//! Nothing reads a clock: the same events make the same incidents. Time that passes only ends them.
//!
//! # Layout
//!
//! `symptom.rs` says what of an event is a symptom, `incident.rs` is one incident; `unconfirmed.rs` has metrics wait for a second
//! sample, `saved.rs` has the saved form.

mod incident;
mod saved;
mod symptom;
#[cfg(test)]
mod tests;
mod unconfirmed;

use crate::actions::Effect;
use incident::Incident;
use ng_model::elapsed::Elapsed;
use ng_model::event::Event;
use ng_model::settings::Values;
use ng_wire::{Format, Gauge, IncidentView, Symptom, Unit};
use std::collections::VecDeque;
use symptom::{Salience, Shown};
pub(crate) use symptom::{note_of, source_field};
use unconfirmed::Unconfirmed;

/// Incidents that go on at a time; beyond it the one that was quiet for longest is over.
const MAX_OPEN: usize = 16;
/// Incidents that are over and remembered.
const MAX_OVER: usize = 64;
/// One that begins with the lead of one that is over goes on with that one, for so long after its end, nanoseconds.
const AGAIN_NS: i64 = 600_000_000_000;
/// Symptoms that are shown of one that goes on, and of one that is over, besides its lead.
const SHOWN_OPEN: usize = 15;
const SHOWN_OVER: usize = 4;

/// What goes on, and what went on lately.
#[derive(Debug)]
pub struct Incidents {
    clock: Elapsed,
    window_ns: i64,
    strength: f32,
    /// Those that go on, told or not, in the order in which they began.
    open: Vec<Incident>,
    unconfirmed: Unconfirmed,
    /// Those that were told and are over, oldest first.
    over: VecDeque<Incident>,
    /// The number of the latest that was told.
    numbered: u64,
    told: u64,
    passed: u64,
}

impl Incidents {
    /// Nothing has happened yet.
    pub fn new(values: &Values) -> Self {
        let mut incidents = Incidents {
            clock: Elapsed::default(),
            window_ns: 0,
            strength: 0.0,
            open: Vec::new(),
            unconfirmed: Unconfirmed::default(),
            over: VecDeque::new(),
            numbered: 0,
            told: 0,
            passed: 0,
        };
        incidents.reconfigure(values);
        incidents
    }

    /// Takes new settings; what was told stays told.
    pub fn reconfigure(&mut self, values: &Values) {
        self.window_ns = (values.float("incident_window_s") * 1e9) as i64;
        self.strength = values.float("incident_strength") as f32;
    }

    /// Looks whether an event, be it silenced or not, confirms one before it that was not.
    pub fn confirm(&mut self, event: &Event<'_>, effects: &mut Vec<Effect>) {
        if let Some(confirmed) = self.unconfirmed.confirmed_by(event) {
            self.clock.advance(event.head.received_ns);
            self.take(confirmed, effects);
        }
    }

    /// Takes one event that is not silenced. What is told becomes an event of its own.
    pub fn observe(&mut self, event: &Event<'_>, effects: &mut Vec<Effect>) {
        let resolves = |kind| symptom::kind_of_note(event.symbols.name(kind));
        let Some(kind) = symptom::kind_of(event, resolves) else { return };
        self.clock.advance(event.head.received_ns);
        let mut shown = Shown::new(kind, event);
        let is_metric = event.head.format == Format::Metric && shown.salience == Salience::Plain;
        if let Some(usual) = event.head.detection.usual.filter(|_| is_metric) {
            self.unconfirmed.hold(event, usual, shown.clone());
            shown.salience = Salience::Slight;
        }
        self.take(shown, effects);
    }

    /// Lets time pass: incidents end.
    pub fn tick(&mut self, now_ns: i64, effects: &mut Vec<Effect>) {
        let (now, window_ns) = (self.clock.advance(now_ns), self.window_ns);
        self.end_those(effects, |incident| now - incident.touched_ns > window_ns);
    }

    /// Ends those that go on; the input has ended.
    pub fn finish(&mut self, effects: &mut Vec<Effect>) {
        self.end_those(effects, |_| true);
    }

    fn take(&mut self, shown: Shown, effects: &mut Vec<Effect>) {
        let (now, at_ns, window_ns) = (self.clock.now(), shown.at_ns, self.window_ns);
        // What comes late passes through its own time quicker than the clock of arrival runs.
        let is_passed = |incident: &Incident| {
            incident.is_late && shown.is_late && incident.last_ns.saturating_add(window_ns) < at_ns
        };
        let is_over = |incident: &Incident| now - incident.touched_ns > window_ns || is_passed(incident);
        self.end_those(effects, is_over);
        let place = match self.open.iter().rposition(|incident| incident.is_near(at_ns, window_ns)) {
            Some(place) => place,
            None => self.begin(&shown, effects),
        };
        let (before, is_another) = (self.open[place].weight(), self.open[place].is_another_error(&shown));
        self.open[place].add(shown, now, self.strength);
        if is_another || self.open[place].weight() > before {
            self.tell(place, effects);
        }
    }

    /// The place of an incident for a symptom that belongs to none that goes on: the one that ended lately and had the same
    /// lead, or a new one.
    fn begin(&mut self, shown: &Shown, effects: &mut Vec<Effect>) -> usize {
        if self.open.len() == MAX_OPEN {
            // What happened long ago displaces nothing that goes on.
            let quiet = |place: &usize| (!self.open[*place].is_late, self.open[*place].touched_ns);
            let quietest = (0..MAX_OPEN).min_by_key(quiet).unwrap_or(0);
            let incident = self.open.remove(quietest);
            self.end(incident, effects);
        }
        let again = |incident: &Incident| incident.is_led_by(shown) && incident.is_near(shown.at_ns, AGAIN_NS);
        let again = self.over.iter().rposition(again).and_then(|place| self.over.remove(place));
        self.open.push(again.map_or_else(|| Incident::new(shown.at_ns), Incident::again));
        self.open.len() - 1
    }

    /// Tells an incident that has become worth it, or worse than it was told.
    fn tell(&mut self, place: usize, effects: &mut Vec<Effect>) {
        let incident = &mut self.open[place];
        let is_new = incident.number == 0;
        if is_new {
            self.numbered += 1;
            self.told += 1;
            incident.number = self.numbered;
        }
        let event_type = if is_new { "incident.opened" } else { "incident.worsened" };
        effects.push(Effect::Note { json: incident.told(event_type) });
    }

    fn end_those(&mut self, effects: &mut Vec<Effect>, is_over: impl Fn(&Incident) -> bool) {
        let mut place = 0;
        while place < self.open.len() {
            if is_over(&self.open[place]) {
                let incident = self.open.remove(place);
                self.end(incident, effects);
            } else {
                place += 1;
            }
        }
    }

    fn end(&mut self, incident: Incident, effects: &mut Vec<Effect>) {
        if incident.number == 0 {
            self.passed += 1;
            return;
        }
        effects.push(Effect::Note { json: incident.closed() });
        if self.over.len() == MAX_OVER {
            self.over.pop_front();
        }
        self.over.push_back(Incident { is_over: true, ..incident });
    }
}

impl Incidents {
    /// Those that go on, and the latest of those that are over; the latest first.
    pub fn view(&self) -> Vec<IncidentView> {
        let open = self.open.iter().rev().filter(|incident| incident.number > 0);
        let mut shown: Vec<IncidentView> = open.map(|incident| incident.view(SHOWN_OPEN)).collect();
        shown.extend(self.over.iter().rev().map(|incident| incident.view(SHOWN_OVER)));
        shown
    }

    /// The symptom that began with this event, or that had it last; also of what went on before the latest start.
    pub fn symptom_of(&self, seq: u64) -> Option<&Symptom> {
        let symptoms = self.open.iter().chain(&self.over).flat_map(|incident| &incident.symptoms);
        symptoms.map(|(_, symptom)| symptom).find(|symptom| symptom.first_seq == seq || symptom.last_seq == seq)
    }

    /// Incidents told since the start.
    pub fn told(&self) -> u64 {
        self.told
    }

    /// What the module counts: incidents that go on, that were told, and that were never worth it.
    pub fn gauges(&self, gauges: &mut Vec<Gauge>) {
        let open = self.open.iter().filter(|incident| incident.number > 0).count();
        for (name, value) in
            [("incidents.open", open as u64), ("incidents.told", self.told), ("incidents.passed", self.passed)]
        {
            gauges.push(Gauge { name: name.into(), value: value as f64, unit: Unit::Count });
        }
    }
}

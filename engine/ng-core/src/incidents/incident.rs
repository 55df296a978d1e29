//! One incident: its symptoms, which of them leads, and how much they weigh together.

use super::symptom::{Salience, Shown};
use ng_model::bins::Bins;
use ng_model::duration::in_words;
use ng_wire::{IncidentView, Level, Symptom, SymptomKind};

/// Symptoms that are kept of an incident.
pub(super) const MAX_SYMPTOMS: usize = 32;
/// Of symptoms of one weight, those within this time of the first are the earliest, nanoseconds.
const EARLIEST_NS: i64 = 5_000_000_000;

/// How much a symptom weighs, whatever its strength, from what is not worth telling by itself up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Weight {
    /// Unusual.
    Odd,
    /// Unusual enough to be told.
    Strong,
    /// A warning that was never seen.
    NewWarning,
    /// Something is missing.
    Missing,
    /// An error that was never seen.
    NewError,
    /// The same, of the last level.
    NewFatal,
}

impl Weight {
    /// All of them, the least first.
    pub(super) const ALL: [Weight; 6] =
        [Weight::Odd, Weight::Strong, Weight::NewWarning, Weight::Missing, Weight::NewError, Weight::NewFatal];

    /// What a symptom weighs; what is odd is strong from this strength on.
    fn of(shown: &Shown, strength: f32) -> Weight {
        match shown.kind {
            SymptomKind::NewError if shown.level == Level::Fatal => Weight::NewFatal,
            SymptomKind::NewError => Weight::NewError,
            SymptomKind::Silence | SymptomKind::Overdue => Weight::Missing,
            _ if shown.is_first && shown.level >= Level::Warn => Weight::NewWarning,
            _ if shown.salience == Salience::Marked => Weight::Strong,
            _ if shown.strength >= strength && shown.salience != Salience::Slight => Weight::Strong,
            SymptomKind::Anomaly | SymptomKind::Rate | SymptomKind::Session => Weight::Odd,
        }
    }
}

/// What belongs together.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Incident {
    /// 0 until it is told.
    pub(super) number: u64,
    pub(super) started_ns: i64,
    pub(super) last_ns: i64,
    /// Time passed, by the clock of arrival, at the latest symptom.
    pub(super) touched_ns: i64,
    /// Its latest symptom came late.
    pub(super) is_late: bool,
    pub(super) is_over: bool,
    pub(super) times: u32,
    pub(super) count: u64,
    /// Each with its weight, in the order in which they came.
    pub(super) symptoms: Vec<(Weight, Symptom)>,
    pub(super) left_out: u64,
    /// When its events came.
    pub(super) bins: Bins,
}

impl Incident {
    /// An incident that begins at a time, to which its first symptom is to be added.
    pub(super) fn new(at_ns: i64) -> Incident {
        Incident {
            number: 0,
            started_ns: at_ns,
            last_ns: at_ns,
            touched_ns: 0,
            is_late: false,
            is_over: false,
            times: 1,
            count: 0,
            symptoms: Vec::new(),
            left_out: 0,
            bins: Bins::default(),
        }
    }

    /// One that was over and goes on.
    pub(super) fn again(self) -> Incident {
        Incident { is_over: false, times: self.times.saturating_add(1), ..self }
    }

    /// The event that tells that it was noticed, or that it has become worse, as JSON.
    pub(super) fn told(&self, event_type: &str) -> String {
        let (number, lead) = (self.number, self.leading());
        let why = if lead.why.is_empty() { String::new() } else { format!(" — {}", lead.why) };
        let message = format!("incident {number}: {}: {}{why}", lead.source, lead.text);
        serde_json::json!({
            "type": event_type, "level": lead.level.max(Level::Warn).name(), "message": message, "incident": number,
            "about": lead.last_seq, "lead_source": lead.source, "strength": lead.strength, "started_ns": self.started_ns,
        })
        .to_string()
    }

    /// The event that tells that it is over, as JSON.
    pub(super) fn closed(&self) -> String {
        let (number, count, for_s) = (self.number, self.count, (self.last_ns - self.started_ns) as f64 / 1e9);
        let events = match count {
            1 => "1 event".into(),
            _ if for_s < 1.0 => format!("{count} events within a second"),
            _ => format!("{count} events in {}", in_words(self.last_ns - self.started_ns)),
        };
        let message = format!("incident {number} is over: {events}, led by {}", self.leading().source);
        serde_json::json!({
            "type": "incident.closed", "level": "notice", "message": message, "incident": number, "events": count,
            "seconds": for_s, "symptoms": self.symptoms.len(),
        })
        .to_string()
    }

    /// Its lead and this symptom are of one kind, source and pattern.
    pub(super) fn is_led_by(&self, shown: &Shown) -> bool {
        is_alike(self.leading(), shown)
    }

    /// A symptom of this time belongs to it.
    pub(super) fn is_near(&self, at_ns: i64, window_ns: i64) -> bool {
        at_ns >= self.started_ns.saturating_sub(window_ns) && at_ns <= self.last_ns.saturating_add(window_ns)
    }

    /// What it weighs: as much as the heaviest of its symptoms.
    pub(super) fn weight(&self) -> Weight {
        self.symptoms.iter().map(|(weight, _)| *weight).max().unwrap_or(Weight::Odd)
    }

    /// What it is named by: of the symptoms that weigh most, the strongest of the earliest.
    pub(super) fn lead(&self) -> usize {
        let weight = self.weight();
        let heaviest = || (0..self.symptoms.len()).filter(|place| self.symptoms[*place].0 == weight);
        let first_ns = heaviest().map(|place| self.symptoms[place].1.first_ns).min().unwrap_or(0);
        let is_early = |place: &usize| self.symptoms[*place].1.first_ns <= first_ns.saturating_add(EARLIEST_NS);
        let stronger = |best: usize, place: usize| {
            let strength = |place: usize| self.symptoms[place].1.strength;
            if strength(place) > strength(best) { place } else { best }
        };
        heaviest().filter(is_early).reduce(stronger).unwrap_or(0)
    }

    /// The symptom that it is named by.
    pub(super) fn leading(&self) -> &Symptom {
        &self.symptoms[self.lead()].1
    }

    /// Takes a symptom in; what is odd is strong from this strength on. When there are many, the lightest give way.
    pub(super) fn add(&mut self, shown: Shown, now_ns: i64, strength: f32) {
        self.started_ns = self.started_ns.min(shown.at_ns);
        self.last_ns = self.last_ns.max(shown.at_ns);
        self.touched_ns = now_ns;
        self.is_late = shown.is_late;
        self.count = self.count.saturating_add(1);
        self.bins.add(shown.at_ns, 1);
        let weight = Weight::of(&shown, strength);
        if let Some((known, symptom)) = self.symptoms.iter_mut().find(|(_, known)| is_alike(known, &shown)) {
            *known = weight.max(*known);
            again(symptom, shown);
            return;
        }
        if self.symptoms.len() == MAX_SYMPTOMS {
            self.left_out = self.left_out.saturating_add(1);
            let Some(place) = self.dispensable(weight, &shown.source) else { return };
            self.symptoms.remove(place);
        }
        self.symptoms.push((weight, first(shown)));
    }

    /// The symptom that gives way to one of another weight and source: a lighter one, or the latest as heavy of a source that has
    /// most of them, so that no source can hide what comes from another.
    fn dispensable(&self, weight: Weight, source: &str) -> Option<usize> {
        let lightest = (0..self.symptoms.len()).rev().min_by_key(|place| self.symptoms[*place].0)?;
        if self.symptoms[lightest].0 < weight {
            return Some(lightest);
        }
        let is_of = |place: &usize, name: &str| self.symptoms[*place].1.source == name;
        let count = |name: &str| (0..self.symptoms.len()).filter(|place| is_of(place, name)).count();
        let as_heavy = (0..self.symptoms.len()).rev().filter(|place| self.symptoms[*place].0 == weight);
        let crowded = as_heavy.max_by_key(|place| count(&self.symptoms[*place].1.source))?;
        let crowd = &self.symptoms[crowded].1.source;
        (crowd != source && count(crowd) > count(source) + 1).then_some(crowded)
    }

    /// A symptom is an error that is new, and the first such of its source.
    pub(super) fn is_another_error(&self, shown: &Shown) -> bool {
        let is_error = |weight: Weight| weight >= Weight::NewError;
        let known = |(weight, symptom): &(Weight, Symptom)| is_error(*weight) && symptom.source == shown.source;
        is_error(Weight::of(shown, f32::INFINITY)) && !self.symptoms.iter().any(known)
    }

    /// As it is shown, with at most so many symptoms besides its lead.
    pub(super) fn view(&self, most: usize) -> IncidentView {
        let lead = self.lead();
        let mut places: Vec<usize> = (0..self.symptoms.len()).filter(|place| *place != lead).take(most).collect();
        places.push(lead);
        places.sort_by_key(|place| (self.symptoms[*place].1.first_ns, *place));
        let mut sources: Vec<&str> = self.symptoms.iter().map(|(_, symptom)| symptom.source.as_str()).collect();
        sources.sort_unstable();
        sources.dedup();
        IncidentView {
            number: self.number,
            started_ns: self.started_ns,
            last_ns: self.last_ns,
            is_over: self.is_over,
            times: self.times,
            count: self.count,
            sources: sources.len() as u32,
            lead: places.iter().position(|place| *place == lead).unwrap_or(0) as u32,
            left_out: self.left_out + (self.symptoms.len() - places.len()) as u64,
            symptoms: places.into_iter().map(|place| self.symptoms[place].1.clone()).collect(),
            timeline: self.bins.view(|at_ns| at_ns),
        }
    }
}

fn is_alike(known: &Symptom, shown: &Shown) -> bool {
    (known.kind, known.pattern) == (shown.kind, shown.pattern) && known.source == shown.source
}

fn first(shown: Shown) -> Symptom {
    let Shown { kind, source, pattern, level, seq, at_ns, strength, text, why, .. } = shown;
    Symptom {
        kind,
        source,
        pattern,
        level,
        count: 1,
        first_seq: seq,
        last_seq: seq,
        first_ns: at_ns,
        last_ns: at_ns,
        strength,
        text,
        why,
    }
}

fn again(known: &mut Symptom, shown: Shown) {
    known.count = known.count.saturating_add(1);
    known.last_seq = shown.seq;
    known.first_ns = known.first_ns.min(shown.at_ns);
    known.last_ns = known.last_ns.max(shown.at_ns);
    known.level = known.level.max(shown.level);
    if shown.strength > known.strength {
        (known.strength, known.text, known.why) = (shown.strength, shown.text, shown.why);
    }
}

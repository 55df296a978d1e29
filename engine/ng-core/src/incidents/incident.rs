//! One incident: its symptoms, which of them leads, and how much they weigh together.

use super::symptom::Shown;
use ng_wire::{IncidentView, Level, Symptom, SymptomKind};

/// Symptoms that are kept of an incident.
pub(super) const MAX_SYMPTOMS: usize = 32;
/// A cause shows within this time of what tells of it, nanoseconds.
const EARLIEST_NS: i64 = 5_000_000_000;

/// What belongs together.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Incident {
    /// 0 until it is told.
    pub(super) number: u64,
    pub(super) started_ns: i64,
    pub(super) last_ns: i64,
    /// Time of the first symptom that is worth telling.
    pub(super) telling_ns: Option<i64>,
    /// Time passed, by the clock of arrival, at the latest symptom.
    pub(super) touched_ns: i64,
    /// Its latest symptom came late.
    pub(super) is_late: bool,
    pub(super) is_over: bool,
    pub(super) times: u32,
    pub(super) count: u64,
    pub(super) symptoms: Vec<Symptom>,
    pub(super) left_out: u64,
}

impl Incident {
    /// An incident that begins at a time, to which its first symptom is to be added.
    pub(super) fn new(at_ns: i64) -> Incident {
        Incident {
            number: 0,
            started_ns: at_ns,
            last_ns: at_ns,
            telling_ns: None,
            touched_ns: 0,
            is_late: false,
            is_over: false,
            times: 1,
            count: 0,
            symptoms: Vec::new(),
            left_out: 0,
        }
    }

    /// One that was over and goes on.
    pub(super) fn again(self) -> Incident {
        Incident { is_over: false, times: self.times.saturating_add(1), ..self }
    }

    /// The event that tells that it was noticed, as JSON.
    pub(super) fn opened(&self) -> String {
        let (number, lead) = (self.number, self.leading());
        let why = if lead.why.is_empty() { String::new() } else { format!(" — {}", lead.why) };
        let message = format!("incident {number}: {}: {}{why}", lead.source, lead.text);
        serde_json::json!({
            "type": "incident.opened", "level": lead.level.max(Level::Warn).name(), "message": message, "incident": number,
            "about": lead.last_seq, "lead_source": lead.source, "strength": lead.strength, "started_ns": self.started_ns,
        })
        .to_string()
    }

    /// The event that tells that it is over, as JSON.
    pub(super) fn closed(&self) -> String {
        let (number, count, for_s) = (self.number, self.count, (self.last_ns - self.started_ns) as f64 / 1e9);
        let events = if count == 1 { "1 event".into() } else { format!("{count} events in {for_s:.0} s") };
        let message = format!("incident {number} is over: {events}, led by {}", self.leading().source);
        serde_json::json!({
            "type": "incident.closed", "level": "notice", "message": message, "incident": number, "events": count,
            "seconds": for_s, "symptoms": self.symptoms.len() as u64 + self.left_out,
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

    /// What it is named by: of those that came at about the time of the first that was worth telling, the one that weighs
    /// most.
    pub(super) fn lead(&self) -> usize {
        let earliest = self.telling_ns.map_or(i64::MAX, |telling_ns| telling_ns.saturating_add(EARLIEST_NS));
        let weight = |symptom: &Symptom| (class(symptom.kind, symptom.level), symptom.strength);
        let mut best = 0;
        for (place, symptom) in self.symptoms.iter().enumerate().filter(|(_, symptom)| symptom.first_ns <= earliest) {
            if weight(symptom) > weight(&self.symptoms[best]) {
                best = place;
            }
        }
        best
    }

    /// The symptom that it is named by.
    pub(super) fn leading(&self) -> &Symptom {
        &self.symptoms[self.lead()]
    }

    /// It is worth telling.
    pub(super) fn is_telling(&self) -> bool {
        self.telling_ns.is_some()
    }

    /// Takes a symptom in. It is worth telling by its kind, or when it is as strong as this.
    pub(super) fn add(&mut self, shown: Shown, now_ns: i64, strength: f32) {
        if self.telling_ns.is_none() && (class(shown.kind, shown.level) > 0 || shown.strength >= strength) {
            self.telling_ns = Some(shown.at_ns);
        }
        self.started_ns = self.started_ns.min(shown.at_ns);
        self.last_ns = self.last_ns.max(shown.at_ns);
        self.touched_ns = now_ns;
        self.is_late = shown.is_late;
        self.count = self.count.saturating_add(1);
        match self.symptoms.iter().position(|known| is_alike(known, &shown)) {
            Some(place) => again(&mut self.symptoms[place], shown),
            None if self.symptoms.len() < MAX_SYMPTOMS => self.symptoms.push(first(shown)),
            None => self.left_out = self.left_out.saturating_add(1),
        }
    }

    /// As it is shown, with at most so many symptoms besides its lead.
    pub(super) fn view(&self, most: usize) -> IncidentView {
        let lead = self.lead();
        let mut places: Vec<usize> = (0..self.symptoms.len()).filter(|place| *place != lead).take(most).collect();
        places.push(lead);
        places.sort_by_key(|place| (self.symptoms[*place].first_ns, *place));
        let mut sources: Vec<&str> = self.symptoms.iter().map(|symptom| symptom.source.as_str()).collect();
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
            symptoms: places.into_iter().map(|place| self.symptoms[place].clone()).collect(),
        }
    }
}

/// How much the kind of a symptom weighs, before its strength: 0 is not told by itself.
fn class(kind: SymptomKind, level: Level) -> u8 {
    match kind {
        SymptomKind::NewError => 2 + u8::from(level == Level::Fatal),
        SymptomKind::Silence | SymptomKind::Overdue => 1,
        SymptomKind::Anomaly if level >= Level::Error => 1,
        SymptomKind::Anomaly | SymptomKind::Rate | SymptomKind::Session => 0,
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

//! Silences: what a person knows already is held back for a time, and counted.
//!
//! An event that a silence holds back joins no incident and is offered to no alert rule; it is recorded, learnt and shown
//! like any other. Of a silenced pattern the events that alert and are unlike anything remembered are told all the same.
//!
//! `commands/` writes silences down; here they are at work. A pattern is found again after a restart by how it reads.

use crate::actions::Effect;
use ng_detect::feedback::{TEXT, cut, unlike};
use ng_filter::{Env, Filter};
use ng_model::record::StoredRecord;
use ng_wire::{Level, Silence, SilenceSubject, SilenceView, Silences};
use rustc_hash::FxHashMap;

/// Silences that hold at a time.
pub const MAX_SILENCES: usize = 64;

/// The silences at work.
#[derive(Debug, Default)]
pub struct ActiveSilences {
    active: Vec<Active>,
    /// Places by pattern.
    places: FxHashMap<u32, usize>,
}

#[derive(Debug)]
struct Active {
    silence: Silence,
    /// What the events must pass, where the subject is a filter.
    filter: Option<Filter>,
    pattern: Option<u32>,
    held_back: u64,
    told: u64,
}

impl ActiveSilences {
    /// Nothing is silenced.
    pub fn is_empty(&self) -> bool {
        self.active.is_empty()
    }

    /// Whether an event is held back; `novel` is the novelty from which on one is unlike the rest.
    #[inline]
    pub fn holds(&mut self, stored: &StoredRecord<'_>, now_ns: i64, novel: f32) -> bool {
        !self.active.is_empty() && self.holds_any(stored, now_ns, novel)
    }

    fn holds_any(&mut self, stored: &StoredRecord<'_>, now_ns: i64, novel: f32) -> bool {
        let detection = &stored.head.detection;
        if let Some(place) = self.places.get(&detection.pattern) {
            let active = &mut self.active[*place];
            if !(detection.is_alert && detection.novelty >= novel) {
                active.held_back += 1;
                return true;
            }
            active.told += 1;
        }
        // That it was silenced is no more of it.
        if stored.kind().starts_with("silence.") {
            return false;
        }
        let passes = |active: &&mut Active| active.filter.as_ref().is_some_and(|filter| filter.matches(stored, now_ns));
        let found = self.active.iter_mut().find(passes);
        found.map(|active| active.held_back += 1).is_some()
    }

    /// Whether what an alert rule says is held back.
    pub fn holds_rule(&mut self, rule: &str) -> bool {
        let is_of = |active: &&mut Active| matches!(&active.silence.subject, SilenceSubject::Rule { rule: known } if known == rule);
        self.active.iter_mut().find(is_of).map(|active| active.held_back += 1).is_some()
    }

    /// Takes other silences; those that held before keep their counts. Filters that no longer compile are left out and named.
    pub fn replace(&mut self, silences: &Silences, env: &Env) -> Vec<String> {
        let mut before: FxHashMap<u64, Active> =
            self.active.drain(..).map(|active| (active.silence.number, active)).collect();
        let mut refused = Vec::new();
        for silence in silences.kept.iter().rev().take(MAX_SILENCES).rev() {
            match before.remove(&silence.number) {
                Some(active) => self.active.push(active),
                None => match filter_of(&silence.subject, env) {
                    Ok(filter) => {
                        let silence = silence.clone();
                        self.active.push(Active { silence, filter, pattern: None, held_back: 0, told: 0 });
                    }
                    Err(error) => refused.push(format!("silence {}: {error}", silence.number)),
                },
            }
        }
        // Those that are over are told so at the next tick.
        let mut over: Vec<Active> =
            before.into_values().filter(|active| active.silence.until_ns <= env.now_ns).collect();
        over.sort_by_key(|active| active.silence.number);
        self.active.append(&mut over);
        self.index();
        refused
    }

    /// Says which pattern a silence is about.
    pub fn bind(&mut self, number: u64, pattern: u32) {
        if let Some(active) = self.active.iter_mut().find(|active| active.silence.number == number) {
            active.pattern = Some(pattern);
            self.index();
        }
    }

    /// A pattern has appeared. If it reads like one that is silenced and is not known, or no longer, it is that one.
    pub fn attach(
        &mut self,
        (pattern, level): (u32, Option<Level>),
        source: &str,
        text: &str,
        similarity: f64,
        is_known: impl Fn(u32) -> bool,
    ) {
        let text = cut(text, TEXT);
        let is_it = |active: &&Active| match &active.silence.subject {
            SilenceSubject::Pattern { source: known, text: read, level: of } => {
                known == source
                    // Events of any level belong to some patterns.
                    && (level.is_none() || *of == level)
                    && !active.pattern.is_some_and(&is_known)
                    && unlike(read, text, similarity).is_some()
            }
            SilenceSubject::Rule { .. } | SilenceSubject::Filter { .. } => false,
        };
        if let Some(number) = self.active.iter().find(is_it).map(|active| active.silence.number) {
            self.bind(number, pattern);
        }
    }

    /// A pattern has become part of another.
    pub fn follow(&mut self, pattern: u32, union: u32) {
        if let Some(place) = self.places.get(&pattern) {
            self.active[*place].pattern = Some(union);
            self.index();
        }
    }

    /// Lets time pass: silences end, which is told.
    pub fn tick(&mut self, now_ns: i64, effects: &mut Vec<Effect>) {
        if self.active.iter().all(|active| active.silence.until_ns > now_ns) {
            return;
        }
        let ended = self.active.extract_if(.., |active| active.silence.until_ns <= now_ns);
        effects.extend(ended.map(|active| Effect::Note { json: active.ended() }));
        self.index();
    }

    /// Those that hold, oldest first.
    pub fn view(&self) -> Vec<SilenceView> {
        let view = |active: &Active| SilenceView {
            silence: active.silence.clone(),
            pattern: active.pattern,
            held_back: active.held_back,
            told: active.told,
        };
        self.active.iter().map(view).collect()
    }

    fn index(&mut self) {
        let places = self.active.iter().enumerate();
        self.places = places.filter_map(|(place, active)| Some((active.pattern?, place))).collect();
    }
}

impl Active {
    /// The event that tells that it is over, as JSON.
    fn ended(&self) -> String {
        let Active { silence, held_back, told, .. } = self;
        let subject = named(&silence.subject);
        let unlike = if *told > 0 { format!(", and {told} unlike the rest were told") } else { String::new() };
        let message = format!("silence {} of {subject} is over: {held_back} held back{unlike}", silence.number);
        serde_json::json!({
            "type": "silence.ended", "level": "notice", "message": message, "module": "action_controller",
            "silence": silence.number, "held_back": held_back, "told": told,
        })
        .to_string()
    }
}

/// A subject as it stands in a sentence.
pub fn named(subject: &SilenceSubject) -> String {
    match subject {
        SilenceSubject::Pattern { source, text, .. } => format!("{} of {source}", cut(text, 120)),
        SilenceSubject::Rule { rule } => format!("the rule {rule}"),
        SilenceSubject::Filter { filter } => format!("what passes {filter}"),
    }
}

/// The filter of a subject that is one; or what is wrong with it.
pub fn filter_of(subject: &SilenceSubject, env: &Env) -> Result<Option<Filter>, String> {
    match subject {
        SilenceSubject::Filter { filter } => match Filter::compile(filter, env) {
            Ok(filter) if filter.is_everything() => Err("the filter is empty: it would silence everything".into()),
            Ok(filter) => Ok(Some(filter)),
            Err(error) => Err(error.to_string()),
        },
        SilenceSubject::Pattern { .. } | SilenceSubject::Rule { .. } => Ok(None),
    }
}

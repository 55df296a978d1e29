//! How common lines, and steps from one line to the next, are in the sessions of a source.

use super::open_sessions::{MAX_LINES, MAX_STEPS, OpenSession};
use ng_model::checkpoint::{put_u32, take_u32, take_up_to};
use ng_model::matched::Match;
use rustc_hash::FxHashMap;

/// Different lines, and different steps, that are counted; further ones count as never seen.
const MAX: usize = 1 << 16;
/// Events, and sessions, after which the counts are halved, so that they follow the present.
const HALVE_AT: u32 = 1 << 20;
/// Most that a count comes to before it is halved.
const LARGEST: u32 = 2 * HALVE_AT;
/// What stands before the first line of a session.
const START: u32 = u32::MAX;

/// The counts of one source.
#[derive(Debug, Default)]
pub(super) struct Counts {
    lines: FxHashMap<u32, Line>,
    steps: FxHashMap<(u32, u32), u32>,
    sessions: u32,
    events: u32,
}

#[derive(Clone, Copy, Debug, Default)]
struct Line {
    /// Sessions that it is in.
    sessions: u32,
    /// Steps that begin with it.
    steps: u32,
}

impl Counts {
    /// Adds an event to a session, and counts what is new about it. Whether a session counts is decided when it begins.
    pub(super) fn add(&mut self, session: &mut OpenSession, matched: &Match, learn: bool) {
        let pattern = matched.pattern;
        session.rarest_bits = session.rarest_bits.max(matched.template_bits);
        if session.length == 0 {
            session.is_counted = learn;
            self.sessions += u32::from(learn);
        }
        session.length += 1;
        if let Some(line) = session.lines.iter_mut().find(|line| line.0 == pattern) {
            line.1 += 1;
        } else if session.lines.len() < MAX_LINES {
            session.lines.push((pattern, 1));
            if session.is_counted
                && let Some(line) = self.line(pattern)
            {
                line.sessions += 1;
            }
        }
        let from = session.previous.replace(pattern).unwrap_or(START);
        self.step(session, from, pattern);
        self.events += u32::from(session.is_counted);
        if self.events >= HALVE_AT || self.sessions >= HALVE_AT {
            self.halve();
        }
    }

    /// Rarity of a line among the sessions other than this one, which has it, in bits.
    pub(super) fn line_bits(&self, session: &OpenSession, pattern: u32) -> f64 {
        let own = u32::from(session.is_counted);
        let others = self.lines.get(&pattern).map_or(0, |line| line.sessions.saturating_sub(own));
        bits(others, self.sessions.saturating_sub(own))
    }

    /// Rarity of a step among the other steps from the same line, those of the session itself left out, in bits.
    pub(super) fn step_bits(&self, session: &OpenSession, step: (u32, u32, u32)) -> f64 {
        let (from, to, own) = step;
        let counted = |own| if session.is_counted { own } else { 0 };
        let own_all: u32 = counted(session.steps.iter().filter(|step| step.0 == from).map(|step| step.2).sum());
        let count = self.steps.get(&(from, to)).map_or(0, |count| count.saturating_sub(counted(own)));
        let all = self.lines.get(&from).map_or(0, |line| line.steps.saturating_sub(own_all));
        bits(count, all.max(count))
    }

    fn step(&mut self, session: &mut OpenSession, from: u32, to: u32) {
        if let Some(step) = session.steps.iter_mut().find(|step| (step.0, step.1) == (from, to)) {
            step.2 += 1;
        } else if session.steps.len() < MAX_STEPS {
            session.steps.push((from, to, 1));
        } else {
            return;
        }
        if !session.is_counted {
            return;
        }
        if let Some(line) = self.line(from) {
            line.steps += 1;
        }
        if let Some(count) = self.steps.get_mut(&(from, to)) {
            *count += 1;
        } else if self.steps.len() < MAX {
            self.steps.insert((from, to), 1);
        }
    }

    fn line(&mut self, pattern: u32) -> Option<&mut Line> {
        if self.lines.len() >= MAX && !self.lines.contains_key(&pattern) {
            return None;
        }
        Some(self.lines.entry(pattern).or_default())
    }

    fn halve(&mut self) {
        self.sessions /= 2;
        self.events /= 2;
        self.lines.retain(|_, line| {
            *line = Line { sessions: line.sessions / 2, steps: line.steps / 2 };
            line.sessions + line.steps > 0
        });
        self.steps.retain(|_, count| {
            *count /= 2;
            *count > 0
        });
    }
}

impl Counts {
    /// Adds them to a saved state.
    pub(super) fn save(&self, out: &mut Vec<u8>) {
        put_u32(out, self.sessions);
        put_u32(out, self.events);
        let mut lines: Vec<_> = self.lines.iter().collect();
        lines.sort_unstable_by_key(|(pattern, _)| **pattern);
        put_u32(out, lines.len() as u32);
        for (pattern, line) in lines {
            [*pattern, line.sessions, line.steps].into_iter().for_each(|number| put_u32(out, number));
        }
        let mut steps: Vec<_> = self.steps.iter().collect();
        steps.sort_unstable();
        put_u32(out, steps.len() as u32);
        for ((from, to), count) in steps {
            [*from, *to, *count].into_iter().for_each(|number| put_u32(out, number));
        }
    }

    /// Takes them up again.
    pub(super) fn restore(input: &mut &[u8]) -> Option<Counts> {
        let (sessions, events) = (take_up_to(input, HALVE_AT)?, take_up_to(input, HALVE_AT)?);
        let mut counts = Counts { sessions, events, ..Counts::default() };
        for _ in 0..take_up_to(input, MAX as u32)? {
            let pattern = take_u32(input)?;
            let (sessions, steps) = (take_up_to(input, LARGEST)?, take_up_to(input, LARGEST)?);
            counts.lines.insert(pattern, Line { sessions, steps });
        }
        for _ in 0..take_up_to(input, MAX as u32)? {
            counts.steps.insert((take_u32(input)?, take_u32(input)?), take_up_to(input, LARGEST)?);
        }
        Some(counts)
    }
}

/// Rarity of what happened `count` times of `all`.
fn bits(count: u32, all: u32) -> f64 {
    ((f64::from(all) + 1.0) / (f64::from(count) + 0.5)).log2()
}

//! The state machine of one group of an alert rule.
//!
//! The condition of a rule:
//!
//! * without `count` and `for`, it holds at each matching event, and the rule fires at the first;
//! * with `for F` alone, it holds from a matching event on, for as long as matching events follow each other with gaps of
//!   at most F. The rule fires at the matching event that is F or more after the first of that chain, so one event
//!   alone never fires it;
//! * with `count >= n in W`, it holds while at least n matching events are younger than W; with `rate`, while there are so
//!   many times the usual, by [`Usual`];
//! * with one of these and `for F`, the rule fires when that has held without a break for F, which needs no further event;
//! * with `absent for W`, it holds once no event has matched for W, and until one does.
//!
//! ```text
//! inactive ──holds──▶ pending ──held for F──▶ firing ──not confirmed for max(W, F, 1 min)──▶ resolved ──cooldown──▶ inactive
//!     ▲                  │ no longer holds       ▲                                                 │ holds
//!     └──────────────────┘                       └─────────────────────────── pending ◀────────────┘
//! ```
//!
//! Without `for`, pending is passed at once; an absence is resolved by the event that ends it. A matching event *confirms*
//! the condition when the condition holds at it.
//!
//! # Acts
//!
//! A rule acts when it begins to fire, and again at the first confirming event after each cooldown, with the count since. A
//! firing that begins within the cooldown is suppressed until then. A confirming event of a *cause* that was not told
//! yet, which is a pattern or a source, acts at once; of the first [`MAX_CAUSES`] that is. A firing that acted says so when
//! it is resolved. An absence is told once, for nothing new happens in it.
//!
//! An *inhibited* rule goes through the same states. It does not act, but counts what it would have told. When nothing holds
//! it back any more, it acts if it fires; otherwise its cooldown is over, for nobody was told.
//!
//! Times are those of [`TrackTime`]. States change at the time at which they are due, however late they are looked at, so
//! that the result does not depend on how often time is told.

use super::condition::Condition;
use super::track_time::{Hit, TrackTime};
use super::usual::Usual;
use ng_model::bins::Bins;
use ng_model::elapsed::Elapsed;
use ng_wire::{AlertState, Timeline};
use std::collections::VecDeque;

/// A firing rule is not resolved sooner than this after its condition was last confirmed; also the window over which a
/// rule with neither `count` nor `for` counts.
const QUIET_NS: i64 = 60_000_000_000;
/// Fewest matching events whose times are kept, so that counts above a small `n` are exact too.
const MIN_STAMPS: usize = 1024;
/// Causes that a firing tells one by one.
pub(super) const MAX_CAUSES: usize = 16;

/// The durations of a rule, and whether it may act.
#[derive(Clone, Copy, Debug)]
pub(super) struct Timing {
    /// What must hold.
    pub(super) condition: Condition,
    /// The `for`; 0 = none.
    pub(super) hold_ns: i64,
    /// Silence about the same after an act.
    pub(super) cooldown_ns: i64,
    /// Another rule fires that holds this one back.
    pub(super) is_inhibited: bool,
}

impl Timing {
    /// The window over which matches are counted.
    pub(super) fn window_ns(&self) -> i64 {
        match self.condition {
            Condition::Count { window_ns, .. } | Condition::Rate { window_ns, .. } => window_ns,
            Condition::Absent { after_ns } => after_ns,
            Condition::Each if self.hold_ns > 0 => self.hold_ns,
            Condition::Each => QUIET_NS,
        }
    }

    fn quiet_ns(&self) -> i64 {
        QUIET_NS.max(self.window_ns()).max(self.hold_ns)
    }

    pub(super) fn max_stamps(&self) -> usize {
        match self.condition {
            Condition::Count { least, .. } => MIN_STAMPS.max(least as usize),
            _ => MIN_STAMPS,
        }
    }

    /// A count or a rate, which ends by itself.
    fn ends_alone(&self) -> bool {
        matches!(self.condition, Condition::Count { .. } | Condition::Rate { .. })
    }
}

/// Why a rule acts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Occasion {
    /// It begins to fire.
    Fires,
    /// It still fires after its cooldown.
    Again,
    /// It fires for another cause.
    Cause,
    /// It fires, and nothing holds it back any more.
    Released,
    /// It fires no more.
    Resolved,
}

/// A rule acts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Act {
    /// Why.
    pub(super) occasion: Occasion,
    /// Matching events: within the window when it fires, since it last acted when it acts again, otherwise since it began.
    pub(super) count: u64,
    /// There may have been more: the memory for their times is full.
    pub(super) is_at_least: bool,
    /// From when on they are counted where it is not the window, nanoseconds since 1970, UTC.
    pub(super) since_ns: i64,
    /// How long the condition has held.
    pub(super) lasted_ns: i64,
    /// Those of them that are of causes beyond [`MAX_CAUSES`].
    pub(super) further: u64,
    /// Events that the window usually has.
    pub(super) usual: Option<f64>,
    /// The first matching event.
    pub(super) first_seq: Option<u64>,
    /// The latest matching event.
    pub(super) last_seq: Option<u64>,
}

/// The state of one group.
#[derive(Clone, Debug)]
pub(super) struct Track {
    pub(super) state: AlertState,
    /// When it entered the state, and what clocks showed then; absent before the first change.
    pub(super) since: i64,
    pub(super) since_wall_ns: Option<i64>,
    pub(super) time: TrackTime,
    /// Times of the latest matches with their places in the stream, oldest first; none for a rate.
    pub(super) stamps: VecDeque<(i64, u64)>,
    /// What a rate is compared with.
    pub(super) usual: Option<Box<Usual>>,
    /// The latest match at which the condition held; of an absence the latest match, or the beginning.
    pub(super) confirmed: i64,
    /// With `count` and `rate`: when the condition ends unless a further event confirms it.
    pub(super) ends: i64,
    /// When it last acted, other than for a cause, and what clocks showed then.
    pub(super) acted: Option<i64>,
    pub(super) acted_wall_ns: i64,
    /// When it last would have acted, had it not been held back; absent once that was told, or is no more.
    pub(super) held_at: Option<i64>,
    /// What has been told, at most [`MAX_CAUSES`].
    pub(super) causes: Vec<u64>,
    /// This firing has acted.
    pub(super) is_told: bool,
    /// When the condition began to hold, and matches since then.
    pub(super) began: i64,
    pub(super) began_wall_ns: i64,
    pub(super) total: u64,
    /// When those matches came.
    pub(super) bins: Bins,
    /// Matches since it last acted, and those of causes beyond the bound.
    pub(super) untold: u64,
    pub(super) further: u64,
    /// Firings that acted.
    pub(super) fired: u64,
    /// Firings that began within the cooldown.
    pub(super) suppressed: u64,
    /// Acts that were held back.
    pub(super) held_back: u64,
    pub(super) first_seq: Option<u64>,
    pub(super) last_seq: Option<u64>,
}

impl Track {
    /// A group that begins at a time of the clock.
    pub(super) fn new(timing: &Timing, begun: i64) -> Track {
        let usual = match timing.condition {
            Condition::Rate { window_ns, .. } => Some(Box::new(Usual::new(window_ns, begun))),
            _ => None,
        };
        Track {
            state: AlertState::Inactive,
            since: begun,
            since_wall_ns: None,
            time: TrackTime::default(),
            stamps: VecDeque::new(),
            usual,
            confirmed: begun,
            ends: begun,
            acted: None,
            acted_wall_ns: 0,
            held_at: None,
            causes: Vec::new(),
            is_told: false,
            began: begun,
            began_wall_ns: 0,
            total: 0,
            bins: Bins::default(),
            untold: 0,
            further: 0,
            fired: 0,
            suppressed: 0,
            held_back: 0,
            first_seq: None,
            last_seq: None,
        }
    }

    /// Matching events younger than the window, at a time of the track.
    fn count_at(&self, now: i64, timing: &Timing) -> u64 {
        if let Some(usual) = &self.usual {
            return usual.count(now);
        }
        (self.stamps.len() - self.oldest(now, timing)) as u64
    }

    /// The place of the first stamp that is younger than the window.
    fn oldest(&self, now: i64, timing: &Timing) -> usize {
        let gone = now.saturating_sub(timing.window_ns());
        self.stamps.partition_point(|(stamp, _)| *stamp <= gone)
    }

    /// Matching events younger than the window now.
    pub(super) fn count(&self, clock: &Elapsed, timing: &Timing) -> u64 {
        self.count_at(self.time.now(clock), timing)
    }

    /// When its state next changes without an event, on the clock.
    pub(super) fn due_on_clock(&self, timing: &Timing) -> Option<i64> {
        self.due(timing).map(|due| due.saturating_sub(self.time.ahead_ns()))
    }

    fn due(&self, timing: &Timing) -> Option<i64> {
        let cooled = |from: i64| from.saturating_add(timing.cooldown_ns);
        if let Condition::Absent { after_ns } = timing.condition {
            let missed = self.confirmed.saturating_add(after_ns);
            return match self.state {
                AlertState::Inactive | AlertState::Pending => Some(missed),
                AlertState::Resolved => Some(missed.min(cooled(self.since))),
                AlertState::Firing => self.acted.filter(|_| !self.is_told && self.held_at.is_none()).map(cooled),
            };
        }
        match self.state {
            AlertState::Inactive => None,
            AlertState::Pending if timing.ends_alone() => Some(self.holds_long_enough(timing).unwrap_or(self.ends)),
            AlertState::Pending => Some(self.confirmed.saturating_add(timing.hold_ns).saturating_add(1)),
            AlertState::Firing => Some(self.confirmed.saturating_add(timing.quiet_ns())),
            AlertState::Resolved => Some(cooled(self.since)),
        }
    }

    /// Makes every change of state that is due.
    pub(super) fn advance(&mut self, clock: &Elapsed, timing: &Timing, acts: &mut Vec<Act>) {
        let now = self.time.now(clock);
        while let Some(due) = self.due(timing).filter(|due| *due <= now) {
            let is_absence = matches!(timing.condition, Condition::Absent { .. });
            match self.state {
                AlertState::Pending if timing.ends_alone() && self.holds_long_enough(timing).is_some() => {
                    self.fire(due, clock, timing, acts);
                }
                AlertState::Firing if is_absence => self.act(Occasion::Again, due, clock, timing, acts),
                AlertState::Firing => self.resolve(due, clock, timing, acts),
                AlertState::Inactive | AlertState::Resolved if is_absence && self.is_missed(due, timing) => {
                    (self.began, self.total, self.first_seq) = (self.confirmed, 0, None);
                    self.bins = Bins::default();
                    self.fire(due, clock, timing, acts);
                }
                AlertState::Pending | AlertState::Resolved | AlertState::Inactive => {
                    self.enter(AlertState::Inactive, due, clock);
                }
            }
        }
        if !timing.is_inhibited && self.held_at.take().is_some() {
            if self.state == AlertState::Firing {
                self.act(Occasion::Released, now, clock, timing, acts);
            } else {
                self.acted = None;
            }
        }
    }

    /// Takes one matching event, which has just arrived.
    pub(super) fn matched(&mut self, hit: &Hit, clock: &Elapsed, timing: &Timing, acts: &mut Vec<Act>) {
        self.time.follow(hit, clock);
        self.advance(clock, timing, acts);
        let (now, told) = (self.time.now(clock), (acts.len(), self.held_back));
        self.last_seq = Some(hit.seq);
        self.total = self.total.saturating_add(1);
        self.bins.add(now, 1);
        self.untold = self.untold.saturating_add(1);
        self.remember(now, hit.seq, timing);
        if self.state != AlertState::Firing && !self.is_cooling(now, timing) {
            if self.count_at(now, timing) == 1 {
                self.causes.clear();
            }
            self.note(hit.cause);
        }
        if !self.holds(timing) {
            return;
        }
        self.confirmed = now;
        if let Condition::Absent { .. } = timing.condition {
            if self.state == AlertState::Firing {
                self.resolve(now, clock, timing, acts);
            }
            return;
        }
        self.confirm(now, hit.seq, clock, timing, acts);
        if self.state != AlertState::Firing || (acts.len(), self.held_back) != told {
            self.note_if_firing(hit.cause);
        } else if !self.causes.contains(&hit.cause) {
            if self.note(hit.cause) {
                self.act(Occasion::Cause, now, clock, timing, acts);
            } else {
                self.further = self.further.saturating_add(1);
            }
        }
    }

    /// The condition holds at an event.
    fn confirm(&mut self, now: i64, seq: u64, clock: &Elapsed, timing: &Timing, acts: &mut Vec<Act>) {
        if matches!(self.state, AlertState::Inactive | AlertState::Resolved) {
            (self.began, self.began_wall_ns) = (now, self.time.wall(now, clock));
            self.total = self.count_at(now, timing);
            self.bins = self.bins_at(now, timing);
            self.first_seq = Some(self.stamps.front().map_or(seq, |(_, first)| *first));
        }
        match self.state {
            AlertState::Inactive | AlertState::Resolved if timing.hold_ns > 0 => {
                self.enter(AlertState::Pending, now, clock);
            }
            AlertState::Inactive | AlertState::Resolved => self.fire(now, clock, timing, acts),
            AlertState::Pending if !timing.ends_alone() && now - self.since >= timing.hold_ns => {
                self.fire(now, clock, timing, acts);
            }
            AlertState::Firing if !self.is_cooling(now, timing) => {
                self.act(Occasion::Again, now, clock, timing, acts);
            }
            AlertState::Pending | AlertState::Firing => {}
        }
    }

    /// The matching events younger than the window, at a time of the track.
    fn bins_at(&self, now: i64, timing: &Timing) -> Bins {
        let mut bins = Bins::default();
        match &self.usual {
            Some(usual) => usual.steps(now).filter(|(_, count)| *count > 0).for_each(|(at, count)| bins.add(at, count)),
            None => self.stamps.range(self.oldest(now, timing)..).for_each(|(at, _)| bins.add(*at, 1)),
        }
        bins
    }

    /// Whether the condition holds at the event that was just remembered; and until when, if no other comes.
    fn holds(&mut self, timing: &Timing) -> bool {
        match timing.condition {
            Condition::Each | Condition::Absent { .. } => true,
            Condition::Count { least, window_ns } => {
                // All that is remembered is within the window.
                let Some(nth_latest) = self.stamps.len().checked_sub(least as usize) else { return false };
                self.ends = self.stamps[nth_latest].0.saturating_add(window_ns);
                true
            }
            Condition::Rate { times, or_equal, .. } => {
                let Some(usual) = &self.usual else { return false };
                let Some(limit) = usual.usual().map(|usual| usual * times) else { return false };
                let is_more = |count: u64| count as f64 > limit || (or_equal && count as f64 == limit);
                if !is_more(usual.total()) {
                    return false;
                }
                if timing.hold_ns > 0 {
                    self.ends = usual.ends(is_more);
                }
                true
            }
        }
    }

    /// When a pending count has held for long enough, if it lasts until then.
    fn holds_long_enough(&self, timing: &Timing) -> Option<i64> {
        Some(self.since.saturating_add(timing.hold_ns)).filter(|fires| *fires < self.ends)
    }

    fn is_missed(&self, due: i64, timing: &Timing) -> bool {
        self.confirmed.saturating_add(timing.window_ns()) <= due
    }

    fn remember(&mut self, now: i64, seq: u64, timing: &Timing) {
        if let Some(usual) = &mut self.usual {
            return usual.record(now);
        }
        let oldest = now.saturating_sub(timing.window_ns());
        while self.stamps.front().is_some_and(|(stamp, _)| *stamp <= oldest) {
            self.stamps.pop_front();
        }
        if self.stamps.len() >= timing.max_stamps() {
            self.stamps.pop_front();
        }
        self.stamps.push_back((now, seq));
    }

    /// Adds a cause to those that were told. False when it is there already, or there is no room.
    fn note(&mut self, cause: u64) -> bool {
        let is_new = self.causes.len() < MAX_CAUSES && !self.causes.contains(&cause);
        if is_new {
            self.causes.push(cause);
        }
        is_new
    }

    fn note_if_firing(&mut self, cause: u64) {
        if self.state == AlertState::Firing {
            self.note(cause);
        }
    }

    fn is_cooling(&self, now: i64, timing: &Timing) -> bool {
        self.acted.max(self.held_at).is_some_and(|acted| now - acted < timing.cooldown_ns)
    }

    fn fire(&mut self, at: i64, clock: &Elapsed, timing: &Timing, acts: &mut Vec<Act>) {
        self.enter(AlertState::Firing, at, clock);
        self.is_told = false;
        if self.is_cooling(at, timing) {
            self.suppressed = self.suppressed.saturating_add(1);
        } else {
            self.act(Occasion::Fires, at, clock, timing, acts);
        }
    }

    /// Ends a firing, which says so if it acted.
    pub(super) fn resolve(&mut self, at: i64, clock: &Elapsed, timing: &Timing, acts: &mut Vec<Act>) {
        if self.is_told {
            self.act(Occasion::Resolved, at, clock, timing, acts);
        }
        self.enter(AlertState::Resolved, at, clock);
    }

    /// Acts, or counts that it would have. The end of what was told is told all the same.
    fn act(&mut self, occasion: Occasion, at: i64, clock: &Elapsed, timing: &Timing, acts: &mut Vec<Act>) {
        if timing.is_inhibited && occasion != Occasion::Resolved {
            self.held_at = Some(at);
            self.held_back = self.held_back.saturating_add(1);
            return;
        }
        let (count, since_ns) = match occasion {
            Occasion::Fires => (self.count_at(at, timing), self.began_wall_ns),
            Occasion::Again => (self.untold, self.acted_wall_ns),
            Occasion::Cause | Occasion::Released | Occasion::Resolved => (self.total, self.began_wall_ns),
        };
        let is_windowed = occasion == Occasion::Fires && self.usual.is_none();
        acts.push(Act {
            occasion,
            count,
            is_at_least: is_windowed && count >= timing.max_stamps() as u64,
            since_ns,
            lasted_ns: if occasion == Occasion::Resolved { self.confirmed } else { at }.saturating_sub(self.began),
            further: self.further,
            usual: self.usual.as_ref().and_then(|usual| usual.usual()),
            first_seq: self.first_seq,
            last_seq: self.last_seq,
        });
        if matches!(occasion, Occasion::Fires | Occasion::Again | Occasion::Released) {
            (self.acted, self.acted_wall_ns) = (Some(at), self.time.wall(at, clock));
            (self.untold, self.further) = (0, 0);
        }
        self.fired = self.fired.saturating_add(u64::from(!self.is_told));
        self.is_told = true;
    }

    /// When the matches since it began came; absent without any.
    pub(super) fn timeline(&self, clock: &Elapsed) -> Option<Timeline> {
        self.bins.view(|at| self.time.wall(at, clock))
    }

    fn enter(&mut self, state: AlertState, at: i64, clock: &Elapsed) {
        self.state = state;
        self.since = at;
        self.since_wall_ns = Some(self.time.wall(at, clock));
    }
}

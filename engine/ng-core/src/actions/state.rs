//! The state machine of an alert rule.
//!
//! The condition of a rule:
//!
//! * without `count` and `for`, it holds at each matching event, and the rule fires at the first;
//! * with `for F` alone, it holds from a matching event on, for as long as matching events follow each other with gaps of
//!   at most F. The rule fires at the matching event that is F or more after the first of that chain, so one event
//!   alone never fires it;
//! * with `count >= n in W`, it holds while at least n matching events are younger than W;
//! * with `count` and `for F`, the rule fires when that has held without a break for F, which needs no further event.
//!
//! ```text
//! inactive ──holds──▶ pending ──held for F──▶ firing ──not confirmed for max(W, F, 1 min)──▶ resolved ──cooldown──▶ inactive
//!     ▲                  │ no longer holds       ▲                                                 │ holds
//!     └──────────────────┘                       └─────────────────────────── pending ◀────────────┘
//! ```
//!
//! Without `for`, pending is passed at once. A matching event *confirms* the condition when the condition holds at it.
//! A rule acts when it begins to fire, unless it acted less than its cooldown before: then it is suppressed, and acts at
//! the first confirming event after the cooldown if it is still firing.
//!
//! Times are nanoseconds of [`Elapsed`]. States change at the time at which they are due, however late they are looked
//! at, so that the result does not depend on how often time is told.

use ng_model::elapsed::Elapsed;
use ng_wire::AlertState;
use std::collections::VecDeque;

/// A firing rule is not resolved sooner than this after its condition was last confirmed; also the window over which a
/// rule with neither `count` nor `for` counts.
const QUIET_NS: i64 = 60_000_000_000;

/// Fewest matching events whose times are kept, so that counts above a small `n` are exact too.
const MIN_STAMPS: usize = 1024;

/// The durations of a rule.
#[derive(Clone, Copy, Debug)]
pub(super) struct Timing {
    /// At least so many matches within so many nanoseconds.
    pub(super) count: Option<(u64, i64)>,
    /// The `for`; 0 = none.
    pub(super) hold_ns: i64,
    /// Silence after an act.
    pub(super) cooldown_ns: i64,
}

impl Timing {
    /// The window over which matches are counted.
    fn window_ns(&self) -> i64 {
        match self.count {
            Some((_, window_ns)) => window_ns,
            None if self.hold_ns > 0 => self.hold_ns,
            None => QUIET_NS,
        }
    }

    fn quiet_ns(&self) -> i64 {
        QUIET_NS.max(self.window_ns()).max(self.hold_ns)
    }

    fn most_stamps(&self) -> usize {
        self.count.map_or(MIN_STAMPS, |(n, _)| MIN_STAMPS.max(n as usize))
    }
}

/// A rule acts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Fire {
    /// Matching events within the window.
    pub(super) count: u64,
    /// There may have been more: the memory for their times is full.
    pub(super) is_at_least: bool,
    /// The window.
    pub(super) window_ns: i64,
    /// The latest matching event.
    pub(super) last_seq: Option<u64>,
}

/// The state of one rule.
#[derive(Debug, Default)]
pub(super) struct Track {
    state: AlertState,
    /// When it entered the state; absent before the first change. By the wall clock, and as time passed.
    since_wall_ns: Option<i64>,
    since: i64,
    /// Times of the latest matches, oldest first.
    stamps: VecDeque<i64>,
    /// The latest match at which the condition held.
    confirmed: i64,
    /// With `count`: when the condition ends unless a further event confirms it.
    ends: i64,
    /// When it last acted.
    acted: Option<i64>,
    /// It fires and has not acted, because of its cooldown.
    owes: bool,
    fired: u64,
    suppressed: u64,
    last_seq: Option<u64>,
}

impl Track {
    pub(super) fn state(&self) -> AlertState {
        self.state
    }

    /// When it entered the state, by the wall clock of that time.
    pub(super) fn since_ns(&self) -> Option<i64> {
        self.since_wall_ns
    }

    /// Times it acted.
    pub(super) fn fired(&self) -> u64 {
        self.fired
    }

    /// Times it began to fire within its cooldown.
    pub(super) fn suppressed(&self) -> u64 {
        self.suppressed
    }

    /// The latest matching event.
    pub(super) fn last_seq(&self) -> Option<u64> {
        self.last_seq
    }

    /// Matching events younger than the window.
    pub(super) fn count(&self, now: i64, timing: &Timing) -> u64 {
        let oldest = now.saturating_sub(timing.window_ns());
        (self.stamps.len() - self.stamps.partition_point(|stamp| *stamp <= oldest)) as u64
    }

    /// When its state next changes without an event.
    pub(super) fn due(&self, timing: &Timing) -> Option<i64> {
        match self.state {
            AlertState::Inactive => None,
            AlertState::Pending if timing.count.is_some() => Some(self.holds_long_enough(timing).unwrap_or(self.ends)),
            AlertState::Pending => Some(self.confirmed.saturating_add(timing.hold_ns).saturating_add(1)),
            AlertState::Firing => Some(self.confirmed.saturating_add(timing.quiet_ns())),
            AlertState::Resolved => Some(self.since.saturating_add(timing.cooldown_ns)),
        }
    }

    /// Makes every change of state that is due. At most one of them acts.
    pub(super) fn advance(&mut self, clock: &Elapsed, timing: &Timing) -> Option<Fire> {
        let mut fire = None;
        while let Some(due) = self.due(timing).filter(|due| *due <= clock.now()) {
            match self.state {
                AlertState::Pending if timing.count.is_some() && self.holds_long_enough(timing).is_some() => {
                    fire = self.fire(due, clock, timing);
                }
                AlertState::Firing => self.enter(AlertState::Resolved, due, clock),
                AlertState::Pending | AlertState::Resolved | AlertState::Inactive => {
                    self.enter(AlertState::Inactive, due, clock);
                }
            }
        }
        fire
    }

    /// Takes one matching event at the present time. Call [`Track::advance`] first.
    pub(super) fn matched(&mut self, clock: &Elapsed, timing: &Timing, seq: u64) -> Option<Fire> {
        let now = clock.now();
        self.last_seq = Some(seq);
        self.remember(now, timing);
        if let Some((n, window_ns)) = timing.count {
            // All that is remembered is within the window.
            let nth_latest = self.stamps.len().checked_sub(n as usize)?;
            self.ends = self.stamps[nth_latest].saturating_add(window_ns);
        }
        self.confirmed = now;
        match self.state {
            AlertState::Inactive | AlertState::Resolved if timing.hold_ns > 0 => {
                self.enter(AlertState::Pending, now, clock);
                None
            }
            AlertState::Inactive | AlertState::Resolved => self.fire(now, clock, timing),
            AlertState::Pending if timing.count.is_none() && now - self.since >= timing.hold_ns => {
                self.fire(now, clock, timing)
            }
            AlertState::Pending => None,
            AlertState::Firing if self.owes && !self.is_cooling(now, timing) => Some(self.act(now, timing)),
            AlertState::Firing => None,
        }
    }

    /// When a pending count has held for long enough, if it lasts until then.
    fn holds_long_enough(&self, timing: &Timing) -> Option<i64> {
        Some(self.since.saturating_add(timing.hold_ns)).filter(|fires| *fires < self.ends)
    }

    fn remember(&mut self, now: i64, timing: &Timing) {
        let oldest = now.saturating_sub(timing.window_ns());
        while self.stamps.front().is_some_and(|stamp| *stamp <= oldest) {
            self.stamps.pop_front();
        }
        if self.stamps.len() >= timing.most_stamps() {
            self.stamps.pop_front();
        }
        self.stamps.push_back(now);
    }

    fn is_cooling(&self, now: i64, timing: &Timing) -> bool {
        self.acted.is_some_and(|acted| now - acted < timing.cooldown_ns)
    }

    fn fire(&mut self, at: i64, clock: &Elapsed, timing: &Timing) -> Option<Fire> {
        self.enter(AlertState::Firing, at, clock);
        self.owes = self.is_cooling(at, timing);
        if self.owes {
            self.suppressed = self.suppressed.saturating_add(1);
            return None;
        }
        Some(self.act(at, timing))
    }

    fn act(&mut self, at: i64, timing: &Timing) -> Fire {
        self.owes = false;
        self.acted = Some(at);
        self.fired = self.fired.saturating_add(1);
        let count = self.count(at, timing);
        Fire {
            count,
            is_at_least: count >= timing.most_stamps() as u64,
            window_ns: timing.window_ns(),
            last_seq: self.last_seq,
        }
    }

    fn enter(&mut self, state: AlertState, at: i64, clock: &Elapsed) {
        self.state = state;
        self.since = at;
        self.since_wall_ns = Some(clock.wall(at));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use AlertState::{Firing, Inactive, Pending, Resolved};
    use proptest::prelude::*;

    const S: i64 = 1_000_000_000;

    /// What happens at a second: a matching event, or only a look at the clock.
    #[derive(Clone, Copy, Debug)]
    enum At {
        Match(i64),
        Tick(i64),
    }
    use At::{Match, Tick};

    const COOLDOWN: i64 = 300 * S;

    /// Steps, each with the state after it and whether the rule acted. The clock starts at second 0.
    fn check(count: Option<(u64, i64)>, hold: i64, steps: &[(At, AlertState, bool)]) -> Track {
        let timing =
            Timing { count: count.map(|(n, window)| (n, window * S)), hold_ns: hold * S, cooldown_ns: COOLDOWN };
        let (mut track, mut clock) = (Track::default(), Elapsed::default());
        clock.advance(0);
        for (number, (step, state, acts)) in steps.iter().enumerate() {
            let (Match(second) | Tick(second)) = *step;
            clock.advance(second * S);
            let mut fired = track.advance(&clock, &timing).is_some();
            if matches!(step, Match(_)) {
                fired |= track.matched(&clock, &timing, second as u64).is_some();
            }
            assert_eq!((track.state(), fired), (*state, *acts), "step {number}: {step:?}");
        }
        track
    }

    #[test]
    fn a_plain_rule_fires_at_once_and_resolves_after_a_minute_of_quiet() {
        let track = check(
            None,
            0,
            &[
                (Tick(1), Inactive, false),
                (Match(2), Firing, true),
                (Match(10), Firing, false),
                (Tick(69), Firing, false),
                (Tick(70), Resolved, false),
                (Tick(369), Resolved, false),
                (Tick(370), Inactive, false),
                (Match(371), Firing, true),
            ],
        );
        assert_eq!((track.fired(), track.suppressed(), track.last_seq()), (2, 0, Some(371)));
    }

    #[test]
    fn within_the_cooldown_it_fires_silently_and_acts_when_the_cooldown_is_over() {
        let mut steps = vec![(Match(0), Firing, true), (Tick(60), Resolved, false), (Match(100), Firing, false)];
        steps.extend((1..10).map(|step| (Match(100 + 20 * step), Firing, false)));
        steps.extend([(Match(299), Firing, false), (Match(300), Firing, true), (Match(301), Firing, false)]);
        let track = check(None, 0, &steps);
        assert_eq!((track.fired(), track.suppressed()), (2, 1));
    }

    #[test]
    fn resolved_before_the_cooldown_is_over_nothing_is_owed() {
        let track = check(
            None,
            0,
            &[
                (Match(0), Firing, true),
                (Match(100), Firing, false),
                (Tick(160), Resolved, false),
                (Match(399), Firing, true),
            ],
        );
        assert_eq!((track.fired(), track.suppressed()), (2, 1));
    }

    #[test]
    fn a_hold_must_be_renewed_by_events() {
        check(
            None,
            30,
            &[
                (Match(0), Pending, false),
                (Tick(30), Pending, false),
                (Tick(31), Inactive, false),
                (Match(40), Pending, false),
                (Match(69), Pending, false),
                (Match(70), Firing, true),
                (Tick(129), Firing, false),
                (Tick(130), Resolved, false),
                (Match(140), Pending, false),
                (Tick(171), Inactive, false),
            ],
        );
        // A gap of exactly the hold does not break the chain; a longer one starts another.
        check(None, 30, &[(Match(0), Pending, false), (Match(30), Firing, true)]);
        check(None, 30, &[(Match(0), Pending, false), (Match(31), Pending, false), (Match(61), Firing, true)]);
    }

    #[test]
    fn a_count_fires_at_the_nth_within_the_window() {
        check(Some((3, 10)), 0, &[(Match(0), Inactive, false), (Match(1), Inactive, false), (Match(9), Firing, true)]);
        // An event exactly as old as the window does not count.
        check(
            Some((3, 10)),
            0,
            &[
                (Match(0), Inactive, false),
                (Match(1), Inactive, false),
                (Match(10), Inactive, false),
                (Match(10), Firing, true),
            ],
        );
        check(Some((1, 10)), 0, &[(Match(0), Firing, true)]);
    }

    #[test]
    fn single_events_do_not_keep_a_count_firing() {
        let mut steps = vec![(Match(0), Inactive, false), (Match(1), Firing, true)];
        steps.extend((1..6).map(|step| (Match(1 + 11 * step), Firing, false)));
        // None of them was confirmed by a second one, so the rule resolves a minute after second 1.
        steps.extend([(Tick(60), Firing, false), (Match(67), Resolved, false)]);
        assert_eq!(check(Some((2, 10)), 0, &steps).fired(), 1);
        // Two within the window, as late as second 60, keep it firing.
        steps.truncate(7);
        steps.extend([(Match(60), Firing, false), (Tick(119), Firing, false), (Tick(120), Resolved, false)]);
        check(Some((2, 10)), 0, &steps);
    }

    #[test]
    fn a_count_with_hold_fires_when_it_held_without_a_break() {
        let cases: &[&[(At, AlertState, bool)]] = &[
            // Two within 10 s, from 1 until 10, is not long enough for a hold of 20.
            &[
                (Match(0), Inactive, false),
                (Match(1), Pending, false),
                (Tick(9), Pending, false),
                (Tick(10), Inactive, false),
            ],
            // Renewed, it fires 20 s after it began, without an event at that time.
            &[
                (Match(0), Inactive, false),
                (Match(1), Pending, false),
                (Match(8), Pending, false),
                (Match(9), Pending, false),
                (Match(17), Pending, false),
                (Match(18), Pending, false),
                (Tick(20), Pending, false),
                (Tick(21), Firing, true),
            ],
        ];
        for steps in cases {
            check(Some((2, 10)), 20, steps);
        }
        // Held from 1 until 10: at 9 it has held for 8, at 10 it no longer holds.
        let start = [(Match(0), Inactive, false), (Match(1), Pending, false)];
        check(Some((2, 10)), 8, &[&start[..], &[(Tick(9), Firing, true)]].concat());
        check(Some((2, 10)), 9, &[&start[..], &[(Tick(10), Inactive, false)]].concat());
    }

    #[test]
    fn a_late_look_finds_what_was_due() {
        // The count held from 1 until 100, so the hold of 20 was over at 21; looked at only at 5 000.
        let track = check(
            Some((2, 100)),
            20,
            &[(Match(0), Inactive, false), (Match(1), Pending, false), (Tick(5_000), Inactive, true)],
        );
        assert_eq!(track.since_ns(), Some((1 + 100 + 300) * S), "fired, resolved, inactive: each in its time");
    }

    #[test]
    fn memory_and_counts_are_bounded() {
        let timing = Timing { count: Some((2_000, 60 * S)), hold_ns: 0, cooldown_ns: 0 };
        let (mut track, mut clock) = (Track::default(), Elapsed::default());
        let mut fires = Vec::new();
        for step in 0..100_000 {
            clock.advance(step);
            fires.extend(track.matched(&clock, &timing, step as u64));
        }
        assert_eq!(track.stamps.len(), 2_000);
        assert_eq!(track.count(clock.now(), &timing), 2_000);
        let fire = Fire { count: 2_000, is_at_least: true, window_ns: 60 * S, last_seq: Some(1_999) };
        assert_eq!(fires, [fire]);
    }

    proptest! {
        /// Looking at the clock more often changes nothing but how early an act is seen.
        #[test]
        fn does_not_depend_on_how_often_time_is_told(
            gaps in prop::collection::vec(0_i64..200, 1..60),
            extra in prop::collection::vec(0_i64..200, 60),
            count in prop::option::of((1_u64..4, 1_i64..150)),
            hold in prop_oneof![Just(0_i64), 1_i64..100],
            cooldown in 0_i64..400,
        ) {
            let timing = Timing {
                count: count.map(|(n, window)| (n, window * S)), hold_ns: hold * S, cooldown_ns: cooldown * S,
            };
            let run = |extra: Option<&[i64]>| {
                let (mut track, mut clock, mut now) = (Track::default(), Elapsed::default(), 0);
                clock.advance(0);
                for (step, gap) in gaps.iter().enumerate() {
                    if let Some(tick) = extra.map(|extra| now + extra[step].min(*gap)) {
                        clock.advance(tick * S);
                        track.advance(&clock, &timing);
                    }
                    now += gap;
                    clock.advance(now * S);
                    track.advance(&clock, &timing);
                    track.matched(&clock, &timing, step as u64);
                }
                (track.state(), track.since_ns(), track.fired(), track.suppressed(), track.stamps)
            };
            prop_assert_eq!(run(None), run(Some(&extra)));
        }
    }
}

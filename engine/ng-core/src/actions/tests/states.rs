//! The state machine: what happens at which second, and that nothing depends on who looks when.

use crate::actions::condition::Condition;
use crate::actions::state::{Act, MAX_CAUSES, Occasion, Timing, Track};
use crate::actions::track_time::Hit;
use AlertState::{Firing, Inactive, Pending, Resolved};
use Occasion::{Again, Cause, Fires};
use ng_model::elapsed::Elapsed;
use ng_wire::AlertState;
use proptest::prelude::*;

const S: i64 = 1_000_000_000;
const DAY: i64 = 86_400 * S;
const EACH: Condition = Condition::Each;
const COOLDOWN: i64 = 300;

fn count(least: u64, window: i64) -> Condition {
    Condition::Count { least, window_ns: window * S }
}

fn absent(after: i64) -> Condition {
    Condition::Absent { after_ns: after * S }
}

/// What happens at a second: a matching event, one of a cause, or only a look at the clock.
#[derive(Clone, Copy, Debug)]
enum At {
    Match(i64),
    Of(i64, u64),
    Tick(i64),
}
use At::{Match, Of, Tick};

/// Seconds of a test are counted from here.
fn hit(seq: u64, second: i64, late: i64, source: u64, cause: u64) -> Hit {
    Hit { seq, time_ns: DAY + (second - late) * S, received_ns: DAY + second * S, source, cause }
}

/// Steps, each with the state after it and how the rule acted. The clock starts at second 0.
fn check_with(timing: Timing, steps: &[(At, AlertState, &[Occasion])]) -> (Track, Vec<Act>) {
    let (mut track, mut clock, mut all) = (Track::new(&timing, 0), Elapsed::default(), Vec::new());
    clock.advance(DAY);
    for (number, (step, state, occasions)) in steps.iter().enumerate() {
        let (Match(second) | Tick(second) | Of(second, _)) = *step;
        clock.advance(DAY + second * S);
        let mut acts = Vec::new();
        track.advance(&clock, &timing, &mut acts);
        if let Match(_) | Of(..) = step {
            let cause = if let Of(_, cause) = step { *cause } else { 0 };
            track.matched(&hit(second as u64, second, 0, 1, cause), &clock, &timing, &mut acts);
        }
        let found: Vec<_> = acts.iter().map(|act| act.occasion).collect();
        assert_eq!((track.state, &found[..]), (*state, *occasions), "step {number}: {step:?}");
        all.extend(acts);
    }
    (track, all)
}

fn check(condition: Condition, hold: i64, steps: &[(At, AlertState, &[Occasion])]) -> (Track, Vec<Act>) {
    check_with(Timing { condition, hold_ns: hold * S, cooldown_ns: COOLDOWN * S, is_inhibited: false }, steps)
}

#[test]
fn a_plain_rule_fires_at_once_and_resolves_after_a_minute_of_quiet() {
    let (track, acts) = check(
        EACH,
        0,
        &[
            (Tick(1), Inactive, &[]),
            (Match(2), Firing, &[Fires]),
            (Match(10), Firing, &[]),
            (Tick(69), Firing, &[]),
            (Tick(70), Resolved, &[Occasion::Resolved]),
            (Tick(369), Resolved, &[]),
            (Tick(370), Inactive, &[]),
            (Match(371), Firing, &[Fires]),
        ],
    );
    assert_eq!((track.fired, track.suppressed, track.last_seq), (2, 0, Some(371)));
    let end = acts[1];
    assert_eq!((end.count, end.lasted_ns, end.since_ns), (2, 8 * S, DAY + 2 * S), "two, from second 2 to 10");
    assert_eq!((end.first_seq, end.last_seq), (Some(2), Some(10)));
}

#[test]
fn a_rule_that_keeps_matching_tells_again_after_each_cooldown() {
    let mut steps: Vec<(At, AlertState, &[Occasion])> = vec![(Match(0), Firing, &[Fires])];
    steps.extend((1..30).map(|step| -> (At, AlertState, &[Occasion]) { (Match(10 * step), Firing, &[]) }));
    steps.push((Match(300), Firing, &[Again]));
    steps.extend((31..60).map(|step| -> (At, AlertState, &[Occasion]) { (Match(10 * step), Firing, &[]) }));
    // Not by the clock alone: there has to be something to tell.
    steps.extend([
        (Tick(601), Firing, &[][..]),
        (Match(602), Firing, &[Again]),
        (Tick(662), Resolved, &[Occasion::Resolved]),
    ]);
    let (track, acts) = check(EACH, 0, &steps);
    let counts: Vec<_> = acts.iter().map(|act| (act.count, act.since_ns - DAY)).collect();
    assert_eq!(counts, [(1, 0), (30, 0), (30, 300 * S), (61, 0)], "with the count since, and all of them at the end");
    assert_eq!(track.fired, 1, "it is one firing");
}

#[test]
fn without_a_cooldown_every_match_is_told() {
    let timing = Timing { condition: EACH, hold_ns: 0, cooldown_ns: 0, is_inhibited: false };
    check_with(timing, &[(Match(0), Firing, &[Fires]), (Match(1), Firing, &[Again]), (Match(1), Firing, &[Again])]);
}

#[test]
fn a_second_cause_is_told_at_once_and_each_only_once() {
    let steps: &[(At, AlertState, &[Occasion])] = &[
        (Of(0, 7), Firing, &[Fires]),
        (Of(1, 8), Firing, &[Cause]),
        (Of(2, 7), Firing, &[]),
        (Of(3, 8), Firing, &[]),
        (Tick(63), Resolved, &[Occasion::Resolved]),
        // Within the cooldown the same is suppressed, and another is not.
        (Of(100, 8), Firing, &[]),
        (Of(101, 9), Firing, &[Cause]),
        (Tick(161), Resolved, &[Occasion::Resolved]),
        (Of(400, 7), Firing, &[Fires]),
        (Of(401, 9), Firing, &[Cause]),
    ];
    let (track, _) = check(EACH, 0, steps);
    assert_eq!((track.fired, track.suppressed), (3, 1));
}

#[test]
fn causes_beyond_the_bound_are_counted() {
    let timing = Timing { condition: EACH, hold_ns: 0, cooldown_ns: COOLDOWN * S, is_inhibited: false };
    let (mut track, mut clock, mut acts) = (Track::new(&timing, 0), Elapsed::default(), Vec::new());
    for second in 0..=300 {
        clock.advance(DAY + second * S);
        let cause = second as u64 / 4;
        track.matched(&hit(0, second, 0, 1, cause), &clock, &timing, &mut acts);
    }
    let causes = acts.iter().filter(|act| act.occasion == Cause).count();
    assert_eq!((causes, track.causes.len()), (MAX_CAUSES - 1, MAX_CAUSES));
    let again = acts.last().unwrap();
    // Four of each of the first 16, and all others.
    assert_eq!((again.occasion, again.count, again.further), (Again, 300, 300 - 64));
    clock.advance(DAY + 360 * S);
    track.advance(&clock, &timing, &mut acts);
    assert_eq!(acts.last().map(|act| (act.occasion, act.further)), Some((Occasion::Resolved, 0)), "they were told");
}

#[test]
fn causes_that_were_counted_are_told_by_the_count() {
    let steps: &[(At, AlertState, &[Occasion])] = &[
        (Of(0, 7), Inactive, &[]),
        (Of(1, 8), Inactive, &[]),
        (Of(2, 9), Firing, &[Fires]),
        (Of(3, 8), Firing, &[]),
        (Of(4, 10), Firing, &[Cause]),
        (Of(30, 11), Firing, &[]),
    ];
    check(count(3, 10), 0, steps);
}

#[test]
fn within_the_cooldown_it_fires_silently_and_acts_when_the_cooldown_is_over() {
    let mut steps: Vec<(At, AlertState, &[Occasion])> =
        vec![(Match(0), Firing, &[Fires]), (Tick(60), Resolved, &[Occasion::Resolved]), (Match(100), Firing, &[])];
    steps.extend((1..10).map(|step| -> (At, AlertState, &[Occasion]) { (Match(100 + 20 * step), Firing, &[]) }));
    steps.extend([(Match(299), Firing, &[][..]), (Match(300), Firing, &[Again]), (Match(301), Firing, &[])]);
    let (track, acts) = check(EACH, 0, &steps);
    assert_eq!((track.fired, track.suppressed), (2, 1));
    assert_eq!((acts[2].count, acts[2].since_ns), (12, DAY), "all since it was told");
}

#[test]
fn what_was_not_told_has_no_end_that_is() {
    let (track, _) = check(
        EACH,
        0,
        &[
            (Match(0), Firing, &[Fires]),
            (Tick(60), Resolved, &[Occasion::Resolved]),
            (Match(100), Firing, &[]),
            (Tick(160), Resolved, &[]),
            (Match(399), Firing, &[Fires]),
        ],
    );
    assert_eq!((track.fired, track.suppressed), (2, 1));
}

#[test]
fn a_hold_must_be_renewed_by_events() {
    check(
        EACH,
        30,
        &[
            (Match(0), Pending, &[]),
            (Tick(30), Pending, &[]),
            (Tick(31), Inactive, &[]),
            (Match(40), Pending, &[]),
            (Match(69), Pending, &[]),
            (Match(70), Firing, &[Fires]),
            (Tick(129), Firing, &[]),
            (Tick(130), Resolved, &[Occasion::Resolved]),
            (Match(140), Pending, &[]),
            (Tick(171), Inactive, &[]),
        ],
    );
    // A gap of exactly the hold does not break the chain; a longer one starts another.
    check(EACH, 30, &[(Match(0), Pending, &[]), (Match(30), Firing, &[Fires])]);
    check(EACH, 30, &[(Match(0), Pending, &[]), (Match(31), Pending, &[]), (Match(61), Firing, &[Fires])]);
}

#[test]
fn a_count_fires_at_the_nth_within_the_window() {
    let fires: &[Occasion] = &[Fires];
    check(count(3, 10), 0, &[(Match(0), Inactive, &[]), (Match(1), Inactive, &[]), (Match(9), Firing, fires)]);
    // An event exactly as old as the window does not count.
    let steps = &[(Match(0), Inactive, &[][..]), (Match(1), Inactive, &[]), (Match(10), Inactive, &[])];
    check(count(3, 10), 0, &[&steps[..], &[(Match(10), Firing, fires)]].concat());
    check(count(1, 10), 0, &[(Match(0), Firing, fires)]);
}

#[test]
fn single_events_do_not_keep_a_count_firing() {
    let mut steps: Vec<(At, AlertState, &[Occasion])> = vec![(Match(0), Inactive, &[]), (Match(1), Firing, &[Fires])];
    steps.extend((1..6).map(|step| -> (At, AlertState, &[Occasion]) { (Match(1 + 11 * step), Firing, &[]) }));
    // None of them was confirmed by a second one, so the rule resolves a minute after second 1.
    steps.extend([(Tick(60), Firing, &[][..]), (Match(67), Resolved, &[Occasion::Resolved])]);
    assert_eq!(check(count(2, 10), 0, &steps).0.fired, 1);
    // Two within the window, as late as second 60, keep it firing.
    steps.truncate(7);
    steps.extend([
        (Match(60), Firing, &[][..]),
        (Tick(119), Firing, &[]),
        (Tick(120), Resolved, &[Occasion::Resolved]),
    ]);
    check(count(2, 10), 0, &steps);
}

#[test]
fn a_count_with_hold_fires_when_it_held_without_a_break() {
    let cases: &[&[(At, AlertState, &[Occasion])]] = &[
        // Two within 10 s, from 1 until 10, is not long enough for a hold of 20.
        &[(Match(0), Inactive, &[]), (Match(1), Pending, &[]), (Tick(9), Pending, &[]), (Tick(10), Inactive, &[])],
        // Renewed, it fires 20 s after it began, without an event at that time.
        &[
            (Match(0), Inactive, &[]),
            (Match(1), Pending, &[]),
            (Match(8), Pending, &[]),
            (Match(9), Pending, &[]),
            (Match(17), Pending, &[]),
            (Match(18), Pending, &[]),
            (Tick(20), Pending, &[]),
            (Tick(21), Firing, &[Fires]),
        ],
    ];
    for steps in cases {
        check(count(2, 10), 20, steps);
    }
    // Held from 1 until 10: at 9 it has held for 8, at 10 it no longer holds.
    let start = [(Match(0), Inactive, &[][..]), (Match(1), Pending, &[])];
    check(count(2, 10), 8, &[&start[..], &[(Tick(9), Firing, &[Fires])]].concat());
    check(count(2, 10), 9, &[&start[..], &[(Tick(10), Inactive, &[])]].concat());
}

#[test]
fn a_late_look_finds_what_was_due() {
    // The count held from 1 until 100, so the hold of 20 was over at 21; looked at only at 5 000.
    let (track, _) = check(
        count(2, 100),
        20,
        &[(Match(0), Inactive, &[]), (Match(1), Pending, &[]), (Tick(5_000), Inactive, &[Fires, Occasion::Resolved])],
    );
    let since = DAY + (1 + 100 + COOLDOWN) * S;
    assert_eq!(track.since_wall_ns, Some(since), "fired, resolved, inactive: each in its time");
}

#[test]
fn an_absence_is_told_once_and_ends_with_an_event() {
    let (_, acts) = check(
        absent(10),
        0,
        &[
            (Tick(9), Inactive, &[]),
            (Tick(10), Firing, &[Fires]),
            (Tick(1000), Firing, &[]),
            (Match(1001), Resolved, &[Occasion::Resolved]),
            (Match(1009), Resolved, &[]),
            (Match(1312), Resolved, &[Fires, Occasion::Resolved]),
        ],
    );
    assert_eq!((acts[0].lasted_ns, acts[1].lasted_ns), (10 * S, 1001 * S));
}

#[test]
fn an_absence_within_the_cooldown_is_told_when_that_is_over_if_it_lasts() {
    let (track, _) = check(
        absent(10),
        0,
        &[
            (Tick(10), Firing, &[Fires]),
            (Match(20), Resolved, &[Occasion::Resolved]),
            (Tick(30), Firing, &[]),
            (Match(40), Resolved, &[]),
            (Tick(50), Firing, &[]),
            (Tick(309), Firing, &[]),
            (Tick(310), Firing, &[Again]),
            (Tick(900), Firing, &[]),
        ],
    );
    assert_eq!((track.fired, track.suppressed), (2, 2));
}

#[test]
fn a_rate_is_compared_with_what_is_usual() {
    let timing = Timing {
        condition: Condition::Rate { times: 3.0, or_equal: false, window_ns: 60 * S },
        hold_ns: 0,
        cooldown_ns: COOLDOWN * S,
        is_inhibited: false,
    };
    let (mut track, mut clock, mut acts) = (Track::new(&timing, 0), Elapsed::default(), Vec::new());
    let mut at = |tenth: i64, acts: &mut Vec<Act>| {
        clock.advance(DAY + tenth * S / 10);
        track.matched(&hit(tenth as u64, tenth / 10, 0, 1, 0), &clock, &timing, acts);
        track.state
    };
    // Six a minute for ten minutes, and a burst in the second, when nothing is usual yet.
    for tenth in (0..6000).step_by(100) {
        at(tenth, &mut acts);
        if tenth == 600 {
            (0..100).for_each(|more| _ = at(tenth + more, &mut acts));
        }
    }
    assert_eq!(acts, []);
    let mut fired_at = None;
    for more in 0..20 {
        let state = at(6000 + more, &mut acts);
        fired_at = fired_at.or((state == Firing).then_some(more));
    }
    let act = acts[0];
    assert_eq!((act.occasion, act.usual, act.count), (Fires, Some(6.0), 19), "more than eighteen");
    assert_eq!((acts.len(), fired_at), (1, Some(13)), "five were there before");
}

#[test]
fn memory_and_counts_are_bounded() {
    let timing = Timing { condition: count(2_000, 60), hold_ns: 0, cooldown_ns: DAY, is_inhibited: false };
    let (mut track, mut clock) = (Track::new(&timing, 0), Elapsed::default());
    let mut acts = Vec::new();
    for step in 0..100_000_i64 {
        clock.advance(DAY + step);
        let hit = Hit { seq: step as u64, time_ns: DAY + step, received_ns: DAY + step, source: 1, cause: step as u64 };
        track.matched(&hit, &clock, &timing, &mut acts);
    }
    assert_eq!((track.stamps.len(), track.count(&clock, &timing), track.causes.len()), (2_000, 2_000, MAX_CAUSES));
    let [fires] = acts[..] else { panic!("{acts:?}") };
    assert_eq!((fires.count, fires.is_at_least, fires.last_seq), (2_000, true, Some(1_999)));
    assert_eq!(track.total, 100_000, "what a firing counts is not");
}

#[test]
fn history_goes_by_the_times_of_its_events() {
    let run = |hours: i64| {
        let timing = Timing { condition: count(3, 60), hold_ns: 0, cooldown_ns: COOLDOWN * S, is_inhibited: false };
        let (mut track, mut clock, mut acts) = (Track::new(&timing, 0), Elapsed::default(), Vec::new());
        for event in 0..3 {
            clock.advance(DAY + event);
            track.matched(&hit(0, 0, 20_000 - event * hours * 3600, 1, 0), &clock, &timing, &mut acts);
        }
        (track.state, track.since_wall_ns, acts.len())
    };
    assert_eq!(run(1), (Inactive, None, 0), "an hour between them");
    let (state, since, acts) = run(0);
    assert_eq!((state, acts), (Firing, 1));
    assert!(since.unwrap() - (DAY - 20_000 * S) < S, "the time of the event");
}

proptest! {
    /// Looking at the clock more often changes nothing but how early an act is seen.
    #[test]
    fn does_not_depend_on_how_often_time_is_told(
        gaps in prop::collection::vec((0_i64..200, prop::sample::select(vec![0_i64, 0, 30, 100, 5000, 90_000]), 0_u64..3, 0_u64..3), 1..60),
        extra in prop::collection::vec(0_i64..200, 60),
        condition in prop_oneof![
            Just(EACH),
            (1_u64..4, 1_i64..150).prop_map(|(least, window)| count(least, window)),
            (1_i64..150).prop_map(absent),
            (10_i64..60, any::<bool>())
                .prop_map(|(window, or_equal)| Condition::Rate { times: 2.0, or_equal, window_ns: window * S }),
        ],
        hold in prop_oneof![Just(0_i64), 1_i64..100],
        cooldown in 0_i64..400,
    ) {
        let hold = if matches!(condition, Condition::Absent { .. }) { 0 } else { hold };
        let timing = Timing { condition, hold_ns: hold * S, cooldown_ns: cooldown * S, is_inhibited: false };
        let run = |extra: Option<&[i64]>| {
            let (mut track, mut clock, mut now, mut acts) = (Track::new(&timing, 0), Elapsed::default(), 0, Vec::new());
            clock.advance(DAY);
            for (step, (gap, late, source, cause)) in gaps.iter().enumerate() {
                if let Some(tick) = extra.map(|extra| now + extra[step].min(*gap)) {
                    clock.advance(DAY + tick * S);
                    track.advance(&clock, &timing, &mut acts);
                }
                now += gap;
                clock.advance(DAY + now * S);
                track.advance(&clock, &timing, &mut acts);
                track.matched(&hit(step as u64, now, *late, *source, *cause), &clock, &timing, &mut acts);
            }
            // What clocks are said to have shown goes by the latest event, which may be of another day.
            acts.iter_mut().for_each(|act| act.since_ns = 0);
            (track.state, track.since, track.fired, track.suppressed, track.stamps, track.causes, acts)
        };
        prop_assert_eq!(run(None), run(Some(&extra)));
    }
}

//! The groups of a rule, each with a state of its own. A rule without `by` has one, of the empty key.

use super::allowance::Allowance;
use super::condition::{Condition, GroupBy};
use super::rule::AlertRule;
use super::state::{Act, Timing, Track};
use super::track_time::Hit;
use ng_model::elapsed::Elapsed;
use ng_model::event::Parsed;
use ng_model::record::{NO_PATTERN, StoredRecord};
use ng_wire::{AlertGroup, AlertState, Format};
use rustc_hash::FxHasher;
use std::fmt::Write;
use std::hash::Hasher;

/// Groups of a rule that are followed; the one not seen for longest gives way.
pub(super) const MAX_GROUPS: usize = 256;
/// Groups of a rule that a view shows.
const MAX_SHOWN: usize = 20;
/// Bytes of a key.
const MAX_KEY: usize = 256;

/// One group.
#[derive(Clone, Debug)]
pub(super) struct Group {
    pub(super) key: Box<str>,
    /// The turn at which it was seen.
    pub(super) seen: u64,
    /// When it was last told of, as the allowance has it; absent where its firing was not told.
    pub(super) told: Option<i64>,
    pub(super) track: Track,
}

/// The groups of one rule.
#[derive(Clone, Debug)]
pub(super) struct Groups {
    pub(super) list: Vec<Group>,
    /// Hashes of the keys, in the order of the list.
    pub(super) hashes: Vec<u64>,
    /// No group has anything to do before this time of the clock.
    pub(super) next_due: i64,
    /// Matching events so far.
    pub(super) turns: u64,
    /// Groups that gave way, and what they had counted.
    pub(super) gave_way: u64,
    pub(super) fired: u64,
    pub(super) suppressed: u64,
    pub(super) held_back: u64,
    pub(super) allowance: Allowance,
    /// One of them fires.
    pub(super) is_firing: bool,
    /// They were held back when time passed last.
    is_inhibited: bool,
}

/// An event that matches, with room for the key of its group.
pub(super) struct Match<'a> {
    /// The event.
    pub(super) hit: Hit,
    /// The key of its group.
    pub(super) key: &'a str,
}

/// Memory for finding the key of a group.
#[derive(Debug, Default)]
pub(super) struct Scratch {
    key: String,
    parsed: Parsed,
}

impl Groups {
    /// The groups of a rule before its first event.
    pub(super) fn new(rule: &AlertRule, timing: &Timing) -> Groups {
        let mut groups = Groups::none();
        if rule.by == GroupBy::Nothing {
            groups.add("", Track::new(timing, 0));
        }
        groups
    }

    pub(super) fn none() -> Groups {
        Groups {
            list: Vec::new(),
            hashes: Vec::new(),
            next_due: i64::MIN,
            turns: 0,
            gave_way: 0,
            fired: 0,
            suppressed: 0,
            held_back: 0,
            allowance: Allowance::default(),
            is_firing: false,
            is_inhibited: false,
        }
    }

    pub(super) fn add(&mut self, key: &str, track: Track) -> usize {
        self.list.push(Group { key: key.into(), seen: self.turns, told: None, track });
        self.hashes.push(hash(key.as_bytes()));
        self.list.len() - 1
    }

    /// Lets time pass. `tell` gets the key of the group and what it did.
    pub(super) fn advance(
        &mut self,
        clock: &Elapsed,
        timing: &Timing,
        acts: &mut Vec<Act>,
        mut tell: impl FnMut(&Group, Act),
    ) {
        let is_released = std::mem::replace(&mut self.is_inhibited, timing.is_inhibited) && !timing.is_inhibited;
        if clock.now() < self.next_due && !is_released {
            return;
        }
        self.next_due = i64::MAX;
        for group in &mut self.list {
            group.track.advance(clock, timing, acts);
            drain(acts, group, &mut self.allowance, clock, &mut tell);
            self.next_due = self.next_due.min(group.track.due_on_clock(timing).unwrap_or(i64::MAX));
        }
        self.update_firing();
    }

    /// Looks anew whether one of them fires.
    pub(super) fn update_firing(&mut self) {
        self.is_firing = self.list.iter().any(|group| group.track.state == AlertState::Firing);
    }

    /// Takes a matching event into its group.
    pub(super) fn matched(
        &mut self,
        Match { hit, key }: &Match<'_>,
        clock: &Elapsed,
        timing: &Timing,
        acts: &mut Vec<Act>,
        mut tell: impl FnMut(&Group, Act),
    ) {
        self.turns = self.turns.saturating_add(1);
        let index = self.find(key).unwrap_or_else(|| {
            self.make_room(clock, timing, acts, &mut tell);
            self.add(key, Track::new(timing, clock.now()))
        });
        let group = &mut self.list[index];
        let before = group.track.state;
        group.seen = self.turns;
        group.track.matched(hit, clock, timing, acts);
        drain(acts, group, &mut self.allowance, clock, &mut tell);
        self.next_due = self.next_due.min(group.track.due_on_clock(timing).unwrap_or(i64::MAX));
        match (before, group.track.state) {
            (_, AlertState::Firing) => self.is_firing = true,
            (AlertState::Firing, _) => self.update_firing(),
            _ => {}
        }
    }

    fn find(&self, key: &str) -> Option<usize> {
        let hash = hash(key.as_bytes());
        let mut places = self.hashes.iter().enumerate().filter(|(_, other)| **other == hash).map(|(index, _)| index);
        places.find(|index| &*self.list[*index].key == key)
    }

    /// Lets the group not seen for longest give way when there are too many. If it fires, that ends.
    fn make_room(&mut self, clock: &Elapsed, timing: &Timing, acts: &mut Vec<Act>, tell: &mut impl FnMut(&Group, Act)) {
        if self.list.len() < MAX_GROUPS {
            return;
        }
        let Some(index) = (0..self.list.len()).min_by_key(|index| self.list[*index].seen) else { return };
        let mut group = self.remove(index);
        if group.track.state == AlertState::Firing {
            let now = group.track.time.now(clock);
            group.track.resolve(now, clock, timing, acts);
            drain(acts, &mut group, &mut self.allowance, clock, tell);
        }
        self.gave_way = self.gave_way.saturating_add(1);
    }

    fn remove(&mut self, index: usize) -> Group {
        self.hashes.swap_remove(index);
        let group = self.list.swap_remove(index);
        self.fired = self.fired.saturating_add(group.track.fired);
        self.suppressed = self.suppressed.saturating_add(group.track.suppressed);
        self.held_back = self.held_back.saturating_add(group.track.held_back);
        self.update_firing();
        group
    }

    /// A pattern has become a part of another.
    pub(super) fn follow(&mut self, by: &GroupBy, pattern: u32, union: u32) {
        for group in &mut self.list {
            let causes = group.track.causes.iter_mut();
            causes.filter(|cause| **cause == u64::from(pattern)).for_each(|cause| *cause = union.into());
        }
        if *by != GroupBy::Pattern {
            return;
        }
        let Some(index) = self.find(&pattern.to_string()) else { return };
        let key = union.to_string();
        if self.find(&key).is_some() {
            self.remove(index);
        } else {
            self.hashes[index] = hash(key.as_bytes());
            self.list[index].key = key.into();
        }
    }

    /// Passes over a time in which nothing was seen, for what goes by how long nothing was.
    pub(super) fn pause(&mut self, condition: &Condition, ns: i64) {
        for Group { track, .. } in &mut self.list {
            if let Condition::Absent { .. } = condition {
                track.confirmed = track.confirmed.saturating_add(ns);
            }
            if let Some(usual) = &mut track.usual {
                usual.pause(ns);
            }
        }
    }

    /// Firings that acted.
    pub(super) fn fired(&self) -> u64 {
        self.list.iter().fold(self.fired, |sum, group| sum.saturating_add(group.track.fired))
    }

    /// Firings that began within a cooldown.
    pub(super) fn suppressed(&self) -> u64 {
        self.list.iter().fold(self.suppressed, |sum, group| sum.saturating_add(group.track.suppressed))
    }

    /// What was held back while another rule fired.
    pub(super) fn held_back(&self) -> u64 {
        self.list.iter().fold(self.held_back, |sum, group| sum.saturating_add(group.track.held_back))
    }

    /// Those that are not inactive, those that fire before those that may and those that did; the ones seen last first. And how
    /// many of them are left out.
    pub(super) fn view(&self, clock: &Elapsed) -> (Vec<AlertGroup>, u64) {
        let mut shown: Vec<&Group> =
            self.list.iter().filter(|group| group.track.state != AlertState::Inactive).collect();
        shown.sort_by_key(|group| (urgency(group.track.state), u64::MAX - group.seen));
        let left_out = shown.len().saturating_sub(MAX_SHOWN) as u64;
        shown.truncate(MAX_SHOWN);
        let view = |group: &&Group| AlertGroup {
            key: group.key.to_string(),
            state: group.track.state,
            since_ns: group.track.since_wall_ns,
            count: group.track.total,
            first_seq: group.track.first_seq,
            last_seq: group.track.last_seq,
            timeline: group.track.timeline(clock),
        };
        (shown.iter().map(view).collect(), left_out)
    }

    /// The group that stands for all: of the most urgent state the one that entered it first.
    pub(super) fn leader(&self) -> Option<&Group> {
        self.list.iter().min_by_key(|group| (urgency(group.track.state), group.track.since_wall_ns))
    }
}

/// Tells what a group did, as far as the allowance goes.
fn drain(
    acts: &mut Vec<Act>,
    group: &mut Group,
    allowance: &mut Allowance,
    clock: &Elapsed,
    tell: &mut impl FnMut(&Group, Act),
) {
    for act in acts.drain(..) {
        if allowance.admits(&act, &mut group.told, clock.now()) {
            tell(group, act);
        }
    }
}

fn urgency(state: AlertState) -> u8 {
    match state {
        AlertState::Firing => 0,
        AlertState::Pending => 1,
        AlertState::Resolved => 2,
        AlertState::Inactive => 3,
    }
}

impl Scratch {
    /// What a rule has to know of an event that it matches.
    pub(super) fn read(&mut self, by: &GroupBy, stored: &StoredRecord<'_>) -> Match<'_> {
        let head = stored.head;
        let pattern = Some(head.detection.pattern).filter(|pattern| *pattern != NO_PATTERN);
        let source = hash(stored.source().as_bytes());
        let cause = match pattern {
            Some(pattern) => pattern.into(),
            // What the engine tells of one source or session is not what it tells of another.
            None if head.format == Format::Note => hash(stored.message()),
            None => source,
        };
        self.key.clear();
        match by {
            GroupBy::Nothing => {}
            GroupBy::Source => self.key.push_str(cut(stored.source())),
            GroupBy::Pattern => {
                if let Some(pattern) = pattern {
                    // Writing into a text does not fail.
                    let _ = write!(self.key, "{pattern}");
                }
            }
            GroupBy::Attr(name) => {
                if let Some((text, _)) = ng_filter::attr(stored, name, &mut self.parsed) {
                    self.key.push_str(cut(&String::from_utf8_lossy(&text)));
                }
            }
        }
        let hit = Hit { seq: head.seq, time_ns: head.time_ns, received_ns: head.received_ns, source, cause };
        Match { hit, key: &self.key }
    }
}

/// As much of a text as a key holds.
fn cut(text: &str) -> &str {
    let most = text.len().min(MAX_KEY);
    let end = (0..=most).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
    &text[..end]
}

fn hash(bytes: &[u8]) -> u64 {
    let mut hasher = FxHasher::default();
    hasher.write(bytes);
    hasher.finish()
}

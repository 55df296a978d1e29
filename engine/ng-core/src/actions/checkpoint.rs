//! The states of the rules, saved for the next start. A rule goes on where one of its name and text stood; another starts
//! anew.
//!
//! ```text
//! clock │ rules: { name, text, { turns, gave way, fired, suppressed, held back │ groups: { key, seen, told, track } } }
//! ```

use super::groups::Groups;
use super::state::{MAX_CAUSES, Timing, Track};
use super::track_time::TrackTime;
use super::usual::Usual;
use super::{Actions, Armed, GroupBy, timing};
use crate::actions::groups::MAX_GROUPS;
use ng_model::bins::Bins;
use ng_model::checkpoint::{
    CheckpointReader, CheckpointWriter, MAX_BYTES, put, put_all, put_bytes, put_u32, take, take_all, take_bytes,
    take_count, take_flag, take_up_to,
};
use ng_model::elapsed::Elapsed;
use ng_wire::AlertState;

/// Most bytes of the groups of all rules. What does not fit are the groups not seen for longest.
const MAX_SAVED: usize = 8 * 1024 * 1024;
/// Most rules that are read.
const MAX_RULES: u32 = 1 << 16;
const STATES: [AlertState; 4] = [AlertState::Inactive, AlertState::Pending, AlertState::Firing, AlertState::Resolved];

/// States that were read and are valid.
#[derive(Debug)]
pub struct SavedRules {
    clock: Elapsed,
    /// With the places of their rules.
    groups: Vec<(usize, Groups)>,
}

impl Actions {
    /// Adds the states to what is saved. Returns how many groups did not fit.
    pub fn save(&self, writer: &mut CheckpointWriter) -> usize {
        let out = &mut writer.bytes;
        self.clock.save(out);
        put_u32(out, self.rules.len() as u32);
        let (mut room, mut left_out) = (MAX_SAVED, 0);
        for Armed { rule, groups, .. } in &self.rules {
            put_bytes(out, rule.name.as_bytes());
            put_bytes(out, rule.text.as_bytes());
            let mut part = Vec::new();
            left_out += groups.save(&mut part, &mut room);
            put_bytes(out, &part);
        }
        left_out
    }

    /// Reads them again. Nothing when they are damaged.
    pub fn read(&self, saved: &mut CheckpointReader<'_>) -> Option<SavedRules> {
        let input = &mut saved.bytes;
        let clock = Elapsed::restore(input)?;
        let mut found = SavedRules { clock, groups: Vec::new() };
        for _ in 0..take_up_to(input, MAX_RULES)? {
            let (name, text) = (take_bytes(input, MAX_BYTES)?, take_bytes(input, MAX_BYTES)?);
            let mut part = take_bytes(input, MAX_BYTES)?;
            let is_it = |armed: &Armed| armed.rule.name.as_bytes() == name && armed.rule.text.as_bytes() == text;
            if let Some(place) = self.rules.iter().position(is_it) {
                let rule = &self.rules[place].rule;
                let groups = Groups::restore(&mut part, &rule.by, &timing(rule, 0, false), clock.now())?;
                found.groups.push((place, groups));
            }
        }
        Some(found)
    }

    /// Goes on where they stood. Time goes on as well, but for what waits for something not to happen, nobody has looked.
    pub fn adopt(&mut self, saved: SavedRules) {
        self.clock = saved.clock;
        self.paused_at = Some(saved.clock.now());
        for (place, groups) in saved.groups {
            self.rules[place].groups = groups;
        }
    }
}

impl Groups {
    /// Returns how many groups did not fit.
    fn save(&self, out: &mut Vec<u8>, room: &mut usize) -> usize {
        [self.turns, self.gave_way, self.fired, self.suppressed, self.held_back]
            .iter()
            .for_each(|count| put(out, *count));
        let mut parts: Vec<(u64, Vec<u8>)> = Vec::with_capacity(self.list.len());
        for group in &self.list {
            let mut part = Vec::new();
            put_bytes(&mut part, group.key.as_bytes());
            put(&mut part, group.seen);
            put_u32(&mut part, group.told.is_some().into());
            group.track.save(&mut part);
            parts.push((group.seen, part));
        }
        let all = parts.len();
        let mut latest: Vec<(u64, usize)> = parts.iter().map(|(seen, part)| (*seen, part.len())).collect();
        latest.sort_unstable_by(|one, other| other.cmp(one));
        for (seen, bytes) in latest {
            match room.checked_sub(bytes) {
                Some(left) => *room = left,
                None => {
                    *room = 0;
                    parts.retain(|(other, _)| *other > seen);
                    break;
                }
            }
        }
        put_u32(out, parts.len() as u32);
        parts.iter().for_each(|(_, part)| out.extend_from_slice(part));
        all - parts.len()
    }

    fn restore(input: &mut &[u8], by: &GroupBy, timing: &Timing, clock: i64) -> Option<Groups> {
        let mut groups = Groups::none();
        groups.turns = take_count(input)?;
        groups.gave_way = take_count(input)?;
        groups.fired = take_count(input)?;
        groups.suppressed = take_count(input)?;
        groups.held_back = take_count(input)?;
        for _ in 0..take_up_to(input, MAX_GROUPS as u32)? {
            let key = std::str::from_utf8(take_bytes(input, MAX_BYTES)?).ok()?;
            let (seen, is_told) = (take_count(input)?, take_flag(input)?);
            let index = groups.add(key, Track::restore(input, timing, clock)?);
            (groups.list[index].seen, groups.list[index].told) = (seen, is_told.then_some(i64::MIN));
        }
        if *by == GroupBy::Nothing && groups.list.is_empty() {
            groups.add("", Track::new(timing, clock));
        }
        groups.update_firing();
        let is_whole = *by != GroupBy::Nothing || matches!(&groups.list[..], [only] if only.key.is_empty());
        (is_whole && input.is_empty()).then_some(groups)
    }
}

impl Track {
    fn save(&self, out: &mut Vec<u8>) {
        self.time.save(out);
        put_u32(out, STATES.iter().position(|state| *state == self.state).unwrap_or(0) as u32);
        for number in [self.since, self.confirmed, self.ends, self.began, self.began_wall_ns, self.acted_wall_ns] {
            put(out, number as u64);
        }
        let times = [self.since_wall_ns, self.acted, self.held_at].map(|time| time.map(|ns| ns as u64));
        for number in times.into_iter().chain([self.first_seq, self.last_seq]) {
            put_all(out, number.into_iter().collect::<Vec<_>>().into_iter());
        }
        for count in [self.total, self.untold, self.further, self.fired, self.suppressed, self.held_back] {
            put(out, count);
        }
        self.bins.save(out);
        put_u32(out, self.is_told.into());
        put_all(out, self.causes.iter().copied());
        put_all(out, self.stamps.iter().map(|(at, _)| *at as u64));
        put_all(out, self.stamps.iter().map(|(_, seq)| *seq));
        if let Some(usual) = &self.usual {
            usual.save(out);
        }
    }

    /// `clock` is what the clock came to.
    fn restore(input: &mut &[u8], timing: &Timing, clock: i64) -> Option<Track> {
        let mut track = Track::new(timing, 0);
        track.time = TrackTime::restore(input)?;
        track.state = *STATES.get(take_up_to(input, 3)? as usize)?;
        let Track { since, confirmed, ends, began, began_wall_ns, acted_wall_ns, .. } = &mut track;
        for number in [since, confirmed, ends, began, began_wall_ns, acted_wall_ns] {
            *number = take(input)? as i64;
        }
        track.since_wall_ns = option(input)?.map(|ns| ns as i64);
        track.acted = option(input)?.map(|at| at as i64);
        track.held_at = option(input)?.map(|at| at as i64);
        (track.first_seq, track.last_seq) = (option(input)?, option(input)?);
        let Track { total, untold, further, fired, suppressed, held_back, .. } = &mut track;
        for count in [total, untold, further, fired, suppressed, held_back] {
            *count = take_count(input)?;
        }
        track.bins = Bins::restore(input)?;
        track.is_told = take_flag(input)?;
        track.causes = take_all(input, MAX_CAUSES)?;
        let times = take_all(input, timing.max_stamps())?;
        let seqs = take_all(input, times.len())?;
        track.stamps = times.iter().map(|at| *at as i64).zip(seqs.iter().copied()).collect();
        if track.usual.is_some() {
            track.usual = Some(Box::new(Usual::restore(timing.window_ns(), input)?));
        }
        let now = clock.saturating_add(track.time.ahead_ns());
        let told = [track.acted, track.held_at].map(|at| at.unwrap_or(0));
        let past = [track.since, track.confirmed, track.began].into_iter().chain(told);
        let is_past = |at: i64| (0..=now).contains(&at);
        let stamps = track.stamps.iter().map(|(at, _)| *at);
        let is_valid = past.chain(stamps.clone()).all(is_past) && seqs.len() == times.len() && stamps.is_sorted();
        is_valid.then_some(track)
    }
}

fn option(input: &mut &[u8]) -> Option<Option<u64>> {
    Some(take_all(input, 1)?.first().copied())
}

//! The sessions of one source in the order of their last use, bounded: the one that was silent for longest gives way.

use super::NAME;
use ng_model::checkpoint::{
    put, put_all, put_bytes, put_singles, put_u32, take, take_all, take_bytes, take_count, take_flag, take_singles,
    take_u32, take_up_to,
};
use rustc_hash::{FxHashMap, FxHasher};
use std::hash::Hasher;

/// Different lines of a session that are told apart.
pub(super) const MAX_LINES: usize = 32;
/// Different steps, from one line to the next, that are told apart.
pub(super) const MAX_STEPS: usize = 64;
/// A session that has ended goes on when it speaks again within this time.
const REMEMBERED_NS: i64 = 86_400_000_000_000;
/// No place.
const NOWHERE: u32 = u32::MAX;

/// One session.
#[derive(Debug)]
pub(super) struct OpenSession {
    /// What names it.
    pub(super) name: Vec<u8>,
    /// Its events.
    pub(super) length: u64,
    /// Pattern and number of each different line, in the order of their first occurrence.
    pub(super) lines: Vec<(u32, u32)>,
    /// Two patterns, one behind the other, and their number.
    pub(super) steps: Vec<(u32, u32, u32)>,
    /// Rarity of its rarest event in the source, in bits.
    pub(super) rarest_bits: f32,
    /// The pattern of its latest event.
    pub(super) previous: Option<u32>,
    /// `seq` of its latest event.
    pub(super) last_seq: u64,
    /// It is among the counts of its source: it did not begin while that was frozen.
    pub(super) is_counted: bool,
    last_ns: i64,
    hash: u64,
    is_open: bool,
    older: u32,
    newer: u32,
}

/// All sessions of one source.
#[derive(Debug)]
pub(super) struct OpenSessions {
    places: Vec<OpenSession>,
    free: Vec<u32>,
    by_name: FxHashMap<u64, u32>,
    oldest: u32,
    newest: u32,
    /// The oldest that has not ended; all before it have.
    first_open: u32,
    open: usize,
    gave_way: u64,
}

impl Default for OpenSessions {
    fn default() -> Self {
        OpenSessions {
            places: Vec::new(),
            free: Vec::new(),
            by_name: FxHashMap::default(),
            oldest: NOWHERE,
            newest: NOWHERE,
            first_open: NOWHERE,
            open: 0,
            gave_way: 0,
        }
    }
}

impl OpenSessions {
    /// Sessions that have not ended.
    pub(super) fn len_open(&self) -> usize {
        self.open
    }

    /// Sessions that were ended because there was no room.
    pub(super) fn gave_way(&self) -> u64 {
        self.gave_way
    }

    /// The session has not ended.
    pub(super) fn is_open(&self, place: u32) -> bool {
        self.places[place as usize].is_open
    }

    /// The place of a session that is remembered.
    pub(super) fn find(&self, name: &[u8]) -> Option<u32> {
        let place = *self.by_name.get(&hash(name))?;
        (self.places[place as usize].name == name).then_some(place)
    }

    /// The open session that was silent for longest, when that is longer than `timeout_ns`.
    pub(super) fn overdue(&self, now_ns: i64, timeout_ns: i64) -> Option<u32> {
        let session = self.places.get(self.first_open as usize)?;
        (now_ns.saturating_sub(session.last_ns) > timeout_ns).then_some(self.first_open)
    }

    /// The session that has to be removed before another has room among `most`.
    pub(super) fn overflowing(&mut self, most: usize) -> Option<u32> {
        let full = self.by_name.len() >= most.max(1);
        self.gave_way += u64::from(full && self.is_open(self.oldest));
        full.then_some(self.oldest)
    }

    /// Marks a session as ended; it is remembered.
    pub(super) fn end(&mut self, place: u32) -> &OpenSession {
        let session = &mut self.places[place as usize];
        if session.is_open {
            session.is_open = false;
            self.open -= 1;
            if self.first_open == place {
                self.first_open = session.newer;
            }
        }
        &self.places[place as usize]
    }

    /// Begins a session. One with the same hash and another name gives way.
    pub(super) fn add(&mut self, name: &[u8]) -> u32 {
        let hash = hash(name);
        if let Some(&other) = self.by_name.get(&hash) {
            self.end(other);
            self.remove(other);
        }
        let place = self.free.pop().unwrap_or_else(|| {
            self.places.push(OpenSession::empty());
            self.places.len() as u32 - 1
        });
        let session = &mut self.places[place as usize];
        session.begin();
        session.name.clear();
        session.name.extend_from_slice(name);
        session.hash = hash;
        self.by_name.insert(hash, place);
        self.link(place);
        place
    }

    /// The session has an event now. One that ended more than a day ago begins anew.
    pub(super) fn touch(&mut self, place: u32, now_ns: i64) -> &mut OpenSession {
        self.unlink(place);
        let session = &mut self.places[place as usize];
        if !session.is_open {
            if session.length > 0 && now_ns.saturating_sub(session.last_ns) > REMEMBERED_NS {
                session.begin();
            }
            self.open += 1;
            session.is_open = true;
        }
        session.last_ns = now_ns;
        self.link(place);
        if self.first_open == NOWHERE {
            self.first_open = place;
        }
        &mut self.places[place as usize]
    }

    /// Forgets a session that has ended.
    pub(super) fn remove(&mut self, place: u32) {
        self.unlink(place);
        let hash = self.places[place as usize].hash;
        self.by_name.remove(&hash);
        self.free.push(place);
    }

    fn link(&mut self, place: u32) {
        let newest = self.newest;
        let session = &mut self.places[place as usize];
        (session.older, session.newer) = (newest, NOWHERE);
        match self.places.get_mut(newest as usize) {
            Some(before) => before.newer = place,
            None => self.oldest = place,
        }
        self.newest = place;
    }

    fn unlink(&mut self, place: u32) {
        let (older, newer) = (self.places[place as usize].older, self.places[place as usize].newer);
        if self.first_open == place {
            self.first_open = newer;
        }
        match self.places.get_mut(older as usize) {
            Some(before) => before.newer = newer,
            None => self.oldest = newer,
        }
        match self.places.get_mut(newer as usize) {
            Some(behind) => behind.older = older,
            None => self.newest = older,
        }
    }
}

impl OpenSession {
    fn empty() -> Self {
        OpenSession {
            name: Vec::new(),
            length: 0,
            lines: Vec::new(),
            steps: Vec::new(),
            rarest_bits: 0.0,
            previous: None,
            last_seq: 0,
            is_counted: true,
            last_ns: 0,
            hash: 0,
            is_open: false,
            older: NOWHERE,
            newer: NOWHERE,
        }
    }

    /// Nothing has happened in it yet; its memory is kept.
    fn begin(&mut self) {
        self.length = 0;
        self.lines.clear();
        self.steps.clear();
        self.rarest_bits = 0.0;
        self.previous = None;
        self.is_open = false;
    }
}

/// The largest `max_sessions`.
const MAX_SESSIONS: u32 = 1 << 16;
/// A line or step is saved as having come at most this often, so that sums of them stay in range.
const MAX_COUNTED: u32 = 1 << 24;

impl OpenSessions {
    /// Adds the sessions to a saved state, the one that was silent for longest first.
    pub(super) fn save(&self, out: &mut Vec<u8>) {
        put_u32(out, self.by_name.len() as u32);
        let mut place = self.oldest;
        while let Some(session) = self.places.get(place as usize) {
            session.save(out);
            place = session.newer;
        }
    }

    /// Takes them up again; none when they are not valid.
    pub(super) fn restore(input: &mut &[u8]) -> Option<OpenSessions> {
        let mut open = OpenSessions::default();
        for place in 0..take_up_to(input, MAX_SESSIONS)? {
            let session = OpenSession::restore(input)?;
            let is_open = session.is_open;
            if open.by_name.insert(session.hash, place).is_some() || (open.open > 0 && !is_open) {
                return None;
            }
            open.places.push(session);
            open.link(place);
            if is_open && open.open == 0 {
                open.first_open = place;
            }
            open.open += usize::from(is_open);
        }
        Some(open)
    }
}

impl OpenSession {
    fn save(&self, out: &mut Vec<u8>) {
        put_bytes(out, &self.name);
        [self.length, self.last_seq, self.last_ns as u64].into_iter().for_each(|number| put(out, number));
        put_singles(out, &[self.rarest_bits]);
        put_all(out, self.previous.into_iter().map(u64::from).collect::<Vec<_>>().into_iter());
        put_u32(out, self.is_open.into());
        put_u32(out, self.is_counted.into());
        put_u32(out, self.lines.len() as u32);
        for (pattern, count) in &self.lines {
            [*pattern, *count].into_iter().for_each(|number| put_u32(out, number));
        }
        put_u32(out, self.steps.len() as u32);
        for (from, to, count) in &self.steps {
            [*from, *to, *count].into_iter().for_each(|number| put_u32(out, number));
        }
    }

    fn restore(input: &mut &[u8]) -> Option<OpenSession> {
        let name = take_bytes(input, NAME)?.to_vec();
        let hash = hash(&name);
        let (length, last_seq, last_ns) = (take_count(input)?, take(input)?, take(input)? as i64);
        let [rarest_bits] = take_singles(input)?;
        let previous = take_all(input, 1)?.first().map(|pattern| *pattern as u32);
        let (is_open, is_counted) = (take_flag(input)?, take_flag(input)?);
        let mut half = |most: u32| Some(take_u32(input)?.min(most));
        let lines = half(u32::MAX).filter(|count| *count <= MAX_LINES as u32)?;
        let lines = (0..lines).map(|_| Some((half(u32::MAX)?, half(MAX_COUNTED)?))).collect::<Option<_>>()?;
        let steps = half(u32::MAX).filter(|count| *count <= MAX_STEPS as u32)?;
        let steps =
            (0..steps).map(|_| Some((half(u32::MAX)?, half(u32::MAX)?, half(MAX_COUNTED)?))).collect::<Option<_>>()?;
        Some(OpenSession {
            name,
            length,
            lines,
            steps,
            rarest_bits,
            previous,
            last_seq,
            last_ns,
            hash,
            is_open,
            is_counted,
            ..OpenSession::empty()
        })
    }
}

fn hash(name: &[u8]) -> u64 {
    let mut hasher = FxHasher::default();
    hasher.write(name);
    hasher.finish()
}

//! From what a stamp shows to the time that it means.

use super::stamp::{ABBREVIATIONS, DAY_S, Day, Numbers, Orders, Stamp, StatedZone, When, abbreviation, region};
use super::vocabulary::Vocabulary;
use ng_model::event::Reading;
use ng_model::symbols::Sym;
use ng_model::zone::{LocalTime, Zone, Zones};
use rustc_hash::FxHashMap;
use std::cell::{Cell, RefCell};

const SECOND_NS: i64 = 1_000_000_000;
/// A time without a date may be so much earlier than the one before it, in seconds, before it is one of the next day.
const OUT_OF_ORDER_S: i64 = 3600;
/// A line that states no time and comes so much later than one that does was not written together with it.
const TOGETHER_NS: i64 = SECOND_NS;
/// A time without a date and without a stamp before it may be so much ahead of the writing, in seconds, before it is one of
/// the day before.
const AHEAD_S: i64 = 3600;

/// How stamps are read that leave something open: their zone, the order of day and month, the year, the day. It remembers a
/// few numbers of each source, so that the times of one follow from its own lines alone.
#[derive(Clone, Debug)]
pub struct Clock {
    /// Timestamps without a zone are UTC, not local time. Sources with a zone of their own keep it.
    pub assume_utc: bool,
    /// The words that name levels, and the keys of time, level and message.
    pub vocabulary: Vocabulary,
    local: LocalTime,
    /// Sources with a zone of their own, by name.
    own: Vec<(String, LocalTime)>,
    /// Rows of the table of abbreviations that mean something else here, and seconds east of UTC.
    meanings: Vec<(u8, i32)>,
    /// Zones that stamps have named.
    regions: RefCell<Vec<(u16, LocalTime)>>,
    /// When the line that is being read was written, as a wrapper around it states, nanoseconds since 1970, UTC.
    outer_ns: Cell<Option<i64>>,
    /// The source whose turn it is.
    current: Cell<Memory>,
    others: RefCell<FxHashMap<Sym, Memory>>,
}

/// What is remembered of a source.
#[derive(Clone, Copy, Debug)]
struct Memory {
    source: Sym,
    /// Its place in `own`.
    own: Option<u32>,
    /// The orders of day and month that its stamps have not refuted.
    orders: Orders,
    /// What its latest stamp showed, in seconds from 1970-01-01T00:00:00.
    last_s: Option<i64>,
    /// The time of its latest event that states one, and when that was received.
    latest: Option<(i64, i64)>,
}

impl Memory {
    fn of(source: Sym) -> Memory {
        Memory { source, own: None, orders: Orders::ANY, last_s: None, latest: None }
    }
}

impl Clock {
    /// Timestamps without a zone are local time of a zone.
    pub fn of(zone: Zone) -> Clock {
        Clock {
            assume_utc: false,
            vocabulary: Vocabulary::default(),
            local: LocalTime::new(zone),
            own: Vec::new(),
            meanings: Vec::new(),
            regions: RefCell::default(),
            outer_ns: Cell::new(None),
            current: Cell::new(Memory::of(Sym::default())),
            others: RefCell::default(),
        }
    }

    /// The same with other words.
    pub fn with(self, vocabulary: Vocabulary) -> Clock {
        Clock { vocabulary, ..self }
    }

    /// Timestamps without a zone are UTC.
    pub fn utc() -> Clock {
        Clock { assume_utc: true, ..Clock::of(Zone::UTC) }
    }

    /// Timestamps without a zone are local time of the zone of their source. Abbreviations that are in no table are passed
    /// over: whoever takes them from a person has refused them.
    pub fn in_zones(zones: Zones) -> Clock {
        let meaning = |(name, offset_s): (String, i32)| Some((abbreviation(name.as_bytes())?, offset_s));
        Clock {
            own: zones.sources.into_iter().map(|(name, zone)| (name, LocalTime::new(zone))).collect(),
            meanings: zones.abbreviations.into_iter().filter_map(meaning).collect(),
            ..Clock::of(zones.local)
        }
    }

    /// Learns the name of a source, which may have a zone of its own. Of two ways to write the path of a file one may be the
    /// end of the other.
    pub fn introduce(&self, source: Sym, name: &str) {
        let exact = self.own.iter().position(|(known, _)| known == name);
        if let Some(own) = exact.or_else(|| self.own.iter().position(|(known, _)| is_same_file(known, name))) {
            self.current.set(Memory { own: Some(own as u32), ..self.memory(source) });
        }
    }

    /// Reads what is inside a wrapper that states a time, or none: a stamp that leaves something open means a time near that.
    pub(crate) fn within<T>(&self, outer_ns: Option<i64>, read: impl FnOnce() -> T) -> T {
        let before = self.outer_ns.replace(outer_ns);
        let found = read();
        self.outer_ns.set(before);
        found
    }

    /// When the event of a reading happened. One that states no time happened when it was received; but for a line of text
    /// (`is_text`), which has the time of the event before it, if that was read together with it, and else was written when
    /// its file was.
    pub(crate) fn event_time_ns(&self, stated_ns: Option<i64>, is_text: bool, reading: &Reading<'_>) -> i64 {
        let memory = self.memory(reading.source);
        if let Some(time_ns) = stated_ns {
            self.current.set(Memory { latest: Some((time_ns, reading.received_ns)), ..memory });
            return time_ns;
        }
        match memory.latest {
            _ if !is_text => reading.received_ns,
            Some((time_ns, received_ns)) if reading.received_ns.saturating_sub(received_ns) <= TOGETHER_NS => time_ns,
            _ => reading.written_ns.min(reading.received_ns),
        }
    }

    /// Nanoseconds since 1970, UTC, of what a stamp shows.
    pub(super) fn time_ns(&self, stamp: &Stamp, reading: &Reading<'_>) -> i64 {
        let time_s = match stamp.when {
            When::Epoch(time_s) => time_s,
            When::Shown(shown_s) => {
                let memory = self.memory(reading.source);
                self.current.set(Memory { last_s: Some(shown_s), ..memory });
                self.to_utc_s(shown_s, stamp.zone, &memory)
            }
            when => {
                let mut memory = self.memory(reading.source);
                let shown_s = self.complete(when, stamp.zone, reading.written_ns, &mut memory);
                self.current.set(Memory { last_s: Some(shown_s), ..memory });
                self.to_utc_s(shown_s, stamp.zone, &memory)
            }
        };
        time_s.saturating_mul(SECOND_NS).saturating_add(i64::from(stamp.nanos))
    }

    /// Seconds since 1970, UTC, of what a clock showed.
    fn to_utc_s(&self, shown_s: i64, zone: StatedZone, memory: &Memory) -> i64 {
        if let StatedZone::Region(row) = zone {
            return self.in_region(row, |local| local.to_utc_s(shown_s, memory.source));
        }
        match (self.offset_s(zone), self.own_zone(memory)) {
            (Some(offset_s), _) => shown_s - offset_s,
            (None, Some(own)) => own.to_utc_s(shown_s, memory.source),
            (None, None) if self.assume_utc => shown_s,
            (None, None) => self.local.to_utc_s(shown_s, memory.source),
        }
    }

    fn own_zone(&self, memory: &Memory) -> Option<&LocalTime> {
        memory.own.map(|own| &self.own[own as usize].1)
    }

    /// Asks the clocks of a zone that a stamp names.
    fn in_region<T>(&self, row: u16, ask: impl FnOnce(&LocalTime) -> T) -> T {
        let mut regions = self.regions.borrow_mut();
        let place = regions.iter().position(|(known, _)| *known == row).unwrap_or_else(|| {
            regions.push((row, LocalTime::new(region::zone(row))));
            regions.len() - 1
        });
        ask(&regions[place].1)
    }

    /// Seconds east of UTC, where a stamp states them.
    fn offset_s(&self, zone: StatedZone) -> Option<i64> {
        match zone {
            StatedZone::Local | StatedZone::Region(_) => None,
            StatedZone::Offset(offset_s) => Some(i64::from(offset_s)),
            StatedZone::Abbreviation(row) => {
                let meant = self.meanings.iter().find(|(known, _)| *known == row);
                Some(meant.map_or(i64::from(ABBREVIATIONS[row as usize].1) * 60, |(_, offset_s)| i64::from(*offset_s)))
            }
        }
    }

    /// What is remembered of a source, whose turn it is from now on.
    fn memory(&self, source: Sym) -> Memory {
        let current = self.current.get();
        if current.source == source {
            return current;
        }
        let mut others = self.others.borrow_mut();
        let next = others.get(&source).copied().unwrap_or(Memory::of(source));
        others.insert(current.source, current);
        self.current.set(next);
        next
    }

    /// What a stamp showed that does not say it all, written at `written_ns`.
    fn complete(&self, when: When, zone: StatedZone, written_ns: i64, memory: &mut Memory) -> i64 {
        let outer_ns = self.outer_ns.get();
        let written_ns = outer_ns.unwrap_or(written_ns);
        let written_s = written_ns.div_euclid(SECOND_NS);
        match when {
            When::Shown(shown_s) | When::Epoch(shown_s) => shown_s,
            When::Yearless { month, day, second } => in_latest_year(month, day, second, written_s, memory.last_s),
            When::Numbers(numbers, second) => in_order(numbers, second, written_s, memory),
            When::TimeOfDay(second) if outer_ns.is_some() => {
                nearest_day(second, self.shown_s(written_ns, zone, memory))
            }
            When::TimeOfDay(second) => match memory.last_s {
                Some(last_s) => on_day_of(second, last_s, written_s),
                None => {
                    let shown_s = self.shown_s(written_ns, zone, memory);
                    let today_s = shown_s.div_euclid(DAY_S) * DAY_S + second;
                    if today_s > shown_s + AHEAD_S { today_s - DAY_S } else { today_s }
                }
            },
        }
    }

    /// What clocks of the zone show at a time.
    fn shown_s(&self, time_ns: i64, zone: StatedZone, memory: &Memory) -> i64 {
        let time_s = time_ns.div_euclid(SECOND_NS);
        if let StatedZone::Region(row) = zone {
            return self.in_region(row, |local| local.shown_s(time_s));
        }
        match (self.offset_s(zone), self.own_zone(memory)) {
            (Some(offset_s), _) => time_s + offset_s,
            (None, Some(own)) => own.shown_s(time_s),
            (None, None) if self.assume_utc => time_s,
            (None, None) => self.local.shown_s(time_s),
        }
    }
}

/// Both name a file, and the shorter of their paths is the end of the longer.
fn is_same_file(one: &str, other: &str) -> bool {
    let (Some(one), Some(other)) = (one.strip_prefix("file:"), other.strip_prefix("file:")) else { return false };
    let (one, other) = (one.trim_start_matches("./"), other.trim_start_matches("./"));
    let (shorter, longer) = if one.len() < other.len() { (one, other) } else { (other, one) };
    longer.strip_suffix(shorter).is_some_and(|before| before.is_empty() || before.ends_with('/'))
}

/// The latest year that puts a day not more than a day ahead of the writing. In January, when the source was in December
/// before, it may be one more day ahead, so that a new year never falls back by one at the limit.
fn in_latest_year(month: u32, day: u32, second: i64, written_s: i64, last_s: Option<i64>) -> i64 {
    let is_new_year = month == 1 && last_s.is_some_and(|last_s| Day::of_seconds(last_s).month == 12);
    let latest_s = written_s.saturating_add(if is_new_year { 2 * DAY_S } else { DAY_S });
    // Years of which nanoseconds since 1970 hold every day.
    let year = Day::of_seconds(latest_s).year.clamp(1687, 2260);
    // Only a leap day is not in every year, and 1896 to 1904 and the like are eight years apart.
    let mut shown_s = 0;
    for year in (year - 8..=year).rev() {
        if let Some(day_s) = (Day { year, month, day }).seconds() {
            shown_s = day_s + second;
            if shown_s <= latest_s {
                break;
            }
        }
    }
    shown_s
}

/// The day in the order that the source shows: what there is no such day in is refuted for good; while several are left, an
/// order is believed that puts the stamp within a day of the writing, and none that puts it further ahead.
fn in_order(numbers: Numbers, second: i64, written_s: i64, memory: &mut Memory) -> i64 {
    let latest_s = written_s.saturating_add(DAY_S);
    let shown_s = |order| numbers.seconds(order).map_or(i64::MAX, |day_s| day_s + second);
    let left = numbers.possible().within(memory.orders);
    let not_ahead = left.within(left.filter(|order| shown_s(order) <= latest_s));
    let near = not_ahead.within(not_ahead.filter(|order| shown_s(order) >= written_s.saturating_sub(DAY_S)));
    memory.orders = near;
    numbers.likeliest(near, latest_s) + second
}

/// A time of the day that brings it nearest to another time.
fn nearest_day(second: i64, near_s: i64) -> i64 {
    near_s + (second - near_s + DAY_S / 2).rem_euclid(DAY_S) - DAY_S / 2
}

/// A time of the day of the stamp before, or of the next when it lies behind that.
fn on_day_of(second: i64, last_s: i64, written_s: i64) -> i64 {
    let forward_s = (second - last_s).rem_euclid(DAY_S);
    let next_s = if forward_s > DAY_S - OUT_OF_ORDER_S { last_s + forward_s - DAY_S } else { last_s + forward_s };
    if next_s > written_s.saturating_add(DAY_S) { next_s - DAY_S } else { next_s }
}

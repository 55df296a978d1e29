//! Events of one file that were read and wait for their turn among those of other files.

use ng_wire::Format;
use std::collections::VecDeque;
use std::ops::Range;

/// So many events at the beginning of a file, or so many bytes, wait for the first of them that states a time.
const UNDATED: usize = 64;
const UNDATED_BYTES: usize = 64 * 1024;
/// Before every time: the turn of events that no time comes after.
const FIRST: i64 = i64::MIN;

/// The events in the order of their file, each with the time of its turn.
#[derive(Debug, Default)]
pub(super) struct Ahead {
    bytes: Vec<u8>,
    events: VecDeque<Waiting>,
    /// The time of the latest event that states one; absent while nothing in the file did.
    latest: Option<i64>,
}

#[derive(Debug)]
struct Waiting {
    format: Format,
    place: Range<usize>,
    time: i64,
}

impl Ahead {
    /// Adds an event. One that states no time follows the one before it; those at the beginning go with the first that
    /// does.
    pub(super) fn push(&mut self, format: Format, raw: &[u8], time: Option<i64>) {
        if self.events.is_empty() {
            self.bytes.clear();
        }
        let full = self.events.len() + 1 >= UNDATED || self.bytes.len() + raw.len() >= UNDATED_BYTES;
        if self.latest.is_none() && (time.is_some() || full) {
            self.date(time.unwrap_or(FIRST));
        }
        self.latest = time.or(self.latest);
        let start = self.bytes.len();
        self.bytes.extend_from_slice(raw);
        let place = start..self.bytes.len();
        self.events.push_back(Waiting { format, place, time: self.latest.unwrap_or(FIRST) });
    }

    /// Nothing follows for which the events at the beginning could wait.
    pub(super) fn end(&mut self) {
        if self.latest.is_none() {
            self.date(FIRST);
        }
    }

    /// When the next event has its turn; none when that is not known yet.
    pub(super) fn time(&self) -> Option<i64> {
        self.latest?;
        self.events.front().map(|event| event.time)
    }

    /// Takes the next event.
    pub(super) fn pop(&mut self) -> Option<(Format, &[u8])> {
        let Waiting { format, place, .. } = self.events.pop_front()?;
        Some((format, &self.bytes[place]))
    }

    fn date(&mut self, time: i64) {
        self.latest = Some(time);
        self.events.iter_mut().for_each(|event| event.time = time);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn times(events: &[Option<i64>]) -> Vec<i64> {
        let mut ahead = Ahead::default();
        events.iter().for_each(|time| ahead.push(Format::Text, b"x", *time));
        ahead.end();
        let next = |ahead: &mut Ahead| {
            let time = ahead.time();
            ahead.pop();
            time
        };
        std::iter::from_fn(|| next(&mut ahead)).collect()
    }

    #[test]
    fn an_event_without_a_time_follows_the_one_before() {
        assert_eq!(times(&[Some(3), None, Some(5), None, None, Some(4)]), [3, 3, 5, 5, 5, 4]);
    }

    #[test]
    fn what_stands_before_the_first_time_goes_with_it() {
        assert_eq!(times(&[None, None, Some(5), None]), [5, 5, 5, 5]);
        assert_eq!(times(&[None, None]), [FIRST, FIRST]);
        let mut many = vec![None; UNDATED];
        many.push(Some(7));
        assert_eq!(times(&many)[UNDATED - 1..], [FIRST, 7]);
        many.remove(0);
        assert_eq!(times(&many), [7; UNDATED]);
    }

    #[test]
    fn nothing_has_its_turn_before_its_time_is_known() {
        let mut ahead = Ahead::default();
        ahead.push(Format::Text, b"banner", None);
        assert_eq!(ahead.time(), None);
        ahead.push(Format::Text, b"first", Some(9));
        assert_eq!(ahead.time(), Some(9));
        assert_eq!(ahead.pop(), Some((Format::Text, &b"banner"[..])));
        assert_eq!(ahead.pop(), Some((Format::Text, &b"first"[..])));
        assert_eq!((ahead.time(), ahead.pop()), (None, None));
    }
}

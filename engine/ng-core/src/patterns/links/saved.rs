//! The saved form of links: each with the totals of its row, and the latest pattern of each source.

use super::{HALVE_AT, Link, Links, Total};
use ng_model::checkpoint::{
    CheckpointReader, CheckpointWriter, put, put_float, put_u32, take, take_finite, take_flag, take_halvings, take_u32,
    take_up_to,
};
use ng_model::settings::Values;
use ng_model::symbols::{Sym, Symbols};

/// Most bytes of a saved state behind the links, and behind the sources.
const MOST_LINKS: usize = 54 << 20;
const MOST_SOURCES: usize = 56 << 20;
/// Bytes of a link.
const LINK: usize = 40;

/// What is still to be saved of the links.
#[derive(Debug)]
pub struct Left {
    /// The next link; none before the first.
    next: Option<usize>,
    /// Links that are left out: so many from the hand on, to which it would come first.
    from: usize,
    left_out: usize,
}

impl Left {
    /// Links that were left out because there was no room.
    pub fn left_out(&self) -> usize {
        self.left_out
    }

    fn leaves_out(&self, at: usize, all: usize) -> bool {
        (at + all - self.from) % all < self.left_out
    }
}

impl Links {
    /// Begins to save.
    pub fn begin_saving(&self) -> Left {
        Left { next: None, from: 0, left_out: 0 }
    }

    /// Goes on saving until the state has so many bytes. True when all is saved.
    pub fn save(&self, left: &mut Left, writer: &mut CheckpointWriter, symbols: &Symbols, enough: usize) -> bool {
        if writer.bytes.len() >= enough {
            return false;
        }
        let mut at = left.next.unwrap_or_else(|| self.begin(left, writer));
        while let Some(link) = self.links.get(at) {
            if writer.bytes.len() >= enough {
                left.next = Some(at);
                return false;
            }
            if !left.leaves_out(at, self.links.len().max(left.from + 1)) {
                let row = self.rows.get(&link.from).copied().unwrap_or_default();
                put_u32(&mut writer.bytes, 1);
                link.save(&row, &mut writer.bytes);
            }
            at += 1;
        }
        put_u32(&mut writer.bytes, 0);
        self.save_previous(writer, symbols);
        true
    }

    /// Decides what is left out, and saves where the hand stands among the rest.
    fn begin(&self, left: &mut Left, writer: &mut CheckpointWriter) -> usize {
        let all = self.links.len();
        left.from = if all > 0 { self.hand % all } else { 0 };
        left.left_out = all.saturating_sub(MOST_LINKS.saturating_sub(writer.bytes.len()) / LINK);
        let before = (0..left.from).filter(|at| !left.leaves_out(*at, all)).count();
        put(&mut writer.bytes, before as u64);
        0
    }

    fn save_previous(&self, writer: &mut CheckpointWriter, symbols: &Symbols) {
        let previous = |(at, previous): (u32, &Option<(u32, i64)>)| previous.map(|previous| (Sym(at), previous));
        let mut sources: Vec<_> = (0..).zip(&self.previous).filter_map(previous).collect();
        sources.sort_by_key(|(source, _)| writer.number(*source).unwrap_or(u32::MAX));
        for (source, (pattern, time_ns)) in sources {
            let fits = writer.within(MOST_SOURCES, |writer| {
                put_u32(&mut writer.bytes, 1);
                writer.name(source, symbols);
                put_u32(&mut writer.bytes, pattern);
                put(&mut writer.bytes, time_ns as u64);
            });
            if !fits {
                break;
            }
        }
        put_u32(&mut writer.bytes, 0);
    }

    /// Takes a saved state up; none when it is not valid. What `is_known` does not know as a pattern is left out.
    pub fn restore(
        settings: &Values,
        saved: &mut CheckpointReader<'_>,
        is_known: impl Fn(u32) -> bool,
    ) -> Option<Links> {
        let mut links = Links::new(settings);
        let hand = take(&mut saved.bytes)?;
        for number in 0.. {
            if !take_flag(&mut saved.bytes)? {
                break;
            }
            if number == hand {
                links.hand = links.links.len();
            }
            let (link, total) = Link::restore(&mut saved.bytes)?;
            // A link that was moved while the state was made may be there twice.
            let is_first = !links.index.contains_key(&(link.from, link.to));
            if is_first && is_known(link.from) && is_known(link.to) {
                links.take_up(link, total);
            }
        }
        while take_flag(&mut saved.bytes)? {
            let at = saved.name()?.0 as usize;
            let (pattern, time_ns) = (take_u32(&mut saved.bytes)?, take(&mut saved.bytes)? as i64);
            if is_known(pattern) {
                if links.previous.len() <= at {
                    links.previous.resize(at + 1, None);
                }
                links.previous[at] = Some((pattern, time_ns));
            }
        }
        for link in &mut links.links {
            let row = links.rows.get(&link.from)?;
            // A row that ended while the state was made has begun anew.
            link.halvings = link.halvings.min(row.halvings);
        }
        while links.links.len() > links.most {
            links.drop_one();
        }
        Some(links)
    }

    fn take_up(&mut self, link: Link, total: Total) {
        let row = self.rows.entry(link.from).or_default();
        *row = Total { links: row.links + 1, ..total };
        self.index.insert((link.from, link.to), self.links.len());
        self.links.push(link);
    }
}

impl Link {
    fn save(&self, row: &Total, out: &mut Vec<u8>) {
        let Link { from, to, count, halvings, mean_delay_s, recent } = *self;
        let numbers = [from, to, count, halvings, recent.into(), row.count, row.halvings];
        numbers.into_iter().for_each(|number| put_u32(out, number));
        put_float(out, mean_delay_s);
    }

    fn restore(input: &mut &[u8]) -> Option<(Link, Total)> {
        let (from, to) = (take_u32(input)?, take_u32(input)?);
        let (count, halvings, recent) = (take_up_to(input, HALVE_AT)?, take_halvings(input)?, take_flag(input)?);
        let total = Total { count: take_up_to(input, HALVE_AT)?, halvings: take_halvings(input)?, links: 0 };
        Some((Link { from, to, count, halvings, mean_delay_s: take_finite(input)?, recent }, total))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::patterns::links::SETTINGS;
    use ng_model::matched::Match;

    /// Links 0 → 1 → 2 …, with the hand in the middle and only each third taken since it passed.
    fn chain(count: usize) -> Links {
        let mut links = Links::new(&Values::defaults(SETTINGS));
        for pattern in 0..=count as u32 {
            links.observe(Sym(0), pattern, i64::from(pattern), &mut Match::of(pattern));
        }
        links.links.iter_mut().enumerate().for_each(|(at, link)| link.recent = at % 3 == 0);
        links.hand = count / 2;
        links
    }

    fn over(links: &Links, taken: usize, is_known: impl Fn(u32) -> bool) -> (Links, usize) {
        let mut writer = CheckpointWriter::default();
        writer.bytes.resize(writer.bytes.len() + taken, 0);
        let (begin, mut left) = (writer.bytes.len(), links.begin_saving());
        while !links.save(&mut left, &mut writer, &Symbols::new(), usize::MAX) {}
        assert!(writer.bytes.len() <= MOST_SOURCES);
        let bytes = writer.finish();
        let mut symbols = Symbols::new();
        let mut saved = CheckpointReader::open(&bytes, &mut symbols).unwrap();
        saved.bytes = &bytes[begin..];
        let restored = Links::restore(&Values::defaults(SETTINGS), &mut saved, is_known).unwrap();
        assert!(saved.bytes.is_empty());
        (restored, left.left_out())
    }

    fn gone(links: &mut Links) -> Vec<u32> {
        std::iter::from_fn(|| {
            let before: Vec<u32> = links.links.iter().map(|link| link.from).collect();
            links.drop_one();
            before.into_iter().find(|from| !links.rows.contains_key(from))
        })
        .collect()
    }

    #[test]
    fn what_does_not_fit_is_what_the_hand_would_come_to_first() {
        let mut links = chain(100);
        let (mut all, none) = over(&links, 0, |_| true);
        assert_eq!((all.len(), none), (100, 0));
        assert_eq!(gone(&mut all), gone(&mut chain(100)), "the hand goes on where it stood");
        let (mut some, left_out) = over(&links, MOST_LINKS - 30 * LINK - 100, |_| true);
        assert_eq!(some.len() + left_out, 100);
        assert!((28..=32).contains(&some.len()), "{}", some.len());
        let kept: Vec<u32> = some.links.iter().map(|link| link.from).collect();
        let passed = |from: &u32| ((*from as usize + 100 - links.hand) % 100) >= left_out;
        assert!(kept.iter().all(passed), "{kept:?}");
        assert!(gone(&mut some).len() == kept.len() && gone(&mut links).len() == 100);
    }

    #[test]
    fn links_to_patterns_that_are_not_known_are_left_out() {
        let (links, _) = over(&chain(100), 0, |pattern| pattern % 10 != 0);
        assert_eq!(links.len(), 80);
        assert_eq!(links.successors(10), []);
        assert!(links.previous.is_empty(), "the latest pattern is not known");
        assert_eq!(links.rows.len(), 80);
    }
}

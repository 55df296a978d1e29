//! Looking for a term in the text of a block.

use super::Damaged;
use super::body::Body;
use super::header::BlockHeader;
use super::run::Run;
use super::term::Term;
use super::words;
use memchr::memmem::Finder;

/// Finds the events of opened blocks that have a term.
#[derive(Clone, Debug)]
pub struct Scanner {
    finder: Finder<'static>,
    whole: bool,
    fold: bool,
}

impl Scanner {
    /// One that looks for this.
    pub fn new(term: &Term) -> Scanner {
        // Where nothing has another case the text need not be folded.
        let fold = term.fold && term.text.iter().any(u8::is_ascii_alphabetic);
        Scanner { finder: Finder::new(&term.text).into_owned(), whole: term.whole, fold }
    }

    /// Calls with the place of each event of the block that has the term, in their order.
    pub fn scan(&self, header: &BlockHeader, body: &Body<'_>, each: impl FnMut(usize)) -> Result<(), Damaged> {
        let (mut text, ends) = body.text(header)?;
        if self.fold {
            text.make_ascii_lowercase();
        }
        self.find(&text, &ends, usize::from(body.is_lines()), each);
        Ok(())
    }

    /// The same of events in plain form.
    pub fn scan_run(&self, run: &Run, each: impl FnMut(usize)) {
        if self.fold {
            self.find(&run.arena.to_ascii_lowercase(), &run.ends, 0, each);
        } else {
            self.find(&run.arena, &run.ends, 0, each);
        }
    }

    /// Finds the events in the text of all, as far as case matters; `separator` bytes stand between two of them.
    fn find(&self, text: &[u8], ends: &[usize], separator: usize, mut each: impl FnMut(usize)) {
        if self.finder.needle().is_empty() {
            (0..ends.len()).for_each(each);
            return;
        }
        let (mut event, mut from) = (0, 0);
        while event < ends.len()
            && let Some(found) = self.finder.find(&text[from..])
        {
            let (start, end) = (from + found, from + found + self.finder.needle().len());
            event += ends[event..].partition_point(|known| *known <= start);
            let Some(event_end) = ends.get(event).copied() else { break };
            let event_start = event.checked_sub(1).map_or(0, |before| ends[before] + separator);
            let is_within = event_start <= start && end <= event_end;
            if !is_within
                || self.whole && !words::is_whole(&text[event_start..event_end], start - event_start, end - event_start)
            {
                from = start + 1;
                continue;
            }
            each(event);
            event += 1;
            from = event_end + separator;
        }
    }
}

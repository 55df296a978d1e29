//! Looking for terms in the text of a block.

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
    of_field: bool,
}

impl Scanner {
    /// One that looks for this.
    pub fn new(term: &Term) -> Scanner {
        // Where nothing has another case the text need not be folded.
        let fold = term.fold && term.text.iter().any(u8::is_ascii_alphabetic);
        Scanner { finder: Finder::new(&term.text).into_owned(), whole: term.whole, fold, of_field: term.of_field }
    }

    /// Calls with the place of each event of the block that has the term, in their order.
    pub fn scan(&self, header: &BlockHeader, body: &Body<'_>, each: impl FnMut(usize)) -> Result<(), Damaged> {
        let places = match header.has_escapes {
            true => places_in_run(std::slice::from_ref(self), &body.run(header)?),
            false => places_in_text(std::slice::from_ref(self), header, body)?,
        };
        places.into_iter().for_each(each);
        Ok(())
    }

    /// The same of events in plain form.
    pub fn scan_run(&self, run: &Run, each: impl FnMut(usize)) {
        places_in_run(std::slice::from_ref(self), run).into_iter().for_each(each);
    }

    /// The event has the term though it does not stand in its bytes.
    fn has_hidden(&self, run: &Run, place: usize) -> bool {
        let (header, raw) = (run.header(place), run.raw(place));
        let is_in = |message: &[u8]| {
            let mut found = false;
            let folded = self.fold.then(|| message.to_ascii_lowercase());
            self.find(folded.as_deref().unwrap_or(message), &[message.len()], 0, |_| found = true);
            found
        };
        header.decoded_message(raw).is_some_and(|message| is_in(&message)) || self.of_field && header.may_hide(raw)
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

/// The places of the events of a block without escapes that have all of the terms, in their order.
pub(crate) fn places_in_text(
    scanners: &[Scanner],
    header: &BlockHeader,
    body: &Body<'_>,
) -> Result<Vec<usize>, Damaged> {
    let (text, ends) = body.text(header)?;
    Ok(places(scanners, &text, &ends, usize::from(body.is_lines()), |_, _| false))
}

/// The same of events in plain form.
pub(crate) fn places_in_run(scanners: &[Scanner], run: &Run) -> Vec<usize> {
    places(scanners, &run.arena, &run.ends, 0, |scanner, place| scanner.has_hidden(run, place))
}

/// The places of the events that have all of the terms in the text of all, or hidden.
fn places(
    scanners: &[Scanner],
    text: &[u8],
    ends: &[usize],
    separator: usize,
    is_hidden: impl Fn(&Scanner, usize) -> bool,
) -> Vec<usize> {
    let folded = scanners.iter().any(|scanner| scanner.fold).then(|| text.to_ascii_lowercase());
    let mut left: Vec<usize> = (0..ends.len()).collect();
    for scanner in scanners {
        let text = folded.as_deref().filter(|_| scanner.fold).unwrap_or(text);
        let mut found = vec![false; ends.len()];
        scanner.find(text, ends, separator, |place| found[place] = true);
        left.retain(|place| found[*place] || is_hidden(scanner, *place));
        if left.is_empty() {
            break;
        }
    }
    left
}

//! One question on its way through the files.

use super::day_file::DayFile;
use super::error::Result;
use super::health::Damage;
use super::names::Names;
use super::question::{Budget, Key, Progress, Question};
use super::shelf::{Item, Order, Shelf, open};
use crate::count::count_by;
use crate::event::EventHeader;
use crate::header::{BlockHeader, Pair, minute};
use crate::prune::may_contain;
use crate::run::Run;
use crate::scan::Scanner;
use crate::term::Lookup;
use std::collections::BTreeMap;
use std::ops::{ControlFlow, RangeInclusive};

/// What is wanted of the events that are found.
pub(crate) enum Ask<'a> {
    /// How many there are.
    Count,
    /// How many there are by something.
    By(Key, &'a mut BTreeMap<i64, u64>),
    /// They themselves.
    Show(&'a mut dyn FnMut(&EventHeader, &[u8]) -> ControlFlow<()>),
}

/// The question and how far it came.
pub(crate) struct Walk<'a> {
    question: &'a Question<'a>,
    seqs: RangeInclusive<u64>,
    order: Order,
    budget: Budget<'a>,
    ask: Ask<'a>,
    scanners: Vec<Scanner>,
    pub(crate) progress: Progress,
}

impl<'a> Walk<'a> {
    pub(crate) fn new(
        question: &'a Question<'a>,
        seqs: RangeInclusive<u64>,
        order: Order,
        budget: Budget<'a>,
        ask: Ask<'a>,
    ) -> Walk<'a> {
        let scanners = question.terms.iter().map(Scanner::new).collect();
        Walk { question, seqs, order, budget, ask, scanners, progress: Progress::default() }
    }

    /// A file that starts here, where the next starts there, has none of the events.
    pub(crate) fn is_beyond(&self, start: u64, next: Option<u64>) -> bool {
        start > *self.seqs.end() || next.is_some_and(|next| next <= *self.seqs.start())
    }

    /// Goes through a file. Breaks off when it is to go no further.
    pub(crate) fn through(
        &mut self,
        shelf: &mut Shelf,
        symbols: &mut Vec<u32>,
        names: &mut Names,
        room: usize,
    ) -> Result<ControlFlow<()>> {
        let mut lookups: Option<Vec<Lookup>> = None;
        let question = self.question;
        shelf.each(self.seqs.clone(), self.order, room, |file, book, damage, item| {
            names.follow(book, symbols);
            let lookups = lookups
                .get_or_insert_with(|| question.terms.iter().map(|term| Lookup::new(term, &book.dictionary)).collect());
            self.part(file, damage, item, lookups, &mut |number| names.of_file(symbols, number))
        })
    }

    fn part(
        &mut self,
        file: &DayFile,
        damage: &mut Damage,
        item: Item,
        lookups: &[Lookup],
        symbol: &mut dyn FnMut(u32) -> u32,
    ) -> Result<ControlFlow<()>> {
        let question = self.question;
        let [first, last] = item.seqs();
        let is_none_of_it = last < *self.seqs.start() || first > *self.seqs.end();
        if is_none_of_it || question.is_outside(item.times_ns()) {
            return Ok(ControlFlow::Continue(()));
        }
        let here = if self.order == Order::Oldest { first } else { last };
        if (self.budget.cancelled)() {
            return Ok(self.stop_at(Some(here)));
        }
        let header = match item {
            Item::Batch(batch) => return Ok(self.events(&batch.run, symbol)),
            Item::Block(ref header) => header.clone(),
        };
        let is_within = self.seqs.contains(&first) && self.seqs.contains(&last);
        let is_for_headers = is_within && question.is_for_headers(&item);
        if is_for_headers && self.by_header(&header, lookups, symbol) {
            return Ok(ControlFlow::Continue(()));
        }
        let may_have = |lookup: &Lookup| may_contain(&header, lookup);
        if !question.is_read_by_others(&item) && !lookups.iter().all(may_have) {
            return Ok(ControlFlow::Continue(()));
        }
        if self.progress.opened >= self.budget.opened as u64 {
            return Ok(self.stop_at(Some(here)));
        }
        self.progress.opened += 1;
        if let (true, Ask::Count, [scanner]) = (is_for_headers, &self.ask, self.scanners.as_slice()) {
            let mut found = 0;
            let counted = open(file, &header, damage, |body| scanner.scan(&header, body, |_| found += 1))?;
            self.progress.events += counted.map_or(0, |()| found);
            return Ok(ControlFlow::Continue(()));
        }
        // Where the text has none of it the columns need not be read.
        let first = self.scanners.first().filter(|_| !question.is_read_by_others(&item));
        let read = open(file, &header, damage, |body| {
            let mut may_have = first.is_none();
            if let Some(scanner) = first {
                scanner.scan(&header, body, |_| may_have = true)?;
            }
            may_have.then(|| body.run(&header)).transpose()
        })?;
        match read.flatten() {
            Some(run) => Ok(self.events(&run, symbol)),
            None => Ok(ControlFlow::Continue(())),
        }
    }

    /// Counts by the header of a block. False: that does not say it.
    fn by_header(&mut self, header: &BlockHeader, lookups: &[Lookup], symbol: &mut dyn FnMut(u32) -> u32) -> bool {
        let Walk { ask, progress, .. } = self;
        if matches!(ask, Ask::Show(_)) || matches!(ask, Ask::By(Key::Minute, _)) && !header.tells_minutes {
            return false;
        }
        let mut add = |pair: &Pair, events: u32| {
            progress.events += u64::from(events);
            if let Ask::By(key, counts) = ask {
                let key = match key {
                    Key::Minute => pair.minute.into(),
                    Key::Pattern => pair.pattern.into(),
                    Key::Level => pair.level as i64,
                    Key::Source => symbol(pair.source).into(),
                };
                *counts.entry(key).or_default() += u64::from(events);
            }
        };
        match lookups {
            [] => {
                header.pairs().iter().for_each(|pair| add(pair, pair.events));
                true
            }
            [lookup] => count_by(header, lookup, add),
            _ => false,
        }
    }

    /// Takes up the events of a part that are looked for.
    fn events(&mut self, run: &Run, symbol: &mut dyn FnMut(u32) -> u32) -> ControlFlow<()> {
        let mut places = Vec::new();
        self.question.find(run, &self.scanners, |place| places.push(place));
        places.retain(|place| self.seqs.contains(&run.header(*place).seq));
        if self.order == Order::Newest {
            places.reverse();
        }
        for place in places {
            let header = run.header(place);
            if self.progress.events >= self.budget.events as u64 {
                return self.stop_at(Some(header.seq));
            }
            self.progress.events += 1;
            match &mut self.ask {
                Ask::Count => {}
                Ask::By(key, counts) => {
                    let key = match key {
                        Key::Minute => minute(header.time_ns).into(),
                        Key::Pattern => header.pattern.into(),
                        Key::Level => header.level as i64,
                        Key::Source => symbol(header.source).into(),
                    };
                    *counts.entry(key).or_default() += 1;
                }
                Ask::Show(f) => {
                    let shown = EventHeader { source: symbol(header.source), kind: symbol(header.kind), ..*header };
                    if f(&shown, run.raw(place)).is_break() {
                        let after = match self.order {
                            Order::Oldest => header.seq.checked_add(1),
                            Order::Newest => header.seq.checked_sub(1),
                        };
                        return self.stop_at(after);
                    }
                }
            }
        }
        ControlFlow::Continue(())
    }

    /// It goes on there the next time.
    fn stop_at(&mut self, seq: Option<u64>) -> ControlFlow<()> {
        self.progress.next = seq;
        ControlFlow::Break(())
    }
}

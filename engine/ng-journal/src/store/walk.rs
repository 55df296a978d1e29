//! One question on its way through the files.

use super::classes::Classes;
use super::day_file::DayFile;
use super::error::Result;
use super::health::Damage;
use super::names::Names;
use super::question::{Budget, Group, Key, Progress, Question};
use super::shelf::{Item, Order, Shelf, open};
use crate::count::count_by;
use crate::header::{BlockHeader, Pair};
use crate::prune::may_contain;
use crate::run::Run;
use crate::scan::{Scanner, places_in_run, places_in_text};
use crate::term::Lookup;
use ng_model::record::StoredRecord;
use ng_wire::Level;
use rustc_hash::FxHashMap;
use std::collections::BTreeMap;
use std::ops::ControlFlow;

/// What is wanted of the events that are found.
pub(crate) enum Ask<'a> {
    /// How many there are.
    Count,
    /// How many there are by something.
    By(Key, &'a mut BTreeMap<Group, u64>),
    /// They themselves.
    Show(&'a mut dyn FnMut(&StoredRecord<'_>) -> ControlFlow<()>),
}

/// The question and how far it came.
pub(crate) struct Walk<'a> {
    question: &'a Question<'a>,
    order: Order,
    budget: Budget<'a>,
    ask: Ask<'a>,
    scanners: Vec<Scanner>,
    classes: Classes<'a>,
    /// What was counted in the file in hand, by the numbers that things have there.
    counts: FxHashMap<i64, u64>,
    pub(crate) progress: Progress,
}

/// What was found in a block that was opened.
enum Opened {
    /// So many events have the terms, whatever else they are.
    Events(usize),
    /// The pairs of those that have the terms.
    Pairs(Vec<u16>),
    /// The events, and the places of those that have the terms.
    Run(Run, Vec<usize>),
}

impl<'a> Walk<'a> {
    pub(crate) fn new(question: &'a Question<'a>, order: Order, budget: Budget<'a>, ask: Ask<'a>) -> Walk<'a> {
        let scanners = question.terms.iter().map(Scanner::new).collect();
        let (classes, counts) = (Classes::new(question.class), FxHashMap::default());
        Walk { question, order, budget, ask, scanners, classes, counts, progress: Progress::default() }
    }

    /// A file that starts here, where the next starts there, has none of the events.
    pub(crate) fn is_beyond(&self, start: u64, next: Option<u64>) -> bool {
        start >= self.question.seqs.end || next.is_some_and(|next| next <= self.question.seqs.start)
    }

    /// Goes through a file. Breaks off when it is to go no further.
    pub(crate) fn through(&mut self, shelf: &mut Shelf, names: &mut Names, room: usize) -> Result<ControlFlow<()>> {
        let mut lookups: Option<Vec<Lookup>> = None;
        let question = self.question;
        self.classes.forget();
        names.forget_formats();
        let seqs = question.seqs.start..=question.seqs.end.saturating_sub(1);
        let flow = shelf.each(seqs, self.order, room, |file, book, damage, item| {
            names.follow(&book.names);
            let lookups = lookups
                .get_or_insert_with(|| question.terms.iter().map(|term| Lookup::new(term, &book.dictionary)).collect());
            self.part(file, damage, item, lookups, names)
        })?;
        self.tell_counts(names);
        Ok(flow)
    }

    fn part(
        &mut self,
        file: &DayFile,
        damage: &mut Damage,
        item: Item,
        lookups: &[Lookup],
        names: &mut Names,
    ) -> Result<ControlFlow<()>> {
        let question = self.question;
        let (seqs, times_ns) = (item.seqs(), item.times_ns());
        if question.is_outside(seqs, times_ns) {
            return Ok(ControlFlow::Continue(()));
        }
        let here = match self.order {
            Order::Oldest => seqs[0].max(question.seqs.start),
            Order::Newest => seqs[1].min(question.seqs.end - 1),
        };
        if (self.budget.cancelled)() {
            return Ok(self.stop_at(Some(here)));
        }
        let header = match item {
            Item::Batch(batch) => {
                let places = places_in_run(&self.scanners, &batch.run);
                return Ok(self.events(&batch.run, places, names));
            }
            Item::Block(header) => header,
        };
        let is_by_pairs = question.also.is_none() && question.has_all_of(seqs, times_ns) && self.pairs_tell(&header);
        if is_by_pairs && self.by_header(&header, lookups, names) {
            return Ok(ControlFlow::Continue(()));
        }
        let may_have = lookups.iter().all(|lookup| may_contain(&header, lookup))
            && self.may_reach(&header, names)
            && self.has_class(&header, names);
        if !may_have {
            return Ok(ControlFlow::Continue(()));
        }
        if self.progress.opened >= self.budget.opened as u64 {
            return Ok(self.stop_at(Some(here)));
        }
        self.progress.opened += 1;
        match self.open(file, &header, damage, is_by_pairs)? {
            Some(Opened::Events(events)) => self.progress.events += events as u64,
            Some(Opened::Pairs(pairs)) => {
                pairs.into_iter().for_each(|pair| self.add(&header.pairs()[usize::from(pair)], 1, names));
            }
            Some(Opened::Run(run, places)) => return Ok(self.events(&run, places, names)),
            None => {}
        }
        Ok(ControlFlow::Continue(()))
    }

    /// Finds the events of a block that have the terms; reads no more of them than is asked for.
    fn open(
        &self,
        file: &DayFile,
        header: &BlockHeader,
        damage: &mut Damage,
        is_by_pairs: bool,
    ) -> Result<Option<Opened>> {
        open(file, header, damage, |body| {
            // Without the events it is not seen what escapes hide, nor where all of them are wanted is anything spared.
            if header.has_escapes || self.scanners.is_empty() {
                let run = body.run(header)?;
                let places = places_in_run(&self.scanners, &run);
                return Ok(Opened::Run(run, places));
            }
            let places = places_in_text(&self.scanners, header, body)?;
            if places.is_empty() || is_by_pairs && matches!(self.ask, Ask::Count) && self.classes.are_all() {
                return Ok(Opened::Events(places.len()));
            }
            if !is_by_pairs {
                return Ok(Opened::Run(body.run(header)?, places));
            }
            let pairs = body.pairs(header)?;
            // A line end stands behind each of as many events as there are pairs.
            Ok(Opened::Pairs(places.into_iter().filter_map(|place| pairs.get(place).copied()).collect()))
        })
    }

    /// What is asked of events can be said of their pairs.
    fn pairs_tell(&self, header: &BlockHeader) -> bool {
        match self.ask {
            Ask::Count => true,
            Ask::By(key, _) => key != Key::Minute || header.tells_minutes,
            Ask::Show(_) => false,
        }
    }

    /// Scores of the block are as high as those that are looked for.
    fn may_reach(&self, header: &BlockHeader, names: &mut Names) -> bool {
        let Some(reaches) = self.question.scores else { return true };
        let head = names.record(&header.highest());
        reaches(&StoredRecord { head: &head, raw: b"", symbols: names.symbols() })
    }

    /// The block has events of the class that is looked for.
    fn has_class(&mut self, header: &BlockHeader, names: &mut Names) -> bool {
        self.classes.are_all() || header.pairs().iter().any(|pair| self.classes.has(pair.into(), names))
    }

    /// Counts by the header of a block. False: that does not say it.
    fn by_header(&mut self, header: &BlockHeader, lookups: &[Lookup], names: &mut Names) -> bool {
        match lookups {
            [] => {
                header.pairs().iter().for_each(|pair| self.add(pair, pair.events, names));
                true
            }
            [lookup] => count_by(header, lookup, |pair, events| self.add(pair, events, names)),
            _ => false,
        }
    }

    /// Counts events of a pair, if they are of the class that is looked for.
    fn add(&mut self, pair: &Pair, events: u32, names: &mut Names) {
        if !self.classes.has(pair.into(), names) {
            return;
        }
        self.progress.events += u64::from(events);
        if let Ask::By(key, _) = &self.ask {
            *self.counts.entry(key.of_pair(pair)).or_default() += u64::from(events);
        }
    }

    /// Takes up the events of a part that are looked for, out of those that have the terms.
    fn events(&mut self, run: &Run, mut places: Vec<usize>, names: &mut Names) -> ControlFlow<()> {
        if self.order == Order::Newest {
            places.reverse();
        }
        for place in places {
            let header = run.header(place);
            if !self.question.takes(header) || !self.classes.has(header.into(), names) {
                continue;
            }
            let head = names.record(header);
            let stored = StoredRecord { head: &head, raw: run.raw(place), symbols: names.symbols() };
            if self.question.also.is_some_and(|also| !also(&stored)) {
                continue;
            }
            if self.progress.events >= self.budget.events as u64 {
                return self.stop_at(Some(header.seq));
            }
            self.progress.events += 1;
            match &mut self.ask {
                Ask::Count => {}
                Ask::By(key, _) => *self.counts.entry(key.of_event(header)).or_default() += 1,
                Ask::Show(show) => {
                    if show(&stored).is_break() {
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

    /// Adds what was counted in a file to what is answered, where numbers of the file are names.
    fn tell_counts(&mut self, names: &Names) {
        let Ask::By(key, counts) = &mut self.ask else { return };
        for (number, events) in self.counts.drain() {
            let group = match key {
                Key::Minute => Group::Minute(number),
                Key::Pattern => Group::Pattern(number as u32),
                Key::Level => Group::Level(Level::ALL[number as usize]),
                Key::Source => Group::Source(names.text(number as u32).to_owned()),
            };
            *counts.entry(group).or_default() += events;
        }
    }

    /// It goes on there the next time.
    fn stop_at(&mut self, seq: Option<u64>) -> ControlFlow<()> {
        self.progress.next = seq;
        ControlFlow::Break(())
    }
}

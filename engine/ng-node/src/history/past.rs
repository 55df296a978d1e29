//! History on disk, as a filter asks it.
//!
//! What a filter certainly needs is asked of the headers of blocks, and blocks that may have such events are opened; the filter itself
//! is asked of events only where that does not say all.

use ng_filter::{Filter, NeededText, Within};
use ng_journal::Term;
use ng_journal::store::{
    Budget, Error, Group, Health, Info, Key, Order, Predicate, Progress, Question, Reader, Result,
};
use ng_model::record::StoredRecord;
use std::collections::BTreeMap;
use std::ops::{ControlFlow, Range};
use std::path::{Path, PathBuf};

/// History on disk, as a filter asks it. It reads; who writes is not in its way.
///
/// Records are as history keeps them, and so a filter sees them: scores in eighths, no vector and no channels.
#[derive(Debug)]
pub struct Past {
    folder: PathBuf,
    /// None while the folder is not there.
    reader: Option<Reader>,
}

impl Past {
    /// Opens the history of a folder. A folder that is not there is an empty history, until it is there.
    pub fn open(folder: &Path) -> Result<Past> {
        let mut past = Past { folder: folder.to_owned(), reader: None };
        past.ask(|_| Ok(()))?;
        Ok(past)
    }

    /// Shows the records with a `seq` in the range that pass the filter, in this order, until `show` breaks off or the budget is used
    /// up. [`Progress::rest`] is the range with which to go on.
    ///
    /// `now_ns` is the present for filters that ask for ages, nanoseconds since 1970, UTC.
    pub fn scan(
        &mut self,
        filter: &Filter,
        now_ns: i64,
        seqs: Range<u64>,
        order: Order,
        budget: Budget<'_>,
        show: &mut dyn FnMut(&StoredRecord<'_>) -> ControlFlow<()>,
    ) -> Result<Progress> {
        self.put(filter, now_ns, seqs, |reader, question| reader.scan(question, order, budget, show))
    }

    /// How many records of the range pass; those that were counted until then when it is cancelled.
    pub fn count(
        &mut self,
        filter: &Filter,
        now_ns: i64,
        seqs: Range<u64>,
        cancelled: &dyn Fn() -> bool,
    ) -> Result<u64> {
        self.put(filter, now_ns, seqs, |reader, question| Ok(reader.count(question, cancelled)?.events))
    }

    /// The same by minute, level, source or pattern.
    pub fn count_by(
        &mut self,
        filter: &Filter,
        now_ns: i64,
        seqs: Range<u64>,
        key: Key,
        cancelled: &dyn Fn() -> bool,
    ) -> Result<BTreeMap<Group, u64>> {
        self.put(filter, now_ns, seqs, |reader, question| Ok(reader.count_by(question, key, cancelled)?.0))
    }

    /// The first `seq` that there is; none where there is none.
    pub fn first_seq(&mut self) -> Result<Option<u64>> {
        self.ask(Reader::first_seq)
    }

    /// Reads everything, and says what cannot be read.
    pub fn check(&mut self, cancelled: &dyn Fn() -> bool) -> Result<Health> {
        self.ask(|reader| reader.check(cancelled))
    }

    /// What was met so far that cannot be read.
    pub fn health(&self) -> Health {
        self.reader.as_ref().map_or_else(Health::default, Reader::health)
    }

    /// What there is, and what of it cannot be read.
    pub fn info(&mut self) -> Result<Info> {
        self.ask(Reader::info)
    }

    /// Puts what the filter asks as a question.
    fn put<T: Default>(
        &mut self,
        filter: &Filter,
        now_ns: i64,
        seqs: Range<u64>,
        f: impl FnOnce(&mut Reader, &Question<'_>) -> Result<T>,
    ) -> Result<T> {
        let needed = filter.needed(now_ns);
        let class: Predicate<'_> = &|stored| needed.fits_class(stored);
        let scores: Predicate<'_> = &|stored| needed.fits_scores(stored);
        let also: Predicate<'_> = &|stored| filter.matches(stored, now_ns);
        let question = Question {
            seqs,
            times_ns: needed.times_ns.clone(),
            terms: needed.texts.iter().map(term).collect(),
            class: needed.asks_class().then_some(class),
            scores: needed.asks_scores().then_some(scores),
            also: (!needed.is_all).then_some(also),
        };
        self.ask(|reader| f(reader, &question))
    }

    fn ask<T: Default>(&mut self, f: impl FnOnce(&mut Reader) -> Result<T>) -> Result<T> {
        let answered = match &mut self.reader {
            Some(reader) => f(reader),
            None => Reader::open(&self.folder).and_then(|reader| f(self.reader.insert(reader))),
        };
        match answered {
            Err(Error::Gone(path)) if path == self.folder => {
                self.reader = None;
                Ok(T::default())
            }
            answered => answered,
        }
    }
}

fn term(needed: &NeededText) -> Term {
    let term = if needed.any_case { Term::part(&needed.text) } else { Term::exact_part(&needed.text) };
    match needed.within {
        Within::Event => term,
        Within::Field => term.of_field(),
    }
}

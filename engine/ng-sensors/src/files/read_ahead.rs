//! The first pass over a file that is merged with others: from its beginning to where it ended when it was opened.

use super::ahead::Ahead;
use super::first_pass::FirstPass;
use super::followed::{Followed, Step};
use super::name::shown;
use crate::notes::{self, Readings};
use crate::stdin::SETTLES;
use ng_model::event::{Parsed, Reading};
use ng_model::intake::{BatchBuilder, IngestHandle, Shutdown};
use ng_model::symbols::Sym;
use ng_reading::recogniser::Recogniser;
use ng_reading::source_reader::{Item, SourceReader};
use ng_wire::Format;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

/// A file that was written to a moment ago holds up the others for so long at most, for its last event may go on.
const HELD: Duration = Duration::from_secs(1);

/// What comes next of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// An event, whose turn is at this time.
    Event(i64),
    /// That is not known yet.
    NotYet,
    /// Nothing: the pass is over.
    Over,
}

/// Finds the times by which files are merged.
pub(super) struct Times {
    pub(super) recogniser: Recogniser,
    parsed: Parsed,
}

impl Times {
    pub(super) fn of(recogniser: Recogniser) -> Times {
        Times { recogniser, parsed: Parsed::default() }
    }
}

/// Takes the events of one file with their times.
struct Dated<'a> {
    ahead: &'a mut Ahead,
    times: &'a mut Times,
    source: Sym,
    received_ns: i64,
    written_ns: i64,
}

impl Readings for Dated<'_> {
    fn push(&mut self, format: Format, raw: &[u8]) -> Result<(), Shutdown> {
        let Times { recogniser, parsed } = &mut *self.times;
        let mut time = None;
        if format != Format::Note {
            let (received_ns, written_ns) = (self.received_ns, self.written_ns);
            let reading = Reading { source: self.source, received_ns, written_ns, format, raw };
            recogniser.encode(&reading, parsed);
            time = parsed.time_ns;
        }
        self.ahead.push(format, raw, time);
        Ok(())
    }
}

impl Followed {
    /// It is merged with others until its first pass is over. Of a named pipe nobody knows the end.
    pub(super) fn begin_first_pass(&mut self, rank: u32, portion: usize) {
        let end = self.file.metadata().map_or(0, |metadata| metadata.len());
        let ahead = Ahead::default();
        self.first_pass = Some(Box::new(FirstPass { rank, end, portion, ahead, held: None, is_read: false }));
    }

    /// What comes next of the first pass, for which some of the file is read when nothing waits.
    pub(super) fn next(
        &mut self,
        ingest: &IngestHandle,
        buffer: &mut [u8],
        times: &mut Times,
    ) -> Result<Next, Shutdown> {
        let Some(mut pass) = self.first_pass.take() else { return Ok(Next::Over) };
        let next = loop {
            if let Some(time) = pass.ahead.time() {
                break Next::Event(time);
            }
            if pass.is_read {
                if self.is_over {
                    self.source.ended.store(true, Ordering::Relaxed);
                }
                return Ok(Next::Over);
            }
            if !self.read_ahead(&mut pass, ingest, buffer, times)? {
                break Next::NotYet;
            }
        };
        self.first_pass = Some(pass);
        Ok(next)
    }

    /// Hands on the next event of the first pass; returns its length.
    pub(super) fn hand_on(&mut self, builder: &mut BatchBuilder) -> Result<usize, Shutdown> {
        let Some((format, raw)) = self.first_pass.as_mut().and_then(|pass| pass.ahead.pop()) else { return Ok(0) };
        builder.turn_to(&self.source, self.written_ns.unwrap_or(i64::MAX));
        builder.push(format, raw)?;
        Ok(raw.len())
    }

    /// Reads on; false when it is to be tried again later.
    fn read_ahead(
        &mut self,
        pass: &mut FirstPass,
        ingest: &IngestHandle,
        buffer: &mut [u8],
        times: &mut Times,
    ) -> Result<bool, Shutdown> {
        let left = usize::try_from(pass.end.saturating_sub(self.offset)).unwrap_or(usize::MAX);
        let portion = self.reader.portion().min(pass.portion).min(left).min(buffer.len());
        let step = match portion {
            0 => None,
            _ => match self.read_file(&mut buffer[..portion]) {
                Ok(step) => Some(step),
                Err(error) => {
                    self.source.error(ingest.now_ns(), format!("cannot read {}: {error}", shown(&self.path)));
                    None
                }
            },
        };
        let source = Sym(pass.rank);
        times.recogniser.clock.introduce(source, &self.source.name);
        let received_ns = ingest.now_ns();
        let written_ns = self.written_ns.unwrap_or(received_ns).min(received_ns);
        let mut dated = Dated { ahead: &mut pass.ahead, times, source, received_ns, written_ns };
        let status = &self.source;
        let mut sink = |item: Item<'_>| {
            Followed::note_broken(status, ingest, &item);
            notes::push_item(&mut dated, Format::Text, &status.name, item)
        };
        match step {
            Some(Step::Bytes(count)) => self.reader.feed(&buffer[..count], &mut sink)?,
            Some(Step::Hole(nuls)) => self.reader.feed_nuls(nuls),
            Some(Step::Restart(reason)) => {
                self.reader.finish(&mut sink)?;
                notes::restart(&mut dated, &self.source.name, &reason)?;
                self.reader = SourceReader::new(self.limits);
                pass.end = self.file.metadata().map_or(0, |metadata| metadata.len());
            }
            // There is less than there was, or it cannot be read at present: what comes is read when the pass is over.
            Some(Step::Hangup | Step::End) | None => {
                pass.is_read = true;
                if self.reader.is_packed() {
                    self.reader.finish(&mut sink)?;
                    self.is_over = true;
                } else if self.reader.is_waiting() {
                    let metadata = self.file.metadata();
                    let changed = metadata.as_ref().ok().and_then(|metadata| metadata.modified().ok());
                    let held = *pass.held.get_or_insert_with(Instant::now);
                    if changed.is_none_or(|changed| changed.elapsed().is_ok_and(|quiet| quiet >= SETTLES)) {
                        self.reader.settle(&mut sink)?;
                    } else if held.elapsed() >= HELD {
                        self.reader.close_event(&mut sink)?;
                    } else {
                        let size = metadata.map_or(0, |metadata| metadata.len());
                        let grown = size > pass.end;
                        pass.end = pass.end.max(size);
                        pass.is_read = false;
                        return Ok(grown);
                    }
                }
                pass.ahead.end();
            }
        }
        Ok(true)
    }
}

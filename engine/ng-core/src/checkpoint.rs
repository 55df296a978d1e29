//! What an engine has learnt, saved for its next start and taken up again then.
//!
//! ```text
//! header │ patterns, tokens, sources │ links │ rhythms, incidents, alert rules │ detectors │ is it the last, next pattern
//! ```
//!
//! What stands behind refers to what stands before: links to patterns, detectors to what patterns count. Each part keeps
//! within its own bound, so that patterns and links are there before anything that ranks what they count.
//!
//! # Moments
//!
//! The last state is saved at once: the engine that takes it up goes on as if it had never stopped. Each piece of an earlier
//! one is of the moment when its turn came. Patterns may have come and gone between them and since: links to patterns that
//! are not there are left out, and patterns that come later get numbers far beyond those that were given.

use crate::actions::SavedRules;
use crate::engine::Engine;
use crate::incidents::Incidents;
use crate::patterns::{self, Links, Patterns, links};
use crate::registry::Module;
use crate::resumed::Resumed;
use ng_detect::Detectors;
use ng_detect::overdue::Overdue;
use ng_detect::source_activity::ActivityMonitor;
use ng_model::checkpoint::{CheckpointReader, CheckpointWriter, put_u32, take_flag, take_u32};
use ng_model::symbols::Symbols;

/// Numbers of patterns that are passed over after a state that was not the last. Those that the engine gave after it are
/// in records that others may still hold, and must not come to mean something else.
const LEAP: u32 = 1 << 20;

/// Bytes behind the detectors.
const END: usize = 8;

/// A state that is being saved, slice by slice, so that the engine never waits for long.
#[derive(Debug)]
pub struct Checkpoint {
    writer: CheckpointWriter,
    part: Part,
    is_last: bool,
    left_out: Truncation,
}

#[derive(Debug)]
enum Part {
    Patterns(patterns::Left),
    Links(links::Left),
    Detectors(ng_detect::Left),
    Done,
}

/// A saved state that was read and is valid.
struct Read {
    patterns: Patterns,
    links: Links,
    timing: ActivityMonitor,
    overdue: Overdue,
    resumed: Resumed,
    incidents: Incidents,
    rules: SavedRules,
    detectors: Detectors,
}

/// What did not fit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Truncation {
    /// Patterns, those not seen for longest.
    pub patterns: usize,
    /// Links, those not taken lately.
    pub links: usize,
    /// Groups of alert rules, those not seen for longest.
    pub groups: usize,
    /// Detectors, those of the streams not seen for longest.
    pub detectors: usize,
}

impl Checkpoint {
    /// What did not fit so far.
    pub fn left_out(&self) -> Truncation {
        self.left_out
    }

    /// The saved state, at most [`MAX_BYTES`](ng_model::checkpoint::MAX_BYTES).
    pub fn finish(self) -> Vec<u8> {
        self.writer.finish()
    }
}

impl Engine {
    /// Begins to save what was learnt. The last state of an engine is saved at once, and nothing is learnt after it.
    pub fn begin_saving(&self, is_last: bool) -> Checkpoint {
        let part = Part::Patterns(self.patterns.begin_saving());
        Checkpoint { writer: CheckpointWriter::default(), part, is_last, left_out: Truncation::default() }
    }

    /// Saves until about so many more bytes are there. True when nothing is left to save.
    pub fn save(&self, saving: &mut Checkpoint, symbols: &Symbols, bytes: usize) -> bool {
        let Checkpoint { writer, part, is_last, left_out } = saving;
        let enough = writer.bytes.len().saturating_add(bytes);
        loop {
            let next = match part {
                Part::Patterns(left) => {
                    if !self.patterns.save(left, writer, symbols, enough) {
                        return false;
                    }
                    left_out.patterns = left.left_out();
                    Part::Links(self.links.begin_saving())
                }
                Part::Links(left) => {
                    if !self.links.save(left, writer, symbols, enough) {
                        return false;
                    }
                    left_out.links = left.left_out();
                    self.timing.save(writer, symbols);
                    self.overdue.save(writer, symbols);
                    self.resumed.save(&mut writer.bytes);
                    self.incidents.save(&mut writer.bytes);
                    left_out.groups = self.actions.save(writer);
                    Part::Detectors(self.detect.begin_saving())
                }
                Part::Detectors(left) => {
                    if !self.detect.save(left, writer, symbols, enough) {
                        return false;
                    }
                    left_out.detectors = left.left_out();
                    put_u32(&mut writer.bytes, (*is_last).into());
                    put_u32(&mut writer.bytes, self.patterns.next_id());
                    Part::Done
                }
                Part::Done => return true,
            };
            *part = next;
        }
    }

    /// Takes a saved state up, of which nothing is taken when a part of it is not valid; or says what is wrong. For an engine
    /// that has seen nothing yet.
    pub fn restore(&mut self, saved: &[u8], symbols: &mut Symbols) -> Result<(), String> {
        let mut names = symbols.clone();
        let read = self.read(&mut CheckpointReader::open(saved, &mut names)?).ok_or("is damaged")?;
        *symbols = names;
        (self.patterns, self.links, self.timing) = (read.patterns, read.links, read.timing);
        (self.overdue, self.resumed, self.incidents) = (read.overdue, read.resumed, read.incidents);
        self.actions.adopt(read.rules);
        self.detect.adopt(read.detectors);
        Ok(())
    }

    /// Gives the first pattern of an engine that knows none this number, where patterns of lower numbers are known elsewhere.
    pub fn number_patterns_from(&mut self, next_id: u64) {
        if self.patterns.is_empty() {
            self.patterns.go_on_at(u32::try_from(next_id).unwrap_or(u32::MAX / 2));
        }
    }

    fn read(&self, saved: &mut CheckpointReader<'_>) -> Option<Read> {
        let values = |module: Module| &self.values[module as usize];
        let (parts, mut end) = saved.bytes.split_at_checked(saved.bytes.len().checked_sub(END)?)?;
        saved.bytes = parts;
        let (is_last, next_id) = (take_flag(&mut end)?, take_u32(&mut end)?);
        let mut patterns = Patterns::restore(values(Module::TokenManager), saved)?;
        patterns.go_on_at(if is_last { next_id } else { next_id.wrapping_add(LEAP) });
        // A pattern that was dropped before an engine ended has its links for a while.
        let is_known = |id| is_last || patterns.get(id).is_some();
        let links = Links::restore(values(Module::ConnectionManager), saved, is_known)?;
        let timing = ActivityMonitor::restore(saved)?;
        let overdue = Overdue::restore(saved)?;
        let resumed = Resumed::restore(&mut saved.bytes)?;
        let incidents = Incidents::new(values(Module::ActionController)).restore(&mut saved.bytes)?;
        let rules = self.actions.read(saved)?;
        let detectors = self.detect.read(saved, |source| patterns.knows(source))?;
        let read = Read { patterns, links, timing, overdue, resumed, incidents, rules, detectors };
        saved.bytes.is_empty().then_some(read)
    }
}

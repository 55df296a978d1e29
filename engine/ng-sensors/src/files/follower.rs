//! All followed files: which are open, whose turn it is, and when one is closed.

use super::Options;
use super::followed::{Followed, QUIET, Start, Turn, open};
use super::name::shown;
use super::place::{Head, Id};
use super::read_ahead::Times;
use super::scan::{Found, Missing, Scan, scan};
use ng_model::intake::{IngestHandle, NEVER, Shutdown, SourceStatus};
use ng_wire::TroubleKind;
use std::collections::{HashMap, HashSet, VecDeque};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, SystemTime};

/// Longest tick of a kernel.
const TICK: Duration = Duration::from_millis(10);
/// Most closed files whose place is remembered.
const REMEMBERED: usize = 1024;
/// Most files remembered as waiting for permission or room.
const WAITING: usize = 4096;
const CHUNK: usize = 256 * 1024;

/// Follows every file that matches.
pub(super) struct Follower {
    pub(super) options: Options,
    pub(super) ingest: IngestHandle,
    /// Speaks for what concerns no file in particular.
    report: Arc<SourceStatus>,
    /// Of two files of one source the elder comes first.
    pub(super) open: Vec<Followed>,
    pub(super) closed: VecDeque<Closed>,
    /// Paths that were there at the start and could not be opened; they are not new when they can be.
    waiting: HashSet<PathBuf>,
    /// Sources of files that are named and could not be followed so far.
    missing: HashMap<PathBuf, Arc<SourceStatus>>,
    pub(super) scans: u64,
    /// A scan has come to its end: what is found from now on is new.
    scanned: bool,
    /// Nothing has been forgotten of the files closed since then: a file that is born later and not remembered is unread.
    remembers_since: Option<SystemTime>,
    pub(super) buffer: Vec<u8>,
    /// Finds the times by which files are merged, while they are.
    pub(super) merging: Option<Times>,
    /// Compressed files that match and were read to their end.
    read: HashSet<Id>,
}

/// The place where reading a file ended.
pub(super) struct Closed {
    pub(super) path: PathBuf,
    pub(super) source: Arc<SourceStatus>,
    pub(super) id: Id,
    offset: u64,
    head: Head,
    /// Its path led to no later file that is or was open: there the search for its successors begins.
    newest: bool,
    /// It is still there, and gave way to files that were written to later.
    gave_way: bool,
}

impl Follower {
    /// `report` is the source that speaks for what concerns no file in particular.
    pub(super) fn new(options: Options, ingest: IngestHandle, report: Arc<SourceStatus>) -> Self {
        Follower {
            options,
            ingest,
            report,
            open: Vec::new(),
            closed: VecDeque::new(),
            waiting: HashSet::new(),
            missing: HashMap::new(),
            scans: 0,
            scanned: false,
            remembers_since: None,
            buffer: vec![0; CHUNK],
            merging: None,
            read: HashSet::new(),
        }
    }

    /// Looks for matching files, and opens those that are not followed yet, those written to last first.
    pub(super) fn scan(&mut self) -> Result<(), Shutdown> {
        self.scans += 1;
        if !self.scanned {
            self.remembers_since = self.now();
        }
        let ingest = &self.ingest;
        let mut scan = scan(&self.options.globs, &|| if ingest.stopped() { Err(Shutdown) } else { Ok(()) })?;
        let total = scan.found.len() + scan.beyond;
        let found = std::mem::take(&mut scan.found);
        let ranks: HashMap<Id, u32> = match self.scanned {
            false => found.iter().map(|found| found.id).zip(1..).collect(),
            true => HashMap::new(),
        };
        let mut new = self.unknown(found);
        new.sort_by(|a, b| b.modified.cmp(&a.modified).then_with(|| a.path.cmp(&b.path)));
        let mut left_out = scan.beyond;
        for found in new {
            if self.ingest.stopped() {
                return Err(Shutdown);
            }
            if self.open.len() >= self.options.max_files && !self.make_room(found.modified)? {
                left_out += 1;
                self.wait_for(&found.path);
            } else if let Err(error) = self.admit(&found)
                && error.kind() != io::ErrorKind::NotFound
            {
                self.wait_for(&found.path);
                let named = self.options.globs.iter().any(|glob| glob.path().as_ref() == Some(&found.path));
                scan.refuse(&found.path, named, format!("cannot open {}: {error}", shown(&found.path)));
            }
        }
        let left_out = (left_out > 0).then(|| {
            let most = self.options.max_files;
            format!("{left_out} of {total} matching files are not followed: max_files is {most}")
        });
        self.tell(&scan, left_out.clone());
        self.tell_missing(scan, left_out);
        if !self.scanned {
            self.begin_merge(&ranks);
        }
        self.scanned = true;
        Ok(())
    }

    /// The time as the filesystem may stamp it: its clock goes in ticks and is a little behind.
    fn now(&self) -> Option<SystemTime> {
        let now = Duration::from_nanos(self.ingest.now_ns().try_into().ok()?);
        SystemTime::UNIX_EPOCH.checked_add(now.saturating_sub(TICK))
    }

    /// Gives every file its turn.
    pub(super) fn look(&mut self) -> Result<Turn, Shutdown> {
        for index in 0..self.open.len() {
            if self.open[index].newest {
                self.check_path(index);
            }
        }
        let mut found = self.merge()?;
        // Sources with a file that must be read to its end before its successor is.
        let mut behind: Vec<Arc<SourceStatus>> = Vec::new();
        for file in &mut self.open {
            if file.first_pass.is_some() {
                if file.left_in.is_some() {
                    behind.push(file.source.clone());
                }
                continue;
            }
            if behind.iter().any(|source| Arc::ptr_eq(source, &file.source)) {
                file.settle(&self.ingest)?;
                found.more = true;
                continue;
            }
            let turn = file.turn(&self.ingest, &mut self.buffer)?;
            file.settle(&self.ingest)?;
            if turn.more && file.holds_up_successors() {
                behind.push(file.source.clone());
            }
            found.any |= turn.any;
            found.more |= turn.more;
        }
        let now = self.ingest.now_ns();
        self.report.ok(now);
        self.open.iter().for_each(|file| file.source.ok(now));
        self.close_left()?;
        Ok(found)
    }

    /// The files that are not open, and whose path is not watched for rotation.
    fn unknown(&mut self, mut found: Vec<Found>) -> Vec<Found> {
        let by_id: HashMap<Id, usize> = self.open.iter().enumerate().map(|(index, file)| (file.id, index)).collect();
        let mut watched: HashSet<PathBuf> =
            self.open.iter().filter(|file| file.newest).map(|file| file.path.clone()).collect();
        if !self.read.is_empty() {
            let there: HashSet<Id> = found.iter().map(|found| found.id).collect();
            self.read.retain(|id| there.contains(id));
        }
        found.retain(|found| {
            if self.read.contains(&found.id) {
                return false;
            }
            let Some(index) = by_id.get(&found.id) else { return !watched.contains(&found.path) };
            let file = &mut self.open[*index];
            file.matched_in = self.scans;
            if !file.newest && watched.insert(found.path.clone()) {
                // It was renamed to a path that matches: what replaces it there is its successor.
                file.path = found.path.clone();
                file.newest = true;
                file.left_in = None;
            }
            false
        });
        found
    }

    /// Opens a file that a scan found.
    fn admit(&mut self, found: &Found) -> io::Result<()> {
        let known = self.closed.iter().position(|closed| closed.id == found.id);
        if let Some(known) = known {
            let Closed { source, offset, head, .. } = &self.closed[known];
            let (source, start) = (source.clone(), Start::At(*offset, head.clone()));
            self.begin(found, source, start)?;
            self.closed.remove(known);
            return Ok(());
        }
        if let Some(before) = self.closed.iter().rposition(|closed| closed.newest && closed.path == found.path) {
            let (source, id) = (self.closed[before].source.clone(), self.closed[before].id);
            self.closed[before].newest = !self.succeed(&found.path, &source, Some(id), id.born)?;
            return Ok(());
        }
        // Its successors were being renamed when they were looked for before.
        let open = self.open.iter().filter(|file| file.path == found.path).map(|file| &file.source);
        let closed = self.closed.iter().filter(|file| file.path == found.path).map(|file| &file.source);
        if let Some(source) = open.chain(closed).next().cloned() {
            return self.succeed(&found.path, &source, None, self.remembers_since).map(drop);
        }
        let was_there = !self.scanned || self.waiting.contains(&found.path);
        let awaited = self.missing.get(&found.path).cloned();
        let announced = awaited.is_some();
        let source = awaited.unwrap_or_else(|| source_of(&found.path));
        if was_there {
            let otherwise = self.options.tail_lines.map_or(Start::Beginning, Start::Tail);
            let start = match self.options.known.get(&source.name) {
                Some(lines) => Start::Behind(lines.clone(), Box::new(otherwise)),
                None => otherwise,
            };
            self.begin(found, source.clone(), start)?;
        } else {
            // It may have been rotated already before it was found.
            self.succeed(&found.path, &source, None, self.remembers_since)?;
        }
        if !announced && self.open.iter().any(|file| Arc::ptr_eq(&file.source, &source)) {
            self.ingest.announce(&source);
        }
        self.waiting.remove(&found.path);
        Ok(())
    }

    /// Shows which files that somebody named are not followed, and why; a file that came is in trouble no more.
    fn tell_missing(&mut self, scan: Scan, left_out: Option<String>) {
        let now = self.ingest.now_ns();
        let (mut kind, mut reasons) = (TroubleKind::Waiting, Vec::new());
        if self.options.named {
            kind = if left_out.is_some() { TroubleKind::Unreadable } else { kind };
            reasons.extend(left_out);
            reasons.extend(scan.unmatched.iter().map(|glob| format!("waiting for {glob}: no file matches yet")));
        }
        let mut troubled: Vec<Arc<SourceStatus>> = Vec::new();
        let missing = if self.options.named { scan.missing } else { Vec::new() };
        for missing in missing {
            let Some(source) = self.source_of_missing(&missing) else { continue };
            let was_read = source.last_ok_ns.load(Ordering::Relaxed) != NEVER;
            let reason = match missing.kind {
                TroubleKind::Waiting if was_read => format!("waiting for {}: it is gone", shown(&missing.path)),
                _ => missing.reason,
            };
            source.fail(now, missing.kind, reason.as_str());
            troubled.push(source);
            if reasons.is_empty() && self.open.is_empty() {
                (kind, reasons) = (missing.kind, vec![reason]);
            }
        }
        if reasons.is_empty() && self.open.is_empty() {
            (kind, reasons) = (TroubleKind::Unreadable, scan.problem.into_iter().collect());
        }
        for source in self.missing.values().filter(|source| !troubled.iter().any(|other| Arc::ptr_eq(source, other))) {
            source.recover();
        }
        match reasons.is_empty() {
            true => self.report.recover(),
            false => self.report.fail(now, kind, reasons.join("; ")),
        }
    }

    /// The source of a file that is missing, announced when it is seen for the first time. None while it is still read by
    /// its open descriptor.
    fn source_of_missing(&mut self, missing: &Missing) -> Option<Arc<SourceStatus>> {
        if self.open.iter().any(|file| file.path == missing.path) {
            return None;
        }
        let closed = self.closed.iter().rev().find(|closed| closed.path == missing.path);
        let source = self.missing.entry(missing.path.clone()).or_insert_with(|| {
            if let Some(closed) = closed {
                return closed.source.clone();
            }
            let source = source_of(&missing.path);
            self.ingest.announce(&source);
            source
        });
        Some(source.clone())
    }

    fn begin(&mut self, found: &Found, source: Arc<SourceStatus>, start: Start) -> io::Result<()> {
        let opened = open(&found.path)?;
        let mut file = Followed::new(found.path.clone(), source, opened, start, self.options.limits)?;
        file.matched_in = self.scans;
        file.source.ended.store(false, Ordering::Relaxed);
        self.open.push(file);
        Ok(())
    }

    /// Closes the files that nothing leads to and that nobody writes to.
    fn close_left(&mut self) -> Result<(), Shutdown> {
        let mut index = 0;
        while let Some(file) = self.open.get_mut(index) {
            // One scan must have looked for it under other paths since it left its own.
            let left = file.left_in.is_some_and(|scan| self.scans > scan) && file.matched_in < self.scans;
            // Where the search for successors begins stays open until all of them are.
            let left = left && !file.awaits_successors && file.at_end.is_some_and(|since| since.elapsed() > QUIET);
            if !left && (!file.is_over || file.first_pass.is_some()) {
                index += 1;
                continue;
            }
            if file.is_over {
                self.read.insert(file.id);
            }
            self.close(index, false)?;
        }
        Ok(())
    }

    /// Where as many files are open as may be: closes the one that was written to longest ago, if that was before `than`.
    /// It is read on when it is written to again.
    fn make_room(&mut self, than: SystemTime) -> Result<bool, Shutdown> {
        let most = self.closed.iter().filter(|closed| closed.gave_way).count();
        let quiet = self.open.iter().enumerate().filter_map(|(index, file)| Some((file.quiet_since()?, index)));
        match quiet.min() {
            Some((since, index)) if since < than && most < REMEMBERED / 2 => self.close(index, true).map(|()| true),
            _ => Ok(false),
        }
    }

    /// Closes a file and remembers how far it was read.
    fn close(&mut self, index: usize, gave_way: bool) -> Result<(), Shutdown> {
        if !self.open[index].is_over {
            self.open[index].finish(&self.ingest)?;
        }
        let Followed { path, source, id, offset, head, newest, .. } = self.open.remove(index);
        if !self.open.iter().any(|other| Arc::ptr_eq(&other.source, &source)) {
            source.ended.store(true, Ordering::Relaxed);
        }
        if self.closed.len() == REMEMBERED {
            // Those that are still there would be read anew.
            let first = self.closed.iter().position(|closed| !closed.gave_way).unwrap_or(0);
            self.closed.remove(first);
            self.remembers_since = self.now();
        }
        self.closed.push_back(Closed { path, source, id, offset, head, newest, gave_way });
        Ok(())
    }

    fn wait_for(&mut self, path: &Path) {
        if !self.scanned && self.waiting.len() < WAITING {
            self.waiting.insert(path.into());
        }
    }

    fn tell(&self, scan: &Scan, left_out: Option<String>) {
        let mut words: Vec<String> = left_out.into_iter().collect();
        words.extend_from_slice(&scan.cuts);
        words.extend(scan.problem.clone());
        if scan.problems > 1 {
            words.push(format!("{} more like this", scan.problems - 1));
        }
        if !words.is_empty() {
            self.report.error(self.ingest.now_ns(), words.join("; "));
        }
    }
}

/// A source for the file at a path.
fn source_of(path: &Path) -> Arc<SourceStatus> {
    SourceStatus::new(format!("file:{}", shown(path)), super::SENSOR.name, 0)
}

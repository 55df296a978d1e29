//! One open file.

use super::first_pass::FirstPass;
use super::known::behind;
use super::name::shown;
use super::place::{Head, Id, tail};
use crate::notes;
use crate::stdin::SETTLES;
use ng_model::intake::{BatchBuilder, IngestHandle, Shutdown, SourceStatus};
use ng_reading::decode::Encoding;
use ng_reading::source_reader::{Item, Limits, SourceReader};
use ng_wire::{Format, TroubleKind};
use rustix::fs::{OFlags, SeekFrom, seek};
use rustix::io::Errno;
use std::fs::{File, Metadata, OpenOptions};
use std::io::{self, ErrorKind, Read};
use std::os::unix::fs::{FileExt, FileTypeExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Most bytes read from one file before the next has its turn.
pub(super) const TURN: usize = 1024 * 1024;
/// A file whose end has been reached for so long is quiet.
pub(super) const QUIET: Duration = Duration::from_secs(2);
/// So many NULs that a filesystem holds as data are taken for a hole even when nothing follows them yet.
const LOOK_AHEAD: usize = 64 * 1024 * 1024;

/// Where reading starts.
#[derive(Clone, Debug)]
pub(super) enum Start {
    Beginning,
    /// So many lines before the end.
    Tail(usize),
    /// Behind these lines, or where they are not there.
    Behind(Arc<[u8]>, Box<Start>),
    /// On from where it ended, unless the file was rewritten since.
    At(u64, Head),
}

/// A file that is open and read as it grows.
#[derive(Debug)]
pub(super) struct Followed {
    /// The path that led to it first.
    pub(super) path: PathBuf,
    pub(super) source: Arc<SourceStatus>,
    pub(super) id: Id,
    /// It is the latest file that its path led to; a rotation is looked for at this one.
    pub(super) newest: bool,
    /// The scan during which its path stopped leading to it.
    pub(super) left_in: Option<u64>,
    /// Its path leads to another file, and not all that came in between are open yet.
    pub(super) awaits_successors: bool,
    /// Its size when its path was first seen to lead elsewhere: what its writer adds afterwards holds up nobody.
    left_at: Option<u64>,
    /// The latest scan that found it under any path.
    pub(super) matched_in: u64,
    /// Since when there has been nothing to read.
    pub(super) at_end: Option<Instant>,
    pub(super) offset: u64,
    pub(super) head: Head,
    pub(super) file: File,
    pub(super) is_fifo: bool,
    pub(super) limits: Limits,
    pub(super) reader: SourceReader,
    /// While it is merged with others.
    pub(super) first_pass: Option<Box<FirstPass>>,
    /// It is compressed and was read to its end.
    pub(super) is_over: bool,
    /// Size and time of change when it was last read to its end.
    seen: Option<(u64, SystemTime)>,
    /// Its latest change, nanoseconds since 1970, UTC: what is read was not written later.
    pub(super) written_ns: Option<i64>,
}

/// What a turn brought.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Turn {
    /// Something was read.
    pub(super) any: bool,
    /// There may be more to read at once.
    pub(super) more: bool,
}

/// Opens a file for reading. Never waits: a named pipe opens even without a writer.
pub(super) fn open(path: &Path) -> io::Result<(File, Metadata)> {
    let file =
        OpenOptions::new().read(true).custom_flags((OFlags::NONBLOCK | OFlags::NOCTTY).bits() as i32).open(path)?;
    let metadata = file.metadata()?;
    let kind = metadata.file_type();
    if kind.is_file() || kind.is_fifo() {
        Ok((file, metadata))
    } else {
        Err(io::Error::new(ErrorKind::InvalidInput, "neither a file nor a named pipe"))
    }
}

impl Followed {
    pub(super) fn new(
        path: PathBuf,
        source: Arc<SourceStatus>,
        (file, metadata): (File, Metadata),
        start: Start,
        limits: Limits,
    ) -> io::Result<Self> {
        let is_fifo = metadata.file_type().is_fifo();
        let encoding = if is_fifo { None } else { Some(encoding(&file)?) };
        let packed = encoding.is_none_or(Encoding::is_packed);
        let wide = encoding.and_then(Encoding::wide);
        let start = match start {
            Start::Behind(lines, otherwise) => match behind(&file, &lines)?.filter(|_| !packed && wide.is_none()) {
                Some(offset) => Start::At(offset, Head::before(&file, offset)?),
                None => *otherwise,
            },
            start => start,
        };
        let (offset, head) = match start {
            Start::Tail(lines) if !packed => {
                let offset = tail(&file, lines, wide)?;
                (offset, Head::before(&file, offset)?)
            }
            Start::At(offset, head) if !packed && offset <= metadata.len() && head.matches(&file)? => (offset, head),
            Start::Beginning | Start::Tail(_) | Start::At(..) | Start::Behind(..) => (0, Head::default()),
        };
        let reader = match encoding {
            Some(encoding) if offset > 0 => SourceReader::inside(limits, encoding),
            _ => SourceReader::new(limits),
        };
        Ok(Followed {
            path,
            source,
            id: Id::of(&metadata),
            newest: true,
            left_in: None,
            awaits_successors: false,
            left_at: None,
            matched_in: 0,
            at_end: None,
            offset,
            head,
            file,
            is_fifo,
            limits,
            reader,
            first_pass: None,
            is_over: false,
            seen: None,
            written_ns: None,
        })
    }

    /// Something of it that was there when its path first led elsewhere is still to be read.
    pub(super) fn holds_up_successors(&mut self) -> bool {
        if self.left_in.is_none() {
            self.left_at = None;
            return false;
        }
        let size = || self.file.metadata().map_or(0, |metadata| metadata.len());
        self.offset < *self.left_at.get_or_insert_with(size)
    }

    /// Hands on what could go on when nothing has come for a while.
    pub(super) fn settle(&mut self, ingest: &IngestHandle) -> Result<(), Shutdown> {
        let quiet = self.at_end.is_some_and(|since| since.elapsed() >= SETTLES);
        if !quiet || !self.reader.is_waiting() {
            return Ok(());
        }
        let mut builder = None;
        let mut sink = Sink { builder: &mut builder, ingest, source: &self.source, written_ns: self.written_ns };
        self.reader.settle(&mut |item| sink.push(item))?;
        builder.map_or(Ok(()), |mut builder| builder.flush())
    }

    /// Reads what there is, up to the limit of a turn.
    pub(super) fn turn(&mut self, ingest: &IngestHandle, buffer: &mut [u8]) -> Result<Turn, Shutdown> {
        if self.is_over {
            return Ok(Turn::default());
        }
        // Most looks find nothing; a batch is taken only when there is something to put into it.
        let mut builder = None;
        let mut read = 0;
        let mut more = true;
        while more && read < TURN {
            let portion = self.reader.portion().min(buffer.len());
            let buffer = &mut buffer[..portion];
            let result = if self.is_fifo { self.read_fifo(buffer) } else { self.read_file(buffer) };
            let step = match result {
                Ok(step) => step,
                Err(error) => {
                    self.source.error(ingest.now_ns(), format!("cannot read {}: {error}", shown(&self.path)));
                    Step::End
                }
            };
            let mut sink = Sink { builder: &mut builder, ingest, source: &self.source, written_ns: self.written_ns };
            match step {
                Step::Bytes(count) => {
                    self.reader.feed(&buffer[..count], &mut |item| sink.push(item))?;
                    read += count;
                }
                Step::Hole(nuls) => {
                    self.reader.feed_nuls(nuls);
                    read += buffer.len();
                }
                Step::Restart(reason) => {
                    self.reader.finish(&mut |item| sink.push(item))?;
                    notes::restart(sink.builder(), &self.source.name, &reason)?;
                    self.reader = SourceReader::new(self.limits);
                }
                Step::Hangup => {
                    self.reader.finish(&mut |item| sink.push(item))?;
                    self.reader = SourceReader::new(self.limits);
                    more = false;
                }
                Step::End => {
                    more = false;
                    if self.reader.is_packed() && !self.is_fifo {
                        self.reader.finish(&mut |item| sink.push(item))?;
                        self.is_over = true;
                        self.source.ended.store(true, Ordering::Relaxed);
                    }
                }
            }
        }
        if !more && self.left_in.is_some() {
            // Its successor is read next, and comes behind it.
            let mut sink = Sink { builder: &mut builder, ingest, source: &self.source, written_ns: self.written_ns };
            self.reader.close_event(&mut |item| sink.push(item))?;
        }
        if let Some(builder) = &mut builder {
            builder.flush()?;
        }
        if more {
            self.at_end = None;
        } else if read > 0 || self.at_end.is_none() {
            self.at_end = Some(Instant::now());
        }
        Ok(Turn { any: read > 0, more })
    }

    /// Hands on a last line without an end. Nothing is read afterwards.
    pub(super) fn finish(&mut self, ingest: &IngestHandle) -> Result<(), Shutdown> {
        let mut builder = None;
        let mut sink = Sink { builder: &mut builder, ingest, source: &self.source, written_ns: self.written_ns };
        self.reader.finish(&mut |item| sink.push(item))?;
        builder.map_or(Ok(()), |mut builder| builder.flush())
    }

    /// What breaks off in the middle is in trouble.
    pub(super) fn note_broken(source: &SourceStatus, ingest: &IngestHandle, item: &Item<'_>) {
        if let Item::Broken(problem) = item {
            let path = source.name.strip_prefix("file:").unwrap_or(&source.name);
            source.fail(ingest.now_ns(), TroubleKind::Unreadable, format!("cannot read {path}: {problem}"));
        }
    }

    /// When it was written to last, where its end is reached, nothing is waited for, and its path still leads to it.
    pub(super) fn quiet_since(&self) -> Option<SystemTime> {
        let is_quiet =
            self.newest && self.left_in.is_none() && self.at_end.is_some_and(|since| since.elapsed() > QUIET);
        self.seen.filter(|_| is_quiet && !self.is_fifo).map(|(_, modified)| modified)
    }

    fn read_fifo(&mut self, buffer: &mut [u8]) -> io::Result<Step> {
        loop {
            return match self.file.read(buffer) {
                Ok(0) => Ok(Step::Hangup),
                Ok(count) => Ok(Step::Bytes(count)),
                Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(Step::End),
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => Err(error),
            };
        }
    }

    pub(super) fn read_file(&mut self, buffer: &mut [u8]) -> io::Result<Step> {
        let metadata = self.file.metadata()?;
        let (size, modified) = (metadata.len(), metadata.modified()?);
        self.written_ns =
            modified.duration_since(UNIX_EPOCH).ok().and_then(|since| i64::try_from(since.as_nanos()).ok());
        if size < self.offset {
            return Ok(self.restart(size));
        }
        if self.seen == Some((size, modified)) {
            return Ok(Step::End);
        }
        let count = self.file.read_at(buffer, self.offset)?;
        // Looked at after reading: what was read before an intact head is what was written after that head.
        if !self.head.matches(&self.file)? {
            let size = self.file.metadata()?.len();
            // Bytes beyond the end of the rewritten file are still the old ones; others may be of either.
            if count == 0 || size >= self.offset + count as u64 {
                return Ok(self.restart(size));
            }
        }
        // NULs may be room that its writer has yet to fill; what they are is decided by what follows them.
        let used = if self.reader.is_packed() || self.reader.is_wide() {
            count
        } else {
            count - trailing_nuls(&buffer[..count])
        };
        if used == 0 {
            let step = self.skip_hole(buffer)?;
            if matches!(step, Step::End) {
                self.seen = Some((size, modified));
            }
            return Ok(step);
        }
        self.head.extend(self.offset, used as u64, &buffer[..used]);
        self.offset += used as u64;
        Ok(Step::Bytes(used))
    }

    /// Goes on where the NULs at the present place end; stays when they reach up to the end of the file. Holes are passed
    /// without reading them where the filesystem knows them.
    fn skip_hole(&mut self, buffer: &mut [u8]) -> io::Result<Step> {
        let mut place = self.offset;
        let mut read = 0;
        loop {
            place = match seek(&self.file, SeekFrom::Data(place)) {
                Ok(data) => data.max(place),
                Err(Errno::NXIO) => return Ok(Step::End),
                Err(_) => place,
            };
            let count = self.file.read_at(buffer, place)?;
            let nuls = buffer[..count].iter().take_while(|byte| **byte == 0).count();
            place += nuls as u64;
            read += nuls;
            if nuls < count || read > LOOK_AHEAD {
                break;
            }
            if count == 0 {
                return Ok(Step::End);
            }
        }
        let nuls = place - self.offset;
        self.head.extend(self.offset, nuls, &NULS[..nuls.min(NULS.len() as u64) as usize]);
        self.offset = place;
        Ok(Step::Hole(nuls))
    }

    fn restart(&mut self, size: u64) -> Step {
        let reason = format!("rewritten (read up to byte {}, {size} there); reading from its start", self.offset);
        self.offset = 0;
        self.head = Head::default();
        self.seen = None;
        Step::Restart(reason)
    }
}

/// What one attempt to read brought.
pub(super) enum Step {
    /// So many bytes in the buffer.
    Bytes(usize),
    /// So many NULs, not in the buffer.
    Hole(u64),
    /// The file was truncated or rewritten; in words.
    Restart(String),
    /// The last writer of a named pipe has gone.
    Hangup,
    /// Nothing more for the moment.
    End,
}

/// More than [`Head`] keeps.
const NULS: [u8; 1024] = [0; 1024];

/// The encoding of a file, by what it begins with.
fn encoding(file: &File) -> io::Result<Encoding> {
    let mut head = [0; 4096];
    let count = file.read_at(&mut head, 0)?;
    Ok(Encoding::of(&head[..count]))
}

fn trailing_nuls(bytes: &[u8]) -> usize {
    bytes.iter().rev().take_while(|byte| **byte == 0).count()
}

/// Takes a batch when there is something to put into it.
struct Sink<'a> {
    builder: &'a mut Option<BatchBuilder>,
    ingest: &'a IngestHandle,
    source: &'a Arc<SourceStatus>,
    written_ns: Option<i64>,
}

impl Sink<'_> {
    fn builder(&mut self) -> &mut BatchBuilder {
        let builder = self.builder.get_or_insert_with(|| self.ingest.fill(self.source));
        if let Some(written_ns) = self.written_ns {
            builder.written(written_ns);
        }
        builder
    }

    fn push(&mut self, item: Item<'_>) -> Result<(), Shutdown> {
        let source = self.source;
        Followed::note_broken(source, self.ingest, &item);
        notes::push_item(self.builder(), Format::Text, &source.name, item)
    }
}

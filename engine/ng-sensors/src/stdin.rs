//! Standard input as lines.

use crate::{ReadingRules, Sensor, SensorType, notes};
use ng_model::intake::{BatchBuilder, IngestHandle, Shutdown, SourceStatus};
use ng_model::settings::{Accepts, Row, SettingError, Values};
use ng_reading::source_reader::{Item, Limits, SourceReader};
use ng_wire::{Format, TroubleKind};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

pub(crate) static SENSOR: SensorType = SensorType {
    name: "stdin",
    summary: "Lines from standard input.",
    settings: &[
        Row {
            key: "enabled",
            accepts: Accepts::Bool(false),
            unit: "",
            summary: "Whether standard input is read; switched on when it is a pipe or a file.",
        },
        MAX_LINE_BYTES,
    ],
    build,
};

/// The limit on a line, the same for every sensor that reads lines.
pub(crate) const MAX_LINE_BYTES: Row = Row {
    key: "max_line_bytes",
    accepts: Accepts::Int(65_536, 256, 16 * 1024 * 1024),
    unit: "B",
    summary: "A longer line is cut here; the rest is left out and a note says how much.",
};

/// What could go on is an event when nothing came for so long.
pub(crate) const SETTLES: Duration = Duration::from_millis(500);
const CHUNK: usize = 256 * 1024;
/// How long one wait for input lasts before the next look at the stop.
pub(crate) const LOOK: Timespec = Timespec { tv_sec: 0, tv_nsec: 100_000_000 };

/// Reads lines from a file descriptor until its end. Waits while the engine is behind, so that a producer on the other
/// end of a pipe is slowed down and nothing is lost.
#[derive(Debug)]
pub struct Stdin {
    source: Arc<SourceStatus>,
    fd: std::io::Result<OwnedFd>,
    reader: SourceReader,
}

impl Stdin {
    /// Reads from `fd`, with the default limit on the length of a line.
    pub fn new(fd: OwnedFd) -> Self {
        Self::of(Ok(fd), &Values::defaults(SENSOR.settings), Limits::default())
    }

    fn of(fd: std::io::Result<OwnedFd>, values: &Values, limits: Limits) -> Self {
        let source = SourceStatus::new("stdin", SENSOR.name, 0);
        let limits = Limits { line_bytes: values.int("max_line_bytes") as usize, ..limits };
        Stdin { source, fd, reader: SourceReader::new(limits) }
    }
}

fn build(values: &Values, rules: &ReadingRules) -> Result<Box<dyn Sensor>, SettingError> {
    // A closed standard input is reported on the screen by the running sensor; it is not a mistake in the settings.
    let fd = std::io::stdin().as_fd().try_clone_to_owned();
    Ok(Box::new(Stdin::of(fd, values, rules.limits)))
}

impl Sensor for Stdin {
    fn source(&self) -> &Arc<SourceStatus> {
        &self.source
    }

    fn run(&mut self, ingest: &IngestHandle) {
        let Stdin { source, fd, reader } = self;
        match fd {
            Ok(fd) => {
                if read(ingest, source, fd, reader).is_err() {
                    return;
                }
            }
            Err(error) => source.error(ingest.now_ns(), format!("cannot open standard input: {error}")),
        }
        source.ended.store(true, Ordering::Relaxed);
    }
}

fn read(
    ingest: &IngestHandle,
    source: &Arc<SourceStatus>,
    fd: &OwnedFd,
    reader: &mut SourceReader,
) -> Result<(), Shutdown> {
    let mut buffer = vec![0; CHUNK];
    let mut builder = ingest.fill(source);
    let mut latest = Instant::now();
    loop {
        if ingest.stopped() {
            return Err(Shutdown);
        }
        match poll(&mut [PollFd::new(fd, PollFlags::IN)], Some(&LOOK)) {
            Ok(0) => {
                source.ok(ingest.now_ns());
                if reader.is_waiting() && latest.elapsed() >= SETTLES {
                    reader.settle(&mut |item| push(&mut builder, ingest, source, item))?;
                    builder.flush()?;
                }
                continue;
            }
            Ok(_) => {}
            Err(Errno::INTR) => continue,
            Err(error) => {
                source.error(ingest.now_ns(), format!("cannot wait for standard input: {error}"));
                break;
            }
        }
        match rustix::io::read(fd, &mut buffer) {
            Ok(0) => break,
            Ok(count) => {
                latest = Instant::now();
                let mut bytes = &buffer[..count];
                while !bytes.is_empty() && !ingest.stopped() {
                    let (portion, rest) = bytes.split_at(reader.portion().min(bytes.len()));
                    reader.feed(portion, &mut |item| push(&mut builder, ingest, source, item))?;
                    bytes = rest;
                }
                builder.flush()?;
            }
            Err(Errno::INTR | Errno::AGAIN) => {}
            Err(error) => {
                source.error(ingest.now_ns(), format!("cannot read standard input: {error}"));
                break;
            }
        }
    }
    reader.finish(&mut |item| push(&mut builder, ingest, source, item))?;
    builder.flush()
}

fn push(
    builder: &mut BatchBuilder,
    ingest: &IngestHandle,
    source: &SourceStatus,
    item: Item<'_>,
) -> Result<(), Shutdown> {
    if let Item::Broken(problem) = item {
        source.fail(ingest.now_ns(), TroubleKind::Unreadable, format!("cannot read standard input: {problem}"));
    }
    notes::push_item(builder, Format::Text, &source.name, item)
}

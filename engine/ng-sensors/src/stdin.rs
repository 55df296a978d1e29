//! Standard input as lines.

use crate::{Sensor, SensorType, notes};
use ng_model::intake::{IngestHandle, Shutdown, SourceStatus};
use ng_model::settings::{Accepts, Row, SettingError, Values};
use ng_reading::lines::LineSplitter;
use ng_wire::Format;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::Arc;
use std::sync::atomic::Ordering;

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

const CHUNK: usize = 256 * 1024;
/// How long one wait for input lasts before the next look at the stop.
pub(crate) const LOOK: Timespec = Timespec { tv_sec: 0, tv_nsec: 100_000_000 };

/// Reads lines from a file descriptor until its end. Waits while the engine is behind, so that a producer on the other
/// end of a pipe is slowed down and nothing is lost.
#[derive(Debug)]
pub struct Stdin {
    source: Arc<SourceStatus>,
    fd: std::io::Result<OwnedFd>,
    lines: LineSplitter,
}

impl Stdin {
    /// Reads from `fd`, with the default limit on the length of a line.
    pub fn new(fd: OwnedFd) -> Self {
        Self::of(Ok(fd), &Values::defaults(SENSOR.settings))
    }

    fn of(fd: std::io::Result<OwnedFd>, values: &Values) -> Self {
        let source = SourceStatus::new("stdin", SENSOR.name, 0);
        Stdin { source, fd, lines: LineSplitter::new(values.int("max_line_bytes") as usize) }
    }
}

fn build(values: &Values) -> Result<Box<dyn Sensor>, SettingError> {
    // A closed standard input is reported on the screen by the running sensor; it is not a mistake in the settings.
    let fd = std::io::stdin().as_fd().try_clone_to_owned();
    Ok(Box::new(Stdin::of(fd, values)))
}

impl Sensor for Stdin {
    fn source(&self) -> &Arc<SourceStatus> {
        &self.source
    }

    fn run(&mut self, ingest: &IngestHandle) {
        let Stdin { source, fd, lines } = self;
        match fd {
            Ok(fd) => {
                if read(ingest, source, fd, lines).is_err() {
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
    lines: &mut LineSplitter,
) -> Result<(), Shutdown> {
    let mut buffer = vec![0; CHUNK];
    let mut builder = ingest.fill(source);
    loop {
        if ingest.stopped() {
            return Err(Shutdown);
        }
        match poll(&mut [PollFd::new(fd, PollFlags::IN)], Some(&LOOK)) {
            Ok(0) => {
                source.ok(ingest.now_ns());
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
                lines.feed(&buffer[..count], &mut |piece| {
                    notes::push_piece(&mut builder, Format::Text, &source.name, piece)
                })?;
                builder.flush()?;
            }
            Err(Errno::INTR | Errno::AGAIN) => {}
            Err(error) => {
                source.error(ingest.now_ns(), format!("cannot read standard input: {error}"));
                break;
            }
        }
    }
    lines.finish(&mut |piece| notes::push_piece(&mut builder, Format::Text, &source.name, piece))?;
    builder.flush()
}

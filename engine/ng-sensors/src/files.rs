//! Files that grow, followed by their open descriptors.
//!
//! The files are polled; there is no notification to miss. A file is known by device, inode and time of birth. When its
//! path leads elsewhere (rotation by rename, deletion, a turned symbolic link) it is read to its end before its successor
//! is, and stays open for whatever its writer still adds. Generations that came and went between two looks are found
//! beside the path by their time of birth. A file that is closed leaves its place behind: when it comes back it is read on
//! from there.
//!
//! A file whose last lines are known from an earlier process, which kept them, is read on behind these.
//!
//! A file that is compressed is read once to its end, from its beginning, and not followed.
//!
//! Files that are read from their beginning are merged by time up to where they ended at the start.
//!
//! What cannot be seen: lines written between the last look and a truncation (copytruncate); a file that is truncated
//! and, before the next look, grows past the old place with the same first 256 bytes and the same 256 bytes before that
//! place; a generation that is deleted or compressed before the next look. Generations born within one tick of the kernel (4 ms) are ordered by their names, and
//! may change places when they are renamed again at that moment. A look comes at least every 250 ms, unless the engine is behind and the sensor waits
//! for it.
//!
//! # Layout
//!
//! `follower` knows paths, rotations and the limit on files; `followed` reads one open file; `merge` hands on by time what
//! `read_ahead` reads of each, `ahead` keeps, and `first_pass` knows how far it is; `scan` expands globs and lists
//! directories; `expand` walks the folders for a glob; `name` writes names, which are bytes, as text; `place` is what
//! identifies a file and where reading began, `known` finds what an earlier process read.

mod ahead;
mod expand;
mod first_pass;
mod followed;
mod follower;
mod known;
mod merge;
mod name;
mod place;
mod read_ahead;
mod rotation;
mod scan;

use crate::stdin::MAX_LINE_BYTES;
use crate::{KnownLines, ReadingRules, Sensor, SensorType, pace};
use expand::Glob;
use follower::Follower;
use ng_model::intake::{IngestHandle, Shutdown, SourceStatus};
use ng_model::settings::{Accepts, Row, SettingError, Values};
use ng_reading::recogniser::Recogniser;
use ng_reading::source_reader::Limits;
use std::sync::Arc;
use std::time::{Duration, Instant};

pub(crate) static SENSOR: SensorType = SensorType {
    name: "files",
    summary: "Lines of files that grow, rotation included.",
    settings: &[
        Row { key: "enabled", accepts: Accepts::Bool(true), unit: "", summary: "Whether files are followed." },
        Row {
            key: "paths",
            accepts: Accepts::List(USUAL),
            unit: "",
            summary: r"Globs of the files to follow; ** stands for any depth, \xff for a byte that is not UTF-8.",
        },
        Row {
            key: "from",
            accepts: Accepts::Choice(&["end", "beginning"]),
            unit: "",
            summary: "Where reading starts in files that are there at the start.",
        },
        Row {
            key: "tail_lines",
            accepts: Accepts::Int(10, 0, 100_000),
            unit: "",
            summary: "Lines shown from before the end when reading starts there.",
        },
        Row {
            key: "order",
            accepts: Accepts::Choice(&["time", "arrival"]),
            unit: "",
            summary: "Files read from their beginning are merged by the times of their events, or come as they are read.",
        },
        Row {
            key: "max_files",
            accepts: Accepts::Int(256, 1, 4096),
            unit: "",
            summary: "Most files followed; of more, those written to last.",
        },
        Row {
            key: "rescan_s",
            accepts: Accepts::Float(2.0, 0.05, 3600.0),
            unit: "s",
            summary: "Time between two looks for files that match.",
        },
        MAX_LINE_BYTES,
    ],
    build,
};

/// Files that are followed where nothing is said. Most hosts lack some of them.
const USUAL: &[&str] = &["/var/log/syslog", "/var/log/messages", "/var/log/*.log", "/var/log/*/*.log"];

/// Wait after a look that found something; doubled up to [`LONGEST`] while nothing comes.
const SHORTEST: Duration = Duration::from_millis(20);
const LONGEST: Duration = Duration::from_millis(250);

/// The settings of the sensor.
struct Options {
    globs: Vec<Glob>,
    /// Somebody named them, and is told of those that are not there.
    named: bool,
    /// Lines shown from before the end; `None` = everything.
    tail_lines: Option<usize>,
    max_files: usize,
    rescan: Duration,
    limits: Limits,
    /// Files that are read from their beginning are merged by time.
    by_time: bool,
    /// Finds that time.
    recogniser: Recogniser,
    /// Behind which lines reading goes on, by source, in files that are there at the start.
    known: KnownLines,
}

struct Files {
    report: Arc<SourceStatus>,
    /// Until it runs for the first time.
    options: Option<Options>,
    /// From then on: it knows how far every file was read, after a panic too.
    follower: Option<Follower>,
}

fn build(values: &Values, rules: &ReadingRules) -> Result<Box<dyn Sensor>, SettingError> {
    let mut globs = Vec::new();
    for path in values.list("paths") {
        let expected = match Glob::new(path) {
            Err(error) => format!("{path:?} is not a glob: {} at {}", error.msg, error.pos),
            Ok(_) if path.is_empty() || path.contains('\0') => format!("expected paths or globs, found {path:?}"),
            Ok(glob) => {
                globs.push(glob);
                continue;
            }
        };
        return Err(SettingError { key: "paths".into(), expected });
    }
    let options = Options {
        globs,
        named: values.list("paths") != USUAL,
        tail_lines: (values.text("from") == "end").then(|| values.int("tail_lines") as usize),
        max_files: values.int("max_files") as usize,
        rescan: Duration::from_secs_f64(values.float("rescan_s")),
        limits: Limits { line_bytes: values.int("max_line_bytes") as usize, ..rules.limits },
        by_time: values.text("order") == "time",
        recogniser: rules.recogniser.clone(),
        known: rules.known.clone(),
    };
    let report = SourceStatus::new("files", SENSOR.name, 0);
    Ok(Box::new(Files { report, options: Some(options), follower: None }))
}

impl Sensor for Files {
    fn source(&self) -> &Arc<SourceStatus> {
        &self.report
    }

    fn run(&mut self, ingest: &IngestHandle) {
        if let Some(options) = self.options.take() {
            self.follower = Some(Follower::new(options, ingest.clone(), self.report.clone()));
        }
        if let Some(follower) = &mut self.follower {
            // An error means that the engine is stopping, which is how every sensor ends.
            let _: Result<(), Shutdown> = follow(follower, ingest);
        }
    }
}

fn follow(follower: &mut Follower, ingest: &IngestHandle) -> Result<(), Shutdown> {
    let rescan = follower.options.rescan;
    let mut scan_due = Instant::now();
    let mut delay = SHORTEST;
    loop {
        if Instant::now() >= scan_due {
            follower.scan()?;
            scan_due = Instant::now() + rescan;
        }
        let found = follower.look()?;
        delay = if found.any { SHORTEST } else { (delay * 2).min(LONGEST) };
        let next = if found.more { Instant::now() } else { Instant::now() + delay };
        pace::wait(ingest, next)?;
    }
}

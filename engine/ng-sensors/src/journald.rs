//! The journal of systemd, through `journalctl -f -o json`.
//!
//! A child that ends is started again behind the last entry that was handed on, so no entry is lost or shown twice. While
//! it brings nothing the source is in trouble, and the waits grow.

mod child;

use crate::stdin::MAX_LINE_BYTES;
use crate::{ReadingRules, Sensor, SensorType, pace};
use child::{Child, Ended};
use ng_model::intake::{IngestHandle, Shutdown, SourceStatus};
use ng_model::settings::{Accepts, Row, SettingError, Values};
use ng_wire::TroubleKind;
use std::io::ErrorKind;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

pub(crate) static SENSOR: SensorType = SensorType {
    name: "journald",
    summary: "Entries of the journal of systemd.",
    settings: &[
        Row { key: "enabled", accepts: Accepts::Bool(true), unit: "", summary: "Whether the journal is followed." },
        Row {
            key: "lines",
            accepts: Accepts::Int(10, 0, 100_000),
            unit: "",
            summary: "Entries shown from before the start.",
        },
        Row {
            key: "units",
            accepts: Accepts::List(&[]),
            unit: "",
            summary: "Only entries of these units; an empty list means every unit.",
        },
        Row { accepts: Accepts::Int(1024 * 1024, 256, 16 * 1024 * 1024), ..MAX_LINE_BYTES },
    ],
    build,
};

/// Follows the journal until the engine stops.
#[derive(Debug)]
pub struct Journald {
    source: Arc<SourceStatus>,
    program: PathBuf,
    lines: i64,
    units: Vec<String>,
    max_line_bytes: usize,
    place: ReadPosition,
}

/// Where to go on reading.
#[derive(Debug, Default)]
struct ReadPosition {
    /// Cursor of the last entry that was handed on.
    cursor: Option<String>,
    /// Entries handed on since the start.
    entries: u64,
}

/// First wait before a child is started again; doubled up to [`LONGEST`] while it brings nothing.
const SHORTEST: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_secs(30);

impl Journald {
    /// Runs `program`, which is looked up on `PATH` when it is a bare name, in place of `journalctl`.
    pub fn new(program: impl Into<PathBuf>, values: &Values) -> Self {
        Journald {
            source: SourceStatus::new("journald", SENSOR.name, 0),
            program: program.into(),
            lines: values.int("lines"),
            units: values.list("units").to_vec(),
            max_line_bytes: values.int("max_line_bytes") as usize,
            place: ReadPosition::default(),
        }
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        // Without --all, fields above 4 KiB come as null; their size is bounded by `max_line_bytes` here.
        command.args(["--follow", "--output=json", "--no-pager", "--all"]);
        match &self.place.cursor {
            // --no-tail, or --follow would leave out all but the last ten of the entries missed in between.
            Some(cursor) => command.args(["--no-tail".into(), format!("--after-cursor={cursor}")]),
            None => command.arg(format!("--lines={}", self.lines)),
        };
        command.args(self.units.iter().map(|unit| format!("--unit={unit}")));
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        // In a group of its own, so that Ctrl-C and Ctrl-Z of the terminal reach the console alone.
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        command
    }
}

fn build(values: &Values, _: &ReadingRules) -> Result<Box<dyn Sensor>, SettingError> {
    if let Some(unit) = values.list("units").iter().find(|unit| unit.is_empty() || unit.contains('\0')) {
        return Err(SettingError { key: "units".into(), expected: format!("expected names of units, found {unit:?}") });
    }
    Ok(Box::new(Journald::new("journalctl", values)))
}

impl Sensor for Journald {
    fn source(&self) -> &Arc<SourceStatus> {
        &self.source
    }

    fn run(&mut self, ingest: &IngestHandle) {
        let source = self.source.clone();
        let mut restarts = 0u64;
        let mut backoff = SHORTEST;
        loop {
            let before = self.place.entries;
            let problem = match self.command().spawn() {
                Err(error) if error.kind() == ErrorKind::NotFound => {
                    let program = self.program.display();
                    source.error(ingest.now_ns(), format!("{program} not found; the journal cannot be followed here"));
                    break;
                }
                Err(error) => format!("cannot start {}: {error}", self.program.display()),
                Ok(child) => match Child::new(child).follow(ingest, &source, self.max_line_bytes, &mut self.place) {
                    Err(Shutdown) => return,
                    Ok(Ended { success: true, says, .. }) if self.place.entries == 0 => {
                        format!("journalctl ended without an entry; is the journal empty or not readable?{says}")
                    }
                    Ok(Ended { says, status, .. }) => format!("journalctl ended ({status}){says}"),
                },
            };
            restarts += 1;
            backoff = if self.place.entries > before { SHORTEST } else { backoff };
            let seconds = backoff.as_secs();
            source.error(ingest.now_ns(), format!("{problem}; restart {restarts} in {seconds} s"));
            if self.place.entries == before {
                source.fail(ingest.now_ns(), TroubleKind::Unreadable, problem);
            }
            if pace::wait(ingest, Instant::now() + backoff).is_err() {
                return;
            }
            backoff = (backoff * 2).min(LONGEST);
        }
        source.ended.store(true, Ordering::Relaxed);
    }
}

/// The cursor in an entry, which may have been cut behind it.
fn cursor(entry: &[u8]) -> Option<&str> {
    const KEY: &[u8] = br#""__CURSOR""#;
    // Quotes inside a JSON string are escaped, so that a message cannot contain the key.
    let rest = &entry[memchr::memmem::find(entry, KEY)? + KEY.len()..];
    let rest = rest.trim_ascii_start().strip_prefix(b":")?.trim_ascii_start().strip_prefix(b"\"")?;
    let text = std::str::from_utf8(&rest[..memchr::memchr(b'"', rest)?]).ok()?;
    (!text.is_empty() && !text.contains('\\')).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cursor_is_found_in_whole_and_cut_entries() {
        let check = |entry: &str, expect: Option<&str>| assert_eq!(cursor(entry.as_bytes()), expect, "{entry}");
        check(r#"{"__CURSOR":"s=1;i=2","MESSAGE":"x"}"#, Some("s=1;i=2"));
        check(r#"{ "__CURSOR" : "s=1;i=2", "MESSAGE" : "x" }"#, Some("s=1;i=2"));
        check(r#"{"MESSAGE":"x","__CURSOR":"s=3""#, Some("s=3"));
        check(r#"{"MESSAGE":"\"__CURSOR\":\"fake\"","__CURSOR":"s=4"}"#, Some("s=4"));
        check(r#"{"__CURSOR":"s=1"#, None);
        check(r#"{"__CURSOR":""}"#, None);
        check(r#"{"__CURSOR":7}"#, None);
        check("", None);
    }

    #[test]
    fn the_child_starts_at_the_tail_or_behind_the_cursor() {
        let check = |place: ReadPosition, units: &[&str], expect: &str| {
            let mut journald = Journald::new("journalctl", &Values::defaults(SENSOR.settings));
            journald.place = place;
            journald.units = units.iter().map(|unit| unit.to_string()).collect();
            let command = journald.command();
            let args: Vec<_> = command.get_args().map(|arg| arg.to_str().unwrap()).collect();
            assert_eq!(args.join(" "), format!("--follow --output=json --no-pager --all {expect}"));
        };
        check(ReadPosition::default(), &[], "--lines=10");
        check(ReadPosition::default(), &["ssh.service", "-x"], "--lines=10 --unit=ssh.service --unit=-x");
        check(ReadPosition { cursor: Some("s=1".into()), entries: 1 }, &[], "--no-tail --after-cursor=s=1");
    }
}

//! One run of `journalctl`.

use super::ReadPosition;
use crate::notes;
use crate::stdin::LOOK;
use ng_model::intake::{IngestHandle, Shutdown, SourceStatus};
use ng_reading::lines::{LineSplitter, Piece};
use ng_wire::Format;
use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;
use std::io::Read;
use std::process::{ChildStderr, ExitStatus};
use std::sync::Arc;
use std::time::{Duration, Instant};

const CHUNK: usize = 64 * 1024;
/// As much of what the child says on its standard error is kept for the report, the latest of it.
const SAYS: usize = 512;
/// A child that has closed its standard output is listened to for so long; whoever complains without end is ended.
const FAREWELL: Duration = Duration::from_secs(1);
/// A child that shows nothing for this long is reported: usually the journal is empty or may not be read.
const SILENT: Duration = Duration::from_secs(5);

/// The running child, killed and waited for when it goes out of scope. Should this process be killed, the child sees its
/// standard output closed and ends by itself.
pub(super) struct Child {
    process: std::process::Child,
    says: Vec<u8>,
}

/// How a child ended.
pub(super) struct Ended {
    /// Its exit status is 0.
    pub(super) success: bool,
    /// The status in words.
    pub(super) status: String,
    /// What it said on its standard error, with a colon before it; empty when it said nothing.
    pub(super) says: String,
}

impl Child {
    pub(super) fn new(process: std::process::Child) -> Self {
        Child { process, says: Vec::new() }
    }

    /// Hands on entries until the child ends, and leaves in `place` where the next one goes on.
    pub(super) fn follow(
        mut self,
        ingest: &IngestHandle,
        source: &Arc<SourceStatus>,
        max_line_bytes: usize,
        place: &mut ReadPosition,
    ) -> Result<Ended, Shutdown> {
        let (Some(mut stdout), Some(mut stderr)) = (self.process.stdout.take(), self.process.stderr.take()) else {
            return Ok(self.end());
        };
        let mut builder = ingest.fill(source);
        let mut buffer = vec![0; CHUNK];
        let mut lines = LineSplitter::new(max_line_bytes);
        let started = Instant::now();
        let (mut stderr_open, mut reported) = (true, false);
        loop {
            if ingest.stopped() {
                return Err(Shutdown);
            }
            let (entry, complaint) = ready(&stdout, stderr_open.then_some(&stderr));
            if complaint {
                stderr_open = self.listen(&mut stderr, &mut buffer);
            }
            if entry {
                match stdout.read(&mut buffer) {
                    Ok(0) => break,
                    Ok(count) => {
                        let mut push = |piece: Piece<'_>| {
                            if let Piece::Line(entry) | Piece::Cut { kept: entry, .. } = piece {
                                place.entries += 1;
                                note_cursor(&mut place.cursor, entry);
                            }
                            notes::push_item(&mut builder, Format::Journal, &source.name, piece.into())
                        };
                        lines.feed(&buffer[..count], &mut push)?;
                        builder.flush()?;
                        source.recover();
                    }
                    Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                    Err(_) => break,
                }
            } else {
                source.ok(ingest.now_ns());
            }
            if place.entries == 0 && !reported && started.elapsed() > SILENT {
                source.error(ingest.now_ns(), format!("the journal shows no entries{}", self.said()));
                reported = true;
            }
        }
        // The rest of a line that the child did not finish is left out: it is read again behind the cursor.
        let farewell = Instant::now() + FAREWELL;
        while stderr_open && Instant::now() < farewell && ready(&stderr, None).0 {
            stderr_open = self.listen(&mut stderr, &mut buffer);
        }
        Ok(self.end())
    }

    /// Reads standard error; false at its end.
    fn listen(&mut self, stderr: &mut ChildStderr, buffer: &mut [u8]) -> bool {
        let count = stderr.read(buffer).unwrap_or(0);
        self.says.extend_from_slice(&buffer[..count]);
        let surplus = self.says.len().saturating_sub(SAYS);
        self.says.drain(..surplus);
        count > 0
    }

    fn said(&self) -> String {
        let text = String::from_utf8_lossy(&self.says);
        let words: Vec<_> = text.split_whitespace().collect();
        if words.is_empty() { String::new() } else { format!(": {}", words.join(" ")) }
    }

    fn end(mut self) -> Ended {
        // It has closed its standard output, but may hang all the same.
        let status = self.stop();
        let success = status.is_some_and(|status| status.success());
        let status = status.map_or("status unknown".into(), |status| status.to_string());
        Ended { success, status, says: self.said() }
    }

    fn stop(&mut self) -> Option<ExitStatus> {
        let patience = Instant::now() + Duration::from_millis(100);
        while Instant::now() < patience {
            match self.process.try_wait() {
                Ok(Some(status)) => return Some(status),
                Ok(None) => std::thread::sleep(Duration::from_millis(2)),
                Err(_) => break,
            }
        }
        // Both fail only when the child is gone.
        let _ = self.process.kill();
        self.process.wait().ok()
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Waits up to 100 ms; says whether standard output and standard error have something to read, their end included.
fn ready(stdout: &impl std::os::fd::AsFd, stderr: Option<&ChildStderr>) -> (bool, bool) {
    let out = PollFd::new(stdout, PollFlags::IN);
    let result = match stderr {
        None => {
            let mut fds = [out];
            poll(&mut fds, Some(&LOOK)).map(|_| (!fds[0].revents().is_empty(), false))
        }
        Some(stderr) => {
            let mut fds = [out, PollFd::new(stderr, PollFlags::IN)];
            poll(&mut fds, Some(&LOOK)).map(|_| (!fds[0].revents().is_empty(), !fds[1].revents().is_empty()))
        }
    };
    match result {
        Ok(ready) => ready,
        Err(Errno::INTR) => (false, false),
        // Reading will tell what is wrong.
        Err(_) => (true, false),
    }
}

/// Keeps the memory of the cursor before.
fn note_cursor(cursor: &mut Option<String>, entry: &[u8]) {
    if let Some(found) = super::cursor(entry) {
        let cursor = cursor.get_or_insert_default();
        cursor.clear();
        cursor.push_str(found);
    }
}

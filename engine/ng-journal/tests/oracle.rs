//! A process that keeps history is killed, starved and doubled, and what it acknowledged is looked for.
//!
//! It runs this file again: the child appends numbered events whose content follows from their number, and prints the last of each
//! batch once it is kept. `LOST`, `DUPLICATE`, `CORRUPT` and `PHANTOM` are then counted against what it printed.

#![expect(clippy::print_stdout, reason = "the child acknowledges on standard output, and the result goes there")]

mod common;

use common::{DAY_NS, SMALL, START_NS, batch, name, now, read_all, template};
use ng_journal::store::{Error, Journal, Limits};
use std::io::{BufRead, BufReader, Write};
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

const ROUNDS: u64 = 20;
const SIGKILL: i32 = 9;
/// What the child says that it is about to do.
const STEPS: [&str; 3] = ["seal", "close", "take away"];

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    match arguments.get(1).map(String::as_str) {
        Some("child") => child(Path::new(&arguments[2])),
        // By hand, after something else has killed a child, such as `strace --inject`.
        Some("judge") => judge(Path::new(&arguments[2]), arguments[3].parse().unwrap(), true),
        Some("--list") => {}
        _ => {
            killed_at_any_moment();
            a_full_disk_is_said_and_left_behind();
            two_processes();
            a_folder_that_may_not_be_written();
        }
    }
}

/// Appends, seals, closes and takes away until it is killed. What cannot be kept is tried again.
fn child(folder: &Path) {
    let mut journal = match Journal::open(folder, SMALL) {
        Ok(journal) => journal,
        Err(error) => {
            println!("refused {error}");
            return;
        }
    };
    let mut out = std::io::stdout().lock();
    let mut next = journal.durable_seq().map_or(1, |seq| seq + 1);
    writeln!(out, "open {}", next - 1).unwrap();
    let mut starved = false;
    loop {
        let end = next + 1 + next * 7 % 40;
        let day = i64::try_from(next / 2000).unwrap();
        match journal.append(&batch(next..end), now(next) + day * DAY_NS, &name) {
            Ok(()) => {
                writeln!(out, "kept {}", end - 1).unwrap();
                next = end;
                starved = false;
            }
            Err(Error::Full(_) | Error::Sql { .. } | Error::Io { .. }) => {
                if !starved {
                    writeln!(out, "starved {}", next - 1).unwrap();
                }
                starved = true;
                // The parent makes room when it was told.
                std::thread::yield_now();
                continue;
            }
            Err(error) => panic!("{error}"),
        }
        if !journal.is_due() {
            continue;
        }
        let mut tell = |what: &str| writeln!(out, "at {what}").unwrap();
        tell(STEPS[0]);
        let done = journal.seal(&mut template).and_then(|()| {
            tell(STEPS[1]);
            journal.close_step(&mut template)
        });
        let done = done.and_then(|_| {
            tell(STEPS[2]);
            journal.retain(&Limits { bytes: 1 << 20, age_ns: i64::MAX }, START_NS)
        });
        if let Ok(removed) = done {
            removed.iter().for_each(|removed| writeln!(out, "removed {}", removed.name).unwrap());
        }
    }
}

/// The child, and what it has said.
struct Watched {
    child: Child,
    lines: std::io::Lines<BufReader<ChildStdout>>,
    kept: u64,
    removed: u64,
    /// What it does besides appending, since it was last heard to append.
    step: Option<String>,
    starved: bool,
    refused: Option<String>,
}

fn start(folder: &Path, shell: &str) -> Watched {
    let this = std::env::current_exe().unwrap();
    let mut command = Command::new("sh");
    command.args(["-c", &format!("{shell} exec \"$0\" child \"$1\"")]).arg(this).arg(folder);
    let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    Watched { child, lines, kept: 0, removed: 0, step: None, starved: false, refused: None }
}

impl Watched {
    /// The next line that is whole. False: there is none any more.
    fn hear(&mut self) -> bool {
        let Some(Ok(line)) = self.lines.next() else { return false };
        let Some((what, rest)) = line.split_once(' ') else { return true };
        match (what, rest.parse::<u64>()) {
            ("kept", Ok(seq)) => (self.kept, self.step, self.starved) = (seq, None, false),
            ("at", _) => self.step = Some(rest.to_owned()),
            ("starved", Ok(_)) => self.starved = true,
            ("removed", _) => self.removed += 1,
            ("refused", _) => self.refused = Some(rest.to_owned()),
            _ => {}
        }
        true
    }

    fn hear_until(&mut self, mut is_enough: impl FnMut(&Watched) -> bool) {
        while !is_enough(self) {
            assert!(self.hear(), "the child ended after event {}", self.kept);
        }
    }

    /// Kills it, and hears what it had said until then.
    fn kill(&mut self) {
        self.child.kill().unwrap();
        while self.hear() {}
        assert_eq!(self.child.wait().unwrap().signal(), Some(SIGKILL));
    }
}

/// Compares what is read with what was acknowledged, up to this event, since the first that retention has left.
fn judge(folder: &Path, acknowledged: u64, may_begin_late: bool) {
    let found = read_all(folder);
    let first = found.seqs.keys().next().copied().unwrap_or(0);
    assert!(first == 1 || may_begin_late, "begins with {first}");
    let lost = (first..=acknowledged).filter(|seq| !found.seqs.contains_key(seq)).count();
    let duplicate = found.seqs.values().filter(|times| **times > 1).count();
    // A batch may have been kept that the child could not tell of any more; no event was made beyond it.
    let phantom = found.seqs.keys().filter(|seq| **seq > acknowledged + 41).count();
    println!(
        "kept {acknowledged}, read {}: LOST {lost} DUPLICATE {duplicate} CORRUPT {} PHANTOM {phantom}",
        found.seqs.len(),
        found.corrupt
    );
    assert_eq!((lost, duplicate, found.corrupt, phantom), (0, 0, 0, 0));
}

fn killed_at_any_moment() {
    let folder = tempfile::tempdir().unwrap();
    let (mut kept, mut removed, mut slowest) = (0, 0, Duration::ZERO);
    for round in 0..ROUNDS {
        let mut watched = start(folder.path(), "");
        // Another number of batches each time, and in three rounds of four within another kind of write.
        let step = STEPS.get(round as usize % 4).map(|step| (*step).to_owned());
        let wanted = kept + 700 + round * 7919 % 1500;
        watched.hear_until(|watched| watched.kept >= wanted && (step.is_none() || watched.step == step));
        watched.kill();
        kept = watched.kept;
        removed += watched.removed;
        let started = Instant::now();
        let journal = Journal::open(folder.path(), SMALL).unwrap();
        slowest = slowest.max(started.elapsed());
        assert!(journal.durable_seq() >= Some(kept));
        assert!(journal.health().is_good(), "{}", journal.health());
        drop(journal);
        judge(folder.path(), kept, removed > 0);
    }
    assert!(removed > 0, "retention was at work");
    println!("{ROUNDS} kills, slowest opening {slowest:?}, {removed} files taken away");
}

/// A file system of its own where this process may have one; otherwise the files of the child may not grow.
fn a_full_disk_is_said_and_left_behind() {
    let folder = tempfile::tempdir().unwrap();
    let mount = |options: &str| {
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", options, "tmpfs"]).arg(folder.path()).output();
        mounted.is_ok_and(|output| output.status.success())
    };
    let has_own = mount("size=700k");
    println!("full disk: {}", if has_own { "a small tmpfs" } else { "a limit of the size of files" });
    let mut watched = start(folder.path(), if has_own { "" } else { "trap '' XFSZ; ulimit -S -f 300;" });
    watched.hear_until(|watched| watched.starved);
    let before = watched.kept;
    let pid = watched.child.id().to_string();
    let made_room = if has_own {
        mount("remount,size=64m")
    } else {
        Command::new("prlimit").args(["--pid", &pid, "--fsize=unlimited:unlimited"]).status().unwrap().success()
    };
    assert!(made_room);
    watched.hear_until(|watched| watched.kept >= before + 500);
    watched.kill();
    let judged = std::panic::catch_unwind(|| judge(folder.path(), watched.kept, watched.removed > 0));
    if has_own {
        assert!(Command::new("umount").arg(folder.path()).status().unwrap().success());
    }
    judged.unwrap();
}

fn two_processes() {
    let folder = tempfile::tempdir().unwrap();
    let mut first = start(folder.path(), "");
    first.hear_until(|watched| watched.kept > 0);
    let mut second = start(folder.path(), "");
    while second.hear() {}
    second.child.wait().unwrap();
    let refused = second.refused.unwrap();
    let expected = format!("{}: history is written by process {}", folder.path().display(), first.child.id());
    assert!(refused.starts_with(&expected), "{refused}");
    first.kill();
    judge(folder.path(), first.kept, first.removed > 0);
    println!("a second process: {refused}");
}

/// What may not be written is said, and can be read.
fn a_folder_that_may_not_be_written() {
    let folder = tempfile::tempdir().unwrap();
    let may_mount = Command::new("mount").args(["-t", "tmpfs", "tmpfs"]).arg(folder.path()).output();
    let has_own = may_mount.is_ok_and(|output| output.status.success());
    let mut journal = Journal::open(folder.path(), SMALL).unwrap();
    journal.append(&batch(1..30), now(1), &name).unwrap();
    drop(journal);
    let close = |options: &[&str], target: &Path| {
        assert!(Command::new(options[0]).args(&options[1..]).arg(target).status().unwrap().success());
    };
    let shut: &[&str] = if has_own { &["mount", "-o", "remount,ro"] } else { &["chmod", "0500"] };
    close(shut, folder.path());
    // Root may write whatever the bits say.
    let may_write = std::fs::File::create(folder.path().join("probe")).is_ok();
    let refused = std::panic::catch_unwind(|| {
        let opened = Journal::open(folder.path(), SMALL).map(drop);
        let found = read_all(folder.path());
        assert_eq!((found.seqs.len(), found.corrupt), (29, 0));
        opened
    });
    close(if has_own { &["umount"] } else { &["chmod", "0700"] }, folder.path());
    match refused.unwrap() {
        Ok(()) => assert!(may_write),
        Err(error) => {
            println!("a folder that may not be written: {error}");
            assert!(matches!(error, Error::ReadOnly(_)) && !may_write);
        }
    }
}

//! Looks which files match, and lists the generations beside a path.

use super::expand::{Glob, Listed};
use super::name::shown;
use super::place::Id;
use ng_model::intake::Shutdown;
use ng_wire::TroubleKind;
use std::collections::HashSet;
use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::FileTypeExt;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// Most files taken from one expansion; more are only counted.
const MOST: usize = 16_384;
/// Most folders of one glob that are shown because they cannot be listed; more are only counted.
const FOLDERS: usize = 16;
/// Ends of names that hold no lines, or old ones. A path without wildcards is read whatever its name, and so is what a glob
/// matches that ends so itself.
const BINARY: [&str; 12] =
    ["wtmp", "btmp", "lastlog", "faillog", "tallylog", ".journal", ".journal~", ".gz", ".xz", ".bz2", ".zst", ".lz4"];

/// A file that matches.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) path: PathBuf,
    pub(super) id: Id,
    pub(super) modified: SystemTime,
}

/// What an expansion brought.
#[derive(Debug, Default)]
pub(super) struct Scan {
    /// Matching files, each once even if several paths lead to it.
    pub(super) found: Vec<Found>,
    /// Matching files beyond [`MOST`].
    pub(super) beyond: usize,
    /// The first thing that is wrong.
    pub(super) problem: Option<String>,
    /// How many things are wrong.
    pub(super) problems: usize,
    /// Globs of which only a part was looked at, and why.
    pub(super) cuts: Vec<String>,
    /// Files that are named without wildcards and cannot be followed, and folders that cannot be listed.
    pub(super) missing: Vec<Missing>,
    /// Globs with wildcards that nothing matches, as they were written.
    pub(super) unmatched: Vec<String>,
}

/// A file that is named, or a folder on the way of a glob, that cannot be read.
#[derive(Debug)]
pub(super) struct Missing {
    pub(super) path: PathBuf,
    pub(super) kind: TroubleKind,
    pub(super) reason: String,
}

impl Scan {
    /// Notes something that is wrong.
    pub(super) fn complain(&mut self, problem: impl FnOnce() -> String) {
        self.problems += 1;
        self.problem.get_or_insert_with(problem);
    }

    /// Notes what is wrong with a file; one that is named shows it for as long as it is so.
    pub(super) fn refuse(&mut self, path: &Path, named: bool, reason: String) {
        self.complain(|| reason.clone());
        if named {
            self.missing.push(Missing { path: path.into(), kind: TroubleKind::Unreadable, reason });
        }
    }
}

/// Looks which files match the globs, until `pause` says otherwise. None is opened.
pub(super) fn scan(globs: &[Glob], pause: &dyn Fn() -> Result<(), Shutdown>) -> Result<Scan, Shutdown> {
    let mut scan = Scan::default();
    let mut known = HashSet::new();
    for glob in globs {
        if let Some(path) = glob.path() {
            consider(path, true, &mut known, &mut scan);
            continue;
        }
        let (mut any, mut closed) = (false, 0);
        glob.expand(pause, &mut |listed| match listed {
            Listed::Path(path) => {
                any = true;
                if !is_binary(&path, glob.text()) {
                    consider(path, false, &mut known, &mut scan);
                }
            }
            // One that has gone in between.
            Listed::Closed(_, error) if error.kind() == ErrorKind::NotFound => {}
            Listed::Closed(folder, error) => {
                closed += 1;
                scan.refuse(&folder, closed <= FOLDERS, format!("cannot list {}: {error}", shown(&folder)));
            }
            Listed::Cut(folder, words) => {
                scan.cuts.push(format!(
                    "{} matches more than is looked at: at {} {words}",
                    glob.text(),
                    shown(&folder)
                ));
            }
        })?;
        if !any {
            // As in a shell: a name such as `app[1].log` is that of a file when it matches no other.
            let path = glob.spelled_out();
            if path.is_file() {
                consider(path, true, &mut known, &mut scan);
            } else if closed == 0 {
                scan.unmatched.push(glob.text().to_owned());
            }
        }
    }
    Ok(scan)
}

fn consider(path: PathBuf, named: bool, known: &mut HashSet<Id>, scan: &mut Scan) {
    let name = || shown(&path);
    let metadata = match fs::metadata(&path) {
        Ok(metadata) => metadata,
        // Not there, gone in between, or a symbolic link to nothing.
        Err(error) if error.kind() == ErrorKind::NotFound => {
            if named {
                let reason = format!("waiting for {}: it does not exist yet", name());
                scan.missing.push(Missing { path, kind: TroubleKind::Waiting, reason });
            }
            return;
        }
        Err(error) => return scan.refuse(&path, named, format!("cannot look at {}: {error}", name())),
    };
    let kind = metadata.file_type();
    if kind.is_dir() {
        if named {
            let reason = format!("{0} is a directory; give a glob such as {0}/*.log", name());
            scan.refuse(&path, named, reason);
        }
    } else if !kind.is_file() && !kind.is_fifo() {
        scan.refuse(&path, named, format!("{} is neither a file nor a named pipe", name()));
    } else if known.len() == MOST {
        scan.beyond += 1;
    } else {
        let id = Id::of(&metadata);
        if known.insert(id) {
            let modified = metadata.modified().unwrap_or(SystemTime::UNIX_EPOCH);
            scan.found.push(Found { path, id, modified });
        }
    }
}

/// The name of what a glob matched is that of a file without lines.
fn is_binary(path: &Path, glob: &str) -> bool {
    let Some(name) = path.file_name().map(|name| name.as_encoded_bytes()) else { return false };
    BINARY.iter().any(|end| name.ends_with(end.as_bytes()) && !glob.ends_with(end))
}

/// Files beside `path` that bear its name with a number or `old` behind it (`app.log.1`, `app.log-20240101`) and were born
/// within `from..=to`, oldest first. Empty where the filesystem records no births.
pub(super) fn generations(path: &Path, from: Option<SystemTime>, to: Option<SystemTime>) -> Vec<Found> {
    let (Some(from), Some(to)) = (from, to) else { return Vec::new() };
    let (Some(directory), Some(name)) = (path.parent(), path.file_name()) else { return Vec::new() };
    let directory = if directory.as_os_str().is_empty() { Path::new(".") } else { directory };
    let Ok(entries) = fs::read_dir(directory) else { return Vec::new() };
    let mut found: Vec<(i64, Found)> = entries
        .flatten()
        .filter_map(|entry| {
            let other = entry.file_name();
            let age = age(other.as_encoded_bytes().strip_prefix(name.as_encoded_bytes())?)?;
            let metadata = entry.metadata().ok().filter(fs::Metadata::is_file)?;
            let id = Id::of(&metadata);
            let within = id.born.is_some_and(|born| (from..=to).contains(&born));
            within.then_some((age, Found { path: entry.path(), id, modified: metadata.modified().ok()? }))
        })
        .collect();
    // Births are as coarse as the ticks of the kernel; within one, the names tell.
    found.sort_by_key(|(age, found)| (found.id.born, found.modified, -age));
    found.into_iter().map(|(_, found)| found).collect()
}

/// How old a generation is by what stands behind the name, comparable among those of one way of naming: a number counts up
/// with age, a date counts down. Absent when it is no generation that holds lines.
fn age(ending: &[u8]) -> Option<i64> {
    let rest = ending.strip_prefix(b".").or(ending.strip_prefix(b"-")).or(ending.strip_prefix(b"_"))?;
    if matches!(rest, b"old" | b"bak" | b"prev") {
        return Some(1);
    }
    let digits: Vec<u8> = rest.iter().copied().filter(|byte| byte.is_ascii_digit()).collect();
    let is_number = rest.iter().all(|byte| byte.is_ascii_digit() || b"-_.:T".contains(byte));
    if digits.is_empty() || !is_number {
        return None;
    }
    let number: i64 = std::str::from_utf8(&digits).ok()?.parse().ok()?;
    Some(if digits.len() < 6 { number } else { -number })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_without_lines_are_left_out() {
        let check = |path: &str, expect: bool| assert_eq!(is_binary(Path::new(path), "/var/log/*"), expect, "{path}");
        check("/var/log/wtmp", true);
        check("/var/log/journal/x/system.journal", true);
        check("/var/log/syslog.2.gz", true);
        check("/var/log/syslog", false);
        check("/var/log/app.log.1", false);
    }

    #[test]
    fn generations_are_told_by_their_names() {
        let check = |ending: &str, expect: Option<i64>| assert_eq!(age(ending.as_bytes()), expect, "{ending}");
        check(".1", Some(1));
        check(".12", Some(12));
        check(".old", Some(1));
        check("-20240131", Some(-20_240_131));
        check(".2024-01-31T10:00", Some(-202_401_311_000));
        check("", None);
        check(".1.gz", None);
        check(".offset", None);
        check("1", None);
        check(".", None);
    }

    #[test]
    fn globs_are_expanded_and_directories_explained() {
        let directory = tempfile::tempdir().unwrap();
        let at = |name: &str| directory.path().join(name).to_str().unwrap().to_string();
        for name in ["a.log", "b.log", "b.log.gz", "wtmp"] {
            fs::write(at(name), "x\n").unwrap();
        }
        fs::create_dir(at("d.log")).unwrap();
        std::os::unix::fs::symlink(at("a.log"), at("link.log")).unwrap();
        std::os::unix::fs::symlink(at("nowhere"), at("broken.log")).unwrap();
        let check = |globs: &[&str], expect: &[&str], problem: Option<String>| {
            let globs: Vec<Glob> = globs.iter().map(|glob| Glob::new(&at(glob)).unwrap()).collect();
            let scan = scan(&globs, &|| Ok(())).unwrap();
            let found: Vec<_> = scan.found.iter().map(|found| found.path.to_str().unwrap().to_string()).collect();
            assert_eq!(found, expect.iter().map(|name| at(name)).collect::<Vec<_>>());
            assert_eq!(scan.problem, problem);
        };
        check(&["*.log"], &["a.log", "b.log"], None);
        check(&["*", "wtmp"], &["a.log", "b.log", "wtmp"], None);
        check(&["*.gz"], &["b.log.gz"], None);
        check(&["missing.log", "a.log"], &["a.log"], None);
        let d = at("d.log");
        check(&["d.log"], &[], Some(format!("{d} is a directory; give a glob such as {d}/*.log")));
    }
}

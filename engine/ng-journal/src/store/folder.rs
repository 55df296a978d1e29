//! The folder of history: which files there are, and who may write them.
//!
//! ```text
//! lock            held by the process that writes; has its number
//! mark            what was last acknowledged
//! catalog.db      what is known of the files without opening them
//! 2026-11-29.db   a day file; 2026-11-29.2.db is the next of that day
//! 2026-11-28.closed.db   the same once it is closed, in its last form; NAME.closing while that is made
//! NAME.unusable   what cannot be opened
//! ```

use super::error::{Error, Result};
use rustix::fs::{FlockOperation, flock};
use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

const LOCK: &str = "lock";
const ENDING: &str = ".db";
const CLOSED: &str = ".closed.db";
/// Behind the name of a file whose last form is being made, and of one that cannot be opened.
const PARTIAL: &str = ".closing";
const UNUSABLE: &str = ".unusable";
/// What SQLite keeps beside a file.
const BESIDE: [&str; 3] = ["-wal", "-shm", "-journal"];

/// A day and the number of the file on that day, from 1: the order in which names are made, not that of events.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct FileName {
    /// Days since 1970.
    pub(crate) day: i64,
    pub(crate) number: u32,
    pub(crate) is_closed: bool,
}

impl FileName {
    pub(crate) fn text(self) -> String {
        let (year, month, day) = date(self.day);
        let number = if self.number > 1 { format!(".{}", self.number) } else { String::new() };
        format!("{year:04}-{month:02}-{day:02}{number}{}", if self.is_closed { CLOSED } else { ENDING })
    }

    fn parse(text: &str) -> Option<FileName> {
        let is_closed = text.ends_with(CLOSED);
        let stem = text.strip_suffix(if is_closed { CLOSED } else { ENDING })?;
        let (date, number) = stem.split_once('.').map_or(Some((stem, 1)), |(date, number)| {
            number.parse().ok().filter(|number| *number > 1).map(|number| (date, number))
        })?;
        let mut parts = date.rsplitn(3, '-');
        let (day, month) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
        let name = FileName { day: days(parts.next()?.parse().ok()?, month, day)?, number, is_closed };
        (name.text() == text).then_some(name)
    }

    /// The same in its last form.
    pub(crate) fn closed(self) -> FileName {
        FileName { is_closed: true, ..self }
    }
}

/// The folder, and the lock on it while this process may write.
#[derive(Debug)]
pub(crate) struct Folder {
    path: PathBuf,
    _lock: Option<File>,
}

impl Folder {
    /// Takes the folder for writing; it is made when it does not exist.
    pub(crate) fn take(path: &Path) -> Result<Folder> {
        if !path.is_dir() {
            fs::create_dir_all(path).map_err(|error| Error::io(path, error))?;
            // What is durable within it is so where it is itself.
            let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
            File::open(parent).and_then(|parent| parent.sync_all()).map_err(|error| Error::io(parent, error))?;
        }
        let file = path.join(LOCK);
        let mut options = OpenOptions::new();
        let opened = options.read(true).write(true).create(true).truncate(false).open(&file);
        let mut lock = opened.map_err(|error| Error::io(&file, error))?;
        if flock(&lock, FlockOperation::NonBlockingLockExclusive).is_err() {
            let mut pid = String::new();
            let _ = lock.read_to_string(&mut pid);
            return Err(Error::Busy { path: path.to_owned(), pid: pid.trim().parse().ok() });
        }
        let written = lock.set_len(0).and_then(|()| writeln!(lock, "{}", std::process::id()));
        // Who holds it is a help to others; on a full disk it is held all the same.
        let _ = written;
        Ok(Folder { path: path.to_owned(), _lock: Some(lock) })
    }

    /// Looks at the folder.
    pub(crate) fn look(path: &Path) -> Folder {
        Folder { path: path.to_owned(), _lock: None }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn file(&self, name: FileName) -> PathBuf {
        self.path.join(name.text())
    }

    /// The day files, in the order of their names; closed ones beside those that they are made of.
    pub(crate) fn names(&self) -> Result<Vec<FileName>> {
        let entries = fs::read_dir(&self.path).map_err(|error| Error::io(&self.path, error))?;
        let mut names = Vec::new();
        for entry in entries {
            let entry = entry.map_err(|error| Error::io(&self.path, error))?;
            names.extend(entry.file_name().to_str().and_then(FileName::parse));
        }
        names.sort_unstable();
        Ok(names)
    }

    /// The name of a new file of a day.
    pub(crate) fn next_name(&self, day: i64) -> Result<FileName> {
        let number = self.names()?.iter().filter(|name| name.day == day).map(|name| name.number).max();
        let mut name = FileName { day, number: number.map_or(1, |number| number + 1), is_closed: false };
        // Nothing that is left of another file may become a part of this one.
        while beside(&self.file(name), UNUSABLE).exists() || beside(&self.file(name), BESIDE[0]).exists() {
            name.number += 1;
        }
        Ok(name)
    }

    /// Where the last form of a file is made.
    pub(crate) fn partial(&self, name: FileName) -> PathBuf {
        beside(&self.file(name), PARTIAL)
    }

    /// Throws away what was made of the last form of a file.
    pub(crate) fn unlink_partial(&self, name: FileName) -> Result<()> {
        remove_all(&self.partial(name))
    }

    /// Leaves a file that cannot be opened under another name, with what SQLite keeps beside it.
    pub(crate) fn set_aside(&self, name: FileName) -> Result<()> {
        let file = self.file(name);
        let aside = beside(&file, UNUSABLE);
        for ending in BESIDE {
            match std::fs::rename(beside(&file, ending), beside(&aside, ending)) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(Error::io(&file, error)),
                _ => {}
            }
        }
        std::fs::rename(&file, &aside).map_err(|error| Error::io(&file, error))
    }

    /// Bytes of a file with what SQLite keeps beside it.
    pub(crate) fn bytes(&self, name: FileName) -> u64 {
        let file = self.file(name);
        let len = |path: &Path| fs::metadata(path).map_or(0, |metadata| metadata.len());
        len(&file) + BESIDE.iter().map(|ending| len(&beside(&file, ending))).sum::<u64>()
    }

    /// Takes a file away with what SQLite keeps beside it. Who has it open reads on in it.
    pub(crate) fn unlink(&self, name: FileName) -> Result<()> {
        remove_all(&self.file(name))
    }
}

/// What SQLite keeps beside a file.
pub(crate) fn beside(file: &Path, ending: &str) -> PathBuf {
    let mut name = OsString::from(file);
    name.push(ending);
    name.into()
}

fn remove_all(file: &Path) -> Result<()> {
    remove(file)?;
    BESIDE.iter().try_for_each(|ending| remove(&beside(file, ending)))
}

fn remove(path: &Path) -> Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(Error::io(path, error)),
        _ => Ok(()),
    }
}

/// The day of a time.
pub(crate) fn day_of(time_ns: i64) -> i64 {
    time_ns.div_euclid(86_400_000_000_000)
}

/// Year, month and day of a day since 1970, by the Gregorian calendar.
fn date(day: i64) -> (i64, i64, i64) {
    // Years begin in March, so that the day that leap years have more is the last of a year.
    let shifted = day + 719_468;
    let (era, of_era) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let january = i64::from(month >= 10);
    (year + era * 400 + january, month + 3 - 12 * january, of_year - (153 * month + 2) / 5 + 1)
}

/// The day since 1970 of a date; none when there is no such date.
fn days(year: i64, month: i64, day: i64) -> Option<i64> {
    if !(-9999..=9999).contains(&year) || !(1..=12).contains(&month) {
        return None;
    }
    let shifted = year - i64::from(month <= 2);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let era = shifted.div_euclid(400);
    let of_era = shifted.rem_euclid(400);
    let days = era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468;
    (date(days) == (year, month, day)).then_some(days)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_come_back_and_others_are_none() {
        for day in [-1, 0, 20_060, 20_786, 24_000] {
            for number in [1, 2, 40] {
                for is_closed in [false, true] {
                    let name = FileName { day, number, is_closed };
                    assert_eq!(FileName::parse(&name.text()), Some(name), "{}", name.text());
                }
            }
        }
        assert_eq!(FileName { day: 20_786, number: 1, is_closed: false }.text(), "2026-11-29.db");
        for text in [
            "2026-02-30.db",
            "2026-2-03.db",
            "2026-11-29.1.db",
            "catalog.db",
            "2026-11-29.db-wal",
            ".db",
            "x.closed.db",
        ] {
            assert_eq!(FileName::parse(text), None, "{text}");
        }
    }
}

//! Declared formats: notations of logs that a file tells, and no code.
//!
//! # Layout
//!
//! A format is one TOML file, `formats/NAME.toml` of this crate or of the person's own folder, with samples of what it reads.
//! `built_in.rs` lists those that are built in. `file.rs` checks a file and says where it is wrong, `fields.rs` what its
//! groups mean, `check.rs` whether its samples come out. `declared.rs` takes a line apart, `heads.rs` tells by its first
//! bytes which formats it can have, `detector.rs` chooses one for the lines of a source. `columns.rs` makes formats of headers that name the columns of a log.
//!
//! A format lives as long as the process: stored events name theirs by a number, and are read again by it.

mod built_in;
mod check;
mod columns;
mod declared;
mod detector;
mod fault;
mod fields;
mod file;
mod heads;
mod sample;

#[cfg(test)]
mod tests;

pub use declared::Declared;
pub(crate) use detector::FormatDetector;
pub use fault::Fault;

use built_in::BUILT_IN;
use declared::Pattern;
use heads::Heads;
use std::sync::{Arc, LazyLock, Mutex, OnceLock};

/// Most formats of a process, those that files of the same name replace included.
const MOST: usize = 1024;

/// A file of a format.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FormatFile {
    /// Where it lies; the end of the path without `.toml` is the name of the format.
    pub path: String,
    /// What it holds.
    pub text: String,
}

/// The formats that lines are tried with, in the order in which they are tried: the person's own before those built in.
#[derive(Clone, Debug)]
pub struct Formats(Arc<Set>);

#[derive(Debug)]
struct Set {
    list: Vec<&'static Declared>,
    /// All of their patterns, in the order of `heads`.
    patterns: Vec<(&'static Declared, &'static Pattern)>,
    heads: Heads,
}

static OF_THE_BOX: LazyLock<Formats> = LazyLock::new(|| {
    let list = BUILT_IN.iter().map(|(name, text)| {
        let draft = file::read(name, text).unwrap_or_else(|faults| panic!("formats/{name}.toml: {faults:?}"));
        number(draft, "").unwrap_or_else(|fault| panic!("formats/{name}.toml: {fault:?}"))
    });
    Formats::of(list.collect())
});

impl Formats {
    /// Those that are built in.
    pub fn built_in() -> Formats {
        OF_THE_BOX.clone()
    }

    /// Those that are built in, and those of files, which replace one of the same name. What is wrong with a file leaves out
    /// that file alone.
    pub fn with(files: &[FormatFile]) -> (Formats, Vec<Fault>) {
        let mut faults = Vec::new();
        let mut own: Vec<&'static Declared> = Vec::new();
        let built_in = Formats::built_in();
        for file in files {
            match load(file) {
                Ok(format) => {
                    own.retain(|other| other.name != format.name);
                    own.push(format);
                }
                Err(found) => faults.extend(found),
            }
        }
        if own.is_empty() {
            return (built_in, faults);
        }
        let others = built_in.0.list.iter().filter(|other| own.iter().all(|format| format.name != other.name));
        let list: Vec<_> = own.iter().chain(others).copied().collect();
        match list.iter().map(|format| format.patterns().len()).sum::<usize>() {
            0..=Heads::MOST => (Formats::of(list), faults),
            count => {
                let what = format!("{count} patterns in all formats, of which {} can be told apart", Heads::MOST);
                faults.push(Fault { place: files[0].path.clone(), what });
                (built_in, faults)
            }
        }
    }

    /// All of them, in the order in which they are tried.
    pub fn iter(&self) -> impl Iterator<Item = &'static Declared> {
        self.0.list.iter().copied()
    }

    /// The format of a name.
    pub fn named(&self, name: &str) -> Option<&'static Declared> {
        self.iter().find(|format| format.name == name)
    }

    fn of(list: Vec<&'static Declared>) -> Formats {
        let of_format = |format: &'static Declared| format.patterns().iter().map(move |pattern| (format, pattern));
        let patterns: Vec<_> = list.iter().copied().flat_map(of_format).collect();
        let heads = Heads::of(patterns.iter().map(|(_, pattern)| *pattern));
        Formats(Arc::new(Set { list, patterns, heads }))
    }
}

/// Checks a file in every way, its samples too, and gives its format a number.
fn load(file: &FormatFile) -> Result<&'static Declared, Vec<Fault>> {
    let draft = file::read(&file.path, &file.text)?;
    draft.compile().map_err(|fault| vec![fault])?;
    let faults = check::samples(&draft);
    if !faults.is_empty() {
        return Err(faults);
    }
    number(draft, &file.path).map_err(|fault| vec![fault])
}

/// Formats by their numbers, from 1 on.
static KNOWN: [OnceLock<&'static Declared>; MOST] = [const { OnceLock::new() }; MOST];
/// How many there are.
static COUNT: Mutex<usize> = Mutex::new(0);

/// The format of a number. None of 0, and of a number that no format has.
pub(crate) fn known(number: u16) -> Option<&'static Declared> {
    KNOWN.get(usize::from(number).checked_sub(1)?)?.get().copied()
}

/// The number of the format of a name; 0 when none has it. Of several the latest counts. One that is built in is known also
/// in a process that reads no logs itself, such as a console that shows another host.
pub fn number_of(name: &str) -> u16 {
    latest(name).or_else(|| built_in(name)).or_else(|| columns::of_name(name)).map_or(0, |format| format.number)
}

/// The format of a name that is built in.
fn built_in(name: &str) -> Option<&'static Declared> {
    let (name, text) = BUILT_IN.iter().find(|(known, _)| *known == name)?;
    number(file::read(name, text).ok()?, "").ok()
}

/// The latest format of a name.
fn latest(name: &str) -> Option<&'static Declared> {
    let count = *COUNT.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    (1..=count as u16).rev().filter_map(known).find(|format| format.name == name)
}

/// The name of the format of a number; empty when there is none.
pub fn name_of(number: u16) -> &'static str {
    known(number).map_or("", |format| format.name)
}

/// The format with a number. The same file has the same number for as long as the process lives.
fn number(draft: Declared, path: &str) -> Result<&'static Declared, Fault> {
    let mut count = COUNT.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let of_old = (1..=*count as u16).filter_map(known).find(|old| old.path == path && old.text == draft.text);
    if let Some(old) = of_old {
        return Ok(old);
    }
    let Some(place) = KNOWN.get(*count) else {
        return Err(Fault { place: path.to_owned(), what: format!("more than {MOST} formats in one process") });
    };
    let format = Box::leak(Box::new(Declared { path: path.to_owned().leak(), number: *count as u16 + 1, ..draft }));
    *count += 1;
    Ok(place.get_or_init(|| format))
}

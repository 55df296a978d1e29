//! `catalog.db`: what is known of the files without opening them. It is a summary, made again from the files where it is lost.

use super::error::{Error, Result};
use super::folder::beside;
use super::schema::{Access, CATALOG};
use rusqlite::{Connection, OptionalExtension, params};
use std::path::{Path, PathBuf};

const FILE: &str = "catalog.db";

/// What is known of a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Entry {
    /// Its name, in its first form.
    pub(crate) name: String,
    pub(crate) seqs: [u64; 2],
    /// Its earliest and latest time.
    pub(crate) times_ns: [i64; 2],
    pub(crate) events: u64,
}

impl Entry {
    /// Takes up further events.
    pub(crate) fn add(&mut self, seqs: [u64; 2], times_ns: [i64; 2], events: u64) {
        if self.events == 0 {
            (self.seqs, self.times_ns) = (seqs, times_ns);
        }
        self.seqs[1] = seqs[1];
        self.times_ns = [self.times_ns[0].min(times_ns[0]), self.times_ns[1].max(times_ns[1])];
        self.events += events;
    }

    fn numbers(&self, lived_ns: i64) -> [i64; 6] {
        let Entry { seqs, times_ns, events, .. } = self;
        [seqs[0] as i64, seqs[1] as i64, times_ns[0], times_ns[1], *events as i64, lived_ns]
    }
}

/// Tells whether a row is what was written.
fn sum(name: &str, numbers: &[i64]) -> u32 {
    numbers
        .iter()
        .fold(crc32c::crc32c(name.as_bytes()), |sum, number| crc32c::crc32c_append(sum, &number.to_le_bytes()))
}

/// The open catalogue.
#[derive(Debug)]
pub(crate) struct Catalog {
    path: PathBuf,
    connection: Connection,
}

impl Catalog {
    /// Opens the catalogue for writing. One that is spoilt is made anew.
    pub(crate) fn open(folder: &Path) -> Result<Catalog> {
        let path = folder.join(FILE);
        let connection = match CATALOG.open(&path, Access::WriteLazily) {
            Err(error) if error.is_damage() => {
                for file in [path.clone(), beside(&path, "-wal"), beside(&path, "-shm")] {
                    match std::fs::remove_file(&file) {
                        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                            return Err(Error::io(&file, error));
                        }
                        _ => {}
                    }
                }
                CATALOG.open(&path, Access::WriteLazily)?
            }
            opened => opened?,
        };
        Ok(Catalog { path, connection })
    }

    /// The catalogue to be read; none where there is none that can be read.
    pub(crate) fn look(folder: &Path) -> Option<Catalog> {
        let path = folder.join(FILE);
        CATALOG.open(&path, Access::Read).ok().map(|connection| Catalog { path, connection })
    }

    /// Writes down what is known of a file, and which sources and types it has.
    pub(crate) fn put(&self, entry: &Entry, names: &[Option<String>]) -> Result<()> {
        let lived_ns = self.clock()?.map_or(0, |[_, lived_ns]| lived_ns);
        let act = || {
            let transaction = self.connection.unchecked_transaction()?;
            let text =
                "INSERT OR REPLACE INTO files(name, first_seq, last_seq, first_ns, last_ns, events, lived_ns, sum)
                VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
            let numbers @ [first, last, first_ns, last_ns, events, _] = entry.numbers(lived_ns);
            let params =
                params![entry.name, first, last, first_ns, last_ns, events, lived_ns, sum(&entry.name, &numbers)];
            transaction.prepare_cached(text)?.execute(params)?;
            for known in names.iter().flatten() {
                let text = "INSERT OR IGNORE INTO names(file, name) VALUES(?1, ?2)";
                transaction.prepare_cached(text)?.execute(params![entry.name, known])?;
            }
            transaction.commit()
        };
        act().map_err(|error| Error::sql(&self.path, error))
    }

    /// What is known of a file. What cannot be read is not known.
    pub(crate) fn get(&self, name: &str) -> Option<Entry> {
        self.row(name).map(|(entry, _)| entry)
    }

    /// How long history has been kept since this file was written last, in nanoseconds; none for one that is not known.
    pub(crate) fn age_ns(&self, name: &str) -> Result<Option<i64>> {
        let (clock, row) = (self.clock()?, self.row(name));
        Ok(clock.zip(row).map(|([_, now], (_, then))| now - then))
    }

    /// Lets the clock of history go on to this time, by so much at most, and never back.
    pub(crate) fn pass(&self, now_ns: i64, most_ns: i64) -> Result<()> {
        let [seen_ns, lived_ns] = self.clock()?.unwrap_or([now_ns, 0]);
        let lived_ns = lived_ns.saturating_add(now_ns.saturating_sub(seen_ns).clamp(0, most_ns.max(0)));
        let text = "INSERT OR REPLACE INTO clock(one, seen_ns, lived_ns, sum) VALUES(1, ?1, ?2, ?3)";
        let params = params![now_ns, lived_ns, sum("clock", &[now_ns, lived_ns])];
        let act = || self.connection.prepare_cached(text)?.execute(params);
        act().map(drop).map_err(|error| Error::sql(&self.path, error))
    }

    /// The time that was last seen, and for how long history has been kept.
    fn clock(&self) -> Result<Option<[i64; 2]>> {
        let text = "SELECT seen_ns, lived_ns, sum FROM clock";
        let ask = || {
            let mut statement = self.connection.prepare_cached(text)?;
            statement.query_row([], |row| Ok(([row.get(0)?, row.get(1)?], row.get::<_, u32>(2)?))).optional()
        };
        let found = ask().map_err(|error| Error::sql(&self.path, error))?;
        Ok(found.filter(|(clock, written)| sum("clock", clock) == *written).map(|(clock, _)| clock))
    }

    fn row(&self, name: &str) -> Option<(Entry, i64)> {
        let text = "SELECT first_seq, last_seq, first_ns, last_ns, events, lived_ns, sum FROM files WHERE name = ?1";
        let mut statement = self.connection.prepare_cached(text).ok()?;
        let row = statement.query_row([name], |row| {
            let numbers = [row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?, row.get(5)?];
            Ok((numbers, row.get::<_, u32>(6)?))
        });
        let (numbers, written) = row.ok()?;
        let [first, last, first_ns, last_ns, events, lived_ns] = numbers;
        let (seqs, times_ns) = ([first as u64, last as u64], [first_ns, last_ns]);
        let entry = Entry { name: name.to_owned(), seqs, times_ns, events: events as u64 };
        (sum(name, &numbers) == written).then_some((entry, lived_ns))
    }

    /// Forgets a file.
    pub(crate) fn remove(&self, name: &str) -> Result<()> {
        let act = || {
            let transaction = self.connection.unchecked_transaction()?;
            transaction.execute("DELETE FROM files WHERE name = ?1", [name])?;
            transaction.execute("DELETE FROM names WHERE file = ?1", [name])?;
            transaction.commit()
        };
        act().map_err(|error| Error::sql(&self.path, error))
    }
}

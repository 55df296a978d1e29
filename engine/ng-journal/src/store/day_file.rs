//! One file of history: its rows, as they are written and read. What is in them is the business of others.
//!
//! A row that cannot be read is an error of that row. Where SQLite does not get through a table from one end, it is read from the
//! other as well, and what lies between is missing.

use super::error::{Error, Result};
use super::folder::FileName;
use super::schema::{Access, DAY};
use crate::header::BlockHeader;
use crate::sealer::Sealed;
use crate::varint::{self, Input};
use crate::{Damaged, framed};
use rusqlite::{Connection, OptionalExtension, Params, Transaction, params};
use std::ops::RangeInclusive;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// A table whose rows follow each other by `seq`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Rows {
    Tail,
    Blocks,
    Bodies,
}

impl Rows {
    const fn table(self) -> &'static str {
        match self {
            Rows::Tail => "tail",
            Rows::Blocks => "blocks",
            Rows::Bodies => "bodies",
        }
    }

    const fn content(self) -> &'static str {
        match self {
            Rows::Tail => "batch",
            Rows::Blocks => "header",
            Rows::Bodies => "body",
        }
    }
}

/// An open file.
#[derive(Debug)]
pub(crate) struct DayFile {
    pub(crate) name: FileName,
    path: PathBuf,
    connection: Connection,
    /// What the file is to the file system, so that another in its place is not taken for it.
    inode: Option<(u64, u64)>,
}

impl DayFile {
    pub(crate) fn open(path: PathBuf, name: FileName, access: Access) -> Result<DayFile> {
        let connection = DAY.open(&path, access)?;
        let inode = inode(&path);
        Ok(DayFile { name, path, connection, inode })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The file is where it was opened.
    pub(crate) fn is_in_place(&self) -> bool {
        self.inode.is_some() && inode(&self.path) == self.inode
    }

    /// Does something as one transaction: all of it, or nothing.
    pub(crate) fn write<T>(&self, f: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T>) -> Result<T> {
        let act = || {
            let transaction = self.connection.unchecked_transaction()?;
            let done = f(&transaction)?;
            transaction.commit()?;
            Ok(done)
        };
        act().map_err(|error| Error::sql(&self.path, error))
    }

    /// Looks at the file as it is at this moment, until the view is dropped.
    pub(crate) fn view(&self) -> Result<Transaction<'_>> {
        self.connection.unchecked_transaction().map_err(|error| Error::sql(&self.path, error))
    }

    /// Brings the log into the file, and empties it where no reader is in its way.
    pub(crate) fn checkpoint(&self) -> Result<()> {
        self.query("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).map(drop)
    }

    /// Makes the file one that needs nothing beside it.
    pub(crate) fn make_single(&self) -> Result<()> {
        self.query("PRAGMA journal_mode = DELETE", [], |_| Ok(())).map(drop)
    }

    /// Bytes in use. Those that rows left free are filled before the file grows.
    pub(crate) fn bytes(&self) -> Result<u64> {
        let number =
            |pragma: &str| self.query(pragma, [], |row| row.get::<_, i64>(0)).map(|found| found.unwrap_or(0) as u64);
        let pages = number("PRAGMA page_count")?.saturating_sub(number("PRAGMA freelist_count")?);
        Ok(pages * number("PRAGMA page_size")?)
    }

    /// `seq` of the first event of each row that may have one of these, in their order. False: rows are missing.
    pub(crate) fn keys(&self, rows: Rows, seqs: RangeInclusive<u64>) -> (Vec<u64>, bool) {
        let mut keys: Vec<u64> = Vec::new();
        let [from, to] = [*seqs.start(), *seqs.end()].map(|seq| i64::try_from(seq).unwrap_or(i64::MAX));
        let text = |order| {
            format!(
                "SELECT first_seq FROM {} WHERE first_seq BETWEEN ?1 AND ?2 ORDER BY first_seq {order}",
                rows.table()
            )
        };
        // The row before the range may reach into it.
        let before = format!("SELECT max(first_seq) FROM {} WHERE first_seq < ?1", rows.table());
        let first = self.query(&before, [from], |row| row.get::<_, Option<i64>>(0));
        let mut is_whole = first.is_ok();
        keys.extend(first.ok().flatten().flatten().map(|key| key as u64));
        if self.each_key(&text("ASC"), [from, to], &mut keys).is_ok() {
            return (keys, is_whole);
        }
        is_whole = false;
        let mut rest = Vec::new();
        let _ = self.each_key(&text("DESC"), [from, to], &mut rest);
        let last = keys.last().copied();
        keys.extend(rest.into_iter().rev().filter(|key| last.is_none_or(|last| *key > last)));
        (keys, is_whole)
    }

    fn each_key(&self, text: &str, range: [i64; 2], keys: &mut Vec<u64>) -> rusqlite::Result<()> {
        let mut statement = self.connection.prepare_cached(text)?;
        let mut rows = statement.query(range)?;
        while let Some(row) = rows.next()? {
            let key = row.get::<_, i64>(0)? as u64;
            // What does not rise comes from a page that stands in two places.
            let rises = keys.last().is_none_or(|last| if text.ends_with("DESC") { *last > key } else { *last < key });
            if !rises {
                return Err(rusqlite::Error::IntegralValueOutOfRange(0, key as i64));
            }
            keys.push(key);
        }
        Ok(())
    }

    /// What a row has.
    pub(crate) fn content(&self, rows: Rows, key: u64) -> Result<Vec<u8>> {
        let text = format!("SELECT {} FROM {} WHERE first_seq = ?1", rows.content(), rows.table());
        let found = self.query(&text, [key as i64], |row| row.get::<_, Vec<u8>>(0))?;
        found.ok_or_else(|| Error::Damaged { path: self.path.clone(), part: "row" })
    }

    /// How many events a row has, as the table says, which has no sum.
    pub(crate) fn events(&self, rows: Rows, key: u64) -> Option<u64> {
        let text = format!("SELECT events FROM {} WHERE first_seq = ?1", rows.table());
        let events = self.query(&text, [key as i64], |row| row.get::<_, i64>(0)).ok().flatten()?;
        u64::try_from(events).ok()
    }

    /// The additions to the dictionary from this number on, as far as they can be read. False: there were more.
    pub(crate) fn dictionary(&self, from: u64) -> (Vec<Vec<u8>>, bool) {
        let mut additions = Vec::new();
        let text = "SELECT number, added FROM dictionary WHERE number >= ?1 ORDER BY number";
        let mut read = || -> rusqlite::Result<bool> {
            let mut statement = self.connection.prepare_cached(text)?;
            let mut rows = statement.query([from as i64])?;
            while let Some(row) = rows.next()? {
                let (number, bytes) = (row.get::<_, i64>(0)? as u64, row.get::<_, Vec<u8>>(1)?);
                match addition(&bytes) {
                    Ok((written, added)) if written == number && number == from + additions.len() as u64 => {
                        additions.push(added);
                    }
                    _ => return Ok(false),
                }
            }
            Ok(true)
        };
        let is_whole = read().unwrap_or(false);
        (additions, is_whole)
    }

    /// The names from this number on; none for one that cannot be read. False: there were more.
    pub(crate) fn symbols(&self, from: u32) -> (Vec<Option<String>>, bool) {
        let mut names: Vec<Option<String>> = Vec::new();
        let text = "SELECT number, name, sum FROM symbols WHERE number >= ?1 ORDER BY number";
        let mut read = || -> rusqlite::Result<()> {
            let mut statement = self.connection.prepare_cached(text)?;
            let mut rows = statement.query([from])?;
            while let Some(row) = rows.next()? {
                let (number, name, sum) = (row.get::<_, u32>(0)?, row.get::<_, String>(1), row.get::<_, u32>(2));
                let place = number.wrapping_sub(from) as usize;
                if place < names.len() || place > names.len() + (1 << 16) {
                    return Err(rusqlite::Error::IntegralValueOutOfRange(0, number.into()));
                }
                names.resize(place, None);
                names.push(name.ok().filter(|name| sum.is_ok_and(|sum| sum == name_sum(number, name))));
            }
            Ok(())
        };
        let is_whole = read().is_ok() && names.iter().all(Option::is_some);
        (names, is_whole)
    }

    fn query<T>(
        &self,
        text: &str,
        params: impl Params,
        f: impl FnOnce(&rusqlite::Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Option<T>> {
        let ask = || self.connection.prepare_cached(text)?.query_row(params, f).optional();
        ask().map_err(|error| Error::sql(&self.path, error))
    }
}

/// Adds a batch of events.
pub(crate) fn add_batch(
    transaction: &Transaction<'_>,
    first_seq: u64,
    events: usize,
    batch: &[u8],
) -> rusqlite::Result<()> {
    let text = "INSERT INTO tail(first_seq, events, batch) VALUES(?1, ?2, ?3)";
    transaction.prepare_cached(text)?.execute(params![first_seq as i64, events as i64, batch]).map(drop)
}

/// Adds a block.
pub(crate) fn add_block(transaction: &Transaction<'_>, header: &BlockHeader, block: &Sealed) -> rusqlite::Result<()> {
    let first = header.seqs[0] as i64;
    let text = "INSERT INTO blocks(first_seq, events, header) VALUES(?1, ?2, ?3)";
    transaction.prepare_cached(text)?.execute(params![first, header.events as i64, block.header])?;
    let text = "INSERT INTO bodies(first_seq, body) VALUES(?1, ?2)";
    transaction.prepare_cached(text)?.execute(params![first, block.body]).map(drop)
}

/// Takes all batches away, which are in blocks now.
pub(crate) fn clear_tail(transaction: &Transaction<'_>) -> rusqlite::Result<()> {
    transaction.prepare_cached("DELETE FROM tail")?.execute([]).map(drop)
}

/// Adds to the dictionary. A row has its number in its sum, so that none is taken for another.
pub(crate) fn add_to_dictionary(transaction: &Transaction<'_>, number: u64, added: &[u8]) -> rusqlite::Result<()> {
    let mut bytes = Vec::with_capacity(added.len() + 10);
    varint::put(&mut bytes, number);
    bytes.extend_from_slice(added);
    let text = "INSERT INTO dictionary(number, added) VALUES(?1, ?2)";
    transaction.prepare_cached(text)?.execute(params![number as i64, framed::seal(&bytes)]).map(drop)
}

fn addition(bytes: &[u8]) -> std::result::Result<(u64, Vec<u8>), Damaged> {
    let mut input = Input::new(framed::open(bytes, "dictionary")?, "dictionary");
    Ok((input.number()?, input.rest().into()))
}

/// Adds a name.
pub(crate) fn add_symbol(transaction: &Transaction<'_>, number: u32, name: &str) -> rusqlite::Result<()> {
    let text = "INSERT INTO symbols(number, name, sum) VALUES(?1, ?2, ?3)";
    transaction.prepare_cached(text)?.execute(params![number, name, name_sum(number, name)]).map(drop)
}

fn name_sum(number: u32, name: &str) -> u32 {
    crc32c::crc32c_append(crc32c::crc32c(&number.to_le_bytes()), name.as_bytes())
}

fn inode(path: &Path) -> Option<(u64, u64)> {
    std::fs::metadata(path).ok().map(|metadata| (metadata.dev(), metadata.ino()))
}

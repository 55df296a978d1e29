//! How files of history are opened, and which version of the schema they have.

use super::error::{Error, Result};
use super::folder::beside;
use rusqlite::{Connection, ErrorCode, OpenFlags};
use std::fs::OpenOptions;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::Path;
use std::time::Duration;

/// Rights of what has events, whatever those of its folder are.
const FOR_THIS_USER: u32 = 0o600;

/// Where the header of a database says by which versions of its form it is written and read; 2 is one with a log.
const VERSIONS_AT: u64 = 18;

/// What a file is made of. A migration leads from one version to the next, and none leads back.
pub(crate) struct Schema {
    /// Number 1 leads to version 1, from a file that has nothing.
    pub(crate) migrations: &'static [&'static str],
    /// Tells the file from other databases.
    pub(crate) application: i32,
}

/// A day file.
pub(crate) const DAY: Schema = Schema {
    migrations: &["
        CREATE TABLE tail(first_seq INTEGER PRIMARY KEY, events INTEGER NOT NULL, batch BLOB NOT NULL) STRICT;
        CREATE TABLE blocks(first_seq INTEGER PRIMARY KEY, events INTEGER NOT NULL, header BLOB NOT NULL) STRICT;
        CREATE TABLE bodies(first_seq INTEGER PRIMARY KEY, body BLOB NOT NULL) STRICT;
        CREATE TABLE dictionary(number INTEGER PRIMARY KEY, added BLOB NOT NULL) STRICT;
        CREATE TABLE symbols(number INTEGER PRIMARY KEY, name TEXT NOT NULL, sum INTEGER NOT NULL) STRICT;
    "],
    application: 0x4e47_4a44,
};

/// The catalogue of the files.
pub(crate) const CATALOG: Schema = Schema {
    migrations: &["
        CREATE TABLE files(name TEXT PRIMARY KEY, first_seq INTEGER NOT NULL, last_seq INTEGER NOT NULL,
            first_ns INTEGER NOT NULL, last_ns INTEGER NOT NULL, events INTEGER NOT NULL, lived_ns INTEGER NOT NULL,
            sum INTEGER NOT NULL) STRICT;
        CREATE TABLE names(file TEXT NOT NULL, name TEXT NOT NULL, PRIMARY KEY(file, name)) STRICT, WITHOUT ROWID;
        CREATE TABLE clock(one INTEGER PRIMARY KEY CHECK(one = 1), seen_ns INTEGER NOT NULL,
            lived_ns INTEGER NOT NULL, sum INTEGER NOT NULL) STRICT;
    "],
    application: 0x4e47_4a43,
};

/// What a file is opened for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    /// To be written; it is made when it does not exist. What was committed is on the disk.
    Write,
    /// The same, where what the last commits wrote can be had again: they may be lost with the power.
    WriteLazily,
    Read,
}

impl Schema {
    /// Opens a file, and brings it to the latest version where it may be written.
    pub(crate) fn open(&self, path: &Path, access: Access) -> Result<Connection> {
        self.connect(path, access).map_err(|error| match error {
            Trouble::Sql(error) => Error::sql(path, error),
            Trouble::Version(found) => {
                Error::Newer { path: path.to_owned(), found, known: self.migrations.len() as u32 }
            }
            Trouble::Log => Error::io(path, std::io::Error::other("its log cannot be made")),
            Trouble::Other => Error::Damaged { path: path.to_owned(), part: "database" },
        })
    }

    fn connect(&self, path: &Path, access: Access) -> std::result::Result<Connection, Trouble> {
        let flags = match access {
            Access::Read => OpenFlags::SQLITE_OPEN_READ_ONLY,
            _ => OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE,
        };
        let flags = flags | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        if access != Access::Read {
            // Its log gets the same rights. Where it cannot be made, opening it says why.
            let _ = OpenOptions::new().write(true).create_new(true).mode(FOR_THIS_USER).open(path);
        }
        let mut connection = Connection::open_with_flags(path, flags)?;
        let asked = connection.pragma_query_value(None, "user_version", |row| row.get::<_, i32>(0));
        let is_unreachable = asked.is_err_and(|error| error.sqlite_error_code() == Some(ErrorCode::CannotOpen));
        if is_unreachable && access == Access::Read && path.exists() && !has_log(path) {
            // Where nothing may be written no index of a log can be made, and none is needed.
            connection = Connection::open_with_flags(unchanging(path), flags | OpenFlags::SQLITE_OPEN_URI)?;
        }
        connection.busy_timeout(Duration::from_secs(5))?;
        connection.pragma_update(None, "cache_size", -512)?;
        if access != Access::Read {
            connection.pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(()))?;
            // What it answers, then and later, is said before it is written.
            if !is_logged(path) {
                return Err(Trouble::Log);
            }
            connection.pragma_update(None, "synchronous", if access == Access::Write { "FULL" } else { "NORMAL" })?;
        }
        let number = |name| connection.pragma_query_value(None, name, |row| row.get::<_, i32>(0));
        let (application, version) = (number("application_id")?, number("user_version")?);
        let is_new = application == 0 && version == 0;
        if !is_new && application != self.application {
            return Err(Trouble::Other);
        }
        let known = u32::try_from(version).map_err(|_| Trouble::Other)?;
        let missing = self.migrations.get(known as usize..).ok_or(Trouble::Version(known))?;
        if access == Access::Read {
            // An older version is read once the process that writes has brought it to the present one.
            return if missing.is_empty() { Ok(connection) } else { Err(Trouble::Other) };
        }
        if !missing.is_empty() {
            let transaction = connection.unchecked_transaction()?;
            missing.iter().try_for_each(|migration| transaction.execute_batch(migration))?;
            transaction.pragma_update(None, "user_version", self.migrations.len() as i32)?;
            transaction.pragma_update(None, "application_id", self.application)?;
            transaction.commit()?;
        }
        Ok(connection)
    }
}

/// A database whose changes go to a log first, by its own header.
fn is_logged(path: &Path) -> bool {
    let mut versions = [0; 2];
    let read = std::fs::File::open(path).and_then(|file| file.read_exact_at(&mut versions, VERSIONS_AT));
    read.is_ok() && versions == [2, 2]
}

fn has_log(path: &Path) -> bool {
    std::fs::metadata(beside(path, "-wal")).is_ok_and(|metadata| metadata.len() > 0)
}

/// The name by which SQLite opens a file that nobody changes.
fn unchanging(path: &Path) -> String {
    let text = path.to_string_lossy().replace('%', "%25").replace('?', "%3f").replace('#', "%23");
    format!("file:{text}?immutable=1")
}

enum Trouble {
    Sql(rusqlite::Error),
    Version(u32),
    /// The disk refuses what the log of a database needs.
    Log,
    Other,
}

impl From<rusqlite::Error> for Trouble {
    fn from(error: rusqlite::Error) -> Self {
        Trouble::Sql(error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_file_is_written_by_way_of_a_log() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("plain.db");
        Connection::open(&path).unwrap().execute_batch("CREATE TABLE one(two)").unwrap();
        assert!(!is_logged(&path) && !is_logged(&folder.path().join("none.db")));
        let path = folder.path().join("2026-11-29.db");
        let connection = DAY.open(&path, Access::Write).unwrap();
        assert!(is_logged(&path));
        for file in [path.clone(), beside(&path, "-wal")] {
            assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, FOR_THIS_USER, "{file:?}");
        }
        drop(connection);
    }

    #[test]
    fn a_newer_schema_is_refused_and_so_is_another_database() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("2026-11-29.db");
        drop(DAY.open(&path, Access::Write).unwrap());
        drop(DAY.open(&path, Access::Read).unwrap());
        let raw = Connection::open(&path).unwrap();
        raw.pragma_update(None, "user_version", 9).unwrap();
        drop(raw);
        for access in [Access::Write, Access::Read] {
            let error = DAY.open(&path, access).unwrap_err();
            assert!(matches!(error, Error::Newer { found: 9, known: 1, .. }), "{error}");
            assert!(error.to_string().contains("use the later version of the program"), "{error}");
        }
        assert!(CATALOG.open(&path, Access::Write).unwrap_err().is_damage());
        std::fs::write(&path, "not a database at all, but long enough to be looked at".repeat(40)).unwrap();
        assert!(DAY.open(&path, Access::Write).unwrap_err().is_damage());
        assert!(matches!(DAY.open(&folder.path().join("none.db"), Access::Read), Err(Error::Gone(_))));
    }
}

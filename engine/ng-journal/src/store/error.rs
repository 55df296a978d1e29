//! What keeps history from being written or read, in words.

use crate::Damaged;
use rusqlite::ErrorCode;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// Why something was not done. Nothing of it was done then.
#[derive(Debug)]
pub enum Error {
    /// Another process writes there.
    Busy {
        /// The folder.
        path: PathBuf,
        /// Its process, where it said so.
        pid: Option<u32>,
    },
    /// Nothing may be written there.
    ReadOnly(PathBuf),
    /// The folder or a file of it is not where it was.
    Gone(PathBuf),
    /// There is no room for it. The same can be tried again once there is.
    Full(PathBuf),
    /// A later version of the program wrote the file.
    Newer {
        /// The file.
        path: PathBuf,
        /// Version of its schema.
        found: u32,
        /// The latest that is known here.
        known: u32,
    },
    /// The events do not follow those that are kept.
    Order {
        /// `seq` of the first of them.
        first: u64,
        /// The last that is kept.
        durable: Option<u64>,
    },
    /// What is in the file is not what was written.
    Damaged {
        /// The file.
        path: PathBuf,
        /// Which part of it.
        part: &'static str,
    },
    /// The file cannot be read or written.
    Io {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// SQLite refuses.
    Sql {
        /// The file.
        path: PathBuf,
        /// Why.
        error: rusqlite::Error,
    },
}

/// What was done, or why it was not.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    pub(crate) fn sql(path: &Path, error: rusqlite::Error) -> Error {
        let path = path.to_owned();
        match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => Error::Full(path),
            Some(ErrorCode::ReadOnly) => Error::ReadOnly(path),
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => Error::Damaged { path, part: "database" },
            Some(ErrorCode::CannotOpen) if path.exists() => Error::ReadOnly(path),
            Some(ErrorCode::CannotOpen) => Error::Gone(path),
            _ => Error::Sql { path, error },
        }
    }

    pub(crate) fn io(path: &Path, error: io::Error) -> Error {
        let path = path.to_owned();
        match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Error::Full(path),
            io::ErrorKind::ReadOnlyFilesystem | io::ErrorKind::PermissionDenied => Error::ReadOnly(path),
            io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => Error::Gone(path),
            _ => Error::Io { path, error },
        }
    }

    pub(crate) fn damaged(path: &Path, damaged: Damaged) -> Error {
        Error::Damaged { path: path.to_owned(), part: damaged.part }
    }

    /// The same can be tried again as it is. After other errors history is opened anew.
    pub fn is_passing(&self) -> bool {
        matches!(self, Error::Full(_))
    }

    /// The file itself is spoilt: nothing more can be written to it.
    pub(crate) fn is_damage(&self) -> bool {
        matches!(self, Error::Damaged { .. })
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Busy { path, pid: Some(pid) } => {
                write!(f, "{}: history is written by process {pid}; stop it, or use another folder", path.display())
            }
            Error::Busy { path, pid: None } => {
                write!(f, "{}: history is written by another process; stop it, or use another folder", path.display())
            }
            Error::ReadOnly(path) => {
                write!(f, "{}: history may not be written here; expected a folder that may be written", path.display())
            }
            Error::Gone(path) => write!(f, "{}: is not there any more; history was kept in it", path.display()),
            Error::Full(path) => {
                write!(f, "{}: no room is left for history; it goes on by itself once there is some", path.display())
            }
            Error::Newer { path, found, known } => write!(
                f,
                "{}: has version {found} of the schema, expected {known} at most; use the later version of the program, or \
                 another folder",
                path.display()
            ),
            Error::Order { first, durable: Some(durable) } => {
                write!(f, "event {first} does not follow event {durable}, the last of history; expected a higher seq")
            }
            Error::Order { first, durable: None } => write!(f, "event {first}: expected a seq below 2^63"),
            Error::Damaged { path, part } => write!(f, "{}: the {part} is not what was written", path.display()),
            Error::Io { path, error } => write!(f, "{}: {error}", path.display()),
            Error::Sql { path, error } => write!(f, "{}: {error}", path.display()),
        }
    }
}

impl std::error::Error for Error {}

//! What was last acknowledged, beside the database: when the end of a file or of its log is lost, it says that there was more.
//!
//! It is written after a commit and not forced onto the disk. It outlives the process; after a loss of power it may be older than
//! the database, and then says nothing.

use super::error::{Error, Result};
use super::folder::FileName;
use std::fs::{File, OpenOptions};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

const FILE: &str = "mark";
const BYTES: usize = 36;

/// The end of what was acknowledged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Mark {
    /// The file, in its first form.
    pub(crate) name: FileName,
    /// Events of the file.
    pub(crate) events: u64,
    pub(crate) last_seq: u64,
}

/// The file that has it, open.
#[derive(Debug)]
pub(crate) struct MarkFile {
    path: PathBuf,
    file: File,
}

impl MarkFile {
    pub(crate) fn open(folder: &Path) -> Result<MarkFile> {
        let path = folder.join(FILE);
        let file = OpenOptions::new().write(true).create(true).truncate(false).open(&path);
        Ok(MarkFile { file: file.map_err(|error| Error::io(&path, error))?, path })
    }

    pub(crate) fn write(&self, mark: &Mark) -> Result<()> {
        let mut bytes = [0; BYTES];
        bytes[4..12].copy_from_slice(&mark.name.day.to_le_bytes());
        bytes[12..20].copy_from_slice(&u64::from(mark.name.number).to_le_bytes());
        bytes[20..28].copy_from_slice(&mark.events.to_le_bytes());
        bytes[28..36].copy_from_slice(&mark.last_seq.to_le_bytes());
        let sum = crc32c::crc32c(&bytes[4..]);
        bytes[..4].copy_from_slice(&sum.to_le_bytes());
        self.file.write_all_at(&bytes, 0).map_err(|error| Error::io(&self.path, error))
    }
}

/// The mark of a folder, if there is one that can be read.
pub(crate) fn read(folder: &Path) -> Option<Mark> {
    let bytes: [u8; BYTES] = std::fs::read(folder.join(FILE)).ok()?.try_into().ok()?;
    let eight = |at: usize| -> Option<u64> { Some(u64::from_le_bytes(bytes.get(at..at + 8)?.try_into().ok()?)) };
    if bytes[..4] != crc32c::crc32c(&bytes[4..]).to_le_bytes() {
        return None;
    }
    let (day, number) = (eight(4)? as i64, u32::try_from(eight(12)?).ok()?);
    let name = FileName { day, number, is_closed: false };
    Some(Mark { name, events: eight(20)?, last_seq: eight(28)? })
}

//! Where the numbering of records stands, kept so that a process that was killed gives no number twice.
//!
//! One number in a file, written over in place before the records of each batch are made. It is in the page cache, which
//! outlives the process but not a crash of the operating system: after one, numbers may be given out again, and a reader
//! that resumes is told so by the name of the run.

use crate::{NodeError, private_folder};
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;

/// The file and the number in it.
#[derive(Debug)]
pub(crate) struct HighWaterMark {
    file: File,
    next_seq: u64,
}

const FILE: &str = "seq";

impl HighWaterMark {
    /// Opens the file of a state directory that this process owns.
    pub(crate) fn open(folder: &Path) -> Result<HighWaterMark, NodeError> {
        let path = folder.join(FILE);
        let open = || -> std::io::Result<HighWaterMark> {
            let mut options = File::options();
            let file = private_folder::open(&path, options.read(true).write(true).create(true).truncate(false))?;
            let mut bytes = [0; 8];
            // A file that is too short is a new one.
            let next_seq = file.read_exact_at(&mut bytes, 0).map_or(0, |()| u64::from_le_bytes(bytes));
            Ok(HighWaterMark { file, next_seq: if next_seq > LAST { 0 } else { next_seq } })
        };
        open().map_err(|error| {
            NodeError::failure("NG-3102", path.display().to_string(), format!("cannot be used: {error}"))
        })
    }

    /// The first number that no process has given out.
    pub(crate) fn next_seq(&self) -> u64 {
        self.next_seq
    }

    /// Notes that every number below this one may be given out from here on.
    pub(crate) fn reserve(&mut self, next_seq: u64) {
        if next_seq > self.next_seq {
            self.next_seq = next_seq;
            // Without the note the engine is as good as ever; only a reader that resumes after a kill would be misled.
            let _ = self.file.write_all_at(&next_seq.to_le_bytes(), 0);
        }
    }
}

/// Larger numbers are no place of a stream but a damaged file.
const LAST: u64 = 1 << 60;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_found_again_and_never_falls() {
        let folder = tempfile::tempdir().unwrap();
        let mut place = HighWaterMark::open(folder.path()).unwrap();
        assert_eq!(place.next_seq(), 0);
        place.reserve(7);
        place.reserve(3);
        assert_eq!(HighWaterMark::open(folder.path()).unwrap().next_seq(), 7);
    }

    #[test]
    fn a_link_is_not_followed() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("victim"), "precious").unwrap();
        std::os::unix::fs::symlink("victim", folder.path().join(FILE)).unwrap();
        let refused = HighWaterMark::open(folder.path()).unwrap_err();
        assert_eq!(refused.code, "NG-3102");
        assert!(refused.what.contains("is a symbolic link, expected a file"), "{refused}");
    }

    #[test]
    fn a_damaged_file_begins_anew() {
        let folder = tempfile::tempdir().unwrap();
        for damaged in [&[][..], &[1, 2, 3], &[255; 8]] {
            std::fs::write(folder.path().join(FILE), damaged).unwrap();
            assert_eq!(HighWaterMark::open(folder.path()).unwrap().next_seq(), 0);
        }
    }
}

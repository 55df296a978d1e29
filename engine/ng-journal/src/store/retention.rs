//! How much history is kept: whole files are taken away, the oldest first.
//!
//! Who reads a file has it open and reads it to its end; its room comes back then. The file that is written is never taken away.

use super::day_file::DayFile;
use super::error::Result;
use super::folder::FileName;
use super::journal::Journal;
use super::schema::Access;
use super::shelf::Shelf;

/// How much is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of all files. The file that is written is one of them, so that it has to be a small part of this.
    pub bytes: u64,
    /// How long events are kept, in nanoseconds. It counts the time for which history has been kept since: a clock that jumps, or
    /// a machine that stood still, counts for half of it at most, so that nothing younger than that is lost by it.
    pub age_ns: i64,
}

/// A file that was taken away.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Removed {
    /// Its name.
    pub name: String,
    /// Its size in bytes.
    pub bytes: u64,
}

impl Journal {
    /// Takes away what is beyond the limits.
    pub fn retain(&mut self, limits: &Limits, now_ns: i64) -> Result<Vec<Removed>> {
        self.catalog.pass(now_ns, limits.age_ns / 2)?;
        let hot = self.hot.as_ref().map(|hot| hot.file().name);
        let mut files = Vec::new();
        for name in self.folder.names()? {
            files.push((self.last_seq(name)?, name, self.folder.bytes(name)));
        }
        files.sort_unstable();
        let mut bytes: u64 = files.iter().map(|(_, _, bytes)| bytes).sum();
        let mut removed = Vec::new();
        for (_, name, size) in files.into_iter().filter(|(_, name, _)| Some(*name) != hot) {
            let age = self.catalog.age_ns(&first_form(name))?;
            if bytes <= limits.bytes && age.is_none_or(|age| age <= limits.age_ns) {
                break;
            }
            self.remove(name)?;
            bytes -= size;
            removed.push(Removed { name: name.text(), bytes: size });
        }
        Ok(removed)
    }

    fn remove(&mut self, name: FileName) -> Result<()> {
        if !name.is_closed && self.closing.take_if(|closing| closing.name() == name).is_some() {
            self.folder.unlink_partial(name)?;
        }
        self.folder.unlink(name)?;
        self.kept.remove(&name);
        self.catalog.remove(&first_form(name))
    }

    /// `seq` of the last event of a file, as the catalogue says, or else the file; 0 where neither does.
    fn last_seq(&self, name: FileName) -> Result<u64> {
        if let Some(entry) = self.catalog.get(&first_form(name)) {
            return Ok(entry.seqs[1]);
        }
        let opened = DayFile::open(self.folder.file(name), name, Access::Read);
        let end = opened.and_then(|file| Shelf::new(file, 0).end());
        Ok(end.ok().flatten().unwrap_or(0))
    }
}

fn first_form(name: FileName) -> String {
    FileName { is_closed: false, ..name }.text()
}

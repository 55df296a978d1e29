//! How much history there is, as the catalogue knows without a file being read.

use super::error::Result;
use super::folder::FileName;
use super::journal::Journal;

/// How much history there is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Extent {
    /// Events.
    pub events: u64,
    /// Bytes on disk, with what a database keeps beside it.
    pub bytes: u64,
    /// Day files.
    pub files: u64,
}

impl Journal {
    /// How much there is at present.
    pub fn extent(&self) -> Result<Extent> {
        let mut extent = Extent::default();
        let names = self.folder.names()?;
        let hot = self.hot.as_ref().map(|hot| (hot.file().name, hot.entry().0.events));
        for name in &names {
            extent.bytes += self.folder.bytes(*name);
            // For a moment both forms of a file are there.
            if !name.is_closed && names.contains(&name.closed()) {
                continue;
            }
            extent.files += 1;
            let first_form = || FileName { is_closed: false, ..*name }.text();
            let written = hot.filter(|(hot, _)| hot == name).map(|(_, events)| events);
            extent.events += written.or_else(|| Some(self.catalog.get(&first_form())?.events)).unwrap_or(0);
        }
        Ok(extent)
    }
}

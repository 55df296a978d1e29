//! Brings files into their last form, step by step under another name, which then takes the place of the first form. What was made
//! of it is thrown away when the process ends in between.

use super::closing::Closing;
use super::day_file::DayFile;
use super::error::{Error, Result};
use super::folder::FileName;
use super::journal::Journal;
use super::schema::Access;
use super::shelf::Shelf;
use std::fs::File;
use std::path::Path;

impl Journal {
    /// Does one step of bringing files that are not written any more into their last form, some milliseconds long. False: nothing
    /// is left to be done. It may stop behind any step.
    pub fn close_step(&mut self, template: &mut dyn FnMut(u32) -> Option<String>) -> Result<bool> {
        let mut closing = match self.closing.take() {
            Some(closing) => closing,
            None => match self.next_to_close()? {
                Some(name) => self.begin_closing(name)?,
                None => return Ok(false),
            },
        };
        let is_at_end = closing.read(self.sizes.blocks[1])?;
        let is_spoilt = !closing.source.damage.is_none();
        if !is_spoilt && !closing.run.is_empty() {
            closing.write(template)?;
        }
        if !is_spoilt && !is_at_end {
            self.closing = Some(closing);
        } else {
            self.end_closing(closing)?;
        }
        Ok(true)
    }

    fn next_to_close(&self) -> Result<Option<FileName>> {
        let hot = self.hot.as_ref().map(|hot| hot.file().name);
        let is_open = |name: &FileName| !name.is_closed && Some(*name) != hot && !self.kept.contains(name);
        Ok(self.folder.names()?.into_iter().find(is_open))
    }

    fn begin_closing(&self, name: FileName) -> Result<Closing> {
        let source = DayFile::open(self.folder.file(name), name, Access::Write)?;
        self.folder.unlink_partial(name)?;
        let target = DayFile::open(self.folder.partial(name), name.closed(), Access::WriteLazily)?;
        let claimed = self.catalog.get(&name.text()).map_or(0, |entry| entry.events);
        Closing::new(Shelf::new(source, claimed), target)
    }

    fn end_closing(&mut self, closing: Closing) -> Result<()> {
        let Closing { mut source, target, entry, .. } = closing;
        let name = source.file.name;
        // Looks whether anything is missing, up to the end that others know of.
        let mut events = 0;
        source.read_all(|item| events += item.events())?;
        if !source.damage.is_none() || events != entry.events {
            drop(target);
            self.keep(name, &source.damage);
            return self.folder.unlink_partial(name);
        }
        let partial = target.path().to_owned();
        if events > 0 {
            target.make_single()?;
            drop(target);
            let sync = |path: &Path| File::open(path).and_then(|file| file.sync_all());
            sync(&partial).map_err(|error| Error::io(&partial, error))?;
            std::fs::rename(&partial, self.folder.file(name.closed())).map_err(|error| Error::io(&partial, error))?;
            sync(self.folder.path()).map_err(|error| Error::io(self.folder.path(), error))?;
            let _ = self.catalog.put(&entry, &source.book.names);
        } else {
            drop(target);
            self.folder.unlink_partial(name)?;
        }
        drop(source);
        self.folder.unlink(name)
    }
}

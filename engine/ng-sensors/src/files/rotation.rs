//! A path that leads to another file than before.

use super::followed::{Followed, Start, open};
use super::follower::Follower;
use super::name::shown;
use super::place::Id;
use super::scan::{Found, generations};
use ng_model::intake::SourceStatus;
use std::fs;
use std::io::{self, ErrorKind};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::SystemTime;

/// Most generations of one path opened at once.
const GENERATIONS: usize = 32;
/// How often the directory is listed while generations are renamed under the eyes of the reader.
const ROUNDS: usize = 16;

impl Follower {
    /// Looks where the path of a file leads, and opens its successors when that is elsewhere.
    pub(super) fn check_path(&mut self, index: usize) {
        let file = &mut self.open[index];
        let problem = match fs::metadata(&file.path) {
            Ok(metadata) if Id::of(&metadata) == file.id => {
                file.left_in = None;
                file.awaits_successors = false;
                return;
            }
            Ok(_) => {
                let (path, source, id) = (file.path.clone(), file.source.clone(), file.id);
                let unread =
                    self.open.iter().filter(|file| file.at_end.is_none() && Arc::ptr_eq(&file.source, &source));
                // What waits to be read first is enough; the generations after it will be found by their birth.
                let result = match unread.count() > GENERATIONS {
                    true => Ok(false),
                    false => self.succeed(&path, &source, Some(id), id.born),
                };
                let file = &mut self.open[index];
                // Its writer may have added something between the last turn and the rename.
                file.at_end = None;
                file.newest = !matches!(result, Ok(true));
                file.awaits_successors = matches!(result, Ok(false));
                result.err()
            }
            Err(error) => Some(error),
        };
        let file = &mut self.open[index];
        match problem {
            Some(error) if !matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
                file.source.error(self.ingest.now_ns(), format!("cannot look at {}: {error}", shown(&file.path)));
            }
            _ => {
                file.left_in.get_or_insert(self.scans);
            }
        }
    }

    /// Opens what came after the file `before` at `path`: the generations that were born since then and have been renamed
    /// already, oldest first, then the one the path leads to. False when that one is not open yet, because there are more
    /// generations than can be opened at once, they are being renamed, or the path leads to `before` again.
    pub(super) fn succeed(
        &mut self,
        path: &Path,
        source: &Arc<SourceStatus>,
        before: Option<Id>,
        since: Option<SystemTime>,
    ) -> io::Result<bool> {
        let opened = open(path)?;
        let last = Id::of(&opened.1);
        if Some(last) == before {
            return Ok(false);
        }
        if self.open.iter().any(|file| file.id == last) {
            return Ok(true);
        }
        let limit = self.options.limits;
        let (mut files, complete) = self.missed(path, source, since, last);
        for file in &mut files {
            file.newest = false;
            file.left_in = Some(self.scans);
        }
        if complete {
            files.push(Followed::new(path.into(), source.clone(), opened, Start::Beginning, limit)?);
        }
        files.iter_mut().for_each(|file| file.matched_in = self.scans);
        source.ended.store(false, Ordering::Relaxed);
        self.open.append(&mut files);
        Ok(complete)
    }

    /// Opens the generations of a path that were born since then, up to the file it leads to, oldest first; false when there
    /// may be more.
    fn missed(
        &self,
        path: &Path,
        source: &Arc<SourceStatus>,
        since: Option<SystemTime>,
        last: Id,
    ) -> (Vec<Followed>, bool) {
        let mut files: Vec<Followed> = Vec::new();
        let mut listed: Vec<Found> = Vec::new();
        let mut complete = false;
        for _ in 0..ROUNDS {
            let mut now = generations(path, since, last.born);
            if let Some(renamed) = now.iter().position(|found| found.id == last) {
                // What comes behind it was born in the same tick, and is left to the next look.
                now.truncate(renamed);
            }
            // A file that is renamed while the directory is listed can be left out or take the place of another; in two
            // lists that are equal nothing has moved.
            let calm =
                now.iter().map(|found| (found.id, &found.path)).eq(listed.iter().map(|found| (found.id, &found.path)));
            listed = now;
            for found in &listed {
                if self.knows(&files, found.id) || files.len() == GENERATIONS {
                    continue;
                }
                // After a rename in between this path leads to another generation.
                let Some(opened) = open(&found.path).ok().filter(|opened| Id::of(&opened.1) == found.id) else {
                    continue;
                };
                let limit = self.options.limits;
                files.extend(Followed::new(path.into(), source.clone(), opened, Start::Beginning, limit));
            }
            complete = calm && listed.iter().all(|found| self.knows(&files, found.id));
            if complete || files.len() == GENERATIONS {
                break;
            }
        }
        files.sort_by_key(|file| (file.id.born, listed.iter().position(|found| found.id == file.id)));
        (files, complete)
    }

    /// The file is open, about to be, or remembered.
    fn knows(&self, files: &[Followed], id: Id) -> bool {
        self.open.iter().chain(files).any(|file| file.id == id) || self.closed.iter().any(|file| file.id == id)
    }
}

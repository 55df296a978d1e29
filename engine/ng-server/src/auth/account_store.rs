//! The file of users, API keys and ended tokens.
//!
//! A damaged file is refused and never replaced: a fresh one would lock everybody out, or let somebody in.
//!
//! Several processes may change it, such as a running engine and `neurograph-engine user`. Each takes a lock, reads what
//! the others have written, and writes the whole file anew. Whoever reads looks first whether it is another file.

use super::rights::ROLES;
use super::{keys, passwords, role_name, scopes};
use crate::error::ApiError;
use ng_node::{NodeError, private_folder};
use ng_wire::Role;
use parking_lot::{Mutex, RwLock, RwLockReadGuard};
use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use tokio::sync::watch;

/// Name of the file in the state directory.
pub const FILE: &str = "auth.json";
/// Name of the file that is locked while the other is changed.
const LOCK: &str = "auth.lock";
/// Longest time for which a change waits for those of other processes.
const PATIENCE: Duration = Duration::from_secs(5);
/// Time between two looks at whether they are done.
const PAUSE: Duration = Duration::from_millis(5);
/// Most remarks on what others have changed that are kept for whoever tells them.
const MOST_REMARKS: usize = 100;
/// Raised when the meaning of the file changes.
const VERSION: u32 = 1;

/// What the file holds. Times are seconds since 1970, UTC.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Contents {
    version: u32,
    /// Signs tokens: 32 random bytes in hexadecimal.
    pub(super) secret: String,
    /// Users by name.
    pub users: BTreeMap<String, User>,
    /// API keys by id, 16 hexadecimal digits.
    pub keys: BTreeMap<String, ApiKey>,
    /// Tokens that ended before their time, by their id; forgotten when their time has come.
    pub(super) ended: BTreeMap<String, Ended>,
}

/// A user.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct User {
    /// What it may do; never anonymous.
    pub role: Role,
    /// Hash of the password, argon2id, as a PHC string.
    pub(super) password: String,
    /// It may not come in.
    pub disabled: bool,
    /// When it was made.
    pub created_s: u64,
    /// Name of the series of its tokens. A new password begins a new series, and tokens of another are refused.
    pub(super) series: String,
}

/// An API key.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ApiKey {
    /// What it is for.
    pub name: String,
    /// Its first 16 characters, by which a person recognises it.
    pub prefix: String,
    /// SHA-256 of the whole key in hexadecimal.
    pub(super) sha256: String,
    /// What it may do; none = what the role `bot` may.
    pub scopes: Option<Vec<String>>,
    /// The user that it belongs to. In files of earlier versions who made it: a user, a key, or a local process.
    pub owner: String,
    /// When it was made.
    pub created_s: u64,
    /// When it ends; none = never.
    pub expires_s: Option<u64>,
    /// When it was last used; none = never. Uses since the last change of the file are lost by a kill.
    pub last_used_s: Option<u64>,
    /// It was revoked.
    pub revoked: bool,
}

/// A token that ended before its time.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Ended {
    /// Whose it was.
    pub(super) user: String,
    /// When its time comes.
    pub(super) expires_s: u64,
}

/// What tells one version of the file from the next.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Stamp {
    device: u64,
    inode: u64,
    bytes: u64,
    modified: (i64, i64),
    changed: (i64, i64),
}

impl Stamp {
    fn of(found: &std::fs::Metadata) -> Self {
        Stamp {
            device: found.dev(),
            inode: found.ino(),
            bytes: found.len(),
            modified: (found.mtime(), found.mtime_nsec()),
            changed: (found.ctime(), found.ctime_nsec()),
        }
    }
}

/// What is known of the file.
struct Seen {
    /// The version that was read or written last; none when there was no file.
    stamp: Option<Stamp>,
    /// Why that version cannot be used, if so. The one before holds, and nothing is changed.
    problem: Option<String>,
    /// What others have changed.
    remarks: Vec<String>,
    /// It is being written here, so that nobody else can change it.
    writing: bool,
}

/// The file, open.
pub struct AccountStore {
    folder: PathBuf,
    contents: RwLock<Contents>,
    /// Held while the file is written.
    writing: Mutex<()>,
    seen: Mutex<Seen>,
    /// Keys were used since the file was written.
    touched: AtomicBool,
    /// Told of every change.
    changes: watch::Sender<()>,
}

impl AccountStore {
    /// Reads the file. Where there is none, nobody is known; the first change writes it.
    pub fn open(folder: &Path) -> Result<AccountStore, NodeError> {
        let path = folder.join(FILE);
        let place = path.display().to_string();
        let unread = |error| NodeError::failure("NG-3402", place.clone(), format!("cannot be read: {error}"));
        let (contents, stamp) = match load(&path).map_err(unread)? {
            Some((contents, stamp)) => (contents.map_err(|problem| damaged(&place, &problem))?, Some(stamp)),
            None => (empty(), None),
        };
        Ok(AccountStore {
            folder: folder.into(),
            contents: RwLock::new(contents),
            writing: Mutex::new(()),
            seen: Mutex::new(Seen { stamp, problem: None, remarks: Vec::new(), writing: false }),
            touched: AtomicBool::new(false),
            changes: watch::Sender::new(()),
        })
    }

    /// What it holds now. Do not wait for anything while holding this, nor ask for it again.
    pub fn read(&self) -> RwLockReadGuard<'_, Contents> {
        self.look();
        self.contents.read()
    }

    /// Changes it; returns when the change is on disk. A change that is refused, or cannot be written, changes nothing.
    pub fn change<T>(&self, change: impl FnOnce(&mut Contents) -> Result<T, ApiError>) -> Result<T, ApiError> {
        let unwritten = |what: String| ApiError::internal(format!("nothing was changed: {FILE} {what}"));
        let failed = |error: std::io::Error| unwritten(format!("could not be written: {error}"));
        let _writing = self.writing.lock();
        let _alone = self.alone().map_err(failed)?;
        self.look();
        if let Some(problem) = self.problem() {
            return Err(unwritten(problem));
        }
        let mut changed = self.contents.read().clone();
        let result = change(&mut changed)?;
        self.write(&changed).map_err(failed)?;
        self.take_in(changed);
        Ok(result)
    }

    /// Told of every change, whoever makes it.
    pub(super) fn changes(&self) -> watch::Receiver<()> {
        self.changes.subscribe()
    }

    /// Tells a change that time has made.
    pub(super) fn tell(&self) {
        self.changes.send_replace(());
    }

    /// Why the file cannot be used as it stands now, if so.
    pub(super) fn problem(&self) -> Option<String> {
        self.seen.lock().problem.clone()
    }

    /// What others have changed since this was last asked, a sentence each.
    pub(super) fn remarks(&self) -> Vec<String> {
        std::mem::take(&mut self.seen.lock().remarks)
    }

    /// Notes that a key is used now.
    pub(super) fn touch(&self, id: &str, now_s: u64) {
        if self.contents.read().keys.get(id).is_none_or(|key| key.last_used_s == Some(now_s)) {
            return;
        }
        if let Some(key) = self.contents.write().keys.get_mut(id) {
            key.last_used_s = Some(now_s);
            self.touched.store(true, Ordering::Relaxed);
        }
    }

    /// Takes in what another process has written.
    fn look(&self) {
        let path = self.folder.join(FILE);
        let mut seen = self.seen.lock();
        let found = || std::fs::metadata(&path).ok().map(|found| Stamp::of(&found));
        if seen.writing || found() == seen.stamp {
            return;
        }
        let problem = match load(&path) {
            Ok(Some((Ok(contents), stamp))) => {
                seen.stamp = Some(stamp);
                let remarks = differences(&self.contents.read(), &contents);
                seen.remarks.extend(remarks);
                seen.remarks.truncate(MOST_REMARKS);
                self.take_in(contents);
                None
            }
            Ok(Some((Err(problem), stamp))) => {
                seen.stamp = Some(stamp);
                Some(problem)
            }
            Ok(None) => {
                seen.stamp = None;
                Some("was removed".into())
            }
            // Looked at again by whoever reads next.
            Err(error) => Some(format!("cannot be read: {error}")),
        };
        seen.problem = problem;
    }

    fn take_in(&self, mut new: Contents) {
        let mut contents = self.contents.write();
        for (id, key) in &mut new.keys {
            // It may have been used in the meantime.
            key.last_used_s = key.last_used_s.max(contents.keys.get(id).and_then(|key| key.last_used_s));
        }
        *contents = new;
        drop(contents);
        self.tell();
    }

    /// Keeps other processes from changing the file, until what is returned is dropped.
    fn alone(&self) -> std::io::Result<File> {
        private_folder::make(&self.folder)?;
        let mut options = File::options();
        let file = private_folder::open(&self.folder.join(LOCK), options.write(true).create(true).truncate(false))?;
        let until = Instant::now() + PATIENCE;
        loop {
            match flock(&file, FlockOperation::NonBlockingLockExclusive) {
                Err(Errno::WOULDBLOCK) if Instant::now() < until => std::thread::sleep(PAUSE),
                done => return Ok(done.map(|()| file)?),
            }
        }
    }

    fn write(&self, contents: &Contents) -> std::io::Result<()> {
        self.touched.store(false, Ordering::Relaxed);
        self.seen.lock().writing = true;
        let written = serde_json::to_vec_pretty(contents)
            .map_err(Into::into)
            .and_then(|text| ng_node::replace(&self.folder, FILE, &text))
            .and_then(|()| std::fs::metadata(self.folder.join(FILE)));
        let mut seen = self.seen.lock();
        seen.writing = false;
        (seen.stamp, seen.problem) = (Some(Stamp::of(&written?)), None);
        Ok(())
    }
}

impl Drop for AccountStore {
    fn drop(&mut self) {
        // Only the times of the last uses would be lost.
        if self.touched.load(Ordering::Relaxed)
            && let Ok(_alone) = self.alone()
        {
            self.look();
            if self.problem().is_none() {
                let _ = self.write(&self.contents.read());
            }
        }
    }
}

/// The contents of the file, or what is wrong with them, and which version that is; none where there is no file.
fn load(path: &Path) -> std::io::Result<Option<(Result<Contents, String>, Stamp)>> {
    let mut file = match private_folder::open(path, File::options().read(true)) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        file => file?,
    };
    let stamp = Stamp::of(&file.metadata()?);
    let mut text = Vec::new();
    file.read_to_end(&mut text)?;
    Ok(Some((read(&text), stamp)))
}

/// What others have changed of the users, a sentence each.
fn differences(old: &Contents, new: &Contents) -> Vec<String> {
    let mut remarks = Vec::new();
    for (name, user) in &new.users {
        match old.users.get(name) {
            None => remarks.push(format!("the user {name} was added as {}", role_name(user.role))),
            Some(before) => {
                if before.role != user.role {
                    remarks.push(format!("the user {name} is {} now", role_name(user.role)));
                }
                if before.disabled != user.disabled {
                    let what = if user.disabled { "disabled" } else { "enabled" };
                    remarks.push(format!("the user {name} was {what}"));
                }
                if before.password != user.password {
                    remarks.push(format!("the password of the user {name} was changed"));
                }
            }
        }
    }
    let gone = old.users.keys().filter(|name| !new.users.contains_key(*name));
    remarks.extend(gone.map(|name| format!("the user {name} was removed")));
    remarks
}

fn empty() -> Contents {
    Contents {
        version: VERSION,
        secret: crate::random::hex::<32>(),
        users: BTreeMap::new(),
        keys: BTreeMap::new(),
        ended: BTreeMap::new(),
    }
}

fn damaged(place: &str, problem: &str) -> NodeError {
    NodeError::failure("NG-3401", place, format!("the file of users and keys {problem}"))
        .hint("restore it from a copy; when it is moved away, all users and keys are gone and a new admin is made")
}

/// Reads the text of the file, and says what is wrong with it. Values are not repeated, for they may be secret.
fn read(text: &[u8]) -> Result<Contents, String> {
    let value: serde_json::Value =
        serde_json::from_slice(text).map_err(|error| format!("is no JSON, at line {}", error.line()))?;
    match value.get("version").and_then(serde_json::Value::as_u64) {
        Some(version) if version == u64::from(VERSION) => {}
        Some(version) => return Err(format!("has version {version}, expected {VERSION}")),
        None => return Err("has no version".into()),
    }
    let mut contents: Contents = serde_json::from_slice(text)
        .map_err(|error| format!("is not complete: line {} column {}", error.line(), error.column()))?;
    let is_hex = |text: &str, digits: usize| text.len() == digits && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    if !is_hex(&contents.secret, 64) {
        return Err("has no secret of 64 hexadecimal digits".into());
    }
    for (name, user) in &contents.users {
        if !ROLES.contains(&user.role) || !passwords::is_hash(&user.password) {
            return Err(format!("has an unusable role or password of the user {name:?}"));
        }
    }
    for (id, key) in &contents.keys {
        let known = key.scopes.iter().flatten().all(|scope| scopes::named(scope).is_some());
        if !is_hex(id, 16) || !is_hex(&key.sha256, 64) || !known {
            return Err(format!("has an unusable key {id:?}"));
        }
    }
    keys::settle_owners(&mut contents);
    Ok(contents)
}

#[cfg(test)]
mod tests;

//! The file of users, API keys and ended tokens.
//!
//! A damaged file is refused and never replaced: a fresh one would lock everybody out, or let somebody in.

use super::rights::ROLES;
use super::{passwords, scopes};
use crate::error::ApiError;
use ng_node::NodeError;
use ng_wire::Role;
use parking_lot::{Mutex, RwLock, RwLockReadGuard};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

/// Name of the file in the state directory.
pub const FILE: &str = "auth.json";
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
    /// Who made it: a user, a key, or a uid.
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

/// The file, open.
pub struct Store {
    folder: PathBuf,
    contents: RwLock<Contents>,
    /// Held while the file is written.
    writing: Mutex<()>,
    /// Keys were used since the file was written.
    touched: AtomicBool,
}

impl Store {
    /// Reads the file. Where there is none, nobody is known; the first change writes it.
    pub fn open(folder: &Path) -> Result<Store, NodeError> {
        let path = folder.join(FILE);
        let place = path.display().to_string();
        let contents = match std::fs::read(&path) {
            Ok(text) => read(&text).map_err(|problem| damaged(&place, &problem))?,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => empty(),
            Err(error) => return Err(NodeError::failure("NG-3402", place, format!("cannot be read: {error}"))),
        };
        Ok(Store {
            folder: folder.into(),
            contents: RwLock::new(contents),
            writing: Mutex::new(()),
            touched: AtomicBool::new(false),
        })
    }

    /// What it holds now. Do not wait for anything while holding this.
    pub fn read(&self) -> RwLockReadGuard<'_, Contents> {
        self.contents.read()
    }

    /// Changes it; returns when the change is on disk. A change that is refused, or cannot be written, changes nothing.
    pub fn change<T>(&self, change: impl FnOnce(&mut Contents) -> Result<T, ApiError>) -> Result<T, ApiError> {
        let _writing = self.writing.lock();
        let mut changed = self.contents.read().clone();
        let result = change(&mut changed)?;
        self.write(&changed).map_err(|error| {
            ApiError::internal(format!("{FILE} could not be written, so nothing was changed: {error}"))
        })?;
        let mut contents = self.contents.write();
        for (id, key) in &mut changed.keys {
            // It may have been used in the meantime.
            key.last_used_s = key.last_used_s.max(contents.keys.get(id).and_then(|key| key.last_used_s));
        }
        *contents = changed;
        Ok(result)
    }

    /// Notes that a key is used now.
    pub(super) fn touch(&self, id: &str, now_s: u64) {
        if self.read().keys.get(id).is_none_or(|key| key.last_used_s == Some(now_s)) {
            return;
        }
        if let Some(key) = self.contents.write().keys.get_mut(id) {
            key.last_used_s = Some(now_s);
            self.touched.store(true, Ordering::Relaxed);
        }
    }

    fn write(&self, contents: &Contents) -> std::io::Result<()> {
        self.touched.store(false, Ordering::Relaxed);
        ng_node::replace(&self.folder, FILE, &serde_json::to_vec_pretty(contents)?)
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        if self.touched.load(Ordering::Relaxed) {
            // Only the times of the last uses would be lost.
            let _ = self.write(&self.read());
        }
    }
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
    let contents: Contents = serde_json::from_slice(text)
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
    Ok(contents)
}

#[cfg(test)]
mod tests {
    use super::super::users;
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    fn with_admin(folder: &Path) -> Store {
        let store = Store::open(folder).unwrap();
        store.change(|contents| users::add(contents, "admin", Role::Admin, passwords::hash("secret-1"), 7)).unwrap();
        store
    }

    #[test]
    fn what_was_changed_is_read_again_and_only_this_user_may_read_it() {
        let folder = tempfile::tempdir().unwrap();
        let secret = with_admin(folder.path()).read().secret.clone();
        let again = Store::open(folder.path()).unwrap();
        assert_eq!(again.read().secret, secret);
        assert_eq!(again.read().users["admin"].created_s, 7);
        let mode = std::fs::metadata(folder.path().join(FILE)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let text = std::fs::read_to_string(folder.path().join(FILE)).unwrap();
        assert!(text.contains("$argon2id$") && !text.contains("secret-1"));
    }

    #[test]
    fn a_damaged_file_is_refused_and_left_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        drop(with_admin(folder.path()));
        let path = folder.path().join(FILE);
        let whole = std::fs::read_to_string(&path).unwrap();
        let cut = whole[..whole.len() / 2].to_owned();
        for (text, what) in [
            (cut.as_str(), "no JSON"),
            ("", "no JSON"),
            ("{}", "no version"),
            (&whole.replace("\"version\": 1", "\"version\": 2"), "version 2, expected 1"),
            (&whole.replace("\"users\"", "\"user\""), "not complete"),
            (&whole.replace("\"admin\",", "\"anonymous\","), "role or password of the user \"admin\""),
            (&whole.replace("$argon2id$", "$md5$"), "role or password of the user \"admin\""),
        ] {
            std::fs::write(&path, text).unwrap();
            let error = Store::open(folder.path()).err().unwrap();
            assert_eq!(error.code, "NG-3401");
            assert!(error.what.contains(what), "{error}");
            assert!(!error.what.contains("$argon2id$"), "{error}");
            assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
        }
    }

    #[test]
    fn a_change_that_is_refused_or_not_written_changes_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let store = with_admin(folder.path());
        let refused: Result<(), ApiError> = store.change(|contents| {
            contents.users.clear();
            Err(ApiError::not_found("no"))
        });
        assert_eq!(refused.unwrap_err().code, "NOT_FOUND");
        assert!(store.read().users.contains_key("admin"));
        std::fs::create_dir(folder.path().join("auth.json.draft")).unwrap();
        let unwritten = store.change(|contents| {
            contents.users.clear();
            Ok(())
        });
        assert_eq!(unwritten.unwrap_err().code, "INTERNAL");
        assert!(store.read().users.contains_key("admin"));
    }
}

//! The state directory: what commands changed, written so that a kill at any moment leaves the old or the new file.

use crate::NodeError;
use crate::error::EXIT_BUSY;
use crate::private_folder::{self, Others, open};
use ng_model::checkpoint::MAX_BYTES;
use ng_model::overrides::Overrides;
use ng_wire::{Constitution, Judgements, SettingValue, Silences};
use rustix::fs::{FlockOperation, flock};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::{self, ErrorKind, Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::thread::JoinHandle;

/// What a process may do with the state directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StateAccess {
    /// Read and write; only one process at a time.
    Own,
    /// Read at the start; commands change nothing on disk.
    ReadOnly,
}

/// An open state directory.
#[derive(Debug)]
pub(crate) struct State {
    folder: PathBuf,
    /// Held for as long as the process may write; the lock ends with the process, however it ends.
    lock: Option<File>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Stored {
    version: u32,
    enabled: BTreeMap<String, bool>,
    settings: BTreeMap<String, BTreeMap<String, SettingValue>>,
    /// Absent in files that were written before there were versions.
    #[serde(default)]
    constitution: Constitution,
    /// Absent in files that were written before sources could be frozen.
    #[serde(default)]
    frozen: BTreeSet<String>,
    /// Absent in files that were written before there was feedback.
    #[serde(default)]
    feedback: Judgements,
    /// Absent in files that were written before there were silences.
    #[serde(default)]
    silences: Silences,
}

/// Raised when the meaning of the file changes.
const VERSION: u32 = 1;
const FILE: &str = "state.json";
/// Most bytes of the file that are read. Commands keep it far below.
const MAX_STATE: u64 = 64 << 20;
const LOCK: &str = "lock";
const LEARNT: &str = "detectors.bin";

impl State {
    /// Opens the directory, which is made when it does not exist. Refuses one that others could have filled.
    pub(crate) fn open(folder: &Path, access: StateAccess) -> Result<State, NodeError> {
        if access == StateAccess::ReadOnly {
            check_state_dir(folder)?;
            return Ok(State { folder: folder.into(), lock: None });
        }
        Ok(State { folder: folder.into(), lock: Some(lock(folder)?) })
    }

    /// What earlier commands changed. A file that cannot be understood is set aside, and a sentence says so.
    pub(crate) fn load(&self) -> (Overrides, Option<String>) {
        let path = self.folder.join(FILE);
        let text = match read(&path, MAX_STATE) {
            Ok(text) => Some(text),
            Err(error) if error.kind() == ErrorKind::FileTooLarge => None,
            Err(error) if error.kind() == ErrorKind::NotFound => return (Overrides::default(), None),
            Err(error) => return (Overrides::default(), Some(format!("{} cannot be read: {error}", path.display()))),
        };
        let problem = match text.map(|text| serde_json::from_slice::<Stored>(&text)) {
            None => format!("has more than {MAX_STATE} bytes"),
            Some(Ok(stored)) if stored.version == VERSION => {
                let Stored { enabled, settings, constitution, frozen, feedback, silences, .. } = stored;
                return (Overrides { enabled, settings, constitution, frozen, feedback, silences }, None);
            }
            Some(Ok(stored)) => format!("has version {}, expected {VERSION}", stored.version),
            Some(Err(error)) => format!("is not valid: {error}"),
        };
        let mut notice = format!("{} {problem}; the configuration is used instead", path.display());
        notice += &self.set_aside(FILE);
        (Overrides::default(), Some(notice))
    }

    /// Moves a file that cannot be used out of the way; says where to, if that was done.
    fn set_aside(&self, name: &str) -> String {
        let aside = self.folder.join(format!("{name}.unusable"));
        if self.lock.is_some() && fs::rename(self.folder.join(name), &aside).is_ok() {
            format!("; the file is kept as {}", aside.display())
        } else {
            String::new()
        }
    }

    /// Hands what was learnt to `restore`. If it cannot be used it is set aside, and a sentence says so.
    pub(crate) fn load_learnt(&self, restore: impl FnOnce(&[u8]) -> Result<(), String>) -> Option<String> {
        let path = self.folder.join(LEARNT);
        let problem = match read(&path, MAX_BYTES as u64) {
            Ok(saved) => restore(&saved).err()?,
            Err(error) if error.kind() == ErrorKind::NotFound => return None,
            Err(error) if error.kind() == ErrorKind::FileTooLarge => "is too large".into(),
            Err(error) => return Some(format!("{} cannot be read: {error}", path.display())),
        };
        let aside = self.set_aside(LEARNT);
        Some(format!("{} {problem}; everything is learnt anew{aside}", path.display()))
    }

    /// Writes what was learnt on a thread of its own; none when it may not be written.
    pub(crate) fn save_learnt(
        &self,
        saved: impl FnOnce() -> Vec<u8> + Send + 'static,
    ) -> Option<io::Result<JoinHandle<io::Result<()>>>> {
        self.lock.as_ref()?;
        let folder = self.folder.clone();
        let write = move || replace(&folder, LEARNT, &saved());
        Some(std::thread::Builder::new().name("learnt".into()).spawn(write))
    }

    /// Writes the overrides; returns when they are on disk.
    pub(crate) fn save(&self, overrides: &Overrides) -> io::Result<()> {
        if self.lock.is_none() {
            return Ok(());
        }
        let Overrides { enabled, settings, constitution, frozen, feedback, silences } = overrides.clone();
        let stored = Stored { version: VERSION, enabled, settings, constitution, frozen, feedback, silences };
        replace(&self.folder, FILE, &serde_json::to_vec_pretty(&stored)?)
    }
}

/// Refuses a state directory that is not a folder of this user alone, for what is in it may then be another's. One that
/// is not there is refused by whoever needs it.
pub fn check_state_dir(folder: &Path) -> Result<(), NodeError> {
    if fs::symlink_metadata(folder).is_err_and(|error| error.kind() == ErrorKind::NotFound) {
        return Ok(());
    }
    private_folder::check(folder, Others::Look).map_err(|what| {
        NodeError::failure("NG-3106", folder.display().to_string(), format!("the state directory {what}")).hint(
            "give it to the user that runs this with mode 0700, in a folder where others cannot exchange it, \
             or choose another with --state-dir",
        )
    })
}

/// Locks a state directory, which is made when it does not exist, for as long as the file is open. Refuses when another
/// process has locked it, and names that process.
fn lock(folder: &Path) -> Result<File, NodeError> {
    let fail = |error: io::Error| {
        NodeError::failure(
            "NG-3102",
            folder.display().to_string(),
            format!("the state directory cannot be used: {error}"),
        )
    };
    check_state_dir(folder)?;
    private_folder::make(folder).map_err(fail)?;
    // It may have been made in a folder where others can exchange it.
    check_state_dir(folder)?;
    let mut file = open(&folder.join(LOCK), File::options().read(true).write(true).create(true).truncate(false))
        .map_err(|error| fail(io::Error::new(error.kind(), format!("{LOCK}: {error}"))))?;
    if flock(&file, FlockOperation::NonBlockingLockExclusive).is_err() {
        let mut pid = String::new();
        let _ = file.read_to_string(&mut pid);
        let what = format!("the state directory is in use by process {}", pid.trim());
        return Err(NodeError { exit: EXIT_BUSY, ..NodeError::failure("NG-3101", folder.display().to_string(), what) }
            .hint("stop that process, or choose another directory with --state-dir"));
    }
    file.set_len(0)
        .and_then(|()| file.rewind())
        .and_then(|()| writeln!(file, "{}", std::process::id()))
        .map_err(fail)?;
    Ok(file)
}

/// Reads a file of at most `most` bytes.
fn read(path: &Path, most: u64) -> io::Result<Vec<u8>> {
    let mut file = open(path, File::options().read(true))?;
    if file.metadata()?.len() > most {
        return Err(ErrorKind::FileTooLarge.into());
    }
    let mut content = Vec::new();
    file.read_to_end(&mut content)?;
    Ok(content)
}

/// Writes a file of a state directory, for this user's eyes only. A kill at any moment leaves the old or the new one;
/// returns when the new one is on disk. What could not be written leaves nothing behind, for the disk may be full.
pub fn replace(folder: &Path, name: &str, content: &[u8]) -> io::Result<()> {
    replace_by(folder, name, |file| file.write_all(content))
}

/// The same, with what writes the content.
fn replace_by(folder: &Path, name: &str, write: impl FnOnce(&mut File) -> io::Result<()>) -> io::Result<()> {
    let draft = folder.join(format!("{name}.draft"));
    // A process that was killed may have left one.
    match fs::remove_file(&draft) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = open(&draft, File::options().write(true).create_new(true))?;
    let written = write(&mut file).and_then(|()| file.sync_all());
    if let Err(error) = written.and_then(|()| fs::rename(&draft, folder.join(name))) {
        let _ = fs::remove_file(&draft);
        return Err(error);
    }
    File::open(folder)?.sync_all()
}

/// The process that holds a state directory; `None` when nobody does.
pub fn lock_owner(folder: &Path) -> Option<u32> {
    let mut lock = open(&folder.join(LOCK), File::options().read(true)).ok()?;
    if flock(&lock, FlockOperation::NonBlockingLockShared).is_ok() {
        return None;
    }
    let mut pid = String::new();
    lock.read_to_string(&mut pid).ok()?;
    pid.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use ng_wire::{Feedback, Judgement, Silence, SilenceSubject, Trial};

    fn sample() -> Overrides {
        let settings = BTreeMap::from([(
            "guardian".into(),
            BTreeMap::from([("size_limit.limit".into(), SettingValue::Int(100))]),
        )]);
        let trial =
            Trial { profile: "creative".into(), weights: [0.1; 8], started_ns: 7, seconds: 60, actor: "a".into() };
        let constitution =
            Constitution { version: 3, weights: [2.5; 8], trial: Some(trial), ..Constitution::default() };
        let frozen = BTreeSet::from(["stdin".into()]);
        let judgement = Judgement {
            number: 4,
            first: 2,
            time_ns: 7,
            actor: "a".into(),
            seq: 11,
            source: "stdin".into(),
            subject: "disk * full".into(),
            verdict: Feedback::FalseAlarm,
            strength: 4.25,
            alert_threshold: 3.6,
            before: 0.3,
            after: 0.7,
        };
        let feedback = Judgements { given: 5, kept: vec![judgement] };
        let silence = Silence {
            number: 2,
            subject: SilenceSubject::Rule { rule: "errors".into() },
            since_ns: 7,
            until_ns: 8,
            actor: "a".into(),
            reason: "known".into(),
        };
        let silences = Silences { given: 2, kept: vec![silence] };
        let enabled = BTreeMap::from([("intuition_engine".into(), false)]);
        Overrides { enabled, settings, constitution, frozen, feedback, silences }
    }

    #[test]
    fn a_file_from_before_there_were_versions_is_loaded() {
        let folder = tempfile::tempdir().unwrap();
        let text =
            r#"{"version":1,"enabled":{"intuition_engine":false},"settings":{"guardian":{"size_limit.limit":100}}}"#;
        fs::write(folder.path().join(FILE), text).unwrap();
        let loaded = State::open(folder.path(), StateAccess::Own).unwrap().load();
        assert_eq!(
            loaded,
            (Overrides { enabled: sample().enabled, settings: sample().settings, ..Overrides::default() }, None)
        );
    }

    #[test]
    fn what_was_saved_is_loaded() {
        let folder = tempfile::tempdir().unwrap();
        let state = State::open(folder.path(), StateAccess::Own).unwrap();
        assert_eq!(state.load(), (Overrides::default(), None));
        state.save(&sample()).unwrap();
        drop(state);
        assert_eq!(State::open(folder.path(), StateAccess::ReadOnly).unwrap().load(), (sample(), None));
    }

    #[test]
    fn a_second_owner_is_told_the_first() {
        let folder = tempfile::tempdir().unwrap();
        let _first = State::open(folder.path(), StateAccess::Own).unwrap();
        let error = State::open(folder.path(), StateAccess::Own).unwrap_err();
        assert_eq!((error.code, error.exit), ("NG-3101", 75));
        assert!(error.what.ends_with(&std::process::id().to_string()), "{error}");
        assert_eq!(lock_owner(folder.path()), Some(std::process::id()));
    }

    #[test]
    fn a_damaged_file_is_set_aside_and_said() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(FILE), "{\"version\": 1, \"ena").unwrap();
        let state = State::open(folder.path(), StateAccess::Own).unwrap();
        let (overrides, notice) = state.load();
        assert_eq!(overrides, Overrides::default());
        assert!(notice.unwrap().contains("is not valid"));
        assert!(folder.path().join("state.json.unusable").exists());
        assert_eq!(state.load(), (Overrides::default(), None));
    }

    #[test]
    fn a_file_that_is_too_large_is_not_read() {
        let folder = tempfile::tempdir().unwrap();
        fs::File::create(folder.path().join(FILE)).unwrap().set_len(MAX_STATE + 1).unwrap();
        let (overrides, notice) = State::open(folder.path(), StateAccess::Own).unwrap().load();
        assert_eq!(overrides, Overrides::default());
        assert!(notice.unwrap().contains("has more than 67108864 bytes"));
        assert!(folder.path().join("state.json.unusable").exists());
    }

    #[test]
    fn a_state_that_cannot_be_used_is_set_aside_and_said() {
        let folder = tempfile::tempdir().unwrap();
        let state = State::open(folder.path(), StateAccess::Own).unwrap();
        assert_eq!(state.load_learnt(|_| panic!("nothing was saved")), None);
        state.save_learnt(|| b"saved".to_vec()).unwrap().unwrap().join().unwrap().unwrap();
        assert_eq!(state.load_learnt(|_| Ok(())), None);
        let notice = state.load_learnt(|_| Err("is damaged".into())).unwrap();
        assert!(notice.contains("is damaged; everything is learnt anew; the file is kept as"), "{notice}");
        assert!(folder.path().join("detectors.bin.unusable").exists());
        assert_eq!(state.load_learnt(|_| panic!("it was set aside")), None);
    }

    #[test]
    fn a_disk_that_is_full_leaves_the_old_state_whole_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let names = || fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect::<Vec<_>>();
        replace(folder.path(), LEARNT, b"old").unwrap();
        let half = |file: &mut File| {
            file.write_all(b"ne")?;
            Err(ErrorKind::StorageFull.into())
        };
        assert_eq!(replace_by(folder.path(), LEARNT, half).unwrap_err().kind(), ErrorKind::StorageFull);
        assert_eq!(fs::read(folder.path().join(LEARNT)).unwrap(), b"old");
        assert_eq!(names(), [LEARNT], "what could not be written is left behind");
        replace(folder.path(), LEARNT, b"new").unwrap();
        assert_eq!(fs::read(folder.path().join(LEARNT)).unwrap(), b"new");
    }

    #[test]
    fn no_link_in_the_directory_is_followed() {
        let above = tempfile::tempdir().unwrap();
        let (folder, victim) = (above.path().join("state"), above.path().join("victim"));
        private_folder::make(&folder).unwrap();
        fs::write(&victim, "precious").unwrap();
        for name in ["auth.json.draft", "state.json.draft", "auth.json", LOCK, FILE, LEARNT] {
            std::os::unix::fs::symlink(&victim, folder.join(name)).unwrap();
        }
        for name in ["auth.json", FILE] {
            replace(&folder, name, b"new").unwrap();
            assert_eq!(fs::read(folder.join(name)).unwrap(), b"new");
            assert!(fs::symlink_metadata(folder.join(name)).unwrap().is_file(), "{name}");
        }
        let refused = State::open(&folder, StateAccess::Own).unwrap_err();
        assert_eq!(refused.code, "NG-3102");
        assert!(refused.what.contains("lock: is a symbolic link, expected a file"), "{refused}");
        assert_eq!(lock_owner(&folder), None);
        fs::remove_file(folder.join(LOCK)).unwrap();
        let state = State::open(&folder, StateAccess::Own).unwrap();
        let notice = state.load_learnt(|_| panic!("it is not read")).unwrap();
        assert!(notice.contains("is a symbolic link"), "{notice}");
        assert_eq!(fs::read(&victim).unwrap(), b"precious");
    }

    #[test]
    fn a_directory_that_others_could_have_filled_is_refused() {
        use std::os::unix::fs::{PermissionsExt, symlink};
        let above = tempfile::tempdir().unwrap();
        let folder = above.path().join("made").join("state");
        drop(State::open(&folder, StateAccess::Own).unwrap());
        assert_eq!(fs::metadata(&folder).unwrap().permissions().mode() & 0o777, 0o700);
        let link = above.path().join("link");
        symlink(&folder, &link).unwrap();
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o777)).unwrap();
        for (path, what) in [(&folder, "other users can write to it: mode 0777"), (&link, "but a symbolic link")] {
            for access in [StateAccess::Own, StateAccess::ReadOnly] {
                let refused = State::open(path, access).unwrap_err();
                assert_eq!(refused.code, "NG-3106");
                assert!(refused.what.contains(what) && refused.hint.contains("--state-dir"), "{refused}");
            }
        }
        assert!(State::open(&above.path().join("none"), StateAccess::ReadOnly).is_ok());
    }

    #[test]
    fn a_reader_changes_nothing_on_disk() {
        let folder = tempfile::tempdir().unwrap();
        State::open(folder.path(), StateAccess::ReadOnly).unwrap().save(&sample()).unwrap();
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}

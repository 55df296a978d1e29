//! How history is kept, by the configuration, and for whom.

use crate::config::{Config, Origin};
use crate::engine_parts::checked;
use crate::private_folder;
use ng_journal::store::{Error, Journal, Limits, Removed, SETTINGS, Sizes};
use ng_model::settings::Values;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

/// Whose history it is. Each has a folder of its own, so that a console that is opened now and then takes away nothing that an engine
/// that serves has kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keeper {
    /// An engine that serves.
    Server,
    /// A console with an engine of its own. It keeps less where the configuration does not say how much.
    Console,
}

/// Where history is kept, and how much of it.
#[derive(Clone, Debug)]
pub struct Keeping {
    /// Its folder.
    pub folder: PathBuf,
    /// How much is kept.
    pub limits: Limits,
    /// Most records that are brought back into the ring at a start.
    pub(crate) refilled: usize,
    is_wanted: bool,
}

impl Keeping {
    /// As the configuration says, also where none is to be kept.
    pub fn place(config: &Config, state_dir: &Path, keeper: Keeper) -> Keeping {
        let values = checked(SETTINGS, &config.table("history"));
        let is_given = |key: &str| config.origin(&format!("history.{key}")) != Origin::default();
        let folder = match values.text("folder") {
            "" => state_dir.join("history"),
            given => PathBuf::from(given),
        };
        let is_wanted = values.bool("enabled");
        match keeper {
            Keeper::Server => Keeping { folder, limits: Limits::of(&values), refilled: 200_000, is_wanted },
            Keeper::Console => Keeping {
                folder: beside(folder),
                limits: limits_of_console(&values, is_given),
                // A person waits for the first picture.
                refilled: 20_000,
                is_wanted,
            },
        }
    }

    /// The same; none where none is to be kept.
    pub(crate) fn of(config: &Config, state_dir: &Path, keeper: Keeper) -> Option<Keeping> {
        Some(Keeping::place(config, state_dir, keeper)).filter(|keeping| keeping.is_wanted)
    }

    /// Opens it for writing; the folder is made when it does not exist, for this user alone.
    pub(crate) fn open(&self) -> Result<Journal, Error> {
        private_folder::make(&self.folder).map_err(|error| Error::Io { path: self.folder.clone(), error })?;
        Journal::open(&self.folder, Sizes::within(&self.limits))
    }

    /// Takes away the oldest files beyond these limits, else those that are configured. The file that was written last stays.
    /// Refused while another process writes there.
    pub fn prune(&self, bytes: Option<u64>, days: Option<u32>) -> Result<Vec<Removed>, Error> {
        if !self.folder.exists() {
            return Ok(Vec::new());
        }
        let limits = Limits {
            bytes: bytes.unwrap_or(self.limits.bytes),
            age_ns: days.map_or(self.limits.age_ns, |days| Limits::of_days(days.into())),
        };
        let now_ns = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_nanos() as i64);
        Journal::open(&self.folder, Sizes::within(&self.limits))?.retain(&limits, now_ns)
    }
}

/// The folder of a console beside that of an engine that serves.
fn beside(folder: PathBuf) -> PathBuf {
    let mut name = OsString::from(folder);
    name.push("-console");
    PathBuf::from(name)
}

/// 256 MiB and two days, where the configuration does not say anything else.
fn limits_of_console(values: &Values, is_given: impl Fn(&str) -> bool) -> Limits {
    let given = Limits::of(values);
    Limits {
        bytes: if is_given("bytes") { given.bytes } else { 256 << 20 },
        age_ns: if is_given("days") { given.age_ns } else { Limits::of_days(2) },
    }
}

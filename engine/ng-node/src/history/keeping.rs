//! How history is kept, by the configuration.

use crate::config::Config;
use crate::engine_parts::checked;
use crate::private_folder;
use ng_journal::store::{Error, Journal, Limits, Removed, SETTINGS, Sizes};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

/// Where history is kept, and how much of it.
#[derive(Clone, Debug)]
pub struct Keeping {
    /// Its folder.
    pub folder: PathBuf,
    /// How much is kept.
    pub limits: Limits,
    is_wanted: bool,
}

impl Keeping {
    /// As the configuration says, also where none is to be kept.
    pub fn place(config: &Config, state_dir: &Path) -> Keeping {
        let values = checked(SETTINGS, &config.table("history"));
        let folder = match values.text("folder") {
            "" => state_dir.join("history"),
            given => PathBuf::from(given),
        };
        Keeping { folder, limits: Limits::of(&values), is_wanted: values.bool("enabled") }
    }

    /// The same; none where none is to be kept.
    pub(crate) fn of(config: &Config, state_dir: &Path) -> Option<Keeping> {
        Some(Keeping::place(config, state_dir)).filter(|keeping| keeping.is_wanted)
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

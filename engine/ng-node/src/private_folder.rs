//! Folders that have to be this user's, and the files in them.
//!
//! Whoever may write to a folder can exchange what is in it, and lay links there that lead elsewhere. So a folder is looked
//! at before anything in it is believed, and its files are opened without following a link.

use rustix::fs::{FileType, OFlags, lstat, stat};
use rustix::io::Errno;
use rustix::process::geteuid;
use std::fs::{DirBuilder, File, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;

/// What other users may do in a folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Others {
    /// Nothing. No group may write to the folder above either.
    StayOut,
    /// Look, but not write. A group, which may be this user's own, may write to the folder above.
    Look,
}

impl Others {
    /// The bits of the mode that a folder and the one above it must not have, and how that is told.
    fn forbidden(self) -> (u32, u32, &'static str, &'static str) {
        match self {
            Others::StayOut => (0o077, 0o022, "get in", "0700"),
            Others::Look => (0o022, 0o002, "write to it", "0700 or 0755"),
        }
    }
}

/// Makes a folder with mode 0700, and those above it, where there are none.
pub fn make(folder: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

/// Looks whether a folder is a real one of this user, in which others can do no more than they may. Says what is wrong.
pub fn check(folder: &Path, others: Others) -> Result<(), String> {
    let unseen = |error: Errno| format!("cannot be looked at: {}", io::Error::from(error));
    let (forbidden, forbidden_above, what, expected) = others.forbidden();
    let (found, me) = (lstat(folder).map_err(unseen)?, geteuid().as_raw());
    match FileType::from_raw_mode(found.st_mode) {
        FileType::Directory => {}
        FileType::Symlink => return Err("is no folder, but a symbolic link".into()),
        _ => return Err("is no folder".into()),
    }
    if found.st_uid != me {
        return Err(format!("belongs to uid {}, expected uid {me}", found.st_uid));
    }
    if found.st_mode & forbidden != 0 {
        return Err(format!("other users can {what}: mode {:04o}, expected {expected}", found.st_mode & 0o7777));
    }
    let Some(above) = folder.parent() else { return Ok(()) };
    let above = if above.as_os_str().is_empty() { Path::new(".") } else { above };
    let found = stat(above).map_err(unseen)?;
    if found.st_uid != me && found.st_uid != 0 {
        return Err(format!("lies in {}, which belongs to uid {}", above.display(), found.st_uid));
    }
    // With the sticky bit, as in /tmp, others can make files, but rename or remove none of ours.
    if found.st_mode & forbidden_above != 0 && found.st_mode & 0o1000 == 0 {
        let mode = found.st_mode & 0o7777;
        return Err(format!("lies in {}, where other users can write: mode {mode:04o}", above.display()));
    }
    Ok(())
}

/// Opens a file of such a folder, with mode 0600 when it is made. Neither follows a link nor waits for the other end of a
/// pipe.
pub fn open(path: &Path, options: &mut OpenOptions) -> io::Result<File> {
    let flags = (OFlags::NOFOLLOW | OFlags::NONBLOCK).bits() as i32;
    let file = options.mode(0o600).custom_flags(flags).open(path).map_err(|error| match error.raw_os_error() {
        Some(code) if code == Errno::LOOP.raw_os_error() => no_file("is a symbolic link"),
        _ => error,
    })?;
    if file.metadata()?.is_file() { Ok(file) } else { Err(no_file("is none")) }
}

fn no_file(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, format!("{what}, expected a file"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::{self, Permissions};
    use std::os::unix::fs::{PermissionsExt, chown, symlink};

    fn mode(path: &Path, mode: u32) {
        fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn a_folder_is_refused_in_which_others_can_do_more_than_they_may() {
        let above = tempfile::tempdir().unwrap();
        let folder = above.path().join("state");
        let told = |others| check(&folder, others).err().unwrap_or_default();
        assert!(told(Others::Look).contains("cannot be looked at"));
        make(&folder).unwrap();
        for (bits, out, look) in [
            (0o700, true, true),
            (0o500, true, true),
            (0o750, false, true),
            (0o755, false, true),
            (0o701, false, true),
            (0o720, false, false),
            (0o702, false, false),
            (0o777, false, false),
            (0o1777, false, false),
        ] {
            mode(&folder, bits);
            assert_eq!((told(Others::StayOut).is_empty(), told(Others::Look).is_empty()), (out, look), "{bits:o}");
        }
        mode(&folder, 0o700);
        for (bits, out, look) in [
            (0o755, true, true),
            (0o1777, true, true),
            (0o775, false, true),
            (0o777, false, false),
            (0o702, false, false),
        ] {
            mode(above.path(), bits);
            let (strict, lax) = (told(Others::StayOut), told(Others::Look));
            assert_eq!((strict.is_empty(), lax.is_empty()), (out, look), "above: {bits:o}");
        }
    }

    #[test]
    fn a_folder_is_a_real_one_of_this_user() {
        let above = tempfile::tempdir().unwrap();
        let (folder, link, file) = (above.path().join("real"), above.path().join("link"), above.path().join("file"));
        make(&folder).unwrap();
        symlink(&folder, &link).unwrap();
        fs::write(&file, "").unwrap();
        assert_eq!(check(&folder, Others::Look), Ok(()));
        assert_eq!(check(&link, Others::Look), Err("is no folder, but a symbolic link".into()));
        assert_eq!(check(&file, Others::Look), Err("is no folder".into()));
        // Who is not root has folders of another user at hand, and who is can make one.
        let foreign = if geteuid().is_root() {
            chown(&folder, Some(12345), None).unwrap();
            folder.as_path()
        } else {
            Path::new("/usr")
        };
        assert!(check(foreign, Others::Look).unwrap_err().starts_with("belongs to uid"));
    }

    #[test]
    fn what_is_no_file_is_not_opened() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        fs::write(path("file"), "precious").unwrap();
        symlink("file", path("link")).unwrap();
        symlink("nowhere", path("dangling")).unwrap();
        rustix::fs::mkfifoat(rustix::fs::CWD, path("pipe"), rustix::fs::Mode::RUSR).unwrap();
        let told =
            |name: &str, options: &mut OpenOptions| open(&path(name), options).err().map(|error| error.to_string());
        for name in ["link", "dangling"] {
            for options in [File::options().read(true), File::options().write(true).create(true).truncate(true)] {
                assert_eq!(told(name, options).unwrap(), "is a symbolic link, expected a file", "{name}");
            }
        }
        assert_eq!(told("pipe", File::options().read(true)).unwrap(), "is none, expected a file");
        assert_eq!(fs::read(path("file")).unwrap(), b"precious");
        assert!(fs::symlink_metadata(path("nowhere")).is_err());
        assert_eq!(told("file", File::options().read(true)), None);
    }
}

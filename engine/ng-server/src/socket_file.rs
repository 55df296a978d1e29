//! The Unix socket as a file: it is made where nothing stands, and nothing is removed but what this user's engine left.
//!
//! A socket listens under a name of its own before it is renamed to its path. So a socket of this user that refuses
//! connections is one that a killed process left behind, never one that another process is about to serve. Nothing that
//! comes to the path in the meantime is replaced, for the rename takes only a free name; and what is to be removed is
//! renamed first and looked at again, so that nothing else is deleted in its place.

use crate::settings;
use ng_node::NodeError;
use ng_node::private_folder::{self, Others};
use rustix::fs::{AtFlags, CWD, FileType, FlockOperation, Mode, OFlags, RenameFlags, Stat};
use rustix::fs::{fchmod, flock, linkat, lstat, open, renameat_with, unlink};
use rustix::io::Errno;
use rustix::net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType};
use rustix::net::{bind as bind_name, connect, listen, socket_with};
use rustix::process::geteuid;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Connections that wait until they are accepted.
const BACKLOG: i32 = 4096;
/// Times that the path is looked at anew because something else came there.
const TRIES: usize = 3;
/// Longest path of a Unix socket, bytes.
const PATH_BYTES: usize = 107;
/// Longest time for which another engine may be busy removing something in the folder.
const PATIENCE: Duration = Duration::from_secs(2);
/// Time between two looks at whether it is.
const PAUSE: Duration = Duration::from_millis(10);

/// A socket that listens at a path. When this is dropped the path is free again, unless something else stands there.
pub(crate) struct SocketFile {
    path: PathBuf,
    id: Id,
    /// The socket, for as long as which no other file can have its number.
    _socket: OwnedFd,
}

/// What tells one file from every other that is there at the same time. Numbers are given out again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Id {
    device: u64,
    inode: u64,
}

impl Id {
    fn of(found: &Stat) -> Id {
        Id { device: found.st_dev, inode: found.st_ino }
    }
}

impl SocketFile {
    /// Where it stands.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        // What cannot be removed is taken for what it is by the next start.
        let _ = remove(&self.path, |path| lstat(path).is_ok_and(|found| Id::of(&found) == self.id));
    }
}

/// Makes the socket of this user, with mode 0600; its folder is made with mode 0700. A socket of this user that nobody
/// serves is replaced. Refuses when anything else stands at the path, and the usual place when others can get at it.
pub(crate) fn bind(path: &Path) -> Result<(UnixListener, SocketFile), NodeError> {
    let fail = |error: std::io::Error| {
        NodeError::failure("NG-3301", path.display().to_string(), format!("cannot listen: {error}"))
    };
    if path.as_os_str().len() > PATH_BYTES {
        let what = format!("cannot listen: the path of a socket has at most {PATH_BYTES} bytes");
        return Err(NodeError::failure("NG-3301", path.display().to_string(), what));
    }
    if let Some(folder) = path.parent() {
        private_folder::make(folder).map_err(fail)?;
        if settings::socket_path("").as_deref() == Some(path) {
            check_folder(folder)?;
        }
    }
    let mut left = look(path)?;
    let (listener, mut file) = listen_beside(path).map_err(fail)?;
    for _ in 0..TRIES {
        if let Some(id) = left {
            remove(path, |path| is_left(path, id)).map_err(fail)?;
        }
        match rename_to_free(&file.path, path) {
            Ok(()) => {
                file.path = path.to_owned();
                return Ok((listener, file));
            }
            Err(Errno::EXIST) => left = look(path)?,
            Err(error) => return Err(fail(error.into())),
        }
    }
    Err(occupied(path, "something that comes and goes"))
}

/// What a killed process has left at a path, nothing when it is free. Refuses what may not be removed.
fn look(path: &Path) -> Result<Option<Id>, NodeError> {
    let found = match lstat(path) {
        Ok(found) => found,
        Err(Errno::NOENT) => return Ok(None),
        Err(error) => {
            let what = format!("cannot be looked at: {}", std::io::Error::from(error));
            return Err(NodeError::failure("NG-3301", path.display().to_string(), what));
        }
    };
    let what = match FileType::from_raw_mode(found.st_mode) {
        FileType::Socket if found.st_uid != geteuid().as_raw() => &format!("a socket of uid {}", found.st_uid),
        FileType::Socket => match knock(path) {
            Err(Errno::CONNREFUSED) => return Ok(Some(Id::of(&found))),
            Err(Errno::NOENT) => return Ok(None),
            // A server that is far behind has no place left for those who wait.
            Ok(()) | Err(Errno::AGAIN) => {
                let place = path.display().to_string();
                let error = NodeError::failure("NG-3302", place, "another engine serves this socket");
                return Err(NodeError { exit: 75, ..error }
                    .hint("stop it, or choose another socket with --set server.socket=PATH"));
            }
            Err(_) => "a socket of another kind",
        },
        FileType::RegularFile => "a file",
        FileType::Directory => "a folder",
        FileType::Symlink => "a symbolic link",
        FileType::Fifo => "a pipe",
        _ => "a device",
    };
    Err(occupied(path, what))
}

fn occupied(path: &Path, what: &str) -> NodeError {
    let what = format!("{what} stands where the socket is to be; it was left as it is");
    NodeError::failure("NG-3303", path.display().to_string(), what)
        .hint("move it away, or choose another socket with --set server.socket=PATH")
}

/// Whether somebody takes connections at a path.
fn knock(path: &Path) -> rustix::io::Result<()> {
    connect(socket()?, &SocketAddrUnix::new(path)?)
}

fn socket() -> rustix::io::Result<OwnedFd> {
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    socket_with(AddressFamily::UNIX, SocketType::STREAM, flags, None)
}

/// A socket that listens under a name that nothing else has, in the folder of a path.
fn listen_beside(path: &Path) -> std::io::Result<(UnixListener, SocketFile)> {
    let (socket, name) = (socket()?, beside(path));
    // The mode of the socket becomes that of the file, so at no time can another user connect.
    fchmod(&socket, Mode::RUSR | Mode::WUSR)?;
    bind_name(&socket, &SocketAddrUnix::new(&name)?)?;
    let file = SocketFile { id: Id::of(&lstat(&name)?), path: name, _socket: socket.try_clone()? };
    listen(&socket, BACKLOG)?;
    Ok((UnixListener::from(socket), file))
}

/// A free name in the folder of a path, longer than its own where a socket may have so long a name.
fn beside(path: &Path) -> PathBuf {
    let mark = crate::random::hex::<4>();
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{mark}"));
    let long = path.with_file_name(name);
    if long.as_os_str().len() > PATH_BYTES { path.with_file_name(mark) } else { long }
}

/// It is the socket that was found, and nobody serves it still.
fn is_left(path: &Path, id: Id) -> bool {
    let is_it = |found: Stat| {
        FileType::from_raw_mode(found.st_mode) == FileType::Socket
            && found.st_uid == geteuid().as_raw()
            && Id::of(&found) == id
    };
    lstat(path).is_ok_and(is_it) && knock(path) == Err(Errno::CONNREFUSED)
}

/// Removes what stands at a path, if it is what is meant.
fn remove(path: &Path, is_it: impl Fn(&Path) -> bool) -> std::io::Result<()> {
    let _alone = alone(path)?;
    if !is_it(path) {
        return Ok(());
    }
    let aside = beside(path);
    match rename_to_free(path, &aside) {
        Ok(()) if is_it(&aside) => Ok(unlink(&aside)?),
        // Something else has come in between.
        Ok(()) => Ok(rename_to_free(&aside, path)?),
        Err(Errno::NOENT) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// Holds the folder of a path, so that of several engines one after the other removes something there.
fn alone(path: &Path) -> std::io::Result<OwnedFd> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let held = open(folder, OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?;
    let until = Instant::now() + PATIENCE;
    loop {
        match flock(&held, FlockOperation::NonBlockingLockExclusive) {
            Err(Errno::WOULDBLOCK) if Instant::now() < until => std::thread::sleep(PAUSE),
            done => return Ok(done.map(|()| held)?),
        }
    }
}

/// Renames a file to a name that is free; `EXIST` when it is not.
fn rename_to_free(from: &Path, to: &Path) -> rustix::io::Result<()> {
    match renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE) {
        // Not every file system can do that at once. A second name needs a free one, too.
        Err(Errno::INVAL | Errno::NOSYS) => {
            linkat(CWD, from, CWD, to, AtFlags::empty())?;
            unlink(from)
        }
        done => done,
    }
}

/// Refuses the folder of the usual place when another user could have made it, or can put a socket of their own there.
fn check_folder(folder: &Path) -> Result<(), NodeError> {
    let refuse = |what: String| {
        NodeError::failure("NG-3304", folder.display().to_string(), what).hint(
            "remove it, set XDG_RUNTIME_DIR to a folder of this user with mode 0700, \
             or choose another socket with --set server.socket=PATH",
        )
    };
    private_folder::check(folder, Others::StayOut).map_err(refuse)
}

#[cfg(test)]
mod tests;

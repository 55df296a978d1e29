//! On real files and sockets.

use super::*;
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt, symlink};
use std::os::unix::net::{UnixDatagram, UnixStream};

/// Everything in a folder: name, kind and mode, inode.
fn listing(folder: &Path) -> Vec<(String, u32, u64)> {
    let entry = |entry: std::io::Result<std::fs::DirEntry>| {
        let entry = entry.unwrap();
        let found = entry.metadata().unwrap();
        (entry.file_name().into_string().unwrap(), found.mode(), found.ino())
    };
    let mut found: Vec<_> = std::fs::read_dir(folder).unwrap().map(entry).collect();
    found.sort();
    found
}

fn code(result: Result<(UnixListener, SocketFile), NodeError>) -> (&'static str, i32) {
    result.map_or_else(|error| (error.code, error.exit), |_| ("bound", 0))
}

/// A socket as a killed process leaves it.
fn left_behind(path: &Path) {
    drop(UnixListener::bind(path).unwrap());
}

#[test]
fn what_is_not_a_dead_socket_of_ours_is_refused_and_left() {
    type Make = fn(&Path);
    let table: [(&str, Make); 7] = [
        ("a file", |path| std::fs::write(path, "precious").unwrap()),
        ("a folder", |path| std::fs::create_dir(path).unwrap()),
        ("a symbolic link", |path| {
            let target = path.with_file_name("target");
            left_behind(&target);
            symlink(target, path).unwrap();
        }),
        ("a symbolic link", |path| symlink("nowhere", path).unwrap()),
        ("a pipe", |path| {
            rustix::fs::mkfifoat(CWD, path, Mode::RUSR | Mode::WUSR).unwrap();
        }),
        ("a socket of another kind", |path| std::mem::forget(UnixDatagram::bind(path).unwrap())),
        ("another engine serves", |path| std::mem::forget(UnixListener::bind(path).unwrap())),
    ];
    for (what, make) in table {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("engine.sock");
        make(&path);
        let before = listing(folder.path());
        let error = bind(&path).err().unwrap();
        let expected = if what.starts_with("another") { ("NG-3302", 75) } else { ("NG-3303", 1) };
        assert_eq!((error.code, error.exit), expected, "{what}");
        assert!(error.what.contains(what) && error.hint.contains("server.socket"), "{what}: {error}");
        assert_eq!(listing(folder.path()), before, "{what}");
    }
}

#[test]
fn a_server_whose_places_are_taken_serves_still() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("engine.sock");
    let one = socket().unwrap();
    bind_name(&one, &SocketAddrUnix::new(&path).unwrap()).unwrap();
    listen(&one, 0).unwrap();
    let waiting = UnixStream::connect(&path).unwrap();
    assert_eq!(knock(&path), Err(Errno::AGAIN));
    assert_eq!(code(bind(&path)), ("NG-3302", 75));
    drop(waiting);
}

#[test]
fn a_socket_that_was_left_behind_is_replaced_and_ours_is_removed_at_the_end() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("made").join("engine.sock");
    for _ in 0..2 {
        let (listener, file) = bind(&path).unwrap();
        assert!(UnixStream::connect(&path).is_ok());
        assert_eq!(file.path(), path);
        let found = std::fs::symlink_metadata(&path).unwrap();
        assert!(found.file_type().is_socket());
        assert_eq!(found.mode() & 0o777, 0o600);
        assert_eq!(path.parent().unwrap().metadata().unwrap().mode() & 0o777, 0o700);
        assert_eq!(listing(path.parent().unwrap()).len(), 1, "the name that it had before is gone");
        drop((listener, file));
        assert_eq!(listing(path.parent().unwrap()), []);
        left_behind(&path);
    }
}

#[test]
fn what_has_taken_the_place_of_our_socket_stays() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("engine.sock");
    let (_listener, file) = bind(&path).unwrap();
    std::fs::remove_file(&path).unwrap();
    std::fs::write(&path, "precious").unwrap();
    drop(file);
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "precious");
    assert_eq!(listing(folder.path()).len(), 1);
}

#[test]
fn what_comes_between_a_look_and_the_deed_is_not_deleted() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("engine.sock");
    left_behind(&path);
    let seen = look(&path).unwrap().unwrap();
    // File systems give the number of a file that is gone to the next one.
    std::fs::remove_file(&path).unwrap();
    let live = UnixListener::bind(&path).unwrap();
    let its = Id::of(&lstat(&path).unwrap());
    for id in [seen, its] {
        remove(&path, |path| is_left(path, id)).unwrap();
        assert!(UnixStream::connect(&path).is_ok());
    }
    drop(live);
    std::fs::remove_file(&path).unwrap();
    std::fs::write(&path, "precious").unwrap();
    remove(&path, |path| is_left(path, seen)).unwrap();
    let (_listener, file) = listen_beside(&path).unwrap();
    assert_eq!(rename_to_free(file.path(), &path), Err(Errno::EXIST));
    drop(file);
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "precious");
    assert_eq!(listing(folder.path()).len(), 1);
}

#[test]
fn of_many_that_start_at_once_over_a_dead_socket_one_serves() {
    for _ in 0..20 {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("engine.sock");
        left_behind(&path);
        let bound: Vec<_> = std::thread::scope(|scope| {
            let starts: Vec<_> = (0..8).map(|_| scope.spawn(|| bind(&path))).collect();
            starts.into_iter().map(|start| start.join().unwrap()).collect()
        });
        let serving: Vec<_> = bound.iter().flatten().collect();
        assert_eq!(serving.len(), 1);
        assert!(serving[0].0.set_nonblocking(false).is_ok() && UnixStream::connect(&path).is_ok());
        serving[0].0.accept().unwrap();
        assert_eq!(listing(folder.path()).len(), 1);
    }
}

#[test]
fn a_path_of_the_greatest_length_can_be_served() {
    let folder = tempfile::tempdir().unwrap();
    let rest = PATH_BYTES - folder.path().as_os_str().len() - 1;
    let path = folder.path().join("s".repeat(rest));
    assert!(bind(&path).is_ok());
    assert_eq!(code(bind(&folder.path().join("s".repeat(rest + 1)))).0, "NG-3301");
}

#[test]
fn the_folder_of_the_usual_place_is_ours_alone() {
    let above = tempfile::tempdir().unwrap();
    let mode = |path: &Path, mode: u32| {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    };
    let folder = above.path().join("neurograph");
    let refusal = || {
        check_folder(&folder).err().map_or_else(String::new, |error| {
            assert_eq!((error.code, error.exit), ("NG-3304", 1));
            assert!(error.hint.contains("XDG_RUNTIME_DIR"), "{}", error.hint);
            error.what
        })
    };
    assert!(refusal().contains("cannot be looked at"));
    std::fs::create_dir(&folder).unwrap();
    mode(&folder, 0o755);
    assert!(refusal().contains("other users can get in"));
    mode(&folder, 0o700);
    mode(above.path(), 0o775);
    assert!(refusal().contains("where other users can write"));
    mode(above.path(), 0o700);
    assert_eq!(refusal(), "");
    std::fs::rename(&folder, above.path().join("elsewhere")).unwrap();
    symlink("elsewhere", &folder).unwrap();
    assert!(refusal().contains("is no folder"));
}

//! File names are bytes: a file is followed whatever it is called.

use crate::files::append;
use crate::rig::{Rig, build};
use ng_wire::SettingValue;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

fn at(folder: &TempDir, name: &[u8]) -> PathBuf {
    folder.path().join(OsStr::from_bytes(name))
}

fn follow(folder: &TempDir, globs: &[&str]) -> Rig {
    let paths = globs.iter().map(|glob| format!("{}/{glob}", folder.path().display())).collect();
    let from = SettingValue::Text("beginning".into());
    let settings = [("paths", SettingValue::List(paths)), ("rescan_s", SettingValue::Float(0.05)), ("from", from)];
    Rig::new(build("files", &settings))
}

/// The names of the sources that brought each line.
fn origins(rig: &Rig, folder: &TempDir) -> Vec<(String, String)> {
    let prefix = format!("file:{}/", folder.path().display());
    let mut origins: Vec<(String, String)> = rig
        .readings
        .iter()
        .map(|reading| {
            let name = reading.source.strip_prefix(&prefix).expect("the folder is named").to_owned();
            (String::from_utf8_lossy(&reading.raw).into_owned(), name)
        })
        .collect();
    origins.sort();
    origins
}

#[test]
fn files_are_followed_whatever_they_are_called() {
    let long = [b"very long ".as_slice(), &[b'n'; 241], b".log"].concat();
    let names: [(&[u8], &str); 11] = [
        (b"good.log", "good.log"),
        (b"bad\xff.log", "bad\\xff.log"),
        (b"bad\\xff.log", "bad\\\\xff.log"),
        (b"bad\xfe.log", "bad\\xfe.log"),
        (b"cut\xe2\x82.log", "cut\\xe2\\x82.log"),
        (b"line\nfeed.log", "line\\x0afeed.log"),
        (b"escape\x1b[31m.log", "escape\\x1b[31m.log"),
        (b"one[1].log", "one[1].log"),
        (b"bell\x07 \x7f.log", "bell\\x07 \\x7f.log"),
        ("größe {a,b} \u{202e}.log".as_bytes(), "größe {a,b} \\xe2\\x80\\xae.log"),
        (&long, std::str::from_utf8(&long).unwrap()),
    ];
    let folder = tempfile::tempdir().unwrap();
    let mut rig = follow(&folder, &["*.log"]);
    rig.until("the sensor runs", |rig| rig.source("files").is_some());
    for (number, (name, _)) in names.iter().enumerate() {
        fs::write(at(&folder, name), format!("{number:02} first\n")).unwrap();
    }
    rig.until("every file has been found", |rig| rig.lines().len() == names.len());
    for (number, (name, _)) in names.iter().enumerate() {
        append(&at(&folder, name), format!("{number:02} then\n").as_bytes());
    }
    rig.until("every file is followed", |rig| rig.lines().len() == 2 * names.len());
    let expect: Vec<(String, String)> = names
        .iter()
        .enumerate()
        .flat_map(|(number, (_, shown))| {
            ["first", "then"].map(|word| (format!("{number:02} {word}"), shown.to_string()))
        })
        .collect();
    assert_eq!(origins(&rig, &folder), expect);
    assert_eq!(rig.error("files"), "");
    rig.stop();
}

#[test]
fn folders_are_walked_whatever_they_are_called() {
    let folder = tempfile::tempdir().unwrap();
    let inside: [&[u8]; 4] = [b"bad\xff", b"new\nline", b"esc\x1b", b"[1]"];
    for name in inside {
        fs::create_dir_all(at(&folder, name).join("deep")).unwrap();
        fs::write(at(&folder, name).join("a.log"), "near\n").unwrap();
        fs::write(at(&folder, name).join("deep/b.log"), "far\n").unwrap();
    }
    let mut rig = follow(&folder, &["*/*.log", "**/b.log"]);
    rig.until("every file has been found", |rig| rig.lines().len() == 8);
    let near: Vec<String> = origins(&rig, &folder).into_iter().skip(4).map(|(_, name)| name).collect();
    assert_eq!(near, ["[1]/a.log", "bad\\xff/a.log", "esc\\x1b/a.log", "new\\x0aline/a.log"]);
    rig.stop();
}

#[test]
fn a_file_with_a_bad_name_is_rotated_like_any_other() {
    let folder = tempfile::tempdir().unwrap();
    let path = at(&folder, b"bad\xff.log");
    fs::write(&path, "1\n").unwrap();
    let mut rig = follow(&folder, &["*.log"]);
    rig.until("the first line has come", |rig| rig.lines().len() == 1);
    for round in 2..5 {
        append(&path, format!("{round} before\n").as_bytes());
        fs::rename(&path, at(&folder, b"bad\xff.log.1")).unwrap();
        fs::write(&path, format!("{round} after\n")).unwrap();
        rig.until("both generations are read", |rig| rig.lines().len() == 2 * round - 1);
    }
    let expect = ["1", "2 before", "2 after", "3 before", "3 after", "4 before", "4 after"];
    assert_eq!(rig.texts(), expect);
    assert!(rig.readings.iter().all(|reading| reading.source.ends_with("/bad\\xff.log")));
    rig.stop();
}

#[test]
fn a_glob_can_spell_every_name() {
    let check = |glob: &str, name: &[u8]| {
        let folder = tempfile::tempdir().unwrap();
        fs::write(at(&folder, b"other"), "other\n").unwrap();
        fs::write(at(&folder, name), "found\n").unwrap();
        let mut rig = follow(&folder, &[glob]);
        rig.until(glob, |rig| !rig.lines().is_empty());
        rig.stop();
        assert_eq!(rig.texts(), ["found"], "{glob}");
    };
    check("bad\\xff.log", b"bad\xff.log");
    check("bad\\xff*", b"bad\xff.log");
    check("bad?.log", b"bad\xff.log");
    check("bad[!a-z].log", b"bad\xff.log");
    check("bad[\\xfe-\\xff].log", b"bad\xff.log");
    check("[\\]xff", b"\\xff");
    check("a\\b", b"a\\b");
    check("line\nfeed", b"line\nfeed");
    check("line\\x0afeed", b"line\nfeed");
    check("app[1].log", b"app[1].log");
    check("app[[]1].log", b"app[1].log");
    check("{a,b}^$.log", b"{a,b}^$.log");
    check("gr??e", "größe".as_bytes());
}

#[test]
fn messages_name_what_cannot_be_printed() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(at(&folder, b"bad\xff\x1b")).unwrap();
    let mut rig = follow(&folder, &["bad\\xff\\x1b"]);
    let name = format!("{}/bad\\xff\\x1b", Path::new(folder.path()).display());
    let expect = format!("{name} is a directory; give a glob such as {name}/*.log");
    rig.until("the folder is explained", |rig| rig.error("files") == expect);
    rig.stop();
}

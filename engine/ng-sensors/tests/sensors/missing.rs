//! Files that are named and not there, or cannot be read: shown for as long as it is so, and never as live.

use crate::rig::{Rig, build};
use ng_wire::SettingValue;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

fn follow(folder: &Path, globs: &[&str]) -> Rig {
    let paths = globs.iter().map(|glob| format!("{}/{glob}", folder.display())).collect();
    Rig::new(build("files", &[("paths", SettingValue::List(paths)), ("rescan_s", SettingValue::Float(0.05))]))
}

#[test]
fn what_cannot_be_followed_says_why() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    fs::write(at("file"), "x\n").unwrap();
    fs::create_dir(at("folder")).unwrap();
    symlink(at("loop"), at("loop")).unwrap();
    symlink(at("nowhere"), at("broken")).unwrap();
    rustix::fs::mknodat(rustix::fs::CWD, at("pipe").as_str(), rustix::fs::FileType::Fifo, rustix::fs::Mode::RWXU, 0)
        .unwrap();
    std::os::unix::net::UnixListener::bind(at("socket")).unwrap();
    let long = "n".repeat(256);
    let check = |name: &str, kind: &str, why: &str| {
        let mut rig = follow(folder.path(), &[name]);
        let (source, path) = (format!("file:{}", at(name)), at(name));
        let expect = format!("{kind}: {}", why.replace("PATH", &path));
        rig.until(why, |rig| rig.trouble(&source) == expect);
        rig.until("the sensor says it too", |rig| rig.trouble("files") == expect);
        rig.stop();
    };
    check("no-such", "Waiting", "waiting for PATH: it does not exist yet");
    check("no/such", "Waiting", "waiting for PATH: it does not exist yet");
    check("broken", "Waiting", "waiting for PATH: it does not exist yet");
    check("folder", "Unreadable", "PATH is a directory; give a glob such as PATH/*.log");
    check("socket", "Unreadable", "PATH is neither a file nor a named pipe");
    check("file/below", "Unreadable", "cannot look at PATH: Not a directory (os error 20)");
    check("loop", "Unreadable", "cannot look at PATH: Too many levels of symbolic links (os error 40)");
    check(&long, "Unreadable", "cannot look at PATH: File name too long (os error 36)");
}

#[test]
fn a_glob_without_a_match_waits_for_one() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("other.log"), "x\n").unwrap();
    let mut rig = follow(folder.path(), &["other.log", "*.txt"]);
    let glob = format!("{}/*.txt", folder.path().display());
    let expect = format!("Waiting: waiting for {glob}: no file matches yet");
    rig.until("it is told", |rig| rig.trouble("files") == expect);
    fs::write(folder.path().join("a.txt"), "here\n").unwrap();
    rig.until("it is over", |rig| rig.trouble("files").is_empty());
    rig.until("the file is read", |rig| rig.texts().contains(&"here".to_owned()));
    rig.stop();
}

#[test]
fn a_file_that_comes_later_is_followed_under_the_same_source() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("late.log");
    let source = format!("file:{}", path.display());
    let mut rig = follow(folder.path(), &["late.log"]);
    rig.until("it is waited for", |rig| rig.trouble(&source).contains("does not exist yet"));
    fs::write(&path, "1\n").unwrap();
    rig.until("it is read", |rig| rig.lines().len() == 1);
    rig.until("it is no trouble any more", |rig| rig.trouble(&source).is_empty());
    rig.until("nor is the sensor", |rig| rig.trouble("files").is_empty());
    fs::remove_file(&path).unwrap();
    rig.until("it is gone", |rig| {
        rig.trouble(&source) == format!("Waiting: waiting for {}: it is gone", path.display())
    });
    fs::write(&path, "2\n").unwrap();
    rig.until("it is read again", |rig| rig.lines().len() == 2);
    rig.until("it is no trouble any more", |rig| rig.trouble(&source).is_empty());
    rig.stop();
    assert!(rig.readings.iter().all(|reading| reading.source == source));
    assert_eq!(rig.sources.iter().filter(|known| known.name == source).count(), 1);
}

#[test]
fn the_usual_files_are_not_missed() {
    let mut rig = Rig::build("files", &[]);
    rig.until("the sensor runs", |rig| {
        rig.source("files").is_some_and(|source| source.last_ok_ns.load(std::sync::atomic::Ordering::Relaxed) > 0)
    });
    rig.stop();
    assert!(
        rig.sources.iter().all(|source| source.trouble().is_none_or(|trouble| !trouble.reason.starts_with("waiting")))
    );
}

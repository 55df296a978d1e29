//! Files that are not as files should be.

use crate::files::{append, at, follow, settings};
use crate::rig::{Rig, wait_until};
use ng_wire::SettingValue;
use rustix::fs::{CWD, FileType, Mode, OFlags};
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::{FileExt, OpenOptionsExt};

#[test]
fn a_named_pipe_is_read_without_waiting_for_its_writer() {
    let directory = tempfile::tempdir().unwrap();
    let path = at(&directory, "pipe.log");
    rustix::fs::mknodat(CWD, &path, FileType::Fifo, Mode::RWXU, 0).unwrap();
    fs::write(at(&directory, "a.log"), b"file\n").unwrap();
    let mut rig = Rig::build("files", &settings(&directory, &["*.log"]));
    rig.until("the file beside it is read", |rig| rig.lines().len() == 1);
    for round in 0..3 {
        // Opening fails as long as nobody reads.
        let mut options = OpenOptions::new();
        options.write(true).custom_flags(OFlags::NONBLOCK.bits() as i32);
        let mut writer = options.open(&path).unwrap();
        write!(writer, "{round} a\n{round} b\n{round} c").unwrap();
        rig.until("whole lines have come", |rig| rig.lines().len() >= 3 + 3 * round);
        drop(writer);
        rig.until("the last one has come", |rig| rig.lines().len() >= 4 + 3 * round);
    }
    let expect = ["file", "0 a", "0 b", "0 c", "1 a", "1 b", "1 c", "2 a", "2 b", "2 c"];
    assert_eq!(rig.texts(), expect);
    rig.stop();
}

#[test]
fn a_line_of_64_mib_is_cut_and_noted() {
    let mut followed = follow(&["a.log"], &[("a.log", b"before\n")], &[]);
    followed.until_lines(&["before"]);
    let block = vec![b'x'; 1 << 20];
    let resident = resident_kib();
    let mut file = OpenOptions::new().append(true).open(followed.at("a.log")).unwrap();
    for _ in 0..64 {
        file.write_all(&block).unwrap();
        followed.rig.take();
    }
    file.write_all(b"\nafter\n").unwrap();
    followed.rig.until("the next line has come", |rig| rig.lines().len() >= 3);
    let grown = resident_kib().saturating_sub(resident);
    assert!(grown < 24 * 1024, "{grown} KiB more memory");
    let lines = followed.rig.lines();
    assert_eq!(lines[1], &block[..65_536]);
    assert_eq!(lines[2], b"after");
    let notes = followed.rig.notes();
    assert_eq!(notes.len(), 1);
    assert_eq!(notes[0]["type"], "stream.gap");
    assert_eq!(notes[0]["level"], "warn");
    assert_eq!(notes[0]["message"], "line of 67108864 bytes cut to 65536");
    assert_eq!(notes[0]["bytes"], (64 << 20) - 65_536);
    assert_eq!(notes[0]["source"], format!("file:{}", followed.at("a.log").display()));
}

#[test]
fn a_writer_that_keeps_its_place_after_a_truncation_leaves_a_hole() {
    let mut followed = follow(&["a.log"], &[("a.log", b"1\n")], &[]);
    followed.until_lines(&["1"]);
    let file = OpenOptions::new().write(true).open(followed.at("a.log")).unwrap();
    file.set_len(0).unwrap();
    file.write_all_at(b"2\n", 3 << 30).unwrap();
    followed.until_lines(&["1", "2"]);
    append(&followed.at("a.log"), b"3\n");
    followed.until_lines(&["1", "2", "3"]);
    let notes = followed.rig.notes();
    assert_eq!(notes.len(), 2, "{notes:?}");
    assert_eq!(notes[0]["type"], "stream.restart");
    assert_eq!(notes[1]["bytes"], 3u64 << 30);
}

#[test]
fn room_that_is_filled_later_is_not_skipped() {
    let mut followed = follow(&["a.log"], &[("a.log", b"")], &[("from", SettingValue::Text("beginning".into()))]);
    let file = OpenOptions::new().write(true).open(followed.at("a.log")).unwrap();
    file.set_len(1 << 20).unwrap();
    let mut place = 0;
    for n in 0..5 {
        let line = format!("line {n}\n");
        file.write_all_at(line.as_bytes(), place).unwrap();
        place += line.len() as u64;
        followed.rig.until("the line has come", |rig| rig.lines().len() > n);
    }
    assert_eq!(followed.rig.texts(), ["line 0", "line 1", "line 2", "line 3", "line 4"]);
    assert!(followed.rig.notes().is_empty(), "{:?}", followed.rig.notes());
}

#[test]
fn nuls_and_carriage_returns_inside_lines_stay() {
    let mut followed = follow(&["a.log"], &[("a.log", b"")], &[]);
    append(&followed.at("a.log"), b"\0\0a\0b\n\r\n\rx\ry\r\n\0\n");
    followed.until_lines(&["\0\0a\0b", "\rx\ry", "\0"]);
}

#[test]
fn a_file_that_becomes_a_directory_and_comes_back() {
    let mut followed = follow(&["a.log"], &[("a.log", b"1\n")], &[]);
    followed.until_lines(&["1"]);
    let path = followed.at("a.log");
    fs::remove_file(&path).unwrap();
    fs::create_dir(&path).unwrap();
    followed.rig.until("it is explained", |rig| rig.error("files").contains("is a directory"));
    fs::remove_dir(&path).unwrap();
    wait_until("the path is free", || !path.exists());
    fs::write(&path, b"2\n").unwrap();
    followed.until_lines(&["1", "2"]);
}

#[test]
fn links_that_lead_back_hold_up_neither_the_files_nor_the_stop() {
    let directory = tempfile::tempdir().unwrap();
    fs::create_dir(at(&directory, "a")).unwrap();
    for name in ["a/x", "a/y", "a/z"] {
        std::os::unix::fs::symlink("..", at(&directory, name)).unwrap();
    }
    fs::write(at(&directory, "a/1.log"), "here\n").unwrap();
    let mut rig = Rig::build("files", &settings(&directory, &["**/*.log"]));
    rig.until("the file is read", |rig| rig.lines().len() == 1);
    assert_eq!(rig.readings[0].source, format!("file:{}", at(&directory, "a/1.log").display()));
    rig.stop();
    // Nothing matches here, and the way would not end all the same.
    let mut rig = Rig::build("files", &settings(&directory, &["**/*.txt"]));
    rig.take();
    rig.stop();
}

#[test]
fn devices_are_left_alone() {
    let mut rig = Rig::build("files", &[("paths", SettingValue::List(vec!["/dev/zero".into()]))]);
    rig.until("it is explained", |rig| rig.error("files") == "/dev/zero is neither a file nor a named pipe");
    rig.stop();
    assert!(rig.readings.is_empty());
}

fn resident_kib() -> usize {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

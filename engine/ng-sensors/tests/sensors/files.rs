//! Following files: where reading starts, what appears later, what cannot be read.

use crate::rig::{Rig, now_ns, rules};
use ng_wire::SettingValue;
use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tempfile::TempDir;

/// A directory and a sensor that follows globs in it.
pub(crate) struct Followed {
    pub(crate) rig: Rig,
    directory: TempDir,
}

pub(crate) fn at(directory: &TempDir, name: &str) -> PathBuf {
    directory.path().join(name)
}

/// The settings under test with short waits.
pub(crate) fn settings(directory: &TempDir, globs: &[&str]) -> Vec<(&'static str, SettingValue)> {
    let paths = globs.iter().map(|glob| at(directory, glob).to_str().unwrap().to_string()).collect();
    vec![("paths", SettingValue::List(paths)), ("rescan_s", SettingValue::Float(0.05))]
}

/// Follows `globs` in a directory that holds `before`.
pub(crate) fn follow(globs: &[&str], before: &[(&str, &[u8])], more: &[(&'static str, SettingValue)]) -> Followed {
    let directory = tempfile::tempdir().unwrap();
    for (name, content) in before {
        fs::write(at(&directory, name), content).unwrap();
    }
    let mut settings = settings(&directory, globs);
    settings.extend_from_slice(more);
    Followed { rig: Rig::build("files", &settings), directory }
}

impl Followed {
    pub(crate) fn at(&self, name: &str) -> PathBuf {
        at(&self.directory, name)
    }

    pub(crate) fn until_lines(&mut self, expect: &[&str]) {
        self.rig.until(&format!("{} lines have come", expect.len()), |rig| rig.lines().len() >= expect.len());
        assert_eq!(self.rig.texts(), expect);
    }
}

pub(crate) fn append(path: &Path, content: &[u8]) {
    OpenOptions::new().append(true).create(true).open(path).unwrap().write_all(content).unwrap();
}

#[test]
fn the_last_lines_are_shown_and_then_what_is_added() {
    let mut followed = follow(&["a.log"], &[("a.log", b"1\n2\n3\n4\n")], &[("tail_lines", SettingValue::Int(2))]);
    followed.until_lines(&["3", "4"]);
    append(&followed.at("a.log"), b"5\r\n\xff\x00\xfe\n\npart");
    // A line without its end is shown when nothing comes for a while; what comes later is the next event.
    followed.until_lines(&["3", "4", "5", "\u{fffd}\0\u{fffd}", "part"]);
    append(&followed.at("a.log"), b"ial\n");
    followed.until_lines(&["3", "4", "5", "\u{fffd}\0\u{fffd}", "part", "ial"]);
    let name = format!("file:{}", followed.at("a.log").display());
    assert!(followed.rig.readings.iter().all(|reading| reading.source == name));
    assert!(followed.rig.notes().is_empty());
    followed.rig.stop();
}

#[test]
fn lines_that_belong_together_are_one_event() {
    let trace = b"2026-11-22 13:02:03 ERROR failed\njava.lang.Error: x\n\tat a.b(c)\n";
    let mut followed = follow(&["a.log"], &[("a.log", trace)], &[]);
    followed.until_lines(&["2026-11-22 13:02:03 ERROR failed\njava.lang.Error: x\n\tat a.b(c)"]);
    append(&followed.at("a.log"), b"{\n  \"a\": 1\n}\n2026-11-22 13:02:04 next\n");
    followed.rig.until("all events have come", |rig| rig.lines().len() == 3);
    assert_eq!(followed.rig.texts()[1..], ["{\n  \"a\": 1\n}", "2026-11-22 13:02:04 next"]);
}

#[test]
fn what_is_compressed_is_read_once_to_its_end() {
    let lines: Vec<String> = (0..3000).map(|n| format!("line {n}")).collect();
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all((lines.join("\n") + "\n").as_bytes()).unwrap();
    let bytes = gzip.finish().unwrap();
    let before: [(&str, &[u8]); 3] =
        [("whole", &bytes), ("half", &bytes[..bytes.len() / 2]), ("other", b"PK\x03\x04 and so on")];
    let mut followed = follow(&["whole", "half", "other"], &before, &[]);
    let name = |followed: &Followed, name: &str| format!("file:{}", followed.at(name).display());
    let [whole, half, other] = ["whole", "half", "other"].map(|file| name(&followed, file));
    followed.rig.until("all are over", |rig| {
        rig.ended(&whole) && !rig.trouble(&half).is_empty() && !rig.trouble(&other).is_empty()
    });
    followed.rig.stop();
    let of = |source: &str| -> Vec<String> {
        let readings = followed.rig.readings.iter().filter(|reading| reading.source == source);
        let texts = readings.filter(|reading| reading.format == ng_wire::Format::Text);
        texts.map(|reading| String::from_utf8_lossy(&reading.raw).into_owned()).collect()
    };
    assert_eq!(of(&whole), lines);
    let kept = of(&half).len();
    assert!(kept > 100 && kept < 3000, "{kept}");
    assert_eq!(of(&half)[..kept - 1], lines[..kept - 1]);
    assert!(followed.rig.trouble(&half).ends_with("the gzip data end too early"), "{}", followed.rig.trouble(&half));
    assert!(of(&other).is_empty());
    assert!(followed.rig.trouble(&other).contains("a zip archive"), "{}", followed.rig.trouble(&other));
}

#[test]
fn wide_text_is_followed_like_any_other() {
    let wide = |text: &str| -> Vec<u8> { text.encode_utf16().flat_map(u16::to_le_bytes).collect() };
    let before = wide("\u{feff}one\r\ntwo ü\r\n");
    let mut followed = follow(&["a.log"], &[("a.log", &before)], &[("tail_lines", SettingValue::Int(1))]);
    followed.until_lines(&["two ü"]);
    append(&followed.at("a.log"), &wide("three\r\nfour\r\n"));
    followed.until_lines(&["two ü", "three", "four"]);
}

#[test]
fn reading_from_the_beginning() {
    let from = ("from", SettingValue::Text("beginning".into()));
    let content: Vec<u8> = (0..5000).flat_map(|n| format!("line {n}\n").into_bytes()).collect();
    let mut followed = follow(&["a.log"], &[("a.log", &content)], &[from]);
    followed.rig.until("all lines have come", |rig| rig.lines().len() >= 5000);
    let expect: Vec<String> = (0..5000).map(|n| format!("line {n}")).collect();
    assert_eq!(followed.rig.texts(), expect);
}

#[test]
fn a_file_that_appears_later_is_read_from_its_beginning() {
    let mut followed = follow(&["*.log"], &[("a.log", b"a\n")], &[("tail_lines", SettingValue::Int(0))]);
    followed.rig.until("the first file is known", |rig| rig.sources.len() == 2);
    fs::write(followed.at("b.log"), b"b1\nb2\n").unwrap();
    fs::write(followed.at("b.txt"), b"no\n").unwrap();
    followed.until_lines(&["b1", "b2"]);
}

#[test]
fn a_file_behind_two_paths_is_read_once() {
    let directory = tempfile::tempdir().unwrap();
    fs::write(at(&directory, "a.log"), b"1\n").unwrap();
    fs::hard_link(at(&directory, "a.log"), at(&directory, "b.log")).unwrap();
    std::os::unix::fs::symlink(at(&directory, "a.log"), at(&directory, "c.log")).unwrap();
    let rig = Rig::build("files", &settings(&directory, &["*.log", "a.log"]));
    let mut followed = Followed { rig, directory };
    followed.until_lines(&["1"]);
    append(&followed.at("b.log"), b"2\n");
    followed.until_lines(&["1", "2"]);
    followed.rig.stop();
    assert_eq!(followed.rig.lines().len(), 2);
}

#[test]
fn a_symbolic_link_that_turns_is_followed() {
    let directory = tempfile::tempdir().unwrap();
    let (monday, tuesday, current) = (at(&directory, "mon"), at(&directory, "tue"), at(&directory, "current.log"));
    fs::write(&monday, b"monday\n").unwrap();
    std::os::unix::fs::symlink(&monday, &current).unwrap();
    let rig = Rig::build("files", &settings(&directory, &["current.log"]));
    let mut followed = Followed { rig, directory };
    followed.until_lines(&["monday"]);
    fs::write(&tuesday, b"tuesday\n").unwrap();
    let next = followed.at("next");
    std::os::unix::fs::symlink(&tuesday, &next).unwrap();
    fs::rename(next, &current).unwrap();
    followed.until_lines(&["monday", "tuesday"]);
    append(&monday, b"late\n");
    followed.until_lines(&["monday", "tuesday", "late"]);
}

#[test]
fn a_directory_and_too_many_files_are_explained() {
    let before: Vec<(&str, &[u8])> = vec![("a.log", b"a\n"), ("b.log", b"b\n"), ("c.log", b"c\n")];
    let mut followed = follow(&["*.log"], &before, &[("max_files", SettingValue::Int(2))]);
    let limit = "1 of 3 matching files are not followed: max_files is 2";
    followed.rig.until("the limit is reported", |rig| rig.error("files") == limit);
    followed.rig.until("two files are read", |rig| rig.lines().len() == 2);
    assert_eq!(followed.rig.trouble("files"), format!("Unreadable: {limit}"), "somebody named them");

    let directory = tempfile::tempdir().unwrap();
    let mut rig = Rig::build("files", &settings(&directory, &["."]));
    let expect = "is a directory; give a glob such as";
    rig.until("the directory is reported", |rig| rig.error("files").contains(expect));
}

#[test]
fn a_file_that_is_written_to_takes_the_place_of_the_one_that_is_quiet_for_longest() {
    let one = ("max_files", SettingValue::Int(1));
    let mut followed = follow(&["*.log"], &[("a.log", b"a 1\n")], &[one]);
    followed.until_lines(&["a 1"]);
    append(&followed.at("b.log"), b"b 1\n");
    followed.until_lines(&["a 1", "b 1"]);
    append(&followed.at("a.log"), b"a 2\n");
    followed.until_lines(&["a 1", "b 1", "a 2"]);
    append(&followed.at("b.log"), b"b 2\n");
    followed.until_lines(&["a 1", "b 1", "a 2", "b 2"]);
    followed.rig.stop();
}

#[test]
fn what_was_read_and_has_ended_makes_room_and_is_not_read_again() {
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(b"packed\n").unwrap();
    let one = ("max_files", SettingValue::Int(1));
    let mut followed = follow(&["old.gz", "*.log"], &[("old.gz", &gzip.finish().unwrap())], &[one]);
    followed.until_lines(&["packed"]);
    let name = format!("file:{}", followed.at("old.gz").display());
    followed.rig.until("it has ended", |rig| rig.ended(&name));
    append(&followed.at("new.log"), b"1\n");
    followed.until_lines(&["packed", "1"]);
    // Several looks for files later.
    for number in 2..5 {
        append(&followed.at(&format!("{number}.log")), format!("{number}\n").as_bytes());
        followed.rig.until("it is read", |rig| rig.texts().contains(&number.to_string()));
    }
    followed.rig.stop();
    assert_eq!(followed.rig.texts().iter().filter(|text| *text == "packed").count(), 1);
}

#[test]
fn a_directory_that_is_away_for_a_while_loses_and_repeats_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let (here, away) = (at(&directory, "here"), at(&directory, "away"));
    fs::create_dir(&here).unwrap();
    fs::write(here.join("a.log"), b"1\n2\n").unwrap();
    let mut rig = Rig::build("files", &settings(&directory, &["here/*.log"]));
    let name = format!("file:{}", here.join("a.log").display());
    rig.until("the file is read", |rig| rig.lines().len() == 2);
    fs::rename(&here, &away).unwrap();
    append(&away.join("a.log"), b"3\n");
    // Once it is closed, nothing but its remembered place tells how far it was read.
    rig.until("the file is closed", |rig| rig.ended(&name));
    append(&away.join("a.log"), b"4\n");
    fs::rename(&away, &here).unwrap();
    rig.until("the file is back", |rig| !rig.ended(&name) && rig.lines().len() >= 4);
    append(&here.join("a.log"), b"5\n");
    rig.until("the file grows on", |rig| rig.lines().len() >= 5);
    assert_eq!(rig.texts(), ["1", "2", "3", "4", "5"]);
    assert_eq!(rig.sources.len(), 2);
}

#[test]
fn a_malformed_glob_is_refused() {
    let sensor = ng_sensors::SENSORS.iter().find(|sensor| sensor.name == "files").unwrap();
    let check = |path: &str, expect: &str| {
        let changes = [("paths".to_string(), SettingValue::List(vec![path.into()]))].into();
        let values = ng_model::settings::Values::defaults(sensor.settings).with(sensor.settings, &changes).unwrap();
        let Err(error) = (sensor.build)(&values, &rules()) else { panic!("{path:?} was accepted") };
        assert!(error.expected.contains(expect), "{error}");
    };
    check("/var/log/[a", "is not a glob");
    check("", "expected paths or globs");
}

#[test]
fn a_reader_that_stands_still_does_not_lose_lines() {
    let directory = tempfile::tempdir().unwrap();
    let path = at(&directory, "a.log");
    let mut settings = settings(&directory, &["a.log"]);
    settings.push(("from", SettingValue::Text("beginning".into())));
    let mut file = File::create(&path).unwrap();
    let mut rig = Rig::with_queue(crate::rig::build("files", &settings), 1);
    for n in 0..50_000 {
        writeln!(file, "{n}").unwrap();
    }
    rig.until("all lines have come", |rig| rig.lines().len() >= 50_000);
    let expect: Vec<String> = (0..50_000).map(|n| n.to_string()).collect();
    assert_eq!(rig.texts(), expect);
}

#[test]
fn lines_were_written_when_their_file_was_changed_last() {
    let directory = tempfile::tempdir().unwrap();
    let path = at(&directory, "old.log");
    fs::write(&path, "one\n".repeat(1000)).unwrap();
    let changed = UNIX_EPOCH + Duration::from_secs(1_600_000_000);
    File::options().write(true).open(&path).unwrap().set_modified(changed).unwrap();
    let mut settings = settings(&directory, &["*.log"]);
    settings.push(("from", SettingValue::Text("beginning".into())));
    let mut rig = Rig::build("files", &settings);
    rig.until("all lines have come", |rig| rig.lines().len() == 1000);
    // More than one batch.
    assert!(rig.readings.iter().all(|reading| reading.written_ns == 1_600_000_000_000_000_000));
    // What will be written is written when it comes.
    File::options().append(true).open(&path).unwrap().write_all(b"two\n").unwrap();
    File::options()
        .write(true)
        .open(&path)
        .unwrap()
        .set_modified(SystemTime::now() + Duration::from_secs(3600))
        .unwrap();
    rig.until("the last line has come", |rig| rig.lines().len() == 1001);
    let last = rig.readings.last().unwrap();
    assert!(last.written_ns > 1_600_000_000_000_000_000 && last.written_ns <= now_ns(), "{}", last.written_ns);
}

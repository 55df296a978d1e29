//! Files that are read from their beginning are merged by time.

use crate::files::{Followed, append, follow, settings};
use crate::rig::{Rig, build};
use flate2::Compression;
use flate2::write::GzEncoder;
use ng_wire::SettingValue;
use std::fs::{self, File};
use std::io::Write;
use std::time::{Duration, SystemTime};
use tempfile::TempDir;

fn from_beginning() -> (&'static str, SettingValue) {
    ("from", SettingValue::Text("beginning".into()))
}

fn merged(before: &[(&str, &[u8])]) -> Followed {
    let names: Vec<&str> = before.iter().map(|(name, _)| *name).collect();
    follow(&names, before, &[from_beginning()])
}

#[test]
fn the_earliest_of_the_next_events_comes_first() {
    let web: &[u8] =
        b"2026-11-22T13:00:01Z INFO web 1\n2026-11-22T13:00:03Z INFO web 3\n2026-11-22T13:00:05Z INFO web 5\n";
    let db: &[u8] = b"2026-11-22T13:00:02Z INFO db 2\n2026-11-22T13:00:04Z INFO db 4\n2026-11-22T13:00:06Z INFO db 6\n";
    let ends = |followed: &Followed| -> Vec<String> {
        followed.rig.texts().iter().map(|text| text[26..].to_owned()).collect()
    };
    let mut followed = merged(&[("web.log", web), ("db.log", db)]);
    followed.rig.until("all have come", |rig| rig.lines().len() == 6);
    assert_eq!(ends(&followed), ["web 1", "db 2", "web 3", "db 4", "web 5", "db 6"]);
    // From then on events come as they arrive.
    append(&followed.at("db.log"), b"2026-11-22T13:00:09Z INFO db 9\n");
    followed.rig.until("it has come", |rig| rig.lines().len() == 7);
    append(&followed.at("web.log"), b"2026-11-22T13:00:08Z INFO web 8\n");
    followed.rig.until("it has come", |rig| rig.lines().len() == 8);
    assert_eq!(ends(&followed)[6..], ["db 9", "web 8"]);

    let arrival = ("order", SettingValue::Text("arrival".into()));
    let mut followed =
        follow(&["web.log", "db.log"], &[("web.log", web), ("db.log", db)], &[from_beginning(), arrival]);
    followed.rig.until("all have come", |rig| rig.lines().len() == 6);
    let order = ends(&followed);
    assert!(order[..2] == ["web 1", "web 3"] || order[..2] == ["db 2", "db 4"], "{order:?}");
}

#[test]
fn what_states_no_time_stays_with_what_stands_before_it() {
    let mut followed = merged(&[
        ("a.log", b"== a begins ==\n\n2026-11-22T13:00:02Z a 2\n  at frame\n2026-11-22T13:00:05Z a 5"),
        ("b.log", b"{\"time\":\"2026-11-22T13:00:01Z\",\"msg\":\"b 1\"}\n2026-11-22T14:00:04+01:00 b 4\n2026-11-22T13:00:03Z b 3\n"),
        ("c.log", b"no time at all\nnor here"),
    ]);
    followed.rig.until("all have come", |rig| rig.lines().len() >= 8);
    let expect = [
        "no time at all",
        "nor here",
        "{\"time\":\"2026-11-22T13:00:01Z\",\"msg\":\"b 1\"}",
        "== a begins ==",
        "2026-11-22T13:00:02Z a 2\n  at frame",
        "2026-11-22T14:00:04+01:00 b 4",
        "2026-11-22T13:00:03Z b 3",
        "2026-11-22T13:00:05Z a 5",
    ];
    assert_eq!(followed.rig.texts(), expect);
}

/// Lines of files with gaps of many lengths, some with lines far longer than a portion, and the order that they have to come in.
fn sample(files: usize, lines: usize) -> (Vec<String>, Vec<String>) {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = |most: u64| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state % most
    };
    let mut all = Vec::new();
    let mut contents = vec![String::new(); files];
    for (file, content) in contents.iter_mut().enumerate() {
        let mut second = next(50);
        for line in 0..lines {
            second += if next(3) == 0 { 0 } else { next(40) };
            let time = format!("2026-11-22T{:02}:{:02}:{:02}Z", second / 3600, second / 60 % 60, second % 60);
            let long = if next(500) == 0 { "x".repeat(40_000) } else { String::new() };
            let text = format!("{time} file {file} line {line} {long}");
            content.push_str(&text);
            content.push('\n');
            all.push((second, file, line, text));
        }
    }
    all.sort();
    (contents, all.into_iter().map(|(_, _, _, text)| text).collect())
}

#[test]
fn the_order_follows_from_the_files_alone() {
    let (contents, expect) = sample(5, 2000);
    let directory = TempDir::new().unwrap();
    let mut names: Vec<String> = Vec::new();
    for (file, content) in contents.iter().enumerate() {
        let is_packed = file == 3;
        names.push(format!("{file}.log{}", if is_packed { ".gz" } else { "" }));
        let path = directory.path().join(&names[file]);
        if is_packed {
            let mut packed = GzEncoder::new(File::create(path).unwrap(), Compression::fast());
            packed.write_all(content.as_bytes()).unwrap();
            packed.finish().unwrap();
        } else {
            fs::write(&path, content).unwrap();
            // Neither does the time of change say anything.
            let changed = SystemTime::now() - Duration::from_secs(3600 * (1 + file as u64 * 7 % 5));
            File::options().append(true).open(&path).unwrap().set_modified(changed).unwrap();
        }
    }
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    for queue in [1, 64, 2] {
        let mut settings = settings(&directory, &names);
        settings.push(from_beginning());
        let mut rig = Rig::with_queue(build("files", &settings), queue);
        rig.until("all have come", |rig| rig.lines().len() >= expect.len());
        assert!(rig.texts() == expect, "the order is another with a queue of {queue}");
        let source = |name: &str| format!("file:{}", directory.path().join(name).display());
        assert!(rig.readings.iter().all(|reading| {
            let text = String::from_utf8_lossy(&reading.raw);
            let file: usize = text[26..27].parse().unwrap();
            reading.source == source(names[file])
        }));
        rig.until("what is compressed has ended", |rig| rig.ended(&source("3.log.gz")));
        rig.stop();
    }
}

#[test]
fn nobody_waits_for_what_has_no_end_and_nothing_of_what_breaks_off_is_lost() {
    let directory = TempDir::new().unwrap();
    let at = |name: &str| directory.path().join(name);
    rustix::fs::mknodat(rustix::fs::CWD, at("pipe"), rustix::fs::FileType::Fifo, rustix::fs::Mode::RWXU, 0).unwrap();
    let mut pipe = File::options().read(true).write(true).open(at("pipe")).unwrap();
    let lines: String =
        (0..50_000).map(|line| format!("2026-11-22T13:00:01Z line {line} {}\n", line * 7919 % 1013)).collect();
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    packed.write_all(lines.as_bytes()).unwrap();
    let packed = packed.finish().unwrap();
    fs::write(at("torn.gz"), &packed[..packed.len() / 2]).unwrap();
    fs::write(at("a.log"), "2026-11-22T13:00:00Z first\n2026-11-22T13:00:02Z last\n").unwrap();
    let mut settings = settings(&directory, &["pipe", "torn.gz", "a.log"]);
    settings.push(from_beginning());
    let mut rig = Rig::new(build("files", &settings));
    rig.until("the last has come", |rig| rig.texts().iter().any(|text| text.ends_with("last")));
    let texts = rig.texts();
    assert!(texts[0].ends_with("first"));
    let torn = texts.len() - 2;
    assert!((10_000..50_000).contains(&torn), "{torn} of the lines that are there");
    let gaps = rig.notes();
    assert!(gaps.iter().any(|note| note["source"].as_str().unwrap().ends_with("torn.gz")), "{gaps:?}");
    pipe.write_all(b"from the pipe\n").unwrap();
    rig.until("the pipe is read", |rig| rig.texts().iter().any(|text| text == "from the pipe"));
    rig.stop();
}

#[test]
fn a_file_that_is_rotated_meanwhile_is_read_to_its_end_first() {
    let directory = TempDir::new().unwrap();
    let at = |name: &str| directory.path().join(name);
    let (contents, expect) = sample(2, 4000);
    fs::write(at("a.log"), &contents[0]).unwrap();
    fs::write(at("b.log"), &contents[1]).unwrap();
    let mut settings = settings(&directory, &["a.log", "b.log"]);
    settings.push(from_beginning());
    let mut rig = Rig::with_queue(build("files", &settings), 1);
    rig.until("some have come", |rig| !rig.lines().is_empty());
    fs::rename(at("a.log"), at("a.log.1")).unwrap();
    fs::write(at("a.log"), "2026-11-22T00:00:00Z the next\n").unwrap();
    rig.until("all have come", |rig| rig.lines().len() == expect.len() + 1);
    let texts = rig.texts();
    let next = texts.iter().position(|text| text.ends_with("the next")).unwrap();
    let last = texts.iter().rposition(|text| text.contains("file 0 ")).unwrap();
    assert!(next > last, "{next} {last}");
    assert!(texts.iter().filter(|text| !text.ends_with("the next")).eq(expect.iter()));
    rig.stop();
}

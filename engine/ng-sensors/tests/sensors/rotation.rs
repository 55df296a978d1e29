//! Numbered lines under rotation: none lost, none twice, in order.

use crate::files::{append, at, follow, settings};
use crate::rig::{Rig, wait_until};
use ng_wire::SettingValue;
use std::fs::{self, File};
use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

const LINES: usize = 40_000;

/// Writes [`LINES`] numbered lines to `path` and calls `rotate` after every `every` lines; gives the file to write on to.
fn write(path: PathBuf, every: usize, rotate: impl Fn(usize) + Send + 'static) -> std::thread::JoinHandle<()> {
    std::thread::spawn(move || {
        let mut file = File::create(&path).unwrap();
        for n in 0..LINES {
            if n > 0 && n % every == 0 {
                rotate(n / every);
                file = File::create(&path).unwrap();
            }
            writeln!(file, "{n}").unwrap();
        }
    })
}

/// Waits for all lines and gives them in the order in which they came.
fn check_complete(rig: &mut Rig) -> Vec<usize> {
    rig.until("all lines have come", |rig| rig.lines().len() >= LINES);
    rig.stop();
    let numbers: Vec<usize> = rig.texts().iter().map(|text| text.parse().expect("whole lines only")).collect();
    let mut sorted = numbers.clone();
    sorted.sort_unstable();
    assert!(sorted.iter().copied().eq(0..LINES), "lost or repeated: {} lines, {} expected", sorted.len(), LINES);
    numbers
}

/// Logrotate's way: `app.log.1` becomes `app.log.2` and so on, `app.log` becomes `app.log.1`. The writer does not wait for
/// the reader, so that several generations pass between two looks, but it lets `pace` go by between two rotations.
fn rotate_by_rename(every: usize, pace: Duration) -> Vec<usize> {
    let directory = tempfile::tempdir().unwrap();
    let path = at(&directory, "app.log");
    let mut rig = Rig::build("files", &settings(&directory, &["app.log"]));
    rig.until("the sensor runs", |rig| {
        rig.source("files").is_some_and(|files| files.last_ok_ns.load(Ordering::Relaxed) > 0)
    });
    let log = path.clone();
    let generation = move |n: usize| PathBuf::from(format!("{}.{n}", log.display()));
    let log = path.clone();
    let writer = write(path, every, move |rotation| {
        for n in (1..rotation).rev() {
            fs::rename(generation(n), generation(n + 1)).unwrap();
        }
        fs::rename(&log, generation(1)).unwrap();
        let rotated = Instant::now();
        wait_until("the pace is kept", || rotated.elapsed() >= pace);
    });
    let numbers = check_complete(&mut rig);
    writer.join().unwrap();
    numbers
}

#[test]
fn rename_and_create_every_thousand_lines() {
    // Longer than a tick of the kernel, so that the times of birth tell the order.
    let numbers = rotate_by_rename(1000, Duration::from_millis(12));
    assert!(numbers.is_sorted(), "out of order");
}

#[test]
fn rename_and_create_every_hundred_lines_as_fast_as_can_be() {
    // Many generations are born in the same tick; renamed again under the eyes of the reader, they may change places, but
    // each is whole.
    let numbers = rotate_by_rename(100, Duration::ZERO);
    assert!(numbers.chunks(100).all(|lines| lines[0] % 100 == 0 && lines.is_sorted()), "torn apart");
}

#[test]
fn a_generation_that_has_its_name_late_is_read_though_later_ones_are_closed_already() {
    let directory = tempfile::tempdir().unwrap();
    let mut settings = settings(&directory, &["app.log"]);
    settings.push(("max_files", SettingValue::Int(8)));
    let mut rig = Rig::build("files", &settings);
    rig.until("the sensor runs", |rig| {
        rig.source("files").is_some_and(|files| files.last_ok_ns.load(Ordering::Relaxed) > 0)
    });
    let late = at(&directory, "on its way");
    fs::write(&late, b"0\n").unwrap();
    for n in 1..40 {
        fs::write(at(&directory, &format!("app.log.{}", 40 - n)), format!("{n}\n")).unwrap();
    }
    fs::write(at(&directory, "app.log"), b"40\n").unwrap();
    rig.until("no more may be open", |rig| rig.error("files").contains("max_files"));
    fs::rename(&late, at(&directory, "app.log.40")).unwrap();
    rig.until("all lines have come", |rig| rig.lines().len() > 40);
    rig.stop();
    let mut numbers: Vec<usize> = rig.texts().iter().map(|text| text.parse().unwrap()).collect();
    numbers.sort_unstable();
    assert!(numbers.into_iter().eq(0..=40));
    assert_eq!(rig.sources.len(), 2, "one source for all of them");
}

#[test]
fn the_rest_of_a_renamed_file_comes_before_its_successor() {
    let mut followed = follow(&["a.log"], &[("a.log", b"1\n")], &[]);
    followed.until_lines(&["1"]);
    let mut old = fs::OpenOptions::new().append(true).open(followed.at("a.log")).unwrap();
    fs::rename(followed.at("a.log"), followed.at("a.log.1")).unwrap();
    old.write_all(b"2\n3\nno end").unwrap();
    append(&followed.at("a.log"), b"4\n");
    followed.until_lines(&["1", "2", "3", "no end", "4"]);
    // Its writer has not heard of the rotation yet.
    old.write_all(b"yet\n").unwrap();
    followed.until_lines(&["1", "2", "3", "no end", "4", "yet"]);
    append(&followed.at("a.log"), b"5\n");
    followed.until_lines(&["1", "2", "3", "no end", "4", "yet", "5"]);
    old.write_all(b"last words").unwrap();
    followed.until_lines(&["1", "2", "3", "no end", "4", "yet", "5", "last words"]);
    followed.rig.stop();
    assert_eq!(followed.rig.sources.len(), 2);
}

#[test]
fn a_writer_that_has_not_heard_of_the_rotation_does_not_hold_up_the_successor() {
    let mut followed = follow(&["a.log"], &[("a.log", b"old\n")], &[]);
    followed.until_lines(&["old"]);
    let mut old = fs::OpenOptions::new().append(true).open(followed.at("a.log")).unwrap();
    fs::rename(followed.at("a.log"), followed.at("a.log.1")).unwrap();
    append(&followed.at("a.log"), b"new\n");
    let written = Arc::new(AtomicUsize::new(1));
    let (count, heard) = (written.clone(), Arc::new(AtomicBool::new(false)));
    let hear = heard.clone();
    let writer = std::thread::spawn(move || {
        while !heard.load(Ordering::Relaxed) {
            old.write_all(b"old\n").unwrap();
            count.fetch_add(1, Ordering::Relaxed);
        }
    });
    followed.rig.until("the new line has come", |rig| rig.lines().contains(&b"new".as_slice()));
    hear.store(true, Ordering::Relaxed);
    writer.join().unwrap();
    let all = written.load(Ordering::Relaxed) + 1;
    followed.rig.until("the old lines have come", |rig| rig.lines().len() >= all);
    followed.rig.stop();
    assert_eq!(followed.rig.lines().len(), all);
}

#[test]
fn a_rotated_file_that_matches_the_glob_is_not_read_again() {
    let mut followed = follow(&["a.log*"], &[("a.log", b"1\n")], &[]);
    followed.until_lines(&["1"]);
    for n in 0..5 {
        for old in (1..6).rev() {
            let _ = fs::rename(followed.at(&format!("a.log.{old}")), followed.at(&format!("a.log.{}", old + 1)));
        }
        fs::rename(followed.at("a.log"), followed.at("a.log.1")).unwrap();
        append(&followed.at("a.log"), format!("{}\n", n + 2).as_bytes());
        followed.rig.until("the new line has come", |rig| rig.lines().len() >= n + 2);
    }
    let scanned = followed.rig.source("files").unwrap().clone();
    let last = scanned.last_ok_ns.load(Ordering::Relaxed);
    followed.rig.until("a second has passed", |_| scanned.last_ok_ns.load(Ordering::Relaxed) > last + 1_000_000_000);
    assert_eq!(followed.rig.texts(), ["1", "2", "3", "4", "5", "6"]);
}

#[test]
fn delete_and_recreate() {
    let mut followed = follow(&["a.log"], &[("a.log", b"0\n")], &[]);
    for n in 1..30 {
        followed.rig.until("the lines have come", |rig| rig.lines().len() >= n);
        fs::remove_file(followed.at("a.log")).unwrap();
        append(&followed.at("a.log"), format!("{n}\n").as_bytes());
    }
    followed.rig.until("the lines have come", |rig| rig.lines().len() >= 30);
    let expect: Vec<String> = (0..30).map(|n| n.to_string()).collect();
    assert_eq!(followed.rig.texts(), expect);
}

#[test]
fn recreated_long_after_it_was_deleted() {
    let mut followed = follow(&["a.log"], &[("a.log", b"1\npart")], &[]);
    let name = format!("file:{}", followed.at("a.log").display());
    followed.until_lines(&["1", "part"]);
    fs::remove_file(followed.at("a.log")).unwrap();
    followed.rig.until("it is closed", |rig| rig.ended(&name));
    append(&followed.at("a.log"), b"2\n");
    followed.until_lines(&["1", "part", "2"]);
    assert!(!followed.rig.ended(&name));
    assert_eq!(followed.rig.sources.len(), 2);
}

#[test]
fn copytruncate_with_pauses() {
    let mut followed = follow(&["a.log"], &[("a.log", b"")], &[("from", SettingValue::Text("beginning".into()))]);
    let file = fs::OpenOptions::new().append(true).open(followed.at("a.log")).unwrap();
    let mut n = 0;
    for round in 0..20 {
        for _ in 0..(100 * (round % 3 + 1)) {
            writeln!(&file, "line {n}").unwrap();
            n += 1;
        }
        // The pause: what is written between the last look and the truncation is the documented loss.
        followed.rig.until("the lines have come", |rig| rig.lines().len() >= n);
        fs::copy(followed.at("a.log"), followed.at(&format!("copy{round}"))).unwrap();
        file.set_len(0).unwrap();
    }
    let expect: Vec<String> = (0..n).map(|n| format!("line {n}")).collect();
    assert_eq!(followed.rig.texts(), expect);
    assert!(followed.rig.notes().iter().all(|note| note["type"] == "stream.restart"));
    assert!(followed.rig.notes().len() >= 18);
}

#[test]
fn rewritten_with_the_same_banner() {
    let banner = "#".repeat(300);
    let lines = |kind: &str, count: usize| -> String {
        (0..count).map(|n| format!("line {n} is {kind}, and more\n")).collect()
    };
    let before = format!("{banner}\n{}", lines("old", 2));
    let mut followed = follow(&["a.log"], &[("a.log", before.as_bytes())], &[("tail_lines", SettingValue::Int(0))]);
    followed.rig.until("it is followed", |rig| rig.sources.len() == 2);
    fs::write(followed.at("a.log"), format!("{banner}\n{}", lines("new", 5))).unwrap();
    followed.rig.until("all lines have come", |rig| rig.lines().len() == 6);
    assert_eq!(followed.rig.texts()[1..].concat(), lines("new", 5).replace('\n', ""));
    assert_eq!(followed.rig.notes()[0]["type"], "stream.restart");
}

#[test]
fn truncated_and_rewritten_to_a_larger_size() {
    let mut followed = follow(&["a.log"], &[("a.log", b"old 1\nold 2\n")], &[]);
    followed.until_lines(&["old 1", "old 2"]);
    // In place and in one go: the size never looks smaller.
    fs::write(followed.at("new"), b"new 1\nnew 2\nnew 3\n").unwrap();
    let content = fs::read(followed.at("new")).unwrap();
    use std::os::unix::fs::FileExt;
    let file = fs::OpenOptions::new().write(true).open(followed.at("a.log")).unwrap();
    file.write_all_at(&content, 0).unwrap();
    followed.until_lines(&["old 1", "old 2", "new 1", "new 2", "new 3"]);
    // And to the very same size.
    let seen = followed.rig.source("files").unwrap().clone();
    let quiet = seen.last_ok_ns.load(Ordering::Relaxed);
    wait_until("the file has been looked at twice", || seen.last_ok_ns.load(Ordering::Relaxed) > quiet + 600_000_000);
    file.write_all_at(b"NEW", 0).unwrap();
    followed.until_lines(&["old 1", "old 2", "new 1", "new 2", "new 3", "NEW 1", "new 2", "new 3"]);
}

#[test]
fn a_long_rest_is_read_whole_before_the_successor() {
    let mut followed = follow(&["a.log"], &[("a.log", b"0\n")], &[]);
    followed.until_lines(&["0"]);
    let mut old = fs::OpenOptions::new().append(true).open(followed.at("a.log")).unwrap();
    let rest: String = (1..600_000).map(|n| format!("{n}\n")).collect();
    fs::rename(followed.at("a.log"), followed.at("a.log.1")).unwrap();
    old.write_all(rest.as_bytes()).unwrap();
    append(&followed.at("a.log"), b"600000\n");
    followed.rig.until("all lines have come", |rig| rig.lines().len() > 600_000);
    assert!(followed.rig.texts().iter().map(|text| text.parse::<usize>().unwrap()).eq(0..=600_000));
}

#[test]
fn truncated_and_begun_again_with_the_same_banner() {
    let banner = format!("{}\n", "=".repeat(300));
    let mut followed = follow(&["a.log"], &[("a.log", format!("{banner}1\n2\n").as_bytes())], &[]);
    let bar = banner.trim_end();
    followed.until_lines(&[bar, "1", "2"]);
    fs::write(followed.at("a.log"), format!("{banner}3\n")).unwrap();
    followed.until_lines(&[bar, "1", "2", bar, "3"]);
}

#[test]
fn generations_pass_while_the_engine_is_behind() {
    let directory = tempfile::tempdir().unwrap();
    let path = at(&directory, "app.log");
    fs::write(&path, b"").unwrap();
    let mut rig = Rig::with_queue(crate::rig::build("files", &settings(&directory, &["app.log"])), 1);
    rig.until("the file is open", |rig| rig.sources.len() == 2);
    let source: Arc<_> = rig.sources[1].clone();
    let looked = source.last_ok_ns.load(Ordering::Relaxed);
    wait_until("it is being read", || source.last_ok_ns.load(Ordering::Relaxed) > looked);
    // 80 generations while nobody takes a batch; more than are opened at once.
    for generation in 0..80 {
        let lines: String = (0..LINES / 80).map(|n| format!("{}\n", generation * (LINES / 80) + n)).collect();
        append(&path, lines.as_bytes());
        if generation < 79 {
            fs::rename(&path, at(&directory, &format!("app.log.{}", 100 - generation))).unwrap();
            File::create(&path).unwrap();
        }
    }
    assert!(check_complete(&mut rig).is_sorted(), "out of order");
}

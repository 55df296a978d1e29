//! Standard input through a real pipe.

use crate::rig::Rig;
use ng_sensors::Stdin;
use std::io::Write;
use std::time::{Duration, Instant};

#[test]
fn lines_of_a_pipe_until_its_end() {
    let (reader, mut writer) = std::io::pipe().unwrap();
    let mut rig = Rig::new(Box::new(Stdin::new(reader.into())));
    writer.write_all(b"one\r\ntwo\n\nlast").unwrap();
    rig.until("the first line has come", |rig| !rig.lines().is_empty());
    assert!(!rig.ended("stdin"));
    drop(writer);
    rig.until("it has ended", |rig| rig.ended("stdin"));
    rig.stop();
    assert_eq!(rig.texts(), ["one", "two", "last"]);
}

#[test]
fn what_is_quiet_is_shown_without_its_end() {
    let (reader, mut writer) = std::io::pipe().unwrap();
    let mut rig = Rig::new(Box::new(Stdin::new(reader.into())));
    writer.write_all(b"2026-11-22 13:02:03 one\n\tat a.b(c)\npart").unwrap();
    rig.until("both have come", |rig| rig.lines().len() == 1);
    assert_eq!(rig.texts(), ["2026-11-22 13:02:03 one\n\tat a.b(c)\npart"]);
    writer.write_all(b"ial\n").unwrap();
    rig.until("the rest has come", |rig| rig.lines().len() == 2);
    assert_eq!(rig.texts()[1], "ial");
}

#[test]
fn what_is_compressed_is_unpacked_and_what_is_damaged_is_said() {
    let (reader, mut writer) = std::io::pipe().unwrap();
    let mut rig = Rig::new(Box::new(Stdin::new(reader.into())));
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    (0..1000).for_each(|n| writeln!(gzip, "{n}").unwrap());
    let bytes = gzip.finish().unwrap();
    let producer = std::thread::spawn(move || {
        writer.write_all(&bytes).unwrap();
        writer.write_all(&bytes[..bytes.len() - 4]).unwrap();
    });
    rig.until("it has ended", |rig| rig.ended("stdin"));
    rig.stop();
    producer.join().unwrap();
    let expect: Vec<String> = (0..2000).map(|n| (n % 1000).to_string()).collect();
    assert_eq!(rig.texts(), expect);
    assert_eq!(rig.trouble("stdin"), "Unreadable: cannot read standard input: the gzip data end too early");
}

#[test]
fn a_quiet_pipe_does_not_delay_the_stop() {
    let (reader, _writer) = std::io::pipe().unwrap();
    let mut rig = Rig::new(Box::new(Stdin::new(reader.into())));
    rig.until("the sensor runs", |rig| rig.source("stdin").is_some());
    let asked = Instant::now();
    rig.stop();
    assert!(asked.elapsed() < Duration::from_millis(1000));
    assert!(!rig.ended("stdin"));
}

#[test]
fn a_slow_engine_slows_the_producer_and_loses_nothing() {
    let (reader, mut writer) = std::io::pipe().unwrap();
    let mut rig = Rig::with_queue(Box::new(Stdin::new(reader.into())), 1);
    let producer = std::thread::spawn(move || {
        for n in 0..200_000 {
            writeln!(writer, "{n}").unwrap();
        }
    });
    rig.until("it has ended", |rig| rig.ended("stdin"));
    rig.stop();
    producer.join().unwrap();
    let expect: Vec<String> = (0..200_000).map(|n| n.to_string()).collect();
    assert_eq!(rig.texts(), expect);
}

#[test]
fn long_lines_are_cut_and_noted() {
    let (reader, mut writer) = std::io::pipe().unwrap();
    let mut rig = Rig::new(Box::new(Stdin::new(reader.into())));
    let producer = std::thread::spawn(move || {
        for length in [65_535, 65_536, 65_537, 1 << 22] {
            writer.write_all(&vec![b'x'; length]).unwrap();
            writer.write_all(b"\r\n").unwrap();
        }
    });
    rig.until("it has ended", |rig| rig.ended("stdin"));
    rig.stop();
    producer.join().unwrap();
    let lengths: Vec<usize> = rig.lines().iter().map(|line| line.len()).collect();
    assert_eq!(lengths, [65_535, 65_536, 65_536, 65_536]);
    let lost: Vec<u64> = rig.notes().iter().map(|note| note["bytes"].as_u64().unwrap()).collect();
    assert_eq!(lost, [1, (1 << 22) - 65_536]);
    assert!(rig.notes().iter().all(|note| note["source"] == "stdin" && note["count"] == 0));
}

//! Flipped bits and cut ends: what is read is right, and what is not read is counted.

use super::append;
use super::common::{DAY_NS, SMALL, START_NS, batch, event, name, now, template};
use ng_journal::EventHeader;
use ng_journal::store::{Budget, Journal, Order, Question, Reader};
use ng_model::record::StoredRecord;
use std::fs;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

const EVENTS: u64 = 420;
const FLIPS: u64 = 1000;
const CUTS: u64 = 120;

/// A closed file, and one with blocks, a tail and a log, as a process leaves them that is killed.
fn original(folder: &Path) {
    let working = tempfile::tempdir().unwrap();
    let mut journal = Journal::open(working.path(), SMALL).unwrap();
    append(&mut journal, 1..150, 25).unwrap();
    for first in (150..EVENTS + 1).step_by(18) {
        let end = (first + 18).min(EVENTS + 1);
        journal.append(&batch(first..end), now(first) + DAY_NS, &name).unwrap();
        if journal.is_due() && end < EVENTS - 30 {
            journal.seal(&mut template).unwrap();
        }
    }
    while journal.close_step(&mut template).unwrap() {}
    for entry in fs::read_dir(working.path()).unwrap() {
        let path = entry.unwrap().path();
        if !path.to_str().unwrap().ends_with("-shm") {
            fs::copy(&path, folder.join(path.file_name().unwrap())).unwrap();
        }
    }
}

fn files(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let paths = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<(PathBuf, Vec<u8>)> = paths.map(|path| (path.clone(), fs::read(&path).unwrap())).collect();
    files.sort();
    files
}

/// A folder with these files and nothing else.
fn restore(folder: &Path, files: &[(PathBuf, Vec<u8>)]) {
    for entry in fs::read_dir(folder).unwrap() {
        fs::remove_file(entry.unwrap().path()).unwrap();
    }
    files.iter().for_each(|(path, bytes)| fs::write(folder.join(path.file_name().unwrap()), bytes).unwrap());
}

/// The event is what was written, but for names that are spoilt.
fn is_right_but_for_names(stored: &StoredRecord<'_>) -> bool {
    let (written, text) = event(stored.head.seq);
    let head = EventHeader::of(stored.head);
    let is_name = |read: &str, symbol| read == name(symbol) || read == "(unreadable)";
    // A format without a name is none.
    let declared = if head.declared == 0 { 0 } else { written.declared };
    EventHeader { source: written.source, kind: written.kind, ..head } == EventHeader { declared, ..written }
        && stored.raw == text
        && is_name(stored.source(), written.source)
        && is_name(stored.kind(), written.kind)
}

/// Reads a folder of which something is spoilt: how many events are not read, and how many are said to be set aside.
fn look(folder: &Path, what: &str) -> (u64, u64) {
    let mut reader = Reader::open(folder).unwrap_or_else(|error| panic!("{what}: {error}"));
    let mut seqs: Vec<u64> = Vec::new();
    for order in [Order::Newest, Order::Oldest] {
        seqs.clear();
        let mut take = |stored: &StoredRecord<'_>| {
            assert!(is_right_but_for_names(stored), "{what}: an event is not what was written");
            seqs.push(stored.head.seq);
            ControlFlow::Continue(())
        };
        reader
            .scan(&Question::all(), order, Budget::none(), &mut take)
            .unwrap_or_else(|error| panic!("{what}: {error}"));
        let rises = |two: &[u64]| if order == Order::Oldest { two[0] < two[1] } else { two[0] > two[1] };
        assert!(seqs.windows(2).all(rises), "{what}: {seqs:?}");
    }
    let health = reader.check(&|| false).unwrap_or_else(|error| panic!("{what}: {error}"));
    (EVENTS - seqs.len() as u64, health.set_aside_events)
}

#[test]
fn what_is_spoilt_is_set_aside_and_counted() {
    let (kept, folder) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    original(kept.path());
    let files = files(kept.path());
    let names: Vec<&str> = files.iter().map(|(path, _)| path.file_name().unwrap().to_str().unwrap()).collect();
    let expected = ["2026-11-29.closed.db", "2026-11-30.db", "2026-11-30.db-wal"];
    assert!(expected.iter().all(|name| names.contains(name)), "{names:?}");
    restore(folder.path(), &files);
    assert_eq!(look(folder.path(), "nothing is spoilt"), (0, 0));

    let spoilt: Vec<usize> = (0..files.len()).filter(|file| !files[*file].1.is_empty()).collect();
    let (mut lost, mut chance) = (0, 7u64);
    let mut draw = |among: usize| {
        chance = chance.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (chance >> 33) as usize % among
    };
    for turn in 0..FLIPS + CUTS {
        let mut files = files.clone();
        let (path, bytes) = &mut files[spoilt[draw(spoilt.len())]];
        let place = draw(bytes.len());
        let file = path.file_name().unwrap().to_str().unwrap().to_owned();
        let what = if turn < FLIPS {
            let bit = draw(8);
            bytes[place] ^= 1 << bit;
            format!("bit {bit} of byte {place} of {file}")
        } else {
            bytes.truncate(place);
            format!("{file} cut at {place}")
        };
        restore(folder.path(), &files);
        let (missing, set_aside) = look(folder.path(), &what);
        assert_eq!(missing, set_aside, "{what}: events that are missing, and those that are said to be");
        lost += u64::from(missing > 0);
        if turn % 8 == 0 {
            go_on(folder.path(), &what);
        }
    }
    assert!(lost > 100, "{lost} of the faults cost events");
}

/// Who writes goes on behind what is spoilt.
fn go_on(folder: &Path, what: &str) {
    let mut journal = Journal::open(folder, SMALL).unwrap_or_else(|error| panic!("{what}: {error}"));
    let first = journal.durable_seq().unwrap_or(0).max(EVENTS) + 1;
    let now_ns = START_NS + DAY_NS;
    journal.append(&batch(first..first + 9), now_ns, &name).unwrap_or_else(|error| panic!("{what}: {error}"));
    journal.seal(&mut template).unwrap_or_else(|error| panic!("{what}: {error}"));
    while journal.close_step(&mut template).unwrap_or_else(|error| panic!("{what}: {error}")) {}
    let mut reader = Reader::open(folder).unwrap();
    let mut seqs = Vec::new();
    let mut take = |stored: &StoredRecord<'_>| {
        assert!(is_right_but_for_names(stored), "{what}");
        seqs.push(stored.head.seq);
        ControlFlow::Continue(())
    };
    reader.scan(&Question::all(), Order::Newest, Budget { events: 9, ..Budget::none() }, &mut take).unwrap();
    assert_eq!(seqs, (first..first + 9).rev().collect::<Vec<_>>(), "{what}");
}

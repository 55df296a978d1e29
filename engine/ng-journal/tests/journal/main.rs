//! What is appended is read again, whatever became of the files meanwhile.

#[path = "../common/mod.rs"]
mod common;
mod damage;
mod questions;

use common::{DAY_NS, SMALL, START_NS, batch, event, is_right, name, now, read_all, template};
use ng_journal::store::{Budget, Error, Group, Journal, Key, Limits, Order, Question, Reader};
use ng_journal::{EventHeader, Term};
use ng_model::record::StoredRecord;
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::ops::{ControlFlow, Range};
use std::path::Path;

const TERMS: [&str; 16] = [
    "error",
    "Error",
    "err",
    "refused",
    "connection refused",
    "root",
    "größe",
    "blk_",
    "10.0",
    "ms",
    "more and",
    "\"x\"",
    "",
    "x",
    "nothing",
    "lines of",
];

/// Appends events in batches, sealing as it comes, at the time of each batch.
fn append(journal: &mut Journal, ids: Range<u64>, by: u64) -> Result<(), Error> {
    for first in ids.clone().step_by(by as usize) {
        journal.append(&batch(first..(first + by).min(ids.end)), now(first), &name)?;
        if journal.is_due() {
            journal.seal(&mut template)?;
        }
    }
    Ok(())
}

/// The message as people read it.
fn as_read(header: &EventHeader, raw: &[u8]) -> String {
    let text = String::from_utf8(raw.to_vec()).unwrap();
    if header.message.escaped { text.replace("\\\"", "\"").replace("\\n", "\n") } else { text }
}

/// What an event counts for.
type GroupOf = fn(&EventHeader) -> Group;

fn plain(term: &str, exact: bool, id: u64) -> bool {
    let (header, raw) = event(id);
    let fold = |text: &str| if exact { text.to_owned() } else { text.to_ascii_lowercase() };
    let has = |text: &str| fold(text).contains(&fold(term));
    has(&String::from_utf8(raw.clone()).unwrap()) || has(&as_read(&header, &raw))
}

fn check(folder: &Path, ids: &[u64]) {
    let mut reader = Reader::open(folder).unwrap();
    for (text, exact) in TERMS.iter().flat_map(|text| [(*text, false), (*text, true)]) {
        let term = if exact { Term::exact_part(text) } else { Term::part(text) };
        let expected: Vec<u64> = ids.iter().copied().filter(|id| plain(text, exact, *id)).collect();
        let question = Question::of(term);
        let counted = reader.count(&question, &|| false).unwrap();
        assert_eq!((counted.events, counted.next), (expected.len() as u64, None), "{text:?}");
        let keys: [(Key, GroupOf); 4] = [
            (Key::Minute, |header| Group::Minute(header.time_ns.div_euclid(60_000_000_000))),
            (Key::Pattern, |header| Group::Pattern(header.pattern)),
            (Key::Level, |header| Group::Level(header.level)),
            (Key::Source, |header| Group::Source(name(header.source))),
        ];
        for (key, of) in keys {
            let mut by: BTreeMap<Group, u64> = BTreeMap::new();
            expected.iter().for_each(|id| *by.entry(of(&event(*id).0)).or_default() += 1);
            assert_eq!(reader.count_by(&question, key, &|| false).unwrap().0, by, "{text:?} by {key:?}");
        }
        for order in [Order::Oldest, Order::Newest] {
            let mut expected = expected.clone();
            if order == Order::Newest {
                expected.reverse();
            }
            let (mut found, mut left) = (Vec::new(), Some(question.seqs.clone()));
            while let Some(seqs) = left {
                let budget = Budget { events: 9, opened: 2, cancelled: &|| false };
                let mut take = |stored: &StoredRecord<'_>| {
                    assert!(is_right(stored));
                    found.push(stored.head.seq);
                    ControlFlow::Continue(())
                };
                let question = Question { seqs: seqs.clone(), ..question.clone() };
                left = reader.scan(&question, order, budget, &mut take).unwrap().rest(order, &seqs);
            }
            assert_eq!(found, expected, "{text:?} {order:?}");
        }
    }
    assert!(reader.check(&|| false).unwrap().is_good(), "{}", reader.health());
}

#[derive(Clone, Debug)]
enum Step {
    Append(u64),
    Skip(u64),
    Seal,
    NextDay,
    Close(u8),
    Reopen,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        6 => (1..90u64).prop_map(Step::Append),
        1 => (1..5u64).prop_map(Step::Skip),
        3 => Just(Step::Seal),
        1 => Just(Step::NextDay),
        1 => (0..9u8).prop_map(Step::Close),
        1 => Just(Step::Reopen),
    ];
    prop::collection::vec(step, 1..14)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn count_and_scan_are_those_of_a_plain_scan(steps in steps()) {
        let folder = tempfile::tempdir().unwrap();
        let mut journal = Journal::open(folder.path(), SMALL).unwrap();
        let (mut next, mut days, mut ids) = (1, 0, Vec::new());
        for step in steps {
            match step {
                Step::Append(events) => {
                    journal.append(&batch(next..next + events), now(next) + days * DAY_NS, &name).unwrap();
                    ids.extend(next..next + events);
                    next += events;
                }
                Step::Skip(events) => next += events,
                Step::Seal => journal.seal(&mut template).unwrap(),
                Step::NextDay => days += 1,
                Step::Close(most) => {
                    let _ = (0..most).all(|_| journal.close_step(&mut template).unwrap());
                }
                Step::Reopen => {
                    drop(journal);
                    journal = Journal::open(folder.path(), SMALL).unwrap();
                    prop_assert_eq!(journal.durable_seq(), ids.last().copied());
                }
            }
        }
        prop_assert!(journal.health().is_good());
        check(folder.path(), &ids);
    }
}

#[test]
fn a_reader_follows_what_is_written_sealed_closed_and_taken_away() {
    let folder = tempfile::tempdir().unwrap();
    let mut journal = Journal::open(folder.path(), SMALL).unwrap();
    append(&mut journal, 1..50, 10).unwrap();
    let mut reader = Reader::open(folder.path()).unwrap();
    let mut count = || reader.count(&Question::all(), &|| false).unwrap().events;
    assert_eq!(count(), 49);
    append(&mut journal, 50..2000, 30).unwrap();
    assert_eq!(count(), 1999);
    journal.append(&batch(2000..2001), START_NS + DAY_NS, &name).unwrap();
    while journal.close_step(&mut template).unwrap() {
        assert_eq!(count(), 2000);
    }
    let names =
        std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = names.filter(|name| name.starts_with("2026") && name.ends_with(".db")).collect();
    names.sort();
    assert_eq!(names, ["2026-11-29.closed.db", "2026-11-30.db"]);
    let removed = journal.retain(&Limits { bytes: 1, age_ns: i64::MAX }, START_NS + DAY_NS).unwrap();
    assert_eq!(removed.len(), 1);
    assert_eq!(removed[0].name, "2026-11-29.closed.db");
    assert_eq!(count(), 1);
}

#[test]
fn retention_takes_nothing_from_a_scan_that_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let mut journal = Journal::open(folder.path(), SMALL).unwrap();
    append(&mut journal, 1..300, 30).unwrap();
    journal.append(&batch(300..310), START_NS + DAY_NS, &name).unwrap();
    let mut reader = Reader::open(folder.path()).unwrap();
    let mut seqs = Vec::new();
    let mut take = |stored: &StoredRecord<'_>| {
        if seqs.is_empty() {
            assert_eq!(journal.retain(&Limits { bytes: 1, age_ns: i64::MAX }, START_NS).unwrap().len(), 1);
        }
        seqs.push(stored.head.seq);
        ControlFlow::Continue(())
    };
    reader.scan(&Question::all(), Order::Oldest, Budget::none(), &mut take).unwrap();
    assert_eq!(seqs, (1..310).collect::<Vec<_>>());
    assert_eq!(reader.count(&Question::all(), &|| false).unwrap().events, 10);
}

#[test]
fn age_is_the_time_for_which_history_was_kept() {
    let folder = tempfile::tempdir().unwrap();
    let mut journal = Journal::open(folder.path(), SMALL).unwrap();
    let limits = Limits { bytes: u64::MAX, age_ns: 2 * DAY_NS };
    let at = |days: i64| START_NS + days * DAY_NS;
    let removed = |journal: &mut Journal, days: i64| journal.retain(&limits, at(days)).unwrap().len();
    assert_eq!(removed(&mut journal, 0), 0);
    journal.append(&batch(1..20), at(0), &name).unwrap();
    journal.append(&batch(20..30), at(1), &name).unwrap();
    // Ten years on and back again: no file is so old.
    assert_eq!(removed(&mut journal, 3650), 0);
    assert_eq!(removed(&mut journal, 1), 0);
    assert_eq!(removed(&mut journal, 2), 0);
    assert_eq!(removed(&mut journal, 3), 1);
    assert_eq!(read_all(folder.path()).seqs.len(), 10);
}

#[test]
fn a_clock_that_is_set_back_leads_to_no_older_file() {
    let folder = tempfile::tempdir().unwrap();
    let mut journal = Journal::open(folder.path(), SMALL).unwrap();
    for (first, days) in [(1, 0), (11, -1), (21, 3650), (31, 0), (41, 3651)] {
        journal.append(&batch(first..first + 10), START_NS + days * DAY_NS, &name).unwrap();
    }
    drop(journal);
    assert_eq!(Journal::open(folder.path(), SMALL).unwrap().durable_seq(), Some(50));
    let found = read_all(folder.path());
    assert_eq!((found.seqs.len(), found.corrupt), (50, 0));
}

#[test]
fn what_does_not_follow_is_refused_and_nothing_of_it_kept() {
    let folder = tempfile::tempdir().unwrap();
    let mut journal = Journal::open(folder.path(), SMALL).unwrap();
    journal.append(&batch(5..9), START_NS, &name).unwrap();
    let error = journal.append(&batch(8..12), START_NS, &name).unwrap_err();
    assert_eq!(error.to_string(), "event 8 does not follow event 8, the last of history; expected a higher seq");
    assert_eq!(journal.durable_seq(), Some(8));
    journal.append(&batch(9..12), START_NS, &name).unwrap();
    assert_eq!(read_all(folder.path()).seqs.len(), 7);
}

#[test]
fn a_second_writer_is_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let journal = Journal::open(folder.path(), SMALL).unwrap();
    let error = Journal::open(folder.path(), SMALL).unwrap_err();
    assert!(matches!(error, Error::Busy { pid: Some(pid), .. } if pid == std::process::id()), "{error}");
    assert!(error.to_string().contains(folder.path().to_str().unwrap()), "{error}");
    drop(journal);
    Journal::open(folder.path(), SMALL).unwrap();
}

#[test]
fn a_folder_that_went_away_is_said_and_one_that_came_back_is_used() {
    let parent = tempfile::tempdir().unwrap();
    let folder = parent.path().join("history");
    let mut journal = Journal::open(&folder, SMALL).unwrap();
    journal.append(&batch(1..9), START_NS, &name).unwrap();
    std::fs::remove_dir_all(&folder).unwrap();
    assert!(matches!(journal.append(&batch(9..12), START_NS, &name), Err(Error::Gone(_))));
    assert!(matches!(journal.append(&batch(9..12), START_NS, &name), Err(Error::Gone(_))));
    assert!(matches!(Reader::open(&folder), Err(Error::Gone(_))));
    assert_eq!(journal.health().set_aside_events, 8);
    std::fs::create_dir(&folder).unwrap();
    journal.append(&batch(9..12), START_NS, &name).unwrap();
    assert_eq!(read_all(&folder).seqs.into_keys().collect::<Vec<_>>(), [9, 10, 11]);
}

#[test]
fn what_stands_in_place_of_the_folder_is_named() {
    let parent = tempfile::tempdir().unwrap();
    let file = parent.path().join("history");
    std::fs::write(&file, "x").unwrap();
    assert!(Journal::open(&file, SMALL).unwrap_err().to_string().starts_with(file.to_str().unwrap()));
}

//! What headers cannot answer is asked of the events, and a question can be given up.

use super::common::{DAY_NS, SMALL, START_NS, event, name, now};
use super::{append, as_read};
use ng_journal::store::{Budget, Group, Journal, Key, Order, Predicate, Question, Reader};
use ng_journal::{EventHeader, Run, Term};
use ng_model::record::StoredRecord;
use ng_wire::Level;
use std::cell::Cell;
use std::collections::BTreeMap;
use std::ops::ControlFlow;

const EVENTS: u64 = 600;

fn kept() -> (tempfile::TempDir, Journal) {
    let folder = tempfile::tempdir().unwrap();
    let mut journal = Journal::open(folder.path(), SMALL).unwrap();
    append(&mut journal, 1..EVENTS + 1, 20).unwrap();
    (folder, journal)
}

fn expected(is_one: impl Fn(&EventHeader, &[u8]) -> bool) -> Vec<u64> {
    (1..=EVENTS).filter(|id| is_one(&event(*id).0, &event(*id).1)).collect()
}

fn found(reader: &mut Reader, question: &Question<'_>) -> Vec<u64> {
    let mut seqs = Vec::new();
    let mut take = |stored: &StoredRecord<'_>| {
        seqs.push(stored.head.seq);
        ControlFlow::Continue(())
    };
    reader.scan(question, Order::Oldest, Budget::none(), &mut take).unwrap();
    assert_eq!(reader.count(question, &|| false).unwrap().events, seqs.len() as u64);
    let mut by: BTreeMap<Group, u64> = BTreeMap::new();
    seqs.iter().for_each(|seq| *by.entry(Group::Source(name(event(*seq).0.source))).or_default() += 1);
    assert_eq!(reader.count_by(question, Key::Source, &|| false).unwrap().0, by);
    seqs
}

#[test]
fn a_message_that_is_written_with_escapes_is_found_as_it_is_written_and_as_it_is_read() {
    let (folder, mut journal) = kept();
    for is_sealed in [false, true] {
        if is_sealed {
            journal.seal(&mut super::template).unwrap();
        }
        let mut reader = Reader::open(folder.path()).unwrap();
        // As people read them these have `a "root" of`, and a line end behind the number.
        for text in ["\"root\" of", "a \\\"root", "\n\"}", "\\n\"}", "root"] {
            let seqs = expected(|header, raw| {
                String::from_utf8(raw.to_vec()).unwrap().contains(text) || as_read(header, raw).contains(text)
            });
            assert!(!seqs.is_empty(), "{text}");
            assert_eq!(found(&mut reader, &Question::of(Term::exact_part(text))), seqs, "{text}");
        }
    }
}

#[test]
fn an_event_with_escapes_may_have_any_value_in_a_field() {
    let (folder, mut journal) = kept();
    journal.seal(&mut super::template).unwrap();
    let mut reader = Reader::open(folder.path()).unwrap();
    let seqs = expected(|_, raw| {
        let text = String::from_utf8(raw.to_vec()).unwrap();
        text.contains("refused") || text.contains('\\')
    });
    assert_eq!(found(&mut reader, &Question::of(Term::part("refused").of_field())), seqs);
}

#[test]
fn several_terms_times_and_what_is_said_of_the_rest() {
    let (folder, _journal) = kept();
    let mut reader = Reader::open(folder.path()).unwrap();
    let (seqs, times_ns) = (90..500, now(100)..=now(433));
    let class: Predicate<'_> = &|stored| stored.head.level >= Level::Info && stored.source() != "kernel";
    let also: Predicate<'_> = &|stored| stored.head.detection.novelty > 8.0 && stored.kind() == "log.line";
    let terms = vec![Term::part("INFO"), Term::part("root")];
    let is_one = |header: &EventHeader, raw: &[u8]| {
        let text = String::from_utf8(raw.to_vec()).unwrap().to_lowercase();
        let is_there = seqs.contains(&header.seq) && times_ns.contains(&header.time_ns);
        is_there && text.contains("info") && text.contains("root")
    };
    let is_of_class = |header: &EventHeader| header.level >= Level::Info && name(header.source) != "kernel";
    let question = Question { seqs: seqs.clone(), times_ns: times_ns.clone(), terms, ..Question::all() };
    let by_terms = expected(is_one);
    assert_eq!(found(&mut reader, &question), by_terms);
    let question = Question { class: Some(class), ..question };
    let by_class = expected(|header, raw| is_one(header, raw) && is_of_class(header));
    assert_eq!(found(&mut reader, &question), by_class);
    let question = Question { also: Some(also), ..question };
    let by_all = expected(|header, raw| {
        is_one(header, raw) && is_of_class(header) && header.novelty > 64 && name(header.kind) == "log.line"
    });
    assert_eq!(found(&mut reader, &question), by_all);
    assert!(by_terms.len() > by_class.len() && by_class.len() > by_all.len() && by_all.len() > 1);
}

#[test]
fn a_question_that_is_given_up_says_where_it_was() {
    let (folder, _journal) = kept();
    let mut reader = Reader::open(folder.path()).unwrap();
    let asked = Cell::new(0);
    let cancelled = || asked.replace(asked.get() + 1) == 4;
    let budget = Budget { cancelled: &cancelled, ..Budget::none() };
    let mut found = Vec::new();
    let question = Question::all();
    let mut take = |stored: &StoredRecord<'_>| {
        found.push(stored.head.seq);
        ControlFlow::Continue(())
    };
    let first = reader.scan(&question, Order::Newest, budget, &mut take).unwrap();
    assert!(first.events > 0 && first.events < EVENTS);
    let seqs = first.rest(Order::Newest, &question.seqs).unwrap();
    let rest = Question { seqs, ..question };
    let rest = reader.scan(&rest, Order::Newest, Budget::none(), &mut take).unwrap();
    assert_eq!((first.events + rest.events, rest.next), (EVENTS, None));
    assert_eq!(found, (1..=EVENTS).rev().collect::<Vec<_>>());
}

#[test]
fn headers_are_asked_and_blocks_are_not_opened() {
    let (folder, mut journal) = kept();
    journal.seal(&mut super::template).unwrap();
    let mut reader = Reader::open(folder.path()).unwrap();
    let counted = reader.count(&Question::of(Term::part("refused")), &|| false).unwrap();
    let seqs = expected(|_, raw| raw.windows(7).any(|text| text == b"refused"));
    assert_eq!((counted.events, counted.opened), (seqs.len() as u64, 0));
    assert!(reader.count(&Question::of(Term::part("größe")), &|| false).unwrap().opened > 5);
    let class: Predicate<'_> = &|stored| stored.head.level == Level::Error && stored.source() == "nginx";
    let question = Question { class: Some(class), ..Question::of(Term::part("refused")) };
    for key in [Key::Minute, Key::Pattern, Key::Level, Key::Source] {
        let (by, progress) = reader.count_by(&question, key, &|| false).unwrap();
        assert_eq!((by.values().sum::<u64>(), progress.opened), (progress.events, 0), "{key:?}");
    }
    let never: Predicate<'_> = &|stored| stored.source() == "nowhere";
    let too_high: Predicate<'_> = &|stored| stored.head.detection.novelty > 32.0;
    let all = Question { also: Some(&|_| true), ..Question::all() };
    for question in [Question { class: Some(never), ..all.clone() }, Question { scores: Some(too_high), ..all }] {
        assert_eq!(reader.count(&question, &|| false).unwrap().opened, 0);
    }
}

#[test]
fn a_name_has_another_number_in_each_file() {
    let folder = tempfile::tempdir().unwrap();
    let mut journal = Journal::open(folder.path(), SMALL).unwrap();
    for (seq, source, days) in [(1, 1, 0), (2, 2, 1), (3, 1, 2)] {
        let mut run = Run::default();
        assert!(run.push(&EventHeader { seq, source, kind: 4, ..EventHeader::default() }, b"x"));
        journal.append(&run, START_NS + days * DAY_NS, &name).unwrap();
        journal.seal(&mut super::template).unwrap();
    }
    let mut reader = Reader::open(folder.path()).unwrap();
    let class: Predicate<'_> = &|stored| stored.source() == "nginx" && stored.kind() == "log.line";
    let question = Question { class: Some(class), ..Question::all() };
    let (by, progress) = reader.count_by(&question, Key::Source, &|| false).unwrap();
    assert_eq!((by, progress.opened), ([(Group::Source("nginx".into()), 2)].into(), 0));
    let mut seqs = Vec::new();
    let mut take = |stored: &StoredRecord<'_>| {
        seqs.push(stored.head.seq);
        ControlFlow::Continue(())
    };
    reader.scan(&question, Order::Newest, Budget::none(), &mut take).unwrap();
    assert_eq!(seqs, [3, 1]);
}

#[test]
fn what_there_is_is_told_without_a_block_being_opened() {
    let (folder, mut journal) = kept();
    journal.seal(&mut super::template).unwrap();
    append(&mut journal, EVENTS + 10..EVENTS + 30, 7).unwrap();
    let info = Reader::open(folder.path()).unwrap().info().unwrap();
    let ids = || (1..EVENTS + 1).chain(EVENTS + 10..EVENTS + 30);
    let times = || ids().map(|id| event(id).0.time_ns);
    assert_eq!((info.events, info.seqs), (EVENTS + 20, Some([1, EVENTS + 29])));
    assert_eq!(info.times_ns, Some([times().min().unwrap(), times().max().unwrap()]));
    assert!(info.files == 1 && info.bytes > 10_000 && info.health.is_good());
}

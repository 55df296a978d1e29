//! What headers cannot answer is asked of the events, and a question can be given up.

use super::append;
use super::common::{SMALL, event, now};
use ng_journal::store::{Budget, Journal, Key, Order, Question, Reader};
use ng_journal::{EventHeader, Term};
use std::cell::Cell;
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
    let mut take = |header: &EventHeader, _: &[u8]| {
        seqs.push(header.seq);
        ControlFlow::Continue(())
    };
    reader.scan(question, Order::Oldest, None, Budget::none(), &mut take).unwrap();
    assert_eq!(reader.count(question, &|| false).unwrap().events, seqs.len() as u64);
    let by_level = reader.count_by(question, Key::Level, &|| false).unwrap().0;
    assert_eq!(by_level.values().sum::<u64>(), seqs.len() as u64);
    seqs
}

#[test]
fn an_event_that_is_written_with_escapes_is_read_by_who_can() {
    let (folder, _journal) = kept();
    let mut reader = Reader::open(folder.path()).unwrap();
    // As people read them these have `a "root" of`, and no `\"`.
    let as_read = |raw: &[u8]| String::from_utf8(raw.to_vec()).unwrap().replace("\\\"", "\"").replace("\\n", "\n");
    for text in ["\"root\" of", "n\"}", "root"] {
        let escaped = |_: &EventHeader, raw: &[u8]| as_read(raw).contains(text);
        let question = Question { escaped: Some(&escaped), ..Question::of(Term::exact_part(text)) };
        let seqs = expected(|header, raw| {
            let plain = String::from_utf8(raw.to_vec()).unwrap();
            if header.message.escaped { as_read(raw).contains(text) } else { plain.contains(text) }
        });
        assert_eq!(found(&mut reader, &question), seqs, "{text}");
    }
    assert!(!expected(|header, raw| header.message.escaped && as_read(raw).contains("\"root\" of")).is_empty());
}

#[test]
fn several_terms_times_and_what_is_said_of_the_rest() {
    let (folder, _journal) = kept();
    let mut reader = Reader::open(folder.path()).unwrap();
    let also = |header: &EventHeader, _: &[u8]| header.novelty > 100;
    let times_ns = now(100)..=now(433);
    let terms = vec![Term::part("INFO"), Term::part("root")];
    let question = Question { terms, times_ns: times_ns.clone(), also: Some(&also), escaped: None };
    let seqs = expected(|header, raw| {
        let text = String::from_utf8(raw.to_vec()).unwrap().to_lowercase();
        text.contains("info") && text.contains("root") && times_ns.contains(&header.time_ns) && header.novelty > 100
    });
    assert!(seqs.len() > 3);
    assert_eq!(found(&mut reader, &question), seqs);
}

#[test]
fn a_question_that_is_given_up_says_where_it_was() {
    let (folder, _journal) = kept();
    let mut reader = Reader::open(folder.path()).unwrap();
    let asked = Cell::new(0);
    let cancelled = || asked.replace(asked.get() + 1) == 4;
    let budget = Budget { cancelled: &cancelled, ..Budget::none() };
    let mut seqs = Vec::new();
    let question = Question::all();
    let mut take = |header: &EventHeader, _: &[u8]| {
        seqs.push(header.seq);
        ControlFlow::Continue(())
    };
    let first = reader.scan(&question, Order::Newest, None, budget, &mut take).unwrap();
    assert!(first.events > 0 && first.events < EVENTS);
    let rest = reader.scan(&question, Order::Newest, first.next, Budget::none(), &mut take).unwrap();
    assert_eq!((first.events + rest.events, rest.next), (EVENTS, None));
    assert_eq!(seqs, (1..=EVENTS).rev().collect::<Vec<_>>());
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
}

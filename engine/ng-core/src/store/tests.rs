use super::segment::{Block, Press, Segment};
use super::testing::{Traffic, any_head, head, line, same};
use super::*;
use ng_filter::{Env, Filter};
use proptest::prelude::*;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};

fn shared(capacity: usize) -> Shared {
    Arc::new(Mutex::new(Store::new(capacity)))
}

fn filter(text: &str) -> Filter {
    Filter::compile(text, &Env::default()).expect("a plain word is a filter")
}

fn block(heads: &[(RecordHeader, Vec<u8>)]) -> Block {
    let mut block = Block::default();
    heads.iter().for_each(|(head, raw)| block.push(head, raw));
    block
}

fn messages(view: &mut View, start: usize, count: usize) -> Vec<(u64, String)> {
    let mut seen = Vec::new();
    view.visit(start, count, |stored| {
        seen.push((stored.head.seq, String::from_utf8_lossy(stored.message()).into_owned()));
    });
    seen
}

fn records(most: usize) -> impl Strategy<Value = Vec<(RecordHeader, Vec<u8>)>> {
    let record = (any_head(), prop::collection::vec(any::<u8>(), 0..40), 1u64..3);
    prop::collection::vec(record, 1..most).prop_map(|records| {
        let mut seq = 0;
        records
            .into_iter()
            .map(|(head, raw, step)| {
                seq += step;
                (RecordHeader { seq, ..head }, raw)
            })
            .collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_segment_gives_back_every_bit(records in records(80)) {
        let segment = Segment::seal(&block(&records), &mut Press::new());
        let (mut plain, mut scratch) = (Block::default(), Vec::new());
        prop_assert_eq!(segment.unpack(&mut plain, &mut scratch), Ok(()));
        let symbols = Symbols::new();
        prop_assert_eq!(plain.len(), records.len());
        for (index, (head, raw)) in records.iter().enumerate() {
            let stored = plain.get(index as u64, &symbols).unwrap();
            prop_assert!(same(stored.head, head), "{:?} is not {:?}", stored.head, head);
            prop_assert_eq!(stored.raw, raw.as_slice());
            prop_assert_eq!(segment.seq(index), head.seq);
            prop_assert_eq!(segment.below(head.seq), index);
            prop_assert_eq!(segment.below(head.seq + 1), index + 1);
        }
    }

    #[test]
    fn a_spoiled_segment_is_an_error_or_other_records_but_no_panic(
        records in records(40), arena in any::<bool>(), place in any::<usize>(), mask in 1u8..,
    ) {
        let mut records = records;
        records.push((head(1000), b"to have something to spoil".to_vec()));
        let mut segment = Segment::seal(&block(&records), &mut Press::new());
        segment.spoil(arena, place, mask);
        let (mut plain, mut scratch) = (Block::default(), Vec::new());
        let symbols = Symbols::new();
        match segment.unpack(&mut plain, &mut scratch) {
            Ok(()) => prop_assert_eq!(plain.len(), records.len()),
            Err(Corrupt) => prop_assert_eq!(plain.len(), 0),
        }
        for ordinal in 0..plain.end() {
            let _ = plain.get(ordinal, &symbols).unwrap().message();
        }
    }

    /// Pushes with holes, a changing capacity, and advances of any budget, against a plain list.
    #[test]
    fn a_view_is_what_the_filter_lets_through_of_what_is_held(
        steps in prop::collection::vec((0u8..10, 0usize..1500, 1u64..4), 1..30), capacity in 1usize..4000,
    ) {
        let store = shared(capacity);
        let mut held: VecDeque<(u64, String)> = VecDeque::new();
        let (mut capacity, mut seq, mut pushed) = (capacity, 0, 0);
        let mut some = View::new(store.clone(), filter("7"));
        let mut all = View::new(store.clone(), filter(""));
        for (what, amount, step) in steps {
            match what {
                0..5 => for _ in 0..amount {
                    seq += step;
                    pushed += 1;
                    let text = format!("r{}", seq * 31 % 1000);
                    store.lock().push(&line(seq, &text), text.as_bytes());
                    held.push_back((seq, text));
                },
                5 => {
                    capacity = amount + 1;
                    store.lock().set_capacity(capacity);
                }
                6..9 => {
                    let before = some.len();
                    let state = some.advance(amount, 0);
                    prop_assert!(state.scanned_from <= state.scanned_to);
                    prop_assert!(state.scanned_from >= state.first_seq && state.scanned_to <= state.next_seq);
                    prop_assert!(some.len() <= before + amount);
                }
                _ => { all.advance(0, 0); }
            }
            while held.len() > capacity {
                held.pop_front();
            }
            let lock = store.lock();
            prop_assert_eq!(lock.len(), held.len());
            prop_assert_eq!(lock.next_seq(), if pushed == 0 { 0 } else { seq + 1 });
            prop_assert_eq!(lock.first_seq(), held.front().map_or(lock.next_seq(), |record| record.0));
            drop(lock);
            // Whatever part is examined, it is right.
            let expected: Vec<_> = held.iter().filter(|(_, text)| text.contains('7')).cloned().collect();
            let shown = messages(&mut some, 0, usize::MAX);
            prop_assert!(shown.iter().all(|record| expected.binary_search(record).is_ok()));
            prop_assert!(shown.is_sorted());
        }

        let state = some.advance(usize::MAX, 0);
        prop_assert_eq!((state.scanned_from, state.scanned_to), (state.first_seq, state.next_seq));
        let expected: Vec<_> = held.iter().filter(|(_, text)| text.contains('7')).cloned().collect();
        prop_assert_eq!(messages(&mut some, 0, usize::MAX), expected.clone());
        prop_assert_eq!(state.matched as usize, expected.len());
        prop_assert_eq!(state.totals.records, state.matched + state.pruned);

        let state = all.advance(0, 0);
        prop_assert_eq!(state.matched as usize, held.len());
        prop_assert_eq!((state.totals.records, state.pruned), (pushed, pushed - held.len() as u64));
        prop_assert_eq!(messages(&mut all, 0, usize::MAX), held.iter().cloned().collect::<Vec<_>>());

        for (view, list) in [(&some, expected), (&all, held.iter().cloned().collect())] {
            prop_assert_eq!(view.len(), list.len());
            for (index, (seq, _)) in list.iter().enumerate().step_by(97) {
                prop_assert_eq!(view.seq_at(index), Some(*seq));
                prop_assert_eq!(view.index_of(*seq), Ok(index));
            }
            prop_assert_eq!(view.seq_at(list.len()), None);
            prop_assert_eq!(view.index_of(seq + 1), Err(list.len()));
            prop_assert_eq!(view.index_of(0), Err(0));
        }
    }

    /// `n` and `N` from anywhere, with small budgets, find what a plain list finds.
    #[test]
    fn the_next_match_is_the_next_match(
        from in 0u64..9000, forward in any::<bool>(), budget in 1usize..900, examined in 0usize..4000,
        own in prop::sample::select(vec!["", "7", "r77", "nothing"]),
        wanted in prop::sample::select(vec!["", "3", "r1", "nothing"]),
    ) {
        let store = shared(2500);
        let mut held = Vec::new();
        for number in 0..3000u64 {
            let (seq, text) = (number * 3 + number % 2, format!("r{}", number * 31 % 1000));
            store.lock().push(&line(seq, &text), text.as_bytes());
            held.push((seq, text));
        }
        let held = &held[500..];
        let mut view = View::new(store, filter(own));
        view.advance(examined, 0);
        let fits = |(_, text): &&(u64, String)| text.contains(own) && text.contains(wanted);
        let expected = if forward {
            held.iter().filter(|record| record.0 >= from).find(fits)
        } else {
            held.iter().rev().filter(|record| record.0 <= from).find(fits)
        };
        let (mut place, mut rounds) = (from, 0);
        let found = loop {
            match view.next_match(place, forward, &filter(wanted), budget, 0) {
                Find::NotYet { resume_seq } => place = resume_seq,
                Find::Found(seq) => break Some(seq),
                Find::Nothing => break None,
            }
            rounds += 1;
            prop_assert!(rounds <= 3000 / budget + 4);
        };
        prop_assert_eq!(found, expected.map(|record| record.0));
    }
}

#[test]
fn the_newest_matches_come_first() {
    let store = shared(100_000);
    for seq in 0..20_000 {
        store.lock().push(&line(seq, "same"), b"same");
    }
    let mut view = View::new(store.clone(), filter("same"));
    let state = view.advance(100, 0);
    assert_eq!((state.scanned_from, state.scanned_to, state.matched), (19_900, 20_000, 100));
    assert_eq!(messages(&mut view, 99, 5), [(19_999, "same".to_string())]);

    store.lock().push(&line(20_000, "same"), b"same");
    let state = view.advance(100, 0);
    assert_eq!((state.scanned_from, state.scanned_to, state.matched), (19_801, 20_001, 200));

    view.rebase(filter("other"));
    assert_eq!((view.len(), view.advance(usize::MAX, 0).matched), (0, 0));
}

#[test]
fn a_frozen_view_finds_nothing_that_came_later() {
    let store = shared(100);
    store.lock().push(&line(0, "a"), b"a");
    for text in ["", "a"] {
        let mut view = View::new(store.clone(), filter(text));
        view.advance(10, 0);
        let next = store.lock().next_seq();
        store.lock().push(&line(next, "a"), b"a");
        assert_eq!(view.next_match(next, true, &filter("a"), 10, 0), Find::Nothing);
        assert_eq!(messages(&mut view, 0, 10).len() as u64, next);
        view.advance(10, 0);
        assert_eq!(view.next_match(next, true, &filter("a"), 10, 0), Find::Found(next));
    }
}

#[test]
fn a_held_view_keeps_what_leaves_the_ring() {
    let ring = shared(2000);
    let push = |seqs: std::ops::Range<u64>| {
        let mut store = ring.lock();
        seqs.for_each(|seq| {
            let raw = if seq % 100 == 0 { "odd one" } else { "usual" };
            store.push(&line(seq, raw), raw.as_bytes());
        });
    };
    push(0..3000);
    let (mut all, mut odd) = (View::new(ring.clone(), filter("")), View::new(ring.clone(), filter("odd")));
    all.advance(usize::MAX, 0);
    odd.advance(usize::MAX, 0);
    let (mut held, mut few) = (all.hold(None), odd.hold(None));
    let before = (messages(&mut held, 0, 3000), messages(&mut few, 0, 3000));
    push(3000..20_000);
    assert_eq!(all.advance(usize::MAX, 0).earlier, 18_000);
    for view in [&mut held, &mut few] {
        let state = view.advance(usize::MAX, 0);
        assert_eq!((state.first_seq, state.next_seq, state.earlier, state.recorded), (1000, 3000, 1000, 3000));
    }
    assert_eq!((messages(&mut held, 0, 3000), messages(&mut few, 0, 3000)), before);
    assert_eq!((held.len(), few.len()), (2000, 20));
    assert_eq!((held.seq_at(0), held.seq_at(1999), held.seq_at(2000)), (Some(1000), Some(2999), None));
    assert_eq!((held.index_of(1500), held.index_of(5000)), (Ok(500), Err(2000)));
    assert_eq!(few.next_match(1001, true, &filter("odd"), usize::MAX, 0), Find::Found(1100));
    // Another filter sees the same records, and what is held can be held again.
    let mut other = held.hold(Some(filter("odd")));
    other.advance(usize::MAX, 0);
    assert_eq!(messages(&mut other, 0, 3000), before.1);
    assert_eq!(held.hold(None).reader().get(1000, |stored| stored.head.seq), Some(1000));
}

#[test]
fn a_seq_that_does_not_rise_is_refused_and_counted() {
    let mut store = Store::new(10);
    for seq in [5, 5, 4, 9, NO_SEQ, 0, 10] {
        store.push(&head(seq), b"");
    }
    assert_eq!((store.len(), store.refused(), store.first_seq(), store.next_seq()), (3, 4, 5, 11));
    assert_eq!(store.totals().records, 3);
}

#[test]
fn long_records_bound_the_ring_by_bytes() {
    let mut store = Store::new(1_000_000);
    store.set_byte_limit(1 << 20);
    let mut noise = 1u32;
    for seq in 0..200 {
        // Lines that do not compress, of 100 KiB each.
        let long: Vec<u8> = std::iter::repeat_with(|| {
            noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (noise >> 24) as u8
        })
        .take(100 << 10)
        .collect();
        store.push(&head(seq), &long);
    }
    assert!(store.bytes() < 6 << 20, "{} bytes", store.bytes());
    assert!((10..100).contains(&store.len()), "{} records", store.len());
    assert_eq!(store.first_seq(), 200 - store.len() as u64);

    let longer = vec![b'x'; 3 << 20];
    store.push(&head(200), &longer);
    store.push(&head(201), b"short");
    let mut reader = Reader::new(Arc::new(Mutex::new(store)));
    assert_eq!(reader.get(200, |stored| stored.raw.len()), Some(3 << 20));
    assert_eq!(reader.get(201, |stored| stored.raw.to_vec()), Some(b"short".to_vec()));
}

#[test]
fn a_corrupt_segment_is_passed_over_and_counted() {
    let mut store = Store::new(10_000);
    for seq in 0..3000 {
        store.push(&line(seq, "same"), b"same");
    }
    let sealed = Arc::make_mut(&mut store.sealed);
    Arc::get_mut(&mut sealed[1].segment).unwrap().spoil(false, 0, 0xFF);
    let shared = Arc::new(Mutex::new(store));

    let mut view = View::new(shared.clone(), filter("same"));
    assert_eq!(view.advance(usize::MAX, 0).matched, 3000 - 1024);
    assert_eq!(view.reader().unreadable(), 1024);
    assert_eq!(view.reader().get(1500, |_| ()), None);
    assert_eq!(view.next_match(1023, true, &filter("same"), 9999, 0), Find::Found(1023));
    assert_eq!(view.next_match(1024, true, &filter("same"), 9999, 0), Find::Found(2048));

    let mut reader = Reader::new(shared);
    let mut seqs = Vec::new();
    reader.range(1020..2050, |stored| {
        seqs.push(stored.head.seq);
        ControlFlow::Continue(())
    });
    assert_eq!(seqs, [1020, 1021, 1022, 1023, 2048, 2049]);
}

#[test]
fn a_reader_beside_a_writer_sees_every_record_once_and_whole() {
    const RECORDS: u64 = 60_000;
    let store = shared(RECORDS as usize);
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for batch in 0..RECORDS / 256 + 1 {
                let mut lock = store.lock();
                let source = lock.intern(&format!("source {}", batch % 7));
                for seq in (batch * 256..(batch + 1) * 256).take_while(|seq| *seq < RECORDS) {
                    let text = format!("record {seq}");
                    lock.push(&RecordHeader { source, ..line(seq, &text) }, text.as_bytes());
                }
            }
            done.store(true, Ordering::Release);
        });
        let mut view = View::new(store.clone(), filter("5"));
        let mut all = View::new(store.clone(), filter(""));
        loop {
            let last = done.load(Ordering::Acquire);
            let state = view.advance(if last { usize::MAX } else { 3000 }, 0);
            let len = view.len();
            view.visit(len.saturating_sub(50), 50, |stored| {
                assert_eq!(stored.message(), format!("record {}", stored.head.seq).as_bytes());
                assert_eq!(stored.source(), format!("source {}", stored.head.seq / 256 % 7));
            });
            all.advance(0, 0);
            let start = all.len().saturating_sub(50);
            let shown = messages(&mut all, start, 50);
            assert!(shown.iter().all(|(seq, text)| *text == format!("record {seq}")));
            if last {
                let expected = (0..RECORDS).filter(|seq| seq.to_string().contains('5')).count();
                assert_eq!((state.matched as usize, all.len() as u64), (expected, RECORDS));
                break;
            }
        }
    });
}

#[test]
fn pruned_segments_are_freed_while_views_stand_still() {
    let store = shared(2000);
    let mut view = View::new(store.clone(), filter(""));
    let push = |from: u64| (from..from + 5000).for_each(|seq| store.lock().push(&line(seq, "x"), b"x"));
    push(0);
    view.advance(0, 0);
    assert_eq!(messages(&mut view, 0, 3).len(), 3);
    let weak: Vec<_> = store.lock().sealed.iter().map(|placed| Arc::downgrade(&placed.segment)).collect();
    push(5000);
    assert!(weak.iter().all(|segment| segment.upgrade().is_none()));
    assert_eq!(messages(&mut view, 0, 2000), []);
    assert_eq!(view.seq_at(0), None);
}

/// A ring of `count` log lines, and the mean length of a line.
fn filled(count: usize) -> (Store, f64) {
    let (mut store, mut traffic) = (Store::new(count), Traffic::new());
    let (mut raw, mut length) = (Vec::new(), 0);
    for _ in 0..count {
        let head = traffic.next(&mut raw);
        length += raw.len();
        store.push(&head, &raw);
    }
    (store, length as f64 / count as f64)
}

#[test]
fn a_million_log_lines_fit_into_120_mb() {
    let count = if cfg!(debug_assertions) { 200_000 } else { 1_000_000 };
    let (store, length) = filled(count);
    assert_eq!(store.len(), count);
    assert!(length > 110.0, "{length} bytes a line");
    // What does not grow with the number of records is counted in full.
    let fixed = store.open.bytes() + store.press.bytes();
    let million = fixed + (store.bytes() - fixed) * (1_000_000 / count);
    assert!(million <= 120_000_000, "{million} bytes");
}

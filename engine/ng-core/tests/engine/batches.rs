//! How batches are taken in.

use crate::bench::{Bench, ticking};
use ng_model::event::Span;
use ng_model::intake::{Batch, SourceStatus, Turn};
use ng_wire::Format;
use std::sync::Arc;

#[test]
fn a_batch_of_several_sources_is_as_good_as_one_of_each() {
    let [a, b] = ["a", "b"].map(|name| SourceStatus::new(name, "test", 0));
    let lines = [(&a, "one"), (&a, "two"), (&b, "three"), (&a, "four"), (&b, "five")];
    let mut bench = Bench::new();
    let mut batch = Batch {
        source: a.clone(),
        received_ns: 9,
        written_ns: 9,
        bytes: Vec::new(),
        readings: Vec::new(),
        turns: Vec::new(),
        receipt: None,
    };
    let mut latest = &a;
    for (first, (source, text)) in lines.iter().enumerate() {
        if !Arc::ptr_eq(latest, source) {
            batch.turns.push(Turn { first, source: Arc::clone(source), written_ns: 9 });
            latest = source;
        }
        let start = batch.bytes.len();
        batch.bytes.extend_from_slice(text.as_bytes());
        batch.readings.push((Format::Text, Span::new(start, batch.bytes.len())));
    }
    let first = bench.next_seq();
    let taken = bench.engine.intake(&mut bench.store.lock(), &batch, ticking);
    assert_eq!((taken.first_seq, taken.records), (first, 5));
    let records = bench.records(first).into_iter().map(|record| (record.source, record.text)).collect::<Vec<_>>();
    assert_eq!(records, lines.map(|(source, text)| (source.name.clone().into(), text.into())));
}

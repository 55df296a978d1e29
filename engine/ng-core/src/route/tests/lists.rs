//! The parts of the index, each alone.

use super::super::deliveries::Deliveries;
use super::super::names::Names;
use super::super::table::Table;
use ng_filter::Key;

#[test]
fn a_table_holds_what_was_put_into_it() {
    let mut table: Table<u64, u64> = Table::default();
    assert_eq!(table.get(0), None);
    let keys = || (0..1000u64).map(|number| number.wrapping_mul(0x1_0000_0001));
    for key in keys() {
        *table.entry(key) = key + 1;
        *table.entry(key) += 1;
    }
    assert_eq!(table.len(), 1000);
    assert!(keys().all(|key| table.get(key) == Some(&(key + 2))));
    assert!(keys().all(|key| table.get(key + 500).is_none() || keys().any(|other| other == key + 500)));
}

#[test]
fn deliveries_come_slot_by_slot_in_the_order_of_the_records() {
    let mut deliveries = Deliveries::default();
    for _ in 0..2 {
        assert_eq!(deliveries.note(10, |slots| slots.extend([3, 0])), 2);
        assert_eq!(deliveries.note(11, |_| {}), 0);
        assert_eq!(deliveries.note(12, |slots| slots.extend([0, 5, 3])), 3);
        let mut all = Vec::new();
        assert_eq!(deliveries.sort(6), [3, 0, 5]);
        deliveries.hand_on(|slot, seqs| all.push((slot, seqs.collect::<Vec<u64>>())));
        assert_eq!(all, [(3, vec![10, 12]), (0, vec![10, 12]), (5, vec![12])]);
        assert!(deliveries.sort(6).is_empty());
        deliveries.hand_on(|slot, _| panic!("{slot} gets nothing"));
    }
}

#[test]
fn names_are_found_by_topic_and_source() {
    let text = |text: &str| text.as_bytes().into();
    let keys = [
        Key::Topic(text("a.b")),
        Key::TopicUnder(text("a")),
        Key::TopicUnder(text("a.b")),
        Key::TopicUnder(text("a.bc")),
        Key::Source(text("Host1")),
        Key::SourcePart(text("host1")),
        Key::SourcePart(text("1")),
        Key::SourcePart(text("t12")),
    ];
    let mut names = Names::default();
    assert!(names.is_empty());
    for (slot, key) in keys.iter().enumerate() {
        assert!(names.file(key, slot as u32));
        assert_eq!(names.count(key), 1);
    }
    names.file_other(8);
    assert!(!names.file(&Key::Pattern(1), 9));
    let mut check = |topic: &str, source: &str, expect: &[u32]| {
        let mut found = vec![77];
        names.collect(topic, source, &mut found);
        assert_eq!(found, expect, "{topic} {source}");
    };
    check("a.b", "x", &[0, 1, 2, 8]);
    check("a", "", &[1, 8]);
    check("a.b.c", "host", &[1, 2, 8]);
    check("a.bc", "Host1", &[1, 3, 4, 5, 6, 8]);
    check("", "xHOST12", &[5, 6, 7, 8]);
    check("b", "host1", &[5, 6, 8]);
    check("ab", "1111", &[6, 8]);
}

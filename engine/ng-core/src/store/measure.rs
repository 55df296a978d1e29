//! The ring against its budget of memory.

use super::sample::Traffic;
use super::*;

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

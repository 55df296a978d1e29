//! The records of the ring whose vectors are most like that of one record, by an exact scan.

use super::reader::{Purpose, Reader};

/// Most records that are scanned, the newest ones.
const SCANNED: u64 = 100_000;

/// The `k` records nearest to the record `seq`, nearest first, the newer first among equals: `seq`, distance,
/// similarity.
///
/// Only scored records of the same encoder are compared, without the record itself, among the newest `budget` of the
/// ring, at most 100 000. Each dimension is divided by its standard deviation over these records and the record itself;
/// a dimension that does not vary is left out. The distance is Euclidean, the similarity `exp(−distance²/2)`. Empty when
/// the record is not in the ring, was not scored, or has a vector that is not finite.
pub fn nearest(reader: &mut Reader, seq: u64, k: usize, budget: usize) -> Vec<(u64, f32, f32)> {
    let subject = reader
        .get(seq, |stored| stored.head.detection)
        .filter(|detection| detection.is_scored() && detection.vector.iter().all(|value| value.is_finite()));
    let Some(subject) = subject else { return Vec::new() };
    let others = candidates(reader, seq, subject.encoder, SCANNED.min(budget as u64));
    let scale = scale(&others, &subject.vector);

    let mut nearest: Vec<(u64, f64)> = Vec::with_capacity(k.min(others.len()) + 1);
    // From the newest to the oldest, so an equal distance goes behind those that stand already.
    for (other, vector) in &others {
        let square: f64 = (0..8)
            .map(|dimension| (f64::from(vector[dimension]) - f64::from(subject.vector[dimension])) * scale[dimension])
            .map(|difference| difference * difference)
            .sum();
        let place = nearest.partition_point(|(_, known)| *known <= square);
        if place < k {
            nearest.insert(place, (*other, square));
            nearest.truncate(k);
        }
    }
    nearest.into_iter().map(|(other, square)| (other, square.sqrt() as f32, (-square / 2.0).exp() as f32)).collect()
}

/// Number and vector of every comparable record, newest first.
fn candidates(reader: &mut Reader, seq: u64, encoder: u8, most: u64) -> Vec<(u64, [f32; 8])> {
    let snapshot = reader.look();
    let oldest = snapshot.first.max(snapshot.next.saturating_sub(most));
    let mut found = Vec::new();
    let mut end = snapshot.next;
    while end > oldest {
        let start = reader.bounds(&snapshot, end - 1).start.max(oldest);
        if let Some(block) = reader.block(&snapshot, end - 1, Purpose::Heads) {
            let heads = &block.heads[(start - block.first) as usize..(end - block.first) as usize];
            found.extend(
                heads
                    .iter()
                    .rev()
                    .filter(|head| head.seq != seq && head.detection.encoder == encoder && head.detection.is_scored())
                    .filter(|head| head.detection.vector.iter().all(|value| value.is_finite()))
                    .map(|head| (head.seq, head.detection.vector)),
            );
        }
        end = start;
    }
    found
}

/// What each dimension is multiplied by: the inverse of its standard deviation, 0 when it does not vary.
fn scale(others: &[(u64, [f32; 8])], subject: &[f32; 8]) -> [f64; 8] {
    let count = others.len() as f64 + 1.0;
    let values = |dimension: usize| {
        others.iter().map(move |(_, vector)| vector[dimension]).chain([subject[dimension]]).map(f64::from)
    };
    std::array::from_fn(|dimension| {
        // A rounded mean would make a constant dimension vary a little.
        if values(dimension).all(|value| value == f64::from(subject[dimension])) {
            return 0.0;
        }
        let mean = values(dimension).sum::<f64>() / count;
        let variance = values(dimension).map(|value| (value - mean) * (value - mean)).sum::<f64>() / count;
        1.0 / variance.sqrt()
    })
}

#[cfg(test)]
mod tests {
    use super::super::testing::head;
    use super::super::{Shared, Store};
    use super::*;
    use ng_model::record::{Detection, RecordHeader};
    use ng_wire::Scoring;
    use parking_lot::Mutex;
    use std::sync::Arc;

    fn push(store: &mut Store, encoder: u8, vector: [f32; 8]) {
        let detection = Detection { state: Scoring::Scored, encoder, vector, ..Detection::default() };
        let seq = store.next_seq();
        store.push(&RecordHeader { detection, ..head(seq) }, b"raw");
    }

    fn reader(store: Store) -> Reader {
        let shared: Shared = Arc::new(Mutex::new(store));
        Reader::new(shared)
    }

    fn vector(a: f32, b: f32) -> [f32; 8] {
        [a, b, 5.0, 0.0, 0.0, 0.0, 0.0, 0.0]
    }

    #[test]
    fn dimensions_are_scaled_by_their_deviation_and_ties_go_to_the_newer() {
        let mut store = Store::new(100);
        for (a, b) in [(1.0, 0.0), (-1.0, 0.0), (0.0, 1000.0), (0.0, -1000.0), (0.0, 0.0)] {
            push(&mut store, 1, vector(a, b));
        }
        let found = nearest(&mut reader(store), 4, 3, 1000);
        // The deviation of (1, −1, 0, 0, 0) is √0.4, so every other record is 1/√0.4 away.
        let away = (1.0 / 0.4f64.sqrt()) as f32;
        assert_eq!(found.iter().map(|near| near.0).collect::<Vec<_>>(), [3, 2, 1]);
        for (_, distance, similarity) in found {
            assert!((distance - away).abs() < 1e-6, "{distance}");
            assert!((similarity - (-1.25f32).exp()).abs() < 1e-6, "{similarity}");
        }
    }

    #[test]
    fn only_scored_records_of_the_same_encoder_within_the_budget_are_compared() {
        let mut store = Store::new(5000);
        for number in 0..2500 {
            push(&mut store, (number % 2) as u8, vector(number as f32, 0.0));
        }
        store.push(&head(2500), b"unscored");
        push(&mut store, 0, vector(f32::NAN, 0.0));
        push(&mut store, 0, vector(2000.0, 0.0));
        let mut reader = reader(store);
        let seqs = |found: Vec<(u64, f32, f32)>| found.iter().map(|near| near.0).collect::<Vec<_>>();
        assert_eq!(seqs(nearest(&mut reader, 2502, 4, usize::MAX)), [2000, 2002, 1998, 2004]);
        // Of the newest 103 records 2400 is the oldest.
        assert_eq!(seqs(nearest(&mut reader, 2502, 2, 103)), [2400, 2402]);
        assert_eq!(nearest(&mut reader, 2502, 0, 100), []);
        assert_eq!(nearest(&mut reader, 2500, 4, usize::MAX), []);
        assert_eq!(nearest(&mut reader, 2501, 4, usize::MAX), []);
        assert_eq!(nearest(&mut reader, 9999, 4, usize::MAX), []);
    }

    #[test]
    fn equal_vectors_are_identical() {
        let mut store = Store::new(10);
        push(&mut store, 0, vector(0.1, 0.2));
        push(&mut store, 0, vector(0.1, 0.2));
        assert_eq!(nearest(&mut reader(store), 0, 9, 10), [(1, 0.0, 1.0)]);
    }
}

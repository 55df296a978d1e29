//! Tests that read the head of a record alone.

use super::ast::Op;
use super::fields::FieldRow;
use ng_model::record::{Detection, RecordHeader, StoredRecord};
use ng_wire::Unit;
use std::cmp::Ordering;

/// One test.
#[derive(Clone, Copy, Debug)]
pub(super) enum HeadTest {
    /// One of the wanted bits is set; with `differ`, a bit is set but none of the wanted.
    Bits { row: &'static FieldRow, of: fn(&StoredRecord<'_>) -> u32, wanted: u32, differ: bool },
    /// A number of the head, NaN where it is missing.
    Number { row: &'static FieldRow, of: fn(&RecordHeader) -> f64, op: Op, than: f64 },
    /// A number of the detector; missing unless the event was scored.
    Score { of: fn(&Detection) -> f32, op: Op, than: f32 },
    /// The measured value, of this unit if one is given.
    Quantity { op: Op, than: f64, unit: Option<Unit> },
    /// Nanoseconds from the event to now.
    Age { op: Op, than: f64 },
    /// The time of the event.
    Time { op: Op, than: i64 },
    /// A property.
    Flag(fn(&StoredRecord<'_>) -> bool),
}

impl HeadTest {
    /// The record passes.
    pub(super) fn holds(&self, stored: &StoredRecord<'_>, now_ns: i64) -> bool {
        let head = stored.head;
        match self {
            HeadTest::Bits { of, wanted, differ, .. } => {
                let bits = of(stored);
                bits != 0 && (bits & wanted != 0) != *differ
            }
            HeadTest::Number { of, op, than, .. } => compare(of(head), *op, *than),
            HeadTest::Score { of, op, than } => head.detection.is_scored() && compare(of(&head.detection), *op, *than),
            HeadTest::Quantity { op, than, unit } => {
                unit.is_none_or(|unit| unit == head.unit) && compare(head.value, *op, *than)
            }
            HeadTest::Age { op, than } => compare((i128::from(now_ns) - i128::from(head.time_ns)) as f64, *op, *than),
            HeadTest::Time { op, than } => match op {
                Op::Above => head.time_ns > *than,
                Op::AtLeast => head.time_ns >= *than,
                Op::Below => head.time_ns < *than,
                Op::AtMost => head.time_ns <= *than,
                Op::Differ => head.time_ns != *than,
                Op::Like | Op::Equal => head.time_ns == *than,
            },
            HeadTest::Flag(test) => test(stored),
        }
    }
}

/// A missing number, which is NaN, makes every comparison false.
pub(super) fn compare<T: PartialOrd>(number: T, op: Op, than: T) -> bool {
    match op {
        Op::Like | Op::Equal => number == than,
        Op::Differ => number.partial_cmp(&than).is_some_and(Ordering::is_ne),
        Op::Above => number > than,
        Op::AtLeast => number >= than,
        Op::Below => number < than,
        Op::AtMost => number <= than,
    }
}

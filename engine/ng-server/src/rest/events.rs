//! The records of the ring, one by one or page by page, and the texts of their patterns.

use super::answer;
use crate::auth::Right;
use crate::channels::Channel;
use crate::clock;
use crate::error::ApiError;
use crate::hub::Hub;
use crate::routes::{App, Route, schema};
use axum::extract::{Path, Query, State};
use axum::response::Response;
use axum::routing::get;
use ng_core::convert;
use ng_core::event_loop::Disconnected;
use ng_core::store::{Reader, Shared};
use ng_filter::Filter;
use ng_model::event::Parsed;
use ng_model::record::{NO_PATTERN, StoredRecord};
use ng_wire::{Gap, GapReason, PatternView, Record, RecordDetail};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::ops::ControlFlow;

/// Most records of a page.
const MOST: usize = 1000;
/// A page is closed when its records hold this many raw bytes.
const PAGE_BYTES: usize = 4 << 20;
/// Most records that are looked at for a page; a filter may let few through.
const LOOKED_AT: u64 = 200_000;
/// Records that are looked at together on the way back.
const STRIDE: u64 = 1024;
/// Records that the search for neighbours looks at.
const NEIGHBOUR_BUDGET: usize = 100_000;
/// Most neighbours.
const NEIGHBOURS: usize = 100;

/// The query for a page.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(default)]
struct Args {
    /// Only records that pass this filter; empty = all.
    filter: String,
    /// Where to begin; without it at the oldest record, or at the newest on the way back.
    #[schemars(extend("maximum" = u64::MAX))]
    from_seq: Option<u64>,
    /// Most records of the answer.
    #[schemars(range(min = 1, max = 1000))]
    limit: usize,
    /// `asc`: from old to new; `desc`: from new to old.
    order: Order,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Order {
    #[default]
    Asc,
    Desc,
}

impl Default for Args {
    fn default() -> Self {
        Args { filter: String::new(), from_seq: None, limit: 100, order: Order::Asc }
    }
}

/// A page.
#[derive(Debug, Serialize, JsonSchema)]
struct Page {
    /// The records, in the order that was asked for.
    records: Vec<Record>,
    /// `seq` of the oldest record in the ring.
    first_seq: u64,
    /// `from_seq` of the page that follows; null when there is nothing older.
    next_seq: Option<u64>,
    /// Records that have not been looked at may follow.
    more: bool,
    /// Numbers that were asked for and whose records are gone.
    gaps: Vec<Gap>,
}

/// The query for one record.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(default)]
struct Near {
    /// How many of the nearest records are told.
    #[schemars(range(min = 0, max = 100))]
    neighbours: usize,
}

impl Default for Near {
    fn default() -> Self {
        Near { neighbours: 5 }
    }
}

const READ: Option<Right> = Some(Right::Read(Channel::Signals));

pub(super) const ROUTES: &[Route] = &[
    Route {
        query: Some(schema::<Args>),
        refusals: &[400],
        ..Route::read("/api/v1/events", READ, "A page of records from the ring.", schema::<Page>, || get(list))
    },
    Route {
        query: Some(schema::<Near>),
        refusals: &[400, 404],
        ..Route::read(
            "/api/v1/events/{seq}",
            READ,
            "One record with its neighbours; its texts are safe to display.",
            schema::<RecordDetail>,
            || get(one),
        )
    },
    Route {
        refusals: &[400, 404],
        ..Route::read(
            "/api/v1/patterns/{pattern}",
            READ,
            "A pattern, and what follows and precedes it.",
            schema::<PatternView>,
            || get(pattern),
        )
    },
];

async fn list(State(hub): State<App>, Query(args): Query<Args>) -> Result<Response, ApiError> {
    if !(1..=MOST).contains(&args.limit) {
        return Err(ApiError::bad_request(format!("limit: expected 1 to {MOST}, found {}", args.limit)));
    }
    let filter = hub.filter(&args.filter)?;
    // Kept until the answer is written, for a page takes several times its bytes while it becomes one.
    let pages = hub.pages.clone();
    let _turn = pages.acquire().await;
    let page = waited(move || match args.order {
        Order::Asc => forward(&hub.store, &filter, args.from_seq, args.limit),
        Order::Desc => backward(&hub.store, &filter, args.from_seq, args.limit),
    });
    Ok(answer::bare(page.await?))
}

async fn one(State(hub): State<App>, Path(seq): Path<u64>, Query(near): Query<Near>) -> Result<Response, ApiError> {
    if near.neighbours > NEIGHBOURS {
        return Err(ApiError::bad_request(format!(
            "neighbours: expected 0 to {NEIGHBOURS}, found {}",
            near.neighbours
        )));
    }
    let (first, next) = {
        let store = hub.store.lock();
        (store.first_seq(), store.next_seq())
    };
    let detail = waited(move || detail(&hub, seq, near.neighbours)).await?;
    let detail = detail.ok_or_else(|| {
        let why = if seq < next { "is no longer in memory" } else { "has not been made yet" };
        ApiError::not_found(format!("record {seq} {why}, which holds {first} to {next} (exclusive)"))
    })?;
    Ok(answer::bare(detail))
}

async fn pattern(State(hub): State<App>, Path(pattern): Path<u32>) -> Result<Response, ApiError> {
    let found = waited(move || hub.access.pattern(pattern)).await?;
    let found = found.map_err(|Disconnected| ApiError::not_ready("the engine does not answer now"))?;
    Ok(answer::bare(found.ok_or_else(|| ApiError::not_found(format!("pattern {pattern} is not known")))?))
}

/// What a computation that takes its time comes to.
async fn waited<R: Send + 'static>(work: impl FnOnce() -> R + Send + 'static) -> Result<R, ApiError> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|_| ApiError::internal("the records could not be read"))
}

fn detail(hub: &Hub, seq: u64, neighbours: usize) -> Option<RecordDetail> {
    let mut reader = Reader::new(hub.store.clone());
    let pattern = reader.get(seq, |stored| stored.head.detection.pattern)?;
    let near = convert::neighbours(&mut reader, seq, neighbours, NEIGHBOUR_BUDGET);
    let template = Some(pattern).filter(|known| *known != NO_PATTERN).and_then(|known| hub.access.template(known));
    let mut parsed = Parsed::default();
    reader.get(seq, |stored| convert::detail(stored, template.as_deref(), near, &mut parsed))
}

/// A page under way.
struct BatchBuilder<'a> {
    store: &'a Shared,
    page: Page,
    parsed: Parsed,
    bytes: usize,
}

impl<'a> BatchBuilder<'a> {
    fn new(store: &'a Shared, first_seq: u64) -> Self {
        let page = Page { records: Vec::new(), first_seq, next_seq: None, more: false, gaps: Vec::new() };
        BatchBuilder { store, page, parsed: Parsed::default(), bytes: 0 }
    }

    fn push(&mut self, stored: &StoredRecord<'_>) {
        self.bytes += stored.raw.len();
        self.page.records.push(convert::record(stored, &mut self.parsed).into_owned());
    }

    fn full(&self, limit: usize) -> bool {
        self.page.records.len() >= limit || self.bytes >= PAGE_BYTES
    }

    /// Notes numbers without a record: they left the ring, or cannot be read back.
    fn hole(&mut self, from_seq: u64, to_seq: u64) {
        if from_seq < to_seq {
            let gone = {
                let store = self.store.lock();
                to_seq <= store.first_seq().max(store.thinned_below())
            };
            let reason = if gone { GapReason::Retention } else { GapReason::Corrupt };
            self.page.gaps.push(Gap { from_seq, to_seq, count: to_seq - from_seq, reason });
        }
    }
}

/// The first and the next `seq` of the ring.
fn bounds(store: &Shared) -> (u64, u64) {
    let store = store.lock();
    (store.first_seq(), store.next_seq())
}

/// A page from old to new.
fn forward(store: &Shared, filter: &Filter, from_seq: Option<u64>, limit: usize) -> Page {
    let (first, end) = bounds(store);
    let mut builder = BatchBuilder::new(store, first);
    let mut at = from_seq.unwrap_or(first).min(end);
    if at < first {
        builder.hole(at, first);
        at = first;
    }
    let (mut left, now_ns) = (LOOKED_AT, clock::now_ns());
    Reader::new(store.clone()).range(at..end, |stored| {
        builder.hole(at, stored.head.seq);
        at = stored.head.seq + 1;
        left -= 1;
        if filter.matches(stored, now_ns) {
            builder.push(stored);
        }
        if builder.full(limit) || left == 0 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    if !builder.full(limit) && left > 0 {
        builder.hole(at, end);
        at = end;
    }
    Page { next_seq: Some(at), more: at < end, ..builder.page }
}

/// A page from new to old.
fn backward(store: &Shared, filter: &Filter, from_seq: Option<u64>, limit: usize) -> Page {
    let (first, end) = bounds(store);
    let mut builder = BatchBuilder::new(store, first);
    let mut at = from_seq.map_or(end, |from| from.saturating_add(1)).min(end);
    if at < first {
        builder.hole(0, at);
        at = first;
    }
    let (mut reader, mut left, now_ns) = (Reader::new(store.clone()), LOOKED_AT, clock::now_ns());
    while at > first && !builder.full(limit) && left > 0 {
        let start = at.saturating_sub(STRIDE).max(first);
        let (mut expected, mut found, mut holes) = (start, Vec::new(), Vec::new());
        reader.range(start..at, |stored| {
            let seq = stored.head.seq;
            if expected < seq {
                holes.push((expected, seq));
            }
            expected = seq + 1;
            if filter.matches(stored, now_ns) {
                found.push(seq);
            }
            ControlFlow::Continue(())
        });
        if expected < at {
            holes.push((expected, at));
        }
        left = left.saturating_sub(at - start);
        at = start;
        for seq in found.into_iter().rev() {
            if builder.full(limit) {
                at = seq + 1;
                break;
            }
            if reader.get(seq, |stored| builder.push(stored)).is_none() {
                holes.push((seq, seq + 1));
            }
        }
        holes.iter().rev().filter(|hole| hole.0 >= at).for_each(|hole| builder.hole(hole.0, hole.1));
    }
    Page { next_seq: at.checked_sub(1).filter(|_| at > first), more: at > first, ..builder.page }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ng_core::store::Store;
    use ng_filter::Env;
    use ng_model::event::{Span, Text};
    use ng_model::record::{Detection, RecordHeader, Verdict};
    use ng_model::symbols::Sym;
    use ng_wire::{Format, Level, Unit};
    use std::sync::Arc;

    /// A plain record whose message is the whole of `raw`.
    fn push(store: &mut Store, seq: u64, raw: &[u8]) {
        let head = RecordHeader {
            seq,
            time_ns: 0,
            received_ns: 0,
            value: f64::NAN,
            kind: Sym::default(),
            source: Sym::default(),
            level: Level::Info,
            format: Format::Text,
            declared: 0,
            unit: Unit::None,
            message: Text { span: Span::new(0, raw.len()), escaped: false },
            verdict: Verdict::default(),
            detection: Detection::default(),
        };
        store.push(&head, raw);
    }

    fn ring(capacity: usize, seqs: impl IntoIterator<Item = u64>) -> Shared {
        let mut store = Store::new(capacity);
        seqs.into_iter().for_each(|seq| push(&mut store, seq, format!("number {seq}").as_bytes()));
        Arc::new(parking_lot::Mutex::new(store))
    }

    fn seqs(page: &Page) -> Vec<u64> {
        page.records.iter().map(|record| record.seq).collect()
    }

    fn gaps(page: &Page) -> Vec<(u64, u64, GapReason)> {
        page.gaps.iter().map(|gap| (gap.from_seq, gap.to_seq, gap.reason)).collect()
    }

    #[test]
    fn pages_follow_each_other_in_both_directions() {
        let store = ring(10_000, 0..5000);
        let odd = Filter::compile("~/[13579]$/", &Env::default()).unwrap();
        for (turn, filter, step) in [(0, Filter::default(), 1), (1, odd, 2)] {
            let expected: Vec<u64> = (turn..5000).step_by(step).collect();
            for limit in [7, 1000] {
                let (mut there, mut back, mut from) = (Vec::new(), Vec::new(), None);
                loop {
                    let page = forward(&store, &filter, from, limit);
                    there.extend(seqs(&page));
                    from = page.next_seq;
                    assert!(page.gaps.is_empty() && page.records.len() <= limit);
                    if !page.more {
                        break;
                    }
                }
                assert_eq!(from, Some(5000));
                from = None;
                loop {
                    let page = backward(&store, &filter, from, limit);
                    back.extend(seqs(&page));
                    from = page.next_seq;
                    assert!(page.gaps.is_empty() && page.records.len() <= limit);
                    if !page.more {
                        break;
                    }
                }
                assert_eq!(from, None);
                back.reverse();
                assert_eq!((&there, &back), (&expected, &expected), "limit {limit}");
            }
        }
    }

    #[test]
    fn what_has_left_the_ring_is_a_gap() {
        let store = ring(100, 0..1000);
        let all = Filter::default();
        let page = forward(&store, &all, Some(3), 5);
        assert_eq!((seqs(&page), gaps(&page)), (vec![900, 901, 902, 903, 904], vec![(3, 900, GapReason::Retention)]));
        let page = backward(&store, &all, Some(3), 5);
        assert_eq!((seqs(&page), gaps(&page), page.next_seq), (vec![], vec![(0, 4, GapReason::Retention)], None));
        let page = forward(&store, &all, Some(u64::MAX), 5);
        assert_eq!((seqs(&page), page.next_seq, page.more), (vec![], Some(1000), false));
        let page = backward(&store, &all, Some(u64::MAX), 2);
        assert_eq!((seqs(&page), page.next_seq), (vec![999, 998], Some(997)));
    }

    #[test]
    fn numbers_that_were_never_read_back_are_gaps_inside() {
        let store = ring(100, (0..5).chain(8..10));
        let all = Filter::default();
        let page = forward(&store, &all, None, 100);
        assert_eq!((page.records.len(), gaps(&page)), (7, vec![(5, 8, GapReason::Corrupt)]));
        let page = backward(&store, &all, None, 100);
        assert_eq!((page.records.len(), gaps(&page)), (7, vec![(5, 8, GapReason::Corrupt)]));
        // A page tells of the hole below its last record, the next one does not again.
        let page = backward(&store, &all, None, 2);
        assert_eq!((seqs(&page), gaps(&page)), (vec![9, 8], vec![(5, 8, GapReason::Corrupt)]));
        let page = backward(&store, &all, page.next_seq, 2);
        assert_eq!((seqs(&page), gaps(&page)), (vec![4, 3], vec![]));
    }

    #[test]
    fn a_page_is_bounded_in_bytes() {
        let mut store = Store::new(100);
        for seq in 0..8 {
            push(&mut store, seq, &vec![b'x'; 1 << 20]);
        }
        let store = Arc::new(parking_lot::Mutex::new(store));
        assert_eq!(seqs(&forward(&store, &Filter::default(), None, 100)), [0, 1, 2, 3]);
        let page = backward(&store, &Filter::default(), None, 100);
        assert_eq!((seqs(&page), page.next_seq, page.more), (vec![7, 6, 5, 4], Some(3), true));
    }
}

//! The records of the ring and of history, one by one or page by page, and the texts of their patterns.

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
use ng_core::store::Reader;
use ng_filter::Filter;
use ng_journal::store::{self, Budget};
use ng_model::event::Parsed;
use ng_model::record::{NO_PATTERN, StoredRecord};
use ng_node::history::{Records, Wanted};
use ng_wire::{Page, PatternView, RecordDetail};
use schemars::JsonSchema;
use serde::Deserialize;
use std::ops::ControlFlow;

/// Most records of a page.
const MOST: usize = 1000;
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
        ..Route::read(
            "/api/v1/events",
            READ,
            "A page of records, from the ring and from history on disk.",
            schema::<Page>,
            || get(list),
        )
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
    let records = Records { store: hub.store.clone(), archive: hub.archive.clone() };
    let wanted = Wanted { filter, from_seq: args.from_seq, limit: args.limit, now_ns: clock::now_ns() };
    let page = waited(move || match args.order {
        Order::Asc => records.forward(&wanted),
        Order::Desc => records.backward(&wanted),
    });
    Ok(answer::bare(page.await??))
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
    let detail = waited(move || detail(&hub, seq, near.neighbours)).await??;
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
pub(super) async fn waited<R: Send + 'static>(work: impl FnOnce() -> R + Send + 'static) -> Result<R, ApiError> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|_| ApiError::internal("the records could not be read"))
}

/// What there is to say of a record, from the ring, or else from history, where nothing is told of its neighbours.
fn detail(hub: &Hub, seq: u64, neighbours: usize) -> Result<Option<RecordDetail>, ApiError> {
    let mut reader = Reader::new(hub.store.clone());
    let template_of =
        |pattern| Some(pattern).filter(|known| *known != NO_PATTERN).and_then(|known| hub.access.template(known));
    let mut parsed = Parsed::default();
    if let Some(pattern) = reader.get(seq, |stored| stored.head.detection.pattern) {
        let near = convert::neighbours(&mut reader, seq, neighbours, NEIGHBOUR_BUDGET);
        let template = template_of(pattern);
        return Ok(reader.get(seq, |stored| convert::detail(stored, template.as_deref(), near, &mut parsed)));
    }
    let (Some(archive), Some(behind)) = (&hub.archive, seq.checked_add(1)) else { return Ok(None) };
    let mut found = None;
    let mut show = |stored: &StoredRecord<'_>| {
        let template = template_of(stored.head.detection.pattern);
        found = Some(convert::detail(stored, template.as_deref(), Vec::new(), &mut parsed));
        ControlFlow::Break(())
    };
    let all = Filter::default();
    let oldest = store::Order::Oldest;
    archive.ask(|past| past.scan(&all, clock::now_ns(), seq..behind, oldest, Budget::none(), &mut show))?;
    Ok(found)
}

//! How many records pass a filter, in the ring and in history.

use super::answer;
use super::events::waited;
use crate::auth::Right;
use crate::channels::Channel;
use crate::clock;
use crate::error::ApiError;
use crate::routes::{App, Route, schema};
use axum::extract::{Query, State};
use axum::response::Response;
use axum::routing::get;
use ng_core::store::Reader;
use ng_filter::Filter;
use ng_journal::store::{Group, Key};
use ng_model::record::{NO_PATTERN, StoredRecord};
use ng_node::history::Records;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Characters of a time up to its minute.
const MINUTE_CHARS: usize = "2026-03-04T05:06".len();

const MINUTE_NS: i64 = 60_000_000_000;

/// The query.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default)]
struct Args {
    /// Only records that pass this filter; empty = all.
    filter: String,
    /// What they are counted by; without it they are counted together.
    by: Option<By>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum By {
    Minute,
    Level,
    Source,
    Pattern,
}

/// The answer.
#[derive(Debug, Serialize, JsonSchema)]
struct Histogram {
    /// How many records pass.
    count: u64,
    /// Events on disk that cannot be read and are left out, as far as they were met by anybody.
    unreadable: u64,
    /// Of each group: minutes and patterns in their order, others from the most frequent on.
    groups: Vec<Counted>,
}

/// How many records have something in common.
#[derive(Debug, Serialize, JsonSchema)]
struct Counted {
    /// A minute as ISO 8601, a level, a source, or the number of a pattern.
    name: String,
    /// How many there are.
    count: u64,
}

const READ: Option<Right> = Some(Right::Read(Channel::Signals));

pub(super) const ROUTES: &[Route] = &[Route {
    query: Some(schema::<Args>),
    refusals: &[400],
    ..Route::read(
        "/api/v1/histogram",
        READ,
        "How many records pass a filter, in the ring and in history on disk.",
        schema::<Histogram>,
        || get(histogram),
    )
}];

/// Says that nobody waits any more, when it is dropped.
struct Leaves(Arc<AtomicBool>);

impl Drop for Leaves {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

async fn histogram(State(hub): State<App>, Query(args): Query<Args>) -> Result<Response, ApiError> {
    let filter = hub.filter(&args.filter)?;
    let records = Records { store: hub.store.clone(), archive: hub.archive.clone() };
    // Counting reads as much as pages do, and takes its turn among them.
    let pages = hub.pages.clone();
    let _turn = pages.acquire().await;
    let left = Arc::new(AtomicBool::new(false));
    let _leaves = Leaves(left.clone());
    let counted = waited(move || count(&records, &filter, args.by, &|| left.load(Ordering::Relaxed))).await??;
    Ok(answer::bare(counted))
}

fn count(
    records: &Records,
    filter: &Filter,
    by: Option<By>,
    cancelled: &dyn Fn() -> bool,
) -> Result<Histogram, ApiError> {
    let now_ns = clock::now_ns();
    let (mut count, mut groups) = (0, BTreeMap::new());
    // Where headers of blocks say it all, they are faster than a look at all that is in memory. What was lost to history, and
    // scores, which it keeps to an eighth, are counted in memory, as they are listed. What leaves it meanwhile is counted on disk.
    let (whole, next, _) = records.bounds()?;
    let needed = filter.needed(now_ns);
    let by_headers = needed.is_all && !needed.asks_scores();
    let kept = records.archive.as_ref().filter(|archive| by_headers && !archive.lacks_some());
    let from = kept.map_or(whole, |archive| archive.kept_below().clamp(whole, next));
    let mut first = next;
    Reader::new(records.store.clone()).range(from..next, |stored| {
        first = first.min(stored.head.seq);
        if filter.matches(stored, now_ns) {
            count += 1;
            if let Some(by) = by {
                *groups.entry(by.group(stored)).or_default() += 1;
            }
        }
        if cancelled() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    if let Some(archive) = &records.archive {
        match by {
            None => count += archive.ask(|past| past.count(filter, now_ns, 0..first, cancelled))?,
            Some(by) => {
                let kept = archive.ask(|past| past.count_by(filter, now_ns, 0..first, by.key(), cancelled))?;
                count += kept.values().sum::<u64>();
                kept.into_iter().for_each(|(group, events)| *groups.entry(group).or_default() += events);
            }
        }
    }
    let mut groups: Vec<Counted> =
        groups.into_iter().map(|(group, count)| Counted { name: name(&group), count }).collect();
    if matches!(by, Some(By::Level | By::Source)) {
        groups.sort_by_key(|group| std::cmp::Reverse(group.count));
    }
    let unreadable = records.archive.as_ref().map_or(0, |archive| archive.health().set_aside_events);
    Ok(Histogram { count, unreadable, groups })
}

impl By {
    fn key(self) -> Key {
        match self {
            By::Minute => Key::Minute,
            By::Level => Key::Level,
            By::Source => Key::Source,
            By::Pattern => Key::Pattern,
        }
    }

    fn group(self, stored: &StoredRecord<'_>) -> Group {
        match self {
            By::Minute => Group::Minute(stored.head.time_ns.div_euclid(MINUTE_NS)),
            By::Level => Group::Level(stored.head.level),
            By::Source => Group::Source(stored.source().to_owned()),
            By::Pattern => Group::Pattern(stored.head.detection.pattern),
        }
    }
}

fn name(group: &Group) -> String {
    match group {
        Group::Minute(minute) => format!("{}Z", &clock::iso(minute.saturating_mul(MINUTE_NS))[..MINUTE_CHARS]),
        Group::Level(level) => level.name().to_owned(),
        Group::Source(source) => source.clone(),
        Group::Pattern(NO_PATTERN) => "none".into(),
        Group::Pattern(pattern) => pattern.to_string(),
    }
}

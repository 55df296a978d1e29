//! Metrics: as Prometheus reads them, or as the numbers of a dashboard.

use super::answer;
use super::status;
use crate::auth::Right;
use crate::channels::Channel;
use crate::error::ApiError;
use crate::hub::Hub;
use crate::prometheus;
use crate::routes::{App, Gives, Route, schema};
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use schemars::JsonSchema;
use serde::Serialize;

/// The numbers of the web dashboard. Those without a source are left out.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Dashboard {
    /// Patterns that are known.
    tokens: f64,
    /// Transitions between patterns that are known.
    connections: f64,
    /// Requests an hour, on average since the start.
    queries_per_hour: f64,
    /// Records per second over the last second.
    events_per_sec: f64,
    /// Median time of an event in the pipeline, microseconds, in the last minute; absent without events.
    #[serde(skip_serializing_if = "Option::is_none")]
    avg_latency_us: Option<f64>,
    /// Share of the processors in use, per cent; absent when the host is not watched, as the two below.
    #[serde(skip_serializing_if = "Option::is_none")]
    cpu_percent: Option<f64>,
    /// Share of the memory in use, per cent.
    #[serde(skip_serializing_if = "Option::is_none")]
    memory_percent: Option<f64>,
    /// Share of the root filesystem in use, per cent.
    #[serde(skip_serializing_if = "Option::is_none")]
    disk_percent: Option<f64>,
}

/// The formats, the one for whoever says nothing first.
const FORMATS: [Format; 3] = [Format::Text, Format::OpenMetrics, Format::Json];

/// How metrics are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Format {
    Text,
    OpenMetrics,
    Json,
}

impl Format {
    fn media_type(self) -> &'static str {
        match self {
            Format::Text => "text/plain",
            Format::OpenMetrics => "application/openmetrics-text",
            Format::Json => "application/json",
        }
    }
}

pub(super) const ROUTES: &[Route] = &[row("/api/v1/metrics"), row("/metrics")];

const fn row(path: &'static str) -> Route {
    Route {
        gives: Gives::TextOrJson(&["text/plain", "application/openmetrics-text"], schema::<Dashboard>),
        ..Route::read(
            path,
            Some(Right::Read(Channel::Metrics)),
            "Metrics: for Prometheus, or for a dashboard that prefers JSON.",
            schema::<Dashboard>,
            || get(metrics),
        )
    }
}

async fn metrics(State(hub): State<App>, headers: HeaderMap) -> Result<Response, ApiError> {
    let accept = headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok()).unwrap_or_default();
    let format = preferred(accept);
    let media = match format {
        Format::Json => return Ok(answer::bare(dashboard(&hub))),
        Format::Text => prometheus::TEXT,
        Format::OpenMetrics => prometheus::OPEN_METRICS,
    };
    let written = prometheus::write(&hub, format == Format::OpenMetrics)
        .map_err(|_| ApiError::internal("the metrics could not be written"))?;
    Ok(([(header::CONTENT_TYPE, HeaderValue::from_static(media))], written).into_response())
}

/// The numbers of the web dashboard as of now.
pub(crate) fn dashboard(hub: &Hub) -> Dashboard {
    let views = hub.views();
    let metrics = views.metrics.as_deref();
    let gauges = metrics.map(|metrics| metrics.gauges.as_slice()).unwrap_or_default();
    let of_host = |name: &str| gauges.iter().find(|gauge| gauge.name == name).map(|gauge| gauge.value);
    let whole = metrics.and_then(|metrics| metrics.stages.iter().find(|stage| stage.name == "total"));
    let hours = hub.started.elapsed().as_secs_f64() / 3600.0;
    Dashboard {
        tokens: status::gauge(&views, "token_manager", "patterns"),
        connections: status::gauge(&views, "connection_manager", "links"),
        queries_per_hour: hub.meters.requests.get() as f64 / hours,
        events_per_sec: metrics.map_or(0.0, |metrics| metrics.events_per_s),
        avg_latency_us: whole.and_then(|whole| whole.p50_us),
        cpu_percent: of_host("cpu.total"),
        memory_percent: of_host("memory.used"),
        disk_percent: of_host("disk.root.used"),
    }
}

/// The format that a client likes best, of those it likes equally the first it names.
fn preferred(accept: &str) -> Format {
    let mut best = (0.0, Format::Text);
    for range in accept.split(',') {
        let mut parts = range.split(';').map(str::trim);
        let wanted = parts.next().unwrap_or_default().to_ascii_lowercase();
        let quality = parts.find_map(|part| part.strip_prefix("q=")).map_or(1.0, |q| q.parse().unwrap_or(0.0));
        let fits = |format: &&Format| {
            let media = format.media_type();
            wanted == "*/*" || wanted == media || wanted.strip_suffix('*').is_some_and(|start| media.starts_with(start))
        };
        if let Some(format) = FORMATS.iter().find(fits)
            && quality > best.0
        {
            best = (quality, *format);
        }
    }
    best.1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_client_chooses() {
        for (accept, expected) in [
            ("", Format::Text),
            ("*/*", Format::Text),
            ("text/html, text/*;q=0.5", Format::Text),
            ("application/json", Format::Json),
            ("application/json, text/plain, */*", Format::Json),
            ("text/plain, application/json", Format::Text),
            ("application/json;q=0.5, text/plain", Format::Text),
            ("application/json;q=0", Format::Text),
            ("image/png", Format::Text),
            (
                "application/openmetrics-text;version=1.0.0;q=0.6,text/plain;version=0.0.4;q=0.4,*/*;q=0.3",
                Format::OpenMetrics,
            ),
            ("text/plain;version=0.0.4;q=0.6,application/openmetrics-text;q=0.4,*/*;q=0.3", Format::Text),
        ] {
            assert_eq!(preferred(accept), expected, "{accept}");
        }
    }
}

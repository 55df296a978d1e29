//! The rows that the screens show of the sources: bounded, and nothing is left out without being counted.

use super::{Source, Sources, Sum};
use ng_model::intake::NEVER;
use ng_wire::{LastError, SourceView, Trouble, TroubleKind};
use std::sync::atomic::Ordering;

/// Most bytes of all rows together, about as they are sent. Clients take messages of a MiB.
const MAX_BYTES: usize = 256 << 10;
/// Bytes of a row besides its texts.
const ROW_BYTES: usize = 256;
/// Most bytes of one text that says what is wrong.
const MAX_TEXT: usize = 4096;

/// The row of the sources that ended and are known no more.
const FORGOTTEN: &str = "sources that ended";
/// The row of the sources for which there is no room.
const OTHERS: &str = "sources not shown";

impl Sources {
    /// The sources as the screens show them, those that are switched off last. Where there is no room for all, those that
    /// run or are in trouble come first, and one row stands for the others.
    pub fn view(&self, now_ns: i64) -> Vec<SourceView> {
        let failed = self.failed_sensors();
        let mut order: Vec<usize> = (0..self.known.len()).collect();
        order.sort_by_key(|&at| {
            let status = &self.known[at].status;
            (status.trouble().is_none(), status.ended.load(Ordering::Relaxed))
        });
        let mut views: Vec<(usize, SourceView)> = Vec::new();
        let mut left = MAX_BYTES;
        let mut others = Sum::default();
        for at in order {
            let source = &self.known[at];
            let view = source.view(now_ns, &failed);
            let bytes = bytes(&view);
            if bytes > left {
                others.add(source, view.lost);
            } else {
                left -= bytes;
                views.push((at, view));
            }
        }
        views.sort_by_key(|(at, view)| (!view.enabled, *at));
        let mut views: Vec<SourceView> = views.into_iter().map(|(_, view)| view).collect();
        views.extend(others.view(OTHERS, false));
        views.extend(self.forgotten.view(FORGOTTEN, true));
        views
    }

    /// Sensors that failed and do not run again yet: none of their sources is read.
    fn failed_sensors(&self) -> Vec<(&'static str, Trouble)> {
        let failed = |source: &Source| {
            let trouble = source.status.trouble().filter(|trouble| trouble.kind == TroubleKind::Failed)?;
            Some((source.status.sensor, trouble))
        };
        self.known.iter().filter_map(failed).collect()
    }
}

impl Source {
    fn view(&self, now_ns: i64, failed: &[(&'static str, Trouble)]) -> SourceView {
        let status = &self.status;
        let of_sensor = || failed.iter().find(|(sensor, _)| *sensor == status.sensor && status.enabled);
        let last_ok = Some(status.last_ok_ns.load(Ordering::Relaxed)).filter(|&ns| ns != NEVER);
        let ended = status.ended.load(Ordering::Relaxed);
        let quiet = status.stale_after_ns > 0 && last_ok.is_none_or(|ns| now_ns - ns > status.stale_after_ns);
        let trouble = status.trouble().or_else(|| of_sensor().map(|(_, trouble)| trouble.clone()));
        SourceView {
            name: status.name.clone(),
            sensor: status.sensor.to_owned(),
            enabled: status.enabled,
            ended,
            readings: self.readings,
            rate: self.rate,
            lost: status.lost.load(Ordering::Relaxed),
            refused: self.refused,
            last_ok_ns: last_ok,
            last_error: status.last_error().map(|error| LastError { text: cut(error.text), ..error }),
            stale: quiet && !ended,
            trouble: trouble.map(|trouble| Trouble { reason: cut(trouble.reason), ..trouble }),
            stands_for: None,
        }
    }
}

impl Sum {
    /// The row that stands for its sources; none when there are none.
    fn view(&self, name: &str, ended: bool) -> Option<SourceView> {
        (self.sources > 0).then(|| SourceView {
            name: name.to_owned(),
            sensor: String::new(),
            enabled: true,
            ended,
            readings: self.readings,
            rate: self.rate,
            lost: self.lost,
            refused: self.refused,
            last_ok_ns: None,
            last_error: None,
            stale: false,
            trouble: None,
            stands_for: Some(self.sources),
        })
    }
}

fn bytes(view: &SourceView) -> usize {
    let error = view.last_error.as_ref().map_or(0, |error| error.text.len());
    let trouble = view.trouble.as_ref().map_or(0, |trouble| trouble.reason.len());
    ROW_BYTES + view.name.len() + error + trouble
}

fn cut(mut text: String) -> String {
    if text.len() > MAX_TEXT {
        let end = (0..=MAX_TEXT).rev().find(|end| text.is_char_boundary(*end)).unwrap_or_default();
        text.truncate(end);
        text.push('…');
    }
    text
}

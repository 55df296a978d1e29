//! What the screen of patterns shows.

use super::{NAME_TEXT, ROW_TEXT, message};
use crate::patterns::{Links, Neighbour, Patterns};
use crate::store::{Counts, SPAN_S, Tally};
use ng_model::safe_text::safe_text;
use ng_model::symbols::Symbols;
use ng_wire::{PatternCount, PatternLink, PatternView, TallyView};

/// Neighbours of a pattern that are told on either side.
const NEIGHBOURS: usize = 8;

/// The counts of a tally as of its latest advance: at most `most` rows. `now_ns` is the end of the recent past,
/// nanoseconds since 1970, UTC.
pub fn tally_view(tally: &mut Tally, most: usize, now_ns: i64) -> TallyView {
    let top = tally.top(most);
    let symbols = tally.reader().shared().lock().symbols_arc();
    let sums = tally.sums();
    TallyView {
        from_seq: tally.from_seq(),
        next_seq: tally.next_seq(),
        events: sums.events,
        alerts: sums.alerts,
        patterns: sums.patterns,
        new_patterns: sums.new_patterns,
        left_out: sums.left_out,
        missed: sums.missed,
        span_s: SPAN_S,
        rows: top.into_iter().map(|counts| row(tally, counts, &symbols, now_ns)).collect(),
    }
}

fn row(tally: &mut Tally, counts: Counts, symbols: &Symbols, now_ns: i64) -> PatternCount {
    let text = tally.reader().get(counts.last_seq, |stored| safe_text(&message(stored), ROW_TEXT).into_owned());
    PatternCount {
        source: safe_text(symbols.name(counts.source).as_bytes(), NAME_TEXT).into_owned(),
        pattern: counts.pattern,
        count: counts.count,
        is_new: counts.is_new,
        alerts: counts.alerts,
        worst: counts.worst,
        first_seq: counts.first_seq,
        last_seq: counts.last_seq,
        last_ns: counts.last_ns,
        recent: counts.recent(now_ns),
        text: text.unwrap_or_default(),
    }
}

/// Everything that is known of a pattern; none when it was forgotten.
pub fn pattern_view(patterns: &Patterns, links: &Links, symbols: &Symbols, id: u32) -> Option<PatternView> {
    let known = patterns.get(id)?;
    let link = |neighbour: Neighbour| PatternLink {
        pattern: neighbour.pattern,
        template: patterns.template(neighbour.pattern, symbols),
        count: neighbour.count,
        share: neighbour.share,
        mean_delay_s: neighbour.mean_delay_s,
    };
    let told = |neighbours: Vec<Neighbour>| neighbours.into_iter().take(NEIGHBOURS).map(link).collect();
    Some(PatternView {
        pattern: known.id,
        source: symbols.name(known.source).into(),
        template: patterns.template(id, symbols)?,
        example: String::from_utf8_lossy(&known.example).into_owned(),
        count: known.count,
        rate: known.rate(),
        first_seq: known.first_seq,
        first_ns: known.first_ns,
        last_seq: known.last_seq,
        last_ns: known.last_ns,
        successors: told(links.successors(known.id)),
        predecessors: told(links.predecessors(known.id)),
    })
}

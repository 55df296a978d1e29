//! The largest part of a surprise in words.

use ng_model::record::Detection;

/// What a large share of a channel says, by the name of the channel.
const MEANINGS: [(&str, &str); 10] = [
    ("level", "outside the usual range"),
    ("shape", "unlike any remembered course"),
    ("multiscale", "unlike any remembered course"),
    ("quiet", "unusually constant"),
    ("template rarity", "rarely seen"),
    ("shape rarity", "rarely seen"),
    ("field rarity", "a field has an unusual value"),
    ("transition rarity", "rarely follows what came before it"),
    ("severity", "more severe than usual"),
    ("neighbours", "unlike anything remembered"),
];

/// The least share that is worth a word: one event in ten is at least as surprising.
const UNUSUAL: f32 = 1.0;

/// Names the channel with the largest share and what that means: `template rarity 2.9 of 4.1: never seen before`. Empty
/// when the event was not scored.
pub(super) fn why(channels: [&str; 4], detection: &Detection) -> String {
    if !detection.is_scored() {
        return String::new();
    }
    let shares = channels.into_iter().zip(detection.channels).filter(|(name, share)| !name.is_empty() && *share > 0.0);
    // Of equal shares the first channel's.
    let largest = shares.reduce(|best, next| if next.1 > best.1 { next } else { best });
    let Some((name, share)) = largest.filter(|(_, share)| *share >= UNUSUAL || detection.is_novel) else {
        return "nothing unusual".into();
    };
    let of_its_kind = matches!(name, "template rarity" | "shape rarity");
    let meaning = match MEANINGS.iter().find(|(known, _)| *known == name) {
        _ if detection.is_novel && of_its_kind => ": never seen before",
        Some((_, meaning)) => &format!(": {meaning}"),
        None => "",
    };
    let novel = if detection.is_novel && !of_its_kind { "; first of its kind" } else { "" };
    format!("{name} {share:.1} of {:.1}{meaning}{novel}", detection.surprise)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ng_wire::Scoring;

    fn check(names: [&str; 4], shares: [f32; 4], is_novel: bool, expect: &str) {
        let surprise = shares.iter().sum();
        let detection =
            Detection { state: Scoring::Scored, channels: shares, surprise, is_novel, ..Detection::default() };
        assert_eq!(why(names, &detection), expect);
    }

    #[test]
    fn the_largest_share_is_named_and_explained() {
        const NUMERIC: [&str; 4] = ["level", "shape", "multiscale", "quiet"];
        const TEXT: [&str; 4] = ["template rarity", "transition rarity", "severity", "neighbours"];
        check(NUMERIC, [0.2, 0.1, 0.1, 2.9], false, "quiet 2.9 of 3.3: unusually constant");
        check(NUMERIC, [3.0, 1.0, 0.0, 0.0], true, "level 3.0 of 4.0: outside the usual range; first of its kind");
        check(TEXT, [2.9, 1.2, 0.0, 0.0], true, "template rarity 2.9 of 4.1: never seen before");
        check(TEXT, [2.9, 1.2, 0.0, 0.0], false, "template rarity 2.9 of 4.1: rarely seen");
        check(TEXT, [1.0, 1.0, 0.0, 0.0], false, "template rarity 1.0 of 2.0: rarely seen");
        check(TEXT, [0.0, f32::NAN, 0.0, 0.0], false, "nothing unusual");
        check(["unheard of", "", "", ""], [1.0, 5.0, 0.0, 0.0], false, "unheard of 1.0 of 6.0");
    }

    #[test]
    fn an_event_without_a_score_has_no_reason() {
        assert_eq!(why(["level", "", "", ""], &Detection { channels: [1.0; 4], ..Detection::default() }), "");
    }
}

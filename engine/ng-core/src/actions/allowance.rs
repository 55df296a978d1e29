//! How many groups a rule tells of: an attribute may have as many values as there are events, and nobody reads an alert for each.

use super::state::{Act, Occasion};

/// Groups of a rule that are told of within [`PERIOD_NS`]. The others are counted, and told together when it is over.
pub(super) const MAX_TOLD: u32 = 32;
/// A minute.
pub(super) const PERIOD_NS: i64 = 60_000_000_000;

/// What of a rule's groups was told lately.
#[derive(Clone, Debug, Default)]
pub(super) struct Allowance {
    /// When the period began, on the clock, and the groups that were told of since then.
    began: i64,
    told: u32,
    further: Option<Further>,
}

/// Acts of groups that were not told.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Further {
    /// How many.
    pub(super) groups: u64,
    /// The first matching event of the first.
    pub(super) first_seq: Option<u64>,
    /// The latest matching event.
    pub(super) last_seq: Option<u64>,
}

impl Allowance {
    /// Whether an act of a group is told. `told` is the beginning of the period in which the group was last told of; what
    /// comes of a firing that was not told is not told either.
    pub(super) fn admits(&mut self, act: &Act, told: &mut Option<i64>, now: i64) -> bool {
        if matches!(act.occasion, Occasion::Cause | Occasion::Resolved) {
            return told.is_some();
        }
        // What was not told of the period before is told before anything else is.
        if self.further.is_none() && now.saturating_sub(self.began) >= PERIOD_NS {
            (self.began, self.told) = (now, 0);
        }
        let is_known = *told == Some(self.began);
        if !is_known && self.told == MAX_TOLD {
            let further =
                self.further.get_or_insert(Further { groups: 0, first_seq: act.first_seq, last_seq: act.last_seq });
            (further.groups, further.last_seq) = (further.groups.saturating_add(1), act.last_seq);
            if matches!(act.occasion, Occasion::Fires | Occasion::Released) {
                *told = None;
            }
            return false;
        }
        self.told += u32::from(!is_known);
        *told = Some(self.began);
        true
    }

    /// What was not told of a period that is over.
    pub(super) fn ended(&mut self, now: i64) -> Option<Further> {
        if self.further.is_none() || now.saturating_sub(self.began) < PERIOD_NS {
            return None;
        }
        (self.began, self.told) = (now, 0);
        self.further.take()
    }
}

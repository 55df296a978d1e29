//! Which blocks a term can be in.

use super::header::BlockHeader;
use super::term::{Lookup, Need};

/// The block may have events with the term. A block of which this is false has none, whatever else holds; a term of which
/// headers say nothing may be in every block.
pub fn may_contain(header: &BlockHeader, lookup: &Lookup) -> bool {
    !lookup.knows(header) || lookup.needs.iter().all(|need| may_have(header, need))
}

fn may_have(header: &BlockHeader, need: &Need) -> bool {
    if need.may_be_elsewhere(header) {
        return true;
    }
    let mut varies = false;
    need.places(header, |_| {
        varies = true;
        false
    });
    varies || header.pairs.iter().any(|pair| need.is_constant(pair.version))
}

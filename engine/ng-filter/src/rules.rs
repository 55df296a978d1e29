//! The names of Guardian's rules, by which filters ask for them.

/// In the order of their evaluation, which is that of the bits of a verdict. `guard::RULES` in ng-core has the rules.
pub static RULE_NAMES: &[&str] = &["size_limit", "bounds", "stale_clock", "duplicate", "rate_limit"];

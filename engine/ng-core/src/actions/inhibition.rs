//! Which rules hold which back: a rule tells of no firing while one that its `unless` names fires.

use super::rule::AlertRule;
use super::rule_error::AlertRuleError;
use ng_model::settings::nearest;

/// Says of the first rule whose `unless` names no other rule, or one that this rule holds back in turn, what is wrong with it.
pub fn check_inhibition(rules: &[AlertRule]) -> Result<(), (&AlertRule, AlertRuleError)> {
    let names = || rules.iter().map(|rule| rule.name.as_str());
    for rule in rules {
        for named in &rule.unless {
            let message = if named.name == rule.name {
                "expected another rule: it cannot hold itself back".into()
            } else if names().any(|name| name == named.name) {
                continue;
            } else {
                match nearest(&named.name, names()) {
                    Some(known) => format!("unknown alert rule; did you mean {known}?"),
                    None => format!("expected the name of an alert rule; none is called {}", named.name),
                }
            };
            return Err((rule, AlertRuleError { column: named.column, message }));
        }
    }
    let inhibitors = inhibitors(rules);
    let Some(circle) = circle(&inhibitors) else { return Ok(()) };
    let (first, second) = (&rules[circle[0]], &rules[circle[1]]);
    let others = circle.iter().zip(circle.iter().cycle().skip(1)).skip(1);
    let mut message = format!("expected no circle: {} is held back by {}", first.name, second.name);
    others.for_each(|(of, by)| message.push_str(&format!(", {} by {}", rules[*of].name, rules[*by].name)));
    let column = first.unless.iter().find(|named| named.name == second.name).map_or(1, |named| named.column);
    Err((first, AlertRuleError { column, message }))
}

/// The places of the rules that hold each rule back. Names that no other rule has are left out.
pub(super) fn inhibitors(rules: &[AlertRule]) -> Vec<Vec<usize>> {
    let place = |name: &str| rules.iter().position(|rule| rule.name == name);
    let of = |rule: &AlertRule| rule.unless.iter().filter_map(|named| place(&named.name)).collect();
    rules.iter().map(of).collect()
}

/// The order in which rules are evaluated: as they are given, but each behind those that hold it back, so that an event
/// that sets both off finds that one firing. Those of a circle come last.
pub(super) fn order(inhibitors: &[Vec<usize>]) -> Vec<usize> {
    let (mut order, circular) = sorted(inhibitors);
    order.extend(circular);
    order
}

/// The order, and those that have none.
fn sorted(inhibitors: &[Vec<usize>]) -> (Vec<usize>, Vec<usize>) {
    let (mut order, mut left): (Vec<usize>, Vec<usize>) = (Vec::new(), (0..inhibitors.len()).collect());
    let mut is_sorted = vec![false; inhibitors.len()];
    let is_free = |place: usize, is_sorted: &[bool]| inhibitors[place].iter().all(|other| is_sorted[*other]);
    while let Some(next) = left.iter().position(|place| is_free(*place, &is_sorted)) {
        let place = left.remove(next);
        is_sorted[place] = true;
        order.push(place);
    }
    (order, left)
}

/// Rules of which each is held back by the next, and the last by the first; the one that is given first begins.
fn circle(inhibitors: &[Vec<usize>]) -> Option<Vec<usize>> {
    let (_, left) = sorted(inhibitors);
    // Each of these is held back by another of them, so that one comes again.
    let mut path = vec![*left.first()?];
    loop {
        let next = *inhibitors[path[path.len() - 1]].iter().find(|other| left.contains(other))?;
        if let Some(again) = path.iter().position(|place| *place == next) {
            path.drain(..again);
            let first = (0..path.len()).min_by_key(|at| path[*at])?;
            path.rotate_left(first);
            return Some(path);
        }
        path.push(next);
    }
}

//! Filters that no event passes where they are used, so that a rule with one can be warned of.

use super::ast::{Compare, Expr, Literal, Op};
use super::{BUILT_IN, Env, Filter, Known, read};
use ng_wire::Level;

/// Where a filter is used, and what is never true of the events there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// The `when` of a rule of Guardian: nothing has been concluded about the event yet.
    Guardian,
    /// An alert rule: events of alerts are left out, and gaps are no events.
    Alerts,
}

/// Names of the fields of what is concluded about an event.
const CONCLUDED: [&str; 7] = ["novelty", "anomaly", "surprise", "alert", "pattern", "verdict", "rule"];
/// Properties of the same kind.
const CONCLUDED_FLAGS: [&str; 4] = ["novel", "alert", "learning", "skipped"];

/// What is known of a part of a filter.
#[derive(Clone, Copy)]
struct Holds {
    may: bool,
    must: bool,
}

const OPEN: Holds = Holds { may: true, must: false };
const NEVER: Holds = Holds { may: false, must: false };
const ALWAYS: Holds = Holds { may: true, must: true };

impl Filter {
    /// No event at this place passes, as far as can be said without looking at one. `env` is that of [`Filter::compile`].
    pub fn never_matches(&self, place: Place, env: &Env) -> bool {
        self.partial_evaluation(Known::Nothing).may == 0 || !holds(&self.text, place, env).may
    }
}

/// The texts are those of filters that compile, so that saved filters are there and do not refer to themselves.
fn holds(text: &str, place: Place, env: &Env) -> Holds {
    let mut found = OPEN;
    let read = read(text, |expr| {
        found = of(expr, place, env);
        Ok(super::eval::Node::All(Vec::new()))
    });
    read.map_or(OPEN, |_| found)
}

fn of(expr: &Expr, place: Place, env: &Env) -> Holds {
    let parts = |parts: &[Expr]| parts.iter().map(|part| of(part, place, env)).collect::<Vec<_>>();
    match expr {
        Expr::Everything => ALWAYS,
        Expr::Search(_) => OPEN,
        Expr::All(all) => {
            let all = parts(all);
            Holds { may: all.iter().all(|part| part.may), must: all.iter().all(|part| part.must) }
        }
        Expr::Any(any) => {
            let any = parts(any);
            Holds { may: any.iter().any(|part| part.may), must: any.iter().any(|part| part.must) }
        }
        Expr::Not(part) => {
            let Holds { may, must } = of(part, place, env);
            Holds { may: !must, must: !may }
        }
        Expr::Saved { name, .. } => {
            let built_in = || BUILT_IN.iter().find(|(known, _)| known == name).map(|(_, text)| *text);
            env.saved.get(name).map(String::as_str).or_else(built_in).map_or(OPEN, |text| holds(text, place, env))
        }
        Expr::Compare(compare) => comparison(compare, place),
    }
}

fn comparison(Compare { field, op, values, .. }: &Compare, place: Place) -> Holds {
    let all = |test: &dyn Fn(&str) -> bool| {
        values.iter().all(|value| matches!(&value.literal, Literal::Text(text) if test(text)))
    };
    let is_one_of = matches!(op, Op::Like | Op::Equal);
    let is_never = match (field.as_str(), place) {
        ("anomaly", _) if all(&|text| text.parse::<f64>().is_ok_and(|number| out_of_range(number, *op, 0.0, 1.0))) => {
            true
        }
        ("priority", _) => {
            let most = f64::from(Level::Fatal as u8) * 40.0;
            all(&|text| text.parse::<f64>().is_ok_and(|number| out_of_range(number, *op, 0.0, most)))
        }
        (field, Place::Guardian) if CONCLUDED.contains(&field) => !(field == "verdict" && all(&|text| text == "admit")),
        ("is", Place::Guardian) => is_one_of && all(&|flag| CONCLUDED_FLAGS.contains(&flag)),
        ("has", Place::Guardian) => is_one_of && all(&|name| CONCLUDED.contains(&name) && name != "verdict"),
        ("is", Place::Alerts) => is_one_of && all(&|flag| flag == "gap"),
        ("type", Place::Alerts) => is_one_of && all(&|topic| topic.starts_with("alert.")),
        _ => false,
    };
    if is_never { NEVER } else { OPEN }
}

/// No number from `least` to `most` compares so.
fn out_of_range(number: f64, op: Op, least: f64, most: f64) -> bool {
    match op {
        Op::Above => number >= most,
        Op::AtLeast => number > most,
        Op::Below => number <= least,
        Op::AtMost => number < least,
        Op::Like | Op::Equal => number < least || number > most,
        Op::Differ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Place::{Alerts, Guardian};

    #[test]
    fn what_no_event_passes() {
        let saved = [("odd".to_owned(), "anomaly>0.9".to_owned()), ("told".into(), "type:alert.** | is:gap".into())];
        let env = Env { saved: saved.into(), ..Env::default() };
        let cases = [
            ("verdict:reject", Guardian, true),
            ("verdict:reject", Alerts, false),
            ("novelty>1", Guardian, true),
            ("novelty>1", Alerts, false),
            ("source:app is:novel", Guardian, true),
            ("source:app | is:novel", Guardian, false),
            ("!is:novel", Guardian, false),
            ("!!is:novel", Guardian, true),
            ("is:error", Guardian, false),
            ("@odd refused", Guardian, true),
            ("@odd refused", Alerts, false),
            ("@new", Guardian, true),
            ("has:pattern", Guardian, true),
            ("rule:bounds", Guardian, true),
            ("{\"anomaly_score\": {\"$gt\": 0.5}}", Guardian, true),
            ("", Guardian, false),
            ("anomaly>1", Alerts, true),
            ("anomaly>=1", Alerts, false),
            ("priority>200", Alerts, false),
            ("priority>240", Alerts, true),
            ("type:alert.**", Alerts, true),
            ("type:alert.firing,alert.resolved", Alerts, true),
            ("type:alert.firing,log.text", Alerts, false),
            ("type!=alert.firing", Alerts, false),
            ("@told", Alerts, true),
            ("level>=error level<warn", Alerts, true),
            ("level>fatal", Alerts, true),
            ("refused", Alerts, false),
        ];
        for (text, place, expect) in cases {
            let filter = Filter::compile(text, &env).expect(text);
            assert_eq!(filter.never_matches(place, &env), expect, "{text} in {place:?}");
        }
    }
}

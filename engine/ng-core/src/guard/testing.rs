//! Events for the tests of the rules.

use super::{Objection, Rule, RuleType};
use ng_model::event::{Event, Field, Parsed, Span, Text};
use ng_model::record::{Detection, RecordHeader, Verdict};
use ng_model::settings::Values;
use ng_model::symbols::{Sym, Symbols};
use ng_wire::{Format, Level, SettingValue, Unit};
use std::collections::BTreeMap;

/// An event to be built: source number 1, arrival 0, no stated time, no value.
pub(super) struct Sample {
    raw: Vec<u8>,
    head: RecordHeader,
    parsed: Parsed,
    symbols: Symbols,
}

impl Sample {
    pub(super) fn text(raw: &str) -> Sample {
        let mut parsed = Parsed::default();
        parsed.clear();
        parsed.message = Text { span: Span::new(0, raw.len()), escaped: false };
        let mut symbols = Symbols::new();
        let kind = symbols.intern("log.text");
        let head = RecordHeader {
            seq: 0,
            time_ns: 0,
            received_ns: 0,
            value: f64::NAN,
            kind,
            source: Sym(1),
            level: Level::Info,
            format: Format::Text,
            declared: 0,
            unit: Unit::None,
            message: parsed.message,
            verdict: Verdict::default(),
            detection: Detection::default(),
        };
        Sample { raw: raw.into(), head, parsed, symbols }
    }

    /// `key=value` pairs, separated by single spaces.
    pub(super) fn fields(raw: &str) -> Sample {
        let mut sample = Sample::text(raw);
        let mut start = 0;
        for pair in raw.split(' ') {
            if let Some(at) = pair.find('=') {
                let text = |from, to| Text { span: Span::new(start + from, start + to), escaped: false };
                let (key, value) = (text(0, at), text(at + 1, pair.len()));
                sample.parsed.fields.push(Field::new(key, value, f64::NAN));
            }
            start += pair.len() + 1;
        }
        sample
    }

    pub(super) fn metric(raw: &str, value: f64, unit: Unit) -> Sample {
        let mut sample = Sample::text(raw).value(value);
        sample.head.format = Format::Metric;
        sample.head.unit = unit;
        sample
    }

    pub(super) fn vector(vector: [f32; 8]) -> Sample {
        let mut sample = Sample::text("v=[…]");
        sample.head.format = Format::Vector;
        sample.parsed.vector = vector;
        sample
    }

    pub(super) fn value(mut self, value: f64) -> Sample {
        self.head.value = value;
        self
    }

    pub(super) fn seq(mut self, seq: u64) -> Sample {
        self.head.seq = seq;
        self
    }

    pub(super) fn source(mut self, source: u32) -> Sample {
        self.head.source = Sym(source);
        self
    }

    /// The arrival; also the event's time, unless it states one later on.
    pub(super) fn received(mut self, received_ns: i64) -> Sample {
        self.head.received_ns = received_ns;
        self.head.time_ns = received_ns;
        self
    }

    pub(super) fn time(mut self, time_ns: Option<i64>) -> Sample {
        self.parsed.time_ns = time_ns;
        self.head.time_ns = time_ns.unwrap_or(self.head.received_ns);
        self
    }

    pub(super) fn event(&self) -> Event<'_> {
        Event { head: self.head, encoder: 0, raw: &self.raw, parsed: &self.parsed, symbols: &self.symbols }
    }

    pub(super) fn ask(&self, rule: &mut dyn Rule) -> Option<Objection> {
        rule.check(&self.event())
    }
}

/// A rule with some of its own settings changed.
pub(super) fn rule(rule: &'static RuleType, changes: &[(&str, SettingValue)]) -> Box<dyn Rule> {
    let changes: BTreeMap<_, _> = changes.iter().map(|(key, value)| (key.to_string(), value.clone())).collect();
    let values = Values::defaults(rule.settings).with(rule.settings, &changes).expect("settings");
    (rule.build)(&values).expect("rule")
}

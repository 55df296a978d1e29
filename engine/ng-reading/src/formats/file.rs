//! Reads the file of a format, and says where it is wrong.

use super::declared::{Declared, GROUPS, Pattern};
use super::fault::Fault;
use super::fields::{Group, Levels, Meaning, Number, Shape, Time};
use super::sample::Sample;
use crate::encoders::Spelling;
use jiff::Timestamp;
use ng_model::settings::nearest;
use ng_wire::Level;
use regex_syntax::ParserBuilder;
use regex_syntax::hir::{Hir, HirKind};
use std::ops::Range;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

type Value<'t> = Spanned<DeValue<'t>>;

/// What is found in a file on the way, and what is wrong with it.
struct File<'t> {
    path: &'t str,
    text: &'t str,
    faults: Vec<Fault>,
}

/// Reads and checks a file, but neither compiles its patterns nor tries its samples.
pub(super) fn read(path: &str, text: &str) -> Result<Declared, Vec<Fault>> {
    // A byte order mark is what editors of other systems leave; TOML does not know it.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut file = File { path, text, faults: Vec::new() };
    let name = file.name();
    let declared = match DeTable::parse(text) {
        Ok(table) => file.format(&name, table.get_ref()),
        Err(error) => {
            file.fault(error.span().unwrap_or(0..0), format!("not valid TOML: {}", error.message()));
            None
        }
    };
    match declared {
        Some(declared) if file.faults.is_empty() => Ok(declared),
        _ => Err(file.faults),
    }
}

impl<'t> File<'t> {
    /// The end of the path without what stands behind the point.
    fn name(&mut self) -> String {
        let name = self.path.rsplit('/').next().unwrap_or_default();
        let name = name.strip_suffix(".toml").unwrap_or(name).to_owned();
        if name.is_empty()
            || name.len() > 64
            || !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
        {
            self.fault(0..0, "a name of a format has 1 to 64 letters, digits, - _ and .");
        }
        name
    }

    fn format(&mut self, name: &str, table: &DeTable<'t>) -> Option<Declared> {
        self.known("a format", table, &["title", "url", "pattern", "fields", "sample"]);
        let title = table.get("title").and_then(|value| self.string("title", value));
        let url = table.get("url").and_then(|value| self.string("url", value)).unwrap_or_default();
        let empty = DeTable::new();
        let fields = match table.get("fields") {
            None => &empty,
            Some(value) => self.table("fields", value)?,
        };
        let patterns = match table.get("pattern") {
            None => Vec::new(),
            Some(value) => match value.get_ref() {
                DeValue::Array(list) => {
                    list.iter().map(|value| self.pattern(value, fields)).collect::<Option<Vec<_>>>()?
                }
                _ => vec![self.pattern(value, fields)?],
            },
        };
        for (key, _) in fields {
            let name = key.get_ref().as_ref();
            if !patterns.iter().any(|pattern| pattern.groups.iter().any(|group| group.name == name)) {
                self.fault(key.span(), format!("fields.{name}: no group (?P<{name}>…) of the pattern has this name"));
            }
        }
        let samples = match table.get("sample").map(|value| (value, value.get_ref())) {
            Some((_, DeValue::Array(list))) => list.iter().filter_map(|value| self.sample(value)).collect(),
            Some((value, _)) => self.expected(value, "sample", "[[sample]] tables").unwrap_or_default(),
            None => Vec::new(),
        };
        for (key, missing) in
            [("title", title.is_none()), ("pattern", patterns.is_empty()), ("[[sample]]", samples.is_empty())]
        {
            if missing && self.faults.is_empty() {
                self.fault(0..0, format!("a format has {key}"));
            }
        }
        let leak = |text: &str| -> &'static str { text.to_owned().leak() };
        if !self.faults.is_empty() {
            return None;
        }
        Some(Declared {
            name: leak(name),
            title: leak(&title?),
            url: leak(&url),
            path: "",
            text: leak(self.text),
            number: 0,
            patterns,
            samples,
        })
    }

    /// Reads a table `[[sample]]`.
    fn sample(&mut self, value: &Value<'t>) -> Option<Sample> {
        let table = self.table("sample", value)?;
        self.known("a sample", table, &["line", "time", "level", "message", "fields"]);
        let Some(line) = table.get("line") else { return self.expected(value, "sample", "a line") };
        let place = self.place(line.span().start);
        let line = self.string("sample.line", line)?;
        let time_ns = match table.get("time") {
            None => None,
            Some(value) => match self.string("sample.time", value)?.parse::<Timestamp>() {
                Ok(time) => i64::try_from(time.as_nanosecond()).ok(),
                Err(_) => return self.expected(value, "sample.time", "a time such as 2026-11-22T10:00:00.5Z"),
            },
        };
        let level = match table.get("level") {
            None => None,
            Some(value) => match self.string("sample.level", value)?.parse() {
                Ok(level) => Some(level),
                Err(_) => {
                    return self.expected(value, "sample.level", "trace, debug, info, notice, warn, error or fatal");
                }
            },
        };
        let message = match table.get("message") {
            None => None,
            Some(value) => Some(self.string("sample.message", value)?),
        };
        let mut fields = Vec::new();
        if let Some(value) = table.get("fields") {
            for (key, value) in self.table("sample.fields", value)? {
                let text = match value.get_ref() {
                    DeValue::String(text) => text.to_string(),
                    DeValue::Integer(number) => number.to_string(),
                    DeValue::Float(number) => number.to_string(),
                    _ => return self.expected(value, "sample.fields", "a text or a number"),
                };
                fields.push((key.get_ref().to_string(), text));
            }
        }
        Some(Sample { line, place, time_ns, level, message, fields })
    }

    fn pattern(&mut self, value: &Value<'t>, fields: &DeTable<'t>) -> Option<Pattern> {
        let text = self.string("pattern", value)?;
        let parsed = ParserBuilder::new().utf8(false).unicode(false).nest_limit(100).build().parse(&text);
        let hir = match parsed {
            Ok(hir) => hir,
            Err(error) => {
                let (span, what) = match &error {
                    regex_syntax::Error::Parse(error) => (*error.span(), error.kind().to_string()),
                    regex_syntax::Error::Translate(error) => (*error.span(), error.kind().to_string()),
                    other => return self.expected(value, "pattern", &other.to_string()),
                };
                let at = value.span().start + self.opening(&value.span()) + span.start.offset;
                self.fault(at..at, format!("pattern: {what}"));
                return None;
            }
        };
        let mut names = Vec::new();
        let count = groups(&hir, &mut names);
        if names.is_empty() || count > GROUPS {
            let what = format!("pattern: expected 1 to {GROUPS} groups, some with a name, (?P<name>…); found {count}");
            self.fault(value.span(), what);
            return None;
        }
        let mut kept = Vec::new();
        for (index, name) in names {
            let meaning = match fields.get(name.as_str()) {
                Some(value) => self.meaning(&name, value)?,
                None => by_name(&name),
            };
            kept.push(Group { index, name: name.leak(), meaning });
        }
        let several = |is: fn(&Meaning) -> bool| kept.iter().filter(|group| is(&group.meaning)).count() > 1;
        if several(|meaning| matches!(meaning, Meaning::Time(_)))
            || several(|meaning| matches!(meaning, Meaning::Message))
        {
            self.fault(
                value.span(),
                "pattern: expected one group at most that is the time, and one that is the message",
            );
        }
        let spans_lines = text.contains("\\n") || hir.properties().look_set().contains_anchor_lf();
        Some(Pattern::new(hir, kept, spans_lines, self.place(value.span().start)))
    }

    /// Bytes before the text of a value; right for texts in which nothing is escaped, as patterns are written.
    fn opening(&self, span: &Range<usize>) -> usize {
        match self.text.get(span.clone()).unwrap_or_default().as_bytes() {
            [b'\'', b'\'', b'\'', b'\n', ..] | [b'"', b'"', b'"', b'\n', ..] => 4,
            [b'\'', b'\'', b'\'', ..] | [b'"', b'"', b'"', ..] => 3,
            _ => 1,
        }
    }

    fn meaning(&mut self, name: &str, value: &Value<'t>) -> Option<Meaning> {
        let path = format!("fields.{name}");
        let empty = DeTable::new();
        let (kind, options) = match value.get_ref() {
            DeValue::String(kind) => (kind.to_string(), &empty),
            DeValue::Table(table) => match table.get("kind") {
                Some(kind) => (self.string(&path, kind)?, table),
                None => return self.expected(value, &path, "a kind, such as { kind = \"number\", unit = \"ms\" }"),
            },
            _ => return self.expected(value, &path, "a kind, such as \"text\", or a table"),
        };
        let allowed: &[&str] = match kind.as_str() {
            "time" => &["kind", "notation", "zone"],
            "number" => &["kind", "unit", "levels"],
            "level" | "text" | "address" | "path" => &["kind", "levels"],
            _ => &["kind"],
        };
        self.known(&format!("{path} of kind {kind}"), options, allowed);
        let levels = self.levels(&path, options, kind == "number")?;
        Some(match kind.as_str() {
            "time" => Meaning::Time(self.time(&path, options)?),
            "level" => Meaning::Level(levels),
            "message" => Meaning::Message,
            "fields" => Meaning::Fields,
            "number" => Meaning::Number(self.number(&path, options)?, levels),
            "text" => Meaning::Text(Shape::Any, levels),
            "address" => Meaning::Text(Shape::Address, levels),
            "path" => Meaning::Text(Shape::Path, levels),
            "ignore" => Meaning::Ignored,
            _ => {
                let kinds = "time, level, message, fields, number, text, address, path or ignore";
                return self.expected(value, &path, kinds);
            }
        })
    }

    fn time(&mut self, path: &str, options: &DeTable<'t>) -> Option<Time> {
        let mut time = Time::default();
        if let Some(value) = options.get("notation") {
            let text = self.string(path, value)?;
            match Spelling::new(&text) {
                Ok(spelling) => time.spelling = Some(spelling),
                Err(expected) => {
                    return self.expected(value, &format!("{path}.notation"), &expected["expected ".len()..]);
                }
            }
        }
        if let Some(value) = options.get("zone") {
            match self.string(path, value)?.as_str() {
                "utc" => time.is_utc = true,
                "local" => {}
                _ => return self.expected(value, &format!("{path}.zone"), "utc or local"),
            }
        }
        Some(time)
    }

    fn number(&mut self, path: &str, options: &DeTable<'t>) -> Option<Number> {
        let Some(value) = options.get("unit") else { return Some(Number::default()) };
        let unit = self.string(path, value)?;
        if crate::encoders::number_in(b"1", &unit).is_none() || unit.is_empty() {
            return self.expected(value, &format!("{path}.unit"), "a unit, such as ms, s, B, KiB or %");
        }
        Some(Number { unit: unit.leak() })
    }

    fn levels(&mut self, path: &str, options: &DeTable<'t>, of_numbers: bool) -> Option<Levels> {
        let mut levels = Levels::default();
        let path = format!("{path}.levels");
        let Some(value) = options.get("levels") else { return Some(levels) };
        for (key, value) in self.table(&path, value)? {
            let name = self.string(&path, value)?;
            let level = match name.parse::<Level>() {
                Ok(level) => level,
                Err(_) => {
                    return self.expected(value, &path, "a level: trace, debug, info, notice, warn, error or fatal");
                }
            };
            let word = key.get_ref().to_string();
            match word.parse::<f64>() {
                Ok(number) if of_numbers => levels.from.push((number, level)),
                _ if of_numbers => {
                    self.fault(key.span(), format!("{path}: expected a number from which on the level holds"));
                    return None;
                }
                _ => levels.words.push((word, level)),
            }
        }
        levels.from.sort_by(|a, b| b.0.total_cmp(&a.0));
        Some(levels)
    }

    /// Tells of keys that there are none of.
    fn known(&mut self, of: &str, table: &DeTable<'t>, keys: &[&str]) {
        for (key, _) in table {
            let name = key.get_ref().as_ref();
            if !keys.contains(&name) {
                let hint = match nearest(name, keys.iter().copied()) {
                    Some(near) => format!("; did you mean {near}?"),
                    None => format!("; expected {}", keys.join(", ")),
                };
                self.fault(key.span(), format!("unknown key {name} in {of}{hint}"));
            }
        }
    }

    /// A value that has to be a text.
    fn string(&mut self, path: &str, value: &Value<'t>) -> Option<String> {
        match value.get_ref() {
            DeValue::String(text) => Some(text.to_string()),
            _ => self.expected(value, path, "a text"),
        }
    }

    /// A value that has to be a table.
    fn table<'v>(&mut self, path: &str, value: &'v Value<'t>) -> Option<&'v DeTable<'t>> {
        match value.get_ref() {
            DeValue::Table(table) => Some(table),
            _ => self.expected(value, path, "a table"),
        }
    }

    /// Tells that a value is not what was expected.
    fn expected<T>(&mut self, value: &Value<'t>, path: &str, what: &str) -> Option<T> {
        self.fault(value.span(), format!("{path}: expected {what}"));
        None
    }

    fn fault(&mut self, span: Range<usize>, what: impl Into<String>) {
        let place = self.place(span.start);
        self.faults.push(Fault { place, what: what.into() });
    }

    /// File, line and column of a byte, counted from 1, the column in characters.
    fn place(&self, offset: usize) -> String {
        let before = self.text.get(..offset).unwrap_or(self.text);
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        format!("{}:{}:{}", self.path, before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
    }
}

/// What a group without a row of its own holds.
fn by_name(name: &str) -> Meaning {
    match name {
        "time" => Meaning::Time(Time::default()),
        "level" => Meaning::Level(Levels::default()),
        "message" => Meaning::Message,
        _ => Meaning::Text(Shape::Any, Levels::default()),
    }
}

/// Gathers the groups that have names, with their places, and counts all.
fn groups(hir: &Hir, names: &mut Vec<(usize, String)>) -> usize {
    let mut open = vec![hir];
    let mut count = 0;
    while let Some(hir) = open.pop() {
        match hir.kind() {
            HirKind::Capture(capture) => {
                count += 1;
                if let Some(name) = &capture.name {
                    names.push((capture.index as usize, name.to_string()));
                }
                open.push(&capture.sub);
            }
            HirKind::Repetition(repetition) => open.push(&repetition.sub),
            HirKind::Concat(list) | HirKind::Alternation(list) => open.extend(list),
            HirKind::Empty | HirKind::Literal(_) | HirKind::Class(_) | HirKind::Look(_) => {}
        }
    }
    names.sort();
    count
}

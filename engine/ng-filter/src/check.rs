//! A syntax tree to a predicate: names are looked up, literals get the type of their field, patterns are built.

use super::ast::{At, Compare, Expr, Literal, Op, Value};
use super::eval::{Node, TextOf};
use super::fields::{self, FLAGS, FieldKind, FieldRow};
use super::head::HeadTest;
use super::pattern::Pattern;
use super::units;
use super::{BUILT_IN, Env, FilterError, read};
use ng_model::settings::nearest;
use ng_wire::Level;

/// Most values and uses of saved filters in one filter, those inside its saved filters included: saved filters could
/// otherwise double at each step.
const MAX_VALUES: usize = 4096;
/// Most regular expressions of one filter, which bounds its memory.
const MAX_REGEXES: usize = 64;
/// Deepest tree. One text stays below 130; saved filters that use each other may reach it.
const MAX_TREE: usize = 200;

type Result<T> = std::result::Result<T, FilterError>;

/// Gives every part of the tree its meaning.
pub(super) fn check(expr: &Expr, env: &Env) -> Result<Node> {
    Checker { env, trail: Vec::new(), values: 0, regexes: 0 }.node(expr, 0)
}

struct Checker<'e> {
    env: &'e Env,
    /// Saved filters that are being expanded, outermost first.
    trail: Vec<String>,
    values: usize,
    regexes: usize,
}

impl Checker<'_> {
    fn node(&mut self, expr: &Expr, depth: usize) -> Result<Node> {
        let nodes = |checker: &mut Self, parts: &[Expr]| {
            let nodes: Result<Vec<Node>> = parts.iter().map(|part| checker.node(part, depth + 1)).collect();
            nodes.map(|mut nodes| {
                Node::sort(&mut nodes);
                nodes
            })
        };
        match expr {
            Expr::Everything => Ok(Node::All(Vec::new())),
            Expr::All(parts) => nodes(self, parts).map(Node::All),
            Expr::Any(parts) => nodes(self, parts).map(Node::Any),
            Expr::Not(part) => Ok(Node::Not(Box::new(self.node(part, depth + 1)?))),
            Expr::Search(value) => self.text(TextOf::Whole, Op::Like, value, Pattern::word),
            Expr::Saved { name, at } => self.saved(name, *at, depth),
            Expr::Compare(compare) => self.compare(compare),
        }
    }

    fn saved(&mut self, name: &str, at: At, depth: usize) -> Result<Node> {
        let built_in = || BUILT_IN.iter().find(|(known, _)| *known == name).map(|(_, text)| *text);
        let Some(text) = self.env.saved.get(name).map(String::as_str).or_else(built_in) else {
            let known = self.env.saved.keys().map(String::as_str).chain(BUILT_IN.iter().map(|(name, _)| *name));
            let hint = match nearest(name, known) {
                Some(near) => format!("; did you mean @{near}?"),
                None => String::new(),
            };
            return Err(FilterError::at(at, format!("unknown saved filter @{name}{hint}")));
        };
        if let Some(start) = self.trail.iter().position(|outer| outer == name) {
            let cycle: Vec<String> = self.trail[start..].iter().map(|outer| format!("@{outer} → ")).collect();
            return Err(FilterError::at(at, format!("saved filters refer to each other: {}@{name}", cycle.concat())));
        }
        if depth >= MAX_TREE {
            return Err(FilterError::at(at, "saved filters are nested too deeply"));
        }
        self.count(at)?;
        self.trail.push(name.into());
        let node = read(text, |expr| self.node(expr, depth + 1))
            .map(|(_, node)| node)
            .map_err(|error| FilterError::at(at, format!("in @{name}: {error}")));
        self.trail.pop();
        node
    }

    fn compare(&mut self, compare: &Compare) -> Result<Node> {
        let Compare { field, op, values, at } = compare;
        let Some(row) = fields::find(field) else {
            return Err(FilterError::at(*at, format!("unknown field {field}")));
        };
        let takes = row.operators();
        if !takes.split(' ').any(|symbol| symbol == op.symbol()) {
            let message = format!("{field} takes {}, not {}", takes.replace(' ', ", "), op.symbol());
            return Err(FilterError::at(*at, message));
        }
        let single = op.is_order() || matches!(row.kind, FieldKind::Since | FieldKind::Until);
        if let (true, Some(second)) = (single, values.get(1)) {
            let message = format!("expected one value after {field}{}, found a list", op.symbol());
            return Err(FilterError::at(second.at, message));
        }
        if matches!(row.kind, FieldKind::Attribute) && field.len() <= "attr.".len() {
            return Err(FilterError::at(*at, "expected the name of an attribute after attr., such as attr.user"));
        }
        let mut nodes = values.iter().map(|value| self.value(row, field, *op, value)).collect::<Result<Vec<Node>>>()?;
        if let Some(bits) = merged_bits(&nodes) {
            return Ok(bits);
        }
        Ok(match nodes.pop() {
            Some(only) if nodes.is_empty() => only,
            last => {
                nodes.extend(last);
                // `!=` means none of the values, and a missing field must make it false: not the negation of "any of".
                if *op == Op::Differ { Node::All(nodes) } else { Node::Any(nodes) }
            }
        })
    }

    fn value(&mut self, row: &'static FieldRow, field: &str, op: Op, value: &Value) -> Result<Node> {
        let message = |text: &str| match row.kind {
            FieldKind::Message => Pattern::word(text),
            FieldKind::Source => Pattern::loose(text, false),
            FieldKind::Topic => Pattern::topic(text),
            FieldKind::Module => Ok(Pattern::glob(text, false)),
            _ => Pattern::loose(text, true),
        };
        let text_of = match row.kind {
            FieldKind::Message => Some(TextOf::Message),
            FieldKind::Source => Some(TextOf::Source),
            FieldKind::Topic => Some(TextOf::Type),
            FieldKind::Module => Some(TextOf::Module),
            FieldKind::Attribute if !op.is_order() => Some(TextOf::Attr(field["attr.".len()..].into())),
            _ => None,
        };
        if let Some(of) = text_of {
            return self.text(of, op, value, message);
        }
        self.count(value.at)?;
        let text = match &value.literal {
            Literal::Text(text) => text,
            Literal::Regex { .. } => {
                let message = format!("expected {}, found a regular expression", row.expects());
                return Err(FilterError::at(value.at, message));
            }
        };
        self.typed(row, field, op, text).ok_or_else(|| {
            let hint = match nearest(text, row.values()) {
                Some(name) => format!("; did you mean {name}?"),
                None => String::new(),
            };
            let expects = match row.kind {
                FieldKind::Attribute => "a number, perhaps with a unit".into(),
                _ => row.expects(),
            };
            FilterError::at(value.at, format!("expected {expects}, found '{}'{hint}", shortened(text)))
        })
    }

    /// A literal of a field that is not a text; nothing when it is not of the field's type.
    fn typed(&self, row: &'static FieldRow, field: &str, op: Op, text: &str) -> Option<Node> {
        let differ = op == Op::Differ;
        Some(Node::Head(match row.kind {
            FieldKind::Choice { names, bits } => {
                let index = names().iter().position(|name| *name == text)?;
                HeadTest::Bits { row, of: bits, wanted: 1u32.checked_shl(index as u32)?, differ }
            }
            FieldKind::Level => HeadTest::Bits { row, of: level, wanted: level_bits(op, text.parse().ok()?), differ },
            FieldKind::Score(of) => HeadTest::Score { of, op, than: plain_number(text)? as f32 },
            FieldKind::Whole(of) => {
                HeadTest::Number { row, of, op, than: plain_number(text).filter(|number| number.fract() == 0.0)? }
            }
            FieldKind::Quantity => {
                let (than, unit) = units::quantity(text)?;
                HeadTest::Quantity { op, than, unit }
            }
            FieldKind::Age => HeadTest::Age { op, than: units::duration(text)? * 1e9 },
            FieldKind::Time => HeadTest::Time { op, than: self.moment(text)? },
            FieldKind::Since => HeadTest::Time { op: Op::AtLeast, than: self.moment(text)? },
            FieldKind::Until => HeadTest::Time { op: Op::AtMost, than: self.moment(text)? },
            FieldKind::Attribute => {
                let (than, unit) = units::quantity(text)?;
                let whole = text.parse().ok();
                return Some(Node::AttrNumber { key: field["attr.".len()..].into(), op, than, whole, unit });
            }
            FieldKind::Flag => HeadTest::Flag(FLAGS.iter().find(|flag| flag.name == text)?.test),
            FieldKind::Presence => return presence(text),
            FieldKind::Topic | FieldKind::Source | FieldKind::Message | FieldKind::Module => return None,
        }))
    }

    fn moment(&self, text: &str) -> Option<i64> {
        units::moment(text, self.env.now_ns, &self.env.zone)
    }

    /// A comparison of a text; `like` builds what `:` means for it.
    fn text(
        &mut self,
        of: TextOf,
        op: Op,
        value: &Value,
        like: impl Fn(&str) -> std::result::Result<Pattern, String>,
    ) -> Result<Node> {
        self.count(value.at)?;
        let pattern = match &value.literal {
            Literal::Text(text) if op == Op::Like => like(text),
            Literal::Text(text) => Ok(Pattern::exact(text)),
            Literal::Regex { pattern, flags } => Pattern::regex(pattern, flags),
        };
        let pattern = pattern.map_err(|message| FilterError::at(value.at, message))?;
        self.regexes += usize::from(matches!(pattern, Pattern::Regex(_)));
        if self.regexes > MAX_REGEXES {
            let message = format!("more than {MAX_REGEXES} regular expressions in one filter");
            return Err(FilterError::at(value.at, message));
        }
        Ok(Node::Text { of, pattern, differ: op == Op::Differ })
    }

    fn count(&mut self, at: At) -> Result<()> {
        self.values += 1;
        if self.values > MAX_VALUES {
            return Err(FilterError::at(at, format!("more than {MAX_VALUES} values, those of saved filters included")));
        }
        Ok(())
    }
}

/// Several values of one bit set are one test.
fn merged_bits(nodes: &[Node]) -> Option<Node> {
    let Some(Node::Head(HeadTest::Bits { row, of, differ, .. })) = nodes.first() else { return None };
    let bits = |node: &Node| if let Node::Head(HeadTest::Bits { wanted, .. }) = node { *wanted } else { 0 };
    let wanted = nodes.iter().fold(0, |all, node| all | bits(node));
    Some(Node::Head(HeadTest::Bits { row, of: *of, wanted, differ: *differ }))
}

fn level(stored: &ng_model::record::StoredRecord<'_>) -> u32 {
    1 << stored.head.level as u8
}

/// The levels that stand in this relation to `than`; for `!=` the level itself.
fn level_bits(op: Op, than: Level) -> u32 {
    let holds = |level: &Level| match op {
        Op::Above => *level > than,
        Op::AtLeast => *level >= than,
        Op::Below => *level < than,
        Op::AtMost => *level <= than,
        Op::Like | Op::Equal | Op::Differ => *level == than,
    };
    Level::ALL.iter().filter(|level| holds(level)).fold(0, |bits, level| bits | 1 << *level as u8)
}

/// The event has the field.
fn presence(field: &str) -> Option<Node> {
    let any_text = |of| Node::Text { of, pattern: Pattern::glob("*", false), differ: false };
    let row = fields::find(field)?;
    Some(match row.kind {
        FieldKind::Choice { bits, .. } => Node::Head(HeadTest::Bits { row, of: bits, wanted: u32::MAX, differ: false }),
        FieldKind::Score(of) => Node::Head(HeadTest::Score { of, op: Op::AtLeast, than: f32::NEG_INFINITY }),
        FieldKind::Whole(of) => Node::Head(HeadTest::Number { row, of, op: Op::AtLeast, than: f64::NEG_INFINITY }),
        FieldKind::Quantity => Node::Head(HeadTest::Quantity { op: Op::AtLeast, than: f64::NEG_INFINITY, unit: None }),
        FieldKind::Message => Node::Text { of: TextOf::Message, pattern: Pattern::exact(""), differ: true },
        FieldKind::Module => any_text(TextOf::Module),
        FieldKind::Attribute if field.len() > "attr.".len() => any_text(TextOf::Attr(field["attr.".len()..].into())),
        FieldKind::Attribute | FieldKind::Flag | FieldKind::Presence => return None,
        FieldKind::Level
        | FieldKind::Age
        | FieldKind::Time
        | FieldKind::Since
        | FieldKind::Until
        | FieldKind::Topic
        | FieldKind::Source => Node::All(Vec::new()),
    })
}

fn plain_number(text: &str) -> Option<f64> {
    units::quantity(text).filter(|(_, unit)| unit.is_none()).map(|(number, _)| number)
}

/// At most forty characters, for a message.
fn shortened(text: &str) -> String {
    match text.char_indices().nth(40) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.into(),
    }
}

//! What a record must hold for a filter to match, so that a router finds the filters of a record without trying each.

use super::eval::{Node, TextOf};
use super::head::HeadTest;
use super::pattern::Pattern;
use super::{Filter, ast::Op};
use ng_model::record::{NO_PATTERN, StoredRecord};

/// Something a record can be looked up by.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Key {
    /// The attribute has this text.
    Attr(Box<str>, Box<[u8]>),
    /// The pattern has this number.
    Pattern(u32),
    /// The source has this name.
    Source(Box<[u8]>),
    /// This is the topic.
    Topic(Box<[u8]>),
    /// The name of the source contains these bytes, ASCII letters in any case; written in lower case, at most
    /// [`MAX_PART_LEN`] of them, and never empty.
    SourcePart(Box<[u8]>),
    /// The topic is this one or lies under it: `a.b` and `a.b.c` are under `a.b`, `a.bc` is not. Never empty.
    TopicUnder(Box<[u8]>),
    /// There is such an attribute.
    HasAttr(Box<str>),
}

/// Most bytes of [`Key::SourcePart`]; of a longer part its beginning is the key.
pub const MAX_PART_LEN: usize = 32;

impl Key {
    /// Roughly how many times more records have one key of this sort than have one attribute of a certain text.
    pub fn breadth(&self) -> usize {
        match self {
            Key::Attr(..) | Key::Pattern(_) => 1,
            Key::Source(_) | Key::Topic(_) | Key::SourcePart(_) => 64,
            Key::TopicUnder(_) | Key::HasAttr(_) => 128,
        }
    }
}

impl Filter {
    /// Each of these lists covers the filter: a record that matches has at least one key of it. An empty list covers a
    /// filter that matches nothing. There is no list when nothing can be said, as of `level>=warn` or `!source:host`.
    pub fn covers(&self) -> Vec<Vec<Key>> {
        self.root.as_ref().map_or_else(Vec::new, |root| covers(root, true))
    }

    /// It asks by name for a topic or source that this record has, so that the record is meant where others like it are not.
    pub fn asks_for(&self, stored: &StoredRecord<'_>) -> bool {
        self.root.as_ref().is_some_and(|root| asks_for(root, stored, true))
    }

    /// The names of topic or source have a part in the result, so that it may be settled by them.
    pub fn asks_names(&self) -> bool {
        self.root.as_ref().is_some_and(|root| asks_names(root))
    }
}

/// The covers of a test that must hold, or must not.
fn covers(node: &Node, holds: bool) -> Vec<Vec<Key>> {
    match node {
        Node::Not(node) => covers(node, !holds),
        Node::All(parts) if holds => all(parts, holds),
        Node::Any(parts) if !holds => all(parts, holds),
        Node::All(parts) | Node::Any(parts) => any(parts, holds).into_iter().collect(),
        leaf if holds => key(leaf).into_iter().collect(),
        _ => Vec::new(),
    }
}

/// Every part has to hold, so what covers one of them covers all.
fn all(parts: &[Node], holds: bool) -> Vec<Vec<Key>> {
    parts.iter().flat_map(|part| covers(part, holds)).collect()
}

/// One part has to hold: a cover takes a cover of each, of which the most telling is taken.
fn any(parts: &[Node], holds: bool) -> Option<Vec<Key>> {
    let mut keys = Vec::new();
    for part in parts {
        let covers = covers(part, holds).into_iter();
        keys.extend(covers.min_by_key(|cover| cover.iter().map(Key::breadth).sum::<usize>())?);
    }
    keys.sort_unstable();
    keys.dedup();
    Some(keys)
}

/// The cover of a single test.
fn key(node: &Node) -> Option<Vec<Key>> {
    let key = match node {
        Node::Head(HeadTest::Number { row, op: Op::Like | Op::Equal, than, .. }) if row.name == "pattern" => {
            let number = *than as u32;
            // The literal may be a number that no pattern has.
            if f64::from(number) != *than || number == NO_PATTERN {
                return Some(Vec::new());
            }
            Key::Pattern(number)
        }
        Node::AttrNumber { key, .. } => Key::HasAttr(key.clone()),
        Node::Text { of: TextOf::Attr(name), pattern, differ } => attr(name, pattern, *differ),
        Node::Text { of: TextOf::Module, pattern, differ } => attr("module", pattern, *differ),
        Node::Text { of: TextOf::Type, pattern, differ: false } => match pattern {
            Pattern::Exact(topic) => Key::Topic(topic.clone()),
            Pattern::Topic(topic) if !topic.stem().is_empty() => Key::TopicUnder(topic.stem().as_bytes().into()),
            _ => return None,
        },
        Node::Text { of: TextOf::Source, pattern, differ: false } => match pattern {
            Pattern::Exact(name) => Key::Source(name.clone()),
            other => {
                let part = other.needle().filter(|part| !part.is_empty())?;
                Key::SourcePart(part[..part.len().min(MAX_PART_LEN)].to_ascii_lowercase().into())
            }
        },
        _ => return None,
    };
    Some(vec![key])
}

/// An attribute that an event does not have makes its comparison false, so one is there in any case.
fn attr(name: &str, pattern: &Pattern, differ: bool) -> Key {
    match pattern.whole() {
        Some(text) if !differ => Key::Attr(name.into(), text.into()),
        _ => Key::HasAttr(name.into()),
    }
}

fn asks_for(node: &Node, stored: &StoredRecord<'_>, holds: bool) -> bool {
    match node {
        Node::All(parts) | Node::Any(parts) => parts.iter().any(|part| asks_for(part, stored, holds)),
        Node::Not(node) => asks_for(node, stored, !holds),
        Node::Text { of: TextOf::Type, pattern, differ } if holds != *differ => pattern.fits(stored.kind().as_bytes()),
        Node::Text { of: TextOf::Source, pattern, differ } if holds != *differ => {
            pattern.fits(stored.source().as_bytes())
        }
        _ => false,
    }
}

fn asks_names(node: &Node) -> bool {
    match node {
        Node::All(parts) | Node::Any(parts) => parts.iter().any(asks_names),
        Node::Not(node) => asks_names(node),
        Node::Text { of, .. } => matches!(of, TextOf::Source | TextOf::Type),
        _ => false,
    }
}

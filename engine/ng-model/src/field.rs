//! Fields of an event, and the paths that name them: `req.id`, `tags[0]`, `items[2].price`.
//!
//! A field of a nested object has a link to the object it stands in, and that one to its own, so that a path is written down
//! nowhere: it is compared, hashed and rendered piece by piece.

use crate::span::Text;
use ng_wire::Unit;

/// What a field is called where it stands.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Key {
    /// A key of the reading. Empty for an element of an array, whose place is its container's.
    Text(Text),
    /// A name that the reading does not spell out, such as that of a part of a wrapper.
    Name(&'static str),
}

impl Key {
    /// Its bytes, JSON escapes left as they are.
    pub fn of(self, raw: &[u8]) -> &[u8] {
        match self {
            Key::Text(text) => text.span.of(raw),
            Key::Name(name) => name.as_bytes(),
        }
    }
}

impl From<Text> for Key {
    fn from(text: Text) -> Key {
        Key::Text(text)
    }
}

/// An object or an element of an array in which fields stand.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Container {
    /// Its key, or that of the array of which it is an element; empty where that array is itself an element.
    pub key: Text,
    /// Its place in the array, counted from 0.
    pub index: Option<u32>,
    /// The container it stands in, like [`Field::container`].
    pub parent: u16,
}

/// One field found in a reading.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Field {
    /// What it is called.
    pub key: Key,
    /// The container it stands in: a place in [`Parsed::containers`](crate::event::Parsed::containers), counted from 1. 0 is
    /// the event itself.
    pub container: u16,
    /// It lies inside an array, whose text as a whole is a field too.
    pub in_array: bool,
    /// Its value, without quotes.
    pub value: Text,
    /// The value as a number; NaN when it is not one.
    pub number: f64,
    /// The unit of `number` where the reading does not spell it out.
    pub unit: Unit,
}

/// How far a path names a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fit {
    /// It names something else.
    No,
    /// It is the end of the field's path, from a whole key on.
    Tail,
    /// It is the field's path.
    Whole,
}

impl Field {
    /// A field of the event itself.
    pub fn new(key: impl Into<Key>, value: Text, number: f64) -> Field {
        Field { key: key.into(), container: 0, in_array: false, value, number, unit: Unit::None }
    }

    /// How far `path` names the field, compared byte for byte.
    pub fn fit(&self, raw: &[u8], containers: &[Container], path: &[u8]) -> Fit {
        let key = self.key.of(raw);
        let Some(mut rest) = path.strip_suffix(key) else { return Fit::No };
        let mut dotted = !key.is_empty();
        for container in self.containers(containers) {
            if rest.is_empty() {
                return Fit::Tail;
            }
            match container.strip(raw, rest, dotted) {
                Some(before) => rest = before,
                None => return Fit::No,
            }
            dotted = !container.key.span.is_empty();
        }
        if rest.is_empty() { Fit::Whole } else { Fit::No }
    }

    /// The containers that it stands in, the innermost first.
    pub fn containers<'c>(&self, containers: &'c [Container]) -> impl Iterator<Item = &'c Container> + use<'c> {
        let mut next = self.container;
        std::iter::from_fn(move || {
            let container = containers.get(usize::from(next.checked_sub(1)?))?;
            // A container stands behind the one it is in, so that no chain goes round.
            next = container.parent.min(next - 1);
            Some(container)
        })
    }
}

impl Container {
    /// What is left of a path when this container, with a dot behind it or without, is taken off its end.
    fn strip<'p>(&self, raw: &[u8], path: &'p [u8], dotted: bool) -> Option<&'p [u8]> {
        let mut rest = if dotted { path.strip_suffix(b".")? } else { path };
        if let Some(mut index) = self.index {
            rest = rest.strip_suffix(b"]")?;
            loop {
                rest = rest.strip_suffix(&[b'0' + (index % 10) as u8])?;
                index /= 10;
                if index == 0 {
                    break;
                }
            }
            rest = rest.strip_suffix(b"[")?;
        }
        rest.strip_suffix(self.key.span.of(raw))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Parsed;
    use crate::span::Span;

    const RAW: &[u8] = b"req id res tags items price a.b 1";

    fn text(word: &str) -> Text {
        let start = RAW.windows(word.len()).position(|window| window == word.as_bytes()).unwrap();
        Text { span: Span::new(start, start + word.len()), escaped: false }
    }

    fn parsed() -> Parsed {
        let container = |key: &str, index, parent| Container { key: text(key), index, parent };
        let containers = vec![
            container("req", None, 0),
            container("res", None, 0),
            container("tags", Some(10), 2),
            container("items", Some(0), 0),
            Container { key: Text::default(), index: Some(1), parent: 4 },
        ];
        let field = |key: Key, container| Field { container, ..Field::new(key, Text::default(), f64::NAN) };
        let fields = vec![
            field(text("id").into(), 1),
            field(text("id").into(), 2),
            field(Text::default().into(), 3),
            field(text("price").into(), 4),
            field(Text::default().into(), 5),
            field(text("a.b").into(), 0),
            field(Key::Name("stream"), 0),
        ];
        Parsed { fields, containers, ..Parsed::default() }
    }

    #[test]
    fn paths_name_fields() {
        let parsed = parsed();
        let place = |path: &str| {
            let found = parsed.field(RAW, path)?;
            parsed.fields.iter().position(|field| std::ptr::eq(field, found))
        };
        for (path, expect) in [
            ("req.id", Some(0)),
            ("res.id", Some(1)),
            ("id", None),
            ("es.id", None),
            ("resXid", None),
            ("x.res.id", None),
            ("res.tags[10]", Some(2)),
            ("tags[10]", Some(2)),
            ("tags[1]", None),
            ("ags[10]", None),
            ("items[0].price", Some(3)),
            ("price", Some(3)),
            ("items[0][1]", Some(4)),
            ("a.b", Some(5)),
            ("b", None),
            ("stream", Some(6)),
            ("", None),
        ] {
            assert_eq!(place(path), expect, "{path}");
        }
    }

    #[test]
    fn the_name_at_the_top_goes_before_a_path_and_a_tail() {
        let mut parsed = parsed();
        let top = |key: &str| Field::new(text(key), text("1"), 1.0);
        parsed.fields.push(top("id"));
        assert_eq!(parsed.field(RAW, "id"), Some(&top("id")));
        // The same key twice in one object is one field, of which the first counts.
        let mut twice = parsed.clone();
        twice.fields.pop();
        twice.fields.remove(1);
        twice.fields.push(Field { number: 2.0, ..twice.fields[0] });
        assert!(twice.field(RAW, "id").unwrap().number.is_nan());
    }
}

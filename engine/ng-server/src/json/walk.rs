//! Looks at a JSON text from one end to the other and keeps only what kind of value it is and its `id`.

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use std::fmt;

/// The kinds of JSON values.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are the documentation")]
pub enum Kind {
    #[default]
    Null,
    Bool,
    Number,
    String,
    Array,
    Object,
}

/// What was seen of a value.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// What kind it is.
    pub kind: Kind,
    /// The member `id` of an object, when it is a string or an integer.
    pub id: Option<String>,
}

/// Walks through a whole text.
pub(super) fn walk(bytes: &[u8]) -> Result<Seen, serde_json::Error> {
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let mut seen = Seen::default();
    Walk { seen: Some(&mut seen) }.deserialize(&mut reader)?;
    reader.end()?;
    Ok(seen)
}

/// Passes over one value; `seen` only for the outermost.
struct Walk<'a> {
    seen: Option<&'a mut Seen>,
}

impl Walk<'_> {
    fn is(self, kind: Kind) {
        if let Some(seen) = self.seen {
            seen.kind = kind;
        }
    }
}

impl<'de> DeserializeSeed<'de> for Walk<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Walk<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        self.is(Kind::Null);
        Ok(())
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<(), E> {
        self.is(Kind::Bool);
        Ok(())
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<(), E> {
        self.is(Kind::Number);
        Ok(())
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<(), E> {
        self.is(Kind::Number);
        Ok(())
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<(), E> {
        self.is(Kind::Number);
        Ok(())
    }

    fn visit_str<E: Error>(self, _: &str) -> Result<(), E> {
        self.is(Kind::String);
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut array: A) -> Result<(), A::Error> {
        self.is(Kind::Array);
        while array.next_element_seed(Walk { seen: None })?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<(), A::Error> {
        let mut seen = self.seen;
        while let Some(is_id) = object.next_key_seed(IsId)? {
            match &mut seen {
                Some(seen) if is_id => seen.id = object.next_value_seed(Id)?,
                _ => object.next_value_seed(Walk { seen: None })?,
            }
        }
        if let Some(seen) = seen {
            seen.kind = Kind::Object;
        }
        Ok(())
    }
}

/// Reads a key: true when it is `id`.
struct IsId;

impl<'de> DeserializeSeed<'de> for IsId {
    type Value = bool;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<bool, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for IsId {
    type Value = bool;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E: Error>(self, key: &str) -> Result<bool, E> {
        Ok(key == "id")
    }
}

/// Reads a value as an id; none when it cannot be one.
struct Id;

impl<'de> DeserializeSeed<'de> for Id {
    type Value = Option<String>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Id {
    type Value = Option<String>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_u64<E: Error>(self, id: u64) -> Result<Self::Value, E> {
        Ok(Some(id.to_string()))
    }

    fn visit_i64<E: Error>(self, id: i64) -> Result<Self::Value, E> {
        Ok(Some(id.to_string()))
    }

    fn visit_str<E: Error>(self, id: &str) -> Result<Self::Value, E> {
        Ok(Some(id.to_owned()).filter(|id| !id.is_empty()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, array: A) -> Result<Self::Value, A::Error> {
        Walk { seen: None }.visit_seq(array).map(|()| None)
    }

    fn visit_map<A: MapAccess<'de>>(self, object: A) -> Result<Self::Value, A::Error> {
        Walk { seen: None }.visit_map(object).map(|()| None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kind_and_id_are_seen() {
        let id = |text: &str| Some(text.to_owned());
        for (text, kind, expected) in [
            ("null", Kind::Null, None),
            ("true", Kind::Bool, None),
            ("-1.5", Kind::Number, None),
            ("\"a\\n\"", Kind::String, None),
            ("[{\"id\":1}]", Kind::Array, None),
            ("{}", Kind::Object, None),
            ("{\"a\":{\"id\":\"inner\"},\"\\u0069d\":\"outer\"}", Kind::Object, id("outer")),
            ("{\"id\":7}", Kind::Object, id("7")),
            ("{\"id\":-7}", Kind::Object, id("-7")),
            ("{\"id\":\"\"}", Kind::Object, None),
            ("{\"id\":1.5}", Kind::Object, None),
            ("{\"id\":[1,{\"id\":2}],\"b\":null}", Kind::Object, None),
            ("{\"id\":{\"id\":2},\"b\":null}", Kind::Object, None),
        ] {
            assert_eq!(walk(text.as_bytes()).unwrap(), Seen { kind, id: expected }, "{text}");
        }
        for text in ["{} {}", "[1,]", "{\"id\":}", "\"\u{1}\"", "\"\\x\""] {
            assert!(walk(text.as_bytes()).is_err(), "{text}");
        }
        assert!(walk(b"\"\xff\"").is_err());
    }
}

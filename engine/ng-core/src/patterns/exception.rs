//! The class of the exception that an event names.

use ng_model::event::Event;

/// Names of fields that hold it.
const FIELDS: [&[u8]; 2] = [b"exception", b"exception.type"];

/// What an event names outside its message: what a field says, or what the first of its further lines that begins with a class
/// does, as in a stack trace.
pub(super) fn class<'e>(event: &Event<'e>) -> Option<&'e [u8]> {
    let said = event.parsed.fields.iter().find(|field| FIELDS.contains(&field.key.of(event.raw)));
    said.and_then(|field| leading(field.value.span.of(event.raw))).or_else(|| {
        let message = event.parsed.message.span;
        let behind = event.raw.get((message.start + message.len) as usize..).unwrap_or_default();
        behind.split(|byte| *byte == b'\n').skip(1).find_map(leading)
    })
}

/// The class with which a text begins.
fn leading(text: &[u8]) -> Option<&[u8]> {
    let text = text.trim_ascii_start();
    let word = text.split(|byte| byte.is_ascii_whitespace()).next()?;
    of_word(word)
}

/// What a word names, such as `java.io.IOException:`.
pub(super) fn of_word(word: &[u8]) -> Option<&[u8]> {
    let Some(b'n' | b'r' | b':' | b',' | b';') = word.last() else { return None };
    let class = word.strip_suffix(b":").or(word.strip_suffix(b",")).or(word.strip_suffix(b";")).unwrap_or(word);
    let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'$' | b'\\' | b':');
    let named = [&b"Exception"[..], b"Error"].iter().any(|end| class.len() > end.len() && class.ends_with(end));
    (named && class[0].is_ascii_alphabetic() && class.iter().all(is_name)).then_some(class)
}

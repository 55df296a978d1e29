//! What `docker compose logs` puts before a line, `web-1  | text`, and `docker service logs`: `web.1.x2k9p@node    | text`.

use super::{Wrapped, Wrapper, behind, is_name, word_len};
use crate::encoders::skip_colours;
use memchr::memchr;
use ng_model::event::Span;

/// The bar stands within so many bytes: a name, as many blanks, and colours.
const WITHIN: usize = 256;

pub(super) static WRAPPER: Wrapper = Wrapper {
    find: |raw, vocabulary| {
        // Most lines have no bar, and are not walked through.
        memchr(b'|', &raw[..raw.len().min(WITHIN)])?;
        let start = skip_colours(raw, 0);
        let len = word_len(&raw[start..], 128, |byte| is_name(byte) || byte == b'@');
        if len == 0 || !matches!(raw.get(start + len), Some(b' ' | 0x1b)) {
            return None;
        }
        let name = &raw[start..start + len];
        let bar = start + len + word_len(&raw[start + len..], 64, |byte| byte == b' ');
        let bar = skip_colours(raw, bar);
        if bar == start + len || raw.get(bar) != Some(&b'|') {
            return None;
        }
        let after = skip_colours(raw, bar + 1);
        let inner = behind(raw, after).filter(|_| raw.get(after) == Some(&b' '))?;
        // Columns of a table and levels stand before bars too.
        let numbered = name
            .iter()
            .rposition(|byte| matches!(byte, b'-' | b'_'))
            .is_some_and(|mark| mark > 0 && mark + 1 < len && name[mark + 1..].iter().all(u8::is_ascii_digit));
        let names = name[0].is_ascii_alphanumeric() && name.iter().any(u8::is_ascii_alphabetic);
        let at_node = name.contains(&b'@');
        let is_compose =
            names && vocabulary.word(name).is_none() && (numbered || at_node || has_heading(&raw[inner..]));
        is_compose.then(|| Wrapped {
            inner,
            attributes: [
                ("container", Span::new(start, start + len)),
                Default::default(),
                Default::default(),
                Default::default(),
            ],
            ..Wrapped::default()
        })
    },
};

/// An event of its own begins here: JSON, or a date.
fn has_heading(raw: &[u8]) -> bool {
    matches!(raw, [b'{', ..] | [b'0'..=b'9', b'0'..=b'9', b'0'..=b'9', b'0'..=b'9', b'-' | b'/', ..])
}

//! The lines that the container runtimes of Kubernetes write: `2026-11-22T13:02:03.1Z stdout F text`.

use super::{Wrapped, Wrapper, word_len};
use memchr::memchr;
use ng_model::event::Span;

pub(super) static WRAPPER: Wrapper = Wrapper {
    find: |raw, _| {
        if raw.get(10) != Some(&b'T') {
            return None;
        }
        let time = memchr(b' ', &raw[..raw.len().min(40)])?;
        let rest = &raw[time + 1..];
        if !rest.starts_with(b"stdout ") && !rest.starts_with(b"stderr ") {
            return None;
        }
        // F is a whole line, P a part of one; more tags may follow behind colons.
        let tags = word_len(&rest[7..], 32, |byte| byte != b' ');
        if !matches!(rest[7..7 + tags], [b'F' | b'P'] | [b'F' | b'P', b':', ..]) {
            return None;
        }
        let inner = time + 1 + 7 + tags + 1;
        (raw.len() > inner).then(|| Wrapped {
            inner,
            time: Span::new(0, time),
            attributes: [
                ("stream", Span::new(time + 1, time + 7)),
                Default::default(),
                Default::default(),
                Default::default(),
            ],
            ..Wrapped::default()
        })
    },
};

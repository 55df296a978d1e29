//! The lines that the container runtimes of Kubernetes write, `2026-11-22T13:02:03.1Z stdout F text`, with what Docker says besides
//! in a tag, `F:{"attrs":{"tag":"web"}}`.

use super::{Wrapped, Wrapper};
use crate::container::cri;
use ng_model::event::Span;

pub(super) static WRAPPER: Wrapper = Wrapper {
    find: |raw, _| {
        let cri = cri(raw)?;
        // The stream and two blanks stand between the time and the tags.
        let time = cri.tags.start as usize - 8;
        (raw.len() > cri.text).then(|| Wrapped {
            inner: cri.text,
            time: Span::new(0, time),
            attributes: [
                ("stream", Span::new(time + 1, time + 7)),
                Default::default(),
                Default::default(),
                Default::default(),
            ],
            fields: cri.tags,
            ..Wrapped::default()
        })
    },
};

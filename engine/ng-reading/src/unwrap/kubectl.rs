//! What `kubectl logs --prefix` and stern put before a line: `[pod/web-1/app] text`, `web-5d9c8b7f4d-x2k9p app text`.

use super::{Wrapped, Wrapper, behind, is_name, word_len};
use crate::encoders::skip_colours;
use ng_model::event::Span;

pub(super) static WRAPPER: Wrapper = Wrapper {
    find: |raw, _| {
        let start = skip_colours(raw, 0);
        match raw.get(start)? {
            b'[' => prefixed(raw, start),
            b'a'..=b'z' => replica(raw, start),
            _ => None,
        }
    },
};

/// `[pod/web-1/app] `, where the container may be missing.
fn prefixed(raw: &[u8], start: usize) -> Option<Wrapped> {
    const POD: &[u8] = b"[pod/";
    let pod = start + POD.len();
    if !raw[start..].starts_with(POD) {
        return None;
    }
    let pod_end = pod + word_len(&raw[pod..], 256, is_name);
    let container = pod_end + usize::from(raw.get(pod_end) == Some(&b'/'));
    let end = container + word_len(&raw[container..], 256, is_name);
    if pod_end == pod || raw.get(end) != Some(&b']') {
        return None;
    }
    wrapped(Span::new(pod, pod_end), Span::new(container, end), behind(raw, end + 1)?)
}

/// The shortest name of a pod of a replica set, such as `a-12345678-x2k9p`.
const SHORTEST: usize = 16;

/// The pod of a replica set, then a container.
fn replica(raw: &[u8], start: usize) -> Option<Wrapped> {
    let is_pod = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    let pod_end = start + word_len(&raw[start..], 256, is_pod);
    if pod_end < start + SHORTEST || !matches!(raw.get(pod_end), Some(b' ' | 0x1b)) {
        return None;
    }
    let mut parts = raw[start..pod_end].rsplit(|byte| *byte == b'-');
    let (pod, set) = (parts.next()?, parts.next()?);
    let is_replica = pod.len() == 5 && (8..=10).contains(&set.len()) && set.iter().any(u8::is_ascii_digit);
    if !is_replica || parts.next().is_none_or(<[u8]>::is_empty) {
        return None;
    }
    let container = skip_colours(raw, pod_end);
    let container = skip_colours(raw, container + usize::from(raw.get(container) == Some(&b' ')));
    let end = container + word_len(raw.get(container..)?, 64, is_pod);
    let inner = behind(raw, end)?;
    if container == pod_end || end == container || inner == end {
        return None;
    }
    wrapped(Span::new(start, pod_end), Span::new(container, end), inner)
}

fn wrapped(pod: Span, container: Span, inner: usize) -> Option<Wrapped> {
    let attributes = [("pod", pod), ("container", container), Default::default(), Default::default()];
    Some(Wrapped { inner, attributes, ..Wrapped::default() })
}

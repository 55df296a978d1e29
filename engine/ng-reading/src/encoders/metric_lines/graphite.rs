//! Graphite: `servers.web1.load 0.42 1795352523`, with tags `disk.used;rack=a1 12 1795352523`.

use super::{Labels, Measured, Notation, time, word};
use crate::encoders::number;
use ng_wire::Unit;

pub(super) static NOTATION: Notation = Notation { behind_name: b" ;", read };

fn read(line: &[u8], labels: &mut Labels<'_>) -> Option<Measured> {
    let path = word(line, 0);
    // Words and numbers of a message have no dots, and paths of files and protocols have slashes.
    if !line[path.clone()].iter().any(|byte| b".;".contains(byte)) || line[path.clone()].contains(&b'/') {
        return None;
    }
    let end = line[path.clone()].iter().position(|byte| *byte == b';').unwrap_or(path.end);
    let value = word(line, (path.end + 1).min(line.len()));
    let when = (value.end < line.len()).then(|| time(line, value.end + 1))??;
    // Ten digits are a second of our age; less would be any number.
    if when.len() < 10 {
        return None;
    }
    let number = number::decimal(&line[value])?;
    let mut at = end + 1;
    for tag in line[end..path.end].split(|byte| *byte == b';').skip(1) {
        let sign = tag.iter().position(|byte| *byte == b'=')?;
        labels.keep(at..at + sign, at + sign + 1..at + tag.len(), line);
        at += tag.len() + 1;
    }
    let tags = (end + 1).min(path.end)..path.end;
    Some(Measured { name: 0..end, labels: tags, value: number, unit: Unit::None, time: Some(when) })
}

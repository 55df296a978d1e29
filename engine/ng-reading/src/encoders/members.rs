//! What the members of a JSON object say of the event.

use super::json_scan::{self, Found, Kind, Member};
use super::vocabulary::{self, LONGEST, Role, Vocabulary};
use super::{Clock, number, stamp, stated_level};
use ng_model::event::{Container, Field, Parsed, Reading, Span, Text};
use ng_wire::Level;

/// Most fields kept of one object.
const FIELDS: usize = 256;
/// First segments of topics that only the engine and its encoders give.
const OURS: [&[u8]; 18] = [
    b"action",
    b"alert",
    b"auth",
    b"cdna",
    b"client",
    b"engine",
    b"guardian",
    b"log",
    b"metric",
    b"module",
    b"note",
    b"server",
    b"session",
    b"state",
    b"stream",
    b"system",
    b"vector",
    b"websocket",
];
/// Names of the topic.
const TYPES: [&[u8]; 2] = [b"event_type", b"type"];

/// The rank of something that was not found.
const NOWHERE: u16 = u16::MAX;

/// Reads one JSON object into `parsed`: fields, and message, level and time under their usual names. False when the bytes
/// are not one JSON object. The beginning of an object is one when it states any of the three, or when it is to be.
pub(super) fn read(reading: &Reading<'_>, clock: &Clock, parsed: &mut Parsed) -> bool {
    let mut said = Said::default();
    parsed.message = whole(reading.raw);
    match said.read(reading, 0, clock, parsed) {
        Found::Object(end) => json_scan::ends(reading.raw, end),
        Found::Cut => said.is_anything(),
        Found::Other => false,
    }
}

/// The object that begins at `at`, inside a line: its fields, and its level and time where the line states none. It must be
/// whole; then the first byte behind it is returned, and its own message, if it has one.
pub(super) fn read_inside(
    reading: &Reading<'_>,
    at: usize,
    clock: &Clock,
    parsed: &mut Parsed,
) -> Option<(usize, Option<Text>)> {
    let known = (parsed.level, parsed.time_ns, parsed.message, parsed.name);
    let (fields, left_out) = (parsed.fields.len(), parsed.left_out);
    let mut said = Said::default();
    let found = said.read(reading, at, clock, parsed);
    let message = (said.message < NOWHERE).then_some(parsed.message);
    parsed.level = known.0.or(parsed.level);
    parsed.time_ns = known.1.or(parsed.time_ns);
    (parsed.message, parsed.name) = (known.2, known.3);
    match found {
        Found::Object(end) => Some((end, message)),
        Found::Cut | Found::Other => {
            (parsed.level, parsed.time_ns) = (known.0, known.1);
            parsed.fields.truncate(fields);
            parsed.left_out = left_out;
            parsed.containers.clear();
            None
        }
    }
}

/// How telling the keys were under which something was found; the lowest is the most telling.
struct Said {
    message: u16,
    /// What stands in for a message that is there and empty.
    cause: u16,
    in_its_stead: Text,
    is_empty: bool,
    level: u16,
    time: u16,
    kind: usize,
    /// A number that states a level, with its scale, and the rank of its key.
    number: Option<(u16, stated_level::Stated)>,
    /// A key says that it is Python's logging.
    python: bool,
    /// Seconds and the rest of a second of a time that is an object.
    seconds: (Option<i64>, i64),
    mongodb: Mongodb,
}

/// What the members of an entry of MongoDB say that only there mean what they do.
#[derive(Default)]
struct Mongodb {
    /// The level that `s` states.
    level: Option<Level>,
    /// `t` is an object that holds a date.
    has_date: bool,
    /// `c` names a component.
    has_component: bool,
}

impl Default for Said {
    fn default() -> Self {
        Said {
            message: NOWHERE,
            cause: NOWHERE,
            in_its_stead: Text::default(),
            is_empty: false,
            level: NOWHERE,
            time: NOWHERE,
            kind: usize::MAX,
            number: None,
            python: false,
            seconds: (None, 0),
            mongodb: Mongodb::default(),
        }
    }
}

impl Said {
    /// Reads the object that begins at `at`.
    fn read(&mut self, reading: &Reading<'_>, at: usize, clock: &Clock, parsed: &mut Parsed) -> Found {
        let mut containers = std::mem::take(&mut parsed.containers);
        let found = json_scan::members(reading.raw, at, &mut containers, |containers, member| {
            keep(member, reading.raw, parsed, FIELDS);
            if !member.in_array {
                self.hear(member, containers, reading, clock, parsed);
            }
        });
        parsed.containers = containers;
        if self.message == NOWHERE && self.is_empty && self.cause < NOWHERE {
            (self.message, parsed.message) = (self.cause, self.in_its_stead);
        }
        // A level in words goes before one in numbers, whatever the keys.
        if self.level == NOWHERE
            && let Some((_, number)) = self.number
        {
            let level = number.level(self.python);
            self.level = level.map_or(NOWHERE, |_| 0);
            parsed.level = level.or(parsed.level);
        }
        if let (NOWHERE, Mongodb { level: Some(level), has_date: true, has_component: true }) =
            (self.level, &self.mongodb)
            && self.message < NOWHERE
        {
            (self.level, parsed.level) = (0, Some(*level));
        }
        if let ((Some(seconds), nanos), NOWHERE) = (self.seconds, self.time) {
            parsed.time_ns = seconds.checked_mul(1_000_000_000).and_then(|ns| ns.checked_add(nanos));
            self.time = 0;
        }
        found
    }

    fn is_anything(&self) -> bool {
        self.message.min(self.level).min(self.time) < NOWHERE
    }

    /// Takes what a member says.
    fn hear(
        &mut self,
        member: &Member,
        containers: &[Container],
        reading: &Reading<'_>,
        clock: &Clock,
        parsed: &mut Parsed,
    ) {
        let (raw, words) = (reading.raw, &clock.vocabulary);
        let key = member.key.span.of(raw);
        let value = member.value.span.of(raw);
        if member.depth == 1 {
            self.hear_type(key, value, member, parsed);
        }
        let Some((role, rank)) = role(member, containers, raw, words) else {
            match (member.depth, key) {
                (1, [letter]) if member.kind == Kind::String => self.mongodb.hear(*letter, value),
                (1, _) => {}
                _ => self.hear_part_of_time(key, member, containers, reading, clock, parsed),
            }
            return;
        };
        match role {
            Role::Message if value.is_empty() || value == b"null" => self.is_empty = true,
            Role::Message if member.kind == Kind::String && rank < self.message => {
                (self.message, parsed.message) = (rank, member.value);
            }
            Role::Cause if member.kind == Kind::String && !value.is_empty() && rank < self.cause => {
                (self.cause, self.in_its_stead) = (rank, member.value);
            }
            Role::Level(scale) => match member.kind {
                Kind::String | Kind::Number => match stated_level::stated(words, scale, value) {
                    Some(stated_level::Stated::Word(level)) if rank < self.level => {
                        (self.level, parsed.level) = (rank, Some(level));
                    }
                    Some(number @ stated_level::Stated::Number(..))
                        if self.number.is_none_or(|(best, _)| rank < best) =>
                    {
                        self.number = Some((rank, number));
                    }
                    _ => {}
                },
                _ => {}
            },
            Role::Time if rank < self.time && matches!(member.kind, Kind::String | Kind::Number) => {
                self.hear_time(rank, stamp::whole(value, reading, clock), parsed);
            }
            Role::Python => self.python = true,
            Role::Message | Role::Cause | Role::Time => {}
        }
    }

    fn hear_time(&mut self, rank: u16, time_ns: Option<i64>, parsed: &mut Parsed) {
        if rank < self.time && time_ns.is_some() {
            (self.time, parsed.time_ns) = (rank, time_ns);
        }
    }

    /// The first of the names of topics that holds one.
    fn hear_type(&mut self, key: &[u8], value: &[u8], member: &Member, parsed: &mut Parsed) {
        if let Some(rank) = TYPES.iter().position(|name| *name == key)
            && rank < self.kind
            && member.kind == Kind::String
            && is_topic(value)
        {
            (self.kind, parsed.name) = (rank, member.value);
        }
    }

    /// A member of an object that stands where the time does: `{"$date": …}`, `{"epochSecond": …, "nanoOfSecond": …}`.
    fn hear_part_of_time(
        &mut self,
        key: &[u8],
        member: &Member,
        containers: &[Container],
        reading: &Reading<'_>,
        clock: &Clock,
        parsed: &mut Parsed,
    ) {
        let is_date = matches!(key, b"$date" | b"$numberLong");
        if !is_date && !matches!(key, b"epochSecond" | b"seconds" | b"nanoOfSecond" | b"nanos") {
            return;
        }
        let raw = reading.raw;
        let mut around = containers.get(usize::from(member.container).wrapping_sub(1));
        if key == b"$numberLong" {
            around = around
                .filter(|date| date.key.span.of(raw) == b"$date")
                .and_then(|date| containers.get(usize::from(date.parent).wrapping_sub(1)));
        }
        let Some(time) = around.filter(|time| time.parent == 0) else { return };
        let Some((Role::Time, rank)) = clock.vocabulary.key(time.key.span.of(raw)) else { return };
        let value = member.value.span.of(raw);
        if is_date {
            self.mongodb.has_date |= time.key.span.of(raw) == b"t";
            return self.hear_time(rank, stamp::whole(value, reading, clock), parsed);
        }
        let number = std::str::from_utf8(value).ok().and_then(|text| text.parse().ok());
        match key {
            b"epochSecond" | b"seconds" => self.seconds.0 = number,
            _ => self.seconds.1 = number.filter(|nanos| (0..1_000_000_000).contains(nanos)).unwrap_or(0),
        }
    }
}

impl Mongodb {
    fn hear(&mut self, key: u8, value: &[u8]) {
        match (key, value) {
            (b's', [b'D', b'3'..=b'5']) => self.level = Some(Level::Trace),
            (b's', [letter @ (b'F' | b'E' | b'W' | b'I' | b'D')] | [letter @ b'D', b'1'..=b'2']) => {
                self.level = vocabulary::letter(*letter);
            }
            (b'c', _) => self.has_component = true,
            _ => {}
        }
    }
}

/// What a member stands for by its key, or by its path where it is nested.
fn role(member: &Member, containers: &[Container], raw: &[u8], words: &Vocabulary) -> Option<(Role, u16)> {
    let key = member.key.span.of(raw);
    if member.container == 0 {
        return words.key(key);
    }
    // The path is put together only where its length and its first letter are those of some key.
    let field = Field { container: member.container, ..Field::new(member.key, member.value, f64::NAN) };
    let around = || field.containers(containers).map(|container| container.key.span.of(raw));
    let len = around().fold(key.len(), |len, key| len.saturating_add(key.len() + 1));
    let first = *around().last()?.first()?;
    if !words.may_be_key(first, *key.last()?, len) {
        return None;
    }
    let mut path = [b'.'; LONGEST];
    let mut start = len;
    for key in std::iter::once(key).chain(around()) {
        path[start - key.len()..start].copy_from_slice(key);
        start = (start - key.len()).saturating_sub(1);
    }
    words.key(&path[..len])
}

/// A dotted name such as `signal.input.text`. A single word says what an application means by it, which is no topic; and
/// nobody poses as the engine, or as another format.
fn is_topic(value: &[u8]) -> bool {
    let word = |segment: &[u8]| {
        !segment.is_empty() && segment.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
    };
    let mut segments = value.split(|byte| *byte == b'.');
    let first = segments.next().unwrap_or_default();
    let taken = OURS.iter().any(|ours| first.eq_ignore_ascii_case(ours));
    value.contains(&b'.') && word(first) && !first[0].is_ascii_digit() && !taken && segments.all(word)
}

/// The whole reading as a text.
pub(super) fn whole(raw: &[u8]) -> Text {
    Text { span: Span::new(0, raw.len()), escaped: false }
}

/// Keeps a member as a field, up to `limit` fields.
pub(super) fn keep(member: &Member, raw: &[u8], parsed: &mut Parsed, limit: usize) {
    if parsed.fields.len() >= limit {
        // The text of the array is a field, or one that is left out.
        parsed.left_out += u32::from(!member.in_array);
        return;
    }
    let number = match member.kind {
        Kind::Number => number::decimal(member.value.span.of(raw)).unwrap_or(f64::NAN),
        _ => f64::NAN,
    };
    parsed.fields.push(Field {
        container: member.container,
        in_array: member.in_array,
        ..Field::new(member.key, member.value, number)
    });
}

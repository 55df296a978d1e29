//! Logs whose lines are columns that a header names: `#Fields:` of W3C, which IIS and others write, and `#fields` of Zeek.
//!
//! A header makes a format, whose name says its columns, so that whoever has the name can read the lines.

use super::declared::{Declared, GROUPS, Pattern};
use super::fields::{Group, Levels, Meaning, Number, Time};
use super::{known, latest, number};
use ng_wire::Level;
use regex_syntax::ParserBuilder;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Most formats that headers make in a process. What more headers name is text.
const MOST: usize = 256;
/// Longest name.
const NAME: usize = 1024;

static COUNT: AtomicUsize = AtomicUsize::new(0);

/// One kind of header.
struct Header {
    /// The first word of the names of its formats.
    name: &'static str,
    title: &'static str,
    url: &'static str,
    /// What the line begins with.
    mark: &'static [u8],
    /// What stands between the columns of a line, and a column that may hold anything else.
    between: &'static str,
    column: &'static str,
    /// The column that holds the time, where it is one.
    time: &'static str,
}

static HEADERS: [Header; 2] = [
    Header {
        name: "w3c",
        title: "Extended log of W3C, by its #Fields; times are UTC",
        url: "https://www.w3.org/TR/WD-logfile.html",
        mark: b"#Fields:",
        between: "[ \\t]",
        column: r#"(?:"[^"]*"|[^ \t"][^ \t]*)"#,
        time: "time",
    },
    Header {
        name: "zeek",
        title: "Log of Zeek, by its #fields",
        url: "https://docs.zeek.org/en/master/log-formats.html",
        mark: b"#fields\t",
        between: "\\t",
        column: "[^\\t]*",
        time: "ts",
    },
];

/// The line is a header, whether it names columns or not.
pub(super) fn is_header(line: &[u8]) -> bool {
    HEADERS.iter().any(|header| line.starts_with(header.mark))
}

/// A header made the format of this number.
pub(super) fn is_one(number: u16) -> bool {
    known(number).is_some_and(|format| HEADERS.iter().any(|header| std::ptr::eq(header.title, format.title)))
}

/// The format that a line names the columns of.
pub(super) fn of_header(line: &[u8]) -> Option<&'static Declared> {
    let header = HEADERS.iter().find(|header| line.starts_with(header.mark))?;
    let columns = std::str::from_utf8(&line[header.mark.len()..]).ok()?;
    let mut name = header.name.to_owned();
    for column in columns.split_ascii_whitespace() {
        name.push(' ');
        name.push_str(column);
    }
    of_name(&name)
}

/// The format of a name that a header gave.
pub(super) fn of_name(name: &str) -> Option<&'static Declared> {
    let (kind, columns) = name.split_once(' ')?;
    let header = HEADERS.iter().find(|header| header.name == kind)?;
    if let Some(known) = latest(name) {
        return Some(known);
    }
    let is_column = |column: &str| !column.is_empty() && column.bytes().all(|byte| byte.is_ascii_graphic());
    if name.len() > NAME || !columns.split(' ').all(is_column) || COUNT.load(Ordering::Relaxed) == MOST {
        return None;
    }
    let name: &'static str = name.to_owned().leak();
    let columns: Vec<&'static str> = name.split(' ').skip(1).collect();
    let draft = Declared {
        name,
        title: header.title,
        url: header.url,
        path: "",
        text: name,
        number: 0,
        patterns: vec![header.pattern(&columns, name)?],
        samples: Vec::new(),
    };
    COUNT.fetch_add(1, Ordering::Relaxed);
    number(draft, "").ok()
}

impl Header {
    /// The pattern of lines with these columns. Those beyond the most groups of a pattern are not read.
    fn pattern(&self, columns: &[&'static str], name: &str) -> Option<Pattern> {
        // Rows of a format with a time are told from other lines by it.
        if columns.len() < 2 || !columns.contains(&self.time) {
            return None;
        }
        let mut expression = String::new();
        let mut groups = Vec::new();
        let mut left = columns;
        while let Some((column, rest)) = left.split_first() {
            if !expression.is_empty() {
                expression.push_str(self.between);
            }
            if groups.len() == GROUPS {
                expression.push_str("(?s-u:.)*");
                break;
            }
            // A date and the time behind it are one column.
            let both = self.time == "time" && left.starts_with(&["date", "time"]);
            let meaning = match *column {
                _ if both => time(),
                column if column == self.time => time(),
                column => Meaning::Number(Number { unit: unit(column) }, levels(column)),
            };
            groups.push(Group { index: groups.len() + 1, name: column, meaning });
            expression.push('(');
            expression.push_str(if both { r"\d{4}-\d\d-\d\d[ \t]\d\d:\d\d:\d\d(?:\.\d+)?" } else { self.column });
            expression.push(')');
            left = if both { &rest[1..] } else { rest };
        }
        let hir = ParserBuilder::new().utf8(false).unicode(false).build().parse(&expression).ok()?;
        Some(Pattern::new(hir, groups, false, name.to_owned()))
    }
}

fn time() -> Meaning {
    Meaning::Time(Time { spelling: None, is_utc: true })
}

/// The unit of a column that its name tells.
fn unit(column: &str) -> &'static str {
    if column.ends_with("bytes") { "B" } else { "" }
}

/// The levels of the statuses of HTTP.
fn levels(column: &str) -> Levels {
    match column {
        "sc-status" | "status_code" => {
            Levels { from: vec![(500.0, Level::Error), (400.0, Level::Warn)], ..Levels::default() }
        }
        _ => Levels::default(),
    }
}

//! The commented configuration file that `config init` writes, and the reference page, from the same tables.

use super::sections::sections;
use ng_model::settings::{Accepts, Row, Shown};
use ng_wire::SettingValue;
use std::fmt::Write;

/// A configuration file in which every key stands as a comment with its default.
pub fn template() -> String {
    let mut text =
        String::from("# Configuration of neurograph-tui. Every key shows its default; remove the # to change it.\n");
    for section in sections() {
        let _ = write!(text, "\n# {}\n[{}]\n", section.summary, section.path);
        for row in &section.rows {
            let _ = write!(text, "# {}{}\n# {} = {}\n", row.summary, range(row), row.key, toml_value(&row.default()));
        }
    }
    text.push_str(
        "\n# Alert rules: name = \"when FILTER [count >= N in TIME | absent for TIME | rate > Nx usual in TIME | new | anomaly] [for TIME]\n\
         # [by pattern|source|attr.NAME] [unless RULE, ... fires] then notify|log, ... [level LEVEL] [cooldown TIME]\"\n[alerts]\n\
         # errors = \"when level>=error count >= 10 in 1m then notify cooldown 5m\"\n\
         \n# Saved filters, used as @name.\n[filters]\n# ssh = \"source:auth sshd\"\n\
         \n# Names of levels besides those that are known: word = \"trace|debug|info|notice|warn|error|fatal\".\n[reading.levels]\n# disaster = \"fatal\"\n\
         \n# Keys by the id of their action.\n[keys]\n# \"events.pause\" = \"p\"\n\
         \n# Engines elsewhere: a name for what --url and connect take.\n[profiles]\n# web = \"ssh://web-1\"\n\
         # api = \"https://api.example.org:8443\"\n\
         \n# The colour in which the console names the engine of a profile.\n[profile_colours]\n# web = \"error\"\n\
         \n# The file whose first line is the token of a profile.\n[profile_tokens]\n# api = \"~/.config/neurograph-tui/api.token\"\n\
         \n# The certificates, PEM, that a profile trusts instead of those of the system.\n[profile_certificates]\n\
         # api = \"~/.config/neurograph-tui/api.pem\"\n\
         \n# The zone in which a source writes times that state none.\n[sources]\n\
         # \"file:/var/log/app.log\".zone = \"Europe/Berlin\"\n\
         \n# Abbreviations of zones that mean something else in these logs: an offset from UTC.\n[reading.abbreviations]\n\
         # CST = \"+08:00\"\n",
    );
    text
}

/// A Markdown table of every setting.
pub fn reference() -> String {
    let mut text = String::new();
    for section in sections() {
        let _ = write!(
            text,
            "\n## `[{}]`\n\n{}\n\n| key | default | what it changes |\n|---|---|---|\n",
            section.path, section.summary
        );
        for row in &section.rows {
            let default = toml_value(&row.default()).replace('|', "\\|");
            let _ =
                writeln!(text, "| `{}` | `{}` | {}{} |", row.key, default, row.summary.replace('|', "\\|"), range(row));
        }
    }
    text
}

fn range(row: &Row) -> String {
    let unit = if row.unit.is_empty() { String::new() } else { format!(" {}", row.unit) };
    match row.accepts {
        Accepts::Int(_, min, max) => format!(" ({min} to {max}{unit})"),
        Accepts::Float(_, min, max) => format!(" ({} to {}{unit})", Shown(min), Shown(max)),
        Accepts::Choice(values) => format!(" ({})", values.join(", ")),
        _ => String::new(),
    }
}

/// A value in TOML notation.
pub fn toml_value(value: &SettingValue) -> String {
    match value {
        SettingValue::Bool(value) => value.to_string(),
        SettingValue::Int(value) => value.to_string(),
        SettingValue::Float(value) => format!("{value:?}"),
        SettingValue::Text(value) => toml::Value::String(value.clone()).to_string(),
        SettingValue::List(values) => {
            toml::Value::Array(values.iter().cloned().map(toml::Value::String).collect()).to_string()
        }
    }
}

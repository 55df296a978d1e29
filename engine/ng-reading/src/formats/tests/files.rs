//! The files that are built in, and files that are wrong.

use super::with;
use crate::encoders::Clock;
use crate::formats::built_in::BUILT_IN;
use crate::formats::{Formats, check, known, name_of, number_of};
use crate::recogniser::Recogniser;
use regex_automata::dfa::onepass;

#[test]
fn every_sample_of_every_built_in_format_comes_out() {
    let formats = Formats::built_in();
    for format in formats.iter() {
        format.compile().unwrap_or_else(|fault| panic!("{fault:?}"));
        let faults = check::samples(format);
        assert!(faults.is_empty(), "{faults:#?}");
        assert!(format.samples() >= 3, "{} has {} samples", format.name, format.samples());
        assert!(format.url.starts_with("https://") && !format.title.is_empty(), "{}", format.name);
    }
    assert!(formats.iter().count() >= 40);
}

#[test]
fn no_built_in_format_reads_the_samples_of_another() {
    for format in Formats::built_in().iter() {
        for sample in &format.samples {
            let recogniser = Recogniser::new(Clock::utc()).trying(Formats::built_in());
            let (name, _) = super::read(&recogniser, 1, sample.line.as_bytes());
            assert_eq!(name, format.name, "{}", sample.line);
        }
    }
}

#[test]
fn every_file_is_in_the_table() {
    let files = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/formats")).unwrap();
    let mut names: Vec<String> = files.map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
    let mut listed: Vec<String> = BUILT_IN.iter().map(|(name, _)| format!("{name}.toml")).collect();
    names.sort();
    listed.sort();
    assert_eq!(names, listed);
}

/// The worked example of the guide.
#[test]
fn the_format_of_the_guide_is_one() {
    let guide = include_str!("../../../../../docs/READING.md");
    let example = guide
        .split("```toml\n")
        .find(|block| block.starts_with("title"))
        .and_then(|rest| rest.split("```").next())
        .unwrap();
    let (formats, faults) = with("shop", example);
    assert_eq!(faults, []);
    assert_eq!(formats.named("shop").unwrap().samples(), 2);
}

/// A pattern that leaves open where its groups end takes many times as long.
#[test]
fn the_groups_of_every_built_in_pattern_follow_from_one_look_at_each_byte() {
    let builder = || onepass::Builder::new();
    let mut faults = Vec::new();
    for format in Formats::built_in().iter() {
        for pattern in format.patterns() {
            let nfa = pattern.with_groups();
            let config = onepass::Config::new().size_limit(Some(2 << 20));
            if let Err(error) = builder().configure(config).build_from_nfa(nfa) {
                faults.push(format!("{}: {error}", pattern.place));
            }
        }
    }
    assert!(faults.is_empty(), "{faults:#?}");
}

#[test]
fn numbers_and_names_are_of_each_other() {
    for format in Formats::built_in().iter() {
        assert_eq!(name_of(format.number), format.name);
        // Of several formats of a name the latest counts.
        assert_eq!(name_of(number_of(format.name)), format.name);
    }
    assert!(known(0).is_none() && known(u16::MAX).is_none());
    assert_eq!((number_of("none"), name_of(0)), (0, ""));
}

/// Checks that a file is refused at a place, and what is said of it.
fn refused(name: &str, text: &str, place: &str, what: &str) {
    let (formats, faults) = with(name, text);
    let told: Vec<String> = faults.iter().map(|fault| format!("{} {}", fault.place, fault.what)).collect();
    let expected = format!("formats/{name}.toml:{place} ");
    assert!(told.iter().any(|told| told.starts_with(&expected) && told.contains(what)), "{told:#?}");
    assert!(formats.named(name).is_none(), "{name} is wrong, and loaded");
    assert_eq!(formats.iter().count(), Formats::built_in().iter().count(), "the others are loaded");
}

const SAMPLE: &str = "\n[[sample]]\nline = 'a 7'\nfields = { word = 'a' }\n";

#[test]
fn wrong_files_are_refused_where_they_are_wrong() {
    let good = r"title = 'T'
pattern = '(?P<word>\w+) (?P<count>\d+)'
";
    refused("w01", "title = \n", "1:9", "not valid TOML");
    refused("w02", &format!("titel = 'T'\n{SAMPLE}"), "1:1", "did you mean title?");
    refused("w03", &format!("pattern = '(?P<word>.*)'\n{SAMPLE}"), "1:1", "a format has title");
    refused("w04", "title = 'T'\n", "1:1", "a format has pattern");
    refused("w05", good, "1:1", "a format has [[sample]]");
    refused("w06", &format!("title = 7\npattern = '(?P<a>.)'{SAMPLE}"), "1:9", "expected a text");
    refused("w07", &format!("title = 'T'\npattern = 'a(?P<word>b'{SAMPLE}"), "2:13", "unclosed group");
    refused("w08", &format!("title = 'T'\npattern = '''(?x)\n  a\n  [z-a]'''{SAMPLE}"), "4:4", "range");
    refused("w09", &format!("title = 'T'\npattern = 'ab'{SAMPLE}"), "2:11", "expected 1 to 32 groups");
    refused("w10", &format!("{good}[fields]\nnumber = 'number'\n{SAMPLE}"), "4:1", "no group (?P<number>");
    refused("w11", &format!("{good}[fields]\ncount = 'integer'\n{SAMPLE}"), "4:9", "expected time, level,");
    refused("w12", &format!("{good}[fields]\ncount = {{ unit = 's' }}\n{SAMPLE}"), "4:9", "expected a kind");
    refused(
        "w13",
        &format!("{good}[fields]\ncount = {{ kind = 'number', units = 's' }}\n{SAMPLE}"),
        "4:28",
        "mean unit?",
    );
    refused(
        "w14",
        &format!("{good}[fields]\ncount = {{ kind = 'number', unit = 'ells' }}\n{SAMPLE}"),
        "4:35",
        "a unit",
    );
    refused(
        "w15",
        &format!("{good}[fields]\ncount = {{ kind = 'number', levels = {{ high = 'error' }} }}\n{SAMPLE}"),
        "4:39",
        "expected a number",
    );
    refused(
        "w16",
        &format!("{good}[fields]\nword = {{ kind = 'text', levels = {{ a = 'loud' }} }}\n{SAMPLE}"),
        "4:40",
        "expected a level",
    );
    refused("w17", &format!("{good}[fields]\nword = {{ kind = 'time', notation = '%Q' }}\n{SAMPLE}"), "4:36", "one of");
    refused(
        "w18",
        &format!("{good}[fields]\nword = {{ kind = 'time', zone = 'mars' }}\n{SAMPLE}"),
        "4:32",
        "utc or local",
    );
    refused("w19", &format!("{good}[[sample]]\nline = 'a b'\n"), "4:8", "does not read this line");
    refused("w20", &format!("{good}[[sample]]\nline = 'a 7'\nlevel = 'warn'\n"), "4:8", "level is none, expected warn");
    refused("w21", &format!("{good}[[sample]]\nline = 'a 7'\ntime = 'soon'\n"), "5:8", "expected a time");
    refused(
        "w22",
        &format!("{good}[[sample]]\nline = 'a 7'\nfields = {{ word = 'b' }}\n"),
        "4:8",
        "word is a, expected b",
    );
    refused("w23", &format!("{good}[[sample]]\ntime = '2026-11-22T10:00:00Z'\n"), "3:1", "expected a line");
    refused(
        "w24",
        &format!("{good}[fields]\nword = 'address'\ncount = 'path'\n[[sample]]\nline = 'a 7'\n"),
        "7:8",
        "count is 7",
    );
    refused("w25", &format!("{good}[fields]\nword = 'number'\n{SAMPLE}"), "7:8", "word is a, expected a number");
    refused("w26", &format!("title = 'T'\npattern = '(?P<a>(?:x{{900}}){{900}})'{SAMPLE}"), "2:11", "takes more than");
    refused(
        "w27",
        &format!("title = 'T'\npattern = '(?P<time>.)(?P<word>.)'\n[fields]\nword = 'time'{SAMPLE}"),
        "2:11",
        "one group",
    );
    refused("w 28", &format!("{good}{SAMPLE}"), "1:1", "a name of a format");
    refused("w29", &format!("{good}sample = 'a 7'\n"), "3:10", "expected [[sample]] tables");
}

#[test]
fn a_file_replaces_the_one_of_its_name_and_goes_before_all() {
    let text = format!("\u{feff}title = 'Ours'\npattern = '(?P<word>\\w+) (?P<count>\\d+)'{SAMPLE}");
    let (formats, faults) = with("redis", &text);
    assert_eq!(faults, []);
    assert_eq!(formats.iter().next().map(|format| (format.name, format.title)), Some(("redis", "Ours")));
    assert_eq!(formats.iter().filter(|format| format.name == "redis").count(), 1);
    let again = with("redis", &text).0;
    assert_eq!(
        again.named("redis").unwrap().number,
        formats.named("redis").unwrap().number,
        "the same file is read once"
    );
}

use super::*;

fn file(text: &str) -> Layer {
    Layer::File { name: "ng.toml".into(), text: text.into(), table: String::new() }
}

fn faults(text: &str) -> Vec<String> {
    match Config::resolve(&[file(text)]) {
        Ok(_) => Vec::new(),
        Err(errors) => errors.iter().map(ToString::to_string).collect(),
    }
}

#[test]
fn faults_name_file_line_column_and_the_nearest_name() {
    let cases = [
        ("[ring\n", "NG-2101 ng.toml:1:6: not valid TOML:"),
        ("[ring]\ncapcity = 5", "NG-2103 ng.toml:2:1: unknown key capcity; did you mean capacity? in ring"),
        (
            "[sensors.hots]\ninterval_s = 1",
            "NG-2103 ng.toml:2:1: unknown table sensors.hots; did you mean sensors.host?",
        ),
        (
            "[ring]\n  capacity = \"many\"",
            "NG-2104 ng.toml:2:3: ring.capacity: expected a whole number from 1024 to 100000000",
        ),
        (
            "[ring]\ncapacity = 1979-05-27",
            "NG-2102 ng.toml:2:1: ring.capacity: expected a text, number, boolean or list",
        ),
        ("[alerts]\nx = 5", "NG-2104 ng.toml:2:1: alerts.x: expected a text"),
        ("capacity = 5", "NG-2103 ng.toml:1:1: unknown table capacity"),
        (
            "[reading.levels]\nboom = \"loud\"",
            "NG-2104 ng.toml:2:1: reading.levels.boom: expected one of trace, debug, info, notice, warn, error, fatal",
        ),
        (
            "[reading.levels]\n\"two words\" = \"error\"",
            "NG-2104 ng.toml:2:1: reading.levels.two words: expected a word of 2 to 64 letters of ASCII, found",
        ),
        (
            "[reading.keys]\nlevel = [\"\"]",
            "NG-2104 ng.toml:2:1: reading.keys.level: expected a key of 1 to 64 bytes, found ''",
        ),
        (
            "[reading.keys]\nlevle = [\"l\"]",
            "NG-2103 ng.toml:2:1: unknown key levle; did you mean level? in reading.keys",
        ),
        (
            "[sources]\nweb.zone = \"Mars/Base\"",
            "NG-2104 ng.toml:2:5: sources.web.zone: expected a time zone such as Europe/Berlin, found \"Mars/Base\"",
        ),
        (
            "[sources.web]\nzoen = \"UTC\"",
            "NG-2103 ng.toml:2:1: unknown key zoen in sources.web; expected sources.NAME.zone",
        ),
        ("[sources]\nweb = \"UTC\"", "NG-2103 ng.toml:2:1: unknown key web in sources; expected sources.NAME.zone"),
        (
            "[reading.abbreviations]\nCST = \"Asia/Shanghai\"",
            "NG-2104 ng.toml:2:1: reading.abbreviations.CST: expected an offset such as +05:30, found \"Asia/Shanghai\"",
        ),
        (
            "[reading.abbreviations]\nCSTT = \"+08:00\"",
            "NG-2103 ng.toml:2:1: unknown abbreviation CSTT; did you mean CST?",
        ),
        ("[filters]\nbad = \"levle>=warn\"", "NG-2105 ng.toml:2:1, column 1 of the filter: filters.bad: "),
    ];
    for (text, expected) in cases {
        let found = faults(text);
        assert_eq!(found.len(), 1, "{text}: {found:?}");
        assert!(found[0].starts_with(expected), "{text}\n found {}\n wanted {expected}", found[0]);
    }
}

#[test]
fn every_fault_is_reported() {
    assert_eq!(faults("[ring]\ncapacity = 1\nextra = 2\n[nothing]\nx = 1").len(), 3);
}

#[test]
fn a_value_of_a_wrong_type_hides_no_other_fault() {
    let found = faults("[ring]\ncapacity = 1979-05-27\nextra = 2\n[filters]\nbad = \"levle>=warn\"");
    assert_eq!(found.len(), 3, "{found:?}");
}

#[test]
fn what_is_good_stands_beside_what_is_refused() {
    let good = file("[ring]\ncapacity = 2000\n[filters]\na = \"refused\"");
    let text = "[ring]\ncapacity = 1\n[filters]\nb = \"levle>=warn\"\n[reading.levels]\nboom = \"loud\"\n[profiles]\nw = \"ssh://w\"";
    let (config, found) = Config::examine(&[good, file(text)]);
    assert_eq!(found.len(), 3, "{found:?}");
    assert_eq!(config.get("ring.capacity"), Some(&SettingValue::Int(2000)));
    assert_eq!(config.texts("filters"), [("a".to_owned(), "refused".to_owned())].into());
    assert_eq!(config.texts("reading.levels"), BTreeMap::new());
    assert_eq!(config.texts("profiles").len(), 1);
    let layer = |(path, value, origin): (&str, &SettingValue, &Origin)| Layer::Value {
        name: origin.to_string(),
        path: path.into(),
        text: toml_value(value),
    };
    let again: Vec<Layer> = config.entries().map(layer).collect();
    assert!(Config::resolve(&again).is_ok(), "what is left is a whole configuration");
}

#[test]
fn a_server_needs_a_place_to_listen_on() {
    let served = |text: &str| Config::resolve(&[file(text)]).unwrap().check_is_served();
    assert_eq!(served("[server]\nsocket = \"none\""), Ok(()));
    assert_eq!(served("[server]\nlisten = []"), Ok(()));
    let error = served("[server]\nlisten = []\nsocket = \"none\"").unwrap_err();
    assert!(
        error.to_string().starts_with("NG-2107 ng.toml:2:1: server.listen: there is nothing to listen on"),
        "{error}"
    );
}

#[test]
fn a_later_layer_wins_and_says_where_it_comes_from() {
    let flag = Layer::Value { name: "flag --set".into(), path: "ring.capacity".into(), text: "9000".into() };
    let config = Config::resolve(&[file("\u{feff}[ring]\ncapacity = 2_000\n"), flag]).unwrap();
    assert_eq!(config.get("ring.capacity"), Some(&SettingValue::Int(9000)));
    assert_eq!(config.origin("ring.capacity").to_string(), "flag --set");
    assert_eq!(config.origin("console.theme").to_string(), "default");
    let config = Config::resolve(&[file("[ring]\ncapacity = 2_000\n")]).unwrap();
    assert_eq!(config.origin("ring.capacity").to_string(), "ng.toml:2:1");
}

#[test]
fn values_that_are_not_toml_are_texts() {
    let value = Layer::Value { name: "environment".into(), path: "console.theme".into(), text: "night".into() };
    let config = Config::resolve(&[value]).unwrap();
    assert_eq!(config.get("console.theme"), Some(&SettingValue::Text("night".into())));
}

#[test]
fn the_template_is_a_valid_configuration_with_and_without_its_comments() {
    let text = template();
    assert_eq!(faults(&text), Vec::<String>::new());
    // Sentences may hold an equals sign too; what stands before it is a key only without a space.
    let is_entry = |rest: &&str| rest.split_once(" = ").is_some_and(|(key, _)| !key.contains(' '));
    let open: String = text
        .lines()
        .map(|line| line.strip_prefix("# ").filter(is_entry).unwrap_or(line))
        .fold(String::new(), |all, line| all + line + "\n");
    assert!(open.contains("\ncapacity = "), "{open}");
    assert_eq!(faults(&open), Vec::<String>::new(), "{open}");
}

#[test]
fn sources_have_zones_and_abbreviations_a_meaning() {
    let text = "[sources.\"file:/var/log/app.1.log\"]\nzone = \"Europe/Berlin\"\n[reading.abbreviations]\nIST = \"+02:00\"\nNST = \"-03:30\"";
    let zones = Config::resolve(&[file(text)]).unwrap().zones(Zone::UTC);
    assert_eq!(zones.local, Zone::UTC);
    assert_eq!(
        zones.sources,
        [("file:/var/log/app.1.log".to_owned(), crate::zone::named("Europe/Berlin").unwrap())].into()
    );
    assert_eq!(zones.abbreviations, [("IST".to_owned(), 7200), ("NST".to_owned(), -12_600)].into());
    for offset in ["+2:00", "02:00", "+02", "+02:60", "+15:00", "", "+", "é2:00", "+-1:00"] {
        assert_eq!(faults(&format!("[reading.abbreviations]\nIST = \"{offset}\"")).len(), 1, "{offset}");
    }
}

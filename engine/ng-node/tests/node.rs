//! A node as a person starts it: from a configuration, with a state directory and real sensors.

use ng_core::convert;
use ng_core::route::Wanted;
use ng_core::store::Reader;
use ng_model::event::Parsed;
use ng_model::zone::Zone;
use ng_node::config::{Config, Layer};
use ng_node::history::Keeper;
use ng_node::{Node, NodeError, NodeOptions, StateAccess, Subscription};
use ng_wire::{Command, ErrorCode, Frame, Mode, ModuleView, Outcome, Record, Request, Scoring, SettingValue};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

/// Longer than anything here takes.
const PATIENCE: Duration = Duration::from_secs(60);

fn config(text: &str) -> Config {
    Config::resolve(&[Layer::File { name: "ng.toml".into(), text: text.into(), table: String::new() }]).unwrap()
}

fn open(text: &str, state: &Path, access: StateAccess) -> Result<Node, NodeError> {
    Node::open(&config(text), &NodeOptions { state_dir: state.into(), access, zone: Zone::UTC, keeper: None })
}

fn own(text: &str, state: &Path) -> Node {
    open(text, state, StateAccess::Own).unwrap()
}

/// A configuration whose only sensor reads a file from its beginning.
fn reading(file: &Path, rest: &str) -> String {
    let off = ["host", "stdin", "journald", "heartbeat"].map(|name| format!("[sensors.{name}]\nenabled = false\n"));
    let path = toml::Value::String(file.display().to_string());
    format!("{}[sensors.files]\npaths = [{path}]\nfrom = \"beginning\"\n{rest}\n", off.concat())
}

fn frame<T>(node: &Node, what: &str, of: impl Fn(Frame) -> Option<T>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = node.handle().frames(Duration::from_millis(100)).into_iter().find_map(&of) {
            return found;
        }
        assert!(Instant::now() < deadline, "{what} did not come");
    }
}

fn command(node: &Node, command: Command) -> Frame {
    node.handle().send(Request { id: 9, actor: "tester".into(), command }).unwrap();
    frame(node, "an answer", |frame| matches!(frame, Frame::Result { .. } | Frame::Error { .. }).then_some(frame))
}

fn modules(node: &Node) -> BTreeMap<String, ModuleView> {
    frame(node, "the modules", |frame| match frame {
        Frame::Modules(modules) => Some(modules.into_iter().map(|module| (module.id.clone(), module)).collect()),
        _ => None,
    })
}

fn everything(node: &Node) -> Subscription {
    node.subscribe(Wanted { lossless: true, rejected: true, ..Wanted::default() }).unwrap()
}

/// Everything asked of the engine so far has been done: subscriptions stand behind it in the same queue.
fn settle(node: &Node) {
    drop(everything(node));
}

/// The next records of a subscription, at least so many.
fn records(subscription: &mut Subscription, count: usize) -> Vec<Record> {
    let mut all = Vec::new();
    let deadline = Instant::now() + PATIENCE;
    while all.len() < count {
        assert!(Instant::now() < deadline, "only {all:?}");
        for frame in subscription.read(256, Duration::from_millis(100)).expect("the stream goes on") {
            match frame {
                Frame::Records(records) => all.extend(records),
                other => panic!("{other:?}"),
            }
        }
    }
    all
}

#[test]
fn what_commands_changed_is_there_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path().join("deep/state");
    let node = own("", &state);
    assert!(modules(&node)["signal_system"].enabled);
    let values = BTreeMap::from([("warm_up".to_string(), SettingValue::Int(5))]);
    let commands = [
        Command::SetModule { module: "signal_system".into(), enabled: false },
        Command::Configure { module: "intuition_engine".into(), values },
        Command::SetRuleMode { rule: "bounds".into(), mode: Mode::Enforce },
    ];
    for wanted in commands {
        assert!(matches!(command(&node, wanted), Frame::Result { id: 9, .. }));
    }
    drop(node);

    // The flag set by a command goes before the one configured.
    let node = own("[modules.signal_system]\nenabled = true\n[modules.action_controller]\nenabled = false", &state);
    let found = modules(&node);
    assert!(!found["signal_system"].enabled && !found["action_controller"].enabled && found["gateway"].enabled);
    assert_eq!(found["intuition_engine"].values["warm_up"], SettingValue::Int(5));
    assert_eq!(found["guardian"].values["bounds.mode"], SettingValue::Text("enforce".into()));
    settle(&node);
    assert_eq!(node.store().lock().next_seq(), 0, "a restart without a problem is no event");
}

#[test]
fn a_second_node_on_the_same_state_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let first = own("", folder.path());
    let error = open("", folder.path(), StateAccess::Own).err().unwrap();
    assert_eq!((error.code, error.exit), ("NG-3101", 75));
    assert_eq!(error.place, folder.path().display().to_string());
    assert!(error.what.contains(&std::process::id().to_string()), "{error}");
    drop(first);
    own("", folder.path());
}

#[test]
fn a_reader_of_the_state_writes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let owner = own("", folder.path());
    let switched = command(&owner, Command::SetModule { module: "signal_system".into(), enabled: false });
    assert!(matches!(switched, Frame::Result { id: 9, .. }));
    let listing = || {
        let files = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path());
        let mut files: Vec<_> = files.map(|path| (path.clone(), fs::read(path).unwrap())).collect();
        files.sort();
        files
    };
    let before = listing();
    let reader = open("", folder.path(), StateAccess::ReadOnly).unwrap();
    assert!(!modules(&reader)["signal_system"].enabled);
    let switched = command(&reader, Command::SetModule { module: "gateway".into(), enabled: false });
    assert!(matches!(switched, Frame::Result { id: 9, .. }));
    assert!(!modules(&reader)["gateway"].enabled, "the command holds for as long as the reader runs");
    assert_eq!(listing(), before);

    let missing = folder.path().join("missing");
    open("", &missing, StateAccess::ReadOnly).unwrap();
    assert!(!missing.exists());
}

#[test]
fn a_state_that_does_not_fit_is_told_as_an_event() {
    let folder = tempfile::tempdir().unwrap();
    let state = r#"{"version":1,"enabled":{"quarantine":true},"settings":{"grid":{"k":0,"window":64}}}"#;
    fs::write(folder.path().join("state.json"), state).unwrap();
    let node = own("", folder.path());
    settle(&node);
    assert_eq!(modules(&node)["grid"].values["window"], SettingValue::Int(64));
    let mut reader = Reader::new(node.store().clone());
    let mut text = |seq| {
        let record = reader.get(seq, |stored| convert::record(stored, &mut Parsed::default()).into_owned()).unwrap();
        (record.kind.into_owned(), record.text.into_owned())
    };
    let told = |text: &str| ("state.problem".to_string(), format!("a saved setting is left out: {text}"));
    assert_eq!(text(0), told("unknown module quarantine"));
    assert_eq!(text(1), told("grid.k: expected a whole number from 1 to 256"));
    assert_eq!(node.store().lock().next_seq(), 2);
}

#[test]
fn a_state_that_cannot_be_written_refuses_commands() {
    let folder = tempfile::tempdir().unwrap();
    let node = own("", folder.path());
    // A directory in the place of the draft cannot be opened for writing, whoever asks.
    fs::create_dir(folder.path().join("state.json.draft")).unwrap();
    let answer = command(&node, Command::SetModule { module: "gateway".into(), enabled: false });
    assert!(
        matches!(&answer, Frame::Error { id: 9, code: ErrorCode::Internal, message } if message.contains("nothing was changed")),
        "{answer:?}"
    );
    assert!(modules(&node)["gateway"].enabled);
    assert_eq!(node.store().lock().next_seq(), 0);
}

#[test]
fn every_section_of_the_configuration_reaches_the_engine() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("app.log");
    fs::write(&log, "printer on fire\nshort\nthis line is longer than twenty bytes\n").unwrap();
    let text = reading(
        &log,
        r#"
        [ring]
        capacity = 2048
        [filters]
        burning = "fire | smoke"
        [alerts]
        fire = "when @burning then notify level error"
        [guardian.size_limit]
        limit = 20
        mode = "enforce"
        when = "!@burning"
        [modules.intuition_engine]
        warm_up = 1
        [modules.gateway]
        max_reading_bytes = 300
        "#,
    );
    let mut node = own(&text, &folder.path().join("state"));
    assert_eq!(node.store().lock().capacity(), 2048);
    let mut all = everything(&node);
    node.start_sensors();
    let (found, told): (Vec<_>, Vec<_>) =
        records(&mut all, 4).into_iter().partition(|record| record.source != "engine");
    assert_eq!(told.iter().map(|record| &*record.kind).collect::<Vec<_>>(), ["alert.firing"]);
    let source = format!("file:{}", log.display());
    assert!(found.iter().all(|record| record.source == source), "{found:?}");
    let outcomes: Vec<_> = found.iter().map(|record| (&*record.text, record.verdict.outcome)).collect();
    let expect = [
        ("printer on fire", Outcome::Admit),
        ("short", Outcome::Admit),
        ("this line is longer than twenty bytes", Outcome::Reject),
    ];
    assert_eq!(outcomes, expect);
    let states: Vec<_> = found.iter().map(|record| record.detection.state).collect();
    assert_eq!(states, [Scoring::Learning, Scoring::Scored, Scoring::Unscored]);
    let (origin, text) = frame(&node, "a notice", |frame| match frame {
        Frame::Notice(notice) => Some((notice.origin, notice.text)),
        _ => None,
    });
    assert_eq!(
        (origin.as_str(), text.as_str()),
        ("fire", "fire: 1 event matches \"@burning\": printer on fire (last seq 0)")
    );
    let values = &modules(&node)["gateway"].values;
    assert_eq!(values["max_reading_bytes"], SettingValue::Int(300));
    node.stop();
    assert!(all.read(1, PATIENCE).is_none(), "the stream has come to its end");
}

#[test]
fn contradictions_are_refused_with_their_place() {
    let folder = tempfile::tempdir().unwrap();
    let cases = [
        ("[alerts]\nx = \"when level>=error then shout\"", "NG-2106 ng.toml:2:1, column "),
        (
            "[alerts]\nx = \"when level>=error unless y fires then log\"",
            "NG-2106 ng.toml:2:1, column 26 of the rule: alerts.x: expected the name of an alert rule",
        ),
        ("[guardian.bounds]\nmin = 5\nmax = 1", "NG-2105 guardian: bounds.min: expected at most max"),
        ("[sensors.files]\npaths = [\"/a/[\"]", "NG-2104 ng.toml:2:1: sensors.files.paths: "),
    ];
    for (text, expect) in cases {
        let error = open(text, &folder.path().join("state"), StateAccess::Own).err().unwrap();
        assert!(error.to_string().starts_with(expect), "{text}\n found {error}\n wanted {expect}");
        assert_eq!(error.exit, 78);
    }
    // A refused configuration leaves the state free.
    own("", &folder.path().join("state"));
}

/// What is computed in the child process of the test below: scores of a fixed file, to the last bit.
const CHILD: &str = "NG_TEST_SCORES_OF";

#[test]
fn scores_of_the_file_in_the_environment() {
    let Some(folder) = std::env::var_os(CHILD) else { return };
    let folder = Path::new(&folder);
    let text = reading(&folder.join("app.log"), "[guardian.rate_limit]\nwhen = \"source:nobody\"");
    let mut node = open(&text, folder, StateAccess::ReadOnly).unwrap();
    let mut all = everything(&node);
    node.start_sensors();
    let scores: Vec<String> = records(&mut all, LINES)
        .iter()
        .map(|record| {
            let found = &record.detection;
            let numbers = [found.novelty, found.surprise, found.strength].map(|number| number.unwrap().to_bits());
            format!("{numbers:?} {:?} {:?}", found.nearest, found.pattern)
        })
        .collect();
    let name = std::env::var("NG_SIMD").unwrap_or_else(|_| "auto".into());
    fs::write(folder.join(name), scores.join("\n")).unwrap();
}

const LINES: usize = 3000;

#[test]
fn the_scalar_kernel_gives_the_same_scores() {
    let folder = tempfile::tempdir().unwrap();
    let line = |i: usize| match i % 3 {
        0 => format!("load={}", ((i * 7919) % 1000) as f64 / 7.0),
        1 => format!("v=[{},{},3,4,5,6,7,{}]", i % 11, (i * 31) % 17, (i * 7) % 5),
        _ => format!("2024-05-01T10:{:02}:{:02}Z worker {} took {} ms", i / 60 % 60, i % 60, i % 7, (i * 37) % 100),
    };
    let text: Vec<String> = (0..LINES).map(|i| line(i) + "\n").collect();
    fs::write(folder.path().join("app.log"), text.concat()).unwrap();
    let scores = |simd: Option<&str>| {
        let mut child = std::process::Command::new(std::env::current_exe().unwrap());
        child
            .args(["scores_of_the_file_in_the_environment", "--exact"])
            .env(CHILD, folder.path())
            .env_remove("NG_SIMD");
        if let Some(simd) = simd {
            child.env("NG_SIMD", simd);
        }
        let output = child.output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
        fs::read_to_string(folder.path().join(simd.unwrap_or("auto"))).unwrap()
    };
    let (auto, scalar) = (scores(None), scores(Some("scalar")));
    assert_eq!(auto.lines().count(), LINES);
    assert!(auto.lines().any(|line| !line.starts_with("[0, 0, 0]")));
    for (number, (auto, scalar)) in auto.lines().zip(scalar.lines()).enumerate() {
        assert_eq!(auto, scalar, "line {number}");
    }
}

/// Files are not read on where they ended, for nobody knows.
const UNKEPT: &str = "[history]\nenabled = false";

/// A node that goes on where the last one with the state directory ended.
fn serving(text: &str, state: &Path) -> Node {
    let options = NodeOptions {
        state_dir: state.into(),
        access: StateAccess::Own,
        zone: Zone::UTC,
        keeper: Some(Keeper::Server),
    };
    Node::open(&config(text), &options).unwrap()
}

fn gauge(node: &Node, module: &str, name: &str) -> f64 {
    let module = modules(node).remove(module).unwrap();
    module.gauges.iter().find(|gauge| gauge.name == name).unwrap().value
}

#[test]
fn what_was_learnt_is_there_after_a_restart_of_an_engine_that_serves() {
    let folder = tempfile::tempdir().unwrap();
    let (file, state) = (folder.path().join("in.log"), folder.path().join("state"));
    fs::write(&file, "load=1.5\nlink eth0 is up after 3 s\nlink is gone\n".repeat(40)).unwrap();
    let run = |node: &mut Node| {
        let mut all = everything(node);
        node.start_sensors();
        let of = |record: &Record| (record.text.clone(), record.detection.is_novel, record.detection.pattern);
        records(&mut all, 120).iter().map(of).collect::<Vec<_>>()
    };
    let mut node = serving(&reading(&file, UNKEPT), &state);
    let first = run(&mut node);
    drop(node);
    assert_eq!(first.iter().filter(|record| record.1).count(), 2);
    let mut node = serving(&reading(&file, UNKEPT), &state);
    assert_eq!((gauge(&node, "intuition_engine", "streams"), gauge(&node, "token_manager", "patterns")), (2.0, 3.0));
    let again = run(&mut node);
    drop(node);
    for (first, again) in first.iter().zip(&again) {
        assert_eq!((&first.0, false, first.2), (&again.0, again.1, again.2));
    }
    assert_eq!(gauge(&own("", &state), "token_manager", "patterns"), 0.0, "an engine that does not go on begins anew");

    let saved = state.join("detectors.bin");
    let mut damaged = fs::read(&saved).unwrap();
    damaged[100] ^= 1;
    fs::write(&saved, damaged).unwrap();
    assert_eq!(gauge(&serving("", &state), "token_manager", "patterns"), 0.0);
    assert!(!saved.exists() && state.join("detectors.bin.unusable").exists());
}

#[test]
fn a_state_that_cannot_be_written_is_told_and_the_old_one_stays() {
    let folder = tempfile::tempdir().unwrap();
    let (file, state) = (folder.path().join("in.log"), folder.path().join("state"));
    fs::write(&file, "load=1.5\n").unwrap();
    let run = || {
        let mut node = serving(&reading(&file, UNKEPT), &state);
        let mut all = everything(&node);
        node.start_sensors();
        records(&mut all, 1);
        node.stop();
        let (mut notes, mut reader) = (Vec::new(), Reader::new(node.store().clone()));
        reader.range(0..u64::MAX, |stored| {
            let record = convert::record(stored, &mut Parsed::default()).into_owned();
            notes.extend((record.kind.starts_with("state.")).then_some((record.kind, record.text)));
            std::ops::ControlFlow::Continue(())
        });
        notes
    };
    assert_eq!(run(), []);
    let old = fs::read(state.join("detectors.bin")).unwrap();
    // What stands in the way of the draft cannot be removed.
    fs::create_dir(state.join("detectors.bin.draft")).unwrap();
    let notes = run();
    assert_eq!(notes.len(), 1, "{notes:?}");
    assert!(notes[0].0 == "state.unwritable" && notes[0].1.contains("irectory"), "{notes:?}");
    assert_eq!(fs::read(state.join("detectors.bin")).unwrap(), old);
}

//! The constitution across processes: what a kill and a restart leave of versions and trials.

use ng_core::convert;
use ng_core::store::Reader;
use ng_model::event::Parsed;
use ng_model::zone::Zone;
use ng_node::config::Config;
use ng_node::{Node, NodeOptions, StateAccess};
use ng_wire::{Command, Constitution, Frame, Request};
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

/// Longer than anything here takes.
const PATIENCE: Duration = Duration::from_secs(120);
/// Where the child process of a test below keeps its state.
const CHILD: &str = "NG_TEST_AMENDS_IN";

fn open(state: &Path, access: StateAccess) -> Node {
    let options = NodeOptions { state_dir: state.into(), access, zone: Zone::UTC, keeper: None };
    Node::open(&Config::resolve(&[]).unwrap(), &options).unwrap()
}

fn command(node: &Node, command: Command) {
    node.handle().send(Request { id: 9, actor: "tester".into(), command }).unwrap();
    let deadline = Instant::now() + PATIENCE;
    loop {
        for frame in node.handle().frames(Duration::from_millis(100)) {
            match frame {
                Frame::Result { id: 9, .. } => return,
                Frame::Error { message, .. } => panic!("{message}"),
                _ => {}
            }
        }
        assert!(Instant::now() < deadline, "no answer came");
    }
}

fn constitution(node: &Node) -> Constitution {
    node.handle().access().constitution().unwrap().0
}

/// The first events, as type and text.
fn events(node: &Node) -> Vec<(String, String)> {
    // What was told before is recorded when this is answered.
    constitution(node);
    let mut reader = Reader::new(node.store().clone());
    let next = node.store().lock().next_seq();
    let mut event = |seq| {
        let record = reader.get(seq, |stored| convert::record(stored, &mut Parsed::default()).into_owned());
        record.map(|record| (record.kind.into_owned(), record.text.into_owned()))
    };
    (0..next).filter_map(&mut event).collect()
}

/// The weight that a version has in these tests.
fn weight(version: u64) -> f64 {
    (version % 20 + 1) as f64
}

fn amend(node: &Node, version: u64) {
    let weights = std::array::from_fn(|dimension| if dimension == 4 { weight(version) } else { 1.0 });
    command(node, Command::SetWeights { weights, profile: None });
}

#[test]
fn a_process_that_amends_until_it_is_killed() {
    let Some(state) = std::env::var_os(CHILD) else { return };
    let node = open(Path::new(&state), StateAccess::Own);
    let mut version = constitution(&node).version;
    loop {
        version += 1;
        amend(&node, version);
    }
}

#[test]
fn a_kill_at_any_moment_leaves_the_old_or_the_new_version() {
    let folder = tempfile::tempdir().unwrap();
    let written = || {
        let text = fs::read(folder.path().join("state.json")).ok()?;
        let state: serde_json::Value = serde_json::from_slice(&text).expect("the file is whole at any moment");
        state["constitution"]["version"].as_u64()
    };
    let mut before = 0;
    for round in 1..=6 {
        let mut child = std::process::Command::new(std::env::current_exe().unwrap())
            .args(["a_process_that_amends_until_it_is_killed", "--exact"])
            .env(CHILD, folder.path())
            .stdout(std::process::Stdio::null())
            .spawn()
            .unwrap();
        let deadline = Instant::now() + PATIENCE;
        while written().unwrap_or(0) < before + 2 * round {
            assert!(Instant::now() < deadline, "the child amends nothing");
        }
        child.kill().unwrap();
        child.wait().unwrap();
        let told = written().unwrap();
        let node = open(folder.path(), StateAccess::Own);
        let kept = constitution(&node);
        assert_eq!((kept.version, kept.weights[4]), (told, weight(told)));
        let last = kept.history.last().unwrap();
        assert_eq!((last.version, last.weights), (kept.version, kept.weights));
        assert_eq!(events(&node), [], "nothing had to be left out");
        before = kept.version;
    }
}

#[test]
fn a_trial_does_not_outlive_the_process() {
    let folder = tempfile::tempdir().unwrap();
    let node = open(folder.path(), StateAccess::Own);
    amend(&node, 1);
    command(&node, Command::StartTrial { seconds: 3600, weights: None, profile: Some("creative".into()) });
    let file = || fs::read_to_string(folder.path().join("state.json")).unwrap();
    let during = file();
    assert!(during.contains("\"creative\""));

    // Whoever only reads sees what holds without the trial, and leaves it alone.
    let reader = open(folder.path(), StateAccess::ReadOnly);
    assert_eq!((constitution(&reader).trial, constitution(&reader).weights[4]), (None, weight(1)));
    assert_eq!((events(&reader), file()), (Vec::new(), during));
    assert!(constitution(&node).trial.is_some());
    drop((reader, node));

    let node = open(folder.path(), StateAccess::Own);
    let kept = constitution(&node);
    assert_eq!((kept.version, kept.trial, kept.weights[4]), (1, None, weight(1)));
    let told = events(&node);
    assert_eq!((told.len(), told[0].0.as_str()), (1, "cdna.trial.reverted"));
    assert!(told[0].1.contains("for the engine was started again"), "{}", told[0].1);
    let stored: serde_json::Value = serde_json::from_str(&file()).unwrap();
    assert!(stored["constitution"]["trial"].is_null(), "that it has ended is on disk");
    drop(node);
    assert_eq!(events(&open(folder.path(), StateAccess::Own)), [], "and is told once");
}

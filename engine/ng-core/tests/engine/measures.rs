//! Rate, errors and duration of the modules, and what the stages take: absent before they are measured, then true.

use crate::bench::Bench;
use ng_core::registry::MODULES;
use ng_wire::{Format, Frame, MetricsView, Mode, ModuleView};

fn metrics(bench: &Bench) -> MetricsView {
    let of = |frame| match frame {
        Frame::Metrics(metrics) => Some(metrics),
        _ => None,
    };
    bench.views().into_iter().find_map(of).unwrap()
}

fn percentiles(module: &ModuleView) -> [Option<f64>; 3] {
    [module.p50_us, module.p95_us, module.p99_us]
}

/// A bench on which every module has had something to do.
fn busy() -> Bench {
    let mut bench = Bench::with_alerts(&[("words", "when word then notify")]);
    bench.set("grid", "k", 1);
    let _queue = bench.subscribe("", false);
    for line in ["first word", "second word", "third word"] {
        bench.line(line);
    }
    bench
}

#[test]
fn durations_are_absent_until_they_are_measured() {
    let bench = Bench::new();
    for module in &MODULES {
        assert_eq!(percentiles(&bench.module(module.id)), [None; 3], "{}", module.id);
    }
    assert!(metrics(&bench).stages.iter().all(|stage| stage.samples == 0 && stage.p50_us.is_none()));

    let mut bench = busy();
    // The constitution takes no part in an event.
    for module in MODULES.iter().filter(|module| module.id != "cdna") {
        let found = percentiles(&bench.module(module.id));
        assert!(found.iter().all(|value| value.is_some_and(|us| us > 0.0)), "{}: {found:?}", module.id);
    }
    assert!(metrics(&bench).stages.iter().all(|stage| stage.samples == 3), "{:?}", metrics(&bench).stages);
    bench.wait(61);
    for module in &MODULES {
        assert_eq!(percentiles(&bench.module(module.id)), [None; 3], "{} a minute later", module.id);
    }
}

/// The clock of the bench shows a microsecond more each time it is read, so that a stage takes as long as it is read
/// within it.
#[test]
fn stages_and_searches_are_measured_where_they_are() {
    let bench = busy();
    let close = |found: Option<f64>, expect: f64| found.is_some_and(|us| (us - expect).abs() < 0.05 * expect);
    for stage in metrics(&bench).stages {
        let expect = match stage.name.as_str() {
            // The search for neighbours reads the clock twice within the stage.
            "detect" => 3.0,
            "total" => 11.0,
            _ => 1.0,
        };
        assert!(close(stage.p50_us, expect), "{stage:?}");
    }
    assert!(close(bench.module("grid").p50_us, 1.0));
    assert!(close(bench.module("intuition_engine").p50_us, 3.0));
}

#[test]
fn one_event_of_a_batch_is_measured() {
    let mut bench = Bench::new();
    bench.lines(&["line"; 600]);
    assert!(metrics(&bench).stages.iter().all(|stage| stage.samples == 3));
    bench.engine.note(&mut bench.store.lock(), 0, "{}");
    assert!(metrics(&bench).stages.iter().all(|stage| stage.samples == 3), "notes are not measured");
}

#[test]
fn a_stage_that_did_not_happen_is_not_measured() {
    let mut bench = Bench::new();
    bench.set("guardian", "size_limit.limit", 1);
    bench.rule_mode("size_limit", Mode::Enforce);
    bench.switch("action_controller", false);
    bench.line("rejected");
    for stage in metrics(&bench).stages {
        let expect = u64::from(!["patterns", "links", "detect", "act"].contains(&stage.name.as_str()));
        assert_eq!(stage.samples, expect, "{}", stage.name);
    }
}

#[test]
fn operations_and_rates_count_what_each_module_did() {
    let mut bench = Bench::new();
    bench.set("guardian", "size_limit.limit", 10);
    bench.rule_mode("size_limit", Mode::Enforce);
    let _everything = bench.subscribe("", false);
    let _some = bench.subscribe("short", true);
    // Two commands were noted already; they pass the gateway and the alert rules only.
    bench.lines(&["short"; 6]);
    bench.lines(&["rejected for its length"; 4]);
    bench.send("m", Format::Metric, &["m=NaN"]);
    bench.tick(2.0);
    let cases = [
        ("gateway", 13, 6.5),
        ("guardian", 11, 5.5),
        ("cdna", 2, 1.0),
        ("token_manager", 7, 3.5),
        ("connection_manager", 7, 3.5),
        ("grid", 6, 3.0),
        ("intuition_engine", 7, 3.5),
        ("signal_system", 13, 6.5),
        ("action_controller", 13, 6.5),
    ];
    assert_eq!(cases.len(), MODULES.len());
    for (id, operations, rate) in cases {
        let module = bench.module(id);
        assert_eq!((module.operations, module.rate), (operations, rate), "{id}");
    }
    bench.tick(1.0);
    assert!(MODULES.iter().all(|module| bench.module(module.id).rate == 0.0));
}

//! An engine on a bench: fed by hand, in a world whose clock stands still until it is moved.

use jiff::tz::Offset;
use ng_core::actions::AlertRule;
use ng_core::command_context::CommandContext;
use ng_core::commands::{self, Restored};
use ng_core::convert;
use ng_core::engine::{Engine, EngineParts};
use ng_core::guard::{Guard, Policy};
use ng_core::registry::MODULES;
use ng_core::route::{Queue, Wanted};
use ng_core::store::{Reader, Shared, Store};
use ng_core::views::{self, Rates, Surroundings};
use ng_core::world::World;
use ng_detect::Kernel;
use ng_filter::{Env, Filter};
use ng_model::event::{Parsed, Span};
use ng_model::intake::{BATCH, Batch, SourceStatus};
use ng_model::overrides::Overrides;
use ng_model::record::RecordHeader;
use ng_model::settings::Values;
use ng_model::zone::Zone;
use ng_reading::encoders::Vocabulary;
use ng_wire::{Command, ConstitutionView, Format, Frame, Gauge, Mode, ModuleView, Record, Request, SettingValue};
use parking_lot::Mutex;
use std::cell::Cell;
use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::Arc;

/// When the world of a bench begins.
pub(crate) const START_NS: i64 = 1_714_564_800_000_000_000;
pub(crate) const SECOND_NS: i64 = 1_000_000_000;

/// A world that does what it is told. Clones are the same world.
#[derive(Clone)]
pub(crate) struct FakeWorld(Arc<Mutex<Inside>>);

struct Inside {
    now_ns: i64,
    persisted: Vec<Overrides>,
    failure: Option<String>,
    reserved: u64,
}

impl FakeWorld {
    pub(crate) fn new() -> Self {
        FakeWorld(Arc::new(Mutex::new(Inside { now_ns: START_NS, persisted: Vec::new(), failure: None, reserved: 0 })))
    }

    pub(crate) fn advance(&self, ns: i64) {
        self.0.lock().now_ns += ns;
    }

    /// Moves the clock to a time.
    pub(crate) fn set(&self, now_ns: i64) {
        self.0.lock().now_ns = now_ns;
    }

    /// How much farther this world is than another.
    pub(crate) fn now_ns_since(&self, other: &FakeWorld) -> i64 {
        self.now_ns() - other.now_ns()
    }

    pub(crate) fn fail(&self, failure: Option<&str>) {
        self.0.lock().failure = failure.map(str::to_owned);
    }

    /// What was written down, oldest first.
    pub(crate) fn persisted(&self) -> Vec<Overrides> {
        self.0.lock().persisted.clone()
    }
}

impl World for FakeWorld {
    fn now_ns(&self) -> i64 {
        self.0.lock().now_ns
    }

    fn reserve(&mut self, next_seq: u64) {
        let reserved = &mut self.0.lock().reserved;
        *reserved = next_seq.max(*reserved);
    }

    fn persist(&mut self, overrides: &Overrides) -> Result<(), String> {
        let mut inside = self.0.lock();
        match &inside.failure {
            Some(failure) => Err(failure.clone()),
            None => {
                inside.persisted.push(overrides.clone());
                Ok(())
            }
        }
    }
}

/// A clock that shows a microsecond more each time it is read.
pub(crate) fn ticking() -> u64 {
    thread_local!(static READ: Cell<u64> = const { Cell::new(0) });
    READ.with(|read| {
        read.set(read.get() + 1000);
        read.get()
    })
}

/// Puts overrides in force in an engine with an empty ring.
pub(crate) fn restore(engine: &mut Engine, overrides: &mut Overrides, env: &Env) -> Restored {
    commands::restore(&mut CommandContext { engine, store: &mut Store::new(1024), overrides, env })
}

/// An engine with these alert rules, and otherwise the defaults. Its local time is an hour ahead of UTC.
pub(crate) fn engine(alerts: &[(&str, &str)]) -> Engine {
    engine_with(alerts, &Policy::defaults(), hour_ahead())
}

fn hour_ahead() -> Zone {
    Zone::new(Offset::constant(1).to_time_zone())
}

/// An engine that stands in a zone.
pub(crate) fn engine_in(zone: Zone, alerts: &[(&str, &str)]) -> Engine {
    engine_with(alerts, &Policy::defaults(), zone)
}

/// An engine with this policy of Guardian.
pub(crate) fn engine_under(policy: &Policy) -> Engine {
    engine_with(&[], policy, hour_ahead())
}

fn engine_with(alerts: &[(&str, &str)], policy: &Policy, zone: Zone) -> Engine {
    let env = Env::default();
    let rule = |(name, text): &(&str, &str)| AlertRule::parse(name, text, &env).unwrap();
    Engine::new(EngineParts {
        values: MODULES.iter().map(|module| Values::defaults(module.settings)).collect(),
        guard: Guard::new(policy, &env).unwrap(),
        alerts: alerts.iter().map(rule).collect(),
        zones: zone.into(),
        vocabulary: Vocabulary::default(),
        formats: ng_reading::formats::Formats::built_in(),
        kernel: Kernel::Scalar,
    })
}

pub(crate) struct Bench {
    pub(crate) engine: Engine,
    pub(crate) store: Shared,
    pub(crate) overrides: Overrides,
    pub(crate) world: FakeWorld,
    /// Readings of a batch.
    pub(crate) batch: usize,
    /// Who sends the commands.
    pub(crate) actor: String,
    reader: Reader,
    sources: BTreeMap<String, Arc<SourceStatus>>,
}

impl Bench {
    pub(crate) fn new() -> Self {
        Self::with_alerts(&[])
    }

    pub(crate) fn with_alerts(alerts: &[(&str, &str)]) -> Self {
        let store: Shared = Arc::new(Mutex::new(Store::new(100_000)));
        Bench {
            engine: engine(alerts),
            reader: Reader::new(store.clone()),
            store,
            overrides: Overrides::default(),
            world: FakeWorld::new(),
            batch: BATCH,
            actor: "tester".into(),
            sources: BTreeMap::new(),
        }
    }

    /// Lets time pass, second by second as the event loop does.
    pub(crate) fn wait(&mut self, seconds: u64) {
        for _ in 0..seconds {
            self.world.advance(SECOND_NS);
            self.tick(1.0);
        }
    }

    /// What the event loop does once a second; so many have gone by.
    pub(crate) fn tick(&mut self, elapsed_s: f64) {
        let env = Env { now_ns: self.world.now_ns(), ..Env::default() };
        let (engine, mut store) = (&mut self.engine, self.store.lock());
        engine.tick(store.symbols(), env.now_ns, elapsed_s);
        let mut context = CommandContext { engine, store: &mut store, overrides: &mut self.overrides, env: &env };
        commands::revert_expired_trial(&mut context, &mut self.world, elapsed_s);
    }

    /// Takes lines of text in and returns their records.
    pub(crate) fn lines<T: AsRef<[u8]>>(&mut self, lines: &[T]) -> Vec<Record> {
        self.send("test", Format::Text, lines)
    }

    /// Takes one line of text in.
    pub(crate) fn line(&mut self, line: &str) -> Record {
        self.lines(&[line]).remove(0)
    }

    /// Takes readings in and returns the records that were made of them.
    pub(crate) fn send<T: AsRef<[u8]>>(&mut self, source: &str, format: Format, raws: &[T]) -> Vec<Record> {
        let first = self.store.lock().next_seq();
        self.push(source, format, raws);
        self.records(first)
    }

    /// Takes readings in.
    pub(crate) fn push<T: AsRef<[u8]>>(&mut self, source: &str, format: Format, raws: &[T]) {
        let status = self.sources.entry(source.into()).or_insert_with(|| SourceStatus::new(source, "test", 0)).clone();
        for some in raws.chunks(self.batch) {
            let mut batch = Batch {
                source: status.clone(),
                received_ns: self.world.now_ns(),
                written_ns: self.world.now_ns(),
                bytes: vec![],
                readings: vec![],
                turns: Vec::new(),
                receipt: None,
            };
            for raw in some {
                let start = batch.bytes.len();
                batch.bytes.extend_from_slice(raw.as_ref());
                batch.readings.push((format, Span::new(start, batch.bytes.len())));
            }
            self.engine.intake(&mut self.store.lock(), &batch, ticking);
        }
    }

    /// The records from `first` on.
    pub(crate) fn records(&mut self, first: u64) -> Vec<Record> {
        let (mut parsed, mut all) = (Parsed::default(), Vec::new());
        self.reader.range(first..u64::MAX, |stored| {
            all.push(convert::record(stored, &mut parsed).into_owned());
            ControlFlow::Continue(())
        });
        all
    }

    /// Everything kept of the records, with their bytes.
    pub(crate) fn heads(&mut self) -> Vec<(RecordHeader, Vec<u8>)> {
        let mut all = Vec::new();
        self.reader.range(0..u64::MAX, |stored| {
            all.push((*stored.head, stored.raw.to_vec()));
            ControlFlow::Continue(())
        });
        all
    }

    pub(crate) fn last(&mut self) -> Record {
        let next = self.store.lock().next_seq();
        self.records(next - 1).remove(0)
    }

    pub(crate) fn next_seq(&self) -> u64 {
        self.store.lock().next_seq()
    }

    pub(crate) fn command(&mut self, command: Command) -> Frame {
        let env = Env { now_ns: self.world.now_ns(), ..Env::default() };
        let request = Request { id: 7, actor: self.actor.clone(), command };
        let (engine, overrides) = (&mut self.engine, &mut self.overrides);
        let mut context = CommandContext { engine, store: &mut self.store.lock(), overrides, env: &env };
        commands::apply(&mut context, &mut self.world, &request)
    }

    pub(crate) fn switch(&mut self, module: &str, enabled: bool) {
        self.accepted(Command::SetModule { module: module.into(), enabled });
    }

    pub(crate) fn set(&mut self, module: &str, key: &str, value: impl Into<Value>) {
        self.accepted(configure(module, &[(key, value.into().0)]));
    }

    pub(crate) fn rule_mode(&mut self, rule: &str, mode: Mode) {
        self.accepted(Command::SetRuleMode { rule: rule.into(), mode });
    }

    pub(crate) fn constitution(&self) -> ConstitutionView {
        let of = |frame| match frame {
            Frame::Constitution(constitution) => Some(constitution),
            _ => None,
        };
        self.views().into_iter().find_map(of).unwrap()
    }

    pub(crate) fn accepted(&mut self, command: Command) {
        let answer = self.command(command.clone());
        assert!(matches!(answer, Frame::Result { id: 7, .. }), "{command:?}: {answer:?}");
    }

    pub(crate) fn subscribe(&mut self, filter: &str, rejected: bool) -> Arc<Queue> {
        let filter = Filter::compile(filter, &Env::default()).unwrap();
        let capacity = self.engine.queue_capacity();
        self.engine.subscribe(Wanted { filter, rejected, ..Wanted::default() }, capacity)
    }

    pub(crate) fn views(&self) -> Vec<Frame> {
        let (kept, store) = (&self.overrides, self.store.lock());
        let around = Surroundings { queues: Vec::new(), history: None, now_ns: self.world.now_ns(), mono_ns: 0 };
        views::all(&self.engine, kept, &store, &Rates::new(0), around)
    }

    pub(crate) fn module(&self, id: &str) -> ModuleView {
        let of = |frame| match frame {
            Frame::Modules(modules) => modules.into_iter().find(|module: &ModuleView| module.id == id),
            _ => None,
        };
        self.views().into_iter().find_map(of).unwrap()
    }

    /// A number counted by a module.
    pub(crate) fn gauge(&self, module: &str, name: &str) -> f64 {
        let found = |gauge: &Gauge| (gauge.name == name).then_some(gauge.value);
        self.module(module).gauges.iter().find_map(found).unwrap_or_else(|| panic!("{module} has no gauge {name}"))
    }
}

pub(crate) fn configure(module: &str, values: &[(&str, SettingValue)]) -> Command {
    let values = values.iter().map(|(key, value)| (key.to_string(), value.clone())).collect();
    Command::Configure { module: module.into(), values }
}

/// A value of a setting, from what stands in Rust for it.
pub(crate) struct Value(pub(crate) SettingValue);

impl From<i64> for Value {
    fn from(value: i64) -> Self {
        Value(SettingValue::Int(value))
    }
}

impl From<f64> for Value {
    fn from(value: f64) -> Self {
        Value(SettingValue::Float(value))
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Value(SettingValue::Bool(value))
    }
}

impl From<&str> for Value {
    fn from(value: &str) -> Self {
        Value(SettingValue::Text(value.into()))
    }
}

impl From<SettingValue> for Value {
    fn from(value: SettingValue) -> Self {
        Value(value)
    }
}

/// Noise without a library: the same seed gives the same series everywhere. Uniform in 0..1.
pub(crate) fn noise(seed: u64) -> impl FnMut() -> f64 {
    let mut state = seed;
    move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 11) as f64 / (1u64 << 53) as f64
    }
}

/// A vector as a reading.
pub(crate) fn vector(values: [f64; 8]) -> String {
    format!("v={values:?}")
}

/// Noisy vectors around zero.
pub(crate) fn vectors(count: usize, seed: u64) -> Vec<String> {
    let mut noise = noise(seed);
    (0..count).map(|_| vector(std::array::from_fn(|_| noise()))).collect()
}

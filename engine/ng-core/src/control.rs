//! Commands: checked, written down, carried out, and told to the stream as an event. In that order.

use crate::constitution::{self, By, shown};
use crate::engine::Engine;
use crate::feedback;
use crate::filter::Env;
use crate::registry::{MODULES, Module, find};
use crate::settings::nearest;
use crate::store::Store;
use crate::world::World;
use ng_wire::{
    Amendment, AmendmentKind, Command, Constitution, ErrorCode, Frame, Judgements, Mode, Request, SettingValue,
};
use std::collections::{BTreeMap, BTreeSet};

/// What commands changed against the configuration; written to the state directory before it takes effect.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Overrides {
    /// Module flags.
    pub enabled: BTreeMap<String, bool>,
    /// Module settings; Guardian's are named `rule.key`.
    pub settings: BTreeMap<String, BTreeMap<String, SettingValue>>,
    /// Weights of the dimensions, and the history of these and of Guardian's settings.
    pub constitution: Constitution,
    /// Names of the sources whose events are scored and not learnt.
    pub frozen: BTreeSet<String>,
    /// What operators said of events.
    pub feedback: Judgements,
}

/// Most sources that are frozen at a time.
const MOST_FROZEN: usize = 256;
/// Most bytes of the name of a source in a command.
const LONGEST_NAME: usize = 1024;

/// A refused command.
struct Refusal {
    code: ErrorCode,
    message: String,
}

/// Carries out a command and returns its answer. Nothing is changed by a command that is refused.
pub fn apply(
    engine: &mut Engine,
    store: &mut Store,
    overrides: &mut Overrides,
    world: &mut dyn World,
    env: &Env,
    request: &Request,
) -> Frame {
    let by = By { time_ns: world.now_ns(), actor: &request.actor, measured: engine.meter.measured(store.totals()) };
    let checked = check(engine, overrides, &request.command, env).and_then(|()| {
        let checked = feedback::check(engine, store, &overrides.feedback, &request.command);
        checked.map_err(|(code, message)| Refusal { code, message })
    });
    let outcome = checked.and_then(|()| {
        let mut wanted = merged(overrides, &request.command, by);
        feedback::amend(&mut wanted, engine, store, &request.command, by);
        world.persist(&wanted).map(|()| wanted).map_err(|error| Refusal {
            code: ErrorCode::Internal,
            message: format!("the state could not be written, so nothing was changed: {error}"),
        })
    });
    match outcome {
        Ok(wanted) => {
            let before = std::mem::replace(overrides, wanted);
            carry_out(engine, store, overrides, &request.command, env);
            let amended = before.constitution != overrides.constitution;
            engine.registry.red(Module::Cdna).operations += u64::from(amended);
            let amendment = overrides.constitution.history.last().filter(|_| amended);
            let mut event = audit(request, amendment, |command| {
                feedback::event(engine, &before.feedback, &overrides.feedback, command, &request.actor)
            });
            // What the command came to, where it does not say it itself.
            let says_more = match &request.command {
                Command::SetLearning { source, .. } if !is_known(engine, store, source) => {
                    event = not_known(event, source);
                    true
                }
                Command::GiveFeedback { .. } | Command::UndoFeedback { .. } => true,
                _ => false,
            };
            let message = event["message"].as_str().filter(|_| says_more).map(str::to_owned);
            engine.note(store, by.time_ns, &event.to_string());
            Frame::Result { id: request.id, message }
        }
        Err(refusal) => Frame::Error { id: request.id, code: refusal.code, message: refusal.message },
    }
}

/// Called once a second after [`Engine::tick`], with the seconds since the last call: takes a trial back when its time is
/// over. This is done even if it cannot be written down, for the next start does it again.
pub fn watch(
    engine: &mut Engine,
    store: &mut Store,
    overrides: &mut Overrides,
    world: &mut dyn World,
    env: &Env,
    elapsed_s: f64,
) {
    let (totals, time_ns) = (store.totals(), world.now_ns());
    engine.meter.tick(elapsed_s, totals);
    let over = |trial| engine.meter.left_s(trial, time_ns) <= 0.0;
    if !overrides.constitution.trial.as_ref().is_some_and(over) {
        return;
    }
    let revert = Command::StopTrial { keep: false };
    let by = By { time_ns, actor: constitution::DEAD_MAN, measured: engine.meter.measured(totals) };
    *overrides = merged(overrides, &revert, by);
    let red = engine.registry.red(Module::Cdna);
    red.operations += 1;
    if let Err(error) = world.persist(overrides) {
        engine.registry.error(Module::Cdna, time_ns, 1, format!("the end of a trial could not be written: {error}"));
    }
    carry_out(engine, store, overrides, &revert, env);
    if let Some(amendment) = overrides.constitution.history.last() {
        engine.note(store, time_ns, &reverted(amendment, "for its time is over"));
    }
}

/// What was found in the state of an earlier run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Restored {
    /// Entries that no longer fit and were left out.
    pub refused: Vec<String>,
    /// The event that tells that a trial was taken back; the overrides are then to be written down.
    pub reverted: Option<String>,
}

/// Applies what an earlier run wrote down. A trial that ran is taken back.
pub fn restore(engine: &mut Engine, overrides: &mut Overrides, env: &Env) -> Restored {
    let mut refused = Vec::new();
    let mut attempt = |command: Command| match check(engine, &Overrides::default(), &command, env) {
        Ok(()) => {
            configure(engine, &command, env);
            None
        }
        Err(refusal) => Some(refusal.message),
    };
    for (module, enabled) in &overrides.enabled {
        refused.extend(attempt(Command::SetModule { module: module.clone(), enabled: *enabled }));
    }
    for (module, values) in &overrides.settings {
        // Together first: values that depend on each other, such as a smallest and a largest, fit only so.
        if attempt(Command::Configure { module: module.clone(), values: values.clone() }).is_none() {
            continue;
        }
        for (key, value) in values {
            let values = BTreeMap::from([(key.clone(), value.clone())]);
            refused.extend(attempt(Command::Configure { module: module.clone(), values }));
        }
    }
    for source in &overrides.frozen {
        engine.sources.set_learning(source, false);
    }
    feedback::restore(engine, &mut overrides.feedback);
    let (amendment, fault) = constitution::revive(overrides, env.now_ns);
    refused.extend(fault);
    weigh(engine, &overrides.constitution);
    let reverted = amendment.map(|amendment| reverted(&amendment, "for the engine was started again"));
    Restored { refused, reverted }
}

fn merged(overrides: &Overrides, command: &Command, by: By<'_>) -> Overrides {
    let mut next = overrides.clone();
    match command {
        Command::SetModule { module, enabled } => {
            next.enabled.insert(module.clone(), *enabled);
        }
        Command::Configure { module, values } => {
            next.settings.entry(module.clone()).or_default().extend(values.clone());
        }
        Command::SetLearning { source, learning: true } => {
            next.frozen.remove(source);
        }
        Command::SetLearning { source, learning: false } => {
            next.frozen.insert(source.clone());
        }
        Command::SetRuleMode { rule, mode } => {
            let guardian = next.settings.entry("guardian".into()).or_default();
            guardian.insert(format!("{rule}.mode"), SettingValue::Text(mode_name(*mode).into()));
        }
        _ => {}
    }
    constitution::amend(&mut next, overrides, command, by);
    next
}

fn check(engine: &Engine, overrides: &Overrides, command: &Command, env: &Env) -> Result<(), Refusal> {
    match command {
        Command::SetModule { module, enabled } => {
            let index = known(module)?;
            if !enabled && MODULES[index].off.is_none() {
                return Err(Refusal { code: ErrorCode::Conflict, message: format!("{module} cannot be switched off") });
            }
            Ok(())
        }
        Command::Configure { module, values } => {
            let index = known(module)?;
            let checked = if index == Module::Guardian as usize {
                engine.guard.check_changes(values, env).map_err(|error| error.to_string())
            } else {
                engine.values[index].with(MODULES[index].settings, values).map(drop).map_err(|error| error.to_string())
            };
            checked.map_err(|message| Refusal { code: ErrorCode::BadRequest, message: format!("{module}.{message}") })
        }
        Command::SetLearning { source, learning } => {
            let frozen = engine.sources.frozen();
            // A source that is not known yet may come later.
            if source.is_empty() || source.len() > LONGEST_NAME {
                let message = format!("the name of a source has 1 to {LONGEST_NAME} bytes");
                return Err(Refusal { code: ErrorCode::BadRequest, message });
            }
            if !learning && frozen.len() >= MOST_FROZEN && !frozen.contains(source) {
                let message = format!("at most {MOST_FROZEN} sources can be frozen");
                return Err(Refusal { code: ErrorCode::Conflict, message });
            }
            Ok(())
        }
        Command::SetRuleMode { rule, mode } => {
            let change = BTreeMap::from([(format!("{rule}.mode"), SettingValue::Text(mode_name(*mode).into()))]);
            let checked = engine.guard.check_changes(&change, env);
            checked.map_err(|error| Refusal { code: ErrorCode::BadRequest, message: error.to_string() })
        }
        _ => {
            constitution::check(&overrides.constitution, command)
                .map_err(|(code, message)| Refusal { code, message })?;
            let Command::RollBack { version } = command else { return Ok(()) };
            let content = constitution::version_of(&overrides.constitution, *version);
            let rules = content.map(|content| engine.guard.changes_to(&content.rules)).unwrap_or_default();
            let checked = engine.guard.check_changes(&rules, env);
            checked.map_err(|error| Refusal { code: ErrorCode::Conflict, message: format!("guardian.{error}") })
        }
    }
}

/// Carries out a command that was checked and written down.
fn carry_out(engine: &mut Engine, store: &Store, overrides: &Overrides, command: &Command, env: &Env) {
    match command {
        Command::RollBack { .. } => {
            let rules = overrides.settings.get("guardian").cloned().unwrap_or_default();
            let changes = engine.guard.changes_to(&rules);
            engine.guard.configure(&changes, env).expect("the rules were checked");
        }
        Command::StartTrial { .. } => engine.meter.begin(store.totals()),
        Command::StopTrial { .. } => engine.meter.end(),
        Command::GiveFeedback { .. } | Command::UndoFeedback { .. } => {
            feedback::carry_out(engine, store, &overrides.feedback, command);
        }
        _ => configure(engine, command, env),
    }
    weigh(engine, &overrides.constitution);
}

/// Puts the weights in force.
fn weigh(engine: &mut Engine, constitution: &Constitution) {
    engine.detect.set_weights(constitution::weights(constitution).map(|weight| weight as f32));
}

/// Carries out what modules and rules do themselves.
fn configure(engine: &mut Engine, command: &Command, env: &Env) {
    match command {
        Command::SetModule { module, enabled } => {
            if let Some(index) = find(module) {
                engine.registry.at(index).enabled = *enabled;
            }
        }
        Command::Configure { module, values } => {
            let Some(index) = find(module) else { return };
            if index == Module::Guardian as usize {
                engine.guard.configure(values, env).expect("the changes were checked");
            } else {
                engine.values[index] =
                    engine.values[index].with(MODULES[index].settings, values).expect("the values were checked");
                engine.reconfigure();
            }
        }
        Command::SetLearning { source, learning } => engine.sources.set_learning(source, *learning),
        Command::SetRuleMode { rule, mode } => {
            let change = BTreeMap::from([(format!("{rule}.mode"), SettingValue::Text(mode_name(*mode).into()))]);
            engine.guard.configure(&change, env).expect("the rule was checked");
        }
        _ => {}
    }
}

fn known(module: &str) -> Result<usize, Refusal> {
    find(module).ok_or_else(|| {
        let hint = nearest(module, MODULES.iter().map(|module| module.id));
        let hint = hint.map_or(String::new(), |name| format!("; did you mean {name}?"));
        Refusal { code: ErrorCode::BadRequest, message: format!("unknown module {module}{hint}") }
    })
}

fn mode_name(mode: Mode) -> &'static str {
    match mode {
        Mode::Observe => "observe",
        Mode::Enforce => "enforce",
    }
}

/// The source has spoken in this process, or what it said before is remembered.
fn is_known(engine: &Engine, store: &Store, source: &str) -> bool {
    let symbol = store.symbols().find(source);
    engine.sources.is_known(source) || symbol.is_some_and(|symbol| engine.patterns.knows(symbol))
}

/// Adds to an event that its source is not known.
fn not_known(mut event: serde_json::Value, source: &str) -> serde_json::Value {
    let said = event["message"].as_str().unwrap_or_default();
    event["message"] = format!("{said}; {source} is not known yet").into();
    event
}

/// The event that tells who changed what. `amendment` is what the command made of the constitution, `judged` tells what it
/// made of feedback.
fn audit(
    request: &Request,
    amendment: Option<&Amendment>,
    judged: impl FnOnce(&Command) -> serde_json::Value,
) -> serde_json::Value {
    let actor = &request.actor;
    let mut event = match &request.command {
        Command::SetModule { module, enabled } => {
            let (kind, verb) = if *enabled { ("module.enabled", "on") } else { ("module.disabled", "off") };
            let level = if *enabled { "notice" } else { "warn" };
            serde_json::json!({ "type": kind, "level": level, "message": format!("{module} switched {verb} by {actor}"), "module": module, "actor": actor })
        }
        Command::Configure { module, values } => {
            let changes: Vec<String> = values.iter().map(|(key, value)| format!("{key} = {}", shown(value))).collect();
            let message = format!("{module} configured by {actor}: {}", changes.join(", "));
            serde_json::json!({ "type": "module.configured", "level": "notice", "message": message, "module": module, "actor": actor })
        }
        Command::SetLearning { source, learning } => {
            let (kind, what) =
                if *learning { ("source.learning", "learns again") } else { ("source.frozen", "frozen") };
            let message = format!("{source} {what}, by {actor}");
            serde_json::json!({ "type": kind, "level": "notice", "message": message, "module": "intuition_engine", "source": source, "actor": actor })
        }
        Command::SetRuleMode { rule, mode } => {
            let message = format!("rule {rule} set to {} by {actor}", mode_name(*mode));
            serde_json::json!({ "type": "guardian.mode", "level": "notice", "message": message, "module": "guardian", "rule": rule, "actor": actor })
        }
        Command::SetWeights { .. } => amended("cdna.weights", &format!("weights set by {actor}"), amendment),
        Command::SwitchProfile { profile } => {
            amended("cdna.profile", &format!("profile {profile} chosen by {actor}"), amendment)
        }
        Command::RollBack { version } => {
            amended("cdna.rollback", &format!("version {version} taken up again by {actor}"), amendment)
        }
        Command::StartTrial { seconds, .. } => {
            amended("cdna.trial.started", &format!("trial for {seconds} s begun by {actor}"), amendment)
        }
        Command::StopTrial { keep: true } => amended("cdna.trial.kept", &format!("trial kept by {actor}"), amendment),
        Command::StopTrial { keep: false } => {
            amended("cdna.trial.reverted", &format!("trial reverted by {actor}"), amendment)
        }
        command @ (Command::GiveFeedback { .. } | Command::UndoFeedback { .. }) => judged(command),
    };
    event["actor"] = actor.as_str().into();
    if let Some(amendment) = amendment {
        event["version"] = amendment.version.into();
    }
    event
}

/// The event that tells that a trial was taken back by nobody's command.
fn reverted(amendment: &Amendment, why: &str) -> String {
    debug_assert_eq!(amendment.kind, AmendmentKind::TrialReverted);
    let mut event = amended("cdna.trial.reverted", &format!("trial reverted, {why}"), Some(amendment));
    event["level"] = "warn".into();
    event["actor"] = amendment.actor.as_str().into();
    event["version"] = amendment.version.into();
    event.to_string()
}

/// The event of an amendment, with its changes in words and with what was measured.
fn amended(kind: &str, what: &str, amendment: Option<&Amendment>) -> serde_json::Value {
    let changes = amendment.map(|amendment| amendment.changes.join(", ")).filter(|changes| !changes.is_empty());
    let message = format!("{what}: {}", changes.as_deref().unwrap_or("nothing changes"));
    let mut event = serde_json::json!({ "type": kind, "level": "notice", "message": message, "module": "cdna" });
    let measured = amendment.and_then(|amendment| amendment.measured);
    let effects = measured.map(|measured| [("before", measured.before), ("during", measured.during)]);
    for (when, effect) in effects.into_iter().flatten() {
        let Some(effect) = effect else { continue };
        event[format!("{when}.rejected_per_min")] = effect.rejected_per_min.into();
        event[format!("{when}.alerts_per_min")] = effect.alerts_per_min.into();
        event[format!("{when}.novel_per_min")] = effect.novel_per_min.into();
    }
    event
}

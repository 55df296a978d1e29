//! Commands: checked, written down, carried out, and told to the stream as an event. In that order.

use crate::engine::Engine;
use crate::filter::Env;
use crate::registry::{MODULES, Module, find};
use crate::settings::nearest;
use crate::store::Store;
use crate::world::World;
use ng_wire::{Command, ErrorCode, Frame, Mode, Request, SettingValue};
use std::collections::BTreeMap;

/// What commands changed against the configuration; written to the state directory before it takes effect.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Overrides {
    /// Module flags.
    pub enabled: BTreeMap<String, bool>,
    /// Module settings; Guardian's are named `rule.key`.
    pub settings: BTreeMap<String, BTreeMap<String, SettingValue>>,
}

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
    let wanted = merged(overrides, &request.command);
    let outcome = check(engine, &request.command, env).and_then(|()| {
        world.persist(&wanted).map_err(|error| Refusal {
            code: ErrorCode::Internal,
            message: format!("the state could not be written, so nothing was changed: {error}"),
        })
    });
    match outcome {
        Ok(()) => {
            *overrides = wanted;
            carry_out(engine, &request.command, env);
            engine.note(store, world.now_ns(), &audit(request));
            Frame::Result { id: request.id }
        }
        Err(refusal) => Frame::Error { id: request.id, code: refusal.code, message: refusal.message },
    }
}

/// Applies what an earlier run wrote down. Entries that no longer fit are returned, and left out.
pub fn restore(engine: &mut Engine, overrides: &Overrides, env: &Env) -> Vec<String> {
    let mut refused = Vec::new();
    let mut attempt = |command: Command| match check(engine, &command, env) {
        Ok(()) => {
            carry_out(engine, &command, env);
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
    refused
}

fn merged(overrides: &Overrides, command: &Command) -> Overrides {
    let mut next = overrides.clone();
    match command {
        Command::SetModule { module, enabled } => {
            next.enabled.insert(module.clone(), *enabled);
        }
        Command::Configure { module, values } => {
            next.settings.entry(module.clone()).or_default().extend(values.clone());
        }
        Command::SetRuleMode { rule, mode } => {
            let guardian = next.settings.entry("guardian".into()).or_default();
            guardian.insert(format!("{rule}.mode"), SettingValue::Text(mode_name(*mode).into()));
        }
    }
    next
}

fn check(engine: &Engine, command: &Command, env: &Env) -> Result<(), Refusal> {
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
        Command::SetRuleMode { rule, mode } => {
            let change = BTreeMap::from([(format!("{rule}.mode"), SettingValue::Text(mode_name(*mode).into()))]);
            let checked = engine.guard.check_changes(&change, env);
            checked.map_err(|error| Refusal { code: ErrorCode::BadRequest, message: error.to_string() })
        }
    }
}

/// Carries out a command that was checked.
fn carry_out(engine: &mut Engine, command: &Command, env: &Env) {
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
        Command::SetRuleMode { rule, mode } => {
            let change = BTreeMap::from([(format!("{rule}.mode"), SettingValue::Text(mode_name(*mode).into()))]);
            engine.guard.configure(&change, env).expect("the rule was checked");
        }
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

/// The event that tells who changed what.
fn audit(request: &Request) -> String {
    let actor = &request.actor;
    let event = match &request.command {
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
        Command::SetRuleMode { rule, mode } => {
            let message = format!("rule {rule} set to {} by {actor}", mode_name(*mode));
            serde_json::json!({ "type": "guardian.mode", "level": "notice", "message": message, "module": "guardian", "rule": rule, "actor": actor })
        }
    };
    event.to_string()
}

fn shown(value: &SettingValue) -> String {
    match value {
        SettingValue::Bool(value) => value.to_string(),
        SettingValue::Int(value) => value.to_string(),
        SettingValue::Float(value) => value.to_string(),
        SettingValue::Text(value) => format!("{value:?}"),
        SettingValue::List(values) => format!("{values:?}"),
    }
}

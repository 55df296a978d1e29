//! From a configuration to an engine that has seen nothing.

use crate::NodeError;
use crate::config::Config;
use ng_core::actions::{AlertRule, AlertRuleError, check_inhibition};
use ng_core::engine::{Engine, EngineParts};
use ng_core::guard::{Guard, Policy};
use ng_core::registry::{MODULES, Module};
use ng_detect::Kernel;
use ng_filter::Env;
use ng_model::settings::{Row, Values};
use ng_wire::SettingValue;
use std::collections::BTreeMap;

/// An engine as the configuration wants it, that has seen nothing, in the zone of its filters.
pub(crate) fn engine(config: &Config, env: &Env) -> Result<Engine, NodeError> {
    let mut engine = Engine::new(engine_parts(config, env)?);
    for (index, module) in MODULES.iter().enumerate() {
        if let Some(SettingValue::Bool(enabled)) = config.get(&format!("modules.{}.enabled", module.id)) {
            engine.set_enabled(index, *enabled);
        }
    }
    Ok(engine)
}

/// What such an engine is made of; or why the configuration is refused.
pub(crate) fn engine_parts(config: &Config, env: &Env) -> Result<EngineParts, NodeError> {
    let values = |(index, module): (usize, &ng_core::registry::ModuleType)| {
        let mut changes = config.table(&format!("modules.{}", module.id));
        changes.remove("enabled");
        debug_assert!(index != Module::Guardian as usize || changes.is_empty());
        checked(module.settings, &changes)
    };
    let policy = Policy::defaults().with(&config.table("guardian")).expect("the configuration is checked");
    let guard =
        Guard::new(&policy, env).map_err(|error| NodeError::config("NG-2105", "guardian", error.to_string()))?;
    let refused = |name: &str, error: AlertRuleError| {
        let place = format!("{}, column {} of the rule", config.origin(&format!("alerts.{name}")), error.column);
        NodeError::config("NG-2106", place, format!("alerts.{name}: {}", error.message))
    };
    let mut alerts = Vec::new();
    for (name, text) in config.texts("alerts") {
        alerts.push(AlertRule::parse(&name, &text, env).map_err(|error| refused(&name, error))?);
    }
    check_inhibition(&alerts).map_err(|(rule, error)| refused(&rule.name, error))?;
    let kernel = match std::env::var("NG_SIMD").as_deref() {
        Ok("scalar") => Kernel::Scalar,
        Ok("avx2") => Kernel::Avx2,
        Ok("avx512") => Kernel::Avx512,
        _ => Kernel::Auto,
    };
    let values = MODULES.iter().enumerate().map(values).collect();
    let zones = config.zones(env.zone.clone());
    // What is wrong with files of formats is told by whoever reads them.
    let (formats, _) = config.formats();
    Ok(EngineParts { values, guard, alerts, zones, vocabulary: config.vocabulary()?, formats, kernel })
}

/// The settings of a table, without those of the tables inside it.
pub(crate) fn checked(rows: &'static [Row], table: &BTreeMap<String, SettingValue>) -> Values {
    let is_row = |(key, value): (&String, &SettingValue)| {
        rows.iter().any(|row| row.key == key).then(|| (key.clone(), value.clone()))
    };
    Values::defaults(rows).with(rows, &table.iter().filter_map(is_row).collect()).expect("the configuration is checked")
}

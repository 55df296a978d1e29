//! What of a configuration is valid and can never do anything.

use crate::config::Config;
use crate::engine_parts::engine_parts;
use crate::error::NodeError;
use ng_filter::Env;

/// Alert rules that can never fire and rules of Guardian that can never object, each with the code of those that are refused;
/// or why the configuration is refused. `env` is that of its filters.
pub fn warnings(config: &Config, env: &Env) -> Result<Vec<NodeError>, NodeError> {
    let parts = engine_parts(config, env)?;
    let mut found = Vec::new();
    for rule in parts.guard.never_asked(env) {
        let path = format!("guardian.{rule}.when");
        let what = "no event passes it before it is checked, so that the rule can never object";
        found.push(NodeError::config("NG-2105", config.origin(&path).to_string(), format!("{path}: {what}")));
    }
    for rule in &parts.alerts {
        let path = format!("alerts.{}", rule.name);
        let warning = |what| NodeError::config("NG-2106", config.origin(&path).to_string(), format!("{path}: {what}"));
        found.extend(rule.warnings(env).into_iter().map(warning));
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Layer;

    #[test]
    fn each_is_told_with_its_place() {
        let text = "[alerts]\ngood = \"when a then log\"\nbad = \"when anomaly>1 then log\"\n\
                    [guardian.size_limit]\nwhen = \"verdict:reject\"\n[guardian.bounds]\nwhen = \"source:app\"\n";
        let layer = Layer::File { name: "ng.toml".into(), text: text.into(), table: String::new() };
        let config = Config::resolve(&[layer]).unwrap();
        let found: Vec<String> = warnings(&config, &Env::default()).unwrap().iter().map(ToString::to_string).collect();
        let [guardian, alert] = &found[..] else { panic!("{found:?}") };
        assert!(
            guardian.starts_with("NG-2105 ng.toml:5:") && guardian.contains("guardian.size_limit.when"),
            "{guardian}"
        );
        assert!(alert.starts_with("NG-2106 ng.toml:3:") && alert.contains("never fires"), "{alert}");
    }
}

//! The events that tell of amendments of the constitution.

use ng_wire::{Amendment, AmendmentKind};

/// The event of a command, with its changes in words and with what was measured.
pub(super) fn amended(kind: &str, what: &str, amendment: Option<&Amendment>) -> serde_json::Value {
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

/// The event that tells that a trial was taken back by nobody's command.
pub(super) fn reverted(amendment: &Amendment, why: &str) -> String {
    debug_assert_eq!(amendment.kind, AmendmentKind::TrialReverted);
    let mut event = amended("cdna.trial.reverted", &format!("trial reverted, {why}"), Some(amendment));
    event["level"] = "warn".into();
    event["actor"] = amendment.actor.as_str().into();
    event["version"] = amendment.version.into();
    event.to_string()
}

//! What fails in a process that serves: told as one line on standard error, shown as degraded health, and started again
//! where that is possible.

use crate::hub::Hub;
use ng_model::supervise::{Panicked, tell_panics};
use ng_wire::{SourceView, TroubleKind};
use std::collections::HashSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// First wait before a task is started again; doubled up to [`LONGEST`] while it does not run well.
const SHORTEST: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_secs(60);
/// A task that ran for so long ran well.
const WELL: Duration = Duration::from_secs(60);

/// Has every panic of this process told as one line on standard error.
pub fn tell_panics_as_lines() {
    tell_panics(|panicked| {
        let thread = std::thread::current();
        say(&format!("thread {} failed: {panicked}", thread.name().unwrap_or("without a name")));
    });
}

/// Writes a line on standard error. Texts may come from paths, settings and others' hands: none of it reaches the terminal
/// as it is.
#[expect(clippy::print_stderr, reason = "a process that serves tells there what fails")]
pub fn say(text: &str) {
    eprintln!("{}", ng_model::safe_text::safe_text(text.as_bytes(), 4096));
}

/// Runs a task of the server, and runs it again when it has panicked.
pub(crate) async fn again<F>(part: &'static str, hub: Arc<Hub>, task: impl Fn(Arc<Hub>) -> F)
where
    F: Future<Output = ()> + Send + 'static,
{
    let mut wait = SHORTEST;
    loop {
        let started = Instant::now();
        let Err(error) = tokio::spawn(task(hub.clone())).await else { return };
        let Ok(payload) = error.try_into_panic() else { return };
        hub.fail(part, &Panicked::of(payload.as_ref()));
        if started.elapsed() >= WELL {
            wait = SHORTEST;
        }
        tokio::time::sleep(wait).await;
        wait = (wait * 2).min(LONGEST);
        hub.recover(part);
    }
}

/// Why sensors do not run, each once: their sources share the reason.
pub(crate) fn failures(sources: &[SourceView]) -> Vec<String> {
    let troubles = sources.iter().filter_map(|source| source.trouble.as_ref());
    let mut reasons: Vec<String> = Vec::new();
    for trouble in troubles.filter(|trouble| trouble.kind == TroubleKind::Failed) {
        if !reasons.contains(&trouble.reason) {
            reasons.push(trouble.reason.clone());
        }
    }
    reasons
}

/// What was told of sources that are not read.
#[derive(Debug, Default)]
pub(crate) struct Told {
    reasons: HashSet<String>,
}

impl Told {
    /// The reasons that were not told yet; one that is over and comes again is told again. Of failures the panic itself has
    /// been told.
    pub(crate) fn news(&mut self, sources: &[SourceView]) -> Vec<String> {
        let troubles = sources.iter().filter_map(|source| source.trouble.as_ref());
        let now: Vec<&String> =
            troubles.filter(|trouble| trouble.kind != TroubleKind::Failed).map(|trouble| &trouble.reason).collect();
        self.reasons.retain(|reason| now.contains(&reason));
        now.into_iter().filter(|reason| self.reasons.insert((*reason).clone())).cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ng_wire::Trouble;

    fn source(kind: TroubleKind, reason: &str) -> SourceView {
        SourceView {
            name: "x".into(),
            sensor: "files".into(),
            enabled: true,
            ended: false,
            readings: 0,
            rate: 0.0,
            lost: 0,
            refused: 0,
            last_ok_ns: None,
            last_error: None,
            stale: false,
            trouble: Some(Trouble { kind, since_ns: 0, reason: reason.into() }),
            stands_for: None,
        }
    }

    #[test]
    fn health_names_what_failed_and_not_what_is_waited_for() {
        let sources = [
            source(TroubleKind::Failed, "sensor files failed"),
            source(TroubleKind::Failed, "sensor files failed"),
            source(TroubleKind::Waiting, "waiting for /a"),
            source(TroubleKind::Unreadable, "/b is a directory"),
        ];
        assert_eq!(failures(&sources), ["sensor files failed"]);
    }

    #[test]
    fn a_trouble_is_told_once_and_again_when_it_comes_again() {
        let mut told = Told::default();
        let sources = [source(TroubleKind::Waiting, "waiting for /a"), source(TroubleKind::Waiting, "waiting for /a")];
        assert_eq!(told.news(&sources), ["waiting for /a"]);
        assert!(told.news(&sources).is_empty());
        assert!(told.news(&[source(TroubleKind::Failed, "sensor files failed")]).is_empty());
        assert_eq!(told.news(&sources), ["waiting for /a"]);
    }
}

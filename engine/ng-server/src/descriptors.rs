//! Descriptors: as many as the process may have, and enough of them for the Unix socket whatever comes over TCP.

use crate::process;
use crate::refusing;
use crate::settings::ServerSettings;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// What the engine itself needs besides what is open when it starts: files that it follows, reads and writes, pipes of what
/// it runs.
const OWN: usize = 128;
/// Fewest connections over TCP, however few descriptors there are.
const LEAST: usize = 4;

/// Raises the limit of descriptors as far as this process may. Returns how many connections over TCP fit into it beside
/// those of the Unix socket, and a sentence when these are fewer than the settings say.
pub(crate) fn for_tcp(settings: &ServerSettings) -> (usize, Option<String>) {
    let limit = getrlimit(Resource::Nofile);
    // It may be forbidden; then there are as many as before.
    let raised = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, maximum: limit.maximum });
    let most = if raised.is_ok() { limit.maximum } else { limit.current };
    // Without a limit there is room for all.
    let Some(most) = most else { return (settings.connections, None) };
    let unix = settings.socket.as_ref().map_or(0, |_| settings.socket_connections);
    let over_tcp = fitting(most as usize, process::open_files() + OWN + refusing::AT_A_TIME + unix);
    if over_tcp >= settings.connections {
        return (settings.connections, None);
    }
    let told = format!(
        "server.connections is {}, but with {most} descriptors there is room for {over_tcp} connections over TCP beside \
         those of the Unix socket; raise the limit of open files",
        settings.connections
    );
    (over_tcp, Some(told))
}

fn fitting(most: usize, others: usize) -> usize {
    most.saturating_sub(others).max(LEAST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_others_need_is_kept() {
        for (most, others, fits) in [(1024, 500, 524), (500, 500, LEAST), (256, 500, LEAST)] {
            assert_eq!(fitting(most, others), fits);
        }
    }
}

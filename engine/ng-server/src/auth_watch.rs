//! Looks after the file of users while nobody asks, so that what another process changes there is taken up by connections
//! that are open, and tells what was changed, and what is wrong with the file, as events.

use crate::hub::{Hub, ended};
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;

/// Time between two looks.
const LOOK: Duration = Duration::from_millis(250);

/// Runs until the server ends.
pub(crate) async fn run(hub: Arc<Hub>) {
    let mut phase = hub.phase();
    let refused = hub.auth.keys_without_owner();
    if !refused.is_empty() {
        let message = format!("API keys that belong to no user are refused: {}", refused.join(", "));
        hub.note("auth.keys_refused", "warning", message, json!({ "key_ids": refused })).await;
    }
    let (mut looked_s, mut known) = (hub.auth.now_s(), None);
    loop {
        tokio::select! {
            _ = ended(&mut phase) => return,
            () = tokio::time::sleep(LOOK) => {}
        }
        let looked = hub.auth.look(looked_s);
        looked_s = looked.now_s;
        for remark in looked.remarks {
            hub.note("auth.user_changed", "info", remark, json!({})).await;
        }
        if known != looked.problem {
            let (level, what) = match &looked.problem {
                Some(problem) => ("error", format!("{problem}; what was known before holds")),
                None => ("info", "can be used again".into()),
            };
            hub.note("auth.file", level, format!("the file of users and keys {what}"), json!({})).await;
            known = looked.problem;
        }
    }
}

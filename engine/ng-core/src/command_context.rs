//! What a command is checked against and carried out on.

use crate::engine::Engine;
use crate::store::Store;
use ng_filter::Env;
use ng_model::overrides::Overrides;

/// An engine with its ring, what commands changed of it, and what filters in commands are compiled against.
pub struct CommandContext<'a> {
    /// The pipeline.
    pub engine: &'a mut Engine,
    /// The ring.
    pub store: &'a mut Store,
    /// What earlier commands changed; already applied to the engine.
    pub overrides: &'a mut Overrides,
    /// What filters are compiled against; says the time, too.
    pub env: &'a Env,
}

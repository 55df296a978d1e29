//! The PyO3 binding: bytes in, bytes out. Frames, rows and records cross as MessagePack or JSON lines, in batches; the
//! interpreter lock is released wherever the engine is waited for or the ring is scanned.

mod clock;
mod engine;
mod errors;
mod formats;
mod functions;
mod history;
mod inlet;
mod reader;
mod ring;
mod score;
mod screen;
mod server;
mod source;
mod tally;
mod zone;

/// The engine of neurograph-tui.
#[pyo3::pymodule]
mod _engine {
    #[pymodule_export]
    use crate::engine::{Engine, Subscription};
    #[pymodule_export]
    use crate::errors::{EngineError, FilterError};
    #[pymodule_export]
    use crate::formats::{FormatReport, check_format, format_faults, format_layers, list_formats};
    #[pymodule_export]
    use crate::functions::{
        check_filter, config_reference, config_template, config_warnings, examine_config, filter_fields, filter_hint,
        is_development_build, lock_owner, resolve_config, safe_text,
    };
    #[pymodule_export]
    use crate::history::History;
    #[pymodule_export]
    use crate::inlet::Inlet;
    #[pymodule_export]
    use crate::reader::EventReader;
    #[pymodule_export]
    use crate::ring::{Ring, View};
    #[pymodule_export]
    use crate::score::{IncidentScorer, Scorer};
    #[pymodule_export]
    use crate::screen::{Prepared, Screen};
    #[pymodule_export]
    use crate::server::{Server, socket_path};
    #[pymodule_export]
    use crate::source::Source;
    #[pymodule_export]
    use crate::tally::Tally;
    #[pymodule_export]
    use crate::zone::{local_time, local_zone};
}

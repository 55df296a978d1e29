//! Why a command is refused.

use ng_wire::ErrorCode;

/// A command was refused, and nothing was changed.
#[derive(Clone, Debug, PartialEq)]
pub struct Refusal {
    /// What kind of fault it is.
    pub code: ErrorCode,
    /// What is wrong, with the place, and what was expected.
    pub message: String,
}

impl Refusal {
    /// The command itself is wrong.
    pub fn bad_request(message: impl Into<String>) -> Self {
        Refusal { code: ErrorCode::BadRequest, message: message.into() }
    }

    /// The command does not fit the present state.
    pub fn conflict(message: impl Into<String>) -> Self {
        Refusal { code: ErrorCode::Conflict, message: message.into() }
    }
}

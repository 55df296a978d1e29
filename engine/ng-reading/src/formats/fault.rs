//! What is wrong with the file of a format.

/// What is wrong with a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// File, line and column.
    pub place: String,
    /// What is wrong, and what was expected.
    pub what: String,
}

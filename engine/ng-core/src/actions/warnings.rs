//! Rules that can never do anything, and words that were perhaps meant otherwise.


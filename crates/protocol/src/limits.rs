//! Bounds that statements check, beyond the width of each scalar.

/// Calls of one session are below 2^24.
pub const SESSION_CALL_BITS: u32 = 24;
/// State words written by one session are below 2^40.
pub const SESSION_SLOT_BITS: u32 = 40;
/// State words that one call may report are below 2^32.
pub const CALL_SLOT_BITS: u32 = 32;
/// Events that one call may report are below 2^32.
pub const CALL_EVENT_BITS: u32 = 32;
/// Highest state tree of a contract.
pub const MAX_STATE_HEIGHT: u8 = 48;

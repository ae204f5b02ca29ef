//! A session as a chain of types: each step of its life is a type, and only the next step can be taken.
//!
//! ```text
//!   Session ── call ──▸ Session ── close ──▸ Unsigned ── sign ──▸ Signed ── prove ──▸ Submission
//!      open: native start          native end cap      native check      proofs, in the shortest form
//! ```
//! Everything is executed natively before anything is proven, so a session that cannot be included fails at once and
//! costs nothing.

mod debt;
mod ended;
mod error;
mod form;
mod list;
mod open;
mod prove;
mod sign;

pub use debt::MAX_OWED;
pub use error::SessionError;
pub use form::Form;
pub use list::ListedCall;
pub use open::{MadeCall, Session};
pub use prove::{Progress, ProveSessionError};
pub use sign::{Signed, Unsigned};

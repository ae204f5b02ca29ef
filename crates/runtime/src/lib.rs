//! What a role needs of the machine it runs on, as values that a test can replace.
//!
//! ```text
//!   clock      what time it is: the system's, or one that a test turns
//!   shutdown   word that it is time to stop, and threads that wait for it
//! ```
//!
//! Roles get both from whoever starts them; none of them asks the operating system. Wiring a signal (Ctrl-C, SIGTERM) to
//! [`Shutdown::request`] is the binary's business.

pub mod clock;
pub mod shutdown;

pub use clock::{Clock, ManualClock, Moment, SystemClock};
pub use shutdown::Shutdown;

//! The half of a realm that faces the world: admits sessions, serves state.

mod admit;
mod serve;

pub use serve::{PAGE, UserAt};

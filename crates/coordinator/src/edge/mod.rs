//! The half of the coordinator that faces the world: admits registrations and deployments, serves global state.

mod admit;
mod serve;

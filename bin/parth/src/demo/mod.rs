//! `parth demo`: a network in one process, real sessions on real contracts, every proof real.
//!
//! ```text
//!   options   flags and their limits          folder   what a folder says about the demo in it
//!   script    who does what in which checkpoint, a pure function of the flags
//!   people    keys and contracts              run      plays the script, resumes where it stopped
//!   report    lines, table and JSON
//! ```

mod error;
mod folder;
mod options;
mod people;
mod report;
mod run;
mod script;

pub(crate) use error::DemoError;
pub(crate) use options::Options;
pub(crate) use run::run;

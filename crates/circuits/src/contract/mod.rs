//! Contract functions as circuits of the call class.
//!
//! ```text
//!   parth_contract::Function ──call──▸ CallSkeleton ──build──▸ CallCircuit ──witness──▸ proof
//!                              │           (rows)
//!                              ├─ call       a whole call: what it opens, runs and shows
//!                              ├─ compile    operations to constraints, one by one
//!                              ├─ opening    what proves a read
//!                              └─ mine       … of the own state in another contract
//! ```
//! Twin of `parth_contract::call`: the circuit of a function accepts exactly the witnesses that
//! [`parth_contract::CallWitness::apply`] accepts.
//!
//! | costs in rows, standard heights | |
//! | --- | --- |
//! | opening session and call, context and public inputs | 14 |
//! | opening the anchor, when the chain is read | 7 |
//! | own word read / then written / written alone, height 34 | 35 / 34 / 69 |
//! | state of a user / each word of it, height 34 | 68 / 35 |
//! | state in another contract | 37 more |
//! | own state in another contract / each word of it, height 34 | 69 / 35 |
//! | inline or deferred call of few inputs and results | 6 |
//! | older checkpoint | 40 |
//! | checked sum, difference, conversion, comparison | 1 |
//! | checked product of `u64` | 6 |
//! | event of up to 7 felts | 2 |

mod call;
mod compile;
mod mine;
mod opening;

pub use call::{CallCircuit, CallRules, CallSkeleton, CompileError, RowCount};

//! The book of statements: valid ones of every circuit, and one bad input a rule.
//!
//! ```text
//!   world     a chain of ten checkpoints, from which the statements are taken
//!   seal      re-makes digests after a change, so that one change breaks one rule
//!   session, step, short, debt, guta, global, block     the pages of the book
//! ```
//! Each refusal is a valid statement with one thing changed and every digest that follows from it made again, so that
//! a circuit that refuses it can only have checked this very rule. Native tests read the book in `tests/refusals.rs`;
//! circuits read it with a native constraint checker. All statements have the shapes of [`Profile::SMALL`].
//!
//! [`Profile::SMALL`]: parth_protocol::Profile::SMALL

mod block;
mod debt;
mod global;
mod guta;
mod seal;
mod session;
mod short;
mod step;
mod world;

use parth_protocol::plan::AnyStatement;
use parth_protocol::{Rule, Rules};

pub use seal::Seal;
pub use world::World;

/// A statement that holds.
#[derive(Clone, Debug)]
pub struct Valid {
    /// What it is, as a sentence.
    pub name: String,
    /// The statement.
    pub statement: AnyStatement,
}

/// A statement that breaks exactly one rule.
#[derive(Clone, Debug)]
pub struct Refusal {
    /// What is wrong, as a sentence.
    pub name: String,
    /// The rule that it breaks.
    pub rule: Rule,
    /// The statement.
    pub statement: AnyStatement,
    /// Why no witness of a circuit can say this: a list of another length than the circuit has room for, say.
    pub native_only: Option<&'static str>,
}

/// All valid statements and refusals.
#[derive(Clone, Debug)]
pub struct Book {
    /// The rules under which they hold and are refused.
    pub rules: Rules,
    /// Statements that hold.
    pub valid: Vec<Valid>,
    /// Statements that are refused.
    pub refusals: Vec<Refusal>,
}

/// Why a path or list of another length is no test of a circuit.
pub(crate) const LENGTH: &str = "the circuit has a fixed number of places";

impl Book {
    /// The book on small trees with stand-in circuits. Takes some milliseconds.
    pub fn small() -> Book {
        let world = World::new();
        let mut book = Book { rules: world.chain.rules.clone(), valid: Vec::new(), refusals: Vec::new() };
        session::write(&mut book, &world);
        step::write(&mut book, &world);
        short::write(&mut book, &world);
        debt::write(&mut book, &world);
        guta::write(&mut book, &world);
        global::write(&mut book, &world);
        block::write(&mut book, &world);
        book
    }

    fn holds(&mut self, name: impl Into<String>, statement: impl Into<AnyStatement>) {
        self.valid.push(Valid { name: name.into(), statement: statement.into() });
    }

    fn refuse(&mut self, rule: Rule, name: impl Into<String>, statement: impl Into<AnyStatement>) {
        let (name, statement) = (name.into(), statement.into());
        self.refusals.push(Refusal { name, rule, statement, native_only: None });
    }

    fn refuse_natively(
        &mut self,
        rule: Rule,
        why: &'static str,
        name: impl Into<String>,
        statement: impl Into<AnyStatement>,
    ) {
        let (name, statement) = (name.into(), statement.into());
        self.refusals.push(Refusal { name, rule, statement, native_only: Some(why) });
    }

    /// A copy with one change, and everything that follows from it.
    fn sealed<S: Seal + Clone>(&self, from: &S, change: impl FnOnce(&mut S)) -> S {
        let mut statement = from.clone();
        change(&mut statement);
        statement.seal(&self.rules.profile);
        statement
    }
}

/// A copy with one change, and nothing else.
pub(crate) fn broken<S: Clone>(from: &S, change: impl FnOnce(&mut S)) -> S {
    let mut statement = from.clone();
    change(&mut statement);
    statement
}

/// Another digest.
pub(crate) fn other(digest: parth_crypto::Digest) -> parth_crypto::Digest {
    let mut digest = digest;
    digest.0[3] += parth_crypto::Felt::ONE;
    digest
}

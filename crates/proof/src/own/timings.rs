//! Where the time of a proof went.

use std::fmt;
use std::time::{Duration, Instant};

/// A part of proving.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Step {
    /// Running the generators that fill in the witness.
    Witness,
    /// The witness as columns.
    Columns,
    /// Transforms between values and coefficients, for commitments and quotient.
    Transforms,
    /// Hashing the leaves of the commitments.
    Leaves,
    /// Hashing what is above the leaves.
    Nodes,
    /// Z and partial products of the permutation argument.
    Permutation,
    /// Every constraint on the coset.
    Quotient,
    /// Evaluating all polynomials at the opening point.
    Openings,
    /// Combining and dividing the opened polynomials.
    Combination,
    /// Folding, with the trees over the folded values.
    Folding,
    /// Finding the nonce.
    Grinding,
    /// Answering the queries.
    Queries,
    /// Verifying the proof with the library.
    Verification,
}

impl Step {
    /// Every step, in the order of proving.
    pub const ALL: [Step; 13] = [
        Step::Witness,
        Step::Columns,
        Step::Transforms,
        Step::Leaves,
        Step::Nodes,
        Step::Permutation,
        Step::Quotient,
        Step::Openings,
        Step::Combination,
        Step::Folding,
        Step::Grinding,
        Step::Queries,
        Step::Verification,
    ];

    /// The name in profiles.
    pub const fn name(self) -> &'static str {
        match self {
            Step::Witness => "witness",
            Step::Columns => "columns",
            Step::Transforms => "transforms",
            Step::Leaves => "leaves",
            Step::Nodes => "nodes",
            Step::Permutation => "permutation",
            Step::Quotient => "quotient",
            Step::Openings => "openings",
            Step::Combination => "combination",
            Step::Folding => "folding",
            Step::Grinding => "grinding",
            Step::Queries => "queries",
            Step::Verification => "verification",
        }
    }
}

/// Time by step. Steps that occur several times are added up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Timings {
    steps: [Duration; Step::ALL.len()],
}

impl Timings {
    /// The time of one step.
    pub fn of(&self, step: Step) -> Duration {
        self.steps[step as usize]
    }

    /// The time of all steps.
    pub fn total(&self) -> Duration {
        self.steps.iter().sum()
    }
}

impl fmt::Display for Timings {
    /// A line a step: milliseconds and share.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let total = self.total().as_secs_f64();
        for step in Step::ALL {
            let time = self.of(step).as_secs_f64();
            writeln!(f, "{:<13} {:8.1} ms {:5.1} %", step.name(), 1000.0 * time, 100.0 * time / total)?;
        }
        write!(f, "{:<13} {:8.1} ms", "total", 1000.0 * total)
    }
}

/// Measures steps.
#[derive(Debug, Default)]
pub(super) struct Clock {
    timings: Timings,
}

impl Clock {
    /// Does the work and adds its time to the step.
    pub(super) fn measure<T>(&mut self, step: Step, work: impl FnOnce() -> T) -> T {
        let start = Instant::now();
        let done = work();
        self.timings.steps[step as usize] += start.elapsed();
        done
    }

    /// What was measured.
    pub(super) fn timings(&self) -> Timings {
        self.timings
    }
}

//! Which prover and which instructions: the two choices that change speed and nothing else.

use clap::ValueEnum;
use parth_circuits::class;
use parth_crypto::poseidon::kernels::Kernel;
use parth_proof::{OwnProver, Prover, StockProver};

use crate::exit::{Exit, Failure};

/// A prover by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Which {
    /// The proving library's.
    Stock,
    /// Ours.
    Own,
}

impl Which {
    /// As in figures.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Which::Stock => "stock",
            Which::Own => "own",
        }
    }

    /// The prover itself.
    pub(crate) fn prover(self) -> Box<dyn Prover> {
        match self {
            Which::Stock => Box::new(StockProver),
            Which::Own => Box::new(own()),
        }
    }
}

/// Our prover, with the gates of our own circuits.
pub(crate) fn own() -> OwnProver {
    OwnProver::with_gates(class::prover_gates())
}

/// Makes a kernel that was asked for by name the kernel of this process.
pub(crate) fn force(kernel: Option<Kernel>) -> Result<(), Failure> {
    let forced = kernel.map_or(Ok(()), Kernel::force);
    forced.map_err(|error| Failure::new(Exit::Usage, error.to_string()))
}

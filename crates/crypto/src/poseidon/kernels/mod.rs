//! Arithmetic on several felts at once, by the widest instructions that the machine has: the only `unsafe` code of this
//! crate.
//!
//! ```text
//!   Kernel   which instructions: scalar (1 felt), avx2 (4), avx512 (8); chosen at run time, once a process
//!   Lanes    the arithmetic, the same for every kernel
//!   Factor   a constant for sums of products that are reduced once
//!   Work     a piece of code written over Lanes; Kernel::run makes a copy of it for the kernel's instructions
//! ```
//!
//! A caller writes no `unsafe` and names no instruction set:
//!
//! ```
//! use parth_crypto::poseidon::kernels::{Kernel, Lanes, Work};
//!
//! /// Cubes felts, as many as fit the lanes at a time.
//! struct Cubes<'a>(&'a mut [u64; 16]);
//!
//! impl Work for Cubes<'_> {
//!     type Output = ();
//!     #[inline(always)]
//!     fn run<L: Lanes>(self) {
//!         for chunk in self.0.chunks_exact_mut(L::WIDTH) {
//!             let x = L::load(chunk);
//!             (x.square() * x).canonical().store(chunk);
//!         }
//!     }
//! }
//!
//! let mut felts = [3; 16];
//! Kernel::current().run(Cubes(&mut felts));
//! assert_eq!(felts, [27; 16]);
//! ```
//!
//! Every kernel computes the same values; tests compare each with the scalar one and with integers modulo p.
//!
//! # Why this is sound
//! The instructions of a kernel may only be executed on a machine that has them. The types that execute them are
//! private to this module, and the trait [`Lanes`] is sealed, so outside code meets them only as the parameter of
//! [`Work::run`], which [`Kernel::run`] calls after it has asked the machine. A machine does not lose instructions
//! while a process runs, so it is harmless if a work keeps lanes, or code over them, for longer.

// The intrinsics of instruction sets, and calls of functions that enable them, are `unsafe`; each has its reason.
#![allow(unsafe_code)]

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
mod lanes;
mod scalar;
mod sums;
#[cfg(test)]
mod tests;

use std::fmt;
use std::str::FromStr;
use std::sync::atomic::{AtomicU8, Ordering};

use thiserror::Error;

pub use self::lanes::{Lanes, MAX_WIDTH};
pub use self::sums::{Factor, MAX_PRODUCTS};

/// A set of instructions to compute with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kernel {
    /// One felt at a time; on every machine.
    Scalar,
    /// Four felts at a time: x86-64 with AVX2.
    Avx2,
    /// Eight felts at a time: x86-64 with AVX-512 F, DQ, BW and VL.
    Avx512,
}

/// A piece of code over lanes of any width.
pub trait Work {
    /// What it returns.
    type Output;

    /// Does the work. Mark it `#[inline(always)]`, and every function over lanes that it calls as well: code that is
    /// not inlined into [`Kernel::run`] is compiled for the plainest machine and calls a function for each operation.
    /// That is slow, never wrong. For the same reason keep operations on lanes out of closures.
    fn run<L: Lanes>(self) -> Self::Output;
}

/// A kernel was asked for that this machine does not have.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("this machine has no {wanted} instructions; it has: {}", list(available))]
pub struct Unsupported {
    /// What was asked for.
    pub wanted: Kernel,
    /// What there is.
    pub available: Vec<Kernel>,
}

/// A text names no kernel.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("`{0}` is not a kernel; kernels are: {all}", all = list(&Kernel::ALL))]
pub struct UnknownKernel(pub String);

fn list(kernels: &[Kernel]) -> String {
    kernels.iter().map(Kernel::to_string).collect::<Vec<_>>().join(", ")
}

/// The process-wide choice: 0 for none yet, or one more than the place in [`Kernel::ALL`].
static CURRENT: AtomicU8 = AtomicU8::new(0);

impl Kernel {
    /// All of them, slowest first.
    pub const ALL: [Kernel; 3] = [Kernel::Scalar, Kernel::Avx2, Kernel::Avx512];

    /// Does this machine have the instructions?
    #[cfg(target_arch = "x86_64")]
    pub fn is_available(self) -> bool {
        match self {
            Kernel::Scalar => true,
            Kernel::Avx2 => is_x86_feature_detected!("avx2"),
            Kernel::Avx512 => {
                is_x86_feature_detected!("avx512f")
                    && is_x86_feature_detected!("avx512dq")
                    && is_x86_feature_detected!("avx512bw")
                    && is_x86_feature_detected!("avx512vl")
            }
        }
    }

    /// Does this machine have the instructions?
    #[cfg(not(target_arch = "x86_64"))]
    pub fn is_available(self) -> bool {
        self == Kernel::Scalar
    }

    /// How many felts it computes with at a time: [`Lanes::WIDTH`] of its lanes.
    pub const fn width(self) -> usize {
        match self {
            Kernel::Scalar => 1,
            Kernel::Avx2 => 4,
            Kernel::Avx512 => 8,
        }
    }

    /// Those that this machine has, slowest first.
    pub fn available() -> Vec<Kernel> {
        Self::ALL.into_iter().filter(|kernel| kernel.is_available()).collect()
    }

    /// The fastest that this machine has.
    pub fn best() -> Kernel {
        Self::ALL.into_iter().rev().find(|kernel| kernel.is_available()).unwrap_or(Kernel::Scalar)
    }

    /// The kernel that everything in this process uses: the best, or the one that was forced.
    pub fn current() -> Kernel {
        let choice = CURRENT.load(Ordering::Relaxed);
        match Self::ALL.get(usize::from(choice).wrapping_sub(1)) {
            Some(&kernel) => kernel,
            None => {
                let best = Self::best();
                // A choice that was forced in the meantime stands.
                let _ = CURRENT.compare_exchange(0, 1 + best as u8, Ordering::Relaxed, Ordering::Relaxed);
                best
            }
        }
    }

    /// Makes this the kernel of the whole process. Results are the same under every kernel, so it may change while
    /// others compute.
    ///
    /// # Errors
    /// When this machine does not have the instructions; the choice stays as it was.
    pub fn force(kernel: Kernel) -> Result<(), Unsupported> {
        if !kernel.is_available() {
            return Err(Unsupported { wanted: kernel, available: Self::available() });
        }
        CURRENT.store(1 + kernel as u8, Ordering::Relaxed);
        Ok(())
    }

    /// Does the work with this kernel; with the scalar one where the machine does not have the instructions, since the
    /// results are the same.
    pub fn run<W: Work>(self, work: W) -> W::Output {
        match self {
            #[cfg(target_arch = "x86_64")]
            // SAFETY: the machine has the instructions that the function enables.
            Kernel::Avx512 if self.is_available() && is_x86_feature_detected!("avx512ifma") => unsafe {
                avx512::run_52(work)
            },
            #[cfg(target_arch = "x86_64")]
            // SAFETY: the machine has the instructions that the function enables.
            Kernel::Avx512 if self.is_available() => unsafe { avx512::run(work) },
            #[cfg(target_arch = "x86_64")]
            // SAFETY: the machine has the instructions that the function enables.
            Kernel::Avx2 if self.is_available() => unsafe { avx2::run(work) },
            _ => scalar::run(work),
        }
    }
}

impl fmt::Display for Kernel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Kernel::Scalar => "scalar",
            Kernel::Avx2 => "avx2",
            Kernel::Avx512 => "avx512",
        })
    }
}

impl FromStr for Kernel {
    type Err = UnknownKernel;
    fn from_str(text: &str) -> Result<Kernel, UnknownKernel> {
        Self::ALL.into_iter().find(|kernel| kernel.to_string() == text).ok_or_else(|| UnknownKernel(text.to_owned()))
    }
}

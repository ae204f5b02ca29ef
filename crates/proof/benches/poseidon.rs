//! The proving library's Poseidon beside each kernel of this machine: `cargo bench -p parth-proof --bench poseidon`.
//!
//! Prints one line a figure: the fastest of several rounds in which all take turns, on one thread.

use std::hint::black_box;
use std::time::Instant;

use parth_crypto::Felt;
use parth_crypto::poseidon::kernels::Kernel;
use parth_crypto::poseidon::{State, WIDTH, permute_many};
use plonky2::field::goldilocks_field::GoldilocksField;
use plonky2::field::types::Field;
use plonky2::hash::poseidon::Poseidon;

const ROUNDS: usize = 20;
const STATES: usize = 1 << 13;

fn nanoseconds(work: impl FnOnce()) -> f64 {
    let start = Instant::now();
    work();
    start.elapsed().as_nanos() as f64 / STATES as f64
}

fn main() {
    let seeds = || (0..STATES as u64).map(|at| std::array::from_fn::<u64, WIDTH, _>(|lane| at * 12 + lane as u64));
    let mut ours: Vec<State> = seeds().map(|state| state.map(Felt::reduce)).collect();
    let mut theirs: Vec<[GoldilocksField; WIDTH]> =
        seeds().map(|state| state.map(GoldilocksField::from_canonical_u64)).collect();
    let kernels = Kernel::available();
    let (mut library, mut best) = (f64::INFINITY, vec![f64::INFINITY; kernels.len()]);
    for _ in 0..ROUNDS {
        library = library.min(nanoseconds(|| {
            for state in &mut theirs {
                *state = GoldilocksField::poseidon(black_box(*state));
            }
        }));
        for (&kernel, best) in kernels.iter().zip(&mut best) {
            Kernel::force(kernel).expect("an available kernel");
            *best = best.min(nanoseconds(|| permute_many(black_box(&mut ours))));
        }
    }
    println!("library: permutation {library:.1} ns");
    for (kernel, best) in kernels.iter().zip(best) {
        println!("{kernel}: permutation {best:.1} ns, {:.2} times the library's speed", library / best);
    }
}

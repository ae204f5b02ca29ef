//! How fast each kernel of this machine permutes and multiplies: `cargo bench -p parth-crypto`.
//!
//! Prints one line a figure: the fastest of several rounds, in which the kernels take turns, on one thread.

use std::hint::black_box;
use std::time::Instant;

use parth_crypto::hash::nodes;
use parth_crypto::poseidon::kernels::{Kernel, Lanes, Work};
use parth_crypto::poseidon::{WIDTH, permute_lanes};
use parth_crypto::{Digest, Domain};

const ROUNDS: usize = 20;

/// Permutations of one state after the other, on lanes that stay in registers or close by.
struct Permutations(usize);

impl Work for Permutations {
    type Output = u64;

    #[inline(always)]
    fn run<L: Lanes>(self) -> u64 {
        let mut state = [L::splat(black_box(7)); WIDTH];
        for _ in 0..self.0 / L::WIDTH {
            permute_lanes(&mut state);
        }
        state[0].to_array()[0]
    }
}

/// Products of twelve independent chains.
struct Products(usize);

impl Work for Products {
    type Output = u64;

    #[inline(always)]
    fn run<L: Lanes>(self) -> u64 {
        let (mut chains, factor) = ([L::splat(black_box(7)); 12], L::splat(black_box(1 << 63)));
        for _ in 0..self.0 / L::WIDTH / 12 {
            for chain in &mut chains {
                *chain = *chain * factor;
            }
        }
        let mut sum = L::splat(0);
        for chain in chains {
            sum = sum + chain;
        }
        sum.to_array()[0]
    }
}

/// Parents of many pairs, as trees hash them.
fn parents(count: usize) -> Vec<Digest> {
    let pairs: Vec<_> =
        (0..count as u64).map(|at| (Digest::from([at, 1, 2, 3]), Digest::from([4, 5, 6, at]))).collect();
    nodes(Domain::UserNode, &pairs)
}

fn nanoseconds<T>(count: usize, work: impl FnOnce(usize) -> T) -> f64 {
    let start = Instant::now();
    black_box(work(black_box(count)));
    start.elapsed().as_nanos() as f64 / count as f64
}

fn main() {
    let kernels = Kernel::available();
    let mut best = vec![[f64::INFINITY; 3]; kernels.len()];
    for _ in 0..ROUNDS {
        for (kernel, best) in kernels.iter().zip(&mut best) {
            Kernel::force(*kernel).expect("an available kernel");
            best[0] = best[0].min(nanoseconds(1 << 14, |count| kernel.run(Permutations(count))));
            best[1] = best[1].min(nanoseconds(1 << 14, parents));
            best[2] = best[2].min(nanoseconds(12 << 14, |count| kernel.run(Products(count))));
        }
    }
    for (kernel, best) in kernels.iter().zip(&best) {
        println!("{kernel}: permutation {:.1} ns, {:.0} a second", best[0], 1e9 / best[0]);
        println!("{kernel}: tree node {:.1} ns, {:.0} a second", best[1], 1e9 / best[1]);
        println!("{kernel}: product of felts {:.2} ns", best[2]);
    }
}

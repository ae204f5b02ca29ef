//! The library's prover beside ours, on the library's own recursion: two proofs to one.
//!
//! `cargo run --release -p parth-proof --example profile -- [runs] [threads …]`

use std::error::Error;
use std::time::{Duration, Instant};

use parth_crypto::poseidon::kernels::Kernel;
use parth_proof::OwnProver;
use parth_proof::own::{Step, Timings};
use parth_proof::yardstick::Yardstick;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1).map(|argument| argument.parse::<usize>());
    let runs = arguments.next().transpose()?.unwrap_or(5);
    let mut pools: Vec<usize> = arguments.collect::<Result<_, _>>()?;
    if pools.is_empty() {
        pools = vec![1, std::thread::available_parallelism()?.get()];
    }
    let yardstick = Yardstick::build()?;
    println!("2-to-1 node: {} rows of 2^{}, kernel {}", yardstick.rows(), yardstick.degree_bits(), Kernel::current());
    for threads in pools {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build()?;
        let own = OwnProver::new();
        // The first proof makes tables and buffers.
        pool.install(|| yardstick.prove_own(&own))?;
        let (mut stock_times, mut profiles) = (Vec::new(), Vec::new());
        // In turns, so that both meet the same noise.
        for _ in 0..runs {
            let start = Instant::now();
            pool.install(|| yardstick.prove())?;
            stock_times.push(start.elapsed());
            let start = Instant::now();
            let (_, timings) = pool.install(|| yardstick.prove_own(&own))?;
            profiles.push((start.elapsed(), timings));
        }
        stock_times.sort();
        profiles.sort_by_key(|(time, _)| *time);
        let (stock, (ours, _)) = (stock_times[runs / 2], profiles[runs / 2]);
        println!(
            "\n{threads} threads, median of {runs}: stock {stock:.0?}, own {ours:.0?}, ratio {:.2}",
            ratio(stock, ours)
        );
        let (least_stock, least) = (stock_times[0], profiles[0].0);
        println!(
            "least: stock {least_stock:.0?}, own {least:.0?}, ratio {:.2}; profile of the fastest:",
            ratio(least_stock, least)
        );
        print_profile(&profiles[0].1);
    }
    Ok(())
}

fn ratio(stock: Duration, own: Duration) -> f64 {
    stock.as_secs_f64() / own.as_secs_f64()
}

fn print_profile(timings: &Timings) {
    println!("{timings}");
    let hashing = timings.of(Step::Leaves) + timings.of(Step::Nodes) + timings.of(Step::Grinding);
    println!("of which hashing {:.1} ms", 1000.0 * hashing.as_secs_f64());
}

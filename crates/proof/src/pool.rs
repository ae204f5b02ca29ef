//! [`Pooled`]: a prover that shares a fixed number of threads among the proofs that are wanted at the same time.
//!
//! Threads inside one proof never pay fully, since some steps of it have nothing to share out, so many proofs at once are
//! done fastest at one thread each. One proof alone is done fastest on all threads. A proof therefore takes its share of
//! the free threads when it starts:
//!
//! ```text
//!   free threads ÷ proofs that wait, itself included, and at least one;   none free: it waits
//! ```
//! A proof keeps its share to its end. So never more threads work than there are, and never more proofs are in memory
//! than threads.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use rayon::{ThreadPool, ThreadPoolBuildError, ThreadPoolBuilder};

use crate::{Circuit, Proof, ProveError, Prover, Witness};

/// Proves on its share of a number of threads.
#[derive(Debug)]
pub struct Pooled<P> {
    prover: P,
    shares: Shares,
}

impl<P: Prover> Pooled<P> {
    /// A prover that uses at most `threads` threads for all proofs together; at least one.
    pub fn new(prover: P, threads: usize) -> Pooled<P> {
        Pooled { prover, shares: Shares::new(threads.max(1)) }
    }
}

impl<P: Prover> Prover for Pooled<P> {
    fn prove(&self, circuit: &Circuit, witness: Witness) -> Result<Proof, ProveError> {
        let share = self.shares.take();
        let pool = share.pool().map_err(|error| ProveError::Threads { reason: error.to_string() })?;
        let proof = pool.install(|| self.prover.prove(circuit, witness));
        share.keep(pool);
        proof
    }
}

/// Threads to share out.
#[derive(Debug)]
struct Shares {
    state: Mutex<State>,
    freed: Condvar,
}

#[derive(Debug)]
struct State {
    free: usize,
    waiting: usize,
    /// Idle pools, each of so many threads as it says. Starting threads for every proof would be a waste.
    pools: Vec<ThreadPool>,
}

impl Shares {
    fn new(threads: usize) -> Shares {
        Shares { state: Mutex::new(State { free: threads, waiting: 0, pools: Vec::new() }), freed: Condvar::new() }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for a free thread and takes a share.
    fn take(&self) -> Share<'_> {
        let mut state = self.state();
        state.waiting += 1;
        while state.free == 0 {
            state = self.freed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        let threads = (state.free / state.waiting).max(1);
        state.waiting -= 1;
        state.free -= threads;
        Share { shares: self, threads }
    }
}

/// Threads that one proof has, until this is dropped.
struct Share<'a> {
    shares: &'a Shares,
    threads: usize,
}

impl Share<'_> {
    /// A pool of so many threads.
    fn pool(&self) -> Result<ThreadPool, ThreadPoolBuildError> {
        let mut state = self.shares.state();
        match state.pools.iter().position(|pool| pool.current_num_threads() == self.threads) {
            Some(place) => Ok(state.pools.swap_remove(place)),
            None => ThreadPoolBuilder::new().num_threads(self.threads).thread_name(|n| format!("prove-{n}")).build(),
        }
    }

    /// Keeps a pool for the next proof.
    fn keep(&self, pool: ThreadPool) {
        self.shares.state().pools.push(pool);
    }
}

impl Drop for Share<'_> {
    fn drop(&mut self) {
        self.shares.state().free += self.threads;
        self.shares.freed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Duration;

    #[test]
    fn a_proof_alone_has_all_threads() {
        let shares = Shares::new(4);
        for _ in 0..2 {
            let share = shares.take();
            assert_eq!(share.threads, 4);
            assert_eq!(share.pool().unwrap().install(rayon::current_num_threads), 4);
        }
    }

    #[test]
    fn proofs_that_wait_together_share_what_becomes_free() {
        let shares = Shares::new(5);
        let first = shares.take();
        let together = AtomicUsize::new(0);
        let mut taken = std::thread::scope(|scope| {
            let waiters: Vec<_> = (0..3)
                .map(|_| {
                    scope.spawn(|| {
                        let share = shares.take();
                        // Each holds its share until all have one: with fewer threads than proofs this would hang.
                        together.fetch_add(1, Ordering::SeqCst);
                        while together.load(Ordering::SeqCst) < 3 {
                            std::thread::sleep(Duration::from_millis(1));
                        }
                        share.threads
                    })
                })
                .collect();
            while shares.state().waiting < 3 {
                std::thread::sleep(Duration::from_millis(1));
            }
            drop(first);
            waiters.into_iter().map(|waiter| waiter.join().unwrap()).collect::<Vec<_>>()
        });
        taken.sort();
        assert_eq!(taken, [1, 2, 2]);
        assert_eq!(shares.state().free, 5);
    }

    #[test]
    fn more_proofs_than_threads_take_turns_at_one_thread_each() {
        let shares = Shares::new(2);
        let (busy, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let first = shares.take();
        std::thread::scope(|scope| {
            for _ in 0..9 {
                scope.spawn(|| {
                    let share = shares.take();
                    let now = busy.fetch_add(share.threads, Ordering::SeqCst) + share.threads;
                    most.fetch_max(now, Ordering::SeqCst);
                    std::thread::sleep(Duration::from_millis(2));
                    busy.fetch_sub(share.threads, Ordering::SeqCst);
                });
            }
            drop(first);
        });
        assert_eq!(most.load(Ordering::SeqCst), 2);
        assert_eq!(shares.state().free, 2);
    }

    #[test]
    fn a_panic_gives_its_threads_back_and_pools_are_used_again() {
        let shares = Shares::new(3);
        let panicked = std::thread::scope(|scope| {
            scope
                .spawn(|| {
                    let _share = shares.take();
                    panic!("a prover that panics");
                })
                .join()
        });
        assert!(panicked.is_err());
        for _ in 0..3 {
            let share = shares.take();
            let pool = share.pool().unwrap();
            share.keep(pool);
        }
        let state = shares.state();
        assert_eq!((state.free, state.pools.len()), (3, 1));
    }
}

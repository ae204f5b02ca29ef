//! Random programs: the circuit accepts what the interpreter does, to the felt, and refuses what it refuses.
//!
//! Each program is run with several inputs, each run after the one before. A run that is made must satisfy the circuit,
//! which says the same as the interpreter of outputs, writes, events and debts. A run that fails is cut off behind the
//! operation that failed: everything before it is honest, and still the circuit refuses it, also with cells filled in
//! regardless. The same openings with the inputs of another run are judged alike.
//!
//! `PARTH_RANDOM_PROGRAMS`, `PARTH_RANDOM_PROOFS` and `PARTH_RANDOM_SEED` say how many and which: `cargo xtask random`.

use std::collections::BTreeMap;
use std::num::NonZero;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use super::programs::{Program, Random};
use super::*;
use parth_circuits::contract::{CallCircuit, CallSkeleton};
use parth_contract::debt::InlineDebt;
use parth_contract::error::ExecError;
use parth_contract::function::OpeningKind;
use parth_contract::interpret::execute_with_values;
use parth_contract::mine::InSession;
use parth_contract::opening::{Opening, SlotOpening};
use parth_contract::sandbox::SandboxSession;
use parth_crypto::merkle::SparseTree;
use parth_crypto::{Domain, hash};
use parth_proof::{Class, ClassData, OwnProver};
use parth_protocol::ids::Caller;

/// Programs that are compared with the constraints of their circuits unless it is said otherwise.
const PROGRAMS: u64 = 10_000;
/// Programs that are proven unless it is said otherwise.
const PROOFS: u64 = 4;
/// Runs of each program.
const RUNS: usize = 3;

fn setting(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).ok().map_or(otherwise, |text| text.parse().unwrap_or_else(|_| panic!("{name} is {text}")))
}

/// Another one for each run of the tests, unless it is given.
fn seed() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    setting("PARTH_RANDOM_SEED", now.as_micros() as u64)
}

/// How often something happened.
type Tally = BTreeMap<&'static str, u64>;

fn count(tally: &mut Tally, what: &'static str) {
    *tally.entry(what).or_default() += 1;
}

/// Judges programs on all cores; a failure names its program, which a judge may change for another.
fn each(what: &str, programs: u64, judge: impl Fn(u64, &mut u64, &mut Tally) + Sync) -> Tally {
    let (seed, start) = (seed(), Instant::now());
    println!("{what}: {programs} programs of seed {seed}");
    let (next, all, failed) = (AtomicU64::new(0), Mutex::new(Tally::new()), Mutex::new(None));
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, NonZero::get) {
            scope.spawn(|| {
                let mut tally = Tally::new();
                while failed.lock().unwrap().is_none() {
                    let mut program = next.fetch_add(1, Ordering::Relaxed);
                    if program >= programs {
                        break;
                    }
                    let judged = catch_unwind(AssertUnwindSafe(|| judge(seed, &mut program, &mut tally)));
                    if let Err(payload) = judged {
                        *failed.lock().unwrap() = Some((program, payload));
                    }
                }
                let mut all = all.lock().unwrap();
                tally.into_iter().for_each(|(what, times)| *all.entry(what).or_default() += times);
            });
        }
    });
    if let Some((program, payload)) = failed.into_inner().unwrap() {
        let ops = Program::random(&mut Random::new(seed, program)).ops;
        for (at, op) in ops.iter().enumerate() {
            println!("{at:3}: {op:?}");
        }
        println!("program {program} of PARTH_RANDOM_SEED={seed}");
        resume_unwind(payload);
    }
    let all = all.into_inner().unwrap();
    println!("{what}: {all:?} in {:.1} s", start.elapsed().as_secs_f64());
    all
}

/// A chain with three checkpoints and states of two contracts to read; contract 0 is the program's.
fn chain_with(profile: Profile, contract: &Contract, inputs: &[Felt]) -> Sandbox {
    let mut chain = chain_of(profile, vec![contract.clone(), counter::contract()]);
    for time in [5, 9] {
        for by in 1..3 {
            let mut session = chain.open(user(by)).unwrap();
            chain.call(&mut session, COUNTER, "increment", &felts(&[time])).unwrap();
            let mut longer = session.clone();
            let _ = chain.call(&mut longer, SYSTEM, "f", inputs);
            // With a call owed it is not closed.
            chain.close(longer).or_else(|_| chain.close(session)).unwrap();
        }
        chain.advance(Time::constant(time)).unwrap();
    }
    chain
}

/// A call with other inputs.
fn with_inputs(witness: &CallWitness, inputs: &[Felt]) -> CallWitness {
    let mut witness = witness.clone();
    witness.call.inputs = hash(Domain::Inputs, inputs);
    witness.inputs = inputs.to_vec();
    witness
}

/// What the circuit refuses it refuses too when its cells are filled in regardless, if they can be.
fn refuses_regardless(compiled: &Compiled, checker: &Checker<'_>, witness: &CallWitness, tally: &mut Tally) {
    let Ok(trace) = compiled.rules.trace_anyway(checker, witness) else {
        return count(tally, "inputs that contradict each other");
    };
    assert!(!trace.violations().is_empty(), "cells satisfy the circuit; natively: {:?}", compiled.apply(witness));
}

/// A call of a program on a state of its own. What the calls that it makes inline give is claimed: the session finds out
/// whether that is so, the circuit takes whatever fits its type.
fn run(
    chain: &Sandbox,
    session: &SandboxSession,
    function: &Function,
    inputs: &[Felt],
    own: &SparseTree,
) -> Result<Execution, ExecError> {
    let standing = session.standing();
    let start = &session.session().start;
    let (anchor, user) = (start.anchor, start.user);
    let reader = InSession { chain, anchor, user, contracts: &standing.contracts, states: &standing.states };
    let leaf = chain.checkpoint_leaf(anchor).unwrap();
    let (profile, session, caller) = (chain.profile(), session.session(), Caller::USER);
    let mut claims: Vec<InlineDebt> = Vec::new();
    loop {
        let made = execute_with_values(profile, SYSTEM, function, caller, session, leaf, inputs, own, &reader, &claims);
        match made {
            Err((ExecError::NeedsResults { call, felts: width, .. }, _)) => {
                let outputs = vec![Felt::from(claims.len() as u32 % 2); width];
                claims.push(InlineDebt { debt: *call, outputs });
            }
            made => return made.map_err(|(error, _)| error),
        }
    }
}

/// The calls of a program, each on the state that the one before left; what fails is handed on with that state.
fn runs(
    chain: &Sandbox,
    session: &SandboxSession,
    contract: &Contract,
    inputs: &[Vec<Felt>],
    mut failed: impl FnMut(&SparseTree, &[Felt], ExecError),
) -> Vec<Execution> {
    let mut own = session.state(SYSTEM).cloned().unwrap_or_else(|| contract.empty_state());
    let mut made = Vec::new();
    for inputs in inputs {
        match run(chain, session, &contract.functions()[0], inputs, &own) {
            Ok(execution) => {
                for write in &execution.writes {
                    own.set(write.index.get(), write.new);
                }
                made.push(execution);
            }
            Err(error) => failed(&own, inputs, error),
        }
    }
    made
}

/// The run up to the operation that failed, which alone is wrong. Nothing when an opening is lacking for it.
fn cut_off(
    program: &Program,
    chain: &Sandbox,
    session: &SandboxSession,
    own: &SparseTree,
    inputs: &[Felt],
    error: &ExecError,
) -> Option<(Contract, CallWitness)> {
    let at = error.op()?;
    let (before, with) = (program.cut(at, at), program.cut(at + 1, at));
    let anchor = chain.checkpoint_leaf(session.session().start.anchor)?;
    let honest = run(chain, session, &before.functions()[0], inputs, own);
    let mut witness = honest.expect("everything before the operation that failed is honest").witness;
    let missing = with.functions()[0].openings().len() - witness.openings.len();
    match error {
        // Any opening will do: no place in the tree has this number.
        ExecError::SlotOutside { .. }
            if missing == 1 && with.functions()[0].openings().last() == Some(&OpeningKind::Own) =>
        {
            witness.openings.push(Opening::Own(SlotOpening::empty(with.state_height())));
        }
        _ if missing > 0 => return None,
        _ => {}
    }
    witness.anchor = with.functions()[0].opens_anchor().then(|| anchor.clone());
    Some((with, witness))
}

fn agree(seed: u64, program: u64, tally: &mut Tally) {
    let mut random = Random::new(seed, program);
    let program = Program::random(&mut random);
    let inputs: Vec<Vec<Felt>> = (0..RUNS).map(|_| random.inputs()).collect();
    let contract = program.clone().contract();
    let chain = chain_with(Profile::SMALL, &contract, &inputs[0]);
    let session = chain.open(user(2)).unwrap();
    // The circuits of what is cut off, by the operation that failed.
    let mut cut: BTreeMap<Option<usize>, Compiled> = BTreeMap::new();
    let made = runs(&chain, &session, &contract, &inputs, |own, inputs, error| {
        let Some((contract, witness)) = cut_off(&program, &chain, &session, own, inputs, &error) else {
            return count(tally, "not judged");
        };
        let compiled = cut.entry(error.op()).or_insert_with(|| Compiled::new(&contract.functions()[0]));
        let checker = compiled.rules.checker();
        assert!(!compiled.agree_by(&checker, &witness), "the run does not fail where it is cut off");
        refuses_regardless(compiled, &checker, &witness, tally);
        count(tally, "failed");
    });
    if made.is_empty() {
        return count(tally, "programs that always fail");
    }
    let compiled = Compiled::new(&contract.functions()[0]);
    let checker = compiled.rules.checker();
    for execution in &made {
        assert!(compiled.agree_by(&checker, &execution.witness));
        count(tally, "made");
    }
    // The same openings with other inputs: both accept, or both refuse.
    for others in &inputs {
        let witness = with_inputs(&made[0].witness, others);
        if compiled.agree_by(&checker, &witness) {
            count(tally, "other inputs accepted");
        } else {
            refuses_regardless(&compiled, &checker, &witness, tally);
            count(tally, "other inputs refused");
        }
    }
}

#[test]
fn circuits_agree_with_the_interpreter_on_random_programs() {
    let programs = setting("PARTH_RANDOM_PROGRAMS", PROGRAMS);
    let tally = each("agreement", programs, |seed, program, tally| agree(seed, *program, tally));
    if programs >= 100 {
        for what in ["made", "failed", "other inputs accepted", "other inputs refused"] {
            assert!(tally.get(what).is_some_and(|&times| times * 20 > programs), "too few are {what}: {tally:?}");
        }
        // A search that finds no place is no refusal of the circuit, and some openings are lacking for what failed.
        let not_judged = tally.get("not judged").copied().unwrap_or_default();
        assert!(not_judged * 2 < programs, "{tally:?}");
    }
}

/// Proves the first of a row of programs that can be made and fits a call; `program` is the one that it is at.
fn prove(seed: u64, program: &mut u64, tally: &mut Tally) {
    let first = *program;
    for again in 0.. {
        *program = first | again << 32;
        println!("program {program} is proven");
        if prove_one(&mut Random::new(seed, *program), tally) {
            return;
        }
    }
}

fn prove_one(random: &mut Random, tally: &mut Tally) -> bool {
    let program = Program::random(random);
    let inputs: Vec<Vec<Felt>> = (0..RUNS).map(|_| random.inputs()).collect();
    let contract = program.contract();
    let chain = chain_with(Profile::STANDARD, &contract, &inputs[0]);
    let session = chain.open(user(2)).unwrap();
    let made = runs(&chain, &session, &contract, &inputs, |_, _, _| {});
    let Some(execution) = made.first() else {
        count(tally, "programs that always fail");
        return false;
    };
    let function = &contract.functions()[0];
    let skeleton = CallSkeleton::new(&Profile::STANDARD, function).unwrap();
    if skeleton.rows() > Class::Call.rows() {
        count(tally, "programs that are too large");
        return false;
    }
    let (circuit, prover): (CallCircuit, _) = (skeleton.build().unwrap(), OwnProver::new());
    let proof = circuit.prove(&prover, &execution.witness).unwrap();
    circuit.circuit().key().verify(ClassData::call(), &proof).unwrap();
    assert_eq!(proof.public_inputs(), execution.context.digest().0);
    count(tally, "proofs");
    let others = inputs.iter().map(|others| with_inputs(&execution.witness, others));
    if let Some(wrong) = others.into_iter().find(|witness| witness.apply(&Profile::STANDARD, function).is_err()) {
        assert!(circuit.prove(&prover, &wrong).is_err(), "a call that fails is proven");
        count(tally, "proofs refused");
    }
    true
}

#[test]
fn random_programs_are_proven() {
    let programs = setting("PARTH_RANDOM_PROOFS", PROOFS);
    let tally = each("proofs", programs, prove);
    assert_eq!(tally.get("proofs").copied().unwrap_or_default(), programs, "{tally:?}");
}

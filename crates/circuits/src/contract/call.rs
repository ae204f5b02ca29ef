//! One call of one function as a circuit. Twin: `contract/src/call.rs`.

use parth_contract::{CallWitness, Function};
use parth_crypto::{Digest, Domain, Felt};
use parth_proof::cache::{CacheError, CacheKey, CacheWarning, CircuitCache};
use parth_proof::circuit::built_rows;
use parth_proof::class::config;
use parth_proof::{Builder, C, Circuit, CircuitData, CircuitError, Class, Proof, Prover, Witness};
use parth_protocol::Profile;
use parth_protocol::ids::{Fingerprint, Scalar};
use parth_protocol::records::block::CheckpointLeaf;
use parth_protocol::records::session::SessionStart;
use plonky2::iop::target::Target;
use plonky2::plonk::circuit_data::CircuitConfig;
use thiserror::Error;

use super::compile::{Compiler, Effects, Head, MAX_ROWS};
use super::opening::OpeningTarget;
use crate::checker::{CheckError, Checker, Trace};
use crate::class;
use crate::gadgets::hash::{DigestTarget, constant, hash};
use crate::records::block::CheckpointLeafTarget;
use crate::records::session::{CallContextTarget, CallTarget, SessionStartTarget};
use crate::serializer::serializer;
use crate::statement::{RuleError, StatementError};
use crate::twin::{FeltsTarget, FillError, RecordTarget, Twin};

/// Why a function gets no circuit.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum CompileError {
    /// It takes more rows than a call circuit has.
    #[error("function {function} takes {used} rows, a call has {limit}")]
    Rows {
        /// The function's name.
        function: String,
        /// Rows that it takes; at least, when that is above 2^16.
        used: usize,
        /// Rows of the class.
        limit: usize,
    },
    /// The library refuses the circuit.
    #[error(transparent)]
    Circuit(#[from] CircuitError),
}

/// The targets of a [`CallWitness`].
#[derive(Clone, Debug)]
struct CallTargets {
    session: SessionStartTarget,
    caller: Target,
    contract: Target,
    inputs: Vec<Target>,
    user_contracts: DigestTarget,
    state: DigestTarget,
    proofs: DigestTarget,
    balance: Target,
    events_before: Target,
    anchor: Option<CheckpointLeafTarget>,
    openings: Vec<OpeningTarget>,
}

impl CallTargets {
    /// The rows that a function surely takes when these are more than [`MAX_ROWS`], so that code by strangers cannot ask
    /// for the memory of all its openings.
    fn alloc(builder: &mut Builder, profile: &Profile, function: &Function) -> Result<CallTargets, usize> {
        let least = OpeningTarget::least_rows(profile, function);
        if least > MAX_ROWS {
            return Err(least);
        }
        Ok(CallTargets {
            session: SessionStart::alloc(builder, profile),
            caller: builder.add_virtual_target(),
            contract: builder.add_virtual_target(),
            inputs: builder.add_virtual_targets(function.inputs_length().get() as usize),
            user_contracts: DigestTarget::alloc(builder),
            state: DigestTarget::alloc(builder),
            proofs: DigestTarget::alloc(builder),
            balance: builder.add_virtual_target(),
            events_before: builder.add_virtual_target(),
            anchor: function.opens_anchor().then(|| CheckpointLeaf::alloc(builder, profile)),
            openings: OpeningTarget::all(builder, profile, function),
        })
    }

    fn fill(&self, call: &CallWitness, witness: &mut Witness) -> Result<(), FillError> {
        let exact = |what, expected: usize, actual: usize| {
            if expected == actual { Ok(()) } else { Err(FillError::Length { what, expected, actual }) }
        };
        call.session.fill(&self.session, witness)?;
        call.call.caller.fill(&self.caller, witness)?;
        call.call.contract.fill(&self.contract, witness)?;
        exact("a list of inputs", self.inputs.len(), call.inputs.len())?;
        call.inputs.iter().zip(&self.inputs).try_for_each(|(felt, target)| felt.fill(target, witness))?;
        call.user_contracts.fill(&self.user_contracts, witness)?;
        call.state.fill(&self.state, witness)?;
        call.proofs.fill(&self.proofs, witness)?;
        call.balance.fill(&self.balance, witness)?;
        call.events_before.fill(&self.events_before, witness)?;
        match (&self.anchor, &call.anchor) {
            (Some(target), Some(leaf)) => leaf.fill(target, witness)?,
            (Some(_), None) => exact("the opened anchor", 1, 0)?,
            (None, _) => {}
        }
        exact("a list of openings", self.openings.len(), call.openings.len())?;
        self.openings.iter().zip(&call.openings).try_for_each(|(target, opening)| target.fill(opening, witness))
    }
}

/// Places the constraints of a call; gives what the proof says. Nothing when the function is far too large. `rows` gets
/// the rows of each operation that was placed.
fn place(
    builder: &mut Builder,
    function: &Function,
    targets: &CallTargets,
    rows: &mut Vec<usize>,
) -> Option<CallContextTarget> {
    let session = targets.session.digest(builder);
    let inputs = hash(builder, Domain::Inputs, &targets.inputs);
    let call = CallTarget {
        caller: targets.caller,
        contract: targets.contract,
        method: constant(builder, function.method().to_felt()),
        inputs_length: constant(builder, function.inputs_length().to_felt()),
        inputs,
    };
    if function.moves_balance() {
        builder.assert_zero(targets.contract); // the system contract
    }
    if let Some(anchor) = &targets.anchor {
        let digest = anchor.digest(builder);
        digest.connect(builder, targets.session.anchor_leaf);
    }
    let head = Head {
        session: &targets.session,
        call: &call,
        anchor: targets.anchor.as_ref(),
        user_contracts: targets.user_contracts,
        state: targets.state,
        balance: targets.balance,
    };
    let compiler = Compiler::new(builder, function, head, &targets.openings, &targets.inputs, rows);
    let Effects { outputs, state, slots, events, event_count, balance_out, balance_in, deferred, inline } =
        compiler.run()?;
    let zero = builder.zero();
    Some(CallContextTarget {
        session,
        user_contracts: targets.user_contracts,
        state: targets.state,
        call: call.digest(builder),
        proofs: targets.proofs,
        balance: targets.balance,
        events_before: targets.events_before,
        new_state: state,
        deferred,
        inline,
        outputs: hash(builder, Domain::Outputs, &outputs),
        slots,
        events,
        // Below 2^48 by the step, which checks what every call reports.
        events_after: builder.add(targets.events_before, event_count),
        balance_out,
        balance_in,
        withdrawn: zero,
        deposited: zero,
    })
}

/// Targets and constraints of a call. Refuses a function that is far too large.
fn placed(
    builder: &mut Builder,
    profile: &Profile,
    function: &Function,
) -> Result<(CallTargets, CallContextTarget), CompileError> {
    let rows = |used| CompileError::Rows { function: function.name().to_owned(), used, limit: Class::Call.rows() };
    let targets = CallTargets::alloc(builder, profile, function).map_err(rows)?;
    match place(builder, function, &targets, &mut Vec::new()) {
        Some(context) => Ok((targets, context)),
        None => Err(rows(builder.num_gates())),
    }
}

/// The circuit of a function, placed and not yet built: cheap, and enough to count rows.
pub struct CallSkeleton {
    name: String,
    /// Names the circuit in the disk cache.
    key: String,
    builder: Builder,
    targets: CallTargets,
}

impl CallSkeleton {
    /// Compiles a function for the tree heights of a profile.
    pub fn new(profile: &Profile, function: &Function) -> Result<CallSkeleton, CompileError> {
        let mut builder = Builder::new(config());
        let name = function.name().to_owned();
        let (targets, context) = placed(&mut builder, profile, function)?;
        let public = context.digest(&mut builder);
        builder.register_public_inputs(&public.0);
        let key = format!("call::{name}@{}@{}", profile.name, function.digest());
        Ok(CallSkeleton { name, key, builder, targets })
    }

    /// Rows that it takes, see [`parth_proof::circuit::placed_rows`]; a call has 2^12.
    pub fn rows(&self) -> usize {
        parth_proof::circuit::placed_rows(&self.builder)
    }

    /// Pads it to the call class and builds it.
    pub fn build(self) -> Result<CallCircuit, CompileError> {
        let circuit = Circuit::build(class::data(Class::Call), self.builder).map_err(|error| match error {
            CircuitError::Rows { used, limit, .. } => CompileError::Rows { function: self.name, used, limit },
            other => CompileError::Circuit(other),
        })?;
        Ok(CallCircuit { circuit, targets: self.targets })
    }

    /// As [`CallSkeleton::build`], from disk when the cache has the circuit. `expected` is the fingerprint in the
    /// function leaf of a deployed contract: another circuit than that is refused.
    pub fn load_or_build(
        self,
        cache: &CircuitCache,
        expected: Option<Fingerprint>,
    ) -> Result<(CallCircuit, Option<CacheWarning>), CacheError> {
        let CallSkeleton { key, builder, targets, .. } = self;
        let (class, key) = (class::data(Class::Call), CacheKey { name: &key, pinned: expected });
        let build = || Ok((Circuit::build(class, builder)?, Vec::new()));
        let cached = cache.load_or_build(key, class, serializer(), build)?;
        Ok((CallCircuit { circuit: cached.circuit, targets }, cached.warning))
    }
}

/// How many rows a function takes, and which of its operations take them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowCount {
    /// All rows, as the built circuit has them; of a function that is too large those placed so far, or that it surely has.
    pub rows: usize,
    /// Rows that each operation begins. Small operations share rows: the one that opens a row counts it, the others
    /// count none.
    pub operations: Vec<usize>,
    /// Were all operations placed? Counting stops at 2^16 rows.
    pub complete: bool,
}

impl RowCount {
    /// Counts the rows of a function, however many there are, for the tree heights of a profile.
    pub fn of(profile: &Profile, function: &Function) -> RowCount {
        let mut builder = Builder::new(config());
        let mut operations = Vec::new();
        let targets = match CallTargets::alloc(&mut builder, profile, function) {
            Ok(targets) => targets,
            Err(rows) => return RowCount { rows, operations, complete: false },
        };
        let context = place(&mut builder, function, &targets, &mut operations);
        let complete = context.is_some();
        if let Some(context) = context {
            let public = context.digest(&mut builder);
            builder.register_public_inputs(&public.0);
        }
        let placed = parth_proof::circuit::placed_rows(&builder);
        let rows = if placed > Class::Call.rows() { placed } else { built_rows(builder).unwrap_or(placed) };
        RowCount { rows, operations, complete }
    }
}

/// The circuit of a function, ready to prove calls.
pub struct CallCircuit {
    circuit: Circuit,
    targets: CallTargets,
}

impl CallCircuit {
    /// Compiles and builds the circuit of a function.
    pub fn build(profile: &Profile, function: &Function) -> Result<CallCircuit, CompileError> {
        CallSkeleton::new(profile, function)?.build()
    }

    /// The built circuit.
    pub fn circuit(&self) -> &Circuit {
        &self.circuit
    }

    /// The name of the circuit, as the function leaf holds it.
    pub fn fingerprint(&self) -> Fingerprint {
        self.circuit.fingerprint()
    }

    /// The inputs of a proof.
    pub fn witness(&self, call: &CallWitness) -> Result<Witness, FillError> {
        let mut witness = Witness::new();
        self.targets.fill(call, &mut witness)?;
        Ok(witness)
    }

    /// Proves a call. Its public input is the digest of the call context.
    pub fn prove(&self, prover: &dyn Prover, call: &CallWitness) -> Result<Proof, StatementError> {
        let witness = self.witness(call)?;
        Ok(prover.prove(&self.circuit, witness)?)
    }
}

/// The library commits to the constants of every circuit that it builds, at this rate. Nothing is proven here, so the
/// cheapest will do; gates and constraints are the same.
fn unproven() -> CircuitConfig {
    let mut config = config();
    config.fri_config.rate_bits = 1;
    config.fri_config.num_query_rounds = config.security_bits;
    config.fri_config.cap_height = 0;
    config
}

/// The same constraints as a circuit of their own size, to check many calls natively.
pub struct CallRules {
    data: CircuitData,
    targets: CallTargets,
    context: CallContextTarget,
}

impl CallRules {
    /// Compiles and builds a function. It need not fit the call class.
    pub fn build(profile: &Profile, function: &Function) -> Result<CallRules, CompileError> {
        let mut builder = Builder::new(unproven());
        let (targets, context) = placed(&mut builder, profile, function)?;
        let public = context.digest(&mut builder);
        builder.register_public_inputs(&public.0);
        Ok(CallRules { data: builder.build::<C>(), targets, context })
    }

    /// A checker for many calls.
    pub fn checker(&self) -> Checker<'_> {
        Checker::new(&self.data)
    }

    /// What the proof says, as targets, for tests that set some by hand.
    pub fn context(&self) -> &CallContextTarget {
        &self.context
    }

    /// The values of all cells for a call, constraints unchecked.
    pub fn trace<'a>(&self, checker: &'a Checker<'_>, call: &CallWitness) -> Result<Trace<'a>, RuleError> {
        let mut witness = Witness::new();
        self.targets.fill(call, &mut witness)?;
        Ok(checker.trace(witness)?)
    }

    /// As [`CallRules::trace`] for a call that may be wrong; see [`Checker::trace_anyway`].
    pub fn trace_anyway<'a>(&self, checker: &'a Checker<'_>, call: &CallWitness) -> Result<Trace<'a>, RuleError> {
        let mut witness = Witness::new();
        self.targets.fill(call, &mut witness)?;
        Ok(checker.trace_anyway(witness)?)
    }

    /// Does the circuit accept the call, and what does its proof say? Compare with the felts and the digest of the
    /// native [`parth_protocol::records::session::CallContext`].
    pub fn check(&self, checker: &Checker<'_>, call: &CallWitness) -> Result<(Vec<Felt>, Digest), RuleError> {
        let trace = self.trace(checker, call)?;
        let violations = trace.violations();
        if !violations.is_empty() {
            return Err(CheckError::Constraints { violations }.into());
        }
        let public = &self.data.prover_only.public_inputs;
        let digest = Digest(std::array::from_fn(|lane| trace.get(public[lane])));
        Ok((self.context.targets().into_iter().map(|target| trace.get(target)).collect(), digest))
    }
}

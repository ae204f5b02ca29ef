//! From the rules of a statement to a circuit.
//!
//! ```text
//!   StatementCircuit::rules    constraints of `Statement::apply`, children as claims
//!        ├─▸ RuleCircuit       rules alone: small, checked natively, for tests of every refusal
//!        └─▸ ProvingCircuit    rules and a verified proof for each claim, padded to its class: what is proven
//! ```
//! The rules never see proofs and the shell never sees rules, so each is tested for itself.

use parth_crypto::{Digest, Domain, Felt};
use parth_proof::cache::{CacheError, CacheKey, CacheWarning, CircuitCache};
use parth_proof::class::config;
use parth_proof::{Builder, C, Circuit, CircuitData, CircuitError, Class, Proof, ProveError, Prover, Witness};
use parth_protocol::ids::Fingerprint;
use parth_protocol::statement::ChildProof;
use parth_protocol::{Rules, Statement};
use plonky2::iop::target::Target;
use thiserror::Error;

use crate::checker::{CheckError, Checker, Trace};
use crate::class;
use crate::gadgets::hash::DigestTarget;
use crate::recursion::{self, Child, ChildClaim, ChildTarget};
use crate::serializer::serializer;
use crate::twin::{FillError, Twin};

/// What the rules of a statement leave for the shell.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// Public inputs of the proof.
    pub public: Vec<Target>,
    /// The proofs that it builds on, in the order of [`Statement::children`].
    pub children: Vec<ChildClaim>,
}

impl Outcome {
    /// A statement whose public input is one digest.
    pub fn new(public: DigestTarget, children: Vec<ChildClaim>) -> Outcome {
        Outcome { public: public.0.to_vec(), children }
    }
}

/// A statement with its rules as constraints. Twin of [`Statement`], at the same path.
pub trait StatementCircuit: Statement + Twin {
    /// The class of its circuit.
    const CLASS: Class;

    /// The constraints of [`Statement::apply`]: accepts exactly the same inputs.
    fn rules(builder: &mut Builder, rules: &Rules, inputs: &Self::Target) -> Outcome;
}

/// The circuit of a statement, rules and children placed, not yet built: cheap, and enough to count rows.
pub struct Skeleton<S: Twin> {
    builder: Builder,
    inputs: S::Target,
    children: Vec<ChildTarget>,
}

impl<S: StatementCircuit> Skeleton<S> {
    /// Places rules, children and public inputs.
    pub fn new(rules: &Rules) -> Skeleton<S> {
        let mut builder = Builder::new(config());
        let inputs = S::alloc(&mut builder, &rules.profile);
        let outcome = S::rules(&mut builder, rules, &inputs);
        let children = recursion::verify(&mut builder, &outcome.children);
        builder.register_public_inputs(&outcome.public);
        Skeleton { builder, inputs, children }
    }

    /// Rows that it takes; see [`parth_proof::circuit::placed_rows`].
    pub fn rows(&self) -> usize {
        parth_proof::circuit::placed_rows(&self.builder)
    }

    /// Pads it to its class and builds it.
    pub fn build(self) -> Result<ProvingCircuit<S>, CircuitError> {
        let circuit = Circuit::build(class::data(S::CLASS), self.builder)?;
        Ok(ProvingCircuit { circuit, inputs: self.inputs, children: self.children })
    }
}

/// The circuit of a statement, ready to prove.
pub struct ProvingCircuit<S: Twin> {
    circuit: Circuit,
    inputs: S::Target,
    children: Vec<ChildTarget>,
}

/// Why a statement is not proven.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum StatementError {
    /// The statement or its children do not fit the circuit's targets.
    #[error(transparent)]
    Fill(#[from] FillError),
    /// The circuit does not accept them.
    #[error(transparent)]
    Prove(#[from] ProveError),
}

impl<S: StatementCircuit> ProvingCircuit<S> {
    /// The circuit under these rules, from disk when the cache has it, else built. `pinned` is its fingerprint in the lock
    /// file.
    pub fn load_or_build(
        rules: &Rules,
        cache: &CircuitCache,
        pinned: Option<Fingerprint>,
    ) -> Result<(ProvingCircuit<S>, Option<CacheWarning>), CacheError> {
        let key = CacheKey { name: S::CIRCUIT.name(), pinned };
        let build = || {
            let ProvingCircuit { circuit, children, .. } = Skeleton::<S>::new(rules).build()?;
            let notes = ChildTarget::encode(&children);
            let reason = "the targets of its children cannot be written".to_owned();
            Ok((circuit, notes.map_err(|_| CircuitError::Build { reason })?))
        };
        let cached = cache.load_or_build(key, class::data(S::CLASS), serializer(), build)?;
        let Ok(children) = ChildTarget::decode(&cached.notes) else {
            // Whatever the file is, it carries its checksum.
            return Ok((Skeleton::<S>::new(rules).build()?, cached.warning));
        };
        // Its inputs come first of all that a circuit is made of, so nothing else need be placed to know where they are.
        let inputs = S::alloc(&mut Builder::new(config()), &rules.profile);
        Ok((ProvingCircuit { circuit: cached.circuit, inputs, children }, cached.warning))
    }

    /// The built circuit.
    pub fn circuit(&self) -> &Circuit {
        &self.circuit
    }

    /// The built circuit, without the places of its inputs.
    pub fn into_circuit(self) -> Circuit {
        self.circuit
    }

    /// The inputs of a proof: the statement, and a proof for each of its children in order.
    pub fn witness(&self, statement: &S, children: &[Child<'_>]) -> Result<Witness, FillError> {
        if children.len() != self.children.len() {
            return Err(FillError::Children { expected: self.children.len(), actual: children.len() });
        }
        let mut witness = Witness::new();
        statement.fill(&self.inputs, &mut witness)?;
        for (target, &child) in self.children.iter().zip(children) {
            target.fill(child, &mut witness)?;
        }
        Ok(witness)
    }

    /// Proves the statement on top of its children's proofs.
    pub fn prove(&self, prover: &dyn Prover, statement: &S, children: &[Child<'_>]) -> Result<Proof, StatementError> {
        let witness = self.witness(statement, children)?;
        Ok(prover.prove(&self.circuit, witness)?)
    }
}

/// The rules of a statement alone, as a small circuit: proofs of children are taken on trust.
pub struct RuleCircuit<S: Twin> {
    data: CircuitData,
    inputs: S::Target,
    outcome: Outcome,
}

/// What the rules of a statement come to for some inputs. Equals the native header and children.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleOutcome {
    /// Public inputs of the proof.
    pub public: Vec<Felt>,
    /// The proofs that it builds on.
    pub children: Vec<ChildProof>,
}

/// Why the rules of a statement refuse some inputs.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum RuleError {
    /// They do not fit the circuit's targets.
    #[error(transparent)]
    Fill(#[from] FillError),
    /// A constraint does not hold.
    #[error(transparent)]
    Check(#[from] CheckError),
}

impl<S: StatementCircuit> RuleCircuit<S> {
    /// Builds the rules. All that they leave is public, as it is in the whole circuit or in its children.
    pub fn build(rules: &Rules) -> RuleCircuit<S> {
        let mut builder = Builder::new(config());
        let inputs = S::alloc(&mut builder, &rules.profile);
        let outcome = S::rules(&mut builder, rules, &inputs);
        builder.register_public_inputs(&outcome.public);
        for child in &outcome.children {
            builder.register_public_inputs(&child.fingerprint.0);
            builder.register_public_inputs(&child.public);
        }
        RuleCircuit { data: builder.build::<C>(), inputs, outcome }
    }

    /// The targets of the statement, for tests that set some by hand.
    pub fn inputs(&self) -> &S::Target {
        &self.inputs
    }

    /// A checker for many statements.
    pub fn checker(&self) -> Checker<'_> {
        Checker::new(&self.data)
    }

    /// The values of all cells for a statement, constraints unchecked.
    pub fn trace<'a>(&self, checker: &'a Checker<'_>, statement: &S) -> Result<Trace<'a>, RuleError> {
        let mut witness = Witness::new();
        statement.fill(&self.inputs, &mut witness)?;
        Ok(checker.trace(witness)?)
    }

    /// Does the circuit accept the statement, and with which outcome? Compare with [`Statement::apply`].
    pub fn check(&self, checker: &Checker<'_>, statement: &S) -> Result<RuleOutcome, RuleError> {
        let trace = self.trace(checker, statement)?;
        let violations = trace.violations();
        if !violations.is_empty() {
            return Err(CheckError::Constraints { violations }.into());
        }
        let felts = |targets: &[Target]| targets.iter().map(|&target| trace.get(target)).collect::<Vec<Felt>>();
        let child = |claim: &ChildClaim| ChildProof {
            fingerprint: Fingerprint(Digest(claim.fingerprint.0.map(|target| trace.get(target)))),
            public: public_digest(felts(&claim.public)),
        };
        Ok(RuleOutcome {
            public: felts(&self.outcome.public),
            children: self.outcome.children.iter().map(child).collect(),
        })
    }
}

/// The digest that names public inputs: themselves, or for a checkpoint their hash.
fn public_digest(felts: Vec<Felt>) -> Digest {
    match <[Felt; 4]>::try_from(felts) {
        Ok(digest) => Digest(digest),
        Err(felts) => parth_crypto::hash(Domain::CheckpointPublic, &felts),
    }
}

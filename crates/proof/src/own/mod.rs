//! [`OwnProver`]: our own proving routine over the library's public types. Same proofs, same verifier, less time.
//!
//! ```text
//!   witness      inputs ─▸ all wires, by the circuit's generators; poseidon: those of Poseidon gates in lanes
//!   commitment   values or coefficients ─▸ values on the coset ─▸ Merkle tree
//!   permutation  Z and partial products
//!   quotient     every constraint on the coset, divided by x^n − 1
//!   openings     all polynomials at one point; their combination
//!   fri          folding, nonce, queries
//!
//!   fixed        constants and sigmas, committed to when a circuit is built or read
//!   sigma        which cells hold the same value
//!   domain       rows, the coset, and the order of its points
//!   transform    between coefficients and values
//!   merkle       trees hashed from columns
//!   columns      values of many polynomials in one flat buffer; buffers that serve again
//!   timings      where the time went
//! ```
//!
//! A proof is the library's, felt for felt, but for the nonce: the library takes any that will do, this prover the
//! lowest, so its proofs are reproducible. Threads are those of the rayon pool that the caller runs in.

pub mod columns;
mod commitment;
pub mod domain;
pub(crate) mod fixed;
mod fri;
mod merkle;
mod openings;
mod permutation;
mod poseidon;
pub mod quotient;
pub(crate) mod sigma;
pub mod timings;
mod transform;
mod witness;

use parth_crypto::poseidon::kernels::Kernel;
use plonky2::field::goldilocks_field::GoldilocksField as F;
use plonky2::field::types::{Field, PrimeField64};
use plonky2::fri::FriParamsObserve;
use plonky2::fri::proof::{FriInitialTreeProof, FriProof, FriQueryRound};
use plonky2::hash::poseidon::PoseidonHash;
use plonky2::iop::witness::PartitionWitness;
use plonky2::plonk::config::Hasher;
use plonky2::plonk::proof::{OpeningSet, Proof as ProofParts};
use rayon::prelude::*;

pub use columns::Columns;
pub use domain::Domain;
pub use quotient::gates::Gates;
pub use timings::{Step, Timings};

use crate::kernels::words;
use crate::panic::guard;
use crate::prover::ProveError;
use crate::{Circuit, CircuitData, CommonData, D, Proof, Prover, RawProof, Witness};
use columns::Buffers;
use commitment::Commitment;
use fri::{Folded, Transcript};
use openings::Extension;
use timings::Clock;
pub(crate) use witness::Schedule;

/// Proves with the kernel of the process ([`Kernel::current`]), several felts at a time.
///
/// One value serves a whole process: it keeps up to 300 MiB of buffers between proofs. The factors of transforms are kept
/// for the process too, 3.3 MB for 2^13 rows. A proof of 2^13 rows and 135 wires takes 145 MB of them at its peak, of which 90
/// are values on the coset; one of 2^12 rows half of that. Nothing is kept a circuit but the order of its generators (80
/// kB): constants and sigmas are read from the library's own leaves.
#[derive(Debug, Default)]
pub struct OwnProver {
    buffers: Buffers,
    gates: Gates,
}

/// What all steps of a proof share.
#[derive(Clone, Copy, Debug)]
struct Context<'a> {
    kernel: Kernel,
    domain: &'a Domain,
    buffers: &'a Buffers,
    cap_height: usize,
}

impl Prover for OwnProver {
    fn prove(&self, circuit: &Circuit, witness: Witness) -> Result<Proof, ProveError> {
        self.prove_timed(circuit, witness).map(|(proof, _)| proof)
    }
}

impl OwnProver {
    /// A prover that keeps nothing yet.
    pub fn new() -> OwnProver {
        OwnProver::default()
    }

    /// As [`OwnProver::new`], with gates beside those of the library that are evaluated on several points at once.
    pub fn with_gates(gates: Gates) -> OwnProver {
        OwnProver { gates, ..OwnProver::default() }
    }

    /// Proves, and says where the time went. The proof was verified by the library.
    pub fn prove_timed(&self, circuit: &Circuit, inputs: Witness) -> Result<(Proof, Timings), ProveError> {
        let (raw, timings) = self.prove_raw(circuit.data(), circuit.schedule(), inputs)?;
        Ok((Proof::new(circuit.class(), raw), timings))
    }

    /// As [`OwnProver::prove_timed`], for a circuit of no class.
    pub(crate) fn prove_raw(
        &self,
        circuit: &CircuitData,
        schedule: &Schedule,
        inputs: Witness,
    ) -> Result<(RawProof, Timings), ProveError> {
        refuse_unsupported(&circuit.common)?;
        let mut clock = Clock::default();
        let filled = clock.measure(Step::Witness, || witness::fill(circuit, schedule, &self.buffers, inputs))?;
        // Steps meet no input that could make them panic; should the code be wrong, a worker survives it.
        let made = guard(|| self.prove_filled(circuit, filled, &mut clock));
        let raw = made.map_err(|reason| ProveError::Unsatisfied { reason })??;
        let verified = clock.measure(Step::Verification, || guard(|| circuit.verify(raw.clone())));
        match verified {
            Ok(Ok(())) => Ok((raw, clock.timings())),
            Ok(Err(error)) => Err(ProveError::Unsatisfied { reason: error.to_string() }),
            Err(reason) => Err(ProveError::Unsatisfied { reason }),
        }
    }

    /// The protocol, step by step, as the library's verifier replays it.
    fn prove_filled(
        &self,
        circuit: &CircuitData,
        filled: PartitionWitness<'_, F>,
        clock: &mut Clock,
    ) -> Result<RawProof, ProveError> {
        let (common, only) = (&circuit.common, &circuit.prover_only);
        let domain = Domain::shared(common);
        let (kernel, cap_height) = (Kernel::current(), common.config.fri_config.cap_height);
        let context = &Context { kernel, domain: &domain, buffers: &self.buffers, cap_height };
        let public_inputs: Vec<F> = only.public_inputs.iter().map(|&target| witness::value(&filled, target)).collect();
        let public_inputs_hash = PoseidonHash::hash_no_pad(&public_inputs);

        let rows = clock.measure(Step::Columns, || witness::wires(context, &filled));
        self.buffers.give_back_values(filled.values);
        let wires = Commitment::of_tiles(context, &rows, clock);
        let mut transcript = Transcript::new();
        common.fri_params.observe(&mut transcript);
        transcript.observe_hash::<PoseidonHash>(only.circuit_digest);
        transcript.observe_hash::<PoseidonHash>(public_inputs_hash);
        transcript.observe_cap::<PoseidonHash>(&wires.tree.cap());
        let betas = transcript.get_n_challenges(common.config.num_challenges);
        let gammas = transcript.get_n_challenges(common.config.num_challenges);

        let products =
            clock.measure(Step::Permutation, || permutation::products(context, circuit, &rows, &betas, &gammas))?;
        let products = Commitment::of_rows(context, products, clock);
        transcript.observe_cap::<PoseidonHash>(&products.tree.cap());
        let alphas = transcript.get_n_challenges(common.config.num_challenges);

        let inputs = quotient::Inputs {
            gates: &self.gates,
            circuit,
            domain: &domain,
            fixed: &only.constants_sigmas_commitment.merkle_tree.leaves,
            wires: &wires.values,
            products: &products.values,
            public_inputs_hash: &public_inputs_hash,
            betas: &betas,
            gammas: &gammas,
            alphas: &alphas,
        };
        let quotient = quotient_coefficients(context, &inputs, clock)?;
        let quotient = Commitment::of_coefficients(context, quotient, clock);
        transcript.observe_cap::<PoseidonHash>(&quotient.tree.cap());
        let oracles = [&wires, &products, &quotient];

        let (openings, combination) = self.open(context, circuit, oracles, &mut transcript, clock)?;
        let fri_params = &common.fri_params;
        let folded = clock.measure(Step::Folding, || {
            fri::fold(context, combination, &fri_params.reduction_arity_bits, &mut transcript)
        });
        let bits = fri_params.config.proof_of_work_bits;
        let pow_witness = clock.measure(Step::Grinding, || fri::grind(kernel, &mut transcript, bits));
        let query_round_proofs =
            clock.measure(Step::Queries, || answer(context, circuit, oracles, &folded, &mut transcript));
        let opening_proof = FriProof {
            commit_phase_merkle_caps: folded.layers.iter().map(|layer| layer.tree.cap()).collect(),
            query_round_proofs,
            final_poly: folded.final_poly,
            pow_witness,
        };
        let proof = ProofParts {
            wires_cap: wires.tree.cap(),
            plonk_zs_partial_products_cap: products.tree.cap(),
            quotient_polys_cap: quotient.tree.cap(),
            openings,
            opening_proof,
        };
        self.buffers.give_back(rows.into_buffer());
        folded.layers.into_iter().for_each(|layer| layer.retire(context));
        [wires, products, quotient].into_iter().for_each(|commitment| commitment.retire(context));
        Ok(RawProof { proof, public_inputs })
    }

    /// Opens all polynomials at the next challenge; the combination of degree below the rows that shows the values true.
    fn open(
        &self,
        context: &Context<'_>,
        circuit: &CircuitData,
        [wires, products, quotient]: [&Commitment; 3],
        transcript: &mut Transcript,
        clock: &mut Clock,
    ) -> Result<(OpeningSet<F, D>, Vec<Extension>), ProveError> {
        let (common, kernel) = (&circuit.common, context.kernel);
        let fixed = circuit.prover_only.constants_sigmas_commitment.polynomials.iter();
        let mut polynomials: Vec<&[u64]> = fixed.map(|polynomial| words(&polynomial.coeffs)).collect();
        let preprocessed = polynomials.len();
        for commitment in [wires, products, quotient] {
            polynomials.extend(commitment.coefficients.values().chunks_exact(context.domain.rows()));
        }
        let first_z = preprocessed + common.config.num_wires;
        let zs = &polynomials[first_z..][..common.config.num_challenges];

        let point = transcript.get_extension_challenge::<D>();
        if point.exp_power_of_2(common.degree_bits()) == Extension::ONE {
            // By chance only: the point is a hash.
            return Err(ProveError::Unsatisfied { reason: "the opening point is a row of the trace".into() });
        }
        let next = point * Extension::from(F::primitive_root_of_unity(common.degree_bits()));
        let openings = clock.measure(Step::Openings, || {
            let values = openings::evaluate(kernel, &polynomials, point);
            let zs_next = openings::evaluate(kernel, zs, next);
            transcript.observe_extension_elements::<D>(&values);
            transcript.observe_extension_elements::<D>(&zs_next);
            opening_set(common, &values, zs_next)
        });
        let combination = clock.measure(Step::Combination, || {
            let alpha = transcript.get_extension_challenge::<D>();
            let at_point = openings::divide(&openings::combine(kernel, &polynomials, alpha), point);
            let at_next = openings::divide(&openings::combine(kernel, zs, alpha), next);
            let shift = alpha.exp_u64(zs.len() as u64);
            at_point.iter().zip(at_next).map(|(&here, there)| here * shift + there).collect()
        });
        Ok((openings, combination))
    }
}

/// Circuits that this prover has no steps for. None of Parth's is one.
fn refuse_unsupported(common: &CommonData) -> Result<(), ProveError> {
    let fri = &common.config.fri_config;
    let reason = if !common.luts.is_empty() || common.num_lookup_polys != 0 {
        "it uses lookups"
    } else if common.config.zero_knowledge || common.fri_params.leaf_hiding {
        "it is in zero-knowledge mode"
    } else if common.quotient_degree_factor != 1 << fri.rate_bits {
        "its quotient does not have the degree of the commitment's domain"
    } else if common.public_initial_degree_bits() != common.degree_bits() {
        "its first codeword is longer than its trace"
    } else if smallest_transform(common).is_none_or(|bits| bits < transform::LEAST_BITS) {
        "it has too few rows"
    } else {
        return Ok(());
    };
    Err(ProveError::Unsupported { reason: reason.into() })
}

/// log2 of the coefficients of the last codeword: those of the trace, folded by all arities but the last.
fn smallest_transform(common: &CommonData) -> Option<usize> {
    let arities = &common.fri_params.reduction_arity_bits;
    let folded: usize = arities.iter().rev().skip(1).sum();
    common.degree_bits().checked_sub(folded)
}

/// The quotients of all challenges, each in as many columns of coefficients as its degree has multiples of the rows.
fn quotient_coefficients(
    context: &Context<'_>,
    inputs: &quotient::Inputs<'_>,
    clock: &mut Clock,
) -> Result<Columns, ProveError> {
    let mut values = context.buffers.columns(inputs.alphas.len(), context.domain.size());
    clock
        .measure(Step::Quotient, || quotient::evaluate(inputs, &mut values))
        .map_err(|error| ProveError::Unsupported { reason: error.to_string() })?;
    clock.measure(Step::Transforms, || {
        let inverse = context.domain.coset_to_coefficients();
        let columns = values.values_mut().par_chunks_mut(context.domain.size());
        columns.for_each(|column| inverse.run(context.kernel, column));
    });
    Ok(Columns::from_buffer(context.domain.rows(), values.into_buffer()))
}

/// The values at the opening point by what they are values of.
fn opening_set(common: &CommonData, values: &[Extension], zs_next: Vec<Extension>) -> OpeningSet<F, D> {
    let challenges = common.config.num_challenges;
    let mut rest = values;
    let mut next = |count: usize| {
        let (these, others) = rest.split_at(count);
        rest = others;
        these.to_vec()
    };
    OpeningSet {
        constants: next(common.num_constants),
        plonk_sigmas: next(common.config.num_routed_wires),
        wires: next(common.config.num_wires),
        plonk_zs: next(challenges),
        partial_products: next(challenges * common.num_partial_products),
        quotient_polys: next(challenges * common.quotient_degree_factor),
        plonk_zs_next: zs_next,
        lookup_zs: Vec::new(),
        lookup_zs_next: Vec::new(),
    }
}

/// Opens every tree where the transcript asks for it.
fn answer(
    context: &Context<'_>,
    circuit: &CircuitData,
    oracles: [&Commitment; 3],
    folded: &Folded,
    transcript: &mut Transcript,
) -> Vec<FriQueryRound<F, PoseidonHash, D>> {
    let fri_params = &circuit.common.fri_params;
    let fixed = &circuit.prover_only.constants_sigmas_commitment.merkle_tree;
    let challenges = transcript.get_n_challenges(fri_params.config.num_query_rounds);
    let round = |challenge: F| {
        let mut position = challenge.to_canonical_u64() as usize % context.domain.size();
        let mut evals_proofs = vec![(fixed.get(position).to_vec(), fixed.prove(position))];
        evals_proofs.extend(oracles.iter().map(|oracle| oracle.open(position)));
        let mut steps = Vec::new();
        for (layer, arity) in folded.layers.iter().zip(&fri_params.reduction_arity_bits) {
            position >>= arity;
            steps.push(layer.open(position));
        }
        FriQueryRound { initial_trees_proof: FriInitialTreeProof { evals_proofs }, steps }
    };
    challenges.into_par_iter().map(round).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ClassData;

    #[test]
    fn circuits_that_the_steps_are_not_made_for_are_refused() {
        let common = ClassData::node().common();
        assert_eq!(refuse_unsupported(common), Ok(()));
        let refused = |change: fn(&mut CommonData)| {
            let mut changed = common.clone();
            change(&mut changed);
            matches!(refuse_unsupported(&changed), Err(ProveError::Unsupported { .. }))
        };
        assert!(refused(|common| common.num_lookup_polys = 1));
        assert!(refused(|common| common.config.zero_knowledge = true));
        assert!(refused(|common| common.fri_params.leaf_hiding = true));
        assert!(refused(|common| common.quotient_degree_factor = 4));
        assert!(refused(|common| common.public_initial_degree_bits += 1));
        assert!(refused(|common| common.trace_degree_bits = 9));
    }
}

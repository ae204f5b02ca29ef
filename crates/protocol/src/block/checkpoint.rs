//! `block::checkpoint`: one more checkpoint on a proven chain. Its proof vouches for all history.
//!
//! Block time and the seed's contribution are chosen by the primary; the circuit only forces time to grow and the seed
//! to be a hash (decision D10). Twin: `circuits/src/block/checkpoint.rs`. Source: seed 001, phase 4.

use parth_crypto::{Digest, Domain};

use crate::circuit::{CircuitId, Rules};
use crate::ids::{Amount, Fingerprint, ItemCount, Time};
use crate::record::{Record, native};
use crate::records::block::{CheckpointLeaf, CheckpointPublic, PartOne};
use crate::records::network::Parameters;
use crate::reject::{Reject, Rule};
use crate::statement::{ChildProof, Public, Statement};
use crate::tree::{Checkpoints, Siblings};

/// The field list of this statement; see [`crate::record`].
#[macro_export]
macro_rules! block_checkpoint {
    ($define:ident) => {
        $define! {
            /// Inputs of `block::checkpoint`.
            witness Checkpoint {
                /// What the previous checkpoint proof shows.
                previous: CheckpointPublic,
                /// The circuit of that proof: start or checkpoint.
                previous_circuit: Fingerprint,
                /// What part one shows.
                part_one: PartOne,
                /// Parameters of the network, for both fingerprints.
                parameters: Parameters,
                /// The leaf of the previous checkpoint.
                old_leaf: CheckpointLeaf,
                /// Siblings of the next place in the checkpoint tree.
                append_path: Siblings<Checkpoints>,
                /// Block time.
                time: Time,
                /// What the primary adds to the random seed.
                contribution: Digest,
            }
        }
    };
}
block_checkpoint!(native);

impl Statement for Checkpoint {
    type Header = CheckpointPublic;
    const CIRCUIT: CircuitId = CircuitId::BlockCheckpoint;

    fn apply(&self, rules: &Rules) -> Result<CheckpointPublic, Reject> {
        let (profile, previous) = (&rules.profile, &self.previous);
        self.check_links()?;
        let leaf = self.leaf()?.digest();
        let height = previous.height.next().ok_or_else(|| {
            Reject::new(Rule::CheckpointAppend, "a height below 2^32", u64::from(previous.height.get()))
        })?;
        let (rule, at) = (Rule::CheckpointAppend, u64::from(height.get()));
        self.append_path.check(profile, rule, previous.root, at, Digest::ZERO)?;
        Ok(CheckpointPublic {
            genesis: previous.genesis,
            previous: previous.root,
            root: self.append_path.root(profile, rule, at, leaf)?,
            height,
            leaf,
            parameters: previous.parameters,
        })
    }

    fn children(&self, rules: &Rules) -> Vec<ChildProof> {
        vec![
            ChildProof { fingerprint: self.previous_circuit, public: self.previous.public_digest() },
            ChildProof { fingerprint: rules.part_one, public: self.part_one.public_digest() },
        ]
    }
}

impl Checkpoint {
    fn check_links(&self) -> Result<(), Reject> {
        let (previous, part, old) = (&self.previous, &self.part_one, &self.old_leaf);
        let parameters = self.parameters.digest();
        Reject::unless_equal(Rule::ParametersOfPrevious, previous.parameters, parameters)?;
        Reject::unless_equal(Rule::ParametersOfPrevious, previous.parameters, part.parameters)?;
        let known = [self.parameters.start, self.parameters.checkpoint].contains(&self.previous_circuit);
        let circuits = format!("{} or {}", self.parameters.start, self.parameters.checkpoint);
        Reject::unless(Rule::PreviousCircuit, known, &circuits, self.previous_circuit.0)?;
        Reject::unless_equal(Rule::PreviousLeaf, previous.leaf, old.digest())?;
        Reject::unless_equal(Rule::PartOneLeaf, previous.leaf, part.old_leaf)?;
        Reject::unless_equal(Rule::PartOneAnchor, previous.root, part.anchor.root)?;
        let height = u64::from(previous.height.get());
        Reject::unless_equal(Rule::PartOneAnchor, height, part.anchor.height.get().into())?;
        let grows = self.time > old.time;
        Reject::unless(Rule::Time, grows, &format!("a time above {}", old.time), self.time.get())
    }

    /// The leaf of the new checkpoint.
    pub fn leaf(&self) -> Result<CheckpointLeaf, Reject> {
        let (part, old) = (&self.part_one, &self.old_leaf);
        let grown = |new: ItemCount, old: ItemCount| {
            new.checked_sub(old).ok_or_else(|| Reject::number(Rule::Totals, old.get(), new.get()))
        };
        Ok(CheckpointLeaf {
            before: self.previous.root,
            users: part.users,
            globals: part.globals.clone(),
            withdrawals: part.withdrawals,
            events: part.events,
            stats: part.stats.clone(),
            registrations: grown(part.globals.registered, old.globals.registered)?,
            deployments: grown(part.globals.deployed, old.globals.deployed)?,
            supply: self.supply()?,
            time: self.time,
            seed: parth_crypto::hash::link(Domain::RandomSeed, old.seed, self.contribution),
            parameters: self.previous.parameters,
        })
    }

    /// Supply before + deposited − withdrawn − fees, which are burned. All four are below 2^62, so the field cannot wrap
    /// back into range; only the result is bounded, as in the circuit.
    fn supply(&self) -> Result<Amount, Reject> {
        let (old, stats) = (self.old_leaf.supply, &self.part_one.stats);
        let coming = old.get() + stats.deposited.get();
        let supply = coming.checked_sub(stats.withdrawn.get() + stats.fees.get()).and_then(Amount::new);
        supply.ok_or_else(|| Reject::new(Rule::Totals, "a supply of 0 to 2^62 − 1", format!("{old} with {stats:?}")))
    }
}

//! A forged chain: an evil circuit of the checkpoint class proves whatever it is told, and its proofs are refused by
//! name, whether they claim to be the start of the chain or a later checkpoint.

use std::path::PathBuf;

use parth_circuits::class;
use parth_crypto::Digest;
use parth_proof::{
    Builder, CheckpointError, CheckpointVerifier, Circuit, Class, Pinned, Proof, Prover, StockProver, Witness, field,
};
use parth_protocol::Felts;
use parth_protocol::genesis::{Genesis, GenesisState};
use parth_protocol::ids::CheckpointId;
use parth_protocol::records::block::CheckpointPublic;
use plonky2::iop::target::Target;
use plonky2::iop::witness::WitnessWrite;

/// Every public input is free.
struct Evil {
    circuit: Circuit,
    public: Vec<Target>,
}

impl Evil {
    fn build() -> Evil {
        let mut builder = Builder::new(parth_proof::class::config());
        let public: Vec<Target> =
            (0..Class::Checkpoint.public_inputs()).map(|_| builder.add_virtual_target()).collect();
        builder.register_public_inputs(&public);
        Evil { circuit: Circuit::build(class::data(Class::Checkpoint), builder).unwrap(), public }
    }

    fn prove(&self, claim: &CheckpointPublic) -> Proof {
        let mut witness = Witness::new();
        for (&target, felt) in self.public.iter().zip(claim.felts()) {
            witness.set_target(target, field::element(felt)).unwrap();
        }
        let proof = StockProver.prove(&self.circuit, witness).unwrap();
        self.circuit.key().verify(class::data(Class::Checkpoint), &proof).expect("it holds for the evil circuit");
        proof
    }
}

fn golden() -> GenesisState {
    let file = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../proof/golden/genesis.json");
    let genesis: Genesis = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
    genesis.state(&Pinned::standard().unwrap().set()).unwrap()
}

#[test]
fn an_evil_circuit_of_the_checkpoint_class_proves_a_forged_chain_and_is_refused() {
    let (pinned, genesis, evil) = (Pinned::standard().unwrap(), golden(), Evil::build());
    let fingerprint = evil.circuit.fingerprint();
    assert!(pinned.circuits().iter().all(|circuit| circuit.key.fingerprint() != fingerprint));
    let verifier = CheckpointVerifier::new(pinned, &genesis).unwrap();
    let honest = genesis.head.public.clone();
    let minted = CheckpointPublic {
        previous: honest.root,
        root: Digest::from([6, 6, 6, 6]),
        height: CheckpointId::constant(7),
        leaf: Digest::from([7, 7, 7, 7]),
        ..honest.clone()
    };
    // Genesis, parameters and heights are all as the verifier wants them; only the circuit is another one.
    for claim in [honest, minted] {
        let refused = verifier.verify(&evil.prove(&claim));
        assert!(matches!(refused, Err(CheckpointError::Refused(_))), "{refused:?}");
    }
}

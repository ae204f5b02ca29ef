//! The opening of the own state in another contract, as targets. Twin: `parth_contract::mine`.

use parth_contract::mine::MineOpening;
use parth_contract::opening::ContractOpening;
use parth_proof::{Builder, Witness};
use parth_protocol::Profile;
use parth_protocol::ids::{Scalar, StateHeight};
use parth_protocol::records::leaf::ContractLeaf;
use parth_protocol::tree::{Contracts, Siblings, UserContracts};
use plonky2::iop::target::BoolTarget;

use crate::gadgets::hash::{DigestTarget, constant};
use crate::gadgets::logic;
use crate::records::block::CheckpointLeafTarget;
use crate::records::leaf::ContractLeafTarget;
use crate::twin::{FillError, RecordTarget, SiblingsTarget, Twin};

#[derive(Clone, Debug)]
pub(super) struct MineTarget {
    state: DigestTarget,
    state_path: SiblingsTarget,
    contract: ContractLeafTarget,
    contract_path: SiblingsTarget,
}

impl MineTarget {
    pub(super) fn alloc(builder: &mut Builder, profile: &Profile) -> MineTarget {
        MineTarget {
            state: DigestTarget::alloc(builder),
            state_path: Siblings::<UserContracts>::alloc(builder, profile),
            contract: ContractLeaf::alloc(builder, profile),
            contract_path: Siblings::<Contracts>::alloc(builder, profile),
        }
    }

    /// Checks the opening against the anchor and the user contract tree before the call, and gives the root of the
    /// state: the initial one when the user never used the contract.
    pub(super) fn root(
        &self,
        builder: &mut Builder,
        anchor: &CheckpointLeafTarget,
        user_contracts: DigestTarget,
        contract: &[BoolTarget],
        height: StateHeight,
    ) -> DigestTarget {
        let leaf = self.contract.digest(builder);
        self.contract_path.check(builder, anchor.globals.contracts, contract, leaf);
        let height = constant(builder, height.to_felt());
        builder.connect(self.contract.state_height, height);
        self.state_path.check(builder, user_contracts, contract, self.state);
        let never_used = logic::is_zero_digest(builder, self.state);
        logic::select_digest(builder, never_used, self.contract.initial, self.state)
    }

    /// Bits of a contract id for this opening's paths.
    pub(super) fn contract_levels(&self) -> usize {
        self.state_path.siblings().len()
    }

    pub(super) fn fill(&self, opening: &MineOpening, witness: &mut Witness) -> Result<(), FillError> {
        opening.state.fill(&self.state, witness)?;
        opening.state_path.fill(&self.state_path, witness)?;
        let ContractOpening { leaf, path } = &opening.contract;
        leaf.fill(&self.contract, witness)?;
        path.fill(&self.contract_path, witness)
    }
}

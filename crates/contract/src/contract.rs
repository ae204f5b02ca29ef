//! [`Contract`]: code that is checked, with its canonical bytes, its digest and its leaves.

use parth_crypto::merkle::{self, SparseTree};
use parth_crypto::{Digest, Domain, hash};
use parth_protocol::Record;
use parth_protocol::ids::{Fingerprint, FunctionIndex, MethodId, StateHeight};
use parth_protocol::profile::Profile;
use parth_protocol::records::leaf::{ContractLeaf, FunctionLeaf};
use parth_protocol::tree::{Functions, Siblings, TreeKind};
use thiserror::Error;

use crate::check::{self, CodeError};
use crate::function::Function;
use crate::ir::ContractCode;
use crate::names::felts_of_bytes;

/// Most bytes of a contract's code.
pub const MAX_CODE_BYTES: usize = 1 << 20;

/// A contract whose code is checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contract {
    code: ContractCode,
    functions: Vec<Function>,
}

/// Why bytes are not a contract.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum DecodeError {
    /// There are too many.
    #[error("{actual} bytes of code, at most {MAX_CODE_BYTES} are allowed")]
    Length {
        /// How many bytes there are.
        actual: usize,
    },
    /// They are not the canonical form of code.
    #[error("the bytes are not code: {reason}")]
    Form {
        /// What the decoder says; for people.
        reason: String,
    },
    /// The code is refused.
    #[error(transparent)]
    Code(#[from] CodeError),
}

/// Why a contract gets no leaf.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum DeployError {
    /// Every function needs the fingerprint of its circuit.
    #[error("contract {contract} has {expected} functions, {actual} fingerprints were given")]
    Fingerprints {
        /// The contract's name.
        contract: String,
        /// Functions.
        expected: usize,
        /// Fingerprints.
        actual: usize,
    },
    /// The function tree of the profile is too small.
    #[error("a function tree of height {height} has no room for {functions} functions")]
    Room {
        /// Height of the tree.
        height: usize,
        /// Functions.
        functions: usize,
    },
}

impl Contract {
    /// Checks code.
    pub fn new(code: ContractCode) -> Result<Contract, CodeError> {
        check::check_contract(&code)?;
        let mut functions: Vec<Function> = Vec::with_capacity(code.functions.len());
        for function in &code.functions {
            let function = check::check_function(&code, function)?;
            if functions.iter().any(|other| other.name() == function.name() || other.method() == function.method()) {
                return Err(CodeError::Twice { what: "function", name: function.name().to_owned() });
            }
            functions.push(function);
        }
        Ok(Contract { code, functions })
    }

    /// Reads canonical bytes and checks the code.
    pub fn from_bytes(bytes: &[u8]) -> Result<Contract, DecodeError> {
        if bytes.len() > MAX_CODE_BYTES {
            return Err(DecodeError::Length { actual: bytes.len() });
        }
        let code = borsh::from_slice(bytes).map_err(|error| DecodeError::Form { reason: error.to_string() })?;
        Ok(Contract::new(code)?)
    }

    /// The canonical bytes: borsh, in the order of the fields.
    pub fn to_bytes(&self) -> Vec<u8> {
        // Writing to memory cannot fail, and no list is longer than its 32-bit length field can say.
        borsh::to_vec(&self.code).unwrap_or_default()
    }

    /// The digest of the canonical bytes, as the contract leaf names it.
    pub fn code_digest(&self) -> Digest {
        hash(Domain::Code, &felts_of_bytes(&self.to_bytes()))
    }

    /// The code.
    pub fn code(&self) -> &ContractCode {
        &self.code
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.code.name
    }

    /// Height of a user's state tree.
    pub fn state_height(&self) -> StateHeight {
        self.code.state_height
    }

    /// The functions, in the order of their tree.
    pub fn functions(&self) -> &[Function] {
        &self.functions
    }

    /// The function of a name.
    pub fn function(&self, name: &str) -> Option<&Function> {
        self.functions.iter().find(|function| function.name() == name)
    }

    /// The function of a method id.
    pub fn method(&self, method: MethodId) -> Option<&Function> {
        self.functions.iter().find(|function| function.method() == method)
    }

    /// A user's state before its first write.
    pub fn empty_state(&self) -> SparseTree {
        SparseTree::new(Domain::StateNode, usize::from(self.code.state_height.get()))
    }

    /// The leaves of the contract, given the circuit of each function in order.
    pub fn deploy(&self, profile: &Profile, circuits: &[Fingerprint]) -> Result<Deployed, DeployError> {
        let height = Functions::height(profile);
        if circuits.len() != self.functions.len() {
            let (expected, actual) = (self.functions.len(), circuits.len());
            return Err(DeployError::Fingerprints { contract: self.code.name.clone(), expected, actual });
        }
        if circuits.len() > 1 << height {
            return Err(DeployError::Room { height, functions: circuits.len() });
        }
        let mut tree = SparseTree::new(Functions::DOMAIN, height);
        let mut leaves = Vec::with_capacity(circuits.len());
        for (index, (function, &fingerprint)) in self.functions.iter().zip(circuits).enumerate() {
            let leaf = FunctionLeaf {
                fingerprint,
                method: function.method(),
                inputs: function.inputs_length(),
                outputs: function.outputs_length(),
                view: function.view(),
            };
            tree.set(index as u64, leaf.digest());
            leaves.push(leaf);
        }
        let state_height = self.code.state_height;
        let leaf = ContractLeaf {
            functions: tree.root(),
            state_height,
            initial: merkle::empty_root(Domain::StateNode, usize::from(state_height.get())),
            code: self.code_digest(),
        };
        Ok(Deployed { leaf, functions: leaves, tree })
    }
}

/// A contract's leaf and everything under its function root.
#[derive(Clone, Debug)]
pub struct Deployed {
    leaf: ContractLeaf,
    functions: Vec<FunctionLeaf>,
    tree: SparseTree,
}

/// A function leaf and its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlacedFunction {
    /// The leaf.
    pub leaf: FunctionLeaf,
    /// Where it stands.
    pub index: FunctionIndex,
    /// The siblings there.
    pub path: Siblings<Functions>,
}

impl Deployed {
    /// The contract leaf.
    pub fn leaf(&self) -> &ContractLeaf {
        &self.leaf
    }

    /// The function leaves, in order.
    pub fn functions(&self) -> &[FunctionLeaf] {
        &self.functions
    }

    /// The leaf of a method with its opening, as `session::step` takes it.
    pub fn function(&self, method: MethodId) -> Option<PlacedFunction> {
        let index = self.functions.iter().position(|leaf| leaf.method == method)?;
        let path = Siblings::new(self.tree.path(index as u64).siblings);
        // At most 256 functions.
        let place = FunctionIndex::new(u16::try_from(index).ok()?)?;
        Some(PlacedFunction { leaf: self.functions[index].clone(), index: place, path })
    }
}

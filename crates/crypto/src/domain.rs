//! The one table of what may be hashed.
//!
//! Every hash of Parth names an entry here, and the number of the entry starts the sponge's capacity, so that digests
//! of different kinds can never be taken for one another (design/protocol.md, "Hashing"; seeds leave this open).
//! Numbers are part of the protocol: entries are appended, never renumbered.

use crate::felt::Felt;

macro_rules! domains {
    ($($(#[doc = $doc:literal])+ $name:ident = $number:literal,)+) => {
        /// What a digest is the digest of.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u16)]
        pub enum Domain {
            $($(#[doc = $doc])+ $name = $number,)+
        }

        impl Domain {
            /// Every domain, in the order of the table.
            pub const ALL: &'static [Domain] = &[$(Domain::$name,)+];
        }
    };
}

domains! {
    // Nodes of trees: one domain a kind of tree.
    /// Node of the checkpoint tree (CHKP).
    CheckpointNode = 1,
    /// Node of the user tree (GUSR).
    UserNode = 2,
    /// Node of the registration tree (URT).
    RegistrationNode = 3,
    /// Node of the contract tree (GCON).
    ContractNode = 4,
    /// Node of the function tree of one contract (CFT).
    FunctionNode = 5,
    /// Node of the contract tree of one user (UCON).
    UserContractNode = 6,
    /// Node of the state of one user in one contract (CSTATE).
    StateNode = 7,
    /// Node of the deposit tree (GDT).
    DepositNode = 8,
    /// Node of the withdrawals of one checkpoint (GWT).
    WithdrawalNode = 9,
    /// Node of the events of one checkpoint (EDATA).
    EventNode = 10,
    /// Node of the session proof tree.
    ProofNode = 11,
    /// Node of the whitelist of session circuits.
    SessionWhitelistNode = 12,
    /// Node of the whitelist of GUTA circuits.
    GutaWhitelistNode = 13,
    /// Node of the whitelist of global circuits.
    GlobalWhitelistNode = 14,
    /// Node of the whitelist of circuits that close a session.
    EndCapWhitelistNode = 15,

    // Leaves.
    /// Checkpoint leaf.
    CheckpointLeaf = 101,
    /// User leaf.
    UserLeaf = 102,
    /// Contract leaf.
    ContractLeaf = 103,
    /// Function leaf.
    FunctionLeaf = 104,
    /// Deposit leaf.
    DepositLeaf = 105,
    /// The withdrawals of one session, as a leaf of GWT.
    WithdrawalLeaf = 106,
    /// The events of one session, as a leaf of EDATA.
    EventLeaf = 107,
    /// One attested proof in the session proof tree.
    ProofLeaf = 108,

    // Public-input digests: one domain a kind, since circuits of one class differ only by them.
    /// Header of a session under way.
    SessionHeader = 201,
    /// Result of an end cap.
    EndCapResult = 202,
    /// Header of an aggregation of user leaves.
    GutaHeader = 203,
    /// Header of changes to the global trees.
    GlobalHeader = 204,
    /// Header of everything a checkpoint changes.
    PartOne = 205,
    /// A message accepted by a key.
    Signature = 206,
    /// Context of one contract call.
    CallContext = 207,
    /// The 21 public inputs of a checkpoint proof, as one digest that names a job.
    CheckpointPublic = 208,

    // Parts of headers, chains and lists.
    /// What a session starts from.
    SessionStart = 301,
    /// Where a session stands.
    SessionState = 302,
    /// One call: who calls what with which inputs.
    Call = 303,
    /// Inputs of a call.
    Inputs = 304,
    /// Outputs of a call.
    Outputs = 305,
    /// List of the calls that one call makes: H(first item, rest).
    CallList = 306,
    /// Item of an inline list: a call and its outputs.
    InlineItem = 307,
    /// Stack of deferred frames.
    DeferredStack = 308,
    /// Stack of inline frames.
    InlineStack = 309,
    /// Chain of all calls of a session.
    CallStack = 310,
    /// One event of a contract.
    Event = 311,
    /// Chain of the events of one call.
    CallEvents = 312,
    /// Chain of the events of one session, each call's tagged with its contract.
    SessionEvents = 313,
    /// Chain of the withdrawals of one session.
    SessionWithdrawals = 314,
    /// What a session changes outside its user leaf, as the signature names it.
    Effects = 315,
    /// Chain of all deposits, as L1 knows it.
    DepositChain = 316,

    // Keys, signatures and circuits.
    /// Public key commitment: signature circuit and key parameter.
    KeyCommitment = 401,
    /// Key parameter of a Schnorr key: the encoded point.
    SchnorrKey = 402,
    /// Schnorr challenge.
    SchnorrChallenge = 403,
    /// Schnorr nonce derivation (native only).
    SchnorrNonce = 404,
    /// Message that closes a session.
    SessionMessage = 405,
    /// Secret scalar from a seed phrase (native only).
    SecretKey = 406,
    /// Proof of possession of a key at registration (native only).
    Possession = 407,
    /// Fingerprint of a circuit.
    Fingerprint = 408,
    /// Checksum of a keystore file (native only).
    Keystore = 409,

    // The network.
    /// Parameters of a network.
    Parameters = 501,
    /// Profile of a network: heights, queries, anchor age.
    Profile = 502,
    /// Chain magic from the genesis seed.
    ChainMagic = 503,
    /// Random seed of the next checkpoint.
    RandomSeed = 504,
    /// Id of a proving job.
    Job = 505,
    /// The fingerprints of all circuits of a profile.
    CircuitSet = 506,
    /// Id of a submission.
    Submission = 507,

    // Contracts.
    /// Code of a contract.
    Code = 601,
    /// Hash that contract code asks for.
    ContractHash = 602,
    /// Name inside a contract: of a method with its signature, or of an event.
    ContractName = 603,
}

impl Domain {
    /// The felt that starts the capacity.
    pub const fn tag(self) -> Felt {
        Felt::constant(self as u64)
    }

    /// Is this the domain of a kind of tree? Only those hash nodes, and they hash nothing else: a node of two zero
    /// digests and an empty list start from the same state.
    pub const fn is_tree(self) -> bool {
        (self as u16) < 100
    }
}

//! A network in memory, executed natively.
//!
//! [`TestChain::close`] goes the way of a real checkpoint: realms aggregate their sessions, the coordinator aggregates
//! realms, folds the global changes and appends the checkpoint. Nothing is proven; every statement is in the graph.

use std::collections::BTreeMap;

use parth_crypto::merkle::{Frontier, SparseTree, empty_root};
use parth_crypto::{Digest, Domain};
use parth_protocol::genesis::{Fees, Genesis, GenesisUser, SCHEMA};
use parth_protocol::guta::EndCapChild;
use parth_protocol::ids::{
    Amount, CheckpointId, ContractId, FeeRate, Fingerprint, FunctionIndex, ItemCount, Length, MethodId, NodeIndex,
    RealmBits, StateHeight, Time, UserId,
};
use parth_protocol::plan::checkpoint::{Head, PrimaryChoice, plan_checkpoint};
use parth_protocol::plan::global::{GlobalChanges, plan_globals};
use parth_protocol::plan::guta::{Part, Planner, end_cap_child, no_change};
use parth_protocol::plan::{JobGraph, JobId};
use parth_protocol::records::block::CheckpointLeaf;
use parth_protocol::records::guta::Anchor;
use parth_protocol::records::leaf::{ContractLeaf, FunctionLeaf, UserLeaf};
use parth_protocol::records::network::Parameters;
use parth_protocol::records::session::EndCapResult;
use parth_protocol::tree::{
    Checkpoints, Contracts, Functions, Registrations, Siblings, TreeKind, UserContracts, Users, realm_of_user,
};
use parth_protocol::{CircuitId, CircuitSet, Profile, Record, Reject, Rules};

use crate::session::{EndedSession, TestSession};

/// A contract with its functions.
#[derive(Clone, Debug)]
pub struct TestContract {
    /// Its leaf.
    pub leaf: ContractLeaf,
    /// Its functions by index.
    pub functions: Vec<FunctionLeaf>,
    tree: SparseTree,
}

impl TestContract {
    /// A contract with `functions`, whose state trees have `height`.
    pub fn new(profile: &Profile, height: u8, functions: Vec<FunctionLeaf>) -> TestContract {
        let mut tree = SparseTree::new(Functions::DOMAIN, Functions::height(profile));
        for (index, function) in (0..).zip(&functions) {
            tree.set(index, function.digest());
        }
        let leaf = ContractLeaf {
            functions: tree.root(),
            state_height: StateHeight::constant(height),
            initial: empty_root(Domain::StateNode, usize::from(height)),
            code: Digest::from([u64::from(height), functions.len() as u64, 0, 0]),
        };
        TestContract { leaf, functions, tree }
    }

    /// Siblings of a function leaf.
    pub fn function_path(&self, index: FunctionIndex) -> Siblings<Functions> {
        Siblings::new(self.tree.path(index.get().into()).siblings)
    }
}

/// The trees as they stood after one checkpoint.
#[derive(Clone, Debug)]
pub struct Snapshot {
    /// The checkpoint.
    pub head: Head,
    /// CHKP after it.
    pub checkpoints: SparseTree,
    /// GUSR after it.
    pub users: SparseTree,
    /// URT after it.
    pub registrations: SparseTree,
    /// GCON after it.
    pub contracts: SparseTree,
    /// User leaves after it.
    pub leaves: BTreeMap<UserId, UserLeaf>,
    /// UCON trees after it.
    pub user_contracts: BTreeMap<UserId, SparseTree>,
}

impl Snapshot {
    /// What aggregations of the next checkpoint build on.
    pub fn anchor(&self) -> Anchor {
        Anchor { root: self.head.public.root, height: self.head.public.height }
    }

    /// The checkpoint leaf.
    pub fn leaf(&self) -> &CheckpointLeaf {
        &self.head.leaf
    }
}

/// A checkpoint that was closed: its statements and what came of them.
#[derive(Clone, Debug)]
pub struct Closed {
    /// Every statement, children first.
    pub graph: JobGraph,
    /// The new head.
    pub head: Head,
}

/// A network in memory.
#[derive(Clone, Debug)]
pub struct TestChain {
    /// Profile and pins.
    pub rules: Rules,
    /// Fingerprints.
    pub circuits: CircuitSet,
    /// Parameters.
    pub parameters: Parameters,
    /// Public key commitment that every test user has: this circuit and its parameter.
    pub signature_circuit: Fingerprint,
    /// Contracts by id.
    pub contracts: Vec<TestContract>,
    /// State after each checkpoint, genesis first.
    pub history: Vec<Snapshot>,
    registered: Vec<Digest>,
}

/// A function leaf of a circuit that exists in name only.
pub fn function(name: u32, inputs: u32, view: bool) -> FunctionLeaf {
    FunctionLeaf {
        fingerprint: Fingerprint(Digest::from([7, u64::from(name), 0, 0])),
        method: MethodId::constant(name),
        inputs: Length::constant(inputs),
        outputs: Length::ZERO,
        view,
    }
}

impl TestChain {
    /// A chain on small trees with stand-in circuits: `balances` of the genesis users, and two contracts, the system
    /// contract and another one with one function and one view each.
    pub fn small(balances: &[u64]) -> TestChain {
        TestChain::new(Profile::SMALL, CircuitSet::stand_in(), RealmBits::constant(1), balances)
    }

    /// A chain in a profile of choice. Panics on impossible numbers, as test code may.
    pub fn new(profile: Profile, circuits: CircuitSet, realm_bits: RealmBits, balances: &[u64]) -> TestChain {
        let contracts = vec![
            TestContract::new(&profile, 34, vec![function(1, 2, false), function(2, 0, true)]),
            TestContract::new(&profile, 5, vec![function(3, 1, false), function(4, 0, true)]),
        ];
        TestChain::with_contracts(profile, circuits, realm_bits, balances, contracts)
    }

    /// As [`TestChain::new`], with contracts of choice, of which the first is the system contract.
    pub fn with_contracts(
        profile: Profile,
        circuits: CircuitSet,
        realm_bits: RealmBits,
        balances: &[u64],
        contracts: Vec<TestContract>,
    ) -> TestChain {
        let signature_circuit = Fingerprint(Digest::from([8, 8, 8, 8]));
        let keys = (1..).zip(balances).map(|(key, _)| key_of(signature_circuit, key));
        let genesis = Genesis {
            schema: SCHEMA.to_owned(),
            profile: profile.name.to_owned(),
            seed: "test".to_owned(),
            time: Time::constant(1_000),
            realm_bits,
            fees: Fees { base: FeeRate::constant(10), per_call: FeeRate::constant(3), per_slot: FeeRate::constant(1) },
            users: keys
                .zip(balances)
                .map(|(key, &balance)| GenesisUser { key, balance: Amount::constant(balance) })
                .collect(),
            contracts: contracts.iter().map(|contract| contract.leaf.clone()).collect(),
        };
        let state = genesis.state_in(profile, &circuits).expect("a valid genesis");
        let tree = |domain, height, leaves: Vec<(u64, Digest)>| {
            let mut tree = SparseTree::new(domain, height);
            for (index, leaf) in leaves {
                tree.set(index, leaf);
            }
            tree
        };
        let number = |digests: Vec<Digest>| (0..).zip(digests).collect::<Vec<_>>();
        let leaf_digests = state.contracts.iter().map(Record::digest).collect();
        let snapshot = Snapshot {
            checkpoints: tree(Checkpoints::DOMAIN, Checkpoints::height(&profile), vec![(0, state.head.public.leaf)]),
            users: tree(
                Users::DOMAIN,
                Users::height(&profile),
                state.users.iter().map(|leaf| (leaf.user.get().into(), leaf.digest())).collect(),
            ),
            registrations: tree(
                Registrations::DOMAIN,
                Registrations::height(&profile),
                number(state.registrations.clone()),
            ),
            contracts: tree(Contracts::DOMAIN, Contracts::height(&profile), number(leaf_digests)),
            leaves: state.users.iter().map(|leaf| (leaf.user, leaf.clone())).collect(),
            user_contracts: BTreeMap::new(),
            head: state.head,
        };
        TestChain {
            rules: Rules::new(profile, &circuits),
            circuits,
            parameters: state.parameters,
            signature_circuit,
            contracts,
            history: vec![snapshot],
            registered: state.registrations,
        }
    }

    /// The newest state.
    pub fn head(&self) -> &Snapshot {
        &self.history[self.history.len() - 1]
    }

    /// The state after a checkpoint.
    pub fn at(&self, checkpoint: CheckpointId) -> &Snapshot {
        &self.history[checkpoint.get() as usize]
    }

    /// Registered keys by index, pending ones not included.
    pub fn registered(&self) -> &[Digest] {
        &self.registered
    }

    /// Opens a session of a user at the newest checkpoint; the first session of a user who has no leaf yet.
    pub fn session(&self, user: UserId) -> Result<TestSession<'_>, Reject> {
        self.session_at(user, self.head().head.public.height)
    }

    /// Opens a session at an older checkpoint.
    pub fn session_at(&self, user: UserId, anchor: CheckpointId) -> Result<TestSession<'_>, Reject> {
        TestSession::open(self, user, anchor)
    }

    /// The circuit that closes the sessions of a user. Nothing here is proven, so users take all of them in turn.
    pub fn closing_circuit(user: UserId) -> CircuitId {
        match user.get() % 3 {
            0 => CircuitId::EndCap,
            1 => CircuitId::SingleCall,
            _ => CircuitId::SingleCallNewUser,
        }
    }

    /// An end cap as the next aggregation takes it in.
    pub fn end_cap_child(&self, result: EndCapResult) -> EndCapChild {
        let circuit = TestChain::closing_circuit(result.user);
        let path = Siblings::new(self.head().checkpoints.path(result.anchor.get().into()).siblings);
        end_cap_child(&self.rules, &self.circuits, result, circuit, path).expect("circuits that close a session")
    }

    /// Closes a checkpoint with these sessions and changes.
    pub fn close(&mut self, sessions: Vec<EndedSession>, changes: GlobalChanges) -> Result<Closed, Reject> {
        let closed = self.plan(&sessions, &changes)?;
        let mut next = self.head().clone();
        for session in sessions {
            let leaf = session.end_leaf;
            next.users.set(leaf.user.get().into(), leaf.digest());
            next.user_contracts.insert(leaf.user, session.user_contracts);
            next.leaves.insert(leaf.user, leaf);
        }
        for key in changes.registrations {
            next.registrations.set(self.registered.len() as u64, key);
            self.registered.push(key);
        }
        for (at, leaf) in (next.head.leaf.globals.deployed.get()..).zip(&changes.deployments) {
            next.contracts.set(at, leaf.digest());
        }
        next.checkpoints.set(closed.head.public.height.get().into(), closed.head.public.leaf);
        next.head = closed.head.clone();
        assert_eq!(next.users.root(), next.head.leaf.users, "the model and the statements agree on users");
        let globals = &next.head.leaf.globals;
        assert_eq!(next.contracts.root(), globals.contracts, "the model and the statements agree on contracts");
        assert_eq!(next.registrations.root(), globals.registrations, "the model and the statements agree on keys");
        assert_eq!(next.checkpoints.root(), next.head.public.root, "the model and the statements agree on checkpoints");
        self.history.push(next);
        Ok(closed)
    }

    /// Plans a checkpoint without taking it.
    pub fn plan(&self, sessions: &[EndedSession], changes: &GlobalChanges) -> Result<Closed, Reject> {
        let (now, profile) = (self.head(), &self.rules.profile);
        let anchor = now.anchor();
        let nodes = |level: usize, index: u64| now.users.node(level, index);
        let planner = Planner { rules: &self.rules, circuits: &self.circuits, anchor: &anchor, nodes: &nodes };
        let mut graph = JobGraph::default();
        let mut realms: BTreeMap<NodeIndex, Vec<Part>> = BTreeMap::new();
        let mut results: Vec<_> = sessions.iter().map(|session| session.result.clone()).collect();
        results.sort_by_key(|result| result.user);
        for result in results {
            let realm = realm_of_user(profile, result.user);
            realms.entry(realm).or_default().push(Part::EndCap(self.end_cap_child(result)));
        }
        let mut parts = Vec::new();
        for (_, sessions) in realms {
            let (header, circuit) = planner.aggregate(&mut graph, sessions, profile.realm)?;
            parts.push(Part::Guta { header, circuit });
        }
        let guta = if parts.is_empty() {
            let path = Siblings::new(now.checkpoints.path(anchor.height.get().into()).siblings);
            no_change(&mut graph, &self.rules, &self.circuits, &anchor, now.leaf().clone(), path)?
        } else {
            planner.aggregate(&mut graph, parts, profile.users())?
        };
        let global = plan_globals(
            &mut graph,
            &self.rules,
            &self.circuits,
            self.parameters.digest(),
            &anchor,
            &now.leaf().globals,
            changes,
            &mut frontier::<Registrations>(&now.registrations, now.leaf().globals.registered),
            &mut frontier::<Contracts>(&now.contracts, now.leaf().globals.deployed),
        )?;
        let height = u64::from(anchor.height.get());
        let head = plan_checkpoint(
            &mut graph,
            &self.rules,
            &self.circuits,
            &self.parameters,
            &now.head,
            guta,
            global,
            Siblings::new(now.checkpoints.path(height + 1).siblings),
            PrimaryChoice {
                time: Time::constant(now.leaf().time.get() + 1_000),
                contribution: Digest::from([height, 1, 2, 3]),
            },
        )?;
        Ok(Closed { graph, head })
    }

    /// Ids of the proofs that a graph takes from outside: end caps and the previous checkpoint.
    pub fn outside(graph: &JobGraph) -> Vec<JobId> {
        let own: Vec<JobId> = graph.jobs.iter().map(|job| job.id).collect();
        graph.jobs.iter().flat_map(|job| &job.children).filter(|child| !own.contains(child)).copied().collect()
    }

    /// An empty contract tree of a user.
    pub(crate) fn no_contracts(&self) -> SparseTree {
        SparseTree::new(UserContracts::DOMAIN, UserContracts::height(&self.rules.profile))
    }
}

fn frontier<K: TreeKind>(tree: &SparseTree, next: ItemCount) -> Frontier {
    Frontier::new(K::DOMAIN, tree.path(next.get()))
}

/// Public key commitment of a test user: any number as the key parameter.
pub fn key_of(circuit: Fingerprint, number: u64) -> Digest {
    parth_protocol::session::end_cap::key_commitment(circuit, key_parameter(number))
}

/// Key parameter of a test user.
pub fn key_parameter(number: u64) -> Digest {
    Digest::from([number, 0, 0, 1])
}

/// The contract that most tests call.
pub const COUNTER: ContractId = ContractId::constant(1);

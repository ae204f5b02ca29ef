//! Realms and a coordinator over a store in memory, beside the native model of the same chain. Sessions are the
//! model's, in which calls claim whatever a test wants, as circuits of a hostile deployer could; proofs are any bytes.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use parth_contract::contracts::system::{CLAIMED_REGION, STATE_HEIGHT, sent_slot};
use parth_contract::opening::{ContractOpening, SlotOpening, StateOpening};
use parth_coordinator::Coordinator;
use parth_crypto::merkle::SparseTree;
use parth_crypto::{Digest, Domain};
use parth_jobs::wire::{ClaimOpening, Committed, ContractWrites, EndedSession, HandOver, Submission};
use parth_jobs::{Artifacts, Claim, JobQueue, LeaseTerms, Leased, Worker, WorkerId};
use parth_protocol::Network;
use parth_protocol::genesis::GenesisState;
use parth_protocol::ids::{CheckpointId, ContractId, NodeIndex, SlotIndex, Time, UserId};
use parth_protocol::plan::checkpoint::PrimaryChoice;
use parth_protocol::plan::global::GlobalChanges;
use parth_protocol::tree::{Siblings, realm_of_user};
use parth_realm::{Halt, Realm};
use parth_runtime::SystemClock;
use parth_store::{KvStore, MemoryStore, Space, Store};
use parth_testing::session::EndedSession as Ended;
use parth_testing::{CallEffect, TestChain};

/// Users of realm 0 and one of realm 2, with a balance from genesis.
pub(crate) const ALICE: UserId = UserId::constant(1);
pub(crate) const BOB: UserId = UserId::constant(2);
pub(crate) const CAROL: UserId = UserId::constant(3);
pub(crate) const FARAWAY: UserId = UserId::constant(16);
pub(crate) const COUNTER: ContractId = ContractId::constant(1);

/// Proof bytes that the check refuses; it takes all others.
pub(crate) const FORGED: &[u8] = b"forged";

/// Words of a user in the system contract and in the counter.
type Words = BTreeMap<(UserId, ContractId), BTreeMap<u64, Digest>>;

pub(crate) struct World {
    pub(crate) chain: TestChain,
    pub(crate) realms: Vec<Realm>,
    pub(crate) coordinator: Coordinator,
    pub(crate) queue: JobQueue,
    store: Store,
    network: Network,
    genesis: GenesisState,
    /// After each checkpoint.
    words: Vec<Words>,
    /// Sessions that are admitted, as the model knows them.
    ended: Vec<(Ended, EndedSession)>,
}

/// What a session's calls do.
#[derive(Clone, Debug, Default)]
pub(crate) struct Plot {
    /// Words written into the system contract: place and amount.
    pub(crate) system: Vec<(SlotIndex, u64)>,
    /// Words written into the counter.
    pub(crate) counter: Vec<(u64, u64)>,
    /// What the call of the system contract says that it sent.
    pub(crate) sent: u64,
    /// What it says that it claimed.
    pub(crate) claimed: u64,
}

fn check(_: &Claim, proof: &[u8]) -> Result<(), String> {
    if proof == FORGED { Err("forged".to_owned()) } else { Ok(()) }
}

pub(crate) fn word(value: u64) -> Digest {
    Digest::from([value, 0, 0, 0])
}

fn tree(height: u8, words: Option<&BTreeMap<u64, Digest>>) -> SparseTree {
    let mut tree = SparseTree::new(Domain::StateNode, usize::from(height));
    for (&slot, &word) in words.into_iter().flatten() {
        tree.set(slot, word);
    }
    tree
}

impl World {
    pub(crate) fn new(balance: u64) -> World {
        let chain = TestChain::small(&[balance; 6]);
        let store = Store::new(Arc::new(MemoryStore::new()) as Arc<dyn KvStore>, Space::Coordinator);
        let clock = Arc::new(SystemClock::new());
        let terms = LeaseTerms::default();
        let queue = JobQueue::open(&store, Artifacts::in_memory(), clock, terms, check).unwrap();
        let genesis = GenesisState {
            parameters: chain.parameters.clone(),
            head: chain.head().head.clone(),
            users: chain.head().leaves.values().cloned().collect(),
            registrations: chain.registered().to_vec(),
            contracts: chain.contracts.iter().map(|contract| contract.leaf.clone()).collect(),
        };
        let (rules, circuits, parameters) = (chain.rules.clone(), chain.circuits.clone(), chain.parameters.clone());
        let network = Network { rules, circuits, parameters };
        let coordinator = Coordinator::open(&store, network.clone(), &genesis, queue.clone()).unwrap();
        let (realms, words, ended) = (Vec::new(), vec![Words::new()], Vec::new());
        let mut world = World { chain, realms, coordinator, queue, store, network, genesis, words, ended };
        world.realms = [0, 2].map(|index| world.open(index).unwrap()).into();
        world
    }

    /// Opens a realm of the network; one that was open leads no more.
    pub(crate) fn open(&self, index: u64) -> Result<Realm, Halt> {
        let (index, network, queue) = (NodeIndex::constant(index), self.network.clone(), self.queue.clone());
        Realm::open(&self.store, index, network, &self.genesis, queue, Arc::new(check))
    }

    pub(crate) fn home(&self, user: UserId) -> &Realm {
        let index = realm_of_user(&self.chain.rules.profile, user);
        self.realms.iter().find(|realm| realm.index() == index).unwrap()
    }

    pub(crate) fn head(&self) -> CheckpointId {
        self.chain.head().head.public.height
    }

    /// A session at the newest checkpoint.
    pub(crate) fn session(&self, user: UserId, plot: &Plot) -> (Ended, Submission) {
        self.session_at(user, self.head(), plot)
    }

    pub(crate) fn session_at(&self, user: UserId, anchor: CheckpointId, plot: &Plot) -> (Ended, Submission) {
        let mut session = self.chain.session_at(user, anchor).unwrap();
        let mut contracts = Vec::new();
        let system = plot.system.iter().map(|&(slot, value)| (slot.get(), value)).collect();
        for (contract, height, writes) in
            [(ContractId::SYSTEM, STATE_HEIGHT, system), (COUNTER, 5, plot.counter.clone())]
        {
            let moved = contract == ContractId::SYSTEM && plot.sent + plot.claimed > 0;
            if writes.is_empty() && !moved {
                continue;
            }
            let mut state = tree(height, self.words[anchor.get() as usize].get(&(user, contract)));
            for &(slot, value) in &writes {
                state.set(slot, word(value));
            }
            let (out, back) = if moved { (plot.sent, plot.claimed) } else { (0, 0) };
            let effect = CallEffect {
                new_state: (!writes.is_empty()).then(|| state.root()),
                slots: writes.len() as u64,
                balance_out: out,
                balance_in: back,
                ..CallEffect::default()
            };
            session = session.call(contract, 0, &effect).unwrap();
            if !writes.is_empty() {
                let mut writes: Vec<_> =
                    writes.iter().map(|&(slot, value)| (SlotIndex::constant(slot), word(value))).collect();
                writes.sort();
                contracts.push(ContractWrites { contract, opening: self.contract(anchor, contract), writes });
            }
        }
        let ended = session.end().unwrap();
        let claimed = plot.system.iter().filter(|(slot, _)| slot.get() >> 32 == u64::from(CLAIMED_REGION));
        let mut senders: Vec<_> = claimed.map(|(slot, _)| UserId::constant(slot.get() as u32)).collect();
        senders.sort();
        let claims = senders.into_iter().map(|from| self.claim(anchor, from, user)).collect();
        let (result, end_leaf) = (ended.result.clone(), ended.end_leaf.clone());
        let circuit = TestChain::closing_circuit(user);
        let session = EndedSession { result, circuit, end_leaf, contracts, claims };
        (ended, Submission { session, proof: b"a proof".to_vec() })
    }

    fn contract(&self, anchor: CheckpointId, contract: ContractId) -> ContractOpening {
        let leaf = self.chain.contracts[contract.get() as usize].leaf.clone();
        let path = self.chain.at(anchor).contracts.path(contract.get().into()).siblings;
        ContractOpening { leaf, path: Siblings::new(path) }
    }

    /// What `from` had sent to `to`.
    pub(crate) fn claim(&self, anchor: CheckpointId, from: UserId, to: UserId) -> ClaimOpening {
        let (then, profile) = (self.chain.at(anchor), &self.chain.rules.profile);
        let empty = SparseTree::new(Domain::UserContractNode, profile.contracts);
        let contracts = then.user_contracts.get(&from).unwrap_or(&empty);
        let state = tree(STATE_HEIGHT, self.words[anchor.get() as usize].get(&(from, ContractId::SYSTEM)));
        let slot = sent_slot(to).get();
        ClaimOpening {
            from,
            state: StateOpening {
                user: then.leaves.get(&from).cloned(),
                user_path: Siblings::new(then.users.path(from.get().into()).siblings),
                state: contracts.leaf(0),
                state_path: Siblings::new(contracts.path(0).siblings),
                contract: None,
            },
            slot: SlotOpening { word: state.leaf(slot), siblings: state.path(slot).siblings },
        }
    }

    /// Submits a session that must be admitted.
    pub(crate) fn admit(&mut self, user: UserId, plot: &Plot) -> Submission {
        let (ended, submission) = self.session(user, plot);
        self.home(user).submit(&submission).unwrap();
        self.ended.push((ended, submission.session.clone()));
        submission
    }

    /// The hand-overs of all realms.
    pub(crate) fn hand_overs(&self) -> Vec<HandOver> {
        self.realms.iter().filter_map(|realm| realm.hand_over().unwrap()).collect()
    }

    /// Makes a checkpoint of everything that was admitted through [`World::admit`], and compares it with the model.
    pub(crate) fn close(&mut self, changes: GlobalChanges) -> Committed {
        let ended = std::mem::take(&mut self.ended);
        let committed = self.produce(self.hand_overs());
        let mut words = self.words[self.words.len() - 1].clone();
        for (_, session) in &ended {
            for change in &session.contracts {
                let state = words.entry((session.result.user, change.contract)).or_default();
                state.extend(change.writes.iter().map(|&(slot, word)| (slot.get(), word)));
            }
        }
        self.words.push(words);
        let closed = self.chain.close(ended.into_iter().map(|(ended, _)| ended).collect(), changes).unwrap();
        assert_eq!(committed.head, closed.head, "the roles and the model make the same checkpoint");
        committed
    }

    /// Makes a checkpoint in which nothing happens, though sessions may wait.
    pub(crate) fn pass(&mut self) {
        self.produce(Vec::new());
        self.words.push(self.words[self.words.len() - 1].clone());
        self.chain.close(Vec::new(), GlobalChanges::default()).unwrap();
    }

    /// One worker hands in a proof for every job, and every realm follows.
    pub(crate) fn produce(&self, hand_overs: Vec<HandOver>) -> Committed {
        let (now, done) = (self.chain.head(), AtomicBool::new(false));
        let choice = PrimaryChoice {
            time: Time::constant(now.leaf().time.get() + 1_000),
            contribution: Digest::from([now.head.public.height.get().into(), 1, 2, 3]),
        };
        let committed = std::thread::scope(|scope| {
            scope.spawn(|| {
                let worker = Worker { id: WorkerId(1), trusted: true };
                while !done.load(Ordering::SeqCst) {
                    if let Leased::Job(lease) = self.queue.lease(worker, Duration::from_millis(10)).unwrap() {
                        self.queue.complete(&lease, b"a proof").unwrap();
                    }
                }
            });
            let committed = self.coordinator.produce(hand_overs, choice);
            done.store(true, Ordering::SeqCst);
            committed.unwrap()
        });
        for realm in &self.realms {
            realm.follow(&committed).unwrap();
        }
        committed
    }
}

//! Realms, coordinator, queue and store together, with everything but the proofs, killed at every named crash point.
//!
//! The days are played once on [`TestChain`], which is the oracle: whatever is killed, the roles reach its roots. Proofs
//! are recorded bytes that a worker hands in and a check accepts, so what is at stake here is who writes what when.

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use parth_contract::contracts::system::{claimed_slot, sent_slot};
use parth_contract::opening::{ContractOpening, SlotOpening, StateOpening};
use parth_coordinator::{AdmitError, Coordinator, Refusal};
use parth_crypto::merkle::SparseTree;
use parth_crypto::{Digest, Domain};
use parth_jobs::wire::{ClaimOpening, ContractWrites, EndedSession, Submission};
use parth_jobs::{Artifacts, CheckProof, Claim, JobQueue, LeaseTerms, Leased, Worker, WorkerId};
use parth_protocol::Record;
use parth_protocol::genesis::GenesisState;
use parth_protocol::ids::{CheckpointId, ContractId, NodeIndex, RegistrationIndex, SlotIndex, Time, UserId};
use parth_protocol::plan::checkpoint::PrimaryChoice;
use parth_protocol::plan::global::GlobalChanges;
use parth_protocol::tree::{Siblings, realm_of_user, user_of_registration};
use parth_protocol::turnstile::Holdings;
use parth_realm::Realm;
use parth_realm::tables::SubmissionState;
use parth_runtime::SystemClock;
use parth_store::faults::{Crash, CrashPoint, Faulty, Side};
use parth_store::{KvStore, MemoryStore, Space, Store};
use parth_testing::chain::{COUNTER, TestContract, function, key_of};
use parth_testing::{CallEffect, TestChain};

type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

/// What is asked of the network in one checkpoint.
#[derive(Default)]
struct Day {
    sessions: Vec<EndedSession>,
    changes: GlobalChanges,
}

/// The days and what they must lead to.
struct Model {
    chain: TestChain,
    genesis: GenesisState,
    days: Vec<Day>,
    totals: BTreeMap<NodeIndex, Holdings>,
}

/// Words written in one contract.
struct Written {
    contract: ContractId,
    slot: SlotIndex,
    value: u64,
    balance_out: u64,
    balance_in: u64,
}

fn word(value: u64) -> Digest {
    Digest::from([value, 0, 0, 0])
}

/// The state trees of all users, beside the chain, which holds only their roots.
#[derive(Default)]
struct States(BTreeMap<(UserId, ContractId), SparseTree>);

impl States {
    fn tree(&mut self, chain: &TestChain, user: UserId, contract: ContractId) -> &mut SparseTree {
        let height = chain.contracts[contract.get() as usize].leaf.state_height;
        self.0.entry((user, contract)).or_insert_with(|| SparseTree::new(Domain::StateNode, height.get().into()))
    }

    /// A session of one call that writes one word: as the chain takes it, and as a realm does.
    fn session(
        &mut self,
        chain: &TestChain,
        user: UserId,
        written: &Written,
        claims: Vec<ClaimOpening>,
    ) -> (parth_testing::session::EndedSession, EndedSession) {
        let &Written { contract, slot, value, balance_out, balance_in } = written;
        let tree = self.tree(chain, user, contract);
        tree.set(slot.get(), word(value));
        let new_state = Some(tree.root());
        let effect = CallEffect { new_state, slots: 1, balance_out, balance_in, ..CallEffect::default() };
        let ended = chain.session(user).unwrap().call(contract, 0, &effect).unwrap().end().unwrap();
        let path = Siblings::new(chain.head().contracts.path(contract.get().into()).siblings);
        let opening = ContractOpening { leaf: chain.contracts[contract.get() as usize].leaf.clone(), path };
        let contracts = vec![ContractWrites { contract, opening, writes: vec![(slot, word(value))] }];
        let circuit = TestChain::closing_circuit(ended.result.user);
        let wire =
            EndedSession { result: ended.result.clone(), circuit, end_leaf: ended.end_leaf.clone(), contracts, claims };
        (ended, wire)
    }

    /// What `from` had sent to `to`, as of the newest checkpoint.
    fn sent(&mut self, chain: &TestChain, from: UserId, to: UserId) -> ClaimOpening {
        let (now, slot) = (chain.head(), sent_slot(to).get());
        let contracts = &now.user_contracts[&from];
        let tree = self.tree(chain, from, ContractId::SYSTEM);
        ClaimOpening {
            from,
            state: StateOpening {
                user: now.leaves.get(&from).cloned(),
                user_path: Siblings::new(now.users.path(from.get().into()).siblings),
                state: contracts.node(0, 0),
                state_path: Siblings::new(contracts.path(0).siblings),
                contract: None,
            },
            slot: SlotOpening { word: tree.node(0, slot), siblings: tree.path(slot).siblings },
        }
    }
}

impl Model {
    /// Four days: a send, a registration and a deployment; a claim by the new user in the other realm; nothing; all at
    /// once.
    fn new() -> Model {
        let mut chain = TestChain::small(&[1_000, 2_000, 3_000]);
        let genesis = GenesisState {
            parameters: chain.parameters.clone(),
            head: chain.head().head.clone(),
            users: chain.head().leaves.values().cloned().collect(),
            registrations: chain.registered().to_vec(),
            contracts: chain.contracts.iter().map(|contract| contract.leaf.clone()).collect(),
        };
        let bits = chain.parameters.realm_bits;
        let [one, two, three, new] =
            [1, 2, 3, 4].map(|n| user_of_registration(&chain.rules.profile, bits, RegistrationIndex::constant(n)));
        let profile = chain.rules.profile;
        let far =
            [one, two, three].into_iter().find(|&user| realm_of_user(&profile, user) != realm_of_user(&profile, new));
        let far = far.expect("both realms have users");
        let near = if far == two { one } else { two };
        let (mut states, mut days) = (States::default(), Vec::new());
        let count = |slot, value| Written {
            contract: COUNTER,
            slot: SlotIndex::constant(slot),
            value,
            balance_out: 0,
            balance_in: 0,
        };
        let send = |value, more| Written {
            contract: ContractId::SYSTEM,
            slot: sent_slot(new),
            value,
            balance_out: more,
            balance_in: 0,
        };
        let claim = |value, more| Written {
            contract: ContractId::SYSTEM,
            slot: claimed_slot(far),
            value,
            balance_out: 0,
            balance_in: more,
        };
        let close = |chain: &mut TestChain, days: &mut Vec<Day>, sessions: Vec<_>, changes: GlobalChanges| {
            let (ended, sessions): (Vec<_>, Vec<_>) = sessions.into_iter().unzip();
            chain.close(ended, changes.clone()).unwrap();
            days.push(Day { sessions, changes });
        };

        let sessions = vec![
            states.session(&chain, far, &send(100, 100), Vec::new()),
            states.session(&chain, near, &count(3, 7), Vec::new()),
        ];
        let contract = TestContract::new(&profile, 9, vec![function(8, 0, false)]).leaf;
        let key = key_of(chain.signature_circuit, 4);
        let changes = GlobalChanges { registrations: vec![key], deployments: vec![contract] };
        close(&mut chain, &mut days, sessions, changes);

        let opened = vec![states.sent(&chain, far, new)];
        let sessions = vec![states.session(&chain, new, &claim(100, 100), opened)];
        close(&mut chain, &mut days, sessions, GlobalChanges::default());

        close(&mut chain, &mut days, Vec::new(), GlobalChanges::default());

        let mut sessions = vec![states.session(&chain, far, &send(130, 30), Vec::new())];
        let others = [one, two, three, new].into_iter().filter(|&user| user != far);
        sessions.extend(others.map(|user| states.session(&chain, user, &count(4, 9), Vec::new())));
        close(&mut chain, &mut days, sessions, GlobalChanges::default());

        let mut totals: BTreeMap<NodeIndex, Holdings> = BTreeMap::new();
        for leaf in chain.head().leaves.values() {
            let realm = totals.entry(realm_of_user(&profile, leaf.user)).or_default();
            realm.balances += u128::from(leaf.balance.get());
        }
        totals.get_mut(&realm_of_user(&profile, far)).unwrap().sent = 130;
        totals.get_mut(&realm_of_user(&profile, new)).unwrap().claimed = 100;
        Model { chain, genesis, days, totals }
    }
}

/// A proof in name only: bytes that differ by claim.
fn recorded(claim: &Claim) -> Vec<u8> {
    [claim.fingerprint.0.to_bytes(), claim.public.to_bytes()].concat()
}

fn check() -> impl CheckProof + Clone + 'static {
    |claim: &Claim, proof: &[u8]| {
        if proof == recorded(claim) { Ok(()) } else { Err("not the recorded proof".to_owned()) }
    }
}

/// All roles of one process.
struct Network<'a> {
    model: &'a Model,
    queue: JobQueue,
    coordinator: Coordinator,
    realms: Vec<Realm>,
}

impl Network<'_> {
    /// Opens everything, as `parth demo` does.
    fn open<'a>(model: &'a Model, kv: Arc<dyn KvStore>, artifacts: &Artifacts) -> Outcome<Network<'a>> {
        let TestChain { rules, circuits, parameters, .. } = &model.chain;
        let known = parth_protocol::Network {
            rules: rules.clone(),
            circuits: circuits.clone(),
            parameters: parameters.clone(),
        };
        let store = Store::new(kv, Space::Coordinator);
        let clock = Arc::new(SystemClock::new());
        let queue = JobQueue::open(&store, artifacts.clone(), clock, LeaseTerms::default(), check())?;
        let coordinator = Coordinator::open(&store, known.clone(), &model.genesis, queue.clone())?;
        let open = |&index: &NodeIndex| {
            Realm::open(&store, index, known.clone(), &model.genesis, queue.clone(), Arc::new(check()))
        };
        let realms = model.totals.keys().map(open).collect::<Result<Vec<_>, _>>()?;
        let network = Network { model, queue, coordinator, realms };
        // Realms that the dead process left behind.
        for realm in &network.realms {
            for height in realm.head()?.get() + 1..=network.height()? {
                let committed = network.coordinator.checkpoint(CheckpointId::constant(height))?;
                realm.follow(&committed.ok_or("a checkpoint below the head is missing")?)?;
            }
        }
        Ok(network)
    }

    fn height(&self) -> Outcome<u32> {
        Ok(self.coordinator.head()?.head.public.height.get())
    }

    fn home(&self, user: UserId) -> &Realm {
        let index = realm_of_user(&self.model.chain.rules.profile, user);
        self.realms.iter().find(|realm| realm.index() == index).expect("every realm is open")
    }

    /// Plays the days that are not final yet, with a worker beside.
    fn play(&self) -> Outcome<()> {
        std::thread::scope(|scope| {
            let worker = scope.spawn(|| self.work());
            let played = self.days();
            self.queue.drain();
            let worked = worker.join().expect("the worker does not panic");
            played.and(worked)
        })
    }

    fn work(&self) -> Outcome<()> {
        let worker = Worker { id: WorkerId(1), trusted: true };
        loop {
            match self.queue.lease(worker, Duration::from_secs(1))? {
                Leased::Draining => return Ok(()),
                Leased::Nothing => {}
                Leased::Job(lease) => drop(self.queue.complete(&lease, &recorded(&lease.claim))?),
            }
        }
    }

    fn days(&self) -> Outcome<()> {
        for height in self.height()? + 1..=self.model.days.len() as u32 {
            let (day, before) = (&self.model.days[height as usize - 1], self.coordinator.head()?.head);
            for &key in &day.changes.registrations {
                asked(self.coordinator.register(key))?;
            }
            for contract in &day.changes.deployments {
                asked(self.coordinator.deploy(contract))?;
            }
            for session in &day.sessions {
                let home = self.home(session.result.user);
                let submission =
                    Submission { session: session.clone(), proof: recorded(&claim_of(self.model, session)) };
                // A user who hears nothing sends again.
                assert_eq!(home.submit(&submission)?, home.submit(&submission)?);
            }
            let mut hand_overs = Vec::new();
            for realm in &self.realms {
                hand_overs.extend(realm.hand_over()?);
            }
            let time = Time::constant(before.leaf.time.get() + 1_000);
            let contribution = Digest::from([u64::from(height) - 1, 1, 2, 3]);
            let committed = self.coordinator.produce(hand_overs, PrimaryChoice { time, contribution })?;
            for realm in &self.realms {
                realm.follow(&committed)?;
            }
        }
        Ok(())
    }

    /// The network is where the model is, and every session is in exactly one checkpoint.
    fn check(&self) -> Outcome<()> {
        let model = self.model;
        assert_eq!(self.height()? as usize, model.days.len());
        let mut taken = BTreeSet::new();
        for (snapshot, height) in model.chain.history.iter().zip(0..) {
            let at = CheckpointId::constant(height);
            let committed = self.coordinator.checkpoint(at)?.ok_or("a checkpoint is missing")?;
            assert_eq!(committed.head, snapshot.head, "checkpoint {height}");
            let mut today = BTreeSet::new();
            for record in &committed.realms {
                let sessions: Vec<EndedSession> = borsh::from_slice(&self.queue.artifacts().get(record.deltas)?)?;
                for session in sessions {
                    assert!(today.insert(session.id()) && taken.insert(session.id()), "a session counts once");
                    let state = self.home(session.result.user).submission(session.id())?;
                    assert_eq!(state, Some(SubmissionState::Final(at)));
                }
            }
            let asked = if height == 0 { &[][..] } else { &model.days[height as usize - 1].sessions };
            assert_eq!(today, asked.iter().map(EndedSession::id).collect(), "checkpoint {height}");
        }
        for leaf in model.chain.head().leaves.values() {
            let at = CheckpointId::constant(self.height()?);
            assert_eq!(self.home(leaf.user).user(at, leaf.user)?.leaf.as_ref(), Some(leaf));
            assert_eq!(self.home(leaf.user).pending(leaf.user)?, None);
        }
        for realm in &self.realms {
            assert_eq!(realm.held()?, model.totals[&realm.index()], "realm {}", realm.index());
        }
        let counts = self.queue.counts()?;
        assert_eq!((counts.blocked, counts.ready, counts.leased, counts.unprovable), (0, 0, 0, 0));
        Ok(())
    }
}

fn claim_of(model: &Model, session: &EndedSession) -> Claim {
    let circuit = session.circuit;
    Claim { circuit, fingerprint: model.chain.circuits.fingerprint(circuit), public: session.result.digest() }
}

/// What was asked for already, before the crash, need not be asked for again.
fn asked(result: Result<(), AdmitError>) -> Outcome<()> {
    match result {
        Err(AdmitError::Refused(Refusal::KeyPending(_) | Refusal::ContractPending(_))) => Ok(()),
        other => Ok(other?),
    }
}

/// One life of the process, over a store that may die.
fn life(model: &Model, kv: &Arc<Faulty>, artifacts: &Artifacts) -> Outcome<()> {
    let network = Network::open(model, kv.clone(), artifacts)?;
    network.play()?;
    network.check()
}

#[test]
fn a_network_of_all_roles_reaches_the_roots_of_the_native_chain() {
    let model = Model::new();
    assert_eq!(model.totals.len(), 2);
    let kv = Arc::new(Faulty::counting(Arc::new(MemoryStore::new())));
    life(&model, &kv, &Artifacts::in_memory()).unwrap();
}

#[test]
fn a_network_killed_at_any_crash_point_goes_on_to_the_same_roots_and_totals() {
    let model = Model::new();
    let counting = Arc::new(Faulty::counting(Arc::new(MemoryStore::new())));
    life(&model, &counting, &Artifacts::in_memory()).unwrap();
    let points = counting.points();
    let labels = |points: &BTreeSet<(String, Side)>| points.len();
    let (mut all, mut died) = (BTreeSet::new(), BTreeSet::new());
    for point in &points {
        all.insert((point.label.clone(), point.side));
        let (disk, artifacts) = (Arc::new(MemoryStore::new()), Artifacts::in_memory());
        let victim = Arc::new(Faulty::dying(disk.clone(), point.clone(), Crash::Silence));
        let first = life(&model, &victim, &artifacts);
        if victim.is_dead() {
            assert!(first.is_err(), "nobody noticed the crash at {point}");
            died.insert((point.label.clone(), point.side));
        }
        let heir = Arc::new(Faulty::counting(disk));
        life(&model, &heir, &artifacts).unwrap_or_else(|error| panic!("after {point}: {error}"));
    }
    println!("{} crash points, {} labels and sides", points.len(), labels(&all));
    assert_eq!(all, died, "the worker's order may hide single points, never all of a label");
}

#[test]
fn a_network_killed_in_one_life_after_the_other_still_gets_there() {
    let model = Model::new();
    let counting = Arc::new(Faulty::counting(Arc::new(MemoryStore::new())));
    life(&model, &counting, &Artifacts::in_memory()).unwrap();
    // Writes of every day, so that each life meets the one that it is to die at.
    let daily = counting.points().into_iter().filter(|point| point.occurrence as usize == model.days.len());
    let points: Vec<CrashPoint> = daily.map(|point| CrashPoint { occurrence: 1, ..point }).rev().collect();
    let (disk, artifacts): (Arc<dyn KvStore>, _) = (Arc::new(MemoryStore::new()), Artifacts::in_memory());
    let mut deaths = BTreeSet::new();
    for (life_number, point) in points.iter().cycle().enumerate() {
        let victim = Arc::new(Faulty::dying(disk.clone(), point.clone(), Crash::Silence));
        let lived = life(&model, &victim, &artifacts);
        assert_eq!(lived.is_err(), victim.is_dead(), "life {life_number}: {lived:?}");
        if lived.is_ok() {
            break;
        }
        deaths.insert((life_number, point.to_string()));
        assert!(life_number < 1_000, "it never gets there");
    }
    println!("{} deaths in a row", deaths.len());
    assert!(deaths.len() >= 10, "only {deaths:?}");
    life(&model, &Arc::new(Faulty::counting(disk)), &artifacts).unwrap();
}

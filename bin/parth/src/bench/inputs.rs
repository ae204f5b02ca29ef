//! Something true for every circuit to prove: a day in the life of a tiny network, played natively.
//!
//! ```text
//!   genesis      five users, neighbours in the user tree
//!   sessions     one each: with a call or without one, in every form; and two whose calls owe others
//!   aggregation  of several choices of them, so that every way of joining two occurs
//!   checkpoint 1 a registration and a deployment; then the new user opens a session, in every form
//! ```

use parth_circuits::contract::CallCircuit;
use parth_contract::contracts::{counter, system};
use parth_contract::interpret::execute_with_values;
use parth_contract::opening::NoReader;
use parth_contract::{CallWitness, Contract};
use parth_crypto::merkle::{Frontier, SparseTree};
use parth_crypto::schnorr::SecretKey;
use parth_crypto::{Digest, Felt};
use parth_proof::Pinned;
use parth_protocol::block::start::Start as BlockStart;
use parth_protocol::genesis::{Fees, Genesis, GenesisState, GenesisUser, SCHEMA};
use parth_protocol::ids::{
    Amount, Caller, CheckpointId, ContractId, FeeRate, Fingerprint, RealmBits, RegistrationIndex, Time, UserId,
};
use parth_protocol::plan::checkpoint::{PrimaryChoice, plan_checkpoint};
use parth_protocol::plan::global::{GlobalChanges, plan_globals};
use parth_protocol::plan::guta::{Part, Planner, end_cap_child, no_change};
use parth_protocol::plan::{JobGraph, JobId};
use parth_protocol::records::block::CheckpointLeaf;
use parth_protocol::records::guta::Anchor;
use parth_protocol::records::leaf::UserLeaf;
use parth_protocol::records::session::{EndCapResult, Session};
use parth_protocol::session::call::TakenCall;
use parth_protocol::session::call_list;
use parth_protocol::session::debt::{Frame, inline_item};
use parth_protocol::session::deferred_step::DeferredStep;
use parth_protocol::session::end_cap::{EndCap, key_commitment, message};
use parth_protocol::session::first_two_calls::FirstTwoCalls;
use parth_protocol::session::first_two_calls_new_user::FirstTwoCallsNewUser;
use parth_protocol::session::inline_step::InlineStep;
use parth_protocol::session::single_call::SingleCall;
use parth_protocol::session::single_call_new_user::SingleCallNewUser;
use parth_protocol::session::start::Start;
use parth_protocol::session::start_new_user::StartNewUser;
use parth_protocol::session::step::Step;
use parth_protocol::signature::schnorr::Schnorr;
use parth_protocol::statement::{ChildProof, Public};
use parth_protocol::tree::{
    Checkpoints, Contracts, Registrations, SessionWhitelist, Siblings, TreeKind, UserContracts, Users,
    user_of_registration,
};
use parth_protocol::{CircuitId, CircuitSet, Record, Rules, Statement};

use super::Failed;
use super::owing::Owing;

/// Users at genesis. With ids 1 to 5: 2 and 3 are a pair, 4 and 5 are, and 1 is alone.
const USERS: u32 = 5;
/// The contract that is called.
const COUNTER: ContractId = ContractId::constant(1);
/// The contract that owes calls of the other: the same code with other circuits.
const SHOP: ContractId = ContractId::constant(2);

/// What is proven, children before parents within the order of [`CircuitId::ALL`].
pub(super) struct Inputs {
    /// Statements of every circuit but those of signatures and calls.
    pub(super) graph: JobGraph,
    /// Signatures, by the names of their proofs.
    pub(super) signatures: Vec<(JobId, Schnorr)>,
    /// The calls; the first one is measured.
    pub(super) calls: Vec<PlayedCall>,
    /// The calls that owe others: the names of their proofs, and what those say.
    pub(super) said: Vec<(JobId, Digest)>,
    /// What proves them, as long as that is needed.
    pub(super) owing: Option<Owing>,
}

/// A call of a contract function.
pub(super) struct PlayedCall {
    /// The name of its proof.
    pub(super) id: JobId,
    /// Contract and function.
    pub(super) name: String,
    /// The contract and the place of the function in it.
    pub(super) contract: Contract,
    /// What its circuit takes.
    pub(super) witness: CallWitness,
}

/// What a session says, and the circuit that closes it.
type Closed = (EndCapResult, CircuitId);

/// The network as it stands while it is played.
struct Network {
    rules: Rules,
    circuits: CircuitSet,
    state: GenesisState,
    counter: Contract,
    fingerprints: Vec<Fingerprint>,
    /// Those of the shop.
    owing: Vec<Fingerprint>,
    users: SparseTree,
    checkpoints: SparseTree,
    registrations: SparseTree,
    contracts: SparseTree,
    anchor: Anchor,
}

/// Plays it.
pub(super) fn play(pinned: &Pinned) -> Result<Inputs, Failed> {
    let owing = Owing::build(&pinned.rules().profile)?;
    let network = Network::new(pinned, owing.key().fingerprint())?;
    let mut graph = JobGraph::default();
    let mut signatures = Vec::new();
    let mut results = Vec::new();
    let mut calls = Vec::new();
    for number in 1..=USERS {
        let made = network.session(&mut graph, number, &mut calls)?;
        signatures.push(made.1);
        results.push(made.0);
    }
    network.aggregate(&mut graph, &results)?;
    let said = network.owed(&mut graph, &mut calls)?;
    signatures.push(network.checkpoint(&mut graph, &mut calls)?);
    Ok(Inputs { graph, signatures, calls, said, owing: Some(owing) })
}

fn key(number: u32) -> Result<SecretKey, Failed> {
    Ok(SecretKey::from_entropy(&[number as u8; 64])?)
}

fn commitment(circuits: &CircuitSet, number: u32) -> Result<Digest, Failed> {
    let circuit = circuits.fingerprint(CircuitId::SignatureSchnorr);
    Ok(key_commitment(circuit, key(number)?.public().parameter()))
}

fn tree<K: TreeKind>(rules: &Rules, leaves: impl IntoIterator<Item = (u64, Digest)>) -> SparseTree {
    let mut tree = SparseTree::new(K::DOMAIN, K::height(&rules.profile));
    for (index, leaf) in leaves {
        tree.set(index, leaf);
    }
    tree
}

fn path<K: TreeKind>(tree: &SparseTree, index: u64) -> Siblings<K> {
    Siblings::new(tree.path(index).siblings)
}

impl Network {
    fn new(pinned: &Pinned, owing: Fingerprint) -> Result<Network, Failed> {
        let (rules, circuits) = (pinned.rules(), pinned.set());
        let profile = &rules.profile;
        let counter = counter::contract();
        let mut fingerprints = Vec::new();
        for function in counter.functions() {
            fingerprints.push(CallCircuit::build(profile, function)?.fingerprint());
        }
        let owing = vec![owing; counter.functions().len()];
        // Nobody calls the system contract here, so its circuits may have any name.
        let system = system::contract();
        let unnamed = vec![Fingerprint::default(); system.functions().len()];
        let keys: Result<Vec<Digest>, _> = (1..=USERS).map(|number| commitment(&circuits, number)).collect();
        let state = Genesis {
            schema: SCHEMA.to_owned(),
            profile: profile.name.to_owned(),
            seed: "bench".to_owned(),
            time: Time::constant(1),
            realm_bits: RealmBits::ZERO,
            // None, so that the new user needs no balance.
            fees: Fees { base: FeeRate::ZERO, per_call: FeeRate::ZERO, per_slot: FeeRate::ZERO },
            users: keys?.into_iter().map(|key| GenesisUser { key, balance: Amount::constant(1_000_000) }).collect(),
            contracts: vec![
                system.deploy(profile, &unnamed)?.leaf().clone(),
                counter.deploy(profile, &fingerprints)?.leaf().clone(),
                counter.deploy(profile, &owing)?.leaf().clone(),
            ],
        }
        .state(&circuits)?;
        let users = state.users.iter().map(|leaf| (u64::from(leaf.user.get()), leaf.digest()));
        let public = &state.head.public;
        Ok(Network {
            users: tree::<Users>(&rules, users),
            checkpoints: tree::<Checkpoints>(&rules, [(0, public.leaf)]),
            registrations: tree::<Registrations>(&rules, (0..).zip(state.registrations.iter().copied())),
            contracts: tree::<Contracts>(&rules, (0..).zip(state.contracts.iter().map(Record::digest))),
            anchor: Anchor { root: public.root, height: public.height },
            rules,
            circuits,
            state,
            counter,
            fingerprints,
            owing,
        })
    }

    /// The start of a session of a user of genesis.
    fn start(&self, number: u32) -> Start {
        let leaf: &UserLeaf = &self.state.users[number as usize - 1];
        Start {
            whitelist: self.rules.session_whitelist,
            anchor: CheckpointId::ZERO,
            anchor_leaf: self.state.head.leaf.clone(),
            leaf: leaf.clone(),
            user_path: path(&self.users, leaf.user.get().into()),
        }
    }

    /// Plays two more sessions of the first user, each with a call that owes another and the step that pays it: a deferred
    /// one, then an inline one. Gives the names of the proofs of the calls that owe, and what they say.
    fn owed(&self, graph: &mut JobGraph, calls: &mut Vec<PlayedCall>) -> Result<Vec<(JobId, Digest)>, Failed> {
        let (rules, circuits) = (&self.rules, &self.circuits);
        let (anchor_leaf, shop) = (self.state.head.leaf.clone(), Caller::contract(SHOP));
        let listed = |circuit| circuits.listed::<SessionWhitelist>(&rules.profile, circuit).ok_or("a session circuit");
        // Its proof is that of the first session's start.
        let opened = self.start(1).apply(rules)?;
        let mut said = Vec::new();
        for inline in [false, true] {
            let mut player = Player::new(self);
            let owed = player.clone().made(COUNTER, shop, &opened, &anchor_leaf)?.1;
            let (_, mut taken) = player.made(SHOP, Caller::USER, &opened, &anchor_leaf)?;
            if inline {
                taken.context.inline = call_list(&[inline_item(&owed.call, owed.context.outputs)]);
            } else {
                taken.context.deferred = call_list(&[owed.call.digest()]);
            }
            let proof = shown(&taken);
            said.push((JobId::from(&proof), proof.public));
            let (previous, previous_circuit) = (opened.clone(), listed(CircuitId::SessionStart)?);
            let step = Step { previous, previous_circuit, anchor_leaf: anchor_leaf.clone(), taken };
            let previous = graph.add(rules, circuits, step)?;
            let taken = player.count(shop, &previous, &anchor_leaf, calls)?;
            let (previous_circuit, anchor_leaf) = (listed(CircuitId::SessionStep)?, anchor_leaf.clone());
            let frame = Frame { below: Digest::ZERO, caller: SHOP, rest: Digest::ZERO };
            if inline {
                graph.add(rules, circuits, InlineStep { previous, previous_circuit, anchor_leaf, frame, taken })?;
            } else {
                graph.add(rules, circuits, DeferredStep { previous, previous_circuit, anchor_leaf, frame, taken })?;
            }
        }
        Ok(said)
    }

    /// Plays a session: the first user's step by step, the second's in one proof, the third's with two calls in its
    /// opening, and those of others without a call.
    fn session(
        &self,
        graph: &mut JobGraph,
        number: u32,
        calls: &mut Vec<PlayedCall>,
    ) -> Result<(Closed, (JobId, Schnorr)), Failed> {
        let (rules, circuits, profile) = (&self.rules, &self.circuits, &self.rules.profile);
        let (start, anchor_leaf) = (self.start(number), &self.state.head.leaf);
        let (secret, parameters) = (key(number)?, self.state.parameters.clone());
        let signature_circuit = circuits.fingerprint(CircuitId::SignatureSchnorr);
        let key_parameter = secret.public().parameter();
        let mut player = Player::new(self);
        let listed = |circuit| circuits.listed::<SessionWhitelist>(profile, circuit).ok_or("a session circuit");
        let opened = start.apply(rules)?;
        if number == 2 {
            let taken = player.call(&opened, anchor_leaf, calls)?;
            let statement = SingleCall { start, taken, parameters, signature_circuit, key_parameter };
            let signed = self.sign(&statement.last(rules)?, &secret)?;
            return Ok(((graph.add(rules, circuits, statement)?, CircuitId::SingleCall), signed));
        }
        let (last, last_circuit) = match number {
            1 => {
                let previous = graph.add(rules, circuits, start)?;
                let taken = player.call(&previous, anchor_leaf, calls)?;
                let (previous_circuit, anchor_leaf) = (listed(CircuitId::SessionStart)?, anchor_leaf.clone());
                let step = Step { previous, previous_circuit, anchor_leaf, taken };
                (graph.add(rules, circuits, step)?, CircuitId::SessionStep)
            }
            3 => {
                let first = player.call(&opened, anchor_leaf, calls)?;
                let called = first.take_top_level(rules, anchor_leaf, &opened)?;
                let second = player.call(&called, anchor_leaf, calls)?;
                (graph.add(rules, circuits, FirstTwoCalls { start, first, second })?, CircuitId::FirstTwoCalls)
            }
            _ => (graph.add(rules, circuits, start)?, CircuitId::SessionStart),
        };
        let signed = self.sign(&last, &secret)?;
        let last_circuit = listed(last_circuit)?;
        let end_cap = EndCap { last, last_circuit, parameters, signature_circuit, key_parameter };
        Ok(((graph.add(rules, circuits, end_cap)?, CircuitId::EndCap), signed))
    }

    /// A signature that closes a session, with the name of its proof.
    fn sign(&self, last: &Session, secret: &SecretKey) -> Result<(JobId, Schnorr), Failed> {
        let signing = self.circuits.fingerprint(CircuitId::SignatureSchnorr);
        let message = message(last, &self.state.parameters, signing)?.digest();
        let signature = secret.sign(message, &[0; 32]);
        let schnorr = Schnorr { message, public_key: secret.public(), signature };
        let public = schnorr.apply(&self.rules)?.public_digest();
        Ok((JobId::new(signing, public), schnorr))
    }

    /// Aggregates several choices of the sessions, each from the same state. Between them they take every circuit.
    fn aggregate(&self, graph: &mut JobGraph, results: &[Closed]) -> Result<(), Failed> {
        let nodes = |level: usize, index: u64| self.users.node(level, index);
        let planner = Planner { rules: &self.rules, circuits: &self.circuits, anchor: &self.anchor, nodes: &nodes };
        let top = self.rules.profile.users();
        for choice in [&results[..1], &results[1..3], &results[..3], &results[1..4], &results[1..5]] {
            let parts = choice.iter().map(|(result, circuit)| {
                let anchor = path(&self.checkpoints, 0);
                end_cap_child(&self.rules, &self.circuits, result.clone(), *circuit, anchor).map(Part::EndCap)
            });
            planner.aggregate(graph, parts.collect::<Result<_, _>>()?, top)?;
        }
        Ok(())
    }

    /// The first two checkpoints, and the first session of the user whom the second registers.
    fn checkpoint(mut self, graph: &mut JobGraph, calls: &mut Vec<PlayedCall>) -> Result<(JobId, Schnorr), Failed> {
        let (rules, circuits, head) = (&self.rules, &self.circuits, &self.state.head);
        graph.add(rules, circuits, BlockStart { leaf: head.leaf.clone() })?;
        let guta = no_change(graph, rules, circuits, &self.anchor, head.leaf.clone(), path(&self.checkpoints, 0))?;
        let changes = GlobalChanges {
            registrations: vec![commitment(circuits, USERS + 1)?],
            deployments: self.state.contracts[1..2].to_vec(),
        };
        let next = |tree: &SparseTree, index: usize, kind| Frontier::new(kind, tree.path(index as u64));
        let (registered, deployed) = (self.state.registrations.len(), self.state.contracts.len());
        let mut plan = |changes: &GlobalChanges| {
            plan_globals(
                graph,
                rules,
                circuits,
                self.state.parameters.digest(),
                &self.anchor,
                &head.leaf.globals,
                changes,
                &mut next(&self.registrations, registered, Registrations::DOMAIN),
                &mut next(&self.contracts, deployed, Contracts::DOMAIN),
            )
        };
        plan(&GlobalChanges::default())?;
        let global = plan(&changes)?;
        let choice = PrimaryChoice { time: Time::constant(2), contribution: Digest::ZERO };
        let append = path(&self.checkpoints, 1);
        let parameters = &self.state.parameters;
        let head = plan_checkpoint(graph, rules, circuits, parameters, head, guta, global, append, choice)?;

        let key = changes.registrations[0];
        self.registrations.set(registered as u64, key);
        for (at, leaf) in (deployed as u64..).zip(&changes.deployments) {
            self.contracts.set(at, leaf.digest());
        }
        let registration = RegistrationIndex::new(registered as u32).ok_or("a registration index")?;
        let user: UserId = user_of_registration(&rules.profile, parameters.realm_bits, registration);
        let start = StartNewUser {
            whitelist: rules.session_whitelist,
            anchor: head.public.height,
            anchor_leaf: head.leaf,
            parameters: parameters.clone(),
            user,
            key,
            registration,
            registration_path: path(&self.registrations, registered as u64),
            user_path: path(&self.users, user.get().into()),
        };
        let (opened, anchor_leaf) = (graph.add(rules, circuits, start.clone())?, &start.anchor_leaf);
        let mut player = Player::new(&self);
        let first = player.call(&opened, anchor_leaf, calls)?;
        let called = first.take_top_level(rules, anchor_leaf, &opened)?;
        let second = player.call(&called, anchor_leaf, calls)?;
        let two = FirstTwoCallsNewUser { start: start.clone(), first: first.clone(), second };
        graph.add(rules, circuits, two)?;
        let secret = self::key(USERS + 1)?;
        let signed = self.sign(&called, &secret)?;
        let signature_circuit = circuits.fingerprint(CircuitId::SignatureSchnorr);
        let key_parameter = secret.public().parameter();
        let single = SingleCallNewUser { start, taken: first, signature_circuit, key_parameter };
        graph.add(rules, circuits, single)?;
        Ok(signed)
    }
}

/// The proof of a call.
fn shown(taken: &TakenCall) -> ChildProof {
    ChildProof { fingerprint: taken.function.fingerprint, public: taken.context.digest() }
}

/// A user who calls the counter's first function, and the states that the user has of both contracts.
#[derive(Clone)]
struct Player<'a> {
    network: &'a Network,
    counter: SparseTree,
    shop: SparseTree,
    mine: SparseTree,
}

impl Player<'_> {
    fn new(network: &Network) -> Player<'_> {
        let mine = SparseTree::new(UserContracts::DOMAIN, UserContracts::height(&network.rules.profile));
        Player { network, counter: network.counter.empty_state(), shop: network.counter.empty_state(), mine }
    }

    /// Makes a call of the counter and notes what its proof takes.
    fn call(
        &mut self,
        session: &Session,
        anchor_leaf: &CheckpointLeaf,
        calls: &mut Vec<PlayedCall>,
    ) -> Result<TakenCall, Failed> {
        self.count(Caller::USER, session, anchor_leaf, calls)
    }

    /// As [`Player::call`], by any caller.
    fn count(
        &mut self,
        caller: Caller,
        session: &Session,
        anchor_leaf: &CheckpointLeaf,
        calls: &mut Vec<PlayedCall>,
    ) -> Result<TakenCall, Failed> {
        let (witness, taken) = self.made(COUNTER, caller, session, anchor_leaf)?;
        let counter = &self.network.counter;
        let function = counter.functions().first().ok_or("a counter with a function")?;
        calls.push(PlayedCall {
            id: JobId::from(&shown(&taken)),
            name: format!("{}.{}", counter.name(), function.name()),
            contract: counter.clone(),
            witness,
        });
        Ok(taken)
    }

    /// Makes a call.
    fn made(
        &mut self,
        contract: ContractId,
        caller: Caller,
        session: &Session,
        anchor_leaf: &CheckpointLeaf,
    ) -> Result<(CallWitness, TakenCall), Failed> {
        let Network { rules, counter, contracts, .. } = self.network;
        let (own, fingerprints) = match contract {
            SHOP => (&mut self.shop, &self.network.owing),
            _ => (&mut self.counter, &self.network.fingerprints),
        };
        let profile = &rules.profile;
        let function = counter.functions().first().ok_or("a counter with a function")?;
        let inputs = [Felt::constant(3)];
        let done = execute_with_values(
            profile,
            contract,
            function,
            caller,
            session,
            anchor_leaf,
            &inputs,
            own,
            &NoReader,
            &[],
        )
        .map_err(|(error, _)| error)?;
        let deployed = counter.deploy(profile, fingerprints)?;
        let placed = deployed.function(function.method()).ok_or("a function that is deployed")?;
        let at = u64::from(contract.get());
        let taken = TakenCall {
            contract: deployed.leaf().clone(),
            contract_path: path(contracts, at),
            function: placed.leaf,
            function_index: placed.index,
            function_path: placed.path,
            call: done.call,
            context: done.context,
            state_leaf: self.mine.leaf(at),
            state_path: path(&self.mine, at),
        };
        for write in &done.writes {
            own.set(write.index.get(), write.new);
        }
        self.mine.set(at, own.root());
        Ok((done.witness, taken))
    }
}

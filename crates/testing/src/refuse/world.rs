//! The chain from which the statements of the book are taken.

use parth_crypto::Digest;
use parth_protocol::guta::single_end_cap::SingleEndCap;
use parth_protocol::guta::two_end_caps::TwoEndCaps;
use parth_protocol::guta::{EndCapChild, GutaChild};
use parth_protocol::ids::{CheckpointId, ContractId, UserId};
use parth_protocol::plan::global::GlobalChanges;
use parth_protocol::plan::guta::guta_child;
use parth_protocol::records::guta::{Anchor, GutaHeader};
use parth_protocol::tree::{Climb, ClimbKind};
use parth_protocol::{CircuitId, Statement};

use crate::chain::{COUNTER, Closed, TestContract, function, key_of};
use crate::session::EndedSession;
use crate::{CallEffect, TestChain, TestSession};

/// Height of the newest checkpoint: a session at [`YOUNG`] may still enter, one at [`OLD`] may not.
pub(super) const HEIGHT: u32 = 10;
/// The oldest anchor that may enter aggregation.
pub(super) const YOUNG: CheckpointId = CheckpointId::constant(3);
/// The youngest anchor that may not.
pub(super) const OLD: CheckpointId = CheckpointId::constant(2);

/// A chain of `HEIGHT` checkpoints on small trees.
///
/// Users 1 to 10 and 16 to 25 are there from genesis; user 26 came with checkpoint 2; user 11 is registered but never
/// came. Users 2 and 3 have used the counter contract. A third contract is deployed.
#[derive(Clone, Debug)]
pub struct World {
    /// The chain.
    pub chain: TestChain,
    /// Every checkpoint that was closed.
    pub closed: Vec<Closed>,
}

impl Default for World {
    fn default() -> World {
        World::new()
    }
}

impl World {
    /// Plays the chain.
    pub fn new() -> World {
        let mut world = World { chain: TestChain::small(&[1_000_000; 20]), closed: Vec::new() };
        let key = |registration| key_of(world.chain.signature_circuit, registration);
        // 22 is the registration of user 11, 21 that of user 26.
        let registrations = (21..=26).map(key).collect();
        let profile = world.chain.rules.profile;
        let deployments = (1..=4).map(|n| TestContract::new(&profile, 48, vec![function(9 + n, 0, true)]).leaf);
        let changes = GlobalChanges { registrations, deployments: deployments.collect() };
        let first = [2, 3, 16].map(|user| world.ended(user)).into();
        world.close(first, changes);
        let second = [2, 3, 26].map(|user| world.ended(user)).into();
        let registrations = vec![key_of(world.chain.signature_circuit, 27)];
        world.close(second, GlobalChanges { registrations, deployments: Vec::new() });
        for _ in 3..=HEIGHT {
            world.close(Vec::new(), GlobalChanges::default());
        }
        world
    }

    fn close(&mut self, sessions: Vec<EndedSession>, changes: GlobalChanges) {
        self.closed.push(self.chain.close(sessions, changes).expect("an ordinary checkpoint"));
    }

    /// A call that writes one word and emits one event.
    pub fn write() -> CallEffect {
        CallEffect { new_state: Some(Digest::from([5, 1, 1, 1])), slots: 1, events: 1, ..CallEffect::default() }
    }

    /// A session of a user at the newest checkpoint.
    pub fn session(&self, user: u32) -> TestSession<'_> {
        self.chain.session(UserId::constant(user)).expect("a session of a registered user")
    }

    /// A session with one call.
    pub fn called(&self, user: u32, contract: ContractId, function: u16, effect: &CallEffect) -> TestSession<'_> {
        self.session(user).call(contract, function, effect).expect("a call that holds")
    }

    /// A session with one write, closed. A new user claims something first, to pay the fee.
    pub fn ended(&self, user: u32) -> EndedSession {
        let new = !self.chain.head().leaves.contains_key(&UserId::constant(user));
        let called = if new {
            let claim = CallEffect { balance_in: 10_000, ..World::write() };
            self.called(user, ContractId::SYSTEM, 0, &claim)
        } else {
            self.called(user, COUNTER, 0, &World::write())
        };
        called.end().expect("an end cap that holds")
    }

    /// What aggregations build on.
    pub fn anchor(&self) -> Anchor {
        self.chain.head().anchor()
    }

    /// The end cap of a session with one write.
    pub fn end_cap(&self, user: u32) -> EndCapChild {
        self.chain.end_cap_child(self.ended(user).result)
    }

    /// The end cap of a session at an older anchor.
    pub fn end_cap_at(&self, user: u32, anchor: CheckpointId) -> EndCapChild {
        let session = self.chain.session_at(UserId::constant(user), anchor).expect("a session of a registered user");
        let ended =
            session.call(COUNTER, 0, &World::write()).and_then(TestSession::end).expect("an end cap that holds");
        self.chain.end_cap_child(ended.result)
    }

    /// The siblings of a node of the user tree up to below the level `top`.
    pub fn climb<K: ClimbKind>(&self, level: u8, index: u64, top: u8) -> Climb<K> {
        Climb::new(self.chain.head().users.line(level.into(), index, top.into()))
    }

    /// One end cap enters and climbs to a level.
    pub fn single(&self, user: u32, level: u8) -> SingleEndCap {
        SingleEndCap {
            whitelist: self.chain.rules.guta_whitelist,
            anchor: self.anchor(),
            end_cap: self.end_cap(user),
            climb: self.climb(0, user.into(), level),
        }
    }

    /// Two end caps enter and meet.
    pub fn pair(&self, left: u32, right: u32) -> TwoEndCaps {
        let level = (left ^ right).ilog2() as u8;
        TwoEndCaps {
            whitelist: self.chain.rules.guta_whitelist,
            anchor: self.anchor(),
            left: self.end_cap(left),
            right: self.end_cap(right),
            left_climb: self.climb(0, left.into(), level),
            right_climb: self.climb(0, right.into(), level),
        }
    }

    /// A statement of the aggregation as a child.
    pub fn guta<S: Statement<Header = GutaHeader>>(&self, statement: &S) -> GutaChild {
        let header = statement.apply(&self.chain.rules).expect("an aggregation that holds");
        self.guta_child(header, S::CIRCUIT)
    }

    /// A header as the child of another circuit.
    pub fn guta_child(&self, header: GutaHeader, circuit: CircuitId) -> GutaChild {
        let chain = &self.chain;
        guta_child(&chain.rules, &chain.circuits, header, circuit).expect("an aggregation circuit")
    }
}

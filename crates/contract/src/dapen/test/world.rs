//! The world of a test: a chain in memory, users with names, sessions, checkpoints, random numbers.

use std::collections::BTreeMap;

use parth_protocol::Profile;
use parth_protocol::ids::{Amount, CheckpointId, Time, UserId};

use super::{Contracts, Ran, stop, stop_with};
use crate::builder::ContractBuilder;
use crate::contract::Contract;
use crate::dapen::codes::Code;
use crate::dapen::source::Span;
use crate::sandbox::{Sandbox, SandboxError, SandboxSession};

/// Native balance of each user of a world.
const BALANCE: u64 = 1_000_000;
/// Users of a world: 1 to this.
const USERS: u32 = 32;
/// Contracts that a world has places for.
pub(super) const PLACES: u32 = 1 << 10;

/// A chain with the contracts at their ids; empty contracts fill the gaps.
pub(super) fn chain(contracts: &Contracts) -> Result<Sandbox, SandboxError> {
    let end = contracts.keys().next_back().map_or(1, |last| last.saturating_add(1));
    let mut list: Vec<Contract> = Vec::new();
    for id in 0..end.min(PLACES) {
        match contracts.get(&id) {
            Some((_, compiled)) => list.push(compiled.contract.clone()),
            None if id == 0 => list.push(crate::contracts::system::contract()),
            None => list.extend(ContractBuilder::new("Gap", 1).build()),
        }
    }
    let users: Vec<_> = (1..=USERS).filter_map(|id| Some((UserId::new(id)?, Amount::new(BALANCE)?))).collect();
    Sandbox::new(Profile::STANDARD, list, &users)
}

/// Numbers that look random and are the same for the same seed, on every machine.
pub(super) struct Random {
    state: u64,
    pub(super) used: bool,
}

impl Random {
    fn next(&mut self) -> u64 {
        // A counter with an odd step, its bits mixed by two multiplications (the SplitMix64 generator).
        self.used = true;
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.state;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^ (bits >> 31)
    }

    /// A number below `end`, each about as likely as the others.
    pub(super) fn below(&mut self, end: u64) -> u64 {
        ((u128::from(self.next()) * u128::from(end)) >> 64) as u64
    }
}

/// The world of one test.
pub(super) struct World {
    pub(super) chain: Sandbox,
    pub(super) random: Random,
    pub(super) open: BTreeMap<UserId, SandboxSession>,
    /// Who acts.
    pub(super) user: Option<UserId>,
    names: BTreeMap<String, UserId>,
    /// How far back the next session starts.
    back: Option<u64>,
    pub(super) checkpoints: u64,
}

impl World {
    pub(super) fn new(chain: Sandbox, seed: u64) -> World {
        let random = Random { state: seed, used: false };
        let (open, names) = (BTreeMap::new(), BTreeMap::new());
        World { chain, random, open, user: None, names, back: None, checkpoints: 0 }
    }

    /// A new user, with the number that is asked for or the next one that is free.
    pub(super) fn new_user(&mut self, name: &str, number: Option<u64>, span: Span) -> Ran<UserId> {
        if self.names.contains_key(name) {
            return stop(Code::E0302, span, format!("there is a user {name} already"));
        }
        let taken = |id: u32| self.names.values().any(|known| known.get() == id);
        let id = match number {
            Some(number) => u32::try_from(number).unwrap_or(0),
            None => (1..=USERS).find(|&id| !taken(id)).unwrap_or(0),
        };
        if taken(id) {
            return stop(Code::E0302, span, format!("another user has number {id} already"));
        }
        let Some(user) = UserId::new(id).filter(|_| (1..=USERS).contains(&id)) else {
            return stop(Code::E3003, span, format!("a world has users 1 to {USERS}"));
        };
        self.names.insert(name.to_owned(), user);
        Ok(user)
    }

    /// The next session starts from so many checkpoints before the newest.
    pub(super) fn anchor(&mut self, back: u64, span: Span) -> Ran<()> {
        if back > self.checkpoints {
            let message = format!("{back} checkpoints back, and only {} were closed", self.checkpoints);
            return stop(Code::E3003, span, message);
        }
        self.back = Some(back);
        Ok(())
    }

    /// Ends all sessions and closes a checkpoint.
    pub(super) fn checkpoint(&mut self, span: Span) -> Ran<()> {
        for (_, session) in std::mem::take(&mut self.open) {
            self.chain.close(session).or_else(|error| stop(Code::E3003, span, error.to_string()))?;
        }
        self.checkpoints += 1;
        let time = Time::new(self.checkpoints).unwrap_or(Time::ZERO);
        self.chain.advance(time).or_else(|error| stop(Code::E3003, span, error.to_string()))?;
        (self.back, self.user) = (None, None);
        Ok(())
    }

    /// The session of whoever acts, taken out: it goes back into `open` afterwards.
    pub(super) fn session(&mut self, span: Span) -> Ran<(UserId, SandboxSession)> {
        let Some(user) = self.user else {
            return stop_with(Code::E3003, span, "nobody acts yet", "name the user who calls: `w.as(bob);`");
        };
        if let Some(session) = self.open.remove(&user) {
            if self.back.is_some() {
                self.open.insert(user, session);
                let help =
                    "a session starts with the user's first call since the checkpoint: write `w.anchor(…)` before";
                return stop_with(Code::E3003, span, "the session of this user has started already", help);
            }
            return Ok((user, session));
        }
        let anchor = self.checkpoints.saturating_sub(self.back.take().unwrap_or_default());
        let anchor = u32::try_from(anchor).ok().and_then(CheckpointId::new).unwrap_or(CheckpointId::ZERO);
        let opened = self.chain.open_at(user, anchor);
        let session = opened.or_else(|error| stop(Code::E3003, span, error.to_string()))?;
        Ok((user, session))
    }
}

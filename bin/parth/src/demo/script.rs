//! Who does what in which checkpoint: a pure function of the flags.
//!
//! ```text
//!   1   a genesis user sends native balance to a newcomer, who registers; Counter and Token are deployed
//!   2   the newcomer, in another realm, claims it in its first session; every other realm is quiet
//!       (with eight users or more, three newcomers: their first sessions are of three forms)
//!   3   everybody from genesis counts; the issuer mints tokens and sends some to the newcomer
//!   4   the newcomer claims the tokens; a genesis user sends native balance
//!   5   nothing at all
//!   6…  counting, by turns
//! ```

use parth_client::session::Form;
use parth_protocol::ids::{ContractId, RealmBits, RegistrationIndex, UserId};
use parth_protocol::tree::{realm_of_user, user_of_registration};
use parth_protocol::{CircuitId, Profile};

use super::options::Shape;

/// Users from whom on a demo is wide: it proves every circuit but those that pay debts, since no call of it owes another.
const WIDE: u32 = 8;

/// A contract of the demo.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Program {
    System,
    Counter,
    Token,
}

impl Program {
    pub(crate) const ALL: [Program; 3] = [Program::System, Program::Counter, Program::Token];

    /// Its id: contracts are deployed in this order.
    pub(crate) fn id(self) -> ContractId {
        ContractId::constant(self as u32)
    }
}

/// One call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Call {
    pub(crate) program: Program,
    pub(crate) function: &'static str,
    pub(crate) inputs: Vec<u64>,
}

/// One session of a person. People are numbered by their registrations; 0 is nobody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Session {
    pub(crate) person: u32,
    /// How it is proven.
    pub(crate) form: Form,
    pub(crate) calls: Vec<Call>,
}

/// What happens in one checkpoint.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Scene {
    /// People who register.
    pub(crate) registrations: Vec<u32>,
    /// Contracts that are deployed, in order.
    pub(crate) deployments: Vec<Program>,
    pub(crate) sessions: Vec<Session>,
}

/// The whole demo.
#[derive(Clone, Debug)]
pub(crate) struct Script {
    people: u32,
    calls: u32,
    realm_bits: RealmBits,
    /// Genesis user who sends to the newcomer, from another realm where there is one.
    sender: u32,
}

impl Script {
    pub(crate) fn new(shape: &Shape) -> Script {
        let realm_bits = RealmBits::constant(shape.realms.ilog2() as u8);
        let mut script = Script { people: shape.users, calls: shape.calls, realm_bits, sender: 1 };
        let home = |person| realm_of_user(&Profile::STANDARD, script.user(person));
        let away = (1..=shape.users).find(|&person| home(person) != home(script.newcomer()));
        script.sender = away.unwrap_or(1);
        script
    }

    /// The person who arrives later.
    pub(crate) fn newcomer(&self) -> u32 {
        self.people + 1
    }

    /// Everybody who arrives later. In a wide demo there is one for each form that a first session can have.
    fn newcomers(&self) -> Vec<u32> {
        let many = if self.people < WIDE { 1 } else { 3 };
        (self.newcomer()..).take(many).collect()
    }

    /// The person's first session: claims what was sent, then counts.
    fn arrival(&self, person: u32) -> Session {
        let claimed = claim(Program::System, self.user(self.sender));
        match person - self.newcomer() {
            0 => self.after(person, claimed),
            1 => Session { person, form: Form::Shortest, calls: vec![claimed, increment(1)] },
            _ => Session { person, form: Form::Stepwise, calls: vec![claimed] },
        }
    }

    /// Who may mint tokens.
    pub(crate) fn issuer(&self) -> u32 {
        1
    }

    pub(crate) fn realm_bits(&self) -> RealmBits {
        self.realm_bits
    }

    pub(crate) fn user(&self, person: u32) -> UserId {
        user_of_registration(&Profile::STANDARD, self.realm_bits, RegistrationIndex::constant(person))
    }

    /// The circuits that a demo of so many checkpoints needs, in the order in which it needs them first. Users may live so
    /// that it needs one or two others; a wide demo needs all but those that pay debts.
    pub(crate) fn circuits(&self, checkpoints: u32) -> Vec<CircuitId> {
        use CircuitId as Id;
        if self.people >= WIDE {
            let pays = |circuit: &Id| matches!(circuit, Id::SessionDeferredStep | Id::SessionInlineStep);
            return Id::ALL.iter().copied().filter(|circuit| !pays(circuit)).collect();
        }
        let session: &[Id] = match self.calls {
            1 => &[Id::SingleCall],
            2 => &[Id::FirstTwoCalls, Id::EndCap],
            _ => &[Id::FirstTwoCalls, Id::SessionStep, Id::EndCap],
        };
        let first = if self.calls == 1 { Id::SingleCallNewUser } else { Id::FirstTwoCallsNewUser };
        let scenes: [&[Id]; 5] = [
            &[
                Id::GutaSingleEndCap,
                Id::GutaToCap,
                Id::GlobalRegisterUsers,
                Id::GlobalDeployContracts,
                Id::GlobalFold,
                Id::BlockPartOne,
                Id::BlockStart,
                Id::BlockCheckpoint,
            ],
            &[first, Id::GlobalUnchanged],
            &[Id::FirstTwoCalls, Id::EndCap, Id::GutaTwoEndCaps, Id::GutaTwoGuta],
            &[],
            &[Id::GutaNoChange],
        ];
        let scenes = scenes.into_iter().take(checkpoints as usize).flatten();
        let mut circuits = Vec::new();
        for &circuit in [Id::SignatureSchnorr].iter().chain(session).chain(scenes) {
            if !circuits.contains(&circuit) {
                circuits.push(circuit);
            }
        }
        circuits
    }

    /// What happens in a checkpoint; the first is 1.
    pub(crate) fn scene(&self, checkpoint: u32) -> Scene {
        match checkpoint {
            1 => Scene {
                registrations: self.newcomers(),
                deployments: vec![Program::Counter, Program::Token],
                sessions: vec![self.sending()],
            },
            2 => Scene {
                sessions: self.newcomers().into_iter().map(|person| self.arrival(person)).collect(),
                ..Scene::default()
            },
            3 => Scene { sessions: (1..=self.people).map(|person| self.minting(person)).collect(), ..Scene::default() },
            4 => {
                let newcomer = self.after(self.newcomer(), claim(Program::Token, self.user(self.issuer())));
                let send = self.session(2, |_| self.send(self.newcomer(), 25));
                Scene { sessions: vec![newcomer, send], ..Scene::default() }
            }
            5 => Scene::default(),
            odd if odd % 2 == 1 => Scene { sessions: vec![self.counting(self.newcomer())], ..Scene::default() },
            _ => {
                Scene { sessions: (1..=self.people).map(|person| self.counting(person)).collect(), ..Scene::default() }
            }
        }
    }

    fn session(&self, person: u32, call: impl Fn(u32) -> Call) -> Session {
        Session { person, form: Form::Shortest, calls: (0..self.calls).map(call).collect() }
    }

    /// What newcomers need to pay for their first session.
    fn sending(&self) -> Session {
        let mut receivers = self.newcomers();
        receivers.resize(receivers.len().max(self.calls as usize), 2);
        let calls = receivers.into_iter().map(|to| self.send(to, 10_000)).collect();
        Session { person: self.sender, form: Form::Shortest, calls }
    }

    fn counting(&self, person: u32) -> Session {
        self.session(person, |n| increment(u64::from(person + n)))
    }

    /// A first call, then counting.
    fn after(&self, person: u32, first: Call) -> Session {
        let mut session = self.counting(person);
        session.calls[0] = first;
        session
    }

    fn minting(&self, person: u32) -> Session {
        let mut session = self.counting(person);
        if person == self.people && person >= WIDE {
            session.form = Form::Stepwise;
        }
        if person == self.issuer() {
            let send = vec![u64::from(self.user(self.newcomer()).get()), 400];
            session.calls = vec![
                Call { program: Program::Token, function: "mint", inputs: vec![1_000] },
                Call { program: Program::Token, function: "send", inputs: send },
            ];
        }
        session
    }

    fn send(&self, to: u32, amount: u64) -> Call {
        let inputs = vec![u64::from(self.user(to).get()), amount];
        Call { program: Program::System, function: "send", inputs }
    }
}

/// Counts by 1 to 100: the contract takes nothing else.
fn increment(by: u64) -> Call {
    let by = (by - 1) % 100 + 1;
    Call { program: Program::Counter, function: "increment", inputs: vec![by] }
}

fn claim(program: Program, from: UserId) -> Call {
    Call { program, function: "claim", inputs: vec![u64::from(from.get())] }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn script(users: u32, realms: u32, calls: u32) -> Script {
        Script::new(&Shape { users, realms, checkpoints: 4, calls, seed: String::new() })
    }

    #[test]
    fn the_default_demo_has_at_most_eight_sessions_and_a_quiet_realm() {
        let script = script(3, 2, 1);
        let scenes: Vec<Scene> = (1..=4).map(|checkpoint| script.scene(checkpoint)).collect();
        assert!(scenes.iter().map(|scene| scene.sessions.len()).sum::<usize>() <= 8);
        let home = |person| realm_of_user(&Profile::STANDARD, script.user(person));
        let realms = |scene: &Scene| -> std::collections::BTreeSet<_> {
            scene.sessions.iter().map(|session| home(session.person)).collect()
        };
        assert_eq!(realms(&scenes[1]).len(), 1);
        assert_ne!(home(script.sender), home(script.newcomer()));
        assert!(!scenes[0].registrations.is_empty() && !scenes[0].deployments.is_empty());
    }

    #[test]
    fn nobody_has_two_sessions_in_a_checkpoint_or_sends_to_themselves() {
        for (users, realms) in [(2, 1), (2, 4), (3, 2), (9, 8)] {
            let script = script(users, realms, 3);
            for checkpoint in 1..=6 {
                let scene = script.scene(checkpoint);
                let people: std::collections::BTreeSet<_> = scene.sessions.iter().map(|s| s.person).collect();
                assert_eq!(people.len(), scene.sessions.len());
                for session in &scene.sessions {
                    let me = u64::from(script.user(session.person).get());
                    assert!(session.calls.iter().all(|call| call.function != "send" || call.inputs[0] != me));
                }
            }
        }
    }
}

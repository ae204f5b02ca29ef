//! One job: a statement to prove, named by what its proof will show.

use std::fmt;

use parth_crypto::{Digest, Domain, hash};

use crate::block;
use crate::circuit::{CircuitId, CircuitSet, Rules};
use crate::global;
use crate::guta;
use crate::ids::Fingerprint;
use crate::record::Felts;
use crate::reject::Reject;
use crate::session;
use crate::statement::{ChildProof, Public, Statement};

/// Names a proof by its circuit and its public inputs: H(fingerprint, public-input digest). Statements that a replan
/// changed have another id, so a stale proof can never be taken for a new one (attack F24).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, borsh::BorshSerialize, borsh::BorshDeserialize)]
pub struct JobId(pub Digest);

impl JobId {
    /// The id of the proof with this circuit and these public inputs.
    pub fn new(fingerprint: Fingerprint, public: Digest) -> JobId {
        let mut felts = fingerprint.felts();
        public.write_felts(&mut felts);
        JobId(hash(Domain::Job, &felts))
    }
}

impl From<&ChildProof> for JobId {
    fn from(child: &ChildProof) -> JobId {
        JobId::new(child.fingerprint, child.public)
    }
}

impl fmt::Display for JobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for JobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "JobId({})", self.0)
    }
}

macro_rules! any_statement {
    ($($(#[doc = $doc:literal])+ $name:ident($path:path),)+) => {
        /// A statement of any circuit of the protocol that is not a contract function or a signature.
        #[derive(Clone, Debug, PartialEq, Eq, borsh::BorshSerialize, borsh::BorshDeserialize)]
        pub enum AnyStatement {
            $($(#[doc = $doc])+ $name(Box<$path>),)+
        }

        impl AnyStatement {
            /// The circuit that proves it.
            pub fn circuit(&self) -> CircuitId {
                match self {
                    $(AnyStatement::$name(_) => <$path as Statement>::CIRCUIT,)+
                }
            }

            /// Checks every rule and returns the digest of the public inputs that a proof will show.
            pub fn apply(&self, rules: &Rules) -> Result<Digest, Reject> {
                match self {
                    $(AnyStatement::$name(statement) => Ok(statement.apply(rules)?.public_digest()),)+
                }
            }

            /// The proofs that its circuit verifies, in order.
            pub fn children(&self, rules: &Rules) -> Vec<ChildProof> {
                match self {
                    $(AnyStatement::$name(statement) => statement.children(rules),)+
                }
            }
        }

        $(impl From<$path> for AnyStatement {
            fn from(statement: $path) -> AnyStatement {
                AnyStatement::$name(Box::new(statement))
            }
        })+
    };
}

any_statement! {
    /// `session::start`
    SessionStart(session::start::Start),
    /// `session::start_new_user`
    SessionStartNewUser(session::start_new_user::StartNewUser),
    /// `session::step`
    SessionStep(session::step::Step),
    /// `session::deferred_step`
    SessionDeferredStep(session::deferred_step::DeferredStep),
    /// `session::inline_step`
    SessionInlineStep(session::inline_step::InlineStep),
    /// `session::first_two_calls`
    FirstTwoCalls(session::first_two_calls::FirstTwoCalls),
    /// `session::first_two_calls_new_user`
    FirstTwoCallsNewUser(session::first_two_calls_new_user::FirstTwoCallsNewUser),
    /// `session::end_cap`
    EndCap(session::end_cap::EndCap),
    /// `session::single_call`
    SingleCall(session::single_call::SingleCall),
    /// `session::single_call_new_user`
    SingleCallNewUser(session::single_call_new_user::SingleCallNewUser),
    /// `guta::single_end_cap`
    SingleEndCap(guta::single_end_cap::SingleEndCap),
    /// `guta::two_end_caps`
    TwoEndCaps(guta::two_end_caps::TwoEndCaps),
    /// `guta::two_guta`
    TwoGuta(guta::two_guta::TwoGuta),
    /// `guta::left_guta_right_end_cap`
    LeftGutaRightEndCap(guta::left_guta_right_end_cap::LeftGutaRightEndCap),
    /// `guta::left_end_cap_right_guta`
    LeftEndCapRightGuta(guta::left_end_cap_right_guta::LeftEndCapRightGuta),
    /// `guta::to_cap`
    ToCap(guta::to_cap::ToCap),
    /// `guta::no_change`
    NoChange(guta::no_change::NoChange),
    /// `global::register_users`
    RegisterUsers(global::register_users::RegisterUsers),
    /// `global::deploy_contracts`
    DeployContracts(global::deploy_contracts::DeployContracts),
    /// `global::unchanged`
    Unchanged(global::unchanged::Unchanged),
    /// `global::fold`
    Fold(global::fold::Fold),
    /// `block::part_one`
    PartOne(block::part_one::PartOne),
    /// `block::start`
    BlockStart(block::start::Start),
    /// `block::checkpoint`
    Checkpoint(block::checkpoint::Checkpoint),
}

/// A statement to prove.
#[derive(Clone, Debug, PartialEq, Eq, borsh::BorshSerialize, borsh::BorshDeserialize)]
pub struct Job {
    /// What the proof will be named.
    pub id: JobId,
    /// Digest of the public inputs that it will show.
    pub public: Digest,
    /// The proofs it builds on: other jobs of the graph, or proofs that exist already.
    pub children: Vec<JobId>,
    /// What to prove.
    pub statement: AnyStatement,
}

/// Jobs, children before parents; the last one is the root.
#[derive(Clone, Debug, Default, PartialEq, Eq, borsh::BorshSerialize, borsh::BorshDeserialize)]
pub struct JobGraph {
    /// The jobs in an order in which they could be proven one by one.
    pub jobs: Vec<Job>,
}

impl JobGraph {
    /// Executes a statement natively and adds the job that proves it. Returns the header.
    pub fn add<S>(&mut self, rules: &Rules, circuits: &CircuitSet, statement: S) -> Result<S::Header, Reject>
    where
        S: Statement + Into<AnyStatement>,
    {
        let header = statement.apply(rules)?;
        let public = header.public_digest();
        let id = JobId::new(circuits.fingerprint(S::CIRCUIT), public);
        let children = statement.children(rules).iter().map(JobId::from).collect();
        self.jobs.push(Job { id, public, children, statement: statement.into() });
        Ok(header)
    }

    /// The job that all others lead to.
    pub fn root(&self) -> Option<&Job> {
        self.jobs.last()
    }

    /// Appends the jobs of another graph.
    pub fn extend(&mut self, other: JobGraph) {
        self.jobs.extend(other.jobs);
    }
}

/// One line a job: short id, circuit, children.
impl fmt::Display for JobGraph {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for job in &self.jobs {
            write!(f, "{} {}", job.id.0.short(), job.statement.circuit())?;
            for child in &job.children {
                write!(f, " {}", child.0.short())?;
            }
            writeln!(f)?;
        }
        Ok(())
    }
}

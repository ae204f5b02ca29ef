//! Headers of a user's session: where it starts, where it stands, what a call claims, what the end cap says.

use parth_crypto::{Digest, Felt};

use crate::ids::{
    Amount, CallCount, Caller, CheckpointId, ContractId, EventCount, Fingerprint, Length, MethodId, Nonce, SlotCount,
    UserId,
};
use crate::record::native;
use crate::records::leaf::UserLeaf;

/// The field lists of this file; see [`crate::record`].
#[macro_export]
macro_rules! session_records {
    ($define:ident) => {
        $define! {
            /// What a session starts from. The user's own fields stand here because the start leaf of a new user is
            /// empty and cannot be opened (attack F8).
            record SessionStart in SessionStart {
                /// Height of the anchor.
                anchor: CheckpointId,
                /// Checkpoint leaf of the anchor.
                anchor_leaf: Digest,
                /// The user's leaf at the anchor, or the zero digest of a new user.
                start_leaf: Digest,
                /// The user.
                user: UserId,
                /// Sessions so far.
                nonce: Nonce,
                /// Public key commitment.
                key: Digest,
                /// Native balance.
                balance: Amount,
                /// Events so far.
                events: EventCount,
                /// Parameters of the network.
                parameters: Digest,
            }

            /// Where a session stands.
            record SessionState in SessionState {
                /// The user's leaf so far.
                leaf: Digest,
                /// Stack of deferred frames; zero when empty.
                deferred: Digest,
                /// Stack of inline frames; zero when empty.
                inline: Digest,
                /// Root of the session proof tree.
                proofs: Digest,
                /// Chain of all calls so far.
                call_stack: Digest,
                /// Calls so far.
                calls: CallCount,
                /// State words written so far.
                slots: SlotCount,
                /// Chain of all events so far; zero when none.
                events: Digest,
                /// Chain of all withdrawals so far; zero when none.
                withdrawals: Digest,
                /// Withdrawn so far.
                withdrawn: Amount,
                /// Deposited so far.
                deposited: Amount,
            }

            /// Public inputs of every session circuit but the end cap.
            record SessionHeader in SessionHeader {
                /// Whitelist of session circuits; pinned by the end cap (attack F1).
                whitelist: Digest,
                /// Digest of the [`SessionStart`].
                start: Digest,
                /// Digest of the [`SessionState`].
                state: Digest,
            }

            /// A session header with everything it commits to.
            witness Session {
                /// Whitelist of session circuits.
                whitelist: Digest,
                /// What the session starts from.
                start: SessionStart,
                /// Where it stands.
                state: SessionState,
                /// The user's leaf so far.
                leaf: UserLeaf,
            }

            /// One call: who calls what with which inputs.
            record Call in Call {
                /// The calling contract, or [`Caller::USER`].
                caller: Caller,
                /// The called contract.
                contract: ContractId,
                /// The called method.
                method: MethodId,
                /// Number of inputs.
                inputs_length: Length,
                /// Digest of the inputs.
                inputs: Digest,
            }

            /// What a call proof says. Deployers supply the circuits, so every number is hostile until the step has
            /// checked it; hence plain felts.
            record CallContext in CallContext {
                /// Digest of the [`SessionStart`].
                session: Digest,
                /// UCON root before the call.
                user_contracts: Digest,
                /// CSTATE root before the call.
                state: Digest,
                /// Digest of the [`Call`].
                call: Digest,
                /// Root of the session proof tree.
                proofs: Digest,
                /// Balance before the call.
                balance: Amount,
                /// Event count before the call.
                events_before: EventCount,
                /// CSTATE root after the call.
                new_state: Digest,
                /// List of deferred calls that it makes; zero when none.
                deferred: Digest,
                /// List of inline calls that it makes; zero when none.
                inline: Digest,
                /// Digest of the outputs.
                outputs: Digest,
                /// State words written.
                slots: Felt,
                /// Chain of its events; zero when none.
                events: Digest,
                /// Event count after the call.
                events_after: Felt,
                /// Native balance sent to other users.
                balance_out: Felt,
                /// Native balance claimed from other users.
                balance_in: Felt,
                /// Native balance withdrawn to L1.
                withdrawn: Felt,
                /// Native balance deposited from L1.
                deposited: Felt,
            }

            /// What a key signs to close a session.
            record SessionMessage in SessionMessage {
                /// Parameters of the network.
                parameters: Digest,
                /// The user.
                user: UserId,
                /// Sessions before this one.
                nonce: Nonce,
                /// Leaf before the session.
                start_leaf: Digest,
                /// Leaf after the session.
                end_leaf: Digest,
                /// Checkpoint leaf of the anchor.
                anchor_leaf: Digest,
                /// Chain of all calls.
                call_stack: Digest,
                /// Number of calls.
                calls: CallCount,
                /// H(withdrawals leaf, events leaf).
                effects: Digest,
                /// The signature circuit.
                circuit: Fingerprint,
            }

            /// Public inputs of a signature proof.
            record SignedMessage in Signature {
                /// Digest of the message.
                message: Digest,
                /// Digest of the encoded public key.
                key_parameter: Digest,
            }

            /// What one session adds to the statistics of its checkpoint.
            part EndCapStats {
                /// Fees paid.
                fees: Amount,
                /// Calls.
                calls: CallCount,
                /// State words written.
                slots: SlotCount,
                /// Events.
                events: EventCount,
                /// Withdrawn to L1.
                withdrawn: Amount,
                /// Deposited from L1.
                deposited: Amount,
            }

            /// Public inputs of an end cap.
            record EndCapResult in EndCapResult {
                /// The user.
                user: UserId,
                /// Leaf before the session, or the zero digest of a new user.
                start_leaf: Digest,
                /// Leaf after the session.
                end_leaf: Digest,
                /// Height of the anchor.
                anchor: CheckpointId,
                /// Checkpoint leaf of the anchor.
                anchor_leaf: Digest,
                /// Statistics.
                stats: EndCapStats,
                /// The session's leaf in GWT; zero when it withdraws nothing.
                withdrawals: Digest,
                /// The session's leaf in EDATA; zero when it emits nothing.
                events: Digest,
                /// Parameters of the network.
                parameters: Digest,
            }
        }
    };
}
session_records!(native);

//! The one table of what the language comes with. The checker looks names up here, and the prelude that editors and
//! `tsc` read is made from it, so that neither can know a name that the other does not.

/// A name that needs no import.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Builtin {
    Require,
    Emit,
    HashOf,
    Eq,
    IsUser,
    Log,
    Copy,
    Arr,
    TimeAt,
    Div,
    Map,
    GrowMap,
    Grows,
    Once,
    List,
    BalanceOut,
    BalanceIn,
}

/// Functions: name, meaning, TypeScript declaration with its comment.
pub(crate) const FUNCTIONS: &[(&str, Builtin, &str)] = &[
    (
        "require",
        Builtin::Require,
        "/** Fails the call with a message unless the condition holds. */\ndeclare function require(condition: bool, message: string): void;",
    ),
    (
        "emit",
        Builtin::Emit,
        "/** Emits an event with a value for each of its fields. */\ndeclare function emit<E extends Event>(event: new () => E, fields: { readonly [P in keyof E]: E[P] }): void;",
    ),
    (
        "hashOf",
        Builtin::HashOf,
        "/** The hash of all values in order. */\ndeclare function hashOf(...values: any[]): hash;",
    ),
    (
        "eq",
        Builtin::Eq,
        "/** Are two values the same in all parts? For hashes, structs and arrays, where `===` would compare identity. */\ndeclare function eq<T>(a: T, b: T): bool;",
    ),
    (
        "isUser",
        Builtin::IsUser,
        "/** Does the user exist at the session's checkpoint? */\ndeclare function isUser(user: UserId): bool;",
    ),
    (
        "log",
        Builtin::Log,
        "/** Not part of the circuit; shown when a test or a local call runs. */\ndeclare function log(message: string, ...values: any[]): void;",
    ),
    (
        "copy",
        Builtin::Copy,
        "/** A copy of a struct or array: two names never stand for one thing. */\ndeclare function copy<T>(value: T): T;",
    ),
    (
        "arr",
        Builtin::Arr,
        "/** An array of n copies of a value. */\ndeclare function arr<T, N extends number>(n: N, value: T): Arr<T, N>;",
    ),
    (
        "timeAt",
        Builtin::TimeAt,
        "/** Block time of a checkpoint older than the session's, in milliseconds since the Unix epoch. */\ndeclare function timeAt(checkpoint: CheckpointId): u64;",
    ),
    (
        "div",
        Builtin::Div,
        "/** The whole quotient of two integers of one type. Dividing by zero fails the call. */\ndeclare function div(a: number, b: number): number;",
    ),
    (
        "map",
        Builtin::Map,
        "/** A value for each key: UserId, CheckpointId, u32 or u8; or hash, then for at most so many keys, a million unless said. */\ndeclare function map<K, V>(capacity?: K extends hash ? number : never): K extends hash ? HashMap<V> : StoreMap<K, V>;",
    ),
    (
        "growMap",
        Builtin::GrowMap,
        "/** A number for each key that only grows: safe to read from a past checkpoint. */\ndeclare function growMap<K, V>(capacity?: K extends hash ? number : never): K extends hash ? GrowHashMap<V> : GrowMap<K, V>;",
    ),
    (
        "grows",
        Builtin::Grows,
        "/** A number that only grows: safe to read from a past checkpoint. */\ndeclare function grows<V>(): Grows<V>;",
    ),
    (
        "once",
        Builtin::Once,
        "/** A value that is set once: safe to read from a past checkpoint. */\ndeclare function once<V>(): Once<V>;",
    ),
    (
        "list",
        Builtin::List,
        "/** A list with a fixed capacity; values are added at its end and stay. */\ndeclare function list<V, N extends number = number>(capacity: N): List<V>;",
    ),
    (
        "balanceOut",
        Builtin::BalanceOut,
        "/** Takes native balance from the user. System contract only. */\ndeclare function balanceOut(amount: u64): void;",
    ),
    (
        "balanceIn",
        Builtin::BalanceIn,
        "/** Gives native balance to the user. System contract only. */\ndeclare function balanceIn(amount: u64): void;",
    ),
];

/// Members of `ctx`: name, type, meaning.
pub(crate) const CONTEXT: &[(&str, &str, &str)] = &[
    ("user", "UserId", "The user whose session this is."),
    ("contract", "ContractId", "This contract."),
    ("caller", "ContractId", "The calling contract, or TOP when the user calls."),
    ("nonce", "u64", "The user's sessions before this one."),
    (
        "checkpoint",
        "CheckpointId",
        "The checkpoint that the session starts from: a lower bound on the time, not the time.",
    ),
    ("time", "u64", "Block time of that checkpoint, in milliseconds since the Unix epoch."),
    ("balance", "u64", "The user's native balance before the call."),
    ("publicKey", "hash", "The user's public key commitment: a hash of the key that signs the user's sessions."),
];

/// Constants: name, type, value, meaning.
pub(crate) const CONSTANTS: &[(&str, &str, u64, &str)] = &[
    ("NOBODY", "UserId", 0, "User 0, which is nobody."),
    ("NONE", "hash", 0, "The hash of zeros, as state that was never written."),
    ("TOP", "ContractId", 1 << 32, "The caller of a call that the user makes."),
];

/// Members of `felt` beside the conversion: arithmetic modulo p, which never hides behind `+`.
pub(crate) const FELT: &[(&str, super::ast::BinaryOp)] =
    &[("add", super::ast::BinaryOp::Add), ("sub", super::ast::BinaryOp::Sub), ("mul", super::ast::BinaryOp::Mul)];

/// The function of a name.
pub(crate) fn function(name: &str) -> Option<Builtin> {
    FUNCTIONS.iter().find(|(known, ..)| *known == name).map(|&(_, builtin, _)| builtin)
}

/// Names that no declaration may take.
pub(crate) fn is_taken(name: &str) -> bool {
    let others =
        ["ctx", "Contract", "Event", "Struct", "Arr", "contract", "call", "view", "test", "World", "Tests", "expect"];
    function(name).is_some()
        || CONSTANTS.iter().any(|(known, ..)| *known == name)
        || super::types::Ty::PLAIN.contains(&name)
        || others.contains(&name)
}

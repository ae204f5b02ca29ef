//! The declarations that editors and `tsc` read, made from the compiler's own table of built-in names.

use super::builtins::{CONSTANTS, CONTEXT, FELT, FUNCTIONS};

/// What TypeScript itself must know when no library is loaded, and the types of the language.
const TYPES: &str = r#"// The only global names that a contract can see. Made by `parth contract new`; do not edit.
interface Array<T> { readonly length: u32; [i: number]: T; [Symbol.iterator](): IterableIterator<T>; }
interface Boolean {} interface CallableFunction {} interface Function {} interface IArguments {}
interface NewableFunction {} interface Number {} interface Object {} interface RegExp {} interface String {}
interface Symbol {} interface SymbolConstructor { readonly iterator: unique symbol } declare var Symbol: SymbolConstructor;
interface IteratorResult<T> { done: boolean; value: T }
interface Iterator<T> { next(): IteratorResult<T> }
interface Iterable<T> { [Symbol.iterator](): Iterator<T>; }
interface IterableIterator<T> extends Iterator<T> { [Symbol.iterator](): IterableIterator<T>; }
interface TypedPropertyDescriptor<T> { value?: T }
interface ClassDecoratorContext<C = any> {}
interface ClassMethodDecoratorContext<C = any, V = any> {}
interface ClassFieldDecoratorContext<C = any, V = any> {}

/** Below 2^8; arithmetic is checked. */
type u8 = number & { readonly __kind?: "u8" };
/** Below 2^32; arithmetic is checked. */
type u32 = number & { readonly __kind?: "u32" };
/** Below 2^62; arithmetic is checked. */
type u64 = number & { readonly __kind?: "u64" };
type bool = boolean;
/** An element of the field; arithmetic wraps around. */
type felt = number & { readonly __kind?: "felt" };
/** Four felts. */
interface hash { readonly __hash: true }
type UserId = number & { readonly __kind?: "UserId" };
type ContractId = number & { readonly __kind?: "ContractId" };
type CheckpointId = number & { readonly __kind?: "CheckpointId" };
/** An array of fixed length. */
type Arr<T, N extends number> = { readonly length: N; [i: number]: T; [Symbol.iterator](): IterableIterator<T> };

interface StoreMap<K, V> { get(key: K): V; set(key: K, value: V): void; add(key: K, by: V): void; }
interface HashMap<V> { get(key: hash): V; has(key: hash): bool; set(key: hash, value: V): void; add(key: hash, by: V): void; }
interface GrowHashMap<V> { get(key: hash): V; has(key: hash): bool; add(key: hash, by: V): void; }
interface GrowMap<K, V> { get(key: K): V; add(key: K, by: V): void; }
interface Grows<V> { get(): V; add(by: V): void; }
interface Once<V> { get(): V; isSet(): bool; set(value: V): void; }
interface List<V> { len(): u32; at(index: u32): V; push(value: V): void; }

// Maps by hash come first, since they can do all that others can. `Grows` comes before `GrowMap`: methods with fewer parameters fit where more are asked for.
type Frozen<T> = T extends GrowHashMap<infer V> ? { get(key: hash): V; has(key: hash): bool }
  : T extends StoreMap<infer K, infer V> ? { get(key: K): V }
  : T extends Grows<infer V> ? { get(): V }
  : T extends GrowMap<infer K, infer V> ? { get(key: K): V }
  : T extends Once<infer V> ? { get(): V; isSet(): bool }
  : T extends List<infer V> ? { len(): u32; at(index: u32): V }
  : T;
type Snapshot<T> = { readonly [P in keyof T as T[P] extends (...a: any[]) => any ? never : P]: Frozen<T[P]> };
type Deferred<T> = { readonly [P in keyof T as T[P] extends (...a: any[]) => any ? P : never]:
  T[P] extends (...a: infer A) => any ? (...a: A) => void : never };
type Inline<T> = { readonly [P in keyof T as T[P] extends (...a: any[]) => any ? P : never]: T[P] };

declare abstract class Contract {
  /** Another user's instance, read-only, at the session's checkpoint. */
  static of<T extends Contract>(this: new () => T, user: UserId): Snapshot<T>;
  /** The same at an older checkpoint. */
  static at<T extends Contract>(this: new () => T, user: UserId, checkpoint: CheckpointId): Snapshot<T>;
  /** My own instance of another contract as it stands before this call, read-only. */
  static mine<T extends Contract>(this: new () => T): Snapshot<T>;
  /** Calls a contract as me, before the session ends; gives nothing. */
  static defer<T extends Contract>(this: new () => T): Deferred<T>;
  /** Calls another contract as me, right after this call, with its result. */
  static call<T extends Contract>(this: new () => T): Inline<T>;
}
declare abstract class Event {}
declare abstract class Struct {}
/** Marks a contract; `id` is known once it is deployed. */
declare function contract(options?: { id?: number }): (target: any, context: ClassDecoratorContext) => void;
/** Users and contracts may call this method. */
declare function call(method: any, context: ClassMethodDecoratorContext): void;
/** The same, and it changes nothing. */
declare function view(method: any, context: ClassMethodDecoratorContext): void;

/** Base of classes of tests; each method that is marked `@test` takes a world of its own. */
declare abstract class Tests {}
declare function test(method: any, context: ClassMethodDecoratorContext): void;
/** A chain in memory. */
interface World {
  /** A user with a name, and perhaps with a number. */
  user(name: string, id?: number): UserId;
  /** Whose session is open from here on. */
  as(user: UserId): void;
  /** Ends all sessions and closes a checkpoint. */
  checkpoint(): void;
  /** The next session starts from so many checkpoints before the newest: `-1`, written `anchor(1)`. */
  anchor(back: u32): void;
  /** The newest checkpoint, which the next session starts from. */
  newest(): CheckpointId;
  /** A number from 0 to `below - 1`: another one for each call, the same for the same `--seed`. */
  random(below: u64): u64;
  /** The call fails with a message that contains the text. */
  fails(message: string, call: any): void;
  /** The last call emitted such an event. */
  emits<E extends Event>(event: new () => E, fields: { readonly [P in keyof E]: E[P] }): void;
}
/** Fails the test unless both are the same. */
declare function expect<T>(actual: T, expected: T): void;

declare function u8(value: number | boolean): u8;
declare function u32(value: number | boolean): u32;
declare function u64(value: number | boolean): u64;
declare function UserId(value: u32): UserId;
declare function CheckpointId(value: u32): CheckpointId;
declare function ContractId(value: number): ContractId;
"#;

/// Settings for the TypeScript compiler and for editors.
pub const TSCONFIG: &str = r#"{
  "compilerOptions": {
    "target": "es2022",
    "module": "esnext",
    "moduleResolution": "bundler",
    "strict": true,
    "noEmit": true,
    "noLib": true,
    "types": []
  },
  "files": ["dapen.d.ts"],
  "include": ["**/*.dapen.ts"]
}
"#;

/// The prelude, `dapen.d.ts`.
pub fn prelude() -> String {
    let mut text = TYPES.to_owned();
    text.push_str("declare const felt: {\n  (value: number | boolean): felt;\n");
    for (name, _) in FELT {
        text.push_str(&format!("  {name}(a: felt, b: felt): felt;\n"));
    }
    text.push_str("};\n\ndeclare const ctx: {\n");
    for (name, ty, meaning) in CONTEXT {
        text.push_str(&format!("  /** {meaning} */\n  readonly {name}: {ty};\n"));
    }
    text.push_str("};\n");
    for (name, ty, _, meaning) in CONSTANTS {
        text.push_str(&format!("/** {meaning} */\ndeclare const {name}: {ty};\n"));
    }
    for (_, _, declaration) in FUNCTIONS {
        text.push_str(&format!("\n{declaration}\n"));
    }
    text.push_str("\ndeclare module \"std\" {\n  class System extends Contract {\n");
    text.push_str("    sent: GrowMap<UserId, u64>;\n    claimed: GrowMap<UserId, u64>;\n");
    text.push_str("    send(to: UserId, amount: u64): void;\n    claim(from: UserId): u64;\n");
    text.push_str("    claim_many(from: Arr<UserId, 8>): u64;\n  }\n}\n");
    text
}

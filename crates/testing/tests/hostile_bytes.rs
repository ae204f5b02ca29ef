//! No bytes make a statement panic: whatever borsh reads, `apply` and `children` answer.
//!
//! Random bytes seldom pass the first check, so most statements here are valid ones with a few bytes changed, and each
//! is tried twice: as it is, and with every digest that follows from it made again, which leads deeper.

use std::sync::LazyLock;

use parth_crypto::Felt;
use parth_protocol::plan::AnyStatement;
use parth_testing::refuse::{Book, Seal};
use proptest::prelude::*;

static BOOK: LazyLock<Book> = LazyLock::new(Book::small);

/// The bytes of every statement of the book, valid or not.
static BYTES: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    let valid = BOOK.valid.iter().map(|valid| &valid.statement);
    let refused = BOOK.refusals.iter().map(|refusal| &refusal.statement);
    valid.chain(refused).map(|statement| borsh::to_vec(statement).unwrap()).collect()
});

/// Integers at which widths end.
fn edge() -> impl Strategy<Value = u64> {
    let widths = [1u32, 4, 6, 16, 20, 24, 32, 33, 40, 48, 56, 61, 62, 63];
    prop_oneof![
        prop::sample::select(widths.to_vec()).prop_flat_map(|bits| {
            let power = 1u64 << bits;
            prop::sample::select(vec![power - 1, power, power + 1])
        }),
        prop::sample::select(vec![0, 1, Felt::ORDER - 1, Felt::ORDER, u64::MAX, u64::from(u32::MAX)]),
        any::<u64>(),
    ]
}

#[derive(Clone, Debug)]
enum Change {
    /// One byte.
    Byte(prop::sample::Index, u8),
    /// A little-endian integer of 1, 2, 4 or 8 bytes.
    Number(prop::sample::Index, u64, usize),
    /// Bytes of another place.
    Copy(prop::sample::Index, prop::sample::Index, usize),
}

fn change() -> impl Strategy<Value = Change> {
    let at = any::<prop::sample::Index>;
    prop_oneof![
        1 => (at(), any::<u8>()).prop_map(|(at, byte)| Change::Byte(at, byte)),
        4 => (at(), edge(), prop::sample::select(vec![1, 2, 4, 8])).prop_map(|(at, n, width)| Change::Number(at, n, width)),
        1 => (at(), at(), 1usize..40).prop_map(|(to, from, length)| Change::Copy(to, from, length)),
    ]
}

fn changed(bytes: &[u8], changes: &[Change]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for change in changes {
        let length = bytes.len();
        match change {
            Change::Byte(at, byte) => bytes[at.index(length)] = *byte,
            Change::Number(at, number, width) => {
                let at = at.index(length);
                let width = (*width).min(length - at);
                bytes[at..at + width].copy_from_slice(&number.to_le_bytes()[..width]);
            }
            Change::Copy(to, from, count) => {
                let (to, from) = (to.index(length), from.index(length));
                let count = (*count).min(length - to).min(length - from);
                bytes.copy_within(from..from + count, to);
            }
        }
    }
    bytes
}

fn answers(statement: &AnyStatement) {
    // The answers do not matter here; that there is one does.
    let _ = statement.apply(&BOOK.rules);
    let _ = statement.children(&BOOK.rules);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(6_000))]

    #[test]
    fn no_change_of_a_statements_bytes_makes_it_panic(
        which in any::<prop::sample::Index>(),
        changes in prop::collection::vec(change(), 1..4),
    ) {
        let bytes = changed(&BYTES[which.index(BYTES.len())], &changes);
        if let Ok(mut statement) = borsh::from_slice::<AnyStatement>(&bytes) {
            answers(&statement);
            statement.seal(&BOOK.rules.profile);
            answers(&statement);
        }
    }

    #[test]
    fn no_bytes_make_a_statement_panic(kind in 0u8..20, bytes in prop::collection::vec(any::<u8>(), 0..2_000)) {
        let bytes: Vec<u8> = std::iter::once(kind).chain(bytes).collect();
        if let Ok(statement) = <AnyStatement as borsh::BorshDeserialize>::deserialize(&mut bytes.as_slice()) {
            answers(&statement);
        }
    }
}

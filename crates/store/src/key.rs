//! [`Key`]: keys of tables whose byte order is their order.

use parth_crypto::Digest;
use parth_protocol::ids::{CheckpointId, ContractId, Fingerprint, Nonce, RegistrationIndex, SlotIndex, UserId};
use parth_protocol::plan::JobId;

/// A table key. The bytes of smaller keys come first, and a key is read back from exactly the bytes it wrote.
///
/// Integers are big endian. A composite is its parts one after the other; every part but the last has a fixed length,
/// which is what [`Key::LENGTH`] is for.
pub trait Key: Sized {
    /// Bytes of every key of this type.
    const LENGTH: usize;

    /// Appends the bytes.
    fn write(&self, out: &mut Vec<u8>);

    /// The key of exactly [`Key::LENGTH`] bytes, or nothing.
    fn read(bytes: &[u8]) -> Option<Self>;

    /// The bytes alone.
    fn encoded(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(Self::LENGTH);
        self.write(&mut out);
        out
    }

    /// The key of bytes of any length; wrong lengths are refused.
    fn decoded(bytes: &[u8]) -> Option<Self> {
        if bytes.len() == Self::LENGTH { Self::read(bytes) } else { None }
    }
}

macro_rules! integer {
    ($($type:ty)*) => {$(
        impl Key for $type {
            const LENGTH: usize = size_of::<$type>();

            fn write(&self, out: &mut Vec<u8>) {
                out.extend_from_slice(&self.to_be_bytes());
            }

            fn read(bytes: &[u8]) -> Option<$type> {
                Some(<$type>::from_be_bytes(bytes.try_into().ok()?))
            }
        }
    )*};
}

integer!(u8 u16 u32 u64);

macro_rules! scalar {
    ($($type:ident($inner:ty))*) => {$(
        impl Key for $type {
            const LENGTH: usize = size_of::<$inner>();

            fn write(&self, out: &mut Vec<u8>) {
                self.get().write(out);
            }

            fn read(bytes: &[u8]) -> Option<$type> {
                <$type>::new(<$inner>::read(bytes)?)
            }
        }
    )*};
}

scalar!(UserId(u32) RegistrationIndex(u32) ContractId(u32) CheckpointId(u32) SlotIndex(u64) Nonce(u64));

macro_rules! digest {
    ($($type:ident)*) => {$(
        impl Key for $type {
            const LENGTH: usize = 32;

            fn write(&self, out: &mut Vec<u8>) {
                self.0.write(out);
            }

            fn read(bytes: &[u8]) -> Option<$type> {
                Digest::read(bytes).map($type)
            }
        }
    )*};
}

digest!(Fingerprint JobId);

/// For tables of one row.
impl Key for () {
    const LENGTH: usize = 0;

    fn write(&self, _: &mut Vec<u8>) {}

    fn read(bytes: &[u8]) -> Option<()> {
        bytes.is_empty().then_some(())
    }
}

impl<const N: usize> Key for [u8; N] {
    const LENGTH: usize = N;

    fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self);
    }

    fn read(bytes: &[u8]) -> Option<[u8; N]> {
        bytes.try_into().ok()
    }
}

/// In the order of the canonical bytes; digests have no order of their own that anybody needs.
impl Key for Digest {
    const LENGTH: usize = 32;

    fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.to_bytes());
    }

    fn read(bytes: &[u8]) -> Option<Digest> {
        Digest::from_bytes(bytes.try_into().ok()?).ok()
    }
}

impl<A: Key, B: Key> Key for (A, B) {
    const LENGTH: usize = A::LENGTH + B::LENGTH;

    fn write(&self, out: &mut Vec<u8>) {
        self.0.write(out);
        self.1.write(out);
    }

    fn read(bytes: &[u8]) -> Option<(A, B)> {
        let (a, b) = bytes.split_at_checked(A::LENGTH)?;
        Some((A::decoded(a)?, B::decoded(b)?))
    }
}

impl<A: Key, B: Key, C: Key> Key for (A, B, C) {
    const LENGTH: usize = A::LENGTH + B::LENGTH + C::LENGTH;

    fn write(&self, out: &mut Vec<u8>) {
        self.0.write(out);
        self.1.write(out);
        self.2.write(out);
    }

    fn read(bytes: &[u8]) -> Option<(A, B, C)> {
        let (a, rest) = bytes.split_at_checked(A::LENGTH)?;
        let (b, c) = rest.split_at_checked(B::LENGTH)?;
        Some((A::decoded(a)?, B::decoded(b)?, C::decoded(c)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn keys_read_back_and_sort_like_their_values(a in any::<(u32, u64)>(), b in any::<(u32, u64)>()) {
            prop_assert_eq!(<(u32, u64)>::decoded(&a.encoded()), Some(a));
            prop_assert_eq!(a.cmp(&b), a.encoded().cmp(&b.encoded()));
        }
    }

    #[test]
    fn keys_of_another_length_are_refused() {
        assert_eq!(u32::decoded(&[0; 3]), None);
        assert_eq!(<(u8, u16, ())>::decoded(&[0; 4]), None);
        assert_eq!(Digest::decoded(&[255; 32]), None);
    }
}

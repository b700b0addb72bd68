//! FNV-1a (Fowler, Noll, Vo; RFC 9923), 64 bits: the same in every build, and no defence against whoever
//! chooses what is hashed.

/// The hash of nothing.
pub(super) const START: u64 = 0xcbf2_9ce4_8422_2325;

const PRIME: u64 = 0x100_0000_01b3;

/// The hash of bytes.
pub(super) fn fnv(bytes: &[u8]) -> u64 {
    more(START, bytes)
}

/// Goes on with a hash.
pub(super) fn more(hash: u64, bytes: &[u8]) -> u64 {
    let step = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(PRIME);
    bytes.iter().fold(hash, step)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_are_those_that_were_published() {
        assert_eq!(fnv(b""), 0xcbf2_9ce4_8422_2325);
        assert_eq!(fnv(b"a"), 0xaf63_dc4c_8601_ec8c);
        assert_eq!(fnv(b"foobar"), 0x8594_4171_f739_67e8);
        assert_eq!(more(fnv(b"foo"), b"bar"), fnv(b"foobar"));
    }
}

//! The hash of names in a browser.
//!
//! Names are short, and there a product of 64 bits costs as much as one of 32: two of them mix the first
//! and the last eight bytes, which is most names as a whole. It is not seeded: on a page nobody has
//! names to choose but the page itself.

use super::spread;
use std::hash::{BuildHasher, Hasher};

/// Makes a [`NameHash`].
#[derive(Clone, Copy, Default)]
pub(crate) struct NameHasher;

impl BuildHasher for NameHasher {
    type Hasher = NameHash;

    #[inline]
    fn build_hasher(&self) -> NameHash {
        NameHash(0)
    }
}

/// The hash of one text.
pub(crate) struct NameHash(u64);

// Odd, with as many ones as zeros or so, and without a pattern.
const FIRST: u64 = 0x9E37_79B9_7F4A_7C15;
const SECOND: u64 = 0xD6E8_FEB8_6659_FD93;

impl Hasher for NameHash {
    #[inline]
    fn write(&mut self, bytes: &[u8]) {
        let (head, tail) = ends(bytes);
        let mixed = step(self.0 ^ head ^ FIRST, SECOND);
        self.0 = (mixed ^ tail ^ bytes.len() as u64).wrapping_mul(FIRST);
        if bytes.len() > 2 * WORD {
            self.write_between(bytes);
        }
    }

    /// What ends a text says nothing that its length has not said.
    #[inline]
    fn write_u8(&mut self, _end: u8) {}

    /// The last bytes of a name are in the highest bits alone. Tables take the lowest for a place.
    #[inline]
    fn finish(&self) -> u64 {
        let high = (self.0 >> u32::BITS) as u32;
        spread(high ^ (high >> 16))
    }
}

impl NameHash {
    /// Takes in what lies between the ends of a longer name.
    #[inline(never)]
    fn write_between(&mut self, bytes: &[u8]) {
        for word in bytes
            .get(WORD..bytes.len() - WORD)
            .unwrap_or_default()
            .chunks(WORD)
        {
            let (head, tail) = ends(word);
            self.0 = step(self.0 ^ head ^ tail.rotate_left(u32::BITS), SECOND);
        }
        self.0 = self.0.wrapping_mul(FIRST);
    }
}

const WORD: usize = size_of::<u64>();

/// A product has mixed its upper half best: the next begins with it.
#[inline]
fn step(word: u64, factor: u64) -> u64 {
    let product = word.wrapping_mul(factor);
    product ^ (product >> u32::BITS)
}

/// The first and the last bytes, which overlap in a short text.
#[inline]
fn ends(bytes: &[u8]) -> (u64, u64) {
    if let (Some(head), Some(tail)) = (bytes.first_chunk(), bytes.last_chunk()) {
        return (u64::from_le_bytes(*head), u64::from_le_bytes(*tail));
    }
    if let (Some(head), Some(tail)) = (bytes.first_chunk(), bytes.last_chunk()) {
        return (
            u32::from_le_bytes(*head).into(),
            u32::from_le_bytes(*tail).into(),
        );
    }
    let word = bytes
        .iter()
        .fold(0, |word, byte| word << u8::BITS | u64::from(*byte));
    (word, 0)
}

#[cfg(test)]
mod tests {
    use super::NameHasher;
    use std::{
        collections::{HashMap, HashSet},
        hash::BuildHasher,
    };

    fn hash(name: &str) -> u32 {
        NameHasher.hash_one(name) as u32
    }

    #[test]
    fn every_byte_and_the_length_of_a_name_count() {
        for len in 0..60 {
            let name = "k".repeat(len);
            assert_ne!(hash(&name), hash(&"k".repeat(len + 1)), "{len}");
            for at in 0..len {
                let mut other = name.clone();
                other.replace_range(at..=at, "x");
                assert_ne!(hash(&name), hash(&other), "{len}, {at}");
            }
        }
    }

    /// The most names of a table twice as large that come to one place, and how many pairs share all
    /// 32 bits.
    fn crowd(names: impl Iterator<Item = String>, bits: u32) -> (usize, usize) {
        let hashes: Vec<_> = names.map(|name| hash(&name)).collect();
        let different: HashSet<_> = hashes.iter().collect();
        let mut places = HashMap::new();
        for hash in &hashes {
            *places.entry(hash & ((1 << bits) - 1)).or_default() += 1;
        }
        let most = places.into_values().max();
        (most.unwrap_or(0), hashes.len() - different.len())
    }

    #[test]
    fn names_as_people_make_them_spread() {
        let kinds: [fn(usize) -> String; 7] = [
            |n| format!("{n}"),
            |n| format!("key:{n}"),
            |n| format!("{n:05}"),
            |n| format!("row/{}/{}", n % 100, n / 100),
            |n| format!("@cart/items/{n}/quantity"),
            |n| format!("a-long-name-whose-number-{n:08}-lies-in-between-its-ends"),
            |n| format!("user{}.settings.panel{}.open", n / 7, n % 7),
        ];
        for name in kinds {
            let (most, pairs) = crowd((0..10_000).map(name), 14);
            assert!(most <= 9, "{}: {most} in one place", name(0));
            assert!(pairs <= 2, "{}: {pairs} pairs", name(0));
        }
    }
}

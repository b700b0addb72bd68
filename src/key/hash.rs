//! The hash of names, where nobody chooses them in order to make them collide.

use std::hash::Hasher;

/// Hashes a name: three multiplications for one of up to 16 bytes.
#[derive(Default)]
pub(crate) struct NameHasher(u64);

const HEAD: u64 = 0x243f_6a88_85a3_08d3;
const TAIL: u64 = 0x1319_8a2e_0370_7344;
const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;

/// The halves of two words, crosswise: the processor multiplies both pairs at once.
#[inline]
fn mix(a: u64, b: u64) -> u64 {
    let low = |word: u64| word & u64::from(u32::MAX);
    let product = low(a).wrapping_mul(b >> 32);
    product ^ (a >> 32).wrapping_mul(low(b)).rotate_left(32)
}

/// What lies between the first word of a long name and the last.
#[inline(never)]
fn of_middle(name: &[u8]) -> u64 {
    let (words, _) = name.get(8..).unwrap_or_default().as_chunks();
    let words = words.iter().take(name.len().saturating_sub(9) / 8);
    words.fold(0, |hash, bytes| {
        mix(HEAD ^ hash, TAIL ^ u64::from_le_bytes(*bytes))
    })
}

/// Names are short: the last word may overlap with the one before.
#[inline]
fn of_name(name: &[u8]) -> u64 {
    let (hash, head, tail) = if let (Some((head, _)), Some((_, tail))) =
        (name.split_first_chunk(), name.split_last_chunk())
    {
        let word = |bytes: &[u8; 8]| u64::from_le_bytes(*bytes);
        let hash = if name.len() > 16 { of_middle(name) } else { 0 };
        (hash, word(head), word(tail))
    } else if let (Some((head, _)), Some((_, tail))) =
        (name.split_first_chunk(), name.split_last_chunk())
    {
        let word = |bytes: &[u8; 4]| u64::from(u32::from_le_bytes(*bytes));
        (0, word(head), word(tail))
    } else {
        let word = name
            .iter()
            .fold(0, |word, byte| word << 8 | u64::from(*byte));
        (0, word, word)
    };
    let product = (mix(HEAD ^ hash ^ head, TAIL ^ tail) ^ name.len() as u64).wrapping_mul(FACTOR);
    // The upper half depends on all of the word.
    product ^ product >> 32
}

impl Hasher for NameHasher {
    #[inline]
    fn write(&mut self, name: &[u8]) {
        self.0 ^= of_name(name);
    }

    /// The mark that ends a text: its length is in the hash already.
    #[inline]
    fn write_u8(&mut self, _: u8) {}

    /// The low end, from which a table takes its places, is what was the high one: it depends on all
    /// of the name.
    #[inline]
    fn finish(&self) -> u64 {
        self.0.rotate_left(16)
    }
}

#[cfg(test)]
mod tests {
    use super::NameHasher;
    use std::{
        collections::HashSet,
        hash::{BuildHasher, BuildHasherDefault},
    };

    fn hash(name: &str) -> u32 {
        BuildHasherDefault::<NameHasher>::default().hash_one(name) as u32
    }

    #[test]
    fn every_byte_of_a_name_tells_places_apart() {
        for len in 1..40 {
            let name = vec![b'k'; len];
            for at in 0..len {
                let place = |byte: u8| {
                    let mut name = name.clone();
                    name[at] = byte;
                    hash(&String::from_utf8(name).expect("it is ASCII")) & 1023
                };
                let places: HashSet<_> = (b'0'..=b'z').map(place).collect();
                // Thrown at random, 75 hit 72 of 1,024 places.
                assert!(places.len() > 60, "{len}, {at}: {}", places.len());
            }
        }
    }

    #[test]
    fn numbered_names_are_spread_as_random_ones_are() {
        let families: [fn(u32) -> String; 7] = [
            |n| format!("{n}"),
            |n| format!("key:{n}"),
            |n| format!("k{n:07}"),
            |n| format!("product:{n}"),
            |n| format!("{n}/name-of-product"),
            |n| format!("@shop/products/{n:06}/price"),
            |n| format!("@{n}/open"),
        ];
        for family in families {
            for bits in [10, 14, 16] {
                let count = 1 << bits;
                let hashes: Vec<_> = (0..count).map(|n| hash(&family(n))).collect();
                let places: HashSet<_> = hashes.iter().map(|hash| hash % count).collect();
                let tags: HashSet<_> = hashes.iter().map(|hash| hash >> 25).collect();
                // 1 - 1/e of them, at random.
                let taken = places.len() as f64 / f64::from(count);
                assert!(taken > 0.60, "{}, {bits} bits: {taken}", family(0));
                assert_eq!(tags.len(), 128, "{}", family(0));
            }
        }
    }
}

//! A Bloom filter over the words of a block that the vocabulary does not hold.
//!
//! It says of a word that it is not there, or that it may be; the first is always true. Twelve bits a word and eight hashes are
//! wrong about one word in three hundred.

const BITS: u64 = 12;
const HASHES: u64 = 8;

/// The bits of a filter; none where there are no words.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WordFilter {
    bits: Box<[u8]>,
}

impl WordFilter {
    /// A filter over the hashes of words, each of which is told once.
    pub fn new(hashes: impl ExactSizeIterator<Item = u64>) -> Self {
        let mut bits = vec![0u8; (hashes.len() as u64 * BITS).div_ceil(8) as usize];
        for hash in hashes {
            for place in places(hash, bits.len()) {
                bits[place / 8] |= 1 << (place % 8);
            }
        }
        WordFilter { bits: bits.into() }
    }

    /// A filter as it was written.
    pub fn from_bytes(bytes: &[u8]) -> Self {
        WordFilter { bits: bytes.into() }
    }

    /// What is written of it.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bits
    }

    /// The word with this hash may be among those it was made of.
    pub fn may_contain(&self, hash: u64) -> bool {
        !self.bits.is_empty() && places(hash, self.bits.len()).all(|place| self.bits[place / 8] & 1 << (place % 8) != 0)
    }
}

/// The hash of a word in lower case. Blocks on disk depend on it, so that it never changes.
pub(crate) fn hash(word: &[u8]) -> u64 {
    let mix = |hash: u64, value: u64| {
        let product = u128::from(hash ^ value) * 0x9e37_79b9_7f4a_7c15;
        (product >> 64) as u64 ^ product as u64
    };
    let (eights, rest) = word.as_chunks::<8>();
    let hash = eights
        .iter()
        .fold(word.len() as u64 ^ 0x2545_f491_4f6c_dd1d, |hash, eight| mix(hash, u64::from_le_bytes(*eight)));
    let mut last = [0; 8];
    last[..rest.len()].copy_from_slice(rest);
    mix(mix(hash, u64::from_le_bytes(last)), 0x94d0_49bb_1331_11eb)
}

/// The bits of a hash, by two halves of it.
fn places(hash: u64, bytes: usize) -> impl Iterator<Item = usize> {
    let (first, step) = (hash as u32, (hash >> 32) as u32 | 1);
    let bits = bytes as u64 * 8;
    (0..HASHES as u32).map(move |turn| {
        let mixed = u64::from(first.wrapping_add(turn.wrapping_mul(step)));
        ((mixed * bits) >> 32) as usize
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filter(words: &[String]) -> WordFilter {
        WordFilter::new(words.iter().map(|word| hash(word.as_bytes())))
    }

    #[test]
    fn it_is_never_wrong_about_what_is_there_and_seldom_about_what_is_not() {
        let words: Vec<String> = (0..5000).map(|index| format!("blk_{}", index * 7919)).collect();
        let filter = filter(&words);
        assert!(words.iter().all(|word| filter.may_contain(hash(word.as_bytes()))));
        let wrong = (0..100_000).filter(|index| filter.may_contain(hash(format!("x{index}").as_bytes()))).count();
        assert!((100..800).contains(&wrong), "{wrong} of 100 000");
    }

    #[test]
    fn an_empty_filter_holds_nothing() {
        assert!(!filter(&[]).may_contain(hash(b"x1")));
    }

    #[test]
    fn the_hash_of_a_word_stays_what_it_is() {
        assert_eq!(hash(b"blk_1608999687919862906"), 0xe307_dda5_5b1f_b76e);
    }
}

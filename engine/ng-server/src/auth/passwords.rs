//! Passwords: hashing, checking, and making one.

use super::users::invalid;
use crate::error::ApiError;
use crate::random;
use argon2::{Algorithm, Argon2, Block, Params, PasswordHash, Version};
use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use subtle::ConstantTimeEq;

/// Fewest characters of a password.
const SHORTEST: usize = 8;
/// Most bytes of a password.
const LONGEST: usize = 1024;
/// Bytes of a hash.
const OUTPUT: usize = 32;
/// Letters and digits that are not taken for each other; 32 of them.
const LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";

/// Refuses passwords that are too short or too long, or that no keyboard writes.
pub fn check(password: &str) -> Result<(), ApiError> {
    if password.chars().count() < SHORTEST || password.len() > LONGEST || password.chars().any(char::is_control) {
        let what =
            format!("expected a password of {SHORTEST} characters to {LONGEST} bytes without control characters");
        return Err(invalid(what));
    }
    Ok(())
}

/// What passwords are hashed in; empty until it is needed.
#[derive(Default)]
pub(super) struct Memory(Vec<Block>);

impl Memory {
    /// So many blocks of 1 KiB.
    pub(super) fn blocks(&mut self, count: usize) -> &mut [Block] {
        if self.0.len() < count {
            // Nothing of the old ones is worth copying.
            self.0 = Vec::new();
            self.0 = vec![Block::default(); count];
        }
        &mut self.0[..count]
    }

    #[cfg(test)]
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// The hash of a password, argon2id with 19 MiB and two passes. This takes some hundredths of a second.
///
/// # Panics
/// When the operating system has no randomness.
pub fn hash(password: &str) -> String {
    hash_in(password, &mut Memory::default())
}

/// The same, in memory that may have been used before.
pub(super) fn hash_in(password: &str, memory: &mut Memory) -> String {
    let salt = random::bytes::<16>();
    let mut output = [0; OUTPUT];
    let filled = fill(&Argon2::default(), password, &salt, &mut output, memory);
    assert!(filled, "every password of a bounded length can be hashed");
    written(&salt, &output)
}

/// The password belongs to the hash. Without a hash it never does, and takes as long.
pub(super) fn verify(password: &str, hash: Option<&str>, memory: &mut Memory) -> bool {
    // A longer one was never accepted, and need not be hashed.
    let (password, hash) = if password.len() > LONGEST { ("", None) } else { (password, hash) };
    let (hash, known) = match hash {
        Some(hash) => (hash.to_owned(), true),
        None => (of_nobody(), false),
    };
    PasswordHash::new(&hash).is_ok_and(|hash| matches(password, &hash, memory)) && known
}

fn matches(password: &str, hash: &PasswordHash, memory: &mut Memory) -> bool {
    let (Some(salt), Some(expected)) = (&hash.salt, &hash.hash) else { return false };
    let algorithm = Algorithm::try_from(hash.algorithm.as_str());
    let version = hash.version.map_or(Ok(Version::default()), Version::try_from);
    let (Ok(params), Ok(algorithm), Ok(version)) = (Params::try_from(hash), algorithm, version) else { return false };
    let mut output = vec![0; expected.as_bytes().len()];
    fill(&Argon2::new(algorithm, version, params), password, salt, &mut output, memory)
        && bool::from(output.ct_eq(expected.as_bytes()))
}

fn fill(argon: &Argon2<'_>, password: &str, salt: &[u8], output: &mut [u8], memory: &mut Memory) -> bool {
    let blocks = memory.blocks(argon.params().block_count());
    argon.hash_password_into_with_memory(password.as_bytes(), salt, output, blocks).is_ok()
}

/// The text is a hash that can be checked.
pub(super) fn is_hash(text: &str) -> bool {
    PasswordHash::new(text).is_ok_and(|hash| hash.algorithm.as_str() == "argon2id" && hash.hash.is_some())
}

/// A password of 100 random bits, in four groups.
pub(super) fn generate() -> String {
    let letters = random::bytes::<20>().map(|byte| char::from(LETTERS[usize::from(byte % 32)]));
    let groups: Vec<String> = letters.chunks(5).map(|group| group.iter().collect()).collect();
    groups.join("-")
}

/// A hash with the parameters of [`hash`] to which no password is known.
fn of_nobody() -> String {
    written(&random::bytes::<16>(), &random::bytes::<OUTPUT>())
}

fn written(salt: &[u8], output: &[u8]) -> String {
    let params = Params::DEFAULT;
    format!(
        "$argon2id$v=19$m={},t={},p={}${}${}",
        params.m_cost(),
        params.t_cost(),
        params.p_cost(),
        STANDARD_NO_PAD.encode(salt),
        STANDARD_NO_PAD.encode(output)
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use argon2::{PasswordHasher, PasswordVerifier};

    fn verify(password: &str, hash: Option<&str>) -> bool {
        super::verify(password, hash, &mut Memory::default())
    }

    #[test]
    fn hashes_are_those_of_argon2_in_memory_that_was_used_before_too() {
        let mut memory = Memory::default();
        let (one, other) = (hash_in("correct horse", &mut memory), hash_in("battery staple", &mut memory));
        for (password, hash) in [("correct horse", &one), ("battery staple", &other)] {
            assert!(Argon2::default().verify_password(password.as_bytes(), hash.as_str()).is_ok());
            assert!(super::verify(password, Some(hash), &mut memory));
        }
        assert!(!super::verify("correct horse", Some(&other), &mut memory));
        let small = Argon2::from(Params::new(64, 3, 2, Some(16)).unwrap());
        let theirs = small.hash_password_with_salt(b"correct horse", b"0123456789abcdef").unwrap().to_string();
        assert!(super::verify("correct horse", Some(&theirs), &mut memory), "{theirs}");
        assert!(!super::verify("battery staple", Some(&theirs), &mut memory));
    }

    #[test]
    fn the_right_password_alone_is_right() {
        let hash = hash("correct horse");
        assert!(is_hash(&hash) && hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        assert!(verify("correct horse", Some(&hash)));
        for wrong in ["", "correct hors", "correct horse ", "Correct horse"] {
            assert!(!verify(wrong, Some(&hash)));
            assert!(!verify(wrong, None));
        }
        assert!(!verify("x", Some("no hash")));
        let longest = "x".repeat(LONGEST);
        assert!(verify(&longest, Some(&super::hash(&longest))));
        assert!(!verify(&format!("{longest}x"), Some(&super::hash(&longest))));
    }

    #[test]
    fn the_hash_of_nobody_is_checked_like_any_other() {
        let (nobody, somebody) = (of_nobody(), hash("correct horse"));
        assert!(is_hash(&nobody));
        let parameters = |hash: &str| hash.rsplitn(3, '$').last().unwrap().to_owned();
        assert_eq!(parameters(&nobody), parameters(&somebody));
        assert_eq!(nobody.len(), somebody.len());
    }

    #[test]
    fn generated_passwords_differ_and_are_accepted() {
        let (one, other) = (generate(), generate());
        assert_ne!(one, other);
        assert_eq!(one.len(), 23);
        assert!(check(&one).is_ok());
        assert_eq!(check("1234567").unwrap_err().status, 422);
        assert_eq!(check(&"x".repeat(LONGEST + 1)).unwrap_err().status, 422);
        assert_eq!(check("12345678\u{3}").unwrap_err().status, 422);
        assert!(check("äöüßäöüß").is_ok());
    }
}

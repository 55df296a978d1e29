//! Passwords: hashing, checking, and making one.

use super::users::invalid;
use crate::error::ApiError;
use crate::random;
use argon2::{Argon2, PasswordHash, PasswordHasher, PasswordVerifier};
use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;

/// Fewest characters of a password.
const SHORTEST: usize = 8;
/// Most bytes of a password.
const LONGEST: usize = 1024;
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

/// The hash of a password, argon2id with 19 MiB and two passes. This takes some hundredths of a second.
///
/// # Panics
/// When the operating system has no randomness.
pub fn hash(password: &str) -> String {
    let salt = random::bytes::<16>();
    let hash = Argon2::default().hash_password_with_salt(password.as_bytes(), &salt);
    hash.expect("every salt of 16 bytes can be used").to_string()
}

/// The password belongs to the hash. Without a hash it never does, and takes as long.
pub(super) fn verify(password: &str, hash: Option<&str>) -> bool {
    // A longer one was never accepted, and need not be hashed.
    let (password, hash) = if password.len() > LONGEST { ("", None) } else { (password, hash) };
    let (hash, known) = match hash {
        Some(hash) => (hash.to_owned(), true),
        None => (of_nobody(), false),
    };
    let right = PasswordHash::new(&hash)
        .is_ok_and(|hash| Argon2::default().verify_password(password.as_bytes(), &hash).is_ok());
    right && known
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
    let params = argon2::Params::DEFAULT;
    let (salt, output) = (random::bytes::<16>(), random::bytes::<32>());
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

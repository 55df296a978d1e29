//! Signed tokens (JWT, HS256). Every one is verified at every request; nothing is remembered of an earlier verification.

use super::account_store::User;
use super::{Bad, Right, scopes};
use crate::random;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use ng_wire::Role;
use serde::{Deserialize, Serialize};

/// Seconds for which an access token is valid.
pub const ACCESS_S: u64 = 15 * 60;
/// Seconds for which a refresh token is valid.
pub(super) const REFRESH_S: u64 = 7 * 24 * 3600;

/// What a token is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Kind {
    /// Goes with requests.
    Access,
    /// Gives a new pair of tokens, once.
    Refresh,
}

/// What a token says. Times are seconds since 1970, UTC.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Claims {
    /// Name of the user.
    pub(super) sub: String,
    /// The role at the time of issue. What counts is the one in the store.
    pub(super) role: Role,
    /// Id of the token.
    pub(super) jti: String,
    /// When it was made.
    pub(super) iat: u64,
    /// When it ends.
    pub(super) exp: u64,
    /// What it is for.
    pub(super) token_type: Kind,
    /// What the role allows, in the words of the published clients.
    pub(super) scopes: Vec<String>,
    /// Series of the tokens of the user that it belongs to.
    pub(super) series: String,
}

/// Makes and verifies tokens.
pub(super) struct TokenIssuer {
    signs: EncodingKey,
    verifies: DecodingKey,
    rules: Validation,
}

impl TokenIssuer {
    /// With the secret of the store.
    pub(super) fn new(secret: &str) -> Self {
        let mut rules = Validation::new(Algorithm::HS256);
        // The clock of the caller decides, to the second.
        rules.validate_exp = false;
        TokenIssuer {
            signs: EncodingKey::from_secret(secret.as_bytes()),
            verifies: DecodingKey::from_secret(secret.as_bytes()),
            rules,
        }
    }

    /// A new token for a user.
    ///
    /// # Panics
    /// Never: a claim is text or a number, and the secret can sign.
    pub(super) fn issue(&self, kind: Kind, name: &str, user: &User, now_s: u64) -> String {
        let lifetime_s = if kind == Kind::Access { ACCESS_S } else { REFRESH_S };
        let claims = Claims {
            sub: name.to_owned(),
            role: user.role,
            jti: random::hex::<16>(),
            iat: now_s,
            exp: now_s + lifetime_s,
            token_type: kind,
            scopes: scopes::within(&Right::of(user.role)),
            series: user.series.clone(),
        };
        let token = jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims, &self.signs);
        token.expect("claims of text and numbers can be signed")
    }

    /// What a token says, when we have signed it and its time has not come.
    pub(super) fn verify(&self, token: &str, now_s: u64) -> Result<Claims, Bad> {
        let data = jsonwebtoken::decode::<Claims>(token, &self.verifies, &self.rules).map_err(|_| Bad::Unknown)?;
        match data.claims.exp > now_s {
            true => Ok(data.claims),
            false => Err(Bad::Expired("the token has expired")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use serde_json::{Value, json};

    fn user() -> User {
        User { role: Role::Viewer, password: String::new(), disabled: false, created_s: 0, series: "s".into() }
    }

    fn signed(header: &Header, claims: &Value, secret: &str) -> String {
        jsonwebtoken::encode(header, claims, &EncodingKey::from_secret(secret.as_bytes())).unwrap()
    }

    #[test]
    fn a_token_is_valid_until_its_last_second() {
        let tokens = TokenIssuer::new("secret");
        for (kind, lifetime_s) in [(Kind::Access, ACCESS_S), (Kind::Refresh, REFRESH_S)] {
            let token = tokens.issue(kind, "ann", &user(), 1000);
            let claims = tokens.verify(&token, 1000 + lifetime_s - 1).unwrap();
            assert_eq!((claims.sub.as_str(), claims.token_type, claims.role), ("ann", kind, Role::Viewer));
            assert!(matches!(tokens.verify(&token, 1000 + lifetime_s), Err(Bad::Expired(_))));
        }
        let ids = [0, 1].map(|_| tokens.verify(&tokens.issue(Kind::Access, "ann", &user(), 0), 0).unwrap().jti);
        assert_ne!(ids[0], ids[1]);
    }

    #[test]
    fn only_what_we_signed_with_our_algorithm_is_ours() {
        let tokens = TokenIssuer::new("secret");
        let good = tokens.issue(Kind::Access, "ann", &user(), 0);
        let claims = serde_json::to_value(tokens.verify(&good, 0).unwrap()).unwrap();
        let parts: Vec<&str> = good.split('.').collect();
        let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let mut more = claims.clone();
        more["role"] = json!("admin");
        let mut timeless = claims.clone();
        timeless.as_object_mut().unwrap().remove("exp");
        let none = encode(&json!({ "alg": "none", "typ": "JWT" }));
        let spaced = URL_SAFE_NO_PAD.encode("{\"typ\":\"JWT\", \"alg\":\"HS256\"}");
        assert_eq!(tokens.verify(&signed(&Header::default(), &claims, "secret"), 0).unwrap().sub, "ann");
        for bad in [
            String::new(),
            "a.b.c".into(),
            parts[0].into(),
            format!("{}.{}", parts[0], parts[1]),
            format!("{}.{}.", parts[0], parts[1]),
            format!("{good}.{}", parts[2]),
            format!("{}.{}.{}", parts[0], encode(&more), parts[2]),
            format!("{none}.{}.", encode(&more)),
            format!("{none}.{}.{}", encode(&more), parts[2]),
            format!("{spaced}.{}.{}", parts[1], parts[2]),
            signed(&Header::default(), &claims, "another secret"),
            signed(&Header::new(Algorithm::HS512), &claims, "secret"),
            signed(&Header::default(), &timeless, "secret"),
            signed(&Header::default(), &json!({ "sub": "ann", "exp": 1 }), "secret"),
        ] {
            assert!(matches!(tokens.verify(&bad, 0), Err(Bad::Unknown)), "{bad}");
        }
    }
}

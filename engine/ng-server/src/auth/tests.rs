//! Credentials over time: a clock that the test sets.

use super::keys::NewKey;
use super::*;
use axum::http::HeaderValue;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::atomic::{AtomicU64, Ordering};

mod lookup;
mod sequences;

struct Rig {
    auth: Auth,
    password: String,
    now_s: Arc<AtomicU64>,
    folder: tempfile::TempDir,
}

fn rig(anonymous: Anonymous) -> Rig {
    let folder = tempfile::tempdir().unwrap();
    let now_s = Arc::new(AtomicU64::new(1_000_000));
    let (auth, password) = open(&folder, anonymous, &now_s);
    Rig { auth, password: password.unwrap(), now_s, folder }
}

fn open(folder: &tempfile::TempDir, anonymous: Anonymous, now_s: &Arc<AtomicU64>) -> (Auth, Option<String>) {
    let now_s = now_s.clone();
    Auth::with_clock(folder.path(), anonymous, 5, Box::new(move || now_s.load(Ordering::Relaxed))).unwrap()
}

impl Rig {
    fn pass(&self, seconds: u64) {
        self.now_s.fetch_add(seconds, Ordering::Relaxed);
    }

    async fn login(&self) -> Session {
        self.auth.login(&HERE, "admin", self.password.clone()).await.unwrap()
    }

    async fn key(&self, scopes: Option<&[&str]>, days: Option<u64>) -> (String, String) {
        let scopes = scopes.map(|scopes| scopes.iter().map(|scope| (*scope).to_owned()).collect());
        let new = NewKey { name: "probe".into(), scopes, days, owner: None };
        self.auth.create_key(&admin(), new).await.unwrap()
    }

    /// Who shows this to the server.
    fn shows(&self, text: &str) -> Result<Identity, &'static str> {
        self.auth.identify(&HERE, &bearing(text), None).map_err(|refusal| refusal.code)
    }

    fn change(&self, change: impl FnOnce(&mut account_store::Contents) -> Result<(), ApiError>) {
        self.auth.store.change(change).unwrap();
    }
}

/// A process of this user, on the Unix socket.
fn admin() -> Identity {
    Identity { user: Some("uid 7".into()), role: Role::Admin, ..Identity::anonymous() }
}

/// Returns when credentials have ended, or give other rights than they did.
async fn until_changed(auth: &Auth, identity: &Identity) {
    let mut changes = auth.changes();
    while auth.now(identity).as_ref() == Some(identity) {
        changes.changed().await.unwrap();
    }
}

static HERE: Peer = Peer::Tcp { address: IpAddr::V4(Ipv4Addr::LOCALHOST), tls: false };
static THERE: Peer = Peer::Tcp { address: IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1)), tls: false };

fn bearing(text: &str) -> HeaderMap {
    HeaderMap::from_iter([(header::AUTHORIZATION, format!("Bearer {text}").parse().unwrap())])
}

#[tokio::test]
async fn tokens_are_valid_for_their_time_and_their_purpose() {
    let rig = rig(Anonymous::Local);
    let session = rig.login().await;
    let identity = rig.shows(&session.access).unwrap();
    assert_eq!((identity.name(), identity.role), ("admin", Role::Admin));
    assert_eq!(rig.shows(&session.refresh), Err("INVALID_TOKEN"));
    assert_eq!(rig.auth.refresh(&HERE, &session.access).await.err().unwrap().code, "INVALID_TOKEN");
    rig.pass(ACCESS_S - 1);
    assert!(rig.shows(&session.access).is_ok());
    rig.pass(1);
    assert_eq!(rig.shows(&session.access), Err("TOKEN_EXPIRED"));
    let next = rig.auth.refresh(&HERE, &session.refresh).await.unwrap();
    assert!(rig.shows(&next.access).is_ok());
    rig.pass(tokens::REFRESH_S);
    assert_eq!(rig.auth.refresh(&HERE, &next.refresh).await.err().unwrap().code, "TOKEN_EXPIRED");
}

#[tokio::test]
async fn a_refresh_token_works_once_and_its_reuse_hurts_nobody() {
    let rig = rig(Anonymous::Local);
    let session = rig.login().await;
    let both = tokio::join!(rig.auth.refresh(&HERE, &session.refresh), rig.auth.refresh(&HERE, &session.refresh));
    assert_eq!([both.0.is_ok(), both.1.is_ok()].iter().filter(|ok| **ok).count(), 1);
    let next = both.0.or(both.1).unwrap();
    for _ in 0..10 {
        assert_eq!(rig.auth.refresh(&HERE, &session.refresh).await.err().unwrap().code, "INVALID_TOKEN");
    }
    assert!(rig.shows(&next.access).is_ok());
    assert!(rig.auth.refresh(&HERE, &next.refresh).await.is_ok());
    rig.login().await;
}

#[tokio::test]
async fn ended_tokens_stay_ended_over_a_restart_and_are_forgotten_in_time() {
    let mut rig = rig(Anonymous::Local);
    let (session, other) = (rig.login().await, rig.login().await);
    assert_eq!(rig.auth.end_tokens(&[session.access.clone(), session.refresh.clone(), "x".into()]).await, Ok(2));
    assert_eq!(rig.auth.end_tokens(&["x".into()]).await, Ok(0));
    let (again, password) = open(&rig.folder, Anonymous::Local, &rig.now_s);
    assert_eq!(password, None);
    rig.auth = again;
    assert_eq!(rig.shows(&session.access), Err("INVALID_TOKEN"));
    assert!(rig.auth.refresh(&HERE, &session.refresh).await.is_err());
    assert!(rig.shows(&other.access).is_ok());
    assert_eq!(rig.auth.store.read().ended.len(), 2);
    rig.pass(ACCESS_S);
    rig.auth.refresh(&HERE, &other.refresh).await.unwrap();
    assert_eq!(rig.auth.store.read().ended.len(), 2, "the access token is forgotten, two refresh tokens are not");
}

#[tokio::test]
async fn what_is_changed_about_a_user_counts_at_once() {
    let rig = rig(Anonymous::Local);
    let session = rig.login().await;
    rig.change(|contents| users::set_role(contents, "admin", Role::Viewer));
    assert_eq!(rig.shows(&session.access).unwrap().role, Role::Viewer);
    rig.change(|contents| users::set_disabled(contents, "admin", true));
    assert_eq!(rig.shows(&session.access), Err("INVALID_TOKEN"));
    assert!(rig.auth.refresh(&HERE, &session.refresh).await.is_err());
    let refused = rig.auth.login(&HERE, "admin", rig.password.clone()).await.err().unwrap();
    assert_eq!((refused.code, refused.message.contains("disabled")), ("UNAUTHORIZED", true));
    rig.change(|contents| users::set_disabled(contents, "admin", false));
    assert!(rig.shows(&session.access).is_ok());
    let hash = rig.auth.store.read().users["admin"].password.clone();
    rig.change(|contents| users::remove(contents, "admin"));
    assert_eq!(rig.shows(&session.access), Err("INVALID_TOKEN"));
    rig.change(|contents| users::add(contents, "admin", Role::Admin, hash, 0));
    assert_eq!(rig.shows(&session.access), Err("INVALID_TOKEN"), "it is another user of the same name");
}

#[tokio::test]
async fn a_new_password_ends_every_token() {
    let rig = rig(Anonymous::Local);
    let session = rig.login().await;
    let change = |old: &str, new: &str| rig.auth.change_password(&THERE, "admin", old.into(), new.into());
    assert_eq!(change("wrong", "new-password").await.unwrap_err().code, "WRONG_PASSWORD");
    assert_eq!(change(&rig.password, "short").await.unwrap_err().code, "VALIDATION_ERROR");
    assert!(rig.shows(&session.access).is_ok());
    change(&rig.password, "new-password").await.unwrap();
    assert_eq!(rig.shows(&session.access), Err("INVALID_TOKEN"));
    assert!(rig.auth.login(&HERE, "admin", rig.password.clone()).await.is_err());
    assert!(rig.auth.login(&HERE, "admin", "new-password".into()).await.is_ok());
    let of_key = rig.auth.change_password(&THERE, "apikey_0", "a".into(), "new-password".into()).await;
    assert_eq!(of_key.unwrap_err().code, "BAD_REQUEST");
}

#[tokio::test]
async fn keys_end_by_time_by_revoking_and_with_their_owner() {
    let mut rig = rig(Anonymous::Local);
    let (id, key) = rig.key(None, Some(1)).await;
    let (forever_id, forever) = rig.key(None, None).await;
    assert_eq!((key.len(), id.len()), (8 + 43, 16));
    let identity = rig.shows(&key).unwrap();
    assert_eq!((identity.name(), identity.role), (format!("apikey_{id}").as_str(), Role::Bot));
    assert_eq!(rig.auth.key(&id).unwrap().last_used_s, Some(1_000_000));
    rig.pass(24 * 3600 - 1);
    assert!(rig.shows(&key).is_ok());
    assert_eq!(rig.auth.active_keys(), 2);
    rig.pass(1);
    assert_eq!(rig.shows(&key), Err("TOKEN_EXPIRED"));
    assert_eq!(rig.auth.active_keys(), 1);
    rig.change(|contents| users::set_disabled(contents, "admin", true));
    assert_eq!(rig.shows(&forever), Err("INVALID_TOKEN"));
    rig.change(|contents| users::set_disabled(contents, "admin", false));
    assert!(rig.shows(&forever).is_ok());
    let used = rig.auth.key(&forever_id).unwrap().last_used_s;
    drop(std::mem::replace(&mut rig.auth, self::rig(Anonymous::Local).auth));
    rig.auth = open(&rig.folder, Anonymous::Local, &rig.now_s).0;
    assert_eq!(rig.auth.key(&forever_id).unwrap().last_used_s, used, "it is written at the end");
    rig.auth.revoke_key(&forever_id).await.unwrap();
    assert_eq!(rig.shows(&forever), Err("INVALID_TOKEN"));
    rig.auth.delete_key(&id).await.unwrap();
    assert_eq!(rig.auth.key(&id).err().unwrap().code, "API_KEY_NOT_FOUND");
    assert_eq!(rig.auth.revoke_key(&id).await.err().unwrap().code, "API_KEY_NOT_FOUND");
    let text = std::fs::read_to_string(rig.folder.path().join(account_store::FILE)).unwrap();
    assert!(!text.contains(&forever) && text.contains(&forever[..16]));
}

#[tokio::test]
async fn a_key_can_do_what_its_scopes_give_and_no_more_than_its_maker() {
    use crate::channels::Channel::{Metrics, Signals};
    let rig = rig(Anonymous::Local);
    let (_, key) = rig.key(Some(&["metrics:read", "tokens:write", "grid:write"]), None).await;
    let identity = rig.shows(&key).unwrap();
    assert_eq!(identity.rights(), [Right::Read(Metrics), Right::Ingest]);
    assert!(identity.may(Right::Ingest) && !identity.may(Right::Read(Signals)));
    assert_eq!(identity.require(Right::Read(Signals)).unwrap_err().status, 403);
    let (_, empty) = rig.key(Some(&["grid:write"]), None).await;
    assert_eq!(rig.shows(&empty).unwrap().rights(), []);
    let (_, keys) = rig.key(Some(&["api_keys:write", "metrics:read"]), None).await;
    let maker = rig.shows(&keys).unwrap();
    let new = |scopes: &[&str]| NewKey {
        name: "child".into(),
        scopes: Some(scopes.iter().map(|scope| (*scope).to_owned()).collect()),
        days: None,
        owner: None,
    };
    let (child, _) = rig.auth.create_key(&maker, new(&["metrics:read"])).await.unwrap();
    assert_eq!(rig.auth.key(&child).unwrap().owner, "admin");
    let of_other = NewKey { owner: Some("ann".into()), ..new(&["metrics:read"]) };
    assert_eq!(rig.auth.create_key(&maker, of_other).await.unwrap_err().status, 403);
    for more in [&["steer"] as &[&str], &["config:admin"], &[]] {
        assert_eq!(rig.auth.create_key(&maker, new(more)).await.unwrap_err().status, 403, "{more:?}");
    }
    for (bad, code) in [
        (NewKey { name: " ".into(), ..new(&["metrics:read"]) }, "VALIDATION_ERROR"),
        (NewKey { days: Some(0), ..new(&["metrics:read"]) }, "VALIDATION_ERROR"),
        (NewKey { days: Some(u64::MAX), ..new(&["metrics:read"]) }, "VALIDATION_ERROR"),
        (new(&["metrics:write"]), "VALIDATION_ERROR"),
    ] {
        assert_eq!(rig.auth.create_key(&admin(), bad).await.unwrap_err().code, code);
    }
}

#[tokio::test]
async fn guesses_are_counted_and_what_we_have_given_out_is_not() {
    let rig = rig(Anonymous::Local);
    let session = rig.login().await;
    let (id, key) = rig.key(None, None).await;
    rig.auth.revoke_key(&id).await.unwrap();
    for _ in 0..10 {
        assert_eq!(rig.shows(&key), Err("INVALID_TOKEN"));
        assert_eq!(rig.shows(&session.refresh), Err("INVALID_TOKEN"));
    }
    for guess in ["x", "ng_live_x", "a.b.c", ""] {
        assert_eq!(rig.shows(guess), Err("INVALID_TOKEN"));
    }
    assert_eq!(rig.auth.login(&HERE, "admin", "wrong".into()).await.err().unwrap().code, "UNAUTHORIZED");
    let refused = rig.auth.login(&HERE, "admin", rig.password.clone()).await.err().unwrap();
    assert_eq!((refused.code, refused.retry_after), ("RATE_LIMITED", Some(60.0)));
    assert_eq!(rig.shows("x"), Err("RATE_LIMITED"));
    assert!(rig.shows(&session.access).is_ok(), "who has a token is not locked out by a neighbour");
    assert!(rig.auth.login(&THERE, "admin", rig.password.clone()).await.is_ok());
    rig.pass(60);
    rig.login().await;
}

#[tokio::test]
async fn logins_at_the_same_time_are_not_more_attempts() {
    let rig = rig(Anonymous::Local);
    let attempts = (0..20).map(|_| rig.auth.login(&HERE, "admin", "wrong".into()));
    let codes = futures_util::future::join_all(attempts).await.into_iter().map(|result| result.err().unwrap().code);
    assert_eq!(codes.filter(|code| *code == "UNAUTHORIZED").count(), 5);
}

#[test]
fn who_shows_nothing_is_nobody_unless_it_is_us() {
    for (anonymous, local, remote) in
        [(Anonymous::Never, false, false), (Anonymous::Local, true, false), (Anonymous::Always, true, true)]
    {
        let rig = rig(anonymous);
        let who = |peer: &Peer| rig.auth.identify(peer, &HeaderMap::new(), None);
        let nobody = |allowed: bool| if allowed { Ok(Identity::anonymous()) } else { Err("UNAUTHORIZED") };
        let code = |result: Result<Identity, ApiError>| result.map_err(|refusal| refusal.code);
        let stranger = Peer::Unix { uid: rig.auth.uid + 1 };
        assert_eq!(code(who(&HERE)), nobody(local));
        assert_eq!(code(who(&THERE)), nobody(remote));
        assert_eq!(code(who(&stranger)), nobody(local));
        for uid in [0, rig.auth.uid] {
            assert_eq!(who(&Peer::Unix { uid }).unwrap().role, Role::Admin);
        }
        let ours = Peer::Unix { uid: rig.auth.uid };
        assert_eq!(rig.auth.identify(&ours, &bearing("x"), None).unwrap_err().code, "INVALID_TOKEN");
    }
}

#[tokio::test]
async fn credentials_are_found_where_clients_put_them() {
    let rig = rig(Anonymous::Local);
    let (_, key) = rig.key(None, None).await;
    let access = rig.login().await.access;
    let headers = |pairs: &[(&'static str, &str)]| -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.parse().unwrap(), HeaderValue::from_str(value).unwrap())).collect()
    };
    let role = |headers: HeaderMap, token: Option<&str>| {
        let found = rig.auth.identify(&HERE, &headers, token);
        found.map(|identity| identity.role).map_err(|refusal| refusal.status.as_u16())
    };
    let bearer_key = format!("bearer  {key} ");
    assert_eq!(role(headers(&[("authorization", &bearer_key)]), None), Ok(Role::Bot));
    assert_eq!(role(headers(&[("x-api-key", &key)]), None), Ok(Role::Bot));
    assert_eq!(role(headers(&[("x-api-key", &access)]), None), Ok(Role::Admin));
    assert_eq!(role(HeaderMap::new(), Some(&key)), Ok(Role::Bot));
    assert_eq!(role(bearing(&access), Some(&key)), Ok(Role::Admin));
    assert_eq!(role(headers(&[("authorization", "Basic YTpi"), ("x-api-key", &key)]), None), Err(401));
    assert_eq!(role(headers(&[("authorization", &key)]), Some(&key)), Err(401));
    assert_eq!(role(headers(&[("x-api-key", "")]), Some(&key)), Err(401));
    assert_eq!(role(HeaderMap::new(), Some("x")), Err(401));
}

#[tokio::test]
async fn the_end_of_credentials_is_told() {
    let rig = rig(Anonymous::Local);
    let (id, key) = rig.key(None, None).await;
    let (one, other) = (rig.login().await, rig.login().await);
    let by_key = rig.shows(&key).unwrap();
    let (one, leaving) = (rig.shows(&one.access).unwrap(), rig.shows(&other.access).unwrap());
    let soon = std::time::Duration::from_secs(10);
    let (revoked, ended) =
        tokio::join!(tokio::time::timeout(soon, until_changed(&rig.auth, &by_key)), rig.auth.revoke_key(&id));
    assert!(revoked.is_ok() && ended.is_ok());
    let tokens = [other.access];
    let (logged_out, count) =
        tokio::join!(tokio::time::timeout(soon, until_changed(&rig.auth, &leaving)), rig.auth.end_tokens(&tokens));
    assert_eq!((logged_out, count), (Ok(()), Ok(1)));
    assert_eq!(rig.auth.now(&by_key), None);
    assert_eq!(rig.auth.now(&leaving), None);
    let same = |identity: &Identity| rig.auth.now(identity).as_ref() == Some(identity);
    assert!(same(&one) && same(&Identity::anonymous()));
    rig.pass(ACCESS_S);
    assert!(same(&one), "a connection outlives the time of its token");
}

#[tokio::test]
async fn the_list_of_ended_tokens_is_bounded() {
    let rig = rig(Anonymous::Local);
    let session = rig.login().await;
    rig.change(|contents| {
        for number in 0..4096 {
            let ended = account_store::Ended { user: "admin".into(), expires_s: u64::MAX };
            contents.ended.insert(number.to_string(), ended);
        }
        Ok(())
    });
    assert!(rig.shows(&session.access).is_ok());
    assert!(rig.auth.refresh(&HERE, &session.refresh).await.is_err());
    assert!(rig.auth.store.read().ended.is_empty());
    assert_eq!(rig.shows(&session.access), Err("INVALID_TOKEN"), "all tokens of the user have ended instead");
    rig.login().await;
}

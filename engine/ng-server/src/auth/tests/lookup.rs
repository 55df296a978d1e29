//! Rights are those that the user at the root has now: of keys, of keys made by keys, of connections that are open.

use super::*;
use crate::channels::Channel::{Metrics, Signals};

fn new(scopes: &[&str], owner: Option<&str>) -> NewKey {
    let scopes = scopes.iter().map(|scope| (*scope).to_owned()).collect();
    NewKey { name: "probe".into(), scopes: Some(scopes), days: None, owner: owner.map(str::to_owned) }
}

fn with_ann(role: Role) -> Rig {
    let rig = rig(Anonymous::Local);
    rig.change(|contents| users::add(contents, "ann", role, passwords::hash("a password"), 0));
    rig
}

#[tokio::test]
async fn a_key_can_do_what_its_owner_can_now() {
    let rig = with_ann(Role::Admin);
    let all = ["steer", "keys", "read:signals", "read:metrics"];
    let (_, key) = rig.auth.create_key(&admin(), new(&all, Some("ann"))).await.unwrap();
    let maker = rig.shows(&key).unwrap();
    let (_, child) = rig.auth.create_key(&maker, new(&["read:signals", "keys"], None)).await.unwrap();
    let (_, bot) = rig.auth.create_key(&admin(), NewKey { scopes: None, ..new(&[], Some("ann")) }).await.unwrap();
    for (role, of_key, of_child, of_bot) in [
        (Role::Admin, 4, 2, 4),
        (Role::Developer, 3, 1, 4),
        (Role::Bot, 2, 1, 4),
        (Role::Viewer, 1, 0, 2),
        (Role::Admin, 4, 2, 4),
    ] {
        rig.change(|contents| users::set_role(contents, "ann", role));
        let count = |key: &str| rig.shows(key).unwrap().rights().len();
        assert_eq!((count(&key), count(&child), count(&bot)), (of_key, of_child, of_bot), "{role:?}");
    }
    rig.change(|contents| users::set_role(contents, "ann", Role::Viewer));
    let identity = rig.shows(&key).unwrap();
    assert!(identity.may(Right::Read(Metrics)) && !identity.may(Right::Read(Signals)));
    let refused = identity.require(Right::Steer).unwrap_err();
    assert!(refused.status == 403 && refused.message.contains("owner"), "{}", refused.message);
    assert_eq!(rig.auth.create_key(&maker, new(&["read:metrics"], None)).await.unwrap_err().status, 403, "it was one");
    rig.change(|contents| users::remove(contents, "ann"));
    for key in [&key, &child, &bot] {
        assert_eq!(rig.shows(key), Err("INVALID_TOKEN"));
    }
    assert_eq!(rig.auth.create_key(&maker, new(&["read:metrics"], None)).await.unwrap_err().status, 401);
    rig.change(|contents| users::add(contents, "ann", Role::Admin, passwords::hash("a password"), 0));
    assert_eq!(rig.shows(&child), Err("INVALID_TOKEN"), "it is another user of the same name");
}

#[tokio::test]
async fn every_key_belongs_to_a_user() {
    let rig = with_ann(Role::Viewer);
    let local = admin();
    let make = |owner| rig.auth.create_key(&local, new(&["read:metrics"], owner));
    let owner = |id: &str| rig.auth.key(id).unwrap().owner;
    assert_eq!(owner(&make(Some("ann")).await.unwrap().0), "ann");
    assert_eq!(owner(&make(None).await.unwrap().0), "admin", "the only admin");
    assert_eq!(make(Some("bob")).await.unwrap_err().code, "VALIDATION_ERROR");
    rig.change(|contents| users::set_role(contents, "ann", Role::Admin));
    assert!(make(None).await.unwrap_err().message.contains("owner: missing"));
    rig.change(|contents| users::set_disabled(contents, "ann", true));
    assert_eq!(owner(&make(None).await.unwrap().0), "admin");
    let session = rig.login().await;
    let maker = rig.shows(&session.access).unwrap();
    assert_eq!(owner(&rig.auth.create_key(&maker, new(&["ingest"], None)).await.unwrap().0), "admin");
    assert!(rig.auth.create_key(&maker, new(&["ingest"], Some("admin"))).await.is_ok());
    assert_eq!(rig.auth.create_key(&maker, new(&["ingest"], Some("ann"))).await.unwrap_err().status, 403);
}

#[tokio::test]
async fn keys_of_earlier_versions_go_to_the_user_at_the_root() {
    let mut rig = with_ann(Role::Admin);
    let mut keys = Vec::new();
    for _ in 0..6 {
        keys.push(rig.auth.create_key(&admin(), new(&["read:metrics"], Some("ann"))).await.unwrap());
    }
    let id = |number: usize| keys[number].0.clone();
    let owners = [
        (id(1), format!("apikey_{}", id(0))),
        (id(2), format!("apikey_{}", id(1))),
        (id(3), "uid 0".into()),
        (id(4), "apikey_0123456789abcdef".into()),
        (id(5), format!("apikey_{}", id(5))),
    ];
    let path = rig.folder.path().join(account_store::FILE);
    let mut value: serde_json::Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    for (id, owner) in &owners {
        value["keys"][id]["owner"] = owner.as_str().into();
    }
    std::fs::write(&path, value.to_string()).unwrap();
    rig.auth = open(&rig.folder, Anonymous::Local, &rig.now_s).0;
    for (number, (id, key)) in keys.iter().enumerate() {
        assert_eq!(rig.shows(key).is_ok(), number < 3, "{number}");
        assert_eq!(rig.auth.key(id).unwrap().owner == "ann", number < 3, "{number}");
    }
    let mut refused = vec![id(3), id(4), id(5)];
    refused.sort();
    assert_eq!(rig.auth.keys_without_owner(), refused);
    rig.change(|contents| users::remove(contents, "ann"));
    assert!(keys.iter().all(|(_, key)| rig.shows(key) == Err("INVALID_TOKEN")));
}

#[tokio::test]
async fn who_is_inside_hears_of_every_change() {
    let rig = with_ann(Role::Developer);
    let login = || rig.auth.login(&HERE, "ann", "a password".into());
    let inside = rig.shows(&login().await.unwrap().access).unwrap();
    let (_, key) = rig.auth.create_key(&admin(), new(&["read:signals"], Some("ann"))).await.unwrap();
    let by_key = rig.shows(&key).unwrap();
    rig.change(|contents| users::set_role(contents, "ann", Role::Viewer));
    let now = rig.auth.now(&inside).unwrap();
    assert!(now != inside && now.role == Role::Viewer);
    assert_eq!(rig.auth.now(&by_key).unwrap().rights(), []);
    rig.change(|contents| users::set_role(contents, "ann", Role::Developer));
    assert_eq!((rig.auth.now(&inside), rig.auth.now(&by_key)), (Some(inside.clone()), Some(by_key.clone())));
    rig.change(|contents| users::set_disabled(contents, "ann", true));
    assert_eq!((rig.auth.now(&inside), rig.auth.now(&by_key)), (None, None));
}

#[tokio::test]
async fn another_process_is_heard_at_once() {
    let rig = with_ann(Role::Admin);
    let other = account_store::AccountStore::open(rig.folder.path()).unwrap();
    let session = rig.auth.login(&HERE, "ann", "a password".into()).await.unwrap();
    let inside = rig.shows(&session.access).unwrap();
    let mut changes = rig.auth.changes();
    rig.auth.look(rig.auth.now_s());
    changes.mark_unchanged();
    other.change(|contents| users::set_role(contents, "ann", Role::Viewer)).unwrap();
    let looked = rig.auth.look(rig.auth.now_s());
    assert_eq!((looked.remarks, looked.problem), (vec!["the user ann is viewer now".to_owned()], None));
    assert!(changes.has_changed().unwrap());
    assert_ne!(rig.auth.now(&inside).as_ref(), Some(&inside));
    other.change(|contents| users::remove(contents, "ann")).unwrap();
    assert_eq!(rig.shows(&session.access), Err("INVALID_TOKEN"));
    assert!(rig.auth.login(&HERE, "ann", "a password".into()).await.is_err());
}

#[tokio::test]
async fn the_time_of_a_key_ends_what_it_has_opened() {
    let rig = rig(Anonymous::Local);
    let (_, key) = rig.key(None, Some(1)).await;
    let inside = rig.shows(&key).unwrap();
    let mut changes = rig.auth.changes();
    let before_s = rig.auth.now_s();
    rig.pass(24 * 3600 - 1);
    let since_s = rig.auth.look(before_s).now_s;
    assert!(!changes.has_changed().unwrap() && rig.auth.now(&inside).is_some());
    rig.pass(1);
    let since_s = rig.auth.look(since_s).now_s;
    assert!(changes.has_changed().unwrap() && rig.auth.now(&inside).is_none());
    changes.mark_unchanged();
    rig.pass(1);
    rig.auth.look(since_s);
    assert!(!changes.has_changed().unwrap(), "it is told once");
}

#[tokio::test]
async fn another_secret_ends_every_token() {
    let rig = rig(Anonymous::Local);
    let session = rig.login().await;
    rig.change(|contents| {
        contents.secret = crate::random::hex::<32>();
        Ok(())
    });
    assert_eq!(rig.shows(&session.access), Err("INVALID_TOKEN"));
    assert!(rig.shows(&rig.login().await.access).is_ok());
}

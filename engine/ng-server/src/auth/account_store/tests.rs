//! The file on a disk, and several that change it.

use super::*;
use crate::auth::users;
use std::os::unix::fs::PermissionsExt;

fn with_admin(folder: &Path) -> AccountStore {
    let store = AccountStore::open(folder).unwrap();
    store.change(|contents| users::add(contents, "admin", Role::Admin, passwords::hash("secret-1"), 7)).unwrap();
    store
}

#[test]
fn what_was_changed_is_read_again_and_only_this_user_may_read_it() {
    let folder = tempfile::tempdir().unwrap();
    let secret = with_admin(folder.path()).read().secret.clone();
    let again = AccountStore::open(folder.path()).unwrap();
    assert_eq!(again.read().secret, secret);
    assert_eq!(again.read().users["admin"].created_s, 7);
    let mode = std::fs::metadata(folder.path().join(FILE)).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let text = std::fs::read_to_string(folder.path().join(FILE)).unwrap();
    assert!(text.contains("$argon2id$") && !text.contains("secret-1"));
}

#[test]
fn a_damaged_file_is_refused_and_left_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    drop(with_admin(folder.path()));
    let path = folder.path().join(FILE);
    let whole = std::fs::read_to_string(&path).unwrap();
    let cut = whole[..whole.len() / 2].to_owned();
    for (text, what) in [
        (cut.as_str(), "no JSON"),
        ("", "no JSON"),
        ("{}", "no version"),
        (&whole.replace("\"version\": 1", "\"version\": 2"), "version 2, expected 1"),
        (&whole.replace("\"users\"", "\"user\""), "not complete"),
        (&whole.replace("\"admin\",", "\"anonymous\","), "role or password of the user \"admin\""),
        (&whole.replace("$argon2id$", "$md5$"), "role or password of the user \"admin\""),
    ] {
        std::fs::write(&path, text).unwrap();
        let error = AccountStore::open(folder.path()).err().unwrap();
        assert_eq!(error.code, "NG-3401");
        assert!(error.what.contains(what), "{error}");
        assert!(!error.what.contains("$argon2id$"), "{error}");
        assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
    }
}

#[test]
fn a_change_that_is_refused_or_not_written_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let store = with_admin(folder.path());
    let refused: Result<(), ApiError> = store.change(|contents| {
        contents.users.clear();
        Err(ApiError::not_found("no"))
    });
    assert_eq!(refused.unwrap_err().code, "NOT_FOUND");
    assert!(store.read().users.contains_key("admin"));
    std::fs::create_dir(folder.path().join("auth.json.draft")).unwrap();
    let unwritten = store.change(|contents| {
        contents.users.clear();
        Ok(())
    });
    assert_eq!(unwritten.unwrap_err().code, "INTERNAL");
    assert!(store.read().users.contains_key("admin"));
}

#[test]
fn of_many_that_change_it_at_once_none_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    let hash = with_admin(folder.path()).read().users["admin"].password.clone();
    std::thread::scope(|scope| {
        for process in 0..4 {
            let (folder, hash) = (folder.path(), hash.clone());
            scope.spawn(move || {
                let store = AccountStore::open(folder).unwrap();
                for number in 0..10 {
                    let name = format!("user-{process}-{number}");
                    store.change(|contents| users::add(contents, &name, Role::Viewer, hash.clone(), 0)).unwrap();
                    assert!(store.read().users.contains_key(&name));
                }
            });
        }
    });
    assert_eq!(AccountStore::open(folder.path()).unwrap().read().users.len(), 41);
}

#[test]
fn what_becomes_of_the_file_later_is_seen() {
    let folder = tempfile::tempdir().unwrap();
    let store = with_admin(folder.path());
    let path = folder.path().join(FILE);
    let whole = std::fs::read(&path).unwrap();
    let nothing = |_: &mut Contents| Ok(());
    std::fs::write(&path, "{").unwrap();
    assert!(store.read().users.contains_key("admin"), "what was known holds");
    assert!(store.problem().unwrap().contains("no JSON"));
    assert!(store.change(nothing).unwrap_err().message.contains("no JSON"));
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "{", "a damaged file is never replaced");
    std::fs::remove_file(&path).unwrap();
    assert!(store.change(nothing).unwrap_err().message.contains("was removed"));
    assert!(store.read().users.contains_key("admin") && !path.exists());
    std::fs::write(&path, whole).unwrap();
    assert!(store.change(nothing).is_ok() && store.problem().is_none());
}

#[test]
fn only_what_others_change_is_remarked() {
    let folder = tempfile::tempdir().unwrap();
    let (one, other) = (with_admin(folder.path()), AccountStore::open(folder.path()).unwrap());
    let add = |contents: &mut Contents| users::add(contents, "ann", Role::Bot, passwords::hash("a password"), 0);
    one.change(add).unwrap();
    drop(one.read());
    assert_eq!(one.remarks(), [""; 0]);
    drop(other.read());
    assert_eq!(other.remarks(), ["the user ann was added as bot"]);
    one.change(|contents| {
        users::set_disabled(contents, "ann", true)?;
        users::set_role(contents, "ann", Role::Viewer)?;
        users::remove(contents, "admin")
    })
    .unwrap();
    drop(other.read());
    let remarks = ["the user ann is viewer now", "the user ann was disabled", "the user admin was removed"];
    assert_eq!((other.remarks(), other.remarks()), (remarks.map(str::to_owned).to_vec(), Vec::new()));
}

#[test]
fn the_last_use_of_a_key_outlives_the_changes_of_others() {
    let folder = tempfile::tempdir().unwrap();
    let (one, other) = (with_admin(folder.path()), AccountStore::open(folder.path()).unwrap());
    one.change(|contents| {
        let key = ApiKey {
            name: "probe".into(),
            prefix: String::new(),
            sha256: "0".repeat(64),
            scopes: None,
            owner: "admin".into(),
            created_s: 0,
            expires_s: None,
            last_used_s: None,
            revoked: false,
        };
        contents.keys.insert("0123456789abcdef".into(), key);
        Ok(())
    })
    .unwrap();
    one.touch("0123456789abcdef", 7);
    other.change(|contents| users::set_role(contents, "admin", Role::Developer)).unwrap();
    let last_used_s = |store: &AccountStore| store.read().keys["0123456789abcdef"].last_used_s;
    assert_eq!((last_used_s(&one), last_used_s(&other)), (Some(7), None));
    drop(one);
    assert_eq!(last_used_s(&other), Some(7));
    assert_eq!(other.read().users["admin"].role, Role::Developer, "and it takes nothing back");
}

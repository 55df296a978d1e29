//! Random sequences of everything that can happen to users, keys and tokens, beside a model that knows no stored rights.

use super::*;
use proptest::prelude::*;
use proptest::sample::Index;
use std::collections::BTreeMap;
use std::sync::OnceLock;

const NAMES: [&str; 3] = ["ann", "bob", "cat"];
const SCOPES: [&[&str]; 5] = [
    &[],
    &["read:metrics"],
    &["read:signals", "ingest"],
    &["keys", "read:metrics", "steer"],
    &["config:admin", "read:connections", "reset"],
];

/// What happens.
#[derive(Clone, Debug)]
enum Act {
    Create {
        name: usize,
        role: usize,
    },
    SetRole {
        name: usize,
        role: usize,
    },
    Disable {
        name: usize,
        disabled: bool,
    },
    Remove {
        name: usize,
    },
    NewPassword {
        name: usize,
    },
    Login {
        name: usize,
    },
    Logout {
        holder: Index,
    },
    /// By a process of this user, for a user.
    Key {
        name: usize,
        scopes: usize,
    },
    /// By whoever has credentials: a user, or a key.
    KeyBy {
        holder: Index,
        scopes: usize,
    },
    Revoke {
        holder: Index,
    },
    /// The next change is made by another process.
    Outside,
    Restart,
}

fn act() -> impl Strategy<Value = Act> {
    let (name, role, scopes) = (0..NAMES.len(), 0..ROLES.len(), 0..SCOPES.len());
    let index = any::<Index>();
    prop_oneof![
        4 => (name.clone(), role.clone()).prop_map(|(name, role)| Act::Create { name, role }),
        4 => (name.clone(), role).prop_map(|(name, role)| Act::SetRole { name, role }),
        2 => (name.clone(), any::<bool>()).prop_map(|(name, disabled)| Act::Disable { name, disabled }),
        1 => name.clone().prop_map(|name| Act::Remove { name }),
        1 => name.clone().prop_map(|name| Act::NewPassword { name }),
        3 => name.clone().prop_map(|name| Act::Login { name }),
        1 => index.clone().prop_map(|holder| Act::Logout { holder }),
        3 => (name, scopes.clone()).prop_map(|(name, scopes)| Act::Key { name, scopes }),
        4 => (index.clone(), scopes).prop_map(|(holder, scopes)| Act::KeyBy { holder, scopes }),
        1 => index.prop_map(|holder| Act::Revoke { holder }),
        2 => Just(Act::Outside),
        1 => Just(Act::Restart),
    ]
}

/// A user as the model knows it. One that is removed and made again is another.
#[derive(Clone)]
struct Person {
    role: Role,
    disabled: bool,
    /// Raised by a new password; no two persons share one.
    series: u32,
}

/// Something that can be shown to the server.
#[derive(Clone)]
struct Holder {
    text: String,
    /// The person at the root: its name, and which of those that had the name.
    name: usize,
    born: u32,
    /// The series of a token, or the id and the scopes of a key.
    kind: Kind,
    ended: bool,
    /// As it was when it was first shown: an open connection.
    inside: Option<Identity>,
}

#[derive(Clone)]
enum Kind {
    Token { series: u32 },
    Key { id: String, scopes: usize },
}

#[derive(Default)]
struct Model {
    people: BTreeMap<usize, (u32, Person)>,
    holders: Vec<Holder>,
    numbers: u32,
}

impl Model {
    fn number(&mut self) -> u32 {
        self.numbers += 1;
        self.numbers
    }

    /// What a holder may do now; none when it is refused.
    fn may(&self, holder: &Holder) -> Option<Vec<Right>> {
        let (born, person) = self.people.get(&holder.name)?;
        if *born != holder.born || person.disabled || holder.ended {
            return None;
        }
        let role = |right: &Right| right.granted_to(person.role);
        match &holder.kind {
            Kind::Token { series } => (*series == person.series).then(|| Right::of(person.role)),
            Kind::Key { scopes, .. } => Some(given(*scopes).into_iter().filter(role).collect()),
        }
    }
}

fn given(scopes: usize) -> Vec<Right> {
    match SCOPES[scopes] {
        [] => Right::of(Role::Bot),
        some => scopes::rights(&some.iter().map(|scope| (*scope).to_owned()).collect::<Vec<_>>()),
    }
}

fn wanted(scopes: usize, owner: Option<usize>) -> NewKey {
    let scopes = SCOPES[scopes].iter().map(|scope| (*scope).to_owned()).collect();
    let owner = owner.map(|name| NAMES[name].to_owned());
    NewKey { name: "probe".into(), scopes: Some(scopes), days: None, owner }
}

/// Hashing takes long, and is not what this is about.
fn hash() -> String {
    static HASH: OnceLock<String> = OnceLock::new();
    HASH.get_or_init(|| passwords::hash("a password")).clone()
}

struct Play {
    rig: Rig,
    model: Model,
    outside: bool,
}

impl Play {
    /// A change of users, here or by another process; whether it was made.
    fn change(&mut self, change: impl FnOnce(&mut account_store::Contents) -> Result<(), ApiError>) -> bool {
        match std::mem::take(&mut self.outside) {
            true => account_store::AccountStore::open(self.rig.folder.path()).unwrap().change(change).is_ok(),
            false => self.rig.auth.store.change(change).is_ok(),
        }
    }

    fn pick(&self, index: &Index) -> Option<usize> {
        (!self.model.holders.is_empty()).then(|| index.index(self.model.holders.len()))
    }

    async fn act(&mut self, act: &Act) {
        match act.clone() {
            Act::Create { name, role } => {
                let made = self.change(|contents| users::add(contents, NAMES[name], ROLES[role], hash(), 0));
                assert_eq!(made, !self.model.people.contains_key(&name));
                if made {
                    let (born, series) = (self.model.number(), self.model.number());
                    self.model.people.insert(name, (born, Person { role: ROLES[role], disabled: false, series }));
                }
            }
            Act::SetRole { name, role } => {
                let made = self.change(|contents| users::set_role(contents, NAMES[name], ROLES[role]));
                let person = self.model.people.get_mut(&name);
                assert_eq!(made, person.is_some());
                person.into_iter().for_each(|(_, person)| person.role = ROLES[role]);
            }
            Act::Disable { name, disabled } => {
                self.change(|contents| users::set_disabled(contents, NAMES[name], disabled));
                self.model.people.get_mut(&name).into_iter().for_each(|(_, person)| person.disabled = disabled);
            }
            Act::Remove { name } => {
                self.change(|contents| users::remove(contents, NAMES[name]));
                self.model.people.remove(&name);
            }
            Act::NewPassword { name } => {
                self.change(|contents| users::set_password(contents, NAMES[name], hash()));
                let series = self.model.number();
                self.model.people.get_mut(&name).into_iter().for_each(|(_, person)| person.series = series);
            }
            Act::Login { name } => {
                let user = self.rig.auth.store.read().users.get(NAMES[name]).cloned();
                assert_eq!(user.is_some(), self.model.people.contains_key(&name));
                if let (Some(user), Some((born, person))) = (user, self.model.people.get(&name)) {
                    let text = self.rig.auth.session(NAMES[name], &user).access;
                    let kind = Kind::Token { series: person.series };
                    self.model.holders.push(Holder { text, name, born: *born, kind, ended: false, inside: None });
                }
            }
            Act::Logout { holder } => {
                let Some(index) = self.pick(&holder) else { return };
                let holder = self.model.holders[index].clone();
                let count = self.rig.auth.end_tokens(std::slice::from_ref(&holder.text)).await.unwrap();
                let counted = matches!(holder.kind, Kind::Token { .. }) && self.model.may(&holder).is_some();
                assert_eq!(count, usize::from(counted));
                self.model.holders[index].ended |= counted;
            }
            Act::Key { name, scopes } => {
                let made = self.rig.auth.create_key(&admin(), wanted(scopes, Some(name))).await;
                assert_eq!(made.is_ok(), self.model.people.contains_key(&name));
                self.keep(made.ok(), name, scopes);
            }
            Act::KeyBy { holder, scopes } => {
                let Some(index) = self.pick(&holder) else { return };
                let holder = self.model.holders[index].clone();
                // Whoever asked may have asked a while ago.
                let Some(maker) = holder.inside.clone() else { return };
                let made = self.rig.auth.create_key(&maker, wanted(scopes, None)).await;
                let may = self.model.may(&holder).is_some_and(|rights| {
                    rights.contains(&Right::Keys) && given(scopes).iter().all(|right| rights.contains(right))
                });
                assert_eq!(made.is_ok(), may, "{:?}", made.err());
                self.keep(made.ok(), holder.name, scopes);
            }
            Act::Revoke { holder } => {
                let Some(index) = self.pick(&holder) else { return };
                let Kind::Key { id, .. } = &self.model.holders[index].kind else { return };
                // That of a removed user is gone.
                let _ = self.rig.auth.revoke_key(id).await;
                self.model.holders[index].ended = true;
            }
            Act::Outside => self.outside = true,
            Act::Restart => {
                let (folder, now_s) = (&self.rig.folder, &self.rig.now_s);
                self.rig.auth = open(folder, Anonymous::Local, now_s).0;
            }
        }
    }

    fn keep(&mut self, made: Option<(String, String)>, name: usize, scopes: usize) {
        let (Some((id, text)), Some((born, _))) = (made, self.model.people.get(&name)) else { return };
        let kind = Kind::Key { id, scopes };
        self.model.holders.push(Holder { text, name, born: *born, kind, ended: false, inside: None });
    }

    /// Every holder makes a request, and has a connection that was opened when it was new.
    fn compare(&mut self) {
        for index in 0..self.model.holders.len() {
            let holder = self.model.holders[index].clone();
            let may = self.model.may(&holder);
            let shown = self.rig.shows(&holder.text);
            assert_eq!(shown.as_ref().ok().map(Identity::rights), may);
            if let Some(inside) = &holder.inside {
                assert_eq!(self.rig.auth.now(inside), shown.ok());
            } else {
                self.model.holders[index].inside = shown.ok();
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn rights_are_those_of_the_model(acts in prop::collection::vec(act(), 1..60)) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let mut play = Play { rig: rig(Anonymous::Local), model: Model::default(), outside: false };
            for act in &acts {
                play.act(act).await;
                play.compare();
            }
        });
    }
}

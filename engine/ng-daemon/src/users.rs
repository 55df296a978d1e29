//! `neurograph-engine user`: the users of an engine, whether it runs or not.
//!
//! A running engine takes up what is changed here: for requests at once, for open connections within a second.

use clap::Subcommand;
use ng_node::NodeError;
use ng_server::auth::account_store::{AccountStore, Contents, FILE};
use ng_server::auth::{ROLES, passwords, role_name, role_named, users};
use ng_server::clock;
use ng_server::error::ApiError;
use ng_wire::Role;
use rustix::termios::{LocalModes, OptionalActions, Termios, isatty, tcgetattr, tcsetattr};
use std::io::{BufRead, Read, Write, stderr, stdin, stdout};
use std::path::Path;

/// What can be done with users.
#[derive(Subcommand)]
pub(crate) enum UserCommand {
    /// Add a user. Its password is asked for, or read from standard input when that is no terminal.
    Add {
        /// Its name.
        name: String,
        /// What it may do: admin, developer, viewer or bot.
        #[arg(long, value_parser = parse_role)]
        role: Role,
    },
    /// Change the password of a user, which is asked for or read like that of a new one; all its tokens end.
    Passwd {
        /// Its name.
        name: String,
    },
    /// Change what a user may do.
    Role {
        /// Its name.
        name: String,
        /// What it may do: admin, developer, viewer or bot.
        #[arg(value_parser = parse_role)]
        role: Role,
    },
    /// List the users.
    List,
    /// Remove a user and its API keys.
    Remove {
        /// Its name.
        name: String,
    },
    /// Let a user not come in any more; its API keys do not work either.
    Disable {
        /// Its name.
        name: String,
    },
    /// Let a disabled user come in again.
    Enable {
        /// Its name.
        name: String,
    },
}

/// Carries a command out.
pub(crate) fn run(command: UserCommand, state_dir: &Path) -> Result<(), NodeError> {
    if !matches!(command, UserCommand::List) {
        // An engine that runs as another user could not read what was written.
        ng_node::check_state_dir(state_dir)?;
    }
    let store = AccountStore::open(state_dir)?;
    let change = |change: &dyn Fn(&mut Contents) -> Result<(), ApiError>| {
        store.change(|contents| change(contents)).map_err(|refused| refuse(state_dir, refused))
    };
    let known = |name: &str| match store.read().users.contains_key(name) {
        true => Ok(()),
        false => Err(refuse(state_dir, ApiError::not_found(format!("there is no user {name:?}")))),
    };
    match command {
        UserCommand::Add { name, role } => {
            // What is wrong with the name is said before a password is asked for.
            users::add(&mut store.read().clone(), &name, role, String::new(), 0)
                .map_err(|refused| refuse(state_dir, refused))?;
            let hash = new_password(state_dir, &name)?;
            change(&|contents| users::add(contents, &name, role, hash.clone(), clock::now_s()))
        }
        UserCommand::Passwd { name } => {
            known(&name)?;
            let hash = new_password(state_dir, &name)?;
            change(&|contents| users::set_password(contents, &name, hash.clone()))
        }
        UserCommand::Role { name, role } => change(&|contents| users::set_role(contents, &name, role)),
        UserCommand::Remove { name } => change(&|contents| users::remove(contents, &name)),
        UserCommand::Disable { name } => change(&|contents| users::set_disabled(contents, &name, true)),
        UserCommand::Enable { name } => change(&|contents| users::set_disabled(contents, &name, false)),
        UserCommand::List => list(&store),
    }
}

fn parse_role(text: &str) -> Result<Role, String> {
    role_named(text).ok_or_else(|| format!("expected one of {}", ROLES.map(role_name).join(", ")))
}

fn refuse(state_dir: &Path, refused: ApiError) -> NodeError {
    NodeError::failure("NG-3403", state_dir.join(FILE).display().to_string(), refused.message)
}

fn list(store: &AccountStore) -> Result<(), NodeError> {
    let contents = store.read();
    let lines = contents.users.iter().map(|(name, user)| {
        let state = if user.disabled { "disabled" } else { "enabled" };
        format!("{name}\t{}\t{state}\t{}\n", role_name(user.role), clock::iso_s(user.created_s))
    });
    // The reader of a pipe may have left.
    let _ = stdout().write_all(lines.collect::<String>().as_bytes());
    Ok(())
}

/// Asks for a password twice, or reads the first line of standard input when that is no terminal. Returns its hash.
fn new_password(state_dir: &Path, name: &str) -> Result<String, NodeError> {
    let fail = |what: String| refuse(state_dir, ApiError::bad_request(what));
    let password = if isatty(stdin()) {
        let first = ask(&format!("Password of {name}: ")).map_err(|error| fail(error.to_string()))?;
        passwords::check(&first).map_err(|refused| refuse(state_dir, refused))?;
        let second = ask("The same again: ").map_err(|error| fail(error.to_string()))?;
        if first != second {
            return Err(fail("the two are not the same".into()));
        }
        first
    } else {
        let mut line = String::new();
        stdin().lock().read_line(&mut line).map_err(|error| fail(format!("no password could be read: {error}")))?;
        line.trim_end_matches(['\n', '\r']).to_owned()
    };
    passwords::check(&password).map_err(|refused| refuse(state_dir, refused))?;
    Ok(passwords::hash(&password))
}

/// A terminal that does not show what is typed, until this is dropped.
struct Silent(Termios);

impl Drop for Silent {
    fn drop(&mut self) {
        // The terminal may be gone, and then there is nothing to restore.
        let _ = tcsetattr(stdin(), OptionalActions::Flush, &self.0);
    }
}

/// Reads a line from the terminal without showing it. `ctrl+c` and `ctrl+d` give up, with the terminal restored.
fn ask(question: &str) -> std::io::Result<String> {
    let shown = tcgetattr(stdin())?;
    let mut silent = shown.clone();
    silent.local_modes -= LocalModes::ECHO | LocalModes::ICANON | LocalModes::ISIG;
    let restore = Silent(shown);
    tcsetattr(stdin(), OptionalActions::Flush, &silent)?;
    let _ = write!(stderr(), "{question}");
    let (mut typed, mut byte) = (Vec::new(), [0]);
    let done = loop {
        stdin().read_exact(&mut byte)?;
        match byte[0] {
            b'\r' | b'\n' => break true,
            3 | 4 => break false,
            8 | 127 => while typed.pop().is_some_and(|byte: u8| byte & 0xc0 == 0x80) {},
            byte => typed.push(byte),
        }
    };
    drop(restore);
    let _ = writeln!(stderr());
    if !done {
        return Err(std::io::Error::new(std::io::ErrorKind::Interrupted, "given up"));
    }
    String::from_utf8(typed).map_err(|_| std::io::Error::new(std::io::ErrorKind::InvalidData, "it is not UTF-8"))
}

//! `neurograph-engine`: the engine with its server, without a console and without Python.

#![forbid(unsafe_code)]

mod users;

use clap::{Parser, Subcommand};
use ng_node::NodeError;
use ng_node::config::{Config, Layer};
use ng_server::supervise::say;
use ng_server::{Server, ServerOptions};
use std::path::PathBuf;
use std::process::ExitCode;
use tokio::signal::unix::{SignalKind, signal};

/// The allocator of the system keeps what an attack has made it take.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// Runs an event engine and serves it over HTTP and WebSocket.
#[derive(Parser)]
#[command(name = "neurograph-engine", version)]
struct Arguments {
    /// Read this configuration file after the system's and the user's.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Change one setting, such as server.listen='["127.0.0.1:9000"]'.
    #[arg(long = "set", value_name = "TABLE.KEY=VALUE")]
    settings: Vec<String>,
    /// Keep flags, credentials and the number of the next record here.
    #[arg(long, value_name = "FOLDER", global = true)]
    state_dir: Option<PathBuf>,
    /// Keep no events on disk.
    #[arg(long)]
    no_history: bool,
    #[command(subcommand)]
    command: Option<Command>,
}

/// What is done instead of serving.
#[derive(Subcommand)]
enum Command {
    /// Who may log in, and as what; an engine that runs takes changes up.
    #[command(subcommand)]
    User(users::UserCommand),
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    ng_server::supervise::tell_panics_as_lines();
    match run(arguments) {
        Ok(code) => code,
        Err(errors) => {
            for error in &errors {
                say(&error.to_string());
                if !error.hint.is_empty() {
                    say(&format!("  {}", error.hint));
                }
            }
            ExitCode::from(errors.first().map_or(1, |error| error.exit as u8))
        }
    }
}

fn run(mut arguments: Arguments) -> Result<ExitCode, Vec<NodeError>> {
    let state_dir = match arguments.state_dir.take() {
        Some(named) => named,
        None => state_dir().map_err(|error| vec![error])?,
    };
    if let Some(Command::User(command)) = arguments.command {
        return users::run(command, &state_dir).map(|()| ExitCode::SUCCESS).map_err(|error| vec![error]);
    }
    let (layers, unread) = layers(&arguments).map_err(|error| vec![error])?;
    let config = Config::resolve(&layers)?;
    config.check_is_served().map_err(|error| vec![error])?;
    unread.iter().chain(&config.formats().1).for_each(|error| say(&error.to_string()));
    let local = ng_node::zone::local();
    local.problem.iter().for_each(|problem| say(problem));
    let options = ServerOptions { state_dir, zone: local.zone };
    let mut server = Server::start(&config, &options).map_err(|error| vec![error])?;
    if let Some(password) = server.first_password() {
        say(&format!("first start: the user admin has the password {password}, which is shown only now"));
    }
    for url in server.urls() {
        say(&format!("serving {url}"));
    }
    let restart = wait(&mut server)
        .map_err(|error| vec![NodeError::failure("NG-3103", "", format!("signals cannot be waited for: {error}"))])?;
    server.stop(restart == Some(true));
    Ok(if restart.is_none() { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// Waits for a signal: true for SIGHUP, which a supervisor sends before it starts the engine again. None when the engine
/// has failed.
fn wait(server: &mut Server) -> std::io::Result<Option<bool>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        let mut hang_up = signal(SignalKind::hangup())?;
        loop {
            tokio::select! {
                _ = terminate.recv() => return Ok(Some(false)),
                _ = interrupt.recv() => return Ok(Some(false)),
                _ = hang_up.recv() => return Ok(Some(true)),
                () = tokio::time::sleep(std::time::Duration::from_secs(1)) => {
                    server.news().iter().for_each(|line| say(line));
                    if server.has_failed() {
                        return Ok(None);
                    }
                }
            }
        }
    })
}

/// The layers of the configuration: the system's file, the user's, the one that was named, each with the formats beside it,
/// and single settings. With them what is wrong with files of formats that cannot be read.
fn layers(arguments: &Arguments) -> Result<(Vec<Layer>, Vec<NodeError>), NodeError> {
    let (mut layers, mut unread) = (Vec::new(), Vec::new());
    let usual = [
        Some(PathBuf::from("/etc/neurograph-tui/config.toml")),
        folder("XDG_CONFIG_HOME", ".config").map(|folder| folder.join("neurograph-tui/config.toml")),
    ];
    let usual: Vec<PathBuf> = usual.into_iter().flatten().collect();
    for path in usual.iter().chain(&arguments.config) {
        let (formats, errors) = Layer::formats_in(&path.with_file_name("formats"));
        layers.extend(formats);
        unread.extend(errors);
    }
    for path in usual.into_iter().filter(|path| path.exists()).chain(arguments.config.clone()) {
        let text = std::fs::read_to_string(&path)
            .map_err(|error| NodeError::config("NG-2002", path.display().to_string(), error.to_string()))?;
        layers.push(Layer::File { name: path.display().to_string(), text, table: String::new() });
    }
    for setting in &arguments.settings {
        let Some((path, text)) = setting.split_once('=') else {
            let what = format!("expected TABLE.KEY=VALUE, found {setting}");
            return Err(NodeError { exit: 2, ..NodeError::config("NG-1002", "", what) });
        };
        layers.push(Layer::Value { name: "flag --set".into(), path: path.trim().into(), text: text.trim().into() });
    }
    if arguments.no_history {
        let (path, text) = ("history.enabled".into(), "false".into());
        layers.push(Layer::Value { name: "flag --no-history".into(), path, text });
    }
    Ok((layers, unread))
}

/// The usual state directory. There is none without a home, for whatever others can get at is no place for credentials.
fn state_dir() -> Result<PathBuf, NodeError> {
    let folder = folder("XDG_STATE_HOME", ".local/state").ok_or_else(|| {
        let what = "there is no place for the state directory: neither is set";
        NodeError::failure("NG-3105", "XDG_STATE_HOME, HOME", what)
            .hint("set HOME or XDG_STATE_HOME to a folder of this user, or name the directory with --state-dir")
    })?;
    Ok(folder.join("neurograph-tui"))
}

/// A folder of this user: that of the variable, or below the home directory.
fn folder(variable: &str, below_home: &str) -> Option<PathBuf> {
    let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    set(variable).or_else(|| set("HOME").map(|home| home.join(below_home)))
}

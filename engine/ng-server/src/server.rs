//! Starts and stops an engine with its server.

use crate::auth::Auth;
use crate::descriptors;
use crate::hub::{Hub, Parts, Phase};
use crate::ingest::Ingest;
use crate::listen::Listeners;
use crate::routes;
use crate::settings::ServerSettings;
use crate::supervise;
use ng_model::supervise::catch;
use ng_model::zone::Zone;
use ng_node::config::Config;
use ng_node::history::Keeper;
use ng_node::{Node, NodeError, NodeOptions, StateAccess};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

/// What a server needs besides its configuration.
#[derive(Clone, Debug)]
pub struct ServerOptions {
    /// Where flags, credentials and the number of the next record are kept.
    pub state_dir: PathBuf,
    /// The zone of times that state none.
    pub zone: Zone,
}

/// A running engine with its server.
pub struct Server {
    hub: Arc<Hub>,
    runtime: Option<tokio::runtime::Runtime>,
    serving: Option<tokio::task::JoinHandle<()>>,
    pump: Option<JoinHandle<()>>,
    stopped: Arc<AtomicBool>,
    urls: Vec<String>,
    first_password: Option<String>,
    /// Why fewer connections are taken than the settings say, until it was told.
    few: Option<String>,
    told: supervise::Told,
}

impl Server {
    /// Whether [`Server::start`] would take the configuration: its settings, and the files of its certificate.
    pub fn check(config: &Config) -> Result<(), NodeError> {
        let settings = ServerSettings::read(config)?;
        settings.tls.as_ref().map_or(Ok(()), |(chain, key)| crate::tls::acceptor(chain, key).map(drop))
    }

    /// Opens the engine, binds the addresses, starts the sensors and serves.
    pub fn start(config: &Config, options: &ServerOptions) -> Result<Server, NodeError> {
        let settings = ServerSettings::read(config)?;
        let failed = |what: &str, error: std::io::Error| NodeError::failure("NG-3103", "", format!("{what}: {error}"));
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .thread_name("server")
            .enable_all()
            .build()
            .map_err(|error| failed("the server's threads could not be started", error))?;
        let node_options = NodeOptions {
            state_dir: options.state_dir.clone(),
            access: StateAccess::Own,
            zone: options.zone.clone(),
            keeper: Some(Keeper::Server),
        };
        let mut node = Node::open(config, &node_options)?;
        let listeners = runtime.block_on(Listeners::bind(&settings))?;
        let urls = listeners.urls();
        let ingest = node.ingest().expect("the sensors of a new node are waiting");
        let (auth, first_password) = Auth::open(&options.state_dir, &settings)?;
        let (over_tcp, few) = descriptors::for_tcp(&settings);
        let hub = Hub::new(Parts {
            auth,
            settings,
            access: node.handle().access().clone(),
            store: node.store().clone(),
            archive: node.records().archive,
            ingest: Ingest::new(ingest, node.commit_progress()),
            saved: config.texts("filters"),
            zone: options.zone.clone(),
        });
        let serving = runtime.spawn(listeners.serve(hub.clone(), routes::router(hub.clone()), over_tcp));
        runtime.spawn(supervise::again("channels", hub.clone(), crate::channel_news::run));
        runtime.spawn(crate::auth_watch::run(hub.clone()));
        node.start_sensors();
        let stopped = Arc::new(AtomicBool::new(false));
        let pump = std::thread::Builder::new()
            .name("server-pump".into())
            .spawn({
                let (hub, stopped) = (hub.clone(), stopped.clone());
                move || {
                    if let Err(panicked) = catch(|| pump(node, &hub, &stopped)) {
                        hub.fail("the thread that hands on frames", &panicked);
                    }
                }
            })
            .map_err(|error| failed("a thread could not be started", error))?;
        Ok(Server {
            hub,
            runtime: Some(runtime),
            serving: Some(serving),
            pump: Some(pump),
            stopped,
            urls,
            first_password,
            few,
            told: supervise::Told::default(),
        })
    }

    /// The addresses that are served, as URLs.
    pub fn urls(&self) -> &[String] {
        &self.urls
    }

    /// The password of the user `admin`, when this start has made that user. It is kept nowhere else.
    pub fn first_password(&self) -> Option<&str> {
        self.first_password.as_deref()
    }

    /// The engine, or what takes connections, has ended by itself, which they do only when they fail.
    pub fn has_failed(&self) -> bool {
        let pump = self.pump.as_ref().is_some_and(JoinHandle::is_finished);
        pump || self.serving.as_ref().is_some_and(tokio::task::JoinHandle::is_finished)
    }

    /// Lines about what is not as it was asked for, each once: a file that is waited for, one that cannot be read, places
    /// for connections that the process has no descriptors for.
    pub fn news(&mut self) -> Vec<String> {
        let metrics = self.hub.views().metrics;
        let of_sources = metrics.map_or_else(Vec::new, |metrics| self.told.news(&metrics.sources));
        self.few.take().into_iter().chain(of_sources).collect()
    }

    /// Closes every connection, with 1012 when it is only for a restart, and stops the engine.
    pub fn stop(&mut self, restart: bool) {
        self.hub.end(if restart { Phase::Restarting } else { Phase::Stopping });
        if let (Some(runtime), Some(serving)) = (&self.runtime, self.serving.take()) {
            // A panic in it has been told; see `supervise::tell`.
            let _ = runtime.block_on(serving);
        }
        self.stopped.store(true, Ordering::Relaxed);
        if let Some(pump) = self.pump.take() {
            // The same of the engine.
            let _ = pump.join();
        }
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_timeout(Duration::from_secs(1));
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if self.pump.is_some() {
            self.stop(false);
        }
    }
}

/// Hands on what the engine says until the server stops, then stops the engine. An engine that fails ends it.
fn pump(mut node: Node, hub: &Hub, stopped: &AtomicBool) {
    while !stopped.load(Ordering::Relaxed) {
        for frame in node.handle().frames(Duration::from_millis(100)) {
            hub.publish(frame);
        }
        if let Some(panicked) = node.handle().failure() {
            hub.fail("the engine", &panicked);
            break;
        }
    }
    node.stop();
}

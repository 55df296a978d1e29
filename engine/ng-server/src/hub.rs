//! What all connections share: the latest views, the way to the engine, the feeds, the clients, and what was counted.

use crate::auth::{Auth, Identity, Right};
use crate::bodies::Budget;
use crate::channel_news::ChannelNews;
use crate::clients::Clients;
use crate::clock;
use crate::error::ApiError;
use crate::feed::Feeds;
use crate::forms::native;
use crate::ingest::Ingest;
use crate::meters::Meters;
use crate::settings::ServerSettings;
use crate::supervise;
use crate::ws::ReconnectionTokens;
use ng_core::event_loop::{EngineHandle, SubmitError};
use ng_core::store::Shared;
use ng_filter::{Env, Filter};
use ng_model::supervise::Panicked;
use ng_model::zone::Zone;
use ng_node::history::Archive;
use ng_wire::{
    AlertView, Command, ConstitutionView, ErrorCode, FeedbackView, Frame, GuardianView, IncidentsView, MetricsView,
    ModuleStatus, ModuleView, Request, Welcome,
};
use parking_lot::RwLock;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tokio::sync::{Semaphore, broadcast, watch};
use tokio_tungstenite::tungstenite::Message;

/// News that wait for a client; who is further behind misses views, which later ones replace.
const NEWS: usize = 256;
/// Pages of records that are made at a time. The answer may be several times as long as the records, and is held twice.
const PAGES: usize = 2;
/// Longest time for which the answer to a command waits until the views show what it changed.
const VIEWS_WAIT: Duration = Duration::from_secs(1);

/// The latest views; absent until the engine has told them.
#[derive(Clone, Debug, Default)]
pub struct Views {
    /// The modules, in the order of the pipeline.
    pub modules: Arc<Vec<ModuleView>>,
    /// Guardian.
    pub guardian: Option<Arc<GuardianView>>,
    /// The constitution.
    pub constitution: Option<Arc<ConstitutionView>>,
    /// Feedback.
    pub feedback: Option<Arc<FeedbackView>>,
    /// Incidents and silences.
    pub incidents: Option<Arc<IncidentsView>>,
    /// The alert rules.
    pub alerts: Arc<Vec<AlertView>>,
    /// Throughput, queues, sources.
    pub metrics: Option<Arc<MetricsView>>,
}

/// A frame for every client, written once in each encoding.
#[derive(Clone, Debug)]
pub struct News {
    /// What it says.
    pub frame: Arc<Frame>,
    /// As a text message.
    pub json: Message,
    /// As a binary message.
    pub message_pack: Message,
}

impl News {
    /// Writes a frame in both encodings.
    pub fn of(frame: Frame) -> Self {
        News { json: native::json(&frame), message_pack: native::message_pack(&frame), frame: Arc::new(frame) }
    }
}

/// How the server stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// The engine has not told its views yet.
    Starting,
    /// Everything works.
    Running,
    /// Connections are being closed, because the server ends.
    Stopping,
    /// The same, because it is started again.
    Restarting,
}

/// The shared state of the server.
pub struct Hub {
    /// Name of this run of the engine.
    pub run: String,
    /// Name of this host.
    pub host: String,
    /// When the server started.
    pub started: Instant,
    /// The settings.
    pub settings: ServerSettings,
    /// The engine.
    pub access: EngineHandle,
    /// The ring.
    pub store: Shared,
    /// History on disk; none where none is kept.
    pub archive: Option<Arc<Archive>>,
    /// Users, keys, credentials.
    pub auth: Auth,
    /// Streams of records.
    pub feeds: Arc<Feeds>,
    /// Who is connected.
    pub clients: Clients,
    /// The events of channels.
    pub channel_news: ChannelNews,
    /// Sessions that can be gone on with.
    pub tokens: ReconnectionTokens,
    /// The way in for events.
    pub ingest: Ingest,
    /// Bytes that bodies of requests may hold, and messages that are not whole.
    pub bodies: Arc<Budget>,
    /// Bytes that answers may hold until they are taken.
    pub answers: Arc<Budget>,
    /// Pages of records that are made at a time.
    pub pages: Arc<Semaphore>,
    /// What the server counts.
    pub meters: Meters,
    views: RwLock<Views>,
    /// Parts of the server, and the engine, that have ended by a panic, with what it said.
    failed: RwLock<BTreeMap<&'static str, String>>,
    news: broadcast::Sender<News>,
    phase: watch::Sender<Phase>,
    saved: BTreeMap<String, String>,
    zone: Zone,
    last_id: AtomicU64,
}

/// What a hub is made of.
pub struct Parts {
    /// The settings.
    pub settings: ServerSettings,
    /// The engine.
    pub access: EngineHandle,
    /// The ring.
    pub store: Shared,
    /// History on disk; none where none is kept.
    pub archive: Option<Arc<Archive>>,
    /// Users, keys, credentials.
    pub auth: Auth,
    /// The way in for events.
    pub ingest: Ingest,
    /// Saved filters.
    pub saved: BTreeMap<String, String>,
    /// The zone of times that state none.
    pub zone: Zone,
}

impl Hub {
    /// A hub of an engine that was just started.
    pub fn new(parts: Parts) -> Arc<Hub> {
        let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
        Arc::new(Hub {
            run: crate::random::hex::<8>(),
            feeds: Feeds::new(parts.access.clone(), parts.store.clone(), host.clone()),
            host,
            started: Instant::now(),
            clients: Clients::default(),
            channel_news: ChannelNews::default(),
            tokens: ReconnectionTokens::default(),
            bodies: Budget::of_bodies(parts.settings.bodies_bytes, parts.settings.bodies_bytes_anonymous),
            answers: Budget::of_answers(parts.settings.answers_bytes),
            pages: Arc::new(Semaphore::new(PAGES)),
            meters: Meters::default(),
            settings: parts.settings,
            access: parts.access,
            store: parts.store,
            archive: parts.archive,
            auth: parts.auth,
            ingest: parts.ingest,
            views: RwLock::default(),
            failed: RwLock::default(),
            news: broadcast::channel(NEWS).0,
            phase: watch::channel(Phase::Starting).0,
            saved: parts.saved,
            zone: parts.zone,
            last_id: AtomicU64::new(0),
        })
    }

    /// Takes in what the engine says, and tells the clients.
    pub fn publish(&self, frame: Frame) {
        {
            let mut views = self.views.write();
            match &frame {
                Frame::Modules(modules) => views.modules = Arc::new(modules.clone()),
                Frame::Guardian(guardian) => views.guardian = Some(Arc::new(guardian.clone())),
                Frame::Constitution(constitution) => views.constitution = Some(Arc::new(constitution.clone())),
                Frame::Feedback(feedback) => views.feedback = Some(Arc::new(feedback.clone())),
                Frame::Incidents(incidents) => views.incidents = Some(Arc::new(incidents.clone())),
                Frame::Alerts(alerts) => views.alerts = Arc::new(alerts.clone()),
                Frame::Metrics(metrics) => views.metrics = Some(Arc::new(metrics.clone())),
                _ => {}
            }
            if views.metrics.is_some() {
                self.phase.send_if_modified(|phase| {
                    let starts = *phase == Phase::Starting;
                    if starts {
                        *phase = Phase::Running;
                    }
                    starts
                });
            }
        }
        // Nobody may be there to hear it.
        let _ = self.news.send(News::of(frame));
    }

    /// The latest views.
    pub fn views(&self) -> Views {
        self.views.read().clone()
    }

    /// Notes that a part has failed, for as long as it does not run again.
    pub fn fail(&self, part: &'static str, panicked: &Panicked) {
        self.failed.write().insert(part, format!("{part} failed: {panicked}"));
    }

    /// A part that failed runs again.
    pub fn recover(&self, part: &'static str) {
        self.failed.write().remove(part);
    }

    /// What has failed and does not run at present: sensors, the engine, parts of the server.
    pub fn failures(&self) -> Vec<String> {
        let metrics = self.views().metrics;
        let mut failures = metrics.map_or_else(Vec::new, |metrics| supervise::failures(&metrics.sources));
        failures.extend(self.failed.read().values().cloned());
        failures
    }

    /// It runs, but not all of it as it should.
    pub fn is_degraded(&self) -> bool {
        let is_wrong = |module: &ModuleView| module.status == ModuleStatus::Error;
        self.views().modules.iter().any(is_wrong) || !self.failures().is_empty()
    }

    /// The latest views as frames, for a client that has just come.
    pub fn snapshot(&self) -> Vec<Frame> {
        let views = self.views();
        let mut frames = vec![Frame::Modules((*views.modules).clone()), Frame::Alerts((*views.alerts).clone())];
        frames.extend(views.guardian.map(|guardian| Frame::Guardian((*guardian).clone())));
        frames.extend(views.constitution.map(|constitution| Frame::Constitution((*constitution).clone())));
        frames.extend(views.feedback.map(|feedback| Frame::Feedback((*feedback).clone())));
        frames.extend(views.incidents.map(|incidents| Frame::Incidents((*incidents).clone())));
        frames.extend(views.metrics.map(|metrics| Frame::Metrics((*metrics).clone())));
        frames
    }

    /// Everything that the engine says from here on.
    pub fn news(&self) -> broadcast::Receiver<News> {
        self.news.subscribe()
    }

    /// How the server stands, and how it will.
    pub fn phase(&self) -> watch::Receiver<Phase> {
        self.phase.subscribe()
    }

    /// Says that the server ends.
    pub fn end(&self, phase: Phase) {
        self.phase.send_replace(phase);
    }

    /// What filters are compiled against now.
    pub fn env(&self) -> Env {
        Env { saved: self.saved.clone(), now_ns: clock::now_ns(), zone: self.zone.clone() }
    }

    /// Compiles a filter; the refusal names the column.
    pub fn filter(&self, text: &str) -> Result<Filter, ApiError> {
        Filter::compile(text, &self.env()).map_err(|error| {
            ApiError::bad_request(format!("filter, {error}")).details(serde_json::json!({ "column": error.column }))
        })
    }

    /// Carries out a command in the name of a client, and waits for the engine's answer, which it returns, and until the
    /// views show it. Refuses clients that have not the right to it, whichever way the command came.
    pub async fn command(&self, identity: &Identity, command: Command) -> Result<Option<String>, ApiError> {
        identity.require(Right::for_command(&command))?;
        let (tell, told) = tokio::sync::oneshot::channel();
        let id = self.last_id.fetch_add(1, Ordering::Relaxed) + 1;
        let request = Request { id, actor: identity.name().to_owned(), command };
        // Whoever asked may have gone.
        let reply = Box::new(move |frame| drop(tell.send((frame, clock::now_ns()))));
        let news = self.news();
        self.access.request(request, reply).map_err(|untaken| match untaken {
            SubmitError::Busy => ApiError::not_ready("the engine is behind with commands"),
            SubmitError::Disconnected => ApiError::not_ready("the engine is stopping"),
        })?;
        match told.await {
            Ok((Frame::Error { code, message, .. }, _)) => Err(ApiError::of_command(code, message)),
            Ok((answer, answered_ns)) => {
                // The engine tells its views right after the answer. One that does not is behind, not wrong.
                let _ = tokio::time::timeout(VIEWS_WAIT, shown(news, answered_ns)).await;
                Ok(if let Frame::Result { message, .. } = answer { message } else { None })
            }
            Err(_) => Err(ApiError::not_ready("the engine is stopping")),
        }
    }

    /// Records an event of the server itself.
    pub async fn note(&self, kind: &str, level: &str, message: String, more: serde_json::Value) {
        let mut note = serde_json::json!({ "type": kind, "level": level, "message": message });
        if let (Some(note), serde_json::Value::Object(more)) = (note.as_object_mut(), more) {
            note.extend(more);
        }
        let access = self.access.clone();
        // The engine may be stopping, and then nobody reads notes any more.
        let _ = tokio::task::spawn_blocking(move || access.note(note.to_string())).await;
    }

    /// The first frame for a client on the engine's own protocol.
    pub fn welcome(&self, identity: &Identity) -> Welcome {
        let (first_seq, next_seq) = {
            let store = self.store.lock();
            (store.first_seq(), store.next_seq())
        };
        Welcome {
            proto: ng_wire::PROTO,
            version: env!("CARGO_PKG_VERSION").into(),
            host: self.host.clone(),
            run: self.run.clone(),
            first_seq,
            next_seq,
            server_time: clock::now_ns(),
            user: identity.user.clone(),
            role: identity.role,
            rights: identity.rights().into_iter().map(crate::auth::Right::name).collect(),
            durability: self.ingest.durability(),
            limits: self.settings.limits,
        }
    }
}

/// Waits for views that were taken at this time or later.
async fn shown(mut news: broadcast::Receiver<News>, since_ns: i64) {
    loop {
        match news.recv().await {
            Ok(News { frame, .. }) => match &*frame {
                // The last one of each round.
                Frame::Metrics(metrics) if metrics.time_ns >= since_ns => return,
                _ => {}
            },
            Err(broadcast::error::RecvError::Lagged(_)) => {}
            Err(broadcast::error::RecvError::Closed) => return,
        }
    }
}

/// Waits until the server ends.
pub async fn ended(phase: &mut watch::Receiver<Phase>) -> Phase {
    // The hub outlives its connections; without one there is nothing left to serve.
    phase
        .wait_for(|phase| matches!(phase, Phase::Stopping | Phase::Restarting))
        .await
        .map_or(Phase::Stopping, |phase| *phase)
}

/// The code of the engine's own protocol for a refusal.
pub fn error_code(error: &ApiError) -> ErrorCode {
    match error.code {
        "BAD_JSON" => ErrorCode::BadJson,
        "UNKNOWN_TYPE" => ErrorCode::UnknownType,
        "UNKNOWN_CHANNEL" => ErrorCode::UnknownChannel,
        "FORBIDDEN" | "UNAUTHORIZED" => ErrorCode::Forbidden,
        "RATE_LIMITED" => ErrorCode::RateLimited,
        "TOO_LARGE" => ErrorCode::TooLarge,
        "NOT_READY" => ErrorCode::NotReady,
        "CONFLICT" => ErrorCode::Conflict,
        "INTERNAL" => ErrorCode::Internal,
        _ => ErrorCode::BadRequest,
    }
}

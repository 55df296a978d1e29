"""Types of what crosses the border to the engine. GENERATED from schema/wire.schema.json by `make schema`."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct

SettingValue = bool | int | float | str | list[str]


class ActionDone(Struct, omit_defaults=True):
    """An action of an alert rule that was performed."""

    time_ns: int
    rule: str
    action: str
    status: ActionStatus
    took_us: float
    about: int | None = None
    error: str | None = None


class ActionStatus(StrEnum):
    """How an action ended."""

    COMPLETED = "completed"
    FAILED = "failed"


class AlertGroup(Struct, omit_defaults=True):
    """A group of the events of an alert rule, which has a state of its own."""

    key: str
    state: AlertState
    count: int
    first_seq: int | None = None
    last_seq: int | None = None
    since_ns: int | None = None
    timeline: Timeline | None = None


class AlertState(StrEnum):
    """The state of an alert rule."""

    INACTIVE = "inactive"
    PENDING = "pending"
    FIRING = "firing"
    RESOLVED = "resolved"


class AlertView(Struct, omit_defaults=True):
    """One alert rule."""

    name: str
    rule: str
    state: AlertState
    level: Level
    count: int
    fired: int
    groups: list[AlertGroup] | None = None
    groups_left_out: int = 0
    held_back: int = 0
    inhibited_by: str | None = None
    last_seq: int | None = None
    since_ns: int | None = None


class Amendment(Struct, omit_defaults=True):
    """A change of the constitution, with everything that held after it."""

    version: int
    on_trial: bool
    time_ns: int
    actor: str
    kind: AmendmentKind
    profile: str
    weights: list[float]
    rules: dict[str, SettingValue]
    changes: list[str]
    measured: Measured | None = None
    of_version: int | None = None
    seconds: int | None = None


class AmendmentKind(StrEnum):
    """What an amendment was."""

    WEIGHTS = "weights"
    PROFILE = "profile"
    RULES = "rules"
    ROLL_BACK = "roll_back"
    TRIAL_STARTED = "trial_started"
    TRIAL_KEPT = "trial_kept"
    TRIAL_REVERTED = "trial_reverted"


class SetModuleCommand(Struct, omit_defaults=True):
    """Switches a module on or off. Takes effect with the next batch."""

    module: str
    enabled: bool


class ConfigureCommand(Struct, omit_defaults=True):
    """Changes settings of a module. Refused whole if one value is refused."""

    module: str
    values: dict[str, SettingValue]


class SetLearningCommand(Struct, omit_defaults=True):
    """Freezes what is remembered of a source as a baseline, or lets it learn again."""

    source: str
    learning: bool
    future: bool | None = None


class SetRuleModeCommand(Struct, omit_defaults=True):
    """Sets a rule of Guardian to observe or enforce."""

    rule: str
    mode: Mode


class SetWeightsCommand(Struct, omit_defaults=True):
    """Sets the weights of the eight dimensions; only their proportions count. While a trial runs, those on
    trial.
    """

    weights: list[float]
    profile: str | None = None


class SwitchProfileCommand(Struct, omit_defaults=True):
    """Takes the weights of a profile. While a trial runs, for the trial."""

    profile: str


class RollBackCommand(Struct, omit_defaults=True):
    """Takes weights and rules of an earlier version up again, as a new version."""

    version: int


class StartTrialCommand(Struct, omit_defaults=True):
    """Tries weights for a time; they are taken back at its end, and when the engine is started again."""

    seconds: int
    profile: str | None = None
    weights: list[float] | None = None


class StopTrialCommand(Struct, omit_defaults=True):
    """Ends the trial that runs."""

    keep: bool


class GiveFeedbackCommand(Struct, omit_defaults=True):
    """Says what an event was worth, which moves the alert threshold of its pattern or stream."""

    seq: int
    verdict: Feedback


class UndoFeedbackCommand(Struct, omit_defaults=True):
    """Takes feedback back; what else was said of the same pattern or stream holds."""

    number: int


class SilenceCommand(Struct, omit_defaults=True):
    """Holds back what is said of something for a time: it joins no incident and no alert rule acts on it."""

    target: SilenceTarget
    seconds: int
    reason: str | None = None


class ExpireSilenceCommand(Struct, omit_defaults=True):
    """Ends a silence before its time."""

    number: int


class Command(Struct, omit_defaults=True):
    """Everything a client may ask of the engine. Exactly one field is set."""

    set_module: SetModuleCommand | None = None
    configure: ConfigureCommand | None = None
    set_learning: SetLearningCommand | None = None
    set_rule_mode: SetRuleModeCommand | None = None
    set_weights: SetWeightsCommand | None = None
    switch_profile: SwitchProfileCommand | None = None
    roll_back: RollBackCommand | None = None
    start_trial: StartTrialCommand | None = None
    stop_trial: StopTrialCommand | None = None
    give_feedback: GiveFeedbackCommand | None = None
    undo_feedback: UndoFeedbackCommand | None = None
    silence: SilenceCommand | None = None
    expire_silence: ExpireSilenceCommand | None = None


class ConstitutionView(Struct, omit_defaults=True):
    """The constitution as it is shown."""

    version: int
    profile: str
    weights: list[WeightView]
    history: list[Amendment]
    profiles: list[ProfileView]
    trial: TrialView | None = None


class Detection(Struct, omit_defaults=True):
    """How new and how anomalous an event is. Numbers are absent when the event was not scored."""

    state: Scoring
    features: list[Feature]
    is_novel: bool
    is_alert: bool
    channels: list[ScoreChannel]
    why: str
    anomaly_score: float | None = None
    encoder: str | None = None
    event_surprise: float | None = None
    field: str | None = None
    finding: Finding | None = None
    nearest: int | None = None
    novelty: float | None = None
    pattern: int | None = None
    shares: list[float] | None = None
    strength: float | None = None
    surprise: float | None = None
    usual: list[float] | None = None


class Durability(StrEnum):
    """How long the engine keeps what it accepted."""

    MEMORY = "memory"
    DISK = "disk"


class Effect(Struct, omit_defaults=True):
    """How often something was found."""

    seconds: float
    rejected_per_min: float
    alerts_per_min: float
    novel_per_min: float


class ErrorCode(StrEnum):
    """Stable codes of what was refused."""

    BAD_JSON = "BAD_JSON"
    BAD_REQUEST = "BAD_REQUEST"
    UNKNOWN_TYPE = "UNKNOWN_TYPE"
    UNKNOWN_CHANNEL = "UNKNOWN_CHANNEL"
    FORBIDDEN = "FORBIDDEN"
    RATE_LIMITED = "RATE_LIMITED"
    TOO_LARGE = "TOO_LARGE"
    NOT_READY = "NOT_READY"
    CONFLICT = "CONFLICT"
    INTERNAL = "INTERNAL"


class Feature(Struct, omit_defaults=True):
    """One named feature of the vector."""

    name: str
    value: float


class Feedback(StrEnum):
    """What an operator says of an event."""

    ACK = "ack"
    FALSE_ALARM = "false_alarm"


class FeedbackSubject(Struct, omit_defaults=True):
    """A pattern or stream whose threshold feedback has moved."""

    source: str
    subject: str
    offset: float
    latest: int
    pattern: int | None = None


class FeedbackView(Struct, omit_defaults=True):
    """Feedback as it is shown."""

    alert_threshold: float
    subjects: list[FeedbackSubject]
    judgements: list[Judgement]


class Finding(StrEnum):
    """What is unusual about the field of an event that says most."""

    RARE = "rare"
    NEW = "new"
    MORE_OFTEN = "more_often"
    FAR_OUT = "far_out"


class Format(StrEnum):
    """How the raw bytes of an event are to be read. Parsing raw bytes again with the same format gives the same
    event.
    """

    TEXT = "text"
    JSON = "json"
    METRIC = "metric"
    VECTOR = "vector"
    JOURNAL = "journal"
    NOTE = "note"


class ResultFrame(Struct, omit_defaults=True):
    """The command was carried out."""

    id: int
    message: str | None = None


class ErrorFrame(Struct, omit_defaults=True):
    """The command was refused."""

    id: int
    code: ErrorCode
    message: str


class Frame(Struct, omit_defaults=True):
    """One message to a client. Exactly one field is set."""

    hello: Welcome | None = None
    records: list[Record] | None = None
    packed: Packed | None = None
    gap: Gap | None = None
    modules: list[ModuleView] | None = None
    guardian: GuardianView | None = None
    constitution: ConstitutionView | None = None
    feedback: FeedbackView | None = None
    metrics: MetricsView | None = None
    alerts: list[AlertView] | None = None
    incidents: IncidentsView | None = None
    notice: Notice | None = None
    action: ActionDone | None = None
    result: ResultFrame | None = None
    error: ErrorFrame | None = None


class Gap(Struct, omit_defaults=True):
    """A hole in a stream; nothing is missing without one."""

    from_seq: int
    to_seq: int
    count: int
    reason: GapReason


class GapReason(StrEnum):
    """Why records are missing from a stream."""

    SLOW_CONSUMER = "slow_consumer"
    RETENTION = "retention"
    RATE_LIMITED = "rate_limited"
    CORRUPT = "corrupt"
    SOURCE_LOST = "source_lost"


class Gauge(Struct, omit_defaults=True):
    """A named number."""

    name: str
    value: float
    unit: Unit


class GuardianView(Struct, omit_defaults=True):
    """Guardian as a whole."""

    checked: int
    admitted: int
    flagged: int
    rejected: int
    rules: list[RuleView]


class Hello(Struct, omit_defaults=True):
    """The first frame of a client."""

    proto: int
    filter: str | None = None
    max_rate: int | None = None
    packed: bool = False
    resume_from: int | None = None
    run: str | None = None
    vectors: bool = False
    views_only: bool = False


class HistoryView(Struct, omit_defaults=True):
    """History on disk."""

    events: int
    bytes: int
    files: int
    behind: int
    lost: int
    unreadable: int
    commit_p50_ms: float | None = None
    commit_p99_ms: float | None = None
    durable_seq: int | None = None
    since_ns: int | None = None
    trouble: str | None = None


class Hit(Struct, omit_defaults=True):
    """The objection that decided a verdict."""

    rule: str
    clause: str
    observed: float
    limit: float


class IncidentView(Struct, omit_defaults=True):
    """What is unusual at about the same time, in all sources."""

    number: int
    started_ns: int
    last_ns: int
    is_over: bool
    times: int
    count: int
    sources: int
    lead: int
    symptoms: list[Symptom]
    left_out: int
    timeline: Timeline | None = None


class IncidentsView(Struct, omit_defaults=True):
    """What a person is to look at."""

    incidents: list[IncidentView]
    told: int
    silences: list[SilenceView]


class Judgement(Struct, omit_defaults=True):
    """Feedback that was given and not undone."""

    number: int
    first: int
    time_ns: int
    actor: str
    seq: int
    source: str
    subject: str
    verdict: Feedback
    strength: float
    alert_threshold: float
    before: float
    after: float


class Kind(StrEnum):
    """What a setting accepts."""

    BOOL = "bool"
    INT = "int"
    FLOAT = "float"
    TEXT = "text"
    CHOICE = "choice"
    FILTER = "filter"
    LIST = "list"


class LastError(Struct, omit_defaults=True):
    """The latest error of something."""

    time_ns: int
    text: str


class Level(StrEnum):
    """Severity of an event. The order of the variants is the order of comparison: Warn < Error."""

    TRACE = "trace"
    DEBUG = "debug"
    INFO = "info"
    NOTICE = "notice"
    WARN = "warn"
    ERROR = "error"
    FATAL = "fatal"


class Limits(Struct, omit_defaults=True):
    """The limits of a connection."""

    message_bytes: int
    frame_bytes: int
    behind_soft_bytes: int
    behind_hard_bytes: int
    ping_s: int


class Measured(Struct, omit_defaults=True):
    """What a trial does, beside what was before it."""

    before: Effect | None = None
    during: Effect | None = None


class MetricsView(Struct, omit_defaults=True):
    """Throughput, latency, queues and sources."""

    time_ns: int
    uptime_s: float
    events_per_s: float
    novel_per_min: float
    rejected_per_min: float
    alerts_per_min: float
    dropped: int
    ring: RingView
    stages: list[StageView]
    queues: list[QueueView]
    sources: list[SourceView]
    subscriptions: list[SubscriptionView]
    gauges: list[Gauge]
    history: HistoryView | None = None
    learning_per_min: float = 0.0


class Mode(StrEnum):
    """What a rule does when it objects."""

    OBSERVE = "observe"
    ENFORCE = "enforce"


class ModuleStatus(StrEnum):
    """The state of a module."""

    ACTIVE = "active"
    DISABLED = "disabled"
    ERROR = "error"


class ModuleView(Struct, omit_defaults=True):
    """One module of the engine."""

    id: str
    term: str
    summary: str
    status: ModuleStatus
    enabled: bool
    can_disable: bool
    disable_warning: str
    dependents: list[str]
    operations: int
    rate: float
    errors: int
    gauges: list[Gauge]
    settings: list[Setting]
    values: dict[str, SettingValue]
    last_error: LastError | None = None
    p50_us: float | None = None
    p95_us: float | None = None
    p99_us: float | None = None


class Neighbour(Struct, omit_defaults=True):
    """One of the nearest records in the ring."""

    seq: int
    distance: float
    similarity: float
    text: str


class Notice(Struct, omit_defaults=True):
    """A message for the person at the console."""

    time_ns: int
    level: Level
    origin: str
    text: str


class Offender(Struct, omit_defaults=True):
    """The latest event that a rule objected to."""

    seq: int
    time_ns: int
    source: str
    clause: str
    observed: float
    limit: float


class Outcome(StrEnum):
    """What Guardian concluded."""

    ADMIT = "admit"
    FLAG = "flag"
    REJECT = "reject"


class Packed(Struct, omit_defaults=True):
    """Records in the order of seq, and the names that they are the first to use."""

    names_from: int
    names: list[str]
    records: list[PackedRecord]


class PackedDetection(Struct, omit_defaults=True):
    """Novelty and anomaly."""

    s: Scoring
    a: bool | None = None
    b: int | None = None
    c: list[float] | None = None
    d: PackedField | None = None
    e: int | None = None
    g: float | None = None
    h: list[float] | None = None
    n: bool | None = None
    p: int | None = None
    q: list[float] | None = None
    u: float | None = None
    v: list[float] | None = None
    w: float | None = None
    y: float | None = None


class PackedField(Struct, omit_defaults=True):
    """The field that says most."""

    p: int
    f: Finding


class PackedRecord(Struct, omit_defaults=True):
    """One record."""

    s: int
    r: int
    k: int
    c: int
    d: list[int]
    f: Format | None = None
    g: PackedVerdict | None = None
    l: Level | None = None
    n: int | None = None
    t: int | None = None
    u: Unit | None = None
    v: float | None = None
    x: PackedDetection | None = None


class PackedVerdict(Struct, omit_defaults=True):
    """Guardian's conclusion."""

    o: Outcome
    r: int
    c: int
    a: list[int]
    f: float
    l: float


class PatternCount(Struct, omit_defaults=True):
    """How often one pattern occurred since a place in the stream. Texts have passed the sanitiser."""

    source: str
    pattern: int
    count: int
    is_new: bool
    alerts: int
    worst: Level
    first_seq: int
    last_seq: int
    last_ns: int
    recent: list[int]
    text: str


class PatternLink(Struct, omit_defaults=True):
    """A pattern that follows or precedes another in their source."""

    pattern: int
    count: int
    share: float
    mean_delay_s: float
    template: str | None = None


class PatternView(Struct, omit_defaults=True):
    """Everything that the engine knows of one pattern. Texts are not sanitised."""

    pattern: int
    source: str
    template: str
    example: str
    count: int
    rate: float
    first_seq: int
    first_ns: int
    last_seq: int
    last_ns: int
    successors: list[PatternLink]
    predecessors: list[PatternLink]


class ProfileView(Struct, omit_defaults=True):
    """A set of weights with a name."""

    name: str
    summary: str
    weights: list[float]
    evolution_rate: float | None = None
    max_change: float | None = None
    plasticity: float | None = None


class QueueView(Struct, omit_defaults=True):
    """A bounded queue."""

    name: str
    len: int
    capacity: int
    dropped: int


class Record(Struct, omit_defaults=True):
    """One event with the engine's conclusions."""

    seq: int
    time_ns: int
    received_ns: int
    type: str
    source: str
    level: Level
    format: Format
    text: str
    unit: Unit
    attrs: dict[str, str]
    verdict: Verdict
    detection: Detection
    declared: str | None = None
    raw: str | None = None
    raw_base64: str | None = None
    value: float | None = None


class RecordDetail(Struct, omit_defaults=True):
    """Everything the detail pane shows of one record. Texts are safe to display."""

    record: Record
    neighbours: list[Neighbour]
    rules: list[RuleStep]
    template: str | None = None


class Request(Struct, omit_defaults=True):
    """A command with the number under which it is answered."""

    id: int
    actor: str
    command: Command


class RingView(Struct, omit_defaults=True):
    """The ring of recent records."""

    capacity: int
    first_seq: int
    next_seq: int
    bytes: int
    earlier: int = 0
    records: int | None = None
    samples: int = 0
    since_ns: int | None = None
    thinned: int = 0


class Role(StrEnum):
    """What a client may do, from the most to the least."""

    ADMIN = "admin"
    DEVELOPER = "developer"
    VIEWER = "viewer"
    BOT = "bot"
    ANONYMOUS = "anonymous"


class Row(Struct, omit_defaults=True):
    """One line of the tail. Texts have passed the sanitiser."""

    seq: int
    time_ns: int
    level: Level
    type: str
    source: str
    outcome: Outcome
    state: Scoring
    novelty: float
    anomaly: float
    is_novel: bool
    is_alert: bool
    text: str
    gap: int | None = None
    more_lines: int = 0
    pattern: int | None = None


class RuleStep(Struct, omit_defaults=True):
    """One rule's answer about one event, for the explain view."""

    rule: str
    objected: bool
    decided: bool


class RuleView(Struct, omit_defaults=True):
    """One rule of the constitution."""

    name: str
    summary: str
    mode: Mode
    terms: str
    hits: int
    rejects: int
    last: Offender | None = None


class ScoreChannel(Struct, omit_defaults=True):
    """One channel's share of the surprise."""

    name: str
    share: float


class Scoring(StrEnum):
    """Whether and how an event was scored."""

    UNSCORED = "unscored"
    SKIPPED = "skipped"
    UNENCODED = "unencoded"
    LEARNING = "learning"
    SCORED = "scored"


class Setting(Struct, omit_defaults=True):
    """The description of one setting."""

    key: str
    kind: Kind
    default: SettingValue
    choices: list[str]
    unit: str
    summary: str
    max: float | None = None
    min: float | None = None


class Silence(Struct, omit_defaults=True):
    """A silence, as it is kept."""

    number: int
    subject: SilenceSubject
    since_ns: int
    until_ns: int
    actor: str
    reason: str


class PatternSilenceSubject(Struct, omit_defaults=True):
    """What is said of the events of a pattern. Those unlike anything remembered are told all the same."""

    source: str
    text: str
    level: Level | None = None


class RuleSilenceSubject(Struct, omit_defaults=True):
    """What an alert rule says."""

    rule: str


class FilterSilenceSubject(Struct, omit_defaults=True):
    """What is said of the events that pass a filter."""

    filter: str


class SilenceSubject(Struct, omit_defaults=True):
    """What is held back. Exactly one field is set."""

    pattern: PatternSilenceSubject | None = None
    rule: RuleSilenceSubject | None = None
    filter: FilterSilenceSubject | None = None


class EventSilenceTarget(Struct, omit_defaults=True):
    """The pattern of an event."""

    seq: int


class RuleSilenceTarget(Struct, omit_defaults=True):
    """An alert rule."""

    rule: str


class FilterSilenceTarget(Struct, omit_defaults=True):
    """The events that pass a filter."""

    filter: str


class SilenceTarget(Struct, omit_defaults=True):
    """What a client asks to be held back. Exactly one field is set."""

    event: EventSilenceTarget | None = None
    rule: RuleSilenceTarget | None = None
    filter: FilterSilenceTarget | None = None


class SilenceView(Struct, omit_defaults=True):
    """A silence and what it did."""

    silence: Silence
    held_back: int
    told: int
    pattern: int | None = None


class SourceView(Struct, omit_defaults=True):
    """One source of readings."""

    name: str
    sensor: str
    enabled: bool
    ended: bool
    readings: int
    rate: float
    lost: int
    refused: int
    stale: bool
    last_error: LastError | None = None
    last_ok_ns: int | None = None
    stands_for: int | None = None
    trouble: Trouble | None = None


class StageView(Struct, omit_defaults=True):
    """Latency of one stage of the pipeline, from sampled events of the last minute."""

    name: str
    samples: int
    p50_us: float | None = None
    p95_us: float | None = None
    p99_us: float | None = None


class SubscriptionView(Struct, omit_defaults=True):
    """One subscription."""

    id: int
    filter: str
    delivered: int
    dropped: int
    len: int
    capacity: int


class Symptom(Struct, omit_defaults=True):
    """Symptoms of one kind, source and pattern within an incident."""

    kind: SymptomKind
    source: str
    level: Level
    count: int
    first_seq: int
    last_seq: int
    first_ns: int
    last_ns: int
    strength: float
    text: str
    why: str
    pattern: int | None = None


class SymptomKind(StrEnum):
    """What a symptom is."""

    ANOMALY = "anomaly"
    NEW_ERROR = "new_error"
    SILENCE = "silence"
    RATE = "rate"
    SESSION = "session"
    OVERDUE = "overdue"


class TallyView(Struct, omit_defaults=True):
    """The patterns of the stream since a place in it."""

    from_seq: int
    next_seq: int
    events: int
    alerts: int
    patterns: int
    new_patterns: int
    left_out: int
    missed: int
    span_s: int
    rows: list[PatternCount]


class Timeline(Struct, omit_defaults=True):
    """Events counted over time, in bins of equal length one after another."""

    start_ns: int
    bin_ns: int
    counts: list[int]


class Totals(Struct, omit_defaults=True):
    """Counters over a set of records."""

    records: int
    warnings: int
    errors: int
    novel: int
    alerts: int
    flagged: int
    rejected: int
    learning: int = 0


class TrialView(Struct, omit_defaults=True):
    """The trial that runs."""

    actor: str
    started_ns: int
    ends_ns: int
    returns_to: str
    returns_to_weights: list[float]
    before: Effect | None = None
    during: Effect | None = None


class Trouble(Struct, omit_defaults=True):
    """Why a source is not read, for as long as that is so."""

    kind: TroubleKind
    since_ns: int
    reason: str


class TroubleKind(StrEnum):
    """What would have to change before a source is read."""

    WAITING = "waiting"
    UNREADABLE = "unreadable"
    FAILED = "failed"


class Unit(StrEnum):
    """Unit of a measured value."""

    NONE = "none"
    PERCENT = "percent"
    BYTES = "bytes"
    BYTES_PER_SECOND = "bytes_per_second"
    PER_SECOND = "per_second"
    SECONDS = "seconds"
    COUNT = "count"
    CELSIUS = "celsius"


class Verdict(Struct, omit_defaults=True):
    """Guardian's conclusion about one event."""

    outcome: Outcome
    objections: list[str]
    hit: Hit | None = None


class ViewState(Struct, omit_defaults=True):
    """The state of a view after it caught up as far as its budget allowed."""

    first_seq: int
    next_seq: int
    earlier: int
    thinned: int
    recorded: int
    scanned_from: int
    scanned_to: int
    matched: int
    pruned: int
    totals: Totals


class WeightView(Struct, omit_defaults=True):
    """The weight of one dimension."""

    name: str
    value: float
    zone: Zone
    limit: float
    effect: float | None = None


class Welcome(Struct, omit_defaults=True):
    """The first frame of the engine."""

    proto: int
    version: str
    host: str
    run: str
    first_seq: int
    next_seq: int
    server_time: int
    role: Role
    rights: list[str]
    durability: Durability
    limits: Limits
    user: str | None = None


class Zone(StrEnum):
    """Where a weight stands in the range of its dimension."""

    SAFE = "safe"
    CAUTION = "caution"
    DANGER = "danger"
    BEYOND = "beyond"

"""Records of an engine that has read a few lines over and over, the same every time."""

from __future__ import annotations

import re

from ng_tui.client.wire import (
    Detection,
    Feature,
    Format,
    Hit,
    Level,
    Outcome,
    Record,
    ScoreChannel,
    Scoring,
    Unit,
    Verdict,
)

START_NS = 1_785_240_000_000_000_000
STEP_NS = 173_000_000
"""Between one record and the next."""

SCRIPT = (
    (Level.INFO, "log.auth", "sshd", "Accepted publickey for deploy from 10.2.0.14 port 52144 ssh2"),
    (Level.INFO, "log.web.access", "nginx", 'GET /api/v1/orders?page=3 200 18ms "okhttp/4.12"'),
    (Level.DEBUG, "log.app.cache", "orders", "cache miss key=customer:88213 took=3.1ms"),
    (Level.INFO, "metric.cpu.total", "host", "cpu.total=23.5 %"),
    (Level.WARN, "log.app.pool", "orders", "connection pool 90% full (45/50), waiting=3"),
    (Level.INFO, "log.web.access", "nginx", "POST /api/v1/orders 201 44ms"),
    (Level.ERROR, "log.app.payment", "payments", "charge failed: upstream timeout after 5000ms order=77120"),
    (Level.INFO, "log.kernel", "kernel", "eth0: link up, 1000Mbps, full-duplex"),
    (Level.NOTICE, "engine.note", "engine", "module intuition_engine finished its warm-up"),
)
"""The number of a line is the number of its pattern."""

FEATURES = (
    "template rarity",
    "rarest token",
    "mean token rarity",
    "severity",
    "since last",
    "transition rarity",
    "length",
    "digits",
)


def template(pattern: int) -> str:
    """The text of a pattern: what is the same in all its events."""
    return re.sub(r"\S*\d\S*", "<*>", SCRIPT[pattern][3])


def make_record(seq: int) -> Record:
    """The record of the script at a place. Every 41st is vetoed, every 29th flagged, and every 50th an alert."""
    pattern = seq % len(SCRIPT)
    level, topic, source, text = SCRIPT[pattern]
    outcome = Outcome.REJECT if seq % 41 == 17 else Outcome.FLAG if seq % 29 == 11 else Outcome.ADMIT
    return Record(
        seq=seq,
        time_ns=START_NS + seq * STEP_NS,
        received_ns=START_NS + seq * STEP_NS,
        type=topic,
        source=source,
        level=level,
        format=Format.METRIC if topic.startswith("metric.") else Format.TEXT,
        text=f"{text} #{seq}",
        unit=Unit.NONE,
        attrs={},
        verdict=verdict(outcome),
        detection=Detection(Scoring.UNSCORED, [], False, False, [], "")
        if outcome is Outcome.REJECT
        else detection(seq, pattern, level),
    )


def verdict(outcome: Outcome) -> Verdict:
    """What Guardian says; all but what is admitted came too fast."""
    if outcome is Outcome.ADMIT:
        return Verdict(outcome, [])
    return Verdict(outcome, ["rate_limit"], Hit("rate_limit", "rate", 812.0, 500.0))


def detection(seq: int, pattern: int, level: Level) -> Detection:
    """What the detectors say: errors are new and somewhat unusual, and alerts are very unusual."""
    is_alert = seq % 50 == 33
    novelty = 0.97 if level is Level.ERROR else (seq * 37 % 100) / 100
    surprise = 12.0 if is_alert else 3.8 if level is Level.ERROR else 0.4
    shares = (("template rarity", 0.6), ("severity", 0.3), ("transition rarity", 0.1))
    return Detection(
        state=Scoring.SCORED,
        encoder="text",
        # Events of a pattern are alike, and every fourth of them the same.
        features=[
            Feature(name, (pattern * (place + 3) * 7 % 10) / 10 + seq % 4 / 100) for place, name in enumerate(FEATURES)
        ],
        is_novel=novelty > 0.95,
        is_alert=is_alert,
        channels=[ScoreChannel(name, share * surprise) for name, share in shares],
        why="",
        novelty=novelty,
        surprise=surprise,
        strength=5.0 if is_alert else 1.0,
        pattern=pattern,
    )

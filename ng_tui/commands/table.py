"""All commands, each with what it does: the list of `--help` is printed from here, so that it imports none of them."""

from __future__ import annotations

from ng_tui.i18n import tr

COMMANDS: dict[str, str] = {
    "alerts": tr(
        "List incidents, alert rules and silences, or silence what is known; of the engine that serves, if one does."
    ),
    "config": tr("Make, show, check and find the configuration."),
    "connect": tr(
        "Show engines that run elsewhere: unix:PATH, http://HOST:PORT, https://HOST:PORT, ssh://[USER@]HOST, "
        "or the name of a profile; several in one console."
    ),
    "emit": tr(
        "Send events to the engine that serves: each TEXT is one, else standard input is read as a log is. While "
        "the engine is away, what was read waits, and is sent when it is there again; nothing is lost or told twice."
    ),
    "feedback": tr("List what was said of alerts and which thresholds it moved, or say it; of the engine that serves."),
    "formats": tr("List, show and test the notations of logs that are declared by a file."),
    "freeze": tr("Keep what is remembered of a source as its baseline: its events are scored and not learnt."),
    "guardian": tr(
        "List the rules with their counters, or set the mode of one; of the engine that serves, if one does."
    ),
    "history": tr("Say how much of events is on disk, check it, write it to a file, or take the oldest away."),
    "learn": tr("Let a source that was frozen learn again."),
    "modules": tr("List the modules with what they measure, or switch one; of the engine that serves, if one does."),
    "proxy": tr("Connect stdin and stdout with the engine of this host: what ssh://HOST runs over there."),
    "query": tr(
        "Print the newest records that pass FILTER, of those that the engine holds in memory and on disk, the oldest "
        "of them first; or how many there are."
    ),
    "record": tr("Write events and views to a file that replay shows again; - is stdout, .gz packs it."),
    "replay": tr("Show a recording in the console; without a terminal on stdout, as lines."),
    "score": tr(
        "Score every event of FILE with the engine that runs live, and print a row for each: index, score, novelty,"
        " is_novel, anomaly_score, alert, pattern, why. FILE may be - for standard input, and packed with gzip."
    ),
    "serve": tr(
        "Run an engine and serve it to consoles and programs, until SIGTERM or ctrl+c; "
        "SIGHUP ends it too and tells clients that it comes back."
    ),
    "tail": tr(
        "Print events as they come, one line each: of an engine of its own, which reads FILEs, folders and globs from "
        "their beginning when they are named, and follows them until ctrl+c, or of the one that --url names."
    ),
}
"""Each name is a module of `ng_tui.commands` with a click command named `command`, whose help this is."""

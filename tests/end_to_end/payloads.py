"""Hostile texts: what a log line, a field, a file name or a setting may hold to make a terminal or a widget obey.

None of the payloads holds a line feed; `SPLIT` are sequences cut in two, which arrive as two events.
"""

from __future__ import annotations

ESC, BEL, ST, CSI8, OSC8, DCS8, ST8 = b"\x1b", b"\x07", b"\x1b\\", b"\xc2\x9b", b"\xc2\x9d", b"\xc2\x90", b"\xc2\x9c"
CLIPBOARD = b"c3RvbGVu"  # "stolen"


def utf8(text: str) -> bytes:
    """The text as it stands in a log file."""
    return text.encode("utf-8", "surrogatepass")


CONTROL: list[tuple[str, bytes]] = [
    # Colours, cursor, screen and modes.
    ("csi-sgr", ESC + b"[31;5mred"),
    ("csi-clear", ESC + b"[2J" + ESC + b"[Hgone"),
    ("csi-scrollback", ESC + b"[3J"),
    ("csi-main-screen", ESC + b"[?1049l"),
    ("csi-mouse", ESC + b"[?1003h"),
    ("csi-cursor-position", ESC + b"[6n"),
    ("csi-device", ESC + b"[c" + ESC + b"[>c"),
    ("csi-title-report", ESC + b"[21t"),
    ("csi-resize", ESC + b"[8;1;1t"),
    ("csi-scroll-region", ESC + b"[1;2r"),
    ("csi-paste-mode", ESC + b"[?2004h"),
    ("csi-unfinished", b"tail " + ESC + b"[38;2;255"),
    ("csi-8-bit", CSI8 + b"2J" + CSI8 + b"31m"),
    ("csi-8-bit-byte", b"\x9b2J"),
    ("cursor-save-restore", ESC + b"7moved" + ESC + b"8"),
    ("reset", ESC + b"c"),
    ("soft-reset", ESC + b"[!p"),
    ("charset", ESC + b"(0lqqk" + ESC + b")0"),
    ("line-height", ESC + b"#3" + ESC + b"#8"),
    ("keypad", ESC + b"=" + ESC + b">"),
    ("escape-alone", ESC),
    ("escape-last", b"text" + ESC),
    # Operating system commands.
    ("osc-clipboard", ESC + b"]52;c;" + CLIPBOARD + BEL),
    ("osc-clipboard-st", ESC + b"]52;p;" + CLIPBOARD + ST),
    ("osc-clipboard-read", ESC + b"]52;c;?" + BEL),
    ("osc-clipboard-8-bit", OSC8 + b"52;c;" + CLIPBOARD + ST8),
    ("osc-clipboard-8-bit-byte", b"\x9d52;c;" + CLIPBOARD + b"\x9c"),
    ("osc-title", ESC + b"]0;owned" + BEL),
    ("osc-window-title", ESC + b"]2;owned" + ST),
    ("osc-link", ESC + b"]8;;http://evil.example/" + ST + b"click" + ESC + b"]8;;" + ST),
    ("osc-palette", ESC + b"]4;1;rgb:00/00/00" + BEL),
    ("osc-colour-query", ESC + b"]11;?" + BEL),
    ("osc-notify", ESC + b"]9;owned" + BEL + ESC + b"]777;notify;a;b" + BEL),
    ("osc-image", ESC + b"]1337;File=inline=1:AAAA" + BEL),
    ("osc-unfinished", b"x " + ESC + b"]0;owned"),
    ("osc-8-bit-unfinished", OSC8 + b"2;owned"),
    # Strings that a terminal swallows or passes on.
    ("dcs-sixel", ESC + b"Pq#0;2;0;0;0~~" + ST),
    ("dcs-query", ESC + b"P$qm" + ST + ESC + b"P+q544e" + ST),
    ("dcs-8-bit", DCS8 + b"q~~" + ST8),
    ("dcs-unfinished", ESC + b"Pq"),
    ("tmux-passthrough", ESC + b"Ptmux;" + ESC + ESC + b"]52;c;" + CLIPBOARD + BEL + ST),
    ("screen-passthrough", ESC + b"P" + ESC + b"]52;c;" + CLIPBOARD + BEL + ST),
    ("tmux-title", ESC + b"kowned" + ST),
    ("apc", ESC + b"_Gf=32;AAAA" + ST),
    ("apc-8-bit", b"\xc2\x9fGf=32;AAAA" + ST8),
    ("pm", ESC + b"^private" + ST),
    ("pm-8-bit", b"\xc2\x9eprivate" + ST8),
    ("sos", ESC + b"Xstring" + ST),
    ("sos-8-bit", b"\xc2\x98string" + ST8),
    # Single controls.
    ("overwrite", b"ERROR disk\rINFO fine "),
    ("backspace", b"denied\x08\x08\x08\x08\x08\x08granted"),
    ("nul", b"a\x00b"),
    ("delete", b"a\x7f\x7fb"),
    ("tab-feeds", b"a\x0bb\x0cc\td"),
    ("shift-out", b"\x0elqqk\x0f"),
    ("bell", BEL * 5),
    ("xoff", b"\x13stop\x11"),
    ("substitute", b"\x18\x1a"),
    ("every-c0", bytes(code for code in range(32) if code != 10)),
    ("every-c1", utf8("".join(map(chr, range(0x80, 0xA0))))),
    ("every-c1-byte", bytes(range(0x80, 0xA0))),
]
"""What a terminal obeys."""

UNICODE: list[tuple[str, bytes]] = [
    ("bidi-override", utf8("user\u202etxt.exe\u202c")),
    ("bidi-isolate", utf8("\u2066a\u2067b\u2068c\u2069")),
    ("bidi-marks", utf8("a\u200eb\u200fc\u061cd")),
    ("zero-width", utf8("pass\u200bword\u200c\u2060\ufeffx")),
    ("tags", utf8("x" + "".join(chr(0xE0000 + ord(char)) for char in "hidden"))),
    ("combining", b"z" + utf8("\u0301") * 10_000),
    ("joined-emoji", utf8("\U0001f468\u200d\U0001f469\u200d\U0001f467 \U0001f3f3\ufe0f\u200d\U0001f308 e\u200dx")),
    ("flags-skin", utf8("\U0001f1e9\U0001f1ea \U0001f44d\U0001f3fd \u2764\ufe0f")),
    ("private-use", utf8("\ue000\uf8ff\U000f0000\U0010fffd")),
    ("separators", utf8("one\u2028two\u2029three\x85four")),
    ("wide", utf8("日本語のログ " * 20)),
    ("no-characters", utf8("\ufffe\uffff\ufdd0\U0001fffe")),
    ("invalid", b"\xff\xfe\xc0 \xe2\x82"),
    ("overlong", b"\xc0\x9b\xe0\x82\x9b\xc1\x9b2J"),
    ("surrogates", utf8("\ud83d \udc00 \udc9b")),
    ("beyond", b"\xf4\x90\x80\x80\xf8\x88\x80\x80\x80"),
]
"""What a terminal draws otherwise than it reads."""

MARKUP: list[tuple[str, bytes]] = [
    ("markup-close", b"[/x] [/] [/foo]"),
    ("markup-open", b"[red"),
    ("markup-click", b"[@click=app.quit]x[/]"),
    ("markup-click-long", b"[@click=app.bell()]x[/@click=] [@mouse.down=app.quit]y[/]"),
    ("markup-index", b"user[admin] list[0] {a[b]}"),
    ("markup-escape", b"\\[ \\[bold] \\\\[red]"),
    ("markup-link", b"[link=http://evil.example]here[/link]"),
    ("markup-style", b"[bold red on blue]loud[/bold red on blue][reverse]"),
    ("markup-variable", b"[$error]x[/$error] $name ${name}"),
    ("markup-emoji", b":smile: :warning:"),
    ("braces", b"{curly} {0} {} {x!r:>{y}} {{"),
    ("percent", b"%s %n %(a)s 100%"),
    ("html", b"<b>bold</b><script>alert(1)</script> &lt;"),
    ("shell", b"$(touch /tmp/x) `id` '; rm -rf x; '"),
]
"""What a library or a careless format call would interpret."""

LONG = ("long-line", b"start \x1b]0;owned\x07 " + b"A" * (1 << 20))
"""One MiB with a sequence at its beginning."""

PAYLOADS: list[tuple[str, bytes]] = [*CONTROL, *UNICODE, *MARKUP]
"""Everything that is shown on one line."""

SPLIT: list[tuple[bytes, bytes]] = [
    (b"cut " + ESC, b"[2Jafter"),
    (b"cut " + ESC + b"[", b"?1049l"),
    (b"cut " + ESC + b"]52;c;", CLIPBOARD + BEL),
    (b"cut " + ESC + b"]0;ow", b"ned" + ESC + b"\\"),
    (b"cut \xc2", b"\x9b2J"),
    (b"cut " + ESC + b"P", b"tmux;" + ESC + ESC + b"[6n" + ST),
]
"""Sequences whose halves are two lines."""

"""The one function through which every text passes that a person reads.

Catalogues are gettext files under `locale/<code>/LC_MESSAGES/ng_tui.mo`; without one the English of the source stands.
"""

from __future__ import annotations

import gettext
from pathlib import Path

_LOCALE = Path(__file__).parent / "locale"
_catalogue: gettext.NullTranslations = gettext.NullTranslations()


def use_language(code: str) -> None:
    """Switches the language of later texts; a language without a catalogue is English."""
    global _catalogue
    _catalogue = gettext.translation("ng_tui", _LOCALE, [code], fallback=True)


def tr(message: str, /, **values: object) -> str:
    """The message in the chosen language, with `{name}` places filled from `values`."""
    text = _catalogue.gettext(message)
    return text.format(**values) if values else text


def ntr(one: str, many: str, count: int, /, **values: object) -> str:
    """The form of a message for `count` things, which it may show as `{count}`."""
    return _catalogue.ngettext(one, many, count).format(count=count, **values)

"""Themes: contrast, completeness, and what a broken file of the person leads to."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.color import Color

from ng_tui.theme import FOLDER, LIMIT, OURS, choose, load_themes
from tests.console.trial_console import console, settle

LOADED = load_themes()
TEXT = [name for name in OURS if not name.startswith("chart")] + ["foreground", "primary", "accent", "success"]


def luminance(colour: Color) -> float:
    """Relative luminance as WCAG 2 defines it."""

    def linear(value: int) -> float:
        part = value / 255
        return part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4

    return 0.2126 * linear(colour.r) + 0.7152 * linear(colour.g) + 0.0722 * linear(colour.b)


def contrast(first: Color, second: Color) -> float:
    """Contrast ratio, 1 to 21."""
    dark, bright = sorted((luminance(first), luminance(second)))
    return (bright + 0.05) / (dark + 0.05)


def test_there_are_six_and_all_load() -> None:
    assert not LOADED.problems
    assert {"night", "day", "high-contrast", "ansi-dark", "okabe-dark", "okabe-light"} <= set(LOADED.themes)
    assert len(list(FOLDER.glob("*.toml"))) == len(LOADED.themes)


@pytest.mark.parametrize("name", [name for name, theme in LOADED.themes.items() if not theme.ansi])
def test_every_text_can_be_read(name: str) -> None:
    theme = LOADED.themes[name]
    for colour in TEXT:
        value = Color.parse(theme.variables.get(colour) or getattr(theme, colour))
        for ground in (theme.background, theme.surface):
            assert ground is not None
            assert contrast(value, Color.parse(ground)) >= 4.5, (colour, ground)


GOOD = (FOLDER / "night.toml").read_text().replace('name = "night"', 'name = "mine"')


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (GOOD.replace('primary = "', 'primray = "'), "bad.toml:5: unknown key 'primray'"),
        (GOOD.replace('gap = "#d9a05f"', 'gap = "#zzz"'), "gap: not a colour: #zzz"),
        (GOOD.replace('name = "mine"', 'name = "../x"'), "name: small letters"),
        (GOOD.replace("dark = true", 'dark = "yes"'), "dark: true or false"),
        ("name = ", "bad.toml"),
        ("#" * (LIMIT + 1), f"larger than {LIMIT} bytes"),
    ],
)
def test_a_broken_theme_is_one_line_with_file_and_line(tmp_path: Path, text: str, says: str) -> None:
    (tmp_path / "bad.toml").write_text(text)
    (tmp_path / "good.toml").write_text(GOOD)
    loaded = load_themes(tmp_path)
    assert "mine" in loaded.themes and len(loaded.problems) == 1
    assert says in str(loaded.problems[0])


def test_links_are_refused(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text(GOOD)
    folder = tmp_path / "themes"
    folder.mkdir()
    (folder / "link.toml").symlink_to(tmp_path / "secret")
    loaded = load_themes(folder)
    assert "mine" not in loaded.themes and "a link is not followed" in str(loaded.problems[0])


def test_left_out_variables_are_derived(tmp_path: Path) -> None:
    (tmp_path / "short.toml").write_text(GOOD.split("[variables]")[0])
    theme = load_themes(tmp_path).themes["mine"]
    assert set(OURS) <= set(theme.variables) and theme.variables["level-error"] == theme.error


def test_the_choice() -> None:
    assert choose("day", True, LOADED) == "day"
    assert choose("no-such", True, LOADED) == "night"
    assert choose("day", False, LOADED) == "ansi-dark"


async def test_a_broken_theme_is_a_notice(tmp_path: Path) -> None:
    (tmp_path / "bad.toml").write_text("name = [bold]")
    app, _ = console(tmp_path, theme_dir=tmp_path)
    async with app.run_test() as pilot:
        await settle(pilot)
        assert any("bad.toml" in notice.text for notice in app.notices)

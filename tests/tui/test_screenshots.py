"""The committed pictures are what the app draws today."""

from __future__ import annotations

import pytest

from tests.tui.screenshots import FOLDER, PICTURES, draw, main, run_of


@pytest.mark.parametrize("name", PICTURES)
def test_screenshot(name: str, update_screenshots: bool) -> None:
    path = FOLDER / f"{name}.svg"
    drawn = draw(PICTURES[name])
    if update_screenshots:
        path.write_text(drawn, "utf-8")
    assert path.exists(), "make screenshots draws it"
    same = path.read_text("utf-8") == drawn
    assert same, f"{path.name} is not what the app draws: look at it, then make screenshots"


def test_no_screenshot_is_left_over() -> None:
    assert {path.stem for path in FOLDER.glob("*.svg")} == set(PICTURES)


def test_screenshots_name_no_other_server_and_no_machine() -> None:
    for path in FOLDER.glob("*.svg"):
        text = path.read_text("utf-8")
        assert "@font-face" not in text
        assert "url(" not in text.replace("url(#", "")


def test_a_practice_run_for_a_screenshot_repeats_itself() -> None:
    first = run_of("hard-home")
    run_of.cache_clear()
    assert run_of("hard-home") == first
    assert callable(main)

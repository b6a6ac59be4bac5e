"""The option that draws the pictures anew."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from textual._compositor import Compositor
from textual._styles_cache import StylesCache

from tests.tui.quick import LAYOUT_S, at_rest, unseen
from tui.screens import prove


def pytest_addoption(parser: pytest.Parser) -> None:
    """Known where pytest is given this directory (or a file in it)."""
    parser.addoption("--update-screenshots", action="store_true", help="draw screenshots/ anew")


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """The terminal of whoever runs the tests does not decide how the app looks."""
    for name in ("NO_COLOR", "COLORFGBG", "TEXTUAL_THEME", "TEXTUAL_ANIMATIONS"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(autouse=True)
def nothing_stays() -> Iterator[None]:
    """Textual keeps what the last thousand widgets drew: two megabytes of each app."""
    yield
    StylesCache.get_inner_outer.cache_clear()


@pytest.fixture(autouse=True)
def quick(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a test looks at is drawn when it looks. Where all else has to be drawn as well, since
    that alone might break it, the test is marked so.
    """
    monkeypatch.setattr("textual.screen.UPDATE_PERIOD", LAYOUT_S)
    monkeypatch.setattr("textual.app.wait_for_idle", at_rest)
    monkeypatch.setattr("textual.pilot.wait_for_idle", at_rest)
    if request.node.get_closest_marker("every_frame") is None:
        monkeypatch.setattr(Compositor, "render_update", unseen)


@pytest.fixture
def no_hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """After a change on a practice network there is time to press a key, on a busy machine too."""
    monkeypatch.setattr(prove, "PRACTICE_WAIT_S", 600.0)


@pytest.fixture
def update_screenshots(request: pytest.FixtureRequest) -> bool:
    """Whether the pictures are to be written instead of compared."""
    return bool(request.config.getoption("--update-screenshots", default=False))

"""How the tests drive Fix, with the keyboard alone."""

from __future__ import annotations

import unicodedata
from pathlib import Path

from probes.events import Event
from tests.tui.harness import (
    lines,
    make,
    played,
)
from tests.tui.screenshots import run_of
from tui.app import WhyrelayApp
from tui.fixing.keeper import Keeper
from tui.fixing.progress import HERE
from tui.networks import PRACTICE
from tui.screens.fix import FixPane
from tui.sources import Source
from tui.widgets.rows import RowList
from tui.widgets.steps import StepPage


def practised(name: str) -> Source:
    """A practice network, measured at once."""
    return played(run_of(name), f"{PRACTICE}{name}")


def pane(app: WhyrelayApp) -> FixPane:
    """The step."""
    return app.screen.query_one(FixPane)


def rows(app: WhyrelayApp) -> RowList:
    """The list of causes and ways."""
    return pane(app).query_one(RowList)


def page(app: WhyrelayApp) -> StepPage:
    """The steps."""
    return pane(app).query_one(StepPage)


def assert_whole(app: WhyrelayApp) -> None:
    """Nothing on the screen that a terminal would act on."""
    for line in lines(app):
        for char in line:
            assert unicodedata.category(char) not in ("Cc", "Cf", "Cs", "Zl", "Zp"), repr(char)


# --- kept -----------------------------------------------------------------------------------------


def kept(app: WhyrelayApp, folder: Path) -> WhyrelayApp:
    """The app with a state directory of its own."""
    app._keeper = Keeper(folder)
    return app


def here(name: str, folder: Path, events: tuple[Event, ...] | None = None) -> WhyrelayApp:
    """The app on "this network", which is one of the practice networks."""
    return kept(make(here=played(events or run_of(name), HERE)), folder)


def moved(events: tuple[Event, ...]) -> tuple[Event, ...]:
    """The same run, on another network."""
    from dataclasses import replace

    from probes.events import RunFinished

    return tuple(
        replace(each, network_id="feedfeed") if isinstance(each, RunFinished) else each
        for each in events
    )

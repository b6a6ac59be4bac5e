"""The five panes, each imported and made when it is first visited; and with which to begin."""

from __future__ import annotations

from collections.abc import Callable

from tui.screens.pane import Pane
from tui.sources import Opened, Source
from tui.state import Step


def _choose() -> Pane:
    from tui.screens.choose import ChoosePane

    return ChoosePane()


def _measure() -> Pane:
    from tui.screens.measure import MeasurePane

    return MeasurePane()


def _understand() -> Pane:
    from tui.screens.understand import UnderstandPane

    return UnderstandPane()


def _fix() -> Pane:
    from tui.screens.fix import FixPane

    return FixPane()


def _prove() -> Pane:
    from tui.screens.prove import ProvePane

    return ProvePane()


_MAKES: dict[Step, Callable[[], Pane]] = {
    Step.CHOOSE: _choose,
    Step.MEASURE: _measure,
    Step.UNDERSTAND: _understand,
    Step.FIX: _fix,
    Step.PROVE: _prove,
}


def make(step: Step) -> Pane:
    """A step's pane."""
    return _MAKES[step]()


def first_step(given: Source | None) -> Step:
    """A report has been measured already; a network that was named is measured now."""
    if given is None:
        return Step.CHOOSE
    return Step.UNDERSTAND if isinstance(given, Opened) else Step.MEASURE

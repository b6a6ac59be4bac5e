"""One event of a run in words: a line, and the whole of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import assert_never

from probes.events import (
    CheckFinished,
    CheckStarted,
    Event,
    NetworkChanged,
    Observed,
    Progressed,
    RunFinished,
    RunStarted,
)
from probes.model import CheckStatus, Failed, Known, Unknown
from probes.readings import KEYS
from probes.values import dataclass
from tui import content
from tui.content import Tone
from tui.explain.words import asked_of, not_known
from tui.screens.evidence import compact, reading_blocks
from tui.widgets.page import Block, data, prose

_MOST = 3
"""Items of a list that a line names."""
_LONGEST = 300


@dataclass(frozen=True, slots=True)
class Told:
    """An event as it is shown."""

    at_ms: float
    check: str
    """The check that told it; "" for the run itself."""
    tone: Tone
    text: str
    title: str
    blocks: Callable[[], list[Block]]
    """The whole of it, made when it is looked at."""

    @property
    def line(self) -> str:
        """As it is copied, and searched."""
        return f"{self.at_ms:10.1f} ms  {self.check or 'run':14} {self.text}"


def told(event: Event) -> Told:
    """What it says."""
    at = event.at_ms
    match event:
        case RunStarted():
            if not event.checks:
                text = "read as another device measured it: nothing was sent from here"
                return _plain(at, "", Tone.NOTE, text, "What was read")
            text = f"begins: {', '.join(event.checks)}"
            return _plain(at, "", Tone.RUNNING, text, "The run begins")
        case CheckStarted():
            text = f"begins, and ends within {event.budget_ms / 1000:.1f} s"
            return _plain(at, str(event.check), Tone.RUNNING, text, "A check begins")
        case Progressed():
            return _plain(at, str(event.check), Tone.RUNNING, _step(event), "A step")
        case Observed():
            return _observed(event)
        case CheckFinished():
            done = event.status is CheckStatus.DONE
            words = "is over" if done else content.label(event.status)
            words += f": {event.error}" if event.error else ""
            return _plain(
                at, str(event.check), Tone.GOOD if done else Tone.UNKNOWN, words, "A check is over"
            )
        case NetworkChanged():
            text = "the network changed: everything is measured once more"
            return _plain(at, "", Tone.NOTE, text, "The network changed")
        case RunFinished():
            text = "is over" + (", broken off" if event.cancelled else "")
            return _plain(at, "", Tone.GOOD, text, "The run is over")
        case _:
            assert_never(event)


def _plain(at_ms: float, check: str, tone: Tone, text: str, title: str) -> Told:
    return Told(at_ms, check, tone, text, title, lambda: [data(text)])


def _step(event: Progressed) -> str:
    words = content.check(event.check).steps.get(event.doing, event.doing)
    parts = [each for each in (words, event.detail) if each]
    if event.total > 0:
        parts.append(f"step {event.done} of {event.total}")
    return ", ".join(parts) or "goes on"


def _observed(event: Observed) -> Told:
    key, reading = KEYS[event.key], event.reading
    match reading:
        case Known(value, source):
            tone, text = Tone.GOOD, f"{event.key} = {_short(key.codec.encode(value))}  ({source})"
        case Unknown(reason, detail):
            why, more = not_known(reason, detail)
            tone, text = Tone.UNKNOWN, f"{event.key}: {why}" + (f", {more}" if more else "")
        case Failed(error):
            tone, text = Tone.BAD, f"{event.key}: {error}"
        case _:
            assert_never(reading)
    return Told(
        event.at_ms,
        str(event.check),
        tone,
        text,
        event.key,
        lambda: [prose(f"{asked_of(key)}.", "$quiet"), *reading_blocks(event.key, reading)],
    )


def _short(value: object) -> str:
    """A list of ten thousand devices is no line."""
    if isinstance(value, list) and len(value) > _MOST:
        text = f"{len(value)} of them, the last: {compact(value[-1])}"
    else:
        text = compact(value)
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"

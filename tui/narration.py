"""What `check` says on standard error while it measures. Only where a person is looking."""

from __future__ import annotations

import os
import sys
from typing import Protocol

from probes.clean import clean
from probes.events import CheckFinished, CheckStarted, Event, Observed, Progressed
from probes.model import CheckId
from probes.report import Report
from probes.values import dataclass
from tui.output import encodable, plain_ascii
from tui.wrapping import filled


class Narrator(Protocol):
    """Somebody who tells how a run goes."""

    def tell(self, report: Report, event: Event) -> None:
        """The report after an event."""

    def end(self) -> None:
        """The run is over, however it ended."""


class Silent:
    """Tells nothing: nobody is looking."""

    def tell(self, report: Report, event: Event) -> None:
        """Nothing."""

    def end(self) -> None:
        """Nothing."""


def _sentence(report: Report, check: CheckId) -> str:
    from tui.explain import check_line  # where nobody looks, the words are not needed yet

    line = check_line(report, check)
    return clean(f"{line.title}: {line.text}")


@dataclass(slots=True)
class Lines:
    """A line for each check that ends: no cursor is moved, so a screen reader can follow."""

    ascii: bool

    def tell(self, report: Report, event: Event) -> None:
        """A line, where the event ends a check."""
        if isinstance(event, CheckFinished):
            line = filled(_sentence(report, event.check))
            _write(line + "\n", ascii_only=self.ascii)

    def end(self) -> None:
        """Nothing is left standing."""


@dataclass(slots=True)
class OneLine:
    """One line that is written over as the run goes on, and wiped at its end."""

    ascii: bool
    _shown: bool = False

    def tell(self, report: Report, event: Event) -> None:
        """What the check of this event does now."""
        if not isinstance(event, CheckStarted | Progressed | Observed | CheckFinished):
            return
        text = f"{report.elapsed_ms / 1000:4.1f} s  {_sentence(report, event.check)}"
        text = text[: _columns() - 1]
        _write(f"\r{text}\x1b[K", ascii_only=self.ascii)
        self._shown = True

    def end(self) -> None:
        """Wipe it."""
        if self._shown:
            _write("\r\x1b[K", ascii_only=False)
            self._shown = False


def narrator(*, by_line: bool, ascii_only: bool) -> Narrator:
    """Who narrates here: nobody, unless standard error is a terminal."""
    try:
        if sys.stderr is None or not sys.stderr.isatty():
            return Silent()
    except ValueError:  # closed
        return Silent()
    if by_line or os.environ.get("TERM") in (None, "", "dumb"):
        return Lines(ascii_only)
    return OneLine(ascii_only)


def _columns() -> int:
    try:
        return max(20, os.get_terminal_size(sys.stderr.fileno()).columns)
    except (OSError, ValueError):
        return 80


def _write(text: str, *, ascii_only: bool) -> None:
    if sys.stderr is None:
        return
    try:
        sys.stderr.write(plain_ascii(text) if ascii_only else encodable(text, sys.stderr))
        sys.stderr.flush()
    except (OSError, ValueError):
        return  # narration may be lost; the answer is on standard output

"""Determinate bars and the latency chart, as text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from textual.content import Content

from probes.model import CheckStatus
from tui.widgets.text import fit, join, say

if TYPE_CHECKING:
    from probes.report import CheckState
    from tui.explain import LatencyRow


def bar(share: float, width: int, style: str = "$busy") -> Content:
    """A bar that is `share` (0 to 1) full."""
    full = round(min(max(share, 0.0), 1.0) * width)
    return join(say("━" * full, style), say("─" * (width - full), "$rule"))


def share_done(state: CheckState, elapsed_ms: float) -> float:
    """How far a check is: its steps, or else how much of its time is used."""
    if state.status is not CheckStatus.RUNNING:
        return 1.0 if state.status.over else 0.0
    if state.total > 0:
        return state.done / state.total
    if state.started_ms is None or state.budget_ms <= 0:
        return 0.0
    return (elapsed_ms - state.started_ms) / state.budget_ms


def latency_chart(rows: Sequence[LatencyRow], width: int, silent: str) -> list[Content]:
    """One bar a region and family, the nearest first, all to one scale; `silent` for no answer."""
    longest = max((ms for row in rows for _, ms in _measured(row)), default=0.0)
    names = max((len(row.code) for row in rows), default=0)
    names = min(max(names, 3), 14)
    kinds = max((len(family) for row in rows for family, _ in _measured(row)), default=0)
    lines: list[Content] = []
    for row in rows:
        found = _measured(row)
        if not found:
            lines.append(
                join(
                    fit(say(row.code, "$quiet"), names),
                    say(f"{' ' * (kinds + 2)}{silent}", "$quiet"),
                )
            )
        for number, (family, ms) in enumerate(found):
            mark = row.preferred and number == 0
            name = fit(say(row.code if not number else "", "$strong bold" if mark else ""), names)
            figure = say(f"{ms:6.1f} ms" if ms < 99.95 else f"{ms:6.0f} ms")
            note = say(" nearest", "$good") if mark else say("        ")
            room = width - names - kinds - 2 - figure.cell_length - 1 - note.cell_length
            if room < 16:  # the colour and the first place say it as well
                note, room = Content(""), room + note.cell_length
            full = max(round(ms / longest * room), 1) if longest and room > 0 else 0
            drawn = join(say("━" * full, "$good" if mark else "$busy"), " " * max(room - full, 0))
            lines.append(
                fit(
                    join(name, say(f" {family:{kinds}} ", "$quiet"), drawn, " ", figure, note),
                    width,
                )
            )
    return lines


def _measured(row: LatencyRow) -> list[tuple[str, float]]:
    pairs = (("v4", row.v4_ms), ("v6", row.v6_ms))
    found = [(family, ms) for family, ms in pairs if ms is not None]
    if not found and row.tcp_ms is not None:
        return [("tcp", row.tcp_ms)]
    return found

"""Relay latency over the regions, as columns: the nearest on the left, IPv4 beside IPv6."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from textual.content import Content

from tui.widgets.text import fit, join, say

if TYPE_CHECKING:
    from tui.explain import LatencyRow

_EIGHTHS = " ▁▂▃▄▅▆▇█"
_AXIS = 7
"""Cells for the scale on the left."""
_STEPS = (10.0, 20.0, 50.0, 100.0, 200.0, 300.0, 400.0, 500.0, 800.0, 1000.0, 2000.0, 5000.0)
"""The scale ends at one of these, in milliseconds."""


def latency_plot(rows: Sequence[LatencyRow], width: int, height: int) -> list[Content]:
    """Columns of at most `height` lines over the regions that answered; nothing where none did."""
    answered = [row for row in rows if row.best_ms is not None]
    if not answered or width < _AXIS + 4:
        return []
    both = any(row.v6_ms is not None for row in answered)
    each = 4  # three letters of a code and a space between; two columns of one cell, or one of two
    fitting = max((width - _AXIS) // each, 1)
    shown, left_out = answered[:fitting], len(answered) - fitting
    top = _end(max(ms for row in shown for ms in (row.v4_ms, row.v6_ms, row.tcp_ms) if ms))
    lines = [_line(shown, at, height, top, both=both) for at in range(height)]
    foot = "".join("─" * each for _ in shown)
    lines.append(join(say(f"{0:>{_AXIS - 2}} └", "$quiet"), say(foot, "$rule")))
    names = [
        fit(say(row.code[:3], "$strong bold" if row.preferred else "$quiet"), each) for row in shown
    ]
    lines.append(join(" " * _AXIS, *names))
    lines.append(_legend(both, shown, left_out))
    return [fit(line, width) for line in lines]


def _line(shown: Sequence[LatencyRow], at: int, height: int, top: float, *, both: bool) -> Content:
    label = {0: f"{top:.0f}", height // 2: f"{top * (height - height // 2) / height:.0f}"}.get(at)
    scale = say(f"{label or '':>{_AXIS - 2}} {'┤' if label else '│'}", "$quiet")
    cells: list[Content | str] = [scale]
    for row in shown:
        style = "$good" if row.preferred else "$busy"
        first = row.v4_ms
        if first is None and row.v6_ms is None:
            first, style = row.tcp_ms, "$note"
        cells.append(say(_cell(first, at, height, top) * (1 if both else 2), style))
        if both:
            cells.append(say(_cell(row.v6_ms, at, height, top), "$unsure"))
        cells.append("  ")
    return join(*cells)


def _cell(ms: float | None, at: int, height: int, top: float) -> str:
    """One cell of a column, in eighths; what is measured is never drawn as nothing."""
    if ms is None:
        return " "
    full = max(round(ms / top * height * 8), 1)
    return _EIGHTHS[min(max(full - (height - 1 - at) * 8, 0), 8)]


def _end(longest: float) -> float:
    return next((step for step in _STEPS if step >= longest), longest)


def _legend(both: bool, shown: Sequence[LatencyRow], left_out: int) -> Content:
    parts = ["ms"]
    if both:
        parts.append("IPv4 beside IPv6")
    if any(row.v4_ms is None and row.v6_ms is None for row in shown):
        parts.append("over TCP where UDP is silent")
    if left_out > 0:
        parts.append(f"and {left_out} farther away")
    return say(" " * _AXIS + ", ".join(parts), "$quiet")

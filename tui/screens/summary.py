"""The verdict as a short text, to be copied into a message."""

from __future__ import annotations

from tui.content import plain
from tui.explain import explain_cause, explain_fields
from tui.state import Measurement
from tui.widgets.verdict import sentence


def summary(measurement: Measurement) -> str:
    """What was measured, the verdict, the causes and the fields."""
    report = measurement.report
    lines = [f"whyrelay: {measurement.title}, {report.taken_at}", sentence(measurement), ""]
    for cause in measurement.judged.causes:
        words = explain_cause(cause, report)
        lines.append(f"- {words.title} ({words.weight}): {plain(words.sentence)}")
    fields = [f"{each.title}: {plain(each.value)}" for each in explain_fields(report)]
    return "\n".join([*lines, "", *fields])

"""From a report and its diagnosis to words: pure functions, which every view renders alike.

The words are data (`tui.content`); here it is only chosen which of them fit.
"""

from __future__ import annotations

from tui.content import FieldId, QuestionId, Tone
from tui.explain.disagreement import explain_disagreements
from tui.explain.facts import LatencyRow, MappingRow, latency_rows, mapping_rows
from tui.explain.fields import explain_field, explain_fields
from tui.explain.headline import headline
from tui.explain.hop import Hop, HopId
from tui.explain.live import (
    check_line,
    doing,
    ignored,
    map_lines,
    notices,
    question_line,
    question_lines,
)
from tui.explain.outlook import explain_outlook, explain_outlooks
from tui.explain.path import hops_taken, path
from tui.explain.peer import PeerWords, explain_peer
from tui.explain.verdict import explain_cause, explain_nat
from tui.explain.words import CauseText, Evidence, Explained, Fact, Line, OutlookWords

__all__ = [
    "CauseText",
    "Evidence",
    "Explained",
    "Fact",
    "FieldId",
    "Hop",
    "HopId",
    "LatencyRow",
    "Line",
    "MappingRow",
    "OutlookWords",
    "PeerWords",
    "QuestionId",
    "Tone",
    "check_line",
    "doing",
    "explain_cause",
    "explain_disagreements",
    "explain_field",
    "explain_fields",
    "explain_nat",
    "explain_outlook",
    "explain_outlooks",
    "explain_peer",
    "headline",
    "hops_taken",
    "ignored",
    "latency_rows",
    "map_lines",
    "mapping_rows",
    "notices",
    "path",
    "question_line",
    "question_lines",
]

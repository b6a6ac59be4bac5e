"""The readings behind a statement: what they hold, who said so, when, and after how many tries."""

from __future__ import annotations

from typing import Any, assert_never

from textual.content import Content

from probes.model import Failed, Known, Reading, Unknown
from probes.readings import KEYS, stun
from probes.values import dataclass
from tui.content import Tone
from tui.explain import CauseText, Explained, OutlookWords
from tui.explain.words import asked_of, milliseconds, not_known
from tui.state import Measurement
from tui.widgets.page import Block, data, gap, heading, pairs, prose
from tui.widgets.text import say


@dataclass(frozen=True, slots=True)
class Made:
    """A page that is about more than one reading or finding."""

    title: str
    value: str
    tone: Tone
    blocks: tuple[Block, ...]
    because: tuple[str, ...] = ()
    """Ids of the readings that carry it; none: it claims nothing."""
    theirs: tuple[str, ...] = ()
    """The same, of the report from the other side."""
    to_copy: str = ""
    """What is copied in place of the page."""
    short: str = ""
    """Its title where a narrow list has no room for the whole one beside the value; "": as ever."""


def evidence_blocks(
    key: str, entry: Explained | CauseText | OutlookWords | Made, measurement: Measurement
) -> list[Block]:
    """The page with the readings of one finding."""
    readings = _readings(key, entry, measurement)
    blocks: list[Block] = []
    for name in dict.fromkeys(readings):
        blocks += [*reading_blocks(name, measurement.report[KEYS[name]], about=True), gap]
    if (
        not isinstance(entry, Explained | CauseText | OutlookWords)
        and entry.theirs
        and measurement.other is not None
    ):
        blocks += [heading("At the other side"), data(measurement.other.name, "$quiet"), gap]
        for name in dict.fromkeys(entry.theirs):
            blocks += [*reading_blocks(name, measurement.other.report[KEYS[name]], about=True), gap]
    if not blocks:
        return [prose("It rests on no reading: nothing that could tell has been measured yet.")]
    return blocks[:-1]


def _readings(
    key: str, entry: Explained | CauseText | OutlookWords | Made, measurement: Measurement
) -> tuple[str, ...]:
    if isinstance(entry, Made):
        return entry.because
    if isinstance(entry, OutlookWords):
        outlook = measurement.diagnosis.outlook
        kind = key.partition(":")[2]
        by_kind = {"none": outlook.none, "easy": outlook.easy, "hard": outlook.hard}
        return by_kind[kind].because
    missing = entry.missing if isinstance(entry, CauseText) else ()
    return tuple(each.reading for each in (*entry.evidence, *missing))


_MOST_ITEMS = 200
"""A tailnet has thousands of devices, and nobody reads them here."""


def reading_blocks(name: str, reading: Reading[Any], *, about: bool = False) -> list[Block]:
    """One reading: what it holds, who said so, and when; with what it is `about`."""
    key = KEYS[name]
    rows = [("reading", say(name))]
    match reading:
        case Known(value, source):
            first, *more = _values(name, value)
            rows += [("value", first), *(("", each) for each in more)]
            rows.append(("source", say(source)))
        case Unknown(reason, detail):
            why, besides = not_known(reason, detail)
            rows.append(("not known", say(f"{why}: {besides}" if besides else why)))
        case Failed(error):
            rows.append(("failed", say(error, "$bad")))
        case _:
            assert_never(reading)
    if reading.at_ms < 0:  # kept when only a part was tested again
        rows.append(("when", say(f"{-reading.at_ms / 1000.0:.0f} s before this test: kept")))
    elif reading.at_ms:
        rows.append(("when", say(f"{reading.at_ms:.0f} ms after the start")))
    return [*([prose(f"{asked_of(key)}.", "$quiet")] if about else []), pairs(rows)]


def _values(name: str, value: object) -> list[Content]:
    """What it holds, line by line."""
    if isinstance(value, tuple) and len(value) > _MOST_ITEMS:
        shown = _values(name, value[:_MOST_ITEMS])
        return [*shown, say(f"and {len(value) - _MOST_ITEMS} more", "$quiet")]
    encoded = KEYS[name].codec.encode(value)
    if not isinstance(value, tuple):
        return [say(compact(encoded))]
    lines: list[Content] = []
    for item, plain_item in zip(value, encoded, strict=True):
        if isinstance(item, stun.StunAnswer):
            tries = "1 try" if item.tries == 1 else f"{item.tries} tries"
            seen = f"  {item.host}, {milliseconds(item.rtt_ms)}, {tries}"
            lines += [say(str(item.mapped)), say(seen, "$quiet")]
        else:
            lines.append(say(compact(plain_item)))
    return lines or [say("none")]


def compact(value: object) -> str:
    """A ledger's JSON value on one line, without what is empty."""
    if isinstance(value, dict):
        filled = {name: each for name, each in value.items() if each not in ("", None, [])}
        return ", ".join(f"{_plain_name(name)} {compact(each)}" for name, each in filled.items())
    if isinstance(value, list):
        return " ".join(map(compact, value))
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "none" if value in ("", None) else str(value)


def _plain_name(name: str) -> str:
    return name.replace("_", " ")

"""Recorded runs: the event list of one, one JSON object a line, to be kept and played again."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

from probes.events import Event, RunStarted, decode, encode
from probes.readings.codec import CodecError

SCHEMA = "whyrelay-events/1"
MARK = f'{{"schema": "{SCHEMA}"'
"""How every recording begins."""
MOST_BYTES = 20_000_000
"""A run has a few hundred events; nothing near this size is a recording."""


class NotARecording(ValueError):
    """The text is not a recorded run. One sentence, for a person."""


def header(version: str) -> str:
    """The first line of a recording."""
    return json.dumps({"schema": SCHEMA, "program": {"name": "whyrelay", "version": version}})


def line(event: Event) -> str:
    """One event's line."""
    return json.dumps(encode(event), ensure_ascii=False)


def dump(events: Iterable[Event], version: str) -> str:
    """A whole recording."""
    return "\n".join([header(version), *(line(event) for event in events)]) + "\n"


def load(text: str) -> tuple[Event, ...]:
    """The events of a recording. Raises NotARecording, naming the line.

    A recording that was cut short (the program was killed) is read as far as it goes.
    """
    # Not splitlines(): JSON may hold other characters that it takes for the end of a line.
    lines = text.rstrip("\n").split("\n")
    try:
        head = json.loads(lines[0])
        schema = head["schema"]
    except (IndexError, ValueError, TypeError, KeyError):
        raise NotARecording("It does not begin with the header of a recording.") from None
    if schema != SCHEMA:
        raise NotARecording(f"It is of schema {schema!r}; this program reads {SCHEMA!r}.")
    events = tuple(_events(lines[1:]))
    if not events or not isinstance(events[0], RunStarted):
        raise NotARecording("It holds no run.")
    return events


def _events(lines: list[str]) -> Iterator[Event]:
    for number, text in enumerate(lines, 2):
        if not text.strip():
            continue
        try:
            yield decode(json.loads(text))
        except (CodecError, ValueError) as error:
            if number == len(lines) + 1:
                return  # the last line of a run that was killed
            raise NotARecording(f"Line {number} is not an event: {error}") from None

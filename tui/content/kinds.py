"""What the words are to the program: one frozen value for each kind of item."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from probes.diagnosis.model import CauseId
from probes.model import CheckId
from probes.values import dataclass


class Tone(StrEnum):
    """What a finding is to the person; each view has a glyph, a word and a colour for it."""

    GOOD = "good"
    BAD = "bad"
    NOTE = "note"
    UNKNOWN = "unknown"
    WAITING = "waiting"
    RUNNING = "running"


class FieldId(StrEnum):
    """The netcheck fields, in netcheck's own order."""

    UDP = "udp"
    IPV4 = "ipv4"
    IPV6 = "ipv6"
    MAPPING_VARIES = "mapping-varies"
    PORT_MAPPING = "port-mapping"
    CAPTIVE_PORTAL = "captive-portal"
    NEAREST_DERP = "nearest-derp"


class QuestionId(StrEnum):
    """What one check answers besides its own line: a line of its own on the screen."""

    MAPPING = "mapping"
    IPV6 = "ipv6"


@dataclass(frozen=True, slots=True)
class Value:
    """The words for one value of a field. Texts may hold {placeholders} and [[links]]."""

    id: str
    tone: Tone
    netcheck: str
    """The value as netcheck prints it."""
    label: str
    meaning: str
    for_you: str
    next_step: str


@dataclass(frozen=True, slots=True)
class UnknownWords:
    """The words for a fact that is not known, by the reason why."""

    label: str
    meaning: str
    next_step: str


@dataclass(frozen=True, slots=True)
class FieldWords:
    """The words for one netcheck field."""

    id: FieldId
    title: str
    question: str
    """What it answers, in one line."""
    why: str
    how: str
    open: str
    """What stays open for the person while the value is unknown."""
    values: Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class CheckWords:
    """The words for one check."""

    id: CheckId
    title: str
    question: str
    why: str
    """Why do you ask?"""
    sent: str
    """What is sent, and to whom."""
    steps: Mapping[str, str]
    """What it does now, by the step ids of its progress."""
    lines: Mapping[str, tuple[Tone, str]]
    """One-line summaries, by id: tone and text with {placeholders}."""


@dataclass(frozen=True, slots=True)
class QuestionWords:
    """The words for a question that a check answers besides its own."""

    id: QuestionId
    title: str
    question: str
    why: str
    lines: Mapping[str, tuple[Tone, str]]


@dataclass(frozen=True, slots=True)
class NatWords:
    """The words for how hard it is to aim at this side."""

    question: str
    label: str
    meaning: str
    for_you: str
    next_step: str


@dataclass(frozen=True, slots=True)
class CauseWords:
    """The words for one cause, in the order in which a person needs them."""

    id: CauseId
    title: str
    sentence: str
    for_you: str
    first: str
    """What to do first."""
    why: str
    disproof: str
    """What would show that it is not so."""
    worked: str
    """How it shows that it worked."""
    who: str


@dataclass(frozen=True, slots=True)
class Advice:
    """How a connection comes about or fails: a short label, a sentence, the reason."""

    label: str
    sentence: str
    why: str


@dataclass(frozen=True, slots=True)
class Term:
    """A glossary entry."""

    id: str
    """The file's name."""
    name: str
    short: str
    """One sentence."""
    more: str
    also: tuple[str, ...]
    """Other spellings that link here."""


@dataclass(frozen=True, slots=True)
class Page:
    """A page of text: a title, an opening, and headed sections."""

    id: str
    title: str
    opening: str
    sections: Mapping[str, str]

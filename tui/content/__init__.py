"""All words that a person reads, as data: one Markdown file an item, read when first needed.

Whatever is missing or too much in a file raises `ContentError`; a test walks every item, so that
it is found before a release and not by a person.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, StrEnum
from functools import cache, lru_cache

from probes.diagnosis.model import CauseId, Headline, Mechanism
from probes.model import CheckId, Reason
from tui.content.links import Span, plain, spans, terms
from tui.content.markdown import ContentError, Document, Section, parse

__all__ = [
    "TOO_LITTLE",
    "Advice",
    "CauseWords",
    "CheckWords",
    "ContentError",
    "FieldId",
    "FieldWords",
    "NatWords",
    "Page",
    "QuestionId",
    "QuestionWords",
    "Span",
    "Term",
    "Tone",
    "UnknownWords",
    "Value",
    "cause",
    "check",
    "fields",
    "fill",
    "glossary",
    "headline",
    "label",
    "mechanism",
    "nat",
    "netcheck_field",
    "notice",
    "obstacle",
    "page",
    "pages",
    "plain",
    "question",
    "spans",
    "term",
    "terms",
    "unknown",
]


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


_HERE = os.path.dirname(__file__)


def _read(path: str) -> str:
    # The loader that imported this package reads its data from wherever the package lives (a
    # directory or an archive). importlib.resources would do the same, but its import alone costs
    # more than reading every file here.
    get_data = getattr(__spec__.loader, "get_data", None) if __spec__ else None
    if get_data is None:
        raise ContentError(f"{path}: the package's loader cannot read data")
    try:
        data: bytes = get_data(os.path.join(_HERE, *path.split("/")))
    except OSError as error:
        raise ContentError(f"{path}: {error}") from error
    return data.decode("utf-8")


@cache
def _document(path: str) -> Document:
    return parse(_read(f"{path}.md"), path)


def _names(directory: str) -> tuple[str, ...]:
    from importlib.resources import files  # only lists need it

    found = (entry.name for entry in files(__name__).joinpath(directory).iterdir())
    return tuple(sorted(name.removesuffix(".md") for name in found if name.endswith(".md")))


def _exactly(what: str, found: Mapping[str, object], wanted: set[str]) -> None:
    missing, extra = wanted - found.keys(), found.keys() - wanted
    if missing or extra:
        raise ContentError(f"{what}: missing {sorted(missing)}, too much {sorted(extra)}")


def _text(what: str, text: str) -> str:
    if not text:
        raise ContentError(f"{what}: empty")
    return text


def _only_text(what: str, section: Section) -> str:
    _exactly(what, section.parts, set())
    return _text(what, section.text)


_VALUE_PARTS = {"tone", "netcheck", "meaning", "for you", "next"}
_FIELD_SECTIONS = ("question", "why", "how", "open")


@cache
def netcheck_field(field: FieldId) -> FieldWords:
    """The words for one netcheck field."""
    path = f"fields/{field}"
    document = _document(path)
    fixed = {name: document.sections.get(name, Section("")) for name in _FIELD_SECTIONS}
    values = {
        key.removeprefix("value "): _value(f"{path}: {key}", key.removeprefix("value "), section)
        for key, section in document.sections.items()
        if key.startswith("value ")
    }
    rest = {key for key in document.sections if not key.startswith("value ")}
    _exactly(path, dict.fromkeys(rest), set(_FIELD_SECTIONS))
    words = {name: _only_text(f"{path}: {name}", section) for name, section in fixed.items()}
    return FieldWords(
        field,
        document.title,
        words["question"],
        words["why"],
        words["how"],
        words["open"],
        values,
    )


def _value(what: str, key: str, section: Section) -> Value:
    _exactly(what, section.parts, _VALUE_PARTS)
    parts = {name: _text(f"{what}: {name}", text) for name, text in section.parts.items()}
    return Value(
        key,
        Tone(parts["tone"]),
        parts["netcheck"],
        _text(what, section.text),
        parts["meaning"],
        parts["for you"],
        parts["next"],
    )


def fields() -> tuple[FieldWords, ...]:
    """The words for every netcheck field, in netcheck's order."""
    return tuple(netcheck_field(field) for field in FieldId)


_CHECK_SECTIONS = {"question", "why", "sent"}


@cache
def check(check_id: CheckId) -> CheckWords:
    """The words for one check. Raises ContentError for a check that is not built yet."""
    path = f"checks/{check_id}"
    document = _document(path)
    steps: dict[str, str] = {}
    lines: dict[str, tuple[Tone, str]] = {}
    words: dict[str, str] = {}
    for key, section in document.sections.items():
        kind, _, name = key.partition(" ")
        what = f"{path}: {key}"
        if kind == "step" and name:
            steps[name] = _only_text(what, section)
        elif kind == "line" and name:
            lines[name] = _line(what, section)
        else:
            words[key] = _only_text(what, section)
    _exactly(path, words, _CHECK_SECTIONS)
    return CheckWords(
        check_id, document.title, words["question"], words["why"], words["sent"], steps, lines
    )


def _line(what: str, section: Section) -> tuple[Tone, str]:
    _exactly(what, section.parts, {"tone"})
    return Tone(section.parts["tone"]), _text(what, section.text)


@cache
def question(question_id: QuestionId) -> QuestionWords:
    """The words for a question that a check answers besides its own."""
    path = f"questions/{question_id}"
    document = _document(path)
    lines = {
        key.removeprefix("line "): _line(f"{path}: {key}", section)
        for key, section in document.sections.items()
        if key.startswith("line ")
    }
    words = {
        key: _only_text(f"{path}: {key}", section)
        for key, section in document.sections.items()
        if not key.startswith("line ")
    }
    _exactly(path, words, {"question", "why"})
    return QuestionWords(question_id, document.title, words["question"], words["why"], lines)


@cache
def nat(which: str) -> NatWords:
    """The words for a NAT class, by the id of its section."""
    document = _document("labels/nat")
    section, what = document.sections[which], f"labels/nat: {which}"
    _exactly(what, section.parts, {"meaning", "for you", "next"})
    parts = section.parts
    return NatWords(
        document.text,
        _text(what, section.text),
        parts["meaning"],
        parts["for you"],
        parts["next"],
    )


_CAUSE_SECTIONS = {"sentence", "for you", "first", "why", "worked", "who"}


@cache
def cause(cause_id: CauseId) -> CauseWords:
    """The words for one cause."""
    path = f"causes/{cause_id}"
    document = _document(path)
    _exactly(path, document.sections, _CAUSE_SECTIONS)
    words = {
        name: _only_text(f"{path}: {name}", section) for name, section in document.sections.items()
    }
    return CauseWords(
        cause_id,
        document.title,
        words["sentence"],
        words["for you"],
        words["first"],
        words["why"],
        words["worked"],
        words["who"],
    )


def _file_of(kind: type[Enum]) -> str:
    return "labels/" + re.sub(r"(?<=[a-z])(?=[A-Z])", "-", kind.__name__).lower()


@lru_cache(maxsize=None, typed=True)  # typed: equal strings of two enums are equal members
def label(member: Enum) -> str:
    """The short words for a member of an enum of the program."""
    if isinstance(member, Reason):
        return unknown(member.value).label
    path = _file_of(type(member))
    document = _document(path)
    _exactly(path, document.sections, {str(each.value) for each in type(member)})
    return _only_text(f"{path}: {member.value}", document.sections[str(member.value)])


@cache
def unknown(reason: str) -> UnknownWords:
    """The words for why a fact is not known: a `Reason`'s value, or failed, or measuring."""
    document = _document("labels/unknown")
    _exactly("labels/unknown", document.sections, {*map(str, Reason), "failed", "measuring"})
    section, what = document.sections[reason], f"labels/unknown: {reason}"
    _exactly(what, section.parts, {"meaning", "next"})
    return UnknownWords(_text(what, section.text), section.parts["meaning"], section.parts["next"])


TOO_LITTLE = (
    "relayed-silent",
    "unknown-no-stun",
    "unknown-ipv6-only",
    "unknown-silent",
    "unknown-skipped",
    "unknown-not-asked",
    "unknown-unfinished",
    "unknown-failed",
)
"""Headlines for too little known, by its reason; the general one is the `Headline`'s own."""


@cache
def headline(which: str) -> str:
    """The sentence that sums it up, with {placeholders}: of a `Headline`, or of `TOO_LITTLE`."""
    document = _document("labels/headline")
    _exactly("labels/headline", document.sections, {*map(str, Headline), *TOO_LITTLE})
    return _only_text(f"labels/headline: {which}", document.sections[which])


@cache
def obstacle(which: Headline) -> str:
    """What happens at the obstacle of a path, in a few words, with {placeholders}."""
    document = _document("labels/obstacle")
    _exactly("labels/obstacle", document.sections, set(map(str, Headline)))
    return _only_text(f"labels/obstacle: {which}", document.sections[which])


@cache
def notice(which: str) -> str:
    """What is to be said of a whole run: an id of ``labels/notice``."""
    document = _document("labels/notice")
    return _only_text(f"labels/notice: {which}", document.sections[which])


@cache
def mechanism(which: Mechanism) -> Advice:
    """How a connection comes about, or what keeps it from being direct."""
    document = _document("labels/mechanism")
    _exactly("labels/mechanism", document.sections, set(map(str, Mechanism)))
    section, what = document.sections[which], f"labels/mechanism: {which}"
    _exactly(what, section.parts, {"sentence", "why"})
    return Advice(_text(what, section.text), section.parts["sentence"], section.parts["why"])


@cache
def glossary() -> Mapping[str, Term]:
    """Every term by its file's name, in the order of their names."""
    found = [_term(name) for name in _names("glossary")]
    return {each.id: each for each in sorted(found, key=lambda each: each.name.lower())}


def _term(name: str) -> Term:
    path = f"glossary/{name}"
    document = _document(path)
    if document.text or not {"short", "more"} <= document.sections.keys():
        raise ContentError(f"{path}: wants short and more")
    _exactly(path, document.sections, {"short", "more"} | (document.sections.keys() & {"also"}))
    also = document.sections.get("also", Section("")).text
    return Term(
        name,
        document.title,
        _only_text(f"{path}: short", document.sections["short"]),
        _only_text(f"{path}: more", document.sections["more"]),
        tuple(each.strip() for each in also.split(",") if each.strip()),
    )


@cache
def _spellings() -> Mapping[str, Term]:
    found: dict[str, Term] = {}
    for each in glossary().values():
        for spelling in (each.name, *each.also):
            if found.setdefault(spelling.lower(), each) is not each:
                raise ContentError(f"glossary: {spelling!r} is both {each.id} and another")
    return found


def term(spelling: str) -> Term | None:
    """The glossary entry that a link means, or None where there is none."""
    return _spellings().get(spelling.lower())


@cache
def page(name: str) -> Page:
    """One page of text."""
    path = f"pages/{name}"
    document = _document(path)
    sections = {
        key: _only_text(f"{path}: {key}", section) for key, section in document.sections.items()
    }
    return Page(name, document.title, _text(path, document.text), sections)


def pages() -> tuple[str, ...]:
    """The names of all pages."""
    return _names("pages")


def fill(text: str, **values: object) -> str:
    """A text with its placeholders filled. Raises ContentError for one that has no value."""
    try:
        return text.format_map(values)
    except (KeyError, IndexError, ValueError) as error:
        raise ContentError(f"no value for {error} in {text!r}") from error

"""The words for what is found: netcheck's fields, checks, questions, NATs and causes."""

from __future__ import annotations

from functools import cache

from probes.diagnosis.model import CauseId
from probes.model import CheckId
from tui.content.files import exactly, load, only_text, parts_of, required
from tui.content.files import section as section_of
from tui.content.kinds import (
    CauseWords,
    CheckWords,
    FieldId,
    FieldWords,
    NatWords,
    QuestionId,
    QuestionWords,
    Tone,
    Value,
)
from tui.content.markdown import Section

_VALUE_PARTS = {"tone", "netcheck", "meaning", "for you", "next"}
_FIELD_SECTIONS = ("question", "why", "how", "open")


@cache
def netcheck_field(field: FieldId) -> FieldWords:
    """The words for one netcheck field."""
    path = f"fields/{field}"
    document = load(path)
    fixed = {name: document.sections.get(name, Section("")) for name in _FIELD_SECTIONS}
    values = {
        key.removeprefix("value "): _value(f"{path}: {key}", key.removeprefix("value "), section)
        for key, section in document.sections.items()
        if key.startswith("value ")
    }
    rest = {key for key in document.sections if not key.startswith("value ")}
    exactly(path, dict.fromkeys(rest), set(_FIELD_SECTIONS))
    words = {name: only_text(f"{path}: {name}", section) for name, section in fixed.items()}
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
    exactly(what, section.parts, _VALUE_PARTS)
    parts = {name: required(f"{what}: {name}", text) for name, text in section.parts.items()}
    return Value(
        key,
        Tone(parts["tone"]),
        parts["netcheck"],
        required(what, section.text),
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
    document = load(path)
    steps: dict[str, str] = {}
    lines: dict[str, tuple[Tone, str]] = {}
    words: dict[str, str] = {}
    for key, section in document.sections.items():
        kind, _, name = key.partition(" ")
        what = f"{path}: {key}"
        if kind == "step" and name:
            steps[name] = only_text(what, section)
        elif kind == "line" and name:
            lines[name] = _line(what, section)
        else:
            words[key] = only_text(what, section)
    exactly(path, words, _CHECK_SECTIONS)
    return CheckWords(
        check_id, document.title, words["question"], words["why"], words["sent"], steps, lines
    )


def _line(what: str, section: Section) -> tuple[Tone, str]:
    exactly(what, section.parts, {"tone"})
    return Tone(section.parts["tone"]), required(what, section.text)


@cache
def question(question_id: QuestionId) -> QuestionWords:
    """The words for a question that a check answers besides its own."""
    path = f"questions/{question_id}"
    document = load(path)
    lines = {
        key.removeprefix("line "): _line(f"{path}: {key}", section)
        for key, section in document.sections.items()
        if key.startswith("line ")
    }
    words = {
        key: only_text(f"{path}: {key}", section)
        for key, section in document.sections.items()
        if not key.startswith("line ")
    }
    exactly(path, words, {"question", "why"})
    return QuestionWords(question_id, document.title, words["question"], words["why"], lines)


@cache
def nat(which: str) -> NatWords:
    """The words for a NAT class, by the id of its section."""
    label, meaning, for_you, next_step = parts_of("labels/nat", which, "meaning", "for you", "next")
    return NatWords(load("labels/nat").text, label, meaning, for_you, next_step)


_CAUSE_SECTIONS = ("sentence", "for you", "first", "why", "disproof", "worked", "who")


@cache
def cause(cause_id: CauseId) -> CauseWords:
    """The words for one cause."""
    path = f"causes/{cause_id}"
    document = load(path)
    exactly(path, document.sections, set(_CAUSE_SECTIONS))
    words = {
        name: only_text(f"{path}: {name}", section) for name, section in document.sections.items()
    }
    return CauseWords(cause_id, document.title, *(words[name] for name in _CAUSE_SECTIONS))


def instead(which: str, words: CauseWords) -> CauseWords:
    """A cause's words with those in their place that say more: an id of ``labels/instead``."""
    found, what = section_of("labels/instead", which), f"labels/instead: {which}"
    exactly(what, found.parts, set(found.parts) & set(_CAUSE_SECTIONS))
    own = (getattr(words, name.replace(" ", "_")) for name in _CAUSE_SECTIONS)
    parts = (found.parts.get(name) or text for name, text in zip(_CAUSE_SECTIONS, own, strict=True))
    return CauseWords(words.id, found.text or words.title, *parts)


@cache
def no_mapping(where: str) -> CauseWords:
    """The words for `port-mapping-off` where what was asked is no router of a home's: an id of
    ``labels/within``.
    """
    words = parts_of("labels/within", where, *_CAUSE_SECTIONS)
    return CauseWords(CauseId.PORT_MAPPING_OFF, *words)

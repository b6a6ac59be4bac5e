"""All words that a person reads, as data: one Markdown file an item, read when first needed.

Whatever is missing or too much in a file raises `ContentError`; a test walks every item, so that
it is found before a release and not by a person.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import Enum
from functools import cache, lru_cache
from typing import TYPE_CHECKING

from probes.diagnosis.model import CauseId, Filtering, Headline, Mechanism, NatClass
from probes.model import CheckId, Reason
from tui.content.files import exactly, load, names, only_text, parts_of, required, words_of
from tui.content.kinds import (
    Advice,
    CauseWords,
    CheckWords,
    FieldId,
    FieldWords,
    NatWords,
    Page,
    QuestionId,
    QuestionWords,
    Term,
    Tone,
    UnknownWords,
    Value,
)
from tui.content.links import Span, keyed, keys, plain, spans, terms
from tui.content.markdown import ContentError, Section

if TYPE_CHECKING:
    from probes.diagnosis.remedy import RemedyId
    from probes.readings.port_mapping import MappingFault
    from probes.readings.tailscale import PeerPath

__all__ = [
    "TOO_LITTLE",
    "VARIANTS",
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
    "beyond_router",
    "cause",
    "check",
    "fields",
    "fill",
    "filtering",
    "fixing",
    "glossary",
    "headline",
    "keyed",
    "keys",
    "label",
    "mapping_fault",
    "mechanism",
    "meeting",
    "nat",
    "netcheck_field",
    "notice",
    "obstacle",
    "offers_ports",
    "page",
    "pages",
    "peer_kind",
    "peer_today",
    "plain",
    "proof",
    "question",
    "reported",
    "router",
    "settle",
    "short",
    "spans",
    "tailnet",
    "term",
    "terms",
    "unknown",
]


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


_CAUSE_SECTIONS = {"sentence", "for you", "first", "why", "worked", "who"}


@cache
def cause(cause_id: CauseId) -> CauseWords:
    """The words for one cause."""
    path = f"causes/{cause_id}"
    document = load(path)
    exactly(path, document.sections, _CAUSE_SECTIONS)
    words = {
        name: only_text(f"{path}: {name}", section) for name, section in document.sections.items()
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


@lru_cache(maxsize=None, typed=True)  # typed: equal strings of two enums are equal members
def label(member: Enum) -> str:
    """The short words for a member of an enum of the program."""
    if isinstance(member, Reason):
        return unknown(member.value).label
    return words_of(_file_of(type(member)), str(member.value))


def short(remedy: RemedyId) -> str:
    """A change in so few words that a narrow list shows them whole."""
    return words_of("labels/remedy-short", str(remedy))


def _file_of(kind: type[Enum]) -> str:
    return "labels/" + re.sub(r"(?<=[a-z])(?=[A-Z])", "-", kind.__name__).lower()


@cache
def unknown(reason: str) -> UnknownWords:
    """The words for why a fact is not known: a `Reason`'s value, failed, measuring, no-way-out."""
    return UnknownWords(*parts_of("labels/unknown", reason, "meaning", "next"))


@cache
def mapping_fault(fault: MappingFault) -> UnknownWords:
    """The words for a router's no: a short label, what it means, what helps."""
    return UnknownWords(*parts_of("labels/mapping-fault", str(fault), "meaning", "next"))


VARIANTS = ("direct-open-filtered", "relayed-udp-blocked-likely")
"""Headlines that say more exactly what a `Headline` says."""

TOO_LITTLE = (
    "unknown-offline",
    "relayed-silent",
    "unknown-no-stun",
    "unknown-ipv6-only",
    "unknown-silent",
    "unknown-no-relay",
    "unknown-no-answer",
    "unknown-skipped",
    "unknown-not-asked",
    "unknown-unfinished",
    "unknown-failed",
    "unknown-paths",
    "unknown-paths-relayed",
    "unknown-elsewhere",
)
"""Headlines for too little known, by its reason; the general one is the `Headline`'s own."""


def headline(which: str) -> str:
    """The sentence that sums it up, with {placeholders}: of a `Headline`, or of `TOO_LITTLE`."""
    return words_of("labels/headline", which)


def obstacle(which: Headline) -> str:
    """What happens at the obstacle of a path, in a few words, with {placeholders}."""
    return words_of("labels/obstacle", which)


def reported(cause_id: CauseId) -> str:
    """Why a cause is named, where it was concluded from another program's result."""
    return words_of("labels/reported", cause_id)


def beyond_router(cause_id: CauseId) -> str:
    """What to do first about a cause, where the provider has a NAT of its own."""
    return words_of("labels/beyond-router", cause_id)


def offers_ports(which: str) -> str:
    """What to do first about a hard NAT, where the router offers ports: an id of that file."""
    return words_of("labels/offers-ports", which)


def notice(which: str) -> str:
    """What is to be said of a whole run: an id of ``labels/notice``."""
    return words_of("labels/notice", which)


def fixing(which: str) -> str:
    """What is said while something is fixed, with {placeholders}: an id of ``labels/fixing``."""
    return words_of("labels/fixing", which)


def settle(which: str, check_id: CheckId) -> str:
    """What would settle an open question: an id of ``labels/settle``."""
    return fill(words_of("labels/settle", which), check=check_id)


@cache
def tailnet(which: str) -> UnknownWords:
    """Why no devices can be shown: a `Backend`'s value, or another section of the file."""
    return UnknownWords(*parts_of("labels/tailnet", which, "meaning", "next"))


@cache
def peer_today(path: PeerPath) -> UnknownWords:
    """What today's path to a device means, and what choosing the device is good for."""
    return UnknownWords(*parts_of("labels/peer-today", str(path), "meaning", "next"))


def disagreement(which: str) -> str:
    """What to say where witnesses contradict each other: an id of ``labels/disagreement``."""
    return words_of("labels/disagreement", which)


def meeting(which: str) -> str:
    """What to say of a meeting of two devices, with {placeholders}: an id of ``labels/meeting``."""
    return words_of("labels/meeting", which)


def router(which: str) -> str:
    """A heading or a line of what a router says, with {placeholders}."""
    return words_of("labels/router", which)


def own_firewall(which: str) -> str:
    """How this device's firewall showed, with {placeholders}: an id of ``labels/own-firewall``."""
    return words_of("labels/own-firewall", which)


def filtering(which: Filtering) -> str:
    """What a filter means for the person whose NAT, or no NAT, it belongs to."""
    _, for_you = parts_of("labels/nat", f"filtering {which}", "for you")
    return for_you


def peer_kind(nat_class: NatClass) -> str:
    """The other side, by its NAT: "a peer behind an easy NAT"."""
    return words_of("labels/peer-kind", nat_class)


def mechanism(which: Mechanism) -> Advice:
    """How a connection comes about, or what keeps it from being direct."""
    return Advice(*parts_of("labels/mechanism", which, "sentence", "why"))


@cache
def glossary() -> Mapping[str, Term]:
    """Every term by its file's name, in the order of their names."""
    found = [_term(name) for name in names("glossary")]
    return {each.id: each for each in sorted(found, key=lambda each: each.name.lower())}


def _term(name: str) -> Term:
    path = f"glossary/{name}"
    document = load(path)
    if document.text or not {"short", "more"} <= document.sections.keys():
        raise ContentError(f"{path}: wants short and more")
    exactly(path, document.sections, {"short", "more"} | (document.sections.keys() & {"also"}))
    also = document.sections.get("also", Section("")).text
    return Term(
        name,
        document.title,
        only_text(f"{path}: short", document.sections["short"]),
        only_text(f"{path}: more", document.sections["more"]),
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
    document = load(path)
    sections = {
        key: only_text(f"{path}: {key}", section) for key, section in document.sections.items()
    }
    return Page(name, document.title, required(path, document.text), sections)


def proof(section: str) -> str:
    """What Prove says of a test, a ping or a watch: a section of its page."""
    return page("proof").sections[section]


def pages() -> tuple[str, ...]:
    """The names of all pages."""
    return names("pages")


def fill(text: str, **values: object) -> str:
    """A text with its placeholders filled. Raises ContentError for one that has no value."""
    try:
        return text.format_map(values)
    except (KeyError, IndexError, ValueError) as error:
        raise ContentError(f"no value for {error} in {text!r}") from error

"""All words that a person reads, as data: one Markdown file an item, read when first needed.

Whatever is missing or too much in a file raises `ContentError`; a test walks every item, so that
it is found before a release and not by a person.
"""

from __future__ import annotations

import re
from enum import Enum
from functools import cache, lru_cache
from typing import TYPE_CHECKING

from probes.diagnosis.model import CauseId, Filtering, Headline, Mechanism, NatClass
from probes.model import CheckId, Reason
from tui.content.files import load, names, only_text, parts_of, required, words_of
from tui.content.findings import (
    cause,
    check,
    fields,
    instead,
    nat,
    netcheck_field,
    no_mapping,
    question,
)
from tui.content.glossing import glossary, term
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
from tui.content.markdown import ContentError

if TYPE_CHECKING:
    from probes.diagnosis.remedy import RemedyId
    from probes.readings.port_mapping import MappingFault
    from probes.readings.tailscale import PeerPath

__all__ = [
    "PLACED",
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
    "account",
    "beyond_router",
    "cause",
    "check",
    "fields",
    "fill",
    "filtering",
    "fixing",
    "glossary",
    "headline",
    "hindering",
    "instead",
    "keyed",
    "keys",
    "label",
    "mapping_fault",
    "mechanism",
    "meeting",
    "moving_port",
    "nat",
    "netcheck_field",
    "no_mapping",
    "notice",
    "obstacle",
    "offers_ports",
    "one_family",
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
    "short_cause",
    "spans",
    "tailnet",
    "term",
    "terms",
    "tunnel",
    "udp_stopped",
    "unknown",
    "which_box",
    "within",
]


@lru_cache(maxsize=None, typed=True)  # typed: equal strings of two enums are equal members
def label(member: Enum) -> str:
    """The short words for a member of an enum of the program."""
    if isinstance(member, Reason):
        return unknown(member.value).label
    return words_of(_file_of(type(member)), str(member.value))


def short(remedy: RemedyId) -> str:
    """A change in so few words that a narrow list shows them whole."""
    return words_of("labels/remedy-short", str(remedy))


def short_cause(cause_id: CauseId) -> str:
    """A cause in so few words that a narrow list shows them whole."""
    return words_of("labels/cause-short", str(cause_id))


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


VARIANTS = (
    *("direct-open-cloud", "direct-open-filtered", "direct-opened", "direct-told"),
    *("direct-not-connected", "direct-open-own-firewall", "direct-easy-open"),
    *("direct-lossy", "peer-direct-lossy", "peer-expected-lossy"),
    "relayed-udp-blocked-likely",
)
"""Headlines that say more exactly what a `Headline` says."""

TOO_LITTLE = (
    "unknown-offline",
    "relayed-silent",
    "unknown-no-stun",
    "unknown-ipv6-only",
    "unknown-ipv6-translated",
    "unknown-silent",
    "unknown-no-relay",
    "unknown-no-answer",
    "unknown-skipped",
    "unknown-not-asked",
    "unknown-unfinished",
    "unknown-failed",
    "unknown-paths",
    "unknown-paths-mixed",
    "unknown-paths-relayed",
    "unknown-elsewhere",
)
"""Headlines for too little known, by its reason; the general one is the `Headline`'s own."""


def headline(which: str) -> str:
    """The sentence that sums it up, with {placeholders}: of a `Headline`, or of `TOO_LITTLE`."""
    return words_of("labels/headline", which)


def answer(which: str) -> str:
    """The answer in a word, where the verdict's own would say too much: by ``labels/answer``."""
    return words_of("labels/answer", which)


def obstacle(which: Headline) -> str:
    """What happens at the obstacle of a path, in a few words, with {placeholders}."""
    return words_of("labels/obstacle", which)


PLACED = (
    CauseId.HARD_NAT,
    CauseId.INBOUND_BLOCKED,
    CauseId.HOST_FIREWALL,
    CauseId.NAT_STATE_COLLISION,
    CauseId.SHORT_MAPPING_LIFETIME,
    CauseId.PORT_CONFLICT,
    CauseId.MTU,
    CauseId.EXIT_NODE,
    CauseId.NOT_CONNECTED,
)
"""Causes that have a place on the path although no headline names them there."""


def one_family(which: str) -> tuple[Advice, str, str, str]:
    """What to expect of a peer with ``ipv6`` or ``ipv4``, where this side has IPv6 alone: how, the
    kind of peer, the same within a sentence, and the result in a word or two."""
    parts = ("peer", "who", "result", "sentence", "why")
    label, peer, who, result, sentence, why = parts_of("labels/one-family", which, *parts)
    return Advice(label, sentence, why), peer, who, result


def hindering(which: CauseId) -> str:
    """What happens on the path at the place of one of `PLACED`, in a few words."""
    return words_of("labels/hindering", which)


def reported(which: str) -> str:
    """Why a cause is named, where it was concluded from another program's result; or what the
    device is then called: an id of ``labels/reported``."""
    return words_of("labels/reported", which)


def beyond_router(which: str) -> str:
    """Where the usual advice on a router's ports is of no use: a cause, or an id of that file."""
    return words_of("labels/beyond-router", which)


def udp_stopped() -> str:
    """What IPv6 is worth where UDP is stopped over IPv4."""
    return words_of("labels/beyond-router", "udp-stopped")


def tunnel(which: str) -> str:
    """What a tunnel does to the tests: an id of ``labels/tunnel``."""
    return words_of("labels/tunnel", which)


def foremost(which: str) -> str:
    """How heavy a cause is that comes before all the rest: an id of ``labels/foremost``."""
    return words_of("labels/foremost", which)


def which_box(which: str) -> str:
    """The end of a hard NAT's reason, with {nat}: an id of that file."""
    return words_of("labels/which-box", which)


def account(which: str) -> str:
    """A heading or a line of what a check found, with {placeholders}: of ``labels/account``."""
    return words_of("labels/account", which)


def within(which: str) -> str:
    """What changes where the first box is the computer around this device: of ``labels/within``."""
    return words_of("labels/within", which)


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


def moving_port(whose: str) -> tuple[str, str]:
    """Whose port it is that nobody can aim at, by an id of ``labels/moving-port``: in a sentence,
    and in short."""
    sentence, short = parts_of("labels/moving-port", whose, "short")
    return sentence, short


_THERE = "labels/there"


def there(which: Mechanism) -> tuple[str, str]:
    """What keeps two sides apart at the other one, as read there: in a sentence, and in short."""
    found = which if which in load(_THERE).sections else "other"
    sentence, short = parts_of(_THERE, found, "short")
    return sentence, short


def read_there(part: str) -> str:
    """A part of the words on the other side, where it was measured: an id of ``labels/there``."""
    return words_of(_THERE, part)


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

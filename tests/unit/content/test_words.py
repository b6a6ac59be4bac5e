"""Every item is there, every link leads somewhere, and the words keep the house's manners."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from enum import Enum
from pathlib import Path

import pytest

from probes.addresses import AddressKind
from probes.checks.registry import CHECKS, make
from probes.diagnosis.cloud import OneToOne
from probes.diagnosis.layers import LayerKind
from probes.diagnosis.ledger import Claim, Sign
from probes.diagnosis.model import (
    Actor,
    CauseId,
    Confidence,
    Filtering,
    Headline,
    Mapping,
    Mechanism,
    NatClass,
    Result,
    Verdict,
    Weight,
)
from probes.diagnosis.peer_hints import HintId
from probes.diagnosis.plan import Way
from probes.diagnosis.remedies import REMEDIES, RemedyId, Risk
from probes.diagnosis.what_if import Whose
from probes.diagnosis.witnesses import Likely, Topic, Witness
from probes.model import CheckId, CheckStatus, Reason
from probes.punch.offer import CandidateKind
from probes.readings.behavior import ServerState
from probes.readings.classic import ClassicType
from probes.readings.environment import BugEffect, Effect, Surrounding
from probes.readings.firewall import Fate, FirewallName
from probes.readings.igd import EntryOwner, StrangeReason
from probes.readings.local import InterfaceKind
from probes.readings.port_mapping import LeftoverState, MappingFault
from probes.readings.relays import Certificate, MapOrigin
from probes.readings.stun import Fault
from probes.readings.tailscale import Backend, EndpointKind, OwnSocket, PeerPath
from probes.tailscale.history import WatchChange
from tui import content
from tui.commands import COMMANDS
from tui.content import FieldId, QuestionId, Tone
from tui.content.files import load
from tui.content.markdown import Document, parse
from tui.explain import HopId
from tui.fixing.circumstances import Brand, System
from tui.fixing.keeper import Trouble
from tui.fixing.offer import Hindrance
from tui.fixing.progress import RanState
from tui.fixing.ways import names_of
from tui.proving.compare import CauseFate, Outcome

HERE = Path(content.__file__).parent
FILES = sorted(HERE.rglob("*.md"))
LABELLED: tuple[type[Enum], ...] = (
    Hindrance,
    RanState,
    Trouble,
    CauseFate,
    HintId,
    Outcome,
    WatchChange,
    NatClass,
    Mapping,
    Filtering,
    Confidence,
    Weight,
    Actor,
    Result,
    Verdict,
    Reason,
    CheckStatus,
    MapOrigin,
    Fault,
    Certificate,
    InterfaceKind,
    HopId,
    ClassicType,
    Backend,
    PeerPath,
    ServerState,
    RemedyId,
    Risk,
    FirewallName,
    Surrounding,
    BugEffect,
    Topic,
    Witness,
    Likely,
    LayerKind,
    Sign,
    Claim,
    OneToOne,
    AddressKind,
    EntryOwner,
    LeftoverState,
    StrangeReason,
    CandidateKind,
    System,
    Brand,
    Fate,
    Effect,
    EndpointKind,
    OwnSocket,
)


def _document(path: Path) -> Document:
    return parse(path.read_text("utf-8"), path.name)


def _texts(document: Document) -> Iterator[tuple[str, str]]:
    """Every text of a file, with where it stands."""
    yield "title", document.title
    yield "opening", document.text
    for name, section in document.sections.items():
        yield name, section.text
        for part, text in section.parts.items():
            yield f"{name}: {part}", text


_NO_WORDS = re.compile(
    r"^also$|: tone$|: netcheck$|: command [a-z ]+$|: back$|: gap$|^wait$|^sources$"
)
"""Parts that hold marks and commands."""

ALL = [
    (f"{path.relative_to(HERE)}: {where}", text)
    for path in FILES
    for where, text in _texts(_document(path))
    if text and not _NO_WORDS.search(where)
]
"""Every text that a person may read."""


# --- nothing is missing, nothing is left over -----------------------------------------------------


@pytest.mark.parametrize("kind", LABELLED, ids=lambda kind: kind.__name__)
def test_every_member_of_every_enum_has_a_short_label(kind: type[Enum]) -> None:
    for member in kind:
        text = content.label(member)
        assert text
        assert len(text) <= 60
        assert "\n" not in text


def test_every_cause_field_question_headline_and_mechanism_has_its_words() -> None:
    for cause in CauseId:
        assert content.cause(cause).id is cause
    for field in FieldId:
        assert content.netcheck_field(field).id is field
    for question in QuestionId:
        assert content.question(question).lines
    for headline in (*Headline, *content.TOO_LITTLE, *content.VARIANTS):
        assert content.headline(headline).endswith(".")
    for headline in Headline:
        assert content.obstacle(headline)
    assert set(load("labels/hindering").sections) == {str(each) for each in content.PLACED}
    for mechanism in Mechanism:
        assert content.mechanism(mechanism).sentence
    for reason in (*Reason, "failed", "measuring", "no-way-out"):
        assert content.unknown(str(reason)).next_step
    for state in Backend:
        assert state is Backend.RUNNING or content.tailnet(state).next_step
    for more in ("hangs", "unreadable", "left-out", "asking", "alone"):
        assert content.tailnet(more).meaning
    for path in PeerPath:
        assert content.peer_today(path).next_step
    for fault in MappingFault:
        words = content.mapping_fault(fault)
        assert len(words.label) <= 40
        assert words.meaning
        assert words.next_step


@pytest.mark.parametrize("kind", [*LABELLED, Headline, Mechanism], ids=lambda kind: kind.__name__)
def test_no_words_are_left_for_a_member_that_is_gone(kind: type[Enum]) -> None:
    path = "labels/unknown" if kind is Reason else content._file_of(kind)
    members = {str(each.value) for each in kind}
    if kind is Reason:
        members |= {"failed", "measuring", "no-way-out"}
    if kind is Headline:
        members |= {*content.TOO_LITTLE, *content.VARIANTS}
    assert set(load(path).sections) == members


def test_every_check_has_its_words() -> None:
    for check in CheckId:
        assert content.check(check).why
    for check in CHECKS:
        assert content.check(check).lines, "a built check is summed up in a line"


def test_every_change_has_a_name_that_a_narrow_list_shows_whole() -> None:
    there = (RemedyId.PORT_MAPPING, RemedyId.FORWARD_PORT, RemedyId.KEEP_ONE_PORT)
    ways = [Way(remedy, Whose.THIS, {}) for remedy in REMEDIES]
    ways += [Way(remedy, Whose.OTHER, {}) for remedy in REMEDIES if remedy.id in there]
    short = [names_of(way)[-1] for way in ways]
    assert not [name for name in short if len(name) > 24]
    assert len(set(short)) == len(short), "no two are alike where one has to be chosen"
    assert set(load("labels/remedy-short").sections) == {str(each) for each in RemedyId}


def test_no_file_is_left_that_nothing_loads() -> None:
    labels = {content._file_of(kind).removeprefix("labels/") for kind in LABELLED if kind != Reason}
    labels |= {
        "beyond-router",
        "disagreement",
        "fixing",
        "foremost",
        "headline",
        "hindering",
        "mapping-fault",
        "mechanism",
        "meeting",
        "moving-port",
        "nat",
        "notice",
        "obstacle",
        "offers-ports",
        "own-firewall",
        "peer-kind",
        "peer-today",
        "remedy-short",
        "reported",
        "router",
        "settle",
        "tailnet",
        "tunnel",
        "unknown",
        "which-box",
        "within",
        "account",
    }
    wanted = {
        "fields": {str(each) for each in FieldId},
        "causes": {str(each) for each in CauseId},
        "checks": {str(each) for each in CheckId},
        "questions": {str(each) for each in QuestionId},
        "labels": labels,
        "glossary": set(content.glossary()),
        "remedies": {str(each) for each in RemedyId},
        "fixing": {"guidance", "values"},
        "pages": {
            *(
                "privacy",
                "limits",
                "keys",
                "consent",
                "anew",
                "open",
                "proof",
                "elsewhere",
                "mind",
                "other-side",
                "other-answer",
            ),
            *("choose", "measure", "understand", "fix", "prove"),
        },
    }
    found = {
        directory.name: {path.stem for path in directory.glob("*.md")}
        for directory in HERE.iterdir()
        if directory.is_dir() and directory.name != "__pycache__"
    }
    assert found == wanted
    assert set(content.pages()) == wanted["pages"]


_STEP = re.compile(r"progress\(.*?\"([a-z-]+)\"", re.DOTALL)


@pytest.mark.parametrize("check", CHECKS, ids=str)
def test_every_step_that_a_check_tells_has_words(check: CheckId) -> None:
    module = inspect.getmodule(type(make(check)))
    assert module is not None
    told = set(_STEP.findall(inspect.getsource(module)))
    assert told, "the check tells no step: the pattern no longer fits its source"
    assert told <= set(content.check(check).steps)


# --- links and terms ------------------------------------------------------------------------------


def test_every_link_has_a_glossary_entry_and_no_bracket_is_left() -> None:
    lost = [
        (where, term) for where, text in ALL for term in content.terms(text) if not _entry(term)
    ]
    assert lost == []
    assert [where for where, text in ALL if re.search(r"\[\[|\]\]", content.plain(text))] == []


def _entry(spelling: str) -> bool:
    return content.term(spelling) is not None


_BARE = re.compile(
    r"\b[Pp]ress(?:ing)? (?!Enter|Esc\b)`?\w+`?(?=[\s).,:;]|$)|\bkey [a-z]\b|`[a-z]`"
    r"|\b(?:ctrl|Ctrl)\+"
    r"|(?<![\w'./=\]-])[b-hj-z](?![\w'./=-])(?! \{)"
)
"""A key that is named by itself: "press r", a letter alone, ctrl+s."""
_NOT_KEYS = re.compile(r"`[^`]*`|\{\w+\}(?: to \{\w+\})? s\b|\"[^\"]*\"")
"""Code, seconds, and what a person writes into their own file of keys."""


def test_no_text_names_a_key_that_a_person_may_have_changed() -> None:
    said = [(where, _NOT_KEYS.sub("", text)) for where, text in ALL]
    assert [(where, _BARE.findall(text)) for where, text in said if _BARE.search(text)] == []
    assert [where for where, text in ALL if re.search(r"`(?:[a-z]|ctrl\+[a-z])`", text)] == []


def test_every_key_in_the_words_is_a_command_s_and_the_sentence_is_whole_without_it() -> None:
    known = {command.id: command for command in COMMANDS}
    used = [(where, name) for where, text in ALL for name in content.keys(text)]
    assert {"retest", "ping", "watch", "pretend"} <= {name for _, name in used}
    assert [each for each in used if each[1] not in known or not known[each[1]].key] == []
    for where, text in ALL:
        assert not re.search(r"\s[.,:;](?!\w)|\(\)", content.plain(text)), where
    assert content.plain("Test again [[key:retest]]. Then go.") == "Test again. Then go."
    assert content.keyed("Test again [[key:retest]].", lambda _: "R") == "Test again (R)."
    assert content.keyed("Test again [[key:nothing]].", lambda _: "") == "Test again."


def test_the_page_on_what_is_sent_names_all_that_is_kept_pinged_and_changed() -> None:
    """What the rest of the program can do, it may not deny."""
    (privacy,) = (each for each in FILES if each.name == "privacy.md")
    sections = {
        name: content.plain(each.text) for name, each in _document(privacy).sections.items()
    }
    assert "command in Fix" in sections["What changes"]
    assert re.search(r"how far you are with a fix", sections["What is kept"], re.IGNORECASE)
    assert "in Prove" in sections["To the peer that you chose"]


def test_no_step_promises_another_way_out() -> None:
    """Which other ways there are depends on the network; the list shows them."""
    promises = re.compile(r"\bnext ways? out|\bways? out (?:below|above)", re.IGNORECASE)
    assert [where for where, text in ALL if promises.search(text)] == []


def test_every_glossary_entry_is_linked_from_where_its_word_stands() -> None:
    """What nothing links to is found by nobody who meets the word where it stands."""
    found = [content.term(term) for _, text in ALL for term in content.terms(text)]
    linked = {each.id for each in found if each is not None}
    assert sorted(content.glossary().keys() - linked) == []


def test_no_glossary_entry_links_to_itself() -> None:
    for each in content.glossary().values():
        for term in content.terms(f"{each.short} {each.more}"):
            assert content.term(term) is not each, f"{each.name} links to itself"


_SPECIAL = re.compile(r"\b(?:[A-Z]{2,}[A-Za-z0-9-]*|[A-Za-z]+[A-Z][A-Za-z0-9-]*)\b")
"""Acronyms and words with a capital inside: what a person cannot read without being told."""
_NAMES = {
    "UDP", "DNS",  # DNS stands only in the page on what is sent, which says what it does
    "MappingVariesByDestIP", "PortMapping", "CaptivePortal",  # field names, explained as fields
    "OS", "TCP", "IP",
    # names of makers, products and systems
    "pfSense", "OPNsense", "UniFi", "MikroTik", "RouterOS", "OpenWrt", "FreshTomato", "TP-Link",
    "FRITZ", "FortiGate", "FortiOS", "SRX", "SonicWall", "SonicOS", "ASA", "PAN-OS", "VirtualBox",
    "macOS", "PowerShell",
}  # fmt: skip


def test_no_acronym_stands_without_a_glossary_entry() -> None:
    found = [
        (where, word)
        for where, text in ALL
        for word in _SPECIAL.findall(_without_code(content.plain(text)))
        if not (_entry(word) or _entry(word.removesuffix("s")) or word in _NAMES)
    ]
    assert found == []


def _without_code(text: str) -> str:
    return re.sub(r"`[^`]*`|\{[a-z_]+\}|https?://\S+|\bAT&T\b", "", text)


_JARGON = re.compile(
    r"\b(?:symmetric|cones?|conntrack|datagrams?|rfc|upstream|downstream|egress|ingress|traversal|"
    r"srflx|reflexive|snat|dnat|tuples?|payload|handshakes?|daemons?|subnets?|dhcp|isp|wan|lan|"
    r"heuristics?|idempotent|pars(?:e|ing)|timeouts?|time-outs?|retransmi\w+|unreachable|resolv\w+|"
    r"host ?names?|multicast|unicast|broadcast|checksum|kernel|stack|client|interface)\b",
    re.IGNORECASE,
)


def test_no_word_is_used_that_only_specialists_know() -> None:
    found = [
        (where, match[0])
        for where, text in ALL
        if not where.startswith("labels/classic-type")  # that is what they are
        for match in _JARGON.finditer(re.sub(r"--[a-z-]+", "", _without_code(content.plain(text))))
    ]
    assert found == []


# --- manners --------------------------------------------------------------------------------------

_HARSH = re.compile(
    r"!|\b(?:simply|just|obviously|of course|unfortunately|sorry|your fault|you should have|stupid|"
    r"illegal|abort|fatal|must not|please note)\b",
    re.IGNORECASE,
)


def test_the_tone_is_calm() -> None:
    found = [
        (where, match[0])
        for where, text in ALL
        for match in _HARSH.finditer(text.replace("FRITZ!Box", "FRITZ Box"))
    ]
    assert found == []


def _sentences(text: str) -> list[str]:
    plain = content.plain(text).replace("\n- ", ". ").replace("\n", " ")
    return [each for each in re.split(r"(?<=[.?:])\s+", plain) if each.strip()]


def test_sentences_are_short() -> None:
    long = [
        (where, sentence)
        for where, text in ALL
        for sentence in _sentences(text)
        if len(sentence.split()) > 32
    ]
    assert long == []


def test_sentences_are_short_on_the_whole() -> None:
    lengths = [
        len(sentence.split())
        for _, text in ALL
        for sentence in _sentences(text)
        if sentence.endswith(".")
    ]
    assert len(lengths) > 300
    assert sum(lengths) / len(lengths) <= 15


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(HERE)))
def test_files_are_tidy(path: Path) -> None:
    source = path.read_text("utf-8")
    assert source.endswith("\n")
    assert not source.endswith("\n\n")
    for line in source.splitlines():
        assert line == line.rstrip()
        assert len(line) <= 100
        assert "\t" not in line
        assert "  " not in line.strip()
    assert "—" not in source
    assert not re.search(r"[“”‘’]", source)


# --- lengths: what the screens were laid out for ------------------------------------------------

_LONGEST = {"meaning": 300, "for you": 300, "next": 300, "why": 420, "how": 300, "more": 420}


def test_texts_have_room_on_the_screen() -> None:
    long = [
        (where, len(content.plain(text)))
        for where, text in ALL
        if len(content.plain(text)) > _LONGEST.get(where.rpartition(": ")[2], 1000)
    ]
    assert long == []


def test_headlines_titles_and_labels_fit_on_a_line_or_two() -> None:
    for headline in (*Headline, *content.TOO_LITTLE, *content.VARIANTS):
        assert len(content.headline(headline)) <= 100, headline
    for field in content.fields():
        assert len(field.title) <= 22
        assert len(field.question) <= 100
        for value in field.values.values():
            assert len(value.label) <= 45, value.label
    for cause in CauseId:
        assert len(content.cause(cause).title) <= 45
        assert len(content.cause(cause).sentence) <= 110


# --- tones and placeholders -----------------------------------------------------------------------


def test_a_value_is_bad_only_where_the_table_of_the_field_says_so() -> None:
    tones = {
        (field.id, value.id): value.tone
        for field in content.fields()
        for value in field.values.values()
    }
    assert set(tones.values()) == {Tone.GOOD, Tone.BAD, Tone.NOTE, Tone.UNKNOWN}
    # What a tunnel shows is never good or bad news about the person's own network.
    assert {tone for (_, value), tone in tones.items() if value.endswith("-tunnel")} == {Tone.NOTE}
    # Missing IPv6 alone keeps nobody from a direct connection.
    ipv6 = {value: tone for (field, value), tone in tones.items() if field is FieldId.IPV6}
    assert [value for value, tone in ipv6.items() if tone is Tone.BAD] == ["tcp-only"]


_PLACEHOLDER = re.compile(r"\{[^{}]*\}")


def test_placeholders_are_plain_names_and_only_where_something_fills_them() -> None:
    filled = (
        "remedies/",
        "fixing/",
        "fields/",
        "causes/",
        "checks/",
        "questions/",
        "labels/headline",
        "labels/nat.md",
        "pages/proof.md",
    )
    more = (
        *("obstacle", "notice", "disagreement", "fixing", "meeting", "own-firewall", "router"),
        *("settle", "sign", "which-box", "within", "account"),
    )
    allowed = (*filled, *(f"labels/{each}" for each in more))
    for where, text in ALL:
        found = _PLACEHOLDER.findall(text)
        assert all(re.fullmatch(r"\{[a-z_]+\}", each) for each in found), where
        assert not found or where.startswith(allowed), where

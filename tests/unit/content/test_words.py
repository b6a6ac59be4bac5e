"""Every item is there, nothing is left over, and every placeholder is filled."""

from __future__ import annotations

import inspect
import re
from enum import Enum

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
from tests.unit.content.texts import ALL, HERE
from tui import content
from tui.content import FieldId, QuestionId, Tone
from tui.content.files import load
from tui.explain import HopId
from tui.fixing.circumstances import Brand, System
from tui.fixing.keeper import Trouble
from tui.fixing.offer import Hindrance
from tui.fixing.progress import RanState
from tui.fixing.ways import names_of
from tui.proving.compare import CauseFate, Outcome

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


def test_every_cause_has_a_name_that_a_narrow_list_shows_whole() -> None:
    short = [content.short_cause(each) for each in CauseId]
    assert not [name for name in short if len(name) > 16]
    assert len(set(short)) == len(short), "no two are alike"
    assert set(load("labels/cause-short").sections) == {str(each) for each in CauseId}


def test_why_a_command_is_only_shown_fits_behind_a_colon() -> None:
    for each in Hindrance:
        assert ":" not in content.plain(content.label(each)).partition("[[")[0]


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
        "answer",
        "beyond-router",
        "disagreement",
        "fixing",
        "foremost",
        "headline",
        "hindering",
        "instead",
        "mapping-fault",
        "mechanism",
        "meeting",
        "moving-port",
        "nat",
        "notice",
        "obstacle",
        "offers-ports",
        "cause-short",
        "one-family",
        "own-firewall",
        "peer-kind",
        "peer-today",
        "remedy-short",
        "reported",
        "router",
        "settle",
        "tailnet",
        "there",
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
        *("settle", "sign", "there", "which-box", "within", "account", "instead"),
    )
    allowed = (*filled, *(f"labels/{each}" for each in more))
    for where, text in ALL:
        found = _PLACEHOLDER.findall(text)
        assert all(re.fullmatch(r"\{[a-z_]+\}", each) for each in found), where
        assert not found or where.startswith(allowed), where

"""A plan and its steps as lines of text, to be read from top to bottom. Pure.

A command is a line of its own that begins with `COMMAND`, so that whoever wraps lines leaves it
whole.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from enum import StrEnum
from typing import assert_never

from probes.diagnosis.model import Actor, CauseId, Diagnosis, Mechanism, NatClass
from probes.diagnosis.plan import CausePlan, Way, plan_of
from probes.diagnosis.remedy import RemedyId
from probes.diagnosis.what_if import Whose
from probes.report import Report
from tui import content
from tui.content import playbooks
from tui.explain.settling import trial_decides
from tui.explain.verdict import cause_words
from tui.fixing.playbook import Circumstances, Playbook, PlayStep, circumstances, playbook
from tui.fixing.remarks import IPV6
from tui.fixing.ways import first_open, told_once
from tui.wrapping import COMMAND

_ADDRESS = re.compile(r"`(https?://[^`]+)`")


class Before(StrEnum):
    """What is to be done before any change."""

    NOTHING = ""
    TRIAL = "trial"
    """A trial of the router may show that there is nothing to change."""
    OFFLINE = "offline"
    """The chosen device is off: no path to it can be tested."""


def before_all(report: Report, diagnosis: Diagnosis) -> Before:
    """What comes first of all."""
    peer = diagnosis.peer
    if peer is not None and peer.mechanism is Mechanism.PEER_OFFLINE:
        return Before.OFFLINE
    return Before.TRIAL if trial_decides(report, diagnosis) else Before.NOTHING


def said_first(before: Before) -> Iterator[str]:
    """The same in words: no line where nothing comes before the changes."""
    match before:
        case Before.TRIAL:
            yield playbooks.guidance("first-trial")
        case Before.OFFLINE:
            yield content.fixing("peer offline")
        case Before.NOTHING:
            pass
        case _:
            assert_never(before)


def nothing_left() -> str:
    """That every way is closed, and what that means. A way on the other side and a relay nearby are
    ways of the plan, where they help."""
    return f"{content.fixing('nothing left')} {content.fixing('nothing left more')}"


_BEGIN = {Before.NOTHING: "begin-with", Before.TRIAL: "begin-else", Before.OFFLINE: "begin-after"}
_WAY = {Before.NOTHING: "way-first", Before.TRIAL: "way-then", Before.OFFLINE: "way-after"}


def plan_lines(
    report: Report,
    diagnosis: Diagnosis,
    found: Circumstances | None = None,
    *,
    masked: bool = False,
    closed: Collection[str] = (),
) -> Iterator[str]:
    """The steps of the way to begin with, and all ways out of what stands in the way.

    Notes are left out, and a way that helps with several causes is told once. Nothing where nothing
    is in the way. `closed`: the ways that are no place to begin, by their keys.
    """
    plans = in_the_way(report, diagnosis)
    before = before_all(report, diagnosis) if plans else Before.NOTHING
    open_ = ((plan, first_open(plan, closed)) for plan in plans)
    begin = next(((plan, way) for plan, way in open_ if way is not None), None)
    if begin is not None:
        plan, first = begin
        peer = diagnosis.peer.name if diagnosis.peer is not None else ""
        person = found if found is not None else circumstances(report, peer=peer, masked=masked)
        # Of a report from elsewhere nobody knows which system it was, unless they say so.
        here = found is not None or not report.elsewhere
        book = playbook(first, plan.cause, report, person, here=here)
        yield from said_first(before)
        yield from playbook_lines(book, _BEGIN[before])
        yield from ("", playbooks.guidance("all-ways"), "")
    elif plans:
        yield from (nothing_left(), "", playbooks.guidance("all-ways"), "")
    stopped = CauseId.UDP_BLOCKED in {each.cause.id for each in plans}
    for told in told_once(plans):
        yield f"{cause_words(told.plan.cause.id, report).title}:"
        for way in told.fresh:
            yield f"- {way_line(way, stopped=stopped)}" + (
                f" {playbooks.guidance(_WAY[before])}" if begin == (told.plan, way) else ""
            )
        if told.again:
            yield f"- {as_above(named(way) for way in told.again)}"


def as_above(ways: Iterable[str], between: str = "; ") -> str:
    """That these were told before."""
    return content.fill(playbooks.guidance("ways-told"), ways=between.join(ways))


def in_the_way(report: Report, diagnosis: Diagnosis) -> tuple[CausePlan, ...]:
    """The causes that are more than notes, with their ways; the first one matters most."""
    plans = plan_of(report, diagnosis)
    return tuple(each for each in plans if each.cause.in_the_way)


def way_line(way: Way, *, stopped: bool = False) -> str:
    """One way in a line: what, who, what it costs, and what comes of it.

    `stopped`: this network lets no UDP out.
    """
    what = named(way)
    line = content.fill(
        playbooks.guidance("way"),
        what=what[0].upper() + what[1:],
        who=who_acts(way),
        risk=content.label(way.remedy.risk),
    )
    if stopped and way.remedy.id in IPV6:
        return f"{line} {content.udp_stopped()}"
    effect = _effect(way)
    return f"{line} {playbooks.guidance(effect)}" if effect else line


def named(way: Way) -> str:
    """A way within a sentence."""
    what = content.label(way.remedy.id)
    if way.whose is Whose.OTHER:
        return content.fill(playbooks.guidance("way-there"), what=what)
    return what


def who_acts(way: Way) -> str:
    """Who may make the change: on the other side nobody here does."""
    acts = way.remedy.acts
    if way.whose is Whose.THIS:
        return content.label(acts)
    if acts is Actor.THIS_DEVICE:
        return content.label(Actor.PEER)
    return content.fill(playbooks.guidance("who-there"), who=content.label(acts))


def _effect(way: Way) -> str:
    """What it makes direct: an id of ``fixing/guidance``, "" where nothing is promised."""
    if way.remedy.id in IPV6 and not any(way.flips.values()):
        return "flips-ipv6"
    if way.whose is Whose.OTHER:
        return "flips-there" if any(way.flips.values()) else ""
    easy, hard = way.flips.get(NatClass.EASY), way.flips.get(NatClass.HARD)
    if easy and hard:
        return "flips-both"
    return "flips-easy" if easy else "flips-hard" if hard else ""


_PEERS = {NatClass.NONE: "no NAT", NatClass.EASY: "easy NAT", NatClass.HARD: "hard NAT"}


def promise(way: Way) -> str:
    """What a change makes direct, in a sentence; "" where its own words say all there is."""
    helped = [name for kind, name in _PEERS.items() if way.flips.get(kind)]
    if helped:
        return content.fill(content.fixing("flips"), peers=" and ".join(helped))
    if way.remedy.id in IPV6:
        return playbooks.guidance("flips-ipv6")
    return "" if way.remedy.id is RemedyId.PEER_RELAY else content.fixing("flips none")


def playbook_lines(book: Playbook, opening: str = "begin-with") -> Iterator[str]:
    """All of one change, its steps numbered. `opening`: an id of ``fixing/guidance``."""
    yield content.fill(playbooks.guidance(opening), title=book.title)
    yield book.for_you
    for number, step in enumerate(book.steps, 1):
        yield from step_lines(number, step)
    for name, text in (("shows", book.shows), ("risks", book.risk), ("takes-back", book.undo)):
        yield f"{playbooks.guidance(name)} {text}"


def step_lines(number: int, step: PlayStep) -> Iterator[str]:
    """One step with its command. Where that may cut somebody off, this is said before it, with how
    it is taken back by itself: who is cut off can type nothing more."""
    # Marks around an address would be copied with it.
    text = _ADDRESS.sub(r"\1", step.text)
    first, *more = (line for line in text.splitlines() if line)
    yield f"{playbooks.guidance('step')} {number}: {first}"
    yield from more
    if step.command is not None:
        if step.command.cuts:
            yield playbooks.guidance("cuts-run" if step.command.shell == "sh" else "cuts")
        yield COMMAND + step.command.text
        if step.command.cuts:
            yield playbooks.guidance("back-by-hand")
            yield COMMAND + step.command.undo

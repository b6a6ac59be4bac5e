"""What a person wants to read first: the one cause that matters, and the first step. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from probes.diagnosis.model import Diagnosis, Mechanism, NatClass, Verdict
from probes.diagnosis.peer_hints import RELAYED
from probes.diagnosis.plan import CausePlan
from probes.readings import lifetime
from probes.readings.tailscale import PEERS, Peer
from probes.report import Report
from tui import content
from tui.content import playbooks
from tui.explain import explain_cause
from tui.explain.facts import translated
from tui.explain.settling import claims, open_readings
from tui.explain.words import number, some
from tui.fixing.playbook import ELSEWHERE, circumstances, helps_from_here, playbook
from tui.fixing.telling import (
    Before,
    before_all,
    in_the_way,
    named,
    nothing_left,
    said_first,
    step_lines,
    who_acts,
)
from tui.fixing.ways import begin_with

_CHANGE = {
    Before.NOTHING: "first-change",
    Before.TRIAL: "else-change",
    Before.OFFLINE: "after-change",
}


def first_lines(report: Report, diagnosis: Diagnosis, *, masked: bool = False) -> Iterator[str]:
    """So few lines that they fit a small screen together with the verdict."""
    plans = in_the_way(report, diagnosis)
    if not plans:
        yield from _nothing_in_the_way(report, diagnosis)
        return
    plan = plans[0]
    way = next(way for way in plan.ways if way.recommended)
    cause = explain_cause(plan.cause, report)
    weight = cause.weight[:1].upper() + cause.weight[1:]
    yield f"{weight}: {cause.title}. {cause.sentence}"
    before = before_all(report, diagnosis)
    yield from said_first(before)
    yield _said(_CHANGE[before], what=named(way), who=who_acts(way))
    if helps_from_here(way, plan.cause):
        yield playbooks.guidance("here-for-there")
    peer = diagnosis.peer.name if diagnosis.peer is not None else ""
    person = circumstances(report, peer=peer, masked=masked)
    book = playbook(way, plan.cause, report, person, here=not report.elsewhere)
    told = 0
    for told, step in enumerate(book.steps, 1):
        yield from step_lines(told, step)
        if step.id != ELSEWHERE:  # that one only says where the others are to be done
            break
    more = len(book.steps) - told
    yield (
        _said("then-all", more=number(more, "more step"))
        if more
        else playbooks.guidance("then-ways")
    )
    if relayed := relayed_now(report, diagnosis):
        yield from ("", relayed)


def first_move(report: Report, diagnosis: Diagnosis, closed: Collection[str] = ()) -> Iterator[str]:
    """The first thing to do, in a sentence or two, and who is relayed besides: how it is done
    stands in Fix. `closed`: the ways that are no place to begin, by their keys."""
    plans = in_the_way(report, diagnosis)
    if not plans:
        yield from _nothing_in_the_way(report, diagnosis)
        return
    if before := before_all(report, diagnosis):
        yield from said_first(before)
        return
    way = begin_with(plans, closed)
    if way is None:
        yield nothing_left()
    else:
        yield _said("first-change", what=named(way), who=who_acts(way))
    if relayed := relayed_now(report, diagnosis):
        yield relayed


def _nothing_in_the_way(report: Report, diagnosis: Diagnosis) -> Iterator[str]:
    words = no_way(report, diagnosis)
    yield content.fixing(words)
    if words == _WELL and not report.elsewhere and not report.known(lifetime.LIFETIME4):
        yield content.fixing("quiet minutes")
    relayed = relayed_now(report, diagnosis)
    if relayed:
        yield relayed
    if words != _UNKNOWN:
        return
    for _, readings in claims(report, diagnosis):
        for each in open_readings(report, readings):
            yield _said("first-unknown", what=each.what, how=each.how)
            return


RELAYED_BESIDES = "relayed besides"
"""Something limits a connection that is to be expected, and somebody is relayed."""
_UNKNOWN, _WELL = "nothing known", "nothing to fix"


OFFLINE = "peer offline"
NOTHING_HERE = (OFFLINE, "ipv6 alone", "ipv6 translated")
"""Too little is known for a verdict, and enough to say that nothing is to be done on this side."""


def no_way(report: Report, diagnosis: Diagnosis) -> str:
    """Which words of ``labels/fixing`` say why there is nothing to do: nothing is in the way, or
    too little is known; what was measured elsewhere is asked for over there."""
    if before_all(report, diagnosis) is Before.OFFLINE:
        return OFFLINE
    if not too_little_known(diagnosis):
        return _WELL
    if diagnosis.outlook.easy.mechanism is Mechanism.NO_COMMON_FAMILY:
        return "ipv6 translated" if translated(report) else "ipv6 alone"
    return "nothing told" if report.elsewhere else _UNKNOWN


def relayed_now(report: Report, diagnosis: Diagnosis, peers: Sequence[Peer] | None = None) -> str:
    """The devices that are on a relay although direct is to be expected, and how to have a look at
    one of them; "" where there are none, or one is looked at already. `peers`: as they were seen
    last, where that was after the report."""
    if diagnosis.peer is not None or diagnosis.verdict is not Verdict.DIRECT:
        return ""
    if peers is None:
        peers = report.value(PEERS) or ()
    names = [peer.name for peer in peers if peer.path in RELAYED]
    if not names:
        return ""
    limited = any(cause.in_the_way for cause in diagnosis.causes)
    words = content.fixing(RELAYED_BESIDES if limited else "relayed now")
    return content.fill(words, peers=some(names))


def too_little_known(diagnosis: Diagnosis) -> bool:
    """No cause was found, and there may be one all the same: nothing is known of this side."""
    if diagnosis.verdict is Verdict.UNKNOWN:
        return True
    nats = {diagnosis.nat4.nat_class, diagnosis.nat6.nat_class}
    return diagnosis.verdict is not Verdict.DIRECT and nats == {NatClass.UNKNOWN}


def optional(diagnosis: Diagnosis, plans: Collection[CausePlan]) -> bool:
    """All that can be done helps with some peers or for later: nothing has to be."""
    wanted = diagnosis.verdict in (Verdict.RELAYED, Verdict.DEPENDS)
    return not wanted and not any(plan.cause.in_the_way for plan in plans)


def in_short(report: Report, diagnosis: Diagnosis, verdict: str) -> str:
    """The same in one line, for the end of a long text: that is what a terminal shows of it."""
    plans = in_the_way(report, diagnosis)
    if not plans:
        return _said("in-short", verdict=verdict)
    if before := before_all(report, diagnosis):
        return _said(f"in-short-{before}", verdict=verdict)
    way = next(way for way in plans[0].ways if way.recommended)
    return _said("in-short-first", verdict=verdict, what=named(way))


def _said(which: str, **values: object) -> str:
    return content.fill(playbooks.guidance(which), **values)

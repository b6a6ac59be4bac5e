"""One-line summaries of a run under way: of a check, and of each question a person has."""

from __future__ import annotations

from typing import assert_never

from probes.model import CheckId, CheckStatus, Family, Reason
from probes.readings import local, relays, stun
from probes.report import SIMULATED, CheckState, Report
from tui import content
from tui.content import QuestionId, Tone
from tui.explain import facts, lines
from tui.explain.words import Line, busy, number, why_unknown

_TOLD = ("ping-peer",)
"""Steps that take seconds, after the check has said what it found: what it waits for is told."""


def check_line(report: Report, check: CheckId) -> Line:
    """What a check found so far, or what it does now."""
    words = content.check(check)
    state = report.checks.get(check, CheckState(CheckStatus.SKIPPED))
    match state.status:
        case CheckStatus.WAITING:
            return Line(Tone.WAITING, words.title, content.label(CheckStatus.WAITING))
        case CheckStatus.SKIPPED | CheckStatus.CANCELLED:
            return Line(Tone.UNKNOWN, words.title, content.label(state.status))
        case CheckStatus.FAILED:
            label = content.label(CheckStatus.FAILED)
            return Line(Tone.UNKNOWN, words.title, f"{label}: {state.error}")
        case CheckStatus.RUNNING | CheckStatus.DONE | CheckStatus.TIMED_OUT:
            pass
        case _:
            assert_never(state.status)
    running = state.status is CheckStatus.RUNNING
    found = lines.found(report, check) if not (running and state.doing in _TOLD) else None
    if found is not None:
        tone, text = words.lines[found[0]]
        text = content.plain(content.fill(text, **found[1]))
        return Line(Tone.RUNNING if running else tone, words.title, text)
    if running:
        return Line(Tone.RUNNING, words.title, doing(check, state))
    return Line(Tone.UNKNOWN, words.title, _why_nothing(report, check, state))


def _why_nothing(report: Report, check: CheckId, state: CheckState) -> str:
    """The check ended without its answer: why, if it said so."""
    key = lines.MAIN.get(check)
    why = why_unknown(report, key) if key is not None and not report.known(key) else ""
    said = why and why != Reason.NOT_MEASURED
    return _label(report, why) if said else content.label(state.status)


def _label(report: Report, why: str) -> str:
    """Why something is not known, in few words. Without a way out that is why nobody was asked."""
    nowhere = why in (Reason.NOT_APPLICABLE, Reason.NO_SERVER) and facts.no_way_out(report)
    return content.plain(content.unknown("no-way-out" if nowhere else why).label)


def doing(check: CheckId, state: CheckState) -> str:
    """What a check does now: the words for its step, and what the step is about."""
    steps = content.check(check).steps
    words = steps.get(state.doing, "") if state.doing else content.label(CheckStatus.RUNNING)
    return f"{words}: {state.detail}" if words and state.detail else words or state.detail


ENOUGH = 2
"""It takes so many answers to compare them."""


def question_lines(report: Report) -> tuple[Line, ...]:
    """A run as a person reads it: a line for each question, of which a check may answer several."""
    if report.elsewhere:
        return ()  # no check was made
    first = (CheckId.LOCAL, CheckId.STUN)
    others = (each for each in CheckId if each in report.checks and each not in first)
    return (
        *(check_line(report, each) for each in first),
        *(question_line(report, each) for each in QuestionId),
        *(check_line(report, each) for each in others),
    )


def question_line(report: Report, which: QuestionId) -> Line:
    """What is known so far of a question that the stun check answers besides its own."""
    words = content.question(which)
    state = report.checks.get(CheckId.STUN, CheckState(CheckStatus.SKIPPED))
    line, filling = _mapping(report) if which is QuestionId.MAPPING else _ipv6(report)
    if line in words.lines:
        tone, text = words.lines[line]
        return Line(tone, words.title, content.plain(content.fill(text, **filling)))
    if state.status is CheckStatus.WAITING:
        return Line(Tone.WAITING, words.title, content.label(CheckStatus.WAITING))
    if line == "measuring" and state.status is CheckStatus.RUNNING:
        return Line(Tone.RUNNING, words.title, doing(CheckId.STUN, state))
    return Line(Tone.UNKNOWN, words.title, _label(report, line))


def _mapping(report: Report) -> lines.Found:
    answered, seen = facts.answered(report, Family.V4), facts.endpoints(report, Family.V4)
    filling: dict[str, object] = {
        "answered": answered,
        "asked": facts.asked_regions(report),
        "address_count": len(facts.addresses_of(seen)),
    }
    varies = report.value(stun.VARIES4)
    if facts.tunnel(report, Family.V4) and varies is not None:
        return "tunnel", filling
    match varies:
        case True:
            return ("varies-address" if facts.ports_kept(seen) else "varies"), filling
        case False:
            return ("here" if facts.address_is_here(report, Family.V4) else "same"), filling
        case None if busy(report, CheckId.STUN) and answered:
            return "so-far", filling
        case None:
            return _without_relays(report) or (why_unknown(report, stun.VARIES4), filling)


def _without_relays(report: Report) -> lines.Found | None:
    """What servers that are no relays say of it, where those alone answered."""
    others = facts.all_servers(report, Family.V4)
    if others < ENOUGH or facts.answered(report, Family.V4) or busy(report, CheckId.STUN):
        return None
    agree = len(facts.all_endpoints(report, Family.V4)) == 1
    return ("others-agree" if agree else "others-differ"), {"others": others}


def _ipv6(report: Report) -> lines.Found:
    endpoint = report.value(stun.ENDPOINT6)
    if endpoint is not None:
        return "yes", {"address": endpoint.address}
    system = report.value(local.OS_IPV6)
    if system is False:
        return "off", {}
    if report.known(local.WAY_OUT6) and report.value(local.WAY_OUT6) is None:
        return ("no" if system else "no-address"), {}
    return why_unknown(report, stun.ENDPOINT6), {}


def map_lines(report: Report) -> tuple[str, ...]:
    """Which relay map is in use, then each source before it that gave nothing, and why."""
    source = report.value(relays.MAP_SOURCE)
    if source is None:
        return ()
    size = f", {number(source.regions, 'region')}" if source.regions else ""
    where = f": {source.where}" if source.where else ""
    return (f"{content.label(source.origin)}{where}{size}", *source.passed_over)


def ignored(report: Report) -> tuple[str, ...]:
    """What arrived and did not count as an answer, one line each."""
    return tuple(
        f"{each.host}: {content.label(each.fault)}"
        + (f" ({each.detail})" if each.detail else "")
        + (f", {number(each.count, 'time')}" if each.count > 1 else "")
        for each in report.value(stun.REJECTED) or ()
    )


def notices(report: Report) -> tuple[str, ...]:
    """What is to be said of the whole run before anything that it found."""
    found = {
        "network-changed": report.network_changed,
        "practice": report.network.startswith(SIMULATED),
        "cancelled": report.cancelled,
        "tunnel": bool(facts.any_tunnel(report)),
        "inspected": report.value(relays.TLS_INSPECTED) is True,
        "built-in-map": _origin(report) is relays.MapOrigin.BUILT_IN,
    }
    filling = {"tunnel": facts.any_tunnel(report), "network": report.network.partition(":")[2]}
    return tuple(
        content.fill(content.notice(each), **filling) for each, holds in found.items() if holds
    )


def _origin(report: Report) -> relays.MapOrigin | None:
    source = report.value(relays.MAP_SOURCE)
    return source.origin if source is not None else None

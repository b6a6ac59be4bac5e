"""What came of a test, an answer to a ping, a moment of a watch, in words: for app and text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import assert_never

from probes.diagnosis.model import Diagnosis, Verdict
from probes.diagnosis.plan import plan_of
from probes.model import Mapping as NatMapping
from probes.readings.tailscale import PEERS, Backend, PeerPath
from probes.report import Report
from probes.tailscale.history import Moment, WatchChange
from probes.tailscale.ping import NoPong, OwnAddress, PingLine, PingPath, Pong, Refusal
from tui import content
from tui.explain.settling import trial_decides
from tui.explain.verdict import cause_words
from tui.fixing.first import no_way
from tui.proving.compare import CauseFate, Comparison, Outcome

_AS_PATH = {
    PingPath.DIRECT: PeerPath.DIRECT,
    PingPath.PEER_RELAY: PeerPath.PEER_RELAY,
    PingPath.DERP: PeerPath.DERP,
    PingPath.OTHER: PeerPath.UNKNOWN,
}


def untested(report: Report, diagnosis: Diagnosis, *, opened: bool, begun: bool) -> str:
    """What is said before any test. `opened`: a report that cannot be measured again from here;
    `begun`: the person has begun with a change."""
    if not opened:
        trial = not begun and trial_decides(report, diagnosis)
        return content.proof(
            "untested done" if begun else "untested trial" if trial else "untested"
        )
    told = no_way(report, diagnosis) != "nothing told" or plan_of(report, diagnosis)
    return content.proof("untested elsewhere" if told else "untold elsewhere")


def outcome_words(found: Comparison) -> str:
    """Which words of the page on the proof fit what came of it."""
    different = any(line.changed for line in found.lines)
    moved = any(each.fate is not CauseFate.STILL for each in found.causes)
    if found.outcome is Outcome.SAME and (different or moved):
        return "same but"
    before = found.before.diagnosis.verdict
    undecided = trial_decides(found.before.report, found.before.diagnosis)
    if found.outcome is Outcome.CURED and (before is Verdict.UNKNOWN or undecided):
        return "cured unknown"
    if found.outcome is Outcome.BETTER and before is Verdict.DIRECT:
        return "better direct" if found.gained else "better direct gone"
    return str(found.outcome)


def came_of_it(found: Comparison) -> Iterator[str]:
    """What came of it, in sentences, and how to see it where there is somebody to ping."""
    gone = [each.cause for each in found.causes if each.fate is CauseFate.GONE]
    gone = gone or [each.cause for each in found.causes if each.fate is CauseFate.LIGHTER]
    names = (cause_words(each.id, found.before.report).title for each in gone)
    words = content.fill(
        content.proof(outcome_words(found)),
        causes=", ".join(f'"{name}"' for name in names) or "something",
        peers=" and ".join(content.peer_kind(kind) for kind in found.gained),
    )
    said = [words]
    peers = found.after.report.value(PEERS)
    if found.outcome is Outcome.CURED and peers:
        said.append(content.proof("cured ping"))
    yield " ".join(said)
    if found.taken_along:
        yield content.proof("taken along")
    if found.other_address:
        yield content.proof("other address")


def outcome_label(found: Comparison) -> str:
    """The result in a few words."""
    words = outcome_words(found)
    return content.proof("same but short") if words == "same but" else content.label(found.outcome)


def ping_words(line: PingLine) -> tuple[str, str, str]:
    """How the answer came, through what, and how long it took; "" for what is not known."""
    match line:
        case Pong():
            took = "" if line.rtt_ms is None else f"{line.rtt_ms:.0f} ms"
            return content.label(_AS_PATH[line.path]), line.via, took
        case NoPong():
            return "no answer", "", ""
        case OwnAddress():
            return "this device itself", "", ""
        case Refusal():
            return line.detail or "no pings", "", ""
        case _:
            assert_never(line)


def moment_words(each: Moment, names: Mapping[str, str]) -> str:
    """What changed, from what to what, and what else did at that moment. `names`: by peer."""
    if each.what is not WatchChange.PATH:
        name = content.label(each.what)
        change = f"{_said(each, each.before)} → {_said(each, each.after)}"
        return f"{name[:1].upper()}{name[1:]}: {change}"
    before, after = (content.label(PeerPath(path)) for path in (each.before, each.after))
    text = f"{names.get(each.peer, each.peer)}: {before} → {after}"
    if each.via:
        text += f" ({each.via})"
    if each.beside:
        text += f"; at that moment: {', '.join(content.label(what) for what in each.beside)}"
    return text


def _said(each: Moment, value: str) -> str:
    if each.what is WatchChange.STATE:
        return content.label(Backend(value))
    if each.what is WatchChange.MAPPING:
        return content.label(NatMapping(value))
    return value or "none"

"""What came of a test, an answer to a ping, a moment of a watch, in words: for app and text."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import assert_never

from probes.diagnosis.model import Diagnosis, Verdict
from probes.diagnosis.plan import plan_of
from probes.model import Mapping as NatMapping
from probes.readings.tailscale import Backend, Peer, PeerPath
from probes.report import Report
from probes.tailscale.history import Moment, WatchChange
from probes.tailscale.ping import NoPong, OwnAddress, PingLine, PingPath, PingResult, Pong, Refusal
from tui import content
from tui.explain.router import trial_told
from tui.explain.settling import trial_decides
from tui.explain.verdict import cause_words
from tui.fixing.first import no_way
from tui.proving.compare import CauseFate, CauseLine, Change, Comparison, Outcome, Side
from tui.proving.fates import harmless
from tui.proving.proof import Proof
from tui.proving.reached import relayed
from tui.widgets.text import spaced

_MOST_NAMES = 4
"""Devices that are named in one sentence."""
_AS_PATH = {
    PingPath.DIRECT: PeerPath.DIRECT,
    PingPath.PEER_RELAY: PeerPath.PEER_RELAY,
    PingPath.DERP: PeerPath.DERP,
    PingPath.OTHER: PeerPath.UNKNOWN,
}


def untested(report: Report, diagnosis: Diagnosis, *, opened: bool, begun: bool) -> str:
    """What is said before any test. `opened`: a report that cannot be measured again from here;
    `begun`: the person has begun with a change."""
    planned = bool(plan_of(report, diagnosis))
    if opened:
        told = planned or no_way(report, diagnosis) != "nothing told"
        return content.proof("untested elsewhere" if told else "untold elsewhere")
    if begun:
        return content.proof("untested done")
    if trial_decides(report, diagnosis):
        return content.proof("untested trial")
    return content.proof("untested" if planned else "untested no change")


def side_of(each: CauseLine, found: Comparison) -> Side:
    """The side that a cause is told of: after, unless it is gone."""
    return found.after if each.cause in found.after.diagnosis.causes else found.before


def cause_title(each: CauseLine, found: Comparison) -> str:
    """What a cause is called, there where it holds: in a cloud another thing than at home."""
    return cause_words(each.cause.id, side_of(each, found).report).title


def outcome_words(found: Comparison) -> str:
    """Which words of the page on the proof fit what came of it."""
    match found.outcome:
        case Outcome.SAME:
            return _same(found)
        case Outcome.CURED if _reached(found):
            was_relayed = found.before.diagnosis.verdict is Verdict.RELAYED
            return "cured peer" if was_relayed else "cured peer now"
        case Outcome.CURED if found.before.diagnosis.verdict is Verdict.UNKNOWN:
            return "cured unknown"
        case Outcome.CURED if found.before.diagnosis.verdict is Verdict.DEPENDS:
            return "cured depends"
        case Outcome.BETTER if found.before.diagnosis.verdict is Verdict.DIRECT:
            return _better_direct(found)
        case _:
            return str(found.outcome)


def _reached(found: Comparison) -> str:
    """The chosen device, by name, where Tailscale was seen to reach it directly; else ""."""
    peer = found.after.diagnosis.peer
    return peer.name if peer is not None and peer.path is PeerPath.DIRECT else ""


def _better_direct(found: Comparison) -> str:
    """It was direct before, and is: what of it is better."""
    gone = (each.cause for each in found.causes if each.fate is CauseFate.GONE)
    if any(cause.in_the_way for cause in gone):
        return "better direct cured"
    kinds = found.kinds
    return "better direct" if kinds.direct or kinds.perhaps else "better direct gone"


def _same(found: Comparison) -> str:
    """Nothing is better. Whether that tells something of a change depends on what was done."""
    if any(each.fate is not CauseFate.STILL for each in found.causes):
        return "same but"
    devices = len(found.devices)
    if sum(line.changed for line in found.lines) > devices:
        return "same but"
    if devices:
        return "same paths"
    return "same" if found.change is Change.DONE else f"same {found.change}"


def came_of_it(found: Comparison) -> Iterator[str]:
    """What came of it, in sentences, and how to see it where there is somebody to ping."""
    said = [content.fill(content.proof(outcome_words(found)), peer=_reached(found))]
    peers = () if _reached(found) else found.after.peers
    # Where every path that carries something is direct, there is no first direct answer to see.
    to_see = peers and (relayed(peers) or not _direct(peers))
    if found.outcome is Outcome.CURED and to_see and not any(each.direct for each in found.devices):
        said.append(content.proof("cured ping"))
    yield " ".join(said)
    yield from _devices(found)
    if found.outcome is Outcome.BETTER and (better := " ".join(_better(found))):
        yield better
    yield from trial_told(found.after.report, found.before.report)
    if found.taken_along:
        yield content.proof("taken along")
    if found.other_address:
        yield content.proof("other address")


def _better(found: Comparison) -> Iterator[str]:
    """What of it is better: causes, and kinds of peer."""
    gone = [each for each in found.causes if each.fate is CauseFate.GONE]
    eased = gone or [each for each in found.causes if each.fate is CauseFate.LIGHTER]
    free = [each.cause for each in eased if harmless(each)]
    rest = [each.cause for each in eased if not harmless(each)]
    for which, causes in (("came gone" if gone else "came lighter", rest), ("came harmless", free)):
        if causes:
            names = (cause_words(each.id, found.before.report).title for each in causes)
            yield _filled(which, ", ".join(f'"{name}"' for name in names))
    kinds = found.kinds
    for which, peers in (("came direct", kinds.direct), ("came perhaps", kinds.perhaps)):
        if peers:
            yield _filled(which, _listed(map(content.peer_kind, peers)))


def _devices(found: Comparison) -> Iterator[str]:
    """Whose path is another one now. That is measured, whatever holds for peers in general."""
    told = _reached(found) if found.outcome is Outcome.CURED else ""
    turned = [each.after.name for each in found.devices if each.direct]
    turned = [name for name in turned if name != told]
    lost = [each.after.name for each in found.devices if each.lost]
    if turned:
        said = _filled("came devices", _listed(turned))
        after = found.after.diagnosis
        in_general = after.peer is None and after.verdict is not Verdict.DIRECT
        yield f"{said} {content.proof('came in general')}" if in_general else said
    if lost:
        said = _filled("came lost", _listed(lost))
        gained = found.outcome in (Outcome.CURED, Outcome.BETTER)
        yield f"{said} {content.proof('came by itself')}" if gained else said
    if still := _still_relayed(found):
        yield still


def _still_relayed(found: Comparison) -> str:
    """Who is on a relay for all that, and where that tells something of the other side, to look at
    it; "" where nobody is. Of a chosen device the verdict itself tells."""
    after, outcome = found.after.diagnosis, found.outcome
    if after.peer is not None or outcome in (Outcome.ELSEWHERE, Outcome.UNKNOWN):
        return ""
    told = {each.after.key for each in found.devices if each.lost}
    on = [each for each in found.after.peers if relayed((each,)) and each.key not in told]
    if not on:
        return ""
    before = {each.key for each in found.before.peers if relayed((each,))}
    which = "came relayed" if all(each.key in before for each in on) else "came on relay"
    said = _filled(which, _listed(each.name for each in on))
    if after.verdict is not Verdict.DIRECT:
        return said  # what stands in the way of them stands below
    own = any(cause.in_the_way for cause in after.causes)
    return f"{said} {content.proof('came limited' if own else 'came theirs')}"


def direct_all_the_same(diagnosis: Diagnosis, peers: Iterable[Peer]) -> str:
    """That every device with traffic is direct, beside a verdict that promises less to peers in
    general; "" where it is not so, or where the verdict is of one peer."""
    found = tuple(peers)
    less = diagnosis.verdict in (Verdict.DEPENDS, Verdict.RELAYED) and diagnosis.peer is None
    if not less or relayed(found) or not (direct := _direct(found)):
        return ""
    said = _filled("direct all the same", _listed(each.name for each in direct))
    return f"{said} {content.proof('came in general')}"


def _direct(peers: Iterable[Peer]) -> list[Peer]:
    return [each for each in peers if each.path is PeerPath.DIRECT]


def _listed(names: Iterable[str]) -> str:
    """ "a, b and c"; of many the first ones, and how many more there are."""
    found = list(names)
    shown, more = found[:_MOST_NAMES], len(found) - _MOST_NAMES
    if more > 0:
        return f"{', '.join(shown)} and {spaced(more)} more"
    return " and ".join(filter(None, (", ".join(shown[:-1]), *shown[-1:])))


def _filled(which: str, named: str) -> str:
    return content.fill(content.proof(which), named=named)


def outcome_label(found: Comparison) -> str:
    """The result in a few words."""
    words = outcome_words(found)
    if words in ("same but", "same paths"):
        return content.proof("same but short")
    return content.label(found.outcome)


def done_words(proof: Proof, chosen: str = "", mask: Callable[[str], str] = str) -> tuple[str, ...]:
    """What was changed, in order; with the device for which that was, where it is another one than
    the device that is chosen by now.
    """
    done = proof.pretended or tuple(filter(None, (proof.remedy,)))
    whom = (*proof.whom, *("" for _ in done))
    return tuple(
        _done_for(content.label(remedy), "" if device == chosen else mask(device))
        for remedy, device in zip(done, whom, strict=False)
    )


def _done_for(what: str, device: str) -> str:
    if not device:
        return what
    words = content.plain(content.proof("pretended for"))
    return f"{what}, {content.fill(words, device=device)}"


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


def pings_words(result: PingResult, *, pinging: bool) -> str:
    """What the pings show so far; or did, where they were stopped before they could show it."""
    early = result is PingResult.WAITING and not pinging
    return content.proof("ping stopped" if early else f"ping {result}")


def quiet_words(seconds: float) -> str:
    """That a watch of so long saw no change."""
    return content.fill(content.proof("watch quiet stopped"), time=span_words(seconds))


def span_words(seconds: float) -> str:
    """ "25 s", "2 min 5 s"."""
    minutes, left = divmod(int(seconds), 60)
    return f"{minutes} min {left} s" if minutes else f"{left} s"


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

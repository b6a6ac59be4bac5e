"""The devices of a tailnet, as a person chooses among them: their order, or why there are none."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace
from typing import assert_never

from probes.model import CheckId, CheckStatus, Failed, Known, Reason
from probes.readings.tailscale import PEERS, PINGS, STATE, Backend, Peer, PeerPath
from probes.report import Report
from tui import content
from tui.content import Tone
from tui.widgets.text import spaced

_ORDER = {
    path: place
    for place, path in enumerate(
        (
            PeerPath.DERP,
            PeerPath.PEER_RELAY,
            PeerPath.UNKNOWN,
            PeerPath.DIRECT,
            PeerPath.IDLE,
            PeerPath.OFFLINE,
        )
    )
}
"""What a person comes for is first."""

PATH_TONES = {
    PeerPath.DERP: Tone.BAD,
    PeerPath.PEER_RELAY: Tone.NOTE,
    PeerPath.UNKNOWN: Tone.UNKNOWN,
    PeerPath.DIRECT: Tone.GOOD,
    PeerPath.IDLE: Tone.WAITING,
    PeerPath.OFFLINE: Tone.WAITING,
}


def peers_of(report: Report) -> tuple[Peer, ...]:
    """The devices that a run lists, each with its path as the run saw it last: the pings come after
    the list, and may turn a path direct. The list itself, where they say nothing else.
    """
    listed: tuple[Peer, ...] = report.value(PEERS) or ()
    later = {
        row.name: (row.path, row.via)
        for row in report.value(PINGS) or ()
        if row.path in (PeerPath.DIRECT, PeerPath.PEER_RELAY)
    }
    if all(later.get(each.name, now) == now for each in listed for now in ((each.path, each.via),)):
        return listed
    return tuple(
        replace(each, path=later[each.name][0], via=later[each.name][1])
        if each.name in later
        else each
        for each in listed
    )


def ordered(peers: Iterable[Peer]) -> list[tuple[int, Peer]]:
    """Relayed ones first, then by name, each with its place in the list that was given."""
    return sorted(
        enumerate(peers), key=lambda each: (_ORDER[each[1].path], each[1].name.casefold())
    )


def tone_of(peer: Peer) -> Tone:
    """What today's path is to the person."""
    return PATH_TONES[peer.path]


def path_words(peer: Peer) -> str:
    """Today's path, with what it goes through: "relayed via fra"."""
    words = content.label(peer.path)
    match peer.path:
        case PeerPath.DERP:
            return f"{words} via {peer.via}" if peer.via else words
        case PeerPath.DIRECT | PeerPath.PEER_RELAY:
            return f"{words}  {peer.via}" if peer.via else words
        case PeerPath.IDLE | PeerPath.OFFLINE | PeerPath.UNKNOWN:
            return words
        case _:
            assert_never(peer.path)


def with_paths(report: Report, seen: Collection[Peer]) -> Report:
    """The report with the paths of its devices as they were seen since, for what comes after it to
    be held against; the same report where nothing is newer. `seen`: in the order of its list.
    """
    listed = report[PEERS]
    if not isinstance(listed, Known) or len(seen) != len(listed.value):
        return report
    if all(one is other for one, other in zip(listed.value, seen, strict=True)):
        return report
    newer = replace(listed, value=tuple(seen))
    return replace(report, readings={**report.readings, PEERS.id: newer})


def searched(peer: Peer) -> str:
    """What a person may type to find it, in small letters."""
    parts = (peer.name, peer.dns_name, peer.system, path_words(peer))
    return " ".join((*parts, *map(str, peer.addresses))).casefold()


def count_words(peers: Collection[Peer]) -> str:
    """``10 000 devices, 3 relayed``."""
    relayed = sum(each.path is PeerPath.DERP for each in peers)
    devices = "1 device" if len(peers) == 1 else f"{spaced(len(peers))} devices"
    return f"{devices}, {spaced(relayed)} relayed"


def trouble(report: Report) -> str:
    """Why no devices can be shown, as an id of `content.tailnet`; "" if there are some, or if it is
    no question here: nobody was to ask.
    """
    if report.value(PEERS):
        return ""
    state = report[STATE]
    match state:
        case Known(Backend.RUNNING):
            return "alone" if report.known(PEERS) else _open(report)
        case Known(backend):
            return str(backend)
        case Failed():
            return "unreadable"
        case _:
            pass
    if report.elsewhere:
        return ""  # it is what was read, and this program did not ask
    match state.reason:
        case Reason.TIMED_OUT:
            return "hangs"
        case Reason.NO_RIGHTS:
            return str(Backend.NO_RIGHTS)
        case Reason.SKIPPED:
            return "left-out"
        case _:
            return _open(report)


def _open(report: Report) -> str:
    """The question is still open, or was never asked."""
    state = report.checks.get(CheckId.TAILSCALE)
    busy = state is not None and state.status in (CheckStatus.WAITING, CheckStatus.RUNNING)
    return "asking" if busy and not report.closed else ""

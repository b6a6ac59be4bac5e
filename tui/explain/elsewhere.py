"""The words for a report that was read from another program's output: it gives results, not
answers of servers that could be counted.
"""

from __future__ import annotations

from collections.abc import Iterator

from probes.diagnosis.model import NatClass
from probes.diagnosis.nat import nat_of
from probes.diagnosis.spread import spread_of
from probes.model import Family
from probes.readings import local, stun, tailscale
from probes.readings.netcheck import Netcheck
from probes.readings.tailscale import PeerPath
from probes.report import Report
from tui import content
from tui.content import FieldId
from tui.explain.words import Choice, milliseconds, number, some

_FAR_MS = 150.0


def choose(report: Report, which: FieldId) -> Choice | None:
    """Which value's words fit, where those for own measurements would count answers."""
    if not report.elsewhere:
        return None
    match which:
        case FieldId.UDP:
            udp = report.value(stun.UDP)
            if udp is None:
                return Choice("told", _SOCKET) if _by_own_socket(report) else None
            return Choice(_reported(udp), (stun.UDP,))
        case FieldId.MAPPING_VARIES:
            return _varies(report)
        case FieldId.IPV6:
            if report.known(local.WAY_OUT6) and report.value(local.WAY_OUT6) is None:
                return None  # it says that there is none, and not only that none answered
            if report.value(stun.ANSWERS6) == () and report.value(local.OS_IPV6):
                return Choice("no-reported", (stun.ANSWERS6, local.OS_IPV6))
            return None
        case FieldId.NEAREST_DERP:
            return _nearest(report)
        case FieldId.IPV4 | FieldId.PORT_MAPPING | FieldId.CAPTIVE_PORTAL:
            return None


_SOCKET = (tailscale.OWN_SOCKET,)


def _by_own_socket(report: Report) -> NatClass | None:
    """The NAT's class, where nothing but what Tailscale tells its peers speaks of it."""
    nat = nat_of(report, Family.V4)
    return nat.nat_class if tailscale.OWN_SOCKET.id in nat.because else None


def _reported(value: bool) -> str:
    return "yes-reported" if value else "no-reported"


def _varies(report: Report) -> Choice | None:
    varies = report.value(stun.VARIES4)
    if varies is None:
        told = _by_own_socket(report)
        return (
            Choice("told-moves" if told is NatClass.HARD else "told-same", _SOCKET)
            if told
            else None
        )
    netcheck = report.value(tailscale.NETCHECK)
    seen = [each.endpoint for each in netcheck.seen4] if netcheck is not None else []
    # The text form names one endpoint only.
    endpoints = f"It lists {some(seen)}." if len(seen) > 1 else ""
    return Choice(_reported(varies), (stun.VARIES4,), {"endpoints": endpoints})


def _nearest(report: Report) -> Choice | None:
    netcheck = report.value(tailscale.NETCHECK)
    if netcheck is None:
        return None
    found = _named(netcheck)
    if found is None:
        return Choice("none", (tailscale.NETCHECK,)) if not netcheck.nearest else None
    name, rtt_ms = found
    filling = {"name": name, "latency": milliseconds(rtt_ms), "by": milliseconds(rtt_ms)}
    if netcheck.udp is False:
        return Choice("by-tcp", (tailscale.NETCHECK,), filling)
    return Choice("far" if rtt_ms > _FAR_MS else "yes", (tailscale.NETCHECK,), filling)


def _named(netcheck: Netcheck) -> tuple[str, float] | None:
    for region in netcheck.regions:
        names = (region.name, region.code, str(region.region))
        if netcheck.nearest in names and netcheck.nearest and region.rtt_ms is not None:
            return region.name or region.code or f"region {region.region}", region.rtt_ms
    return None


def nat_words(report: Report, which: str) -> str:
    """The id of the words for a NAT class, from the one for own measurements."""
    if not report.elsewhere or which == "none":
        return which
    kind = which.partition("-")[0]
    return f"{kind}-reported" if kind in ("easy", "hard", "unknown") else which


def headline(report: Report) -> str:
    """Which sentence says that too little is known."""
    spread = spread_of(report)
    if spread.this_side:
        return "unknown-paths-relayed"
    if spread.reachable and spread.relayed:
        return "unknown-paths-mixed"
    return "unknown-paths" if paths(report)[1] else "unknown-elsewhere"


def paths(report: Report) -> tuple[int, int]:
    """How many active peers are direct, and how many are active."""
    active = (PeerPath.DIRECT, PeerPath.DERP, PeerPath.PEER_RELAY)
    found = [peer.path for peer in report.value(tailscale.PEERS) or () if peer.path in active]
    return found.count(PeerPath.DIRECT), len(found)


def told(report: Report) -> Iterator[str]:
    """What the source says beyond netcheck's fields, a sentence each."""
    state, version = report.value(tailscale.STATE), report.value(tailscale.VERSION)
    if state is not None:
        more = f", version {version}" if version else ""
        yield f"Tailscale: {content.label(state)}{more}."
    for each in report.value(tailscale.SELF_ENDPOINTS) or ():
        yield f"The VPN tells its peers the endpoint {each.endpoint}."
    for family in Family:
        endpoint = report.value(stun.BY_FAMILY[family].endpoint)
        if endpoint is not None:
            yield f"Relays saw this device as {endpoint}."
    netcheck = report.value(tailscale.NETCHECK)
    for region in netcheck.regions if netcheck is not None else ():
        name = region.name or region.code or f"region {region.region}"
        answer = "no answer" if region.rtt_ms is None else milliseconds(region.rtt_ms)
        yield f"Relay {name}: {answer}."
    peers = report.value(tailscale.PEERS) or ()
    for peer in peers[:_MOST_PEERS]:
        via = f" ({peer.via})" if peer.via else ""
        yield f"Peer {peer.name}: {content.label(peer.path)}{via}."
    if len(peers) > _MOST_PEERS:
        yield f"And {number(len(peers) - _MOST_PEERS, 'peer')} more."
    for warning in report.value(tailscale.HEALTH) or ():
        yield f"Tailscale warns: {warning}"


_MOST_PEERS = 200

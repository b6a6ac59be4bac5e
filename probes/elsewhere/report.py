"""A report made of what was recognised in a pasted text.

Nothing here was measured by this program. Every reading names the input, and what the input does
not say is unknown for just that reason.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields, replace
from datetime import datetime
from types import MappingProxyType
from typing import Any, TypeVar

from probes.elsewhere.recognise import Found
from probes.model import Endpoint, IPAddress, Known, Reading, Reason, Unknown
from probes.readings import (
    KEYS,
    captive_portal,
    local,
    port_mapping,
    relays,
    stun,
    tailscale,
)
from probes.readings.key import Key
from probes.readings.netcheck import Netcheck, SeenEndpoint
from probes.readings.tailscale import Backend, Peer, PeerChoice, PeerPath, PeerPing
from probes.report import ELSEWHERE, Report
from probes.tailscale.loose import address_of
from probes.tailscale.own_endpoints import kinds, own_port, socket_of
from probes.tailscale.ping import PATIENCE_S, NoPong, PingPath, Pong
from probes.tailscale.status import Status
from probes.values import dataclass

T = TypeVar("T")

_ENOUGH_PONGS = int(PATIENCE_S)
"""A ping is sent each second: so many answers over a relay show that the path stays there."""


@dataclass(slots=True)
class _Ledger:
    readings: dict[str, Reading[Any]]
    where: str

    def known(self, key: Key[T], value: T | None, what: str) -> None:
        """Take it down, unless the input does not say."""
        if value is not None:
            self.readings[key.id] = Known(value, f"{what} in {self.where}")

    def unknown(self, key: Key[Any], reason: Reason, detail: str) -> None:
        self.readings[key.id] = Unknown(reason, detail)


def report_of_found(found: Found, where: str) -> Report:
    """The report. `where` names the input in every reading's source; it is shown as it is."""
    blank: dict[str, Reading[Any]] = {
        key: Unknown(Reason.MEASURED_ELSEWHERE, f"{where} does not say") for key in KEYS
    }
    ledger = _Ledger(blank, where)
    taken_at = ""
    if found.netchecks:
        merged, varies = _merged(found.netchecks)
        _netcheck(ledger, merged, contradictory=varies)
        taken_at = _rfc3339(merged.taken_at)
    if found.statuses:
        _status(ledger, found.statuses[-1])
    _rows_and_pings(ledger, found)
    if found.state is not None:
        ledger.known(tailscale.STATE, found.state, "tailscale status")
    return Report(
        taken_at=taken_at,
        network=ELSEWHERE,
        closed=True,
        readings=MappingProxyType(ledger.readings),
    )


def _rfc3339(text: str) -> str:
    """The time of the report as this program writes times; "" where there is none."""
    plain = text.strip().replace(" ", "T").removesuffix("Z").removesuffix("UTC")
    head, dot, fraction = plain.partition(".")
    try:
        found = datetime.fromisoformat(head)
    except ValueError:
        return ""
    digits = fraction[:3] if dot and fraction.isascii() and fraction[:3].isdigit() else ""
    return found.isoformat() + (f".{digits}" if digits else "") + "Z"


# --- netcheck -------------------------------------------------------------------------------------


def _merged(reports: Iterable[Netcheck]) -> tuple[Netcheck, bool]:
    """Several reports of one run (--every) as one: the latest that says anything counts.

    Later ones ask fewer relays, and so say less. True: they contradict each other about the mapping
    behind one public address.
    """
    all_reports = list(reports)
    merged = all_reports[0]
    for each in all_reports[1:]:
        said = {
            item.name: value
            for item in fields(Netcheck)
            if (value := getattr(each, item.name)) not in (None, "", ())
        }
        merged = replace(merged, **said)
    words = {_varies(each) for each in all_reports} - {None}
    addresses = {each.global4.address for each in all_reports if each.global4 is not None}
    return merged, len(words) > 1 and len(addresses) == 1


def _varies(report: Netcheck) -> bool | None:
    if report.mapping_varies is not None:
        return report.mapping_varies
    return True if len(report.seen4) > 1 else None


NETCHECK = "tailscale netcheck"


def _netcheck(ledger: _Ledger, report: Netcheck, *, contradictory: bool) -> None:
    ledger.known(tailscale.NETCHECK, report, NETCHECK)
    for key, value in (
        (stun.UDP, report.udp),
        (stun.CAN_SEND4, report.ipv4_can_send),
        (stun.CAN_SEND6, report.ipv6_can_send),
        (local.OS_IPV6, report.os_has_ipv6),
        (captive_portal.PRESENT, report.captive_portal),
        (port_mapping.UPNP.present, report.upnp),
        (port_mapping.NAT_PMP.present, report.nat_pmp),
        (port_mapping.PCP.present, report.pcp),
    ):
        ledger.known(key, value, NETCHECK)
    ledger.known(stun.ENDPOINT4, report.global4 or _first(report.seen4), NETCHECK)
    ledger.known(stun.ENDPOINT6, report.global6 or _first(report.seen6), NETCHECK)
    if contradictory:
        why = f"the reports in {ledger.where} differ"
        ledger.unknown(stun.VARIES4, Reason.CONTRADICTORY, why)
    elif (varies := _varies(report)) is not None:
        ledger.known(stun.VARIES4, varies, NETCHECK)
    elif report.udp:
        detail = "netcheck compares two answers over IPv4"
        ledger.unknown(stun.VARIES4, Reason.TOO_FEW_ANSWERS, detail)
    if report.ipv6 is False:
        ledger.known(stun.ANSWERS6, (), NETCHECK)
        ledger.unknown(stun.ENDPOINT6, Reason.NO_ANSWER, "netcheck found none")
        if report.ipv6_can_send is False:
            # netcheck sends over IPv6 wherever an interface has an address for the internet.
            ledger.readings[local.WAY_OUT6.id] = Known(None, f"IPv6CanSend in {ledger.where}")
    if report.udp is False:
        _without_udp(ledger, report)


def _first(seen: tuple[SeenEndpoint, ...]) -> Endpoint | None:
    return seen[0].endpoint if seen else None


def _without_udp(ledger: _Ledger, report: Netcheck) -> None:
    """netcheck then tries HTTPS and ICMP, and prints no more than the latencies."""
    ledger.known(stun.ANSWERS4, (), NETCHECK)
    ledger.known(stun.ANSWERS6, (), NETCHECK)
    ledger.unknown(stun.VARIES4, Reason.NO_ANSWER, "nothing answered over UDP")
    if report.icmpv4 is not None:
        ledger.known(relays.ICMP4, report.icmpv4, NETCHECK)
    if any(region.rtt_ms is not None for region in report.regions):
        ledger.known(relays.TCP, True, "latencies without UDP")
    elif report.nearest == "":
        ledger.known(relays.TCP, False, "no latency at all")


# --- status and ping ------------------------------------------------------------------------------

STATUS = "tailscale status"
PING = "tailscale ping"


def _status(ledger: _Ledger, status: Status) -> None:
    said: tuple[tuple[Key[Any], object], ...] = (
        (tailscale.STATE, status.state),
        (tailscale.VERSION, status.version or None),
        (tailscale.USERSPACE, status.userspace),
        (tailscale.NAME, status.name),
        (tailscale.ADDRESSES, status.addresses),
        (tailscale.HOME_RELAY, status.home_relay),
        (tailscale.HEALTH, status.health),
        (tailscale.ATTRIBUTES, status.attributes),
        (tailscale.PEERS, status.peers),
        (tailscale.UNREAD, status.unread),
    )
    for key, value in said:
        ledger.known(key, value, STATUS)
    ledger.readings[tailscale.EXIT_NODE.id] = Known(status.exit_node, f"{STATUS} in {ledger.where}")
    port = own_port(status.endpoints, ())
    endpoints = kinds(status.endpoints, (), port)
    ledger.known(tailscale.SELF_ENDPOINTS, endpoints, "Self.Addrs")
    ledger.known(tailscale.PORT, port, "the daemon's local endpoint")
    socket = socket_of(endpoints, (), port)
    if status.state is Backend.RUNNING:
        ledger.known(tailscale.OWN_SOCKET, socket, "Self.Addrs")


def _rows_and_pings(ledger: _Ledger, found: Found) -> None:
    """Peers as a list of devices or as answers to pings; the answers know it better."""
    status = ledger.readings[tailscale.PEERS.id]
    peers = {peer.name: peer for peer in status.value} if isinstance(status, Known) else {}
    rows = found.rows
    if rows and rows[0].unused and not found.statuses:
        # `tailscale status` lists this device first.
        ledger.known(tailscale.NAME, rows[0].peer.name, STATUS)
        ledger.known(tailscale.ADDRESSES, rows[0].peer.addresses, STATUS)
        rows = rows[1:]
    peers |= {row.peer.name: row.peer for row in rows}
    if found.rows and not found.statuses:
        ledger.known(tailscale.STATE, Backend.RUNNING, STATUS)
        ledger.known(tailscale.HEALTH, tuple(found.health), STATUS)
    pinged = _pinged(found)
    for peer, _ in pinged:
        peers[peer.name] = replace(peers.get(peer.name, peer), path=peer.path, via=peer.via)
    ledger.known(tailscale.PINGS, tuple(row for _, row in pinged) or None, PING)
    if len(pinged) == 1:
        # Whoever pings one device asks about that one.
        (name,) = (peer.name for peer, _ in pinged)
        ledger.known(tailscale.CHOSEN, PeerChoice(name, (peers[name],), ()), PING)
    if peers:
        what = STATUS if found.rows or found.statuses else PING
        ordered = sorted(peers.values(), key=lambda peer: peer.name.casefold())
        ledger.known(tailscale.PEERS, tuple(ordered), what)


def _pinged(found: Found) -> list[tuple[Peer, PeerPing]]:
    """One peer for each that was pinged, with what the answers show.

    A relay answers first even where a direct path is found: only many answers, or ping's own giving
    up, show that it stays.
    """
    by_name: dict[str, list[Pong]] = {}
    lost = sum(isinstance(line, NoPong) for line in found.pings)
    for line in found.pings:
        if isinstance(line, Pong) and line.path is not PingPath.OTHER:
            by_name.setdefault(line.name, []).append(line)
    peers = []
    for name, pongs in by_name.items():
        direct = next((pong for pong in reversed(pongs) if pong.path is PingPath.DIRECT), None)
        settled = found.gave_up or len(pongs) + lost >= _ENOUGH_PONGS
        last = direct or pongs[-1]
        path = _PATHS[last.path] if direct or settled else PeerPath.UNKNOWN
        try:
            addresses: tuple[IPAddress, ...] = (address_of(last.address),)
        except ValueError:
            addresses = ()
        via = last.via if path is not PeerPath.UNKNOWN else ""
        first = next((n for n, pong in enumerate(pongs) if pong is direct), len(pongs))
        relayed = sum(pong.path is not PingPath.DIRECT for pong in pongs[: first + 1])
        row = PeerPing(name, path, last.via, relayed, None)
        peers.append((Peer(name, "", addresses, "", path, via, "", None, False), row))
    return peers


_PATHS = {
    PingPath.DIRECT: PeerPath.DIRECT,
    PingPath.PEER_RELAY: PeerPath.PEER_RELAY,
    PingPath.DERP: PeerPath.DERP,
}

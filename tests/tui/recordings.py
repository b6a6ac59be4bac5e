"""Runs written down by hand: event lists as the engine makes them, for the app to play.

They are wholly made up (documentation addresses), and exact to the millisecond, so what the app
draws of them is the same on every machine.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from ipaddress import ip_address, ip_interface
from typing import TypeVar

from probes.events import (
    CheckFinished,
    CheckStarted,
    Event,
    Observed,
    Progressed,
    RunFinished,
    RunStarted,
)
from probes.model import CheckId, CheckStatus, Endpoint, Family, Known, Reading, Reason, Unknown
from probes.readings import local, relays, stun, tailscale
from probes.readings.key import Key
from probes.readings.local import Gateway, Interface, InterfaceKind, WayOut
from probes.readings.relays import Certificate, MapOrigin, MapSource, RegionName, TcpAnswer
from probes.readings.stun import StunAnswer
from probes.readings.tailscale import Backend, Peer, PeerPath

T = TypeVar("T")

CHECKS = (CheckId.LOCAL, CheckId.STUN, CheckId.RELAY_TCP)
DEVICE, ROUTER, PUBLIC = "192.168.1.20", "192.168.1.1", "203.0.113.7"
SOCKET_PORT = 41820


@dataclass(frozen=True)
class Relay:
    """One relay region of the made-up map."""

    region: int
    code: str
    name: str
    rtt_ms: float

    @property
    def host(self) -> str:
        """The relay's name."""
        return f"{self.code}.relay.example"

    @property
    def address(self) -> str:
        """The relay's address."""
        return f"198.51.100.{self.region}"


RELAYS = (
    Relay(1, "fra", "Frankfurt", 12.4),
    Relay(2, "ams", "Amsterdam", 18.9),
    Relay(3, "lhr", "London", 24.2),
    Relay(4, "nyc", "New York", 88.6),
    Relay(5, "sin", "Singapore", 171.3),
)


def known(key: Key[T], value: T, at_ms: float, source: str = "the system") -> Observed:
    """A fact, told at a time."""
    return Observed(at_ms, key.check, key.id, Known(value, source, at_ms))


def unknown(key: Key[T], reason: Reason, at_ms: float) -> Observed:
    """A fact that could not be known."""
    return Observed(at_ms, key.check, key.id, Unknown(reason, "", at_ms))


def started(network: str = "simulated:recording") -> Iterator[Event]:
    """The run and its checks begin."""
    yield RunStarted(0.0, "2026-03-01T09:00:00.000Z", CHECKS, (), network)
    yield CheckStarted(0.4, CheckId.LOCAL, 2000.0)
    yield CheckStarted(0.4, CheckId.STUN, 8000.0)
    yield CheckStarted(0.4, CheckId.RELAY_TCP, 8000.0)
    yield Progressed(0.5, CheckId.STUN, 0, 0, "get-map")


def own_side(address: str = DEVICE, gateway: str = ROUTER, name: str = "wlan0") -> Iterator[Event]:
    """The device has one card, and no IPv6 address."""
    faces = (
        Interface("lo", InterfaceKind.LOOPBACK, True, 65536, (ip_interface("127.0.0.1/8"),)),
        Interface(name, InterfaceKind.PHYSICAL, True, 1500, (ip_interface(f"{address}/24"),)),
    )
    source = ip_address(address)
    yield known(local.INTERFACES, faces, 2.1)
    yield known(local.OS_IPV6, True, 2.1)
    yield known(local.GATEWAY4, Gateway(ip_address(gateway), name), 2.3)
    yield known(local.GATEWAY6, None, 2.3)
    yield known(local.WAY_OUT4, WayOut(Family.V4, name, source, True, ""), 2.8)
    yield known(local.WAY_OUT6, None, 2.8)
    yield CheckFinished(3.0, CheckId.LOCAL, CheckStatus.DONE)


def the_map(where: str = "the practice network") -> Iterator[Event]:
    """Five regions."""
    names = tuple(RegionName(each.region, each.code, each.name) for each in RELAYS)
    yield known(relays.REGIONS, names, 4.0, where)
    yield known(
        relays.MAP_SOURCE, MapSource(MapOrigin.SIMULATED, where, len(RELAYS), ()), 4.0, where
    )
    yield Progressed(4.2, CheckId.STUN, 0, len(RELAYS), "ask-relays", f"0 of {len(RELAYS)}")
    yield unknown(stun.ENDPOINT6, Reason.NOT_APPLICABLE, 4.2)


def _tcp(relay: Relay, host: str = "") -> TcpAnswer:
    return TcpAnswer(
        relay.region,
        host or relay.host,
        ip_address(relay.address),
        443,
        relay.rtt_ms + 0.6,
        relay.rtt_ms + 1.1,
        Certificate.VALID,
        "",
    )


def over_tcp(count: int = 3) -> Iterator[Event]:
    """The nearest relays answer over TCP."""
    asked = RELAYS[:count]
    for number, relay in enumerate(asked, 1):
        at = 4.0 + 2 * relay.rtt_ms
        yield known(
            relays.TCP_ANSWERS, tuple(map(_tcp, asked[:number])), at, f"TLS to {relay.host}"
        )
        yield known(relays.TCP, True, at, f"TLS to {relay.host}")
        yield known(relays.RELAY_RTT, asked[0].rtt_ms + 1.1, at, f"TLS to {asked[0].host}")
        yield Progressed(at, CheckId.RELAY_TCP, number, count, "handshake", f"{number} of {count}")
    yield known(relays.TLS_INSPECTED, False, 55.0, "certificates")
    yield known(relays.ICMP4, True, 56.0, f"ICMP echo to {asked[0].host}")
    yield CheckFinished(56.2, CheckId.RELAY_TCP, CheckStatus.DONE)


def answer(relay: Relay, mapped: Endpoint, device: str = DEVICE) -> StunAnswer:
    """One relay's answer."""
    server = Endpoint.of(relay.address, 3478)
    return StunAnswer(
        relay.region, relay.host, server, mapped, Endpoint.of(device, SOCKET_PORT), relay.rtt_ms, 1
    )


def answers(mapped: Sequence[Endpoint], device: str = DEVICE) -> Iterator[Event]:
    """Relays answer one by one, each with what it saw."""
    found: list[StunAnswer] = []
    for relay, endpoint in zip(RELAYS, mapped, strict=False):
        at, source = 4.2 + relay.rtt_ms, f"STUN from {relay.host}"
        found.append(answer(relay, endpoint, device))
        if len(found) == 1:
            yield known(stun.UDP, True, at, source)
            yield known(stun.ENDPOINT4, endpoint, at, source)
            yield known(stun.CAN_SEND4, True, at, source)
            yield known(stun.PREFERRED, relay.region, at, source)
        yield known(stun.ANSWERS4, tuple(found), at, source)
        if len(found) == 2:
            differ = len({each.mapped for each in found}) > 1
            yield known(stun.VARIES4, differ, at, "2 answers compared")
            kept = all(each.mapped.port == SOCKET_PORT for each in found)
            yield known(stun.PORT_PRESERVED4, kept, at, "2 answers compared")
        total = len(RELAYS)
        yield Progressed(
            at, CheckId.STUN, len(found), total, "ask-relays", f"{len(found)} of {total}"
        )


def finished(at_ms: float = 240.0) -> Iterator[Event]:
    """The stun check ends, and the run with it."""
    yield CheckFinished(at_ms - 2, CheckId.STUN, CheckStatus.DONE)
    yield RunFinished(at_ms, "5f1c", False)


def in_order(*parts: Iterator[Event]) -> tuple[Event, ...]:
    """One run, by time."""
    events = [event for part in parts for event in part]
    return tuple(sorted(events, key=lambda event: event.at_ms))


SAME = tuple(Endpoint.of(PUBLIC, SOCKET_PORT) for _ in RELAYS)
EVERY_OTHER = tuple(Endpoint.of(PUBLIC, port) for port in (33017, 51820, 12290, 60411, 27733))

EASY = in_order(started(), own_side(), the_map(), over_tcp(), answers(SAME), finished())
"""An ordinary home: one mapping for all, no IPv6."""
HARD = in_order(started(), own_side(), the_map(), over_tcp(), answers(EVERY_OTHER), finished())
"""A router that picks a new port for every destination."""
OPEN = in_order(
    started(),
    own_side(PUBLIC, "203.0.113.1", "eth0"),
    the_map(),
    over_tcp(),
    answers(SAME, PUBLIC),
    finished(),
)
"""A public address on the device."""
MID_RUN = tuple(event for event in HARD if event.at_ms < 60.0 and event.at_ms != 56.2)
"""The hard one, three answers in."""


def _no_answer(key: Key[T], at_ms: float) -> Observed:
    return unknown(key, Reason.NO_ANSWER, at_ms)


UDP_BLOCKED = in_order(
    started(),
    own_side(),
    the_map(),
    over_tcp(),
    iter(
        (
            known(stun.UDP, False, 1400.0, "no answer from 5 relays in 1.4 s"),
            known(stun.ANSWERS4, (), 1400.0, "no answer from 5 relays in 1.4 s"),
            known(stun.ELSEWHERE, (), 1400.0, "no answer from 3 servers"),
            _no_answer(stun.ENDPOINT4, 1400.0),
            _no_answer(stun.VARIES4, 1400.0),
        )
    ),
    finished(1500.0),
)
"""UDP is stopped, TCP is not."""
NO_NETWORK = in_order(
    started(),
    own_side(),
    the_map(),
    iter(
        (
            known(relays.TCP, False, 2000.0, "no answer from 3 relays"),
            known(relays.TCP_ANSWERS, (), 2000.0, "no answer from 3 relays"),
            known(relays.ICMP4, False, 2000.0, "no answer from 2 relays"),
            CheckFinished(2000.0, CheckId.RELAY_TCP, CheckStatus.DONE),
            known(stun.UDP, False, 2500.0, "no answer from 5 relays in 2.5 s"),
            known(stun.ANSWERS4, (), 2500.0, "no answer from 5 relays in 2.5 s"),
            known(stun.ELSEWHERE, (), 2500.0, "no answer from 3 servers"),
            _no_answer(stun.ENDPOINT4, 2500.0),
            _no_answer(stun.VARIES4, 2500.0),
        )
    ),
    finished(2600.0),
)
"""Nothing answers."""

HOSTILE = (
    "[/x] [@click=app.quit]quit[/] \x1b]0;owned\x07 \x1b[2J \u202egnp.exe \u2066 "
    "{placeholder} $error " + "A" * 300
)
"""What somebody who controls a name may put into it."""


def hostile() -> tuple[Event, ...]:
    """A run in which every text that the network, a program or a file can set is hostile."""
    bad = HOSTILE
    names = tuple(RegionName(each.region, f"{bad}{each.region}", bad) for each in RELAYS)
    rejected = tuple(stun.Rejected(fault, bad, bad, 3) for fault in stun.Fault)
    changed: list[Event] = [
        known(relays.REGIONS, names, 4.1, bad),
        known(relays.MAP_SOURCE, MapSource(MapOrigin.FILE, bad, 5, (bad,)), 4.1, bad),
        known(
            relays.TCP_ANSWERS,
            tuple(
                TcpAnswer(
                    each.region,
                    bad,
                    ip_address(each.address),
                    443,
                    1.0,
                    None,
                    Certificate.OTHER,
                    bad,
                )
                for each in RELAYS
            ),
            230.0,
            bad,
        ),
        known(relays.TLS_INSPECTED, True, 230.0, bad),
        known(stun.REJECTED, rejected, 230.0, bad),
        known(
            stun.ANSWERS4,
            tuple(
                StunAnswer(
                    each.region,
                    bad,
                    Endpoint.of(each.address, 3478),
                    mapped,
                    Endpoint.of(DEVICE, 5),
                    each.rtt_ms,
                    3,
                )
                for each, mapped in zip(RELAYS, EVERY_OTHER, strict=True)
            ),
            230.0,
            bad,
        ),
        known(stun.VARIES4, True, 230.0, bad),
        Progressed(231.0, CheckId.STUN, 2, 5, bad, bad),
        CheckFinished(231.5, CheckId.RELAY_TCP, CheckStatus.FAILED, bad),
        RunFinished(240.0, bad, False),
    ]
    base = in_order(
        started(bad), own_side(name=bad), the_map(bad), over_tcp(), answers(EVERY_OTHER)
    )
    return (*base, *changed)


PEER_NAMES = {
    "home-nas": (PeerPath.DERP, "fra"),
    "laptop": (PeerPath.DIRECT, "198.51.100.77:41641"),
    "media-box": (PeerPath.DERP, "nyc"),
    "office-pc": (PeerPath.PEER_RELAY, "198.51.100.9:40000:vni:7"),
    "old-tablet": (PeerPath.OFFLINE, ""),
    "phone": (PeerPath.IDLE, ""),
}
"""A tailnet with a device on each kind of path, by name as Tailscale lists it."""


def device(name: str, path: PeerPath, via: str, number: int) -> Peer:
    """A device of a made-up tailnet."""
    address = ip_address(f"100.100.{number // 250}.{number % 250 + 1}")
    full = f"{name}.tailnet.example"
    return Peer(
        name, full, (address,), "linux", path, via, "fra", path is not PeerPath.OFFLINE, False
    )


DEVICES = tuple(
    device(name, path, via, number) for number, (name, (path, via)) in enumerate(PEER_NAMES.items())
)


def with_tailscale(run: Sequence[Event], *told: Event) -> tuple[Event, ...]:
    """A run that asks Tailscale too, and is told this."""
    begun, *rest = run
    assert isinstance(begun, RunStarted)
    check = CheckId.TAILSCALE
    events: list[Event] = [
        replace(begun, checks=(*begun.checks, check)),
        CheckStarted(0.5, check, 4500.0),
        *told,
    ]
    if any(isinstance(event, RunFinished) for event in rest):
        events.append(CheckFinished(20.0, check, CheckStatus.DONE))
    return (*events, *rest)


def tailnet(run: Sequence[Event], devices: tuple[Peer, ...] = DEVICES) -> tuple[Event, ...]:
    """A run on a device whose tailnet has these devices."""
    return with_tailscale(
        run,
        known(tailscale.STATE, Backend.RUNNING, 8.0, "tailscale status --json"),
        known(tailscale.NAME, "desk", 8.0, "tailscale status --json"),
        known(tailscale.PEERS, devices, 8.0, "tailscale status --json"),
    )


def reading_of(events: Sequence[Event], key: Key[T]) -> Reading[T]:
    """The last reading of a key in a run."""
    found = [event for event in events if isinstance(event, Observed) and event.key == key.id]
    return found[-1].reading

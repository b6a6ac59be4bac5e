"""What the tests of port mapping share: a home with a router that can be told how to behave."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from probes.checks.context import Check
from probes.checks.local import LocalCheck
from probes.checks.stun import StunCheck
from probes.engine import measure
from probes.events import Event
from probes.network.simulated import SimulatedNetwork, run_virtual
from probes.network.simulated.library import parse
from probes.network.simulated.packet import HttpAnswer, HttpRequest, Packet, Transport
from probes.network.simulated.port_mapping import PortMapper
from probes.network.simulated.stun_server import Reply
from probes.options import HostPort, Journal, Options
from probes.report import Report, report_of

ROUTER, DEVICE, OUTER = "192.168.1.1", "192.168.1.20", "45.83.223.10"
DEVICE6 = "2a0e:b107:f00:1::20"
SERVERS = """
[server.five]
host = "five.example"
ipv4 = "45.83.200.1"
ipv6 = "2a0e:b107:e00:51::1"
stun = { kind = "rfc5780", other_ipv4 = "45.83.201.1", other_ipv6 = "2a0e:b107:e00:51::2" }
"""
IPV6 = f"""
[host.here.interface.wlan0]
addresses = ["{DEVICE}/24", "{DEVICE6}/64", "fe80::a8bb:ccff:fedd:eeff/64"]
gateways = ["{ROUTER}", "fe80::1"]
[box.router]
inside = ["{ROUTER}/24", "fe80::1/64"]
firewall6 = {{}}
"""


@dataclass(slots=True)
class Drawer:
    """A journal in memory that remembers everything that was ever in it."""

    works: bool = True
    kept: dict[str, str] = field(default_factory=dict)
    ever: list[str] = field(default_factory=list)

    def write(self, name: str, text: str) -> bool:
        if self.works:
            self.kept[name] = text
            self.ever.append(text)
        return self.works

    def erase(self, name: str) -> None:
        self.kept.pop(name, None)

    @property
    def journal(self) -> Journal:
        return Journal(
            load=lambda: tuple(self.kept.values()),
            write=self.write,
            erase=self.erase,
            file=lambda name: str(Path("/nowhere") / name),
        )


def home(port_mapping: str = "", more: str = "", nat: str = "") -> SimulatedNetwork:
    """An ordinary home whose router has this `port_mapping` table."""
    head = 'description = "A network for a test."\ninclude = ["regions", "home"]\n'
    table = f"[box.router.port_mapping]\n{port_mapping}\n" if port_mapping else ""
    own = f"[box.router.nat]\n{nat}\n" if nat else ""
    return parse(f"{head}{SERVERS}{own}{table}{more}")


def home6(port_mapping: str = "", more: str = "") -> SimulatedNetwork:
    """The same with native IPv6 behind the router's firewall."""
    return home(port_mapping, IPV6 + more)


def page(network: SimulatedNetwork, path: str, answer: HttpAnswer) -> SimulatedNetwork:
    """The router's web server answers this path with something else than usually."""
    router = network.world.boxes["router"]
    services = dict(router.services)
    usual = services[Transport.TCP, 5000]

    def serve(packet: Packet) -> list[Reply]:
        asked = packet.payload
        if isinstance(asked, HttpRequest) and asked.path == path:
            return [Reply(packet.answer(answer))]
        return list(usual(packet))

    services[Transport.TCP, 5000] = serve
    router.services = services
    return network


def mapper(network: SimulatedNetwork) -> PortMapper:
    """The router's port mapping side."""
    (found,) = network.world.mappers
    return found


def events_of(
    network: SimulatedNetwork, *checks: Check, stun: bool = False, **options: Any
) -> list[Event]:
    """All events of a run of these checks, after the `local` one."""
    before: Sequence[Check] = (LocalCheck(), StunCheck()) if stun else (LocalCheck(),)
    options.setdefault("derp_map_text", network.relay_map)

    async def run() -> list[Event]:
        found = measure(network, (*before, *checks), Options(**options))
        return [event async for event in found]

    return run_virtual(run())


def report(network: SimulatedNetwork, *checks: Check, **options: Any) -> Report:
    """The report of a run of these checks, after the `local` one."""
    return report_of(events_of(network, *checks, **options))


FIVE = (HostPort("five.example", 3478),)

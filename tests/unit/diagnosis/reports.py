"""Reports made by hand for the rules: readings by key, nothing else."""

from __future__ import annotations

from ipaddress import ip_address, ip_interface
from typing import Any

from probes.events import CheckFinished, Event, Observed, RunFinished, RunStarted
from probes.model import CheckId, CheckStatus, Endpoint, Family, Known
from probes.readings import local, relays, stun
from probes.readings.key import Key
from probes.readings.local import Interface, InterfaceKind, WayOut
from probes.readings.relays import RegionName
from probes.readings.stun import StunAnswer
from probes.report import Report, report_of

HOME = "192.168.1.20"
PUBLIC = "198.51.100.7"


def answer(
    mapped: str, *, server: str = "203.0.113.1:3478", local: str = f"{HOME}:51820"
) -> StunAnswer:
    """One answer that saw `mapped`."""
    return StunAnswer(
        region=1,
        host="relay.example",
        server=Endpoint.parse(server),
        mapped=Endpoint.parse(mapped),
        local=Endpoint.parse(local),
        rtt_ms=10.0,
        tries=1,
    )


def answers(*mapped: str, local: str = f"{HOME}:51820") -> tuple[StunAnswer, ...]:
    """One answer from each of as many servers."""
    return tuple(
        answer(each, server=f"203.0.113.{number}:3478", local=local)
        for number, each in enumerate(mapped, 1)
    )


def interface(
    *addresses: str, name: str = "eth0", kind: InterfaceKind = InterfaceKind.PHYSICAL
) -> Interface:
    """One interface with these addresses."""
    return Interface(name, kind, True, 1500, tuple(ip_interface(each) for each in addresses))


def way_out(
    source: str = HOME, *, tunnel: str = "", bound: bool = False, name: str = "eth0"
) -> WayOut:
    """A way out by `name`."""
    address = ip_address(source)
    return WayOut(Family.of(address), name, address, bound, tunnel)


def facts(*pairs: tuple[Key[Any], Any], closed: bool = True) -> Report:
    """A report that holds these facts and no others."""
    events: list[Event] = [
        RunStarted(0.0, "2026-01-01T00:00:00Z", tuple(CheckId)[:3], (), "real"),
        *(Observed(1.0, key.check, key.id, Known(value, "test")) for key, value in pairs),
    ]
    if closed:
        events += [CheckFinished(2.0, check, CheckStatus.DONE) for check in tuple(CheckId)[:3]]
        events.append(RunFinished(3.0, "", changed=False))
    return report_of(events)


def home(
    *mapped: str, address: str = f"{HOME}/24", extra: tuple[tuple[Key[Any], Any], ...] = ()
) -> Report:
    """An IPv4-only device whose relays saw `mapped`."""
    base: dict[str, tuple[Key[Any], Any]] = {
        local.INTERFACES.id: (local.INTERFACES, (interface(address),)),
        local.OS_IPV6.id: (local.OS_IPV6, True),
        local.WAY_OUT4.id: (local.WAY_OUT4, way_out(address.partition("/")[0])),
        local.WAY_OUT6.id: (local.WAY_OUT6, None),
        relays.REGIONS.id: (relays.REGIONS, (RegionName(1, "nyc", "New York"),)),
        relays.STUN_REGIONS.id: (relays.STUN_REGIONS, 1),
        relays.TCP.id: (relays.TCP, True),
        stun.UDP.id: (stun.UDP, bool(mapped)),
        stun.ANSWERS4.id: (
            stun.ANSWERS4,
            answers(*mapped, local=f"{address.partition('/')[0]}:51820"),
        ),
    }
    base.update({key.id: (key, value) for key, value in extra})
    # A bool that is given as None is not known.
    return facts(*(each for each in base.values() if each != (stun.UDP, None)))

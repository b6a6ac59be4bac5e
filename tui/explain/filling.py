"""Everything that the words of a headline, a NAT or a cause may name."""

from __future__ import annotations

from probes.addresses import AddressKind
from probes.diagnosis.facts import Facts
from probes.diagnosis.layers import LayerKind, carrier_nat, double_nat, layers_of
from probes.diagnosis.nat import nat_of
from probes.diagnosis.surroundings import ACTORS, translator
from probes.model import Confidence, Family
from probes.readings import behavior, local, relays, stun
from probes.readings.environment import Surrounding
from probes.readings.port_mapping import SERVICES
from probes.report import Report
from tui import content
from tui.explain import device, elsewhere, facts
from tui.explain.words import number, some


def filling_of(report: Report, family: Family = Family.V4) -> dict[str, object]:
    """By placeholder. Where a thing is not known, words that can stand in its place."""
    endpoints = facts.all_endpoints(report, family)
    addresses = facts.addresses_of(endpoints)
    others = report.value(stun.ELSEWHERE) or ()
    direct, active = elsewhere.paths(report)
    source = report.value(relays.MAP_SOURCE)
    gateway = report.value(local.GATEWAY4)
    way = report.value(local.way_out_key(family))
    filtering = report.value(behavior.FILTERING[family])
    return {
        "endpoint": endpoints[0] if endpoints else "",
        "endpoints": some(endpoints),
        "count": len(endpoints),
        "address": addresses[0] if addresses else "",
        "addresses": some(addresses),
        "address_count": len(addresses),
        "answered": facts.answered(report, family),
        "asked": number(facts.asked_regions(report), "relay"),
        "servers": number(facts.all_servers(report, family), "server"),
        "around": content.tunnel("through" if facts.any_tunnel(report) else "around"),
        "tunnel": facts.any_tunnel(report) or facts.default_tunnel(report) or "another tunnel",
        "host": facts.host_of(others[0]) if others else "another server",
        "port": others[0].server.port if others else "another",
        "map": source.where if source is not None else "the relay map",
        "gateway": (gateway.address if gateway is not None else None) or "your router",
        "direct": direct,
        "active": active,
        "interface": way.interface if way is not None else "the network",
        "second": facts.beyond_router(report, AddressKind.PRIVATE) or "unseen",
        "carrier": facts.beyond_router(report, AddressKind.CARRIER) or "one from 100.64 to 100.127",
        "filtering": content.label(filtering.filtering) if filtering is not None else "",
        "lasted": facts.lasted(report) or "soon",
        "keepalive": facts.keepalive_s(report),
        "way_in": device.port_held(report) or "a port",
        "nat": nat_name(report),
        **device.filling(report),
    }


SOME_NAT = "a NAT on your side"
"""Nobody knows whose."""
PROVIDERS_NAT = "your provider's NAT"


def nat_name(report: Report) -> str:
    """Whose NAT it is that peers meet, as far as the readings tell; within a sentence."""
    around = translator(Facts(report, *(nat_of(report, each) for each in Family)), *ACTORS)
    if around is not None and around.kind is not Surrounding.MOBILE:
        return f"the NAT around this {_AROUND[around.kind]}"
    carrier = carrier_nat(report)
    if around is not None or (carrier is not None and carrier.confidence is not _WEAK):
        return PROVIDERS_NAT
    second = double_nat(report)
    if second is not None and second.confidence is not _WEAK:
        return "one of your two routers"
    return "your router's NAT" if _routers_alone(report) else SOME_NAT


_WEAK = Confidence.POSSIBLE
_AROUND = {
    Surrounding.CONTAINER: "container",
    Surrounding.WSL: "WSL system",
    Surrounding.VIRTUAL_MACHINE: "virtual machine",
    Surrounding.KUBERNETES: "pod",
    Surrounding.CLOUD: "cloud machine",
}


def _routers_alone(report: Report) -> bool:
    """The router's own word for its outer address is the one that the internet sees."""
    seen = {each.address for each in layers_of(report) if each.kind is LayerKind.PUBLIC}
    seen |= {each.mapped.address for each in report.value(stun.ANSWERS4) or ()}
    said = (report.value(keys.external) for keys in SERVICES.values())
    return any(each is not None and each in seen for each in said)

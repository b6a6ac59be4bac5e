"""What each check has found so far, as one of the lines that its words offer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from probes.addresses import AddressKind
from probes.model import CheckId, Failed, Known
from probes.model import Mapping as MappingKind
from probes.readings import (
    behavior,
    captive_portal,
    classic,
    environment,
    firewall,
    layers,
    lifetime,
    local,
    port_mapping,
    relays,
    stun,
    tailscale,
)
from probes.readings.key import Key
from probes.readings.port_mapping import ServiceKeys
from probes.report import Report
from tui import content
from tui.explain import facts
from tui.explain.lines_own import environment_line, firewall_line
from tui.explain.words import busy, milliseconds, number

Found = tuple[str, dict[str, object]]
"""A line's id, and what fills it."""


def found(report: Report, check: CheckId) -> Found | None:
    """Which line sums up what a check found so far; None while there is nothing to say."""
    which = _FOUND.get(check)
    return which(report) if which is not None else None


def _local(report: Report) -> Found | None:
    four, six = report[local.WAY_OUT4], report[local.WAY_OUT6]
    tunnel = facts.any_tunnel(report)
    if isinstance(four, Known) and four.value is not None:
        way = four.value
        gateway = report.value(local.GATEWAY4)
        to = str(gateway.address) if gateway is not None and gateway.address else ""
        filling: dict[str, object] = {
            "interface": way.interface,
            "source": way.source,
            "to": to,
            "tunnel": tunnel,
        }
        if tunnel:
            return "tunnel", filling
        return ("way" if to else "way-alone"), filling
    if isinstance(six, Known) and six.value is not None:
        return "ipv6-only", {"interface": six.value.interface, "source": six.value.source}
    if isinstance(four, Known) and isinstance(six, Known):
        return "no-way", {}
    if isinstance(four, Failed):
        return "failed", {"error": four.error}
    return None


def _stun(report: Report) -> Found | None:
    filling: dict[str, object] = {
        "answered": facts.answered_regions(report),
        "asked": number(facts.asked_regions(report), "relay"),
    }
    match report.value(stun.UDP):
        case True:
            return "yes", filling
        case False:
            return ("elsewhere" if report.value(stun.ELSEWHERE) else "no"), filling
        case None:
            return None


def _relay_tcp(report: Report) -> Found | None:
    answers = report.value(relays.TCP_ANSWERS) or ()
    filling: dict[str, object] = {
        "reached": facts.reached_over_tcp(report),
        "asked": number(facts.tried_over_tcp(report), "relay"),
    }
    if report.value(relays.TLS_INSPECTED):
        issuer = next((answer.issuer for answer in answers if answer.issuer), "somebody else")
        return "inspected", {**filling, "issuer": issuer}
    match report.value(relays.TCP):
        case True:
            rtt = report.value(relays.RELAY_RTT)
            if rtt is None:
                return "yes", filling
            return "yes-fast", {**filling, "rtt": milliseconds(rtt)}
        case False:
            return "no", filling
        case None:
            return None


def _yes_no(key: Key[bool], report: Report) -> Found | None:
    value = report.value(key)
    return None if value is None else ("yes" if value else "no", {})


_DEPENDS = (
    MappingKind.ADDRESS_DEPENDENT,
    MappingKind.ADDRESS_AND_PORT_DEPENDENT,
    MappingKind.VARIES,
)


def _behavior(report: Report) -> Found | None:
    mapping, filtering = report.value(behavior.MAPPING4), report.value(behavior.FILTERING4)
    filling: dict[str, object] = {
        "mapping": content.label(mapping.mapping) if mapping is not None else "",
        "filtering": content.label(filtering.filtering) if filtering is not None else "",
    }
    if mapping is not None and filtering is not None:
        return "hard" if mapping.mapping in _DEPENDS else "both", filling
    if filtering is not None:
        return "filtering", filling
    if mapping is not None:
        return "mapping", filling
    servers = report.value(behavior.SERVERS)
    if servers and not any(each.state is behavior.ServerState.ABLE for each in servers):
        return "no-server", {"servers": number(len(servers), "server")}
    return None


def _classic(report: Report) -> Found | None:
    kind = report.value(classic.TYPE4)
    return None if kind is None else ("type", {"type": content.label(kind)})


def _layers(report: Report) -> Found | None:
    hops = report.value(layers.HOPS4)
    if not hops:
        return None
    shown = " → ".join(str(hop.address) for hop in hops)
    return "hops", {"count": number(len(hops), "box", "boxes"), "hops": shown}


SHORT_S = 30
"""Gone by then: silence between two keep-alives already loses it."""
LONG_S = 120
"""What a router owes at least (RFC 4787 REQ-5)."""


def _lifetime(report: Report) -> Found | None:
    found = report.value(lifetime.LIFETIME4)
    if found is None:
        return None
    filling: dict[str, object] = {
        "lived": found.lived_s,
        "expired": found.expired_s,
        "keepalive": found.keepalive_s,
    }
    if found.expired_s is None:
        return "outlived", filling
    if found.expired_s <= SHORT_S:
        return "short", filling
    return "brief" if found.expired_s < LONG_S else "long", filling


def _service(keys: ServiceKeys, report: Report) -> Found | None:
    present = report.value(keys.present)
    if not present:
        return None if present is None else ("no", {})
    test = report.value(keys.test)
    trying = busy(report, keys.present.check) and test is not None and not test.seen_from_outside
    error = (test.error if test is not None else None) or report.value(keys.error)
    refused = test is not None and test.granted is False and error is not None
    if test is not None and test.ok is not None and not trying and not refused:
        works = "proven" if test.seen_from_outside else "opened"
        return works if test.ok else "broken", {}
    if error is not None:
        said = content.mapping_fault(error.fault).label
        return "refused", {"error": f"{said} ({error.name or error.code})"}
    address = report.value(keys.external)
    if address is None:
        return "yes", {}
    kind = AddressKind.of(address)
    if kind is AddressKind.PUBLIC:
        return "address", {"address": address}
    return "useless", {"address": address, "kind": content.label(kind)}


def _tailscale(report: Report) -> Found | None:
    state = report.value(tailscale.STATE)
    if state is None:
        return None
    peers = report.value(tailscale.PEERS)
    if state is tailscale.Backend.RUNNING and peers is not None:
        known, port = number(len(peers), "peer"), report.value(tailscale.PORT)
        if port:
            return "running-port", {"peers": known, "port": port}
        return "running", {"peers": known}
    return "other", {"state": content.label(state)}


_FOUND: Mapping[CheckId, Callable[[Report], Found | None]] = {
    CheckId.LOCAL: _local,
    CheckId.STUN: _stun,
    CheckId.RELAY_TCP: _relay_tcp,
    CheckId.CAPTIVE_PORTAL: partial(_yes_no, captive_portal.PRESENT),
    CheckId.UPNP: partial(_service, port_mapping.UPNP),
    CheckId.NAT_PMP: partial(_service, port_mapping.NAT_PMP),
    CheckId.PCP: partial(_service, port_mapping.PCP),
    CheckId.BEHAVIOR: _behavior,
    CheckId.COLLISION: partial(_yes_no, behavior.COLLISION),
    CheckId.CLASSIC: _classic,
    CheckId.LAYERS: _layers,
    CheckId.LIFETIME: _lifetime,
    CheckId.HAIRPIN: partial(_yes_no, lifetime.HAIRPIN4),
    CheckId.FIREWALL: firewall_line,
    CheckId.ENVIRONMENT: environment_line,
    CheckId.TAILSCALE: _tailscale,
}
"""How each check is summed up; one without an entry has its status alone."""

MAIN: Mapping[CheckId, Key[Any]] = {
    CheckId.LOCAL: local.WAY_OUT4,
    CheckId.STUN: stun.UDP,
    CheckId.RELAY_TCP: relays.TCP,
    CheckId.CAPTIVE_PORTAL: captive_portal.PRESENT,
    CheckId.UPNP: port_mapping.UPNP.present,
    CheckId.NAT_PMP: port_mapping.NAT_PMP.present,
    CheckId.PCP: port_mapping.PCP.present,
    CheckId.BEHAVIOR: behavior.FILTERING4,
    CheckId.COLLISION: behavior.COLLISION,
    CheckId.CLASSIC: classic.TYPE4,
    CheckId.LAYERS: layers.HOPS4,
    CheckId.LIFETIME: lifetime.LIFETIME4,
    CheckId.HAIRPIN: lifetime.HAIRPIN4,
    CheckId.FIREWALL: firewall.INBOUND4,
    CheckId.ENVIRONMENT: environment.EVIDENCE,
    CheckId.TAILSCALE: tailscale.STATE,
}
"""The reading that a check is run for: it says why there is no answer."""

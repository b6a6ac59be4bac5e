"""What this report adds to the steps: a router's own reason, a setting in the way; and which of
them it makes needless. Pure.

The general steps cannot know these; what is added comes first, since the rest is in vain without.
"""

from __future__ import annotations

from collections.abc import Iterator

from probes.diagnosis.causes_device import RANDOM_PORT
from probes.diagnosis.model import Cause, CauseId
from probes.diagnosis.remedies import RemedyId
from probes.readings import environment, local, port_mapping, tailscale
from probes.readings.environment import Effect, Surrounding
from probes.readings.tailscale import Backend
from probes.report import Report
from tui import content
from tui.content import playbooks
from tui.explain import facts

_FIXED_PORT = (
    *(RemedyId.FORWARD_PORT, RemedyId.FORWARD_TWICE, RemedyId.EXPOSED_HOST, RemedyId.OWN_PORT),
    *(RemedyId.OPEN_FIREWALL, RemedyId.ALLOW_INBOUND, RemedyId.CLOUD_ADDRESS),
)
"""Changes that name the VPN's port, and so want it to stay what it is."""
IPV6 = (RemedyId.ENABLE_IPV6, RemedyId.ENABLE_IPV6_HERE, RemedyId.UNBLOCK_IPV6)
_ON_REQUEST = (RemedyId.PORT_MAPPING, RemedyId.REPAIR_MAPPING)


def remarks(remedy: RemedyId, cause: Cause, report: Report) -> Iterator[tuple[str, str]]:
    """Steps that come first, each as its id and its words."""
    if remedy in _ON_REQUEST:
        yield from _not_asked(report)
    if remedy is RemedyId.REPAIR_MAPPING:
        yield from _router_said(report)
    if remedy in _FIXED_PORT and RANDOM_PORT in (report.value(tailscale.ATTRIBUTES) or ()):
        yield "random-port", playbooks.guidance("random-port")
    if remedy is RemedyId.OPEN_FIREWALL and cause.id is CauseId.CLOUD_NAT:
        yield "own-address", playbooks.guidance("own-address")
    if remedy in IPV6 and facts.udp_stopped(report):
        yield "udp-stopped", content.udp_stopped()
    if remedy is RemedyId.UPDATE_CLIENT and cause.id is CauseId.CLIENT_BUG:
        for bug in report.value(environment.CLIENT_BUGS) or ():
            yield f"bug-{bug.issue}", playbooks.guidance(f"bug {bug.effect}")


_STARTS_SERVICE = frozenset({"service", "running"})
"""Steps of connecting, in the words for each system, that see to it that the service runs."""


def needless(remedy: RemedyId, report: Report) -> frozenset[str]:
    """Ids of the steps that are done already, or are not for this device, as was measured: a
    service that answers runs, a pod has no container's options, and a device may have no IPv6."""
    match remedy:
        case RemedyId.CONNECT_TAILSCALE if _runs(report):
            return _STARTS_SERVICE
        case RemedyId.HOST_NETWORK if report.known(environment.EVIDENCE):
            return _FOR_CONTAINERS if _in_pod(report) else _FOR_PODS
        case RemedyId.OPEN_FIREWALL | RemedyId.ALLOW_INBOUND if _without_ipv6(report):
            return _FOR_IPV6
        case _:
            return frozenset()


_FOR_CONTAINERS, _FOR_PODS = frozenset({"option", "take-out"}), frozenset({"pod"})
_FOR_IPV6 = frozenset({"both-families", "allow-ipv6"})


def _runs(report: Report) -> bool:
    state = report.value(tailscale.STATE)
    return state is not None and state not in (Backend.NO_DAEMON, Backend.NOT_INSTALLED)


def _in_pod(report: Report) -> bool:
    inside = report.value(environment.EVIDENCE) or ()
    return any(each.kind is Surrounding.KUBERNETES for each in inside)


def _without_ipv6(report: Report) -> bool:
    return report.known(local.WAY_OUT6) and report.value(local.WAY_OUT6) is None


def _not_asked(report: Report) -> Iterator[tuple[str, str]]:
    for each in report.value(environment.SETTINGS) or ():
        if each.effect is Effect.NO_PORT_MAPPING:
            words = playbooks.guidance("not-asked")
            yield "not-asked", content.fill(words, setting=each.name, where=each.where)
            return


def _router_said(report: Report) -> Iterator[tuple[str, str]]:
    for keys in port_mapping.SERVICES.values():
        test = report.value(keys.test)
        error = test.error if test is not None and test.error else report.value(keys.error)
        if error is not None:
            words, said = content.mapping_fault(error.fault), playbooks.guidance("router-said")
            text = content.fill(said, said=words.label, meaning=words.meaning, next=words.next_step)
            yield "router-said", text
            return

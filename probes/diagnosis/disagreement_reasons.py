"""Why two witnesses may contradict each other, as far as the report tells. Pure."""

from __future__ import annotations

from probes.diagnosis.witnesses import Account, Likely, Topic, Witness
from probes.model import IPAddress
from probes.readings import classic, environment, local, port_mapping, stun, tailscale
from probes.readings.environment import BugEffect
from probes.readings.tailscale import Backend
from probes.report import Report

PORT_MAPPING = {
    Topic.UPNP: port_mapping.UPNP,
    Topic.NAT_PMP: port_mapping.NAT_PMP,
    Topic.PCP: port_mapping.PCP,
}
"""The services that both look for."""

_ONLY_TCP = "only-tcp-443"
"""The policy's attribute that keeps a device to TCP (tailcfg/nodecap)."""
_TAILSCALES = (Witness.NETCHECK, Witness.DAEMON)
_ROUTED = (Topic.UDP, Topic.ADDRESS, Topic.IPV6, Topic.MAPPING, Topic.FILTERING)
"""Topics whose answers come from beyond the router."""


def reason_of(
    topic: Topic, report: Report, accounts: tuple[Account, ...]
) -> tuple[Likely, tuple[str, ...]]:
    """The first reason that fits, the more telling ones first."""
    said = {account.witness: account.says for account in accounts}
    apart = _apart(said)
    if apart & set(_TAILSCALES):
        reason = _tailscales_reason(topic, report, said)
        if reason is not None:
            return reason
    if topic in _ROUTED:
        for family_key in (local.WAY_OUT4, local.WAY_OUT6):
            way = report.value(family_key)
            if way is not None and way.tunnel:
                return Likely.OTHER_TUNNEL, (family_key.id,)
    if topic is Topic.ADDRESS and len(_seen_addresses(report)) > 1:
        return Likely.SEVERAL_WAYS_OUT, (stun.ANSWERS4.id,)
    if topic is Topic.ADDRESS and apart >= set(_TAILSCALES) and _of_one_mind(said):
        # Two of them at two moments: it is the way that differs, not the time.
        return Likely.SEVERAL_WAYS_OUT, (tailscale.NETCHECK.id, tailscale.SELF_ENDPOINTS.id)
    if topic in (Topic.UDP, Topic.MAPPING) and _one_answer(report):
        return Likely.ONE_ANSWER_ONLY, (stun.ANSWERS4.id, tailscale.NETCHECK.id)
    if topic is Topic.MAPPING and Witness.DAEMON in apart:
        return Likely.OTHER_PORT, (tailscale.PORT.id, tailscale.OWN_SOCKET.id)
    if topic in PORT_MAPPING:
        return _service_reason(topic, report, said)
    if apart == {Witness.PYSTUN3}:
        return Likely.ONE_SERVER, (classic.TYPE4.id,)
    return Likely.OTHER_MOMENT, ()


def _apart(said: dict[Witness, str]) -> set[Witness]:
    """Who contradicts this program's probes; without them, everybody."""
    own = said.get(Witness.PROBES)
    return {witness for witness, says in said.items() if says != own}


def _of_one_mind(said: dict[Witness, str]) -> bool:
    """Tailscale's own witnesses say the same."""
    return len({said.get(each) for each in _TAILSCALES}) == 1


def _tailscales_reason(
    topic: Topic, report: Report, said: dict[Witness, str]
) -> tuple[Likely, tuple[str, ...]] | None:
    bugs = report.value(environment.CLIENT_BUGS) or ()
    false = any(bug.effect is BugEffect.FALSE_NETCHECK for bug in bugs)
    if false and topic in _ROUTED and said.get(Witness.NETCHECK) == "no":
        return Likely.CLIENT_BUG, (environment.CLIENT_BUGS.id, tailscale.VERSION.id)
    if topic in _ROUTED and report.value(tailscale.EXIT_NODE) is not None:
        return Likely.EXIT_NODE, (tailscale.EXIT_NODE.id,)
    state = report.value(tailscale.STATE)
    offline = state in (Backend.STOPPED, Backend.NEEDS_LOGIN, Backend.NEEDS_APPROVAL)
    if offline and topic in _ROUTED:
        return Likely.NOT_CONNECTED, (tailscale.STATE.id,)
    if topic is Topic.UDP and said.get(Witness.PROBES) == "yes":
        if said.get(Witness.DAEMON) == "no" and _ONLY_TCP in (
            report.value(tailscale.ATTRIBUTES) or ()
        ):
            return Likely.ONLY_TCP, (tailscale.ATTRIBUTES.id,)
        if report.value(stun.UDP) is False:
            return Likely.STUN_PORT, (stun.UDP.id, stun.ELSEWHERE.id)
    return None


def _seen_addresses(report: Report) -> set[IPAddress]:
    return {answer.mapped.address for answer in report.value(stun.ANSWERS4) or ()}


def _one_answer(report: Report) -> bool:
    answers, netcheck = report.value(stun.ANSWERS4), report.value(tailscale.NETCHECK)
    if answers is not None and len(answers) == 1:
        return True
    return netcheck is not None and sum(seen.count for seen in netcheck.seen4) == 1


def _service_reason(
    topic: Topic, report: Report, said: dict[Witness, str]
) -> tuple[Likely, tuple[str, ...]]:
    if said.get(Witness.PROBES) == "yes":
        if report.value(port_mapping.TAILSCALE_ASKS) is False:
            return Likely.NOT_ASKED, (port_mapping.TAILSCALE_ASKS.id,)
        return Likely.SLOW_ROUTER, (PORT_MAPPING[topic].present.id,)
    if topic is Topic.UPNP:
        return Likely.OTHER_BOX, (tailscale.NETCHECK.id,)
    return Likely.OTHER_MOMENT, ()

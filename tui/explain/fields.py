"""The netcheck fields of a report, explained: which words fit, and what fills them.

Choosing is code; the words are in ``tui/content/fields``.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, assert_never

from probes.diagnosis.layers import carrier_nat
from probes.diagnosis.model import CauseId, NatClass
from probes.diagnosis.nat import nat_of
from probes.model import CheckId, Family, Reason
from probes.readings import captive_portal, local, relays, stun
from probes.readings.key import Key
from probes.report import Report
from tui import content
from tui.content import FieldId, FieldWords, Tone
from tui.explain import elsewhere, facts, port_mapping
from tui.explain.offers import what_it_offers
from tui.explain.words import (
    Choice,
    Evidence,
    Explained,
    busy,
    evidence,
    listed,
    milliseconds,
    number,
    some,
    why_unknown,
)


def explain_fields(report: Report) -> tuple[Explained, ...]:
    """Every netcheck field of a report, in netcheck's order."""
    return tuple(explain_field(report, each) for each in FieldId)


def explain_field(report: Report, which: FieldId) -> Explained:
    """One netcheck field of a report."""
    reported = elsewhere.choose(report, which)
    if reported is not None:
        return _explained(which, reported, evidence(report, reported.keys))
    match which:
        case FieldId.UDP:
            choice = _udp(report)
        case FieldId.IPV4:
            choice = _ipv4(report)
        case FieldId.IPV6:
            choice = _ipv6(report)
        case FieldId.MAPPING_VARIES:
            choice = _mapping_varies(report)
        case FieldId.PORT_MAPPING:
            choice = port_mapping.choose(report)
        case FieldId.CAPTIVE_PORTAL:
            choice = _captive_portal(report)
        case FieldId.NEAREST_DERP:
            choice = _nearest(report)
        case _:
            assert_never(which)
    found = _explained(which, choice, evidence(report, choice.keys))
    cause = _BEYOND_ROUTER.get((which, choice.value))
    if cause is None:
        return found
    if carrier_nat(report) is not None:
        return replace(found, next_step=content.beyond_router(cause))
    offered = what_it_offers(report) if which is FieldId.MAPPING_VARIES else ""
    return replace(found, next_step=offered or found.next_step)


_BEYOND_ROUTER = {
    (FieldId.MAPPING_VARIES, "yes"): CauseId.HARD_NAT,
    (FieldId.PORT_MAPPING, "none-hard"): CauseId.PORT_MAPPING_OFF,
}
"""Fields that would turn on the router's ports: they do not get through a provider's NAT."""


def _explained(which: FieldId, choice: Choice, rests_on: tuple[Evidence, ...]) -> Explained:
    words = content.netcheck_field(which)
    value = words.values.get(choice.value)
    if value is None:
        return _not_known(words, choice.value, rests_on)

    def filled(text: str) -> str:
        return content.fill(text, **choice.filling)

    return Explained(
        which,
        words.title,
        words.question,
        filled(value.netcheck),
        value.tone,
        filled(value.label),
        filled(value.meaning),
        filled(value.for_you),
        filled(value.next_step),
        rests_on,
    )


def _not_known(words: FieldWords, reason: str, rests_on: tuple[Evidence, ...]) -> Explained:
    why = content.unknown(reason)
    tone = Tone.RUNNING if reason == "measuring" else Tone.UNKNOWN
    return Explained(
        words.id,
        words.title,
        words.question,
        why.label,
        tone,
        why.label,
        why.meaning,
        words.open,
        why.next_step,
        rests_on,
    )


def _udp(report: Report) -> Choice:
    keys = (stun.UDP,)
    answers = {
        "answered": facts.answered_regions(report),
        "asked": number(facts.asked_regions(report), "relay"),
    }
    match report.value(stun.UDP):
        case True if tunnel := facts.any_tunnel(report):
            return Choice("yes-tunnel", (*keys, local.WAY_OUT4), {**answers, "tunnel": tunnel})
        case True:
            return Choice("yes", keys, answers)
        case False:
            pass
        case None if facts.no_way_out(report):
            return Choice("no-way-out", (*keys, local.WAY_OUT4, local.WAY_OUT6))
        case None:
            return Choice(why_unknown(report, stun.UDP), keys)
    elsewhere = report.value(stun.ELSEWHERE)
    if elsewhere:
        first = elsewhere[0]
        filling = {**answers, "host": facts.host_of(first), "port": first.server.port}
        return Choice("no-stun", (*keys, stun.ELSEWHERE), filling)
    tcp = report.value(relays.TCP)
    if tcp or report.value(relays.ICMP4):
        return Choice("no", (*keys, relays.TCP), answers)
    web = report.value(captive_portal.ANSWERS)
    if tcp is False and web:
        return Choice("no-relay", (*keys, relays.TCP, captive_portal.ANSWERS), answers)
    if tcp is False:
        return Choice("no-network", (*keys, relays.TCP), answers)
    if busy(report, CheckId.RELAY_TCP):
        return Choice("measuring", (*keys, relays.TCP))  # what else answers decides what it means
    return Choice("no-alone", (*keys, relays.TCP), answers)


def _ipv4(report: Report) -> Choice:
    endpoint = report.value(stun.ENDPOINT4)
    if endpoint is not None:
        here = facts.address_is_here(report, Family.V4)
        tunnel = facts.tunnel(report, Family.V4)
        filling = {"endpoint": endpoint, "address": endpoint.address, "tunnel": tunnel}
        value = "yes-tunnel" if tunnel else "yes-here" if here else "yes"
        return Choice(value, (stun.ENDPOINT4, local.WAY_OUT4), filling)
    keys = (local.WAY_OUT4, stun.ENDPOINT4)
    if report.known(local.WAY_OUT4) and report.value(local.WAY_OUT4) is None:
        if report.value(stun.ENDPOINT6) is not None:
            return Choice("no-but-ipv6", (*keys, stun.ENDPOINT6))
        if report.value(local.WAY_OUT6) is not None and busy(report, CheckId.STUN):
            return Choice("measuring", keys)
        return Choice("no", keys)
    if report.value(stun.UDP) is False:
        if report.value(relays.TCP) is False and not report.value(stun.ELSEWHERE):
            return Choice("not-found-at-all", (*keys, stun.UDP, relays.TCP))
        return Choice("not-found", (*keys, stun.UDP))
    if report.value(stun.UDP) and _no_answer(report, stun.ENDPOINT4):
        return Choice("not-found-ipv6-answers", (*keys, stun.UDP))
    return Choice(why_unknown(report, stun.ENDPOINT4), keys)


def _ipv6(report: Report) -> Choice:
    endpoint = report.value(stun.ENDPOINT6)
    if endpoint is not None:
        tunnel = facts.tunnel(report, Family.V6)
        here = facts.address_is_here(report, Family.V6) or not report.known(local.INTERFACES)
        filling = {"endpoint": endpoint, "address": endpoint.address, "tunnel": tunnel}
        value = "yes-tunnel" if tunnel else "yes" if here else "yes-translated"
        return Choice(value, (stun.ENDPOINT6, local.WAY_OUT6), filling)
    if report.value(local.OS_IPV6) is False:
        return Choice("off", (local.OS_IPV6,))
    keys = (local.OS_IPV6, local.WAY_OUT6, stun.ENDPOINT6)
    if report.known(local.WAY_OUT6) and report.value(local.WAY_OUT6) is None:
        if not report.value(local.OS_IPV6):
            return Choice("no-system-open", keys)
        if facts.nothing_out(report):
            return Choice("no-nor-ipv4", (*keys, local.WAY_OUT4))
        return Choice("no", keys)
    if report.value(local.WAY_OUT6) is not None and _no_answer(report, stun.ENDPOINT6):
        if facts.tcp_by(report, Family.V6):
            return Choice("tcp-only", (*keys, relays.TCP_ANSWERS))
        return Choice("unanswered", keys)
    return Choice(why_unknown(report, stun.ENDPOINT6), keys)


def _no_answer(report: Report, key: Key[Any]) -> bool:
    """Asked in vain, as against not asked."""
    return not report.known(key) and why_unknown(report, key) == "no-answer"


def _mapping_varies(report: Report) -> Choice:
    keys: tuple[Key[Any], ...] = (stun.VARIES4, stun.ANSWERS4)
    seen = facts.endpoints(report, Family.V4)
    addresses = facts.addresses_of(seen)
    elsewhere = report.value(stun.ELSEWHERE) or ()
    filling: dict[str, object] = {
        "servers": number(facts.answered(report, Family.V4), "relay"),
        "endpoint": seen[0] if seen else "",
        "endpoints": some(seen),
        "count": len(seen),
        "addresses": some(addresses),
        "tunnel": facts.tunnel(report, Family.V4),
        "host": facts.host_of(elsewhere[0]) if elsewhere else "",
    }
    nat = nat_of(report, Family.V4)
    varies = report.value(stun.VARIES4)
    if filling["tunnel"] and varies is not None:
        value = "yes-tunnel" if varies else "no-tunnel"
        return Choice(value, (*keys, local.WAY_OUT4), filling)
    match varies:
        case True if facts.ports_kept(seen):
            return Choice("yes-address", keys, filling)
        case True if len(addresses) > 1:
            return Choice("yes-both", keys, filling)
        case True:
            return Choice("yes", keys, filling)
        case False if nat.nat_class is NatClass.NONE and facts.address_is_here(report, Family.V4):
            return Choice("no-nat", (*keys, local.INTERFACES), filling)
        case False if nat.nat_class is NatClass.HARD:
            return Choice("no-but-elsewhere", (*keys, stun.ELSEWHERE), filling)
        case False:
            return Choice("no", keys, filling)
        case None:
            pass
    why = why_unknown(report, stun.VARIES4)
    if why in _ELSEWHERE and nat.nat_class is not NatClass.UNKNOWN and elsewhere:
        return Choice(_ELSEWHERE[why], (*keys, stun.ELSEWHERE), filling)
    return Choice(why, keys, filling)


_ELSEWHERE = {
    "too-few-answers": "too-few-but-elsewhere",
    "no-answer": "no-answer-but-elsewhere",
}
"""Where servers that are no relays tell what the NAT does, so that it is not open."""

_FAR_MS = 150.0
"""A nearest relay beyond this makes every relayed call feel slow: worth a note."""


def _captive_portal(report: Report) -> Choice:
    keys = (captive_portal.PRESENT, captive_portal.ANSWERS)
    present = report.value(captive_portal.PRESENT)
    if present is not None:
        return Choice("yes" if present else "no", keys)
    why = why_unknown(report, captive_portal.PRESENT)
    return Choice("not-checked" if why == Reason.NOT_MEASURED else why, keys[:1])


def _nearest(report: Report) -> Choice:
    keys: tuple[Key[Any], ...] = (stun.PREFERRED, relays.MAP_SOURCE)
    rows = facts.latency_rows(report)
    source = report.value(relays.MAP_SOURCE)
    if source is not None and source.origin is relays.MapOrigin.BUILT_IN:
        return Choice("no-map", (relays.MAP_SOURCE,))
    if facts.no_way_out(report):
        return Choice("none", (local.WAY_OUT4, local.WAY_OUT6))
    nearest = next((row for row in rows if row.preferred), None)
    by_udp = nearest is not None
    if nearest is None:
        why = "" if report.known(stun.PREFERRED) else why_unknown(report, stun.PREFERRED)
        nearest = next((row for row in rows if row.tcp_ms is not None), None)
        if why == "measuring" or (nearest is None and why not in ("", "no-answer")):
            return Choice(why, keys)
        if nearest is None:
            return Choice("none", (*keys, relays.TCP_ANSWERS))
    best = nearest.best_ms
    if best is None:  # a region that is preferred has answered; a report from elsewhere may lie
        return Choice("contradictory", keys)
    filling = {
        "name": nearest.name or nearest.code,
        "latency": milliseconds(best),
        "by": _latencies(nearest),
    }
    if not by_udp:
        return Choice("by-tcp", (*keys, relays.TCP_ANSWERS), filling)
    return Choice("far" if best > _FAR_MS else "yes", keys, filling)


def _latencies(row: facts.LatencyRow) -> str:
    parts = (("IPv4", row.v4_ms), ("IPv6", row.v6_ms), ("TCP", row.tcp_ms))
    found = [f"{milliseconds(ms)} over {name}" for name, ms in parts if ms is not None]
    return listed(found) if found else ""

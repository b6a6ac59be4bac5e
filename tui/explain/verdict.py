"""The diagnosis in words: the headline, the NAT, what to expect, the causes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, assert_never

from probes.diagnosis.facts import Facts
from probes.diagnosis.layers import carrier_nat
from probes.diagnosis.model import (
    Actor,
    Cause,
    CauseId,
    Confidence,
    Diagnosis,
    Headline,
    Mechanism,
    Nat,
    NatClass,
    Outlook,
    Result,
    Weight,
)
from probes.diagnosis.nat import nat_of
from probes.diagnosis.outlook import outlook_of
from probes.model import CheckId, CheckStatus, Failed, Family, Known, Reason, Unknown
from probes.readings import KEYS, behavior, local, relays, stun
from probes.readings.key import Key
from probes.readings.port_mapping import AddressKind
from probes.report import Report
from tui import content
from tui.content import CauseWords, Tone
from tui.explain import device, elsewhere, facts
from tui.explain.words import (
    CauseText,
    Evidence,
    Explained,
    Fact,
    OutlookWords,
    busy,
    evidence,
    number,
    some,
)


def headline(diagnosis: Diagnosis, report: Report) -> str:
    """The whole diagnosis in one sentence, with the obstacle named and placed."""
    words = content.headline(_headline_words(diagnosis, report))
    return content.plain(content.fill(words, **_filling(report)))


def _headline_words(diagnosis: Diagnosis, report: Report) -> str:
    """Which sentence: too little known has several reasons, each with another next step."""
    which = diagnosis.headline
    if which is Headline.DIRECT_OPEN and _keeps_strangers_out(diagnosis):
        return "direct-open-filtered"
    if which is Headline.RELAYED_UDP_BLOCKED and not _surely_stops_udp(diagnosis):
        return "relayed-udp-blocked-likely"
    if which is Headline.UNKNOWN_NO_NETWORK and facts.no_way_out(report):
        return "unknown-offline"
    if which is not Headline.UNKNOWN_TOO_LITTLE:
        return which
    if report.elsewhere:
        return elsewhere.headline(report)
    if report.value(relays.STUN_REGIONS) == 0:
        return "unknown-no-stun"
    four = report[local.WAY_OUT4]
    if isinstance(four, Known) and four.value is None and report.known(stun.ENDPOINT6):
        return "unknown-ipv6-only"
    udp = report[stun.UDP]
    match udp:
        case Known(False):
            return _silent(report)
        case Known():
            return which
        case Unknown(Reason.NO_SERVER):
            return "unknown-not-asked"
        case Unknown() if _left_out(report):
            return "unknown-skipped"
        case Unknown():
            return "unknown-unfinished"
        case Failed():
            return "unknown-failed"
        case _:
            assert_never(udp)


def _keeps_strangers_out(diagnosis: Diagnosis) -> bool:
    return any(cause.id is CauseId.INBOUND_BLOCKED for cause in diagnosis.causes)


def _surely_stops_udp(diagnosis: Diagnosis) -> bool:
    """No other server could be asked, so it may be the relays' port alone."""
    sure = Confidence.CERTAIN
    return any(
        each.id is CauseId.UDP_BLOCKED and each.confidence is sure for each in diagnosis.causes
    )


def _silent(report: Report) -> str:
    if report.value(relays.TCP) or report.value(relays.ICMP4):
        return "relayed-silent"
    if report.value(relays.TCP) is False:
        return "unknown-no-relay"
    if busy(report, CheckId.RELAY_TCP):
        return Headline.UNKNOWN_STILL_MEASURING
    return "unknown-silent"


def _left_out(report: Report) -> bool:
    state = report.checks.get(CheckId.STUN)
    return state is None or state.status is CheckStatus.SKIPPED


def _filling(report: Report, family: Family = Family.V4) -> dict[str, object]:
    """Everything that a headline, a NAT's or a cause's words may name."""
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
        "way_in": device.port_held(report) or "a port",
        **device.filling(report),
    }


_NAT_TONE = {
    NatClass.NONE: Tone.GOOD,
    NatClass.EASY: Tone.GOOD,
    NatClass.HARD: Tone.BAD,
    NatClass.UNKNOWN: Tone.UNKNOWN,
}


def explain_nat(nat: Nat, report: Report, family: Family = Family.V4) -> Explained:
    """One family's NAT: its class in words, with mapping, filtering and how sure that is."""
    which = elsewhere.nat_words(report, _nat_words(nat, report, family))
    words = content.nat(which)
    filling = _filling(report, family)
    for_you = content.fill(words.for_you, **filling)
    if which in ("none", "easy", "easy-reported", "easy-opened"):
        for_you = f"{for_you} {content.filtering(nat.filtering)}"
    carrier = family is Family.V4 and carrier_nat(report) is not None
    hard = nat.nat_class is NatClass.HARD
    next_step = content.beyond_router(CauseId.HARD_NAT) if hard and carrier else words.next_step
    return Explained(
        f"nat{family.value}",
        f"NAT over IPv{family.value}",
        words.question,
        content.label(nat.nat_class),
        _NAT_TONE[nat.nat_class],
        content.fill(words.label, **filling),
        content.fill(words.meaning, **filling),
        for_you,
        content.fill(next_step, **filling),
        (*_evidence(report, nat.because), *_evidence(report, nat.missing)),
        _nat_facts(nat),
    )


def _nat_facts(nat: Nat) -> tuple[Fact, ...]:
    preserved = {True: "yes", False: "no", None: "unknown"}[nat.port_preserved]
    found = (
        Fact("Mapping", content.label(nat.mapping)),
        Fact("Filtering", content.label(nat.filtering)),
        Fact("Port kept", preserved),
    )
    if nat.nat_class is NatClass.UNKNOWN:
        return found
    return (*found, Fact("How sure", content.label(nat.confidence)))


def _nat_words(nat: Nat, report: Report, family: Family) -> str:
    seen = facts.all_endpoints(report, family)
    way_out = report[local.way_out_key(family)]
    match nat.nat_class:
        case NatClass.NONE:
            return "none"
        case NatClass.EASY if nat.varies:
            return "easy-opened"
        case NatClass.EASY if not seen:
            return "easy-tested"
        case NatClass.EASY if family is Family.V4:
            return _easy_words(report)
        case NatClass.EASY:
            return "easy"
        case NatClass.HARD if len(seen) < 2:
            return "hard-tested"
        case NatClass.HARD:
            return "hard-address" if facts.ports_kept(seen) else "hard"
        case NatClass.UNKNOWN if facts.tunnel(report, family):
            return "unknown-tunnel"
        case NatClass.UNKNOWN if isinstance(way_out, Known) and way_out.value is None:
            return "unknown-no-address"
        case NatClass.UNKNOWN:
            return "unknown"
        case _:
            assert_never(nat.nat_class)


def _easy_words(report: Report) -> str:
    """An easy NAT promises no more than the outlook does."""
    nat4, nat6 = (nat_of(report, each) for each in Family)
    easy = outlook_of(Facts(report, nat4, nat6)).easy
    if easy.mechanism is Mechanism.NO_ENDPOINT:
        return "easy-untold"
    return "easy-unsure" if easy.result in (Result.POSSIBLE, Result.RELAYED) else "easy"


_RESULT_TONE = {
    Result.DIRECT: Tone.GOOD,
    Result.POSSIBLE: Tone.NOTE,
    Result.RELAYED: Tone.BAD,
    Result.UNKNOWN: Tone.UNKNOWN,
}


def explain_outlook(outlook: Outlook, kind: NatClass) -> OutlookWords:
    """What to expect with a peer behind one kind of NAT."""
    words = content.mechanism(outlook.mechanism)
    return OutlookWords(
        content.label(kind),
        content.peer_kind(kind),
        content.label(outlook.result),
        _RESULT_TONE[outlook.result],
        words.label,
        words.sentence,
        words.why,
    )


_WEIGHT_TONE = {Weight.BLOCKS: Tone.BAD, Weight.LIMITS: Tone.NOTE, Weight.NOTES: Tone.NOTE}


def explain_cause(cause: Cause, report: Report) -> CauseText:
    """One cause: what it means, what to do first, why, and how it shows that it worked."""
    words, filling = content.cause(cause.id), _filling(report)

    def filled(text: str) -> str:
        return content.fill(text, **filling)

    return CauseText(
        cause.id,
        words.title,
        _WEIGHT_TONE[cause.weight],
        content.label(cause.weight),
        content.label(cause.confidence),
        content.label(cause.acts),
        filled(words.sentence),
        filled(words.for_you),
        filled(content.beyond_router(cause.id) if _beyond_router(cause, report) else words.first),
        filled(_why(cause, words, report)),
        filled(words.worked),
        filled(words.who),
        _evidence(report, cause.because),
        _evidence(report, cause.missing),
    )


def _why(cause: Cause, words: CauseWords, report: Report) -> str:
    """A hard NAT's reason counts answers, which not every report holds."""
    if cause.id is not CauseId.HARD_NAT:
        return words.why
    if report.elsewhere:
        return content.reported(cause.id)
    seen = facts.all_endpoints(report, Family.V4)
    return words.why if len(seen) > 1 else content.nat("hard-tested").meaning


def _beyond_router(cause: Cause, report: Report) -> bool:
    """What the own router opens does not get through the provider's NAT."""
    if cause.id not in (CauseId.HARD_NAT, CauseId.PORT_MAPPING_OFF):
        return False
    return cause.acts is Actor.ISP or carrier_nat(report) is not None


def _evidence(report: Report, ids: Iterable[str]) -> tuple[Evidence, ...]:
    keys: list[Key[Any]] = [KEYS[each] for each in ids]
    return evidence(report, keys)

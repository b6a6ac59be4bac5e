"""The diagnosis in words: the headline, the NAT, what to expect, the causes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any, assert_never

from probes.diagnosis.cloud import cloud_address
from probes.diagnosis.facts import Facts
from probes.diagnosis.layers import carrier_nat, in_cloud, within
from probes.diagnosis.model import (
    Actor,
    Cause,
    CauseId,
    Mechanism,
    Nat,
    NatClass,
    Result,
    Weight,
)
from probes.diagnosis.nat import nat_of, several_lines
from probes.diagnosis.outlook import needs_no_port, outlook_of
from probes.model import Family, Filtering
from probes.readings import KEYS, captive_portal, relays
from probes.readings.key import Key
from probes.report import Report
from tui import content
from tui.content import CauseWords, Tone
from tui.explain import elsewhere, facts
from tui.explain.device import open_port, open_to_all
from tui.explain.filling import SOME_NAT, filling_of, nat_name
from tui.explain.instead import instead
from tui.explain.offers import what_it_offers
from tui.explain.path import own_nat, this_nat
from tui.explain.words import (
    CauseText,
    Evidence,
    Explained,
    Fact,
    evidence,
)

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
    filling = filling_of(report, family)
    for_you = content.fill(words.for_you, **filling)
    all_in = nat.filtering is Filtering.ADDRESS_AND_PORT_DEPENDENT and open_to_all(report)
    if which in ("none", "none-cloud", "easy", "easy-reported", "easy-opened") and not all_in:
        for_you = f"{for_you} {content.filtering(nat.filtering)}"
    carrier = family is Family.V4 and carrier_nat(report) is not None
    hard = nat.nat_class is NatClass.HARD
    next_step = words.next_step
    if hard and family is Family.V4:
        beyond = content.beyond_router(CauseId.HARD_NAT) if carrier else ""
        next_step = beyond or what_it_offers(report) or next_step
    value, tone = nat_value(nat, report, family)
    return Explained(
        f"nat{family.value}",
        f"NAT over IPv{family.value}",
        words.question,
        value,
        tone,
        content.fill(words.label, **filling),
        content.fill(words.meaning, **filling),
        for_you,
        content.fill(next_step, **filling),
        (*_evidence(report, nat.because), *_evidence(report, nat.missing)),
        (*_nat_facts(nat), *(_cloud_facts(report) if family is Family.V4 else ())),
    )


def nat_value(nat: Nat, report: Report, family: Family) -> tuple[str, Tone]:
    """One family's NAT in a few words. Without an address there is nothing unknown."""
    if _nat_words(nat, report, family) == "unknown-no-address":
        label = content.plain(content.nat("unknown-no-address").label)
        return label[:1].lower() + label[1:], Tone.NOTE
    said = this_nat(nat, report) if family is Family.V4 else own_nat(nat)
    return said, _NAT_TONE[nat.nat_class]


def _cloud_facts(report: Report) -> tuple[Fact, ...]:
    """Inside a cloud: whether the public address is this machine's alone."""
    found = cloud_address(report)
    return () if found is None else (Fact("Cloud's address", content.label(found.how)),)


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
    match nat.nat_class:
        case NatClass.NONE:
            cloud = cloud_address(report) if family is Family.V4 else None
            here = facts.address_is_here(report, family)
            return "none-cloud" if cloud is not None and not here else "none"
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
        case NatClass.UNKNOWN if facts.no_way_out(report, family):
            return "unknown-no-address"
        case NatClass.UNKNOWN if report.value(captive_portal.PRESENT):
            return "unknown-signed-out"
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
    if open_port(report):
        return "easy-open"
    return "easy-unsure" if easy.result in (Result.POSSIBLE, Result.RELAYED) else "easy"


_WEIGHT_TONE = {Weight.BLOCKS: Tone.BAD, Weight.LIMITS: Tone.NOTE, Weight.NOTES: Tone.NOTE}


def explain_cause(cause: Cause, report: Report) -> CauseText:
    """One cause: what it means, what to do first, why, and how it shows that it worked."""
    words, filling = _words_of(cause, report), filling_of(report)

    def filled(text: str) -> str:
        return content.fill(text, **filling)

    return CauseText(
        cause.id,
        words.title,
        _WEIGHT_TONE[cause.weight],
        _weight(cause),
        content.label(cause.confidence),
        content.label(cause.acts),
        filled(_sentence(cause, words, report)),
        filled(_for_you(cause, words, report)),
        filled(_first(cause, words, report)),
        filled(_why(cause, words, report)),
        filled(words.disproof),
        filled(words.worked),
        filled(words.who),
        _evidence(report, cause.because),
        _evidence(report, cause.missing),
    )


def _weight(cause: Cause) -> str:
    """What comes before all the rest is not told by what it weighs beside it."""
    return content.foremost(cause.id) if cause.foremost else content.label(cause.weight)


def cause_words(cause_id: CauseId, report: Report) -> CauseWords:
    """A cause's words. In a container, a virtual machine or a cloud no home's router was asked."""
    if cause_id is CauseId.PORT_MAPPING_OFF and within(report):
        return content.no_mapping(cause_id)
    if cause_id is CauseId.PORT_MAPPING_OFF and in_cloud(report):
        return content.no_mapping(f"{cause_id}-cloud")
    words = content.cause(cause_id)
    more = instead(cause_id, report)
    return content.instead(more, words) if more else words


def _words_of(cause: Cause, report: Report) -> CauseWords:
    """Where the other side was measured, nobody guesses at what stands in the way over there."""
    words = cause_words(cause.id, report)
    if cause.there is None:
        return words
    for_you = content.fill(content.read_there("for you"), read=content.there(cause.there)[0])
    return replace(
        words,
        for_you=for_you,
        first=content.read_there("first"),
        why=content.read_there("why"),
        disproof=content.read_there("disproof"),
    )


def _sentence(cause: Cause, words: CauseWords, report: Report) -> str:
    """What a hard NAT is where the answers differ because they went out by several lines."""
    if cause.id is CauseId.HARD_NAT and several_lines(report):
        return content.cause(CauseId.MULTI_WAN).sentence
    return words.sentence


def _for_you(cause: Cause, words: CauseWords, report: Report) -> str:
    """A hard NAT with an open port keeps nobody out, and none opens beyond a provider's NAT."""
    if cause.id is CauseId.HARD_NAT:
        nat4 = nat_of(report, Family.V4)
        if nat4.nat_class is NatClass.EASY and nat4.varies:
            return content.offers_ports("opened")
    if cause.id in _MAPPING and _no_port_needed(report):
        own = nat_of(report, Family.V4).nat_class is NatClass.NONE
        return content.beyond_router("own-address" if own else "reached")
    if cause.id is CauseId.PORT_MAPPING_OFF and _beyond_router(cause, report):
        return content.beyond_router("for-you")
    return words.for_you


_MAPPING = (CauseId.PORT_MAPPING_OFF, CauseId.PORT_MAPPING_BROKEN)


def _no_port_needed(report: Report) -> bool:
    nat4, nat6 = (nat_of(report, each) for each in Family)
    return needs_no_port(nat4, outlook_of(Facts(report, nat4, nat6)))


_IPV6 = (CauseId.IPV6_OFF, CauseId.IPV6_MISSING, CauseId.IPV6_FILTERED)


def _first(cause: Cause, words: CauseWords, report: Report) -> str:
    """The usual advice is to turn on what opens ports. Some routers have it on."""
    if _beyond_router(cause, report):
        return content.beyond_router(cause.id)
    if cause.id in _IPV6 and facts.udp_stopped(report):
        return content.udp_stopped()
    if cause.id in _MAPPING and _no_port_needed(report):
        return content.beyond_router("nothing")
    if cause.id in (CauseId.HARD_NAT, CauseId.BOTH_HARD):
        return what_it_offers(report) or words.first
    return words.first


def _why(cause: Cause, words: CauseWords, report: Report) -> str:
    """A hard NAT's reason counts answers, which not every report holds. A network that looks into
    web connections is somebody's who decides on UDP as well."""
    if cause.id is CauseId.UDP_BLOCKED and report.value(relays.TLS_INSPECTED):
        return f"{words.why} {content.notice('inspected')}"
    if cause.id is not CauseId.HARD_NAT:
        return words.why
    if report.elsewhere:
        return content.reported(cause.id)
    seen = facts.all_endpoints(report, Family.V4)
    why = words.why if len(seen) > 1 else content.nat("hard-tested").meaning
    return f"{why} {content.which_box('untold' if nat_name(report) == SOME_NAT else 'told')}"


def _beyond_router(cause: Cause, report: Report) -> bool:
    """What the own router opens does not get through the provider's NAT."""
    if cause.id not in (CauseId.HARD_NAT, CauseId.PORT_MAPPING_OFF):
        return False
    return cause.acts is Actor.ISP or carrier_nat(report) is not None


def _evidence(report: Report, ids: Iterable[str]) -> tuple[Evidence, ...]:
    keys: list[Key[Any]] = [KEYS[each] for each in ids]
    return evidence(report, keys)

"""The whole diagnosis of a report, complete or still growing. Pure."""

from __future__ import annotations

from dataclasses import replace
from typing import assert_never

from probes.diagnosis.causes import causes_of
from probes.diagnosis.causes_pair import PAIR_RULES
from probes.diagnosis.facts import Concluded, Facts
from probes.diagnosis.model import (
    Cause,
    CauseId,
    Diagnosis,
    Headline,
    NatClass,
    Result,
    Verdict,
    Weight,
)
from probes.diagnosis.nat import nat_of
from probes.diagnosis.outlook import outlook_of
from probes.diagnosis.overruled import overruled
from probes.diagnosis.peer import Between, between
from probes.model import CheckId, CheckStatus, Family
from probes.readings.port_mapping import SERVICES
from probes.readings.tailscale import PeerPath
from probes.report import Report

VERDICTS = {
    Result.DIRECT: Verdict.DIRECT,
    Result.POSSIBLE: Verdict.DEPENDS,
    Result.RELAYED: Verdict.RELAYED,
    Result.UNKNOWN: Verdict.UNKNOWN,
}


def diagnose(report: Report, peer: str = "") -> Diagnosis:
    """All that follows from the report.

    `peer` names the device of the tailnet that the person chose; "" takes the one that the run
    itself was made for (--peer), if any. The verdict is then of that pair.
    """
    facts = Facts(report, nat_of(report, Family.V4), nat_of(report, Family.V6))
    above = overruled(facts)
    outlook = outlook_of(facts)
    pair = between(facts, peer)
    causes = causes_of(Concluded(facts, outlook, above), pair)
    alone = VERDICTS[outlook.easy.result]
    here = _headline(facts, causes, alone)
    reached = pair is not None and pair.outlook.result is Result.DIRECT
    return Diagnosis(
        nat4=facts.nat4,
        nat6=facts.nat6,
        causes=tuple(map(beside_a_direct_peer, causes)) if reached else causes,
        outlook=outlook,
        verdict=alone if pair is None else VERDICTS[pair.outlook.result],
        headline=here if pair is None else _of_pair(pair, causes, alone),
        here=here,
        peer=None if pair is None else pair.outlook,
    )


_WHO_IS_REACHED = frozenset(
    {
        CauseId.HARD_NAT,
        CauseId.MULTI_WAN,
        CauseId.DOUBLE_NAT,
        CauseId.CGNAT,
        CauseId.CLOUD_NAT,
        CauseId.INBOUND_BLOCKED,
        CauseId.NAT_STATE_COLLISION,
        CauseId.HOST_FIREWALL,
        CauseId.IPV6_OFF,
        CauseId.IPV6_MISSING,
        CauseId.IPV6_FILTERED,
        CauseId.PORT_MAPPING_OFF,
        CauseId.PORT_MAPPING_BROKEN,
    }
)
"""Causes that say nothing of a connection once it is direct; lost large packets do, for one."""


def beside_a_direct_peer(cause: Cause) -> Cause:
    """What keeps others away is only a note where the chosen peer is reached."""
    return replace(cause, weight=Weight.NOTES) if cause.id in _WHO_IS_REACHED else cause


def _of_pair(pair: Between, causes: tuple[Cause, ...], alone: Verdict) -> Headline:
    """The sentence for the pair with the chosen peer: the more telling cause first."""
    found = {cause.id for cause in causes}
    own = any(
        cause.weight is Weight.BLOCKS or (alone is Verdict.DEPENDS and cause.id in _BY_CAUSE)
        for cause in causes
        if cause.id not in PAIR_RULES
    )
    match pair.outlook.result:
        case Result.DIRECT if pair.outlook.path is not PeerPath.DIRECT:
            return Headline.PEER_DIRECT_EXPECTED
        case Result.DIRECT if CauseId.SETTLING in found:
            return Headline.PEER_TURNED_DIRECT
        case Result.DIRECT:
            return Headline.PEER_DIRECT
        case Result.UNKNOWN:
            return Headline.PEER_UNKNOWN
        case Result.RELAYED | Result.POSSIBLE:
            for cause, headline in OF_PAIR.items():
                if cause in found:
                    return headline
            if pair.outlook.result is Result.POSSIBLE:
                return Headline.PEER_DEPENDS
            return Headline.PEER_OWN_SIDE if own else Headline.PEER_RELAYED
        case _:
            assert_never(pair.outlook.result)


OF_PAIR = {
    CauseId.SAME_NETWORK: Headline.PEER_SAME_NETWORK,
    CauseId.BOTH_HARD: Headline.PEER_BOTH_HARD,
    CauseId.PEER_SIDE: Headline.PEER_OTHER_SIDE,
}


_BY_CAUSE = {
    CauseId.FORCED_RELAY: Headline.RELAYED_FORCED,
    CauseId.HOST_FIREWALL: Headline.RELAYED_SHUT_IN,
    CauseId.UDP_BLOCKED: Headline.RELAYED_UDP_BLOCKED,
    CauseId.STUN_BLOCKED: Headline.RELAYED_STUN_BLOCKED,
    CauseId.RELAY_MAP_WITHOUT_STUN: Headline.RELAYED_MAP_WITHOUT_STUN,
    CauseId.MULTI_WAN: Headline.RELAYED_MULTI_WAN,
    CauseId.HARD_NAT: Headline.RELAYED_HARD_NAT,
    CauseId.NAT_STATE_COLLISION: Headline.DEPENDS_PORT_STOLEN,
}
"""The more telling cause first."""
_WHERE_IT_DEPENDS = {
    Headline.RELAYED_UDP_BLOCKED: Headline.DEPENDS_UDP,
    Headline.RELAYED_STUN_BLOCKED: Headline.DEPENDS_TOLD_BY_ROUTER,
    Headline.RELAYED_MAP_WITHOUT_STUN: Headline.DEPENDS_TOLD_BY_ROUTER,
    Headline.RELAYED_MULTI_WAN: Headline.DEPENDS_PORT_DOUBTED,
    Headline.RELAYED_HARD_NAT: Headline.DEPENDS_PORT_DOUBTED,
}
"""The same causes, where something else may make up for them: nobody says "relayed" of those."""
_ONLY_BLOCKING = {CauseId.FORCED_RELAY, CauseId.HOST_FIREWALL}
"""Elsewhere they only limit, and are not what it comes down to."""


def _headline(facts: Facts, causes: tuple[Cause, ...], verdict: Verdict) -> Headline:
    found = {cause.id for cause in causes}
    if any(each.id is CauseId.CAPTIVE_PORTAL and each.weight is Weight.BLOCKS for each in causes):
        return Headline.CAPTIVE_PORTAL
    hangs_on_it = facts.nat4.varies and CauseId.PORT_MAPPING_BROKEN not in found
    match verdict:
        case Verdict.DEPENDS if facts.nat4.varies and CauseId.HOST_FIREWALL in found:
            return Headline.DEPENDS_OWN_FIREWALL
        case Verdict.DEPENDS if hangs_on_it and _offered(facts):
            return Headline.DEPENDS_MAPPING
        case Verdict.DIRECT:
            none = facts.nat4.nat_class is NatClass.NONE
            return Headline.DIRECT_OPEN if none else Headline.DIRECT_EASY
        case Verdict.RELAYED | Verdict.DEPENDS:
            blocking = {each.id for each in causes if each.weight is Weight.BLOCKS}
            held = found - (_ONLY_BLOCKING - blocking)
            named = [headline for cause, headline in _BY_CAUSE.items() if cause in held]
            said = named[0] if named else Headline.UNKNOWN_TOO_LITTLE
            return _WHERE_IT_DEPENDS.get(said, said) if verdict is Verdict.DEPENDS else said
        case Verdict.UNKNOWN:
            if facts.tunnel:
                return Headline.UNKNOWN_TUNNEL
            if CauseId.NO_NETWORK in found:
                return Headline.UNKNOWN_NO_NETWORK
            if _still_measuring(facts.report):
                return Headline.UNKNOWN_STILL_MEASURING
            return Headline.UNKNOWN_TOO_LITTLE
        case _:
            assert_never(verdict)


def _offered(facts: Facts) -> bool:
    return any(facts.is_true(keys.present) for keys in SERVICES.values())


def _still_measuring(report: Report) -> bool:
    state = report.checks.get(CheckId.STUN)
    waiting = state is not None and state.status in (CheckStatus.WAITING, CheckStatus.RUNNING)
    return waiting and not report.closed

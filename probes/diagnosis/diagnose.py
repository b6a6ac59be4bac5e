"""The whole diagnosis of a report, complete or still growing. Pure."""

from __future__ import annotations

from typing import assert_never

from probes.diagnosis.causes import causes_of
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
from probes.model import CheckId, CheckStatus, Family
from probes.readings.port_mapping import SERVICES
from probes.report import Report

_VERDICTS = {
    Result.DIRECT: Verdict.DIRECT,
    Result.POSSIBLE: Verdict.DEPENDS,
    Result.RELAYED: Verdict.RELAYED,
    Result.UNKNOWN: Verdict.UNKNOWN,
}


def diagnose(report: Report) -> Diagnosis:
    """All that follows from the report."""
    facts = Facts(report, nat_of(report, Family.V4), nat_of(report, Family.V6))
    outlook = outlook_of(facts)
    causes = causes_of(Concluded(facts, outlook))
    verdict = _VERDICTS[outlook.easy.result]
    return Diagnosis(
        nat4=facts.nat4,
        nat6=facts.nat6,
        causes=causes,
        outlook=outlook,
        verdict=verdict,
        headline=_headline(facts, causes, verdict),
    )


_BY_CAUSE = {
    CauseId.UDP_BLOCKED: Headline.RELAYED_UDP_BLOCKED,
    CauseId.STUN_BLOCKED: Headline.RELAYED_STUN_BLOCKED,
    CauseId.RELAY_MAP_WITHOUT_STUN: Headline.RELAYED_MAP_WITHOUT_STUN,
    CauseId.MULTI_WAN: Headline.RELAYED_MULTI_WAN,
    CauseId.HARD_NAT: Headline.RELAYED_HARD_NAT,
    CauseId.NAT_STATE_COLLISION: Headline.DEPENDS_PORT_STOLEN,
}
"""The more telling cause first."""


def _headline(facts: Facts, causes: tuple[Cause, ...], verdict: Verdict) -> Headline:
    found = {cause.id for cause in causes}
    if any(each.id is CauseId.CAPTIVE_PORTAL and each.weight is Weight.BLOCKS for each in causes):
        return Headline.CAPTIVE_PORTAL
    hangs_on_it = facts.nat4.varies and CauseId.PORT_MAPPING_BROKEN not in found
    match verdict:
        case Verdict.DEPENDS if hangs_on_it and _offered(facts):
            return Headline.DEPENDS_MAPPING
        case Verdict.DIRECT:
            none = facts.nat4.nat_class is NatClass.NONE
            return Headline.DIRECT_OPEN if none else Headline.DIRECT_EASY
        case Verdict.RELAYED | Verdict.DEPENDS:
            named = [headline for cause, headline in _BY_CAUSE.items() if cause in found]
            return named[0] if named else Headline.UNKNOWN_TOO_LITTLE
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

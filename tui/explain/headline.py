"""The diagnosis in one sentence, with the obstacle named and placed."""

from __future__ import annotations

from typing import assert_never

from probes.diagnosis.model import (
    CauseId,
    Confidence,
    Diagnosis,
    Headline,
    Mechanism,
    Verdict,
    Weight,
)
from probes.model import CheckId, CheckStatus, Failed, Known, Reason, Unknown
from probes.readings import captive_portal, local, relays, stun, tailscale
from probes.report import Report
from tui import content
from tui.explain import elsewhere, facts
from tui.explain.device import open_port
from tui.explain.filling import filling_of
from tui.explain.peer import pair_filling
from tui.explain.words import busy


def headline(diagnosis: Diagnosis, report: Report) -> str:
    """The whole diagnosis in one sentence, with the obstacle named and placed."""
    words = content.headline(_headline_words(diagnosis, report))
    filling = {**filling_of(report), **pair_filling(diagnosis, report)}
    return content.plain(content.fill(words, **filling))


def _headline_words(diagnosis: Diagnosis, report: Report) -> str:
    """Which sentence: too little known has several reasons, each with another next step."""
    which = diagnosis.headline
    if which in _OF_THE_NETWORK and unconnected(diagnosis):
        return "direct-not-connected"
    if which is Headline.PEER_UNKNOWN and busy(report, CheckId.TAILSCALE):
        return Headline.UNKNOWN_STILL_MEASURING
    if which in _LOSSY and loses_large(diagnosis):
        return _LOSSY[which]
    if which is Headline.DIRECT_EASY and tailscale.OWN_SOCKET.id in diagnosis.nat4.because:
        return "direct-told"
    own = any(each.id is CauseId.HOST_FIREWALL for each in diagnosis.causes)
    if own and with_most(diagnosis):
        return "direct-open-own-firewall"
    if with_most(diagnosis):
        return "direct-open-filtered"
    if which is Headline.DIRECT_OPEN and facts.one_to_one(report):
        return "direct-open-cloud"
    if which is Headline.DIRECT_EASY and diagnosis.nat4.varies:
        return "direct-opened"
    if which is Headline.DIRECT_EASY and open_port(report):
        return "direct-easy-open"
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
        return "unknown-ipv6-translated" if facts.translated(report) else "unknown-ipv6-only"
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


_LOSSY = {
    Headline.DIRECT_OPEN: "direct-lossy",
    Headline.DIRECT_EASY: "direct-lossy",
    Headline.PEER_DIRECT: "peer-direct-lossy",
    Headline.PEER_TURNED_DIRECT: "peer-direct-lossy",
    Headline.PEER_DIRECT_EXPECTED: "peer-expected-lossy",
}


_OF_THE_NETWORK = (Headline.DIRECT_OPEN, Headline.DIRECT_EASY)
"""They say what to expect of this network, whether Tailscale runs or not."""


def in_a_word(diagnosis: Diagnosis) -> str:
    """The verdict in a word. Direct that is not to be had as it stands, or not with all peers, is
    not called that alone; and where it hangs on what peers have, that is no failure to tell."""
    if diagnosis.verdict is Verdict.DIRECT and unconnected(diagnosis):
        return content.answer("not-connected")
    if with_most(diagnosis):
        return content.answer("most-peers")
    alone = diagnosis.outlook.easy.mechanism is Mechanism.NO_COMMON_FAMILY
    if alone and diagnosis.verdict is Verdict.UNKNOWN and diagnosis.peer is None:
        return content.answer("ipv6-alone")
    return content.label(diagnosis.verdict)


def has_a_catch(diagnosis: Diagnosis) -> bool:
    """It is called direct, and all is not well for all that."""
    caught = unconnected(diagnosis) or loses_large(diagnosis) or with_most(diagnosis)
    return diagnosis.verdict is Verdict.DIRECT and caught


def with_most(diagnosis: Diagnosis) -> bool:
    """A firewall before a public address keeps out the peers that cannot be told apart from
    strangers, and lets all others in."""
    return diagnosis.headline is Headline.DIRECT_OPEN and _keeps_strangers_out(diagnosis)


def unconnected(diagnosis: Diagnosis) -> bool:
    """Tailscale is here, and not connected: whatever the network allows, nothing comes of it."""
    return any(each.id is CauseId.NOT_CONNECTED for each in diagnosis.causes)


def loses_large(diagnosis: Diagnosis) -> bool:
    """Large packets are lost: a direct connection is made all the same, and carries little."""
    return any(
        each.id is CauseId.MTU and each.weight is not Weight.NOTES for each in diagnosis.causes
    )


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
        page = report.value(captive_portal.ANSWERS)
        return "unknown-no-relay" if page else "unknown-no-answer"
    if busy(report, CheckId.RELAY_TCP):
        return Headline.UNKNOWN_STILL_MEASURING
    return "unknown-silent"


def _left_out(report: Report) -> bool:
    state = report.checks.get(CheckId.STUN)
    return state is None or state.status is CheckStatus.SKIPPED

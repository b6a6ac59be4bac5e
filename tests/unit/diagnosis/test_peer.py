"""The pair with a chosen peer: its path of today, what that tells, and what would change it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from probes.diagnosis.diagnose import diagnose
from probes.diagnosis.model import (
    Actor,
    CauseId,
    Confidence,
    Diagnosis,
    Mechanism,
    NatClass,
    Result,
    Verdict,
    Weight,
)
from probes.diagnosis.pair import Relay
from probes.diagnosis.peer import PeerOutlook
from probes.diagnosis.peer_hints import HintId
from probes.diagnosis.remedies import RemedyId
from probes.diagnosis.what_if import Whose
from probes.model import Family
from probes.readings import behavior, environment, tailscale
from probes.readings.environment import Effect, Setting
from probes.readings.tailscale import PeerChoice, PeerPath
from tests.unit.diagnosis.device_cases import eased, open_
from tests.unit.diagnosis.peer_cases import (
    DIRECT,
    FAR,
    HARD_PEER,
    LAPTOP,
    NAS,
    OTHERS_DIRECT,
    OTHERS_RELAYED,
    RELAYED,
    STAYS,
    TURNS,
    chosen,
    nas,
    pinged,
    report_for,
    told,
)
from tests.unit.diagnosis.reports import PUBLIC
from tests.unit.diagnosis.sites import APDF, EIF, filtering

C, P = CauseId, PeerPath


def outlook(found: Diagnosis) -> PeerOutlook:
    assert found.peer is not None
    return found.peer


def cause(found: Diagnosis, which: CauseId) -> tuple[Weight, Confidence, Actor] | None:
    return next(
        ((each.weight, each.confidence, each.acts) for each in found.causes if each.id is which),
        None,
    )


def test_without_a_chosen_peer_nothing_is_said_of_one() -> None:
    found = diagnose(eased((tailscale.PEERS, (RELAYED,))))
    assert found.peer is None
    assert found.headline is found.here
    assert found.verdict is Verdict.DIRECT


def test_a_peer_may_be_chosen_after_the_run() -> None:
    report = eased((tailscale.PEERS, (RELAYED, OTHERS_DIRECT)))
    assert outlook(diagnose(report, "nas")).path is P.DERP
    assert outlook(diagnose(report, "NAS.tail-net.example.")).name == "nas"
    assert outlook(diagnose(report, "laptop")).result is Result.DIRECT
    # A later choice counts for more than the one that the run was made for.
    other = report_for(RELAYED, OTHERS_DIRECT)
    assert outlook(diagnose(other)).name == "nas"
    assert outlook(diagnose(other, "laptop")).name == "laptop"


@pytest.mark.parametrize("found", [(), (NAS, replace(NAS, dns_name="nas-1.tail-net.example"))])
def test_a_name_that_fits_no_one_peer_is_no_verdict(found: tuple[tailscale.Peer, ...]) -> None:
    report = eased((tailscale.PEERS, found), (tailscale.CHOSEN, PeerChoice("nas", found, ())))
    said = outlook(diagnose(report, "nas"))
    assert (said.name, said.result, said.mechanism) == (
        "nas",
        Result.UNKNOWN,
        Mechanism.PEER_NOT_LISTED,
    )
    assert diagnose(report, "nas").verdict is Verdict.UNKNOWN


def test_where_tailscale_could_not_be_asked_its_list_is_what_is_missing() -> None:
    said = outlook(diagnose(eased(), "nas"))
    assert (said.mechanism, said.missing) == (Mechanism.PEER_NOT_LISTED, ("tailscale.peers",))


# --- the path of today ----------------------------------------------------------------------------


def test_a_direct_path_is_direct_whatever_the_nat_looks_like() -> None:
    for side in ("easy", "hard"):
        found = diagnose(report_for(DIRECT, side=side))
        said = outlook(found)
        assert (said.result, said.mechanism) == (Result.DIRECT, Mechanism.SEEN_DIRECT)
        assert (said.confidence, said.family) == (Confidence.CERTAIN, Family.V4)
        assert (said.via, said.relay, said.flip) == (FAR, None, None)
        assert found.verdict is Verdict.DIRECT


def test_a_direct_path_shows_that_no_setting_forces_the_relay_yet() -> None:
    """A file holds for the next start."""
    forced = Setting(
        "TS_DEBUG_ALWAYS_USE_DERP", "1", "/etc/default/tailscaled", Effect.FORCES_RELAY
    )
    setting = (environment.SETTINGS, (forced,))
    found = diagnose(report_for(DIRECT, more=(setting,)))
    assert found.verdict is Verdict.DIRECT
    assert cause(found, C.FORCED_RELAY) == (
        Weight.LIMITS,
        Confidence.LIKELY,
        Actor.THIS_DEVICE,
    )
    blocked = diagnose(report_for(RELAYED, more=(setting,)))
    assert outlook(blocked).mechanism is Mechanism.FORCED
    assert cause(blocked, C.PEER_SIDE) is None


def test_relayed_at_first_is_told_apart_from_relayed() -> None:
    turned = diagnose(report_for(RELAYED, more=(TURNS,)))
    assert turned.verdict is Verdict.DIRECT
    assert cause(turned, C.SETTLING) == (Weight.NOTES, Confidence.CERTAIN, Actor.NOBODY)
    assert cause(turned, C.PEER_SIDE) is None
    stays = diagnose(report_for(RELAYED, more=(STAYS,)))
    assert stays.verdict is Verdict.RELAYED
    assert outlook(stays).confidence is Confidence.CERTAIN
    assert outlook(stays).relay is Relay.DERP
    assert cause(stays, C.SETTLING) is None
    assert cause(stays, C.PEER_SIDE) == (Weight.BLOCKS, Confidence.LIKELY, Actor.PEER)


def test_one_look_at_a_relayed_peer_settles_nothing() -> None:
    """The first seconds look the same as an obstacle; so does a heartbeat that was lost."""
    found = diagnose(report_for(RELAYED))
    said = outlook(found)
    assert (said.result, said.mechanism) == (Result.POSSIBLE, Mechanism.RELAYED_NOW)
    assert said.missing == ("tailscale.pings",)
    assert cause(found, C.PEER_SIDE) == (Weight.LIMITS, Confidence.POSSIBLE, Actor.PEER)
    short = pinged(P.UNKNOWN, "fra", 3, 3_000.0)
    assert outlook(diagnose(report_for(RELAYED, more=(short,)))).result is Result.POSSIBLE


@pytest.mark.parametrize("path", [P.IDLE, P.OFFLINE, P.UNKNOWN])
def test_a_peer_that_nothing_is_sent_to_gets_no_verdict(path: PeerPath) -> None:
    found = diagnose(report_for(nas(path)))
    assert found.verdict is Verdict.UNKNOWN
    assert {each.id for each in found.causes} == {C.IPV6_MISSING}
    expected = Mechanism.PEER_OFFLINE if path is P.OFFLINE else Mechanism.PEER_NOT_MEASURED
    assert outlook(found).mechanism is expected


def test_a_peer_relay_is_named_as_what_carries_it() -> None:
    stays = pinged(P.PEER_RELAY, "192.0.2.1:7777:vni:1", 10, 10_000.0)
    said = outlook(diagnose(report_for(RELAYED, side="hard", more=(stays,))))
    assert (said.result, said.relay, said.path) == (
        Result.RELAYED,
        Relay.PEER_RELAY,
        P.PEER_RELAY,
    )


def test_a_private_address_outside_this_network_is_not_the_local_one() -> None:
    """It may go through another device's subnet."""
    far = outlook(diagnose(report_for(nas(P.DIRECT, "10.9.9.9:41641"))))
    assert far.mechanism is Mechanism.SEEN_DIRECT
    near = diagnose(report_for(nas(P.DIRECT, "192.168.1.30:41641")))
    assert outlook(near).mechanism is Mechanism.SAME_LAN
    assert HintId.IN_THIS_NETWORK in {each.id for each in outlook(near).hints}
    assert cause(near, C.SAME_NETWORK) is None, "it holds nothing up"


# --- what a relay that stays tells ----------------------------------------------------------------


def test_a_relay_that_stays_before_an_ordinary_side_means_a_hard_peer() -> None:
    """Whatever keeps one port goes direct with this side, so the peer keeps none."""
    said = outlook(diagnose(eased(*chosen(RELAYED), STAYS, *filtering(APDF))))
    assert said.nat is NatClass.HARD
    assert said.mechanism is Mechanism.MOVING_PORT
    assert said.flip is not None
    assert (said.flip.remedy.id, said.flip.side) == (RemedyId.PORT_MAPPING, Whose.THIS)


def test_a_relay_that_stays_before_an_open_side_means_a_peer_without_udp() -> None:
    report = open_(*chosen(RELAYED), STAYS, (behavior.FILTERING4, filtering(EIF)[0][1]))
    said = outlook(diagnose(report))
    assert said.mechanism is Mechanism.NO_UDP
    assert all(each.side is Whose.OTHER for each in said.fixes if each.flips)


def test_a_hard_side_learns_nothing_of_its_peer_from_a_relay() -> None:
    found = diagnose(report_for(RELAYED, side="hard", more=(STAYS,)))
    said = outlook(found)
    assert (said.nat, said.mechanism) == (NatClass.UNKNOWN, Mechanism.MOVING_PORT)
    assert cause(found, C.BOTH_HARD) is None
    assert cause(found, C.HARD_NAT) is not None
    assert said.flip is not None
    assert said.flip.side is Whose.THIS


# --- what the peer tells others -------------------------------------------------------------------


def test_two_hard_sides_are_named_where_the_peer_s_endpoints_show_it() -> None:
    found = diagnose(report_for(RELAYED, side="hard", more=(STAYS, HARD_PEER)))
    said = outlook(found)
    assert (said.nat, said.mechanism) == (NatClass.HARD, Mechanism.MOVING_PORT)
    assert cause(found, C.BOTH_HARD) == (Weight.BLOCKS, Confidence.POSSIBLE, Actor.TAILNET_ADMIN)
    assert HintId.HARD_ENDPOINTS in {each.id for each in said.hints}
    assert "tailscale.peer_told" in said.because
    assert said.fixes[-1].remedy.id is RemedyId.PEER_RELAY


def test_the_peer_s_own_netcheck_is_surer_than_its_endpoints() -> None:
    varies = told("203.0.113.40:6005", varies=True, udp=True)
    found = diagnose(report_for(nas(P.IDLE), side="hard", more=(varies,)))
    assert outlook(found).result is Result.RELAYED
    assert cause(found, C.BOTH_HARD) == (Weight.BLOCKS, Confidence.LIKELY, Actor.TAILNET_ADMIN)
    steady = told("203.0.113.40:6005", varies=False, udp=True)
    said = outlook(diagnose(report_for(nas(P.IDLE), more=(steady,))))
    assert (said.result, said.nat) == (Result.DIRECT, NatClass.EASY)


def test_a_peer_of_another_name_tells_nothing_of_this_one() -> None:
    report = report_for(nas(P.IDLE), OTHERS_DIRECT, side="hard", more=(HARD_PEER,))
    assert outlook(diagnose(report, "laptop")).nat is NatClass.UNKNOWN


def test_the_same_public_address_means_one_network() -> None:
    """The way inside decides, whatever the router's NAT does."""
    near = told(f"{PUBLIC}:41641", "192.168.1.30:41641")
    found = diagnose(report_for(RELAYED, more=(STAYS, near)))
    assert outlook(found).result is Result.RELAYED
    assert cause(found, C.SAME_NETWORK) == (Weight.BLOCKS, Confidence.CERTAIN, Actor.ROUTER)
    assert cause(found, C.PEER_SIDE) is None
    idle = outlook(diagnose(report_for(nas(P.IDLE), more=(near,))))
    assert (idle.result, idle.mechanism) == (Result.DIRECT, Mechanism.SAME_LAN)


# --- the spread over all peers --------------------------------------------------------------------


def test_other_peers_that_are_direct_speak_for_this_side() -> None:
    hints = {each.id for each in outlook(diagnose(report_for(RELAYED, OTHERS_DIRECT))).hints}
    assert hints == {HintId.RELAYED_NOW, HintId.OTHERS_DIRECT}
    hints = {each.id for each in outlook(diagnose(report_for(RELAYED, OTHERS_RELAYED))).hints}
    assert hints == {HintId.RELAYED_NOW, HintId.OTHERS_RELAYED}
    hints = {each.id for each in outlook(diagnose(report_for(RELAYED, LAPTOP))).hints}
    assert hints == {HintId.RELAYED_NOW}, "idle peers say nothing"

"""What is said of the pair with a chosen peer, and of what stands above the network."""

from __future__ import annotations

import pytest

from probes.diagnosis.diagnose import diagnose
from probes.readings.tailscale import PeerPath
from probes.report import Report
from tests.unit.diagnosis import device_cases, peer_cases
from tests.unit.diagnosis.peer_cases import FAR, RELAYED, STAYS, chosen, nas, report_for, told
from tests.unit.diagnosis.reports import PUBLIC, facts
from tui.explain import HopId, explain_peer, headline, path


def case(name: str) -> Report:
    """A report of the rules' own tests."""
    return {**device_cases.CASES, **peer_cases.CASES, **peer_cases.APART}[name][0]


ABOVE: dict[str, tuple[Report, str, HopId | None]] = {
    "a setting": (case("a debug setting"), "told to use relays only (A_NAME)", HopId.DEVICE),
    "a firewall": (case("nothing gets out"), "the firewall of this device (nft", HopId.DEVICE),
}
PEERS: dict[str, tuple[Report, str, HopId | None]] = {
    "direct": (
        case("a peer that is direct"),
        "Direct: Tailscale reaches nas at 203.0.113.40:41641, without a relay.",
        None,
    ),
    "turned direct": (
        case("a peer that turned direct"),
        "Direct: nas was relayed only at first, and then reached at 203.0.113.40:41641.",
        None,
    ),
    "expected": (
        case("an idle peer that tells of a steady address"),
        "A direct connection to nas is to be expected: both sides meet halfway.",
        None,
    ),
    "the other side": (
        case("a peer that stays relayed"),
        "Relayed to nas: your side can go direct, so what stands in the way is likely over there.",
        HopId.PEER,
    ),
    "both": (
        case("two hard sides"),
        "Relayed to nas: both sides have a hard NAT, so neither knows where to aim.",
        HopId.WAY_OUT,
    ),
    "this side": (
        case("a hard side and a relayed peer"),
        "Relayed to nas: hard NAT on your side.",
        HopId.WAY_OUT,
    ),
    "UDP is stopped": (
        report_for(RELAYED, side="silent", more=(STAYS,)),
        "Relayed to nas: UDP is stopped.",
        HopId.WAY_OUT,
    ),
    "one network": (
        report_for(RELAYED, more=(STAYS, told(f"{PUBLIC}:41641", "192.168.1.30:41641"))),
        "Relayed to nas, behind the same public address: something there keeps the two apart",
        HopId.WAY_OUT,
    ),
    "nothing known of this side": (
        facts(*chosen(RELAYED), STAYS),
        "Relayed to nas: Tailscale finds no direct path.",
        None,
    ),
    "it depends": (
        report_for(nas(PeerPath.IDLE), side="hard", more=(told(FAR, udp=True, varies=False),)),
        "It depends with nas: it depends on what the peer's side lets in.",
        HopId.WAY_OUT,
    ),
    "idle": (
        case("an idle peer"),
        "Could not tell for nas: too little is known of the other side.",
        None,
    ),
}


@pytest.mark.parametrize("name", [*ABOVE, *PEERS])
def test_the_headline_of_a_pair_names_the_peer_and_places_the_obstacle(name: str) -> None:
    found, says, where = {**ABOVE, **PEERS}[name]
    diagnosis = diagnose(found)
    sentence = headline(diagnosis, found)
    assert says in sentence
    assert len(sentence) <= 110
    assert [hop.id for hop in path(diagnosis, found) if hop.obstacle] == ([where] if where else [])
    if diagnosis.peer is not None:
        words = explain_peer(diagnosis.peer, found)
        assert words.name == "nas"
        assert all(each.known for each in words.evidence)
        assert not any(each.known for each in words.missing)
        assert "{" not in f"{words.sentence}{words.why}"

"""The NAT, the outlooks and the causes in words, from networks that have them."""

from __future__ import annotations

from itertools import product

import pytest

from probes.diagnosis.diagnose import diagnose
from probes.diagnosis.model import (
    Actor,
    Cause,
    CauseId,
    Confidence,
    Filtering,
    Mapping,
    Mechanism,
    NatClass,
    Outlook,
    Result,
    Weight,
)
from probes.model import Family, Reason, Unknown
from probes.readings import (
    behavior,
    layers,
    lifetime,
    local,
    relays,
    stun,
)
from tests.unit.content.reports import (
    EASY,
    HARD,
    HOME,
    Readings,
    device,
    mapped,
    report,
    way_out,
)
from tests.unit.content.test_pair_words import case
from tests.unit.content.test_verdict import (
    IPV6_ONLY,
    NOBODY,
    NOWHERE,
    OPEN,
    POOL,
    SIGN_IN,
    SILENT,
    STOLEN,
    STUN_BLOCKED,
    TUNNEL,
    hops_at,
)
from tests.unit.diagnosis.device_cases import CASES, OPENED
from tui import content
from tui.content import Tone
from tui.explain import explain_cause, explain_nat, explain_outlook


def _tested(mapping: Mapping) -> behavior.MappingFound:
    return behavior.MappingFound(mapping, Confidence.CERTAIN, ("a", "b"))


@pytest.mark.parametrize(
    ("readings", "value", "tone", "says"),
    [
        (EASY, "easy NAT", Tone.GOOD, "3 servers answered, and every one saw 45.83.223.10:51820"),
        (HARD, "hard NAT", Tone.BAD, "3 servers saw 3 different endpoints"),
        (OPEN, "no NAT", Tone.GOOD, "the address sits on this device"),
        ({**EASY, **POOL}, "hard NAT", Tone.BAD, "3 public addresses of one and the same socket"),
        (SILENT, "unknown", Tone.UNKNOWN, "0 servers answered"),
        ({**EASY, **mapped("45.83.223.10:5")}, "unknown", Tone.UNKNOWN, "1 server answered"),
        (TUNNEL, "unknown", Tone.UNKNOWN, "travelled through tun0"),
        (IPV6_ONLY, "no such address here", Tone.NOTE, "no address of this kind"),
        (
            {**EASY, behavior.MAPPING4.id: _tested(Mapping.ADDRESS_DEPENDENT)},
            "hard NAT",
            Tone.BAD,
            "servers with two addresses showed it",
        ),
        (
            {behavior.MAPPING4.id: _tested(Mapping.ENDPOINT_INDEPENDENT)},
            "easy NAT",
            Tone.GOOD,
            "No relay has said where it sees this device",
        ),
    ],
)
def test_the_nat_is_named_with_what_it_rests_on(
    readings: Readings, value: str, tone: Tone, says: str
) -> None:
    found = report(readings)
    explained = explain_nat(diagnose(found).nat4, found)
    assert (explained.value, explained.tone) == (value, tone)
    assert says in content.plain(explained.meaning)
    facts = {fact.name: fact.value for fact in explained.facts}
    assert facts["Filtering"] == "not measured"
    assert ("How sure" in facts) is value.endswith("NAT")


@pytest.mark.parametrize(
    ("filtering", "says"),
    [
        (Filtering.ENDPOINT_INDEPENDENT, "even a peer behind a hard NAT can reach you"),
        (Filtering.ADDRESS_DEPENDENT, "may get through"),
        (Filtering.ADDRESS_AND_PORT_DEPENDENT, "stays on the relay"),
        (Filtering.UNKNOWN, "remains a maybe"),
    ],
)
@pytest.mark.parametrize("readings", [EASY, OPEN], ids=["easy", "open"])
def test_who_is_let_in_decides_what_a_hard_peer_can_expect(
    readings: Readings, filtering: Filtering, says: str
) -> None:
    tested = behavior.FilteringFound(filtering, Confidence.CERTAIN, ("a", "b"))
    found = report({**readings, behavior.FILTERING4.id: tested})
    explained = explain_nat(diagnose(found).nat4, found)
    assert says in content.plain(explained.interpretation)


def test_an_open_address_is_no_promise_that_strangers_are_let_in() -> None:
    explained = explain_nat(diagnose(report(OPEN)).nat4, report(OPEN))
    assert "Who is let in uninvited was not measured" in explained.interpretation
    hard = explain_outlook(diagnose(report(OPEN)).outlook.hard, NatClass.HARD)
    assert (hard.result, hard.tone) == ("may be direct", Tone.NOTE)


_BEHIND = {
    NatClass.NONE: "without NAT",
    NatClass.EASY: "behind an easy NAT",
    NatClass.HARD: "behind a hard NAT",
}


@pytest.mark.parametrize("kind", _BEHIND)
def test_every_outlook_has_words(kind: NatClass) -> None:
    for result, mechanism in product(Result, Mechanism):
        words = explain_outlook(Outlook(result, mechanism), kind)
        assert words.peer == content.label(kind)
        assert words.who == f"a peer {_BEHIND[kind]}"
        assert words.result == content.label(result)
        assert "{" not in f"{words.label}{words.sentence}{words.why}", mechanism


FULL = {
    CauseId.NO_NETWORK: NOWHERE,
    CauseId.UDP_BLOCKED: SILENT,
    CauseId.STUN_BLOCKED: STUN_BLOCKED,
    CauseId.HARD_NAT: HARD,
    CauseId.MULTI_WAN: {**EASY, **POOL},
    CauseId.OTHER_VPN: {
        **EASY,
        local.WAY_OUT4.id: way_out(tunnel="wg0", bound=True),
        local.INTERFACES.id: (
            *device("192.168.1.20/24"),
            local.Interface("wg0", local.InterfaceKind.TUNNEL, True, 1420, ()),
        ),
    },
    CauseId.IPV6_OFF: {**HARD, local.OS_IPV6.id: False},
    CauseId.IPV6_MISSING: HARD,
    CauseId.IPV6_FILTERED: {
        **HARD,
        local.WAY_OUT6.id: way_out(Family.V6),
        stun.ANSWERS6.id: (),
    },
    CauseId.RELAY_MAP_WITHOUT_STUN: {**HOME, relays.STUN_REGIONS.id: 0},
    CauseId.CAPTIVE_PORTAL: SIGN_IN,
    CauseId.DOUBLE_NAT: {**EASY, layers.HOPS4.id: hops_at("192.168.1.1", "192.168.100.1")},
    CauseId.CGNAT: {**EASY, layers.HOPS4.id: hops_at("192.168.1.1", "100.64.17.1")},
    CauseId.INBOUND_BLOCKED: {**OPEN, behavior.FILTERING4.id: NOBODY},
    CauseId.NAT_STATE_COLLISION: STOLEN,
    CauseId.SHORT_MAPPING_LIFETIME: {
        **EASY,
        lifetime.LIFETIME4.id: lifetime.Lifetime(
            20, 35, lifetime.LifetimeMethod.RESPONSE_PORT, "one.example"
        ),
    },
}
ON_DEVICE = {
    CauseId.PORT_MAPPING_OFF: "no port mapping",
    CauseId.PORT_MAPPING_BROKEN: "a router that refuses",
    CauseId.HOST_FIREWALL: "a mapping before a host firewall",
    CauseId.CLOUD_NAT: "a cloud",
    CauseId.MOBILE_NETWORK: "a mobile network",
    CauseId.CONTAINER: "a container behind its bridge",
    CauseId.VIRTUAL_MACHINE: "a virtual machine behind a NAT",
    CauseId.KUBERNETES: "a pod",
    CauseId.PORT_CONFLICT: "another port",
    CauseId.FORCED_RELAY: "a debug setting",
    CauseId.EXIT_NODE: "an exit node",
    CauseId.NOT_CONNECTED: "switched off",
    CauseId.SAME_NETWORK: "a peer kept apart behind one public address",
    CauseId.PEER_SIDE: "a peer that stays relayed",
    CauseId.BOTH_HARD: "two hard sides",
    CauseId.SETTLING: "a peer that turned direct",
    CauseId.MTU: "large packets are lost",
    CauseId.CLIENT_BUG: "a fault of the version",
}
"""The names of cases in `device_cases`."""
SAYS = {
    CauseId.PORT_MAPPING_OFF: "Your router, 192.168.1.1, answers neither",
    CauseId.PORT_MAPPING_BROKEN: "offers NAT-PMP, but nothing comes of it: not allowed.",
    CauseId.HOST_FIREWALL: "The rules of nftables on this device",
    CauseId.CLOUD_NAT: "runs at a name",
    CauseId.MOBILE_NETWORK: "through a name",
    CauseId.CONTAINER: "container (a name)",
    CauseId.VIRTUAL_MACHINE: "virtual machine (a name)",
    CauseId.KUBERNETES: "pod (a name)",
    CauseId.PORT_CONFLICT: "told to use port 41641, but it listens on port 50000",
    CauseId.FORCED_RELAY: "relays only: A_NAME. ",
    CauseId.EXIT_NODE: "the exit node far-away.",
    CauseId.NOT_CONNECTED: "Tailscale is switched off, so no peer",
    CauseId.CLIENT_BUG: "Tailscale's issue 18348",
    CauseId.STUN_BLOCKED: "stun.example answered on UDP port 19302",
    CauseId.HARD_NAT: "3 servers saw 3 different addresses or ports",
    CauseId.MULTI_WAN: "45.83.223.10, 45.83.223.11 and 45.83.223.12",
    CauseId.OTHER_VPN: "wg0 holds the way out",
    CauseId.RELAY_MAP_WITHOUT_STUN: "(https://example)",
    CauseId.DOUBLE_NAT: "is an outer router, 192.168.100.1, and both",
    CauseId.CGNAT: "100.64.17.1 is an address",
    CauseId.INBOUND_BLOCKED: "nothing came in: lets in only the exact address",
    CauseId.SHORT_MAPPING_LIFETIME: "forgets a silent connection's port after 20 to 35 seconds",
}


@pytest.mark.parametrize("cause_id", CauseId)
def test_every_cause_is_explained_from_a_network_that_has_it(cause_id: CauseId) -> None:
    found = report(FULL[cause_id]) if cause_id in FULL else case(ON_DEVICE[cause_id])
    cause = next(each for each in diagnose(found).causes if each.id is cause_id)
    words = explain_cause(cause, found)
    said = " ".join(
        (
            *(words.sentence, words.for_you, words.first, words.why),
            *(words.disproof, words.worked, words.who),
        )
    )
    assert "{" not in said
    assert SAYS.get(cause_id, "") in content.plain(said)
    assert [each.reading for each in words.evidence] == list(cause.because)
    assert all(each.known for each in words.evidence)


def test_each_way_in_which_port_mapping_fails_is_named() -> None:
    for name, words in (
        ("a router without a public address", "its outer address is 192.168.100.2."),
        ("a mapping that nothing comes in by", "nothing came in."),
        ("a mapping that was not granted", "it gave no port."),
    ):
        found = CASES[name][0]
        (cause,) = [
            each for each in diagnose(found).causes if each.id is CauseId.PORT_MAPPING_BROKEN
        ]
        assert explain_cause(cause, found).sentence.endswith(f"comes of it: {words}")


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("hard, with a mapping", "port 6000, opened by NAT-PMP."),
        ("hard, with a forward", "port 41641, forwarded by hand."),
    ],
)
def test_a_hard_nat_with_a_way_in_is_not_said_to_be_steady(name: str, words: str) -> None:
    found = OPENED[name][0]
    said = explain_nat(diagnose(found).nat4, found)
    assert said.value == content.within("opened")
    assert content.plain(said.meaning).endswith(f"lets everybody in by {words}")


def test_what_would_settle_a_cause_is_shown_with_why_it_is_not_known() -> None:
    cause = Cause(
        CauseId.HARD_NAT,
        Weight.BLOCKS,
        Confidence.LIKELY,
        Actor.ROUTER,
        (stun.VARIES4.id,),
        (stun.ANSWERS6.id,),
    )
    words = explain_cause(cause, report({**HARD, stun.ANSWERS6.id: Unknown(Reason.NO_RIGHTS)}))
    assert (words.weight, words.confidence, words.actor) == (
        "in the way",
        "likely",
        "whoever runs the router",
    )
    assert [(each.text, each.known) for each in words.missing] == [("not allowed to look", False)]

"""The parts of `check --json` that Tailscale, the firewall and disagreeing witnesses fill."""

from __future__ import annotations

from ipaddress import ip_address

from probes.diagnosis.diagnose import diagnose
from probes.model import Endpoint
from probes.readings import classic, firewall, tailscale
from probes.readings.classic import ClassicType
from probes.readings.firewall import Fate, FirewallName, FoundFirewall, Judgement
from probes.readings.tailscale import Backend, EndpointKind, Peer, PeerPath, SelfEndpoint
from tests.unit.cli.test_json import as_json, validator
from tests.unit.content.reports import EASY, Readings, report
from tui.masking import Masker
from tui.plain import report_to_text

RELAYED = Peer(
    "home-nas", "", (ip_address("100.64.0.9"),), "linux", PeerPath.DERP, "fra", "fra", True, False
)
IDLE = Peer("phone", "", (ip_address("100.64.0.8"),), "iOS", PeerPath.IDLE, "", "fra", True, False)
HERE: Readings = {
    **EASY,
    tailscale.STATE.id: Backend.RUNNING,
    tailscale.VERSION.id: "1.92.5",
    tailscale.PORT.id: 41641,
    tailscale.SELF_ENDPOINTS.id: (
        SelfEndpoint(Endpoint.parse("45.83.223.10:41641"), EndpointKind.PUBLIC_OWN_PORT),
    ),
    tailscale.PEERS.id: (RELAYED, IDLE),
}
DROPS = Judgement(Fate.BLOCKED, FirewallName.UFW, "ufw-user-input", "policy drop", sure=True)
PASSES = Judgement(Fate.ALLOWED, None, "", "", sure=True)


def test_tailscale_tells_its_state_its_endpoints_and_its_peers() -> None:
    value = as_json(report(HERE))
    validator("whyrelay/1").validate(value)
    assert value["tailscale"] == {
        "version": "1.92.5",
        "state": "running",
        "port": 41641,
        "self_endpoints": ["45.83.223.10:41641"],
        "peers": [
            {"name": "home-nas", "path": "derp", "via": "fra"},
            {"name": "phone", "path": "idle", "via": None},
        ],
        "netcheck": None,
    }


def test_a_tailscale_that_is_not_here_or_was_not_asked_is_null() -> None:
    assert as_json(report(EASY))["tailscale"] is None
    absent = {**EASY, tailscale.STATE.id: Backend.NOT_INSTALLED}
    assert as_json(report(absent))["tailscale"] is None


def test_what_tailscale_does_not_tell_stays_null() -> None:
    value = as_json(report({**EASY, tailscale.STATE.id: Backend.NO_DAEMON}))
    validator("whyrelay/1").validate(value)
    told = value["tailscale"]
    assert told.pop("state") == "no-daemon"
    assert set(told.values()) == {None}


def test_the_firewall_is_named_with_the_rule_that_decides() -> None:
    found = {**EASY, firewall.INBOUND4.id: DROPS, firewall.OUTBOUND4.id: PASSES}
    value = as_json(report(found))
    validator("whyrelay/1").validate(value)
    assert value["local"]["firewall"] == {
        "name": "ufw",
        "inbound_udp": "blocked",
        "outbound_udp": "allowed",
        "how": "ufw-user-input: policy drop",
    }


def test_a_firewall_whose_rules_may_not_be_read_is_named_and_nothing_more() -> None:
    seen = (FoundFirewall(FirewallName.FIREWALLD, True, ""),)
    assert as_json(report({**EASY, firewall.FOUND.id: seen}))["local"]["firewall"] == {
        "name": "firewalld",
        "inbound_udp": "unknown",
        "outbound_udp": "unknown",
        "how": None,
    }


def test_a_contradiction_is_told_with_all_accounts() -> None:
    value = as_json(report({**EASY, classic.TYPE4.id: ClassicType.SYMMETRIC}))
    validator("whyrelay/1").validate(value)
    (found,) = value["disagreements"]
    assert found["what"] == "mapping"
    assert {each["witness"]: each["says"] for each in found["witnesses"]} == {
        "probes": "no",
        "pystun3": "yes",
    }
    assert found["likely_because"] == "one-server"


def test_a_masked_report_still_tells_forced_relaying_and_who_is_relayed() -> None:
    attributes = ("only-tcp-443",)
    found = report({**HERE, tailscale.ATTRIBUTES.id: attributes, tailscale.EXIT_NODE.id: "box"})
    shown = Masker().report(found)
    assert diagnose(shown) == diagnose(found)
    assert {"forced-relay", "exit-node"} <= {cause.id for cause in diagnose(shown).causes}
    value = as_json(shown)
    validator("whyrelay/1").validate(value)
    assert value["tailscale"]["version"] == "1.92.5"
    names = [each["name"] for each in value["tailscale"]["peers"]]
    assert len(set(names)) == 2
    assert not {"home-nas", "phone", "box", "45.83.223.10"} & set(str(value).split("'"))


def test_contradictions_are_read_in_plain_text_and_only_where_there_are_any() -> None:
    found = report({**EASY, classic.TYPE4.id: ClassicType.SYMMETRIC})
    text = report_to_text(found, diagnose(found))
    assert "Where witnesses contradict each other" in text
    assert "measured here: no; pystun3: yes." in text
    assert "Likely because pystun3 asks one server and takes its word." in text
    calm = report(EASY)
    assert "contradict" not in report_to_text(calm, diagnose(calm))

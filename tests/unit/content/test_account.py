"""What a check found, in words, on the page of that check."""

from __future__ import annotations

import re
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest

from probes.model import (
    CheckId,
    Confidence,
    Endpoint,
    Failed,
    Filtering,
    Known,
    Mapping,
    Reason,
    Unknown,
)
from probes.network.simulated import names
from probes.readings import (
    KEYS,
    behavior,
    captive_portal,
    classic,
    environment,
    firewall,
    lifetime,
    port_mapping,
    tailscale,
)
from probes.readings.captive_portal import PortalAnswer
from probes.readings.environment import (
    BugEffect,
    ClientBug,
    CloudMetadata,
    Effect,
    Evidence,
    Setting,
    Surrounding,
)
from probes.readings.firewall import Fate, FirewallName, FoundFirewall, Judgement
from probes.readings.lifetime import Lifetime, LifetimeMethod
from probes.readings.tailscale import (
    EndpointKind,
    OwnSocket,
    Peer,
    PeerChoice,
    PeerPath,
    PeerPing,
    PeerTold,
    SelfEndpoint,
)
from tests.engine.test_scenarios import conclude
from tests.unit.content.reports import EASY, report
from tui.content.files import load
from tui.explain import account, account_own
from tui.explain.account import account as account_of
from tui.explain.account_own import MOST_PEERS

ADDRESS = ip_address("45.83.223.10")
SERVERS = ("one.example", "two.example")


def judged(fate: Fate, *, sure: bool = True) -> Judgement:
    return Judgement(fate, FirewallName.NFTABLES, "inet filter input", "policy drop", sure)


def peer(number: int, path: PeerPath = PeerPath.IDLE, via: str = "") -> Peer:
    address = ip_address(f"100.64.0.{number + 1}")
    return Peer(f"p{number}", "", (address,), "linux", path, via, "fra", True, False)


def told(check: CheckId, *readings: tuple[Any, Any]) -> dict[str, list[str]]:
    """Heading and lines."""
    found = report({**EASY, **{key.id: value for key, value in readings}})
    return {part.heading: [*part.lines] for part in account_of(found, check)}


CASES: dict[str, tuple[CheckId, tuple[tuple[Any, Any], ...], dict[str, list[str]]]] = {
    "a page that is led away": (
        CheckId.CAPTIVE_PORTAL,
        (
            (
                captive_portal.ANSWERS,
                (PortalAnswer("nyc", 204, ""), PortalAnswer("fra", 302, "http://in.example/")),
            ),
        ),
        {"What the relays' pages answered": ["nyc: 204", "fra: 302, leads to http://in.example/"]},
    ),
    "who is let in": (
        CheckId.BEHAVIOR,
        (
            (
                behavior.MAPPING4,
                behavior.MappingFound(Mapping.ENDPOINT_INDEPENDENT, Confidence.CERTAIN, SERVERS),
            ),
            (
                behavior.FILTERING4,
                behavior.FilteringFound(Filtering.ADDRESS_DEPENDENT, Confidence.LIKELY, SERVERS),
            ),
            (port_mapping.FORWARD, port_mapping.Forward(41641, True, "RESPONSE-PORT")),
            (behavior.LARGE4, behavior.LargeFound(1340, False, SERVERS)),
        ),
        {
            "The way out": ["IPv4: one port for everybody (certain)"],
            "The way in": [
                "IPv4: lets in addresses you have sent to (likely)",
                "A stranger's packet got in by the VPN's port 41641",
            ],
            "Large packets": ["Packets of 1340 bytes, as large as the VPN's, are lost"],
        },
    ),
    "nobody comes in, and large packets pass": (
        CheckId.BEHAVIOR,
        (
            (port_mapping.FORWARD, port_mapping.Forward(5, False, "RESPONSE-PORT")),
            (behavior.LARGE4, behavior.LargeFound(1340, True, SERVERS)),
        ),
        {
            "The way in": ["No stranger's packet got in by the VPN's port 5"],
            "Large packets": ["Packets of 1340 bytes, as large as the VPN's, get out"],
        },
    ),
    "nobody comes in, and there is no Tailscale": (
        CheckId.BEHAVIOR,
        (
            (port_mapping.FORWARD, port_mapping.Forward(5, False, "RESPONSE-PORT")),
            (tailscale.STATE, tailscale.Backend.NOT_INSTALLED),
        ),
        {"The way in": ["No stranger's packet got in by port 5, which a VPN would use here"]},
    ),
    "a short life": (
        CheckId.LIFETIME,
        ((lifetime.LIFETIME4, Lifetime(20, 35, LifetimeMethod.RESPONSE_PORT, "one.example")),),
        {
            "How long it lasted": [
                "Alive after 20 s of silence",
                "Gone after 35 s of silence",
                "Sending something every 15 s keeps it",
                "Told by one.example, which sent to the silent port",
            ]
        },
    ),
    "a long one": (
        CheckId.LIFETIME,
        ((lifetime.LIFETIME4, Lifetime(125, None, LifetimeMethod.REMAPPED, "one.example")),),
        {
            "How long it lasted": [
                "Alive after 125 s of silence",
                "Sending something every 100 s keeps it",
                "Told by the new port that one.example saw afterwards",
            ]
        },
    ),
    "rules": (
        CheckId.FIREWALL,
        (
            (
                firewall.FOUND,
                (
                    FoundFirewall(FirewallName.NFTABLES, True, ""),
                    FoundFirewall(FirewallName.UFW, False, "inactive"),
                    FoundFirewall(FirewallName.PF, None, ""),
                ),
            ),
            (firewall.PORT, 41641),
            (firewall.INBOUND4, judged(Fate.BLOCKED)),
            (firewall.OUTBOUND4, Judgement(Fate.ALLOWED, None, "", "", True)),
            (firewall.INBOUND6, judged(Fate.UNKNOWN, sure=False)),
        ),
        {
            "Firewalls on this device": [
                "nftables: switched on",
                "ufw: switched off (inactive)",
                "pf: is here; whether it is on was not to be seen",
            ],
            "What the rules do with the VPN's port 41641": [
                "IPv4 from strangers: dropped (inet filter input: policy drop)",
                "IPv4 to the internet: let through",
                "IPv6 from strangers: not to be foreseen (inet filter input: policy drop)",
                "This is known from the system's documentation alone",
            ],
        },
    ),
    "what lies around": (
        CheckId.ENVIRONMENT,
        (
            (
                environment.EVIDENCE,
                (
                    Evidence(Surrounding.CONTAINER, "docker", True, "a", Confidence.CERTAIN),
                    Evidence(Surrounding.CLOUD, "cloud", None, "b", Confidence.CERTAIN),
                    Evidence(Surrounding.WSL, "WSL 1", False, "c", Confidence.CERTAIN),
                ),
            ),
            (environment.METADATA, CloudMetadata("Amazon EC2", ADDRESS)),
            (
                environment.SETTINGS,
                (Setting("TS_DEBUG_ALWAYS_USE_DERP", "1", "/etc/x", Effect.FORCES_RELAY),),
            ),
            (
                environment.CLIENT_BUGS,
                (
                    ClientBug(18348, BugEffect.WRONG_MAPPED_PORT),
                    ClientBug(0, BugEffect.NO_ACCEPT_RULE),
                ),
            ),
        ),
        {
            "What this runs inside of": [
                "container (docker), shown by a: puts a NAT before this device",
                "cloud, shown by b: whether it adds a NAT does not show",
                "Windows Subsystem for Linux (WSL 1), shown by c: adds no NAT",
            ],
            "The cloud's own word": ["Amazon EC2: 45.83.223.10 leads to this machine alone"],
            "Settings that bear on the path": [
                "TS_DEBUG_ALWAYS_USE_DERP=1: keeps everything on the relays (in /etc/x)"
            ],
            "Known faults of this version of Tailscale": [
                "a renewed UPnP port may lead to the wrong place (Tailscale's issue 18348)",
                "it opens no port in this device's firewall by itself",
            ],
        },
    ),
    "a cloud without an address": (
        CheckId.ENVIRONMENT,
        ((environment.METADATA, CloudMetadata("Amazon EC2", None)),),
        {"The cloud's own word": ["Amazon EC2: this machine has no public address"]},
    ),
    "Tailscale": (
        CheckId.TAILSCALE,
        (
            (tailscale.NAME, "laptop"),
            (tailscale.ADDRESSES, (ip_address("100.64.0.1"),)),
            (tailscale.VERSION, "1.98.1"),
            (tailscale.USERSPACE, True),
            (tailscale.HOME_RELAY, "fra"),
            (tailscale.EXIT_NODE, "far"),
            (tailscale.ATTRIBUTES, ("only-tcp-443",)),
            (tailscale.HEALTH, ("no-derp-home",)),
            (tailscale.PORT, 41641),
            (
                tailscale.SELF_ENDPOINTS,
                (SelfEndpoint(Endpoint(ADDRESS, 5), EndpointKind.PUBLIC_OTHER_PORT),),
            ),
            (
                tailscale.PEERS,
                (
                    peer(1, PeerPath.DERP, "nyc"),
                    peer(2),
                    peer(3, PeerPath.PEER_RELAY, "45.83.240.1:40000"),
                ),
            ),
            (
                tailscale.PINGS,
                (
                    PeerPing("p1", PeerPath.DIRECT, "45.83.240.9:5", 3, 3100.0),
                    PeerPing("p2", PeerPath.DERP, "fra", 9, 10000.0),
                ),
            ),
            (tailscale.OWN_SOCKET, OwnSocket.PORT_CHANGED),
            (tailscale.CHOSEN, PeerChoice("p1", (peer(1),), ())),
            (
                tailscale.PEER_TOLD,
                PeerTold("p1", (Endpoint.parse("45.83.240.9:5"),), True, None, False),
            ),
            (tailscale.UNREAD, ("Peer",)),
        ),
        {
            "This device in the tailnet": [
                "laptop, 100.64.0.1",
                "Tailscale 1.98.1",
                "It runs without a network card of its own in the system",
                "Its nearest relay: fra",
                "All traffic goes through the exit node far",
                "From the tailnet's policy: only-tcp-443",
                "It warns: no-derp-home",
            ],
            "What it tells its peers": [
                "It listens on UDP port 41641",
                "45.83.223.10:5: public, with another port",
                "So: the port changes on the way out",
            ],
            "What p1 tells its peers": [
                "45.83.240.9:5",
                "MappingVariesByDestIP: yes",
                "PortMapping: no",
            ],
            "The other devices": [
                "p1: relayed via nyc",
                "p2: idle",
                "p3: via peer relay at 45.83.240.1:40000",
            ],
            "Pings": ["p1: direct at 45.83.240.9:5, after 3 by a relay", "p2: relayed via fra"],
            "Not understood": ["Peer"],
        },
    ),
    "why not": (
        CheckId.CLASSIC,
        ((classic.TYPE4, Unknown(Reason.NO_SERVER, "asked often enough")),),
        {"What is not known here": ["The RFC 3489 NAT type: nobody to ask (asked often enough)"]},
    ),
    "why not, of several": (
        CheckId.TAILSCALE,
        (
            (tailscale.NAME, "?"),
            (tailscale.VERSION, Unknown(Reason.NO_RIGHTS, "denied")),
            (tailscale.HEALTH, Unknown(Reason.NO_RIGHTS, "denied")),
            (tailscale.PORT, Unknown(Reason.NO_RIGHTS, "denied")),
            (tailscale.NETCHECK, Failed("it broke")),
        ),
        {
            "What is not known here": [
                "Version of the Tailscale daemon, and 2 more: not allowed to look (denied)",
                f"{tailscale.NETCHECK.doc.rstrip('.')}: it broke",
            ]
        },
    ),
    "broken": (
        CheckId.CLASSIC,
        ((classic.TYPE4, Failed("it broke")),),
        {"What is not known here": ["The RFC 3489 NAT type: it broke"]},
    ),
    "what was not asked is left to the line": (
        CheckId.ENVIRONMENT,
        ((environment.METADATA, Unknown(Reason.NOT_APPLICABLE, "not inside a cloud")),),
        {},
    ),
    "why it does not apply": (
        CheckId.COLLISION,
        ((behavior.COLLISION, Unknown(Reason.NOT_APPLICABLE, "it varies by itself")),),
        {
            "What is not known here": [
                f"{behavior.COLLISION.doc.rstrip('.')}: does not apply here (it varies by itself)"
            ]
        },
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_what_a_check_found_is_said_line_by_line(name: str) -> None:
    check, readings, expected = CASES[name]
    assert told(check, *readings) == expected


def test_a_large_tailnet_is_not_listed_here() -> None:
    found = told(CheckId.TAILSCALE, (tailscale.PEERS, tuple(map(peer, range(MOST_PEERS + 7)))))
    lines = found["The other devices"]
    assert len(lines) == MOST_PEERS + 1
    assert lines[-1] == "and 7 more"


@pytest.mark.parametrize("name", names())
def test_on_every_practice_network_every_line_is_filled(name: str) -> None:
    found, _ = conclude(name)
    lines = [
        line
        for check in found.checks
        for part in account_of(found, check)
        for line in (part.heading, *part.lines)
    ]
    assert lines
    assert not [line for line in lines if re.search(r"[{}]|None|\[\[", line)]


def test_tailscale_s_own_netcheck_is_told_under_its_own_names() -> None:
    found, _ = conclude("hard-home")
    (lines,) = (
        part.lines
        for part in account_of(found, CheckId.TAILSCALE)
        if part.heading == "Its own netcheck"
    )
    assert {"UDP: yes", "IPv6: no", "MappingVariesByDestIP: yes", "Nearest relay: nyc"} <= {*lines}
    assert any(line.startswith("Seen as 45.83.223.10:") for line in lines)


def test_every_reading_of_these_checks_has_a_place_on_the_page() -> None:
    """What is known is told on the page, or in full by the check's own line."""
    by_the_line = ("tailscale.program", "environment.set_port")
    shown = {key.id for _, readings, _ in CASES.values() for key, _ in readings}
    twins = {f"{key[:-1]}6" for key in shown if key.endswith("4")}  # IPv6 is told as IPv4 is
    checks = (CheckId.BEHAVIOR, CheckId.FIREWALL, CheckId.ENVIRONMENT, CheckId.TAILSCALE)
    every = {key.id for key in KEYS.values() if key.check in checks}
    elsewhere = {"behavior.servers", "tailscale.netcheck"}  # in tests of their own
    assert every - shown - twins - elsewhere == {*by_the_line}


def test_every_line_that_there_are_words_for_is_used() -> None:
    sources = "".join(
        Path(module.__file__ or "").read_text("utf-8") for module in (account, account_own)
    )
    made = {f"by-{each}" for each in LifetimeMethod}
    assert {each for each in load("labels/account").sections if f'"{each}"' not in sources} == made


def test_a_reading_that_is_known_is_not_among_the_unknown() -> None:
    found = told(CheckId.CLASSIC, (classic.TYPE4, Known(None, "", 0.0)))
    assert "What is not known here" not in found

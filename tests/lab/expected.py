"""What a run must say at a site, and the comparison with what it said."""

from __future__ import annotations

import functools
import json
import subprocess
from dataclasses import dataclass, replace
from typing import Any

import jsonschema

from tests.lab.program import SCRIPT, Outcome

HARD, IPV6_MISSING = ("hard-nat", "blocks"), ("ipv6-missing", "notes")
IPV6_MISSED = ("ipv6-missing", "limits")
"""The same, where IPv4 alone is not direct."""
NO_MAPPING, NO_MAPPING_MISSED = ("port-mapping-off", "notes"), ("port-mapping-off", "limits")
"""A router that opens no ports on request, before an easy NAT and before a hard one."""
OF_THIS_MACHINE = frozenset({"cloud-nat", "container", "virtual-machine", "kubernetes"})
"""What the machine that runs the lab is made of says nothing about a site."""


@dataclass(frozen=True, slots=True)
class Expected:
    """The conclusions of one run."""

    status: int
    udp: bool | None
    varies: bool | None
    nat: str
    mapping: str
    causes: frozenset[tuple[str, str]]
    """Id and weight of every cause, none besides."""
    outlook: tuple[str, str, str]
    """With a peer behind no, an easy and a hard NAT."""


DIRECT = ("direct", "direct", "possible")
DOWNHILL = ("direct", "relayed", "relayed")
RELAYED = ("relayed", "relayed", "relayed")
UNKNOWN = ("unknown", "unknown", "unknown")


def easy(*causes: tuple[str, str]) -> Expected:
    """One endpoint for everybody, and no ports on request."""
    found = frozenset((NO_MAPPING, *causes))
    return Expected(0, True, False, "easy", "endpoint-independent", found, outlook=DIRECT)


def hard(*causes: tuple[str, str]) -> Expected:
    """Another endpoint for each destination, and no ports on request."""
    found = frozenset((HARD, NO_MAPPING_MISSED, *causes))
    return Expected(1, True, True, "hard", "varies", found, outlook=DOWNHILL)


def no_udp(*causes: tuple[str, str], outlook: tuple[str, str, str] = RELAYED) -> Expected:
    """No relay answers over UDP."""
    return Expected(1, False, None, "unknown", "unknown", frozenset(causes), outlook)


PUBLIC = Expected(
    0, True, False, "none", "endpoint-independent", frozenset((IPV6_MISSING,)), outlook=DIRECT
)
NO_NETWORK = Expected(
    3, False, None, "unknown", "unknown", frozenset((("no-network", "blocks"),)), outlook=UNKNOWN
)

# What is the same at every home behind a second router or a provider's NAT.
_SECOND_ROUTER, _CARRIER = ("double-nat", "notes"), ("cgnat", "limits")


def _opens_ports(home: Expected) -> Expected:
    """The same where the router opens ports: whether they are of use was not tried."""
    outlook = ("direct", "possible", "possible") if home.nat == "hard" else home.outlook
    causes = home.causes - {NO_MAPPING, NO_MAPPING_MISSED}
    return replace(home, causes=causes, outlook=outlook)


_EASY, _HARD = easy(IPV6_MISSING), hard(IPV6_MISSED)
_NO_UDP = no_udp(("udp-blocked", "blocks"), IPV6_MISSED)
_VPN = hard(IPV6_MISSED, ("other-vpn", "notes"))

AT: dict[str, Expected] = {
    "easy-home": _EASY,
    "easy-home-wan-open": _EASY,
    "hard-home": _HARD,
    "hard-home-random": _HARD,
    "hard-home-ranges": _HARD,
    "hard-home-pool": hard(IPV6_MISSED, ("multi-wan", "notes")),
    "hard-home-upnp": _opens_ports(_HARD),
    "hard-home-forward": _HARD,
    "hard-home-upnp-firewall": _opens_ports(_HARD),
    "easy-home-upnp-firewall": _opens_ports(_EASY),
    "eif-home": _EASY,
    "adf-home": _EASY,
    "hairpin-home": _EASY,
    "forgetful-home": _EASY,
    "double-nat": easy(IPV6_MISSING, _SECOND_ROUTER),
    "double-nat-upnp": _opens_ports(easy(IPV6_MISSING, _SECOND_ROUTER)),
    "one-to-one": _EASY,
    "ds-lite": easy(("cgnat", "notes")),
    "ipv6-only": Expected(3, True, None, "unknown", "unknown", frozenset(), UNKNOWN),
    "cgnat": hard(IPV6_MISSED, _CARRIER),
    "public": PUBLIC,
    "public-host-firewall": PUBLIC,
    # Its router has a private address on the line to the device.
    "public-firewall": replace(PUBLIC, causes=PUBLIC.causes | {NO_MAPPING}),
    "udp-dropped": _NO_UDP,
    "udp-rejected": _NO_UDP,
    "udp-rejected-port": _NO_UDP,
    "only-tcp": _NO_UDP,
    "stun-dropped": no_udp(
        ("stun-blocked", "blocks"), IPV6_MISSED, outlook=("direct", "relayed", "relayed")
    ),
    "all-dropped": NO_NETWORK,
    "unplugged": replace(NO_NETWORK, udp=None),
    "ipv6-works": easy(),
    "ipv6-filtered": easy(("ipv6-filtered", "notes")),
    "ipv6-disabled": easy(("ipv6-off", "notes")),
    "hard-home-ipv6": hard(),
    "tunnel": _VPN,
    "tunnel-halves": _VPN,
    "tunnel-policy": _VPN,
}
"""What a run says at each site. It asks the relays and, where UDP or STUN is blocked, a STUN server
elsewhere too."""

SEEN_WITH_MORE: dict[str, frozenset[str]] = {
    "easy-home-wan-open": frozenset(("nat-state-collision",)),
    "public-firewall": frozenset(("inbound-blocked",)),
    "public-host-firewall": frozenset(("inbound-blocked", "host-firewall")),
    "hard-home-upnp-firewall": frozenset(("host-firewall",)),
    "easy-home-upnp-firewall": frozenset(("host-firewall",)),
    "double-nat-upnp": frozenset(("port-mapping-broken",)),
}
"""The causes besides that show with servers that have two addresses, with a port opened for a
trial where the router does that, and with the right to read the device's firewall."""

VERDICTS = {"direct": "direct", "possible": "depends", "relayed": "relayed", "unknown": "unknown"}
"""The verdict that goes with an outlook."""


def seen(outcome: Outcome) -> Expected:
    """The conclusions of a run. Fails where it is not whole or its parts contradict each other."""
    said = outcome.json
    broken = {name: state for name, state in said["checks"].items() if state["status"] != "done"}
    assert said["complete"], broken
    assert not broken, broken
    verdict, easy_peer = said["verdict"], said["outlook"]["easy"]["result"]
    assert verdict == VERDICTS[easy_peer], f"{verdict}, but {easy_peer} with an easy peer"
    return Expected(
        status=outcome.status,
        udp=said["netcheck"]["UDP"],
        varies=said["netcheck"]["MappingVariesByDestIP"],
        nat=said["nat"]["class"],
        mapping=said["nat"]["mapping"],
        causes=frozenset(
            (cause["id"], cause["weight"])
            for cause in said["causes"]
            if cause["id"] not in OF_THIS_MACHINE
        ),
        outlook=tuple(said["outlook"][peer]["result"] for peer in ("none", "easy", "hard")),
    )


def value(outcome: Outcome, reading: str) -> Any:
    """A reading's value in a run."""
    return outcome.json["readings"][reading]["value"]


def faults(outcome: Outcome) -> set[tuple[str, str]]:
    """What did not count as an answer: the fault and the host."""
    return {(each["fault"], each["host"]) for each in value(outcome, "stun.rejected")}


def schema_faults(said: Any) -> list[str]:
    """Where an output is not what the published schema says."""
    found = _validator().iter_errors(said)
    return [f"{fault.json_path}: {fault.message:.200}" for fault in found]


@functools.cache
def _validator() -> jsonschema.Draft202012Validator:
    """The published JSON Schema, as the installed program prints it."""
    done = subprocess.run((str(SCRIPT), "schema"), capture_output=True, text=True, check=True)
    return jsonschema.Draft202012Validator(json.loads(done.stdout))

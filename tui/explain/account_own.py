"""What was found on this device itself, in words: what it runs inside of, and its Tailscale."""

from __future__ import annotations

from collections.abc import Iterator

from probes.readings import environment, relays, tailscale
from probes.readings.netcheck import Netcheck
from probes.report import Report
from tui import content
from tui.explain.peer import path_words

NO_NAME = "?"
"""What stands for this device where Tailscale does not name it: it is not signed in."""
MOST_PEERS = 50
"""A tailnet has thousands of devices: they are listed, and found, where a peer is chosen."""


def say(which: str, **filling: object) -> str:
    """A line of a check's account: an id of ``labels/account``."""
    return content.plain(content.fill(content.account(which), **filling))


# --- what this device runs inside of --------------------------------------------------------------

_NAT = {True: "adds-nat", False: "adds-none", None: "nat-unknown"}


def signs(report: Report) -> Iterator[str]:
    """What shows that this is a container, a virtual machine, a cloud."""
    for each in report.value(environment.EVIDENCE) or ():
        kind, nat = content.label(each.kind), content.account(_NAT[each.adds_nat])
        which = "sign-alone" if each.name.lower() == kind.lower() else "sign"
        yield say(which, kind=kind, name=each.name, how=each.how, nat=nat)


def cloud(report: Report) -> Iterator[str]:
    """What the provider's metadata service said."""
    found = report.value(environment.METADATA)
    if found is not None:
        which = "cloud-none" if found.address is None else "cloud-address"
        yield say(which, provider=found.provider, address=found.address)


def settings(report: Report) -> Iterator[str]:
    """The daemon's settings, each with what it does."""
    for each in report.value(environment.SETTINGS) or ():
        written = f"{each.name}={each.value}"
        yield say("setting", setting=written, effect=content.label(each.effect), place=each.where)


def bugs(report: Report) -> Iterator[str]:
    """Known faults of the installed version."""
    for each in report.value(environment.CLIENT_BUGS) or ():
        number = f" (Tailscale's issue {each.issue})" if each.issue else ""
        yield content.plain(content.label(each.effect)) + number


# --- Tailscale's own account ----------------------------------------------------------------------


def device(report: Report) -> Iterator[str]:
    """Who this device is in the tailnet, and how it is set up there."""
    name, version = report.value(tailscale.NAME), report.value(tailscale.VERSION)
    addresses = ", ".join(str(each) for each in report.value(tailscale.ADDRESSES) or ())
    if name and name != NO_NAME:
        yield say("name", name=name, addresses=addresses) if addresses else name
    if version:
        yield say("version", version=version)
    if report.value(tailscale.USERSPACE):
        yield say("userspace")
    if relay := report.value(tailscale.HOME_RELAY):
        yield say("relay", relay=relay)
    if node := report.value(tailscale.EXIT_NODE):
        yield say("exit-node", node=node)
    for each in report.value(tailscale.ATTRIBUTES) or ():
        yield say("policy", what=each)
    for each in report.value(tailscale.HEALTH) or ():
        yield say("warning", what=each)


def told(report: Report) -> Iterator[str]:
    """The port that the daemon listens on, and the endpoints that it tells its peers."""
    port = report.value(tailscale.PORT)
    if port is not None:
        yield say("port", port=port)
    for each in report.value(tailscale.SELF_ENDPOINTS) or ():
        yield say("told-endpoint", endpoint=each.endpoint, kind=content.label(each.kind))
    own = report.value(tailscale.OWN_SOCKET)
    if own is not None:
        yield say("own-socket", what=content.label(own))


def others(report: Report) -> Iterator[str]:
    """The other devices, with the path of each."""
    peers = report.value(tailscale.PEERS) or ()
    for each in peers[:MOST_PEERS]:
        yield say("peer", name=each.name, path=path_words(each.path, each.via))
    if len(peers) > MOST_PEERS:
        yield say("more-peers", count=len(peers) - MOST_PEERS)


def pings(report: Report) -> Iterator[str]:
    """What a row of pings of the chosen peer showed."""
    for each in report.value(tailscale.PINGS) or ():
        path = path_words(each.path, each.via)
        late = each.path is tailscale.PeerPath.DIRECT and each.relayed_first
        which = "ping-first" if late else "ping"
        yield say(which, name=each.name, path=path, count=each.relayed_first)


def other_told(report: Report) -> Iterator[str]:
    """What the control server passes on of the chosen peer."""
    found = report.value(tailscale.PEER_TOLD)
    if found is None:
        return
    yield from map(str, found.endpoints)
    for what, value in (
        ("MappingVariesByDestIP", found.mapping_varies),
        ("UDP", found.udp),
        ("PortMapping", found.port_mapping),
    ):
        if value is not None:
            yield say("said-yes" if value else "said-no", what=what)


def netcheck(report: Report) -> Iterator[str]:
    """What `tailscale netcheck` printed, under its own names."""
    found = report.value(tailscale.NETCHECK)
    if found is None:
        return
    for what, value in _answers(found):
        if value is not None:
            yield say("said-yes" if value else "said-no", what=what)
    for address in (found.global4, found.global6):
        if address is not None:
            yield say("netcheck-address", address=address)
    if found.nearest:
        codes = {str(each.region): each.code for each in report.value(relays.REGIONS) or ()}
        yield say("netcheck-nearest", nearest=codes.get(found.nearest, found.nearest))


def _answers(found: Netcheck) -> tuple[tuple[str, bool | None], ...]:
    return (
        ("UDP", found.udp),
        ("IPv4", found.ipv4),
        ("IPv6", found.ipv6),
        ("MappingVariesByDestIP", found.mapping_varies),
        ("HairPinning", found.hair_pinning),
        ("UPnP", found.upnp),
        ("NAT-PMP", found.nat_pmp),
        ("PCP", found.pcp),
        ("CaptivePortal", found.captive_portal),
    )


def unread(report: Report) -> Iterator[str]:
    """What the program printed in another form than is known here."""
    yield from report.value(tailscale.UNREAD) or ()
    found = report.value(tailscale.NETCHECK)
    yield from found.unread if found is not None else ()

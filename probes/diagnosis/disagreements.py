"""Where the witnesses contradict each other: this program's probes, Tailscale, and pystun3.

None of them is right by rank. Each looks with other means, from another port, at another moment, so
a contradiction is shown with every account and with the reason that makes it likely.
"""

from __future__ import annotations

from collections.abc import Callable

from probes.addresses import may_be_public
from probes.diagnosis.disagreement_reasons import PORT_MAPPING, reason_of
from probes.diagnosis.witnesses import Account, Disagreement, Topic, Witness
from probes.model import Filtering, IPAddress, Mapping
from probes.readings import (
    behavior,
    classic,
    local,
    stun,
    tailscale,
)
from probes.readings.classic import ClassicType
from probes.readings.port_mapping import ServiceKeys
from probes.readings.tailscale import EndpointKind, OwnSocket
from probes.report import Report


def disagreements_of(report: Report) -> tuple[Disagreement, ...]:
    """Every contradiction among the witnesses of a report. Pure."""
    found = []
    for topic, listen in _ACCOUNTS.items():
        accounts = tuple(listen(report))
        if len({account.says for account in accounts}) > 1:
            reason, because = reason_of(topic, report, accounts)
            found.append(Disagreement(topic, accounts, reason, because))
    return tuple(found)


def _yes(value: bool) -> str:
    return "yes" if value else "no"


def _udp(report: Report) -> list[Account]:
    found = []
    own, netcheck = report.value(stun.UDP), report.value(tailscale.NETCHECK)
    if own is not None:
        # An answer from outside the relay map is UDP too, whatever the relays' port.
        works = own or (report.value(stun.ELSEWHERE) or ()) != ()
        found.append(Account(Witness.PROBES, _yes(works), stun.UDP.id))
    if netcheck is not None and netcheck.udp is not None:
        found.append(Account(Witness.NETCHECK, _yes(netcheck.udp), tailscale.NETCHECK.id))
    socket = report.value(tailscale.OWN_SOCKET)
    if socket is not None and socket is not OwnSocket.ON_DEVICE:
        works = socket is not OwnSocket.NO_PUBLIC
        found.append(Account(Witness.DAEMON, _yes(works), tailscale.OWN_SOCKET.id))
    kind = report.value(classic.TYPE4)
    if kind is not None:
        works = kind is not ClassicType.BLOCKED
        found.append(Account(Witness.PYSTUN3, _yes(works), classic.TYPE4.id))
    return found


def _address(report: Report) -> list[Account]:
    found = []
    own, netcheck = report.value(stun.ENDPOINT4), report.value(tailscale.NETCHECK)
    if own is not None:
        found.append(Account(Witness.PROBES, str(own.address), stun.ENDPOINT4.id))
    if netcheck is not None and netcheck.global4 is not None:
        address = str(netcheck.global4.address)
        found.append(Account(Witness.NETCHECK, address, tailscale.NETCHECK.id))
    advertised = _advertised(report)
    if len(advertised) == 1:
        (address4,) = advertised
        found.append(Account(Witness.DAEMON, str(address4), tailscale.SELF_ENDPOINTS.id))
    return found


def _advertised(report: Report) -> set[IPAddress]:
    """Public IPv4 addresses that the daemon tells its peers."""
    return {
        each.endpoint.address
        for each in report.value(tailscale.SELF_ENDPOINTS) or ()
        if each.kind is not EndpointKind.LOCAL
        and each.endpoint.address.version == 4
        and may_be_public(each.endpoint.address)
    }


def _ipv6(report: Report) -> list[Account]:
    found = []
    netcheck = report.value(tailscale.NETCHECK)
    if report.known(stun.ENDPOINT6):
        found.append(Account(Witness.PROBES, "yes", stun.ENDPOINT6.id))
    elif report.known(local.WAY_OUT6) and report.value(local.WAY_OUT6) is None:
        found.append(Account(Witness.PROBES, "no", local.WAY_OUT6.id))
    elif report.value(stun.ANSWERS6) == ():
        found.append(Account(Witness.PROBES, "no", stun.ANSWERS6.id))
    if netcheck is not None and netcheck.ipv6 is not None:
        found.append(Account(Witness.NETCHECK, _yes(netcheck.ipv6), tailscale.NETCHECK.id))
    return found


_VARYING = {
    OwnSocket.NO_PUBLIC: None,
    OwnSocket.ON_DEVICE: False,
    OwnSocket.PORT_KEPT: False,
    # One other port may be a mapped one, and hide what STUN saw: no account of the NAT itself.
    OwnSocket.PORT_CHANGED: None,
    OwnSocket.TWO_PORTS: True,
    OwnSocket.SEVERAL_PORTS: True,
    OwnSocket.SEVERAL_ADDRESSES: None,
}
"""Whether the daemon's endpoints speak of a varying mapping; None: they leave it open."""


def _mapping(report: Report) -> list[Account]:
    found = []
    measured = report.value(behavior.MAPPING4)
    varies = report.value(stun.VARIES4)
    if varies is not None:
        found.append(Account(Witness.PROBES, _yes(varies), stun.VARIES4.id))
    elif measured is not None and measured.mapping is not Mapping.UNKNOWN:
        depends = measured.mapping is not Mapping.ENDPOINT_INDEPENDENT
        found.append(Account(Witness.PROBES, _yes(depends), behavior.MAPPING4.id))
    netcheck = report.value(tailscale.NETCHECK)
    if netcheck is not None and netcheck.mapping_varies is not None:
        varied = _yes(netcheck.mapping_varies)
        found.append(Account(Witness.NETCHECK, varied, tailscale.NETCHECK.id))
    socket = report.value(tailscale.OWN_SOCKET)
    daemon = None if socket is None else _VARYING[socket]
    # A second port beside the daemon's own is what a granted mapping looks like, too; and where
    # one may have been granted to the very same port, that one port says nothing either.
    if daemon is not None and not _mapping_possible(report):
        found.append(Account(Witness.DAEMON, _yes(daemon), tailscale.OWN_SOCKET.id))
    kind = report.value(classic.TYPE4)
    if kind is not None and kind is not ClassicType.BLOCKED:
        symmetric = _yes(kind is ClassicType.SYMMETRIC)
        found.append(Account(Witness.PYSTUN3, symmetric, classic.TYPE4.id))
    return found


def _mapping_possible(report: Report) -> bool:
    netcheck = report.value(tailscale.NETCHECK)
    told = netcheck is not None and any((netcheck.upnp, netcheck.nat_pmp, netcheck.pcp))
    return told or any(report.value(keys.present) is True for keys in PORT_MAPPING.values())


_CLASSIC_FILTERING = {
    ClassicType.FULL_CONE: Filtering.ENDPOINT_INDEPENDENT,
    ClassicType.OPEN_INTERNET: Filtering.ENDPOINT_INDEPENDENT,
    ClassicType.RESTRICTED_CONE: Filtering.ADDRESS_DEPENDENT,
    ClassicType.PORT_RESTRICTED_CONE: Filtering.ADDRESS_AND_PORT_DEPENDENT,
}
"""RFC 3489's cones in RFC 4787's words; the other types say nothing that can be compared."""


def _filtering(report: Report) -> list[Account]:
    found = []
    measured, kind = report.value(behavior.FILTERING4), report.value(classic.TYPE4)
    if measured is not None and measured.filtering is not Filtering.UNKNOWN:
        says = measured.filtering.value
        found.append(Account(Witness.PROBES, says, behavior.FILTERING4.id))
    if kind in _CLASSIC_FILTERING:
        says = _CLASSIC_FILTERING[kind].value
        found.append(Account(Witness.PYSTUN3, says, classic.TYPE4.id))
    return found


def _service(topic: Topic) -> Callable[[Report], list[Account]]:
    keys: ServiceKeys = PORT_MAPPING[topic]

    def listen(report: Report) -> list[Account]:
        found = []
        own, netcheck = report.value(keys.present), report.value(tailscale.NETCHECK)
        if own is not None:
            found.append(Account(Witness.PROBES, _yes(own), keys.present.id))
        told = {
            Topic.UPNP: netcheck.upnp,
            Topic.NAT_PMP: netcheck.nat_pmp,
            Topic.PCP: netcheck.pcp,
        }[topic] if netcheck is not None else None  # fmt: skip
        if told is not None:
            found.append(Account(Witness.NETCHECK, _yes(told), tailscale.NETCHECK.id))
        return found

    return listen


_ACCOUNTS: dict[Topic, Callable[[Report], list[Account]]] = {
    Topic.UDP: _udp,
    Topic.ADDRESS: _address,
    Topic.IPV6: _ipv6,
    Topic.MAPPING: _mapping,
    Topic.FILTERING: _filtering,
    Topic.UPNP: _service(Topic.UPNP),
    Topic.NAT_PMP: _service(Topic.NAT_PMP),
    Topic.PCP: _service(Topic.PCP),
}

"""nftables' comparisons as conditions: what a match looks at, and what it wants (nft(8))."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from ipaddress import ip_address, ip_network
from typing import Any

from probes.firewalls.rules import NEVER, UNCLEAR, AddressRange, Condition, Subject

MOST_ALTERNATIVES = 5_000
"""One rule may stand for so many (a map of verdicts, a set of pairs) before it is unclear."""

Sets = Mapping[str, list[Any]]
"""The named sets of one table."""


def elements(data: Any, sets: Sets) -> list[Any]:
    """The members of a set, written out or named."""
    if isinstance(data, str) and data.startswith("@"):
        return sets.get(data[1:], [])
    if isinstance(data, dict) and isinstance(data.get("set"), list):
        return list(data["set"])
    return [] if data is None else [data]


def value_of(element: Any) -> Any:
    """A member without its time-out, counter and comment."""
    if isinstance(element, dict) and isinstance(element.get("elem"), dict):
        return element["elem"].get("val")
    return element


def match(body: Any, sets: Sets) -> list[tuple[Condition, ...]]:
    """Alternatives, of which one must hold, each a row of conditions."""
    if not isinstance(body, dict):
        return [(UNCLEAR,)]
    operator, left, right = body.get("op", "=="), body.get("left"), body.get("right")
    if operator not in ("==", "!=", "in"):
        return [_compared(operator, left, right)]
    negated = operator == "!="
    if isinstance(right, list):
        members = right
    elif isinstance(right, str) and right.startswith("@") and right[1:] not in sets:
        return [(UNCLEAR,)]
    else:
        members = [value_of(each) for each in elements(right, sets)]
    if isinstance(left, dict) and isinstance(left.get("concat"), list):
        return _pairs(left["concat"], members, negated=negated)
    return [_conditions(left, members, negated=negated)]


def _pairs(left: list[Any], members: list[Any], *, negated: bool) -> list[tuple[Condition, ...]]:
    if negated or len(members) > MOST_ALTERNATIVES:
        return [(UNCLEAR,)]
    found = []
    for member in members:
        values = member.get("concat") if isinstance(member, dict) else None
        if not isinstance(values, list) or len(values) != len(left):
            return [(UNCLEAR,)]
        row: list[Condition] = []
        for part, value in zip(left, values, strict=True):
            row += _conditions(part, [value], negated=False)
        found.append(tuple(row))
    return found or [(NEVER,)]


def _compared(operator: Any, left: Any, right: Any) -> tuple[Condition, ...]:
    """``udp dport > 1023`` and its like: for ports only."""
    spans = {
        "<": (0, -1), "<=": (0, 0), ">": (1, 65535), ">=": (0, 65535)
    }  # fmt: skip
    if not isinstance(right, int) or operator not in spans:
        return (UNCLEAR,)
    low, high = (
        (0, right + spans[operator][1])
        if operator[0] == "<"
        else (right + spans[operator][0], 65535)
    )
    return _conditions(left, [{"range": [max(low, 0), high]}], negated=False)


_PORT_PROTOCOLS = {"udp", "tcp", "udplite", "sctp", "dccp", "th"}
_META_SUBJECTS = {
    "l4proto": Subject.PROTOCOL,
    "iif": Subject.IN_INTERFACE,
    "iifname": Subject.IN_INTERFACE,
    "oif": Subject.OUT_INTERFACE,
    "oifname": Subject.OUT_INTERFACE,
}


def _conditions(left: Any, members: list[Any], *, negated: bool) -> tuple[Condition, ...]:
    """What a comparison of one field with some values means."""
    try:
        return _understood(left, members, negated=negated)
    except (ValueError, TypeError, KeyError, AttributeError):
        return (UNCLEAR,)


def _understood(left: Any, members: list[Any], *, negated: bool) -> tuple[Condition, ...]:
    (kind, body), *more = left.items()
    if more:
        raise ValueError("more than one field")
    if kind == "&":
        # A mark that no rule has set is 0, whatever part of it is looked at.
        return _understood(body[0], members, negated=negated) if _is_mark(body[0]) else (UNCLEAR,)
    if kind == "payload":
        return _payload(body, members, negated=negated)
    if kind == "meta":
        return (_meta(body["key"], members, negated=negated),)
    if kind == "ct":
        return (_tracking(body, members, negated=negated),)
    if kind == "fib":
        return (_fib(body, members, negated=negated),)
    return (UNCLEAR,)


def _is_mark(left: Any) -> bool:
    return any(left.get(kind, {}).get("key") == "mark" for kind in ("meta", "ct"))


def _payload(body: Any, members: list[Any], *, negated: bool) -> tuple[Condition, ...]:
    protocol, field = body["protocol"], body["field"]
    if protocol in _PORT_PROTOCOLS and field in ("sport", "dport"):
        subject = Subject.SOURCE_PORT if field == "sport" else Subject.DESTINATION_PORT
        ports = tuple(_port_range(each) for each in members)
        only = () if protocol == "th" else (_names(Subject.PROTOCOL, [protocol]),)
        return (*only, Condition(subject, ports=ports, negated=negated))
    if protocol in ("ip", "ip6"):
        only = (_names(Subject.FAMILY, ["4" if protocol == "ip" else "6"]),)
        if field in ("saddr", "daddr"):
            subject = Subject.SOURCE if field == "saddr" else Subject.DESTINATION
            addresses = tuple(_address_range(each) for each in members)
            return (*only, Condition(subject, addresses=addresses, negated=negated))
        if field in ("protocol", "nexthdr"):
            return (*only, _names(Subject.PROTOCOL, members, negated=negated))
        return (*only, UNCLEAR)
    if protocol in ("tcp", "icmp", "icmpv6", "igmp", "esp", "ah", "arp", "gre", "sctp", "dccp"):
        return (NEVER,)
    return (UNCLEAR,)


def _meta(key: str, members: list[Any], *, negated: bool) -> Condition:
    if key in _META_SUBJECTS:
        return _names(_META_SUBJECTS[key], members, negated=negated)
    if key == "nfproto":
        families = {"ipv4": "4", "ipv6": "6"}
        named = [families.get(str(each), "?") for each in members]
        return _names(Subject.FAMILY, named, negated=negated)
    if key == "protocol":
        families = {"ip": "4", "ip6": "6"}
        named = [families.get(str(each), "?") for each in members]
        return _names(Subject.FAMILY, named, negated=negated)
    if key == "mark":
        return _names(Subject.MARK, members, negated=negated)
    if key == "pkttype":
        host = bool({"host", "unicast", 0} & set(members))
        return _names(Subject.PROTOCOL, ["udp"] if host else ["none"], negated=negated)
    return UNCLEAR


def _tracking(body: Any, members: list[Any], *, negated: bool) -> Condition:
    key = body["key"]
    if key == "state":
        return _names(Subject.STATE, members, negated=negated)
    if key == "status":
        # A new packet to or from this host itself has none of them (dnat, snat, assured …).
        return Condition(Subject.NEVER, negated=negated)
    if key == "direction":
        original = bool({"original", 0} & set(members))
        return _names(Subject.STATE, ["new"] if original else ["reply"], negated=negated)
    if key == "mark":
        return _names(Subject.MARK, members, negated=negated)
    return UNCLEAR


def _fib(body: Any, members: list[Any], *, negated: bool) -> Condition:
    flags = body.get("flags", [])
    flags = [flags] if isinstance(flags, str) else flags
    if body.get("result") == "type" and "daddr" in flags:
        return _names(Subject.ADDRESS_TYPE, members, negated=negated)
    if body.get("result") == "oif" and "saddr" in flags:
        # Reverse path: "no route back" does not hold for a host of the internet.
        missing = any(each in (False, 0, "missing") for each in members)
        return Condition(Subject.NEVER, negated=negated) if missing else UNCLEAR
    return UNCLEAR


def _names(subject: Subject, members: Iterable[Any], *, negated: bool = False) -> Condition:
    return Condition(
        subject,
        frozenset(
            str(each).lower()
            if subject is not Subject.IN_INTERFACE and subject is not Subject.OUT_INTERFACE
            else str(each)
            for each in members
        ),
        negated=negated,
    )


_SERVICES = {"domain": 53, "bootps": 67, "bootpc": 68, "ntp": 123, "https": 443, "mdns": 5353}


def _port_range(member: Any) -> tuple[int, int]:
    if isinstance(member, dict):
        low, high = member["range"]
        return _port(low), _port(high)
    return _port(member), _port(member)


def _port(value: Any) -> int:
    port = _SERVICES.get(value, value) if isinstance(value, str) else value
    if not isinstance(port, int):
        raise ValueError("not a port")
    return port


def _address_range(member: Any) -> AddressRange:
    if isinstance(member, dict) and "prefix" in member:
        prefix = member["prefix"]
        network = ip_network(f"{prefix['addr']}/{prefix['len']}", strict=False)
        return AddressRange(network[0], network[-1])
    if isinstance(member, dict) and "range" in member:
        low, high = member["range"]
        return AddressRange(ip_address(low), ip_address(high))
    return AddressRange(ip_address(member), ip_address(member))

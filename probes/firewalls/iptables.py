"""The rules that `iptables-save` and `ip6tables-save` print (iptables-extensions(8))."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from ipaddress import ip_network

from probes.clean import clean
from probes.firewalls.rules import (
    UNCLEAR,
    Act,
    AddressRange,
    Base,
    Chain,
    ChainId,
    Condition,
    Hook,
    Rule,
    Ruleset,
    Subject,
)
from probes.model import Family

MOST_BYTES = 20_000_000
"""Block lists are long; more than this is no rule set."""

_PRIORITY = {"raw": -300, "mangle": -150, "nat": -100, "filter": 0, "security": 50}
"""Linux's own (linux/netfilter_ipv4.h)."""
_HOOKS = {
    "PREROUTING": Hook.PREROUTING,
    "INPUT": Hook.INPUT,
    "OUTPUT": Hook.OUTPUT,
    "POSTROUTING": Hook.POSTROUTING,
    "FORWARD": Hook.OTHER,
}
_CHAIN = re.compile(r"^:(?P<name>\S+)\s+(?P<policy>\S+)")
_APPEND = re.compile(r"^(?:\[\d+:\d+\]\s+)?-A\s+(?P<chain>\S+)\s*(?P<rest>.*)$")

_ACTS = {
    "ACCEPT": Act.ACCEPT,
    "DROP": Act.DROP,
    "REJECT": Act.DROP,
    "RETURN": Act.RETURN,
    "QUEUE": Act.UNCLEAR,
    "NFQUEUE": Act.UNCLEAR,
    "DNAT": Act.UNCLEAR,
    "REDIRECT": Act.UNCLEAR,
    "TPROXY": Act.UNCLEAR,
    "NETMAP": Act.UNCLEAR,
    "SNAT": Act.ACCEPT,
    "MASQUERADE": Act.ACCEPT,
}
_HARMLESS = frozenset(
    {
        "LOG", "NFLOG", "ULOG", "MARK", "CONNMARK", "CT", "NOTRACK", "TOS", "DSCP", "TTL", "HL",
        "TCPMSS", "AUDIT", "CLASSIFY", "SECMARK", "CONNSECMARK", "TRACE", "SET", "RATEEST", "TEE",
        "LED", "IDLETIMER", "CHECKSUM",
    }
)  # fmt: skip
"""Targets behind which the next rule follows."""


def parse_iptables(text: str, family: Family) -> Ruleset:
    """Read the output of iptables-save (IPv4) or ip6tables-save (IPv6)."""
    table, unread = "", dict[str, None]()
    bases: dict[tuple[str, str], Base | None] = {}
    rules: dict[tuple[str, str], list[Rule]] = {}
    for line in text.splitlines():
        line = line.strip()
        if line.startswith("*"):
            table = clean(line[1:], 60)
        elif line.startswith(":") and (chain := _CHAIN.match(line)):
            key = table, clean(chain["name"], 60)
            bases[key] = _base(table, chain["name"], chain["policy"])
            rules.setdefault(key, [])
        elif append := _APPEND.match(line):
            key = table, clean(append["chain"], 60)
            bases.setdefault(key, None)
            rules.setdefault(key, []).append(_rule(append["rest"], line))
        elif line and line != "COMMIT" and not line.startswith("#"):
            unread[clean(line, 80)] = None
    name = "ip" if family is Family.V4 else "ip6"
    chains: dict[ChainId, Chain] = {
        (name, table, chain): Chain(name, table, chain, tuple(rules[table, chain]), base)
        for (table, chain), base in bases.items()
    }
    return Ruleset(chains, tuple(unread)[:40])


def _base(table: str, chain: str, policy: str) -> Base | None:
    hook = _HOOKS.get(chain)
    if hook is None or policy == "-":
        return None
    return Base(hook, _PRIORITY.get(table, 0), accepts=policy != "DROP", nat=table == "nat")


def _rule(rest: str, line: str) -> Rule:
    try:
        words = shlex.split(rest)
    except ValueError:
        return Rule((UNCLEAR,), Act.UNCLEAR, "", clean(line))
    conditions: list[Condition] = []
    act, target, marks = Act.CONTINUE, "", False
    for name, values, negated in _options(words):
        if name in ("j", "jump", "g", "goto"):
            act, target = _target(values, goes=name in ("g", "goto"))
            marks = marks or values[:1] in (["MARK"], ["CONNMARK"])
        elif name in _TARGET_OPTIONS or name in ("m", "match"):
            conditions += _module(values) if name in ("m", "match") else ()
        else:
            conditions.append(_condition(name, values, negated=negated))
    return Rule(tuple(conditions), act, target, clean(line), marks)


_TARGET_OPTIONS = frozenset(
    {
        "reject-with", "log-prefix", "log-level", "log-uid", "log-ip-options", "log-tcp-options",
        "log-tcp-sequence", "set-xmark", "set-mark", "comment", "nflog-prefix", "nflog-group",
        "nflog-threshold", "nflog-size", "to-destination", "to-ports", "to-source", "to", "random",
        "random-fully", "persistent", "queue-num", "queue-balance", "queue-bypass", "save-mark",
        "restore-mark", "or-mark", "and-mark", "xor-mark", "notrack", "zone", "helper", "nfmask",
        "ctmask", "mask", "clamp-mss-to-pmtu", "set-mss", "set-tos", "set-dscp", "ttl-set",
        "ttl-inc", "ttl-dec", "on-port", "on-ip", "tproxy-mark", "checksum-fill",
        "add-set", "del-set", "exist", "gateway",
    }
)  # fmt: skip
"""Options of targets, and comments: they say nothing about which packets fit."""


def _options(words: list[str]) -> Iterator[tuple[str, list[str], bool]]:
    """Each option with its values; ``!`` stands before an option, or (old) before its value."""
    negated, index = False, 0
    while index < len(words):
        word = words[index]
        index += 1
        if word == "!":
            negated = True
            continue
        values: list[str] = []
        while index < len(words) and not words[index].startswith("-") and words[index] != "!":
            values.append(words[index])
            index += 1
        yield word.lstrip("-"), values, negated
        negated = False


def _target(values: list[str], *, goes: bool) -> tuple[Act, str]:
    name = values[0] if values else ""
    if name in _ACTS:
        return _ACTS[name], ""
    if name in _HARMLESS:
        return Act.CONTINUE, ""
    return (Act.GOTO if goes else Act.JUMP), clean(name, 60)


_CLEAR_MODULES = frozenset(
    {
        "udp", "tcp", "conntrack", "state", "comment", "multiport", "addrtype", "mark", "iprange",
        "pkttype", "rt", "udplite", "sctp", "icmp", "icmp6", "icmpv6", "ipv6-icmp",
    }
)  # fmt: skip
"""Modules whose options are read below; any other makes a rule unclear."""


def _module(values: list[str]) -> tuple[Condition, ...]:
    return () if values and values[0] in _CLEAR_MODULES else (UNCLEAR,)


def _condition(name: str, values: list[str], *, negated: bool) -> Condition:
    value = values[0] if values else ""
    try:
        return _understood(name, value, negated=negated)
    except ValueError:
        return UNCLEAR


def _understood(name: str, value: str, *, negated: bool) -> Condition:
    """The condition of one option. Raises ValueError for a value that is none."""
    match name:
        case "p" | "protocol":
            return Condition(Subject.PROTOCOL, frozenset({value.lower()}), negated=negated)
        case "s" | "src" | "source" | "d" | "dst" | "destination":
            subject = Subject.SOURCE if name.startswith("s") else Subject.DESTINATION
            ranges = tuple(_range(each) for each in value.split(","))
            return Condition(subject, addresses=ranges, negated=negated)
        case "src-range" | "dst-range":
            subject = Subject.SOURCE if name.startswith("s") else Subject.DESTINATION
            return Condition(subject, addresses=(_span(value),), negated=negated)
        case "i" | "in-interface" | "o" | "out-interface":
            inward = name.startswith("i")
            subject = Subject.IN_INTERFACE if inward else Subject.OUT_INTERFACE
            pattern = f"{value[:-1]}*" if value.endswith("+") else value
            return Condition(subject, frozenset({pattern}), negated=negated)
        case "dport" | "dports" | "destination-port" | "destination-ports":
            ports = _ports(value)
            return Condition(Subject.DESTINATION_PORT, ports=ports, negated=negated)
        case "sport" | "sports" | "source-port" | "source-ports":
            return Condition(Subject.SOURCE_PORT, ports=_ports(value), negated=negated)
        case "ctstate" | "state":
            names = frozenset(value.lower().split(","))
            # DNAT and SNAT are states of a translated flow; on the host itself nothing is.
            return Condition(Subject.STATE, names, negated=negated)
        case "dst-type":
            names = frozenset(value.lower().split(","))
            return Condition(Subject.ADDRESS_TYPE, names, negated=negated)
        case "src-type":
            # The other end is a host of the internet, and this device's own address is local.
            names = frozenset(value.lower().split(","))
            if names & {"unicast", "local"}:
                return UNCLEAR
            return Condition(Subject.NEVER, negated=negated)
        case "pkt-type":
            host = value.lower() in ("host", "unicast")
            fits = Condition(Subject.PROTOCOL, frozenset({"udp"}), negated=negated)
            return fits if host else Condition(Subject.NEVER, negated=negated)
        case "mark":
            number = int(value.partition("/")[0], 0)
            return Condition(Subject.MARK, frozenset({str(number)}), negated=negated)
        case (
            "rt-type"
            | "f"
            | "fragment"
            | "icmp-type"
            | "icmpv6-type"
            | "tcp-flags"
            | "syn"
            | "tcp-option"
        ):
            return Condition(Subject.NEVER, negated=negated)
        case _:
            return UNCLEAR


def _range(text: str) -> AddressRange:
    network = ip_network(text, strict=False)
    return AddressRange(network[0], network[-1])


def _span(text: str) -> AddressRange:
    first, _, last = text.partition("-")
    return AddressRange(ip_network(first)[0], ip_network(last or first)[0])


def _ports(text: str) -> tuple[tuple[int, int], ...]:
    found = []
    for part in text.split(","):
        low, colon, high = part.partition(":")
        found.append((int(low or 0), int(high or 65535) if colon else int(low)))
    return tuple(found)

"""What the program reads out of this machine's rules, beside what the kernel does with packets."""

from __future__ import annotations

import json
import random
import shutil
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest

from probes.firewalls.evaluate import Decision, Direction, Packet, Verdict, evaluate
from probes.firewalls.iptables import parse_iptables
from probes.firewalls.linux import combine
from probes.firewalls.nftables import parse_nftables
from probes.model import Family
from tests.lab.namespaces import Lab

PORT = 41641
OWN, OTHER = "45.83.223.10", "45.83.220.1"
OWN6, OTHER6 = "2a0e:b107:f00:1::10", "2a0e:b107:f00:1::20"
KNOCK = Path(__file__).parent / "servers" / "knock.py"


@dataclass(frozen=True, slots=True)
class Tried:
    """One rule set: what the program says, and what happened."""

    script: str
    inward: Decision
    outward: Decision
    arrives: bool
    leaves: bool


def _decide(lists: dict[str, Any], direction: Direction, family: Family) -> Decision:
    save = "iptables" if family is Family.V4 else "ip6tables"
    ruleset = combine(
        parse_nftables(lists["nft"]),
        parse_iptables(lists[save], family),
        parse_iptables(lists["legacy"], Family.V4) if family is Family.V4 else None,
    )
    own = ip_address(OWN if family is Family.V4 else OWN6)
    return evaluate(ruleset, Packet(direction, family, PORT, own, "wan0"))


def _try(lab: Lab, scripts: Sequence[str], family: Family = Family.V4) -> Iterator[Tried]:
    """Try each. Raises AssertionError where one cannot even be loaded."""
    refused: list[str] = []
    yield from _try_loadable(lab, scripts, family, refused)
    assert refused == []


def _try_loadable(
    lab: Lab, scripts: Sequence[str], family: Family, refused: list[str]
) -> Iterator[Tried]:
    device, peer = lab.machine("device"), lab.machine("peer")
    lab.sh("ip -n device link add wan0 type veth peer name eth0 netns peer")
    for machine, name, addresses in (
        (device, "wan0", (OWN, OWN6)),
        (peer, "eth0", (OTHER, OTHER6)),
    ):
        machine.ip(
            f"link set lo up\nlink set {name} up\n"
            f"address add {addresses[0]}/16 dev {name}\n"
            f"address add {addresses[1]}/64 dev {name} nodad\n"
        )
    ends = (OWN, OTHER) if family is Family.V4 else (OWN6, OTHER6)
    argv = (sys.executable, str(KNOCK), "device", "peer", *ends, str(PORT))
    running = lab.start(argv, stdin=json.dumps(list(scripts)))
    for script in scripts:
        lists = json.loads(running.line())
        if "refused" in lists:
            refused.append(lists["refused"])
            continue
        yield Tried(
            script,
            _decide(lists, Direction.IN, family),
            _decide(lists, Direction.OUT, family),
            lists["arrives"],
            lists["leaves"],
        )


def _agrees(decision: Decision, passed: bool) -> bool:
    match decision.verdict:
        case Verdict.ALLOWED:
            return passed
        case Verdict.BLOCKED:
            return not passed
        case Verdict.UNKNOWN:
            return True


_STATE = "ct state established,related accept"
_BASE = "type filter hook input priority 0; policy drop;"


def _nft(*lines: str) -> str:
    body = "\n".join(lines)
    return f"nft -f - <<'END'\n{body}\nEND\n"


def _input(*rules: str, base: str = _BASE, table: str = "inet filter") -> str:
    inner = "\n".join(rules)
    return _nft(f"table {table} {{\nchain input {{\n{base}\n{inner}\n}}\n}}")


# Written by hand: each names the verdict for inbound and outbound, and a part of the deciding rule.
KNOWN: tuple[tuple[str, str, Verdict, Verdict, str], ...] = (
    ("nothing loaded", "true", Verdict.ALLOWED, Verdict.ALLOWED, ""),
    ("host firewall", _input(_STATE, "iif lo accept"), Verdict.BLOCKED, Verdict.ALLOWED, "policy"),
    (
        "port open",
        _input(_STATE, "udp dport 41641 accept"),
        Verdict.ALLOWED,
        Verdict.ALLOWED,
        "udp dport 41641 accept",
    ),
    (
        "port open for one network alone",
        _input(_STATE, "ip saddr 192.168.0.0/16 udp dport 41641 accept"),
        Verdict.BLOCKED,
        Verdict.ALLOWED,
        "policy drop",
    ),
    (
        "accept in one table, drop in another",
        _input("udp dport 41641 accept", base="type filter hook input priority -10; policy accept;")
        + _input(_STATE, table="inet other"),
        Verdict.BLOCKED,
        Verdict.ALLOWED,
        "policy drop",
    ),
    (
        "verdict map and jump",
        _nft(
            "table inet fw {",
            "set open { type inet_service; flags interval; elements = { 22, 41000-42000 }; }",
            "chain ports {",
            "udp dport @open accept",
            "}",
            "chain input {",
            _BASE,
            "ct state vmap { established : accept, related : accept, invalid : drop }",
            'iifname vmap { "lo" : accept, "wan0" : jump ports }',
            "}",
            "}",
        ),
        Verdict.ALLOWED,
        Verdict.ALLOWED,
        "udp dport @open accept",
    ),
    (
        "outbound UDP cut, DNS excepted",
        _nft(
            "table inet fw {\nchain output {\ntype filter hook output priority 0; policy accept;\n"
            "udp dport { 53, 123 } accept\nmeta l4proto udp reject\n}\n}"
        ),
        Verdict.ALLOWED,
        Verdict.BLOCKED,
        "meta l4proto udp reject",
    ),
    (
        "a drop before routing",
        _nft(
            "table ip raw2 {\nchain pre {\ntype filter hook prerouting priority -300;\n"
            "udp dport 41641 drop\n}\n}"
        ),
        Verdict.BLOCKED,
        Verdict.ALLOWED,
        "udp dport 41641 drop",
    ),
    (
        "iptables in the layout of a server",
        "iptables -A INPUT -i lo -j ACCEPT\n"
        "iptables -A INPUT -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT\n"
        "iptables -A INPUT -p tcp --dport 22 -j ACCEPT\n"
        "iptables -A INPUT -j REJECT --reject-with icmp-host-prohibited\n",
        Verdict.BLOCKED,
        Verdict.ALLOWED,
        "icmp-host-prohibited",
    ),
    (
        "Tailscale's own rule before it",
        "iptables -P INPUT DROP\n"
        "iptables -A INPUT -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT\n"
        "iptables -N ts-input\n"
        "iptables -A ts-input -s 100.64.0.1/32 -i lo -j ACCEPT\n"
        "iptables -A ts-input -s 100.64.0.0/10 ! -i tailscale0 -j DROP\n"
        "iptables -A ts-input -i tailscale0 -j ACCEPT\n"
        "iptables -A ts-input -p udp -m udp --dport 41641 -j ACCEPT\n"
        "iptables -I INPUT -j ts-input\n",
        Verdict.ALLOWED,
        Verdict.ALLOWED,
        "-A ts-input -p udp",
    ),
    (
        "Tailscale's own rule, and an nftables firewall beside it",
        "iptables -N ts-input\niptables -A ts-input -p udp --dport 41641 -j ACCEPT\n"
        "iptables -I INPUT -j ts-input\n" + _input(_STATE),
        Verdict.BLOCKED,
        Verdict.ALLOWED,
        "policy drop",
    ),
)


def test_known_rule_sets_are_judged_as_the_kernel_acts(lab: Lab) -> None:
    tried = _try(lab, [script for _, script, *_ in KNOWN])
    for (name, _, inward, outward, rule), each in zip(KNOWN, tried, strict=True):
        assert (each.inward.verdict, each.outward.verdict) == (inward, outward), name
        assert each.arrives is (inward is Verdict.ALLOWED), name
        assert each.leaves is (outward is Verdict.ALLOWED), name
        told = each.outward if outward is Verdict.BLOCKED else each.inward
        assert rule in told.rule, name


UFW = (
    "mkdir -p /run/ufw && cp -a /etc/ufw /run/ufw/etc && mount --bind /run/ufw/etc /etc/ufw\n"
    "export IPT_MODULES=''\nufw --force enable >/dev/null\n"
)


def test_ufw_as_installed_blocks_and_its_own_rule_lets_in(lab: Lab) -> None:
    if shutil.which("ufw") is None:
        pytest.skip("the lab needs ufw (Debian: apt-get install ufw)")
    scripts = [
        UFW,
        "ufw disable >/dev/null\nufw allow 41641/udp >/dev/null\nufw --force enable >/dev/null\n",
    ]
    closed, opened = _try(lab, scripts)
    assert (closed.inward.verdict, closed.arrives) == (Verdict.BLOCKED, False)
    assert (closed.outward.verdict, closed.leaves) == (Verdict.ALLOWED, True)
    assert closed.inward.place == "ip filter INPUT"
    assert (opened.inward.verdict, opened.arrives) == (Verdict.ALLOWED, True)
    assert opened.inward.place == "ip filter ufw-user-input"


_MATCHES = (
    "ct state new",
    "ct state established,related",
    "ct state != new",
    "ct state invalid",
    'iifname "wan0"',
    'iifname != "wan0"',
    'iifname "wan*"',
    'iifname { "lo", "eth7" }',
    "udp dport 41641",
    "udp dport != 41641",
    "udp dport { 53, 41641 }",
    "udp dport 41000-42000",
    "udp dport > 1023",
    "udp dport < 1024",
    "udp sport 1024-65535",
    "udp sport 53",
    "tcp dport 22",
    "meta l4proto udp",
    "meta l4proto != udp",
    "meta l4proto { tcp, icmp }",
    "meta nfproto ipv4",
    "meta nfproto ipv6",
    "ip protocol udp",
    "ip saddr 192.168.0.0/16",
    "ip saddr != 10.0.0.0/8",
    "ip saddr 0.0.0.0/0",
    f"ip daddr {OWN}",
    "ip daddr 224.0.0.0/4",
    "fib daddr type local",
    "fib daddr type broadcast",
    "meta pkttype broadcast",
    "meta pkttype host",
    "meta mark 7",
    "meta mark != 7",
    "ct direction original",
    "ct status dnat",
    "udp dport . ct state { 41641 . new, 53 . new }",
    f"ip daddr . udp dport {{ {OWN} . 41641 }}",
    "ip6 saddr ::/0",
    "icmp type echo-request",
    "limit rate 100/second",
)
_ENDS = ("accept", "drop", "reject", "return", "counter", "log", "jump a", "jump b", "goto a")


def _random_nft(rng: random.Random) -> str:
    def rule(inside: str) -> str:
        parts = rng.sample(_MATCHES, rng.choice((0, 1, 1, 1, 2)))
        if rng.random() < 0.1:
            end = rng.choice(("accept", "drop", "return"))
            return f"udp dport vmap {{ 41641 : {end}, 1-1023 : drop }}"
        ends = [end for end in _ENDS if inside == "input" or end[-1] > inside or len(end) > 6]
        ends = [end for end in ends if not end.startswith("goto") or inside == "input"]
        ends = [end for end in ends if end[-2:] not in (" a", " b") or end[-1] != inside]
        ends = [end for end in ends if inside == "input" or not end.endswith(" a")]
        return " ".join((*parts, rng.choice(ends)))

    def chain(name: str, base: str = "") -> str:
        rules = "\n".join(rule(name) for _ in range(rng.randint(0, 4)))
        return f"chain {name} {{\n{base}\n{rules}\n}}"

    tables = []
    for number in range(rng.randint(1, 2)):
        policy = rng.choice(("accept", "drop"))
        base = f"type filter hook input priority {number}; policy {policy};"
        chains = "\n".join((chain("b"), chain("a"), chain("input", base)))
        tables.append(f"table inet t{number} {{\n{chains}\n}}")
    return _nft(*tables)


_IPTABLES_MATCHES = (
    "-m conntrack --ctstate NEW",
    "-m conntrack --ctstate ESTABLISHED,RELATED",
    "-m conntrack ! --ctstate NEW",
    "-m state --state NEW",
    "-i wan0",
    "! -i wan0",
    "-i wan+",
    "-i lo",
    "-p udp --dport 41641",
    "-p udp ! --dport 41641",
    "-p udp --dport 41000:42000",
    "-p udp -m multiport --dports 53,41641",
    "-p udp --sport 1024:65535",
    "-p tcp --dport 22",
    "-p udp",
    "! -p udp",
    "-s 192.168.0.0/16",
    "! -s 10.0.0.0/8",
    f"-d {OWN}",
    "-d 224.0.0.0/4",
    "-m addrtype --dst-type LOCAL",
    "-m addrtype ! --dst-type LOCAL",
    "-m mark --mark 0x7",
    "-m mark ! --mark 0x40000/0xff0000",
    "-m pkttype --pkt-type broadcast",
    "-m iprange --dst-range 45.83.223.1-45.83.223.99",
    "-m comment --comment 'a -p tcp remark'",
    "-m limit --limit 100/sec",
)
_IPTABLES_ENDS = ("ACCEPT", "DROP", "REJECT", "RETURN", "LOG", "one", "two", "MARK --set-mark 3")


def _random_iptables(rng: random.Random) -> str:
    lines = [
        "iptables -N one",
        "iptables -N two",
        f"iptables -P INPUT {rng.choice(('ACCEPT', 'DROP'))}",
    ]
    for chain, ends in (
        ("two", _IPTABLES_ENDS[:5]),
        ("one", _IPTABLES_ENDS[:5]),
        ("INPUT", _IPTABLES_ENDS),
    ):
        for _ in range(rng.randint(0, 4)):
            matches = rng.sample(_IPTABLES_MATCHES, rng.randint(0, 1))
            end = rng.choice(ends)
            table = "-t mangle " if end.startswith("MARK") else ""
            lines.append(f"iptables {table}-A {chain} {' '.join(matches)} -j {end}")
    return "\n".join(lines)


@pytest.mark.parametrize("make", [_random_nft, _random_iptables], ids=["nftables", "iptables"])
def test_random_rule_sets_are_never_judged_against_the_kernel(lab: Lab, make: Any) -> None:
    rng = random.Random(int(__import__("os").environ.get("SEED", "41641")))
    scripts = [make(rng) for _ in range(int(__import__("os").environ.get("N", "60")))]
    clear = 0
    refused: list[str] = []  # nftables takes no rule that contradicts itself
    for each in _try_loadable(lab, scripts, Family.V4, refused):
        assert _agrees(each.inward, each.arrives), f"{each.script}\n{each.inward}"
        assert _agrees(each.outward, each.leaves), f"{each.script}\n{each.outward}"
        clear += each.inward.verdict is not Verdict.UNKNOWN
    # An evaluator that always says "unknown" would agree with everything.
    assert clear > (len(scripts) - len(refused)) * 0.75
    assert len(refused) < len(scripts) / 4


def test_ipv6_is_judged_by_its_own_rules(lab: Lab) -> None:
    scripts = [
        "ip6tables -P INPUT DROP\niptables -P INPUT ACCEPT\n",
        "iptables -P INPUT DROP\n",
        _input("ip saddr 0.0.0.0/0 udp dport 41641 accept"),
        _input("meta l4proto ipv6-icmp accept", "ip6 saddr ::/0 udp dport 41641 accept"),
    ]
    verdicts = []
    for each in _try(lab, scripts, Family.V6):
        assert _agrees(each.inward, each.arrives), each.script
        verdicts.append(each.inward.verdict)
    assert verdicts == [Verdict.BLOCKED, Verdict.ALLOWED, Verdict.BLOCKED, Verdict.ALLOWED]

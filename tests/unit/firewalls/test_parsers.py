"""Each firewall's own words: recorded ones are judged as the kernel acted, strange ones safely."""

from __future__ import annotations

import json
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.firewalls import macos
from probes.firewalls.evaluate import Decision, Direction, Packet, Verdict, evaluate
from probes.firewalls.firewalld import lets_in, parse_zone
from probes.firewalls.iptables import parse_iptables
from probes.firewalls.linux import combine
from probes.firewalls.nftables import BadRuleset, parse_nftables
from probes.firewalls.ufw import read_ufw
from probes.firewalls.windows import SCRIPT, inbound, outbound, parse_windows
from probes.model import Family
from probes.tailscale.loose import Unreadable

OUTPUTS = Path(__file__).parent / "outputs"
PACKET = Packet(Direction.IN, Family.V4, 41641, ip_address("45.83.223.10"), "wan0")


def output(name: str) -> str:
    """One recorded or documented output; "" where the recording had none."""
    path = OUTPUTS / name
    return path.read_text(encoding="utf-8") if path.exists() else ""


def _judge(name: str, packet: Packet = PACKET) -> Decision:
    save = "iptables" if packet.family is Family.V4 else "ip6tables"
    tables = parse_iptables(output(f"{name}.{save}-save.txt"), packet.family)
    return evaluate(combine(parse_nftables(output(f"{name}.nft.json")), tables), packet)


@pytest.mark.parametrize(
    ("name", "verdict", "place", "rule"),
    [
        ("own-table", Verdict.BLOCKED, "inet filter input", "policy drop"),
        ("port-open", Verdict.ALLOWED, "inet filter input", "udp dport 41641 accept"),
        ("verdict-map", Verdict.ALLOWED, "inet fw ports", "udp dport @open accept"),
        (
            "ts-input",
            Verdict.ALLOWED,
            "ip filter ts-input",
            "-A ts-input -p udp -m udp --dport 41641 -j ACCEPT",
        ),
        ("ts-input-and-own-table", Verdict.BLOCKED, "inet filter input", "policy drop"),
        ("ufw", Verdict.BLOCKED, "ip filter INPUT", "policy drop"),
        (
            "ufw-allowed",
            Verdict.ALLOWED,
            "ip filter ufw-user-input",
            "-A ufw-user-input -p udp -m udp --dport 41641 -j ACCEPT",
        ),
    ],
)
def test_recorded_rules_are_judged_as_the_kernel_acted(
    name: str, verdict: Verdict, place: str, rule: str
) -> None:
    assert _judge(name) == Decision(verdict, place, rule)


def test_ipv6_has_tables_of_its_own() -> None:
    packet = Packet(Direction.IN, Family.V6, 41641, ip_address("2001:db8::10"), "wan0")
    assert _judge("ufw", packet).place == "ip6 filter INPUT"
    assert _judge("ufw-allowed", packet).verdict is Verdict.ALLOWED
    assert _judge("ts-input", packet).verdict is Verdict.ALLOWED


def test_without_iptables_own_listing_opaque_parts_make_it_unclear() -> None:
    decision = evaluate(parse_nftables(output("ufw-allowed.nft.json")), PACKET)
    assert decision.verdict is Verdict.UNKNOWN
    decision = evaluate(parse_nftables(output("ufw.nft.json")), PACKET)
    assert decision.verdict is not Verdict.ALLOWED


def _iptables(*rules: str, policy: str = "DROP") -> Decision:
    text = "\n".join(("*filter", f":INPUT {policy} [0:0]", *rules, "COMMIT"))
    return evaluate(parse_iptables(text, Family.V4), PACKET)


@pytest.mark.parametrize(
    ("rule", "verdict"),
    [
        ("-A INPUT -m recent --name x --rcheck -j ACCEPT", Verdict.UNKNOWN),
        ("-A INPUT -m set --match-set friends src -j ACCEPT", Verdict.UNKNOWN),
        ("-A INPUT -j NFQUEUE --queue-num 1", Verdict.UNKNOWN),
        ("-A INPUT -j WONDERLAND", Verdict.UNKNOWN),
        ("-A INPUT -p udp --dport nonsense -j ACCEPT", Verdict.UNKNOWN),
        ('-A INPUT -m comment --comment "unbalanced -j ACCEPT', Verdict.UNKNOWN),
        ("-A INPUT -s 128.0.0.0/1 -j ACCEPT", Verdict.UNKNOWN),
        ("-A INPUT -s 203.0.113.7/32 -j ACCEPT", Verdict.BLOCKED),
        ("-A INPUT -s 0.0.0.0/0 -j ACCEPT", Verdict.ALLOWED),
        ("[12:3456] -A INPUT -p udp -j ACCEPT", Verdict.ALLOWED),
        ("-A INPUT -p 17 -j ACCEPT", Verdict.ALLOWED),
        ("-A INPUT -o wan0 -j ACCEPT", Verdict.BLOCKED),
        ("-A INPUT -p udp -m udp --sport 53 -j ACCEPT", Verdict.BLOCKED),
        ("-A INPUT -m physdev --physdev-in x -j LOG", Verdict.BLOCKED),
    ],
)
def test_a_strange_rule_makes_an_answer_unclear_and_never_wrong(
    rule: str, verdict: Verdict
) -> None:
    assert _iptables(rule).verdict is verdict


def test_marks_that_a_rule_may_have_set_are_unclear() -> None:
    marked = "-A INPUT -m mark --mark 0x1 -j ACCEPT"
    assert _iptables(marked).verdict is Verdict.BLOCKED
    setting = "-A INPUT -p udp -j MARK --set-xmark 0x1/0xffffffff"
    assert _iptables(setting, marked).verdict is Verdict.UNKNOWN


def test_loops_and_depth_end() -> None:
    loop = ("-A INPUT -j a", "-A a -j b", "-A a -j b", "-A b -j a", "-A b -j a")
    assert _iptables(":a - [0:0]", ":b - [0:0]", *loop).verdict is Verdict.UNKNOWN
    deep = [f":c{n} - [0:0]\n-A c{n} -j c{n + 1}" for n in range(200)]
    assert _iptables("-A INPUT -j c0", *deep).verdict is Verdict.UNKNOWN


def _nft(*rules: list[Any], **extra: Any) -> Decision:
    chain = {"family": "inet", "table": "t", "name": "c", "type": "filter", "hook": "input"}
    items: list[dict[str, Any]] = [{"chain": {**chain, "prio": 0, "policy": "drop"}}]
    items += [
        {"rule": {"family": "inet", "table": "t", "chain": "c", "expr": rule}} for rule in rules
    ]
    items += extra.get("items", [])
    return evaluate(parse_nftables(json.dumps({"nftables": items})), PACKET)


_PORT = {"payload": {"protocol": "udp", "field": "dport"}}


@pytest.mark.parametrize(
    ("expression", "verdict"),
    [
        ([{"future": {}}, {"accept": None}], Verdict.UNKNOWN),
        (
            [{"match": {"op": "==", "left": {"osf": {}}, "right": 1}}, {"accept": None}],
            Verdict.UNKNOWN,
        ),
        (
            [{"match": {"op": "==", "left": _PORT, "right": "@gone"}}, {"accept": None}],
            Verdict.UNKNOWN,
        ),
        (
            [{"match": {"op": ">=", "left": _PORT, "right": 41641}}, {"accept": None}],
            Verdict.ALLOWED,
        ),
        (
            [{"match": {"op": "<=", "left": _PORT, "right": 41640}}, {"accept": None}],
            Verdict.BLOCKED,
        ),
        ([{"match": "?"}, {"accept": None}], Verdict.UNKNOWN),
        (["?", {"accept": None}], Verdict.UNKNOWN),
        ([{"vmap": {"key": _PORT, "data": {"set": [[41641, {"accept": None}]]}}}], Verdict.ALLOWED),
        ([{"vmap": {"key": _PORT, "data": {"set": ["?"]}}}], Verdict.UNKNOWN),
        ([{"redirect": {"port": 1}}], Verdict.UNKNOWN),
        ([{"jump": {"target": "nowhere"}}], Verdict.UNKNOWN),
        ([], Verdict.BLOCKED),
    ],
)
def test_expressions_old_and_new(expression: list[Any], verdict: Verdict) -> None:
    assert _nft(expression).verdict is verdict


def test_a_rule_that_stands_for_a_hundred_thousand_is_unclear_and_quick() -> None:
    pairs = [{"concat": [n % 65536, "1.2.3.4"]} for n in range(100_000)]
    left = {"concat": [_PORT, {"payload": {"protocol": "ip", "field": "saddr"}}]}
    match = {"match": {"op": "==", "left": left, "right": {"set": pairs}}}
    assert _nft([match, {"accept": None}]).verdict is Verdict.UNKNOWN


@pytest.mark.parametrize("text", ["", "[]", "{}", "{", '{"nftables": 1}', '{"nftables": ' * 9_000])
def test_what_is_no_rule_set(text: str) -> None:
    with pytest.raises(BadRuleset, match=r"\.$"):
        parse_nftables(text)


_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-1, 70_000)
    | st.sampled_from(["udp", "lo", "@s", "new"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "match",
                    "op",
                    "left",
                    "right",
                    "payload",
                    "protocol",
                    "field",
                    "meta",
                    "key",
                    "ct",
                    "set",
                    "range",
                    "prefix",
                    "addr",
                    "len",
                    "vmap",
                    "data",
                    "jump",
                    "target",
                    "accept",
                    "drop",
                    "concat",
                    "elem",
                    "val",
                    "fib",
                    "flags",
                    "result",
                    "&",
                    "mangle",
                    "xt",
                ]
            ),
            inner,
            max_size=3,
        )
    ),
    max_leaves=12,
)


@given(st.lists(_JSON, max_size=4))
def test_any_expression_is_judged_without_a_fault(expression: list[Any]) -> None:
    decision = _nft(expression)
    assert decision.rule.isprintable()


@given(st.text(alphabet="-!*:#ACINPUTaijmpd /.,\"'\n0123456789[]+", max_size=120))
def test_any_text_of_iptables_is_judged_without_a_fault(text: str) -> None:
    decision = evaluate(parse_iptables("*filter\n:INPUT DROP [0:0]\n" + text, Family.V4), PACKET)
    assert decision.rule.isprintable()


# --- ufw, firewalld, Windows, macOS ---------------------------------------------------------------


def test_ufw_settings() -> None:
    read = read_ufw(
        "# x\nENABLED=yes\n", 'DEFAULT_INPUT_POLICY="DROP"\nDEFAULT_OUTPUT_POLICY="ACCEPT"'
    )
    assert (read.enabled, read.blocks_inbound, read.blocks_outbound) == (True, True, False)
    read = read_ufw("ENABLED=no", "")
    assert (read.enabled, read.blocks_inbound) == (False, None)
    assert read_ufw("ENABLED=maybe", "").enabled is None


@pytest.mark.parametrize(
    ("change", "port", "expected"),
    [
        (("", ""), 41641, False),
        (("", ""), 50050, True),
        (("8080/tcp", "41641/udp"), 41641, True),
        (("8080/tcp", "41641/tcp"), 41641, False),
        (("target: default", "target: ACCEPT"), 41641, True),
        (("rich rules: ", "rich rules: \n\trule protocol value=udp accept"), 41641, None),
    ],
)
def test_a_zone_of_firewalld(change: tuple[str, str], port: int, expected: bool | None) -> None:
    zone = parse_zone(
        output("firewalld-public.txt").replace(*change)
        if change[0]
        else output("firewalld-public.txt")
    )
    assert zone is not None
    assert zone.name == "public"
    assert lets_in(zone, port) is expected


@pytest.mark.parametrize(
    "text", ["", "FirewallD is not running", "Error: INVALID_ZONE", "public\n"]
)
def test_what_is_no_zone(text: str) -> None:
    assert parse_zone(text) is None


def _windows(**changes: Any) -> Any:
    whole = json.loads(output("windows-default.json"))
    for profile in whole["profiles"]:
        profile.update(changes.get("profile", {}))
    if "rule" in changes:
        whole["rules"][0].update(changes["rule"])
    if "rules" in changes:
        whole["rules"] = changes["rules"]
    return parse_windows(json.dumps(whole))


@pytest.mark.parametrize(
    ("changes", "allowed", "rule"),
    [
        ({}, True, "Tailscale-Process"),
        ({"rules": []}, False, "blocks what no rule allows"),
        ({"rules": None}, False, "blocks what no rule allows"),
        ({"rules": [], "profile": {"In": "Allow"}}, True, "allows by default"),
        ({"rules": [], "profile": {"Enabled": "False"}}, True, "the firewall is off"),
        ({"profile": {"Rules": "False"}}, False, "blocks all incoming connections"),
        (
            {"profile": {"Local": "False"}},
            False,
            "blocks what no rule allows; local rules are ignored by policy",
        ),
        (
            {"profile": {"Local": "False"}, "rule": {"Source": "GroupPolicy"}},
            True,
            "Tailscale-Process",
        ),
        ({"rule": {"Enabled": "False"}}, False, "blocks what no rule allows"),
        ({"rule": {"Action": "Block"}}, False, "Tailscale-Process"),
        ({"rule": {"Profile": "Domain, Public"}}, False, "blocks what no rule allows"),
        ({"rule": {"Profile": "Private, Public"}}, True, "Tailscale-Process"),
        ({"rule": {"Port": "41000-42000"}}, True, "Tailscale-Process"),
        ({"rule": {"Port": "5000"}}, False, "blocks what no rule allows"),
        ({"rule": {"Protocol": "TCP"}}, False, "blocks what no rule allows"),
    ],
)
def test_windows_inbound(changes: dict[str, Any], allowed: bool, rule: str) -> None:
    verdict = inbound(_windows(**changes), 41641)
    assert (verdict.allowed, verdict.profile, verdict.rule) == (allowed, "Private", rule)


def test_windows_outbound() -> None:
    assert outbound(_windows(), 41641).allowed
    assert not outbound(_windows(profile={"Out": "Block"}), 41641).allowed
    assert outbound(
        _windows(profile={"Out": "Block"}, rule={"Direction": "Outbound"}), 41641
    ).allowed


def test_a_list_of_one_is_written_as_that_one_by_powershell() -> None:
    whole = json.loads(output("windows-default.json"))
    whole |= {"active": "Public", "rules": whole["rules"][0]}
    firewall = parse_windows(json.dumps(whole))
    assert (firewall.active, len(firewall.rules)) == (frozenset({"public"}), 1)


@pytest.mark.parametrize("text", ["", "Get-NetFirewallProfile : Access is denied.", "{}", "[]"])
def test_what_is_no_answer_of_powershell(text: str) -> None:
    with pytest.raises(Unreadable, match=r"\.$"):
        parse_windows(text)


def test_the_script_only_reads() -> None:
    verbs = {word.split("-")[0] for word in SCRIPT.replace("|", " ").replace("(", " ").split()
             if word[:1].isupper() and "-" in word}  # fmt: skip
    assert verbs <= {"Get", "ConvertTo"}


@pytest.mark.parametrize(
    ("text", "allowed", "rule"),
    [
        (output("macos-on.txt"), True, "/Applications/Tailscale.app (allow incoming connections)"),
        (output("macos-off.txt"), True, "the firewall is off"),
        (output("macos-on.txt").replace("all DISABLED", "all ENABLED"), False, "block all"),
        (output("macos-on.txt").replace("( Allow", "( Block"), False, "(block incoming"),
        (output("macos-on.txt").replace("Tailscale.app", "Other.app"), True, "signed software"),
        ("Firewall is enabled. (State = 2)\n", None, "no rule of its own"),
        ("?", None, ""),
    ],
)
def test_the_macos_application_firewall(text: str, allowed: bool | None, rule: str) -> None:
    told = macos.lets_tailscale_in(macos.parse_application_firewall(text))
    assert told[0] is allowed
    assert rule in told[1]


@pytest.mark.parametrize(
    ("rules", "inward", "outward"),
    [
        ("", True, True),
        (output("pf-rules.txt"), False, True),
        (output("pf-rules.txt") + "pass in proto udp from any to any port = 41641\n", True, True),
        ("block drop in quick all\npass in all\n", False, True),
        ("block drop out proto udp all\n", True, False),
        ("block drop in on utun3 all\n", True, True),
        ("block drop in from <bad> to any\n", None, True),
        ("block drop in on en0 all\n", None, True),
        ("block return all\npass out proto tcp all\n", False, False),
    ],
)
def test_pf(rules: str, inward: bool | None, outward: bool | None) -> None:
    assert macos.pf_decides(rules, 41641, inward=True)[0] is inward
    assert macos.pf_decides(rules, 41641, inward=False)[0] is outward


def test_whether_pf_is_on() -> None:
    assert macos.pf_enabled("Status: Enabled for 0 days 00:01:02") is True
    assert macos.pf_enabled("Status: Disabled") is False
    assert macos.pf_enabled("pfctl: /dev/pf: Permission denied") is None

"""The firewall check on each system, with rights and without."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from probes.checks.firewall import FirewallCheck
from probes.checks.local import LocalCheck
from probes.checks.tailscale import TailscaleCheck
from probes.firewalls import macos, windows
from probes.model import CheckId, CheckStatus, Known, Reason, Unknown
from probes.options import Options
from probes.readings import firewall
from probes.readings.firewall import Fate, FirewallName, Judgement
from probes.report import Report
from tests.unit.firewalls.test_parsers import OUTPUTS, output
from tests.unit.scripted import Prints, Script, ScriptedNetwork, local_view, run_checks

RECORDED = Path(__file__).parents[1] / "tailscale" / "outputs"
DENIED = Prints("", "Operation not permitted (you must be root)", 1)


def _linux(name: str) -> dict[str, Prints]:
    programs = {
        "nft": f"{name}.nft.json",
        "iptables-save": f"{name}.iptables-save.txt",
        "ip6tables-save": f"{name}.ip6tables-save.txt",
    }
    found = {program: Prints(output(file)) for program, file in programs.items()}
    empty = {"iptables-legacy-save": Prints(""), "ip6tables-legacy-save": Prints("")}
    return {**found, **empty}


def _script(programs: Mapping[str, Prints]) -> Script:
    return lambda argv, _times: programs.get(argv[0])


def _run(
    programs: Mapping[str, Prints],
    *,
    system: str = "linux",
    files: Mapping[str, str] | None = None,
    options: Options | None = None,
) -> Report:
    view = local_view(system, "45.83.223.10/24", "2001:db8::10/64", interface="wan0")
    network = ScriptedNetwork(_script(programs), files or {}, view)
    report, _ = run_checks(
        network, LocalCheck(), TailscaleCheck(), FirewallCheck(), options=options
    )
    assert report.checks[CheckId.FIREWALL].status is CheckStatus.DONE
    return report


def _inbound(report: Report) -> Judgement:
    judgement = report.value(firewall.INBOUND4)
    assert judgement is not None
    return judgement


@pytest.mark.parametrize(
    ("name", "fate", "by"),
    [
        ("own-table", Fate.BLOCKED, FirewallName.NFTABLES),
        ("port-open", Fate.ALLOWED, FirewallName.NFTABLES),
        ("ts-input", Fate.ALLOWED, FirewallName.TAILSCALE),
        ("ts-input-and-own-table", Fate.BLOCKED, FirewallName.NFTABLES),
        ("ufw", Fate.BLOCKED, FirewallName.UFW),
        ("ufw-allowed", Fate.ALLOWED, FirewallName.UFW),
    ],
)
def test_linux_with_rights(name: str, fate: Fate, by: FirewallName) -> None:
    files = {"/etc/ufw/ufw.conf": f"ENABLED={'yes' if name.startswith('ufw') else 'no'}"}
    report = _run(_linux(name), files=files)
    judgement = _inbound(report)
    assert (judgement.fate, judgement.by, judgement.sure) == (fate, by, True)
    outbound = report.value(firewall.OUTBOUND4)
    assert outbound is not None
    assert outbound.fate is Fate.ALLOWED
    assert report.known(firewall.INBOUND6)
    assert report.value(firewall.PORT) == 41641


def test_the_port_is_the_persons_else_the_daemons() -> None:
    status = (RECORDED / "easy_easy.status.json").read_text()
    status = status.replace("192.168.11.2:41641", "45.83.223.10:7777")
    programs = {**_linux("port-open"), "tailscale": Prints(status)}
    report = _run(programs)
    assert report.value(firewall.PORT) == 7777
    assert _inbound(report).fate is Fate.BLOCKED
    report = _run(programs, options=Options(port=41641))
    assert report.value(firewall.PORT) == 41641
    assert _inbound(report).fate is Fate.ALLOWED


def test_no_rules_at_all_let_everything_pass() -> None:
    empty = '{"nftables": [{"metainfo": {"version": "1.0.6"}}]}'
    judgement = _inbound(_run({"nft": Prints(empty)}))
    assert judgement == Judgement(Fate.ALLOWED, None, "", "", sure=True)


def test_without_rights_that_is_the_answer() -> None:
    # What an ordinary user's programs say on Debian 12; the legacy one has nothing to refuse.
    programs = {
        "nft": DENIED,
        "iptables-save": Prints("", "Could not fetch rule set generation id: Permission denied", 4),
        "ip6tables-save": Prints("", "Permission denied (you must be root)", 4),
        "iptables-legacy-save": Prints(""),
        "ip6tables-legacy-save": Prints(""),
    }
    files = {
        "/etc/ufw/ufw.conf": "ENABLED=yes\n",
        "/etc/default/ufw": 'DEFAULT_INPUT_POLICY="DROP"\n',
    }
    report = _run(programs, files=files)
    for key in (firewall.INBOUND4, firewall.OUTBOUND4, firewall.INBOUND6, firewall.OUTBOUND6):
        reading = report[key]
        assert isinstance(reading, Unknown)
        assert reading.reason is Reason.NO_RIGHTS
    found = report.value(firewall.FOUND)
    assert found is not None
    (ufw,) = found
    assert (ufw.name, ufw.active, ufw.detail) == (FirewallName.UFW, True, "blocks by default")


def test_an_ordinary_user_may_ask_firewalld() -> None:
    programs = {"nft": DENIED, "firewall-cmd": Prints(output("firewalld-public.txt"))}
    judgement = _inbound(_run(programs))
    assert judgement == Judgement(
        Fate.BLOCKED, FirewallName.FIREWALLD, "zone public", "target default", sure=False
    )
    # Letting in is no promise: other tables are not seen.
    opened = output("firewalld-public.txt").replace("8080/tcp", "41641/udp")
    report = _run({"nft": DENIED, "firewall-cmd": Prints(opened)})
    assert isinstance(report[firewall.INBOUND4], Unknown)


def test_no_program_lists_rules() -> None:
    reading = _run({})[firewall.INBOUND4]
    assert isinstance(reading, Unknown)
    assert reading.reason is Reason.UNSUPPORTED_SYSTEM


def test_a_listing_that_hangs_or_is_garbage() -> None:
    reading = _run({"nft": Prints("", takes_s=60)})[firewall.INBOUND4]
    assert isinstance(reading, Unknown)
    assert reading.reason is Reason.TIMED_OUT
    reading = _run({"nft": Prints("garbage\x1b"), "iptables-save": Prints("")})[firewall.INBOUND4]
    assert isinstance(reading, Unknown)


def test_windows() -> None:
    script = {windows.ARGV[0]: Prints(output("windows-default.json"), takes_s=2.0)}
    report = _run(script, system="win32")
    judgement = _inbound(report)
    assert (judgement.fate, judgement.by) == (Fate.ALLOWED, FirewallName.WINDOWS)
    assert judgement.sure is False
    denied = _run({"powershell": Prints("", "Access is denied.", 1)}, system="win32")
    reading = denied[firewall.INBOUND4]
    assert isinstance(reading, Unknown)
    assert reading.reason is Reason.NO_RIGHTS


def test_macos() -> None:
    def script(text: str, status: str) -> Report:
        programs = {
            macos.SOCKETFILTERFW: Prints(text),
            "pfctl": Prints(status)
            if status
            else Prints("", "pfctl: /dev/pf: Permission denied", 1),
        }
        return _run(programs, system="darwin")

    report = script(output("macos-off.txt"), "Status: Disabled")
    assert _inbound(report).fate is Fate.ALLOWED
    assert _inbound(report).sure is False
    blocked = output("macos-on.txt").replace("all DISABLED", "all ENABLED")
    assert _inbound(script(blocked, "")).fate is Fate.BLOCKED
    reading = script(output("macos-off.txt"), "")[firewall.INBOUND4]
    assert isinstance(reading, Unknown)
    assert reading.reason is Reason.NO_RIGHTS


def test_other_systems_say_so() -> None:
    reading = _run({}, system="freebsd14")[firewall.FOUND]
    assert isinstance(reading, Unknown)
    assert reading.reason is Reason.UNSUPPORTED_SYSTEM


def test_it_only_reads() -> None:
    view = local_view("linux", "45.83.223.10/24", interface="wan0")
    network = ScriptedNetwork(_script(_linux("ufw")), {}, view)
    run_checks(network, FirewallCheck())
    assert set(network.ran) == {
        ("nft", "-j", "list", "ruleset"),
        ("iptables-save",),
        ("ip6tables-save",),
        ("iptables-legacy-save",),
        ("ip6tables-legacy-save",),
    }


def test_every_recorded_rule_set_is_judged_for_both_families() -> None:
    for file in sorted(OUTPUTS.glob("*.nft.json")):
        report = _run(_linux(file.name.removesuffix(".nft.json")))
        for key in firewall.KEYS:
            assert isinstance(report.readings[key.id], Known), (file.name, key.id)

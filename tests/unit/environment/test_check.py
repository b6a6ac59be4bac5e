"""The environment check as a whole: what it tells, from which files, and that it sends nothing."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_interface
from pathlib import Path

from probes.checks.environment import EnvironmentCheck
from probes.checks.local import LocalCheck
from probes.checks.tailscale import TailscaleCheck
from probes.model import CheckId, CheckStatus, Reason, Unknown
from probes.readings import environment
from probes.readings.environment import BugEffect, Effect, Surrounding
from probes.readings.local import Interface, InterfaceKind
from probes.report import Report
from tests.unit.scripted import Prints, ScriptedNetwork, local_view, run_checks, scripted

RECORDED = Path(__file__).parents[1] / "tailscale" / "outputs"
UNIT = "systemctl show tailscaled --property=Environment,ExecStart,MainPID"


def _run(network: ScriptedNetwork) -> Report:
    report, _ = run_checks(network, LocalCheck(), TailscaleCheck(), EnvironmentCheck())
    assert report.checks[CheckId.ENVIRONMENT].status is CheckStatus.DONE
    return report


def _kinds(report: Report) -> list[Surrounding]:
    return [each.kind for each in report.value(environment.EVIDENCE) or ()]


def test_an_ordinary_computer_shows_nothing() -> None:
    report = _run(ScriptedNetwork())
    assert report.value(environment.EVIDENCE) == ()
    assert report.value(environment.SETTINGS) == ()
    assert isinstance(report[environment.SET_PORT], Unknown)
    bugs = report[environment.CLIENT_BUGS]
    assert isinstance(bugs, Unknown)
    assert bugs.reason is Reason.NOT_APPLICABLE


def test_a_pod_in_a_cloud() -> None:
    files = {
        "/.dockerenv": "",
        "/proc/1/cgroup": "0::/kubepods/pod7\n",
        "/sys/class/dmi/id/sys_vendor": "Amazon EC2\n",
    }
    view = local_view("linux", "172.17.0.5/16", gateway="172.17.0.1")
    report = _run(ScriptedNetwork(files=files, view=view))
    assert _kinds(report) == [Surrounding.CONTAINER, Surrounding.KUBERNETES, Surrounding.CLOUD]
    container = (report.value(environment.EVIDENCE) or ())[0]
    assert container.adds_nat is True


def test_a_guest_behind_its_hosts_nat() -> None:
    script = scripted({"systemd-detect-virt --vm": Prints("oracle\n")})
    view = local_view("linux", "10.0.2.15/24", gateway="10.0.2.2")
    report = _run(ScriptedNetwork(script, view=view))
    assert _kinds(report) == [Surrounding.VIRTUAL_MACHINE]


def test_another_tunnel_that_holds_the_route() -> None:
    tunnel = Interface("wg0", InterfaceKind.TUNNEL, True, 1420, (ip_interface("10.2.0.2/32"),))
    view = local_view("linux", "192.168.1.20/24", more=(tunnel,))
    view = replace(view, source4=ip_interface("10.2.0.2/32").ip)
    report = _run(ScriptedNetwork(view=view))
    (evidence,) = report.value(environment.EVIDENCE) or ()
    assert (evidence.kind, evidence.name) == (Surrounding.TUNNEL, "WireGuard (wg0)")


def test_a_daemon_that_is_told_to_relay() -> None:
    script = scripted(
        {
            UNIT: Prints("Environment=TS_DEBUG_ALWAYS_USE_DERP=1\nMainPID=812\n"),
            "tailscale status --json": Prints((RECORDED / "easy_easy.status.json").read_text()),
            "tailscale netcheck --format=json": Prints("", "no", 1),
        }
    )
    files = {
        "/etc/default/tailscaled": 'PORT="41641"\nFLAGS=""\n',
        "/proc/812/cmdline": "/usr/sbin/tailscaled\0--port=7000\0--tun=userspace-networking\0",
        "/proc/812/environ": "TS_DEBUG_ALWAYS_USE_DERP=1\0",
    }
    report = _run(ScriptedNetwork(script, files))
    settings = report.value(environment.SETTINGS) or ()
    assert [(each.name, each.effect) for each in settings] == [
        ("--port", Effect.SETS_PORT),
        ("--tun", Effect.USERSPACE),
        ("TS_DEBUG_ALWAYS_USE_DERP", Effect.FORCES_RELAY),
        ("PORT", Effect.SETS_PORT),
    ]
    assert report.value(environment.SET_PORT) == 7000
    assert report.value(environment.CLIENT_BUGS) == ()


def test_the_version_is_held_against_the_known_faults() -> None:
    status = (RECORDED / "easy_easy.status.json").read_text()
    old = status.replace("1.92.5-ERR-BuildInfo", "1.54.1")
    script = scripted(
        {"tailscale status --json": Prints(old), "tailscale netcheck --format=json": Prints("{}")}
    )
    (bug,) = _run(ScriptedNetwork(script)).value(environment.CLIENT_BUGS) or ()
    assert bug.effect is BugEffect.NO_ACCEPT_RULE


def test_programs_that_hang_delay_it_by_their_deadline_alone() -> None:
    slow = {"systemd-detect-virt", "wslinfo", "systemctl"}
    network = ScriptedNetwork(lambda argv, _times: Prints(takes_s=600) if argv[0] in slow else None)
    assert _run(network).elapsed_ms < 2_000


def test_a_guest_under_macos() -> None:
    script = scripted({"sysctl -n kern.hv_vmm_present": Prints("1\n")})
    network = ScriptedNetwork(
        script, view=local_view("darwin", "192.168.64.3/24", gateway="192.168.64.1")
    )
    assert Surrounding.VIRTUAL_MACHINE in _kinds(_run(network))

"""What netcheck and a script are told about port mapping, from whole runs."""

from __future__ import annotations

from typing import Any

import pytest

from probes.checks.nat_pmp import NatPmpCheck
from probes.checks.pcp import PcpCheck
from probes.checks.upnp import UpnpCheck
from probes.diagnosis.diagnose import diagnose
from probes.report import Report
from probes.tailscale.netcheck import netcheck_view
from tests.engine.port_mapping import FIVE, OUTER, Drawer, home, report
from tui.json_view import report_to_json

CARRIER = """
[host.here.interface.wlan0]
addresses = ["100.64.0.20/24"]
gateways = ["100.64.0.1"]
[box.router]
inside = ["100.64.0.1/24"]
"""


def run(table: str, more: str = "", **options: Any) -> Report:
    checks = (UpnpCheck(), NatPmpCheck(), PcpCheck())
    return report(home(table, more), *checks, stun=True, **options)


@pytest.mark.parametrize(
    ("table", "more", "expected"),
    [
        ("", "", (False, False, False)),
        ("upnp = true", "", (True, False, False)),
        ("nat_pmp = true", "", (False, True, False)),
        ("pcp = true\nnat_pmp = true\nupnp = true", "", (True, True, True)),
        # Switched off: the service answers, and netcheck calls that absent.
        ("nat_pmp = true\nnat_pmp_result = 2", "", (False, False, False)),
        ("pcp = true\npcp_result = 12", "", (False, False, False)),
        # Not a private router: netcheck asks none of them.
        ("pcp = true\nnat_pmp = true\nupnp = true", CARRIER, (False, False, False)),
    ],
)
def test_netcheck_is_told_what_it_would_see(
    table: str, more: str, expected: tuple[bool, bool, bool]
) -> None:
    view = netcheck_view(run(table, more))
    assert tuple(view[name] for name in ("UPnP", "PMP", "PCP")) == expected


def test_netcheck_is_told_nothing_that_nobody_asked() -> None:
    view = netcheck_view(report(home(), stun=True))
    assert [view[name] for name in ("UPnP", "PMP", "PCP")] == [None, None, None]


def json_of(found: Report) -> dict[str, Any]:
    return report_to_json(found, diagnose(found), "A headline.")


def test_a_script_gets_the_whole_test_mapping() -> None:
    table = "pcp = true\nnat_pmp = true\nupnp = true"
    found = run(table, map_test=True, journal=Drawer().journal, behavior_servers=FIVE)
    for service in json_of(found)["port_mapping"].values():
        mapping = dict(service["mapping"])
        assert 49152 <= mapping.pop("external_port") <= 65535
        assert mapping == {
            "tested": True,
            "granted": True,
            "address_matches": True,
            "seen_from_outside": True,
            "ok": True,
            "lease_s": 60,
            "removed": True,
        }
        assert (service["present"], service["external_ip"], service["error"]) == (True, OUTER, None)


def test_a_script_gets_the_error_in_words() -> None:
    found = run("upnp = true\nupnp_error = 725", map_test=True, journal=Drawer().journal)
    service = json_of(found)["port_mapping"]["upnp"]
    assert service["error"]["code"] == 725
    assert service["error"]["name"] == "OnlyPermanentLeasesSupported"
    assert "limited time" in service["error"]["meaning"]
    assert service["mapping"]["granted"] is False

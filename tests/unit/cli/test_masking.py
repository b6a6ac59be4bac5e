"""--redact: nothing that names a person's network is left, and what follows stays the same."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from ipaddress import ip_address, ip_interface, ip_network
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.addresses import AddressKind
from probes.diagnosis.diagnose import diagnose
from probes.events import CheckFinished, Observed, Progressed, RunFinished, decode, encode
from probes.model import CheckId, CheckStatus, Failed, Known, Reason, Unknown
from probes.readings import KEYS, igd, local, port_mapping, relays, stun
from tests.unit.content.reports import EASY, HARD, answer, device, report, way_out
from tui.cli import main
from tui.explain.router import router_says
from tui.masking import FIELDS, MASKED, Masker
from tui.masking_addresses import Addresses


def strings(schema: Any, path: str) -> Iterator[str]:
    """The paths of all free texts in a schema."""
    if "anyOf" in schema:
        for each in schema["anyOf"]:
            yield from strings(each, path)
    elif schema.get("type") == "array":
        yield from strings(schema["items"], path)
    elif schema.get("type") == "object":
        for name, each in schema["properties"].items():
            yield from strings(each, f"{path}.{name}")
    elif schema.get("type") == "string":
        yield path


def test_every_entry_names_a_text_of_the_ledger() -> None:
    """What is not named is masked whole, so a forgotten entry shows too little, never too much."""
    texts = {path for key in KEYS.values() for path in strings(key.codec.schema, key.id)}
    assert not FIELDS.keys() - texts


@pytest.mark.parametrize(
    ("address", "kind"),
    [
        ("10.1.2.3", "10.0.0.0/8"),
        ("172.20.1.2", "172.16.0.0/12"),
        ("192.168.77.9", "192.168.0.0/16"),
        ("100.99.98.97", "100.64.0.0/10"),
        ("169.254.3.4", "169.254.0.0/16"),
        ("45.83.223.10", "203.0.113.0/24"),
        ("fe80::1234:5678", "fe80::/64"),
        ("fd7a:115c:a1e0::abcd", "fd7a:115c:a1e0::/48"),
        ("fd12:3456:789a::1", "fd00::/16"),
        ("2a01:4f8:1:2::3", "2001:db8::/32"),
        ("64:ff9b::2d53:df0a", "64:ff9b::/96"),
    ],
)
def test_an_address_becomes_another_of_its_kind(address: str, kind: str) -> None:
    masked = ip_address(Addresses().mask(address) or "")
    assert masked in ip_network(kind)
    assert masked != ip_address(address)


@pytest.mark.parametrize(
    "address", ["0.0.0.0", "127.0.0.1", "224.0.0.1", "255.255.255.255", "::", "::1", "ff02::1"]
)
def test_what_is_the_same_for_everybody_stays(address: str) -> None:
    assert Addresses().mask(address) == address


def test_equal_stays_equal_and_neighbours_stay_neighbours() -> None:
    addresses = Addresses()
    here, gateway = addresses.mask("192.168.77.20/24"), addresses.mask("192.168.77.1")
    assert here is not None
    assert gateway is not None
    assert ip_address(gateway) in ip_interface(here).network
    assert addresses.mask("192.168.77.20") == here.partition("/")[0]
    six, other = addresses.mask("2a01:4f8:1:2::3/64"), addresses.mask("2a01:4f8:1:2::4")
    assert six is not None
    assert other is not None
    assert ip_address(other) in ip_interface(six).network
    assert ip_address(addresses.mask("2a01:4f8:1:3::3") or "") not in ip_interface(six).network


def test_an_address_keeps_its_form() -> None:
    addresses = Addresses()
    assert addresses.mask("45.83.223.10:51820") == "203.0.113.1:51820"
    assert addresses.mask("45.83.223.10/22") == "203.0.113.1/22"
    assert addresses.mask("[2a01::5]:443") == "[2001:db8::1]:443"
    assert addresses.mask("45.83.220.0/22") is not None
    ip_network(addresses.mask("45.83.220.0/22") or "")  # no bits beyond the prefix
    assert addresses.mask("fe80::1%wlan0") == "fe80::1"


@pytest.mark.parametrize("text", ["", "eth0", "1.2.3", "1.2.3.4.5", "1.2.3.4:x", "[1.2.3.4", "a:b"])
def test_what_is_no_address_is_none(text: str) -> None:
    assert Addresses().mask(text) is None


@given(st.lists(st.ip_addresses(), unique=True, max_size=60))
def test_different_addresses_stay_different(found: list[Any]) -> None:
    addresses = Addresses()
    masked = [addresses.address(each) for each in found]
    assert len(set(masked)) == len(found)
    assert [addresses.address(each) for each in found] == masked


def test_free_text_loses_addresses_hosts_files_and_known_names() -> None:
    masker = Masker()
    assert masker.interface("acme-vpn") == "interface-1"
    said = masker.text(
        "acme-vpn: 45.83.223.10:51820, [2a01::5]:443 and 2a01::6, aa:bb:cc:dd:ee:ff at "
        "nas.home.example from /home/bob/map.json or https://acme.example/map?k=1 at 06:46:09"
    )
    assert said == (
        "interface-1: 203.0.113.1:51820, [2001:db8::1]:443 and 2001:db8::2, (a MAC address) at "
        "host-1.example from (a file) or (a URL) at 06:46:09"
    )


def test_what_everybody_uses_keeps_its_name() -> None:
    masker = Masker()
    assert masker.host("derp1f.tailscale.com") == "derp1f.tailscale.com"
    assert masker.host("stun.l.google.com") == "stun.l.google.com"
    assert masker.host("stun.acme.example") == "host-1.example"
    for name in ("eth0", "wlan0", "enp3s0f1", "utun4", "Wi-Fi 2", "tailscale0", "lo"):
        assert masker.interface(name) == name
    for name in ("enxaabbccddeeff", "wg-acme", "Bob's iPhone"):
        assert masker.interface(name) != name


SECRETS = ("45.83.223.10", "192.168.1.20", "acme", "bob", "2a01:4f8")

REVEALING = {
    **HARD,
    local.INTERFACES.id: (
        *device("192.168.1.20/24", "2a01:4f8:1:2::3/64"),
        local.Interface("wg-acme", local.InterfaceKind.TUNNEL, True, 1420, ()),
    ),
    local.WAY_OUT4.id: way_out(tunnel="wg-acme", bound=True),
    local.GATEWAY_MAC.id: "bob0bob0bob0bob0",
    relays.MAP_SOURCE.id: relays.MapSource(
        relays.MapOrigin.FILE, "/home/bob/acme.json", 1, ("https://acme.example/map: no answer",)
    ),
    relays.REGIONS.id: (relays.RegionName(900, "acm", "acme headquarters"),),
    relays.TCP_ANSWERS.id: (
        relays.TcpAnswer(
            900,
            "relay.acme.example",
            ip_address("45.83.223.10"),
            443,
            1.0,
            2.0,
            relays.Certificate.OTHER,
            "acme Root CA",
        ),
    ),
    stun.REJECTED.id: (
        stun.Rejected(stun.Fault.GARBAGE, "45.83.223.10:1", "from acme.example", 2),
    ),
    relays.ICMP4.id: Failed("OSError: no route to 45.83.223.10 by wg-acme (acme Root CA)"),
    stun.VARIES6.id: Unknown(Reason.NO_ANSWER, "relay.acme.example said nothing"),
    stun.ENDPOINT6.id: Known(
        answer("[2a01:4f8:1:2::3]:7").mapped, "STUN from relay.acme.example at [2a01:4f8::9]:3478"
    ),
}


def test_nothing_that_names_a_network_is_left_in_an_event() -> None:
    masker = Masker()
    shown = [
        masker.event(Observed(1.0, KEYS[key].check, key, reading))
        for key, reading in report(REVEALING).readings.items()
    ]
    shown.append(masker.event(Progressed(1.0, CheckId.STUN, 1, 2, "ask", "relay.acme.example")))
    shown.append(
        masker.event(CheckFinished(1.0, CheckId.STUN, CheckStatus.FAILED, "at /home/bob/x.py"))
    )
    shown.append(masker.event(RunFinished(1.0, "bob0bob0bob0bob0", changed=False)))
    text = repr([encode(event) for event in shown])
    for secret in SECRETS:
        assert secret not in text
    assert [decode(encode(event)) for event in shown] == shown
    assert MASKED not in text  # everything here has a mask of its own kind


def test_a_whole_report_is_masked_as_its_events_are() -> None:
    found = replace(report(REVEALING), network_id="bob0bob0bob0bob0")
    shown = Masker().report(found)
    text = repr(shown)
    for secret in SECRETS:
        assert secret not in text
    assert shown.network_id not in ("", found.network_id)
    assert shown.readings.keys() == found.readings.keys()


@pytest.mark.parametrize("readings", [EASY, HARD, REVEALING])
def test_the_same_follows_from_a_masked_report(readings: dict[str, Any]) -> None:
    found = report(readings)
    assert diagnose(Masker().report(found)) == diagnose(found)


def test_an_unclassified_text_is_masked_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(FIELDS, "relays.regions.name")
    shown = Masker().report(report(REVEALING))
    regions = shown.value(relays.REGIONS)
    assert regions is not None
    assert regions[0].name == MASKED


@pytest.mark.parametrize(
    "name",
    [
        *("Amazon EC2", "an OpenStack cloud", "VirtualBox", "docker", "WSL 2, nat networking"),
        *("WireGuard (wg0)", "a tunnel (OpenVPN and others) (tun0)", "wwan0"),
    ],
)
def test_what_a_computer_runs_inside_of_names_nobody(name: str) -> None:
    assert Masker().surrounding(name) == name


@pytest.mark.parametrize("name", ["namespace payroll", "NordVPN of ada (wg0)", "acme-corp"])
def test_what_a_person_named_is_masked(name: str) -> None:
    assert Masker().surrounding(name) == MASKED


def test_a_tunnel_keeps_its_kind_and_loses_its_name() -> None:
    assert Masker().surrounding("WireGuard (wg-ada-home)") == "WireGuard (interface-1)"


def test_a_router_is_worth_the_same_in_a_masked_report() -> None:
    readings = {
        **EASY,
        port_mapping.UPNP.present.id: True,
        port_mapping.UPNP.external.id: ip_address("45.83.223.10"),
        igd.STATUS.id: igd.IgdStatus("Connected", 10, "ERROR_ISP_TIME_OUT"),
    }
    found = report(readings)
    shown = Masker().report(found)
    assert shown.value(igd.STATUS) == found.value(igd.STATUS)
    address = shown.value(port_mapping.UPNP.external)
    assert address is not None
    assert AddressKind.of(address) is AddressKind.PUBLIC
    (part,) = router_says(shown, CheckId.UPNP)
    assert "Its connection: Connected, for 10 s" in part.lines
    assert part.lines[-1] == f"Its outer address: {address}, a public address"
    odd = report({**EASY, igd.STATUS.id: igd.IgdStatus("ask ada", 10, "")})
    masked = Masker().report(odd).value(igd.STATUS)
    assert masked is not None
    assert masked.status == MASKED


def test_the_text_says_that_it_is_masked_and_no_step_shows_a_false_address_as_real(
    capsys: pytest.CaptureFixture[str],
) -> None:
    ask = ["check", "--plain", "--simulate", "hard-home", "--no-save"]
    main([*ask, "--redact"])
    text = " ".join(capsys.readouterr().out.split())
    assert "Addresses and names are masked" in text
    assert "http://192.168.1.1" not in text
    steps = [each.partition(" Step ")[0] for each in text.split("Step ") if "http://" in each]
    assert steps
    assert all("is masked: the real one is another." in each for each in steps)
    main(ask)
    assert "masked" not in capsys.readouterr().out

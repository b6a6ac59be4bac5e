"""`tailscale status --json`: recorded ones, each trap on its own, and what is no status at all."""

from __future__ import annotations

import json
from ipaddress import ip_address
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.model import Endpoint
from probes.readings.tailscale import Backend, PeerPath
from probes.tailscale.loose import Unreadable
from probes.tailscale.status import Status, choose_peer, parse_status
from tests.unit.tailscale.recorded import crowded, recorded

PEER: dict[str, Any] = {
    "ID": "n1",
    "HostName": "Home NAS",
    "DNSName": "home-nas.tail1234.ts.net.",
    "OS": "linux",
    "TailscaleIPs": ["100.64.0.7", "fd7a:115c:a1e0::7"],
    "CurAddr": "",
    "Relay": "fra",
    "PeerRelay": "",
    "Online": True,
    "Active": True,
}


def _status(*peers: dict[str, Any], **top: Any) -> Status:
    whole = {
        "Version": "1.92.5-t0123456-g789",
        "TUN": True,
        "BackendState": "Running",
        "TailscaleIPs": ["100.64.0.1"],
        "Self": {"DNSName": "me.tail1234.ts.net.", "Addrs": [], "Relay": "nyc"},
        "Health": [],
        "Peer": {f"nodekey:{number}": peer for number, peer in enumerate(peers)},
        **top,
    }
    return parse_status(json.dumps(whole))


def test_a_recorded_status_is_read_whole() -> None:
    status = parse_status(recorded("hard_hard_peerrelay.status.json"))
    assert (status.version, status.state) == ("1.92.5-ERR-BuildInfo", Backend.RUNNING)
    assert status.userspace is True
    assert (status.name, status.home_relay, status.system) == ("node1", "r01", "linux")
    assert status.addresses == (
        ip_address("100.64.0.2"),
        ip_address("fd7a:115c:a1e0:ab12:4843:cd96:6240:2"),
    )
    assert status.endpoints == (
        Endpoint.parse("198.51.100.101:23326"),
        Endpoint.parse("198.51.100.101:41641"),
        Endpoint.parse("192.168.11.2:41641"),
    )
    assert status.attributes == ("debug-disable-upnp",)
    assert [(peer.name, peer.path, peer.via) for peer in status.peers] == [
        ("node2", PeerPath.PEER_RELAY, "198.51.100.1:40000:vni:1"),
        ("relay3", PeerPath.OFFLINE, ""),
    ]
    assert status.exit_node is None
    assert status.unread == ()


@pytest.mark.parametrize(
    ("name", "path", "via"),
    [
        ("easy_easy", PeerPath.DIRECT, "198.51.100.102:41641"),
        ("easypf_hard", PeerPath.DIRECT, "198.51.100.102:35757"),
        ("easy_hard", PeerPath.DERP, "r01"),
        ("hard_hard", PeerPath.DERP, "r01"),
        ("easy_easy-noudp", PeerPath.DERP, "r02"),
    ],
)
def test_the_recorded_paths(name: str, path: PeerPath, via: str) -> None:
    (peer,) = parse_status(recorded(f"{name}.status.json")).peers
    assert (peer.path, peer.via) == (path, via)


@pytest.mark.parametrize(
    ("changes", "path", "via"),
    [
        ({}, PeerPath.DERP, "fra"),
        ({"CurAddr": "203.0.113.9:41641"}, PeerPath.DIRECT, "203.0.113.9:41641"),
        ({"PeerRelay": "203.0.113.1:40000:vni:7"}, PeerPath.PEER_RELAY, "203.0.113.1:40000:vni:7"),
        # The home relay alone is no relayed path, and an address of the past no direct one.
        ({"Active": False}, PeerPath.IDLE, ""),
        ({"Active": False, "CurAddr": "203.0.113.9:41641"}, PeerPath.IDLE, ""),
        ({"Active": False, "Online": False}, PeerPath.OFFLINE, ""),
        ({"Relay": ""}, PeerPath.UNKNOWN, ""),
        ({"Online": False, "CurAddr": "203.0.113.9:1"}, PeerPath.DIRECT, "203.0.113.9:1"),
    ],
)
def test_the_traps_of_a_peers_fields(changes: dict[str, Any], path: PeerPath, via: str) -> None:
    (peer,) = _status({**PEER, **changes}).peers
    assert (peer.path, peer.via) == (path, via)


def test_an_old_format_without_the_deciding_fields_says_unknown_and_what_is_missing() -> None:
    old = {key: value for key, value in PEER.items() if key not in ("Active", "Online")}
    status = _status(old)
    (peer,) = status.peers
    assert (peer.path, peer.online) == (PeerPath.UNKNOWN, None)
    assert status.unread == ("Peer: Active is missing",)


def test_a_future_format_is_read_as_far_as_it_is_known() -> None:
    status = _status({**PEER, "Online": "since-noon"}, BackendState="Hibernating", Wormholes=[1])
    (peer,) = status.peers
    assert (status.state, status.state_name) == (Backend.OTHER, "Hibernating")
    assert (peer.path, peer.online) == (PeerPath.DERP, None)
    assert set(status.unread) == {"Wormholes is new", "Peer: Online is str"}


@pytest.mark.parametrize(
    ("name", "state"),
    [
        ("NeedsLogin", Backend.NEEDS_LOGIN),
        ("NeedsMachineAuth", Backend.NEEDS_APPROVAL),
        ("Stopped", Backend.STOPPED),
        ("Starting", Backend.STARTING),
        ("InUseOtherUser", Backend.OTHER_USER),
        ("NoState", Backend.NO_STATE),
    ],
)
def test_states_without_a_tailnet(name: str, state: Backend) -> None:
    status = _status(BackendState=name, Self=None, Peer=None, TailscaleIPs=None, Health=None)
    assert status.state is state
    assert (status.peers, status.endpoints, status.addresses, status.health) == ((), (), (), ())


def test_the_exit_node_in_use_is_named() -> None:
    assert _status({**PEER, "ExitNode": True}).exit_node == "home-nas"
    assert _status(PEER, ExitNodeStatus={"ID": "nExit", "Online": True}).exit_node == "nExit"


def test_devices_that_are_only_shared_with_are_left_out() -> None:
    assert _status({**PEER, "ShareeNode": True}).peers == ()


def test_names_cannot_reach_a_terminal_unescaped() -> None:
    hostile = {
        **PEER,
        "DNSName": "",
        "HostName": "\x1b]0;owned\x07 \u202enas",
        "TailscaleIPs": ["fe80::1%\x1b[31m", "100.64.0.9", 7],
        "CurAddr": "\x1b[2J",
    }
    status = _status(hostile, Health=["\x1b[1mbad"])
    (peer,) = status.peers
    assert peer.name == r"\x1b]0;owned\x07 \u202enas"
    assert peer.addresses == (ip_address("100.64.0.9"),)
    assert peer.via == r"\x1b[2J"
    assert status.health == (r"\x1b[1mbad",)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "not json",
        "[1, 2]",
        "{",
        '{"Peer": ' * 5_000,
        "{" + '"a":' + "9" * 10_000 + "}",
        "Tailscale is stopped.\n",
    ],
)
def test_what_is_no_status_is_refused_with_a_sentence(text: str) -> None:
    with pytest.raises(Unreadable) as refused:
        parse_status(text)
    assert str(refused.value).endswith(".")


def test_a_warning_before_the_json_is_passed_over() -> None:
    text = "Warning: client version != server version\n" + recorded("easy_easy.status.json")
    assert parse_status(text).state is Backend.RUNNING


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)
_FIELD = st.sampled_from([*PEER, "Peer", "Self", "Health", "Addrs", "CapMap", "ExitNodeStatus"])


@given(st.dictionaries(_FIELD, _JSON), st.dictionaries(_FIELD, _JSON))
def test_any_object_is_read_without_a_fault(own: dict[str, Any], peer: dict[str, Any]) -> None:
    status = parse_status(json.dumps({**own, "Self": own, "Peer": {"nodekey:x": peer}}))
    assert status.state is Backend.OTHER
    assert all(note.isprintable() for note in status.unread)


def test_ten_thousand_peers_are_all_read() -> None:
    text = crowded(10_000)
    assert len(text) > 10_000_000
    status = parse_status(text)
    assert len({peer.name for peer in status.peers}) == 10_000
    assert status.unread == ()


def test_a_peer_is_found_by_name_full_name_or_address() -> None:
    other = {**PEER, "DNSName": "home-nas.other.ts.net.", "TailscaleIPs": ["100.64.0.8"]}
    unnamed = {**PEER, "DNSName": "", "HostName": "Attic", "TailscaleIPs": ["100.64.0.9"]}
    peers = _status(PEER, other, unnamed).peers
    for asked in ("100.64.0.7", "HOME-NAS.tail1234.ts.net", "home-nas.tail1234.ts.net."):
        (found,) = choose_peer(peers, asked).found
        assert found.dns_name == "home-nas.tail1234.ts.net"
    assert [peer.name for peer in choose_peer(peers, "attic").found] == ["Attic"]
    assert len(choose_peer(peers, "home-nas").found) == 2


def test_a_name_that_fits_no_peer_is_answered_with_similar_ones() -> None:
    peers = _status(PEER).peers
    choice = choose_peer(peers, "home-nsa\x1b")
    assert (choice.asked, choice.found, choice.similar) == (r"home-nsa\x1b", (), ("home-nas",))
    assert choose_peer(peers, "nas").similar == ("home-nas",)
    assert choose_peer(peers, "100.64.0.200").found == ()

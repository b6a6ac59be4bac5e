"""The relay map: what is read, and the one sentence for what is not a map."""

from __future__ import annotations

import json
from ipaddress import ip_address
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.model import Family
from probes.tailscale.derp_map import MOST_BYTES, BadDerpMap, DerpMap, parse_derp_map


def _map(node: dict[str, Any] | None = None, **region: Any) -> str:
    base = {"Name": "1a", "RegionID": 1, "HostName": "derp1.example", "IPv4": "203.0.113.1"}
    nodes = [{**base, **(node or {})}]
    entry = {"RegionID": 1, "RegionCode": "nyc", "RegionName": "New York", "Nodes": nodes, **region}
    return json.dumps({"Regions": {"1": entry}, "omitDefaultRegions": True, "Future": [1]})


def test_defaults_are_those_of_tailcfg() -> None:
    (region,) = parse_derp_map(_map()).regions
    (node,) = region.nodes
    assert (region.id, region.code, region.name, region.measured) == (1, "nyc", "New York", True)
    assert (node.stun_port, node.derp_port, node.insecure) == (3478, 443, False)
    assert node.literal(Family.V4) == ip_address("203.0.113.1")
    assert node.asks_dns == {Family.V6}


@pytest.mark.parametrize(
    ("node", "stun_port", "asks_dns"),
    [
        ({"STUNPort": -1}, None, {Family.V6}),
        ({"STUNPort": 0}, 3478, {Family.V6}),
        ({"STUNPort": 19302}, 19302, {Family.V6}),
        ({"IPv6": "none"}, 3478, set()),
        ({"IPv4": "none", "IPv6": "2001:db8::1"}, 3478, set()),
        ({"IPv4": ""}, 3478, {Family.V4, Family.V6}),
        ({"HostName": "", "IPv6": ""}, 3478, set()),
    ],
)
def test_ports_and_addresses(
    node: dict[str, Any], stun_port: int | None, asks_dns: set[Family]
) -> None:
    found = parse_derp_map(_map(node)).regions[0].nodes[0]
    assert found.stun_port == stun_port
    assert found.asks_dns == asks_dns


def test_regions_come_in_order_of_their_ids() -> None:
    regions = {
        str(number): {"RegionID": number, "Nodes": [{"Name": "a", "HostName": "h"}]}
        for number in (12, 3, 900)
    }
    found = parse_derp_map(json.dumps({"Regions": regions}))
    assert [region.id for region in found.regions] == [3, 12, 900]
    assert found.regions[0].name == "3"


def test_names_from_the_map_cannot_steer_a_terminal() -> None:
    region = parse_derp_map(_map(RegionName="\x1b[31mred\u202e")).regions[0]
    assert region.name == "\\x1b[31mred\\u202e"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "not JSON"),
        ("{", "not JSON"),
        ("[" * 100_000, "not JSON"),
        ("[]", 'no "Regions"'),
        ("{}", 'no "Regions"'),
        ('{"Regions": []}', 'no "Regions"'),
        ('{"Regions": {}}', "no regions"),
        ('{"Regions": {"1": 5}}', "not an object"),
        ('{"Regions": {"1": {"RegionID": "1", "Nodes": [{}]}}}', "no RegionID"),
        ('{"Regions": {"1": {"RegionID": true, "Nodes": [{}]}}}', "no RegionID"),
        (_map(Nodes=[]), "no nodes"),
        (_map(Nodes=None), "no nodes"),
        (_map(Nodes=["x"]), "node that is not an object"),
        (_map({"HostName": "", "IPv4": ""}), "neither a HostName nor an address"),
        (_map({"IPv4": "nonsense"}), "no IPv4 address"),
        (_map({"IPv6": "203.0.113.1"}), "no IPv6 address"),
        (_map({"STUNPort": 70000}), "no port"),
        (_map({"DERPPort": "443"}), "no port"),
        (_map({"HostName": 7}), "not text"),
        ("x" * (MOST_BYTES + 1), "larger than"),
    ],
)
def test_what_is_no_map_gets_one_sentence(text: str, says: str) -> None:
    with pytest.raises(BadDerpMap, match=says) as caught:
        parse_derp_map(text)
    sentence = str(caught.value)
    assert sentence.endswith(".")
    assert "\n" not in sentence


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(
    st.dictionaries(
        st.sampled_from(["RegionID", "Nodes", "RegionCode", "RegionName"]),
        json_values
        | st.lists(st.dictionaries(st.sampled_from(["HostName", "IPv4", "STUNPort"]), json_values)),
    )
)
def test_no_shape_raises_anything_else(region: dict[str, Any]) -> None:
    try:
        found = parse_derp_map(json.dumps({"Regions": {"1": region}}))
    except BadDerpMap:
        return
    assert isinstance(found, DerpMap)

"""Scenario files: what is refused, with which words, and what the reader promises."""

from __future__ import annotations

import json
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from probes.network.simulated import ScenarioError, describe, load, names, parse
from probes.network.simulated.library import scenario
from probes.network.simulated.scenario import PageSpec
from probes.network.simulated.schema import merged, table, text
from probes.network.simulated.tables import SCENARIO
from probes.tailscale.derp_map import parse_derp_map

REQUIRED = (
    "open",
    "easy-home",
    "hard-home",
    "two-wans",
    "udp-blocked",
    "stun-blocked",
    "no-network",
    "ipv6-works",
    "lossy",
    "slow-satellite",
)
EXPECT = "[expect]\nexit = 0\nnat = 'easy'\ncauses = []\n"
HOME = 'description = "A home."\ninclude = ["regions", "home"]\n'


@pytest.mark.parametrize("name", REQUIRED)
def test_the_networks_that_were_promised_are_there(name: str) -> None:
    assert name in names()


@pytest.mark.parametrize("name", names())
def test_each_has_one_sentence_relays_and_an_expectation(name: str) -> None:
    sentence = describe(name)
    assert sentence[0].isupper()
    assert sentence.endswith(".")
    assert sentence.count(".") == 1
    assert len(sentence) <= 120
    found = scenario(name)
    assert found.expect is not None
    network = load(name)
    assert network.name == f"simulated:{name}"
    regions = parse_derp_map(network.relay_map).regions
    assert {each.code for each in regions} == set(found.region)
    assert all(node.ipv4 is not None for region in regions for node in region.nodes)


def test_descriptions_differ() -> None:
    assert len({describe(name) for name in names()}) == len(names())


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ("[box.router.nat]\nmaping = 1", "box.router.nat.maping is not a known key"),
        ("[box.router.nat]\nmaping = 1", "(did you mean mapping?)"),
        ("colour = 'red'", "colour is not a known key."),
        ("[host.here.interface.wlan0.line]\nlos = 0.1", "wlan0.line.los is not a known key"),
        ("[region.nyc.node.1a.stun]\nport = 3", "region.nyc.node.1a.stun.port is not"),
        ("[expect]\nverdict = 'direct'", "expect.exit is missing."),
        (
            EXPECT + "verdict = 'good'",
            "expect.verdict is 'good', but must be one of direct, depends, relayed",
        ),
        (
            "[box.router.nat]\nmapping = 'endpoint-dependent'",
            "(did you mean endpoint-independent?)",
        ),
        ("[box.router.nat]\nmapping = 3", "nat.mapping is 3, but must be one of"),
        ("seed = -1", "seed is -1, but must be a whole number from 0"),
        ("seed = true", "seed is True, but must be a whole number"),
        ("seed = 1.5", "seed is 1.5, but must be a whole number"),
        ("[box.router.line]\nloss = 1.5", "line.loss is 1.5, but must be a number from 0 to 1."),
        ("[box.router.line]\nloss = 'much'", "line.loss is 'much', but must be a number"),
        ("[box.router.line]\nloss = nan", "line.loss is nan, but must be a number"),
        ("[box.router]\noutside = '45.83.1.1'", "outside is '45.83.1.1', but must be a list."),
        ("[box.router]\noutside = ['here']", "outside.0 is 'here', but must be an IP address."),
        ("[box.router]\ninside = [1]", "inside.0 is 1, but must be an address with a prefix"),
        ("[box]\nrouter = 3", "box.router is 3, but must be a table."),
        ("box = 3", "box is 3, but must be a table."),
        ("[host.here]\nos_ipv6 = 'no'", "os_ipv6 is 'no', but must be true or false."),
        ("[host.here]\nsystem = 3", "host.here.system is 3, but must be a text."),
        ("[box.router.nat]\nport_range = [5]", "must be the lowest and highest port."),
        ("[box.router.nat]\nport_range = [9, 5]", "must be the lowest and highest port."),
        ("[host.here.firewall]\nallow = ['udp']", "allow.0 is 'udp', but must be like udp/41641."),
        ("[host.here.firewall]\nallow = ['icmp/3']", "must be like udp/41641."),
        ("[region.nyc.node.1a]\nipv4 = '::1'", "ipv4 is '::1', but must be an IPv4 address."),
        ("[box.router.nat]\naddresses = []", "must be at least one address."),
        ("[region.new]\nid = 9\nname = 'New'\nrtt_ms = 3\nnode = {}", "at least one node."),
        ("[region.new]\nid = 9\nname = 'New'\nrtt_ms = 3", "region.new.node is missing."),
        # What each value may be alone, but not beside the others:
        ("[box.router]\nvia = 'modm'\n[box.modem]", "via is 'modm', and there is no such box (did"),
        ("[box.router]\nvia = 'two'\n[box.two]\nvia = 'router'", "leads round in a circle."),
        ("[host.here.interface.eth1]\nvia = 'wall'", "interface.eth1.via is 'wall', and there is"),
        ("[box.router]\noutside = []", "box.router has a NAT but no IPv4 address outside."),
        ("[box.router]\noutside = ['45.83.220.1']", "both have 45.83.220.1."),
        ("[server.none]\nrtt_ms = 3", "The server none has no address."),
        (
            "[host.here.interface.wlan0]\ngateways = ['10.0.0.1', '10.0.0.2']",
            "gateways has two routers of one family.",
        ),
    ],
)
def test_what_does_not_fit_is_refused_in_one_sentence(more: str, words: str) -> None:
    top = more if more[0] != "[" else ""
    below = more if more[0] == "[" else ""
    with pytest.raises(ScenarioError) as raised:
        parse(f"{top}\n{HOME}{below}\n", "mine.toml")
    message = str(raised.value)
    assert words in message
    assert message.startswith("mine.toml: ")
    assert message.endswith(".")
    assert "\n" not in message


def test_a_description_is_one_sentence() -> None:
    for wrong in ('"no full stop"', '"two\\nlines."', "3"):
        with pytest.raises(ScenarioError, match="description is"):
            parse(HOME.replace('"A home."', wrong))


def test_the_device_that_measures_must_be_there() -> None:
    with pytest.raises(ScenarioError, match=r"host\.here is missing"):
        parse('description = "Nobody."\n[host.other]\ninterface = {}\n')


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a = ", "it is not TOML"),
        ("[host\n", "it is not TOML"),
        ("\x1b[31m = 1", "it is not TOML"),
        ("a = " + "[" * 5000, "it is not TOML"),
        ("", "description is missing."),
        (
            'description = "A."\nhost = {}\ninclude = "home"',
            "include is 'home', but must be a list.",
        ),
        ('include = ["hom"]', "include names 'hom'; there is behavior, home, open"),
        ('include = ["../easy-home"]', "include names '../easy-home'; there is"),
        ("include = [3]", "include names 3; there is"),
    ],
)
def test_what_is_no_scenario_at_all(text: str, words: str) -> None:
    with pytest.raises(ScenarioError) as raised:
        parse(text)
    assert words in str(raised.value)
    assert "\x1b" not in str(raised.value)


def test_unknown_names_get_the_closest_one_or_all() -> None:
    with pytest.raises(ScenarioError, match=r"called esy-home \(did you mean easy-home\?\)\.$"):
        load("esy-home")
    with pytest.raises(ScenarioError, match=r"called zzz; the known ones are .*easy-home, .*open"):
        load("zzz")
    with pytest.raises(ScenarioError, match=r"called \\x1b"):
        load("\x1b[0m")


def test_files_of_one_s_own(tmp_path: Path) -> None:
    own = tmp_path / "my-net.toml"
    own.write_text(HOME, "utf-8")
    assert load(own).name == "simulated:my-net"
    assert load(str(own)).name == "simulated:my-net"
    assert describe(str(own)) == "A home."
    with pytest.raises(ScenarioError, match="cannot be read: No such file"):
        load(tmp_path / "none.toml")
    with pytest.raises(ScenarioError, match="cannot be read: Is a directory"):
        load(tmp_path)
    with pytest.raises(ScenarioError, match="cannot be read: Not a directory"):
        load(own / "inside.toml")
    own.write_bytes(b"\xff\xfe")
    with pytest.raises(ScenarioError, match="is not UTF-8 text"):
        load(own)
    own.write_bytes(b"#" * 1_000_001)
    with pytest.raises(ScenarioError, match="too large"):
        load(own)


def test_the_upper_file_wins_key_by_key() -> None:
    below = {"a": {"x": 1, "y": {"z": 2}}, "b": [1]}
    above = {"a": {"y": {"w": 3}}, "b": [2], "c": 4}
    assert merged(below, above) == {"a": {"x": 1, "y": {"z": 2, "w": 3}}, "b": [2], "c": 4}
    assert below == {"a": {"x": 1, "y": {"z": 2}}, "b": [1]}


def test_a_table_must_read_every_field() -> None:
    assert [each.name for each in fields(PageSpec)] == ["status", "headers", "body"]
    with pytest.raises(TypeError, match="PageSpec"):
        table(PageSpec, status=text)


_SCALARS: st.SearchStrategy[Any] = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5)
)
_KEYS = st.one_of(
    st.sampled_from(["description", "host", "here", "interface", "box", "nat", "region", "node"]),
    st.text(max_size=4),
)
_ANYTHING: st.SearchStrategy[Any] = st.recursive(
    _SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(_KEYS, inner, max_size=4)),
    max_leaves=12,
)


@settings(max_examples=200, deadline=None)
@given(st.dictionaries(_KEYS, _ANYTHING, max_size=4))
def test_the_reader_raises_nothing_but_scenario_errors(value: dict[str, Any]) -> None:
    value.setdefault("description", "A network.")
    said = ""
    try:
        said = SCENARIO(value, ()).description
    except ScenarioError as error:
        said = str(error)
    assert said.endswith(".")


def test_the_relay_map_tells_what_differs_from_the_usual() -> None:
    network = parse(
        HOME
        + "[region.nyc.node.1a]\ninsecure = true\ntls_port = 8443\nstun.kind = 'relay'\n"
        + "stun.ports = [3479]\n[region.fra.node.4a]\noffers_stun = false\n"
        + "[region.sin]\nmeasured = false\n"
    )
    regions = json.loads(network.relay_map)["Regions"]
    nyc = regions["1"]["Nodes"][0]
    assert (nyc["InsecureForTests"], nyc["DERPPort"], nyc["STUNPort"]) == (True, 8443, 3479)
    assert nyc["CanPort80"] is True
    assert regions["4"]["Nodes"][0]["STUNPort"] == -1
    assert regions["3"]["NoMeasureNoHome"] is True
    assert "STUNPort" not in regions["2"]["Nodes"][0]

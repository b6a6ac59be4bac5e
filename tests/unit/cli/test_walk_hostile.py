"""Names that somebody else gave to devices: told in the walk as text, and nothing more.

They come from what the tailscale program prints, so they pass every guard on their way. The first
one, where that output is read, is looked at by itself: the last one would hide that it is gone.
"""

from __future__ import annotations

import json
import unicodedata

import pytest

from probes.clean import LONGEST
from probes.network.simulated.catalogue import FOLDER
from probes.readings.tailscale import PEERS, PeerPath
from tests.unit.cli.walking import walked

NAMES = {
    "[b]nas[/b] [@click=app.quit]go[/] {0} %s": "[b]nas[/b] [@click=app.quit]go[/] {0} %s",
    "\x1b]0;owned\x07\x1b[2J\x1b[31mred": r"\x1b]0;owned\x07\x1b[2J\x1b[31mred",
    "\u202egnp.exe \u2066back\u2069\u200b": r"\u202egnp.exe \u2066back\u2069\u200b",
    "n" * 4000: "n" * (LONGEST - 1) + "…",
    "one\r\ntwo\u2028three": r"one\x0d\x0atwo\u2028three",
    "[[hard NAT|home-nas]] [[key:quit]]": r"[\x5bhard NAT|home-nas]] [\x5bkey:quit]]",
    "    sudo halt": "sudo halt",
}
"""Each with how it is told."""
OWN = "[host.here.tailscale]\n"


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A home with a hard NAT, and such names in its tailnet. Every other device is reached
    directly."""
    lines = [(FOLDER / "hard-home.toml").read_text("utf-8").partition("[expect]")[0]]
    for number, name in enumerate(NAMES):
        lines += [
            f"[host.here.tailscale.peer.{json.dumps(name)}]",
            f'addresses = ["100.71.9.{number + 1}"]',
            f'endpoint = "45.83.240.{number + 20}:41641"',
            'relay = "fra"',
            f'nat = "{"none" if number % 2 else "hard"}"',
        ]
    text = "\n".join(lines)
    assert text.count(OWN) == 1
    path = tmp_path_factory.mktemp("networks") / "hostile.toml"
    # Without a domain there are no DNS names, and a host name may be any text.
    path.write_text(text.replace(OWN, f'{OWN}domain = ""\n'), "utf-8")
    return str(path)


def joined(text: str) -> str:
    """Every line as long as it was before it was broken."""
    return text.replace("\n  ", " ").replace(":  ", ": ")


@pytest.mark.parametrize("privacy", [False, True], ids=["open", "masked"])
def test_names_of_devices_in_choose_and_prove(network: str, privacy: bool) -> None:
    person, walk, _ = walked(*("2", "1", "n", "n", "n", "r"), here=network, privacy=privacy)
    peers = walk.raw.value(PEERS) or ()
    assert set(NAMES.values()) < {peer.name for peer in peers}, "made harmless where it is read"
    assert {peer.path for peer in peers} >= {PeerPath.DERP, PeerPath.DIRECT}
    for line in person.text.splitlines():
        strange = {char for char in line if unicodedata.category(char)[0] in "CZ"} - {" "}
        assert not strange, line
        assert not line.startswith("    sudo halt"), "that is how a command looks"
    told = joined(person.text)
    choose, _, rest = told.partition("Step 2 of 5")
    devices = rest.rpartition("Devices of the tailnet:")[2]
    assert devices
    for name in NAMES.values():
        for part in (choose, devices):
            assert (f"{name}: " in part) is not privacy


def test_a_device_with_such_a_name_is_pinged(network: str) -> None:
    begun = walked("2", "b", here=network)[0].text
    number = next(
        line.partition(".")[0] for line in begun.splitlines() if r"\x1b]0;owned\x07" in line
    )
    person, _, _ = walked("1", "n", "n", "n", "u", number, here=network)
    told = person.text.rpartition(f"«{number}»")[2]
    assert " s: direct, 45.83.240.21:41641, " in told
    assert "\x1b" not in person.text

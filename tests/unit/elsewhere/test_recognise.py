"""Pasted text is understood however it was copied, and what is not is pointed at."""

from __future__ import annotations

import json
import random
import textwrap
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from probes.diagnosis.diagnose import diagnose
from probes.diagnosis.model import CauseId, Headline
from probes.elsewhere.lines import MOST_LINES
from probes.elsewhere.recognise import Found, recognise, unread_numbers
from probes.elsewhere.report import report_of_found
from probes.model import Endpoint, Known, Reason, Unknown
from probes.readings import KEYS, port_mapping, relays, stun, tailscale
from probes.readings.tailscale import Backend, PeerPath
from probes.report import Report
from probes.tailscale.loose import Unreadable
from tui.explain import headline

OUTPUTS = Path(__file__).parents[1] / "tailscale" / "outputs"
TEXT = (OUTPUTS / "hard_hard.netcheck1.txt").read_text("utf-8")
JSON = (OUTPUTS / "hard_hard.netcheck1.json").read_text("utf-8")
STATUS = (OUTPUTS / "easypf_hard.status.txt").read_text("utf-8")
PING = (OUTPUTS / "easypf_hard.ping.txt").read_text("utf-8")

OLD = """\
Report:
\t* UDP: true
\t* IPv4: yes, 203.0.113.7:41999
\t* IPv6: no
\t* MappingVariesByDestIP: false
\t* HairPinning: true
\t* PortMapping: UPnP, NAT-PMP
\t* Nearest DERP: Frankfurt
\t* DERP latency:
\t\t- fra: 12.1ms  (Frankfurt)
\t\t- nyc:         (New York City)
"""


def read(text: str) -> Found:
    return recognise(text.encode())


def report(text: str) -> Report:
    return report_of_found(read(text), "pasted")


def hard(text: str) -> None:
    """It says what the recorded report of a hard NAT says, and nothing was left over."""
    found = read(text)
    assert unread_numbers(found.unread) == ""
    made = report_of_found(found, "pasted")
    assert made.value(stun.UDP) is True
    assert made.value(stun.VARIES4) is True
    endpoint = made.value(stun.ENDPOINT4)
    assert endpoint is not None
    assert str(endpoint.address) == "198.51.100.101"
    netcheck = made.value(tailscale.NETCHECK)
    assert netcheck is not None
    assert len(netcheck.regions) == 3
    assert netcheck.unread == ()


# --- however it was copied ------------------------------------------------------------------------

COPIES = {
    "as printed": TEXT,
    "JSON": JSON,
    "JSON on one line": json.dumps(json.loads(JSON)),
    "with the warning before it": "# Warning: this JSON format is not yet stable\n" + JSON,
    "with a log line before it": "2026/11/22 10:59:00 portmap: monitor: gw={1} self=2\n" + JSON,
    "with the command before it": "me@home:~$ sudo tailscale netcheck\n" + TEXT,
    "quoted": textwrap.indent(TEXT, "> ", lambda _line: True),
    "quoted twice": textwrap.indent(TEXT, "> > ", lambda _line: True),
    "quoted JSON": textwrap.indent(JSON, "> "),
    "indented, as in a forum": textwrap.indent(TEXT, "        "),
    "in a code block": f"```\n{TEXT}```\n",
    "with Windows line ends": TEXT.replace("\n", "\r\n"),
    "JSON with Windows line ends": JSON.replace("\n", "\r\n"),
    "with colours": TEXT.replace("UDP", "\x1b[1mUDP\x1b[0m"),
    "with other bullets": TEXT.replace("* ", "• "),
    "without bullets": TEXT.replace("* ", "").replace("- ", ""),
    "with spaces that do not break": TEXT.replace(" ", "\u00a0"),
    "from a log": textwrap.indent(TEXT, "Nov 22 11:05:54 home tailscale[12]: "),
    "without empty lines": "".join(line + "\n" for line in TEXT.splitlines() if line.strip()),
}


@pytest.mark.parametrize("copy", COPIES.values(), ids=COPIES)
def test_a_report_is_read_however_it_was_copied(copy: str) -> None:
    hard(copy)


def _wrapped(text: str, width: int) -> str:
    """As a terminal of that width shows it, copied."""
    shown = (line.expandtabs() for line in text.splitlines())
    return "\n".join(
        "\n".join(line[at : at + width] for at in range(0, len(line), width)) for line in shown
    )


@pytest.mark.parametrize("width", [30, 33, 36, 40, 44, 60, 80])
@pytest.mark.parametrize("text", [TEXT, JSON], ids=["text", "JSON"])
def test_a_narrow_terminal_is_unwrapped(text: str, width: int) -> None:
    hard(_wrapped(text, width))


@pytest.mark.parametrize("width", [60, 70, 78])
def test_a_wrapped_status_is_unwrapped(width: int) -> None:
    made = report(_wrapped(STATUS, width))
    (peer,) = made.value(tailscale.PEERS) or ()
    assert (peer.name, peer.path, peer.via) == ("node2", PeerPath.DIRECT, "198.51.100.102:35757")


@pytest.mark.parametrize("name", ["utf-16", "utf-16-le", "utf-8-sig"])
def test_what_a_windows_shell_writes_is_read(name: str) -> None:
    found = recognise(TEXT.encode(name))
    assert found.netchecks[0].mapping_varies is True


def test_an_old_report_has_hairpinning_and_no_time() -> None:
    made = report(OLD)
    netcheck = made.value(tailscale.NETCHECK)
    assert netcheck is not None
    assert netcheck.hair_pinning is True
    assert made.taken_at == ""
    services = [made.value(keys.present) for keys in port_mapping.SERVICES.values()]
    assert services == [True, True, False]


def test_port_mapping_that_was_not_checked_is_not_known() -> None:
    made = report(OLD.replace("UPnP, NAT-PMP", "not checked"))
    for keys in port_mapping.SERVICES.values():
        assert made[keys.present] == Unknown(Reason.MEASURED_ELSEWHERE, "pasted does not say")


# --- several at once ------------------------------------------------------------------------------


def test_of_several_reports_the_latest_word_counts() -> None:
    later = OLD.replace("41999", "42000").replace("UPnP, NAT-PMP", "not checked")
    found = read(OLD + "\n" + later)
    assert len(found.netchecks) == 2
    made = report_of_found(found, "pasted")
    assert made.value(stun.ENDPOINT4) == Endpoint.parse("203.0.113.7:42000")
    assert made.value(port_mapping.UPNP.present) is True, "the earlier one said so"
    assert len(read(f"{JSON}\n{JSON}").netchecks) == 2
    line = json.dumps(json.loads(JSON))
    assert len(read(f"{line}\n{line}\n{line}\n").netchecks) == 3


def test_reports_that_contradict_each_other_settle_nothing() -> None:
    other = OLD.replace("ByDestIP: false", "ByDestIP: true")
    reading = report(OLD + other)[stun.VARIES4]
    assert isinstance(reading, Unknown)
    assert reading.reason is Reason.CONTRADICTORY


def test_status_ping_and_netcheck_in_one_paste() -> None:
    made = report(f"$ tailscale status\n{STATUS}\n$ tailscale ping node2\n{PING}\n{TEXT}")
    assert made.value(stun.VARIES4) is True
    assert made.value(tailscale.NAME) == "node1"
    (peer,) = made.value(tailscale.PEERS) or ()
    assert (peer.path, peer.via) == (PeerPath.DIRECT, "198.51.100.102:35757")
    assert made.value(tailscale.STATE) is Backend.RUNNING


def test_lines_that_say_nothing_are_pointed_at() -> None:
    found = read(f"Hello,\nmine says\n{TEXT}\nthanks for any help\n")
    assert unread_numbers(found.unread) == f"1-2, {len(TEXT.splitlines()) + 4}"


# --- what the outputs cannot say ------------------------------------------------------------------


@pytest.mark.parametrize("text", [TEXT, JSON, STATUS, PING, OLD])
def test_every_reading_names_the_input_or_says_that_it_does_not_say(text: str) -> None:
    made = report(text)
    assert made.readings.keys() == KEYS.keys()
    for key, reading in made.readings.items():
        if isinstance(reading, Known):
            assert reading.source.endswith(" in pasted"), key
        else:
            assert isinstance(reading, Unknown), key
    assert made.elsewhere
    assert made.closed
    unknown = made[stun.ANSWERS4]
    assert unknown == Unknown(Reason.MEASURED_ELSEWHERE, "pasted does not say")


def test_blocked_udp_is_no_word_about_nat() -> None:
    text = OLD.replace("UDP: true", "UDP: false").replace(
        "yes, 203.0.113.7:41999", "(no addr found)"
    )
    made = report(text.replace("DestIP: false", "DestIP:"))
    assert made.value(stun.UDP) is False
    assert made.value(relays.TCP) is True, "latencies without UDP"
    reading = made[stun.VARIES4]
    assert isinstance(reading, Unknown)
    assert reading.reason is Reason.NO_ANSWER


def test_few_answers_over_a_relay_show_no_path_yet() -> None:
    pong = "pong from node2 (100.64.0.2) via DERP(fra) in 30ms\n"
    (early,) = report(pong * 3).value(tailscale.PEERS) or ()
    (late,) = report(pong * 10).value(tailscale.PEERS) or ()
    (over,) = report(pong * 3 + "direct connection not established\n").value(tailscale.PEERS) or ()
    assert [each.path for each in (early, late, over)] == [
        PeerPath.UNKNOWN,
        PeerPath.DERP,
        PeerPath.DERP,
    ]


# --- every recorded output ------------------------------------------------------------------------

EXPECTED = {
    "easy_easy": (False, PeerPath.DIRECT),
    "easy_easy-noudp": (False, PeerPath.DERP),
    "easy_hard": (False, PeerPath.DERP),
    "easyopen_easyopen": (False, PeerPath.DERP),
    "easypf_hard": (False, PeerPath.DIRECT),
    "hard_hard": (True, PeerPath.DERP),
    "hard_hard_peerrelay": (True, PeerPath.PEER_RELAY),
}


@pytest.mark.parametrize("pair", EXPECTED)
def test_every_recorded_output_comes_out_right(pair: str) -> None:
    varies, path = EXPECTED[pair]
    for ending in ("netcheck1.json", "netcheck1.txt"):
        found = recognise((OUTPUTS / f"{pair}.{ending}").read_bytes())
        assert found.unread == []
        made = report_of_found(found, pair)
        assert made.value(stun.VARIES4) is varies
        assert made.taken_at.startswith("2026-11-22T11:")
    for ending in ("status.json", "status.txt", "ping.txt"):
        found = recognise((OUTPUTS / f"{pair}.{ending}").read_bytes())
        assert found.unread == []
        peers = report_of_found(found, pair).value(tailscale.PEERS) or ()
        assert {peer.name: peer.path for peer in peers}["node2"] is path


VERDICTS = {
    # netcheck, status --json, status, ping: of the pair where one device was pinged
    "easy_easy": "direct direct unknown direct",
    "easy_easy-noudp": "direct direct unknown relayed",
    "easy_hard": "direct direct unknown relayed",
    "easyopen_easyopen": "direct direct unknown relayed",
    "easypf_hard": "direct direct unknown direct",
    "hard_hard": "relayed unknown unknown relayed",
    "hard_hard_peerrelay": "relayed unknown unknown relayed",
}


@pytest.mark.parametrize("pair", VERDICTS)
def test_every_recorded_output_has_its_verdict(pair: str) -> None:
    endings = ("netcheck1.txt", "status.json", "status.txt", "ping.txt")
    for ending, verdict in zip(endings, VERDICTS[pair].split(), strict=True):
        found = recognise((OUTPUTS / f"{pair}.{ending}").read_bytes())
        assert diagnose(report_of_found(found, pair)).verdict == verdict, ending
    other = recognise((OUTPUTS / f"{pair}.netcheck1.json").read_bytes())
    assert diagnose(report_of_found(other, pair)).verdict == VERDICTS[pair].split()[0]


def test_whoever_pings_one_device_asks_about_that_one() -> None:
    """With the status or netcheck beside it, the own side is known as well."""
    pings = (OUTPUTS / "easy_easy.ping.txt").read_text("utf-8")
    made = diagnose(report(pings))
    assert made.peer is not None
    assert (made.peer.name, made.headline) == ("node2", Headline.PEER_TURNED_DIRECT)
    assert {each.id for each in made.causes} == {CauseId.SETTLING}
    netcheck = (OUTPUTS / "easy_hard.netcheck1.txt").read_text("utf-8")
    made = diagnose(report(netcheck + (OUTPUTS / "easy_hard.ping.txt").read_text("utf-8")))
    assert made.headline is Headline.PEER_OTHER_SIDE
    assert CauseId.PEER_SIDE in {each.id for each in made.causes}
    other = "pong from node3 (100.64.0.3) via DERP(fra) in 30ms\n"
    assert diagnose(report(pings + other)).peer is None


def test_all_relayed_speaks_against_this_side_and_one_alone_does_not() -> None:
    row = '100.64.0.{}  node{}  someone@  linux  active; relay "fra", tx 1 rx 1\n'
    two = report("100.64.0.1  node1  someone@  linux  -\n" + row.format(2, 2) + row.format(3, 3))
    assert "all 2 active peers are relayed" in headline(diagnose(two), two)
    one = report("100.64.0.1  node1  someone@  linux  -\n" + row.format(2, 2))
    assert "shows 0 of 1 active peers direct" in headline(diagnose(one), one)


def test_some_that_are_direct_speak_for_this_side() -> None:
    own = "100.64.0.1  node1  someone@  linux  -\n"
    far = "100.64.0.2  node2  someone@  linux  active; direct 45.83.1.2:41641, tx 1 rx 1\n"
    near = far.replace("45.83.1.2", "192.168.1.7")
    relayed = '100.64.0.3  node3  someone@  linux  active; relay "fra", tx 1 rx 1\n'
    mixed = report(own + far + relayed)
    assert "1 of 2 active peers are direct, so it is likely the others'" in headline(
        diagnose(mixed), mixed
    )
    # Who is direct in the same house shows nothing of the way to the internet.
    house = report(own + near + relayed)
    assert "and no more than that" in headline(diagnose(house), house)


# --- what is nothing of the kind ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "It is empty."),
        (b" \n\n", "It is empty."),
        (bytes(range(256)) * 40, "It is not text."),
        (b"\x7fELF" + bytes(5000), "It is not text."),
        (b"Dear program,\ngood day\n", "Nothing in it was recognised."),
        (b"{}", "Nothing in it was recognised."),
        (b"[1, 2]", "Nothing in it was recognised."),
        (b"{" * 100_000, "Nothing in it was recognised."),
        (b'{"a":' * 50_000, "Nothing in it was recognised."),
        (b"y\n" * (MOST_LINES + 1), "lines, so it was not read."),
        ((OUTPUTS / "derp-map.json").read_bytes(), "Nothing in it was recognised."),
        (b"<html><body>\n" * 50, "Nothing in it was recognised."),
    ],
)
def test_what_is_no_such_output_is_one_sentence(data: bytes, sentence: str) -> None:
    with pytest.raises(Unreadable, match=r"\.$") as caught:
        recognise(data)
    assert sentence in str(caught.value)
    assert "\n" not in str(caught.value)


_SEEDS = [each.read_bytes() for each in sorted(OUTPUTS.glob("hard_hard.*"))]


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(_SEEDS), st.randoms(use_true_random=False), st.integers(0, 12))
def test_damaged_outputs_are_read_or_refused(data: bytes, chance: random.Random, hits: int) -> None:
    """Nothing but Unreadable comes out, and what is read makes a whole report."""
    damaged = bytearray(data)
    for _ in range(hits):
        at = chance.randrange(len(damaged) + 1)
        if chance.random() < 0.5:
            del damaged[at : at + chance.randrange(40)]
        else:
            damaged[at:at] = bytes(chance.randrange(256) for _ in range(chance.randrange(1, 6)))
        damaged = damaged or bytearray(b"x")
    try:
        found = recognise(bytes(damaged))
    except Unreadable:
        return
    made = report_of_found(found, "damaged")
    for key, reading in made.readings.items():
        assert KEYS[key].decode(KEYS[key].encode(reading)) == reading


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=400))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    try:
        found = recognise(data)
    except Unreadable:
        return
    assert found.anything

"""pystun3 as a second opinion: the right words on fresh sockets, and hostile answers contained."""

from __future__ import annotations

import pytest

from probes.checks.behavior import BehaviorCheck
from probes.checks.classic import ClassicCheck
from probes.checks.context import Check
from probes.model import Endpoint, Reason, Unknown
from probes.network.seam import Arrival, Datagram
from probes.pystun import MOST_TURNS, Unanswerable, as_of_3489, stun_test
from probes.readings import classic
from probes.readings.classic import ClassicType
from tests.engine.test_behavior import NAMES, run, scenario

EXTRA: tuple[Check, ...] = (ClassicCheck(),)


@pytest.mark.parametrize(
    ("nat", "found"),
    [
        ('filtering = "endpoint-independent"', ClassicType.FULL_CONE),
        ('filtering = "address-dependent"', ClassicType.RESTRICTED_CONE),
        ("", ClassicType.PORT_RESTRICTED_CONE),
        ('mapping = "address-and-port-dependent"\nports = "random"', ClassicType.SYMMETRIC),
        # pystun3's own order calls this one symmetric, which it is not.
        ("accepts_unsolicited = true\noverload = true", ClassicType.PORT_RESTRICTED_CONE),
    ],
)
def test_types_behind_a_nat(nat: str, found: ClassicType) -> None:
    report = run(scenario(nat), extra=EXTRA)
    assert report.value(classic.TYPE4) is found


PUBLIC = """
description = "A public address."
include = ["regions"]
[host.here.interface.eth0]
addresses = ["45.83.226.10/24"]
gateways = ["45.83.226.1"]
via = "router"
[box.router]
inside = ["45.83.226.1/24"]
{firewall}
"""


@pytest.mark.parametrize(
    ("firewall", "found"),
    [("", ClassicType.OPEN_INTERNET), ("firewall = {}", ClassicType.SYMMETRIC_UDP_FIREWALL)],
)
def test_types_on_a_public_address(firewall: str, found: ClassicType) -> None:
    servers = scenario().partition("[box.router.nat]")[0].partition("[server.one]")[2]
    text = PUBLIC.format(firewall=firewall) + "\n[server.one]" + servers
    report = run(text, extra=EXTRA)
    assert report.value(classic.TYPE4) is found


def test_without_an_able_server_it_is_unknown() -> None:
    report = run(scenario(faults=("lying", "", "")), NAMES[:1], extra=EXTRA)
    reading = report.readings[classic.TYPE4.id]
    assert isinstance(reading, Unknown)
    assert reading.reason is Reason.NO_SERVER
    assert BehaviorCheck.id in report.checks


SERVER = Endpoint.parse("203.0.113.1:3478")
_ID = bytes(range(16))


class Echo:
    """A socket that answers every request in one hostile way, and ids that hold still."""

    local = Endpoint.parse("192.168.1.20:5000")

    def __init__(self, answer: bytes, source: Endpoint = SERVER) -> None:
        self.answer = answer
        self.source = source
        self.sends = 0

    def random_bytes(self, count: int) -> bytes:
        return _ID[:count]

    def send(self, data: bytes, to: Endpoint, *, ttl: int | None = None) -> None:
        self.sends += 1

    async def receive(self) -> Arrival:
        return Datagram(self.answer, self.source, 0.0)


MAPPED = bytes.fromhex("00010008 0001 c001 2d53df0a")
NINE_LETTERS = bytes.fromhex("80220009") + b"Cedar 4.6" + bytes(3)


def answered(attributes: bytes) -> bytes:
    return b"\x01\x01" + len(attributes).to_bytes(2) + _ID + attributes


@pytest.mark.parametrize("attributes", [MAPPED + NINE_LETTERS, NINE_LETTERS + MAPPED])
async def test_attributes_that_came_after_pystun3_do_not_confuse_it(attributes: bytes) -> None:
    echo = Echo(answered(attributes))
    found = await stun_test(echo, echo, SERVER, lambda source: source == SERVER)  # type: ignore[arg-type]
    assert found.external == ("45.83.223.10", 0xC001)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x01\x01",
        answered(MAPPED)[:-1],
        answered(MAPPED) + b"\0",
        answered(MAPPED + b"\x80\x22"),
        answered(b"\x80\x22\xff\xff"),
    ],
)
def test_what_is_no_message_is_not_made_into_one(data: bytes) -> None:
    assert as_of_3489(data) == data


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (b"\xff\xff\0\0" + _ID, "KeyError"),  # an unknown message type
        (b"\x01\x11\0\0" + _ID, "kept on asking"),  # an error response, for ever
        (b"\x01\x01\0\0" + bytes(16), "kept on asking"),  # another transaction, for ever
        (b"\x01\x01\0\x08" + _ID + b"\0\1\xff\xff", "ValueError"),  # a length past the end
        (b"", "KeyError"),
    ],
)
async def test_what_pystun3_chokes_on_is_contained(answer: bytes, says: str) -> None:
    echo = Echo(answer)
    with pytest.raises(Unanswerable, match=says):
        await stun_test(echo, echo, SERVER, lambda source: source == SERVER)  # type: ignore[arg-type]
    assert 1 <= echo.sends <= MOST_TURNS

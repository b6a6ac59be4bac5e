"""pystun3's single tests over the seam: without a thread, a wait or a socket of its own.

`stun.stun_test` blocks in `recvfrom`, may loop for as long as answers come that it does not like,
and raises whatever a strange answer makes it raise. Here it is given a socket that only replays a
transcript. Where the transcript ends, the call is left (by an exception that pystun3 does not
catch), what it sent is really sent, one answer or a timeout is awaited and added to the transcript,
and the call is made again from the start. Its transaction id is held still, so it does the same up
to there. That makes every wait cancellable, every loop bounded, and works on a virtual clock.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from probes.model import Endpoint
from probes.network.seam import Datagram, Network, UdpSocket
from probes.values import dataclass

TRIES = 4
"""pystun3 gives up after so many unanswered ones."""
EVERY_S = 0.2
MOST_TURNS = 12
"""No honest exchange has more turns. A server that keeps pystun3 busy is given up."""
_TRANSACTION_BYTES = 16

CHANGE_BOTH = "0003000400000006"
"""CHANGE-REQUEST, address and port, as pystun3 takes it: hex."""
CHANGE_PORT = "0003000400000002"


class Unanswerable(Exception):
    """pystun3 could not make sense of the answers. The text says what it raised."""


@dataclass(frozen=True, slots=True)
class Test:
    """What one of its tests found."""

    answered: bool
    external: tuple[str, int] | None
    """What the server saw."""
    changed: tuple[str, int] | None
    """CHANGED-ADDRESS."""


class _TranscriptEnded(BaseException):
    """Not an Exception, so that pystun3's own `except Exception` lets it through."""


class _Replay:
    """The socket that pystun3 sees."""

    def __init__(self, transcript: list[Datagram | None]) -> None:
        self.sent: list[bytes] = []
        self._transcript = transcript
        self._position = 0

    def sendto(self, data: bytes, _to: tuple[str, int]) -> int:
        """Note it."""
        self.sent.append(data)
        return len(data)

    def recvfrom(self, _size: int) -> tuple[bytes, tuple[str, int]]:
        """The next entry of the transcript; None in it is a timeout."""
        if self._position == len(self._transcript):
            raise _TranscriptEnded
        entry = self._transcript[self._position]
        self._position += 1
        if entry is None:
            raise TimeoutError("timed out")
        return as_of_3489(entry.data), (str(entry.source.address), entry.source.port)


_HEADER_BYTES = 20
_OPTIONAL = 0x8000
"""Attribute types from here on may be left unread (RFC 3489 section 11.2)."""


def as_of_3489(data: bytes) -> bytes:
    """The answer without the attributes that came after RFC 3489, all of which are optional.

    Those may have any length and are padded to four bytes (RFC 5389 section 15), which pystun3
    does not know: a SOFTWARE of nine letters makes it read the rest at the wrong place. What is no
    well-formed message is handed on as it is.
    """
    kept, rest = b"", data[_HEADER_BYTES:]
    if len(data) < _HEADER_BYTES or int.from_bytes(data[2:4]) != len(rest):
        return data
    while rest:
        kind, length = int.from_bytes(rest[:2]), int.from_bytes(rest[2:4])
        end = 4 + length + -length % 4
        if end > len(rest):
            return data
        if kind < _OPTIONAL:
            kept += rest[:end]
        rest = rest[end:]
    return data[:2] + len(kept).to_bytes(2) + data[4:_HEADER_BYTES] + kept


async def stun_test(
    network: Network,
    socket: UdpSocket,
    server: Endpoint,
    expected: Callable[[Endpoint], bool],
    change: str = "",
    last_s: float = 0.3,
) -> Test:
    """pystun3's `stun_test` to `server`. Answers whose source is not `expected` do not exist.

    The last of its tries is given `last_s` to be answered.

    Raises Unanswerable for answers that pystun3 chokes on, NetworkError if sending fails.
    """
    transaction = network.random_bytes(_TRANSACTION_BYTES).hex().upper()
    transcript: list[Datagram | None] = []
    for turn in range(MOST_TURNS):
        replay = _Replay(transcript)
        found = _call(replay, server, change, transaction)
        if found is not None:
            return found
        if turn < len(replay.sent):
            socket.send(replay.sent[-1], server)
        wait_s = EVERY_S if turn < TRIES - 1 else last_s
        transcript.append(await _next(socket, expected, wait_s))
    raise Unanswerable("it kept on asking")


def _call(replay: _Replay, server: Endpoint, change: str, transaction: str) -> Test | None:
    """One call; None where the transcript was too short for it."""
    import stun  # pystun3: imported where it is needed

    kept = stun.gen_tran_id
    stun._initialize()
    stun.gen_tran_id = lambda: transaction
    try:
        found = stun.stun_test(replay, str(server.address), server.port, "", 0, change)
    except _TranscriptEnded:
        return None
    except Exception as error:
        raise Unanswerable(f"{type(error).__name__}: {error}") from error
    finally:
        stun.gen_tran_id = kept
    return Test(
        bool(found["Resp"]),
        _pair(found["ExternalIP"], found["ExternalPort"]),
        _pair(found["ChangedIP"], found["ChangedPort"]),
    )


def _pair(address: object, port: object) -> tuple[str, int] | None:
    return (address, port) if isinstance(address, str) and isinstance(port, int) else None


async def _next(
    socket: UdpSocket, expected: Callable[[Endpoint], bool], wait_s: float
) -> Datagram | None:
    try:
        async with asyncio.timeout(wait_s):
            while True:
                arrival = await socket.receive()
                if isinstance(arrival, Datagram) and expected(arrival.source):
                    return arrival
    except TimeoutError:
        return None

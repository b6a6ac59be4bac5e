"""`tailscale ping`, line by line, and when it may be called relayed (cmd/tailscale/cli/ping.go).

Every ping goes over the relay and over all candidate paths at once, and the first answer wins. So
with a near relay the first answers come through it although a direct path is being found: only
after ten seconds without a direct answer is "relayed" a finding.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from enum import StrEnum
from typing import TypeAlias, assert_never

from probes.clean import clean
from probes.model import IPAddress
from probes.network.seam import Network
from probes.tailscale.cli import Program, Said, Silent, Trouble, ask
from probes.tailscale.netcheck_text import milliseconds
from probes.values import dataclass

PATIENCE_S = 10.0
"""Without a direct answer for so long, the path is what it is. 8 s were enough in every measured
pair, 5 s were not."""
INTERVAL_S = 1.0
"""tailscale's own pause between two pings."""
PING_TIMEOUT_S = 5.0
"""tailscale's own wait for one answer."""
_GRACE_S = 2.0
"""For starting the program, on top of its own wait."""
MOST_BYTES = 20_000


class PingPath(StrEnum):
    """How one answer came."""

    DIRECT = "direct"
    PEER_RELAY = "peer-relay"
    DERP = "derp"
    OTHER = "other"
    """An answer at another level (TSMP, ICMP, peerapi): it says nothing about the path."""


@dataclass(frozen=True, slots=True)
class Pong:
    """An answer."""

    name: str
    address: str
    path: PingPath
    via: str
    """The peer's endpoint, the peer relay's, or the relay's code."""
    rtt_ms: float | None
    """Rounded to a millisecond by tailscale, so 0 is possible."""


@dataclass(frozen=True, slots=True)
class NoPong:
    """One ping was not answered in time."""

    detail: str


@dataclass(frozen=True, slots=True)
class OwnAddress:
    """The address is this device's own."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """tailscale does not ping at all: no such peer, key expired, no service."""

    detail: str
    trouble: Trouble | None = None
    """Set where the program itself could not be asked."""


PingLine: TypeAlias = Pong | NoPong | OwnAddress | Refusal

_PONG = re.compile(
    r"^pong from (?P<name>.*?) \((?P<address>[^()\s]+)\) via (?P<via>.+?) in (?P<rtt>\S+)\s*$"
)
_PEERAPI = re.compile(
    r"^hit peerapi of (?P<address>\S+) \((?P<name>.*)\) at (?P<via>\S+) in (?P<rtt>\S+)\s*$"
)
_DERP = re.compile(r"^DERP\((?P<code>[^)]*)\)$")
_PEER_RELAY = re.compile(r"^peer-relay\((?P<endpoint>[^)]*)\)$")
_ENDPOINT = re.compile(r"^(?:\[[0-9A-Fa-f:.%a-z]+\]|[0-9.]+):\d{1,5}$")
_SUMMARY = ("direct connection not established",)
"""Said at the end of a run of pings: a summary of lines that were printed before."""


def parse_ping_line(text: str) -> PingLine | None:
    """One line of output or error; None for a line that says nothing of its own."""
    line = text.strip()[:1000]
    if not line or line in _SUMMARY or line.startswith(("#", "Warning:")):
        return None
    pong = _PONG.match(line)
    if pong is not None:
        path, via = _via(pong["via"])
        return Pong(
            clean(pong["name"]),
            clean(pong["address"]),
            path,
            via,
            milliseconds(pong["rtt"]),
        )
    hit = _PEERAPI.match(line)
    if hit is not None:
        where = clean(hit["via"])
        name, address = clean(hit["name"]), clean(hit["address"])
        return Pong(name, address, PingPath.OTHER, where, milliseconds(hit["rtt"]))
    if line.endswith(("timed out", "no reply")):
        return NoPong(clean(line))
    if line.endswith("is local Tailscale IP"):
        return OwnAddress()
    return Refusal(clean(line))


def _via(text: str) -> tuple[PingPath, str]:
    derp = _DERP.match(text)
    if derp is not None:
        return PingPath.DERP, clean(derp["code"])
    relay = _PEER_RELAY.match(text)
    if relay is not None:
        return PingPath.PEER_RELAY, clean(relay["endpoint"])
    if _ENDPOINT.match(text):
        return PingPath.DIRECT, clean(text)
    return PingPath.OTHER, clean(text)


class PingResult(StrEnum):
    """What a row of pings shows so far."""

    WAITING = "waiting"
    """No direct answer yet, and not enough time to call it otherwise."""
    DIRECT = "direct"
    PEER_RELAY = "peer-relay"
    DERP = "derp"
    NO_REPLY = "no-reply"
    OWN_ADDRESS = "own-address"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Pinged:
    """One ping more, and what all of them together show."""

    at_ms: float
    """Since the first ping was sent."""
    line: PingLine
    result: PingResult


@dataclass(slots=True)
class Judge:
    """Concludes from the lines in order. `patience_s` must pass before "relayed" is said."""

    patience_s: float = PATIENCE_S
    _pongs: int = 0
    _last: PingPath | None = None

    def judge(self, line: PingLine, at_ms: float) -> PingResult:
        """What the lines up to this one show."""
        match line:
            case Pong(path=PingPath.DIRECT):
                return PingResult.DIRECT
            case Pong(path=path):
                self._pongs += 1
                if path is not PingPath.OTHER:
                    self._last = path
            case NoPong():
                pass
            case OwnAddress():
                return PingResult.OWN_ADDRESS
            case Refusal():
                return PingResult.REFUSED
            case _:
                assert_never(line)
        if at_ms < self.patience_s * 1000.0:
            return PingResult.WAITING
        if self._last is PingPath.PEER_RELAY:
            return PingResult.PEER_RELAY
        if self._last is PingPath.DERP:
            return PingResult.DERP
        return PingResult.WAITING if self._pongs else PingResult.NO_REPLY


async def ping(
    network: Network,
    program: Program,
    peer: IPAddress,
    *,
    patience_s: float = PATIENCE_S,
    until_direct: bool = False,
) -> AsyncIterator[Pinged]:
    """Ping a peer's tailnet address about once a second and yield each line with the judgement.

    Ends at the first direct answer, a refusal, or the finding that the path is not direct;
    `until_direct` goes on after that finding, until a direct answer comes or nobody listens.
    Every ping is a program of its own: what `tailscale ping` does in its loop, with a deadline.
    """
    judge = Judge(patience_s)
    began = network.now()
    while True:
        sent = network.now()
        for line in await _once(network, program, peer):
            at_ms = (network.now() - began) * 1000.0
            result = judge.judge(line, at_ms)
            yield Pinged(at_ms, line, result)
            if _ends(result, until_direct=until_direct):
                return
        pause = sent + INTERVAL_S - network.now()
        await asyncio.sleep(max(pause, 0.05))


def _ends(result: PingResult, *, until_direct: bool) -> bool:
    match result:
        case PingResult.WAITING:
            return False
        case PingResult.DIRECT | PingResult.OWN_ADDRESS | PingResult.REFUSED:
            return True
        case PingResult.PEER_RELAY | PingResult.DERP | PingResult.NO_REPLY:
            return not until_direct
        case _:
            assert_never(result)


async def _once(network: Network, program: Program, peer: IPAddress) -> list[PingLine]:
    """One ping; at least one line always."""
    wait = f"--timeout={PING_TIMEOUT_S:.0f}s"
    outcome = await ask(
        network,
        program,
        ("ping", "--c=1", "--until-direct=false", wait, str(peer)),
        timeout_s=PING_TIMEOUT_S + _GRACE_S,
        most=MOST_BYTES,
    )
    match outcome:
        case Said(stdout=stdout, complaint=complaint):
            text = stdout.decode("utf-8", "replace") + "\n" + complaint
        case Silent(trouble=Trouble.HANGS):
            return [NoPong("no answer in time")]
        case Silent(trouble=trouble, detail=detail):
            return [Refusal(detail or str(trouble), trouble)]
        case _:
            assert_never(outcome)
    lines = [line for each in text.splitlines()[:50] if (line := parse_ping_line(each)) is not None]
    # An error beside an answer ("no reply" after a time-out) only repeats it.
    for line in lines:
        if not isinstance(line, Refusal):
            return [line]
    return lines[:1] or [NoPong("no answer")]

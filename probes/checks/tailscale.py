"""The `tailscale` check: what Tailscale on this device says about itself and its peers.

It measures nothing itself; it listens to another witness. `tailscale status` answers within
milliseconds, `tailscale netcheck` takes a quarter of a second at least and six at most, so they run
side by side and each is told the moment it is there.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Any, TypeVar, assert_never

from probes.checks.context import Context
from probes.model import CheckId, IPAddress, Known, Reason
from probes.network.seam import NetworkError
from probes.readings import local, stun
from probes.readings.key import Key
from probes.readings.local import InterfaceKind
from probes.readings.netcheck import Netcheck
from probes.readings.tailscale import (
    ADDRESSES,
    ATTRIBUTES,
    CHOSEN,
    EXIT_NODE,
    HEALTH,
    HOME_RELAY,
    KEYS,
    NAME,
    NETCHECK,
    OWN_SOCKET,
    PEER_TOLD,
    PEERS,
    PINGS,
    PORT,
    PROGRAM,
    SELF_ENDPOINTS,
    STATE,
    UNREAD,
    USERSPACE,
    VERSION,
    Backend,
    Peer,
    PeerPath,
    PeerPing,
)
from probes.tailscale import netmap
from probes.tailscale import status as status_format
from probes.tailscale.cli import ON_PATH, Program, Said, Silent, Trouble, ask, find_elsewhere
from probes.tailscale.loose import Unreadable
from probes.tailscale.netcheck_report import MOST_BYTES as MOST_NETCHECK_BYTES
from probes.tailscale.netcheck_report import parse_netcheck_json
from probes.tailscale.netcheck_text import parse_netcheck_text
from probes.tailscale.own_endpoints import kinds, own_port, socket_of
from probes.tailscale.ping import ping
from probes.tailscale.status import Status, choose_peer, parse_status
from probes.tailscale.watched import Watched

T = TypeVar("T")

STATUS_TIMEOUT_S = 2.0
NETCHECK_TIMEOUT_S = 8.0
"""Everything blocked, netcheck takes 6.2 s."""
NETCHECK_PATIENCE_S = 2.6
"""So long the check waits for netcheck; a later report is told as long as the run lasts."""
STATUS = "tailscale status --json"
NETCHECK_JSON = "tailscale netcheck --format=json"
NETCHECK_TEXT = "tailscale netcheck"
PING = "tailscale ping"
NETMAP = "tailscale debug netmap"
_IN_A_THREAD = 1_000_000
"""Bytes. A large tailnet takes a fifth of a second to read: the other checks must not wait."""


class TailscaleCheck:
    """Asks the tailscale program, if there is one."""

    id = CheckId.TAILSCALE

    def __init__(self, *, watches_peer: bool = False) -> None:
        # Both questions one after the other where the program had to be searched for; pinging a
        # peer takes ten seconds and a last answer more.
        self.budget_ms = 20_000.0 if watches_peer else 4500.0

    async def run(self, context: Context) -> None:
        """Tell every key of `probes.readings.tailscale`."""
        teller = _Teller(context)
        context.progress(0, 2, "ask-status")
        # Both at once. Where there is no program on the search path, both say so at once too.
        netcheck = context.spawn(teller.netcheck(ON_PATH))
        program = await teller.status(ON_PATH)
        if program is None:
            netcheck.cancel()
            elsewhere = await _elsewhere(context)
            if elsewhere is None:
                teller.nothing_here()
                return
            netcheck = context.spawn(teller.netcheck(elsewhere))
            await teller.status(elsewhere)
        context.progress(1, 2, "ask-netcheck")
        await _patiently(context, netcheck)
        await teller.peer()
        if not netcheck.done():
            teller.unknown(NETCHECK, Reason.TIMED_OUT, "netcheck itself waits longer for answers")
        elif not teller.told(NETCHECK):
            teller.failed(NETCHECK, "asking for netcheck broke off")
        teller.rest()
        context.progress(2, 2, "ask-netcheck")


async def _elsewhere(context: Context) -> Program | None:
    try:
        return await find_elsewhere(context.network)
    except NetworkError:
        return None


async def _patiently(context: Context, netcheck: asyncio.Task[None]) -> None:
    """Until netcheck is done, or it is clear that it waits for what does not come.

    Without UDP it listens for three seconds at least, and this program has said so by then.
    """
    silence = asyncio.ensure_future(context.board.wait(lambda held: held.value(stun.UDP) is False))
    try:
        async with asyncio.timeout(NETCHECK_PATIENCE_S):
            await asyncio.wait((netcheck, silence), return_when=asyncio.FIRST_COMPLETED)
    except TimeoutError:
        pass
    finally:
        silence.cancel()
        with suppress(asyncio.CancelledError):
            await silence


class _Teller:
    """Tells facts and remembers which are told."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self._told: set[str] = set()
        self._ping: asyncio.Task[None] | None = None
        self._asking: asyncio.Task[None] | None = None
        self._why: tuple[Reason, str] = (Reason.NOT_MEASURED, "")

    def known(self, key: Key[T], value: T, source: str) -> None:
        self._told.add(key.id)
        self.context.known(key, value, source)

    def unknown(self, key: Key[Any], reason: Reason, detail: str) -> None:
        self._told.add(key.id)
        self.context.unknown(key, reason, detail)

    def failed(self, key: Key[Any], error: str) -> None:
        self._told.add(key.id)
        self.context.failed(key, error)

    def told(self, key: Key[Any]) -> bool:
        return key.id in self._told

    def nothing_here(self) -> None:
        """No program: an answer too."""
        self.known(STATE, Backend.NOT_INSTALLED, "no tailscale program on the search path")
        self._why = (Reason.NOT_APPLICABLE, "Tailscale is not installed")
        self.rest()

    def rest(self) -> None:
        """Why what was not told is not known."""
        reason, detail = self._why
        for key in KEYS:
            if key.id not in self._told:
                self.unknown(key, reason, detail)

    async def status(self, program: Program) -> Program | None:
        """Ask for the status and tell it. None: no such program."""
        outcome = await ask(
            self.context.network,
            program,
            ("status", "--json"),
            timeout_s=STATUS_TIMEOUT_S,
            most=status_format.MOST_BYTES,
        )
        if isinstance(outcome, Silent) and outcome.trouble is Trouble.NOT_INSTALLED:
            return None
        self.known(PROGRAM, program.path, "the program that answered")
        match outcome:
            case Silent():
                self._silent(outcome)
            case Said(stdout=stdout):
                try:
                    status = await _read(parse_status, stdout)
                except Unreadable as error:
                    self.failed(STATE, str(error))
                    self._why = (Reason.NO_ANSWER, "tailscale status could not be read")
                else:
                    await self._status(status)
                    self._begin_ping(program, status)
            case _:
                assert_never(outcome)
        return program

    def _silent(self, outcome: Silent) -> None:
        said = outcome.detail.partition("\n")[0]
        match outcome.trouble:
            case Trouble.NO_DAEMON:
                self.known(STATE, Backend.NO_DAEMON, said or STATUS)
                self._why = (Reason.NOT_APPLICABLE, "the Tailscale service does not run")
            case Trouble.NO_RIGHTS:
                self.known(STATE, Backend.NO_RIGHTS, said or STATUS)
                self._why = (Reason.NO_RIGHTS, said)
            case Trouble.HANGS:
                detail = f"no answer within {STATUS_TIMEOUT_S:.0f} s"
                self.unknown(STATE, Reason.TIMED_OUT, detail)
                self._why = (Reason.TIMED_OUT, detail)
            case Trouble.TOO_MUCH:
                self.failed(STATE, "tailscale status printed far more than any status has")
                self._why = (Reason.NO_ANSWER, "tailscale status could not be read")
            case Trouble.REFUSED:
                self.failed(STATE, said or "tailscale status ended with an error")
                self._why = (Reason.NO_ANSWER, said)
            case Trouble.NOT_INSTALLED:
                raise AssertionError("dealt with before")
            case _:
                assert_never(outcome.trouble)

    async def _status(self, status: Status) -> None:
        self.known(STATE, status.state, f"BackendState {status.state_name or 'missing'}")
        if status.version:
            self.known(VERSION, status.version, STATUS)
        if status.userspace is not None:
            self.known(USERSPACE, status.userspace, "TUN in " + STATUS)
        self.known(NAME, status.name, STATUS)
        self.known(ADDRESSES, status.addresses, STATUS)
        self.known(HOME_RELAY, status.home_relay, STATUS)
        self.known(HEALTH, status.health, STATUS)
        self.known(ATTRIBUTES, status.attributes, "Self.CapMap in " + STATUS)
        self.known(EXIT_NODE, status.exit_node, STATUS)
        self.known(PEERS, status.peers, STATUS)
        self.known(UNREAD, status.unread, STATUS)
        asked = self.context.options.peer
        if asked:
            self.known(CHOSEN, choose_peer(status.peers, asked), STATUS)
        else:
            self.unknown(CHOSEN, Reason.NOT_APPLICABLE, "no peer was named")
        await self._endpoints(status)
        self._why = (Reason.NO_ANSWER, "tailscale status does not say")

    def _begin_ping(self, program: Program, status: Status) -> None:
        """Ping the chosen peer: the list of peers is one moment, and every connection begins on a
        relay."""
        choice = self.context.board.report.value(CHOSEN)
        if choice is None or len(choice.found) != 1:
            for key in (PINGS, PEER_TOLD):
                self.unknown(key, Reason.NOT_APPLICABLE, "no peer was named")
            return
        (peer,) = choice.found
        self._asking = self.context.spawn(self._peer_told(program, peer))
        offline = peer.path is PeerPath.OFFLINE
        if status.state is not Backend.RUNNING or offline or not peer.addresses:
            self.unknown(PINGS, Reason.NOT_APPLICABLE, "the peer cannot be pinged now")
            return
        self._ping = self.context.spawn(self._pings(program, peer))

    async def _pings(self, program: Program, peer: Peer) -> None:
        watched = Watched()
        async for each in ping(self.context.network, program, peer.addresses[0]):
            watched.add(each)
            self.context.progress(1, 2, "ping-peer", f"{watched.after_s:.0f} s")
        found = watched.found(peer.name)
        if isinstance(found, PeerPing):
            self.known(PINGS, (found,), PING)
        else:
            self.unknown(PINGS, Reason.NO_ANSWER, found)

    async def _peer_told(self, program: Program, peer: Peer) -> None:
        """What the control server tells of it. It often takes rights that this user lacks."""
        outcome = await ask(
            self.context.network,
            program,
            ("debug", "netmap"),
            timeout_s=STATUS_TIMEOUT_S,
            most=netmap.MOST_BYTES,
        )
        match outcome:
            case Said(stdout=stdout):
                try:
                    told = await _read(lambda text: netmap.parse_peer_told(text, peer), stdout)
                except Unreadable as error:
                    self.unknown(PEER_TOLD, Reason.NO_ANSWER, str(error))
                else:
                    self.known(PEER_TOLD, told, NETMAP)
            case Silent(trouble=Trouble.NO_RIGHTS, detail=detail):
                self.unknown(PEER_TOLD, Reason.NO_RIGHTS, detail.partition("\n")[0])
            case Silent(detail=detail):
                self.unknown(PEER_TOLD, Reason.NO_ANSWER, detail.partition("\n")[0])
            case _:
                assert_never(outcome)

    async def peer(self) -> None:
        """Wait until the chosen peer's path is clear."""
        if self._asking is not None:
            await asyncio.wait((self._asking,))
            if not self.told(PEER_TOLD):
                self.failed(PEER_TOLD, "asking for the peer's endpoints broke off")
        if self._ping is not None:
            await asyncio.wait((self._ping,))
            if not self.told(PINGS):
                self.failed(PINGS, "pinging the peer broke off")

    async def _endpoints(self, status: Status) -> None:
        own = await _own_addresses(self.context)
        port = own_port(status.endpoints, own)
        endpoints = kinds(status.endpoints, own, port)
        self.known(SELF_ENDPOINTS, endpoints, "Self.Addrs in " + STATUS)
        if port is not None:
            self.known(PORT, port, "the daemon's local endpoint in " + STATUS)
        socket = socket_of(endpoints, own, port)
        if socket is not None and status.state is Backend.RUNNING:
            self.known(OWN_SOCKET, socket, "Self.Addrs in " + STATUS)

    async def netcheck(self, program: Program) -> None:
        """Ask for netcheck's report and tell it."""
        outcome = await self._ask_netcheck(program, "netcheck", "--format=json")
        source = NETCHECK_JSON
        if isinstance(outcome, Silent) and outcome.trouble is Trouble.REFUSED:
            # Versions before 1.8 know no --format.
            outcome, source = await self._ask_netcheck(program, "netcheck"), NETCHECK_TEXT
        match outcome:
            case Said(stdout=stdout):
                try:
                    report = _netcheck(stdout)
                except Unreadable as error:
                    self.failed(NETCHECK, str(error))
                else:
                    self.known(NETCHECK, report, source)
            case Silent(trouble=Trouble.NOT_INSTALLED):
                return
            case Silent(trouble=Trouble.HANGS):
                detail = f"no answer within {NETCHECK_TIMEOUT_S:.0f} s"
                self.unknown(NETCHECK, Reason.TIMED_OUT, detail)
            case Silent(trouble=Trouble.NO_RIGHTS, detail=detail):
                self.unknown(NETCHECK, Reason.NO_RIGHTS, detail)
            case Silent(trouble=trouble, detail=detail):
                self.failed(NETCHECK, detail.rpartition("\n")[2] or _NO_NETCHECK[trouble])
            case _:
                assert_never(outcome)

    async def _ask_netcheck(self, program: Program, *arguments: str) -> Said | Silent:
        network = self.context.network
        timeout_s, most = NETCHECK_TIMEOUT_S, MOST_NETCHECK_BYTES
        return await ask(network, program, arguments, timeout_s=timeout_s, most=most)


_NO_NETCHECK = {
    Trouble.NO_DAEMON: "tailscale netcheck could not reach the Tailscale service",
    Trouble.TOO_MUCH: "tailscale netcheck printed far more than any report has",
    Trouble.REFUSED: "tailscale netcheck ended with an error, and did not say which",
}
"""What is told of a failure that has no words of its own."""


def _netcheck(stdout: bytes) -> Netcheck:
    try:
        return parse_netcheck_json(stdout)
    except Unreadable:
        return parse_netcheck_text(stdout.decode("utf-8", "replace"))


async def _read(parse: Callable[[bytes], T], data: bytes) -> T:
    if len(data) < _IN_A_THREAD:
        return parse(data)
    return await asyncio.to_thread(parse, data)


async def _own_addresses(context: Context) -> frozenset[IPAddress]:
    """This device's own addresses, without the tailnet's."""
    faces = await context.board.reading(local.INTERFACES)
    if not isinstance(faces, Known):
        return frozenset()
    return frozenset(
        address.ip
        for face in faces.value
        if face.kind is not InterfaceKind.TAILSCALE
        for address in face.addresses
    )

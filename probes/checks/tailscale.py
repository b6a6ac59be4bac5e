"""The `tailscale` check: what Tailscale on this device says about itself and its peers.

It measures nothing itself; it listens to another witness. `tailscale status` answers within
milliseconds, `tailscale netcheck` takes a quarter of a second at least and six at most, so they run
side by side and each is told the moment it is there.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import assert_never

from probes.checks.context import Context
from probes.checks.tailscale_netcheck import tell_netcheck
from probes.checks.tailscale_peer import ChosenPeer
from probes.checks.tailscale_telling import Teller, read
from probes.model import CheckId, IPAddress, Known, Reason
from probes.network.seam import NetworkError
from probes.readings import local, stun
from probes.readings.local import InterfaceKind
from probes.readings.tailscale import (
    ADDRESSES,
    ATTRIBUTES,
    CHOSEN,
    EXIT_NODE,
    HEALTH,
    HOME_RELAY,
    NAME,
    NETCHECK,
    OWN_SOCKET,
    PEERS,
    PORT,
    PROGRAM,
    SELF_ENDPOINTS,
    STATE,
    UNREAD,
    USERSPACE,
    VERSION,
    Backend,
)
from probes.tailscale import status as status_format
from probes.tailscale.cli import ON_PATH, Program, Said, Silent, Trouble, ask, find_elsewhere
from probes.tailscale.loose import Unreadable
from probes.tailscale.own_endpoints import kinds, own_port, socket_of
from probes.tailscale.status import Status, choose_peer, parse_status

STATUS_TIMEOUT_S = 2.0
NETCHECK_PATIENCE_S = 2.6
"""So long the check waits for netcheck; a later report is told as long as the run lasts."""
STATUS = "tailscale status --json"


class TailscaleCheck:
    """Asks the tailscale program, if there is one."""

    id = CheckId.TAILSCALE

    def __init__(self, *, watches_peer: bool = False) -> None:
        # Both questions one after the other where the program had to be searched for; pinging a
        # peer takes ten seconds and a last answer more.
        self.budget_ms = 20_000.0 if watches_peer else 4500.0

    async def run(self, context: Context) -> None:
        """Tell every key of `probes.readings.tailscale`."""
        teller = Teller(context)
        peer = ChosenPeer(teller)
        status = _StatusTeller(teller, peer)
        context.progress(0, 2, "ask-status")
        # Both at once. Where there is no program on the search path, both say so at once too.
        netcheck = context.spawn(tell_netcheck(teller, ON_PATH))
        program = await status.tell(ON_PATH)
        if program is None:
            netcheck.cancel()
            elsewhere = await _elsewhere(context)
            if elsewhere is None:
                _nothing_here(teller)
                return
            netcheck = context.spawn(tell_netcheck(teller, elsewhere))
            await status.tell(elsewhere)
        context.progress(1, 2, "ask-netcheck")
        await _patiently(context, netcheck)
        await peer.settled()
        if not netcheck.done():
            teller.unknown(NETCHECK, Reason.TIMED_OUT, "netcheck itself waits longer for answers")
        elif not teller.told(NETCHECK):
            teller.failed(NETCHECK, "asking for netcheck broke off")
        teller.rest()
        context.progress(2, 2, "ask-netcheck")


def _nothing_here(teller: Teller) -> None:
    """No program: an answer too."""
    teller.known(STATE, Backend.NOT_INSTALLED, "no tailscale program on the search path")
    teller.why = (Reason.NOT_APPLICABLE, "Tailscale is not installed")
    teller.rest()


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


class _StatusTeller:
    """What `tailscale status` says, told."""

    def __init__(self, teller: Teller, peer: ChosenPeer) -> None:
        self._teller = teller
        self._peer = peer

    async def tell(self, program: Program) -> Program | None:
        """Ask for the status and tell it. None: no such program."""
        outcome = await ask(
            self._teller.context.network,
            program,
            ("status", "--json"),
            timeout_s=STATUS_TIMEOUT_S,
            most=status_format.MOST_BYTES,
        )
        if isinstance(outcome, Silent) and outcome.trouble is Trouble.NOT_INSTALLED:
            return None
        self._teller.known(PROGRAM, program.path, "the program that answered")
        match outcome:
            case Silent():
                self._silent(outcome)
            case Said(stdout=stdout):
                try:
                    status = await read(parse_status, stdout)
                except Unreadable as error:
                    self._teller.failed(STATE, str(error))
                    self._teller.why = (Reason.NO_ANSWER, "tailscale status could not be read")
                else:
                    await self._status(status)
                    self._peer.begin(program, status)
            case _:
                assert_never(outcome)
        return program

    def _silent(self, outcome: Silent) -> None:
        said = outcome.detail.partition("\n")[0]
        match outcome.trouble:
            case Trouble.NO_DAEMON:
                self._teller.known(STATE, Backend.NO_DAEMON, said or STATUS)
                self._teller.why = (Reason.NOT_APPLICABLE, "the Tailscale service does not run")
            case Trouble.NO_RIGHTS:
                self._teller.known(STATE, Backend.NO_RIGHTS, said or STATUS)
                self._teller.why = (Reason.NO_RIGHTS, said)
            case Trouble.HANGS:
                detail = f"no answer within {STATUS_TIMEOUT_S:.0f} s"
                self._teller.unknown(STATE, Reason.TIMED_OUT, detail)
                self._teller.why = (Reason.TIMED_OUT, detail)
            case Trouble.TOO_MUCH:
                self._teller.failed(STATE, "tailscale status printed far more than any status has")
                self._teller.why = (Reason.NO_ANSWER, "tailscale status could not be read")
            case Trouble.REFUSED:
                self._teller.failed(STATE, said or "tailscale status ended with an error")
                self._teller.why = (Reason.NO_ANSWER, said)
            case Trouble.NOT_INSTALLED:
                raise AssertionError("dealt with before")
            case _:
                assert_never(outcome.trouble)

    async def _status(self, status: Status) -> None:
        self._teller.known(STATE, status.state, f"BackendState {status.state_name or 'missing'}")
        if status.version:
            self._teller.known(VERSION, status.version, STATUS)
        if status.userspace is not None:
            self._teller.known(USERSPACE, status.userspace, "TUN in " + STATUS)
        self._teller.known(NAME, status.name, STATUS)
        self._teller.known(ADDRESSES, status.addresses, STATUS)
        self._teller.known(HOME_RELAY, status.home_relay, STATUS)
        self._teller.known(HEALTH, status.health, STATUS)
        self._teller.known(ATTRIBUTES, status.attributes, "Self.CapMap in " + STATUS)
        self._teller.known(EXIT_NODE, status.exit_node, STATUS)
        self._teller.known(PEERS, status.peers, STATUS)
        self._teller.known(UNREAD, status.unread, STATUS)
        asked = self._teller.context.options.peer
        if asked:
            self._teller.known(CHOSEN, choose_peer(status.peers, asked), STATUS)
        else:
            self._teller.unknown(CHOSEN, Reason.NOT_APPLICABLE, "no peer was named")
        await self._endpoints(status)
        self._teller.why = (Reason.NO_ANSWER, "tailscale status does not say")

    async def _endpoints(self, status: Status) -> None:
        own = await _own_addresses(self._teller.context)
        port = own_port(status.endpoints, own)
        endpoints = kinds(status.endpoints, own, port)
        self._teller.known(SELF_ENDPOINTS, endpoints, "Self.Addrs in " + STATUS)
        if port is not None:
            self._teller.known(PORT, port, "the daemon's local endpoint in " + STATUS)
        socket = socket_of(endpoints, own, port)
        if socket is not None and status.state is Backend.RUNNING:
            self._teller.known(OWN_SOCKET, socket, "Self.Addrs in " + STATUS)


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

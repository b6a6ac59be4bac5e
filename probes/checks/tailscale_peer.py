"""The peer that the person named: pinged, and what the control server tells of it."""

from __future__ import annotations

import asyncio
from typing import assert_never

from probes.checks.tailscale_telling import Teller, read
from probes.model import Reason
from probes.readings.tailscale import CHOSEN, PEER_TOLD, PINGS, Backend, Peer, PeerPath, PeerPing
from probes.tailscale import netmap
from probes.tailscale.cli import Program, Said, Silent, Trouble, ask
from probes.tailscale.loose import Unreadable
from probes.tailscale.ping import ping
from probes.tailscale.status import Status
from probes.tailscale.watched import Watched

NETMAP_TIMEOUT_S = 2.0
PING = "tailscale ping"
NETMAP = "tailscale debug netmap"


class ChosenPeer:
    """Asks about the one peer that was named, beside all else that the check does."""

    def __init__(self, teller: Teller) -> None:
        self._teller = teller
        self._ping: asyncio.Task[None] | None = None
        self._asking: asyncio.Task[None] | None = None

    def begin(self, program: Program, status: Status) -> None:
        """Ping the chosen peer: the list of peers is one moment, and every connection begins on a
        relay."""
        choice = self._teller.context.board.report.value(CHOSEN)
        if choice is None or len(choice.found) != 1:
            for key in (PINGS, PEER_TOLD):
                self._teller.unknown(key, Reason.NOT_APPLICABLE, "no peer was named")
            return
        (peer,) = choice.found
        self._asking = self._teller.context.spawn(self._peer_told(program, peer))
        offline = peer.path is PeerPath.OFFLINE
        if status.state is not Backend.RUNNING or offline or not peer.addresses:
            self._teller.unknown(PINGS, Reason.NOT_APPLICABLE, "the peer cannot be pinged now")
            return
        self._ping = self._teller.context.spawn(self._pings(program, peer))

    async def _pings(self, program: Program, peer: Peer) -> None:
        watched = Watched()
        async for each in ping(self._teller.context.network, program, peer.addresses[0]):
            watched.add(each)
            self._teller.context.progress(1, 2, "ping-peer", f"{watched.after_s:.0f} s")
        found = watched.found(peer.name)
        if isinstance(found, PeerPing):
            self._teller.known(PINGS, (found,), PING)
        else:
            self._teller.unknown(PINGS, Reason.NO_ANSWER, found)

    async def _peer_told(self, program: Program, peer: Peer) -> None:
        """What the control server tells of it. It often takes rights that this user lacks."""
        outcome = await ask(
            self._teller.context.network,
            program,
            ("debug", "netmap"),
            timeout_s=NETMAP_TIMEOUT_S,
            most=netmap.MOST_BYTES,
        )
        match outcome:
            case Said(stdout=stdout):
                try:
                    told = await read(lambda text: netmap.parse_peer_told(text, peer), stdout)
                except Unreadable as error:
                    self._teller.unknown(PEER_TOLD, Reason.NO_ANSWER, str(error))
                else:
                    self._teller.known(PEER_TOLD, told, NETMAP)
            case Silent(trouble=Trouble.NO_RIGHTS, detail=detail):
                self._teller.unknown(PEER_TOLD, Reason.NO_RIGHTS, detail.partition("\n")[0])
            case Silent(detail=detail):
                self._teller.unknown(PEER_TOLD, Reason.NO_ANSWER, detail.partition("\n")[0])
            case _:
                assert_never(outcome)

    async def settled(self) -> None:
        """Wait until the chosen peer's path is clear."""
        if self._asking is not None:
            await asyncio.wait((self._asking,))
            if not self._teller.told(PEER_TOLD):
                self._teller.failed(PEER_TOLD, "asking for the peer's endpoints broke off")
        if self._ping is not None:
            await asyncio.wait((self._ping,))
            if not self._teller.told(PINGS):
                self._teller.failed(PINGS, "pinging the peer broke off")

"""The `firewall` check: whether this computer's own firewall lets the VPN's packets pass.

It only reads. Where the rules may not be listed without an administrator's rights, that is the
answer; what an ordinary user may see (which firewall is on, its defaults) is told all the same.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from probes.checks.context import Context
from probes.checks.firewall_linux import linux
from probes.checks.firewall_reading import Outlook, Unseen
from probes.checks.firewall_systems import macos, windows
from probes.model import CheckId, Family, IPAddress, Known, Reason
from probes.options import DEFAULT_PORT
from probes.readings import local, tailscale
from probes.readings.firewall import BY_FAMILY, FOUND, PORT, Judgement
from probes.readings.key import Key
from probes.readings.local import Interface, WayOut


class FirewallCheck:
    """Reads this computer's packet filter rules."""

    id = CheckId.FIREWALL
    budget_ms = 6000.0
    """PowerShell alone takes a second or three to start."""

    async def run(self, context: Context) -> None:
        """Tell every key of `probes.readings.firewall`."""
        context.progress(0, 2, "read-rules")
        view = await context.network.local()
        match view.system:
            case "linux":
                listing = asyncio.create_task(linux(context.network))
            case "win32":
                listing = asyncio.create_task(windows(context.network))
            case "darwin":
                listing = asyncio.create_task(macos(context.network))
            case _:
                self._unseen(context, Unseen(Reason.UNSUPPORTED_SYSTEM, view.system))
                context.unknown(FOUND, Reason.UNSUPPORTED_SYSTEM, view.system)
                return
        try:
            rules = await listing
            context.known(FOUND, rules.found, rules.source)
            context.progress(1, 2, "judge-rules")
            port, why = await _port(context)
            context.known(PORT, port, why)
            faces = await _reading(context, local.INTERFACES) or ()
            for family in Family:
                way = await _reading(context, local.way_out_key(family))
                own, interface = _own(way, faces, family)
                outlook = Outlook(family, port, own, interface)
                self._tell(context, outlook, rules.judge(outlook), rules.source)
        finally:
            listing.cancel()
        context.progress(2, 2, "judge-rules")

    def _tell(
        self,
        context: Context,
        outlook: Outlook,
        judged: tuple[Judgement, Judgement] | Unseen,
        source: str,
    ) -> None:
        if isinstance(judged, Unseen):
            self._unseen(context, judged, (outlook.family,))
            return
        keys = BY_FAMILY[outlook.family]
        for key, judgement in zip((keys.inbound, keys.outbound), judged, strict=True):
            context.known(key, judgement, source)

    def _unseen(
        self, context: Context, unseen: Unseen, families: Sequence[Family] = tuple(Family)
    ) -> None:
        for family in families:
            keys = BY_FAMILY[family]
            context.unknown(keys.inbound, unseen.reason, unseen.detail)
            context.unknown(keys.outbound, unseen.reason, unseen.detail)


async def _port(context: Context) -> tuple[int, str]:
    if context.options.port is not None:
        return context.options.port, "--port"
    port = await _reading(context, tailscale.PORT)
    if port is not None:
        return port, "the daemon's own port"
    return DEFAULT_PORT, "Tailscale's usual port"


async def _reading(context: Context, key: Key[Any]) -> Any:
    reading = await context.board.reading(key)
    return reading.value if isinstance(reading, Known) else None


def _own(
    way: WayOut | None, faces: Sequence[Interface], family: Family
) -> tuple[IPAddress | None, str]:
    """The address that unsolicited packets come to, and the interface by which they come."""
    if way is None:
        return None, ""
    if way.through_tunnel:
        return None, ""
    return way.source, way.interface

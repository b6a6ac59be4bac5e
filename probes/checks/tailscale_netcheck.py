"""What `tailscale netcheck` says, asked for in the form that this version of it knows."""

from __future__ import annotations

from typing import assert_never

from probes.checks.tailscale_telling import Teller
from probes.model import Reason
from probes.readings.netcheck import Netcheck
from probes.readings.tailscale import NETCHECK
from probes.tailscale.cli import Program, Said, Silent, Trouble, ask
from probes.tailscale.loose import Unreadable
from probes.tailscale.netcheck_report import MOST_BYTES, parse_netcheck_json
from probes.tailscale.netcheck_text import parse_netcheck_text

NETCHECK_TIMEOUT_S = 8.0
"""Everything blocked, netcheck takes 6.2 s."""
NETCHECK_JSON = "tailscale netcheck --format=json"
NETCHECK_TEXT = "tailscale netcheck"

_NO_NETCHECK = {
    Trouble.NO_DAEMON: "tailscale netcheck could not reach the Tailscale service",
    Trouble.TOO_MUCH: "tailscale netcheck printed far more than any report has",
    Trouble.REFUSED: "tailscale netcheck ended with an error, and did not say which",
}
"""What is told of a failure that has no words of its own."""


async def tell_netcheck(teller: Teller, program: Program) -> None:
    """Ask for netcheck's report and tell it."""
    outcome = await _ask(teller, program, "netcheck", "--format=json")
    source = NETCHECK_JSON
    if isinstance(outcome, Silent) and outcome.trouble is Trouble.REFUSED:
        # Versions before 1.8 know no --format.
        outcome, source = await _ask(teller, program, "netcheck"), NETCHECK_TEXT
    match outcome:
        case Said(stdout=stdout):
            try:
                report = _parsed(stdout)
            except Unreadable as error:
                teller.failed(NETCHECK, str(error))
            else:
                teller.known(NETCHECK, report, source)
        case Silent(trouble=Trouble.NOT_INSTALLED):
            return
        case Silent(trouble=Trouble.HANGS):
            detail = f"no answer within {NETCHECK_TIMEOUT_S:.0f} s"
            teller.unknown(NETCHECK, Reason.TIMED_OUT, detail)
        case Silent(trouble=Trouble.NO_RIGHTS, detail=detail):
            teller.unknown(NETCHECK, Reason.NO_RIGHTS, detail)
        case Silent(trouble=trouble, detail=detail):
            teller.failed(NETCHECK, detail.rpartition("\n")[2] or _NO_NETCHECK[trouble])
        case _:
            assert_never(outcome)


async def _ask(teller: Teller, program: Program, *arguments: str) -> Said | Silent:
    network = teller.context.network
    timeout_s, most = NETCHECK_TIMEOUT_S, MOST_BYTES
    return await ask(network, program, arguments, timeout_s=timeout_s, most=most)


def _parsed(stdout: bytes) -> Netcheck:
    try:
        return parse_netcheck_json(stdout)
    except Unreadable:
        return parse_netcheck_text(stdout.decode("utf-8", "replace"))

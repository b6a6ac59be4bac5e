"""Asking the `tailscale` program: where it is on each system, and what can come of a question.

Every question ends in an answer or in a named trouble. The program is never given a shell, nor any
argument that a network or a person chose in a place where an option could stand.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from enum import StrEnum
from typing import TypeAlias

from probes.clean import clean
from probes.network.seam import Network, NetworkError, NotPermitted, ProcessResult
from probes.values import dataclass


@dataclass(frozen=True, slots=True)
class Program:
    """How the program is started."""

    argv: tuple[str, ...]

    @property
    def path(self) -> str:
        """The program itself."""
        return self.argv[-1]


ON_PATH = Program(("tailscale",))
"""The usual one: on the search path."""
# The macOS app's binary is its command line too, but only if told so: without a terminal's
# variables it starts the window.
_IN_MAC_APP = Program(
    (
        "/usr/bin/env",
        "TAILSCALE_BE_CLI=1",
        "/Applications/Tailscale.app/Contents/MacOS/Tailscale",
    )
)
PLACES: dict[str, tuple[Program, ...]] = {
    "darwin": (_IN_MAC_APP,),
    "win32": (
        Program((r"C:\Program Files\Tailscale\tailscale.exe",)),
        Program((r"C:\Program Files (x86)\Tailscale IPN\tailscale.exe",)),
    ),
    "linux": (
        Program(("/var/packages/Tailscale/target/bin/tailscale",)),  # Synology
        Program(("/snap/bin/tailscale",)),
    ),
}
"""Where the program lies on each system if the search path does not know it."""

_NO_SUCH_PROGRAM = 127
"""How env says that there is none."""


class Trouble(StrEnum):
    """Why there is no answer."""

    NOT_INSTALLED = "not-installed"
    NO_DAEMON = "no-daemon"
    """The program cannot reach the service behind it."""
    NO_RIGHTS = "no-rights"
    HANGS = "hangs"
    """No answer within the time given to it."""
    TOO_MUCH = "too-much"
    """More output than any answer has."""
    REFUSED = "refused"
    """It ended with an error of another kind."""


@dataclass(frozen=True, slots=True)
class Said:
    """It answered."""

    stdout: bytes
    complaint: str
    """What it wrote on stderr, each line cleaned."""
    status: int


@dataclass(frozen=True, slots=True)
class Silent:
    """It did not."""

    trouble: Trouble
    detail: str
    """Its own words, cleaned; "" where it had none."""


Outcome: TypeAlias = Said | Silent

_NO_RIGHTS = re.compile(r"access denied|permission denied|not permitted|access is denied", re.I)
_NO_DAEMON = re.compile(
    r"failed to connect to local tailscale|doesn't appear to be running|is tailscale running"
    r"|not running\?|tailscaled\.sock: connect|tailscale gui failed to start"
    r"|cannot find the file specified",
    re.I,
)


async def find(network: Network) -> Program | None:
    """The program, or None. Asks it for its version, which needs no service.

    Raises NetworkError where the system cannot say of which kind it is.
    """
    return ON_PATH if await _is_there(network, ON_PATH) else await find_elsewhere(network)


async def find_elsewhere(network: Network) -> Program | None:
    """The program where the search path does not know it. Raises NetworkError as `find`."""
    for place in PLACES.get((await network.local()).system, ()):
        if await _is_there(network, place):
            return place
    return None


_VERSION_TIMEOUT_S = 1.5


async def _is_there(network: Network, program: Program) -> bool:
    outcome = await ask(network, program, ("version",), timeout_s=_VERSION_TIMEOUT_S, most=10_000)
    return not (isinstance(outcome, Silent) and outcome.trouble is Trouble.NOT_INSTALLED)


async def ask(
    network: Network,
    program: Program,
    arguments: Sequence[str],
    *,
    timeout_s: float,
    most: int,
) -> Outcome:
    """Run the program with these arguments. Never raises NetworkError: that is a trouble too.

    An error status beside output is an answer: `tailscale status` ends so when it is stopped.
    """
    try:
        result = await network.run((*program.argv, *arguments), timeout_s=timeout_s, most=most)
    except NotPermitted as error:
        return Silent(Trouble.NO_RIGHTS, clean(str(error)))
    except NetworkError as error:
        return Silent(Trouble.REFUSED, clean(str(error)))
    return outcome_of(result)


def outcome_of(result: ProcessResult) -> Outcome:
    """What a finished run means."""
    if not result.found or result.status == _NO_SUCH_PROGRAM:
        return Silent(Trouble.NOT_INSTALLED, "")
    complaint = _lines(result.stderr)
    if result.truncated:
        return Silent(Trouble.TOO_MUCH, "")
    if result.timed_out or result.status is None:
        return Silent(Trouble.HANGS, complaint)
    if result.status != 0 and not result.stdout.strip():
        return Silent(_trouble(complaint), complaint)
    return Said(result.stdout, complaint, result.status)


def _trouble(complaint: str) -> Trouble:
    # The rights first: "failed to connect: permission denied" is a service that does run.
    if _NO_RIGHTS.search(complaint):
        return Trouble.NO_RIGHTS
    if _NO_DAEMON.search(complaint):
        return Trouble.NO_DAEMON
    return Trouble.REFUSED


_MOST_COMPLAINT_LINES = 20


def _lines(stderr: bytes) -> str:
    text = stderr[:8_000].decode("utf-8", "replace")
    lines = [clean(line.strip()) for line in text.splitlines() if line.strip()]
    return "\n".join(lines[:_MOST_COMPLAINT_LINES])

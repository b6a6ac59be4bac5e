"""What can be measured: the network that this device is on, and the practice networks."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Protocol

from probes.values import dataclass
from tui.sources import Live, Source

if TYPE_CHECKING:
    from probes.diagnosis.remedies import RemedyId
    from probes.network.seam import Network

PRACTICE = "practice: "
"""Before a practice network's name, in titles."""


@dataclass(frozen=True, slots=True)
class Practice:
    """A network in memory to practise on."""

    name: str
    description: str


class Networks(Protocol):
    """What the person can choose from."""

    def this(self) -> Source:
        """The network that this device is on."""

    def practice(self) -> tuple[Practice, ...]:
        """The practice networks, in the order in which they are listed."""

    def open(self, name: str) -> Source:
        """A practice network by its name."""


class Everything:
    """This computer's network, and every practice network of the program."""

    def this(self) -> Source:
        """Measured through the system's own sockets."""
        return Live("this network", _real)

    def practice(self) -> tuple[Practice, ...]:
        """Read from the scenario files."""
        from probes.network.simulated import describe, names

        return tuple(Practice(name, describe(name)) for name in names())

    def open(self, name: str) -> Source:
        """In real time: a person watches."""
        return _opened(name, ())


# Either side of the seam is imported when it is measured: a screen can be up before that.


def _real() -> Network:
    from probes.network.real import RealNetwork

    return RealNetwork()


def _opened(name: str, done: tuple[RemedyId, ...]) -> Source:
    """A practice network after remedies. Tailscale finds new paths while it is watched."""
    just_now = partial(_practice, name, done, just_now=bool(done))
    changed = partial(_after, name, done)
    return Live(f"{PRACTICE}{name}", partial(_practice, name, done), changed, just_now)


def _practice(name: str, done: tuple[RemedyId, ...], *, just_now: bool = False) -> Network:
    from probes.network.simulated import load

    return load(name, done=done, just_now=just_now)


def _after(name: str, done: tuple[RemedyId, ...], remedy: RemedyId) -> Source | None:
    from probes.network.simulated import ScenarioError, load

    try:
        load(name, done=(*done, remedy))
    except ScenarioError:
        return None
    return _opened(name, (*done, remedy))

"""What can be measured: the network that this device is on, and the practice networks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from probes.values import dataclass
from tui.practising import PRACTICE, Practised
from tui.sources import Live, Source

if TYPE_CHECKING:
    from probes.network.seam import Network

__all__ = ["PRACTICE", "Everything", "Networks", "Practice"]


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
        """With its own clock: what it shows does not hang on how busy the program is."""
        return Practised(name)


# The real side of the seam is imported when it is measured: a screen can be up before that.


def _real() -> Network:
    from probes.network.real import RealNetwork

    return RealNetwork()

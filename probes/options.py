"""What the person asked of a run. Made by the command line or the app; checks only read it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import field

from probes.model import CheckId, IPAddress
from probes.values import dataclass

DEFAULT_PORT = 41641
"""tailscaled's usual UDP port: its packages set it (the bare program's default is random)."""


OPT_IN = frozenset({CheckId.LIFETIME, CheckId.HAIRPIN})
"""Checks that run only when asked for (--with): long, or not welcome everywhere."""


def _no_cache(_text: str) -> None:
    return None


@dataclass(frozen=True, slots=True)
class HostPort:
    """A server as the person named it: not resolved yet."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class MapCache:
    """Where the last good relay map is kept, as functions: `probes` chooses no directory."""

    load: Callable[[], str | None] = lambda: None
    """The text of the copy, or None."""
    store: Callable[[str], None] = _no_cache
    """Keep a good copy. Never raises: a full disk does not stop a measurement."""


@dataclass(frozen=True, slots=True)
class Journal:
    """Where test mappings are written down before they are made, as functions.

    The default keeps nothing, and then no mapping is made.
    """

    load: Callable[[], tuple[str, ...]] = tuple
    """The texts that are kept."""
    write: Callable[[str, str], bool] = lambda _id, _text: False
    """Keep a text under an id. False: it could not be kept."""
    erase: Callable[[str], None] = _no_cache
    """Forget what is kept under an id. Never raises."""
    file: Callable[[str], str] = lambda _id: ""
    """The file that holds it, for whoever erases it after this program has ended; "": none."""

    @classmethod
    def in_memory(cls) -> Journal:
        """One that is gone with its run: for a router that is, too."""
        kept: dict[str, str] = {}

        def write(name: str, text: str) -> bool:
            kept[name] = text
            return True

        def erase(name: str) -> None:
            kept.pop(name, None)

        return cls(lambda: tuple(kept.values()), write, erase)


@dataclass(frozen=True, slots=True)
class Options:
    """What the person asked of a run."""

    derp_map: str = ""
    """A file or an http(s) URL with a DERP map; "" tries the usual sources."""
    derp_map_text: str = ""
    """The text of that file, read and found good by the caller."""
    stun: tuple[HostPort, ...] = ()
    behavior_servers: tuple[HostPort, ...] = ()
    gateway: IPAddress | None = None
    peer: str = ""
    port: int | None = None
    """The VPN's port; None: the daemon's, else `DEFAULT_PORT`."""
    only: frozenset[CheckId] = frozenset()
    """Run these alone; empty: all but the opt-ins."""
    skip: frozenset[CheckId] = frozenset()
    opt_in: frozenset[CheckId] = frozenset()
    """--with: long or delicate checks that the person wants."""
    map_test: bool = False
    """Consent to a short-lived test mapping on the router."""
    cloud_metadata: bool = False
    """Consent to asking a cloud's metadata service about this machine (--with cloud-metadata)."""
    timeout_s: float | None = None
    """The whole run is closed by then."""
    salt: bytes = b""
    """Kept on this computer: makes network ids useless elsewhere."""
    cache: MapCache = field(default_factory=MapCache)
    journal: Journal = field(default_factory=Journal)

"""The devices of a tailnet, as rows of a list that may be very long."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from textual.content import Content

from tui.state import Measurement
from tui.widgets.rows import Row
from tui.widgets.text import fit, say

if TYPE_CHECKING:
    from probes.readings.tailscale import Peer

# What shows devices needs the readings, which are imported with the first of them: the first
# picture need not wait for it.

TAILNET = "tailnet"
"""Why no devices can be shown."""
PEER = "peer:"
"""Before a device's place in Tailscale's own list."""
HERE = "this network"
"""The title of the runs of this device's network."""


class Devices:
    """The devices of the tailnet that is looked at, in the order in which they are shown.

    There may be ten thousand of them, so what is made of each is made once.
    """

    def __init__(self, lay: Callable[[Peer, int], Content]) -> None:
        self.trouble = ""
        """Why there are none: an id of `content.tailnet`."""
        self.title = ""
        """Whose they are: the title of the run that told of them."""
        self._lay = lay
        self._peers: tuple[Peer, ...] = ()
        self._order: list[tuple[int, Peer]] = []
        self._rows: list[Row] = []
        self._texts: list[str] = []
        self._found: tuple[str, Sequence[int]] = ("", ())

    def told(
        self, measurement: Measurement, now: Callable[[Measurement], tuple[Peer, ...]]
    ) -> bool:
        """Take what a run says of them, with their paths of `now`. True: that is another list than
        before."""
        peers: tuple[Peer, ...] = ()
        trouble = ""
        if measurement.begun is not None:
            from tui.peers import trouble as why

            peers, trouble = now(measurement), why(measurement.begun)
        same = peers is self._peers and (trouble, measurement.title) == (self.trouble, self.title)
        self.trouble, self.title = trouble, measurement.title
        if peers is not self._peers:
            from tui.peers import ordered

            self._peers, self._order = peers, ordered(peers)
            lay = self._lay
            self._rows = [Row(f"{PEER}{place}", partial(lay, peer)) for place, peer in self._order]
            self._texts, self._found = [], ("", ())
        return not same

    def index(self) -> None:
        """Make the texts that are searched, once."""
        if not self._texts:
            from tui.peers import searched

            self._texts = [searched(peer) for _, peer in self._order]

    def place(self, row: str) -> int:
        """A device's place in Tailscale's own list."""
        return int(row.removeprefix(PEER))

    def at(self, row: str) -> Peer:
        """The device of a row."""
        return self._peers[self.place(row)]

    def first_relayed(self) -> str:
        """The row of the first device that is relayed; "" where none is."""
        from probes.readings.tailscale import PeerPath

        relayed = (
            row.id
            for (_, peer), row in zip(self._order, self._rows, strict=True)
            if peer.path is PeerPath.DERP
        )
        return next(relayed, "")

    def row_of(self, peer: Peer) -> str:
        """The row of a device."""
        found = (place for place, each in enumerate(self._peers) if each.key == peer.key)
        return f"{PEER}{next(found, '')}"

    def rows(self, typed: str, lay_trouble: Callable[[str, int], Content]) -> list[Row]:
        """Its part of the list, with a heading; only what holds all the words that are typed."""
        words = typed.casefold().split()
        if self.trouble:
            shown = all(word in "your devices tailscale" for word in words)
            return [Row(TAILNET, partial(lay_trouble, self.trouble))] if shown else []
        rows = self._narrowed(" ".join(words)) if words else self._rows
        return [self._head(), *rows] if rows else []

    def _narrowed(self, typed: str) -> list[Row]:
        """Who types on narrows down what was found so far."""
        self.index()
        before, found = self._found
        if not before or not typed.startswith(before):
            found = range(len(self._rows))
        texts, rows = self._texts, self._rows
        for word in typed.split():
            found = [place for place in found if word in texts[place]]
        self._found = (typed, found)
        return [rows[place] for place in found]

    def _head(self) -> Row:
        from tui.peers import count_words

        where = "your tailnet" if self.title == HERE else self.title
        words = f"Devices of {where}: {count_words(self._peers)}"
        return Row("", lambda width: fit(say(words, "$quiet bold"), width))

"""Two ends find each other in a folder that both can see: sshfs, Syncthing, a stick carried over.

Each end keeps one small file there, replaced as a whole, which lists whose files it sees. A file
that somebody left behind sees nobody, so it is never taken for the other end.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import field, replace
from pathlib import Path

from probes.network.real.bridge import call
from probes.punch.offer import MOST_BYTES, BadOffer, Note, Offer, decode_note, encode_note
from probes.values import dataclass
from tui.exits import Complaint
from tui.storage import read

POLL_S = 0.2
MOST_FILES = 64
_PREFIX, _SUFFIX = "whyrelay-meet-", ".json"


@dataclass(slots=True)
class Folder:
    """The folder, and what this end has put into it."""

    path: Path
    _note: Note | None = None
    _written: Note | None = None
    _peer: bytes = b""
    _made: set[Path] = field(default_factory=set)

    def look(self) -> None:
        """Whether it can be used at all. Raises Complaint."""
        if not self.path.is_dir():
            what = "not a folder" if self.path.exists() else "not there"
            raise Complaint(f"{str(self.path)!r} is {what}; --via wants a folder both devices see.")

    async def find(self, own: Offer) -> Offer:
        """Show the own offer, and wait for an end that has seen it. Raises Complaint."""
        self._note = Note(own)
        while True:
            others = await call(self._others, name="folder")
            live = [note for note in others.values() if own.nonce in note.seen]
            if len(live) > 1:
                raise Complaint(
                    "More than two devices are meeting in this folder. Give each pair its own."
                )
            meets = live[0].offer.nonce if live else None
            self._note = replace(self._note, seen=frozenset(others), meets=meets)
            if self._note != self._written:
                await call(self._write, name="folder")
            if live:
                self._peer = live[0].offer.nonce
                return live[0].offer
            await asyncio.sleep(POLL_S)

    async def peer_began(self) -> None:
        """Returns once the other end says so, or has gone again."""
        assert self._note is not None
        while True:
            try:
                peer = (await call(self._others, name="folder")).get(self._peer)
            except Complaint:
                # The folder has done its part: the packets do not need it.
                await asyncio.Event().wait()
            else:
                if peer is None or peer.meets == self._note.offer.nonce:
                    return
            await asyncio.sleep(POLL_S)

    async def leave(self) -> None:
        """Remove this end's file."""
        self._note = None
        for path in tuple(self._made):
            with suppress(OSError):
                path.unlink(missing_ok=True)

    def _others(self) -> Mapping[bytes, Note]:
        """The other ends' files by their nonces; what cannot be read is none (yet)."""
        try:
            names = sorted(entry.name for entry in self.path.iterdir())
        except OSError as error:
            raise self._gone(error) from None
        own = self._note.offer.nonce if self._note is not None else b""
        found: dict[bytes, Note] = {}
        ours = [each for each in names if each.startswith(_PREFIX) and each.endswith(_SUFFIX)]
        for name in ours[:MOST_FILES]:
            data = read(self.path / name, MOST_BYTES)
            if data is None:
                continue
            with suppress(BadOffer):
                note = decode_note(data.decode("utf-8", "replace"))
                if note.offer.nonce != own:
                    found[note.offer.nonce] = note
        return found

    def _write(self) -> None:
        """Replace this end's file as a whole. Raises Complaint."""
        note = self._note
        if note is None:
            return
        file = self.path / f"{_PREFIX}{note.offer.nonce.hex()[:12]}{_SUFFIX}"
        spare = self.path / f".{file.name}.tmp"
        self._made |= {file, spare}
        try:
            # The other end may be another person's program on this very computer.
            with open(spare, "w", encoding="utf-8", newline="\n") as text:
                text.write(encode_note(note) + "\n")
            os.replace(spare, file)
        except OSError as error:
            if self._written is not None and self.path.is_dir():
                return  # a file that is being copied cannot be replaced now; the next look tries
            raise self._gone(error) from None
        if self._note is None:  # left meanwhile
            with suppress(OSError):
                file.unlink()
            return
        self._written = note

    def _gone(self, error: OSError) -> Complaint:
        why = error.strerror or str(error)
        if self._written is not None:
            return Complaint(f"The folder {str(self.path)!r} is gone: {why}.")
        return Complaint(f"The folder {str(self.path)!r} cannot be used: {why}.")

"""Two ends find each other by text: the offer goes to standard output, the other's is read from
standard input. Somebody pastes them, or a pipe (ssh) joins the two programs.
"""

from __future__ import annotations

import asyncio
import sys
import threading
from contextlib import suppress
from dataclasses import field
from textwrap import wrap
from typing import BinaryIO

from probes.punch.offer import MOST_BYTES, BadOffer, Note, Offer, decode_note, encode_note
from probes.values import dataclass
from tui.exits import Complaint
from tui.output import NobodyReads, say, write_out

_OPEN, _CLOSE = "{", "}"
_COLUMNS = 78


@dataclass(slots=True)
class Pipe:
    """The two streams."""

    _own: Offer | None = None
    _offer: asyncio.Future[Offer] | None = None
    _began: asyncio.Event = field(default_factory=asyncio.Event)

    async def find(self, own: Offer) -> Offer:
        """Write the own offer, and read the other's. Raises Complaint."""
        if sys.stdin is None:
            raise Complaint("There is no standard input to read the other end's offer from.")
        loop = asyncio.get_running_loop()
        self._own, self._offer = own, loop.create_future()
        text = encode_note(Note(own))
        if sys.stdout.isatty():
            # A terminal takes no endless line when it is pasted (1024 bytes on macOS).
            text = "\n".join(wrap(text, _COLUMNS, break_long_words=False, break_on_hyphens=False))
        write_out(text + "\n")
        if sys.stdin.isatty():
            say(
                "Give all from { to } to the other device, paste what it shows here, and press "
                "Enter."
            )
        # A thread of its own: whoever leaves does not wait for a line that never comes.
        reading = threading.Thread(
            target=self._read, args=(loop, sys.stdin.buffer), name="whyrelay offer", daemon=True
        )
        reading.start()
        offer = await self._offer
        if not sys.stdout.isatty():
            with suppress(NobodyReads):  # it may have taken the offer alone
                write_out(encode_note(Note(own, frozenset((offer.nonce,)), offer.nonce)) + "\n")
        return offer

    async def peer_began(self) -> None:
        """Returns once the other end has said so over a pipe. A person who pastes never does."""
        await self._began.wait()

    async def leave(self) -> None:
        """Nothing is left anywhere."""

    # --- in the thread ------------------------------------------------------------------------

    def _read(self, loop: asyncio.AbstractEventLoop, stream: BinaryIO) -> None:
        text = ""
        try:
            while line := stream.readline(MOST_BYTES):
                text = (text + line.decode("utf-8", "replace"))[-2 * MOST_BYTES :]
                # Lines may be broken anywhere; braces hold an offer together.
                while _CLOSE in text:
                    whole, _, text = text.partition(_CLOSE)
                    if _OPEN in whole:
                        whole = whole[whole.rindex(_OPEN) :] + _CLOSE
                        loop.call_soon_threadsafe(self._take, whole)
            loop.call_soon_threadsafe(self._ended)
        except RuntimeError:
            return  # the loop is closed: nobody waits any more
        except (OSError, ValueError):
            with suppress(RuntimeError):
                loop.call_soon_threadsafe(self._ended)

    # --- in the loop --------------------------------------------------------------------------

    def _take(self, text: str) -> None:
        assert self._own is not None
        assert self._offer is not None
        try:
            note = decode_note(text)
        except BadOffer as error:
            self._refuse(str(error))
            return
        if note.offer.nonce == self._own.nonce:
            self._refuse("That is this end's own offer; the other end's is wanted.")
        elif not self._offer.done():
            self._offer.set_result(note.offer)
        elif note.meets == self._own.nonce:
            self._began.set()

    def _refuse(self, why: str) -> None:
        assert self._offer is not None
        if self._offer.done():
            return  # what follows an offer may be anything
        if sys.stdin.isatty():
            say(f"{why} Paste it again.")
        else:
            self._offer.set_exception(Complaint(why))

    def _ended(self) -> None:
        assert self._offer is not None
        if not self._offer.done():
            why = "Standard input ended without the other end's offer."
            self._offer.set_exception(Complaint(why))

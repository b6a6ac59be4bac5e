"""Runs one source at a time, and shows what is known of it: at once, but no burst twice."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from textual.timer import Timer
from textual.worker import Worker, WorkerState

from probes.clean import clean
from tui.sources import Followable, Opened, Source, closing
from tui.state import Measurement, OtherSide

if TYPE_CHECKING:
    from probes.events import Event
    from probes.model import CheckId
    from probes.report import Report
    from tui.app import WhyrelayApp
    from tui.masking import Masker
    from tui.proving.proof import Proof

_SHORTEST_WAIT_S = 0.05
"""Between two looks at a run: what comes faster is shown together."""
_BREATH_S = 0.001
"""One answer often tells several facts: the first of them alone is not worth a picture."""
_CUT_SHORT = "The recording ends before its run did."


class Conductor:
    """What is measured, what is known of it, and of what was measured before.

    The run is a worker of the app: it goes on whichever screen is seen, and ends with the app.
    """

    def __init__(
        self, app: WhyrelayApp, source: Source | None, masker: Masker | None = None
    ) -> None:
        self.source = source
        self._app = app
        self._latest = Measurement()
        self._held: dict[str, Measurement] = {}
        self.opened: dict[str, Opened] = {}
        """What was measured elsewhere and read since the start, by title."""
        self.proofs: dict[str, Proof] = {}
        """What a source was like before something was changed, by title."""
        self._events: dict[str, list[Event]] = {}
        self._peers: dict[str, str] = {}
        self._others: dict[str, OtherSide] = {}
        self._pinged: set[tuple[str, str]] = set()
        self._worker: Worker[None] | None = None
        self._masker = masker
        self._waiting: Timer | None = None
        self._looked_at = float("-inf")

    def announce(self, source: Source) -> None:
        """Show what is going to be measured, before it is."""
        self.source = source
        if isinstance(source, Opened):
            self.opened[source.title] = source
        if (peer := self._app.settings.options.peer) and not self._peers:
            self._peers[source.title] = peer  # named on the command line
        self._show(self._of(source.title, None))

    def begin(self) -> None:
        """Measure what was announced, unless something is measured already."""
        if self._worker is None and self.source is not None:
            self._run(self.source)

    def measure(self, source: Source, proof: Proof | None = None) -> None:
        """Measure a source, in place of whatever is measured now. `proof`: what it is held against
        where it was measured before."""
        if proof is not None:
            self.proofs[source.title] = proof
        self.announce(source)
        self._run(source)

    def prove(self, source: Source, proof: Proof) -> None:
        """Test again what a change touches, and keep the rest of what is known."""
        known = self._latest if self._latest.title == source.title else None
        held = known if known is not None and known.closed else self._held.get(source.title)
        self.source, self.proofs[source.title] = source, proof
        self._run(source, held.begun if held is not None and proof.only else None, proof.only)

    def look(self, source: Source, peer: str = "") -> None:
        """Show what is known of a source, with a peer's eyes; measure it if nothing is."""
        self._peers[source.title] = peer
        if self._latest.title == source.title and not self._latest.fault:
            self._show(self._again(self._latest))  # it is under way, or done
            self._watch(source)
            return
        if (held := self._held.get(source.title)) is None:
            self.measure(source)
            return
        self.source = source
        self._app.workers.cancel_group(self._app, "run")
        self._show(self._again(held))
        self._watch(source)

    def _watch(self, source: Source) -> None:
        """Ping the peer that was chosen since: only that tells a path that stays relayed from one
        that merely begins so. All else is kept.
        """
        from probes.model import CheckId

        known, options = self._latest, self._app.settings.options
        peer, asked = known.chosen, CheckId.TAILSCALE
        left_out = asked in options.skip or (options.only and asked not in options.only)
        if not isinstance(source, Followable) or peer is None or not known.closed or left_out:
            return
        if known.title != source.title or known.fault or (known.title, known.peer) in self._pinged:
            return
        self._pinged.add((known.title, known.peer))
        from probes.readings.tailscale import CHOSEN, PeerPath
        from probes.renewal import ALWAYS

        choice = known.report.value(CHOSEN)
        pinged = choice is not None and peer in choice.found  # the run itself was for this peer
        if peer.path not in (PeerPath.DIRECT, PeerPath.OFFLINE) and not pinged:
            self._run(source, known.begun, ALWAYS)

    def raw(self, title: str) -> Report:
        """What is known of a source, as it was measured: never masked."""
        return self.real(title).report

    def real(self, title: str) -> Measurement:
        """What is known of a source and what follows, never masked; nothing at first."""
        return self._latest if self._latest.title == title else self._held.get(title, Measurement())

    def peer_key(self, title: str, place: int) -> str:
        """What names a device of a tailnet, by its place in the list that a source's run holds.

        The screens may hold it under a mask.
        """
        from probes.readings.tailscale import PEERS

        return (self.raw(title).value(PEERS) or ())[place].key

    def pair_with(self, other: OtherSide | None) -> None:
        """What was measured at the other end of what is shown; None forgets it."""
        if other is None:
            self._others.pop(self._latest.title, None)
        else:
            self._others[self._latest.title] = other
        self._show(self._again(self._latest))

    def events(self, title: str) -> Sequence[Event]:
        """What the latest run of a source has told so far, as it was told: not masked."""
        return self._events.get(title, ())

    def masker(self) -> Masker | None:
        """What hides addresses and names, where the person wants that."""
        if not self._app.privacy:
            return None
        if self._masker is None:
            from tui.masking import Masker

            self._masker = Masker()
        return self._masker

    def held(self, title: str) -> Measurement | None:
        """What is known of a source by now, if it was measured since the start."""
        found = self._latest if self._latest.title == title else self._held.get(title)
        return None if found is None else self._to_show(found)

    @property
    def latest(self) -> Measurement:
        """What is known of the source that is looked at, as it was measured: never masked."""
        return self._latest

    def show_again(self) -> None:
        """What is known is to be shown in another way."""
        self._show(self._latest)

    def told(self, event: Worker.StateChanged) -> None:
        """A source that breaks is told on the screen; what was known stays.

        Raises what it broke of where the whole story is wanted (WHYRELAY_DEBUG).
        """
        if event.worker is not self._worker or event.state is not WorkerState.ERROR:
            return
        error = event.worker.error
        if os.environ.get("WHYRELAY_DEBUG") == "1" and error is not None:
            raise error
        words = clean(str(error))
        fault = f"{type(error).__name__}: {words}" if words else type(error).__name__
        self._break_off(fault)

    def _run(
        self,
        source: Source,
        before: Report | None = None,
        only: frozenset[CheckId] = frozenset(),
    ) -> None:
        self._worker = self._app.run_worker(
            self._play(source, before, only),
            group="run",
            description=f"Measuring {source.title}",
            exclusive=True,
            exit_on_error=False,
        )

    async def _play(
        self,
        source: Source,
        before: Report | None = None,
        only: frozenset[CheckId] = frozenset(),
    ) -> None:
        from probes.events import Observed
        from probes.readings.tailscale import PEERS
        from probes.renewal import renewed, same_network
        from probes.report import Report, reduce

        report, told = Report(), self._events.setdefault(source.title, [])
        told.clear()
        options = replace(self._app.settings.options, peer=self._peers.get(source.title, ""))
        if before is not None:
            options = replace(options, only=only)
        async with closing(source.run(options)) as events:
            async for event in events:
                told.append(event)
                report = reduce(report, event)
                shown = report if before is None else renewed(before, report)
                if isinstance(event, Observed) and event.key == PEERS.id:
                    self._app.paths_measured(source.title)
                self._offer(self._of(source.title, shown))
        if before is not None and report.closed and not same_network(before, report):
            # What is kept would be of another network.
            proof = self.proofs.get(source.title)
            if proof is not None:
                self.proofs[source.title] = replace(proof, only=frozenset())
            await self._play(source)
        elif not report.closed:
            self._break_off(_CUT_SHORT)
        else:
            self._app.tested()
            if source.title in self.proofs:
                # Tailscale finds the paths that come of a change a moment after the change.
                self._app.following.look_after(source, self._app.settings.options)
            self._app.call_later(self._watch, source)  # a peer may have been chosen meanwhile

    def _break_off(self, why: str) -> None:
        """Nothing more is to be expected: what was under way was stopped."""
        from probes.report import broken_off

        begun = self._latest.begun
        if begun is not None and not begun.closed:
            begun = broken_off(begun)
        self._show(self._of(self._latest.title, begun, why))

    def _of(self, title: str, begun: Report | None, fault: str = "") -> Measurement:
        return Measurement(title, begun, fault, self._peers.get(title, ""), self._others.get(title))

    def _again(self, known: Measurement) -> Measurement:
        """The same, seen with the peer that is chosen by now."""
        now = self._of(known.title, known.begun, known.fault)
        same = (now.peer, now.other) == (known.peer, known.other)
        return known if same else now

    def _offer(self, measurement: Measurement) -> None:
        """Show it together with what comes in the same breath, or within the next moment."""
        self._latest = measurement
        if measurement.closed:
            self._show(measurement)
        elif self._waiting is None:
            wait = self._looked_at + _SHORTEST_WAIT_S - asyncio.get_running_loop().time()
            self._waiting = self._app.set_timer(max(wait, _BREATH_S), self.show_again)

    def _show(self, measurement: Measurement) -> None:
        if self._waiting is not None:
            self._waiting.stop()
            self._waiting = None
        self._looked_at = asyncio.get_running_loop().time()
        self._latest = measurement
        if measurement.closed and not measurement.fault:
            self._held[measurement.title] = measurement
        self._app.measurement = self._to_show(measurement)

    def _to_show(self, measurement: Measurement) -> Measurement:
        masker = self.masker()
        if masker is None:
            return measurement
        begun, other, peer = measurement.begun, measurement.other, measurement.peer
        if begun is not None:
            begun = masker.report(begun)
        if other is not None:
            other = OtherSide(masker.text(other.name), masker.report(other.report))
        if peer:
            peer = masker.addresses.mask(peer) or masker.device(peer)
        return Measurement(measurement.title, begun, masker.text(measurement.fault), peer, other)

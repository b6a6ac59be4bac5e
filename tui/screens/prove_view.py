"""What Prove shows: what is different now, the peers, and one of them explained."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.content import Content
from textual.timer import Timer
from textual.widget import Widget

from probes.diagnosis.plan import plan_of
from probes.diagnosis.remedies import RemedyId
from probes.readings.tailscale import PEERS, Peer
from tui import content
from tui.commands import PING, PRETEND, RETEST
from tui.commands import WATCH as WATCHING
from tui.content import Tone
from tui.fixing.tried import books_for, closed
from tui.networks import PRACTICE
from tui.peers import ordered, path_words, tone_of
from tui.proving.compare import CauseFate, Comparison, Outcome
from tui.proving.fates import fate_short, fate_words
from tui.proving.lines import Line
from tui.proving.next_move import next_move
from tui.proving.proof import Proof
from tui.proving.telling import (
    cause_title,
    direct_all_the_same,
    done_words,
    outcome_label,
    untested,
)
from tui.proving.testing import compared, followed, pretences
from tui.screens import prove_live as live
from tui.screens import prove_pages as pages
from tui.screens.pane import Pane
from tui.screens.prove_list import lay_line, lay_pair, lay_pretend, rows_of
from tui.screens.prove_pages import OUTCOMES, Wait, fate_tone
from tui.sources import Changeable, Followable, Opened, Source
from tui.state import Measurement, Step
from tui.theme import LOOKS
from tui.widgets.detail import Detail
from tui.widgets.page import Block, gap, heading, prose, title
from tui.widgets.rows import Row, RowList, head
from tui.widgets.text import fit, fitting, glyph, hint, join, say
from tui.widgets.verdict import sentence, verdict_tone

if TYPE_CHECKING:
    from tui.proving.following import Following

RESULT, WATCH = "result", "watch"
MOST_PEERS = 300
"""Rows for peers. The chosen one and the relayed ones are first, so those fit."""


def _lay_pretences(width: int) -> Content:
    names = "Pretend that it is done", "Pretend it is done", "Pretend"
    return fit(say(fitting(names, width), "$quiet bold"), width)


class ProveView(Pane):
    """The list on the left, one of its rows on the right. What keys do is `ProvePane`'s."""

    STEP: ClassVar[Step] = Step.PROVE

    def __init__(self) -> None:
        super().__init__()
        self._found: tuple[object, Comparison] | None = None
        self._can: tuple[object, tuple[RemedyId, ...]] = (None, ())
        self._lines: dict[str, Line] = {}
        self._peers: dict[str, Peer] = {}
        self._wait: tuple[float, float] | None = None
        """Since when it is waited, and for how long: seconds of the app's clock."""
        self._ticker: Timer | None = None
        self._waited: RemedyId | None = None
        """After what it was waited already."""
        self._whom = ("", "")
        """Of what was shown last: the network, and the device that was chosen."""

    def compose(self) -> ComposeResult:
        """What there is to see, and one thing of it."""
        yield RowList("proof-rows", panel="Before → after")
        yield Detail("proof")

    def on_mount(self) -> None:
        """Follow the pings and looks, too."""
        super().on_mount()
        self.watch(self.app, "followed", self._followed, init=False)

    @property
    def _rows(self) -> RowList:
        return self.query_one(RowList)

    @property
    def _following(self) -> Following:
        return self.whyrelay.following

    @property
    def _source(self) -> Source | None:
        return self.whyrelay.conductor.source

    @property
    def _proof(self) -> Proof | None:
        return self.whyrelay.conductor.proofs.get(self.measurement.title)

    def first_focus(self) -> Widget | None:
        """The list."""
        return self._rows

    # --- what is shown ----------------------------------------------------------------------------

    def show(self, measurement: Measurement) -> None:
        """Render it."""
        known = self.whyrelay.conductor.latest
        whom = known.title, known.peer
        if whom != self._whom:  # a row of another device is not what the person came for
            self._whom, self._rows.cursor = whom, RESULT
        found = self._comparison()
        self._rows.set_rows(list(self._lay(measurement, found)))
        self._explain()
        self.keys_changed()
        self.achieved(found is not None and OUTCOMES[found.outcome] is Tone.GOOD)

    def _followed(self) -> None:
        if self._awake:
            self._shown = None
            self._changed()

    def on_row_list_moved(self, message: RowList.Moved) -> None:
        """The cursor came to another row."""
        self._explain()

    def _comparison(self) -> Comparison | None:
        """Before and after, once something was tested. Worked out once for each."""
        proof, measurement = self._proof, self.measurement
        if proof is None or not proof.tested or not measurement.closed:
            return None
        peers = self.whyrelay.peers_now(measurement)
        key = (proof, measurement, peers)
        if self._found is None or self._found[0] != key:
            masker = self.whyrelay.conductor.masker()
            self._found = key, compared(proof, measurement, masker, peers)
        return self._found[1]

    def _lay(self, measurement: Measurement, found: Comparison | None) -> Iterator[Row]:
        yield Row(RESULT, partial(self._lay_result, found))
        yield Row(WATCH, self._lay_watch)
        if found is not None:
            self._lines = {line.id: line for line in found.lines}
            different, same = rows_of(found.lines)
            yield head("Different now")
            yield from (Row(f"line:{each.id}", partial(lay_line, each)) for each in different)
            if found.outcome is Outcome.ELSEWHERE:
                yield head("  not to be told from here")
            elif not different:
                moved = any(each.fate is not CauseFate.STILL for each in found.causes)
                yield head("  only causes" if moved else "  nothing that was tested")
            if found.causes:
                yield head("Causes")
            for each in found.causes:
                tone, name = fate_tone(each), cause_title(each, found)
                word, of = fate_words(each), content.short_cause(each.cause.id)
                lay = partial(lay_pair, tone, name, word, short=fate_short(each), short_name=of)
                yield Row(f"cause:{each.cause.id}", lay)
        if can := self.can_pretend():
            yield Row("", _lay_pretences)
            for remedy in can:
                yield Row(f"pretend:{remedy}", partial(lay_pretend, remedy))
        peers = self._listed()
        self._peers = {each.key: each for _, each in ordered(peers)[:MOST_PEERS]}
        if self._peers:
            yield head("Peers")
        for key, peer in self._peers.items():
            words = path_words(peer).partition("  ")[0]
            short = content.label(peer.path)
            lay = partial(lay_pair, tone_of(peer), peer.name, words, short=short)
            yield Row(f"peer:{key}", lay)
        if found is not None and same:
            yield head("As before")
            yield from (Row(f"line:{each.id}", partial(lay_line, each)) for each in same)

    def _listed(self) -> tuple[Peer, ...]:
        """The peers, each with its path as it was seen last: measured, looked at or pinged."""
        follows, look, title = self._following, self._following.history.look, self.measurement.title
        fresh = follows.title == title and look is not None and look.peers
        if fresh and look is not None and follows.watching and not self.whyrelay.privacy:
            return tuple(follows.seen(title, each) for each in look.peers)
        return self.whyrelay.peers_now(self.measurement)

    def _lay_result(self, found: Comparison | None, width: int) -> Content:
        if self._wait is not None:
            tone, text = Tone.WAITING, f"waiting, {self._left_s():.0f} s"
        elif self.measurement.running:
            again = self._proof is not None
            tone, text = Tone.RUNNING, "testing" if again else "still being measured"
        elif found is None:
            tone, text = Tone.WAITING, "nothing tested yet"
        else:
            tone, text = OUTCOMES[found.outcome], outcome_label(found)
        return fit(join(glyph(tone), " ", say(text, f"{LOOKS[tone].style} bold")), width)

    def _lay_watch(self, width: int) -> Content:
        follows = self._following
        tone = Tone.RUNNING if follows.watching else Tone.WAITING
        flips = sum(each.flips for each in follows.history.moments)
        told = f"{flips} so far" if flips else "on" if follows.watching else ""
        names = "Tell me when it turns direct", "Tell me of changes", "Watch paths"
        return lay_pair(
            tone, fitting(names, width - 2 - (len(told) + 2 if told else 0)), told, width
        )

    def _explain(self) -> None:
        row, detail = self._rows.cursor, self.query_one(Detail)
        kind, _, name = row.partition(":")
        found, follows = self._comparison(), self._following
        able = isinstance(self._source, Followable)
        key = Content("")
        heading_, blocks = content.page("proof").title, self._result(found)
        if kind == WATCH:
            heading_, key = "Watch", hint(WATCHING, "stop" if follows.watching else "watch")
            watching = follows.watching
            elsewhere = follows.title if follows.title != self.measurement.title else ""
            blocks = live.watch(
                follows.history, of=elsewhere, watching=watching, able=able, mask=self._mask
            )
        elif kind == "line" and name in self._lines:
            heading_, blocks = self._lines[name].name, pages.field(self._lines[name])
        elif kind == "cause" and found is not None:
            each = next(each for each in found.causes if each.cause.id == name)
            heading_, blocks = cause_title(each, found), pages.cause(each, found)
        elif kind == "pretend":
            heading_, key = content.label(RemedyId(name)), hint(PRETEND, "pretend")
            blocks = [title(heading_), gap, prose(content.proof("practise"))]
        elif kind == "peer" and name in self._peers:
            peer = self._peers[name]
            mine = follows.peer is not None and follows.peer.key == self._raw_key(name)
            on = mine and follows.pinging
            heading_, key = peer.name, hint(PING, "stop" if on else "ping")
            pings = follows.pings if mine else ()
            blocks = live.peer(peer, pings, pinging=on, able=able, mask=self._mask)
        else:
            key = hint(RETEST, "test again")
        detail.show(row, blocks, title=heading_, hint=key)

    def _result(self, found: Comparison | None) -> list[Block]:
        blocks: list[Block] = []
        if self._wait is not None:
            practice = self.measurement.title.startswith(PRACTICE)
            blocks = pages.waiting(Wait(self._left_s(), self._wait[1], practice))
        if found is not None and self._proof is not None:
            proof = self._proof
            done = done_words(proof, self._device(), self._mask)
            move = next_move(found.after, proof.remedy, self._not_to_begin(found, proof))
            looking = found.more_to_come and self._following.looking_after
            return [*blocks, *pages.result(found, done, move, looking=looking)]
        if self.measurement.title:
            tone = verdict_tone(self.measurement)
            blocks += [heading("As it stands"), title(sentence(self.measurement), tone), gap]
        if self._wait is not None:
            return blocks
        if self.measurement.running:
            about = "measured first" if self._proof is None else "testing"
            return [*blocks, prose(content.proof(about))]
        if said := direct_all_the_same(self.measurement.judged, self._listed()):
            blocks += [prose(said), gap]
        known, opened = self.measurement, isinstance(self._source, Opened)
        begun = followed(self.whyrelay.progress) is not None
        blocks.append(prose(untested(known.report, known.diagnosis, opened=opened, begun=begun)))
        if self.can_pretend():
            blocks += [gap, prose(content.proof("practise"))]
        return blocks

    def _not_to_begin(self, found: Comparison, proof: Proof) -> frozenset[str]:
        """The ways that are no place to begin, by their keys."""
        report, progress = found.after.report, self.whyrelay.progress
        plans, books = plan_of(report, found.after.diagnosis), books_for(report, progress)
        return closed(plans, progress, books, proof, tested=not self.whyrelay.keeper.untested)

    def _device(self) -> str:
        """The device that is chosen, by its own name; "" for none."""
        chosen = self.whyrelay.conductor.latest.chosen
        return "" if chosen is None else chosen.name

    def _mask(self, text: str) -> str:
        masker = self.whyrelay.conductor.masker()
        if masker is None:
            return text
        look = self._following.history.look
        for peer in look.peers if look is not None else ():
            if peer.name not in masker.names:  # it joined the tailnet since the run
                masker.device(peer.name)
        return masker.text(text)

    # --- whom and what ----------------------------------------------------------------------------

    def can_pretend(self) -> tuple[RemedyId, ...]:
        """What a practice network can become, in the order of the plan."""
        source, measurement = self._source, self.measurement
        if not isinstance(source, Changeable) or not measurement.closed:
            return ()
        if self._can[0] != (source, measurement):  # it takes reading files
            self._can = (source, measurement), pretences(source, measurement)
        return self._can[1]

    def _raw(self, shown: str) -> Peer | None:
        """The peer as it is, for a row that may be masked: both lists have one order."""
        real = self.whyrelay.conductor.latest.report.value(PEERS) or ()
        masked = self.measurement.report.value(PEERS) or ()
        pairs = zip(masked, real, strict=False) if self.whyrelay.privacy else ()
        found = next((raw for each, raw in pairs if each.key == shown), None)
        return found or next((each for each in self._listed() if each.key == shown), None)

    def _raw_key(self, shown: str) -> str:
        raw = self._raw(shown)
        return "" if raw is None else raw.key

    def _export(self) -> str:
        found, proof = self._comparison(), self._proof
        if found is None or proof is None:
            return ""
        from tui.proving.export import text_of

        return text_of(self.measurement.title, proof, found, self._device(), self._mask)

    def _now(self) -> float:
        import asyncio

        return asyncio.get_running_loop().time()

    def _left_s(self) -> float:
        if self._wait is None:
            return 0.0
        began, whole_s = self._wait
        return max(0.0, began + whole_s - self._now())

    def _redraw(self) -> None:
        self._shown = None
        self._changed()

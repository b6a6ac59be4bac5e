"""Prove: what was beside what is, live pings, and a watch that tells when a path flips."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.content import Content
from textual.timer import Timer
from textual.widget import Widget

from probes.diagnosis.diagnose import diagnose
from probes.diagnosis.plan import plan_of
from probes.diagnosis.remedies import REMEDIES, RemedyId
from probes.diagnosis.what_if import Whose
from probes.readings.tailscale import PEERS, Peer
from probes.renewal import touched
from tui import content
from tui.content import Tone, playbooks
from tui.networks import PRACTICE
from tui.peers import key_of, ordered, path_words, tone_of
from tui.proving.compare import Comparison, Line, Side, compare
from tui.proving.next_move import next_move
from tui.proving.proof import Proof
from tui.screens import prove_pages as pages
from tui.screens.pane import Pane
from tui.screens.prove_pages import FATES, OUTCOMES, Wait
from tui.sources import Changeable, Followable, Source
from tui.state import Measurement, Step
from tui.theme import LOOKS
from tui.widgets.detail import Detail
from tui.widgets.page import Block, gap, heading, prose, title
from tui.widgets.rows import Row, RowList, head
from tui.widgets.text import fit, glyph, hint, join, say
from tui.widgets.verdict import sentence, verdict_tone

if TYPE_CHECKING:
    from tui.proving.following import Following

RESULT, WATCH = "result", "watch"
PRACTICE_WAIT_S = 5.0
"""A practice network needs no time; it is to be seen what waiting looks like."""
_TICK_S = 0.5
MOST_PEERS = 300
"""Rows for peers. The chosen one and the relayed ones are first, so those fit."""
_RETEST = {remedy.id: remedy.retest for remedy in REMEDIES}


class ProvePane(Pane):
    """Before and after."""

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

    def topic(self) -> str:
        """The cause that the cursor is on, else the step."""
        kind, _, name = self._rows.cursor.partition(":")
        now = {str(each.id) for each in self.measurement.diagnosis.causes}
        return f"finding:cause:{name}" if kind == "cause" and name in now else "step:prove"

    def to_copy(self) -> str:
        """Before and after as text; where nothing was tested yet, the page."""
        text = self._export()
        return text or self.query_one(Detail).page.plain()

    # --- what is shown ----------------------------------------------------------------------------

    def show(self, measurement: Measurement) -> None:
        """Render it."""
        found = self._comparison()
        self._rows.set_rows(list(self._lay(measurement, found)))
        self._explain()

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
        key = (proof, measurement)
        if self._found is None or self._found[0] != key:
            masker = self.whyrelay.conductor.masker()
            before = proof.before if masker is None else masker.report(proof.before)
            old = Side(before, diagnose(before, measurement.peer))
            self._found = key, compare(old, Side(measurement.report, measurement.diagnosis))
        return self._found[1]

    def _lay(self, measurement: Measurement, found: Comparison | None) -> Iterator[Row]:
        yield Row(RESULT, partial(self._lay_result, found))
        yield Row(WATCH, self._lay_watch)
        if found is not None:
            self._lines = {line.id: line for line in found.lines}
            different, same = pages.rows_of(found.lines)
            yield head("Different now")
            yield from (Row(f"line:{each.id}", partial(_lay_line, each)) for each in different)
            if not different:
                yield head("  nothing that was tested")
            if found.causes:
                yield head("Causes")
            for each in found.causes:
                tone, name = FATES[each.fate], content.cause(each.cause.id).title
                word = content.label(each.fate)
                yield Row(f"cause:{each.cause.id}", partial(_lay_pair, tone, name, word))
        if can := self.can_pretend():
            yield head("Pretend that it is done")
            for remedy in can:
                yield Row(f"pretend:{remedy}", partial(_lay_pretend, content.label(remedy)))
        peers = self._listed()
        self._peers = {key_of(each): each for _, each in ordered(peers)[:MOST_PEERS]}
        if self._peers:
            yield head("Peers")
        for key, peer in self._peers.items():
            words = path_words(peer).partition("  ")[0]
            yield Row(f"peer:{key}", partial(_lay_pair, tone_of(peer), peer.name, words))
        if found is not None:
            yield head("As before")
            yield from (Row(f"line:{each.id}", partial(_lay_line, each)) for each in same)

    def _listed(self) -> tuple[Peer, ...]:
        """The peers as the watch sees them, else as they were when it was measured."""
        follows, look = self._following, self._following.history.look
        fresh = follows.title == self.measurement.title and look is not None and look.peers
        if fresh and look is not None and follows.watching and not self.whyrelay.privacy:
            return look.peers
        return self.measurement.report.value(PEERS) or ()

    def _lay_result(self, found: Comparison | None, width: int) -> Content:
        if self._wait is not None:
            tone, text = Tone.WAITING, f"waiting, {self._left_s():.0f} s"
        elif self.measurement.running:
            tone, text = Tone.RUNNING, "testing"
        elif found is None:
            tone, text = Tone.WAITING, "nothing tested yet"
        else:
            tone, text = OUTCOMES[found.outcome], content.label(found.outcome)
        return fit(join(glyph(tone), " ", say(text, f"{LOOKS[tone].style} bold")), width)

    def _lay_watch(self, width: int) -> Content:
        follows = self._following
        tone = Tone.RUNNING if follows.watching else Tone.WAITING
        flips = sum(each.flips for each in follows.history.moments)
        told = f"{flips} so far" if flips else "on" if follows.watching else ""
        return _lay_pair(tone, "Tell me when it flips", told, width)

    def _explain(self) -> None:
        row, detail = self._rows.cursor, self.query_one(Detail)
        kind, _, name = row.partition(":")
        found, follows = self._comparison(), self._following
        able = isinstance(self._source, Followable)
        key = Content("")
        heading_, blocks = content.page("proof").title, self._result(found)
        if kind == WATCH:
            heading_, key = (
                "Watch",
                hint("f " + ("stop" if follows.watching else "watch"), "watch_paths"),
            )
            watching = follows.watching
            elsewhere = follows.title if follows.title != self.measurement.title else ""
            blocks = pages.watch(
                follows.history, of=elsewhere, watching=watching, able=able, mask=self._mask
            )
        elif kind == "line" and name in self._lines:
            heading_, blocks = self._lines[name].name, pages.field(self._lines[name])
        elif kind == "cause" and found is not None:
            each = next(each for each in found.causes if each.cause.id == name)
            heading_, blocks = content.cause(each.cause.id).title, pages.cause(each, found)
        elif kind == "pretend":
            heading_, key = content.label(RemedyId(name)), hint("z pretend", "pretend")
            blocks = [title(heading_), gap, prose(pages.words("practise"))]
        elif kind == "peer" and name in self._peers:
            peer = self._peers[name]
            mine = follows.peer is not None and key_of(follows.peer) == self._raw_key(name)
            on = mine and follows.pinging
            heading_, key = peer.name, hint("u " + ("stop" if on else "ping"), "ping")
            pings = follows.pings if mine else ()
            blocks = pages.peer(peer, pings, pinging=on, able=able, mask=self._mask)
        else:
            key = hint("r test again", "retest")
        detail.show(row, blocks, title=heading_, hint=key)

    def _result(self, found: Comparison | None) -> list[Block]:
        blocks: list[Block] = []
        if self._wait is not None:
            practice = self.measurement.title.startswith(PRACTICE)
            blocks = pages.waiting(Wait(self._left_s(), self._wait[1], practice))
        if found is not None and self._proof is not None:
            proof = self._proof
            done = "" if proof.remedy is None else content.label(proof.remedy)
            ruled_out = self.whyrelay.progress.impossible
            move = next_move(found.after, proof.remedy, ruled_out)
            tried = self.whyrelay.settings.options.map_test
            return [*blocks, *pages.result(found, done, move, tried=tried)]
        if self.measurement.title:
            tone = verdict_tone(self.measurement)
            blocks += [heading("As it stands"), title(sentence(self.measurement), tone), gap]
        blocks.append(prose(pages.words("untested")))
        if self.can_pretend():
            blocks += [gap, prose(pages.words("practise"))]
        return blocks

    def _mask(self, text: str) -> str:
        masker = self.whyrelay.conductor.masker()
        if masker is None:
            return text
        look = self._following.history.look
        for peer in look.peers if look is not None else ():
            if peer.name not in masker.names:  # it joined the tailnet since the run
                masker.device(peer.name)
        return masker.text(text)

    # --- testing again ----------------------------------------------------------------------------

    def test_again(self) -> None:
        """Wait as long as the change needs, or test what it touches at once."""
        source, known = self._source, self.whyrelay.conductor.latest
        if source is None or known.begun is None or not known.closed:
            self.whyrelay.say("It is still being measured.")
            return
        remedy = self._remedy()
        wait_s = self._wait_for(remedy)
        if self._wait is None and wait_s and remedy is not self._waited:
            self._wait = (self._now(), wait_s)
            self._ticker = self.set_interval(_TICK_S, self._tick)
            self._rows.cursor = RESULT
            self._redraw()
            return
        self._test(source)

    def _test(self, source: Source) -> None:
        self._stop_waiting()
        remedy = self._waited = self._remedy()
        known = self.whyrelay.conductor.latest.report
        held = self._proof or Proof(self.whyrelay.progress.before or known)
        only = touched(known, _RETEST[remedy]) if remedy is not None else frozenset()
        self._rows.cursor = RESULT
        proof = replace(held, remedy=remedy, only=only, tested=True)
        self.whyrelay.conductor.prove(source, proof)

    def _remedy(self) -> RemedyId | None:
        """What was done since: pretended here, or followed in Fix."""
        if self._proof is not None and self._proof.pretended:
            return self._proof.pretended[-1]
        progress = self.whyrelay.progress
        name, _, whose = progress.current_way.partition(":")
        if whose != Whose.THIS or not progress.started(name):
            return None
        return next((each for each in RemedyId if each == name), None)

    def _wait_for(self, remedy: RemedyId | None) -> float:
        if remedy is None:
            return 0.0
        if self.measurement.title.startswith(PRACTICE):
            return PRACTICE_WAIT_S
        return float(playbooks.playbook_words(remedy, "").wait_s)

    def _now(self) -> float:
        import asyncio

        return asyncio.get_running_loop().time()

    def _left_s(self) -> float:
        if self._wait is None:
            return 0.0
        began, whole_s = self._wait
        return max(0.0, began + whole_s - self._now())

    def _tick(self) -> None:
        if self._wait is not None and self._left_s() <= 0 and self._source is not None:
            self._test(self._source)
        self._redraw()

    def _stop_waiting(self) -> None:
        self._wait = None
        if self._ticker is not None:
            self._ticker.stop()
            self._ticker = None

    def _redraw(self) -> None:
        self._shown = None
        self._changed()

    # --- pretending -------------------------------------------------------------------------------

    def can_pretend(self) -> tuple[RemedyId, ...]:
        """What a practice network can become, in the order of the plan."""
        source, measurement = self._source, self.measurement
        if not isinstance(source, Changeable) or not measurement.closed:
            return ()
        if self._can[0] != (source, measurement):  # it takes reading files
            plans = plan_of(measurement.report, measurement.diagnosis)
            ways = [way for plan in plans for way in plan.ways if way.whose is Whose.THIS]
            found = dict.fromkeys(way.remedy.id for way in ways)
            can = tuple(remedy for remedy in found if source.after(remedy) is not None)
            self._can = (source, measurement), can
        return self._can[1]

    def pretend(self, way: str = "") -> None:
        """The change under the cursor, else the first one, counts as done from now on.

        `way` is the one that was looked at in Fix.
        """
        can, source = self.can_pretend(), self._source
        if not can or not isinstance(source, Changeable):
            self.whyrelay.say("There is nothing to pretend here: it is no practice network.")
            return
        kind, _, name = self._rows.cursor.partition(":")
        fixing = (way or self.whyrelay.progress.current_way).removesuffix(f":{Whose.THIS}")
        wanted = name if kind == "pretend" and not way else fixing
        remedy = next((each for each in can if each == wanted), can[0])
        changed = source.after(remedy)
        assert changed is not None
        conductor = self.whyrelay.conductor
        held = self._proof or Proof(self.whyrelay.progress.before or conductor.latest.report)
        done = (*held.pretended, remedy)
        conductor.source = changed
        conductor.proofs[changed.title] = replace(
            held, remedy=remedy, pretended=done, afresh=held.afresh or source
        )
        self.whyrelay.say(f"Done, in this practice network: {content.label(remedy)}.")
        self.test_again()

    # --- pings, looks, export ---------------------------------------------------------------------

    def ping(self) -> None:
        """Ping the peer under the cursor, or stop."""
        kind, _, name = self._rows.cursor.partition(":")
        if self._following.pinging and not (kind == "peer" and self._other(name)):
            self._following.stop_ping()
            return
        if kind != "peer":
            if not self._peers:
                self.whyrelay.say("There is no peer to ping: Tailscale lists none.")
                return
            name = self._chosen()
            self._rows.cursor = f"peer:{name}"
        raw = self._raw(name)
        if raw is None or not isinstance(self._source, Followable):
            self.whyrelay.say("There is nobody to ping here.")
            return
        self._following.ping(self._source, raw)

    def _other(self, name: str) -> bool:
        """Whether the row is of another peer than the one that is pinged."""
        peer = self._following.peer
        return peer is None or key_of(peer) != self._raw_key(name)

    def _chosen(self) -> str:
        """The peer that the person came for, else the first one."""
        chosen = self.measurement.chosen
        key = "" if chosen is None else key_of(chosen)
        return key if key in self._peers else next(iter(self._peers))

    def _raw(self, shown: str) -> Peer | None:
        """The peer as it is, for a row that may be masked: both lists have one order."""
        real = self.whyrelay.conductor.latest.report.value(PEERS) or ()
        masked = self.measurement.report.value(PEERS) or ()
        pairs = zip(masked, real, strict=False) if self.whyrelay.privacy else ()
        found = next((raw for each, raw in pairs if key_of(each) == shown), None)
        return found or next((each for each in self._listed() if key_of(each) == shown), None)

    def _raw_key(self, shown: str) -> str:
        raw = self._raw(shown)
        return "" if raw is None else key_of(raw)

    def watch_paths(self) -> None:
        """Begin to watch, or stop."""
        follows, source = self._following, self._source
        self._rows.cursor = WATCH
        if follows.watching:
            follows.stop_watch()
        elif source is not None and isinstance(source, Followable):
            follows.watch(source, self.whyrelay.settings.options)
        else:
            self.whyrelay.say("There is nothing to watch here.")

    def _export(self) -> str:
        found, proof = self._comparison(), self._proof
        if found is None or proof is None:
            return ""
        from tui.proving.export import text_of

        return text_of(self.measurement.title, proof, found)

    def save(self) -> None:
        """Keep before and after as a file."""
        text = self._export()
        if not text:
            self.whyrelay.say("There is nothing to keep yet: test again first.")
        elif not self.whyrelay.settings.save:
            self.whyrelay.say("Nothing is written: the program was started with --no-save.")
        else:
            from tui.proving.export import save

            path = save(text, self.measurement.report.taken_at)
            where = "It could not be kept: no place can be written to."
            self.whyrelay.say(where if path is None else f"Kept as {path}")

    def on_row_list_chosen(self, message: RowList.Chosen) -> None:
        """Enter does what the row is about."""
        does: dict[str, Callable[[], None]] = {
            "peer": self.ping,
            WATCH: self.watch_paths,
            "pretend": self.pretend,
            RESULT: self.test_again,
        }
        act = does.get(message.id.partition(":")[0])
        if act is None:
            self.query_one(Detail).focus()
        else:
            act()


def _lay_line(line: Line, width: int) -> Content:
    tone = line.after.tone
    sign = glyph(tone) if tone is not Tone.WAITING else say("·", "$quiet")
    text, names = line.after.text, min(22, width // 2)
    if line.changed:
        whole = f"{line.before.text} → {text}"
        # What it is now matters more than what it was.
        text = whole if len(whole) <= width - 25 else f"→ {text}"
        names = min(22, max(names, width - 3 - len(text)))
    style = LOOKS[tone].style if line.changed and tone is not Tone.WAITING else "$quiet"
    name = fit(say(line.name), names)
    return fit(join(sign, " ", name, " ", say(text, style)), width)


def _lay_pair(tone: Tone, name: str, value: str, width: int) -> Content:
    room, shown = width - 2, say(value, LOOKS[tone].style)
    line = say(name)
    if value and line.cell_length + 2 + shown.cell_length <= room:
        line = join(fit(line, room - shown.cell_length), shown)
    return fit(join(glyph(tone), " ", line), width)


def _lay_pretend(name: str, width: int) -> Content:
    return fit(join(say("  "), say(name)), width)

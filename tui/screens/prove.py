"""Prove: what was beside what is, live pings, and a watch that tells when a path flips."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from probes.diagnosis.remedies import RemedyId
from probes.diagnosis.what_if import Whose
from tui import content
from tui.command import Command
from tui.commands import BACK, EXPLAIN, MAP_TEST, PALETTE, PING, PRETEND, QUIT, RETEST
from tui.explain.settling import trial_decides
from tui.networks import PRACTICE
from tui.peers import peers_of, with_paths
from tui.proving.proof import Proof
from tui.proving.testing import before_of, followed, to_test, wait_s
from tui.screens.prove_view import RESULT, WATCH, ProveView
from tui.sources import Changeable, Followable, Opened, Source
from tui.widgets.detail import Detail
from tui.widgets.page import gap, prose
from tui.widgets.rows import RowList

PRACTICE_WAIT_S = 5.0
"""A practice network needs no time; it is to be seen what waiting looks like."""
_TICK_S = 0.5
_ASKED_S = 8.0
"""So long it stands there what a key would do that did nothing yet."""


class ProvePane(ProveView):
    """What Prove shows, and what can be done there."""

    def topic(self) -> str:
        """The cause that the cursor is on, else the step."""
        kind, _, name = self._rows.cursor.partition(":")
        now = {str(each.id) for each in self.measurement.judged.causes}
        return f"finding:cause:{name}" if kind == "cause" and name in now else "step:prove"

    def footer(self) -> tuple[Command, ...]:
        """Pings and looks are offered where there is somebody to ping; a trial where it decides."""
        peers = bool(self._peers) and isinstance(self._source, Followable)
        if trial_decides(self.measurement.report, self.measurement.diagnosis):
            return (RETEST, MAP_TEST, PING if peers else BACK, EXPLAIN, PALETTE, QUIT)
        if peers:
            return super().footer()
        pretend = (PRETEND,) if self.can_pretend() else ()
        return (RETEST, BACK, *pretend, EXPLAIN, PALETTE, QUIT)

    def to_copy(self) -> str:
        """Before and after as text; where nothing was tested yet, the page."""
        text = self._export()
        return text or self.query_one(Detail).page.plain()

    # --- testing again ----------------------------------------------------------------------------

    def test_again(self) -> None:
        """Wait as long as the change needs, or test what it touches at once."""
        source, known = self._source, self.whyrelay.conductor.latest
        if source is None or known.begun is None or not known.closed:
            self.whyrelay.say("It is still being measured.")
            return
        if isinstance(source, Opened):
            self.whyrelay.say_elsewhere()
            return
        remedy = self._remedy()
        whole_s = self._wait_for(remedy)
        if self._wait is None and whole_s and remedy is not self._waited:
            self._wait = (self._now(), whole_s)
            self._ticker = self.set_interval(_TICK_S, self._tick)
            self._rows.cursor = RESULT
            self._redraw()
            return
        self._test(source)

    def _test(self, source: Source) -> None:
        self._stop_waiting()
        remedy = self._waited = self._remedy()
        known = self.whyrelay.conductor.latest.report
        held = self._held()
        self._rows.cursor = RESULT
        proof = replace(held, remedy=remedy, only=to_test(known, remedy), tested=True)
        self.whyrelay.conductor.prove(source, proof)

    def _held(self) -> Proof:
        """What a new test is held against."""
        before = before_of(self.whyrelay.progress, self._proof, self.whyrelay.report_now())
        return replace(self._proof or Proof(before), before=before)

    def _remedy(self) -> RemedyId | None:
        """What was done since: pretended here, or followed in Fix."""
        if self._proof is not None and self._proof.pretended:
            return self._proof.pretended[-1]
        return followed(self.whyrelay.progress)

    def _wait_for(self, remedy: RemedyId | None) -> float:
        if remedy is None:
            return 0.0
        if self.measurement.title.startswith(PRACTICE):
            return PRACTICE_WAIT_S
        return float(wait_s(remedy))

    def _tick(self) -> None:
        if self._wait is not None and self._left_s() <= 0 and self._source is not None:
            self._test(self._source)
        self._redraw()

    def _stop_waiting(self) -> None:
        self._wait = None
        if self._ticker is not None:
            self._ticker.stop()
            self._ticker = None

    # --- pretending -------------------------------------------------------------------------------

    def pretend(self, way: str = "") -> None:
        """The change under the cursor counts as done from now on.

        `way` is the one that was looked at in Fix. Without either it is the one whose steps were
        begun in Fix; else the person chooses.
        """
        source = self._source
        if not isinstance(source, Changeable):
            self.whyrelay.say("There is nothing to pretend here: it is no practice network.")
            return
        if self.measurement.running:
            self.whyrelay.say("It is still being measured: pretend once that is over.")
            return
        if not (can := self.can_pretend()):
            self.whyrelay.say("There is nothing left to pretend on this practice network.")
            return
        kind, _, name = self._rows.cursor.partition(":")
        wanted = way.removesuffix(f":{Whose.THIS}") or (name if kind == "pretend" else "")
        wanted = wanted or followed(self.whyrelay.progress) or ""
        only = can[0] if len(can) == 1 and not wanted else None
        remedy = next((each for each in can if each == wanted), only)
        if remedy is None:
            self._rows.cursor = f"pretend:{can[0]}"
            asked = content.fill(content.proof("choose a change"), change=content.label(can[0]))
            self.whyrelay.say(asked, _ASKED_S)
            return
        changed = source.after(remedy)
        assert changed is not None
        conductor = self.whyrelay.conductor
        held = self._held()
        if (
            not held.pretended
        ):  # so far nothing was changed: a path that is another one is by itself
            seen = peers_of(self.whyrelay.report_now())
            held = replace(held, before=with_paths(held.before, seen))
        done = (*held.pretended, remedy)
        whom = (*held.whom, self._device())
        conductor.source = changed
        conductor.proofs[changed.title] = replace(
            held, remedy=remedy, pretended=done, whom=whom, afresh=held.afresh or source
        )
        self._following.go_on(changed, self.whyrelay.settings.options)
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
            if isinstance(self._source, Opened):
                self.whyrelay.say("This was measured elsewhere: there is nobody to ping from here.")
                return
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
        return peer is None or peer.key != self._raw_key(name)

    def _chosen(self) -> str:
        """The peer that the person came for, else the first one."""
        chosen = self.measurement.chosen
        key = "" if chosen is None else chosen.key
        return key if key in self._peers else next(iter(self._peers))

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

    def save(self) -> None:
        """Keep before and after as a file."""
        text = self._export()
        if not text:
            self.whyrelay.say("There is nothing to keep yet: test again first.")
        elif not self.whyrelay.settings.save:
            self.whyrelay.say("Nothing is written: the program was started with --no-save.")
        else:
            self._keep(text)

    def _keep(self, text: str) -> None:
        """Say as which file, and write it after a yes."""
        from tui.proving.export import places, save
        from tui.screens.fix_ask import AskScreen, shell_text

        free = places(self.measurement.report.taken_at)
        if not free:
            self.whyrelay.say(content.proof("kept nowhere"))
            return
        path = free[0]

        def answered(yes: bool | None) -> None:
            if yes:
                nowhere = content.proof("kept nowhere")
                self.whyrelay.say(f"Kept as {path}" if save(text, path) else nowhere)

        blocks = [prose(content.proof("keep")), gap, shell_text(str(path))]
        question = "Keep before and after?"
        self.app.push_screen(AskScreen(question, blocks, yes="Write this file", no="No"), answered)

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

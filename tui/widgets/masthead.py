"""The two lines on top: what is measured and how it stands, and the steps."""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from textual import events
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget

from probes.model import CheckStatus
from probes.values import dataclass
from tui.content import Tone
from tui.practising import PRACTICE
from tui.state import STEPS, Measurement, Step
from tui.theme import LOOKS, SPINNER
from tui.widgets.text import fit, fitting, glyph, join, say, stack

if TYPE_CHECKING:
    from probes.readings.tailscale import Peer

SEEN = "∙"
"""Of a step that was looked at; a tick is for what was done."""


class Masthead(Widget):
    """Title and step rail. The steps take clicks."""

    DEFAULT_CSS = """
    Masthead { height: 2; background: $panel; padding: 0 1; }
    """

    measurement: reactive[Measurement] = reactive(Measurement())
    step: reactive[Step] = reactive(Step.CHOOSE)
    beat: reactive[int] = reactive(-1)
    """Frame of the running sign; -1: it stands still."""
    peer: reactive[Peer | None] = reactive(None)
    """The device at the other end, with its path as it was seen last."""
    masked: reactive[bool] = reactive(False)
    seen: reactive[frozenset[Step]] = reactive(frozenset())
    """Steps that were looked at since this was chosen."""
    achieved: reactive[frozenset[Step]] = reactive(frozenset())
    """Steps of which something came: a fix followed to its end, a change that is proven."""

    @dataclass
    class StepClicked(Message):
        """The person clicked on a step."""

        step: Step

    def render(self) -> Content:
        """Both lines."""
        width = self.size.width
        right = self._standing()
        room = width - right.cell_length
        name, masked = join(say("whyrelay", "$strong bold"), "  "), Content("")
        if self.masked:  # that is said in whole words, whatever else there is to say
            masked = say("  addresses masked" if room > 52 else "  masked", "$note")
        most = room - 2 - name.cell_length - masked.cell_length
        subject = self._subject(most)
        if subject.cell_length > most and room > 24:
            subject = subject.truncate(max(most, 1), ellipsis=True)
        left = join(name, subject, masked)
        return stack((join(fit(left, room), right), self._rail(width)))

    def _subject(self, most: int) -> Content:
        """What is looked at: a peer with today's path, or else a network. Where the peer leaves its
        network no room, the name of that is left out before it is cut.
        """
        held = self.measurement
        if not held.peer:
            return say(held.title or "nothing chosen yet")
        whom = self._whom()
        title = "" if held.title == "this network" else held.title
        short = title.removeprefix(PRACTICE)
        where = fitting(
            [f"  {each}" for each in (title, short) if each] + [""], most - whom.cell_length
        )
        return join(whom, say(where, "$quiet"))

    def _whom(self) -> Content:
        if (peer := self.peer) is None:
            return say(f"with {self.measurement.peer}")
        from tui.peers import path_words, tone_of

        words = path_words(peer).partition("  ")[0]  # its address has no room here
        style = LOOKS[tone_of(peer)].style
        return join(say(peer.name), " · ", say(words, style))

    def _standing(self) -> Content:
        held = self.measurement
        if held.fault:
            return join(glyph(Tone.BAD), say(" the run broke off", "$bad"))
        if held.running:
            states = held.begun.checks.values() if held.begun is not None else ()
            known = [each for each in states if each.status is not CheckStatus.SKIPPED]
            done = sum(state.status.over for state in known)
            sign = LOOKS[Tone.RUNNING].glyph if self.beat < 0 else SPINNER[self.beat % len(SPINNER)]
            of = f" {done} of {len(known)}" if known else ""
            return say(f"{sign} measuring{of}", "$busy")
        if held.closed:
            from tui.explain.headline import in_a_word
            from tui.widgets.verdict import verdict_tone

            tone = verdict_tone(held)
            if held.report.network_changed:
                wide = self.size.width >= 76
                took = say("  before the network changed" if wide else "  before a change", "$note")
            elif held.report.elsewhere:
                wide = self.size.width >= 76
                took = say("  measured elsewhere" if wide else "  elsewhere", "$note")
            else:
                took = say(f"  {held.report.elapsed_ms / 1000:.1f} s", "$quiet")
            return join(glyph(tone), say(f" {in_a_word(held.judged)}", LOOKS[tone].style), took)
        return Content("")

    def _rail(self, width: int) -> Content:
        wide = width >= 58
        parts: list[Content] = []
        for step in STEPS:
            if parts:
                parts.append(say(" ── " if wide else "  ", "$rule"))
            parts.append(self._stop(step))
        return join(*parts)

    def _stop(self, step: Step) -> Content:
        if step is self.step:
            return say(f"{LOOKS[Tone.RUNNING].glyph} {step.word}", "$busy bold underline")
        if self._done(step):
            return join(glyph(Tone.GOOD), say(f" {step.word}"))
        if step in self.seen and step not in (Step.CHOOSE, Step.MEASURE):
            return say(f"{SEEN} {step.word}")
        return say(f"{LOOKS[Tone.WAITING].glyph} {step.word}", "$quiet")

    def _done(self, step: Step) -> bool:
        match step:
            case Step.CHOOSE:
                return bool(self.measurement.title) and self.step is not Step.CHOOSE
            case Step.MEASURE:
                return self.measurement.closed and not self.measurement.fault
            case Step.UNDERSTAND:
                return False  # nobody can tell from here
            case Step.FIX | Step.PROVE:
                return step in self.achieved
            case _:
                assert_never(step)

    def step_at(self, column: int) -> Step | None:
        """The step that stands at a column of the rail."""
        gap = 4 if self.size.width >= 58 else 2
        start = 0
        for step in STEPS:
            end = start + 2 + len(step.word)
            if start <= column < end:
                return step
            start = end + gap
        return None

    def on_click(self, event: events.Click) -> None:
        """A click on a step goes there."""
        offset = event.get_content_offset(self)
        if offset is not None and offset.y == 1 and (step := self.step_at(offset.x)) is not None:
            self.post_message(self.StepClicked(step))

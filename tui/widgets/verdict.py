"""The verdict in one sentence, on a ground of its colour."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content
from textual.widgets import Static

from probes.diagnosis.model import NatClass, Result, Verdict
from tui import content
from tui.content import Tone, plain
from tui.explain import OutlookWords, explain_outlooks, headline
from tui.explain.headline import has_a_catch
from tui.explain.tones import RESULT_TONES, VERDICT_TONES
from tui.state import Measurement
from tui.theme import LOOKS
from tui.widgets.page import Block, Page
from tui.widgets.text import join, say, toned, wrapped


def verdict_tone(measurement: Measurement) -> Tone:
    """How it looks; an unknown verdict under way is simply under way."""
    verdict = measurement.verdict
    if verdict is Verdict.UNKNOWN and measurement.running:
        return Tone.RUNNING
    return Tone.NOTE if has_a_catch(measurement.judged) else VERDICT_TONES[verdict]


def sentence(measurement: Measurement) -> str:
    """The verdict with its reason; of the pair, where both sides were measured."""
    if measurement.pair is not None:
        from tui.pair_view import headline as pair_headline

        return pair_headline(measurement.pair)
    return headline(measurement.diagnosis, measurement.report)


class Band(Static):
    """One or two lines on the verdict's colour."""

    DEFAULT_CSS = """
    Band {
        height: auto; max-height: 4; padding: 0 1; color: $foreground;
        &.good { background: $good-band; }
        &.bad { background: $bad-band; }
        &.note { background: $note-band; }
        &.unknown { background: $unsure-band; }
        &.running { background: $busy-band; }
        &.waiting { background: $quiet-band; }
    }
    """

    def show(self, measurement: Measurement) -> None:
        """Say it."""
        tone = verdict_tone(measurement)
        verdict, colon, reason = sentence(measurement).partition(":")
        look = LOOKS[tone]
        self.set_classes(str(tone))
        line = join(say(f"{verdict}{colon}", f"{look.style} bold"), say(reason, "$strong"))
        sign = say(f"{look.glyph} ", f"{look.style} bold")
        blocks: list[Block] = [lambda width: wrapped(line, width, 2, sign)]
        if measurement.report.network_changed:  # it is not about the network of now
            self.set_classes(str(Tone.NOTE))
            note = LOOKS[Tone.NOTE]
            of = say(plain(content.notice("network-changed verdict")), f"{note.style} bold")
            mark = say(f"{note.glyph} ", f"{note.style} bold")
            blocks.insert(0, lambda width: wrapped(of, width, 2, mark))
        self.update(Page(blocks))


def outlook_line(
    measurement: Measurement, theirs: NatClass, meant: Result | None, width: int
) -> Sequence[Content]:
    """What to expect of a peer without NAT, behind an easy and behind a hard one, in a line; in
    brackets, what holds for the other side where its kind is known."""
    found = explain_outlooks(measurement.diagnosis, measurement.report)
    by_nat = str(NatClass.EASY) in found
    lead = say("with a peer behind  " if by_nat else "with a peer that has  ", "$quiet")
    parts = [_part(words, meant if kind == theirs else None) for kind, words in found.items()]
    short = say("peers: ", "$quiet")
    lines = [join(lead, Content("    ").join(parts)), join(lead, Content("  ").join(parts))]
    lines += [join(short, Content("   ").join(parts)), Content("   ").join(parts)]
    return (next((line for line in lines if line.cell_length <= width), lines[-1]),)


def _part(words: OutlookWords, meant: Result | None) -> Content:
    if meant is None:
        return join(say(f"{words.peer} ", "$quiet"), toned(words.tone, words.result))
    result = toned(RESULT_TONES[meant], content.label(meant))
    return join(say(f"{words.peer} ", "bold"), "[", result, "]")
